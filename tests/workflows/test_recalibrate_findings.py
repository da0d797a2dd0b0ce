"""`plainfilm recalibrate` for a model of findings: each finding fitted to another place, on labelled films from there."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

import plainfilm
from plainfilm.api.results import RecalibrateResult
from plainfilm.config import DecisionRecipe, TaskRecipe
from plainfilm.data.film_index import Row
from plainfilm.data.phantom import draw
from plainfilm.data.statements import parted
from plainfilm.errors import RecipeError, UsageError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.findings_evaluation import FindingsMetrics
from plainfilm.evaluation.findings_metrics import FindingSets
from plainfilm.evaluation.findings_recalibration import is_advised_for_findings
from plainfilm.evaluation.intervals import shares
from plainfilm.messages import LANGUAGES, shown, text
from plainfilm.model import modelfile
from plainfilm.model.packaged import CHEST_MODEL
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import Shift
from plainfilm.present.blocks import Note
from plainfilm.present.sections.recalibration import of_findings
from plainfilm.present.statements import about_model
from plainfilm.present.words import listed
from tests.builders import change_card, make_recipe, write_findings_model
from tests.conftest import Cli

NUM_FILMS = 240  # two a patient
FINDINGS = {  # what the model says of one film, and the thresholds that it has: see `builders.SAID`
    "Nodule": (0.95, 0.5, 0.6, 60),  # present, whatever the film
    "Mass": (0.05, 0.5, 0.6, 60),  # absent, whatever the film
    "Rash": (0.1, 0.05, 0.2, 60),
    "Hernia": (0.1, 0.05, 0.2, 60),
}


def statements(number: int) -> tuple[object, ...]:
    """Path, patient and findings of a film; Mass is blank where there is none, Rash rare, Hernia not in the table."""
    patient = number // 2
    nodule = -1 if number % 20 == 3 else patient % 2
    return f"{number}.png", f"p{patient}", nodule, patient // 2 % 2 or "", int(patient % 15 == 0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films and table: Nodule a disc, Mass a bar."""
    folder = tmp_path_factory.mktemp("data") / "place"
    folder.mkdir()
    for number in range(NUM_FILMS):
        film = Image.fromarray(draw("NORMAL", seed=17, number=number, size=96).pixels)
        if number // 2 % 2:
            ImageDraw.Draw(film).ellipse((18, 30, 42, 54), fill=255)
        if number // 4 % 2:
            ImageDraw.Draw(film).rectangle((54, 40, 78, 52), fill=0)
        film.save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "local.csv"
    return write_table(path, [("path", "patient", "Nodule", "Mass", "Rash"), *map(statements, range(NUM_FILMS))])


