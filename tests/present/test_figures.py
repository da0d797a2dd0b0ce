"""Figures: real Chinese or a notice, the same bytes twice, and what is drawn is what was given."""

import math

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import delong
from plainfilm.evaluation.reliability import reliability
from plainfilm.evaluation.selective import risk_coverage
from plainfilm.present import figures
from tests.present.conftest import needs_chinese_font

ENGLISH = ("Normal", "Viral pneumonia", "COVID-19")
CHINESE = ("正常", "病毒性肺炎", "新冠肺炎")
AWKWARD = ("$x$", "_hidden", "a\nb")
COUNTS = np.array([[250, 2, 3], [5, 243, 7], [0, 0, 0]])
HISTORY = [
    {"step": step, "epoch": (step - 1) // 20 + 1, "loss": 1 / step, "accuracy": 1 - 1 / step, "learning_rate": 0.1}
    for step in range(1, 101)
]
VALIDATION = [{"epoch": epoch, "loss": 0.2 / epoch, "accuracy": 1 - 0.1 / epoch} for epoch in range(1, 6)]


def draw_history(path, language, names):
    return figures.draw_history(HISTORY, VALIDATION, path, language=language)


def draw_confusion(path, language, names):
    return figures.draw_confusion(COUNTS, names, path, language=language)


def draw_roc(path, language, names):
    random = np.random.default_rng(0)
    labels = random.integers(2, size=200)  # class 2 is absent
    probabilities = random.dirichlet(np.ones(3), size=200) + 0.8 * np.eye(3)[labels]
    aucs = [delong(scores, labels == k, np.arange(200)) for k, scores in enumerate(probabilities.T)]
    assert not aucs[2].estimable
    return figures.draw_roc(probabilities, labels, names, path, language=language, aucs=aucs)


def draw_roc_panels(path, language, names):
    random = np.random.default_rng(0)
    targets = random.choice([0, 1, 0.5, np.nan], size=(200, 3))
    probabilities = random.random((200, 3))
    aucs = [Estimate(0.75, 0.5, 0.9, 40), Estimate(0.5, 0.2, 0.8, 40), Estimate(math.nan, math.nan, math.nan, 40)]
    return figures.draw_roc_panels(probabilities, targets, names, path, language=language, aucs=aucs)


def draw_reliability(path, language, names):
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), size=200)
    curves = reliability(probabilities, random.integers(3, size=200), [str(i) for i in range(200)], ["a", "b", "c"])
    return figures.draw_reliability(list(curves.reliability.values()), names, path, language=language)


def draw_risk_coverage(path, language, names):
    random = np.random.default_rng(0)
    probabilities, labels = random.dirichlet(np.ones(3), size=200), random.integers(3, size=200)
    found = risk_coverage(probabilities, labels, [str(i) for i in range(200)])
    return figures.draw_risk_coverage(found, path, language=language)


FIGURES = pytest.mark.parametrize(
    "draw", [draw_history, draw_confusion, draw_roc, draw_roc_panels, draw_reliability, draw_risk_coverage]
)


@FIGURES
@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ENGLISH), ("en", AWKWARD), *(pytest.param(i, CHINESE, marks=needs_chinese_font) for i in ("zh", "en"))],
)
def test_every_character_is_drawn(draw, language, names, tmp_path, texts):
    """matplotlib warns of a missing glyph, and warnings are errors here."""
    assert draw(tmp_path / "figure.png", language, names) == ()
    with Image.open(tmp_path / "figure.png") as image:
        assert min(image.size) > 500
        assert np.asarray(image.convert("L")).std() > 10
    if draw is draw_confusion:
        assert {name.replace("\n", "\\n") for name in names} <= set(texts)


@FIGURES
def test_without_a_chinese_font_the_figure_is_english_and_says_so(draw, tmp_path, monkeypatch, texts):
    monkeypatch.setattr(figures, "_listed_fonts", lambda: {"DejaVu Sans", "Arial"})
    assert draw(tmp_path / "figure.png", "zh", CHINESE) == ("figure-font-missing",)
    assert all(ord(character) < 0x2E80 for word in texts for character in word)
    if draw is draw_confusion:
        assert {"class 1", "class 2", "class 3", "True class"} <= set(texts)


