"""Figures by finding: against scikit-learn, masked films as if they were not there, intervals that hold the truth."""

import importlib.util
import json
import math
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import logit
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.estimate import Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.decisions import add_predictive_values
from plainfilm.evaluation.findings_calibration import calibrate_findings
from plainfilm.evaluation.findings_metrics import (
    MACRO,
    FindingSets,
    FindingsFigures,
    compare_findings,
    macro_means,
    measure_findings,
    subgroup_figures,
)
from plainfilm.evaluation.intervals import auc_influence, delong, shares, student, wilson
from plainfilm.evaluation.known import (
    MIN_POSITIVES,
    average_precision,
    average_precision_estimate,
    calibration_error,
    known_films,
    precision_influence,
)
from plainfilm.evaluation.reliability import reliability
from plainfilm.model.findings import PRESENT, FindingsCalibration, probabilities_of, sets_of, sigmoid, states_of
from plainfilm.randomness import generator

NAMES = ("Edema", "Mass", "Hernia")
FIGURES = ("auc", "average_precision", "brier", "calibration_error")


def films(count: int, shares=(0.3, 0.15, 0.08), *, seed: int = 0, cluster: int = 2):
    """Logits and targets (N, K), groups (N,) of `cluster` films each."""
    random = np.random.default_rng(seed)
    present = random.random((count, len(shares))) < np.array(shares)
    logits = random.normal(0, 1, present.shape) + present + np.log(np.array(shares) / (1 - np.array(shares)))
    return logits, present.astype(np.float32), [f"g{number // cluster}" for number in range(count)]


def calibrated(logits, targets, groups) -> FindingsCalibration:
    return calibrate_findings(logits, targets, groups, coverage=0.9, sensitivities=(0.9, 0.95, 0.99), of="out-of-fold")


@cache
def fitted_elsewhere() -> FindingsCalibration:
    """Fitted on other films."""
    return calibrated(*films(1200, seed=99))


def measured(logits, targets, groups, names=NAMES) -> FindingsFigures:
    fitted = fitted_elsewhere()
    probabilities = probabilities_of(logits, fitted)
    return measure_findings(probabilities, states_of(probabilities, fitted), targets, groups, names, fitted)


def plain_figures(scores, targets, groups=None) -> FindingsFigures:
    """Of one finding, not calibrated; scores and targets (N,)."""
    groups = groups or [f"g{number}" for number in range(len(scores))]
    scores, targets = (np.asarray(values, np.float64)[:, None] for values in (scores, targets))
    return measure_findings(scores, None, targets, groups, ["one"], None)


# --- values ----------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.3000001, 0.8, 1.0]), st.booleans()), min_size=2, max_size=60
    ).filter(lambda rows: len({positive for _, positive in rows}) == 2)
)
def test_figures_are_those_of_scikit_learn(rows):
    scores, present = (np.array(column) for column in zip(*rows, strict=True))
    assert average_precision(scores, present) == pytest.approx(average_precision_score(present, scores))
    found = plain_figures(scores, present).findings["one"]
    assert found.auc.value == pytest.approx(roc_auc_score(present, scores))
    assert found.average_precision.value == pytest.approx(average_precision_score(present, scores))
    assert found.brier.value == pytest.approx(brier_score_loss(present, scores))
    for name in FIGURES:
        figure = getattr(found, name)
        assert 0 <= figure.low <= figure.value <= figure.high <= 1
        assert figure.n == found.n == len(rows)


def test_average_precision_without_positives_is_not_a_number():
    assert math.isnan(average_precision(np.array([0.1, 0.2]), np.array([False, False])))


