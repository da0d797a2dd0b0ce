"""Calibration of findings: against scipy, by simulation of what it promises, and at exactly too few."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from plainfilm.evaluation.findings_calibration import calibrate_findings, fit_scaling
from plainfilm.model.decision import TEMPERATURES
from plainfilm.model.findings import (
    FindingDecision,
    FindingsCalibration,
    probabilities_of,
    sets_of,
    sigmoid,
    states_of,
)
from plainfilm.records import as_dict


def alone(count: int) -> list[str]:
    return [f"g{number}" for number in range(count)]


def draw(count: int, *, temperature: float = 1.0, shift: float = -1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N,), and whether the finding is present (N,), drawn with sigmoid(logits / temperature + shift)."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2 * temperature, count)
    return logits, random.random(count) < sigmoid(logits / temperature + shift)


def films_of(positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that overlap, of so many films of their own."""
    random = np.random.default_rng(positives)
    present = np.arange(positives + negatives) < positives
    return random.normal(0, 1, len(present)) + present, present


def calibrated(logits, targets, groups=None, **options) -> FindingsCalibration:
    logits = logits.reshape(len(logits), -1)
    targets = np.asarray(targets, np.float32).reshape(logits.shape)
    options = {"coverage": 0.95, "sensitivities": (0.9, 0.95, 0.99), "of": "out-of-fold"} | options
    return calibrate_findings(logits, targets, groups or alone(len(logits)), **options)


def fitted(logits, targets, groups=None, **options) -> FindingDecision:
    (found,) = calibrated(logits, targets, groups, **options).findings
    return found


# --- temperature and shift -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 1.5])
def test_temperature_and_shift_are_where_scipy_finds_the_lowest_log_loss(temperature, shift):
    logits, present = draw(600, temperature=temperature, shift=shift)
    signs = np.where(present, -1.0, 1.0)

    def loss(wanted):
        return np.logaddexp(0, signs * (logits * wanted[0] + wanted[1])).mean()

    found = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-15, "maxiter": 4000})
    assert fit_scaling(logits, present) == pytest.approx((1 / found.x[0], found.x[1]), rel=1e-4, abs=1e-5)


def test_planted_values_are_found():
    found = fitted(*draw(20_000, temperature=2.5, shift=-1.2))
    assert found.temperature == pytest.approx(2.5, rel=0.05)
    assert found.shift == pytest.approx(-1.2, abs=0.05)
    assert found.prevalence == pytest.approx(draw(20_000, temperature=2.5, shift=-1.2)[1].mean())


def test_the_mean_probability_is_the_share_of_positives():
    logits, present = draw(500, temperature=0.7, shift=-2.0)
    found = calibrated(logits, present)
    assert probabilities_of(logits[:, None], found).mean() == pytest.approx(present.mean(), abs=1e-9)


def test_scores_of_the_wrong_sign_end_at_the_highest_temperature():
    logits, present = draw(400)
    temperature, _ = fit_scaling(-logits, present)
    assert temperature == pytest.approx(TEMPERATURES[1])


def test_timid_scores_end_at_the_lowest_temperature():
    logits, present = draw(400)
    temperature, shift = fit_scaling(logits * 0.01, present)
    assert temperature == pytest.approx(TEMPERATURES[0])
    assert np.isfinite(shift)


@pytest.mark.parametrize("logits", [np.linspace(-3, 3, 60), np.zeros(60), np.repeat([-1e5, 1e5], [30, 30])])
def test_positives_that_all_score_as_high_as_every_negative_leave_the_temperature_at_1(logits):
    temperature, shift = fit_scaling(logits, np.arange(60) >= 30)
    assert temperature == 1.0
    assert np.isfinite(shift)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10_000), st.floats(0.3, 3), st.floats(-4, 4))
def test_other_units_of_the_logits_change_no_probability(seed, scale, offset):
    logits, present = draw(120, seed=seed)
    temperature, shift = fit_scaling(logits, present)
    again, moved = fit_scaling(logits * scale + offset, present)
    if TEMPERATURES[0] < temperature * 0.9 and temperature * 3.3 < TEMPERATURES[1]:
        assert np.allclose((logits * scale + offset) / again + moved, logits / temperature + shift, atol=1e-5)


