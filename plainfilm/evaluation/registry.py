"""The figures of an evaluation, one entry each: what it is, how it is computed and drawn anew, how it is shown.

- Whatever lists figures (metrics.json, marks, comparisons, the generalisation gap, the spread over runs, tables, the
  simulation of coverage) goes over this table. A new figure is an entry here, and its words, `figure.NAME`.
- The table is in the order in which figures are computed: one may rest on the estimates of those above it.
- A figure of the confusion matrix is one function on matrices (..., K, K), and an entry by `of_confusion`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.intervals import (
    accuracy_difference,
    class_mean,
    delong,
    from_confusions,
    mean_loss,
    proportion,
    ratio,
)
from plainfilm.evaluation.metrics import Booleans, Floats, Numbers
from plainfilm.evaluation.resampling import Drawn, Sample, bootstrap

Unit = Literal["share", "decimal"]
"""A share is shown in percent, the other figures as decimals."""
Estimates = dict[str, Sequence[Estimate]]
"""By figure: one estimate, or one a class."""
Estimator = Callable[[Sample, Floats, Estimates], Sequence[Estimate]]
"""The estimates of a figure, from its replicates (R,) or (R, K) and the estimates of the figures above in the table."""
NO_REPLICATES = np.empty(0)
DECIMALS = (
    *("expected_calibration_error", "calibration_error", "aurc"),
    *("average_precision", "macro_average_precision", "macro_brier"),
)
"""Figures of other sections of an evaluation that are no shares."""


def _own(films: Booleans) -> Sequence[Booleans]:
    return [films]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of an evaluation."""

    name: str
    estimate: Estimator
    drawn: Callable[[Drawn], Floats] | None  # its replicates, (r,) or (r, K); None: its interval needs none
    per_class: bool = False  # of each class against the rest
    unit: Unit = "share"
    bounds: tuple[float, float] = (0.0, 1.0)
    is_higher_better: bool = True
    kind: str = ""  # in the table of coverages, if this is not the name
    rests_on: Callable[[Booleans], Sequence[Booleans]] = _own  # the films (N,) of the class -> whose groups count
    difference: Callable[[Sample, Sample, int], Estimate] | None = None  # of two models; None: by the replicates

    @property
    def coverage_kind(self) -> str:
        """What it is in the table of coverages."""
        return self.kind or self.name


def of_counts(name: str, counts: Callable[[Numbers], tuple[Numbers, Numbers]]) -> Figure:
    """A share of films, of each class, from what `metrics` counts."""

    def estimate(sample: Sample, replicates: Floats, _: Estimates) -> Sequence[Estimate]:
        hits, total = (part.T for part in counts(sample.confusions))  # (K, G) each
        return [proportion(*column) for column in zip(hits, total, replicates.T, strict=True)]

    return Figure(name=name, estimate=estimate, drawn=_ratio_of(counts), per_class=True, kind="share")


def of_confusion(name: str, figure: Callable[[Numbers], Floats], *, unit: Unit, bounds: tuple[float, float]) -> Figure:
    """A figure over all classes that is a function of confusion matrices (..., K, K)."""

    def estimate(sample: Sample, replicates: Floats, found: Estimates) -> Sequence[Estimate]:
        (accuracy,) = found["accuracy"]
        return [from_confusions(figure, sample.confusions, replicates, accuracy, bounds)]

    return Figure(name=name, estimate=estimate, drawn=lambda drawn: figure(drawn.confusion), unit=unit, bounds=bounds)


def of_losses(name: str, losses: Callable[[Sample], Floats], worst: float) -> Figure:
    """The mean of a loss, at most `worst`, from its sums over the films of each group (G,)."""
    return Figure(
        name=name,
        estimate=lambda sample, replicates, _: [mean_loss(losses(sample), replicates, sample.films, worst)],
        drawn=lambda drawn: drawn.mean(losses(drawn.sample)),
        unit="decimal",
        bounds=(0.0, worst),
        is_higher_better=False,
    )


