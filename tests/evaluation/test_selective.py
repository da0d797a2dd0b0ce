"""Risk and coverage: the area by its definition, the curve by counting, what it is at its ends."""

import numpy as np
import pytest

from plainfilm.evaluation.selective import NUM_POINTS, risk_coverage
from plainfilm.records import as_dict


def risk_coverage_json(*given):
    return as_dict(risk_coverage(*given))


def table(num_films: int, num_groups: int, *, seed: int = 0):
    random = np.random.default_rng(seed)
    labels = random.integers(3, size=num_films)
    probabilities = random.dirichlet(np.ones(3), size=num_films) + 0.5 * np.eye(3)[labels]
    return probabilities / probabilities.sum(1, keepdims=True), labels, [f"g{i % num_groups}" for i in range(num_films)]


def test_the_area_is_the_mean_of_the_risks_of_all_cuts():
    probabilities, labels, groups = table(57, 57)
    confidence, wrong = probabilities.max(1), probabilities.argmax(1) != labels
    risks = [wrong[confidence >= cut].mean() for cut in confidence]
    area = risk_coverage_json(probabilities, labels, groups)["aurc"]
    assert area["value"] == pytest.approx(np.mean(risks))
    assert area["low"] < area["value"] < area["high"]
    assert area["n"] == 57


def test_the_curve_counts_the_surest_films():
    probabilities, labels, groups = table(200, 200)
    right = (probabilities.argmax(1) == labels)[np.argsort(-probabilities.max(1))]
    curve = risk_coverage_json(probabilities, labels, groups)["curve"]
    assert [point["share"] for point in curve] == [(place + 1) / NUM_POINTS for place in range(NUM_POINTS)]
    for point in curve:
        kept = round(200 * point["share"])
        assert point["accuracy"]["value"] == pytest.approx(right[:kept].mean())
        assert point["accuracy"]["n"] == kept


def test_films_of_one_confidence_stay_together_and_their_order_does_not_matter():
    labels = np.array([0, 1] * 30)
    probabilities = np.tile([0.7, 0.3], (60, 1))
    found = risk_coverage_json(probabilities, labels, [str(i) for i in range(60)])
    assert {point["share"] for point in found["curve"]} == {1.0}
    assert found["aurc"]["value"] == pytest.approx(0.5)
    order = np.argsort(labels, kind="stable")
    again = risk_coverage_json(probabilities, labels[order], [str(i) for i in order])
    assert again["aurc"]["value"] == pytest.approx(0.5)


def test_a_confidence_that_knows_its_errors_has_a_smaller_area():
    labels = np.zeros(100, int)
    right = np.arange(100) < 80
    knowing = np.where(right, 0.9, 0.6) + np.linspace(0, 0.05, 100)
    probabilities = np.where(right[:, None], np.stack([knowing, 1 - knowing], 1), np.stack([1 - knowing, knowing], 1))
    upside_down = np.where(right, 0.6, 0.9) + np.linspace(0, 0.05, 100)
    other = np.where(
        right[:, None], np.stack([upside_down, 1 - upside_down], 1), np.stack([1 - upside_down, upside_down], 1)
    )
    groups = [str(i) for i in range(100)]
    small, large = (risk_coverage_json(table, labels, groups)["aurc"] for table in (probabilities, other))
    assert small["value"] < 0.05 < 0.5 < large["value"]


def test_groups_widen_and_one_group_says_nothing():
    probabilities, labels, _ = table(200, 200)
    alone, together = (
        risk_coverage_json(probabilities, labels, [str(i // size) for i in range(200)])["aurc"] for size in (1, 20)
    )
    assert alone["value"] == together["value"]
    one = risk_coverage_json(probabilities, labels, ["g"] * 200)["aurc"]
    assert (one["low"], one["high"]) == (0, 1)
