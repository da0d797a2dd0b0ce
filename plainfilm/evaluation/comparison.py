"""Two models on the same films: who is right where the other is wrong, and the differences with their intervals.

- Films are matched by `image_id`; films that only one model was asked about are left out and counted, and so are
  further copies of a film. A difference is the second model's figure minus the first's.
- McNemar's test (1947, Psychometrika 12:153), exact: of the films that one model alone gets right, either model has an
  even chance. It takes films for independent; where groups hold several, the interval of the difference is the one to
  believe.
- A difference of accuracies is that of two shares, films that the second model alone gets right and films that the
  first alone does; their intervals (over groups) are joined as those of independent errors (Newcombe 1998, Stat Med
  17:2635; Zou & Donner 2008, Stat Med 27:1693). So models that differ nowhere may still differ on the next film.
- The other differences: the bootstrap over groups, both models judged on the same draws; joined likewise where the
  replicates do not vary.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plainfilm.errors import SourceError
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.intervals import Estimate, difference, estimate_all, shares
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.resampling import bootstrap, percentiles

FIGURES = ("accuracy", "macro_auc", "log_loss")


@dataclass(frozen=True)
class Predictions:
    """The content of a `predictions.csv`: ids, groups (N,), class names (K,), labels (N,), probabilities (N, K)."""

    image_ids: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    labels: Integers
    probabilities: Floats

    def take(self, numbers: Sequence[int]) -> "Predictions":
        """Some of the films."""
        ids, groups = ([values[number] for number in numbers] for values in (self.image_ids, self.groups))
        places = list(numbers)
        return Predictions(tuple(ids), tuple(groups), self.classes, self.labels[places], self.probabilities[places])


def compare(first: Predictions, second: Predictions, *, seed: int = 0) -> dict[str, Any]:
    """Two models' figures on the films that both were asked about, and their differences.

    Groups are those of the first model's table. Raises SourceError: other classes, no film in common, a film with two
    labels.
    """
    if first.classes != second.classes:
        raise SourceError("compare-classes", first=", ".join(first.classes), second=", ".join(second.classes))
    places = [{name: place for place, name in reversed([*enumerate(table.image_ids)])} for table in (first, second)]
    common = [name for name in places[0] if name in places[1]]
    if not common:
        raise SourceError("compare-no-films", first=len(first.image_ids), second=len(second.image_ids))
    tables = [
        table.take([place[name] for name in common]) for table, place in zip((first, second), places, strict=True)
    ]
    differ = np.flatnonzero(tables[0].labels != tables[1].labels)
    if len(differ):
        raise SourceError("compare-labels", films=len(differ), example=common[differ[0]])
    labels, groups, classes = tables[0].labels, tables[0].groups, first.classes
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    figures = [estimate_all(table.probabilities, labels, groups, classes, seed=seed) for table in tables]
    for found in figures:
        mark_missed(found, labels, groups)
    replicates = [bootstrap(table.probabilities, labels, group_of_film, seed=seed) for table in tables]
    right = [table.probabilities.argmax(1) == labels for table in tables]
    differences = {"accuracy": accuracy_difference(right[0], right[1], groups, seed=seed)}
    for name in FIGURES[1:]:
        one, two = (Estimate.from_dict(found[name]) for found in figures)
        differences[name] = _difference(one, two, replicates[1][name] - replicates[0][name])
    return {
        "films": len(common),
        "groups": int(group_of_film.max()) + 1,
        "left_out": {"first": len(first.image_ids) - len(common), "second": len(second.image_ids) - len(common)},
        "first": {name: figures[0][name] for name in FIGURES},
        "second": {name: figures[1][name] for name in FIGURES},
        "difference": {name: estimate.as_dict() for name, estimate in differences.items()},
        "mcnemar": mcnemar(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
    }


def mcnemar(only_first: int, only_second: int) -> dict[str, Any]:
    """The exact two-sided test of the films that only one model gets right.

    >>> mcnemar(1, 5)
    {'only_first': 1, 'only_second': 5, 'p': 0.21875}
    """
    discordant, fewer = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(discordant, count) for count in range(fewer + 1))
    return {"only_first": only_first, "only_second": only_second, "p": min(1.0, 2 * tail / 2**discordant)}


def accuracy_difference(first: Booleans, second: Booleans, groups: Sequence[str], *, seed: int = 0) -> Estimate:
    """The second model's accuracy minus the first's, from which films (N,) each got right."""
    alone = np.column_stack([second & ~first, first & ~second])
    gain, loss = shares(alone, np.ones_like(alone), groups, seed=seed)
    value, low, high = difference(gain, loss)
    return Estimate(value, max(low, -1.0), min(high, 1.0), len(first))


def _difference(one: Estimate, two: Estimate, replicates: Floats) -> Estimate:
    """Two minus one: percentiles of the paired replicates (R,); where they do not vary, what both intervals allow."""
    value, *allowed = difference(two, one)
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, one.n)
    low, high = percentiles(replicates, value)
    if low == high:
        low, high = allowed
    return Estimate(value, low, high, one.n)
