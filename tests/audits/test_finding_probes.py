"""The audit by finding: flags that hold for the whole family, shares, the table probe, what is not judged."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, norm
from statsmodels.stats.multitest import multipletests

from plainfilm.audits import views
from plainfilm.audits.family import chained, holm, p_above_half
from plainfilm.audits.finding_probes import (
    GRAVITY,
    TABLE,
    Finding,
    FindingsAudit,
    Probe,
    Verdict,
    audit_findings,
    known,
    overall,
    read,
    table_columns,
    verdict,
    within_sites,
)
from plainfilm.audits.shortcuts import CHEAP_VIEWS
from plainfilm.audits.table_view import said
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation.metrics import auc
from plainfilm.messages import CATALOGUES
from plainfilm.records import as_dict, from_dict

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ("Mass", "Edema", "Hernia")
NUM_FILMS = 240


@pytest.fixture(scope="module")
def selftest():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        import findings_selftest

        yield findings_selftest
    for name in ("findings_selftest", "audit_selftest"):
        sys.modules.pop(name)


def make_rows(*, parts: bool = True) -> tuple[Row, ...]:
    """Two sites, view and sex and age that tell nothing, two films a patient; films of 64 px."""
    random = np.random.default_rng(5)
    names = ("train", "train", "validation", "test", "test")
    return tuple(
        Row(
            image_id=f"{number:016x}",
            group=f"g-{number // 2}",
            source="xy"[number // 2 % 2],
            split=names[number // 2 % 5] if parts else "",
            width=64,
            height=64,
            mode="L",
            extra={
                "view": random.choice(["PA", "AP"]),
                "sex": random.choice(["F", "M"]),
                "age": str(random.integers(90)),
            },
        )
        for number in range(NUM_FILMS)
    )


def make_films(rows: tuple[Row, ...]) -> Films:
    pixels = np.random.default_rng(0).integers(0, 256, (len(rows), 64, 64), dtype=np.uint8)
    return Films.of(Index(rows, (), NAMES, {"kind": "grouped"}), pixels)


@pytest.fixture(scope="module")
def films() -> Films:
    return make_films(make_rows())


@pytest.fixture(scope="module")
def targets() -> np.ndarray:
    """By patient; Hernia has 6 positives, all in the test part."""
    drawn = np.random.default_rng(1).random((NUM_FILMS // 2, 3)) < (0.4, 0.3, 0.0)
    drawn[3:60:20, 2] = True
    return np.repeat(drawn, 2, axis=0).astype(np.float32)


def probes_of(found: FindingsAudit, name: str) -> dict[str, Probe]:
    return {probe.view: probe for finding in found.findings if finding.name == name for probe in finding.probes}


def flags(found: FindingsAudit) -> set[tuple[str, str]]:
    return {(finding.name, probe.view) for finding in found.findings for probe in finding.probes if probe.flagged}


# --- the family ------------------------------------------------------------------------------------------------------


def test_holm_by_hand():
    # in order 0.005, 0.01, 0.03, 0.04 against 0.05 / 4 = 0.0125, 0.0167, 0.025: the third stays, and all after it
    assert holm([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]
    assert holm([0.04, 0.03, 0.02], 0.06) == [True, True, True]  # 0.02, 0.03, 0.06
    assert holm([0.0251, 0.9], 0.05) == [False, False]
    assert holm([], 0.05) == []


def test_holm_is_that_of_statsmodels():
    random = np.random.default_rng(0)
    for size in (1, 2, 3, 10, 40, 126):
        p = random.random(size) ** random.integers(1, 8)
        assert holm(p.tolist(), 0.05) == multipletests(p, 0.05, method="holm")[0].tolist()


def sample(n: int = 300, positives: int = 60, shift: float = 0.5, seed: int = 0):
    random = np.random.default_rng(seed)
    positive = np.arange(n) < positives
    return random.normal(size=n) + shift * positive, positive, np.arange(n)


def test_p_is_that_of_mann_and_whitney_where_nothing_is_shown():
    for seed in range(5):
        scores, positive, groups = sample(shift=0, seed=seed)
        expected = mannwhitneyu(
            scores[positive], scores[~positive], alternative="greater", method="asymptotic", use_continuity=False
        )
        assert p_above_half(scores, positive, groups) == pytest.approx(expected.pvalue, abs=0.03)
        assert p_above_half(scores, positive, groups) + p_above_half(-scores, positive, groups) == pytest.approx(1)


def test_p_is_that_of_delong_where_positives_are_of_two_kinds():
    random = np.random.default_rng(0)
    scores, positive = np.append(np.repeat([3.0, -3.0], [36, 24]), random.normal(size=240)), np.arange(300) < 60
    beaten = (scores[positive][:, None] > scores[~positive]).astype(float)  # without ties
    variance = beaten.mean(1).var(ddof=1) / 60 + beaten.mean(0).var(ddof=1) / 240
    expected = norm.sf((beaten.mean() - 0.5) / np.sqrt(variance))
    assert p_above_half(scores, positive, np.arange(300)) == pytest.approx(expected, rel=0.05)
    assert expected > 5 * mannwhitneyu(scores[positive], scores[~positive], alternative="greater").pvalue


def test_copies_in_a_group_prove_nothing():
    scores, positive, groups = sample()
    p = p_above_half(scores, positive, groups)
    twice = p_above_half(np.repeat(scores, 3), np.repeat(positive, 3), np.repeat(groups, 3))
    assert twice == pytest.approx(p, rel=1e-9)
    assert p_above_half(np.repeat(scores, 3), np.repeat(positive, 3), np.arange(900)) < p / 10


def test_few_positives_in_perfect_order_have_no_p_of_zero():
    scores, positive, groups = sample(200, 10, shift=100)
    assert 1e-9 < p_above_half(scores, positive, groups) < 1e-5
    groups[:10] = [0, 1] * 5  # ten films of two patients
    assert p_above_half(scores, positive, groups) > 0.001
    groups[:10] = 0
    assert p_above_half(scores, positive, groups) == 1


def test_a_chain_never_looks_ahead():
    fold_of = np.random.default_rng(0).integers(-1, 5, 100)  # -1: kept for training
    parts = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(5)]
    chain = chained(parts)
    assert [set(fold_of[judged]) for _, judged in chain] == [{1}, {2}, {3}, {4}]
    assert [set(fold_of[train]) for train, _ in chain] == [{-1, 0}, {-1, 0, 1}, {-1, 0, 1, 2}, {-1, 0, 1, 2, 3}]
    assert chained(parts[:1]) is not parts
    assert len(chained(parts[:1])) == 1


def test_folds_call_chance_a_finding_and_the_chain_does_not():
    """300 data sets in which nothing is to be found: how often is p below 0.02?"""
    fold_of = np.arange(200) % 5
    parts = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(5)]
    low = np.zeros(2)
    for seed in range(300):
        random = np.random.default_rng(seed)
        columns = random.normal(size=(200, 4)) @ random.normal(size=(4, 12))
        truth = (random.random((200, 1)) < 0.3).astype(float)
        for place, of in enumerate((parts, chained(parts))):
            scores = read("thumbnail", columns, truth, of, 0)[:, 0]
            judged = np.isfinite(scores)
            low[place] += p_above_half(scores[judged], truth[judged, 0] == 1, np.arange(judged.sum())) < 0.02
    assert low[0] / 300 > 0.04
    assert low[1] / 300 < 0.035


# --- probes ----------------------------------------------------------------------------------------------------------


def test_a_view_that_says_nothing_is_at_one_half_whatever_the_folds_hold():
    truth = np.array([[1.0]] * 12 + [[0.0]] * 48)
    parts = [(np.arange(30, 60), np.arange(30)), (np.arange(30), np.arange(30, 60))]  # all positives in one fold
    scores = read("thumbnail", np.zeros((60, 2)), truth, parts, 0)[:, 0]
    assert auc(scores, truth[:, 0] == 1) == 0.5


def test_a_probe_learns_and_judges_what_is_known():
    random = np.random.default_rng(0)
    truth = (random.random((100, 2)) < 0.5).astype(float)
    columns = truth[:, :1] + 0.1 * random.normal(size=(100, 1))
    truth[::3, 0] = np.nan
    parts = [(np.arange(60), np.arange(60, 100))]
    scores = read("corners", columns, truth, parts, 0)
    np.testing.assert_array_equal(np.isfinite(scores[:, 0]), np.isfinite(truth[:, 0]) & (np.arange(100) >= 60))
    judged = np.isfinite(scores[:, 0])
    assert auc(scores[judged, 0], truth[judged, 0] == 1) > 0.95
    truth[:60, 1] = np.nan  # stated in the judged part alone: there is nothing to learn from
    assert set(read("corners", columns, truth, parts, 0)[60:, 1]) == {0.5}


def test_a_probability_is_no_truth(films, targets):
    uncertain, unknown = targets.copy(), targets.copy()
    uncertain[::5, 0], unknown[::5, 0] = 0.3, np.nan
    one, other = (audit_findings(films, entry, NAMES, cheap=True) for entry in (uncertain, unknown))
    assert as_dict(replace(one, sites=())) == as_dict(replace(other, sites=()))
    np.testing.assert_array_equal(np.isnan(known(uncertain)[:, 0]), np.arange(NUM_FILMS) % 5 == 0)


# --- the whole -------------------------------------------------------------------------------------------------------


def test_the_record_is_json_there_and_back_and_the_same_twice(films, targets):
    probabilities = np.random.default_rng(2).random(targets.shape)
    one, other = (
        audit_findings(films, targets, NAMES, probabilities=probabilities, cheap=True, seed=3) for _ in range(2)
    )
    text = json.dumps(as_dict(one), allow_nan=False)
    assert text == json.dumps(as_dict(other), allow_nan=False)
    assert json.dumps(as_dict(from_dict(FindingsAudit, json.loads(text), exact=True)), allow_nan=False) == text
    assert one.method.split == "test"
    assert one.method.films == 96
    assert one.method.groups == 48
    assert [finding.name for finding in one.findings] == list(NAMES)
    assert list(probes_of(one, "Mass")) == [*CHEAP_VIEWS, TABLE]
    assert one.table is not None
    assert one.table.columns == ("view", "sex", "source", "age")


def test_all_views_in_folds_without_a_model(targets):
    found = audit_findings(make_films(make_rows(parts=False)), targets, NAMES)
    assert found.method.split == "folds"
    assert found.method.films == NUM_FILMS
    assert list(probes_of(found, "Edema")) == [*views.VIEWS, TABLE]
    assert {probe.share for probe in probes_of(found, "Edema").values()} == {None}
    assert found.table.gain is None
    assert flags(found) == set()
    assert found.verdict.code == "clear"


def test_flags_in_folds_are_those_of_the_chain(targets, monkeypatch):
    films, facts = make_films(make_rows(parts=False)), targets[:, :1].astype(float)
    monkeypatch.setattr("plainfilm.audits.probes.NUM_TREES", 5)
    found = audit_findings(films, targets[:, :1], NAMES[:1], facts=facts)
    assert flags(found) == {("Mass", "file")}
    monkeypatch.setattr("plainfilm.audits.finding_probes.chained", lambda parts: [(parts[0][0][:0], parts[0][1])])
    ignorant = audit_findings(films, targets[:, :1], NAMES[:1], facts=facts)
    assert flags(ignorant) == set()
    assert probes_of(ignorant, "Mass")["file"].p == 0.5
    assert probes_of(ignorant, "Mass")["file"].auc == probes_of(found, "Mass")["file"].auc


def test_a_finding_with_few_films_is_not_judged(films, targets):
    found = audit_findings(films, targets, NAMES, cheap=True)
    hernia = found.findings[2]
    assert (hernia.positives, hernia.negatives) == (6, 90)
    assert (hernia.probes, hernia.model, hernia.verdict.code) == ((), None, "too-few")
    assert found.verdict.judged == 2
    nothing = audit_findings(films, targets[:, 2:], NAMES[2:], cheap=True)
    assert (nothing.verdict.code, nothing.verdict.judged, nothing.table) == ("too-few", 0, None)


def told_in_the_file(films: Films, targets: np.ndarray, wrong: float, probabilities: np.ndarray) -> FindingsAudit:
    """An audit of films whose files tell Mass, but for a share."""
    lies = np.random.default_rng(4).random(NUM_FILMS) < wrong
    facts = np.where(lies, 1 - targets[:, 0], targets[:, 0])[:, None].astype(float)
    return audit_findings(films, targets, NAMES, facts=facts, probabilities=probabilities, cheap=True)


def noisy(targets: np.ndarray, noise: float) -> np.ndarray:
    return targets + noise * np.random.default_rng(3).normal(size=targets.shape)


def test_what_the_file_tells_is_flagged_and_has_its_share(films, targets):
    found = told_in_the_file(films, targets, 0.2, noisy(targets, 0.4))
    assert flags(found) == {("Mass", "file")}
    probe, model = probes_of(found, "Mass")["file"], found.findings[0].model
    assert probe.share.value == pytest.approx((probe.auc.value - 0.5) / (model.value - 0.5))
    assert probe.share.low < probe.share.value < probe.share.high < 1
    assert (found.findings[0].verdict.code, found.findings[0].verdict.view) == ("untrusted", "file")
    assert found.findings[1].verdict.code == "clear"
    assert (found.verdict.code, found.verdict.findings, found.verdict.judged) == ("untrusted", ("Mass",), 2)


def test_a_model_at_chance_has_no_share(films, targets):
    found = told_in_the_file(films, targets, 0.2, np.random.default_rng(9).random(targets.shape))
    assert not probes_of(found, "Mass")["file"].share.estimable
    assert found.verdict.code == "model-adds-nothing"
    assert not found.table.gain.low > 0


def test_the_model_is_judged_where_it_was_run(films, targets):
    probabilities = noisy(targets, 0.4)
    tested = np.array([row.split == "test" for row in films.index.rows])
    probabilities[~tested | (np.arange(NUM_FILMS) < 20)] = np.nan
    found = audit_findings(films, targets, NAMES, probabilities=probabilities, cheap=True)
    assert found.method.films == int((tested & (np.arange(NUM_FILMS) >= 20)).sum())
    judged = np.isfinite(probabilities[:, 0])
    assert found.findings[0].model.value == pytest.approx(auc(probabilities[judged, 0], targets[judged, 0] == 1))


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_table_probe_finds_what_the_view_alone_tells(films, targets):
    random = np.random.default_rng(7)
    rows = tuple(
        replace(row, extra=row.extra | {"view": "AP" if truth ^ (random.random() < 0.15) else "PA"})
        for row, truth in zip(films.index.rows, targets[:, 1] == 1, strict=True)
    )
    found = audit_findings(make_films(rows), targets, NAMES, probabilities=noisy(targets, 0.3), cheap=True)
    assert flags(found) == {("Edema", TABLE)}
    assert found.findings[1].verdict.view == TABLE
    assert probes_of(found, "Edema")[TABLE].auc.value > 0.75
    macro = np.mean([probes_of(found, name)[TABLE].auc.value for name in NAMES[:2]])
    assert found.table.macro.value == pytest.approx(macro)
    assert found.table.gain.value == pytest.approx(found.table.model.value - macro)
    assert 0 < found.table.gain.low < found.table.gain.value < found.table.gain.high


def test_a_missing_age_is_an_entry_and_no_number():
    ages = ["61", "061Y", "018M", "", "old", "400"] * 10
    rows = [Row(extra={"age": age, "view": "PA"}) for age in ages]
    columns = said(rows)
    assert list(columns) == ["age"]
    years, missing = columns["age"][:6].T
    assert missing.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(years, [61, 61, 1.5, *[(61 + 61 + 1.5) / 3] * 3])


def test_an_entry_of_few_films_has_no_column():
    rows = [Row(source=source) for source in ["a"] * 30 + ["b"] * 20 + [str(number) for number in range(9)]]
    columns = table_columns(rows)
    assert columns.sum(0).tolist() == [30, 20]
    assert table_columns(rows, with_site=False).shape == (59, 0)


def test_a_table_that_says_nothing_is_no_view(films, targets):
    rows = tuple(replace(row, extra={}, source="x") for row in films.index.rows)
    found = audit_findings(make_films(rows), targets, NAMES, cheap=True)
    assert found.table is None
    assert list(probes_of(found, "Mass")) == list(CHEAP_VIEWS)


def test_sites_say_what_they_can_answer():
    targets = np.array([[1, np.nan]] * 12 + [[0, np.nan]] * 10 + [[0, 0.5]] * 3 + [[1, 0]], np.float32)
    found = within_sites(targets, NAMES[:2], ["a"] * 22 + ["b"] * 3 + [""])
    cells = [(e.finding, e.source, e.stated, e.positives, e.negatives, e.estimable) for e in found]
    assert cells == [
        ("Mass", "", True, 1, 0, False),
        ("Mass", "a", True, 12, 10, True),
        ("Mass", "b", True, 0, 3, False),
        ("Edema", "", True, 0, 1, False),
        ("Edema", "a", False, 0, 0, False),
        ("Edema", "b", True, 0, 0, False),
    ]


# --- verdicts --------------------------------------------------------------------------------------------------------


def entry(value: float) -> Estimate:
    return Estimate(value, value, value, 100)


def probe(view: str, value: float, share: float | None, flagged: bool) -> Probe:
    return Probe(view, view != "thumbnail", entry(value), None if share is None else entry(share), 0.5, flagged)


@pytest.mark.parametrize(
    ("corners", "code"),
    [
        (probe("corners", 0.8, 0.6, True), "untrusted"),
        (probe("corners", 0.8, 0.4, True), "doubted"),
        (probe("corners", 0.8, float("nan"), True), "model-adds-nothing"),
        (probe("corners", 0.8, None, True), "data-untrusted"),
        (probe("corners", 0.7, None, True), "data-doubted"),
        (probe("corners", 0.8, 0.9, False), "clear"),
    ],
)
def test_the_verdict_rests_on_views_without_lung(corners, code):
    found = verdict([probe("thumbnail", 0.99, 0.99, True), corners, probe(TABLE, 0.6, 0.1, False)])
    assert (found.code, found.view) == (code, "corners")


def test_the_whole_is_as_bad_as_its_worst_finding():
    findings = [
        Finding(str(place), 50, 50, None, (), Verdict(code, "", None, NOT_ESTIMABLE))
        for place, code in enumerate(("clear", "doubted", "untrusted", "too-few", "untrusted"))
    ]
    found = overall(findings)
    assert (found.code, found.findings, found.judged) == ("untrusted", ("2", "4"), 0)
    assert all(f"finding-audit.verdict.{code}" in CATALOGUES["en"] for code in GRAVITY)


# --- the audit proves itself -----------------------------------------------------------------------------------------


def test_a_planted_marker_is_flagged_for_its_finding_alone(selftest, monkeypatch):
    monkeypatch.setattr("plainfilm.audits.probes.NUM_TREES", 30)  # enough for a marker, in a quarter of the time
    pixels, truth, rows = selftest.draw(0, 120)
    assert selftest.flagged_cells(pixels, truth, rows, 0) == set()
    marked = selftest.with_marker(pixels, truth, 1.0, 0)
    found = selftest.flagged_cells(marked, truth, rows, 0)
    assert {finding for finding, _ in found} == {selftest.MARKED}
    assert {"border", "corners"} <= {view for _, view in found}
    changed = (marked != pixels).any((1, 2))
    np.testing.assert_array_equal(changed, truth[:, list(selftest.SHARES).index(selftest.MARKED)] == 1)
