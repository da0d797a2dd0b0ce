"""The bootstrap over groups: replicates of every figure, drawn with a seed.

The group is drawn, never the film. What a group adds to a figure is summed once; a replicate adds up the groups that it
draws, all replicates of a chunk in one product of matrices.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation import metrics
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.randomness import generator

LEVEL = 0.95
NUM_REPLICATES = 2000
CHUNK_CELLS = 500_000
"""Replicates are computed in chunks of about this many numbers, so that memory does not grow with the films."""
COUNTS = {
    "sensitivity": metrics.sensitivity_counts,
    "specificity": metrics.specificity_counts,
    "precision": metrics.precision_counts,
    "f1": metrics.f1_counts,
}


def group_sums(values: NDArray[Any], group_of_film: Integers, num_groups: int | None = None) -> Floats:
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


def bootstrap(probabilities: Floats, labels: Integers, group_of_film: Integers, *, seed: int = 0) -> dict[str, Floats]:
    """Every figure of probabilities (N, K) in every replicate: (R,), or (R, K) for one of a class.

    The same seed draws the same groups, whatever the probabilities: replicates of two models are paired.
    """
    confusions = group_confusions(probabilities, labels, group_of_film)
    losses = group_losses(probabilities, labels, group_of_film)
    num_groups, num_classes, _ = confusions.shape
    chunks: list[dict[str, Floats]] = []
    for weights in _weights(generator(seed, "bootstrap"), num_groups, CHUNK_CELLS // len(labels) + 1):  # (r, G)
        confusion = (weights @ confusions.reshape(num_groups, -1)).reshape(-1, num_classes, num_classes)
        chunk = {name: metrics.ratio(*counts(confusion)) for name, counts in COUNTS.items()}
        chunk["accuracy"] = metrics.accuracy(confusion)
        chunk["balanced_accuracy"] = metrics.balanced_accuracy(confusion)
        chunk |= {name: weights @ sums / confusion.sum((1, 2)) for name, sums in losses.items()}
        chunk["macro_auc"] = _macro_auc(np.ascontiguousarray(weights.T), probabilities, labels, group_of_film)
        chunks.append(chunk)
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def group_confusions(probabilities: Floats, labels: Integers, group_of_film: Integers) -> Integers:
    """Confusion matrices of the groups: (G, K, K)."""
    num_classes = probabilities.shape[1]
    confusions = np.zeros((group_of_film.max() + 1, num_classes, num_classes), np.int64)
    np.add.at(confusions, (group_of_film, labels, probabilities.argmax(1)), 1)
    return confusions


def group_losses(probabilities: Floats, labels: Integers, group_of_film: Integers) -> dict[str, Floats]:
    """Sums of the losses over the films of each group: (G,) each."""
    by_film = {"log_loss": metrics.log_losses(probabilities, labels), "brier": metrics.brier(probabilities, labels)}
    return {name: group_sums(losses[:, None], group_of_film)[:, 0] for name, losses in by_film.items()}


def _weights(random: np.random.Generator, num_groups: int, chunk: int) -> Iterator[Floats]:
    """How often each group is drawn in each replicate: (r, G) at a time, rows that sum to G."""
    for start in range(0, NUM_REPLICATES, chunk):
        size = min(chunk, NUM_REPLICATES - start)
        cells = random.integers(num_groups, size=(size, num_groups)) + num_groups * np.arange(size)[:, None]
        yield np.bincount(cells.ravel(), minlength=size * num_groups).reshape(size, num_groups).astype(np.float64)


def _macro_auc(weights: Floats, probabilities: Floats, labels: Integers, group_of_film: Integers) -> Floats:
    """Macro AUC (r,) with every film counted as often as its group: weights (G, r). NaN where a class was not drawn."""
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
