"""What was measured on films: every figure of the registry with its interval and n, and the confusion matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm import records
from plainfilm.estimate import Estimate, is_estimate
from plainfilm.evaluation import registry
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.evaluation.registry import estimates_of
from plainfilm.evaluation.resampling import LEVEL, Sample


@dataclass(frozen=True)
class Confusion:
    """The confusion matrix: row the true class, column the predicted one."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Interval:
    """What the intervals are."""

    method: str
    groups: int
    level: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Figures by name, and by class and name."""

    overall: Mapping[str, Estimate] = records.inlined(is_estimate)
    classes: Mapping[str, Mapping[str, Estimate]]
    confusion: Confusion
    interval: Interval = Interval("", 0, LEVEL)  # of an older file

    @property
    def num_films(self) -> int:
        """How many films were judged."""
        return sum(map(sum, self.confusion.counts))


def sample_of(probabilities: Floats, labels: Integers, groups: Sequence[str]) -> Sample:
    """The sample of probabilities (N, K), labels (N,) and the group of every film (N,), N > 0."""
    assert len(groups) == len(labels) == len(probabilities) > 0
    assert np.isfinite(probabilities).all()
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    return Sample(np.asarray(probabilities, np.float64), labels, group_of_film)


def estimate_all(
    probabilities: Floats, labels: Integers, groups: Sequence[str], class_names: Sequence[str], *, seed: int = 0
) -> Measured:
    """Every figure for probabilities (N, K), labels (N,) and the group of every film (N,), N > 0.

    The n of a figure is the number of films it rests on: positives for a sensitivity, negatives for a specificity,
    predicted positives for a precision, positives or predicted positives for F1, all films for the others.
    """
    assert probabilities.shape == (len(labels), len(class_names))
    sample = sample_of(probabilities, labels, groups)
    found = estimates_of(sample, registry.FIGURES, seed=seed)
    num_groups = len(sample.films)
    return Measured(
        overall={figure.name: found[figure.name][0] for figure in registry.overall()},
        classes={
            class_name: {figure.name: found[figure.name][k] for figure in registry.by_class()}
            for k, class_name in enumerate(class_names)
        },
        confusion=Confusion(tuple(class_names), tuple(map(tuple, sample.confusions.sum(0).tolist()))),
        interval=Interval("wilson" if num_groups == len(labels) else "bootstrap over groups", num_groups, LEVEL),
    )
