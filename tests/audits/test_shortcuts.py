"""The shortcut audit: shares, flags, splits, verdicts, and a planted marker that it must find."""

import importlib.util
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import write_model

from plainfilm.audits import shortcuts, views
from plainfilm.audits.shortcuts import (
    Method,
    View,
    audit_shortcuts,
    beats,
    choose_design,
    run_model,
    share_of_gain,
    verdict,
)
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.estimate import Estimate
from plainfilm.messages import CATALOGUES
from plainfilm.model.predictor import Predictor
from plainfilm.records import as_dict

PATH = Path(__file__).parents[2] / "benchmarks" / "audit_selftest.py"


@pytest.fixture(scope="module")
def selftest():
    spec = importlib.util.spec_from_file_location("audit_selftest", PATH)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit_selftest"] = module
    spec.loader.exec_module(module)
    return module


def make_rows(count: int = 120, parts: bool = True) -> tuple[Row, ...]:
    """Classes a, b, c in turn, two films a group, one source; a quality that is kept for training, one film unread."""
    rows = []
    for number in range(count):
        group = number // 6 * 3 + number % 3
        part = ("train", "train", "train", "validation", "test")[number // 6 % 5]
        rows.append(
            Row(
                image_id="" if number == 7 else f"{number:016x}",
                label="abc"[number % 3],
                group=f"g-{group}",
                source="x",
                quality="second" if number < 6 else "original",
                split=part if parts else "",
                width=64,
                height=64,
                mode="L",
            )
        )
    return tuple(rows)


def make_index(parts: bool = True) -> Index:
    return Index(make_rows(parts=parts), (), ("a", "b", "c"), {"kind": "grouped", "train_only_quality": ["second"]})


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (120, 64, 64), dtype=np.uint8)


# --- shares and flags ------------------------------------------------------------------------------------------------


def hits(*shares_: float, n: int = 400) -> list[np.ndarray]:
    """Nested hits: the first films are right."""
    return [np.arange(n) < share * n for share in shares_]


def test_the_share_is_the_ratio_of_gains():
    groups = [str(number) for number in np.random.default_rng(0).permutation(400)]
    share = share_of_gain(*hits(0.7, 0.4, 0.9), groups)
    assert share.value == pytest.approx(0.6)
    assert 0.5 < share.low < 0.6 < share.high < 0.7
    assert share.n == 400
    assert share_of_gain(*hits(0.9, 0.4, 0.9), groups).value == 1
    assert share_of_gain(*hits(0.3, 0.4, 0.9), groups).value == 0
    assert share_of_gain(*hits(1.0, 0.4, 0.7), groups).value == pytest.approx(2)


def test_a_model_that_adds_nothing_has_no_share():
    groups = [str(number) for number in range(400)]
    for model in (0.4, 0.3):
        assert not share_of_gain(*hits(0.9, 0.4, model), groups).estimable
    random = np.random.default_rng(0)
    noise = [random.random(400) < 0.5 for _ in range(3)]
    assert not share_of_gain(*noise, groups).estimable
    assert not share_of_gain(*hits(0.7, 0.4, 0.9), ["one"] * 400).estimable


