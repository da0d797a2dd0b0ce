"""The printed audit by finding: every finding and view, flags as signs, what is not estimable, verdicts, two languages."""

import math
from dataclasses import replace

import pytest

from plainfilm.audits import views
from plainfilm.audits.finding_probes import (
    LUNGLESS,
    TABLE,
    Finding,
    FindingsAudit,
    Overall,
    Probe,
    TableProbe,
    Within,
    overall,
    verdict,
)
from plainfilm.audits.finding_probes import Verdict as FindingVerdict
from plainfilm.audits.shortcuts import Method
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.messages import text
from plainfilm.model.card import Audited
from plainfilm.model.predictor import Predictor
from plainfilm.present.blocks import Note, Table
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.finding_audit import FLAG, finding_audit, table_probe, verdicts
from plainfilm.present.statements import about_model
from plainfilm.present.terminal import Terminal
from tests.builders import write_findings_model

VIEWS = (*views.VIEWS, TABLE)
FLAGGED = {("Mass", "corners"), ("Mass", "thumbnail"), ("Edema", TABLE)}


def entry(value: float, width: float = 0.05) -> Estimate:
    return Estimate(value, value - width, value + width, 386)


def make_finding(name: str, *, model: bool) -> Finding:
    """AUCs all differ, so that each can be found in a table."""
    probes = tuple(
        Probe(
            view=view,
            lungless=view in LUNGLESS,
            auc=entry(0.6 + 0.01 * place + (0.2 if name == "Mass" else 0.001)),
            share=entry(0.7) if model else None,
            p=0.5,
            flagged=(name, view) in FLAGGED,
        )
        for place, view in enumerate(VIEWS)
    )
    return Finding(name, 40, 346, entry(0.91) if model else None, probes, verdict(probes))


def make_audit(*, model: bool) -> FindingsAudit:
    findings = (
        *(make_finding(name, model=model) for name in ("Mass", "Edema", "Nodule")),
        Finding("Hernia", 7, 379, None, (), FindingVerdict("too-few", "", None, NOT_ESTIMABLE)),
    )
    gain = entry(0.2) if model else None
    return FindingsAudit(
        method=Method("test" if model else "folds", 386, 300, cheap=False),
        findings=findings,
        table=TableProbe(("view", "age"), entry(0.62), entry(0.82) if model else None, gain),
        sites=tuple(
            Within(finding.name, source, source != "rsna", 20 + place, 5, False)
            if source
            else Within(finding.name, source, True, 20, 30, True)
            for place, finding in enumerate(findings)
            for source in ("", "nih", "rsna")
        ),
        verdict=overall(findings),
    )


def tables(found: FindingsAudit) -> list[Table]:
    return [block for block in finding_audit(found, str) if isinstance(block, Table)]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("model", [True, False])
def test_everything_is_said(language, model, capsys):
    found = make_audit(model=model)
    show(Terminal(language), [*finding_audit(found, str), *verdicts(found, str)])
    shown = capsys.readouterr().out
    for view in VIEWS:
        assert text(f"view.{view}", language) in shown
    for finding in found.findings:
        assert shown.count(finding.name) >= 3
    assert (text("report.audit.model", language) in shown) is model
    for key in ("finding-audit.not-stated", "finding-audit.site-unknown", "finding-audit.word.too-few"):
        assert text(key, language) in shown
    assert text("finding-audit.site-few", language, counts="22 / 5") in shown
    assert "20 / 30" in shown


def test_a_flag_is_a_sign_at_the_flagged_cells_alone():
    table = tables(make_audit(model=True))[0]
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == ["Mass", "Edema", "Nodule"]
    assert sum(str(cell).endswith(FLAG) for row in table.rows for cell in row) == len(FLAGGED)
    assert rows["Mass"].count(f"0.820 {FLAG}") == 1  # corners
    assert rows["Mass"].count(f"0.860 {FLAG}") == 1  # thumbnail
    assert rows["Edema"][2] == f"0.681 {FLAG}"  # the table comes first
    assert rows["Edema"][-1] == "0.910"
    assert rows["Mass"][1] == "40 / 346"


