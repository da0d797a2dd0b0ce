"""Risk and coverage: how much more often a model is right where it is sure.

- Films are ordered by the probability of the predicted class. The curve is the accuracy among the most confident share
  of them; a film's position depends on all films, so its intervals hold for films cut off at these probabilities.
- The area (AURC; Geifman & El-Yaniv 2017, NeurIPS; Geifman et al. 2019, ICLR) is the mean, over all films, of the share
  of errors among the films at least as sure: 0 for a model without an error, its share of errors for one whose
  confidence says nothing. Films of one confidence share their errors. Its interval is the bootstrap's over groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.resampling import group_draws, percentiles

NUM_POINTS = 20


@dataclass(frozen=True)
class Point:
    """Of the curve: a share of the films, the lowest confidence among these, and the accuracy."""

    share: float
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True)
class RiskCoverage:
    """The area, and the curve."""

    aurc: Estimate
    curve: tuple[Point, ...]


def risk_coverage(probabilities: Floats, labels: Integers, groups: Sequence[str]) -> RiskCoverage:
    """Area and curve of probabilities (N, K) for labels (N,) and groups (N,), N > 0."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    confidence, right = confidence[order], (probabilities.argmax(axis=1) == labels)[order]
    ordered_groups = np.asarray(groups)[order]
    num_films = len(labels)
    counts = np.unique(-(-np.arange(1, NUM_POINTS + 1) * num_films // NUM_POINTS))  # rounded up
    lowest = confidence[counts - 1]
    kept = confidence[:, None] >= lowest  # (N, P): films of one confidence are kept or left together
    estimates = shares(np.repeat(right[:, None], len(counts), axis=1), kept, ordered_groups)
    curve = tuple(
        Point(float(inside.mean()), float(cut), estimate)
        for inside, cut, estimate in zip(kept.T, lowest, estimates, strict=True)
    )
    _, group_of_film = np.unique(ordered_groups, return_inverse=True)
    return RiskCoverage(_area(_shared(~right, confidence), group_of_film), curve)


def _shared(errors: Booleans, confidence: Floats) -> Floats:
    """Errors (N,), those of films of one confidence shared among them."""
    _, index, counts = np.unique(confidence, return_inverse=True, return_counts=True)
    return np.asarray((np.bincount(index, errors) / counts)[index])


def _area(errors: Floats, group_of_film: Integers) -> Estimate:
    """The area from errors (N,), the most confident first."""
    num_films = len(errors)
    value = float((np.cumsum(errors) / np.arange(1, num_films + 1)).mean())
    if group_of_film.max() < 1:
        return Estimate(value, 0.0, 1.0, num_films)
    areas = []
    for weights in group_draws(group_of_film):  # (r, N): how often each film is drawn
        drawn = np.cumsum(weights, axis=1)
        risks = np.cumsum(weights * errors, axis=1) / np.maximum(drawn, 1)
        areas.append((weights * risks).sum(axis=1) / drawn[:, -1])
    return Estimate(value, *percentiles(np.concatenate(areas), value), num_films)
