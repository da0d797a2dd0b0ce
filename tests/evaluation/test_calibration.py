"""Calibration: against scipy, by simulation of what it promises, and where there is little to fit on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from plainfilm.evaluation import metrics
from plainfilm.evaluation.calibration import (
    calibrate,
    conformal_quantile,
    fit_quantiles,
    fit_temperature,
    fit_threshold,
)
from plainfilm.evaluation.decisions import measure_points
from plainfilm.model.decision import TEMPERATURES, Calibration, conformal_sets, softmax


def draw(count: int, num_classes: int = 3, *, seed: int = 0, temperature: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and labels (N,) that are drawn with the probabilities softmax(logits / temperature)."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2 * temperature, (count, num_classes))
    return logits, (logits / temperature + random.gumbel(size=logits.shape)).argmax(axis=1)


def alone(count: int) -> list[str]:
    return [f"g{number}" for number in range(count)]


def fitted(logits, labels, groups=None, **options) -> Calibration:
    options = {"coverage": 0.95, "sensitivities": (0.9, 0.95, 0.99)} | options
    return calibrate(logits, labels, groups or alone(len(labels)), **options)


# --- temperature -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("num_classes", [2, 3, 10])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_is_where_scipy_finds_the_lowest_log_loss(num_classes, temperature):
    logits, labels = draw(400, num_classes, temperature=temperature)

    def loss(log_temperature):
        rows = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -rows[np.arange(len(labels)), labels].mean()

    found = minimize_scalar(loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-9})
    assert fit_temperature(logits, labels) == pytest.approx(np.exp(found.x), rel=1e-5)


def test_the_temperature_that_films_were_drawn_with_is_found():
    assert fit_temperature(*draw(5_000, temperature=2.5)) == pytest.approx(2.5, rel=0.05)


def test_films_that_are_all_right_leave_the_temperature_at_1():
    logits, _ = draw(30)
    assert fit_temperature(logits, logits.argmax(axis=1)) == 1.0


def test_the_temperature_stays_within_its_bounds():
    logits, _ = draw(30)
    assert fit_temperature(logits, logits.argmin(axis=1)) == pytest.approx(TEMPERATURES[1])
    timid = 0.01 * np.eye(3)[[0] * 30]  # right 29 times of 30, and never sure
    assert fit_temperature(timid, np.array([0] * 29 + [1])) == pytest.approx(TEMPERATURES[0])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.2, 5))
def test_scaling_the_logits_scales_the_temperature(seed, scale):
    logits, labels = draw(40, seed=seed)
    first = fit_temperature(logits, labels)
    wanted = np.clip(first * scale, *TEMPERATURES) if first != 1.0 else 1.0
    if TEMPERATURES[0] < first < TEMPERATURES[1]:
        assert fit_temperature(logits * scale, labels) == pytest.approx(wanted, rel=1e-6)


# --- sets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "coverage"), [(19, 0.95), (20, 0.95), (39, 0.95), (100, 0.9), (388, 0.95)])
def test_the_quantile_is_the_usual_one_where_no_group_repeats(count, coverage):
    scores = np.random.default_rng(count).random(count)
    expected = np.sort(scores)[int(np.ceil((count + 1) * coverage - 1e-9)) - 1]
    assert conformal_quantile(scores, np.arange(count), coverage) == expected


def test_too_few_groups_cover_everything():
    assert conformal_quantile(np.zeros(18), np.arange(18), 0.95) == 1.0
    assert conformal_quantile(np.zeros(100), np.arange(100) % 18, 0.95) == 1.0


def test_copies_of_a_film_in_its_group_change_no_quantile():
    scores, groups = np.random.default_rng(0).random(60), np.arange(60)
    copies = np.append(np.arange(60), np.full(500, np.argmax(scores)))
    assert conformal_quantile(scores[copies], groups[copies], 0.9) == conformal_quantile(scores, groups, 0.9)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5, 1.0]), min_size=1, max_size=60), st.floats(0.5, 0.98))
def test_more_coverage_never_asks_for_a_lower_quantile_and_ties_are_covered(scores, coverage):
    scores, groups = np.array(scores), np.arange(len(scores))
    quantile = conformal_quantile(scores, groups, coverage)
    assert quantile <= conformal_quantile(scores, groups, coverage + 0.01)
    assert (scores <= quantile).sum() >= min(len(scores), np.ceil((len(scores) + 1) * coverage - 1e-6))


def coverages(draw_films, repeats: int, coverage: float) -> np.ndarray:
    """Coverage of each class (repeats, 3) on new films after fitting on others, both made by `draw_films`.

    By the quantiles alone: a set also holds the most probable class, which covers more.
    """
    found = []
    for seed in range(repeats):
        probabilities, labels, groups = draw_films(2 * seed)
        quantiles, pooled = fit_quantiles(probabilities, labels, groups, coverage)
        assert not any(pooled)
        probabilities, labels, _ = draw_films(2 * seed + 1)
        sets = 1 - probabilities <= np.asarray(quantiles)
        assert (conformal_sets(probabilities, quantiles) >= sets).all()
        covered = np.take_along_axis(sets, labels[:, None], axis=1)[:, 0]
        found.append([covered[labels == k].mean() for k in range(3)])
    return np.array(found)


@pytest.mark.parametrize("coverage", [0.9, 0.95])
def test_each_class_is_covered_as_promised(coverage):
    """The mean over 100 fits on 50 films a class: not less, and not much more (1 of 51) either."""

    def films(seed):
        random = np.random.default_rng(seed)
        labels = np.arange(150) % 3
        logits = random.normal(0, 1, (150, 3)) + np.array([2.5, 1.0, 0.2])[labels, None] * np.eye(3)[labels]
        return softmax(logits), labels, alone(150)

    found = coverages(films, 100, coverage)
    assert (found.mean(axis=0) > coverage - 0.012).all()
    assert (found.mean(axis=0) < coverage + 1 / 51 + 0.012).all()


def test_films_of_a_patient_who_resemble_each_other_do_not_break_the_promise():
    """A few patients with many films each; the unit is the patient, so new patients are covered on average."""

    def films(seed):
        random = np.random.default_rng(seed)
        sizes = random.choice([1, 1, 1, 20], 150)
        label_of_group = np.arange(150) % 3
        shift = random.normal(0, 2, (150, 3)) * (sizes[:, None] > 1)
        groups = np.repeat(np.arange(150), sizes)
        labels = label_of_group[groups]
        logits = 2 * np.eye(3)[labels] + shift[groups] + random.normal(0, 0.5, (len(labels), 3))
        return softmax(logits), labels, [f"g{group}" for group in groups]

    def one_film_a_group(seed):
        probabilities, labels, groups = films(seed)
        if seed % 2 == 0:
            return probabilities, labels, groups
        _, first = np.unique(groups, return_index=True)
        return probabilities[first], labels[first], alone(len(first))

    assert (coverages(one_film_a_group, 60, 0.9).mean(axis=0) > 0.885).all()


def test_a_class_with_few_groups_shares_the_quantile_of_all():
    logits, _ = draw(160)
    labels = np.repeat([0, 1, 2], [81, 39, 40])
    groups = alone(160)
    groups[120:] = [f"g{number % 38}" for number in range(40)]  # 40 films of class 2, 38 patients
    quantiles, pooled = fit_quantiles(softmax(logits), labels, groups, 0.95)
    assert pooled == [False, False, True]
    scores = 1 - softmax(logits)[np.arange(160), labels]
    numbers = np.unique(groups, return_inverse=True)[1]
    assert quantiles[2] == conformal_quantile(scores, numbers, 0.95)
    assert quantiles[1] == np.sort(scores[labels == 1])[-2]


def test_a_model_that_is_right_more_often_than_asked_for_leaves_the_least_certain_films_without_a_class():
    random = np.random.default_rng(0)
    labels = np.arange(400) % 2
    logits = random.uniform(3, 9, 400)[:, None] * np.eye(2)[labels]
    found = fitted(logits, labels)
    sets = conformal_sets(softmax(logits, found.temperature), found.quantiles)
    assert 0.02 < (sets.sum(axis=1) == 0).mean() < 0.05
    assert sets[logits.max(axis=1) > 4].any(axis=1).all()


# --- operating points and the whole ----------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.1, 0.2, 0.2, 0.7, 1.0]), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_threshold_is_the_highest_that_reaches_the_sensitivity(scores, asked):
    scores = np.array(scores)
    threshold = fit_threshold(scores, asked)
    assert (scores >= threshold).mean() >= asked - 1e-8
    assert (scores > threshold).mean() < asked


def test_operating_points_say_what_they_reach_on_the_films_they_were_fitted_on():
    logits, labels = draw(300)
    found = fitted(logits, labels, [f"g{number // 2}" for number in range(300)])
    probabilities = softmax(logits, found.temperature)
    for k, points in enumerate(found.operating_points):
        assert [point.asked for point in points] == [0.9, 0.95, 0.99]
        for point in points:
            positive = probabilities[:, k] >= point.threshold
            assert point.sensitivity.value == pytest.approx(positive[labels == k].mean())
            assert point.specificity.value == pytest.approx((~positive)[labels != k].mean())
            assert point.sensitivity.n + point.specificity.n == 300
            assert point.asked <= point.sensitivity.value
            assert point.sensitivity.low < point.sensitivity.value <= point.sensitivity.high


def test_points_of_groups_have_wider_intervals():
    logits, labels = draw(200)
    doubled, twice = np.repeat(logits, 4, axis=0), np.repeat(labels, 4)
    thresholds = [[0.5], [], []]
    ((apart, _),) = measure_points(softmax(doubled), twice, alone(800), thresholds)[0]
    ((together, _),) = measure_points(softmax(doubled), twice, np.repeat(alone(200), 4), thresholds)[0]
    assert together.value == apart.value
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


@pytest.mark.parametrize("num_classes", [2, 10])
def test_any_number_of_classes(num_classes):
    logits, labels = draw(500, num_classes)
    found = fitted(logits, labels)
    assert {len(found.quantiles), len(found.pooled), len(found.operating_points)} == {num_classes}
    assert sum(found.films) == 500
    sets = conformal_sets(softmax(logits, found.temperature), found.quantiles)
    assert metrics.ratio(np.take_along_axis(sets, labels[:, None], axis=1).sum(), np.array(500)) >= 0.94


def test_rounding_puts_no_film_that_was_fitted_on_outside_its_bound():
    logits, labels = draw(300)
    found = fitted(logits, labels)
    probabilities = softmax(logits, found.temperature)
    sets = conformal_sets(probabilities, found.quantiles)
    for elsewhere in (probabilities * (1 - 2e-7), probabilities * (1 + 2e-7)):  # another runtime, another batch
        assert np.array_equal(conformal_sets(elsewhere, found.quantiles), sets)
        for k, points in enumerate(found.operating_points):
            for point in points:
                assert np.array_equal(elsewhere[:, k] >= point.threshold, probabilities[:, k] >= point.threshold)


def test_a_class_with_one_film_or_none():
    logits, labels = draw(60)
    labels = np.where(labels == 2, 0, labels)
    labels[7] = 1
    found = fitted(logits, labels)
    assert found.films[2] == 0
    assert found.operating_points[2] == ()
    assert found.pooled[2]
    labels[:] = 0
    labels[7] = 1
    found = fitted(logits, labels)
    assert found.films == (59, 1, 0)
    (threshold,) = {point.threshold for point in found.operating_points[1]}
    assert threshold == pytest.approx(softmax(logits, found.temperature)[7, 1], rel=1e-4)
    assert found.operating_points[1][0].sensitivity.n == 1


def test_one_film_alone_can_exclude_nothing():
    found = fitted(np.array([[3.0, 0.0]]), np.array([0]))
    assert found.quantiles == (1.0, 1.0)
    assert found.temperature == 1.0
    assert found.operating_points[0][0].specificity.estimable is False
