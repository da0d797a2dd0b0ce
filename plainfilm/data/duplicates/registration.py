"""Whether two films are one exposure: lay one over the other, then correlate what is fine in both.

All chests look alike from afar, so comparing whole films says little. Two steps make it sharp:

- `flatten` keeps structures between two widths (ribs, vessels, clavicles) and divides them by their local strength, so
  that neither the window of a display nor the shape of the chest counts;
- `register` finds the affine warp (rotation, a scale for each axis, shear, shift) by Gauss-Newton steps in
  inverse-compositional form (Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 2004), many pairs at once.

Coordinates are the same at every size: a film spans -1 to 1 on both axes, x to the right, y down. A warp is a (2, 3)
matrix that takes a point of the template to a point of the moving film; a mirrored one has a negative determinant.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MARGIN = 0.10  # outer share of a template that is not compared: frames, letters, the filled corners of a rotated copy
LARGEST_SCALE = 1.5  # a warp that stretches or shrinks an axis by more is no copy's
LARGEST_SHIFT = 0.4  # nor is one that moves the centre by more, in half widths
FLOOR = 0.3  # local strength counts as at least this share of the film's: the grain of a black border stays grain
DAMPING = 1e-3  # added to the diagonal of the curvature, as a share of its trace: a flat film must not divide by zero
FAINTEST = 1e-3  # grey levels: a film whose structures are fainter is empty
TINY = np.float32(1e-6)
BLOCK_POINTS = 2**15  # registered at once: their arrays stay in a processor's cache
LARGEST_WHOLE = 2**24  # up to which float32 holds every whole number


def flatten(films: Floats, finest: float, coarsest: float) -> Floats:
    """Structures between two widths, at about equal strength everywhere.

    films (N, S, S), grey levels; finest and coarsest: deviations of two Gaussians, as shares of a film's width.
    Returns (N, S, S), mean about 0, local standard deviation about 1; a film of one value becomes zeros.
    """
    size = films.shape[-1]
    narrow, wide = _gaussian(size, finest * size), _gaussian(size, coarsest * size)
    band = narrow @ films @ narrow.T - wide @ films @ wide.T
    local = np.sqrt(wide @ (band * band) @ wide.T)
    whole = np.sqrt((band * band).mean(axis=(1, 2), keepdims=True))
    flat: Floats = np.where(whole > FAINTEST, band / (local + FLOOR * whole + TINY), np.float32(0))
    return flat


@cache
def _gaussian(size: int, deviation: float) -> Floats:
    """The (size, size) matrix that blurs columns; its rows sum to 1, so that borders do not darken."""
    distance = np.arange(size)[:, None] - np.arange(size)[None, :]
    weights = np.exp(-0.5 * (distance / deviation) ** 2)
    weights[weights < TINY] = 0  # denormal numbers would slow the product tenfold
    return _shared(np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32))


@cache
def grid(size: int) -> Floats:
    """Homogeneous coordinates x, y, 1 of the centres of size x size pixels: (3, size, size)."""
    centres = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(centres, centres)
    return _shared(np.stack([x, y, np.ones_like(x)]).astype(np.float32))


def _shared(made_once: Floats) -> Floats:
    """An array that many callers get: none of them may write into it."""
    made_once.setflags(write=False)
    return made_once


def register(
    template: Floats, moving: Floats, warps: Floats, num_steps: int, template_of: NDArray[np.int64] | None = None
) -> tuple[Floats, Floats]:
    """Improve warps by Gauss-Newton steps and say how well the films agree after them.

    template (T, S, S), moving (B, S, S): flattened films; warps (B, 2, 3): where to start, right to about two pixels;
    template_of (B,), ascending: the places of the pairs' templates, not given for one template a pair.
    Returns warps (B, 2, 3) and correlations (B,), -1 to 1, over the points that both films hold; 0 where the warp
    is no copy's.
    """
    size = template.shape[-1]
    border = round(MARGIN * size / 2)
    template_of = np.arange(len(warps)) if template_of is None else template_of
    improved, scores = np.empty_like(warps), np.empty(len(warps), np.float32)
    block = max(1, BLOCK_POINTS // (size - 2 * border) ** 2)
    for start in range(0, len(warps), block):
        pairs = slice(start, start + block)
        films, film_of = template_of[pairs], template_of[pairs] - template_of[start]
        improved[pairs], scores[pairs] = _register_block(
            template[films[0] : films[-1] + 1], moving[pairs], warps[pairs], num_steps, film_of, border
        )
    return improved, scores


def _register_block(
    template: Floats, moving: Floats, warps: Floats, num_steps: int, template_of: NDArray[np.int64], border: int
) -> tuple[Floats, Floats]:
    """`register` for as many pairs as fit into a processor's cache together."""
    num_films, size = template.shape[:2]
    inner = slice(border, size - border)
    points = grid(size)[:, inner, inner]
    slopes = [np.asarray(np.gradient(template, 2 / size, axis=axis))[:, None, inner, inner] for axis in (2, 1)]
    descent = np.concatenate([slope * points for slope in slopes], axis=1).reshape(num_films, 6, -1)  # (T, 6, P)
    points = points.reshape(3, -1)
    curvature = descent @ descent.transpose(0, 2, 1)  # (T, 6, 6)
    curvature += (DAMPING * np.einsum("bii->b", curvature)[:, None, None] + TINY) * np.eye(6, dtype=np.float32)
    fixed, curvature = template[:, inner, inner].reshape(num_films, -1)[template_of], curvature[template_of]
    ends = np.searchsorted(template_of, np.arange(num_films + 1)).tolist()  # of the pairs of each template
    downhill = np.empty((len(moving), 6, 1), np.float32)
    for _ in range(num_steps):
        moved, inside = sample(moving, warps, points)
        residual = moved * _gain(fixed, moved, inside)
        residual -= fixed
        residual *= inside
        for film, (start, end) in enumerate(pairwise(ends)):
            np.matmul(descent[film], residual[start:end, :, None], out=downhill[start:end])
        warps = _undo(warps, np.linalg.solve(curvature, downhill).reshape(-1, 2, 3))
    moved, inside = sample(moving, warps, points)
    return warps, np.where(_plausible(warps), _correlation(fixed, moved, inside), np.float32(0))


