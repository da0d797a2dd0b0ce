"""One finding on the films on which it is known, and its figures, each with an interval over groups (patients).

- AUC and average precision: how much each film moves the figure (its influence: placements for the AUC, the derivative
  by the film's weight for the average precision) is summed over groups. The squares of these sums give the variance;
  that of the AUC is DeLong's in Obuchowski's form (`intervals.delong`). The interval is on the logit scale.
- Few positives make nearly all of that variance, so the quantile is Student's: its degrees of freedom are those of the
  groups' fourth moment (`intervals.student`), and at most the groups of the rarer side less one. Where the variance is
  zero, the bound of an AUC is that of `intervals.delong`.
- Average precision depends on prevalence, and lies above its limit with few positives; its interval holds the limit.
- The Brier score is of one probability: (p - y) ** 2, 0 to 1, half of that of two classes.
- The calibration error is biased upwards, and so are its replicates. Its interval is that of `reliability`, reflected
  to allow for the bias, widened to what the intervals of the bins' shares allow; it goes down to 0 if the error is
  within the noise floor.

Sources: Boyd, Eng & Page 2013, ECML PKDD (logit scale for the average precision); Efron 1982, The jackknife, the
bootstrap and other resampling plans (infinitesimal jackknife).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.coverage import missed
from plainfilm.evaluation.intervals import (
    DEGREES_OF_FREEDOM,
    MAX_LOG_MARGIN,
    NEGLIGIBLE_VARIANCE,
    STUDENT,
    auc_influence,
    delong,
    mean_loss,
    student,
    wilson,
    within,
)
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.reliability import NoiseFloor, reliability
from plainfilm.evaluation.resampling import group_sums, resampled

MIN_POSITIVES = 10
"""A finding that fewer films have is in no macro mean, and in no part of the films; of negatives a part has as many."""
Targets = NDArray[np.float32] | NDArray[np.float64]
"""(N, K): 1 present, 0 absent; what is neither plays no part."""


@dataclass(frozen=True)
class Known:
    """One finding on the films on which it is known."""

    rows: Integers  # (n,), where they are among all N
    scores: Floats  # (n,)
    present: Booleans  # (n,)
    group_of_film: Integers  # (n,)

    @property
    def positives(self) -> int:
        """Films."""
        return int(self.present.sum())

    @property
    def negatives(self) -> int:
        """Films."""
        return len(self.rows) - self.positives

    @property
    def is_judged(self) -> bool:
        """Whether there are films with it and films without it."""
        return min(self.positives, self.negatives) > 0

    @property
    def is_in_macro(self) -> bool:
        """Whether it is in macro means."""
        return self.is_judged and self.positives >= MIN_POSITIVES

    @cached_property
    def sides(self) -> tuple[int, int]:
        """How many groups have a film with it, how many one without it."""
        present, absent = (len(np.unique(self.group_of_film[side])) for side in (self.present, ~self.present))
        return present, absent

    def scored(self, scores: Floats) -> "Known":
        """The same with the probabilities (N,) of another model."""
        return replace(self, scores=scores[self.rows])


def is_known(targets: Targets) -> Booleans:
    """Where a finding is known to be present or absent, of any shape."""
    return np.asarray((targets == 0) | (targets == 1))


def known_films(probabilities: Floats, targets: Targets, groups: Sequence[str]) -> list[Known]:
    """Each finding on the films on which it is known; groups are numbered through all findings."""
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    found = []
    for scores, stated in zip(np.asarray(probabilities, np.float64).T, targets.T, strict=True):
        rows = np.flatnonzero(is_known(stated))
        found.append(Known(rows, scores[rows], stated[rows] == 1, group_of_film[rows]))
    return found


# --- figures ----------------------------------------------------------------------------------------------------------


def not_estimable(known: Known) -> Estimate:
    """No figure, and on how many films there is none."""
    return replace(NOT_ESTIMABLE, n=len(known.rows))


def auc_estimate(known: Known) -> Estimate:
    """The AUC, and its interval on the logit scale."""
    if not known.is_judged:
        return not_estimable(known)
    value = metrics.auc(known.scores, known.present)
    parts = group_parts(auc_influence(known.scores, known.present), known)
    if value in (0.0, 1.0) or min(known.sides) < 2 or float(parts @ parts) < NEGLIGIBLE_VARIANCE:
        return delong(known.scores, known.present, known.group_of_film)
    found = _on_logit_scale(value, parts, known)
    return replace(found, coverage=missed("auc", found, known.sides, found.n / sum(known.sides)))


def average_precision_estimate(known: Known) -> Estimate:
    """The average precision, and its interval on the logit scale."""
    if not known.is_judged:
        return not_estimable(known)
    value, num_positive = average_precision(known.scores, known.present), known.sides[0]
    if min(known.sides) < 2:
        return Estimate(value, 0.0, 1.0, len(known.rows))
    parts = group_parts(precision_influence(known.scores, known.present), known)
    if value == 1.0 or float(parts @ parts) < NEGLIGIBLE_VARIANCE:
        return replace(wilson(value * num_positive, num_positive), n=len(known.rows))
    return _on_logit_scale(value, parts, known)


def brier_estimate(known: Known) -> Estimate:
    """The mean squared distance of the probability from 0 or 1."""
    if not known.is_judged:
        return not_estimable(known)
    _, group = np.unique(known.group_of_film, return_inverse=True)
    losses = (known.scores - known.present) ** 2
    sums = group_sums(np.column_stack([losses, np.ones_like(losses)]), group)
    drawn = resampled(sums)
    return mean_loss(sums[:, 0], drawn[:, 0] / drawn[:, 1], sums[:, 1].astype(np.int64), 1.0)


def calibration_error(known: Known) -> tuple[Estimate, NoiseFloor | None]:
    """The binned calibration error, and what it would be if the probabilities were right."""
    if not known.is_judged:
        return not_estimable(known), None
    both, labels = as_classes(known)
    found = reliability(both, labels, known.group_of_film.tolist(), ("absent", "present"))
    error, floor = found.expected_calibration_error, found.noise_floor
    assert floor is not None
    nearer, farther = [], []
    for entry in found.reliability["present"]:
        share, observed = entry.observed.n / error.n, entry.observed
        distance = abs(entry.mean - observed.value)
        inside = observed.low <= entry.mean <= observed.high
        bounds = abs(entry.mean - observed.low), abs(entry.mean - observed.high)
        nearer.append(share * (distance - (0.0 if inside else min(bounds))))
        farther.append(share * (max(bounds) - distance))
    low = min(error.low, 2 * error.value - error.high, error.value - math.hypot(*nearer))
    high = max(error.high, error.value + math.hypot(*farther))
    return within(error.value, 0.0 if error.value <= floor.percentile_95 else low, high, error.n), floor


def as_classes(known: Known) -> tuple[Floats, Integers]:
    """Probabilities of absent and present (n, 2), and which of both it is (n,)."""
    return np.column_stack([1 - known.scores, known.scores]), known.present.astype(np.int64)


# --- average precision -----------------------------------------------------------------------------------------------


def average_precision(scores: Floats, positive: Booleans) -> float:
    """Mean over the positives of the precision at their score: (N,), (N,) -> 0 to 1; NaN without positives.

    The area under the steps of the precision-recall curve, which is not interpolated.

    >>> round(average_precision(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])), 4)
    0.8333
    """
    if not positive.any():
        return math.nan
    return float(weighted_average_precision(np.ones((len(scores), 1)), scores, positive)[0])


def weighted_average_precision(weights: Floats, scores: Floats, positive: Booleans) -> Floats:
    """The same with every film counted as often as its weight: (n, r), (n,), (n,) -> (r,). NaN if no positive is."""
    order = np.argsort(scores)
    scores, own = scores[order], np.sort(scores[positive])
    thresholds = np.unique(own)  # (T,)
    at = np.add.reduceat(weights[order][positive[order]], np.searchsorted(own, thresholds), axis=0)  # (T, r) positives
    films = np.add.reduceat(weights[order], np.searchsorted(scores, thresholds), axis=0)
    true, called = (np.cumsum(part[::-1], axis=0)[::-1] for part in (at, films))  # at or above each threshold
    precision = np.divide(true, called, out=np.zeros_like(true), where=called > 0)
    return metrics.ratio((at * precision).sum(axis=0), true[0])


def optimism(known: Known) -> float:
    """How far the average precision is above its limit: each positive is counted among those at its own score.

    It is judged by the positives of other groups alone instead, as many as there are of all.
    """
    scores, group = known.scores[known.present], known.group_of_film[known.present]  # (P,)
    order = np.lexsort((-scores, group))
    own = np.empty(len(order), np.int64)  # of its group, at or above it
    own[order] = 1 + np.arange(len(order)) - np.searchsorted(group[order], group[order])
    others = len(order) - np.bincount(group)[group]
    true, called = _counts(scores, known.scores)
    apart = (true - own) * len(order) / np.maximum(others, 1)
    reached = apart + called - true
    precision = np.divide(apart, reached, out=np.ones_like(apart), where=reached > 0)
    return float((true / called - precision).mean())


def _counts(own: Floats, scores: Floats) -> tuple[Integers, Integers]:
    """How many positives and how many films are at or above each positive: (P,), (n,) -> (P,), (P,)."""
    true, called = (len(some) - np.searchsorted(np.sort(some), own) for some in (own, scores))
    return true, called


# --- influence -------------------------------------------------------------------------------------------------------


def precision_influence(scores: Floats, positive: Booleans) -> Floats:
    """How much each film moves the average precision: (N,), (N,) -> (N,), the derivative by its weight.

    A positive adds its own precision, and is a true positive at the score of each positive at or below it; a negative
    is a false positive there.
    """
    own = np.sort(scores[positive])  # (P,)
    true, called = _counts(own, scores)
    gain, loss = (np.append(0.0, np.cumsum(part / called**2)) for part in (called - true, true))
    below = np.searchsorted(own, scores, "right")
    found = -loss[below]
    precision = true / called
    found[positive] = precision[np.searchsorted(own, scores[positive])] - precision.mean() + gain[below[positive]]
    return np.asarray(found / len(own))


def group_parts(influence: Floats, known: Known, num_groups: int | None = None) -> Floats:
    """What each group moves a figure by, (G,): the squares sum to its variance; few groups of a side count for more."""
    found = np.zeros(num_groups or int(known.group_of_film.max()) + 1)
    for side, count in zip((known.present, ~known.present), known.sides, strict=True):
        own = group_sums(influence[side][:, None], known.group_of_film[side], len(found))[:, 0]
        found += own * math.sqrt(count / max(count - 1, 1))
    return found


def quantile(parts: Floats, degrees: int) -> float:
    """Student's for a sum of parts (G,), of at most these degrees of freedom."""
    at_most = np.interp(1 / degrees, [1 / df for df in DEGREES_OF_FREEDOM], STUDENT)
    return max(student(parts), float(at_most))


def _on_logit_scale(value: float, parts: Floats, known: Known) -> Estimate:
    """The interval of a share between 0 and 1 that groups move by `parts` (G,)."""
    error = math.sqrt(float(parts @ parts)) / (value * (1 - value))
    margin = math.exp(min(MAX_LOG_MARGIN, quantile(parts, min(known.sides) - 1) * error))
    odds = value / (1 - value)
    low, high = (bound / (1 + bound) for bound in (odds / margin, odds * margin))
    return within(value, low, high, len(known.rows))