def test_the_calibration_error_is_that_of_the_bins_and_so_is_its_floor():
    logits, targets, groups = films(300)
    scores, present = sigmoid(logits[:, 0]), targets[:, 0] == 1
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], scores)
    expected = sum(abs((scores - present)[bins == b].sum()) for b in range(10)) / 300
    found = plain_figures(scores, present, groups).findings["one"]
    assert found.calibration_error.value == pytest.approx(expected)
    of_both = reliability(np.column_stack([1 - scores, scores]), present.astype(int), groups, ("a", "b"))
    assert found.noise_floor == of_both.noise_floor


def drawn_error(random, scores, truth) -> Estimate:
    """The calibration error of scores (N,) on films that show the finding with probability `truth` (N,)."""
    targets = (random.random(len(scores)) < truth).astype(np.float64)
    (known,) = known_films(scores[:, None], targets[:, None], [f"g{number}" for number in range(len(scores))])
    return calibration_error(known)[0]


def test_probabilities_that_are_right_may_have_no_calibration_error_and_wrong_ones_not():
    random = np.random.default_rng(0)
    scores = random.uniform(0, 1, 150)
    assert np.mean([drawn_error(random, scores, scores).low == 0 for _ in range(40)]) >= 0.9
    assert drawn_error(random, scores, scores**4).low > 0.05


@pytest.mark.parametrize("factor", [0.5, 1.7])
def test_the_calibration_error_of_few_positives_holds_the_truth(factor):
    """All scores are in the lowest bin, so the true error is the distance of the means; some 10 of 400 are positive."""
    random = np.random.default_rng(0)
    scores = random.uniform(0.01, 0.04, 400)
    truth = abs(1 - factor) * scores.mean()
    found = [drawn_error(random, scores, scores * factor) for _ in range(60)]
    assert np.mean([entry.low <= truth <= entry.high for entry in found]) >= 0.93


@pytest.mark.parametrize("figure", [(auc_influence, metrics.auc), (precision_influence, average_precision)])
def test_the_influence_is_how_a_further_copy_of_a_film_moves_the_figure(figure):
    """As the derivative of films weighed: a copy of each of 1,000 times as many films moves it 1,000 times less."""
    influence, value = figure
    random = np.random.default_rng(0)
    scores, present = np.round(random.normal(size=60), 1), np.arange(60) < 20
    often = 400
    many, of_many = np.repeat(scores, often), np.repeat(present, often)
    base = value(many, of_many)
    moved = [
        (value(np.append(many, scores[k]), np.append(of_many, present[k])) - base) * often for k in range(0, 60, 3)
    ]
    assert np.allclose(moved, influence(scores, present)[::3], atol=2e-4)
    assert influence(scores, present).sum() == pytest.approx(0, abs=1e-12)


# --- what plays no part, what cannot be estimated --------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [np.nan, 0.5])
def test_films_without_a_certain_target_are_as_if_they_were_not_there(unknown):
    logits, targets, groups = films(400)
    out = np.random.default_rng(1).random(400) < 0.3
    targets[out, 0] = unknown
    kept = np.flatnonzero(~out)
    masked = measured(logits, targets, groups).findings["Edema"]
    dropped = measured(logits[kept], targets[kept], [groups[row] for row in kept]).findings["Edema"]
    assert masked == dropped
    assert masked.n == len(kept)


def test_films_that_say_nothing_of_any_finding_change_nothing():
    logits, targets, groups = films(300)
    more = measured(
        np.concatenate([logits, logits[:50]]),
        np.concatenate([targets, np.full((50, 3), np.nan, np.float32)]),
        [*groups, *(f"other{number}" for number in range(50))],
    )
    assert more == measured(logits, targets, groups)


@pytest.mark.parametrize("target", [0.0, 1.0, np.nan])
def test_without_positives_or_negatives_there_is_no_figure(target):
    logits, targets, groups = films(200)
    targets[:, 2] = target
    found = measured(logits, targets, groups)
    figures = found.findings["Hernia"]
    for name in FIGURES:
        figure = getattr(figures, name)
        assert not figure.estimable
        assert figure.n == (0 if math.isnan(target) else 200)
    assert figures.noise_floor is None
    assert "Hernia" not in found.macro_over
    for point in figures.points:
        assert point.sensitivity.estimable == (target == 1)
        assert point.specificity.estimable == (target == 0)