def test_groups_widen_a_share_and_stop_a_flag():
    view, chance, model = hits(0.55, 0.5, 0.9)
    alone = [str(number) for number in range(400)]
    together = [str(number // 20) for number in range(400)]
    narrow, wide = (share_of_gain(view, chance, model, groups) for groups in (alone, together))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert beats(view, chance, alone, level=0.01)
    assert not beats(view, chance, together, level=0.01)
    assert not beats(chance, view, alone, level=0.01)
    assert not beats(view, chance, ["one"] * 400, level=0.01)


def test_a_flag_is_wrong_as_often_as_it_says():
    random = np.random.default_rng(0)
    groups = [str(number) for number in range(300)]
    wrong = sum(beats(*(random.random((2, 300)) < 0.5), groups, level=0.05) for _ in range(600))
    assert 0.02 < wrong / 600 < 0.08


# --- the split -------------------------------------------------------------------------------------------------------


def usable(index: Index) -> list[Row]:
    return [row for row in index.rows if row.image_id]


def test_folds_judge_every_film_once_and_no_group_twice():
    index = make_index()
    rows = usable(index)
    design = choose_design(index, rows, None, cheap=False, seed=0)
    assert design.name == "folds"
    judged = design.judged
    assert len(judged) == len(set(judged.tolist()))
    assert {rows[number].quality for number in judged} == {"original"}
    assert len(judged) == sum(row.quality == "original" for row in rows)
    for train, part in design.parts:
        assert not {rows[number].group for number in train} & {rows[number].group for number in part}
        assert {rows[number].quality for number in train} == {"original", "second"}


def test_a_model_is_judged_on_its_own_test_films():
    index = make_index()
    rows, answered = usable(index), np.full((119, 3), np.nan)
    tested = [number for number, row in enumerate(rows) if row.split == "test"]
    answered[tested[2:]] = 1 / 3
    design = choose_design(index, rows, answered, cheap=False, seed=0)
    assert design.name == "test"
    ((train, judged),) = design.parts
    assert judged.tolist() == tested[2:]
    assert {rows[number].split for number in train} == {"train"}


def test_without_parts_the_model_is_judged_on_the_films_that_it_answered():
    index = make_index(parts=False)
    answered = np.full((119, 3), 1 / 3)
    answered[50:] = np.nan
    design = choose_design(index, usable(index), answered, cheap=False, seed=0)
    assert design.name == "folds"
    assert design.judged.max() < 50


def test_the_cheap_form_takes_one_split():
    index = make_index()
    assert choose_design(index, usable(index), None, cheap=True, seed=0).name == "test"
    index = make_index(parts=False)
    design = choose_design(index, usable(index), None, cheap=True, seed=0)
    assert (design.name, len(design.parts)) == ("fold", 1)


# --- the whole -------------------------------------------------------------------------------------------------------


def test_the_dict_is_json_the_same_twice_and_complete(films):
    index = make_index()
    probabilities = np.random.default_rng(1).dirichlet(np.ones(3), 120)
    one, other = (audit_shortcuts(Films.of(index, films), probabilities=probabilities, seed=3) for _ in range(2))
    assert json.dumps(as_dict(one), allow_nan=False) == json.dumps(as_dict(other), allow_nan=False)
    assert [row.name for row in one.views] == list(views.VIEWS)
    assert one.method == Method(split="test", films=24, groups=12, cheap=False)
    assert one.permutation.n == 200
    assert one.source is None
    assert {(e.class_, e.reason) for e in one.not_estimable} == {(name, "one-source") for name in "abc"}
    assert one.model.n == 24


def test_without_a_model_there_is_no_share(films):
    found = audit_shortcuts(Films.of(make_index(), films), cheap=True)
    assert found.model is None
    assert {row.share for row in found.views} == {None}
    assert [row.name for row in found.views] == list(shortcuts.CHEAP_VIEWS)
    assert found.verdict.code == "clear"


def test_file_facts_that_tell_the_class_are_flagged(films):
    index = make_index()
    facts = np.array([["abc".index(row.label)] for row in index.rows], float)
    found = audit_shortcuts(Films.of(index, films), facts=facts, cheap=True)
    assert found.verdict.code == "data-untrusted"
    assert found.verdict.view == "file"
    assert [row.name for row in found.views if row.flagged] == ["file"]


def test_the_model_is_run_on_train_and_test_alone(films, tmp_path):
    index, predictor = make_index(), Predictor(write_model(tmp_path / "model.onnx"), threads=1)
    probabilities, features = run_model(predictor, Films.of(index, films))
    ran = np.isfinite(probabilities).all(1)
    assert ran.tolist() == [bool(row.image_id) and row.split in ("train", "test") for row in index.rows]
    np.testing.assert_array_equal(np.isfinite(features).all(1), ran)
    expected = predictor.answer(films[24:26, None])
    np.testing.assert_allclose(probabilities[24:26], expected.probabilities, atol=1e-6)
    alone, none = run_model(predictor, Films.of(index, films), with_features=False)
    assert none is None
    assert np.isfinite(alone).all(1).sum() == 24


def entry(value: float) -> Estimate:
    return Estimate(value, value, value, 100)


def row(name: str, accuracy: float, share: float, flagged: bool) -> View:
    return View(name, name != "thumbnail", entry(accuracy), entry(share), flagged)


@pytest.mark.parametrize(
    ("corners", "model", "code"),
    [
        (row("corners", 0.9, 0.96, True), 0.95, "untrusted"),
        (row("corners", 0.9, 0.5, True), 0.95, "untrusted"),
        (row("corners", 0.5, 0.2, True), 0.95, "doubted"),
        (row("corners", 0.9, math.nan, True), 0.4, "model-adds-nothing"),
        (row("corners", 0.9, 0.9, False), 0.95, "clear"),
        (row("corners", 0.9, math.nan, True), None, "data-untrusted"),
        (row("corners", 0.5, math.nan, True), None, "data-doubted"),
        (row("corners", 0.9, math.nan, False), None, "clear"),
    ],
)
def test_the_verdict_rests_on_views_without_lung(corners, model, code):
    others = [row("thumbnail", 0.99, 0.99, True), row("border", 0.4, 0.0, False)]
    found = verdict([*others, corners if model else replace(corners, share=None)], entry(0.4))
    assert (found.code, found.view) == (code, "corners")
    assert f"shortcuts.verdict.{code}" in CATALOGUES["en"]


# --- the audit proves itself -----------------------------------------------------------------------------------------


def test_a_planted_marker_is_found_and_nothing_else(selftest):
    seed = 0
    films, labels, groups = selftest.phantoms(seed, 70)
    assert selftest.flagged_views(films, labels, groups, seed) == set()
    marked = selftest.plant(films, labels, 0.8, seed)
    assert "corners" in selftest.flagged_views(marked, labels, groups, seed)
    changed = (marked != films).any((1, 2))
    assert changed.sum() == 56
    assert not changed[labels == 0].any()
