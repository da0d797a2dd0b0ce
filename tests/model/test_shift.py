"""Shift: changes of films are found in a batch of fifty, another mix of classes is none, and a summary can be trusted."""

import io
from dataclasses import replace
from functools import cache, partial

import described
import numpy as np
import pytest
from described import NUM_FEATURES, features
from PIL import Image, ImageDraw, ImageFilter
from scipy.stats import chi2

from plainfilm.data.phantom import CLASSES
from plainfilm.errors import PlainfilmError
from plainfilm.model.input_measures import describe
from plainfilm.model.packed import pack
from plainfilm.model.shift import (
    LEVEL,
    MIN_FILMS,
    WATCH_LEVEL,
    Home,
    Placed,
    ShiftSummary,
    chi_square_limit,
    level_of_window,
)
from plainfilm.model.shift_fit import MIN_GROUPS, MIN_KNOWN, HomeFilms, fit_home
from plainfilm.records import as_dict, from_dict

SIZE_PX, PER_CLASS = 96, 110
phantoms = partial(described.phantoms, size_px=SIZE_PX)


def home_films(planes: np.ndarray, answers: np.ndarray, groups: list[str] | None = None) -> HomeFilms:
    names = groups or [str(number) for number in range(len(planes))]
    return HomeFilms.of(features(planes), *describe(planes), answers, names, np.ones(len(planes), bool))


@cache
def summary() -> ShiftSummary:
    planes, answers = phantoms(1, PER_CLASS)
    found = fit_home(home_films(planes, answers), len(CLASSES), seed=0)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def home() -> Home:
    return read(summary())


def read(card: ShiftSummary) -> Home:
    return Home.from_card(card, num_features=NUM_FEATURES, num_classes=len(CLASSES))


@cache
def new() -> tuple[np.ndarray, np.ndarray]:
    return phantoms(2, 60)


def placed(home: Home, planes: np.ndarray, answers: np.ndarray) -> list[Placed]:
    found = home.place(answers, features(planes), *describe(planes))
    assert None not in found
    return found


def batch(home: Home, change, rows: slice = slice(0, 180, 3)) -> list[Placed]:
    """Fifty new films, changed."""
    planes, answers = new()
    chosen = np.arange(len(planes))[rows][:50]
    changed = np.stack([np.asarray(change(Image.fromarray(planes[row]))) for row in chosen])
    return placed(home, changed, answers[chosen])


def jpeg(film: Image.Image) -> Image.Image:
    stored = io.BytesIO()
    film.save(stored, "JPEG", quality=15)
    return Image.open(stored)


def marked(film: Image.Image) -> Image.Image:
    """As one hospital has its films: a frame and a letter."""
    ImageDraw.Draw(film).rectangle((0, 0, SIZE_PX - 1, SIZE_PX - 1), outline=0, width=5)
    ImageDraw.Draw(film).text((8, 6), "L", fill=255)
    return film