def class_mean_of(figure: str) -> Estimator:
    """The mean over the classes of a figure above in the table."""
    return lambda sample, replicates, found: [class_mean(found[figure], replicates, len(sample.labels))]


def _ratio_of(counts: Callable[[Numbers], tuple[Numbers, Numbers]]) -> Callable[[Drawn], Floats]:
    return lambda drawn: metrics.ratio(*counts(drawn.confusion))


def _f1(sample: Sample, replicates: Floats, _: Estimates) -> Sequence[Estimate]:
    hits, total = (part.T for part in metrics.f1_counts(sample.confusions))  # (K, G) each
    films = total - hits // 2  # a true positive is a positive and a predicted positive, and still one film
    return [ratio(*column) for column in zip(hits, total, films, replicates.T, strict=True)]


def _aucs(sample: Sample, _replicates: Floats, _found: Estimates) -> Sequence[Estimate]:
    labels, groups = sample.labels, sample.group_of_film
    return [delong(scores, labels == k, groups) for k, scores in enumerate(sample.probabilities.T)]


def _accuracy(sample: Sample, replicates: Floats, _: Estimates) -> Sequence[Estimate]:
    return [proportion(sample.confusions.trace(axis1=1, axis2=2), sample.films, replicates)]


def _accuracy_difference(first: Sample, second: Sample, seed: int) -> Estimate:
    return accuracy_difference(first.right, second.right, first.group_of_film, seed=seed)


FIGURES: tuple[Figure, ...] = (
    of_counts("sensitivity", metrics.sensitivity_counts),
    replace(of_counts("specificity", metrics.specificity_counts), rests_on=lambda own: [~own]),
    of_counts("precision", metrics.precision_counts),
    Figure(name="f1", estimate=_f1, drawn=_ratio_of(metrics.f1_counts), per_class=True),
    Figure(
        name="auc",
        estimate=_aucs,
        drawn=None,
        per_class=True,
        unit="decimal",
        rests_on=lambda own: [own, ~own],
    ),
    Figure(
        name="accuracy",
        estimate=_accuracy,
        drawn=lambda drawn: metrics.accuracy(drawn.confusion),
        kind="share",
        difference=_accuracy_difference,
    ),
    Figure(
        name="balanced_accuracy",
        estimate=class_mean_of("sensitivity"),
        drawn=lambda drawn: metrics.balanced_accuracy(drawn.confusion),
    ),
    of_confusion("mcc", metrics.mcc, unit="decimal", bounds=(-1.0, 1.0)),
    Figure(name="macro_auc", estimate=class_mean_of("auc"), drawn=lambda drawn: drawn.macro_auc, unit="decimal"),
    of_losses("log_loss", lambda sample: sample.log_losses, -math.log(metrics.PROBABILITY_FLOOR)),
    of_losses("brier", lambda sample: sample.briers, 2.0),
)


def overall() -> tuple[Figure, ...]:
    """The figures over all classes."""
    return tuple(figure for figure in FIGURES if not figure.per_class)


def by_class() -> tuple[Figure, ...]:
    """The figures of each class."""
    return tuple(figure for figure in FIGURES if figure.per_class)


def unit_of(name: str) -> Unit:
    """How a figure is shown, by its name; what is in no table is a share."""
    decimals = {figure.name for figure in FIGURES if figure.unit == "decimal"}
    return "decimal" if name in decimals or name in DECIMALS else "share"


def replicates_of(sample: Sample, figures: Sequence[Figure], *, seed: int = 0) -> dict[str, Floats]:
    """The replicates of each figure that has some: (R,) or (R, K)."""
    drawn = {figure.name: figure.drawn for figure in figures if figure.drawn is not None}
    return bootstrap(sample, drawn, seed=seed)


def estimates_of(sample: Sample, figures: Sequence[Figure], *, seed: int = 0) -> Estimates:
    """The estimates of figures, in the order of the table and with those that they rest on: one each, or K."""
    replicates = replicates_of(sample, figures, seed=seed)
    found: Estimates = {}
    for figure in figures:
        found[figure.name] = figure.estimate(sample, replicates.get(figure.name, NO_REPLICATES), found)
    return found
