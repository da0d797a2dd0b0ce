"""The input check: is this a frontal chest film, upright, not inverted, and near to what the model was trained on?

Notable choices:
- Cheap rules come first, on what decoding returns: colour, shape, size, contrast. They need no fitting.
- Then seven measures, fitted on the training films (`input_measures`). Three spaces give two each: a coarse view of the
  film, statistics of its texture, and the network's features about the nearest class.
- The seventh tells an upright film from the same one upside down, turned or inverted: a linear rule, trained by doing
  that to the training films. No distance can: a chest upside down is still made like a chest.
- A measure is compared with those of validation films, on which neither network nor statistics were fitted. What
  exceeds their middle is pooled into one distance; 1 is the distance that few of them exceed. No picture that is not a
  film is needed, so the input check does not know only the kinds of non-films that somebody thought of.
- "Upside down", "turned" and "inverted" are said only if the film, put right, would pass with ease.

Needs numpy alone. The statistics are JSON, arrays as base64 of little-endian floats, about 100 KB for 512 features.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import PlainfilmError, demand
from plainfilm.model.input_measures import (
    COARSE,
    NUM_TEXTURE,
    TINY,
    Floats,
    Space,
    describe,
    fit_upright,
    put_right,
    view_scores,
)
from plainfilm.model.packed import Packed, numbers, pack, unpack

MAX_CHROMA = 32.0  # of 255; a bluish or yellowed print stays below, most colour photographs do not
MAX_ASPECT = 2.0  # longer side over shorter side
MIN_SIDE_PX = 64
BLANK_RANGE, MIN_RANGE = 8, 32  # grey levels between the 1st and 99th percentile: blank below; too faint below
ALLOWED_SHARE = 0.005  # of films like the validation films that may be refused for their distance
TURNED_SHARE = 0.002  # and for not looking upright, whatever their distance
RIGHTED_DISTANCE = 0.5  # at most, of a film that was put right, for its fault to be named
MIN_TAIL = 5  # films that a tail is laid on
COMPONENTS = {"coarse": 32, "texture": 12, "features": 32}  # principal components that are kept, at most
VIEWS = ("", "gate-upside-down", "gate-upside-down", "gate-turned", "gate-turned", "gate-inverted")
NUM_MEASURES = 2 * len(COMPONENTS) + 1
SECTION = "gate"  # of the card
_unpack, _numbers = partial(unpack, section=SECTION), partial(numbers, section=SECTION)


@dataclass(frozen=True)
class SpaceStatistics:
    """A Space as JSON has it."""

    centres: Packed
    axes: Packed
    variances: Packed
    rest: float


@dataclass(frozen=True)
class Statistics:
    """The section `gate` of a card: a Gate as JSON has it."""

    spaces: Mapping[str, SpaceStatistics]
    upright: Packed
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True)
class Verdict:
    """What the input check says of one film."""

    passed: bool
    reasons: tuple[str, ...]  # message codes, empty if it passed
    distance: float  # from the training films, at least 0; above 1 the film is refused

    @property
    def cell(self) -> str:
        """The verdict as a cell of a table: `passed`, or the codes of the reasons."""
        return " ".join(self.reasons) or "passed"


def check(width: int, height: int, chroma: float, plane: NDArray[np.uint8]) -> tuple[str, ...]:
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


def rules_alone(width: int, height: int, chroma: float, plane: NDArray[np.uint8]) -> Verdict:
    """The verdict where there are no statistics: `check` alone, at no distance."""
    reasons = check(width, height, chroma, plane)
    return Verdict(not reasons, reasons, 0.0)


# --- the check --------------------------------------------------------------------------------------------------------


def fit(
    train: tuple[Floats, Floats],
    train_features: Floats,
    train_labels: NDArray[np.int64],
    validation: tuple[Floats, Floats],
    validation_features: Floats,
) -> Statistics:
    """Statistics for `InputCheck.from_card`: N films as `describe` has them, features (N, D), labels (N,).

    M > 1 films to validate, described, with features (M, D). The training films must be upright. Of some of them alone
    the features and labels will do: they take the longest to get. The same films give the same statistics.
    """
    assert len(train[0]) >= len(train_features) == len(train_labels) > 0
    assert len(validation[0]) == len(validation_features) > 1
    fitted = _unsettled(train, train_features, train_labels)
    return _settled(fitted, fitted.measure(*validation, validation_features))


def fit_crossed(
    described: tuple[Floats, Floats], features: Floats, labels: NDArray[np.int64], folds: NDArray[np.int64]
) -> Statistics:
    """The same from a few films alone: N described, features (N, D), labels (N,), folds (N,), at least two.

    Each film is measured by the statistics of the other folds; middle, spread and thresholds are those of all these
    measures. The statistics that are kept are those of all films: a new film is as far from them as a film of a fold is
    from the other folds, or a little nearer.
    """
    coarse, texture = described
    assert len(coarse) == len(features) == len(labels) == len(folds)
    measures = np.zeros((len(coarse), NUM_MEASURES))
    for fold in np.unique(folds):
        held, rest = folds == fold, folds != fold
        others = _unsettled((coarse[rest], texture[rest]), features[rest], labels[rest])
        measures[held] = others.measure(coarse[held], texture[held], features[held])
    return _settled(_unsettled(described, features, labels), measures)


def _unsettled(described: tuple[Floats, Floats], features: Floats, labels: NDArray[np.int64]) -> "InputCheck":
    """An input check that can measure and has no thresholds yet, from films as `describe` gives them."""
    coarse, texture = described
    points = {"coarse": coarse.reshape(len(coarse), -1), "texture": texture, "features": features}
    labels_of = {"features": labels}
    one = np.zeros(len(coarse), int)
    spaces = {name: Space.fit(points[name], labels_of.get(name, one), COMPONENTS[name]) for name in COMPONENTS}
    return InputCheck(spaces, fit_upright(coarse), np.zeros(NUM_MEASURES), np.ones(NUM_MEASURES), np.ones(2))


def _settled(fitted: "InputCheck", measures: Floats) -> Statistics:
    """What it keeps when middle, spread and thresholds are those of measures (M, NUM_MEASURES)."""
    middle, high = np.quantile(measures, (0.5, 0.95), axis=0)
    spread = np.maximum((high - middle) / 1.645, 1e-3)  # a standard deviation, were they normal
    fitted = replace(fitted, middle=middle, spread=spread)
    thresholds = tail(fitted.pool(measures), ALLOWED_SHARE), tail(measures[:, 0], TURNED_SHARE)
    return replace(fitted, thresholds=np.array(thresholds)).to_card()


def tail(values: Floats, share: float) -> float:
    """What a further value exceeds with probability `share`, from M > 1 values: an exponential tail on the upper tenth.

    The largest of a few hundred values would do as well on average, but hangs on a single odd film.
    """
    ordered = np.sort(values)
    kept = min(max(MIN_TAIL, len(ordered) // 10), len(ordered) - 1)
    start = ordered[-kept - 1]
    excess = max(float((ordered[-kept:] - start).mean()), TINY)
    return float(start) + excess * math.log(max(kept / ((len(ordered) + 1) * share), 1))


@dataclass(frozen=True)
class InputCheck:
    """Fitted statistics, ready to judge."""

    spaces: Mapping[str, Space]  # by the names in COMPONENTS
    upright: Floats  # (COARSE² + 1, V), the rule of `fit_upright`
    middle: Floats  # (NUM_MEASURES,), of validation films
    spread: Floats  # (NUM_MEASURES,), of validation films, above their middle
    thresholds: Floats  # (2,), of the pooled measures and of the first measure alone: where the distance is 1

    def judge(
        self,
        planes: NDArray[np.uint8],
        described: tuple[Floats, Floats],
        features: Floats,
        widths: Sequence[int],
        heights: Sequence[int],
        chromas: Sequence[float],
    ) -> list[Verdict]:
        """A verdict for each of N films.

        Planes (N, S, S) uint8 and what `describe` makes of them, features (N, D), sizes in pixels, `Film.chroma`.
        """
        coarse, texture = described
        distances = self.distance(self.measure(coarse, texture, features))
        views = view_scores(self.upright, coarse).argmax(1)
        verdicts = []
        for index, distance in enumerate(distances):
            reasons = check(widths[index], heights[index], chromas[index], planes[index])
            if distance > 1:
                reasons += (self._reason(planes[index], int(views[index])),)
            verdicts.append(Verdict(not reasons, reasons, float(distance)))
        return verdicts

    def _reason(self, plane: NDArray[np.uint8], view: int) -> str:
        """Why a film (S, S) that looks like VIEWS[view] is refused."""
        if view:
            righted = self.measure(*describe(put_right(plane[None], view)), None)
            if self.distance(righted)[0] <= RIGHTED_DISTANCE:
                return VIEWS[view]
        return "gate-unlike-training"

    def measure(self, coarse: Floats, texture: Floats, features: Floats | None) -> Floats:
        """(N, NUM_MEASURES) of described films; without `features` theirs are -inf: they do not count."""
        scores = view_scores(self.upright, coarse)
        columns = [
            1 + scores[:, 1:].max(1) - scores[:, 0],
            *self.spaces["coarse"].measure(coarse.reshape(len(coarse), -1)).T,
            *self.spaces["texture"].measure(texture).T,
            *(np.full((2, len(coarse)), -np.inf) if features is None else self.spaces["features"].measure(features).T),
        ]
        return np.column_stack(columns)

    def pool(self, measures: Floats) -> Floats:
        """(N,): the root of the summed squares of what exceeds the middle, in spreads."""
        return np.asarray(np.linalg.norm(np.maximum((measures - self.middle) / self.spread, 0), axis=1))

    def distance(self, measures: Floats) -> Floats:
        """(N,): the larger of the pooled measures and the first one, each over its threshold."""
        return np.asarray(np.maximum(self.pool(measures) / self.thresholds[0], measures[:, 0] / self.thresholds[1]))

    def to_card(self) -> Statistics:
        """The statistics as JSON has them."""
        spaces = {
            name: SpaceStatistics(
                pack(space.centres, "<f4"), pack(space.axes, "<f2"), pack(space.variances, "<f4"), space.rest
            )
            for name, space in self.spaces.items()
        }
        numbers = (tuple(map(float, values)) for values in (self.middle, self.spread, self.thresholds))
        return Statistics(spaces, pack(self.upright, "<f4"), *numbers)

    @classmethod
    def from_card(cls, card: Statistics, *, num_features: int) -> Self:
        """Undo `to_card`. Raises ValueError where the statistics are none, or of a network with other features."""
        try:
            dimensions = {"coarse": COARSE**2, "texture": NUM_TEXTURE, "features": num_features}
            spaces = {name: _read_space(card.spaces[name], dimensions[name]) for name in COMPONENTS}
            upright = _unpack(card.upright, "<f4", (COARSE**2 + 1, len(VIEWS)))
            middle, spread = (_numbers(values, NUM_MEASURES) for values in (card.middle, card.spread))
            thresholds = _numbers(card.thresholds, 2)
        except (KeyError, IndexError, OverflowError) as error:
            raise PlainfilmError("card.reason.statistics", name=SECTION) from error
        is_possible = bool((spread > 0).all() and (thresholds > 0).all())
        demand(is_possible, "card.reason.statistics", name=SECTION)
        return cls(spaces, upright, middle, spread, thresholds)


def _read_space(entry: SpaceStatistics, dimension: int) -> Space:
    num_centres, num_axes = entry.centres.shape[0], entry.axes.shape[1]
    space = Space(
        _unpack(entry.centres, "<f4", (num_centres, dimension)),
        _unpack(entry.axes, "<f2", (dimension, num_axes)),
        _unpack(entry.variances, "<f4", (num_axes,)),
        float(_numbers([entry.rest], 1)[0]),
    )
    is_possible = bool((space.variances > 0).all() and space.rest > 0 and num_centres and num_axes)
    demand(is_possible, "card.reason.statistics", name=SECTION)
    return space
