"""What the input check measures of films: a coarse view, a texture, the distance from the training films, the side up.

Notable choices:
- The coarse view is freed of brightness and contrast. Turning or inverting a film turns or negates its coarse view, so
  that the rule for "upright" is fitted without touching a pixel.
- A film has two distances, within the principal components and beside them (Tipping & Bishop 1999, J R Stat Soc B
  61:611): a picture may be an extreme film, or no film at all.
"""

from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32 | np.float64]
Images = TypeVar("Images", NDArray[np.uint8], Floats)

COARSE = 16  # cells a side of the coarse view
LEVELS = 5  # octaves of the texture
QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)  # of the grey values
NUM_GREYS = len(QUANTILES) + 2  # columns of the texture; the others are of sharpness
NUM_TEXTURE = NUM_GREYS + 2 * LEVELS
NUM_VIEWS = 6
RIDGE = 0.01  # of the rule for "upright", relative to the mean variance
CHUNK = 16  # films whose pixels are in memory as floats
TINY = 1e-6


def describe(planes: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Coarse views (N, COARSE, COARSE) and textures (N, NUM_TEXTURE) of planes (N, S, S) uint8, float32."""
    parts = [_describe(planes[start : start + CHUNK]) for start in range(0, len(planes), CHUNK)]
    coarse, texture = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return coarse, texture


def _describe(planes: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    pixels = np.asarray(planes, np.float32)
    mean = pixels.mean((1, 2), keepdims=True)
    spread = np.maximum(pixels.std((1, 2), keepdims=True), 1)
    cells = _boxes(pixels.shape[1])
    coarse = cells @ pixels @ cells.T
    coarse -= coarse.mean((1, 2), keepdims=True)
    coarse /= np.maximum(coarse.std((1, 2), keepdims=True), 1)
    grey = np.sort(((pixels - mean) / spread)[:, ::4, ::4].reshape(len(pixels), -1), axis=1)
    columns = [grey[:, int(share * grey.shape[1])] for share in QUANTILES]
    columns += [mean.ravel() / 64, np.log(spread.ravel())]
    for _ in range(LEVELS):
        half = pixels.shape[1] // 2
        blocks = pixels[:, : 2 * half, : 2 * half].reshape(len(pixels), half, 2, half, 2)
        pixels = blocks.mean((2, 4))
        detail = np.abs(blocks - pixels[:, :, None, :, None])
        energy = np.sqrt(np.square(detail).mean((1, 2, 3, 4)))
        columns += [np.log(energy / spread.ravel() + 1e-3), np.log(detail.mean((1, 2, 3, 4)) / (energy + 1e-3) + 1e-3)]
    return coarse, np.column_stack(columns)


def _boxes(size_px: int) -> Floats:
    """(COARSE, S): row i averages the i-th of COARSE equal parts of S pixels, whether or not they divide."""
    edges = np.linspace(0, size_px, COARSE + 1)
    pixels = np.arange(size_px)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.maximum(overlap, 0) * COARSE / size_px, np.float32)


def view(images: Images, number: int) -> Images:
    """Images (N, H, W) as they are (0), top to bottom (1), turned by 180° (2), left (3), right (4), inverted (5)."""
    if number == 1:
        return images[:, ::-1]
    if number in (2, 3, 4):
        return np.rot90(images, {2: 2, 3: 1, 4: -1}[number], (1, 2))
    if number == 5:
        images = 255 - images if images.dtype == np.uint8 else -images
    return images


def put_right(images: Images, number: int) -> Images:
    """Undo `view`."""
    return view(images, {3: 4, 4: 3}.get(number, number))


@dataclass(frozen=True)
class Space:
    """A Gaussian about one centre or several, with its largest principal components."""

    centres: Floats  # (K, D)
    axes: Floats  # (D, k), orthonormal
    variances: Floats  # (k,) along the axes
    rest: float  # variance beside the axes, summed over them

    @classmethod
    def fit(cls, points: Floats, labels: NDArray[np.int64], num_components: int) -> Self:
        """The space of points (N, D) with labels (N,): a centre a label, one covariance within."""
        points = np.asarray(points, np.float64)
        centre_of = np.unique(labels, return_inverse=True)[1]
        centres = np.stack([points[centre_of == index].mean(0) for index in range(centre_of.max() + 1)])
        within = points - centres[centre_of]
        variances, axes = np.linalg.eigh(within.T @ within / len(points))  # ascending
        variances, axes = np.maximum(variances[::-1], TINY), axes[:, ::-1]
        kept = min(num_components, points.shape[1] - 1, max(1, len(points) // 4))
        return cls(
            centres.astype(np.float32),
            axes[:, :kept].astype(np.float16),
            variances[:kept].astype(np.float32),
            float(variances[kept:].sum()),
        )

    def measure(self, points: Floats) -> Floats:
        """(N, 2): log mean squared distance of points (N, D) from the nearest centre, within and beside the axes."""
        axes = self.axes.astype(np.float32)
        found = []
        for centre in self.centres:
            offsets = np.asarray(points, np.float32) - centre
            along = offsets @ axes
            inside = (np.square(along) / self.variances).mean(1)
            beside = np.maximum(np.square(offsets).sum(1) - np.square(along).sum(1), 0) / self.rest
            found.append(np.log(np.column_stack([inside, beside]) + TINY))
        by_centre = np.stack(found)  # (K, N, 2)
        nearest = by_centre.sum(2).argmin(0)
        return np.asarray(by_centre[nearest, np.arange(len(points))])


def fit_upright(coarse: Floats) -> Floats:
    """(COARSE² + 1, NUM_VIEWS): the linear rule from coarse views (N, COARSE, COARSE) of upright films.

    Ridge regression on the films in each view, to 1 for that view and 0 for the others; the last row is the offset.
    """
    size = COARSE**2 + 1
    gram, target = np.zeros((size, size)), np.zeros((size, NUM_VIEWS))
    for number in range(NUM_VIEWS):
        rows = _with_one(view(coarse, number)).astype(np.float64)
        gram += rows.T @ rows
        target[:, number] = rows.sum(0)
    gram[range(size - 1), range(size - 1)] += RIDGE * np.trace(gram) / size
    return np.asarray(np.linalg.solve(gram, target), np.float32)


def view_scores(rule: Floats, coarse: Floats) -> Floats:
    """(N, NUM_VIEWS): how much each of N coarse views looks like each view of a film."""
    return np.asarray(_with_one(coarse) @ rule)


def _with_one(coarse: Floats) -> Floats:
    flat = coarse.reshape(len(coarse), -1)
    return np.column_stack([flat, np.ones(len(flat), np.float32)])