def sample(films: Floats, warps: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Bilinear values of films (B, S, S) at points (3, P) under warps (B, 2, 3): (B, P); and 1 where inside, else 0.

    Most of a search's time is spent here: arrays are reused, and what is known to be whole is float32 for longest.
    """
    size = films.shape[-1]
    assert films.size <= LARGEST_WHOLE
    pixels = warps.transpose(1, 0, 2) @ points  # (2, B, P): x and y, each in one piece
    is_inside = np.abs(pixels) <= 1
    pixels += np.float32(1)
    pixels *= np.float32(size / 2)
    pixels -= np.float32(0.5)
    np.clip(pixels, np.float32(0), np.float32(size - 1.001), out=pixels)
    corner = np.floor(pixels)
    pixels -= corner
    right, down = pixels
    column, place = corner
    place *= np.float32(size)
    place += column
    place += np.arange(0, films.size, size * size, dtype=np.float32)[:, None]
    first = place.astype(np.intp)
    values = films.reshape(-1)
    above, below, edge = column, place, np.empty_like(place)  # their numbers are in `first` now
    values.take(first, out=above, mode="clip")
    values[1:].take(first, out=edge, mode="clip")
    edge -= above
    edge *= right
    above += edge
    values[size:].take(first, out=below, mode="clip")
    values[size + 1 :].take(first, out=edge, mode="clip")
    edge -= below
    edge *= right
    below += edge
    below -= above
    below *= down
    below += above
    return below, (is_inside[0] & is_inside[1]).astype(np.float32)


def _gain(fixed: Floats, moved: Floats, inside: Floats) -> Floats:
    """The factor that brings `moved` nearest to `fixed`, (B, 1); bounded, so that no hopeless pair fades away."""
    moved = moved * inside
    gain = np.vecdot(fixed, moved) / (np.vecdot(moved, moved) + TINY)
    return np.asarray(np.clip(gain, 0.3, 3)[:, None], np.float32)


def _undo(warps: Floats, step: Floats) -> Floats:
    """The warps after the inverse of (identity + step): (B, 2, 3)."""
    whole = np.tile(np.eye(3, dtype=np.float32), (len(step), 1, 1))
    whole[:, :2] += np.clip(step, -0.3, 0.3)
    composed: Floats = warps @ np.linalg.inv(whole)
    return composed


def _plausible(warps: Floats) -> NDArray[np.bool_]:
    """Whether warps (B, 2, 3) stretch, shrink and shift no more than a copy's: (B,)."""
    scales = np.linalg.svd(warps[:, :, :2], compute_uv=False)
    sound: NDArray[np.bool_] = (scales[:, 0] <= LARGEST_SCALE) & (scales[:, 1] >= 1 / LARGEST_SCALE)
    return sound & (np.abs(warps[:, :, 2]) <= LARGEST_SHIFT).all(axis=1)


def _correlation(fixed: Floats, moved: Floats, inside: Floats) -> Floats:
    """Pearson's correlation over the points inside: (B, P) three times -> (B,)."""
    count = inside.sum(axis=1, keepdims=True) + TINY
    fixed, moved = ((values - np.vecdot(values, inside)[:, None] / count) * inside for values in (fixed, moved))
    scale = np.sqrt(np.vecdot(fixed, fixed) * np.vecdot(moved, moved)) + TINY
    correlation: Floats = np.vecdot(fixed, moved) / scale
    return correlation


# --- descriptors: low frequencies ------------------------------------------------------------------------------------

COARSE_SIZE_PX = 32  # the size that is described, and registered first
NUM_FREQUENCIES = 8  # on each axis


@cache
def cosines(size: int, count: int = NUM_FREQUENCIES) -> Floats:
    """The lowest frequencies of the cosine transform (DCT-II): (count, size)."""
    angles = (np.arange(size) + 0.5) * np.pi / size
    return _shared(np.cos(np.arange(count)[:, None] * angles).astype(np.float32))


def descriptor_matrix(warp: Floats) -> Floats:
    """The matrix that takes the C * C pixels of a film to the descriptor of the film warped: (63, C * C).

    Warping, leaving out a margin and the cosine transform are all linear in the film, so one product does all three.
    """
    size = COARSE_SIZE_PX // 2  # enough for eight frequencies
    points = warp @ (grid(size).reshape(3, -1) * np.array([[0.88], [0.88], [1]], np.float32))  # (2, P)
    pixels = (points[..., None] + 1) * COARSE_SIZE_PX / 2 - 0.5
    places = np.arange(COARSE_SIZE_PX, dtype=np.float32)
    across, down = np.maximum(0, 1 - np.abs(pixels - places))  # bilinear weights, (P, C) each
    sampling = (down[:, :, None] * across[:, None, :]).reshape(size * size, -1)
    frequencies = np.kron(cosines(size), cosines(size))[1:]  # (63, P): without the mean
    return np.asarray(frequencies @ sampling)


def search_warps(degrees: float, zooms: Sequence[float]) -> Floats:
    """The warps under which a film is compared with others: (V, 2, 3), mirrored or not, turned by `degrees` or not.

    Of two copies the wider one can be zoomed in to meet the narrower one.
    """
    angles = np.radians((-degrees, 0, degrees))
    turns = [np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) for turn in angles]
    return np.array(
        [
            np.column_stack([zoom * turn @ np.diag([side, 1]), np.multiply(max(0.05, 0.75 * abs(1 - zoom)), shift)])
            for side, turn, zoom, shift in product((1, -1), turns, zooms, product((-1, 0, 1), repeat=2))
        ],
        np.float32,
    )


def unit(vectors: Floats) -> Floats:
    """Vectors (..., D) at length 1; of length 0 stay so."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-6)))
