"""Figures by finding, each with its interval over groups (patients), n and the number of positives.

- A finding is judged on the films on which it is known to be present or absent; the others play no part.
- AUC and average precision: how much each film moves the figure (its influence: placements for the AUC, the derivative
  by the film's weight for the average precision) is summed over groups. The squares of these sums give the variance;
  that of the AUC is DeLong's in Obuchowski's form (`intervals.delong`). The interval is on the logit scale.
- Few positives make nearly all of that variance, so the quantile is Student's: its degrees of freedom are those of the
  groups' fourth moment (`intervals.student`), and at most the groups of the rarer side less one. Where the variance is
  zero, the bound of an AUC is that of `intervals.delong`.
- Average precision depends on prevalence, and lies above its limit with few positives; its interval holds the limit.
- Sensitivity, specificity and shares of sets, and the Brier score: as for classes (`intervals`). The Brier score is of
  one probability: (p - y) ** 2, 0 to 1, half of that of two classes.
- The calibration error is biased upwards, and so are its replicates. Its interval is that of `reliability`, reflected
  to allow for the bias, widened to what the intervals of the bins' shares allow; it goes down to 0 if the error is
  within the noise floor.
- Macro means are over the findings that at least MIN_POSITIVES films have, all drawn in the same replicates of the
  bootstrap, widened to what the findings' intervals allow. That of the average precision goes down further, by how much
  the mean falls if each positive is judged by the positives of other groups: the bias does not average out. There is no
  macro calibration error, as its bias does neither.
- Two models: the difference of the influences on the same films, with Student's quantile. No replicates: with ten
  positives their percentiles hold a difference of AUC nine times in ten.

How often these intervals hold the truth is simulated by `benchmarks/findings_coverage.py`.

Sources: Boyd, Eng & Page 2013, ECML PKDD (logit scale for the average precision); Efron 1982, The jackknife, the
bootstrap and other resampling plans (infinitesimal jackknife).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.film_index import Row
from plainfilm.data.splits.patients import shared
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.coverage import missed
from plainfilm.evaluation.decisions import Points, measure_points
from plainfilm.evaluation.intervals import (
    DEGREES_OF_FREEDOM,
    MAX_LOG_MARGIN,
    NEGLIGIBLE_VARIANCE,
    STUDENT,
    class_mean,
    delong,
    difference,
    mean_loss,
    shares,
    student,
    wilson,
    within,
)
from plainfilm.evaluation.measured import Interval
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.reliability import NoiseFloor, reliability
from plainfilm.evaluation.resampling import LEVEL, group_draws, group_sums, resampled, weighted_macro_auc
from plainfilm.evaluation.subgroups import COLUMNS, UNKNOWN
from plainfilm.model.decision import OperatingPoint
from plainfilm.model.findings import ABSENT, PRESENT, UNDECIDED, FindingDecision, FindingsCalibration, sets_of

MIN_POSITIVES = 10
"""A finding that fewer films have is in no macro mean, and in no part of the films; of negatives a part has as many."""
Targets = NDArray[np.float32] | NDArray[np.float64]
"""(N, K): 1 present, 0 absent; what is neither plays no part."""


@dataclass(frozen=True)
class FindingSets:
    """What is said of a finding: shares of films, and of those with it and without it whose set holds the truth."""

    present: Estimate
    absent: Estimate
    undecided: Estimate
    coverage_positives: Estimate  # not called absent, of the films with it
    coverage_negatives: Estimate  # not called present, of the films without it


@dataclass(frozen=True, kw_only=True)
class FindingFigures:
    """The figures of one finding on the n films on which it is known."""

    n: int
    positives: int  # films
    auc: Estimate
    average_precision: Estimate
    brier: Estimate
    calibration_error: Estimate
    noise_floor: NoiseFloor | None  # of the calibration error; None: not estimable
    points: tuple[OperatingPoint, ...]  # the stored thresholds, with what they give on these films
    sets: FindingSets | None  # None: not calibrated, or too few to fit it


@dataclass(frozen=True)
class FindingsFigures:
    """The figures of all findings, and their macro means."""

    findings: Mapping[str, FindingFigures]
    macro: Mapping[str, Estimate]
    macro_over: tuple[str, ...]
    interval: Interval

    @property
    def points(self) -> Points:
        """The operating points of each finding, as `decisions.add_predictive_values` takes them."""
        return {name: figures.points for name, figures in self.findings.items()}


@dataclass(frozen=True)
class Compared:
    """An AUC, or a mean of some, of two models on the same films, and second minus first."""

    first: Estimate
    second: Estimate
    difference: Estimate


@dataclass(frozen=True)
class FindingsComparison:
    """Two models by finding, and over those of `macro_over`."""

    findings: Mapping[str, Compared]
    macro: Compared
    macro_over: tuple[str, ...]


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


# --- figures ---------------------------------------------------------------------------------------------------------


def measure_findings(
    probabilities: Floats,
    states: NDArray[np.int8] | None,
    targets: Targets,
    groups: Sequence[str],
    names: Sequence[str],
    calibration: FindingsCalibration | None,
) -> FindingsFigures:
    """Every figure of every finding.

    Args:
        probabilities: (N, K).
        states: (N, K), of `model.findings.states_of`; None without a calibration.
        targets: (N, K).
        groups: (N,).
        names: K.
        calibration: whose operating points and sets are measured; None: neither is.
    """
    assert probabilities.shape == targets.shape == (len(groups), len(names))
    findings = dict(zip(names, known_films(probabilities, targets, groups), strict=True))
    decisions = [None] * len(names) if calibration is None else calibration.findings
    figures = {}
    for k, ((name, known), decision) in enumerate(zip(findings.items(), decisions, strict=True)):
        sets = None
        if calibration is not None and states is not None and not calibration.findings[k].too_few:
            held = [part[:, k] for part in sets_of(probabilities[known.rows], calibration)]
            sets = _sets(np.column_stack(held), states[known.rows, k], known)
        figures[name] = _figures(known, decision, sets)
    over = {name: known for name, known in findings.items() if known.is_in_macro}
    stated = ((targets == 0) | (targets == 1)).any(axis=1)
    num_groups, num_films = len(np.unique(np.asarray(groups)[stated])), int(stated.sum())
    return FindingsFigures(
        findings=figures,
        macro=macro_means(
            list(over.values()), {figure: [getattr(figures[name], figure) for name in over] for figure in MACRO}
        ),
        macro_over=tuple(over),
        interval=Interval("wilson" if num_groups == num_films else "bootstrap over groups", num_groups, LEVEL),
    )


def known_films(probabilities: Floats, targets: Targets, groups: Sequence[str]) -> list[Known]:
    """Each finding on the films on which it is known; groups are numbered through all findings."""
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    found = []
    for scores, stated in zip(np.asarray(probabilities, np.float64).T, targets.T, strict=True):
        rows = np.flatnonzero((stated == 0) | (stated == 1))
        found.append(Known(rows, scores[rows], stated[rows] == 1, group_of_film[rows]))
    return found


def _figures(known: Known, decision: FindingDecision | None, sets: FindingSets | None) -> FindingFigures:
    error, floor = calibration_error(known)
    return FindingFigures(
        n=len(known.rows),
        positives=known.positives,
        auc=auc_estimate(known),
        average_precision=average_precision_estimate(known),
        brier=brier_estimate(known),
        calibration_error=error,
        noise_floor=floor,
        points=() if decision is None else _points(known, decision.operating_points),
        sets=sets,
    )


def _not_estimable(known: Known) -> Estimate:
    return replace(NOT_ESTIMABLE, n=len(known.rows))


def auc_estimate(known: Known) -> Estimate:
    """The AUC, and its interval on the logit scale."""
    if not known.is_judged:
        return _not_estimable(known)
    value = metrics.auc(known.scores, known.present)
    parts = _parts(auc_influence(known.scores, known.present), known)
    if value in (0.0, 1.0) or min(known.sides) < 2 or float(parts @ parts) < NEGLIGIBLE_VARIANCE:
        return delong(known.scores, known.present, known.group_of_film)
    found = _on_logit_scale(value, parts, known)
    return replace(found, coverage=missed("auc", found, known.sides, found.n / sum(known.sides)))


def average_precision_estimate(known: Known) -> Estimate:
    """The average precision, and its interval on the logit scale."""
    if not known.is_judged:
        return _not_estimable(known)
    value, num_positive = average_precision(known.scores, known.present), known.sides[0]
    if min(known.sides) < 2:
        return Estimate(value, 0.0, 1.0, len(known.rows))
    parts = _parts(precision_influence(known.scores, known.present), known)
    if value == 1.0 or float(parts @ parts) < NEGLIGIBLE_VARIANCE:
        return replace(wilson(value * num_positive, num_positive), n=len(known.rows))
    return _on_logit_scale(value, parts, known)


def brier_estimate(known: Known) -> Estimate:
    """The mean squared distance of the probability from 0 or 1."""
    if not known.is_judged:
        return _not_estimable(known)
    _, group = np.unique(known.group_of_film, return_inverse=True)
    losses = (known.scores - known.present) ** 2
    sums = group_sums(np.column_stack([losses, np.ones_like(losses)]), group)
    drawn = resampled(sums)
    return mean_loss(sums[:, 0], drawn[:, 0] / drawn[:, 1], sums[:, 1].astype(np.int64), 1.0)


def calibration_error(known: Known) -> tuple[Estimate, NoiseFloor | None]:
    """The binned calibration error, and what it would be if the probabilities were right."""
    if not known.is_judged:
        return _not_estimable(known), None
    both, labels = _as_classes(known)
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


def _points(known: Known, stored: Sequence[OperatingPoint]) -> tuple[OperatingPoint, ...]:
    if not len(known.rows):
        return tuple(replace(point, sensitivity=NOT_ESTIMABLE, specificity=NOT_ESTIMABLE) for point in stored)
    both, labels = _as_classes(known)
    thresholds = [point.threshold for point in stored]
    _, measured = measure_points(both, labels, known.group_of_film.tolist(), [[], thresholds])
    return tuple(
        replace(point, sensitivity=sensitivity, specificity=specificity)
        for point, (sensitivity, specificity) in zip(stored, measured, strict=True)
    )


def _sets(sets: Booleans, states: NDArray[np.int8], known: Known) -> FindingSets:
    """From whether a film's set holds present and absent (n, 2), and its state (n,)."""
    if not len(known.rows):
        return FindingSets(*[NOT_ESTIMABLE] * 5)
    hits = np.column_stack([states == PRESENT, states == ABSENT, states == UNDECIDED, sets])
    every = np.ones(len(states), bool)
    counted = np.column_stack([every, every, every, known.present, ~known.present])
    return FindingSets(*shares(hits, counted, known.group_of_film.tolist()))


