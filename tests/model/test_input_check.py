"""The input check on phantoms: films pass, other things do not, and its statistics can be trusted or are refused."""

import copy
import json
from functools import cache

import numpy as np
import pytest
from described import NUM_FEATURES, features, phantoms
from PIL import Image

from plainfilm.messages import CATALOGUES
from plainfilm.model import input_check
from plainfilm.model.input_check import InputCheck, Statistics, Verdict, check, fit, fit_crossed
from plainfilm.model.input_measures import NUM_TEXTURE, _boxes, describe, put_right, view
from plainfilm.model.packed import pack
from plainfilm.records import as_dict, from_dict

SIZE_PX = 64


@cache
def films(seed: int, per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Phantoms (N, S, S) and their labels (N,)."""
    return phantoms(seed, per_class, SIZE_PX)


@pytest.fixture(scope="module")
def card() -> dict:
    train, labels = films(1, 60)
    validation, _ = films(2, 25)
    return as_dict(fit(describe(train), features(train), labels, describe(validation), features(validation)))


@pytest.fixture(scope="module")
def fitted(card) -> InputCheck:
    return read(card)


@pytest.fixture(scope="module")
def unseen() -> np.ndarray:
    return films(3, 20)[0]


def read(card: dict, num_features: int = NUM_FEATURES) -> InputCheck:
    return InputCheck.from_card(from_dict(Statistics, card), num_features=num_features)


def judge(fitted: InputCheck, planes: np.ndarray, chroma: float = 0.0) -> list[Verdict]:
    count = len(planes)
    return fitted.judge(planes, describe(planes), features(planes), [500] * count, [500] * count, [chroma] * count)


def non_films(kind: str, count: int = 40) -> np.ndarray:
    """(N, S, S) uint8: noise of two spectra, stripes, a page of lines, discs."""
    random = np.random.default_rng(5)
    if kind == "noise":
        return random.integers(0, 256, (count, SIZE_PX, SIZE_PX), dtype=np.uint8)
    if kind == "clouds":
        coarse = random.integers(0, 256, (count, 6, 6), dtype=np.uint8)
        return np.stack([np.asarray(Image.fromarray(small).resize((SIZE_PX, SIZE_PX), 3)) for small in coarse])
    if kind == "stripes":
        waves = np.sin(np.arange(SIZE_PX) / random.uniform(1, 6, (count, 1))) * 100 + 128
        return np.repeat(waves[:, None], SIZE_PX, axis=1).astype(np.uint8)
    pages = np.full((count, SIZE_PX, SIZE_PX), 240, np.uint8)
    pages[:, 6:58:4, 6:58] = random.choice([20, 240], (count, 13, 52))
    return pages


def test_films_pass(fitted, unseen):
    verdicts = judge(fitted, unseen)
    assert sum(verdict.passed for verdict in verdicts) >= len(verdicts) - 1
    assert all(verdict.passed == (not verdict.reasons) for verdict in verdicts)
    assert np.median([verdict.distance for verdict in verdicts]) < 0.7


@pytest.mark.parametrize("kind", ["noise", "clouds", "stripes", "page"])
def test_what_is_no_film_is_refused(fitted, kind):
    verdicts = judge(fitted, non_films(kind))
    assert np.mean([verdict.distance > 1 for verdict in verdicts]) >= 0.95
    assert {verdict.reasons for verdict in verdicts} <= {(), ("gate-unlike-training",)}


@pytest.mark.parametrize(
    ("number", "reason"), [(1, "gate-upside-down"), (2, "gate-upside-down"), (3, "gate-turned"), (4, "gate-turned")]
)
def test_a_film_that_does_not_stand_upright_is_named(fitted, unseen, number, reason):
    verdicts = judge(fitted, np.ascontiguousarray(view(unseen, number)))
    assert np.mean([verdict.reasons == (reason,) for verdict in verdicts]) >= 0.9


def test_an_inverted_film_is_named(fitted, unseen):
    verdicts = judge(fitted, 255 - unseen)
    assert np.mean([verdict.reasons == ("gate-inverted",) for verdict in verdicts]) >= 0.9


def test_putting_right_undoes_every_view(unseen):
    for number in range(len(input_check.VIEWS)):
        assert np.array_equal(put_right(view(unseen, number), number), unseen)


def test_a_view_of_the_coarse_view_is_the_coarse_view_of_the_view(unseen):
    """So the linear rule learns from the coarse views what turned pixels would teach it."""
    coarse = describe(unseen)[0]
    for number in range(len(input_check.VIEWS)):
        assert np.allclose(view(coarse, number), describe(view(unseen, number))[0], atol=1e-4)


@pytest.mark.parametrize("size", [64, 75, 96, 224])
def test_the_coarse_view_is_the_mean_of_equal_parts(size):
    plane = np.random.default_rng(0).integers(0, 256, (1, size, size), dtype=np.uint8)
    exact = np.asarray(Image.fromarray(plane[0]).convert("F").resize((16, 16), Image.Resampling.BOX))
    if size % 16 == 0:
        assert np.allclose(_boxes(size) @ plane[0].astype(np.float32) @ _boxes(size).T, exact, atol=1e-3)
    assert np.allclose(_boxes(size).sum(1), 1, atol=1e-5)
    assert describe(plane)[1].shape == (1, NUM_TEXTURE)


def test_the_coarse_view_sees_neither_brightness_nor_contrast(unseen):
    dimmed = (unseen * 0.5 + 40).astype(np.uint8)
    assert np.allclose(describe(unseen)[0], describe(dimmed)[0], atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((500, 500, 60.0), "gate-colour"),
        ((63, 100, 0.0), "gate-small"),
        ((500, 1001, 0.0), "gate-shape"),
        ((1001, 500, 0.0), "gate-shape"),
    ],
)
def test_the_rules(unseen, fitted, arguments, reason):
    width, height, chroma = arguments
    assert check(500, 500, 0.0, unseen[0]) == ()
    assert check(width, height, chroma, unseen[0]) == (reason,)
    (verdict,) = fitted.judge(unseen[:1], describe(unseen[:1]), features(unseen[:1]), [width], [height], [chroma])
    assert not verdict.passed
    assert reason in verdict.reasons


@pytest.mark.parametrize("level", [0, 7, 128, 220])
def test_blank_and_faint_images_are_refused(level):
    plane = np.full((SIZE_PX, SIZE_PX), level, np.uint8)
    plane[0, :20] = 255 - level  # a mark in the corner, half a hundredth, is no picture
    assert check(500, 500, 0.0, plane) == ("gate-blank",)
    plane[:, 32:] += 20
    assert check(500, 500, 0.0, plane) == ("gate-low-contrast",)
    plane[:, 32:] += 15
    assert check(500, 500, 0.0, plane) == ()


def test_an_answer_does_not_depend_on_its_batch(fitted, unseen):
    together = judge(fitted, unseen)
    for number in (0, 17, len(unseen) - 1):
        alone = judge(fitted, unseen[number : number + 1])[0]
        assert alone.reasons == together[number].reasons
        assert alone.distance == pytest.approx(together[number].distance, rel=1e-4)


def test_statistics_survive_json_and_are_small(card, fitted, unseen):
    text = json.dumps(card, allow_nan=False)
    assert len(text) < 300_000
    again = read(json.loads(text))
    assert as_dict(again.to_card()) == card
    assert judge(again, unseen) == judge(fitted, unseen)


def test_the_same_films_give_the_same_statistics(card):
    train, labels = films(1, 60)
    validation, _ = films(2, 25)
    assert as_dict(fit(describe(train), features(train), labels, describe(validation), features(validation))) == card


def test_features_of_some_films_will_do_and_change_nothing_else(card, unseen):
    """They take the longest to get; what is fitted on the films themselves stays as it is."""
    planes, labels = films(1, 60)
    validation, _ = films(2, 25)
    some = np.arange(0, len(planes), 2)
    part = as_dict(
        fit(describe(planes), features(planes[some]), labels[some], describe(validation), features(validation))
    )
    for name in ("coarse", "texture"):
        assert part["spaces"][name] == card["spaces"][name]
    assert part["upright"] == card["upright"]
    assert part["spaces"]["features"] != card["spaces"]["features"]
    assert sum(verdict.passed for verdict in judge(read(part), unseen)) >= 0.95 * len(unseen)


def test_few_films_are_enough():
    """A demo has a dozen validation films and fewer films than the coarse view has cells."""
    train, labels = (array[::7] for array in films(1, 60))
    validation = films(2, 25)[0][::6]
    small = InputCheck.from_card(
        fit(describe(train), features(train), labels, describe(validation), features(validation)),
        num_features=NUM_FEATURES,
    )
    assert np.mean([verdict.passed for verdict in judge(small, films(3, 20)[0])]) >= 0.9
    assert np.mean([verdict.passed for verdict in judge(small, non_films("noise"))]) == 0


@pytest.mark.parametrize("count", [30, 400, 20_000])
def test_a_threshold_lets_the_wanted_share_pass(count):
    """In the mean over many draws, of exponential values, whose tail is known."""
    draws = np.random.default_rng(0).exponential(1, (200, count))
    shares = [np.exp(-input_check.tail(values, 0.005)) for values in draws]
    assert 0.004 < np.mean(shares) < 0.03 * (30 / count) ** 0.5 + 0.005


LIES = {
    "missing": lambda card: card.pop("upright"),
    "no mapping": lambda card: card.update(spaces=[]),
    "shape": lambda card: card["upright"].update(shape=[3, 3]),
    "another type": lambda card: card["spaces"]["coarse"]["axes"].update(dtype="<f8"),
    "huge shape": lambda card: card["spaces"]["coarse"]["centres"].update(shape=[10**12, 256]),
    "negative shape": lambda card: card["spaces"]["coarse"]["centres"].update(shape=[-1, 256]),
    "no base64": lambda card: card["upright"].update(data="?" * 16),
    "short data": lambda card: card["upright"].update(data=card["upright"]["data"][:-8]),
    "not finite": lambda card: card["spaces"]["texture"].update(rest=float("nan")),
    "NaN in an array": lambda card: card["spaces"]["features"]["variances"].update(
        as_dict(pack(np.full(card["spaces"]["features"]["variances"]["shape"], np.nan), "<f4"))
    ),
    "infinity in an array": lambda card: card["upright"].update(
        as_dict(pack(np.full(card["upright"]["shape"], np.inf), "<f4"))
    ),
    "too large a number": lambda card: card.update(thresholds=[10**400, 1]),
    "negative variance": lambda card: card["spaces"]["features"]["variances"].update(
        as_dict(pack(np.full(card["spaces"]["features"]["variances"]["shape"], -1.0), "<f4"))
    ),
    "thresholds": lambda card: card.update(thresholds=[0.0, 1.0]),
    "spread": lambda card: card.update(spread=[0.0] * input_check.NUM_MEASURES),
    "length": lambda card: card.update(middle=[0.0]),
    "text": lambda card: card.update(thresholds="ab"),
}


@pytest.mark.parametrize("lie", LIES)
def test_lying_statistics_are_refused(card, lie):
    lying = copy.deepcopy(card)
    LIES[lie](lying)
    with pytest.raises(ValueError):
        read(lying)


def test_statistics_of_another_network_are_refused(card):
    with pytest.raises(ValueError, match=r"card\.reason\.statistics"):
        read(card, NUM_FEATURES + 1)


def test_every_reason_has_its_sentence():
    reasons = {*input_check.VIEWS[1:], "gate-unlike-training", "gate-colour", "gate-small", "gate-shape", "gate-blank"}
    for reason in reasons:
        assert all(reason in catalogue for catalogue in CATALOGUES.values())


def test_few_films_are_measured_by_the_statistics_of_the_others(unseen):
    """Fitted on 60 films, cross-fitted thresholds let new ones pass; those of the films themselves would not."""
    planes, labels = films(1, 20)
    folds = np.arange(len(planes)) % 10
    crossed = read(as_dict(fit_crossed(describe(planes), features(planes), labels, folds)))
    passed = np.mean([verdict.passed for verdict in judge(crossed, unseen)])
    naive = read(as_dict(fit(describe(planes), features(planes), labels, describe(planes), features(planes))))
    assert passed > 0.95
    assert np.mean([verdict.passed for verdict in judge(naive, unseen)]) < passed - 0.2
    assert not any(verdict.passed for verdict in judge(crossed, non_films("noise")))
