"""Figures of merit: pure functions on labels (N,) and probabilities (N, K), every film counted once.

- What can be counted is computed from the confusion matrix, which can be summed over batches, groups or sites first.
- A figure that cannot be computed (a class without films, a class that was never predicted) is NaN, never 0 or 1.
- Leading dimensions are kept: a confusion matrix (..., K, K) gives figures (...,) or (..., K).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Numbers = NDArray[np.int64 | np.float64]

PROBABILITY_FLOOR = 1e-15
"""The log loss takes a smaller probability for this one, so that one film cannot make it infinite."""


def confusion_matrix(predicted: Integers, labels: Integers, num_classes: int) -> Integers:
    """Counts (K, K): row the true class, column the predicted one.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    assert predicted.shape == labels.shape
    assert all(0 <= index < num_classes for values in (predicted, labels) for index in np.unique(values))
    cells = labels * num_classes + predicted
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)


def accuracy(confusion: Numbers) -> Floats:
    """Share of films whose class was predicted: (..., K, K) -> (...,), 0 to 1."""
    return ratio(_hits(confusion).sum(-1), confusion.sum((-2, -1)))


def balanced_accuracy(confusion: Numbers) -> Floats:
    """Mean sensitivity over the classes: (..., K, K) -> (...,), 0 to 1; NaN if a class has no film."""
    return np.asarray(sensitivity(confusion).mean(-1))


def mcc(confusion: Numbers) -> Floats:
    """Matthews' correlation coefficient of K classes: (..., K, K) -> (...,), -1 to 1, 0 for chance.

    NaN if all films are of one class, or predicted as one. Gorodkin 2004, Comput Biol Chem 28:367.
    """
    true, predicted, total = confusion.sum(-1), confusion.sum(-2), confusion.sum((-2, -1))
    varied = [1.0 * total**2 - (counts**2).sum(-1) for counts in (true, predicted)]
    return ratio(_hits(confusion).sum(-1) * total - (true * predicted).sum(-1), np.sqrt(varied[0] * varied[1]))


def sensitivity(confusion: Numbers) -> Floats:
    """Share of a class's films that were predicted as it (recall): (..., K, K) -> (..., K), 0 to 1."""
    return ratio(*sensitivity_counts(confusion))


def specificity(confusion: Numbers) -> Floats:
    """Share of the other classes' films that were not predicted as this one: (..., K, K) -> (..., K), 0 to 1."""
    return ratio(*specificity_counts(confusion))


def precision(confusion: Numbers) -> Floats:
    """Share of the films predicted as a class that belong to it (positive predictive value): (..., K), 0 to 1."""
    return ratio(*precision_counts(confusion))


def f1(confusion: Numbers) -> Floats:
    """Harmonic mean of precision and sensitivity: (..., K, K) -> (..., K), 0 to 1; NaN if the class occurs nowhere."""
    return ratio(*f1_counts(confusion))


def sensitivity_counts(confusion: Numbers) -> tuple[Numbers, Numbers]:
    """True positives and positives, each (..., K)."""
    return _hits(confusion), confusion.sum(-1)


def specificity_counts(confusion: Numbers) -> tuple[Numbers, Numbers]:
    """True negatives and negatives, each (..., K)."""
    negatives = confusion.sum((-2, -1))[..., None] - confusion.sum(-1)
    false_positives = confusion.sum(-2) - _hits(confusion)
    return negatives - false_positives, negatives


def precision_counts(confusion: Numbers) -> tuple[Numbers, Numbers]:
    """True positives and predicted positives, each (..., K)."""
    return _hits(confusion), confusion.sum(-2)


def f1_counts(confusion: Numbers) -> tuple[Numbers, Numbers]:
    """Twice the true positives, and positives plus predicted positives, each (..., K)."""
    return 2 * _hits(confusion), confusion.sum(-1) + confusion.sum(-2)


def log_losses(probabilities: Floats, labels: Integers) -> Floats:
    """Minus the natural logarithm of the true class's probability: (N, K), (N,) -> (N,), 0 to 34.5 nats.

    A probability below PROBABILITY_FLOOR counts as PROBABILITY_FLOOR.
    """
    true_class = np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    return -np.log(np.clip(true_class, PROBABILITY_FLOOR, 1.0))


def log_loss(probabilities: Floats, labels: Integers) -> float:
    """Mean of `log_losses`; NaN without films."""
    return float(ratio(log_losses(probabilities, labels).sum(), np.asarray(len(labels))))


def brier(probabilities: Floats, labels: Integers) -> Floats:
    """Squared distance of the probabilities from the truth, summed over the classes: (N, K), (N,) -> (N,), 0 to 2.

    Brier 1950, Mon Weather Rev 78:1.

    >>> brier(np.array([[0.75, 0.25]]), np.array([0])).tolist()
    [0.125]
    """
    true = np.arange(probabilities.shape[1]) == labels[:, None]
    return np.asarray(((probabilities - true) ** 2).sum(1))


def placements(positive_scores: Floats, negative_scores: Floats) -> tuple[Floats, Floats]:
    """Share of the other side that each score beats, a tie counting one half: (P,), (Q,) -> (P,), (Q,), 0 to 1.

    A positive beats what is lower, a negative what is higher; either mean is the AUC. O(n log n).
    """
    return _share_below(positive_scores, negative_scores), _share_below(-negative_scores, -positive_scores)


def auc(scores: Floats, positive: Booleans) -> float:
    """Probability that a positive scores above a negative, ties counting one half (Mann-Whitney): (N,), (N,) -> 0 to 1.

    NaN without positives or without negatives.

    >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
    0.875
    """
    if positive.all() or not positive.any():
        return float("nan")
    return float(_share_below(scores[positive], scores[~positive]).mean())


def macro_auc(probabilities: Floats, labels: Integers) -> float:
    """Mean over the classes of the AUC of one class against the rest: (N, K), (N,) -> 0 to 1; NaN if one is."""
    return float(np.mean([auc(scores, labels == index) for index, scores in enumerate(probabilities.T)]))


def roc_curve(scores: Floats, positive: Booleans) -> tuple[Floats, Floats]:
    """False and true positive rates at every distinct threshold, from (0, 0) to (1, 1): (N,), (N,) -> (T,), (T,)."""
    assert positive.any()
    assert not positive.all()
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true_positives = np.append(0, np.cumsum(positive[order])[last_of_tie])
    false_positives = np.append(0, np.cumsum(~positive[order])[last_of_tie])
    return false_positives / false_positives[-1], true_positives / true_positives[-1]


def ratio(numerator: Numbers, denominator: Numbers) -> Floats:
    """Quotient of counts or sums, NaN if nothing was counted."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)


def _hits(confusion: Numbers) -> Numbers:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _share_below(scores: Floats, others: Floats) -> Floats:
    ordered = np.sort(others)
    twice_below = np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right")
    return twice_below / (2 * len(others))
