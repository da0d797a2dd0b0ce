"""A synthetic chest in front of a detector: what a phantom is drawn from, before any disease.

- An image is a sum of shadows: body, bones, heart and vessels add attenuation, air takes it away. Unit: the chest's
  soft tissue without lungs, seen from the front, attenuates 1.
- Positions are in body coordinates: x from -1 (image left, the patient's right) to 1, y from -1 (top) to 1; each
  patient is turned, shifted and scaled a little.
- Ribs are tilted rings around the chest, so their backs and fronts project to two crossing families of arcs.
- All numbers are for the eye: chosen by looking at contact sheets, not measured.
"""

from dataclasses import dataclass, replace
from math import cos, sin

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Field = NDArray[np.float32 | np.float64]  # (S, S)


@dataclass(frozen=True)
class Chest:
    """One patient in front of the detector, without disease."""

    x: Field  # (S, S), body coordinates of each pixel
    y: Field
    matrix: NDArray[np.float64]  # (2, 2), body coordinates to pixels, with `origin`
    origin: NDArray[np.float64]  # (2,), the pixel of the body's (0, 0)
    depth: Field  # (S, S), how deep inside a lung, in body coordinates; negative outside
    attenuation: Field  # (S, S)


TEXTURE = 0.06  # attenuation of muscle, fat and small bone structure that is a person's own
NUM_TEXTURE_CELLS = 40  # across the film


def edge(distance: Field, softness: float) -> Field:
    """0 where `distance` is negative, 1 where it is positive, and a slope of width `softness` between."""
    slope: Field = 0.5 + 0.5 * np.tanh(distance / softness)
    return slope


def spot(x: Field, y: Field, centre: tuple[float, float], radius: tuple[float, float]) -> Field:
    """A Gaussian spot of height 1."""
    return bump(x, centre[0], radius[0]) * bump(y, centre[1], radius[1])


def bump(t: Field, centre: float, radius: float) -> Field:
    """A Gaussian bump of height 1 along one axis."""
    height: Field = np.exp(-(((t - centre) / radius) ** 2))
    return height


def clouds(random: Generator, size: int, cells: int) -> Field:
    """Smooth noise (size, size), about -1 to 1, with features of size / cells pixels."""
    coarse = Image.fromarray(random.uniform(-1.2, 1.2, (cells + 3, cells + 3)).astype(np.float32))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC, box=(1, 1, cells + 1, cells + 1)))


def soften(image: Field) -> Field:
    """Blur with the 3 x 3 binomial kernel; the border repeats."""
    padded = np.pad(image, 1, mode="edge")
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16)


def anatomy(random: Generator, size: int) -> Chest:
    """A patient: position on the detector, chest, bones, heart, vessels."""
    turn, scale = random.normal(0, 0.035), random.uniform(0.86, 1.1)
    matrix = size / 2 * scale * np.array([[cos(turn), -sin(turn)], [sin(turn), cos(turn)]])
    origin = size / 2 + size * random.uniform(-0.04, 0.04, 2)
    inverse = np.linalg.inv(matrix).astype(np.float32)
    columns, rows = (np.arange(size, dtype=np.float32) + 0.5 - np.float32(middle) for middle in origin)
    x = inverse[0, 0] * columns + inverse[0, 1] * rows[:, None]
    y = inverse[1, 0] * columns + inverse[1, 1] * rows[:, None]
    x = x - random.normal(0, 0.025) * y**2  # nobody's spine is straight

    apex, width = random.uniform(-0.84, -0.72), random.uniform(0.68, 0.84)
    height = np.clip((y - apex) / random.uniform(1.25, 1.5), 0, 1)
    wall = width * np.sqrt(1 - (1 - height) ** random.uniform(2.2, 2.9)) + 0.001
    depth, shadow = lung_fields(x, y, wall, apex, random)
    air = edge(depth, 0.012) * (1 - 0.55 * np.exp(-np.maximum(depth, 0) / 0.09))
    body = soft_tissue(x, y, width, random)
    skeleton = bones(x, y, wall, apex, random) * edge(body - 0.2, 0.1)
    attenuation = body * (1 - random.uniform(0.58, 0.7) * air) + shadow + skeleton
    chest = Chest(x, y, matrix, origin, depth, attenuation)
    vessels = branches(chest, random, trunks=9, width=0.021) * random.uniform(0.16, 0.3)
    texture = TEXTURE * body * clouds(random, size, NUM_TEXTURE_CELLS)  # no two chests are alike in detail
    return replace(chest, attenuation=soften(attenuation + vessels * air + texture))