def _as_classes(known: Known) -> tuple[Floats, Integers]:
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
    return float(_weighted_average_precision(np.ones((len(scores), 1)), scores, positive)[0])


def _weighted_average_precision(weights: Floats, scores: Floats, positive: Booleans) -> Floats:
    """The same with every film counted as often as its weight: (n, r), (n,), (n,) -> (r,). NaN if no positive is."""
    order = np.argsort(scores)
    scores, own = scores[order], np.sort(scores[positive])
    thresholds = np.unique(own)  # (T,)
    at = np.add.reduceat(weights[order][positive[order]], np.searchsorted(own, thresholds), axis=0)  # (T, r) positives
    films = np.add.reduceat(weights[order], np.searchsorted(scores, thresholds), axis=0)
    true, called = (np.cumsum(part[::-1], axis=0)[::-1] for part in (at, films))  # at or above each threshold
    precision = np.divide(true, called, out=np.zeros_like(true), where=called > 0)
    return metrics.ratio((at * precision).sum(axis=0), true[0])


def _optimism(known: Known) -> float:
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


def auc_influence(scores: Floats, positive: Booleans) -> Floats:
    """How much each film moves the AUC: (N,), (N,) -> (N,), the derivative by its weight."""
    found = np.empty(len(scores))
    beaten = metrics.placements(scores[positive], scores[~positive])
    for side, share in zip((positive, ~positive), beaten, strict=True):
        found[side] = (share - share.mean()) / len(share)
    return found


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