PLANTED = {
    "blur": lambda film: film.filter(ImageFilter.GaussianBlur(1.0)),
    "brightness": lambda film: film.point(lambda grey: min(255, round(1.15 * grey + 10))),
    "JPEG": jpeg,
    "crop": lambda film: film.resize(film.size, Image.Resampling.BICUBIC, box=(5, 5, SIZE_PX - 5, SIZE_PX - 5)),
    "marks of a hospital": marked,
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_change_is_found_in_fifty_films(home, name):
    found = home.judge(batch(home, PLANTED[name]))
    assert found.verdict == "abroad", found
    assert found.films == 50


def test_blur_is_told_by_the_sharpness_and_brightness_by_the_greys(home):
    assert "sharpness" in home.judge(batch(home, PLANTED["blur"])).moved
    assert "greys" in home.judge(batch(home, PLANTED["brightness"])).moved


def test_another_mix_of_classes_is_no_shift(home):
    """At LEVEL 0.008 one of 16 batches, each of films of its own, may be called abroad by chance, two hardly ever."""
    found = []
    for seed in range(20, 24):
        planes, answers = phantoms(seed, 50)
        films = placed(home, planes, answers)
        batches = [films[:50], films[50:100], films[100:], films[::3]]
        found += [home.judge(batch) for batch in batches]
    assert sum(entry.is_abroad for entry in found) <= 1
    assert np.median([entry.distance for entry in found]) < 0.7


def test_new_films_of_home_are_seldom_called_abroad(home):
    """At LEVEL 0.008 four of 200 batches would be many; the batches share films, so a few more are no wonder."""
    planes, answers = new()
    films, random = placed(home, planes, answers), np.random.default_rng(5)
    called = [home.judge([films[i] for i in random.choice(len(films), 50, replace=False)]) for _ in range(200)]
    assert sum(found.is_abroad for found in called) <= 8
    unlike = np.mean([film.is_unlike for film in films])
    assert unlike <= 0.05


def test_few_films_tell_nothing(home):
    found = home.judge(batch(home, PLANTED["blur"])[: MIN_FILMS - 1])
    assert (found.verdict, found.distance) == ("too-few", None)


def test_films_of_one_patient_count_once(home):
    """Forty films of one patient and nineteen others are twenty that say something."""
    films = batch(home, lambda film: film)
    one = [films[0]] * 40
    groups = ["one"] * 40 + [str(number) for number in range(19)]
    assert home.judge([*one, *films[1:20]], groups).films == 20
    assert home.judge([*one, *films[1:20]], groups).verdict == "home"
    assert home.judge(one, ["one"] * 40).verdict == "too-few"


def test_an_answer_that_no_home_film_got_is_not_placed():
    planes, answers = phantoms(3, 30)
    found = fit_home(home_films(planes[:60], answers[:60]), len(CLASSES), seed=0)
    assert found is not None
    assert found.films[2] == 0
    placing = read(found).place(answers, features(planes), *describe(planes))
    assert [entry is None for entry in placing] == [False] * 60 + [True] * 30


def test_without_enough_films_there_is_no_summary():
    planes, answers = phantoms(3, 10)
    few = slice(0, MIN_KNOWN - 1)
    assert fit_home(home_films(planes[few], answers[few]), len(CLASSES), seed=0) is None
    groups = [str(number % (MIN_GROUPS - 1)) for number in range(len(planes))]
    assert fit_home(home_films(planes, answers, groups), len(CLASSES), seed=0) is None


def test_the_summary_is_the_same_again_small_and_survives_its_json():
    planes, answers = phantoms(1, PER_CLASS)
    again = fit_home(home_films(planes, answers), len(CLASSES), seed=0)
    assert again == summary()
    assert from_dict(ShiftSummary, as_dict(again), exact=True) == again


def test_streams_of_home_films_never_alarm(home):
    """Windows of films from the fitted density, at the levels at which they are watched."""
    random = np.random.default_rng(0)
    size = sum(block.axes.shape[1] for block in home.blocks.values())
    for _ in range(10):
        distances = home.scale * random.chisquare(home.freedom, 3000)
        limits = np.array([home.limit(1, level_of_window(number)) for number in range(1, 3001)])
        assert not (distances > limits).any()
    assert size == len(batch(home, lambda film: film)[0].offsets)


def test_the_levels_of_all_windows_come_to_the_promised_one():
    total = sum(level_of_window(number) for number in range(1, 100_000))
    assert WATCH_LEVEL * 0.9999 < total < WATCH_LEVEL


@pytest.mark.parametrize("freedom", [5, 20, 51, 200])
@pytest.mark.parametrize("level", [LEVEL, 1e-4, 1e-8])
def test_the_limit_is_that_of_a_chi_square(freedom, level):
    assert 0.97 < chi_square_limit(freedom, level) / chi2.isf(level, freedom) < 1.08  # far out it is careful


LIES = {
    "no such block": lambda card: replace(card, blocks={"greys": card.blocks["greys"]}),
    "scale": lambda card: replace(card, scale=0.0),
    "freedom": lambda card: replace(card, freedom=float("nan")),
    "film limit": lambda card: replace(card, film_limit=-1.0),
    "films": lambda card: replace(card, films=(1, 2)),
    "groups": lambda card: with_block(card, groups=(1, -1, 2)),
    "means": lambda card: with_block(card, means=pack(np.full((3, 9), np.inf), "<f4")),
    "shape": lambda card: with_block(card, axes=pack(np.zeros((3, 9)), "<f2")),
    "flat": lambda card: with_block(card, axes=pack(np.zeros(9), "<f2")),
    "base64": lambda card: with_block(card, means=replace(card.blocks["greys"].means, data="é")),
}


def with_block(card: ShiftSummary, **changes) -> ShiftSummary:
    return replace(card, blocks={**card.blocks, "greys": replace(card.blocks["greys"], **changes)})


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_summary_is_refused(lie):
    with pytest.raises(PlainfilmError, match=r"card\.reason\.statistics"):
        read(LIES[lie](summary()))


def test_a_summary_of_another_network_is_refused():
    with pytest.raises(PlainfilmError, match=r"card\.reason\.statistics"):
        Home.from_card(summary(), num_features=NUM_FEATURES + 1, num_classes=len(CLASSES))
    with pytest.raises(PlainfilmError, match=r"card\.reason\.statistics"):
        Home.from_card(summary(), num_features=NUM_FEATURES, num_classes=len(CLASSES) - 1)
