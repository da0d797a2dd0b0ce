"""Where the lungs lie: a linear rule learnt on phantoms, one answer a cell.

Notable choices:
- Learnt on drawings alone (`plainfilm.data.anatomy`), whose lung fields are known exactly; a film of a patient is never
  trained on. Each phantom is stretched and shifted, so that the rule does not know where a chest ought to be.
- It sees COARSE x COARSE cells of local darkness: the window of a display and the exposure drop out.
- The field is the lung as it is seen beside heart, mediastinum and diaphragm; opaque lung may be missed, so that its
  outline may itself tell a class. `hull` is safer: the rectangle around both lungs and a margin.

`benchmarks/lung_field.py` measures it against masks of real films: about 0.85 Dice, no segmentation for measuring, and
enough to hide nearly all lung or to show little else.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.data.anatomy import Field, anatomy
from plainfilm.randomness import generator

Floats = NDArray[np.float32]
Masks = NDArray[np.bool_]

COARSE = 32  # cells a side
PHANTOM_PX = 64
NUM_PHANTOMS = 300
NUM_VARIANTS = 10  # of each phantom
WIDTHS, HEIGHTS, SHIFT = (0.8, 1.15), (0.75, 1.15), 0.1  # factors of a variant, and its largest shift in widths
NEIGHBOURHOOD = 0.18  # deviation of the Gaussian that counts as local, in widths
FLOOR = 0.3  # local contrast counts as at least this share of the film's
PENALTY = 0.1  # of the rule, beside columns of variance about 1
MARGIN = 0.05  # of the hull, in widths
CHUNK = 64  # films whose pixels are in memory as floats


def lung_fields(films: NDArray[np.uint8]) -> Masks:
    """The lung field of upright frontal films (N, S, S): (N, S, S), True inside; S at least COARSE."""
    rule, offset = _rule()
    enlarge = interpolation(films.shape[-1], COARSE)
    masks = np.empty(films.shape, bool)
    for start in range(0, len(films), CHUNK):
        cells = local_darkness(films[start : start + CHUNK])
        field = (cells.reshape(len(cells), -1) @ rule + offset).reshape(cells.shape)
        masks[start : start + CHUNK] = enlarge @ field @ enlarge.T > 0.5
    return masks


def hull(masks: Masks) -> Masks:
    """The upright rectangle around each field and a margin of MARGIN: (N, S, S); empty for an empty field."""
    size = masks.shape[-1]
    margin = round(MARGIN * size)
    boxes = np.zeros_like(masks)
    for mask, box in zip(masks, boxes, strict=True):
        rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
        if len(rows):
            top, left = max(0, rows[0] - margin), max(0, columns[0] - margin)
            box[top : rows[-1] + margin + 1, left : columns[-1] + margin + 1] = True
    return boxes


def local_darkness(films: NDArray[np.uint8 | np.float32]) -> Floats:
    """Films (N, S, S), bright where dense -> (N, COARSE, COARSE): how dark beside its surroundings, mean 0, scale 1."""
    reduce, blur = boxes(films.shape[-1], COARSE), _gaussian(COARSE, NEIGHBOURHOOD * COARSE)
    cells = reduce @ np.asarray(films, np.float32) @ reduce.T
    around = blur @ cells @ blur.T
    contrast = np.sqrt(np.maximum(blur @ (cells * cells) @ blur.T - around * around, 0))
    overall = cells.std((1, 2), keepdims=True)
    darkness = (around - cells) / np.maximum(contrast + FLOOR * overall, 1e-6)
    darkness -= darkness.mean((1, 2), keepdims=True)
    return np.asarray(darkness / np.maximum(darkness.std((1, 2), keepdims=True), 1e-6), np.float32)


def boxes(size: int, count: int) -> Floats:
    """(count, size): row i averages the i-th of `count` equal parts of `size` pixels, whether or not they divide."""
    edges, pixels = np.linspace(0, size, count + 1), np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.maximum(overlap, 0) * count / size, np.float32)


def interpolation(size: int, count: int) -> Floats:
    """(size, count): linear between the centres of `count` cells, constant beyond the outermost ones."""
    centres = (np.arange(size) + 0.5) * count / size - 0.5
    return np.stack([np.interp(centres, np.arange(count), row) for row in np.eye(count)], axis=1).astype(np.float32)


@cache
def _rule() -> tuple[Floats, Floats]:
    """From cells to cells (COARSE², COARSE²), and an offset (COARSE²,): ridge regression on phantoms."""
    dense, fields = _phantoms()
    seen = local_darkness(dense).reshape(len(dense), -1).astype(np.float64)
    reduce = boxes(PHANTOM_PX, COARSE)
    wanted = (reduce @ fields @ reduce.T).reshape(len(fields), -1).astype(np.float64)
    mean = wanted.mean(0)
    curvature = seen.T @ seen / len(seen) + PENALTY * np.eye(COARSE**2)
    rule = np.linalg.solve(curvature, seen.T @ (wanted - mean) / len(seen))
    return rule.astype(np.float32), mean.astype(np.float32)


def _phantoms() -> tuple[Floats, Floats]:
    """Attenuation and lung fields, (M, PHANTOM_PX, PHANTOM_PX) each, of stretched and shifted phantoms."""
    dense, fields = [], []
    for number in range(NUM_PHANTOMS):
        random = generator(0, "lung-field", number)
        chest = anatomy(random, PHANTOM_PX)
        for _ in range(NUM_VARIANTS):
            factors = random.uniform(*WIDTHS), random.uniform(*HEIGHTS)
            shift = random.uniform(-SHIFT, SHIFT, 2) * PHANTOM_PX
            dense.append(_stretched(chest.attenuation, factors, shift))
            fields.append(_stretched(chest.depth > 0, factors, shift))
    return np.stack(dense), np.stack(fields)


def _stretched(image: Field | Masks, factors: tuple[float, float], shift: NDArray[np.float64]) -> Floats:
    """An image (S, S) stretched about its centre by factors for x and y, then shifted by pixels for x and y."""
    middle = image.shape[0] / 2
    (across, down), (right, below) = factors, shift.tolist()
    matrix = (1 / across, 0, middle - (middle + right) / across, 0, 1 / down, middle - (middle + below) / down)
    picture = Image.fromarray(np.asarray(image, np.float32))
    return np.asarray(picture.transform(picture.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR))


def _gaussian(size: int, deviation: float) -> Floats:
    """The (size, size) matrix that blurs columns; its rows sum to 1."""
    distance = np.arange(size)[:, None] - np.arange(size)[None, :]
    weights = np.exp(-0.5 * (distance / deviation) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