def write_table(path: Path, rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn network whose decisions were made up, for no film of the place."""
    return write_findings_model(tmp_path_factory.mktemp("models") / "parent.onnx", FINDINGS)


@pytest.fixture(scope="module")
def made(parent: Path, place: Path, table: Path, tmp_path_factory: pytest.TempPathFactory) -> RecalibrateResult:
    out = tmp_path_factory.mktemp("made") / "local.onnx"
    return plainfilm.recalibrate(parent, place, table=table, out=out, lang="en")


def halves(made: RecalibrateResult) -> tuple[list[Row], list[Row]]:
    seen = Predictor(made.model).seen
    assert seen is not None
    known = {row.tobytes().hex() for row in seen.checksums}
    rows = made.found.rows
    return [row for row in rows if row.image_id in known], [row for row in rows if row.image_id not in known]


def groups_with(rows: list[Row], finding: str, *values: str) -> int:
    return len({row.group for row in rows if parted(row.label)[finding] in values})


# --- what the new file is worth ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("finding", ["Nodule", "Mass"])
def test_decisions_keep_their_promise_afterwards_and_not_before(made: RecalibrateResult, finding: str) -> None:
    before, after = (figures.findings[finding] for figures in (made.found.before, made.found.after))
    assert min(before.sets.coverage_positives.high, before.sets.coverage_negatives.high) < 0.5
    for share in (after.sets.coverage_positives, after.sets.coverage_negatives):
        assert share.value > 0.9
        assert share.high >= 0.95
    assert after.brier.high < before.brier.low
    assert after.brier.value < 0.26  # of always saying the share: 0.25
    assert after.calibration_error.value < before.calibration_error.value
    assert after.auc == before.auc  # temperature and shift change no order
    assert (after.n, after.positives) == (before.n, before.positives)


def test_other_films_of_the_place_pass_the_input_check_and_are_like_home(made: RecalibrateResult) -> None:
    assert made.found.after.gate.fitted
    assert made.found.after.gate.refused.low < 0.05
    assert made.found.after.shift.verdict == "home"
    assert made.found.before.shift is None


def test_halves_share_no_patient_and_are_even_in_every_finding(made: RecalibrateResult) -> None:
    fitted, tested = halves(made)
    assert (len(fitted), len(tested)) == (made.found.made.fitted, made.found.made.tested)
    assert not {row.group for row in fitted} & {row.group for row in tested}
    for finding in ("Nodule", "Mass", "Rash"):
        assert abs(groups_with(fitted, finding, "1") - groups_with(tested, finding, "1")) <= 2, finding


# --- what is fitted ---------------------------------------------------------------------------------------------------


def test_uncertain_and_blank_cells_mean_what_the_card_says(
    made: RecalibrateResult, parent: Path, place: Path, table: Path, tmp_path: Path
) -> None:
    nodule, mass, *_ = made.card.calibration.findings
    fitted, _ = halves(made)
    assert (nodule.positives, nodule.negatives) == tuple(groups_with(fitted, "Nodule", cell) for cell in "10")
    assert (mass.positives, mass.negatives) == tuple(groups_with(fitted, "Mass", cell) for cell in ("1", ""))
    assert made.found.after.labels["blank"] == made.card.task["blank"] == "absent"
    (tmp_path / "other.onnx").write_bytes(parent.read_bytes())
    section = dict(made.card.task) | {"blank": "ignore", "uncertain": "present"}
    change_card(tmp_path / "other.onnx", task=section)
    other = plainfilm.recalibrate(tmp_path / "other.onnx", place, table=table, out=tmp_path / "local.onnx")
    fitted, _ = halves(other)
    nodule, mass, *_ = other.card.calibration.findings
    assert nodule.positives == groups_with(fitted, "Nodule", "1", "-1")
    assert (mass.negatives, mass.temperature, mass.absent) == (0, None, None)


def test_cells_mean_what_a_recipe_says_if_the_model_file_says_nothing(
    parent: Path, place: Path, table: Path, tmp_path: Path
) -> None:
    silent, said = tmp_path / "silent.onnx", {"kind": "findings", "uncertain": None, "blank": None, "columns": None}
    silent.write_bytes(parent.read_bytes())
    change_card(silent, task=said)
    for tried in (
        lambda: plainfilm.evaluate(silent, place, table=table, lang="en"),
        lambda: plainfilm.recalibrate(silent, place, table=table, out=tmp_path / "no.onnx", lang="en"),
    ):
        with pytest.raises(RecipeError, match="--recipe"):
            tried()
    recipe = replace(make_recipe(), task=TaskRecipe(kind="findings", uncertain="present", blank="absent"))
    figures = plainfilm.evaluate(silent, place, table=table, recipe=recipe).evaluation.figures
    assert (figures.labels["uncertain"], figures.labels["blank"]) == ("present", "absent")
    assert figures.findings["Nodule"].positives == sum(statements(number)[2] != 0 for number in range(NUM_FILMS))
    assert figures.findings["Mass"].n == NUM_FILMS
    made = plainfilm.recalibrate(silent, place, table=table, recipe=recipe, out=tmp_path / "local.onnx")
    assert made.card.task == recipe.task_section
    plainfilm.evaluate(made.model, place, table=table)  # the file says it now


def test_a_recipe_of_another_task_is_refused(parent: Path, place: Path, table: Path) -> None:
    for model in (parent, CHEST_MODEL):
        with pytest.raises(UsageError) as caught:
            plainfilm.evaluate(model, place, table=table, recipe="fast")
        assert caught.value.code == "recipe-without-cells"


def test_a_film_with_blanks_alone_is_left_out_for_want_of_a_label(parent: Path, place: Path, tmp_path: Path) -> None:
    rows = [list(statements(number)) for number in range(40)]
    rows[7][2:] = ["", "", ""]
    path = write_table(tmp_path / "table.csv", [("path", "patient", "Nodule", "Mass", "Rash"), *rows])
    tested = plainfilm.evaluate(parent, place, table=path)
    assert tested.evaluation.figures.num_films == 39
    assert tested.balance.counts().left_out == {"no-label": NUM_FILMS - 39}


def test_too_few_local_films_promise_nothing_whatever_the_parent_promised(
    made: RecalibrateResult, parent: Path
) -> None:
    before, after = (Predictor(path).card.calibration for path in (parent, made.model))
    assert after.from_ == "local"
    assert after.coverage == before.coverage
    _, _, rash, hernia = after.findings
    fitted, _ = halves(made)
    assert rash.positives == groups_with(fitted, "Rash", "1") < 9
    assert (rash.temperature, rash.shift, rash.present, rash.operating_points) == (None, None, None, ())
    assert rash.absent is not None
    assert (hernia.positives, hernia.negatives, hernia.too_few, hernia.prevalence) == (0, 0, True, None)
    assert before.findings[3].temperature is not None
    assert made.as_dict()["missing"] == ["Hernia"]
    assert made.as_dict()["too_few"] == ["Rash"]


def test_thresholds_are_asked_for_that_the_recipe_asks_for(
    made: RecalibrateResult, parent: Path, place: Path, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "asked.onnx").write_bytes(parent.read_bytes())
    recipe = replace(make_recipe(), decision=DecisionRecipe(sensitivities=(0.8, 0.9, 0.99)))
    card = modelfile.opened(parent).card
    change_card(tmp_path / "asked.onnx", provenance=replace(card.provenance, recipe=recipe.to_toml()))
    other = plainfilm.recalibrate(tmp_path / "asked.onnx", place, table=table, out=tmp_path / "local.onnx")
    for one, asked in ((other, [0.8, 0.9]), (made, [0.9])):  # 0.99 takes 99 patients with it
        assert [point.asked for point in one.card.calibration.findings[0].operating_points] == asked


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_has_the_weights_the_task_and_the_name_of_its_parent(made: RecalibrateResult, parent: Path) -> None:
    old, card = Predictor(parent), Predictor(made.model).card
    assert card.weights_sha256 == old.card.weights_sha256 == modelfile.opened(made.model).card.weights_sha256
    assert card.task == old.card.task
    found = card.provenance.recalibrated
    assert found is not None
    assert (found.parent, found.films) == (old.file_sha256, NUM_FILMS)
    assert card.evaluation is not None
    assert card.evaluation.overall["macro_auc"] == made.found.after.overall["macro_auc"]
    assert card.evaluation.others["macro_over"] == ["Nodule", "Mass"]
    assert (card.maps, card.confidence) == (None, None)
    assert card.seen is not None
    assert (card.seen.train, card.seen.validation) == (0, found.fitted)


def test_the_fitting_films_are_seen_and_the_test_films_are_not(
    made: RecalibrateResult, place: Path, table: Path
) -> None:
    tested = plainfilm.evaluate(made.model, place, table=table).evaluation
    assert tested.figures.seen.exact == made.found.made.fitted
    assert tested.figures.findings == made.found.after.findings


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_says_that_it_was_recalibrated(made: RecalibrateResult, language: str) -> None:
    said = [words.shown(language) for words in about_model(made.card)]
    auc = made.found.after.overall["macro_auc"].decimal(language)
    assert text("card.recalibrated-findings", language, auc=auc, count=2, of=4) in said
    films = text("findings.of.local", language)
    assert text("card.calibrated-findings", language, films=films, most=5.0) in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_whose_probabilities_are_worse_afterwards_are_named(made: RecalibrateResult, language: str) -> None:
    def said(after: FindingsMetrics) -> list[str]:
        notes = [block.words for block in of_findings(replace(made.found, after=after)) if isinstance(block, Note)]
        return [sentence for sentence in (shown(words, language) for words in notes) if sentence.startswith(opening)]

    opening = text("recalibration.worse-findings", language, names="|").partition("|")[0]
    before, after = made.found.before, made.found.after
    (sentence,) = said(after)
    for words in ("Rash", *(f"{figures.findings['Rash'].brier.value:.3f}" for figures in (before, after))):
        assert words in sentence
    assert not [name for name in ("Nodule", "Mass") if made.card.shown(name).shown(language) in sentence]
    assert said(replace(after, findings=after.findings | {"Rash": before.findings["Rash"]})) == []


# --- refusals ---------------------------------------------------------------------------------------------------------

HEAD = ("path", "patient", "Nodule", "Mass", "Rash")
FEW = [HEAD, *map(statements, range(99))]
GROUPS = [
    HEAD,
    *((path, f"p{number % 7}", *rest) for number in range(NUM_FILMS) for path, _, *rest in [statements(number)]),
]
OTHERS = [
    ("path", "patient", "Edema"),
    *((path, patient, 1) for path, patient, *_ in map(statements, range(NUM_FILMS))),
]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (FEW, "99 of the 240 films can be used to recalibrate (0 are left out because the model has seen them)"),
        (GROUPS, "the 240 films are of 7 patients"),
        (OTHERS, "no label of the 240 films says anything of what the model knows: Nodule, Mass, Rash, Hernia"),
        (None, "no label of the 240 films says anything of what the model knows: Nodule, Mass, Rash, Hernia"),
    ],
    ids=["few films", "few patients", "other findings", "no table"],
)
def test_films_that_cannot_do_are_named_in_one_line(
    rows: list[tuple[object, ...]] | None, words: str, cli: Cli, parent: Path, place: Path, tmp_path: Path
) -> None:
    tables = () if rows is None else ("--table", write_table(tmp_path / "table.csv", rows))
    ran = cli("recalibrate", parent, place, *tables, "--out", tmp_path / "out" / "local.onnx", "--lang", "en")
    assert ran.code == 1
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert list((tmp_path / "out").iterdir()) == []


# --- what is printed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_and_after_are_there_for_each_finding(made: RecalibrateResult, language: str) -> None:
    out = str(made.in_language(language))
    counts = {"films": NUM_FILMS, "fitted": made.found.made.fitted, "tested": made.found.made.tested}
    assert text("recalibration.halves-findings", language, **counts) in out
    hernia = made.card.shown("Hernia").shown(language)
    assert text("recalibration.missing-findings", language, names=hernia) in out
    assert text("findings.too-few", language, n=made.card.calibration.findings[2].positives) in out
    assert not [
        line for line in out.split(text("recalibration.title", language))[1].splitlines() if line.startswith(hernia)
    ]
    nodule = made.card.shown("Nodule").shown(language)
    both = []
    for key, parameters in (("probabilities", {}), ("said", {"coverage": 95.0})):
        lines = out.split(text(f"recalibration.{key}", language, **parameters))[1].splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith(nodule))
        both.append(lines[start : start + 2])
    for place, figures in enumerate((made.found.before, made.found.after)):
        entry = figures.findings["Nodule"]
        assert text(f"recalibration.{('before', 'after')[place]}", language) in both[0][place]
        assert f"{entry.brier.value:.3f} " in both[0][place]
        assert f"{100 * entry.sets.coverage_positives.value:.1f} %" in both[1][place]


def test_json_and_the_table_of_figures_have_both_and_the_same_films_give_the_same_bytes(
    cli: Cli, made: RecalibrateResult, parent: Path, place: Path, table: Path, tmp_path: Path
) -> None:
    options = ("--table", table, "--out", tmp_path / "again.onnx", "--json")
    found = json.loads(cli("recalibrate", parent, place, *options).out)
    assert (tmp_path / "again.onnx").read_bytes() == made.model.read_bytes()
    assert (found["fitted"], found["tested"]) == (made.found.made.fitted, made.found.made.tested)
    for when, figures in (("before", made.found.before), ("after", made.found.after)):
        assert found[when]["findings"]["Mass"]["brier"] == figures.findings["Mass"].brier.as_dict()
    rows = made.figures if isinstance(made.figures, list) else made.figures.to_dict("records")
    (row,) = [row for row in rows if (row["when"], row["class"], row["figure"]) == ("after", "Mass", "brier")]
    assert row["value"] == made.found.after.findings["Mass"].brier.value
    assert {row["class"] for row in rows} == {"", *FINDINGS}


# --- advice -----------------------------------------------------------------------------------------------------------


def test_a_test_elsewhere_advises_it_with_the_numbers_that_it_takes(
    made: RecalibrateResult, parent: Path, place: Path, table: Path
) -> None:
    before, after = (plainfilm.evaluate(model, place, table=table) for model in (parent, made.model))
    for language in LANGUAGES:
        advice = text("recalibration.advised-findings", language, minimum=100, better=200, films=NUM_FILMS)
        enough = listed(map(made.card.shown, ("Nodule", "Mass"))).shown(language)
        needed = text("recalibration.needed-findings", language, decisions=38, probabilities=40, enough=enough)
        out = str(before.in_language(language))
        assert advice in out
        assert needed in out
        assert advice.partition("100")[0] not in str(after.in_language(language))


def test_it_is_advised_if_a_finding_is_surely_short_or_the_films_are_abroad(made: RecalibrateResult) -> None:
    figures = made.found.after
    fine, surely = Estimate(0.94, 0.9, 0.97, 200), Estimate(0.7, 0.6, 0.8, 200)
    for share, shift, expected in (
        (surely, None, True),
        (fine, None, False),
        (fine, Shift("abroad", 60, 2.0, 3), True),
        (fine, Shift("home", 60, 0.5, 3), False),
    ):
        sets = FindingSets(*[fine] * 4, coverage_negatives=share)
        findings = figures.findings | {"Mass": replace(figures.findings["Mass"], sets=sets)}
        assert is_advised_for_findings(replace(figures, findings=findings, shift=shift), 0.95) is expected


def test_fourteen_findings_that_keep_their_promise_seldom_call_for_it(made: RecalibrateResult) -> None:
    """28 shares of films that are drawn to keep 95 %: how often is a recalibration advised?"""
    draws, films, figures = np.random.default_rng(0), np.array([20, 50, 120, 300] * 7), made.found.after
    counted, groups = np.arange(300)[:, None] < films, [str(film) for film in range(300)]
    advised, alone = [], []
    for _ in range(120):
        told = shares(draws.random((300, 28)) < 0.95, counted, groups)
        entries = (FindingSets(*told[:3], *told[start : start + 2]) for start in range(0, 28, 2))
        findings = {str(number): replace(figures.findings["Mass"], sets=sets) for number, sets in enumerate(entries)}
        advised.append(is_advised_for_findings(replace(figures, findings=findings, shift=None), 0.95))
        alone.append(any(share.high < 0.95 for share in told))
    assert np.mean(advised) <= 0.06
    assert np.mean(alone) > 0.2  # what each share by itself would call for
