"""Figures by finding, each with its interval over groups (patients), n and the number of positives.

- A finding is judged on the films on which it is known to be present or absent; the others play no part.
- AUC, average precision, Brier score and calibration error: see `known`. Sensitivity, specificity and shares of sets:
  as for classes (`intervals`).
- Macro means are over the findings that at least MIN_POSITIVES films have, all drawn in the same replicates of the
  bootstrap, widened to what the findings' intervals allow. That of the average precision goes down further, by how much
  the mean falls if each positive is judged by the positives of other groups: the bias does not average out. There is no
  macro calibration error, as its bias does neither.
- Two models: the difference of the influences on the same films, with Student's quantile. No replicates: with ten
  positives their percentiles hold a difference of AUC nine times in ten.

How often these intervals hold the truth is simulated by `benchmarks/findings_coverage.py`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.decisions import Points, measure_points
from plainfilm.evaluation.intervals import (
    NEGLIGIBLE_VARIANCE,
    auc_influence,
    class_mean,
    difference,
    shares,
    within,
)
from plainfilm.evaluation.known import (
    MIN_POSITIVES,
    Known,
    Targets,
    as_classes,
    auc_estimate,
    average_precision_estimate,
    brier_estimate,
    calibration_error,
    group_parts,
    is_known,
    known_films,
    not_estimable,
    optimism,
    quantile,
    weighted_average_precision,
)
from plainfilm.evaluation.measured import Interval
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.reliability import NoiseFloor
from plainfilm.evaluation.resampling import LEVEL, group_draws, weighted_macro_auc
from plainfilm.evaluation.subgroups import parts_of
from plainfilm.model.decision import OperatingPoint
from plainfilm.model.findings import ABSENT, PRESENT, UNDECIDED, FindingDecision, FindingsCalibration, sets_of


@dataclass(frozen=True)
class FindingSets:
    """What is said of a finding: shares of films, and of those with it and without it whose set holds the truth."""

    present: Estimate
    absent: Estimate
    undecided: Estimate
    coverage_positives: Estimate  # not called absent, of the films with it
    coverage_negatives: Estimate  # not called present, of the films without it
    predictive_value: Estimate | None = field(default=None, metadata=records.ABSENT)  # with it, of those called present

    @property
    def calls(self) -> tuple[int, int]:
        """How many films are called present, and how many of these have it; an older file does not say."""
        found = self.predictive_value
        return (found.n, round(found.value * found.n)) if found is not None and found.estimable else (0, 0)


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
    stated = is_known(targets).any(axis=1)
    num_groups, num_films = len(np.unique(np.asarray(groups)[stated])), int(stated.sum())
    return FindingsFigures(
        findings=figures,
        macro=macro_means(
            list(over.values()), {figure: [getattr(figures[name], figure) for name in over] for figure in MACRO}
        ),
        macro_over=tuple(over),
        interval=Interval("wilson" if num_groups == num_films else "bootstrap over groups", num_groups, LEVEL),
    )


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


def _points(known: Known, stored: Sequence[OperatingPoint]) -> tuple[OperatingPoint, ...]:
    if not len(known.rows):
        return tuple(replace(point, sensitivity=NOT_ESTIMABLE, specificity=NOT_ESTIMABLE) for point in stored)
    both, labels = as_classes(known)
    thresholds = [point.threshold for point in stored]
    _, measured = measure_points(both, labels, known.group_of_film.tolist(), [[], thresholds])
    return tuple(
        replace(point, sensitivity=sensitivity, specificity=specificity)
        for point, (sensitivity, specificity) in zip(stored, measured, strict=True)
    )


def _sets(sets: Booleans, states: NDArray[np.int8], known: Known) -> FindingSets:
    """From whether a film's set holds present and absent (n, 2), and its state (n,)."""
    if not len(known.rows):
        return FindingSets(*[NOT_ESTIMABLE] * 6)
    called = states == PRESENT
    hits = np.column_stack([called, states == ABSENT, states == UNDECIDED, sets, known.present])
    every = np.ones(len(states), bool)
    counted = np.column_stack([every, every, every, known.present, ~known.present, called])
    return FindingSets(*shares(hits, counted, known.group_of_film.tolist()))


# --- macro means -----------------------------------------------------------------------------------------------------

MACRO: Mapping[str, Callable[[Known, Floats], Floats]] = {
    "auc": lambda known, weights: weighted_macro_auc(
        weights, known.scores[:, None], (~known.present).astype(np.int64), np.arange(len(known.rows))
    ),
    "average_precision": lambda known, weights: weighted_average_precision(weights, known.scores, known.present),
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
        too_high = float(np.mean([optimism(known) for known in findings]))
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
    return {
        column: {
            name: _aucs_of_part(probabilities[inside], targets[inside], np.asarray(groups)[inside].tolist(), names)
            for name, inside in parts.items()
        }
        for column, parts in parts_of(rows, groups).items()
    }


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
        return Compared(first, second, not_estimable(pairs[0][0]) if pairs else NOT_ESTIMABLE)
    degrees = sum(min(known.sides) - 1 for known, _ in pairs)
    if degrees < 1:
        return Compared(first, second, Estimate(value, -1.0, 1.0, first.n))
    num_groups = max(int(known.group_of_film.max()) for known, _ in pairs) + 1
    influences = [[auc_influence(known.scores, known.present) for known in pair] for pair in pairs]
    parts = np.mean(
        [group_parts(two - one, known, num_groups) for (one, two), (known, _) in zip(influences, pairs, strict=True)],
        axis=0,
    )
    variance = float(parts @ parts)
    low, high = allowed
    if variance >= NEGLIGIBLE_VARIANCE:
        margin = quantile(parts, degrees) * math.sqrt(variance)
        low, high = value - margin, value + margin
    return Compared(first, second, within(value, low, high, first.n, (-1.0, 1.0)))
