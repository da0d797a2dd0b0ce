"""Is an accuracy better than labels at random give? Labels are shuffled, the simplest probe is trained anew each time.

Labels are exchanged among groups of as many films within one part (fold, training or test part): films of a patient
stay together, and every part keeps its counts of each class, which the split had balanced. Under the null hypothesis
all such orders are equally likely, so that p is exact (Winkler et al. 2015, NeuroImage 123:253, whole-block exchange);
if few groups have a partner of their size, little is shuffled and p is large, never small.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm.audits.probes import linear
from plainfilm.estimate import Estimate
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.randomness import generator

NUM_PERMUTATIONS = 200
Parts = Sequence[tuple[Integers, Integers]]  # numbers of the films to train on and to judge; each film judged once


@dataclass(frozen=True)
class Permutation:
    """The test on one view: shuffles, p, the accuracy with the true labels, and the highest with shuffled ones."""

    view: str
    n: int
    p: float
    accuracy: Estimate
    highest: float


def permutation_test(
    columns: Floats, labels: Integers, groups: Sequence[str], parts: Parts, num_classes: int, *, seed: int = 0
) -> tuple[float, Booleans, Integers]:
    """p, whether each film (N,) was called right with the true labels, and how many were with each shuffle (P,).

    Args:
        columns: (N, D), what the probe sees.
        labels: (N,) class numbers.
        groups: (N,), films that stay together.
        parts: films to train on and to judge.
        num_classes: K.
        seed: of the shuffles.
    """
    part_of_film = np.zeros(len(labels), np.int64)
    for number, (_, judged) in enumerate(parts, start=1):
        part_of_film[judged] = number
    orders = _orders(part_of_film, groups, seed)
    shuffled = labels[orders]  # (1 + P, N)
    right = np.zeros(shuffled.shape, bool)
    for train, judged in parts:
        wanted = np.eye(num_classes)[shuffled[:, train].T]  # (T, 1 + P, K)
        scores = linear(columns[train], wanted.reshape(len(train), -1), columns[judged])
        predicted = scores.reshape(len(judged), len(orders), num_classes).argmax(-1)
        right[:, judged] = shuffled[:, judged] == predicted.T
    counts = right.sum(1)
    p = float((1 + (counts[1:] >= counts[0]).sum()) / (1 + NUM_PERMUTATIONS))
    return p, right[0], counts[1:]


def _orders(part_of_film: Integers, groups: Sequence[str], seed: int) -> Integers:
    """Whose label each film gets, (1 + NUM_PERMUTATIONS, N): first its own, then those of a shuffle each."""
    members: dict[tuple[int, str], list[int]] = defaultdict(list)
    for film, key in enumerate(zip(part_of_film.tolist(), groups, strict=True)):
        members[key].append(film)
    alike: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for (part, _), films in sorted(members.items()):
        alike[part, len(films)].append(films)
    orders = np.tile(np.arange(len(groups)), (1 + NUM_PERMUTATIONS, 1))
    random = generator(seed, "permutation")
    for order in orders[1:]:
        for blocks in alike.values():
            moved = np.array(blocks)  # (G, size)
            order[moved] = moved[random.permutation(len(moved))]
    return orders
