"""The gate: is this a frontal chest film, upright, not inverted, and near to what the model was trained on?

Notable choices:
- Cheap rules come first, on what decoding returns: colour, shape, size, contrast. They need no fitting.
- Then seven measures, fitted on the training films. Three spaces give two each, the distance within the principal
  components and the distance beside them (Tipping & Bishop 1999, J R Stat Soc B 61:611): a coarse view of the film
  freed of brightness and contrast, statistics of its texture, and the network's features about the nearest class.
- The seventh tells an upright film from the same one upside down, turned or inverted: a linear rule, taught by doing
  that to the training films. No distance can: a chest upside down is still made like a chest.
- A measure is compared with those of validation films, on which neither network nor statistics were fitted. What
  exceeds their middle is pooled into one distance; 1 is the distance that few of them exceed. No picture that is not a
  film is needed, so the gate does not know only the kinds of non-films that somebody thought of.
- "Upside down", "turned" and "inverted" are said only where the film, put right, would pass.

Needs numpy alone. The statistics are JSON, arrays as base64 of little-endian floats, about 100 KB for 512 features.
"""

import base64
import binascii
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

MAX_CHROMA = 32.0  # of 255; a bluish or yellowed print stays below, most colour photographs do not
MAX_ASPECT = 2.0  # longer side over shorter side
MIN_SIDE_PX = 64
BLANK_RANGE, MIN_RANGE = 8, 32  # grey levels between the 1st and 99th percentile: blank below; too faint below
ALLOWED_SHARE = 0.005  # of films like the validation films that may be refused
COARSE = 16  # cells a side of the coarse view
LEVELS = 5  # octaves of the texture
QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)  # of the grey values
NUM_TEXTURE = 2 * LEVELS + len(QUANTILES) + 2
COMPONENTS = {"coarse": 32, "texture": 12, "features": 32}  # principal components that are kept, at most
VIEWS = ("", "gate-upside-down", "gate-upside-down", "gate-turned", "gate-turned", "gate-inverted")
NUM_MEASURES = 2 * len(COMPONENTS) + 1
RIDGE = 0.01  # of the linear rule, relative to the mean variance
CHUNK = 128  # films whose pixels are in memory as floats
TINY = 1e-6


@dataclass(frozen=True)
class Verdict:
    """What the gate says of one film."""

    passed: bool
    reasons: tuple[str, ...]  # message codes, empty where it passed
    distance: float  # from the training films, at least 0; above 1 the film is refused

    @property
    def cell(self) -> str:
        """The verdict as a cell of a table: `passed`, or the codes of the reasons."""
        return " ".join(self.reasons) or "passed"