def _parts(influence: Floats, known: Known, num_groups: int | None = None) -> Floats:
    """What each group moves a figure by, (G,): the squares sum to its variance; few groups of a side count for more."""
    found = np.zeros(num_groups or int(known.group_of_film.max()) + 1)
    for side, count in zip((known.present, ~known.present), known.sides, strict=True):
        own = group_sums(influence[side][:, None], known.group_of_film[side], len(found))[:, 0]
        found += own * math.sqrt(count / max(count - 1, 1))
    return found


def _quantile(parts: Floats, degrees: int) -> float:
    """Student's for a sum of parts (G,), of at most these degrees of freedom."""
    at_most = np.interp(1 / degrees, [1 / df for df in DEGREES_OF_FREEDOM], STUDENT)
    return max(student(parts), float(at_most))


def _on_logit_scale(value: float, parts: Floats, known: Known) -> Estimate:
    """The interval of a share between 0 and 1 that groups move by `parts` (G,)."""
    error = math.sqrt(float(parts @ parts)) / (value * (1 - value))
    margin = math.exp(min(MAX_LOG_MARGIN, _quantile(parts, min(known.sides) - 1) * error))
    odds = value / (1 - value)
    low, high = (bound / (1 + bound) for bound in (odds / margin, odds * margin))
    return within(value, low, high, len(known.rows))