# --- too few ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("positives", "there"), [(18, False), (19, True)])
def test_present_at_95_percent_takes_19_positives(positives, there):
    found = fitted(*films_of(positives, 200))
    assert (found.present is not None) == there
    assert found.absent is not None
    assert found.positives == positives


@pytest.mark.parametrize(("negatives", "there"), [(18, False), (19, True)])
def test_absent_at_95_percent_takes_19_negatives(negatives, there):
    found = fitted(*films_of(200, negatives))
    assert (found.absent is not None) == there
    assert found.present is not None
    assert found.negatives == negatives


@pytest.mark.parametrize(
    ("positives", "asked"),
    [
        (8, []),
        (9, [0.9]),
        (18, [0.9]),
        (19, [0.9, 0.95]),
        (98, [0.9, 0.95]),
        (99, [0.9, 0.95, 0.99]),
    ],
)
def test_thresholds_take_9_19_and_99_positives(positives, asked):
    assert [point.asked for point in fitted(*films_of(positives, 50)).operating_points] == asked


@pytest.mark.parametrize(("few", "there"), [(19, False), (20, True)])
def test_temperature_and_shift_take_20_of_each(few, there):
    for counts in ((few, 100), (100, few)):
        found = fitted(*films_of(*counts))
        assert (found.temperature is not None) == (found.shift is not None) == there


def test_a_sensitivity_of_1_is_never_promised():
    assert [point.asked for point in fitted(*films_of(300, 50), sensitivities=(0.9, 1.0)).operating_points] == [0.9]


def test_patients_are_counted_not_films():
    logits, present = films_of(60, 200)
    groups = [f"g{number % 18}" for number in range(60)] + [f"h{number}" for number in range(200)]
    found = fitted(logits, present, groups)
    assert (found.positives, found.negatives) == (18, 200)
    assert found.present is None
    assert found.temperature is None
    assert found.prevalence == pytest.approx(60 / 260)


def test_a_finding_that_is_known_on_no_film():
    found = fitted(films_of(20, 20)[0], np.full(40, np.nan))
    assert found.too_few
    assert (found.positives, found.negatives, found.prevalence) == (0, 0, None)


def test_what_is_fitted_goes_into_a_card_and_comes_back():
    logits, present = films_of(30, 200)
    targets = np.column_stack([present, np.full(230, np.nan), np.zeros(230)])
    found = calibrated(np.column_stack([logits] * 3), targets)
    assert FindingsCalibration.from_dict(as_dict(found), 3) == found


# --- films that play no part -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [np.nan, 0.5])
def test_films_without_a_certain_target_are_as_if_they_were_not_there(unknown):
    logits, present = draw(400)
    targets, groups = present.astype(np.float32), [f"g{number // 2}" for number in range(400)]
    out = np.random.default_rng(1).random(400) < 0.3
    targets[out] = unknown
    masked = fitted(logits, targets, groups)
    dropped = fitted(logits[~out], targets[~out], [group for group, gone in zip(groups, out, strict=True) if not gone])
    assert masked == dropped


def test_a_finding_is_fitted_as_if_it_were_alone():
    first, second = draw(300, seed=1), draw(300, seed=2)
    both = calibrated(np.column_stack([first[0], second[0]]), np.column_stack([first[1], second[1]]))
    assert both.findings == (fitted(*first), fitted(*second))


# --- thresholds ------------------------------------------------------------------------------------------------------


def test_a_point_reaches_what_was_asked_for_and_that_at_the_coverage_is_the_threshold_of_the_sets():
    logits, present = draw(800)
    groups = [f"g{number // 2}" for number in range(800)]
    found = calibrated(logits, present, groups)
    (decision,), probabilities = found.findings, probabilities_of(logits[:, None], found)[:, 0]
    for point in decision.operating_points:
        positive = probabilities >= point.threshold
        assert point.sensitivity.value == pytest.approx(positive[present].mean())
        assert point.specificity.value == pytest.approx((~positive)[~present].mean())
        assert point.sensitivity.n + point.specificity.n == 800
    assert decision.operating_points[1].threshold == decision.present