def lung_fields(x: Field, y: Field, wall: Field, apex: float, random: Generator) -> tuple[Field, Field]:
    """Depth inside the lungs (S, S), and the attenuation (S, S) of heart, great vessels, trachea and abdomen."""
    vary = random.uniform
    aside, left = np.abs(x), x > 0  # left is the patient's left, on the right of the image
    right_dome = vary(0.3, 0.44)
    left_dome = right_dome + vary(0.02, 0.09)
    heart_x, heart_y, heart_r, lean = vary(0.08, 0.15), left_dome - vary(0.15, 0.23), vary(0.21, 0.28), vary(0.55, 0.9)
    across = cos(lean) * (x - heart_x) - sin(lean) * (y - heart_y)
    along = sin(lean) * (x - heart_x) + cos(lean) * (y - heart_y)  # towards the apex, down and to the left
    breadth = heart_r * (1 - 0.12 * np.tanh(along / heart_r))
    heart = 1 - np.sqrt((across / breadth) ** 2 + (along / (heart_r * vary(1.45, 1.75))) ** 2)

    knob = bump(y, vary(-0.34, -0.24), 0.09) * vary(0.03, 0.09)
    atrium = bump(y, heart_y + 0.06, 0.2) * vary(0.04, 0.1)
    middle = vary(0.1, 0.14) + 0.05 * edge(-0.5 - y, 0.12) + np.where(left, knob, atrium)
    diaphragm = np.where(left, left_dome, right_dome) + vary(0.9, 1.4) * (aside - vary(0.24, 0.34)) ** 2
    top = apex + vary(1.2, 1.9) * (aside - 0.3) ** 2
    depth = np.min([wall - 0.03 - aside, aside - middle, y - top, diaphragm - y, -heart * heart_r], axis=0)

    shadow = vary(0.06, 0.16) * np.sqrt(np.maximum(heart, 0)) * edge(diaphragm + 0.1 - y, 0.06)
    shadow += vary(0.04, 0.1) * edge(middle - aside, 0.03)
    shadow += vary(0.04, 0.18) * edge(y - diaphragm, 0.02) * edge(wall - aside, 0.05)
    shadow -= vary(0.1, 0.25) * bump(x, vary(-0.02, 0.01), 0.045) * edge(-0.2 - y, 0.05)  # trachea
    shadow -= vary(0.0, 0.3) * spot(x, y, (vary(0.25, 0.4), vary(0.58, 0.7)), (vary(0.08, 0.16), vary(0.05, 0.1)))
    for side in (-1, 1):
        shadow += vary(0.08, 0.2) * spot(x, y, (side * vary(0.15, 0.19), vary(-0.08, 0.02)), (0.06, 0.12))
    return depth, shadow


def soft_tissue(x: Field, y: Field, width: float, random: Generator) -> Field:
    """Neck, shoulders, trunk and breasts, (S, S): 1 in the middle of the chest, 0 in the air around the patient."""
    vary = random.uniform
    neck, shoulder, trunk = vary(0.2, 0.28), vary(1.05, 1.4), width + vary(0.08, 0.3)
    slope = edge(y - vary(-0.86, -0.72), vary(0.08, 0.14))
    outline = neck + (shoulder - neck) * slope - (shoulder - trunk) * edge(y - vary(-0.45, -0.15), vary(0.12, 0.25))
    inside = np.clip(1 - (x / outline) ** 2, 0, 1)
    tissue = inside ** vary(0.5, 0.75) * vary(0.92, 1.08) + 0.12 * edge(y, 0.5)
    breast, low = vary(0, 0.16), vary(0.3, 0.5)
    for side in (-1, 1):
        across, along = (x - side * vary(0.38, 0.46)) / 0.32, (y - low + 0.3) / 0.36
        tissue += breast * np.sqrt(np.clip(1 - across**2 - along**2, 0, 1))
    body: Field = (tissue + 0.05 * clouds(random, len(x), 5)) * edge(inside - 0.02, 0.02)
    return body


