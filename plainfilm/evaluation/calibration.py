"""Calibration and decision, fitted on validation films: temperature, conformal quantiles, operating points.

- Temperature (Guo et al. 2017): the mean log loss over films, the very figure that an evaluation reports, is convex in
  1 / temperature; its minimum is where the slope changes its sign, found by bisection. If every film is right the
  loss falls for ever with the temperature: such films cannot say how sure to be, and the temperature stays 1.
- Conformal sets (Vovk et al. 2005; Sadinle et al. 2019): the score of a film is 1 - p of its true class. Films of one
  patient resemble each other, so the unit is the group: each counts once, shared among its films, and one more
  group with an infinite score represents the film to come (Lee, Barber & Willett 2023). With one film a group that is
  the usual quantile at ceil((n + 1) coverage) / n. The true class of a film of a new group is in its set with at least
  the coverage asked for; no more is promised, and nothing for films of another kind.
- A class has a quantile of its own (Mondrian), which promises the coverage within the class, if at least two of its
  groups lie outside it (39 groups at 95 %); with fewer it has that of all classes together, which promises it on the
  average over the classes alone.
- A very accurate model misses less often than sets may: then the sets of the least certain films are empty. Adding
  the most probable class to them would make sets that are wrong no less often than asked for look like answers.
- Operating point: the highest threshold at which the share of the class's films asked for is positive.
- Every quantile and threshold is the probability of some film. Runtimes and batches differ in the seventh digit, and
  would put that very film inside or outside by rounding; so the probability that is needed is lowered by MARGIN of it.

Sources: Guo et al. 2017, ICML (temperature); Vovk, Gammerman & Shafer 2005, Algorithmic learning in a random world;
Sadinle, Lei & Wasserman 2019, J Am Stat Assoc 114:223 (1 - p); Lee, Barber & Willett 2023, arXiv:2306.06342 (groups).
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.decisions import measure_points
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.model.decision import TEMPERATURES, Calibration, OperatingPoint, softmax

MIN_GROUPS_OUTSIDE = 2
ROUNDING = 1e-9  # a sum of shares may miss the true one by this much
MARGIN = 1e-5
NUM_HALVINGS = 60


def calibrate(
    logits: NDArray[np.float32 | np.float64],
    labels: Integers,
    groups: Sequence[str],
    *,
    coverage: float,
    sensitivities: Sequence[float],
) -> Calibration:
    """Everything that is fitted, from the logits (N, K), labels (N,) and groups (N,) of validation films, N > 0."""
    assert len(logits) == len(labels) == len(groups) > 0
    temperature = fit_temperature(logits, labels)
    probabilities = softmax(logits, temperature)
    quantiles, pooled = fit_quantiles(probabilities, labels, groups, coverage)
    classes = range(logits.shape[1])
    quantiles = [1 - (1 - quantile) * (1 - MARGIN) for quantile in quantiles]
    thresholds = [
        [fit_threshold(probabilities[labels == k, k], asked) * (1 - MARGIN) for asked in sensitivities] for k in classes
    ]
    measured = measure_points(probabilities, labels, groups, thresholds)
    points = [
        tuple(
            OperatingPoint(asked, threshold, sensitivity, specificity)
            for asked, threshold, (sensitivity, specificity) in zip(
                sensitivities, thresholds[k], measured[k], strict=True
            )
            if sensitivity.estimable
        )
        for k in classes
    ]
    films = np.bincount(labels, minlength=len(classes)).tolist()
    return Calibration(temperature, coverage, tuple(quantiles), tuple(pooled), tuple(films), tuple(points))


def fit_temperature(logits: NDArray[np.float32 | np.float64], labels: Integers) -> float:
    """The temperature, within TEMPERATURES, at which the mean log loss of logits (N, K) for labels (N,) is lowest."""
    logits = np.asarray(logits, np.float64)
    true_logits = np.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    if (true_logits == logits.max(axis=1)).all():
        return 1.0

    def slope(sharpness: float) -> float:
        """The derivative of the mean log loss by 1 / temperature."""
        expected = (softmax(logits, 1 / sharpness) * logits).sum(axis=1)
        return float((expected - true_logits).mean())

    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    for _ in range(NUM_HALVINGS):  # of an interval on the logarithmic scale
        middle = math.sqrt(low * high)
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return min(max(1 / math.sqrt(low * high), TEMPERATURES[0]), TEMPERATURES[1])


def fit_quantiles(
    probabilities: Floats, labels: Integers, groups: Sequence[str], coverage: float
) -> tuple[list[float], list[bool]]:
    """For each class the largest 1 - p of a film whose set holds it (K,), and whether all classes share it (K,)."""
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    scores = 1 - np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
    together = conformal_quantile(scores, group_of_film, coverage)
    quantiles, pooled = [], []
    for k in range(probabilities.shape[1]):
        own = labels == k
        num_groups = len(np.unique(group_of_film[own]))
        pooled.append((num_groups + 1) * (1 - coverage) < MIN_GROUPS_OUTSIDE - ROUNDING)
        quantiles.append(together if pooled[k] else conformal_quantile(scores[own], group_of_film[own], coverage))
    return quantiles, pooled


def conformal_quantile(scores: Floats, group_of_film: Integers, coverage: float) -> float:
    """The score (N,), 0 to 1, up to which films are covered; 1, which covers all, if the groups are too few.

    >>> conformal_quantile(np.arange(1, 20) / 20, np.arange(19), 0.9)
    0.9
    """
    _, index, sizes = np.unique(group_of_film, return_inverse=True, return_counts=True)
    order = np.argsort(scores, kind="stable")
    covered = np.cumsum(1 / sizes[index[order]]) / (len(sizes) + 1)
    enough = np.flatnonzero(covered >= coverage - ROUNDING)
    return float(scores[order[enough[0]]]) if len(enough) else 1.0


def fit_threshold(positive_scores: Floats, asked: float) -> float:
    """The highest threshold at which the share `asked` of the class's films (P,) is positive; 1 without films.

    >>> fit_threshold(np.array([0.2, 0.7, 0.9, 0.4]), 0.75)
    0.4
    """
    if not len(positive_scores):
        return 1.0
    needed = max(1, math.ceil(asked * len(positive_scores) - ROUNDING))
    return float(np.sort(positive_scores)[-needed])