# --- macro means -----------------------------------------------------------------------------------------------------

MACRO: Mapping[str, Callable[[Known, Floats], Floats]] = {
    "auc": lambda known, weights: weighted_macro_auc(
        weights, known.scores[:, None], (~known.present).astype(np.int64), np.arange(len(known.rows))
    ),
    "average_precision": lambda known, weights: _weighted_average_precision(weights, known.scores, known.present),
    "brier": lambda known, weights: metrics.ratio((known.scores - known.present) ** 2 @ weights, weights.sum(axis=0)),
}
"""Figures with a macro mean, and how each is computed with films counted by weights: (n, r) -> (r,)."""


def macro_means(findings: Sequence[Known], estimates: Mapping[str, Sequence[Estimate]]) -> dict[str, Estimate]:
    """The means over K findings of some figures of MACRO, from the K estimates of each and shared replicates."""
    if not findings:
        return dict.fromkeys(estimates, NOT_ESTIMABLE)
    rows = np.unique(np.concatenate([known.rows for known in findings]))
    replicates = _replicates(findings, rows, list(estimates))
    means = {name: class_mean(of_figure, replicates[name], len(rows)) for name, of_figure in estimates.items()}
    if "average_precision" in means:
        mean = means["average_precision"]
        too_high = float(np.mean([_optimism(known) for known in findings]))
        means["average_precision"] = replace(mean, low=max(0.0, mean.low - max(0.0, too_high)))
    return means


def _replicates(findings: Sequence[Known], rows: Integers, names: Sequence[str]) -> dict[str, Floats]:
    """Macro means by figure in each replicate of the bootstrap over the groups of the films in `rows`: (R,) each."""
    group_of_row = np.zeros(int(rows.max()) + 1, np.int64)
    for known in findings:
        group_of_row[known.rows] = known.group_of_film
    _, group_of_film = np.unique(group_of_row[rows], return_inverse=True)
    places = [np.searchsorted(rows, known.rows) for known in findings]
    chunks: dict[str, list[Floats]] = {name: [] for name in names}
    for weights in group_draws(group_of_film):  # (r, n)
        drawn = [np.ascontiguousarray(weights.T[place]) for place in places]
        for name, chunk in chunks.items():
            of_each = [MACRO[name](known, own) for known, own in zip(findings, drawn, strict=True)]
            chunk.append(np.asarray(np.mean(of_each, axis=0)))
    return {name: np.concatenate(chunk) for name, chunk in chunks.items()}


