"""Whether two films are one exposure: lay one over the other, then correlate what is fine in both.

All chests look alike from afar, so a comparison of whole films says little. Two steps make it sharp:

- `flatten` keeps the structures between two widths (ribs, vessels, clavicles) and divides them by their local strength, so that
  neither the window of a display nor the shape of the chest counts;
- `register` finds the affine warp (rotation, scale of each axis, shear, shift, mirrored or not) by Gauss-Newton steps in inverse-compositional form
  (Baker and Matthews, "Lucas-Kanade 20 years on", IJCV 2004), many pairs at once.

Coordinates are the same at every size: a film spans -1 to 1 on both axes, x to the right, y down. A warp is a (2, 3) matrix that takes a point
of the template to a point of the moving film.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MARGIN = 0.10  # the outer part of a template that is not compared, as a share of its half width: frames, letters, filled corners
DAMPING = 1e-3  # of a Gauss-Newton step, relative to the diagonal: a flat film must not divide by zero
LARGEST_SCALE = 1.25  # a warp that stretches or shrinks an axis by more is no copy's
LARGEST_SHIFT = 0.25  # nor one that moves the centre by more than this share of the half width
FLOOR = 0.3  # local strength is at least this share of the film's: grain in a black border is not blown up
TINY = 1e-6


def flatten(films: Floats, finest: float, coarsest: float) -> Floats:
    """Structures between two widths, at equal strength everywhere.

    films (N, S, S), any unit; finest and coarsest: the standard deviations of two Gaussians, as shares of a film's width.
    Returns (N, S, S) with local standard deviation about 1; a film of one value becomes zeros.
    """
    size = films.shape[-1]
    narrow, wide = _gaussian(size, finest * size), _gaussian(size, coarsest * size)
    band = narrow @ films @ narrow.T - wide @ films @ wide.T
    local = np.sqrt(np.maximum(wide @ (band * band) @ wide.T, 0))
    whole = np.sqrt((band * band).mean(axis=(1, 2), keepdims=True))
    flat: Floats = np.where(whole > TINY * 100, band / (local + FLOOR * whole + TINY), np.float32(0))
    return flat


def _gaussian(size: int, deviation: float) -> Floats:
    """The (size, size) matrix that blurs a column; each row sums to 1, so that borders do not darken."""
    distance = np.arange(size)[:, None] - np.arange(size)[None, :]
    weights = np.exp(-0.5 * (distance / deviation) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def grid(size: int) -> Floats:
    """The homogeneous coordinates of the centres of size x size pixels: (size, size, 3), last axis x, y, 1."""
    centres = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(centres, centres)
    return np.stack([x, y, np.ones_like(x)], axis=2).astype(np.float32)


def register(template: Floats, moving: Floats, warps: Floats, num_steps: int) -> tuple[Floats, Floats]:
    """Improve `warps` by `num_steps` Gauss-Newton steps and say how well the films agree after them.

    template, moving (B, S, S): flattened films; warps (B, 2, 3): where to start, within about two pixels.
    Returns warps (B, 2, 3) and correlation (B,), -1 to 1, over the pixels that both films hold; 0 where the warp is no copy's.
    """
    num_pairs, size = template.shape[:2]
    border = round(MARGIN * size / 2)
    inner = slice(border, size - border)
    gradient_y, gradient_x = (part[:, inner, inner, None] for part in np.gradient(template, 2 / size, axis=(1, 2)))
    fixed = template[:, inner, inner].reshape(num_pairs, -1)  # (B, P)
    points = grid(size)[inner, inner]
    descent = np.concatenate([gradient_x * points, gradient_y * points], axis=3).reshape(num_pairs, -1, 6)
    points = points.reshape(-1, 3)
    curvature = descent.transpose(0, 2, 1) @ descent  # (B, 6, 6)
    curvature += np.eye(6, dtype=np.float32) * (DAMPING * curvature.trace(axis1=1, axis2=2) + TINY)[:, None, None]
    for _ in range(num_steps):
        moved, inside = _sample(moving, points @ warps.transpose(0, 2, 1))
        residual = (_gain(fixed, moved, inside) * moved - fixed) * inside
        step = np.linalg.solve(curvature, descent.transpose(0, 2, 1) @ residual[..., None]).reshape(-1, 2, 3)
        warps = _undo(warps, step)
    moved, inside = _sample(moving, points @ warps.transpose(0, 2, 1))
    return warps, np.where(_plausible(warps), _correlation(fixed, moved, inside), np.float32(0))


def _sample(films: Floats, points: Floats) -> tuple[Floats, Floats]:
    """Bilinear values of films (B, S, S) at points (B, P, 2), and 1 where a point lies inside its film, else 0: (B, P) each."""
    size = films.shape[-1]
    pixels = (points + 1) * np.float32(size / 2) - np.float32(0.5)
    inside = (np.abs(points) <= 1).all(axis=2).astype(np.float32)
    pixels = np.clip(pixels, 0, size - 1.001)
    corner = pixels.astype(np.int32)
    right, down = np.moveaxis(pixels - corner, 2, 0)
    first = corner[..., 1] * size + corner[..., 0] + (np.arange(len(films), dtype=np.int32) * size * size)[:, None]
    flat = films.reshape(-1)
    above = flat[first] * (1 - right) + flat[first + 1] * right
    below = flat[first + size] * (1 - right) + flat[first + size + 1] * right
    return above * (1 - down) + below * down, inside


def _gain(fixed: Floats, moved: Floats, inside: Floats) -> Floats:
    """The contrast that brings `moved` nearest to `fixed` (B, 1), within bounds: a hopeless pair must not fade away."""
    gain = (fixed * moved * inside).sum(axis=1) / ((moved * moved * inside).sum(axis=1) + TINY)
    return np.clip(gain, 0.3, 3)[:, None]


def _undo(warps: Floats, step: Floats) -> Floats:
    """warps after the inverse of (identity + step): (B, 2, 3)."""
    whole = np.zeros((len(step), 3, 3), np.float32)
    whole[:, :2] = step
    composed: Floats = warps @ np.linalg.inv(whole + np.eye(3, dtype=np.float32))
    return composed


def _plausible(warps: Floats) -> NDArray[np.bool_]:
    """Whether a warp (B, 2, 3) stretches, shrinks and shifts no more than a copy's does: (B,)."""
    scales = np.linalg.svd(warps[:, :, :2], compute_uv=False)
    sound = (scales <= LARGEST_SCALE).all(axis=1) & (scales >= 1 / LARGEST_SCALE).all(axis=1)
    return np.asarray(sound & (np.abs(warps[:, :, 2]) <= LARGEST_SHIFT).all(axis=1))


def _correlation(fixed: Floats, moved: Floats, inside: Floats) -> Floats:
    """Pearson's correlation over the pixels inside: (B, P) three times -> (B,)."""
    count = inside.sum(axis=1, keepdims=True) + TINY
    fixed = (fixed - (fixed * inside).sum(axis=1, keepdims=True) / count) * inside
    moved = (moved - (moved * inside).sum(axis=1, keepdims=True) / count) * inside
    scale = np.sqrt((fixed * fixed).sum(axis=1) * (moved * moved).sum(axis=1)) + TINY
    correlation: Floats = (fixed * moved).sum(axis=1) / scale
    return correlation