# --- intervals -------------------------------------------------------------------------------------------------------


def test_the_auc_of_many_groups_has_the_interval_of_delong():
    logits, targets, groups = films(1200, shares=(0.4, 0.4, 0.4))
    numbers = np.unique(groups, return_inverse=True)[1]
    for k, found in enumerate(measured(logits, targets, groups).findings.values()):
        known = delong(logits[:, k], targets[:, k] == 1, numbers)
        assert (found.auc.value, found.auc.n) == (known.value, known.n)
        assert (found.auc.low, found.auc.high) == pytest.approx((known.low, known.high), abs=1e-3)


def test_the_variance_of_few_films_is_that_of_delong_and_the_quantile_that_of_student():
    """12 positives and 12 negatives, one film a group: 11 degrees of freedom at most."""
    random, present = np.random.default_rng(0), np.arange(24) < 12
    scores = sigmoid(random.normal(size=24) + present)
    beaten = metrics.placements(scores[present], scores[~present])
    error = math.sqrt(sum(np.var(side, ddof=1) / 12 for side in beaten))
    found = plain_figures(scores, present).findings["one"].auc
    half = (logit(found.high) - logit(found.low)) / 2
    wanted = max(student(auc_influence(scores, present)), stats.t.ppf(0.975, 11))
    assert half == pytest.approx(wanted * error / (found.value * (1 - found.value)), rel=1e-3)


def test_films_of_a_group_count_for_less_than_films_of_their_own():
    logits, targets, groups = films(300, cluster=1)
    again = [np.repeat(values, 3, axis=0) for values in (logits, targets)]
    splits = [f"g{number}" for number in range(900)], np.repeat(groups, 3).tolist()
    both = [measured(*again, split).findings["Edema"] for split in splits]
    for name in ("auc", "average_precision", "brier"):
        apart, together = (getattr(found, name) for found in both)
        assert together.value == apart.value
        assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_perfect_order_and_positives_of_one_patient_are_not_taken_for_certainty():
    present = np.arange(40) < 5
    perfect = plain_figures(np.linspace(1, 0, 40), present).findings["one"]
    for figure in (perfect.auc, perfect.average_precision):
        assert (figure.value, figure.high) == (1, 1)
        assert 0.2 < figure.low < 0.7
    one_patient = plain_figures(
        np.linspace(1, 0, 40), present, ["a"] * 5 + [f"g{number}" for number in range(35)]
    ).findings["one"]
    for figure in (one_patient.auc, one_patient.average_precision):
        assert (figure.low, figure.high) == (0, 1)


