"""The figure of the shortcut audit: every bar and its interval, both languages, the same bytes twice."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from plainfilm.audits.shortcuts import Shortcuts, View
from plainfilm.audits.views import LUNGLESS, VIEWS
from plainfilm.estimate import Estimate
from plainfilm.present import figures
from plainfilm.present.audit_figures import draw_shortcuts
from plainfilm.records import from_dict
from tests.present.artefacts import make_audit
from tests.present.conftest import needs_chinese_font


def found(*, model: bool = True):
    def entry(value):
        return Estimate(value, value - 0.03, value + 0.02, 386)

    rows = tuple(View(name, name in LUNGLESS, entry(0.5 + 0.05 * k), None, False) for k, name in enumerate(VIEWS))
    whole = from_dict(Shortcuts, make_audit()["shortcuts"])
    return replace(whole, chance=entry(0.345), model=entry(0.971) if model else None, views=rows)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=needs_chinese_font)])
def test_every_view_and_the_model_are_drawn(language, tmp_path, texts):
    assert draw_shortcuts(found(), tmp_path / "figure.png", language=language) == ()
    assert {"50.0 %", "85.0 %", "97.1 %"} <= set(texts)
    assert len([word for word in texts if word.endswith(" %") and "." in word]) == len(VIEWS) + 1
    with Image.open(tmp_path / "figure.png") as image:
        assert np.asarray(image.convert("L")).std() > 10


def test_without_a_model_it_has_no_bar(tmp_path, texts):
    draw_shortcuts(found(model=False), tmp_path / "figure.png", language="en")
    assert "the model" not in texts
    assert "four corners" in texts


def test_the_same_bytes_twice_and_english_without_a_font(tmp_path, monkeypatch):
    for name in ("one", "two"):
        draw_shortcuts(found(), tmp_path / f"{name}.png", language="en")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    monkeypatch.setattr(figures, "_listed_fonts", set)
    assert draw_shortcuts(found(), tmp_path / "zh.png", language="zh") == ("figure-font-missing",)
    assert (tmp_path / "zh.png").read_bytes() == (tmp_path / "one.png").read_bytes()