def test_latin_names_stay_when_the_font_is_missing(tmp_path, monkeypatch, texts):
    monkeypatch.setattr(figures, "_listed_fonts", set)
    assert draw_confusion(tmp_path / "figure.png", "zh", ENGLISH) == ("figure-font-missing",)
    assert set(ENGLISH) <= set(texts)


@needs_chinese_font
def test_a_character_that_no_font_has_is_no_box(tmp_path, texts):
    assert draw_confusion(tmp_path / "figure.png", "zh", ("正常", "\U0001fac1", "肺炎")) == ("figure-font-missing",)
    assert {"正常", "类别 2", "肺炎"} <= set(texts)


def test_simplified_chinese_is_preferred(monkeypatch):
    installed = {"Noto Sans CJK JP", "SimHei", "Noto Sans CJK SC", "DejaVu Sans"}
    monkeypatch.setattr(figures, "_listed_fonts", lambda: installed)
    assert figures._chinese_font() == "Noto Sans CJK SC"
    installed.remove("Noto Sans CJK SC")
    assert figures._chinese_font() == "SimHei"


@FIGURES
def test_the_same_bytes_whatever_the_users_settings(draw, tmp_path):
    draw(tmp_path / "one.png", "en", ENGLISH)
    before = {name: value for name, value in mpl.rcParams.items() if name != "backend"}
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "savefig.dpi": 50, "savefig.bbox": "tight"}):
        draw(tmp_path / "two.png", "en", ENGLISH)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    assert b"matplotlib" not in (tmp_path / "one.png").read_bytes().lower()
    assert {name: value for name, value in mpl.rcParams.items() if name != "backend"} == before


def test_confusion_shows_counts_and_shares_of_rows(tmp_path, texts):
    draw_confusion(tmp_path / "figure.png", "en", ENGLISH)
    assert {"250", "98.0 %", "243", "95.3 %", "–"} <= set(texts)


def test_roc_names_every_class_with_its_interval(tmp_path, texts):
    labels = np.array([0, 1] * 20)
    aucs = [Estimate(0.75, 0.5, 0.9, 40), Estimate(float("nan"), float("nan"), float("nan"), 40)]
    scores = np.random.default_rng(0).random((40, 2))
    figures.draw_roc(scores, labels, ("a", "b"), tmp_path / "figure.png", language="en", aucs=aucs)
    assert {"a  0.750 (0.500 to 0.900, n 40)", "b  not estimable (n 40)"} <= set(texts)


def test_a_panel_a_finding_draws_the_films_of_which_it_is_known(tmp_path, texts, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "roc_curve", lambda scores, present: drawn.append((scores, present)) or ([0], [1]))
    draw_roc_panels(tmp_path / "figure.png", "en", ("a", "b", "c"))
    assert {"a\n0.750 (0.500 to 0.900, n 40)", "c\nnot estimable (n 40)"} <= set(texts)
    targets = np.random.default_rng(0).choice([0, 1, 0.5, np.nan], size=(200, 3))
    assert [int(present.sum()) for _, present in drawn] == [int((targets[:, k] == 1).sum()) for k in (0, 1)]
    assert [len(present) for _, present in drawn] == [int(np.isin(targets[:, k], (0, 1)).sum()) for k in (0, 1)]


def test_what_is_right_in_a_training_is_called_as_the_task_says(tmp_path, texts):
    figures.draw_history(HISTORY, [], tmp_path / "figure.png", language="en", right="figure.right-findings")
    assert "Findings on the right side of 50 %" in texts
    assert "Accuracy" not in texts


def test_a_history_without_validation_or_with_one_step(tmp_path, texts):
    assert figures.draw_history(HISTORY[:1], [], tmp_path / "figure.png", language="en") == ()
    assert "validation, each epoch" not in texts
    assert figures.draw_history([], [], tmp_path / "figure.png", language="en") == ()


def test_the_running_mean_is_the_mean_around_each_step():
    values = np.random.default_rng(0).random(50)
    smoothed = figures._running_mean(values, 5)
    assert smoothed[20] == pytest.approx(values[18:23].mean())
    assert smoothed[0] == pytest.approx(values[:3].mean())
    np.testing.assert_allclose(figures._running_mean(values, 1), values)
