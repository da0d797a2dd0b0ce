"""Pictures that are no frontal chest films, for `benchmarks/input_check.py`: cropped, rendered, drawn, a function each.

Every picture goes through the project's own decoder as PNG bytes. It carries the name of its original: crops of one
photograph are no independent cases, and an original belongs to one half, `development` or `report`, by its name alone.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import FilmError
from plainfilm.randomness import generator

HALVES = ("development", "report")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MIN_SIDE_PX = 128  # of an original
MAX_SIDE_PX = 1024  # of a picture: a larger one is made smaller first
COPY = re.compile(r"[-_]?\d+x\d+$|-[dl]$")  # one photograph in several sizes, or by day and night
LETTER_PX = (620, 877)  # a page of A4 at 75 dots an inch
NUM_MADE = 300  # pictures of a kind that can be made at will


@dataclass(frozen=True)
class Picture:
    """A picture as the input check sees it."""

    original: str
    plane: np.ndarray  # (S, S) uint8
    width: int
    height: int
    chroma: float


def prepare(original: str, image: Image.Image, size_px: int) -> Picture:
    """Decode an image as a file of it would be, and preprocess it."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return prepare_bytes(original, buffer.getvalue(), size_px)


def prepare_bytes(original: str, data: bytes, size_px: int) -> Picture:
    """Decode and preprocess one image file."""
    film = decode(data)
    height, width = film.pixels.shape
    return Picture(original, preprocess(film.pixels, size=size_px)[0], width, height, film.chroma)


def is_in(half: str, original: str) -> bool:
    """Whether an original belongs to a half."""
    return HALVES[hashlib.sha256(original.encode()).digest()[0] % 2] == half


# --- from folders ----------------------------------------------------------------------------------------------------


def originals(folders: Sequence[Path], half: str) -> Iterator[tuple[str, Path]]:
    """The originals of a half, by name: one file of each, the largest."""
    found: dict[str, Path] = {}
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        inside = path.parts.index("contents") if "contents" in path.parts else 0  # of one of Plasma's wallpapers
        name = path.parts[inside - 1] if inside else COPY.sub("", path.stem)
        if name not in found or path.stat().st_size > found[name].stat().st_size:
            found[name] = path
    return ((name, path) for name, path in sorted(found.items()) if is_in(half, name))


def load(path: Path) -> Image.Image | None:
    """An image as RGBA, at most MAX_SIDE_PX long; None where it is small, too large for Pillow, or none."""
    try:
        image = Image.open(path).convert("RGBA")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    if min(image.size) < MIN_SIDE_PX:
        return None
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    return image if min(image.size) >= MIN_SIDE_PX else None


def photographs(folders: Sequence[Path], half: str, crops: int, size_px: int, *, grey: bool) -> Iterator[Picture]:
    """Crops of each photograph: the whole, then 0.3 to 1 of either side at a random place."""
    for name, path in originals(folders, half):
        image = load(path)
        if image is None:
            continue
        random = generator(0, "benchmark-gate", name)
        for number in range(crops):
            shares = (1, 1) if number == 0 else random.uniform(0.3, 1, 2)
            width, height = (max(MIN_SIDE_PX, round(s * side)) for s, side in zip(shares, image.size, strict=True))
            left, top = (int(random.integers(0, extra + 1)) for extra in (image.width - width, image.height - height))
            crop = image.crop((left, top, left + width, top + height)).convert("RGB")
            yield prepare(name, crop.convert("L") if grey else crop, size_px)


def drawings(folders: Sequence[Path], half: str, count: int, size_px: int, *, grey: bool) -> Iterator[Picture]:
    """Drawings, drawn by lot: in colour as their files are (transparent laid over black); grey on white or on black."""
    found = list(originals(folders, half))
    for place in generator(0, "benchmark-gate", "drawings").permutation(len(found)):
        name, path = found[place]
        image = load(path)
        if image is None:
            continue
        if grey:
            ground = "white" if generator(0, "benchmark-gate", name).random() < 0.5 else "black"
            paper = Image.new("RGBA", image.size, ground)
            image = Image.alpha_composite(paper, image).convert("L")
        yield prepare(name, image, size_px)
        count -= 1
        if count == 0:
            return