# --- parts of the films, two models ----------------------------------------------------------------------------------


def subgroup_figures(
    rows: Sequence[Row], probabilities: Floats, targets: Targets, groups: Sequence[str], names: Sequence[str]
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """AUC by column that any film has an entry in, part of the films, and finding: if the part has enough of both.

    Args:
        rows: N films.
        probabilities: (N, K).
        targets: (N, K).
        groups: (N,).
        names: K.
    """
    found = {}
    for column, part_of in COLUMNS.items():
        entries = [part_of(row) for row in rows]
        parts = np.array(entries if column == "age" else shared(entries, groups))
        if (parts == UNKNOWN).all():
            continue
        found[column] = {
            str(part): _aucs_of_part(probabilities[inside], targets[inside], np.asarray(groups)[inside].tolist(), names)
            for part in sorted(set(parts.tolist()), key=lambda name: (name == UNKNOWN, name))
            for inside in [parts == part]
        }
    return found


def _aucs_of_part(
    probabilities: Floats, targets: Targets, groups: Sequence[str], names: Sequence[str]
) -> dict[str, Estimate]:
    findings = zip(names, known_films(probabilities, targets, groups), strict=True)
    return {
        name: auc_estimate(known) for name, known in findings if min(known.positives, known.negatives) >= MIN_POSITIVES
    }


def compare_findings(
    first: Floats, second: Floats, targets: Targets, groups: Sequence[str], names: Sequence[str]
) -> FindingsComparison:
    """The AUC of two models by finding and its macro mean, second minus first, from their probabilities (N, K)."""
    assert first.shape == second.shape == targets.shape == (len(groups), len(names))
    findings = dict(zip(names, known_films(first, targets, groups), strict=True))
    pairs = {
        name: (known, known.scored(scores))
        for (name, known), scores in zip(findings.items(), np.asarray(second, np.float64).T, strict=True)
    }
    over = {name: pair for name, pair in pairs.items() if pair[0].is_in_macro}
    macros = []
    for side in (0, 1):
        own = [pair[side] for pair in over.values()]
        macros.append(macro_means(own, {"auc": [auc_estimate(known) for known in own]})["auc"])
    return FindingsComparison(
        findings={name: compared([pair], *map(auc_estimate, pair)) for name, pair in pairs.items()},
        macro=compared(list(over.values()), *macros),
        macro_over=tuple(over),
    )


def compared(pairs: Sequence[tuple[Known, Known]], first: Estimate, second: Estimate) -> Compared:
    """Mean AUCs of two models, and their difference from the influences of both on the same films, by finding."""
    value, *allowed = difference(second, first)
    if math.isnan(value):
        return Compared(first, second, _not_estimable(pairs[0][0]) if pairs else NOT_ESTIMABLE)
    degrees = sum(min(known.sides) - 1 for known, _ in pairs)
    if degrees < 1:
        return Compared(first, second, Estimate(value, -1.0, 1.0, first.n))
    num_groups = max(int(known.group_of_film.max()) for known, _ in pairs) + 1
    influences = [[auc_influence(known.scores, known.present) for known in pair] for pair in pairs]
    moved = [_parts(two - one, known, num_groups) for (one, two), (known, _) in zip(influences, pairs, strict=True)]
    parts = np.mean(moved, axis=0)
    variance = float(parts @ parts)
    low, high = allowed
    if variance >= NEGLIGIBLE_VARIANCE:
        margin = _quantile(parts, degrees) * math.sqrt(variance)
        low, high = value - margin, value + margin
    return Compared(first, second, within(value, low, high, first.n, (-1.0, 1.0)))
