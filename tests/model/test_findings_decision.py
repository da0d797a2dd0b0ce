"""Findings in the model file: probabilities, sets and states; refused where they cannot have been fitted."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from plainfilm.estimate import Estimate
from plainfilm.model.answering import FindingAnswers
from plainfilm.model.decision import OperatingPoint
from plainfilm.model.findings import (
    ABSENT,
    PRESENT,
    TOO_FEW,
    UNDECIDED,
    FindingDecision,
    FindingsCalibration,
    needed,
    probabilities_of,
    sets_of,
    sigmoid,
    states_of,
)
from plainfilm.records import as_dict

SHARE = Estimate(0.9, 0.8, 0.95, 30)
POINT = OperatingPoint(0.9, 0.25, SHARE, SHARE)
FITTED = FindingDecision(
    temperature=1.5,
    shift=-0.5,
    positives=30,
    negatives=400,
    present=0.2,
    absent=0.6,
    operating_points=(POINT,),
    prevalence=0.07,
)
RARE = replace(
    FITTED, temperature=None, shift=None, positives=5, present=None, operating_points=(), prevalence=0.01
)  # no "absent" alone
COMMON = replace(RARE, positives=400, negatives=5, present=0.3, absent=None, prevalence=0.99)  # no "present" alone
NEVER = replace(RARE, positives=0, negatives=0, absent=None, prevalence=None)
CALIBRATION = FindingsCalibration(coverage=0.95, findings=(FITTED, RARE, COMMON, NEVER), from_="out-of-fold")


def column(calibration: FindingDecision, probabilities: list[float]) -> list[int]:
    """The states of one finding."""
    whole = FindingsCalibration(coverage=0.95, findings=(calibration,), from_="validation")
    return states_of(np.array(probabilities)[:, None], whole)[:, 0].tolist()


# --- probabilities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_sigmoid_is_that_of_scipy_and_never_overflows(kind):
    logits = np.concatenate([[-1e30, -800, -100, 0, 100, 800, 1e30], np.linspace(-40, 40, 999)]).astype(kind)
    found = sigmoid(logits)
    assert found.dtype == np.float64
    assert np.allclose(found, expit(logits.astype(np.float64)), rtol=1e-12, atol=0)


def test_probabilities_are_those_of_scaled_and_shifted_logits():
    logits = np.random.default_rng(0).normal(0, 3, (50, 4)).astype(np.float32)
    found = probabilities_of(logits, CALIBRATION)
    assert np.allclose(found[:, 0], expit(logits[:, 0].astype(np.float64) / 1.5 - 0.5))
    assert np.allclose(found[:, 1:], expit(logits[:, 1:].astype(np.float64)))  # too few: as they are
    assert np.allclose(probabilities_of(logits, None), expit(logits.astype(np.float64)))


# --- states ----------------------------------------------------------------------------------------------------------


def test_a_film_between_the_thresholds_is_undecided_and_the_bounds_are_inside_the_set():
    assert column(FITTED, [0.1, 0.2, 0.4, 0.6, 0.61]) == [ABSENT, UNDECIDED, UNDECIDED, UNDECIDED, PRESENT]


def test_a_film_that_is_like_neither_is_undecided():
    sure = replace(FITTED, present=0.6, absent=0.2)
    assert column(sure, [0.1, 0.2, 0.4, 0.6]) == [ABSENT, ABSENT, UNDECIDED, PRESENT]


def test_without_positives_nothing_is_called_absent_and_without_negatives_nothing_present():
    assert column(RARE, [0.1, 0.6, 0.9]) == [UNDECIDED, UNDECIDED, PRESENT]
    assert column(COMMON, [0.1, 0.3, 0.9]) == [ABSENT, UNDECIDED, UNDECIDED]
    assert column(NEVER, [0.1, 0.5, 0.9]) == [TOO_FEW] * 3


def test_without_a_calibration_nothing_is_decided():
    assert (states_of(np.full((3, 2), 0.5), None) == TOO_FEW).all()


THRESHOLDS = st.one_of(st.none(), st.sampled_from([0.0, 0.3, 1.0]), st.floats(0, 1))


@given(THRESHOLDS, THRESHOLDS, st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_higher_probability_never_makes_a_finding_less_present(present, absent, probabilities):
    decision = replace(FITTED, present=present, absent=absent)
    states = column(decision, sorted(probabilities))
    if decision.too_few:
        assert set(states) == {TOO_FEW}
    else:
        ranks = [(ABSENT, UNDECIDED, PRESENT).index(state) for state in states]
        assert ranks == sorted(ranks)


@given(THRESHOLDS, THRESHOLDS, st.floats(0, 1))
def test_a_finding_is_called_by_what_its_decision_says_of_itself(present, absent, probability):
    decision = replace(FITTED, present=present, absent=absent)
    above, below = decision.called_present_above, decision.called_absent_below
    (state,) = column(decision, [probability])
    if probability not in (present, absent):
        assert (state == PRESENT) == (above is not None and probability > above)
        assert (state == ABSENT) == (below is not None and probability < below)


def test_sets_hold_what_is_not_excluded():
    present, absent = sets_of(np.array([[0.1, 0.1, 0.1, 0.1], [0.7, 0.7, 0.7, 0.7]]), CALIBRATION)
    assert present.tolist() == [[False, True, False, True], [True, True, True, True]]
    assert absent.tolist() == [[True, True, True, True], [False, False, True, True]]


# --- how many are needed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.999])
def test_so_many_are_needed_that_the_worst_of_one_more_may_be_left_out(coverage):
    enough = [n for n in range(1, 1500) if math.ceil((n + 1) * coverage - 1e-9) <= n]
    assert needed(coverage) == enough[0]


def test_no_number_promises_all():
    assert needed(1.0) == math.inf


# --- the card --------------------------------------------------------------------------------------------------------


def test_a_calibration_comes_back_from_json():
    entry = json.loads(json.dumps(as_dict(CALIBRATION), allow_nan=False))
    assert entry["from"] == "out-of-fold"
    assert FindingsCalibration.from_dict(entry, 4) == CALIBRATION


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    "lie",
    [
        *({"temperature": value} for value in (0, -1, NAN, INFINITY, 10**400, "1", None, True, 0.01, 21)),
        *({"shift": value} for value in (NAN, INFINITY, -(10**400), 1e5, "0", None, [0])),
        *({name: value} for name in ("present", "absent") for value in (-0.1, 1.1, NAN, "0.5", True, [0.5])),
        *({name: value} for name in ("positives", "negatives") for value in (-1, 1.5, None, True, "30", NAN)),
        *({"prevalence": value} for value in (-0.1, 1.1, NAN, "0.5")),
        *({"operating_points": value} for value in (None, 7, [3], [{"asked": 0.9}], "abc")),
        {"operating_points": [as_dict(replace(POINT, threshold=0.5)) | {"threshold": 1.5}]},
        {"operating_points": [as_dict(replace(POINT, asked=1.0))]},
        {"operating_points": [as_dict(replace(POINT, asked=0.99))]},  # 30 positives
        {"positives": 18},  # a threshold that so few cannot promise
        {"negatives": 18},
        {"positives": 19},  # a temperature that so few cannot fit
        {"negatives": 19},
        {"unknown": 1},
    ],
)
def test_what_is_no_decision_is_refused(lie):
    entry = as_dict(replace(CALIBRATION, findings=(FITTED,)))
    entry["findings"] = [entry["findings"][0] | lie]
    with pytest.raises(ValueError):
        FindingsCalibration.from_dict(entry, 1)


@pytest.mark.parametrize(
    "lie",
    [
        *({"coverage": value} for value in (0, 1, 95, NAN, None, [0.95], 0.99)),
        *({"findings": value} for value in ([], [3], None, "abc", {})),
        *({"from": value} for value in ("", "elsewhere", None, 3)),
        {"unknown": 1},
    ],
)
def test_what_is_no_calibration_is_refused(lie):
    entry = as_dict(replace(CALIBRATION, findings=(FITTED,)))
    with pytest.raises(ValueError):
        FindingsCalibration.from_dict(entry | lie, 1)


@pytest.mark.parametrize(("decision", "counted"), [(RARE, "negatives"), (COMMON, "positives")])
def test_a_threshold_that_too_few_were_there_for_is_refused(decision, counted):
    enough = replace(CALIBRATION, findings=(replace(decision, **{counted: 19}),))
    assert FindingsCalibration.from_dict(as_dict(enough), 1) == enough
    entry = as_dict(enough)
    entry["findings"] = [entry["findings"][0] | {counted: 18}]
    with pytest.raises(ValueError, match="too-few"):
        FindingsCalibration.from_dict(entry, 1)


@pytest.mark.parametrize("lost", ["coverage", "findings", "from"])
def test_an_entry_that_is_lost_is_refused(lost):
    entry = as_dict(CALIBRATION)
    del entry[lost]
    with pytest.raises(ValueError):
        FindingsCalibration.from_dict(entry, 4)


def test_a_calibration_of_other_findings_is_refused():
    with pytest.raises(ValueError, match="calibration-findings"):
        FindingsCalibration.from_dict(as_dict(CALIBRATION), 3)


# --- kinds of films --------------------------------------------------------------------------------------------------


def test_a_film_is_one_without_findings_if_that_is_likelier_than_on_average():
    fitted = [replace(FITTED, temperature=1.0, shift=0.0, prevalence=share) for share in (0.1, 0.3)]
    calibration = FindingsCalibration(coverage=0.95, findings=(*fitted, RARE), from_="validation")
    probabilities = np.array([[0.05, 0.2, 0.9], [0.1, 0.29, 0.9], [0.3, 0.2, 0.0], [1.0, 0.0, 0.0]])
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities) - np.log1p(-probabilities)
    assert FindingAnswers().kinds(logits, calibration).tolist() == [0, 0, 1, 1]  # 0.9 x 0.7 is the average
    assert FindingAnswers().kinds(logits, None).tolist() == [1, 1, 1, 1]


def test_a_finding_that_was_not_fitted_makes_no_film_one_with_findings():
    rare = FindingsCalibration(coverage=0.95, findings=(FITTED, RARE, COMMON, NEVER), from_="validation")
    alone = FindingsCalibration(coverage=0.95, findings=(FITTED,), from_="validation")
    logits = np.random.default_rng(0).normal(-2, 2, (50, 4))
    found = FindingAnswers().kinds(logits, rare)
    assert 0 < found.sum() < 50
    assert (found == FindingAnswers().kinds(logits[:, :1], alone)).all()


def test_a_labelled_film_is_one_without_findings_if_none_is_likely():
    targets = np.array([[0, 0, np.nan], [np.nan] * 3, [0, 1, 0], [0.7, 0, 0], [0.5, 0, 0]], np.float32)
    assert FindingAnswers().kinds_of_targets(targets).tolist() == [0, 0, 1, 1, 0]
