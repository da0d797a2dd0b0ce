"""The printed audit: every row, a share only beside a model, both languages."""

from dataclasses import replace
from typing import Any

import pytest

from plainfilm.audits.findings import Audit
from plainfilm.audits.shortcuts import Shortcuts
from plainfilm.audits.views import VIEWS
from plainfilm.messages import text
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.leaks_and_shortcuts import leaks_and_shortcuts
from plainfilm.present.sections.shortcuts import shortcuts
from plainfilm.present.terminal import Terminal
from plainfilm.records import from_dict
from tests.present.artefacts import make_audit


def figure(value: float | None, n: int = 386) -> dict[str, Any]:
    return {"value": value, "low": value and value - 0.02, "high": value and value + 0.02, "n": n}


def audit(*, model: bool) -> Shortcuts:
    pair = {"accuracy": figure(0.9), "chance": figure(0.5)}
    found = {
        "method": {"split": "test" if model else "folds", "films": 386, "groups": 300, "cheap": False},
        "chance": figure(0.34),
        "model": figure(0.96) if model else None,
        "views": [
            {
                "name": name,
                "lungless": name == "corners",
                "accuracy": figure(0.9),
                "share": figure(0.9) if model else None,
                "flagged": name == "corners",
            }
            for name in VIEWS
        ],
        "source": pair | {"sources": 3, "classes": {"NORMAL": pair}} if model else None,
        "permutation": {"view": "corners", "n": 200, "p": 1 / 201, "accuracy": figure(0.8), "highest": 0.41},
        "sources": [
            {"class": "NORMAL", "left_out": "rsna", "lost": ["b"], "sensitivity": figure(0.2), "usual": figure(0.9)}
        ],
        "not_estimable": [
            {"question": "class-within-source", "class": "COVID", "source": "web", "reason": "no-source-holds-both"},
            {"question": "source-left-out", "class": "COVID", "source": "", "reason": "source-unknown"},
        ],
        "verdict": {
            "code": "untrusted" if model else "data-untrusted",
            "view": "corners",
            "share": figure(0.9) if model else None,
            "accuracy": figure(0.9),
        },
    }
    return from_dict(Shortcuts, found)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("model", [True, False])
def test_everything_is_said(language, model, capsys):
    show(Terminal(language), shortcuts(audit(model=model), str))
    shown = capsys.readouterr().out
    for name in VIEWS:
        assert text(f"view.{name}", language) in shown
    assert (text("report.audit.share", language) in shown) is model
    assert "p = 0.005" in shown
    assert "rsna" in shown
    assert shown.count("COVID") >= 2


def test_the_verdict_follows_the_shortcuts_and_names_view_and_share(capsys):
    found = replace(from_dict(Audit, make_audit()), shortcuts=audit(model=True), leaks=None)
    show(Terminal("en"), leaks_and_shortcuts(found))
    *_, verdict, of_leaks = capsys.readouterr().out.splitlines()
    assert of_leaks == text("report.audit.no-leaks", "en")
    assert verdict.endswith(
        "four corners, gets 90 % of what the model adds over chance (88 to 92, n 386). "
        "This score cannot be trusted as medicine."
    )


def test_json_prints_no_table(capsys):
    show(Terminal("en", as_json=True), shortcuts(audit(model=True), str))
    assert capsys.readouterr().out == ""
