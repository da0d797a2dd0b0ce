"""95 % intervals: Wilson, bootstrap over groups, DeLong.

Films of one patient resemble each other, so the unit that is drawn is the group, never the film:

- Proportions: Wilson if no group has two of the films that count, else the bootstrap over groups. With one to three
  errors (or hits) Wilson's nearer bound is too tight, and is that of Poisson's distribution (Brown et al.).
- F1, balanced accuracy, MCC, log loss, Brier score, macro AUC: the bootstrap over groups, always. A replicate in which
  a figure cannot be computed (a class was not drawn) is skipped for that figure.
- The bootstrap is blind at 0 and 1: 50 of 50 correct resample to 50 of 50. So the interval of a share is widened to
  Wilson's at the sample size that the bootstrap variance is worth, and that of a mean over classes to what they allow,
  and that of MCC to what the interval of the accuracy allows.
  Few errors in few groups do not show how alike a group's films are: no bound is nearer than if there were none.
- AUC of a class: DeLong in Obuchowski's form for groups, on the logit scale. It is exact about ties, needs no draws,
  and with one film a group it is DeLong's variance itself; on the logit scale the interval stays within 0 and 1.
- Near an AUC of 1, and for a loss, few films make nearly all of the variance, which is then known badly: Student's
  quantile takes the normal one's place, its degrees of freedom (Satterthwaite) from the fourth moment of what the
  groups add.

With fewer than two groups nothing is known about the spread between groups: the interval is the whole range. How often
these intervals hold the truth is simulated by `benchmarks/coverage.py` and printed in `docs/intervals.md`.

Sources: Wilson 1927, J Am Stat Assoc 22:209; Brown, Cai & DasGupta 2001, Stat Sci 16:101 (few errors); DeLong et al.
1988, Biometrics 44:837; Obuchowski 1997, Biometrics 53:567; Qin & Hotilovac 2008, Stat Methods Med Res 17:207 (logit);
Dean & Pagano 2015, J Surv Stat Methodol 3:484 (effective sample size); Zou & Donner 2008, Stat Med 27:1693 (sums);
Satterthwaite 1946, Biometrics Bull 2:110; Pan & Wall 2002, Stat Med 21:1429 (its use for few groups).
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.resampling import LEVEL, group_sums, percentiles, resampled

TAIL = (1 - LEVEL) / 2
Z = NormalDist().inv_cdf(1 - TAIL)
NEGLIGIBLE_VARIANCE = 1e-18
"""Below this a variance is zero but for rounding."""
FEW_ERRORS = (0.0, 0.0513, 0.3554, 0.8177)
"""By the errors seen, the number to expect with which so many or more are seen one time in twenty (Poisson)."""
ROUNDING = 1e-9  # by which a count from a share may miss a whole number
MAX_LOG_MARGIN = 500.0  # of odds: what is larger overflows, and is the whole range anyway
DEGREES_OF_FREEDOM = (math.inf, 120, 60, 30, 20, 15, 10, 7, 5, 4, 3, 2, 1)
STUDENT = (Z, 1.980, 2.000, 2.042, 2.086, 2.131, 2.228, 2.365, 2.571, 2.776, 3.182, 4.303, 12.706)
"""Student's 97.5 % quantiles at DEGREES_OF_FREEDOM; nearly straight between them over 1 / degrees."""


def wilson(successes: float, n: int, effective_n: float | None = None) -> Estimate:
    """Wilson's score interval of a proportion; with `effective_n`, as wide as that many independent films make it.

    With at most three errors its upper bound is at least Poisson's, and so with hits the lower one.
    """
    if n == 0:
        return Estimate(math.nan, math.nan, math.nan, 0)
    value = successes / n
    size = n if effective_n is None else effective_n
    centre = (value + Z**2 / (2 * size)) / (1 + Z**2 / size)
    half_width = Z / (1 + Z**2 / size) * math.sqrt(value * (1 - value) / size + Z**2 / (4 * size**2))
    low, high = centre - half_width, centre + half_width
    few_hits, few_errors = (_few(count * size, size) for count in (value, 1 - value))
    return within(value, min(low, few_hits), max(high, 1 - few_errors), n)


