"""Intervals equal the definitions and references, cover what they claim, and stay honest near 0 and 1."""

import json
import math
import time

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import brier_score_loss
from statsmodels.stats.proportion import proportion_confint

from plainfilm.evaluation import measured, metrics, registry
from plainfilm.evaluation.intervals import (
    Estimate,
    delong,
    grouped_mean,
    shares,
    student,
    wilson,
)
from plainfilm.evaluation.intervals import _auc_variance as auc_variance_and_parts
from plainfilm.evaluation.resampling import NUM_REPLICATES, weighted_macro_auc
from plainfilm.records import as_dict

CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")


def simulated(num_films, num_groups, *, separation=2.0, seed=0):
    """Probabilities, labels, groups: films of a group share a class and part of their noise."""
    random = np.random.default_rng(seed)
    group = random.integers(num_groups, size=num_films)
    labels = random.integers(3, size=num_groups)[group]
    logits = random.normal(size=(num_films, 3)) + random.normal(size=(num_groups, 3))[group]
    logits[np.arange(num_films), labels] += separation
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return probabilities, labels, [f"patient-{number}" for number in group]


def auc_variance(*data):
    return auc_variance_and_parts(*data)[0]


def estimate_all(*data, **options):
    """As metrics.json has it."""
    return as_dict(measured.estimate_all(*data, **options))


def every_estimate(evaluation):
    yield from (evaluation[figure.name] for figure in registry.overall())
    for figures in evaluation["classes"].values():
        yield from figures.values()


# --- Wilson ----------------------------------------------------------------------------------------------------------


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@example((20, 24))  # four errors, but for rounding
@settings(deadline=None)
def test_wilson_equals_statsmodels(counts):
    """But for one to three hits or errors, where Poisson's bound may be the wider one."""
    (hits, n), estimate = counts, wilson(*counts)
    low, high = proportion_confint(hits, n, method="wilson")
    if 1 <= hits <= 3:
        low = min(low, stats.chi2.ppf(0.05, 2 * hits) / 2 / n)
    if 1 <= n - hits <= 3:
        high = max(high, 1 - stats.chi2.ppf(0.05, 2 * (n - hits)) / 2 / n)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=1e-4 / n)
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_wilson_covers_95_percent_on_average():
    """Exact coverage, from the binomial distribution, over the shares of interest."""
    n, shares = 100, np.linspace(0.5, 0.99, 50)
    bounds = [wilson(successes, n) for successes in range(n + 1)]
    covered = np.array([[b.low <= share <= b.high for share in shares] for b in bounds])
    coverage = (stats.binom.pmf(np.arange(n + 1)[:, None], n, shares) * covered).sum(0)
    assert 0.945 < coverage.mean() < 0.965
    assert coverage.min() > 0.9


@pytest.mark.parametrize("freedom", [1, 2, 3, 4.5, 12.5, 45, 500])
def test_the_quantile_at_few_degrees_of_freedom_is_student_s(freedom):
    """Parts whose kurtosis is worth `freedom` degrees: one large part among equal ones."""
    size = 10_000
    large = math.sqrt(size) * (2 / freedom / max(1 - 2 / freedom, 1e-9)) ** 0.25 if freedom > 2 else 1e9
    parts = np.append(np.ones(size), large)
    squares = parts**2
    worth = 2 / ((squares**2).sum() / squares.sum() ** 2 - 1 / len(parts))
    assert student(parts) == pytest.approx(stats.t.ppf(0.975, worth), rel=0.01)


def test_shares_in_clusters_are_those_of_the_bootstrap_of_scipy():
    """Large groups and a share far from 0 and 1: the percentiles alone decide."""
    random = np.random.default_rng(2)
    right = random.random((150, 4)) < random.beta(3, 2, size=(150, 1))
    (estimate,) = shares(right.reshape(-1, 1), np.ones((600, 1), bool), np.repeat(np.arange(150), 4))
    found = stats.bootstrap((right.mean(1),), np.mean, n_resamples=9999, method="percentile", rng=random)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(found.confidence_interval), abs=0.006)
    assert estimate.value == right.mean()


