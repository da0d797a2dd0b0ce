"""Calibration and decision for findings: temperature and shift, thresholds of the sets, operating points.

- A finding is present or absent; films of which neither is known play no part in what is fitted for it.
- Temperature and shift (Platt 1999, by the plain log loss): at each temperature the best shift makes the mean
  probability the share of positives. The loss that is left is convex in 1 / temperature; its minimum is where the slope
  changes its sign, found by bisection. If every positive scores at least as high as every negative the loss falls for
  ever with the temperature: such films cannot say how sure to be, and the temperature stays 1.
- The thresholds of the sets are conformal quantiles, of positives and of negatives apart, with the group as the unit
  (`plainfilm.evaluation.calibration`): a new patient's film on which the finding is present has "present" in its set
  with at least the coverage asked for, and likewise for absent. A quantile depends on the order of films alone, which
  temperature and shift leave as it is: so fitting both on the same films breaks no promise.
- An operating point is such a quantile of the positives at the sensitivity asked for. So films to come reach it, not
  just those that it was fitted on, and it takes 9, 19 or 99 positives for 90, 95 or 99 %.
- Every threshold is the probability of some film, eased by MARGIN of a logit, so that rounding in another runtime does
  not put that very film on the other side.

Source: Platt 1999, Probabilistic outputs for support vector machines, in: Advances in large margin classifiers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.calibration import MARGIN, NUM_HALVINGS, conformal_quantile
from plainfilm.evaluation.decisions import measure_points
from plainfilm.evaluation.known import is_known
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.model.decision import TEMPERATURES, OperatingPoint
from plainfilm.model.findings import MAX_SHIFT, MIN_FITTED, FindingDecision, FindingsCalibration, needed, sigmoid

CLOSE = 1e-13  # a mean probability this near the share of positives is that share


@dataclass(frozen=True)
class _Films:
    """The films on which one finding is known."""

    logits: Floats  # (n,)
    present: Booleans  # (n,)
    group_of_film: Integers  # (n,)

    def num_groups(self, side: Booleans) -> int:
        return len(np.unique(self.group_of_film[side]))


def calibrate_findings(
    logits: NDArray[np.float32 | np.float64],
    targets: NDArray[np.float32 | np.float64],
    groups: Sequence[str],
    *,
    coverage: float,
    sensitivities: Sequence[float],
    of: str,
) -> FindingsCalibration:
    """Everything that is fitted for K findings.

    Args:
        logits: (N, K).
        targets: (N, K): 1 present, 0 absent; what is neither plays no part.
        groups: (N,).
        coverage: of the sets, 0 to 1.
        sensitivities: of the operating points, each 0 to 1.
        of: which films these are.
    """
    assert logits.shape == targets.shape
    assert len(logits) == len(groups)
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    findings = []
    for own, stated in zip(np.asarray(logits, np.float64).T, targets.T, strict=True):
        known = is_known(stated)
        films = _Films(own[known], stated[known] == 1, group_of_film[known])
        findings.append(_fit(films, coverage, sensitivities))
    return FindingsCalibration(coverage=coverage, findings=tuple(findings), from_=of)


def _fit(films: _Films, coverage: float, sensitivities: Sequence[float]) -> FindingDecision:
    positives, negatives = films.num_groups(films.present), films.num_groups(~films.present)
    fitted = min(positives, negatives) >= MIN_FITTED
    temperature, shift = fit_scaling(films.logits, films.present) if fitted else (1.0, 0.0)
    probabilities = sigmoid(films.logits / temperature + shift)
    return FindingDecision(
        temperature=temperature if fitted else None,
        shift=shift if fitted else None,
        positives=positives,
        negatives=negatives,
        present=_threshold(probabilities, films, coverage) if positives >= needed(coverage) else None,
        absent=_ceiling(probabilities, films, coverage) if negatives >= needed(coverage) else None,
        operating_points=_points(probabilities, films, [s for s in sensitivities if positives >= needed(s)]),
        prevalence=float(films.present.mean()) if len(films.present) else None,
    )


def fit_scaling(logits: Floats, present: Booleans) -> tuple[float, float]:
    """Temperature, within TEMPERATURES, and shift at which the mean log loss of logits (n,) for (n,) is lowest."""
    if logits[present].min() >= logits[~present].max():
        return 1.0, _clipped(_fit_shift(logits, present))
    low, high, shift = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0], 0.0
    for _ in range(NUM_HALVINGS):  # of an interval of 1 / temperature, on the logarithmic scale
        middle = math.sqrt(low * high)
        shift = _fit_shift(logits * middle, present, shift)
        slope = float((sigmoid(logits * middle + shift) - present) @ logits)
        low, high = (low, middle) if slope > 0 else (middle, high)
    temperature = min(max(1 / math.sqrt(low * high), TEMPERATURES[0]), TEMPERATURES[1])
    return temperature, _clipped(_fit_shift(logits / temperature, present, shift))


def _fit_shift(scaled: Floats, present: Booleans, start: float = math.nan) -> float:
    """The shift at which the mean probability of logits (n,) is the share of positives (Newton, kept in bounds)."""
    share = float(present.mean())
    odds = math.log(share / (1 - share))
    low, high = odds - float(scaled.max()), odds - float(scaled.min())
    shift = start if low < start < high else (low + high) / 2
    for _ in range(NUM_HALVINGS):
        probabilities = sigmoid(scaled + shift)
        excess = float(probabilities.mean()) - share
        if abs(excess) < CLOSE:
            break
        low, high = (low, shift) if excess > 0 else (shift, high)
        slope = float((probabilities * (1 - probabilities)).mean())
        newton = shift - excess / slope if slope > 0 else math.nan
        shift = newton if low < newton < high else (low + high) / 2
    return shift


def _clipped(shift: float) -> float:
    return min(max(shift, -MAX_SHIFT), MAX_SHIFT)


def _threshold(probabilities: Floats, films: _Films, share: float) -> float:
    """At or above it is the share asked for of the next positives."""
    found = -conformal_quantile(-probabilities[films.present], films.group_of_film[films.present], share)
    return found - MARGIN * found * (1 - found)


def _ceiling(probabilities: Floats, films: _Films, share: float) -> float:
    """At or below it is the share asked for of the next negatives."""
    found = conformal_quantile(probabilities[~films.present], films.group_of_film[~films.present], share)
    return found + MARGIN * found * (1 - found)


def _points(probabilities: Floats, films: _Films, sensitivities: Sequence[float]) -> tuple[OperatingPoint, ...]:
    """The operating points, and what they give on the films that they were fitted on."""
    thresholds = [_threshold(probabilities, films, asked) for asked in sensitivities]
    both, labels = np.column_stack([1 - probabilities, probabilities]), films.present.astype(np.int64)
    _, measured = measure_points(both, labels, films.group_of_film.tolist(), [[], thresholds])
    return tuple(
        OperatingPoint(asked, threshold, sensitivity, specificity)
        for asked, threshold, (sensitivity, specificity) in zip(sensitivities, thresholds, measured, strict=True)
    )
