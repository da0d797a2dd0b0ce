"""How good decisions are: sets, operating points, predictive values, each with its interval.

- A group is the unit of every interval (`plainfilm.evaluation.intervals`).
- The mean size of a set is the sum of the shares of sets with at least 1, 2, ... classes. These shares rise and fall
  together, so the distances to their bounds are added.
- Predictive values follow from sensitivity, specificity and prevalence by Bayes. Both values rise with both of these:
  their bounds are taken where sensitivity and specificity stand at their lower bounds at once, and at their upper ones.
  That is cautious (independent errors seldom agree so), and holds at 0 and 1, where approximations break down.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from plainfilm.evaluation.intervals import Estimate, shares, shares_by_class
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.model.decision import Calibration


def measure_sets(
    sets: Booleans, labels: Integers, groups: Sequence[str], class_names: Sequence[str], asked: float
) -> dict[str, Any]:
    """What sets (N, K) are worth on films of labels (N,) and groups (N,): on all of them, and on each class's.

    `coverage`: share of sets that hold the true class; `none`, `single`, `several`: shares of sets with 0, 1, more
    classes; `size`: mean number of classes.
    """
    num_classes = len(class_names)
    count = sets.sum(axis=1)
    at_least = count[:, None] > np.arange(num_classes)  # (N, K): column j, more than j classes
    covered = np.take_along_axis(sets, labels[:, None], axis=1)
    hits = np.column_stack([covered, count == 0, count == 1, count > 1, at_least])
    figures = []
    for coverage, none, single, several, *steps in shares_by_class(hits, labels, groups, num_classes):
        shown = {"coverage": coverage, "none": none, "single": single, "several": several, "size": _sum(steps)}
        figures.append({name: estimate.as_dict() for name, estimate in shown.items()})
    return {"asked": asked, **figures[0], "classes": dict(zip(class_names, figures[1:], strict=True))}


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


def stored_operating_points(calibration: Calibration, class_names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """For each class its operating points with what they gave on the validation films."""
    of_classes = ([asdict(point) for point in points] for points in calibration.operating_points)
    return dict(zip(class_names, of_classes, strict=True))


def measure_operating_points(
    probabilities: Floats,
    labels: Integers,
    groups: Sequence[str],
    class_names: Sequence[str],
    calibration: Calibration,
) -> dict[str, list[dict[str, Any]]]:
    """The stored operating points of each class with what they give on these films instead."""
    stored = stored_operating_points(calibration, class_names)
    thresholds = [[point["threshold"] for point in points] for points in stored.values()]
    measured = measure_points(probabilities, labels, groups, thresholds)
    for points, estimates in zip(stored.values(), measured, strict=True):
        for point, (sensitivity, specificity) in zip(points, estimates, strict=True):
            point |= {"sensitivity": sensitivity.as_dict(), "specificity": specificity.as_dict()}
    return stored


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
    """Positive and negative predictive value; NaN where nothing is called so."""
    found, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    cleared, false = specificity * (1 - prevalence), (1 - specificity) * (1 - prevalence)
    return _quotient(found, found + false), _quotient(cleared, cleared + missed)


def _quotient(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _defined(value: float, low: float, high: float, n: int) -> Estimate:
    """A bound where nothing would be called so is no bound: 0 or 1."""
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, n)
    return Estimate(value, 0.0 if math.isnan(low) else low, 1.0 if math.isnan(high) else high, n)


def add_predictive_values(figures: Mapping[str, Any], prevalences: Mapping[str, float]) -> dict[str, Any]:
    """Of operating points by class, those of the classes in `prevalences`, with their predictive values there."""
    found = {}
    for name, prevalence in prevalences.items():
        points = []
        for point in figures[name]:
            sensitivity, specificity = (Estimate.from_dict(point[key]) for key in ("sensitivity", "specificity"))
            positive, negative = predictive_values(sensitivity, specificity, prevalence)
            points.append({**point, "ppv": positive.as_dict(), "npv": negative.as_dict()})
        found[name] = {"prevalence": prevalence, "points": points}
    return found