def test_errors_never_raise_the_lower_bound_above_that_of_none():
    """One film of one group wrong does not show how alike the films of a group are."""
    groups, lows = np.repeat(np.arange(40), 8), []
    for wrong in range(12):
        (estimate,) = shares((np.arange(320) >= wrong)[:, None], np.ones((320, 1), bool), groups)
        lows.append(estimate.low)
    assert max(lows) == lows[0] == pytest.approx(wilson(40, 40).low)


# --- a mean of what each film has -------------------------------------------------------------------------------------


def test_a_mean_over_groups_covers_what_it_claims():
    """Films of a group share most of their difference: the groups, not the films, make the interval."""
    random, covered = np.random.default_rng(0), 0
    for trial in range(200):
        group = np.repeat(np.arange(40), 5)
        values = 0.1 + 0.2 * random.normal(size=40)[group] + 0.05 * random.normal(size=200)
        estimate = grouped_mean(values, group, bound=1, seed=trial)
        assert estimate.value == pytest.approx(values.mean())
        assert estimate.low < estimate.value < estimate.high
        covered += estimate.low <= 0.1 <= estimate.high
    assert 0.89 < covered / 200 < 0.99


def test_a_mean_over_films_of_their_own_is_as_wide_as_students():
    values = np.random.default_rng(1).normal(0.2, 0.3, 300)
    estimate = grouped_mean(values, [f"g{number}" for number in range(300)], bound=1)
    student = stats.t.interval(0.95, 299, values.mean(), stats.sem(values))
    assert (estimate.low, estimate.high, estimate.n) == pytest.approx((*student, 300), abs=0.004)
    assert grouped_mean(values[:7], ["one"] * 7, bound=1) == Estimate(pytest.approx(values[:7].mean()), -1, 1, 7)


# --- AUC -------------------------------------------------------------------------------------------------------------


def delong_variance_by_definition(scores, positive):
    """DeLong 1988 over all pairs, O(n^2)."""
    wins = np.sign(scores[positive][:, None] - scores[~positive]) / 2 + 0.5  # (P, Q)
    return wins.mean(1).var(ddof=1) / wins.shape[0] + wins.mean(0).var(ddof=1) / wins.shape[1]


def obuchowski_variance_by_definition(scores, positive, group):
    """Obuchowski 1997 over all pairs, group by group."""
    wins = np.sign(scores[positive][:, None] - scores[~positive]) / 2 + 0.5
    auc, (num_positives, num_negatives) = wins.mean(), wins.shape
    x, y = [], []
    for name in np.unique(group):
        of_positives, of_negatives = group[positive] == name, group[~positive] == name
        x.append((wins.mean(1)[of_positives].sum() - of_positives.sum() * auc, of_positives.any()))
        y.append((wins.mean(0)[of_negatives].sum() - of_negatives.sum() * auc, of_negatives.any()))
    (x, has_x), (y, has_y) = np.array(x).T, np.array(y).T
    i10, i01, i = has_x.sum(), has_y.sum(), len(x)
    s10 = i10 / ((i10 - 1) * num_positives) * (x**2).sum()
    s01 = i01 / ((i01 - 1) * num_negatives) * (y**2).sum()
    s11 = i / (i - 1) * (x * y).sum()
    return s10 / num_positives + s01 / num_negatives + 2 * s11 / (num_positives * num_negatives)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 30), st.booleans())