def test_each_column_is_of_the_view_at_its_head():
    table = tables(make_audit(model=False))[0]
    nodule = next(row for row in table.rows if row[0] == "Nodule")
    values = {probe.view: probe.auc.value for probe in make_finding("Nodule", model=False).probes}
    for view, value in values.items():
        name = text(f"view.{view}", "en")
        place = next(place for place, head in enumerate(table.head[2:], 2) if head.shown("en").startswith(name))
        assert nodule[place] == f"{value:.3f}"
        assert table.head[place].shown("en").endswith("(sees lung)") is (view not in LUNGLESS)


def test_the_verdicts_are_by_code_and_the_gravest_comes_first():
    found = make_audit(model=True)
    said = [(note.tone, note.words.shown("en")) for note in verdicts(found, str)]
    assert [tone for tone, _ in said] == ["alarm", "plain", "plain"]
    (_, grave), (_, clear), (_, few) = said
    assert grave.startswith("Verdict on 2 of 4 findings (Mass: four corners, Edema: the table alone): ")
    assert "(Nodule)" in clear
    assert "(Hernia)" in few
    assert "fewer than 10" in few
    assert found.verdict == Overall("untrusted", ("Mass", "Edema"), 3)


@pytest.mark.parametrize(("low", "tone", "words"), [(0.01, "plain", "is above"), (-0.01, "alarm", "not shown")])
def test_a_model_that_is_not_above_the_table_is_an_alarm(low, tone, words):
    found = make_audit(model=True)
    found = replace(found, table=replace(found.table, gain=Estimate(0.1, low, 0.2, 386)))
    notes = [block for block in finding_audit(found, str) if isinstance(block, Note)]
    assert notes[-2].tone == tone
    assert words in notes[-2].words.shown("en")
    assert "view position, age" in notes[-3].words.shown("en")


def test_findings_that_the_table_alone_may_give_away_are_named_but_flagged_ones_and_those_at_chance_are_not():
    found = make_audit(model=True)
    said = list(table_probe(found, str))[-1].words.shown("en")
    assert [name for name in ("Mass", "Edema", "Nodule", "Hernia") if name in said] == ["Mass", "Nodule"]
    at_chance = replace(found.findings[2], probes=tuple(replace(p, auc=entry(0.54)) for p in found.findings[2].probes))
    few = replace(found, findings=(found.findings[1], at_chance))
    assert len(list(table_probe(few, str))) == len(list(table_probe(found, str))) - 1


@pytest.mark.parametrize(("low", "words"), [(0.01, "higher by"), (-0.02, "not shown")])
def test_a_model_file_calls_a_model_better_than_the_table_only_if_that_is_shown(low, words, tmp_path):
    gain = Estimate(0.06, low, 0.15, 138)
    audited = Audited(view=TABLE, accuracy=entry(0.64), chance=entry(0.5), model=entry(0.7), share=gain)
    model = write_findings_model(tmp_path / "model.onnx", {"Mass": (0.5, 0.1, 0.9, 60)})
    card = replace(Predictor(model).card, audited=audited)
    (said,) = [one for one in (words.shown("en") for words in about_model(card)) if "without any film" in one]
    assert words in said
    assert gain.in_decimals().shown("en") in said


def test_nothing_judged_is_still_a_page():
    found = make_audit(model=False)
    few = tuple(finding for finding in found.findings if not finding.probes)
    found = replace(found, findings=few, table=None, verdict=overall(few))
    assert len(tables(found)) == 1
    (note,) = verdicts(found, str)
    assert "No verdict on 1 of 1" in note.words.shown("en")


def test_a_share_that_is_not_estimable_is_named_so():
    found = make_audit(model=True)
    mass = found.findings[0]
    unknown = Estimate(math.nan, math.nan, math.nan, 386)
    broken = replace(mass, verdict=replace(mass.verdict, code="model-adds-nothing", share=unknown))
    worst = tables(replace(found, findings=(broken, *found.findings[1:])))[1]
    assert worst.rows[0][-2].shown("en") == text("report.not-estimable", "en")
    assert worst.rows[1][-2] == "70.0 %"


def test_json_prints_nothing(capsys):
    show(Terminal("en", as_json=True), finding_audit(make_audit(model=True), str))
    assert capsys.readouterr().out == ""
