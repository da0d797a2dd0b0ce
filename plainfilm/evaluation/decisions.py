"""How good decisions are: sets, operating points, predictive values, each with its interval.

- A group is the unit of every interval (`plainfilm.evaluation.intervals`).
- The mean size of a set is the sum of the shares of sets with at least 1, 2, ... classes. These shares rise and fall
  together, so the distances to their bounds are added.
- Predictive values follow from sensitivity, specificity and prevalence by Bayes. Both values rise with both of these:
  their bounds are taken where sensitivity and specificity are at their lower bounds at once, and at their upper ones.
  That is cautious (independent errors seldom agree so), and holds at 0 and 1, where approximations break down.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import shares, shares_by_class
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.model.decision import Calibration, OperatingPoint

Points = Mapping[str, tuple[OperatingPoint, ...]]
"""The operating points of each class."""


@dataclass(frozen=True)
class SetShares:
    """What sets are worth: shares of those that hold the true class, and of those of 0, 1, more classes; mean size."""

    coverage: Estimate
    none: Estimate
    single: Estimate
    several: Estimate
    size: Estimate


@dataclass(frozen=True, kw_only=True)
class Sets(SetShares):
    """On all films, with the coverage asked for; and on those of each class."""

    asked: float
    classes: Mapping[str, SetShares]


@dataclass(frozen=True)
class ValuedPoint(OperatingPoint):
    """An operating point with its positive and negative predictive value at a prevalence."""

    ppv: Estimate
    npv: Estimate


@dataclass(frozen=True)
class PredictiveValues:
    """Of a class, at a prevalence."""

    prevalence: float
    points: tuple[ValuedPoint, ...]


def measure_sets(
    sets: Booleans, labels: Integers, groups: Sequence[str], class_names: Sequence[str], asked: float
) -> Sets:
    """What sets (N, K) are worth on films of labels (N,) and groups (N,): on all of them, and on each class's."""
    num_classes = len(class_names)
    count = sets.sum(axis=1)
    at_least = count[:, None] > np.arange(num_classes)  # (N, K): column j, more than j classes
    covered = np.take_along_axis(sets, labels[:, None], axis=1)
    hits = np.column_stack([covered, count == 0, count == 1, count > 1, at_least])
    overall, *by_class = (
        SetShares(coverage, none, single, several, _sum(steps))
        for coverage, none, single, several, *steps in shares_by_class(hits, labels, groups, num_classes)
    )
    return Sets(asked=asked, **vars(overall), classes=dict(zip(class_names, by_class, strict=True)))


def _sum(estimates: Sequence[Estimate]) -> Estimate:
    value, low, high = (math.fsum(getattr(entry, name) for entry in estimates) for name in ("value", "low", "high"))
    return Estimate(value, low, high, estimates[0].n)


def measure_points(
    probabilities: Floats, labels: Integers, groups: Sequence[str], thresholds: Sequence[Sequence[float]]
) -> list[list[tuple[Estimate, Estimate]]]:
    """Sensitivity and specificity at each threshold of each class, against the rest: (N, K), (N,), (N,), K lists."""
    hits, counted = [], []
    for k, of_class in enumerate(thresholds):
        for threshold in of_class:
            positive = probabilities[:, k] >= threshold
            hits += [positive, ~positive]
            counted += [labels == k, labels != k]
    if not hits:
        return [[] for _ in thresholds]
    estimates = iter(shares(np.column_stack(hits), np.column_stack(counted), groups))
    return [[(next(estimates), next(estimates)) for _ in of_class] for of_class in thresholds]


def stored_operating_points(calibration: Calibration, class_names: Sequence[str]) -> Points:
    """For each class its operating points with what they gave on the validation films."""
    return dict(zip(class_names, calibration.operating_points, strict=True))


def measure_operating_points(
    probabilities: Floats,
    labels: Integers,
    groups: Sequence[str],
    class_names: Sequence[str],
    calibration: Calibration,
) -> Points:
    """The stored operating points of each class with what they give on these films instead."""
    stored = stored_operating_points(calibration, class_names)
    thresholds = [[point.threshold for point in points] for points in stored.values()]
    measured = measure_points(probabilities, labels, groups, thresholds)
    return {
        name: tuple(
            replace(point, sensitivity=sensitivity, specificity=specificity)
            for point, (sensitivity, specificity) in zip(points, estimates, strict=True)
        )
        for (name, points), estimates in zip(stored.items(), measured, strict=True)
    }


def predictive_values(sensitivity: Estimate, specificity: Estimate, prevalence: float) -> tuple[Estimate, Estimate]:
    """Positive and negative predictive value of a test at a prevalence between 0 and 1, both excluded.

    >>> found = predictive_values(Estimate(0.9, 0.8, 0.95, 100), Estimate(0.9, 0.8, 0.95, 100), 0.01)
    >>> [round(estimate.value, 3) for estimate in found]
    [0.083, 0.999]
    """
    n = sensitivity.n + specificity.n
    if not (sensitivity.estimable and specificity.estimable):
        return (Estimate(math.nan, math.nan, math.nan, n),) * 2
    corners = (
        _bayes(sensitivity.value, specificity.value, prevalence),
        _bayes(sensitivity.low, specificity.low, prevalence),
        _bayes(sensitivity.high, specificity.high, prevalence),
    )
    positive, negative = zip(*corners, strict=True)
    return _defined(*positive, n), _defined(*negative, n)


def _bayes(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Positive and negative predictive value; NaN if nothing is called so."""
    found, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    cleared, false = specificity * (1 - prevalence), (1 - specificity) * (1 - prevalence)
    return _quotient(found, found + false), _quotient(cleared, cleared + missed)


def _quotient(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _defined(value: float, low: float, high: float, n: int) -> Estimate:
    """A bound at which nothing would be called so is no bound: 0 or 1."""
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, n)
    return Estimate(value, 0.0 if math.isnan(low) else low, 1.0 if math.isnan(high) else high, n)


def add_predictive_values(stored: Points, prevalences: Mapping[str, float]) -> dict[str, PredictiveValues]:
    """Of operating points by class, those of the classes in `prevalences`, with their predictive values there."""
    return {
        name: PredictiveValues(
            prevalence,
            tuple(
                ValuedPoint(**vars(point), ppv=positive, npv=negative)
                for point in stored[name]
                for positive, negative in [predictive_values(point.sensitivity, point.specificity, prevalence)]
            ),
        )
        for name, prevalence in prevalences.items()
    }