def test_auc_variance_equals_the_definitions(seed, num_positives, num_negatives, mixed):
    random = np.random.default_rng(seed)
    positive = np.arange(num_positives + num_negatives) < num_positives
    scores = random.integers(8, size=len(positive)) + 2.0 * positive  # many ties
    alone = np.arange(len(positive))
    assert auc_variance(scores, positive, alone) == pytest.approx(delong_variance_by_definition(scores, positive))
    group = random.integers(len(positive), size=len(positive)) if mixed else alone // 2
    group[[0, 1, -2, -1]] = len(positive) + np.arange(4)  # at least two groups on either side
    expected = obuchowski_variance_by_definition(scores, positive, group)
    assert auc_variance(scores, positive, group) == pytest.approx(expected, abs=1e-15)


def test_auc_interval_of_a_worked_example():
    """Five ill, five well: 22 of 25 pairs in order and one tie; the placements counted by hand, then the logit."""
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.65, 0.5, 0.3, 0.2, 0.1])
    positive = np.arange(10) < 5
    wins = [5, 5, 5, 4, 3.5], [3, 4.5, 5, 5, 5]  # of five, by ill and by well
    auc = 22.5 / 25
    variance = sum(np.var(np.array(side) / 5, ddof=1) / 5 for side in wins)
    squares = np.array([0.01, 0.01, 0.01, 0.01, 0.04, 0.09, 0, 0.01, 0.01, 0.01])  # of the placements' distances to 0.9
    freedom = 2 / ((squares**2).sum() / squares.sum() ** 2 - 1 / 10)  # 12.5
    half = stats.t.ppf(0.975, freedom) * math.sqrt(variance) / (auc * (1 - auc))
    expected = [1 / (1 + math.exp(-(math.log(auc / (1 - auc)) + sign * half))) for sign in (-1, 1)]
    estimate = delong(scores, positive, np.arange(10))
    assert (estimate.value, estimate.low, estimate.high) == pytest.approx((auc, *expected), abs=2e-4)


def test_perfect_auc_has_the_exact_bound():
    positive = np.arange(50) < 20
    estimate = delong(positive.astype(float), positive, np.arange(50))
    assert (estimate.value, estimate.high) == (1, 1)
    assert estimate.low**20 == pytest.approx(0.025)  # twenty pairs, all in order, one time in forty
    reverse = delong(1.0 - positive, positive, np.arange(50))
    assert (reverse.low, reverse.value, reverse.high) == pytest.approx((0, 0, 1 - estimate.low))


def test_uninformative_auc_intervals_are_wide():
    positive = np.arange(40) < 20
    constant = delong(np.zeros(40), positive, np.arange(40))
    assert constant.low < 0.35 < constant.value == 0.5 < 0.65 < constant.high
    one_group_of_positives = delong(np.arange(40.0), positive, np.maximum(np.arange(40) - 19, 0))
    assert (one_group_of_positives.low, one_group_of_positives.high) == (0, 1)


@pytest.mark.parametrize("shift", [0.5, 1.5, 2.5])
def test_auc_interval_covers(shift):
    """Binormal scores, films in pairs that share noise: the interval holds the true AUC 19 times in 20."""
    true_auc = stats.norm.cdf(shift / math.sqrt(2))
    random = np.random.default_rng(5)
    positive, group = np.arange(120) < 60, np.arange(120) // 2
    covered = 0
    for _ in range(600):
        noise = math.sqrt(0.5) * (random.normal(size=60)[group] + random.normal(size=120))
        estimate = delong(noise + shift * positive, positive, group)
        covered += estimate.low <= true_auc <= estimate.high
    assert 0.925 <= covered / 600 <= 0.985


# --- every figure ----------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60), st.floats(0, 12))
def test_bounds_hold_for_any_data(seed, num_films, num_groups, separation):
    evaluation = estimate_all(*simulated(num_films, num_groups, separation=separation, seed=seed), CLASSES)
    for entry in every_estimate(evaluation):
        if entry["value"] is None:
            assert entry["low"] is entry["high"] is None
        else:
            assert entry["low"] <= entry["value"] <= entry["high"]
            assert entry["low"] < entry["high"]
    for figure in registry.FIGURES:
        for part in evaluation["classes"].values() if figure.per_class else [evaluation]:
            low, high = figure.bounds
            assert (
                part[figure.name]["value"] is None
                or low <= part[figure.name]["low"] < part[figure.name]["high"] <= high
            )
    json.dumps(evaluation, allow_nan=False)


