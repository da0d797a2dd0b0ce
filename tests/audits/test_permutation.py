"""The permutation test: p is uniform where there is nothing, small where there is something; groups stay whole."""

import numpy as np
import pytest

from plainfilm.audits import permutation
from plainfilm.audits.permutation import NUM_PERMUTATIONS, permutation_test


def films(seed: int, signal: float):
    """60 groups of 1 to 2 films, one class a group; columns of noise that films of a group share, and a signal."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 3, 60)
    group = np.repeat(np.arange(60), sizes)
    label = random.permutation(np.arange(60) % 2)
    columns = random.normal(size=(60, 6))[group] + 0.1 * random.normal(size=(len(group), 6))
    columns[:, 0] += signal * label[group]
    fold = random.integers(3, size=60)[group]
    parts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    return columns, label[group], [str(number) for number in group], parts


def test_p_is_uniform_where_labels_mean_nothing(monkeypatch):
    monkeypatch.setattr(permutation, "NUM_PERMUTATIONS", 60)
    values = np.array([permutation_test(*films(seed, 0), 2, seed=seed)[0] for seed in range(150)])
    assert 0.42 < values.mean() < 0.62  # ties, counted against a finding, push it a little above a half
    for level in (0.1, 0.25, 0.5):
        assert (values <= level).mean() < level + 0.09  # 2.5 standard errors at most


def test_p_is_the_smallest_where_labels_mean_much():
    p, right, shuffled = permutation_test(*films(0, 3), 2)
    assert p == pytest.approx(1 / (1 + NUM_PERMUTATIONS))
    assert right.sum() > shuffled.max()
    assert len(shuffled) == NUM_PERMUTATIONS


def test_shuffles_keep_groups_whole_and_the_counts_of_every_part():
    _, labels, groups, parts = films(1, 0)
    part_of_film = np.zeros(len(labels), int)
    for number, (_, judged) in enumerate(parts, start=1):
        part_of_film[judged] = number
    orders = permutation._orders(part_of_film, groups, 0)
    assert (orders[0] == np.arange(len(labels))).all()
    assert len(np.unique(orders, axis=0)) > 100
    for order in orders[:50]:
        assert sorted(order.tolist()) == list(range(len(labels)))
        assert (part_of_film[order] == part_of_film).all()
        for name in set(groups):
            members = np.array([group == name for group in groups])
            assert len({groups[film] for film in order[members]}) == 1


def test_the_same_seed_the_same_answer():
    one, other = (permutation_test(*films(2, 0.5), 2, seed=4) for _ in range(2))
    assert one[0] == other[0]
    np.testing.assert_array_equal(one[2], other[2])
    assert not np.array_equal(one[2], permutation_test(*films(2, 0.5), 2, seed=5)[2])
