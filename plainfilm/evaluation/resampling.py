"""The bootstrap over groups: a sample of films, and replicates of its figures, drawn with a seed.

The group is drawn, never the film. What a group adds to a figure is summed once; a replicate adds up the groups that it
draws, all replicates of a chunk in one product of matrices.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plainfilm.evaluation import metrics
from plainfilm.evaluation.metrics import Booleans, Floats, Integers, Numbers
from plainfilm.randomness import generator

LEVEL = 0.95
NUM_REPLICATES = 2000
CHUNK_CELLS = 500_000
"""Replicates are computed in chunks of about this many numbers, so that memory does not grow with the films."""


@dataclass(frozen=True)
class Sample:
    """Films, what a model says of them, and what each group adds to a figure."""

    probabilities: Floats  # (N, K)
    labels: Integers  # (N,)
    group_of_film: Integers  # (N,), numbered from 0

    @cached_property
    def confusions(self) -> Integers:
        """Confusion matrices of the groups: (G, K, K)."""
        num_classes = self.probabilities.shape[1]
        confusions = np.zeros((self.group_of_film.max() + 1, num_classes, num_classes), np.int64)
        np.add.at(confusions, (self.group_of_film, self.labels, self.probabilities.argmax(1)), 1)
        return confusions

    @cached_property
    def films(self) -> Integers:
        """How many films the groups have: (G,)."""
        return np.asarray(self.confusions.sum((1, 2)))

    @cached_property
    def right(self) -> Booleans:
        """Whether the class of a film was predicted: (N,)."""
        return np.asarray(self.probabilities.argmax(1) == self.labels)

    @cached_property
    def log_losses(self) -> Floats:
        """Sums over the films of each group: (G,)."""
        return self._sums(metrics.log_losses(self.probabilities, self.labels))

    @cached_property
    def briers(self) -> Floats:
        """Sums over the films of each group: (G,)."""
        return self._sums(metrics.brier(self.probabilities, self.labels))

    def _sums(self, losses: Floats) -> Floats:
        return np.asarray(group_sums(losses[:, None], self.group_of_film)[:, 0])


@dataclass(frozen=True)
class Drawn:
    """A sample in some replicates of the bootstrap."""

    sample: Sample
    weights: Floats  # (r, G), how often each group is drawn

    @cached_property
    def confusion(self) -> Floats:
        """Confusion matrices: (r, K, K)."""
        confusions = self.sample.confusions
        return np.asarray((self.weights @ confusions.reshape(len(confusions), -1)).reshape(-1, *confusions.shape[1:]))

    def mean(self, sums: Floats) -> Floats:
        """The mean over the films of what has these sums over groups (G,): (r,)."""
        return np.asarray(self.weights @ sums / self.confusion.sum((1, 2)))

    @property
    def macro_auc(self) -> Floats:
        """Macro AUC: (r,)."""
        sample, weights = self.sample, np.ascontiguousarray(self.weights.T)
        return weighted_macro_auc(weights, sample.probabilities, sample.labels, sample.group_of_film)


def bootstrap(sample: Sample, figures: Mapping[str, Callable[[Drawn], Floats]], *, seed: int = 0) -> dict[str, Floats]:
    """Figures by name in every replicate: (R,), or (R, K) for one of a class.

    The same seed draws the same groups, whatever the figures and the probabilities: replicates of two models are
    paired.
    """
    sizes = len(sample.confusions), CHUNK_CELLS // len(sample.labels) + 1
    chunks = [
        {name: figure(drawn) for name, figure in figures.items()}
        for weights in _weights(generator(seed, "bootstrap"), *sizes)  # (r, G)
        for drawn in [Drawn(sample, weights)]
    ]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in figures}


def group_sums(values: Numbers | Booleans, group_of_film: Integers, num_groups: int | None = None) -> Floats:
    """Sums over the films of each group: (N, M), (N,) group numbers from 0 -> (G, M), G as given or found."""
    sums = np.zeros((num_groups or group_of_film.max() + 1, values.shape[1]))
    np.add.at(sums, group_of_film, values)
    return sums


def resampled(sums: Floats, *, seed: int = 0) -> Floats:
    """Sums of groups (G, M), added up over the groups that each replicate of the bootstrap draws: (R, M)."""
    chunks = _weights(generator(seed, "bootstrap"), len(sums), CHUNK_CELLS // len(sums) + 1)
    return np.concatenate([weights @ sums for weights in chunks])


def group_draws(group_of_film: Integers, *, seed: int = 0) -> Iterator[Floats]:
    """How often each film (N,) is drawn with its group in each replicate of the bootstrap: (r, N) at a time."""
    num_films = len(group_of_film)
    for weights in _weights(generator(seed, "bootstrap"), int(group_of_film.max()) + 1, CHUNK_CELLS // num_films + 1):
        yield weights[:, group_of_film]


def percentiles(replicates: Floats, value: float) -> tuple[float, float]:
    """The bounds from the replicates that are not NaN, the observed value counting as one more."""
    low, high = np.quantile(np.append(replicates[~np.isnan(replicates)], value), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return min(float(low), value), max(float(high), value)


def _weights(random: np.random.Generator, num_groups: int, chunk: int) -> Iterator[Floats]:
    """How often each group is drawn in each replicate: (r, G) at a time, rows that sum to G."""
    for start in range(0, NUM_REPLICATES, chunk):
        size = min(chunk, NUM_REPLICATES - start)
        cells = random.integers(num_groups, size=(size, num_groups)) + num_groups * np.arange(size)[:, None]
        yield np.bincount(cells.ravel(), minlength=size * num_groups).reshape(size, num_groups).astype(np.float64)


def weighted_macro_auc(weights: Floats, probabilities: Floats, labels: Integers, group_of_film: Integers) -> Floats:
    """Macro AUC (r,) with every film counted as often as its group: weights (G, r). NaN if a class was not drawn."""
    aucs = []
    for k, scores in enumerate(probabilities.T):
        positives, negatives = np.flatnonzero(labels == k), np.flatnonzero(labels != k)
        negatives = negatives[np.argsort(scores[negatives])]
        positive_weights = weights[group_of_film[positives]]  # (P, r)
        below = np.zeros((len(negatives) + 1, weights.shape[1]))  # (Q + 1, r): of the lowest 0, 1, ... Q negatives
        np.cumsum(weights[group_of_film[negatives]], axis=0, out=below[1:])
        left, right = (np.searchsorted(scores[negatives], scores[positives], side) for side in ("left", "right"))
        in_order = np.einsum("pr,pr->r", positive_weights, below[left] + below[right]) / 2
        aucs.append(metrics.ratio(in_order, positive_weights.sum(0) * below[-1]))
    return np.asarray(np.mean(aucs, axis=0))