def test_values_and_n_are_those_of_the_metrics():
    probabilities, labels, groups = simulated(300, 200)
    evaluation = estimate_all(probabilities, labels, groups, CLASSES)
    predicted = probabilities.argmax(1)
    confusion = metrics.confusion_matrix(predicted, labels, 3)
    assert evaluation["confusion"] == {"classes": list(CLASSES), "counts": confusion.tolist()}
    assert evaluation["accuracy"]["value"] == pytest.approx(metrics.accuracy(confusion))
    assert evaluation["balanced_accuracy"]["value"] == pytest.approx(metrics.balanced_accuracy(confusion))
    assert evaluation["macro_auc"]["value"] == pytest.approx(metrics.macro_auc(probabilities, labels))
    assert evaluation["log_loss"]["value"] == pytest.approx(metrics.log_loss(probabilities, labels))
    assert evaluation["brier"]["value"] == pytest.approx(brier_score_loss(labels, probabilities, labels=[0, 1, 2]))
    for k, name in enumerate(CLASSES):
        figures = evaluation["classes"][name]
        for figure in ("sensitivity", "specificity", "precision", "f1"):
            assert figures[figure]["value"] == pytest.approx(getattr(metrics, figure)(confusion)[k])
        assert figures["sensitivity"]["n"] == (labels == k).sum()
        assert figures["specificity"]["n"] == (labels != k).sum()
        assert figures["precision"]["n"] == (predicted == k).sum()
        assert figures["f1"]["n"] == ((predicted == k) | (labels == k)).sum()
        assert figures["auc"]["n"] == 300


def test_one_film_a_group_gives_wilson():
    probabilities, labels, _ = simulated(200, 200)
    evaluation = estimate_all(probabilities, labels, [str(i) for i in range(200)], CLASSES)
    correct = int((probabilities.argmax(1) == labels).sum())
    assert evaluation["accuracy"] == wilson(correct, 200).as_dict()
    assert evaluation["interval"] == {"method": "wilson", "groups": 200, "level": 0.95}


def test_copies_of_films_do_not_narrow_the_interval():
    """Every film five times, copies grouped: five times the n, the same knowledge."""
    probabilities, labels, _ = simulated(150, 150)
    names = [str(i) for i in range(150)]
    once = estimate_all(probabilities, labels, names, CLASSES)
    copied = estimate_all(np.tile(probabilities, (5, 1)), np.tile(labels, 5), names * 5, CLASSES)
    assert copied["interval"]["method"] == "bootstrap over groups"
    for single, five in zip(every_estimate(once), every_estimate(copied), strict=True):
        assert five["value"] == pytest.approx(single["value"])
        assert five["high"] - five["low"] == pytest.approx(single["high"] - single["low"], rel=0.12)
    separate = estimate_all(np.tile(probabilities, (5, 1)), np.tile(labels, 5), [str(i) for i in range(750)], CLASSES)
    for single, naive in zip(every_estimate(once), every_estimate(separate), strict=True):
        assert naive["high"] - naive["low"] < 0.6 * (single["high"] - single["low"])


