"""Figures of decisions: sets counted by hand, predictive values by Bayes, reliability as scikit-learn bins it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from plainfilm.estimate import Estimate
from plainfilm.evaluation.decisions import add_predictive_values, measure_sets, predictive_values
from plainfilm.evaluation.intervals import shares, wilson
from plainfilm.evaluation.reliability import reliability
from plainfilm.model.decision import OperatingPoint
from plainfilm.records import as_dict, plain

NAMES = ("a", "b", "c")


def measure_sets_json(*given):
    return as_dict(measure_sets(*given))


def add_predictive_values_json(*given):
    return plain(add_predictive_values(*given))


def reliability_json(*given):
    return as_dict(reliability(*given))


def alone(count: int) -> list[str]:
    return [f"g{number}" for number in range(count)]


def random_films(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet([0.5, 0.5, 0.5], count)
    return probabilities, np.array([random.choice(3, p=row) for row in probabilities])


# --- sets ------------------------------------------------------------------------------------------------------------


def test_sets_by_hand():
    sets = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]], bool)
    found = measure_sets_json(sets, np.array([0, 0, 1, 1, 2]), alone(5), NAMES, 0.95)
    values = {name: found[name]["value"] for name in ("coverage", "none", "single", "several", "size")}
    assert values == pytest.approx({"coverage": 0.6, "none": 0.2, "single": 0.4, "several": 0.4, "size": 7 / 5})
    assert found["asked"] == 0.95
    assert found["coverage"] == wilson(3, 5).as_dict()
    assert found["classes"]["a"]["coverage"] == wilson(1, 2).as_dict()
    assert found["classes"]["b"]["size"]["value"] == pytest.approx(1.5)
    assert found["classes"]["c"]["several"]["n"] == 1


def test_a_class_without_films_has_no_coverage():
    found = measure_sets_json(np.eye(3, dtype=bool)[[0, 1]], np.array([0, 1]), alone(2), NAMES, 0.9)
    assert found["classes"]["c"]["coverage"] == {"value": None, "low": None, "high": None, "n": 0}
    assert found["classes"]["c"]["size"]["value"] is None


def test_the_interval_of_the_mean_size_holds_the_truth():
    """Sizes of known mean, 200 films a time: the interval holds it in at least 95 % of 300 times."""
    truth, held = 0.1 * 0 + 0.6 * 1 + 0.2 * 2 + 0.1 * 3, 0
    for seed in range(300):
        sizes = np.random.default_rng(seed).choice(4, 200, p=[0.1, 0.6, 0.2, 0.1])
        parts = [wilson(int((sizes > j).sum()), 200) for j in range(3)]
        held += sum(part.low for part in parts) <= truth <= sum(part.high for part in parts)
    assert held >= 285
    sizes = np.random.default_rng(0).choice(4, 200, p=[0.1, 0.6, 0.2, 0.1])
    found = measure_sets_json(np.arange(3) < sizes[:, None], np.zeros(200, int), alone(200), NAMES, 0.95)["size"]
    parts = [wilson(int((sizes > j).sum()), 200) for j in range(3)]
    assert (found["low"], found["high"]) == pytest.approx((sum(p.low for p in parts), sum(p.high for p in parts)))


def test_shares_of_groups_are_wider_than_of_films_and_the_same_otherwise():
    hits = np.repeat(np.random.default_rng(0).random((50, 1)) < 0.7, 6, axis=0)
    counted = np.ones_like(hits)
    (films,) = shares(hits, counted, alone(300))
    (groups,) = shares(hits, counted, np.repeat(alone(50), 6))
    assert films == wilson(int(hits.sum()), 300)
    assert groups.value == films.value
    assert groups.high - groups.low > 2 * (films.high - films.low)


# --- predictive values -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.001, 0.999))
def test_predictive_values_are_those_of_a_population(sensitivity, specificity, prevalence):
    """Of a million films: true and false positives and negatives, counted."""
    sick, healthy = 1e6 * prevalence, 1e6 * (1 - prevalence)
    true_positives, true_negatives = sick * sensitivity, healthy * specificity
    false_positives, false_negatives = healthy - true_negatives, sick - true_positives
    exact = [Estimate(value, value, value, 10) for value in (sensitivity, specificity)]
    positive, negative = predictive_values(*exact, prevalence)
    for found, right, wrong in (
        (positive, true_positives, false_positives),
        (negative, true_negatives, false_negatives),
    ):
        if right + wrong > 1e-6:
            assert found.value == pytest.approx(right / (right + wrong), abs=1e-6)


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 80), st.floats(0.001, 0.999))
def test_bounds_hold_the_value_and_stay_within_0_and_1(hits, cleared, prevalence):
    for found in predictive_values(wilson(hits, 50), wilson(cleared, 80), prevalence):
        if found.estimable:
            assert 0 <= found.low <= found.value <= found.high <= 1
            assert found.n == 130


def test_nothing_called_positive_is_not_estimable_and_a_missing_share_neither():
    assert not predictive_values(wilson(0, 50), wilson(80, 80), 0.1)[0].estimable
    assert not predictive_values(wilson(0, 0), wilson(80, 80), 0.1)[1].estimable


def test_a_perfect_specificity_is_not_taken_for_certainty():
    """100 of 100 cleared: at 1 % prevalence most positives may still be false."""
    positive, _ = predictive_values(wilson(95, 100), wilson(100, 100), 0.01)
    assert positive.value == 1.0
    assert positive.low < 0.25


def test_the_interval_of_a_predictive_value_covers():
    random, held = np.random.default_rng(0), 0
    truth = 0.9 * 0.05 / (0.9 * 0.05 + 0.1 * 0.95)
    for _ in range(1000):
        found, _ = predictive_values(wilson(random.binomial(80, 0.9), 80), wilson(random.binomial(200, 0.9), 200), 0.05)
        held += found.low <= truth <= found.high
    assert held >= 950


def test_the_bounds_are_where_sensitivity_and_specificity_stand_at_theirs_at_once():
    positive, negative = predictive_values(Estimate(0.9, 0.8, 0.95, 60), Estimate(0.7, 0.6, 0.9, 40), 0.2)
    assert (positive.low, positive.high) == pytest.approx((0.16 / (0.16 + 0.32), 0.19 / (0.19 + 0.08)))
    assert (negative.low, negative.high) == pytest.approx((0.48 / (0.48 + 0.04), 0.72 / (0.72 + 0.01)))


def test_predictive_values_are_added_to_the_points_of_the_classes_asked_for():
    point = OperatingPoint(0.9, 0.3, wilson(9, 10), wilson(8, 10))
    found = add_predictive_values_json({"a": [point], "b": [point], "c": []}, {"a": 0.1, "c": 0.2})
    assert list(found) == ["a", "c"]
    assert found["a"]["points"][0]["ppv"]["value"] == pytest.approx(0.09 / (0.09 + 0.18))
    assert found["c"] == {"prevalence": 0.2, "points": []}


# --- reliability -----------------------------------------------------------------------------------------------------


def test_curves_are_those_of_scikit_learn():
    probabilities, labels = random_films(300)
    probabilities[:4] = [[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]  # on the edges
    found = reliability_json(probabilities, labels, alone(300), NAMES)
    for k, name in enumerate(NAMES):
        observed, means = calibration_curve(labels == k, probabilities[:, k], n_bins=10)
        bins = found["reliability"][name]
        assert [entry["observed"]["value"] for entry in bins] == pytest.approx(list(observed))
        assert [entry["mean"] for entry in bins] == pytest.approx(list(means))
        assert sum(entry["observed"]["n"] for entry in bins) == 300
        for entry in bins:
            assert entry["low"] <= entry["mean"] <= entry["high"]


def test_the_error_by_hand_and_its_interval():
    probabilities = np.array([[0.95, 0.05]] * 8 + [[0.25, 0.75]] * 4)
    labels = np.array([0] * 6 + [1] * 2 + [1] * 2 + [0] * 2)
    error = reliability_json(probabilities, labels, alone(12), ("a", "b"))["expected_calibration_error"]
    assert error["value"] == pytest.approx((8 * 0.2 + 4 * 0.25) / 12)
    assert error["low"] < error["value"] < error["high"]
    assert error["n"] == 12


def test_the_error_of_true_probabilities_is_small_and_of_overconfident_ones_large():
    probabilities, labels = random_films(3000)
    sharp = probabilities**4 / (probabilities**4).sum(axis=1, keepdims=True)
    good, bad = (
        Estimate.from_dict(reliability_json(p, labels, alone(3000), NAMES)["expected_calibration_error"])
        for p in (probabilities, sharp)
    )
    assert good.value < 0.03
    assert bad.low > good.high


def test_perfect_probabilities_lie_within_their_noise_floor_and_wrong_ones_above():
    """Nineteen sets in twenty, by definition; the mean of the floor is the mean of such errors."""
    errors, floors = [], []
    for seed in range(60):
        probabilities, _ = random_films(120, seed=7)
        random = np.random.default_rng(seed)
        labels = (random.random(120)[:, None] > probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
        found = reliability_json(probabilities, labels, alone(120), NAMES)
        errors.append(found["expected_calibration_error"]["value"])
        floors.append(found["noise_floor"])
    assert floors[0] == floors[1]  # it does not know the labels
    assert np.mean(errors) == pytest.approx(floors[0]["mean"], rel=0.08)
    assert 0.85 <= np.mean(np.array(errors) <= floors[0]["percentile_95"]) <= 1
    sharp = probabilities**4 / (probabilities**4).sum(axis=1, keepdims=True)
    found = reliability_json(sharp, labels, alone(120), NAMES)
    assert found["expected_calibration_error"]["value"] > found["noise_floor"]["percentile_95"]


def test_films_in_groups_have_a_higher_noise_floor():
    probabilities, labels = random_films(300)
    probabilities = np.repeat(probabilities[:60], 5, axis=0)
    floors = [
        reliability_json(probabilities, labels, groups, NAMES)["noise_floor"]["mean"]
        for groups in (alone(300), [f"g{number // 5}" for number in range(300)])
    ]
    assert floors[1] > 1.8 * floors[0]


def test_films_of_one_group_say_nothing_about_the_spread():
    probabilities, labels = random_films(20)
    error = reliability_json(probabilities, labels, ["g"] * 20, NAMES)["expected_calibration_error"]
    assert (error["low"], error["high"]) == (0.0, 1.0)
