"""Home of few films: what is fitted on fifty films of a place does not take the next ones for films from abroad."""

import numpy as np
import pytest

from plainfilm.model.input_measures import COARSE, NUM_TEXTURE
from plainfilm.model.shift import Home
from plainfilm.model.shift_fit import HomeFilms, fit_home

NUM_FEATURES = 64
SIDES = {"features": NUM_FEATURES, "coarse": COARSE**2, "texture": NUM_TEXTURE}
NUM_TRIALS = 8


@pytest.mark.parametrize("count", [50, 75])
def test_new_films_of_a_small_home_are_at_home(count: int) -> None:
    random = np.random.default_rng(count)
    mixes = [random.normal(size=(side, side)) * np.exp(-np.arange(side) / 8) for side in SIDES.values()]

    def films(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Answers, features, coarse views and textures with heavy tails."""
        points = [random.standard_t(5, (number, len(mix))) @ mix.T for mix in mixes]
        return random.integers(0, 2, number), points[0], points[1].reshape(number, COARSE, COARSE), points[2]

    alarms, unlike = 0, 0
    for _ in range(NUM_TRIALS):
        answers, *described = films(count)
        groups = [f"g-{number}" for number in range(count)]
        card = fit_home(HomeFilms.of(*described, answers, groups, np.ones(count, bool)), 2, seed=0)
        assert card is not None
        home = Home.from_card(card, num_features=NUM_FEATURES, num_classes=2)
        found = [film for film in home.place(*films(50)) if film is not None]
        shift = home.judge(found)
        alarms += shift.is_abroad
        unlike += shift.unlike
    assert alarms == 0
    assert unlike < 0.04 * 50 * NUM_TRIALS


def test_films_that_are_all_one_have_no_summary() -> None:
    """Nothing parts two halves of them, so nothing says what chance is."""
    count = 60
    films = np.zeros((count, NUM_FEATURES)), np.ones((count, COARSE, COARSE)), np.ones((count, NUM_TEXTURE))
    groups = [f"g-{number}" for number in range(count)]
    answers = np.arange(count) % 2
    assert fit_home(HomeFilms.of(*films, answers, groups, np.ones(count, bool)), 2, seed=0) is None
