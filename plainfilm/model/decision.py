"""From logits to a decision: what calibration fitted, and how it is applied.

- Probabilities are softmax(logits / temperature).
- A film's set holds every class k with 1 - p_k <= quantile_k (split conformal prediction), and with any class the most
  probable one, whose own quantile may be stricter. One class is an answer, several are "not decided"; none says that
  for each class all but a few of its own films look more like it.
- An operating point calls a film positive for a class, against the rest, if p_k >= threshold.

`plainfilm.evaluation.calibration` fits all of it on validation films; the Predictor alone applies it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.errors import demand
from plainfilm.estimate import Estimate

TEMPERATURES = (0.05, 20.0)
"""The lowest and the highest temperature there may be."""


@dataclass(frozen=True)
class OperatingPoint:
    """Where one class is cut for a sensitivity that was asked for, and what that gave on the validation films."""

    asked: float  # sensitivity, 0 to 1
    threshold: float  # of the class's probability; a film at or above it is positive
    sensitivity: Estimate
    specificity: Estimate

    def __post_init__(self) -> None:
        demand(
            _within(self.asked, 0, 1) and _within(self.threshold, 0, 1), "card.reason.range", name="operating_points"
        )
        for estimate in (self.sensitivity, self.specificity):
            demand(_is_share(estimate), "card.reason.figure", name="operating_points")


@dataclass(frozen=True)
class Calibration:
    """What was fitted on the validation films. Raises PlainfilmError for what cannot have been."""

    temperature: float
    coverage: float  # asked for: share of films whose set holds the true class
    quantiles: tuple[float, ...]  # (K,) largest 1 - p_k of a film whose set holds class k
    pooled: tuple[bool, ...]  # (K,) whether the quantile is that of all classes, for want of films of this one
    films: tuple[int, ...]  # (K,) validation films of each class
    operating_points: tuple[tuple[OperatingPoint, ...], ...]  # K lists; empty for a class without films

    def __post_init__(self) -> None:
        demand(_within(self.temperature, *TEMPERATURES), "card.reason.range", name="temperature")
        demand(_within(self.coverage, 0, 1) and 0 < self.coverage < 1, "card.reason.range", name="coverage")
        demand(all(_within(quantile, 0, 1) for quantile in self.quantiles), "card.reason.range", name="quantiles")
        demand(all(isinstance(entry, bool) for entry in self.pooled), "card.reason.truth", name="pooled")
        demand(all(type(count) is int and count >= 0 for count in self.films), "card.reason.counts", name="films")
        lengths = {len(entry) for entry in (self.quantiles, self.pooled, self.films, self.operating_points)}
        demand(len(lengths) == 1, "card.reason.lengths")

    @classmethod
    def from_dict(cls, entry: object, num_classes: int) -> Self:
        """Undoes `records.as_dict`. Raises ValueError for what is none for K classes."""
        found = records.from_dict(cls, entry, exact=True)
        demand(len(found.quantiles) == num_classes, "card.reason.calibration-classes", expected=num_classes)
        return found


def softmax(logits: NDArray[np.float32 | np.float64], temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities (N, K) of logits (N, K) divided by a temperature, in float64.

    >>> softmax(np.zeros((1, 2))).tolist()
    [[0.5, 0.5]]
    """
    shifted = np.exp((logits.astype(np.float64) - logits.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def conformal_sets(probabilities: NDArray[np.float64], quantiles: Sequence[float]) -> NDArray[np.bool_]:
    """Which classes a film's set holds: (N, K), (K,) -> (N, K) bool; a row may hold none.

    A set that held others but not the most probable class would be read as if that one were ruled out. So it is there
    too, which can only raise the coverage.

    >>> conformal_sets(np.array([[0.9, 0.1], [0.7, 0.3], [0.6, 0.4]]), [0.2, 0.6]).tolist()
    [[True, False], [False, False], [True, True]]
    """
    found = np.asarray(1 - probabilities <= np.asarray(quantiles))
    held = np.flatnonzero(found.any(axis=1))
    found[held, probabilities[held].argmax(axis=1)] = True
    return found


def tied(
    sets: NDArray[np.bool_],
    predicted: NDArray[np.int64],
    at_home: NDArray[np.bool_],
    ties: Sequence[tuple[int, Sequence[int]]],
) -> NDArray[np.bool_]:
    """Sets (N, K) in which classes that cannot be told apart away from home are named together.

    A tie is a class that is known from one place alone, and the classes that it cannot be told from elsewhere. Only a
    film that is called by that class, (N,), and is like those of home, (N,), keeps its set.

    >>> tied(np.array([[True, False]] * 2), np.array([0, 0]), np.array([True, False]), [(0, [1])]).tolist()
    [[True, False], [True, True]]
    """
    found = sets.copy()
    for lone, others in ties:
        together = [lone, *others]
        touched = found[:, together].any(axis=1) & ~((predicted == lone) & at_home)
        found[np.ix_(touched, together)] = True
    return found


def set_cell(members: Sequence[int] | None, class_names: Sequence[str]) -> str:
    """A film's set as a cell of a table: class names joined by |; `none`; nothing if the model is not calibrated.

    >>> [set_cell(members, ["a", "b"]) for members in ([0, 1], [], None)]
    ['a|b', 'none', '']
    """
    if members is None:
        return ""
    return "|".join(class_names[k] for k in members) or "none"


def _within(value: object, low: float, high: float) -> bool:
    """Whether a value is a number from `low` to `high`; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_share(estimate: Estimate) -> bool:
    """Whether this is a share with its interval, or one that is not estimable."""
    bounds = (estimate.low, estimate.value, estimate.high)
    if all(math.isnan(bound) for bound in bounds):
        return True
    return all(_within(bound, 0, 1) for bound in bounds) and list(bounds) == sorted(bounds)