def test_so_many_as_asked_for_are_covered_on_the_films_that_were_fitted_on():
    logits, present = draw(900)
    found = calibrated(logits, present)
    holds_present, holds_absent = sets_of(probabilities_of(logits[:, None], found), found)
    for side, held in ((present, holds_present[:, 0]), (~present, holds_absent[:, 0])):
        assert held[side].sum() == np.ceil((side.sum() + 1) * 0.95)


def test_temperature_and_shift_change_no_state():
    logits, present = draw(500)
    found = calibrated(logits, present)
    again = calibrated(logits * 3 - 4, present)
    states = states_of(probabilities_of(logits[:, None], found), found)
    assert {*np.unique(states)} == {-1, 0, 1}
    assert np.array_equal(states_of(probabilities_of((logits * 3 - 4)[:, None], again), again), states)


@pytest.mark.parametrize("shift", [-9.0, 0.0, 9.0])
def test_rounding_puts_no_film_that_was_fitted_on_on_the_other_side(shift):
    logits, present = draw(4000)
    few = np.append(np.flatnonzero(present)[:19], np.flatnonzero(~present)[:600])  # too few for a shift: p as it is
    logits, present = logits[few] + shift, present[few]
    found = calibrated(logits, present)
    states = states_of(probabilities_of(logits[:, None], found), found)
    for elsewhere in (logits - 1e-6, logits + 1e-6):  # another runtime, another batch
        assert np.array_equal(states_of(probabilities_of(elsewhere[:, None], found), found), states)


# --- the promise -----------------------------------------------------------------------------------------------------


def coverages(num_fits: int, draw_films) -> tuple[float, float]:
    """Mean coverage of positives and negatives over fits on the columns of one draw, judged on those of another."""
    logits, present, groups = draw_films(0, num_fits)
    found = calibrate_findings(
        logits, present.astype(np.float32), groups, coverage=0.95, sensitivities=(), of="validation"
    )
    assert not any(entry.present is None or entry.absent is None for entry in found.findings)
    logits, present, groups = draw_films(1, num_fits)
    held = sets_of(probabilities_of(logits, found), found)
    sides = ((present, held[0]), (~present, held[1]))
    return tuple(float(inside[side].mean()) for side, inside in sides)


@pytest.mark.parametrize(("num_films", "num_fits"), [(19, 2000), (60, 1000), (360, 200)])
def test_present_and_absent_sets_cover_as_promised(num_films, num_fits):
    """So many positives and as many negatives, 95 % promised: 95 % plus at most one of n + 1, on average."""

    def films(seed, count):
        random = np.random.default_rng(seed)
        present = np.arange(2 * num_films) < num_films
        logits = random.normal(0, 1, (len(present), count)) + present[:, None] * np.linspace(0, 3, count)
        return logits, np.repeat(present[:, None], count, axis=1), alone(len(present))

    for found in coverages(num_fits, films):
        assert 0.947 < found < 0.95 + 1 / (num_films + 1) + 0.003
        assert 0.93 < found < 0.97


def test_new_patients_are_covered_where_films_of_a_patient_resemble_each_other():
    """A few patients have many films; judged on the first film of each new patient."""

    def films(seed, count):
        random = np.random.default_rng(seed)
        sizes = random.choice([1, 1, 1, 20], 160)
        ill = np.arange(160) % 2 == 0
        noise = random.normal(0, 2, (160, count)) * (sizes[:, None] > 1) + ill[:, None] * 2
        group = np.repeat(np.arange(160), sizes if seed == 0 else 1)
        logits = noise[group] + random.normal(0, 0.5, (len(group), count))
        return logits, np.repeat(ill[group][:, None], count, axis=1), [f"g{number}" for number in group]

    assert all(0.94 < found < 0.97 for found in coverages(200, films))
