"""Are probabilities frequencies? The reliability curve of each class, and the expected calibration error.

- Ten bins of equal width; a film on an edge belongs to the lower bin. The share observed in a bin has its interval and
  n; an empty bin is left out.
- Classwise expected calibration error (Nixon et al. 2019, arXiv:1904.01685; Kull et al. 2019, arXiv:1910.12656): the
  mean over the classes of the distances between mean probability and share observed, each bin weighing as many films as
  it holds. Its interval is that of the bootstrap over groups. With few films it is above 0 for perfect probabilities
  too, and more so in the replicates: it compares models on the same films, and proves nothing by itself.
- So it is shown beside its noise floor: the error that the same probabilities show when they are right, labels being
  drawn from them (Bröcker & Smith 2007, Weather Forecast 22:651). Films of one group share the random number, as they
  share the truth. An error within the floor is no sign of bad calibration.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plainfilm import records
from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.evaluation.resampling import group_sums, percentiles, resampled
from plainfilm.randomness import generator

NUM_BINS = 10
NUM_DRAWS = 1000
EDGES = np.linspace(0, 1, NUM_BINS + 1)


@dataclass(frozen=True)
class Bin:
    """Of a curve: its edges, the mean probability, and the share of the films that is of the class."""

    low: float
    high: float
    mean: float
    observed: Estimate


@dataclass(frozen=True)
class NoiseFloor:
    """The calibration error of probabilities that are right: mean, 95th percentile, and the number of films."""

    mean: float
    percentile_95: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """Whether probabilities are frequencies: the error, what it would be if they were, and a curve a class."""

    expected_calibration_error: Estimate
    noise_floor: NoiseFloor | None  # None: an older file
    reliability: Mapping[str, tuple[Bin, ...]]  # the bins that hold films
    temperature: float | None = field(default=None, metadata=records.ABSENT)  # of the model; None: it is not calibrated


def reliability(
    probabilities: Floats, labels: Integers, groups: Sequence[str], class_names: Sequence[str]
) -> Reliability:
    """Expected calibration error and curves of probabilities (N, K) for labels (N,) and groups (N,)."""
    num_films, num_classes = probabilities.shape
    bins = np.searchsorted(EDGES[1:-1], probabilities) + NUM_BINS * np.arange(num_classes)  # (N, K): of all K curves
    inside = np.zeros((num_films, num_classes * NUM_BINS), bool)
    np.put_along_axis(inside, bins, True, axis=1)
    true = np.repeat(labels[:, None] == np.arange(num_classes), NUM_BINS, axis=1)
    claimed = inside * np.repeat(probabilities, NUM_BINS, axis=1)
    observed = shares(true, inside, groups)
    sizes = inside.sum(axis=0)
    curves: dict[str, list[Bin]] = {name: [] for name in class_names}
    for cell in np.flatnonzero(sizes):
        k, index = divmod(int(cell), NUM_BINS)
        mean = float(claimed[:, cell].sum() / sizes[cell])
        curves[class_names[k]].append(Bin(float(EDGES[index]), float(EDGES[index + 1]), mean, observed[cell]))
    error = _calibration_error(claimed - (inside & true), groups, num_classes)
    floor = _noise_floor(probabilities, bins, claimed.sum(axis=0), groups)
    return Reliability(error, floor, {name: tuple(bins) for name, bins in curves.items()})


def _noise_floor(
    probabilities: Floats, bins: Integers, claimed: Floats, groups: Sequence[str], *, seed: int = 0
) -> NoiseFloor:
    """Mean and 95th percentile of the error when labels are drawn from the probabilities (N, K).

    Args:
        probabilities: (N, K).
        bins: (N, K), each film's bin in each class's curve, numbered through all curves.
        claimed: (K * bins,), sums of the probabilities in each.
        groups: (N,).
        seed: of the draws.
    """
    num_films, num_classes = probabilities.shape
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    steps = np.cumsum(probabilities, axis=1)[:, :-1]
    random, errors = generator(seed, "calibration-noise"), []
    for _ in range(NUM_DRAWS):
        drawn = (random.random(group_of_film.max() + 1)[group_of_film, None] > steps).sum(axis=1)  # (N,) labels
        observed = np.bincount(bins[np.arange(num_films), drawn], minlength=len(claimed))
        errors.append(float(np.abs(claimed - observed).sum()) / (num_films * num_classes))
    return NoiseFloor(float(np.mean(errors)), float(np.quantile(errors, 0.95)), num_films)


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
