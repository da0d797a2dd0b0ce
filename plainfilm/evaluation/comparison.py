"""Two models on the same films: who is right where the other is wrong, and the differences with their intervals.

- Films are matched by `image_id`; films that only one model was asked about are left out and counted, and so are
  further copies of a film. A difference is the second model's figure minus the first's.
- McNemar's test (1947, Psychometrika 12:153), exact: of the films that one model alone gets right, either model has an
  even chance. It takes films for independent; if groups hold several, the interval of the difference is the one to
  believe.
- A difference of accuracies is that of two shares, films that the second model alone gets right and films that the
  first alone does; their intervals (over groups) are joined as those of independent errors (Newcombe 1998, Stat Med
  17:2635; Zou & Donner 2008, Stat Med 27:1693). So models that differ nowhere may still differ on the next film.
- The other differences: the bootstrap over groups, both models judged on the same draws; joined the same way if the
  replicates do not vary.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm.errors import SourceError
from plainfilm.estimate import Estimate
from plainfilm.evaluation import registry
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.intervals import difference
from plainfilm.evaluation.measured import estimate_all, sample_of
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.evaluation.registry import replicates_of
from plainfilm.evaluation.resampling import percentiles


@dataclass(frozen=True)
class Predictions:
    """The content of a `predictions.csv`: ids, groups (N,), class names (K,), labels (N,), probabilities (N, K)."""

    image_ids: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    labels: Integers
    probabilities: Floats

    def take(self, rows: Sequence[int]) -> "Predictions":
        """Some of the films."""
        ids, groups = ([values[row] for row in rows] for values in (self.image_ids, self.groups))
        return Predictions(tuple(ids), tuple(groups), self.classes, self.labels[[*rows]], self.probabilities[[*rows]])


@dataclass(frozen=True)
class McNemar:
    """The exact test: films that only one model gets right, and p."""

    only_first: int
    only_second: int
    p: float


@dataclass(frozen=True)
class Comparison:
    """Two models' figures over all classes on the films that both were asked about, and second minus first."""

    films: int
    groups: int
    left_out: Mapping[str, int]  # "first", "second": films that only this model was asked about
    first: Mapping[str, Estimate]
    second: Mapping[str, Estimate]
    difference: Mapping[str, Estimate]
    mcnemar: McNemar


def compare(first: Predictions, second: Predictions, *, seed: int = 0) -> Comparison:
    """Compare two models. Groups are those of the first one's table.

    Raises SourceError: other classes, no film in common, a film with two labels.
    """
    one, two = _in_common(first, second)
    samples = [sample_of(table.probabilities, one.labels, one.groups) for table in (one, two)]
    measured = [
        mark_missed(
            estimate_all(table.probabilities, one.labels, one.groups, one.classes, seed=seed), one.labels, one.groups
        ).overall
        for table in (one, two)
    ]
    figures = registry.overall()
    replicates = [replicates_of(sample, figures, seed=seed) for sample in samples]
    differences = {}
    for figure in figures:
        name = figure.name
        if figure.difference is None:
            differences[name] = _difference(
                measured[0][name], measured[1][name], replicates[1][name] - replicates[0][name]
            )
        else:
            differences[name] = figure.difference(samples[0], samples[1], seed)
    right = [sample.right for sample in samples]
    return Comparison(
        films=len(one.labels),
        groups=len(samples[0].films),
        left_out={"first": len(first.image_ids) - len(one.labels), "second": len(second.image_ids) - len(one.labels)},
        first=measured[0],
        second=measured[1],
        difference=differences,
        mcnemar=mcnemar(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
    )


def _in_common(first: Predictions, second: Predictions) -> tuple[Predictions, Predictions]:
    """Both tables with the films that both have, in the order of the first. Raises SourceError."""
    if first.classes != second.classes:
        raise SourceError("compare-classes", first=", ".join(first.classes), second=", ".join(second.classes))
    row_of = [{name: row for row, name in reversed([*enumerate(table.image_ids)])} for table in (first, second)]
    common = [name for name in row_of[0] if name in row_of[1]]
    if not common:
        raise SourceError("compare-no-films", first=len(first.image_ids), second=len(second.image_ids))
    one, two = (table.take([row[name] for name in common]) for table, row in zip((first, second), row_of, strict=True))
    differ = np.flatnonzero(one.labels != two.labels)
    if len(differ):
        raise SourceError("compare-labels", films=len(differ), example=common[differ[0]])
    return one, two


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """The exact two-sided test of the films that only one model gets right.

    >>> mcnemar(1, 5)
    McNemar(only_first=1, only_second=5, p=0.21875)
    """
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(discordant, count) for count in range(fewer + 1))
    return McNemar(only_first, only_second, min(1.0, 2 * tail / 2**discordant))


def _difference(one: Estimate, two: Estimate, replicates: Floats) -> Estimate:
    """Two minus one: percentiles of the paired replicates (R,); if they do not vary, what both intervals allow."""
    value, *allowed = difference(two, one)
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, one.n)
    low, high = percentiles(replicates, value)
    if low == high:
        low, high = allowed
    return Estimate(value, low, high, one.n)
