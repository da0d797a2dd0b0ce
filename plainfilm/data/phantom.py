"""Synthetic frontal chest radiographs whose truth is known: for the demo, and to test every audit offline.

- A class enters through the opacities and nothing else; they are added last and only inside the lungs. Body, disease
  and film draw from separate addresses, so no class can shift another part's numbers: there is no shortcut to learn.
- Severity begins at the edge of visibility: some films of each disease are nearly clear, so the task is no gift.
- A film's characteristic curve turns attenuation (`anatomy`) into grey.

These are drawings: they test software and say nothing about patients.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from plainfilm.data.anatomy import Chest, Field, anatomy, branches, clouds, soften, spot
from plainfilm.io.files import write_bytes
from plainfilm.randomness import generator

CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")
SEVERITY = (0.12, 0.45)  # attenuation at the densest point of a film's opacities: from hardly to plainly visible
VISIBLE = 0.04  # attenuation above which a pixel counts as opacity
MARKER = ("####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#")  # the R that lies beside the patient's right

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Phantom:
    """A synthetic radiograph and its truth."""

    pixels: NDArray[np.uint8]  # (S, S)
    label: str  # one of CLASSES
    lungs: Mask  # (S, S), the two lung fields beside heart, mediastinum and diaphragm
    opacities: Mask  # (S, S), inside the lungs; empty for NORMAL


@dataclass(frozen=True)
class Planted:
    """The faults that `write_folder` planted; paths are relative to its folder, with forward slashes."""

    duplicates: tuple[tuple[str, str], ...]  # (original, its brightened and re-encoded copy), of one class
    wrong_labels: Mapping[str, str]  # path -> the class that the film really shows
    marked: tuple[str, ...]  # films with a marker in the corner


def draw(label: str, *, seed: int, number: int, size: int = 256, marker: bool = False) -> Phantom:
    """Phantom `number` of class `label`, `size` pixels high and wide; the same call draws the same film.

    Another processor or NumPy may round a pixel to the next grey level.
    `marker` puts a bright letter into the upper left corner and changes nothing else.

    >>> draw("COVID", seed=1, number=7, size=64).pixels.shape
    (64, 64)
    """
    assert label in CLASSES, label
    body, disease, film = (generator(seed, "phantom", label, number, part) for part in ("body", "disease", "film"))
    chest = anatomy(body, size)
    lungs = chest.depth > 0
    opacity = OPACITIES[label](chest, disease) * np.clip(chest.depth / 0.05, 0, 1)
    pixels = expose(chest.attenuation + opacity, film)
    if marker:
        stamp(pixels)
    return Phantom(pixels, label, lungs, opacity > VISIBLE)


def clear(chest: Chest, random: Generator) -> Field:
    """No opacity."""
    return np.zeros_like(chest.x)


def interstitial(chest: Chest, random: Generator) -> Field:
    """Viral pneumonia: streaks and patches around both hila, fading outwards."""
    around = np.zeros_like(chest.x)
    for side in (-1, 1):
        centre, reach = (side * 0.2, random.uniform(-0.1, 0.2)), (0.3, random.uniform(0.35, 0.6))
        around += spot(chest.x, chest.y, centre, reach)
    streaks = branches(chest, random, trunks=14, width=0.026)
    patches = np.clip(0.35 + 0.65 * clouds(random, len(chest.x), 9), 0, 1)
    opacity: Field = around * (0.5 * streaks + 0.6 * patches) * random.uniform(*SEVERITY)
    return opacity


def ground_glass(chest: Chest, random: Generator) -> Field:
    """COVID-19: rounded hazes at the periphery, mostly in the lower zones, mostly on both sides."""
    haze = np.zeros_like(chest.x)
    both = random.random() < 0.8
    sides = (-1, 1) if both else (random.choice((-1, 1)),)
    for side in sides:
        for _ in range(random.integers(1, 4)):
            centre = (float(side) * random.uniform(0.4, 0.64), random.uniform(-0.25, 0.4))
            radius = (random.uniform(0.1, 0.2), random.uniform(0.1, 0.22))
            haze = np.maximum(haze, spot(chest.x, chest.y, centre, radius))
    uneven = 0.85 + 0.25 * clouds(random, len(chest.x), 14)
    return haze * uneven * random.uniform(*SEVERITY)


OPACITIES: Mapping[str, Callable[[Chest, Generator], Field]] = {
    "NORMAL": clear,
    "Viral_Pneumonia": interstitial,
    "COVID": ground_glass,
}


def expose(attenuation: Field, random: Generator) -> NDArray[np.uint8]:
    """The film (S, S) after exposure: grain, then the S-shaped characteristic curve."""
    speed, contrast = random.uniform(0.66, 0.86), random.uniform(1.5, 2.2)
    white = random.standard_normal(attenuation.shape, dtype=np.float32)
    grain = random.uniform(0.02, 0.05) * (soften(white) + 0.3 * white)
    grey: Field = 127.5 + 127.5 * np.tanh(contrast * (attenuation + grain - speed))
    return grey.astype(np.uint8)


def stamp(pixels: NDArray[np.uint8]) -> None:
    """Put the marker into the upper left corner, in place: a sixteenth of the image high, as bright as film gets."""
    zoom = max(1, len(pixels) // 128)
    letter = np.array([[cell == "#" for cell in row] for row in MARKER]).repeat(zoom, 0).repeat(zoom, 1)
    rows, columns = letter.shape
    pixels[zoom : zoom + rows, zoom : zoom + columns][letter] = 250


def write_folder(
    folder: Path,
    *,
    seed: int,
    per_class: int,
    size: int = 256,
    duplicates: int = 0,
    wrong_labels: int = 0,
    marker_share: Mapping[str, float] = {},
) -> Planted:
    """Write `per_class` films of each class as folder/CLASS/CLASS-0001.png (8-bit grey PNG), faults among them.

    duplicates: pairs of films, one a brightened and re-encoded copy of the other in the same class.
    wrong_labels: films that lie in the folder of another class than the one they show.
    marker_share: the share (0 to 1) of each class's folder that carries a marker; a copy has what its original has.
    No film has two of the first two faults. The same arguments write the same bytes.
    """
    random = generator(seed, "phantom", "faults")
    sound = {label: [int(number) for number in random.permutation(per_class) + 1] for label in CLASSES}
    turns = [CLASSES[k % len(CLASSES)] for k in range(duplicates + wrong_labels)]  # spread over the classes
    source = {(label, number): (label, number) for label in CLASSES for number in range(1, per_class + 1)}
    pairs = [(label, sound[label].pop(), sound[label].pop()) for label in turns[:duplicates]]
    wrong = [(label, sound[label].pop()) for label in turns[duplicates:]]
    for label, original, copy in pairs:
        source[label, copy] = source[label, original]
    for k, (label, number) in enumerate(wrong):
        shown = CLASSES[(CLASSES.index(label) + 1 + k % 2) % len(CLASSES)]
        source[label, number] = shown, per_class + 1 + k  # a number that no other film has
    copies = {(label, copy) for label, _, copy in pairs}
    marked = marked_films(random, [key for key in source if key not in copies], marker_share)
    marked |= {(label, copy) for label, original, copy in pairs if (label, original) in marked}

    for (label, number), (shown, drawn) in source.items():
        pixels = draw(shown, seed=seed, number=drawn, size=size, marker=(label, number) in marked).pixels
        path = folder / file_name(label, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, encode(reprint(pixels) if (label, number) in copies else pixels, "PNG"))
    return Planted(
        duplicates=tuple((file_name(label, original), file_name(label, copy)) for label, original, copy in pairs),
        wrong_labels={file_name(*key): source[key][0] for key in wrong},
        marked=tuple(file_name(*key) for key in sorted(marked)),
    )


def file_name(label: str, number: int) -> str:
    """The path of a film inside the folder.

    >>> file_name("COVID", 7)
    'COVID/COVID-0007.png'
    """
    return f"{label}/{label}-{number:04d}.png"


def marked_films(random: Generator, films: list[tuple[str, int]], share: Mapping[str, float]) -> set[tuple[str, int]]:
    """Draw that share of each class's films which gets a marker."""
    marked = set()
    for label in CLASSES:
        members = [film for film in films if film[0] == label]
        order = random.permutation(len(members))
        marked |= {members[k] for k in order[: round(share.get(label, 0) * len(members))]}
    return marked


def reprint(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same film brightened and once compressed as JPEG, as when a film passes through two archives."""
    brighter = np.minimum(pixels * 1.05 + 8, 255).astype(np.uint8)
    return np.asarray(Image.open(io.BytesIO(encode(brighter, "JPEG"))))


def encode(pixels: NDArray[np.uint8], form: str) -> bytes:
    """The bytes of a grey image file, `form` PNG or JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form)
    return buffer.getvalue()
