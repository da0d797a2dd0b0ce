import math
from itertools import pairwise

import pytest
from builders import make_recipe
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.schedule import Plan, learning_rate, make_plan


def rates(steps_per_epoch: int, **training) -> list[float]:
    recipe = make_recipe(**training).training
    plan = make_plan(recipe, steps_per_epoch)
    return [learning_rate(recipe, plan, step) for step in range(plan.steps)]


def test_the_plan_of_two_sizes():
    plan = make_plan(make_recipe(sizes_px=(64, 80), epochs=(2, 1)).training, 3)
    assert plan.sizes_px == (64, 64, 80)
    assert (plan.epochs, plan.steps) == (3, 9)
    assert [plan.place(step) for step in (0, 2, 3, 8)] == [(0, 0), (0, 2), (1, 0), (2, 2)]
    assert [step for step in range(9) if plan.is_last_of_epoch(step)] == [2, 5, 8]


@given(st.integers(1, 50), st.lists(st.sampled_from([64, 80]), min_size=1, max_size=9))
def test_every_epoch_has_its_steps_and_one_last_one(steps_per_epoch, sizes):
    plan = Plan(steps_per_epoch, tuple(sizes))
    places = [plan.place(step) for step in range(plan.steps)]
    assert places == [(epoch, step) for epoch in range(len(sizes)) for step in range(steps_per_epoch)]
    assert sum(plan.is_last_of_epoch(step) for step in range(plan.steps)) == len(sizes)


def test_natural_exp_is_the_tutorials():
    found = rates(4, schedule="natural_exp", learning_rate=0.01, gamma=0.6, epochs=(5,))
    assert found == [0.01 * math.exp(-0.6 * epoch) for epoch in range(5) for _ in range(4)]


def test_constant():
    assert set(rates(4, schedule="constant", learning_rate=0.02)) == {0.02}


def test_cosine_rises_in_a_line_then_falls_to_nothing():
    found = rates(10, schedule="cosine", learning_rate=1.0, warmup_epochs=2.0, epochs=(12,))
    assert found[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert found[20] == 1.0
    assert all(later < earlier for earlier, later in pairwise(found[20:]))
    assert found[70] == pytest.approx(0.5)  # half-way down
    assert 0 < found[-1] < 1e-3


@given(
    steps_per_epoch=st.integers(1, 40),
    epochs=st.integers(1, 8),
    warmup=st.floats(0, 10),
    schedule=st.sampled_from(["constant", "natural_exp", "cosine"]),
    highest=st.floats(1e-6, 10),
)
def test_a_rate_is_positive_and_never_above_the_highest(steps_per_epoch, epochs, warmup, schedule, highest):
    found = rates(steps_per_epoch, epochs=(epochs,), warmup_epochs=warmup, schedule=schedule, learning_rate=highest)
    assert all(0 < rate <= highest * (1 + 1e-12) for rate in found)
    peak = found.index(max(found))
    assert found[: peak + 1] == sorted(found[: peak + 1])
    assert found[peak:] == sorted(found[peak:], reverse=True)
