"""Are probabilities frequencies? The reliability curve of each class, and the expected calibration error.

- Ten bins of equal width; a film on an edge belongs to the lower bin. The share observed in a bin has its interval and
  n; an empty bin is left out.
- Classwise expected calibration error (Nixon et al. 2019, arXiv:1904.01685; Kull et al. 2019, arXiv:1910.12656): the
  mean over the classes of the distances between mean probability and share observed, each bin weighing as many films as
  it holds. Its interval is that of the bootstrap over groups. With few films it is above 0 for perfect probabilities
  too, and more so in the replicates: it compares models on the same films, and proves nothing by itself.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from plainfilm.evaluation.intervals import Estimate, group_sums, percentiles, resampled, shares
from plainfilm.evaluation.metrics import Floats, Integers

NUM_BINS = 10
EDGES = np.linspace(0, 1, NUM_BINS + 1)


def reliability(
    probabilities: Floats, labels: Integers, groups: Sequence[str], class_names: Sequence[str]
) -> dict[str, Any]:
    """Expected calibration error and curves of probabilities (N, K) for labels (N,) and groups (N,).

    A curve is the bins that hold films: edges `low` and `high`, `mean` probability, and the share `observed` that is of
    the class.
    """
    num_films, num_classes = probabilities.shape
    bins = np.searchsorted(EDGES[1:-1], probabilities) + NUM_BINS * np.arange(num_classes)  # (N, K): of all K curves
    inside = np.zeros((num_films, num_classes * NUM_BINS), bool)
    np.put_along_axis(inside, bins, True, axis=1)
    true = np.repeat(labels[:, None] == np.arange(num_classes), NUM_BINS, axis=1)
    claimed = inside * np.repeat(probabilities, NUM_BINS, axis=1)
    observed = shares(true, inside, groups)
    sizes = inside.sum(axis=0)
    curves: dict[str, list[dict[str, Any]]] = {name: [] for name in class_names}
    for cell in np.flatnonzero(sizes):
        k, place = divmod(int(cell), NUM_BINS)
        edges = {"low": float(EDGES[place]), "high": float(EDGES[place + 1])}
        mean = float(claimed[:, cell].sum() / sizes[cell])
        curves[class_names[k]].append({**edges, "mean": mean, "observed": observed[cell].as_dict()})
    error = _calibration_error(claimed - (inside & true), groups, num_classes)
    return {"expected_calibration_error": error.as_dict(), "reliability": curves}


def _calibration_error(excess: Floats, groups: Sequence[str], num_classes: int) -> Estimate:
    """The error from each film's excess of probability over truth in each bin of each class: (N, K * bins)."""
    num_films = len(excess)
    names, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    value = float(np.abs(excess.sum(axis=0)).sum()) / (num_films * num_classes)
    if len(names) < 2:
        return Estimate(value, 0.0, 1.0, num_films)
    films = np.ones((num_films, 1))
    drawn = resampled(group_sums(np.hstack([excess, films]), group_of_film))  # (R, K * bins + 1)
    low, high = percentiles(np.abs(drawn[:, :-1]).sum(axis=1) / (drawn[:, -1] * num_classes), value)
    assert not math.isnan(low)
    return Estimate(value, low, high, num_films)