@pytest.fixture(scope="module")
def simulation():
    """The script that simulates coverage."""
    path = Path(__file__).parents[2] / "benchmarks" / "findings_coverage.py"
    spec = importlib.util.spec_from_file_location("findings_coverage", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("positives", [10, 50])
def test_the_share_that_is_right_of_those_called_present_has_an_interval_that_holds_it(simulation, positives):
    assert simulation.held("shares", positives, 40)["predictive value"] >= 0.87


@pytest.mark.parametrize("positives", [10, 50])
def test_intervals_with_few_positives_hold_the_truth(simulation, positives):
    for name, share in simulation.held("cheap", positives, 300).items():
        assert 0.92 <= share <= 0.99, name


def test_the_macro_average_precision_holds_its_limit_though_each_is_above_it(simulation):
    random, truth = generator(0, "macro-average-precision"), simulation.truths(20)["average_precision"]
    values, inside = [], []
    for _ in range(25):
        drawn = simulation.draw(random, 20, simulation.NUM_MACRO)
        findings = drawn.known(drawn.scores)
        each = [average_precision_estimate(known) for known in findings]
        mean = macro_means(findings, {"average_precision": each})["average_precision"]
        values.append(mean.value)
        inside.append(mean.low <= truth <= mean.high)
    assert np.mean(values) > 1.3 * truth
    assert np.mean(inside) >= 0.88


# --- decisions -------------------------------------------------------------------------------------------------------


def test_points_and_sets_are_counted_as_everywhere():
    logits, targets, groups = films(500)
    fitted = fitted_elsewhere()
    probabilities = probabilities_of(logits, fitted)
    states, held = states_of(probabilities, fitted), sets_of(probabilities, fitted)
    found = measured(logits, targets, groups)
    for k, (name, decision) in enumerate(zip(NAMES, fitted.findings, strict=True)):
        figures, present = found.findings[name], targets[:, k] == 1
        for stored, point in zip(decision.operating_points, figures.points, strict=True):
            positive = probabilities[:, k] >= stored.threshold
            assert (point.asked, point.threshold) == (stored.asked, stored.threshold)
            assert point.sensitivity.value == pytest.approx(positive[present].mean())
            assert point.specificity.value == pytest.approx((~positive)[~present].mean())
            assert (point.sensitivity.n, point.specificity.n) == (present.sum(), (~present).sum())
        assert figures.sets.coverage_positives.value == pytest.approx(held[0][present, k].mean())
        assert figures.sets.coverage_negatives.value == pytest.approx(held[1][~present, k].mean())
        everywhere = np.ones((500, 1), bool)
        assert [figures.sets.present] == shares((states[:, k] == PRESENT)[:, None], everywhere, groups)
        called = states[:, k] == PRESENT
        assert figures.sets.predictive_value == shares(present[:, None], called[:, None], groups)[0]
        assert figures.sets.calls == (called.sum(), (called & present).sum())
        parts = (figures.sets.present, figures.sets.absent, figures.sets.undecided)
        assert sum(part.value for part in parts) == pytest.approx(1)


def test_a_finding_that_was_too_rare_to_fit_has_no_sets():
    logits, targets, groups = films(400)
    fitted = calibrated(logits[:12], targets[:12], groups[:12])
    assert [entry.too_few for entry in fitted.findings] == [True] * 3
    probabilities = probabilities_of(logits, fitted)
    found = measure_findings(probabilities, states_of(probabilities, fitted), targets, groups, NAMES, fitted)
    assert all(figures.sets is None and figures.points == () for figures in found.findings.values())


def test_without_a_calibration_there_are_figures_alone():
    logits, targets, groups = films(400)
    found = measure_findings(sigmoid(logits), None, targets, groups, NAMES, None)
    assert all(figures.sets is None and figures.points == () for figures in found.findings.values())
    assert all(figures.auc.estimable for figures in found.findings.values())


def test_points_take_predictive_values_at_a_prevalence():
    found = measured(*films(500))
    (valued,) = add_predictive_values(found.points, {"Mass": 0.02}).values()
    for point, known in zip(valued.points, found.findings["Mass"].points, strict=True):
        hits, false = known.sensitivity.value * 0.02, (1 - known.specificity.value) * 0.98
        assert point.ppv.value == pytest.approx(hits / (hits + false))


def test_a_finding_that_is_never_called_present_has_no_predictive_value_and_nor_has_an_older_file():
    logits, targets, groups = films(300)
    sets = measured(logits - 20, targets, groups).findings["Mass"].sets
    assert not sets.predictive_value.estimable
    assert sets.calls == (0, 0)
    older = records.as_dict(sets)
    del older["predictive_value"]
    assert records.as_dict(records.from_dict(FindingSets, older)) == older
    assert records.from_dict(FindingSets, older).calls == (0, 0)


def test_figures_come_back_from_json():
    found = measured(*films(300))
    entry = json.loads(json.dumps(records.as_dict(found), allow_nan=False))
    assert records.from_dict(FindingsFigures, entry) == found


# --- macro means -----------------------------------------------------------------------------------------------------


def test_macro_means_are_over_the_findings_with_enough_positives():
    logits, targets, groups = films(400)
    for k, positives in ((1, MIN_POSITIVES), (2, MIN_POSITIVES - 1)):
        targets[:, k] = np.arange(400) < positives
    found = measured(logits, targets, groups)
    assert found.macro_over == ("Edema", "Mass")
    assert set(found.macro) == set(MACRO)
    for name, figure in found.macro.items():
        values = [getattr(found.findings[finding], name).value for finding in found.macro_over]
        assert figure.value == pytest.approx(np.mean(values))
        assert figure.low < figure.value < figure.high
        assert figure.n == 400
    assert (found.interval.groups, found.interval.method) == (200, "bootstrap over groups")


def test_without_enough_positives_there_is_no_macro_mean():
    found = plain_figures(np.linspace(0, 1, 40), np.arange(40) % 10 == 0)
    assert found.macro_over == ()
    assert not any(figure.estimable for figure in found.macro.values())


def test_findings_are_drawn_together():
    """Nine times one finding is no surer than once; nine findings that have nothing in common are."""
    logits, targets, groups = films(400, shares=(0.3,) * 9)
    names = [f"f{k}" for k in range(9)]
    scores = sigmoid(logits)
    apart = measure_findings(scores, None, targets, groups, names, None)
    same = measure_findings(scores[:, [0] * 9], None, targets[:, [0] * 9], groups, names, None)
    for name in MACRO:
        alone = getattr(same.findings["f0"], name)
        assert same.macro[name].high - same.macro[name].low > 0.85 * (alone.high - alone.low)
        assert apart.macro[name].high - apart.macro[name].low < 0.65 * (alone.high - alone.low)


# --- parts of the films ----------------------------------------------------------------------------------------------


def rows_of(ages, views) -> list[Row]:
    return [
        Row(image_id=str(i), group=f"g{i}", source="", extra={"age": age, "view": view})
        for i, (age, view) in enumerate(zip(ages, views, strict=True))
    ]


def test_parts_of_the_films_have_an_auc_where_there_are_enough_of_both():
    random = np.random.default_rng(0)
    ages, views = ["7"] * 60 + ["45Y"] * 90 + [""] * 50, ["PA", "AP"] * 100
    targets = np.column_stack([np.arange(200) % 4 == 0, np.arange(200) % 10 == 0, np.zeros(200)]).astype(np.float64)
    targets[0, 0] = np.nan
    scores, groups = random.random((200, 3)), [f"g{number}" for number in range(200)]
    found = subgroup_figures(rows_of(ages, views), scores, targets, groups, NAMES)
    assert list(found) == ["age", "view"]
    assert {part: list(aucs) for part, aucs in found["age"].items()} == {
        "0-17": ["Edema"],  # 14 positives and 6
        "40-59": ["Edema"],  # 9 of Mass
        "": ["Edema"],
    }
    assert list(found["view"]["PA"]) == ["Edema", "Mass"]
    assert found["view"]["AP"] == {}  # both are on PA films alone
    inside = np.arange(1, 60)
    auc = found["age"]["0-17"]["Edema"]
    assert auc.value == pytest.approx(roc_auc_score(targets[inside, 0], scores[inside, 0]))
    assert auc.n == 59


def test_a_part_with_ten_of_each_is_enough_and_with_nine_not():
    for positives, negatives, there in ((10, 10, True), (9, 30, False), (30, 9, False)):
        count = positives + negatives
        targets = (np.arange(count) < positives).astype(np.float64)[:, None]
        rows, groups = rows_of(["50"] * count, [""] * count), [f"g{number}" for number in range(count)]
        found = subgroup_figures(rows, np.random.default_rng(0).random((count, 1)), targets, groups, ["one"])
        assert ("one" in found["age"]["40-59"]) == there


def test_without_the_columns_there_are_no_parts():
    assert subgroup_figures(rows_of([""] * 40, [""] * 40), *[np.zeros((40, 1))] * 2, ["g"] * 40, ["one"]) == {}


# --- two models ------------------------------------------------------------------------------------------------------


def test_the_better_model_is_found_and_the_other_way_round_is_the_negative():
    logits, targets, groups = films(600)
    worse = logits + np.random.default_rng(1).normal(0, 2, logits.shape)
    found, back = (
        compare_findings(worse, logits, targets, groups, NAMES),
        compare_findings(logits, worse, targets, groups, NAMES),
    )
    assert found.macro_over == NAMES
    assert found.macro.difference.low > 0
    differences = [entry.difference.value for entry in found.findings.values()]
    assert found.macro.difference.value == pytest.approx(np.mean(differences))
    for one, other in zip([found.macro, *found.findings.values()], [back.macro, *back.findings.values()], strict=True):
        assert one.first == other.second
        assert one.difference.value == pytest.approx(-other.difference.value)
        assert (one.difference.low, one.difference.high) == pytest.approx(
            (-other.difference.high, -other.difference.low)
        )
        assert one.difference.value == pytest.approx(one.second.value - one.first.value)


def test_pairs_are_surer_than_two_models_on_films_of_their_own():
    logits, targets, groups = films(600)
    close = logits + np.random.default_rng(1).normal(0, 0.2, logits.shape)
    found = compare_findings(logits, close, targets, groups, NAMES)
    for entry in (found.macro, *found.findings.values()):
        assert entry.difference.high - entry.difference.low < 0.5 * (entry.first.high - entry.first.low)


def test_models_that_do_not_differ_may_still_differ_on_the_next_films():
    logits, targets, groups = films(300)
    found = compare_findings(logits, logits, targets, groups, NAMES)
    for entry in (found.macro, *found.findings.values()):
        assert entry.difference.value == 0
        assert entry.difference.low < 0 < entry.difference.high


def test_a_comparison_masks_films_and_leaves_out_what_cannot_be_estimated():
    logits, targets, groups = films(400)
    other = logits + np.random.default_rng(1).normal(0, 1, logits.shape)
    targets[:, 2], targets[:100, 0] = 0, np.nan
    found = compare_findings(logits, other, targets, groups, NAMES)
    assert found.macro_over == ("Edema", "Mass")
    assert not found.findings["Hernia"].difference.estimable
    kept = compare_findings(logits[100:], other[100:], targets[100:], groups[100:], NAMES)
    assert found.findings["Edema"].first == kept.findings["Edema"].first
    for name in ("value", "low", "high", "n"):
        assert getattr(found.findings["Edema"].difference, name) == pytest.approx(
            getattr(kept.findings["Edema"].difference, name)
        )


def test_a_comparison_without_enough_positives_has_no_macro_mean():
    logits, targets, groups = films(20)
    targets[:] = 0
    found = compare_findings(logits, -logits, targets, groups, NAMES)
    assert found.macro_over == ()
    assert not found.macro.difference.estimable


def test_positives_of_one_patient_do_not_say_how_far_two_models_differ():
    logits, targets, _ = films(60)
    targets[:, 0] = np.arange(60) < 12
    groups = ["a"] * 12 + [f"g{number}" for number in range(48)]
    found = compare_findings(logits[:, :1], -logits[:, :1], targets[:, :1], groups, ["one"])
    assert (found.macro.difference.low, found.macro.difference.high) == (-1, 1)


def test_a_share_without_a_group_of_two_is_wilsons():
    logits, targets, groups = films(300, cluster=1)
    found = measured(logits, targets, groups)
    for figures in found.findings.values():
        sensitivity: Estimate = figures.points[0].sensitivity
        assert sensitivity == wilson(round(sensitivity.value * sensitivity.n), sensitivity.n)
    assert found.interval.method == "wilson"
