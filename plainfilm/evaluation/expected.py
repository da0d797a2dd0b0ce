"""What accuracy would a model have on films whose classes nobody told? Guesses from its confidence, and their record.

- By threshold (ATC: Garg et al. 2022, ICLR): the share of films whose highest probability reaches the value that at
  home as many films reach as are right.
- By difference (DoC: Guillory et al. 2021, ICCV): the accuracy at home less the fall of the mean confidence.

Both trust a model's doubts, and a model may be sure and wrong abroad. So each is shown beside its record alone: how far
it was off on labelled films of sites that the model was not trained on. The one with the better record is taken; where
even that was off by more than MAX_OFF on some site, none is shown.
"""

import math

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import difference, wilson
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.model.card import Confidence, Guessed

MAX_OFF = 0.10  # of accuracy, on the worst site of the record
METHODS = ("threshold", "difference")


def fit_confidence(probabilities: Floats, labels: Integers) -> Confidence:
    """What guesses start from: calibrated probabilities (N, K) and labels (N,) of validation films, N > 0."""
    confidence = probabilities.max(axis=1)
    right = int((probabilities.argmax(axis=1) == labels).sum())
    threshold = float(np.sort(confidence)[::-1][right - 1]) if right else math.inf
    return Confidence(min(threshold, 1.0), float(confidence.mean()), wilson(right, len(labels)))


def guess(probabilities: Floats, fitted: Confidence) -> Guessed:
    """The accuracy that calibrated probabilities (N, K) of films let expect, by both methods, N > 0.

    >>> fitted = fit_confidence(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]))
    >>> round(guess(np.array([[0.95, 0.05], [0.3, 0.7], [0.5, 0.5]]), fitted).threshold.value, 3)
    0.333
    """
    confidence, count = probabilities.max(axis=1), len(probabilities)
    reached = wilson(int((confidence >= fitted.threshold).sum()), count)
    spread = 1.96 * float(confidence.std()) / math.sqrt(count)
    fallen = fitted.mean - float(confidence.mean())
    fall = Estimate(fallen, fallen - spread, fallen + spread, count)
    value, low, high = (min(max(bound, 0.0), 1.0) for bound in difference(fitted.accuracy, fall))
    return Guessed(_widened(reached, fitted.accuracy), Estimate(value, low, high, count))


def _widened(reached: Estimate, home: Estimate) -> Estimate:
    """The share with an interval that knows how uncertain the accuracy at home is, which set the threshold."""
    down = math.hypot(reached.value - reached.low, home.value - home.low)
    up = math.hypot(reached.high - reached.value, home.high - home.value)
    return Estimate(reached.value, max(reached.value - down, 0.0), min(reached.value + up, 1.0), reached.n)