def files_of(paths: Iterable[Path], half: str, size_px: int) -> Iterator[Picture]:
    """Image files as they are, each its own original; what cannot be decoded is no picture."""
    for path in paths:
        if path.suffix.lower() in SUFFIXES and is_in(half, path.name):
            try:
                yield prepare_bytes(path.name, path.read_bytes(), size_px)
            except FilmError:
                continue


def members(archive: Path, folder: str, size_px: int) -> Iterator[Picture]:
    """The images in one folder of a zip, each its own original."""
    with zipfile.ZipFile(archive) as content:
        for name in sorted(content.namelist()):
            if name.startswith(folder) and not name.endswith("/"):
                yield prepare_bytes(name, content.read(name), size_px)


# --- made ------------------------------------------------------------------------------------------------------------


def text_pages(texts: Sequence[Path], fonts: Sequence[Path], half: str, size_px: int) -> Iterator[Picture]:
    """Pages of text, every one another passage: black on paper, some of them dark, turned a little and grainy."""
    fonts = [font for font in fonts if is_in(half, font.name)] or list(fonts)
    passages = [path.read_text(encoding="utf-8", errors="replace") for path in texts]
    for number in range(NUM_MADE):
        random = generator(0, "benchmark-gate", half, "text", number)
        passage = passages[number % len(passages)]
        start = int(random.integers(0, max(1, len(passage) - 6000)))
        page = text_page(passage[start : start + 6000], fonts[number % len(fonts)], random)
        yield prepare(f"page-{number}", page, size_px)


def text_page(text: str, font: Path, random: np.random.Generator) -> Image.Image:
    """A page of a passage."""
    size = int(random.integers(9, 26))
    margin = int(random.integers(10, 90))
    columns = max(8, int((LETTER_PX[0] - 2 * margin) / (0.6 * size)))
    lines = [line[at : at + columns] for line in text.splitlines() for at in range(0, max(1, len(line)), columns)]
    paper = int(random.integers(200, 256))
    page = Image.new("L", LETTER_PX, paper)
    body = "\n".join(lines[: (LETTER_PX[1] - 2 * margin) // (size + 4)])
    ImageDraw.Draw(page).multiline_text(
        (margin, margin), body, fill=int(random.integers(0, 90)), font=ImageFont.truetype(font, size), spacing=4
    )
    page = page.rotate(random.uniform(-3, 3), Image.Resampling.BILINEAR, fillcolor=paper)
    pixels = np.asarray(page) + random.normal(0, random.uniform(0, 12), page.size[::-1])
    pixels = 255 - pixels if random.random() < 0.2 else pixels
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def noise(half: str, size_px: int) -> Iterator[Picture]:
    """Noise of any spectrum, from white to clouds (amplitude as frequency to the power 0 to -2), mean and contrast."""
    for number in range(NUM_MADE):
        random = generator(0, "benchmark-gate", half, "noise", number)
        side = int(random.integers(128, 513))
        spectrum = np.fft.rfft2(random.standard_normal((side, side)))
        frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
        frequency[0, 0] = 1
        field = np.fft.irfft2(spectrum * frequency ** -random.uniform(0, 2), s=(side, side))
        field = (field - field.mean()) / field.std()
        pixels = random.uniform(70, 190) + random.uniform(15, 80) * field
        yield prepare(f"noise-{number}", Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), size_px)


def blank(half: str, size_px: int) -> Iterator[Picture]:
    """One grey, from black to white; two thirds of them a little grainy or with a weak slope."""
    for number in range(NUM_MADE):
        random = generator(0, "benchmark-gate", half, "blank", number)
        side = int(random.integers(128, 513))
        level, slope = random.uniform(0, 255), random.uniform(-8, 8) if number % 3 == 1 else 0
        grain = random.uniform(0, 3) if number % 3 == 2 else 0
        pixels = level + slope * np.linspace(-1, 1, side)[:, None] + random.normal(0, grain, (side, side))
        yield prepare(f"blank-{number}", Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), size_px)


def quarter(pixels: np.ndarray) -> np.ndarray:
    """The upper left quarter of a film (H, W)."""
    return pixels[: pixels.shape[0] // 2, : pixels.shape[1] // 2]


SPOILED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "upside down": np.flipud,
    "turned by 180 degrees": lambda pixels: np.rot90(pixels, 2),
    "turned left": lambda pixels: np.rot90(pixels, 1),
    "turned right": lambda pixels: np.rot90(pixels, 3),
    "inverted": lambda pixels: 255 - pixels,
    "a quarter of it": quarter,
}
