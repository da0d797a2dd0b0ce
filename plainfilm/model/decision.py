"""From logits to a decision: what calibration fitted, and how it is applied.

- Probabilities are softmax(logits / temperature).
- A film's set holds every class k with 1 - p_k <= quantile_k (split conformal prediction). One class is an answer,
  several are "not decided"; none says that for each class all but a few of its own films look more like it.
- An operating point calls a film positive for a class, against the rest, where p_k >= threshold.

`plainfilm.evaluation.calibration` fits all of it on validation films; the Predictor alone applies it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

TEMPERATURES = (0.05, 20.0)
"""The lowest and the highest temperature there may be."""
ESTIMATE = {"value", "low", "high", "n"}


@dataclass(frozen=True)
class OperatingPoint:
    """Where one class is cut for a sensitivity that was asked for, and what that gave on the validation films."""

    asked: float  # sensitivity, 0 to 1
    threshold: float  # of the class's probability; a film at or above it is positive
    sensitivity: Mapping[str, Any]  # value, low, high, n
    specificity: Mapping[str, Any]

    def __post_init__(self) -> None:
        _demand(_within(self.asked, 0, 1) and _within(self.threshold, 0, 1), "an operating point is not within 0 to 1")
        for estimate in (self.sensitivity, self.specificity):
            _demand(_is_share(estimate), "an estimate of an operating point is none")


@dataclass(frozen=True)
class Calibration:
    """What was fitted on the validation films. Raises ValueError for what cannot have been."""

    temperature: float
    coverage: float  # asked for: share of films whose set holds the true class
    quantiles: tuple[float, ...]  # (K,) largest 1 - p_k of a film whose set holds class k
    pooled: tuple[bool, ...]  # (K,) whether the quantile is that of all classes, for want of films of this one
    films: tuple[int, ...]  # (K,) validation films of each class
    operating_points: tuple[tuple[OperatingPoint, ...], ...]  # K lists; empty for a class without films

    def __post_init__(self) -> None:
        _demand(_within(self.temperature, *TEMPERATURES), f"the temperature is not within {TEMPERATURES}")
        _demand(_within(self.coverage, 0, 1) and 0 < self.coverage < 1, "the coverage is not between 0 and 1")
        _demand(all(_within(quantile, 0, 1) for quantile in self.quantiles), "a quantile is not within 0 to 1")
        _demand(all(isinstance(entry, bool) for entry in self.pooled), "pooled is no list of true and false")
        _demand(all(type(count) is int and count >= 0 for count in self.films), "films is no list of counts")
        lengths = {len(entry) for entry in (self.quantiles, self.pooled, self.films, self.operating_points)}
        _demand(len(lengths) == 1, "the lists of the calibration have different lengths")

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any], num_classes: int) -> Self:
        """Undoes `asdict` and JSON. Raises ValueError, KeyError or TypeError for what is none for K classes."""
        points = tuple(
            tuple(OperatingPoint(**point) for point in points_of_class) for points_of_class in entry["operating_points"]
        )
        lists = {name: tuple(entry[name]) for name in ("quantiles", "pooled", "films")}
        found = cls(**{**entry, **lists, "operating_points": points})
        _demand(len(found.quantiles) == num_classes, f"the calibration is not for {num_classes} classes")
        return found


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (N, K) of logits (N, K) divided by a temperature, in float64.

    >>> softmax(np.zeros((1, 2))).tolist()
    [[0.5, 0.5]]
    """
    shifted = np.exp((logits.astype(np.float64) - logits.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def conformal_sets(probabilities: np.ndarray, quantiles: Sequence[float]) -> np.ndarray:
    """Which classes a film's set holds: (N, K), (K,) -> (N, K) bool; a row may hold none.

    >>> conformal_sets(np.array([[0.9, 0.1], [0.5, 0.5]]), [0.5, 0.6]).tolist()
    [[True, False], [True, True]]
    """
    return np.asarray(1 - probabilities <= np.asarray(quantiles))


def set_cell(members: Sequence[int] | None, class_names: Sequence[str]) -> str:
    """A film's set as a cell of a table: class names joined by |; `none`; nothing where the model is not calibrated.

    >>> [set_cell(members, ["a", "b"]) for members in ([0, 1], [], None)]
    ['a|b', 'none', '']
    """
    if members is None:
        return ""
    return "|".join(class_names[k] for k in members) or "none"


def _within(value: object, low: float, high: float) -> bool:
    """Whether a value is a number from `low` to `high`; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_share(estimate: object) -> bool:
    """Whether an object is a share with its interval: value, low, high, n; null where it is not estimable."""
    if not isinstance(estimate, Mapping) or set(estimate) != ESTIMATE or type(estimate["n"]) is not int:
        return False
    bounds = [estimate[name] for name in ("low", "value", "high")]
    if bounds == [None, None, None]:
        return True
    return all(_within(bound, 0, 1) for bound in bounds) and bounds == sorted(bounds)


def _demand(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ValueError(otherwise)