def check(width: int, height: int, chroma: float, plane: np.ndarray) -> tuple[str, ...]:
    """The reasons that need no statistics: of a film `width` x `height` px, its `Film.chroma`, its plane (S, S) uint8.

    >>> check(300, 400, 0.0, np.zeros((64, 64), np.uint8))
    ('gate-blank',)
    """
    darkest, brightest = np.partition(plane.ravel(), (plane.size // 100, -1 - plane.size // 100))[
        [plane.size // 100, -1 - plane.size // 100]
    ].astype(int)
    rules = {
        "gate-colour": chroma > MAX_CHROMA,
        "gate-small": min(width, height) < MIN_SIDE_PX,
        "gate-shape": max(width, height) > MAX_ASPECT * min(width, height),
        "gate-blank": brightest - darkest < BLANK_RANGE,
        "gate-low-contrast": BLANK_RANGE <= brightest - darkest < MIN_RANGE,
    }
    return tuple(code for code, broken in rules.items() if broken)


def rules_alone(width: int, height: int, chroma: float, plane: np.ndarray) -> Verdict:
    """The verdict where there are no statistics: `check` alone, at no distance."""
    reasons = check(width, height, chroma, plane)
    return Verdict(not reasons, reasons, 0.0)


# --- what is measured ------------------------------------------------------------------------------------------------


def describe(planes: np.ndarray) -> tuple[Floats, Floats]:
    """Coarse views (N, COARSE, COARSE) and textures (N, NUM_TEXTURE) of planes (N, S, S) uint8, float32."""
    parts = [_describe(planes[start : start + CHUNK]) for start in range(0, len(planes), CHUNK)]
    coarse, texture = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return coarse, texture


def _describe(planes: np.ndarray) -> tuple[Floats, Floats]:
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
    return (np.maximum(overlap, 0) * COARSE / size_px).astype(np.float32)


def view(images: np.ndarray, number: int) -> np.ndarray:
    """Images (N, H, W) as VIEWS[number] has them: as they are, upside down (two ways), turned left, right, inverted."""
    if number == 1:
        return images[:, ::-1]
    if number in (2, 3, 4):
        return np.rot90(images, {2: 2, 3: 1, 4: -1}[number], (1, 2))
    if number == 5:
        return 255 - images if images.dtype == np.uint8 else -images
    return images


def put_right(images: np.ndarray, number: int) -> np.ndarray:
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
    def fit(cls, points: Floats, labels: np.ndarray, num_components: int) -> Self:
        """The space of points (N, D) with labels (N,): a centre a label, one covariance within."""
        points = np.asarray(points, np.float64)
        places = np.unique(labels, return_inverse=True)[1]
        centres = np.stack([points[places == place].mean(0) for place in range(places.max() + 1)])
        within = points - centres[places]
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


def _fit_upright(coarse: Floats) -> Floats:
    """(COARSE² + 1, V): the linear rule from coarse views (N, COARSE, COARSE) of upright films; the last row offsets.

    Ridge regression on the films in each of VIEWS, to 1 for the view that it is and 0 for the others.
    """
    size = COARSE**2 + 1
    gram, target = np.zeros((size, size)), np.zeros((size, len(VIEWS)))
    for number in range(len(VIEWS)):
        rows = _with_one(view(coarse, number)).astype(np.float64)
        gram += rows.T @ rows
        target[:, number] = rows.sum(0)
    gram[range(size - 1), range(size - 1)] += RIDGE * np.trace(gram) / size
    return np.asarray(np.linalg.solve(gram, target), np.float32)


def _with_one(coarse: Floats) -> Floats:
    flat = coarse.reshape(len(coarse), -1)
    return np.column_stack([flat, np.ones(len(flat), np.float32)])


# --- the gate --------------------------------------------------------------------------------------------------------


def fit(
    train_planes: np.ndarray,
    train_features: Floats,
    train_labels: np.ndarray,
    validation_planes: np.ndarray,
    validation_features: Floats,
) -> dict[str, Any]:
    """Statistics for `Gate.from_card`: planes (N, S, S) uint8, features (N, D), labels (N,); M validation films, M > 0.

    The training films must stand upright. The same films give the same statistics.
    """
    assert len(train_planes) == len(train_features) == len(train_labels) > 0
    assert len(validation_planes) == len(validation_features) > 0
    coarse, texture = describe(train_planes)
    points = {"coarse": coarse.reshape(len(coarse), -1), "texture": texture, "features": train_features}
    labels = {"features": train_labels}
    one = np.zeros(len(coarse), int)
    spaces = {name: Space.fit(points[name], labels.get(name, one), COMPONENTS[name]) for name in COMPONENTS}
    gate = Gate(spaces, _fit_upright(coarse), np.zeros(NUM_MEASURES), np.ones(NUM_MEASURES), 1.0)
    measures = gate.measure(*describe(validation_planes), validation_features)
    middle, high = np.quantile(measures, (0.5, 0.95), axis=0)
    spread = np.maximum((high - middle) / 1.645, 1e-3)  # a standard deviation, were they normal
    gate = Gate(spaces, gate.upright, middle, spread, 1.0)
    return Gate(spaces, gate.upright, middle, spread, _threshold(gate.pool(measures))).to_card()


def _threshold(distances: Floats) -> float:
    """The distance that a further film exceeds with probability ALLOWED_SHARE at most, from those of M films.

    It is an order statistic where M is at least 1 / ALLOWED_SHARE - 1; with fewer films an exponential tail, as heavy as
    their upper quarter, is laid on beyond the largest.
    """
    ordered = np.sort(distances)
    rank = math.ceil((len(ordered) + 1) * (1 - ALLOWED_SHARE))  # from 1
    if rank <= len(ordered):
        return max(float(ordered[rank - 1]), TINY)
    upper = ordered[3 * len(ordered) // 4 :]
    tail = max(float((upper - ordered[len(ordered) // 2]).mean()), 0.1)
    return float(ordered[-1]) + tail * math.log(1 / (ALLOWED_SHARE * (len(ordered) + 1)))


@dataclass(frozen=True)
class Gate:
    """Fitted statistics, ready to judge."""

    spaces: Mapping[str, Space]  # by the names in COMPONENTS
    upright: Floats  # (COARSE² + 1, V), the linear rule
    middle: Floats  # (NUM_MEASURES,), of validation films
    spread: Floats  # (NUM_MEASURES,), of validation films, above their middle
    threshold: float  # pooled distance that stands for 1

    def judge(
        self,
        planes: np.ndarray,
        features: Floats,
        widths: Sequence[int],
        heights: Sequence[int],
        chromas: Sequence[float],
    ) -> list[Verdict]:
        """A verdict for each of N films: planes (N, S, S) uint8, features (N, D), sizes in pixels, `Film.chroma`."""
        coarse, texture = describe(planes)
        distances = self.pool(self.measure(coarse, texture, features)) / self.threshold
        views = self._scores(coarse).argmax(1)
        verdicts = []
        for number, distance in enumerate(distances):
            reasons = check(widths[number], heights[number], chromas[number], planes[number])
            if distance > 1:
                reasons += (self._reason(planes[number], int(views[number])),)
            verdicts.append(Verdict(not reasons, reasons, float(distance)))
        return verdicts

    def _reason(self, plane: np.ndarray, number: int) -> str:
        """Why a film (S, S) that looks like VIEWS[number] is refused."""
        if number:
            righted = self.measure(*describe(put_right(plane[None], number)), None)
            if self.pool(righted)[0] <= self.threshold:
                return VIEWS[number]
        return "gate-unlike-training"

    def measure(self, coarse: Floats, texture: Floats, features: Floats | None) -> Floats:
        """(N, NUM_MEASURES) of described films; without `features` theirs are -inf: they do not count."""
        columns = [
            1 + self._scores(coarse)[:, 1:].max(1) - self._scores(coarse)[:, 0],
            *self.spaces["coarse"].measure(coarse.reshape(len(coarse), -1)).T,
            *self.spaces["texture"].measure(texture).T,
            *(np.full((2, len(coarse)), -np.inf) if features is None else self.spaces["features"].measure(features).T),
        ]
        return np.column_stack(columns)

    def _scores(self, coarse: Floats) -> Floats:
        """(N, V): how much each film looks like each of VIEWS."""
        return np.asarray(_with_one(coarse) @ self.upright)

    def pool(self, measures: Floats) -> Floats:
        """(N,): the root of the summed squares of what exceeds the middle, in spreads."""
        return np.asarray(np.linalg.norm(np.maximum((measures - self.middle) / self.spread, 0), axis=1))

    def to_card(self) -> dict[str, Any]:
        """The statistics as JSON has them."""
        return {
            "spaces": {
                name: {
                    "centres": _encode(space.centres, "<f4"),
                    "axes": _encode(space.axes, "<f2"),
                    "variances": _encode(space.variances, "<f4"),
                    "rest": space.rest,
                }
                for name, space in self.spaces.items()
            },
            "upright": _encode(self.upright, "<f4"),
            "middle": [float(number) for number in self.middle],
            "spread": [float(number) for number in self.spread],
            "threshold": self.threshold,
        }

    @classmethod
    def from_card(cls, card: Mapping[str, Any], *, num_features: int) -> Self:
        """Undo `to_card`. Raises ValueError where the statistics are none, or of a network with other features."""
        try:
            dimensions = {"coarse": COARSE**2, "texture": NUM_TEXTURE, "features": num_features}
            spaces = {name: _read_space(card["spaces"][name], dimensions[name]) for name in COMPONENTS}
            upright = _decode(card["upright"], "<f4", (COARSE**2 + 1, len(VIEWS)))
            middle, spread = (_numbers(card[name], NUM_MEASURES) for name in ("middle", "spread"))
            (threshold,) = _numbers([card["threshold"]], 1)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"the gate's statistics lack or garble {error}") from error
        if not (spread > 0).all() or not threshold > 0:
            raise ValueError("the gate's spreads and threshold must be above 0")
        return cls(spaces, upright, middle, spread, float(threshold))


def _read_space(entry: Mapping[str, Any], dimension: int) -> Space:
    num_centres, num_axes = entry["centres"]["shape"][0], entry["axes"]["shape"][1]
    space = Space(
        _decode(entry["centres"], "<f4", (num_centres, dimension)),
        _decode(entry["axes"], "<f2", (dimension, num_axes)),
        _decode(entry["variances"], "<f4", (num_axes,)),
        float(_numbers([entry["rest"]], 1)[0]),
    )
    if not (space.variances > 0).all() or not space.rest > 0 or not num_centres or not num_axes:
        raise ValueError("the gate's variances must be above 0")
    return space


def _encode(values: Floats, dtype: str) -> dict[str, Any]:
    data = base64.b64encode(values.astype(dtype).tobytes()).decode("ascii")
    return {"dtype": dtype, "shape": list(values.shape), "data": data}


def _decode(entry: Mapping[str, Any], dtype: str, shape: tuple[int, ...]) -> Floats:
    """The finite array of exactly this type and shape. Raises ValueError."""
    if entry["dtype"] != dtype or tuple(entry["shape"]) != shape:
        raise ValueError(f"the gate holds {entry['dtype']} {entry['shape']}, expected {dtype} {list(shape)}")
    try:
        data = base64.b64decode(entry["data"], validate=True)
    except binascii.Error as error:
        raise ValueError("the gate's statistics are no base64") from error
    if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"the gate holds {len(data)} bytes for an array {list(shape)} of {dtype}")
    values: Floats = np.frombuffer(data, dtype).reshape(shape)
    if not np.isfinite(values).all():
        raise ValueError("the gate's statistics are not finite")
    return values


def _numbers(values: Sequence[Any], count: int) -> Floats:
    numbers = np.array([float(value) for value in values])
    if len(numbers) != count or not np.isfinite(numbers).all():
        raise ValueError(f"the gate needs {count} finite numbers")
    return numbers
