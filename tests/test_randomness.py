"""Randomness with an address."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.randomness import generator

ADDRESSES = st.tuples(
    st.integers(0, 2**31), st.sampled_from(["order", "augment", "split"]), st.lists(st.integers(0, 1000), max_size=3)
)


def draw(address) -> list[int]:
    seed, purpose, rest = address
    return generator(seed, purpose, *rest).integers(0, 2**62, 4).tolist()


@given(ADDRESSES, ADDRESSES)
def test_one_address_draws_one_sequence_and_another_another(first, second):
    assert draw(first) == draw(first)
    assert (draw(first) == draw(second)) == (first == second)


def test_parts_of_an_address_do_not_run_together():
    assert draw((1, "order", [1, 23])) != draw((1, "order", [12, 3]))
    assert draw((11, "order", [])) != draw((1, "1order", []))


def test_the_numbers_are_those_of_every_machine_and_release():
    assert generator(0, "order", 1).permutation(8).tolist() == [1, 6, 2, 5, 7, 4, 3, 0]


def test_no_global_state_is_read_or_changed():
    np.random.seed(1)
    random.seed(1)
    expected = (np.random.get_state()[1].tolist(), random.getstate(), draw((0, "order", [])))
    np.random.seed(1)
    random.seed(1)
    drawn = draw((0, "order", []))
    assert (np.random.get_state()[1].tolist(), random.getstate(), drawn) == expected


def test_neighbouring_addresses_are_uncorrelated():
    draws = np.stack([generator(0, "augment", epoch).standard_normal(2000) for epoch in range(20)])
    correlations = np.corrcoef(draws)[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 0.1