def _few(count: float, size: float) -> float:
    """The lower bound of a share of `size` films if `count` were seen, by FEW_ERRORS; 1 if there are more."""
    if count > len(FEW_ERRORS) - 1 + ROUNDING:
        return 1.0
    return float(np.interp(count, range(len(FEW_ERRORS)), FEW_ERRORS)) / size


def delong(scores: Floats, positive: Booleans, group_of_film: Integers) -> Estimate:
    """AUC of `scores` (N,) for `positive` (N,), with films in groups (N,) numbered from 0.

    The variance is zero at an AUC of 1 (and 0, and for a constant score). There the bound is the exact one for as many
    pairs of a positive and a negative as can be drawn from different groups: they are independent, and each is in order
    with a probability that is the AUC, so that all are in order with AUC ** pairs.
    """
    n = len(scores)
    if positive.all() or not positive.any():
        return Estimate(math.nan, math.nan, math.nan, n)
    num_groups = [len(np.unique(group_of_film[side])) for side in (positive, ~positive)]
    value = metrics.auc(scores, positive)
    if min(num_groups) < 2:
        return Estimate(value, 0.0, 1.0, n)
    num_pairs = min(*num_groups, len(np.unique(group_of_film)) // 2)
    if value in (0.0, 1.0):
        bound = TAIL ** (1 / num_pairs)
        return Estimate(value, bound, 1.0, n) if value == 1.0 else Estimate(value, 0.0, 1 - bound, n)
    variance, parts = _auc_variance(scores, positive, group_of_film)
    if variance < NEGLIGIBLE_VARIANCE:
        return wilson(value * n, n, effective_n=num_pairs)
    margin = math.exp(min(MAX_LOG_MARGIN, student(parts) * math.sqrt(variance) / (value * (1 - value))))
    odds = value / (1 - value)
    return within(value, odds / margin / (1 + odds / margin), odds * margin / (1 + odds * margin), n)


def auc_influence(scores: Floats, positive: Booleans) -> Floats:
    """How much each film moves the AUC: (N,), (N,) -> (N,), the derivative by its weight."""
    found = np.empty(len(scores))
    beaten = metrics.placements(scores[positive], scores[~positive])
    for side, share in zip((positive, ~positive), beaten, strict=True):
        found[side] = (share - share.mean()) / len(share)
    return found


def difference(minuend: Estimate, subtrahend: Estimate) -> tuple[float, float, float]:
    """Value and bounds of a difference of two figures whose errors are independent, from their own intervals.

    Distances to the bounds add up as such errors do (MOVER: Newcombe 1998, Stat Med 17:2635; Zou & Donner), so the
    interval is as skewed as the two are.
    """
    value = minuend.value - subtrahend.value
    down = math.hypot(minuend.value - minuend.low, subtrahend.high - subtrahend.value)
    up = math.hypot(minuend.high - minuend.value, subtrahend.value - subtrahend.low)
    return value, value - down, value + up


def grouped_mean(values: Floats, groups: Sequence[str] | Integers, *, bound: float, seed: int = 0) -> Estimate:
    """The mean of `values` (N,), each within -bound to bound: percentiles of the bootstrap over `groups` (N,).

    For paired differences and correlations, of which each film has one.
    """
    names, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    value = float(np.sum(values)) / len(values)
    if len(names) < 2:
        return Estimate(value, -bound, bound, len(values))
    sums = group_sums(np.column_stack([values, np.ones(len(values))]), group_of_film)  # (G, 2)
    drawn = resampled(sums, seed=seed)
    return Estimate(value, *percentiles(drawn[:, 0] / drawn[:, 1], value), len(values))


def accuracy_difference(
    first: Booleans, second: Booleans, groups: Sequence[str] | Integers, *, seed: int = 0
) -> Estimate:
    """The second model's accuracy minus the first's, from which films (N,) each got right.

    The shares of films that one model alone gets right; their intervals are joined as those of independent errors.
    """
    alone = np.column_stack([second & ~first, first & ~second])
    gain, loss = shares(alone, np.ones_like(alone), groups, seed=seed)
    value, low, high = difference(gain, loss)
    return Estimate(value, max(low, -1.0), min(high, 1.0), len(first))


def shares(hits: Booleans, counted: Booleans, groups: Sequence[str] | Integers, *, seed: int = 0) -> list[Estimate]:
    """M shares at once: of the films that count (N, M), those that are hits (N, M); groups of the films (N,)."""
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    found = group_sums(hits & counted, group_of_film)  # (G, M)
    films = group_sums(counted, group_of_film)
    drawn = resampled(np.hstack([found, films]), seed=seed)  # (R, 2 M)
    replicates = metrics.ratio(*np.hsplit(drawn, 2))
    return [proportion(*column) for column in zip(found.T, films.T, replicates.T, strict=True)]


def shares_by_class(hits: Booleans, labels: Integers, groups: Sequence[str], num_classes: int) -> list[list[Estimate]]:
    """M shares (N, M) of all films, then of each class's alone: 1 + K lists of M."""
    masks = [np.ones(len(labels), bool), *(labels == k for k in range(num_classes))]
    counted = np.concatenate([np.repeat(mask[:, None], hits.shape[1], axis=1) for mask in masks], axis=1)
    estimates = shares(np.tile(hits, len(masks)), counted, groups)
    return [estimates[start : start + hits.shape[1]] for start in range(0, len(estimates), hits.shape[1])]


def proportion(hits: Integers, films: Integers, replicates: Floats) -> Estimate:
    """A share of films from counts (G,): Wilson if no group has two films of them, else the bootstrap (R,)."""
    if films.max() <= 1:
        return wilson(int(hits.sum()), int(films.sum()))
    return ratio(hits, films, films, replicates)


def ratio(hits: Integers, total: Integers, films: Integers, replicates: Floats) -> Estimate:
    """A ratio of sums over groups (G,), 0 to 1: percentiles of the bootstrap (R,), widened to Wilson's interval.

    Wilson's is taken at the number of independent films that would vary as much as the replicates do, at most what is
    counted (a true positive counts twice for F1); and at the number of groups if the replicates do not vary at all.
    """
    n, num_groups = int(films.sum()), int((films > 0).sum())
    value = float(metrics.ratio(hits.sum(), total.sum()))
    if num_groups < 2:
        return Estimate(value, 0.0, 1.0, n) if n else Estimate(math.nan, math.nan, math.nan, n)
    variance = float(np.nanvar(replicates)) * num_groups / (num_groups - 1)
    effective_n = (
        min(int(total.sum()), value * (1 - value) / variance) if variance > NEGLIGIBLE_VARIANCE else num_groups
    )
    score = wilson(value * n, n, effective_n)
    low, high = percentiles(replicates, value)
    none_right, all_right = wilson(0, num_groups), wilson(num_groups, num_groups)
    return within(value, min(low, score.low, all_right.low), max(high, score.high, none_right.high), n)


def class_mean(estimates: Sequence[Estimate], replicates: Floats, n: int) -> Estimate:
    """The mean over the classes: percentiles of the bootstrap (R,), widened to what the classes' intervals allow.

    The classes' distances to their bounds are added as independent errors are (Zou & Donner): so a small class without
    an error is not taken for a certain one.
    """
    value, low, high = np.array([[e.value, e.low, e.high] for e in estimates]).T  # (K,) each
    if np.isnan(value).any():
        return Estimate(math.nan, math.nan, math.nan, n)
    mean = float(value.mean())
    down, up = (float(np.linalg.norm(distance)) / len(estimates) for distance in (value - low, high - value))
    lowest, highest = percentiles(replicates, mean)
    return within(mean, min(lowest, mean - down), max(highest, mean + up), n)


def mean_loss(losses: Floats, replicates: Floats, films: Integers, worst: float) -> Estimate:
    """The mean loss from sums over groups (G,) of `films` (G,): percentiles of the bootstrap (R,), or Student's.

    Student's interval is that of the logarithm.
    """
    n = int(films.sum())
    value = float(losses.sum()) / n
    if len(losses) < 2:
        return Estimate(value, 0.0, worst, n)
    low, high = percentiles(replicates, value)
    parts = (losses - value * films) / n
    error = math.sqrt(len(parts) / (len(parts) - 1) * float(parts @ parts))
    if error**2 > NEGLIGIBLE_VARIANCE:
        margin = math.exp(min(MAX_LOG_MARGIN, student(parts) * error / value))
        low, high = min(low, value / margin), max(high, value * margin)
    return Estimate(value, max(0.0, low), min(worst, high), n)


def student(parts: Floats) -> float:
    """Student's quantile for a sum of independent parts (G,) whose variance they show themselves.

    >>> round(student(np.array([1.0, -1.0] * 500)), 2), round(student(np.array([1.0, 0.0, 0.0, 0.0])), 1)
    (1.96, 3.5)
    """
    squares = parts**2
    kurtosis = float(squares @ squares) / float(squares.sum()) ** 2
    return float(np.interp((kurtosis - 1 / len(parts)) / 2, [1 / df for df in DEGREES_OF_FREEDOM], STUDENT))


def within(value: float, low: float, high: float, n: int, bounds: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """Bounds that rounding has not carried past the value or those of the figure."""
    return Estimate(value, max(bounds[0], min(low, value)), min(bounds[1], max(high, value)), n)


def from_confusions(
    figure: Callable[[Floats], Floats],
    confusions: Integers,
    replicates: Floats,
    accuracy: Estimate,
    bounds: tuple[float, float],
) -> Estimate:
    """A figure of the confusion matrix from those of groups (G, K, K): percentiles of the bootstrap (R,), widened.

    Widened to the figure of the same matrix with as many and as few errors as the interval of `accuracy` allows, the
    errors between the classes as they are; if there is none, between any two classes as often as these meet.
    """
    confusion = confusions.sum(0).astype(np.float64)
    value = float(figure(confusion))
    if math.isnan(value):
        return Estimate(math.nan, math.nan, math.nan, accuracy.n)
    if len(confusions) < 2:
        return Estimate(value, *bounds, accuracy.n)
    right = np.diag(np.diag(confusion))
    wrong = confusion - right
    if not right.any():
        right = np.diag(confusion.sum(1))
    if not wrong.any():
        wrong = np.outer(confusion.sum(1), confusion.sum(1)) * ~np.eye(len(confusion), dtype=bool)
    right, wrong = right / right.sum(), metrics.ratio(wrong, wrong.sum())
    allowed = [float(figure(share * right + (1 - share) * wrong)) for share in (accuracy.low, accuracy.high)]
    found = [bound for bound in (*percentiles(replicates, value), *allowed) if not math.isnan(bound)]
    return within(value, min(found), max(found), accuracy.n, bounds)


def _auc_variance(scores: Floats, positive: Booleans, group_of_film: Integers) -> tuple[float, Floats]:
    """Variance of the AUC between groups (Obuchowski 1997), with one film a group DeLong's; the groups' parts (G,)."""
    influence, length = auc_influence(scores, positive), group_of_film.max() + 1
    parts, variance = list[Floats](), 0.0
    for side in (positive, ~positive):
        part = group_sums(influence[side][:, None], group_of_film[side], length)[:, 0]  # of a group in the AUC's error
        variance += _unbiased(group_of_film[side]) * float(part @ part)
        parts.append(part)
    return variance + 2 * _unbiased(group_of_film) * float(parts[0] @ parts[1]), np.asarray(parts[0] + parts[1])


def _unbiased(group_of_film: Integers) -> float:
    """G / (G - 1) for the G groups among the films."""
    num_groups = len(np.unique(group_of_film))
    return num_groups / (num_groups - 1)