def test_all_correct_is_not_certain():
    labels = np.repeat([0, 1, 2], [60, 60, 4])
    probabilities = np.full((124, 3), 0.1)
    probabilities[np.arange(124), labels] = 0.8
    groups = [str(i // 2) for i in range(124)]
    evaluation = estimate_all(probabilities, labels, groups, CLASSES)
    assert evaluation["accuracy"]["low"] == pytest.approx(wilson(62, 62).low)  # 62 groups, not 124 films
    assert evaluation["classes"]["COVID"]["sensitivity"]["low"] == pytest.approx(wilson(2, 2).low)
    rare_class_allows = 1 - (1 - wilson(2, 2).low) / 3
    assert evaluation["balanced_accuracy"]["low"] <= rare_class_allows
    assert evaluation["macro_auc"]["low"] < 0.75
    assert evaluation["classes"]["COVID"]["f1"]["low"] < 0.5


def test_grouped_accuracy_interval_covers():
    """Groups of four that are right together: 50 groups, a share of 0.95, coverage near 0.95."""
    covered = 0
    for seed in range(150):
        random = np.random.default_rng(seed)
        right = np.repeat(random.random(50) < 0.95, 4)
        probabilities = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
        evaluation = estimate_all(probabilities, np.zeros(200, int), [str(i // 4) for i in range(200)], ("a", "b"))
        covered += evaluation["accuracy"]["low"] <= 0.95 <= evaluation["accuracy"]["high"]
    assert covered / 150 >= 0.92


def test_an_absent_class_is_not_estimable():
    probabilities, labels, groups = simulated(100, 60)
    evaluation = estimate_all(probabilities[labels != 2], labels[labels != 2], np.array(groups)[labels != 2], CLASSES)
    nothing = {"value": None, "low": None, "high": None}
    assert evaluation["classes"]["COVID"]["sensitivity"] == {**nothing, "n": 0}
    assert evaluation["classes"]["COVID"]["auc"] == {**nothing, "n": int((labels != 2).sum())}
    assert evaluation["balanced_accuracy"]["value"] is evaluation["macro_auc"]["value"] is None
    assert evaluation["accuracy"]["value"] is not None


def test_the_seed_and_nothing_else_decides():
    probabilities, labels, groups = simulated(200, 120)
    evaluation = estimate_all(probabilities, labels, groups, CLASSES, seed=3)
    assert estimate_all(probabilities, labels, groups, CLASSES, seed=3) == evaluation
    assert estimate_all(probabilities, labels, groups, CLASSES, seed=4) != evaluation
    order = np.random.default_rng(0).permutation(200)
    shuffled = estimate_all(probabilities[order], labels[order], np.array(groups)[order], CLASSES, seed=3)
    for one, other in zip(every_estimate(evaluation), every_estimate(shuffled), strict=True):
        assert one == pytest.approx(other)


def test_weighted_auc_equals_the_auc_of_repeated_films():
    random = np.random.default_rng(0)
    probabilities, labels, group = (
        random.integers(5, size=(40, 3)) / 10,
        random.integers(3, size=40),
        np.arange(40) // 2,
    )
    weights = random.integers(4, size=(20, 6)).astype(float)
    for replicate, value in enumerate(weighted_macro_auc(weights, probabilities, labels, group)):
        drawn = np.repeat(np.arange(40), weights[group, replicate].astype(int))
        assert value == pytest.approx(metrics.macro_auc(probabilities[drawn], labels[drawn]))


def test_five_thousand_films_take_seconds():
    data = simulated(5000, 3000)
    start = time.process_time()
    estimate_all(*data, CLASSES)
    assert NUM_REPLICATES == 2000
    assert time.process_time() - start < 3


def test_an_estimate_in_words_and_in_json():
    estimate = Estimate(0.958, 0.933, 0.975, 386)
    assert str(estimate) == estimate.in_percent().shown("en") == "95.8 % (93.3 to 97.5, n 386)"
    assert estimate.in_decimals().shown("en") == "0.958 (0.933 to 0.975, n 386)"
    assert estimate.as_dict() == {"value": 0.958, "low": 0.933, "high": 0.975, "n": 386}
    assert Estimate.from_dict(estimate.as_dict()) == estimate
    nothing = Estimate.from_dict({"value": None, "low": None, "high": None, "n": 0})
    assert not nothing.estimable
    assert str(nothing) == "not estimable (n 0)"
    assert nothing.in_percent().shown("zh") == "无法估计\uff08n 0\uff09"