def bones(x: Field, y: Field, wall: Field, apex: float, random: Generator) -> Field:
    """Ribs, clavicles, shoulder blades and spine, (S, S)."""
    vary = random.uniform
    aside = np.abs(x)
    across = aside / wall
    ring = np.sqrt(np.maximum(1 - across**2, 0))  # 1 at the spine or breastbone, 0 at the side
    cage = edge(0.985 - across, 0.012) * edge(y - apex - 0.06, 0.03)
    spacing, tilt, first = vary(0.145, 0.18), vary(0.12, 0.22), apex + vary(0, 0.1)
    thick, strength = vary(0.2, 0.26), vary(0.1, 0.17)
    dense = cage * strength / np.maximum(ring, 0.45)
    back = rib_profile((y - first - tilt * (1 - ring)) / spacing, thick)
    front = rib_profile((y - first - tilt * (1.3 + ring)) / spacing, thick * 1.15) * edge(across - 0.5, 0.12)
    shadow = dense * (back + 0.6 * front) * (1 - 0.6 * edge(y - 0.5, 0.1))

    collar = apex + vary(0.1, 0.2) - vary(0.1, 0.28) * aside + 0.03 * np.sin(aside * 9)
    clavicle = edge(0.028 - np.abs(y - collar), 0.008) * edge(aside - 0.07, 0.015) * edge(0.72 - aside, 0.02)
    shadow += vary(0.12, 0.22) * clavicle
    blade = vary(0.62, 0.78) - 0.18 * (y + 0.4)
    shadow += vary(0.03, 0.1) * edge(aside - blade, 0.015) * bump(y, -0.38, 0.24)
    vertebra = 0.8 + 0.2 * np.cos(2 * np.pi * y / (spacing * 0.9)) * edge(0.06 - aside, 0.02)
    shadow += vary(0.16, 0.28) * edge(vary(0.075, 0.095) - aside, 0.015) * vertebra
    return shadow


def rib_profile(phase: Field, thick: float) -> Field:
    """Attenuation (S, S) of ribs at whole numbers of `phase`: a tube, so denser at its edges."""
    offset = np.abs(phase - np.round(phase))
    profile: Field = edge(thick - offset, 0.04) * (0.7 + 0.5 * (offset / thick) ** 2)
    return profile


def branches(chest: Chest, random: Generator, *, trunks: int, width: float) -> Field:
    """Lines that leave both hila and fork five times, as vessels and bronchi do: (S, S), 0 to 1."""
    size = len(chest.x)
    canvas = Image.new("L", (2 * size, 2 * size))
    pen = ImageDraw.Draw(canvas)
    for side in (-1, 1):
        angle = np.linspace(-1.35, 1.45, trunks) + random.normal(0, 0.25, trunks)
        start = random.normal((side * 0.16, -0.03), (0.02, 0.05), (trunks, 2))
        length, thick = 0.15, width
        for _ in range(5):  # every branch ends in two thinner and shorter ones
            steps = length * random.uniform(0.6, 1.3, (len(angle), 1))
            end = start + steps * np.stack([side * np.cos(angle), np.sin(angle)], axis=1)
            lines = 2 * (np.stack([start, end], axis=1) @ chest.matrix.T + chest.origin)  # (n, 2, 2)
            pixels_wide = max(1, round(2 * thick * np.linalg.norm(chest.matrix[0])))
            for line in lines.reshape(-1, 4).tolist():
                pen.line(line, fill=int(min(255, 120 + 6000 * thick)), width=pixels_wide)
            start, angle = end.repeat(2, axis=0), angle.repeat(2) + random.normal(0, 0.32, 2 * len(angle))
            length, thick = length * 0.86, thick * 0.68
    return soften(np.asarray(canvas.reduce(2), np.float32) / 255)
