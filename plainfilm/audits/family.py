"""Flags of a family of AUCs: p of each, and which of them stay above chance when all are looked at together.

- p comes from DeLong's variance between groups, which few positives know badly: it is never taken to be smaller than
  Mann and Whitney's under the null hypothesis with one film of each group.
- Folds share what they learn by chance: each is judged by probes that saw the labels of all others, and the AUC over
  them exceeds 0.5 too often (p below 0.001 ten times as often, if a view has a few strong directions). In a chain a
  fold is judged by a probe of the folds before it alone. Given these, its labels are as good as drawn, so that errors
  add up without drift, as those of a martingale.

Sources: Holm 1979, Scand J Stat 6:65; Dawid 1984, J R Stat Soc A 147:278 (the chain); DeLong et al. 1988, Biometrics
44:837; Obuchowski 1997, Biometrics 53:567 (groups).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from plainfilm.audits.permutation import Parts
from plainfilm.evaluation import metrics
from plainfilm.evaluation.intervals import auc_influence
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.resampling import group_sums


def holm(p_values: Sequence[float], level: float) -> list[bool]:
    """Which hypotheses fall, so that a true one falls with a probability of at most `level`, however they depend.

    >>> holm([0.01, 0.04, 0.03, 0.005], 0.05)
    [True, False, False, True]
    """
    falls = [False] * len(p_values)
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if p_values[place] > level / (len(p_values) - rank):
            break
        falls[place] = True
    return falls


def p_above_half(scores: Floats, positive: Booleans, group_of_film: Integers) -> float:
    """One-sided p of an AUC above 0.5: scores (N,), positive (N,), groups (N,) numbered from 0.

    1 if fewer than two groups hold a positive, or a negative.
    """
    num_groups = [len(np.unique(group_of_film[side])) for side in (positive, ~positive)]
    fewest = min(num_groups)
    if fewest < 2:
        return 1.0
    influence = auc_influence(scores, positive)
    parts = group_sums(influence[:, None], group_of_film, int(group_of_film.max()) + 1)[:, 0]  # of groups in the error
    between = fewest / (fewest - 1) * float(parts @ parts)
    variance = max(between, (sum(num_groups) + 1) / (12 * math.prod(num_groups)))
    return NormalDist().cdf((0.5 - metrics.auc(scores, positive)) / math.sqrt(variance))


def chained(parts: Parts) -> Parts:
    """Folds as a chain: each but the first is judged by what is in none of those after it. One part stays as it is."""
    if len(parts) < 2:
        return parts
    return [
        (np.setdiff1d(train, np.concatenate([later for _, later in parts[place:]])), judged)
        for place, (train, judged) in enumerate(parts)
        if place
    ]
