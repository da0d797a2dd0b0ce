"""Several findings a film, from a table to an answer, on phantoms: a disc for one finding, a bar for another."""

import csv
import gzip
import json
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from layouts import film, put, table
from PIL import Image, ImageDraw

from plainfilm.data.film_index import read_index
from plainfilm.data.phantom import draw
from plainfilm.model.answering import STATES
from plainfilm.model.predictor import Predictor
from plainfilm.present.statements import about_maps
from tests.conftest import Cli, Ran, command

RECIPE = """
[task]
kind = "findings"
blank = "absent"
uncertain = "ignore"

[split]
validation = 0.15
test = 0.15

[model]
width = 16

[training]
sizes_px = [64]
epochs = [3]
batch_size = 16
learning_rate = 2e-3
ema_decay = 0.5
precision = "float32"
checkpoint_steps = 4

[decision]
coverage = 0.8
sensitivities = [0.9, 0.99]
out_of_fold = 2
"""
NUM_FILMS = 160
RUN_FILES = (
    *("recipe.toml", "index.csv", "index.json", "history.csv", "model.onnx", "report.html", "MODEL_CARD.md"),
    *(
        "evaluation/metrics.json",
        "evaluation/predictions.csv",
        "audit/audit.json",
        "figures/history.png",
        "figures/roc.png",
    ),
    *("folds/0/logits.npy", "folds/1/logits.npy"),
)


def write_films(folder: Path, *, first: int = 0) -> Path:
    """Films of patients with two films each, and their table: Nodule a disc, Mass a bar, Rash on nearly no film."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(first, first + NUM_FILMS):
        film = Image.fromarray(draw("NORMAL", seed=9, number=number, size=96).pixels)
        nodule, mass, rash = number % 2, (number // 2) % 2, int(number % 40 == 0)
        if nodule:
            ImageDraw.Draw(film).ellipse((18, 30, 42, 54), fill=255)
        if mass:
            ImageDraw.Draw(film).rectangle((54, 40, 78, 52), fill=0)
        film.save(folder / "images" / f"{number}.png")
        uncertain = "-1" if number % 10 == 3 else str(nodule)
        view = "AP" if nodule else "PA"
        rows.append((f"{number}.png", f"p{number // 4}", uncertain, mass or "", rash, view))
    table = folder / "findings.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "patient", "Nodule", "Mass", "Rash", "view"), *rows])
    return folder


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_films(tmp_path_factory.mktemp("findings") / "films")


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipes") / "findings.toml"
    path.write_text(RECIPE + '\n[data]\nclasses = ["Nodule", "Mass", "Rash"]\n')
    return path


def train(films: Path, recipe: Path, run: Path, *further: object):
    source = (films / "images", "--table", films / "findings.csv", "--recipe", recipe, "--out", run, "--threads", 1)
    return command("train", *source, *further)


@pytest.fixture(scope="module")
def trained(films: Path, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    run = tmp_path_factory.mktemp("runs") / "unbroken"
    process = train(films, recipe, run)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return run, Ran(0, out, err)


def test_a_run_of_findings_is_whole(trained):
    run, ran = trained
    assert [name for name in RUN_FILES if not (run / name).is_file()] == []
    assert "could not be made" not in ran.err
    assert not list(run.glob("folds/*/checkpoints/*.safetensors"))
    assert "Uncertain cells: 16 (Nodule 16), taken as: ignore" in ran.out
    assert "Blank cells: 80 (Mass 80), taken as: absent" in ran.out
    assert "Rash" in ran.out.split("Present in fewer than 10 films of a part")[1].splitlines()[0]


def test_the_index_keeps_patients_whole_and_says_what_cells_mean(trained):
    index = read_index(trained[0] / "index.csv")
    assert index.straddling() == []
    assert index.classes == ("Nodule", "Mass", "Rash")
    assert index.task == {"kind": "findings", "uncertain": "ignore", "blank": "absent", "columns": None}
    assert {row.label.split("|")[0] for row in index.rows} == {"Nodule=0", "Nodule=1", "Nodule=-1"}


def test_mimics_tables_give_findings_views_patients_and_the_sets_own_split(tmp_path, cli: Cli):
    """A row a study in one packed table; views and parts (`validate`) of each film in two others."""
    labels, views, parts = ["subject_id,study_id,Mass,Nodule"], ["dicom_id,subject_id,study_id,ViewPosition"], []
    part_of, names = {0: "train", 1: "validate", 2: "test"}, {}
    for number in range(24):
        patient, study = f"{10_000_000 + number // 4}", f"{50_000_000 + number // 2}"
        names[f"p{patient[:2]}/p{patient}/s{study}/f{number}.jpg"] = film(number, kind="JPEG")
        labels += [f"{patient},{study},{number // 2 % 2}.0,{number // 4 % 2}.0"] if number % 2 else []
        views.append(f"f{number},{patient},{study},{'LATERAL' if number % 2 else 'PA'}")
        parts.append(f"f{number},{study},{patient},{part_of[number // 8]}")
    put(tmp_path / "files", names)
    packed = tmp_path / "mimic-cxr-2.0.0-chexpert.csv.gz"
    packed.write_bytes(gzip.compress("\n".join(labels).encode()))
    view = table(tmp_path / "mimic-cxr-2.0.0-metadata.csv", *views)
    split = table(tmp_path / "mimic-cxr-2.0.0-split.csv", "dicom_id,study_id,subject_id,split", *parts)
    recipe = table(tmp_path / "r.toml", "[task]", 'kind = "findings"', "[split]", 'kind = "column"')
    given = [word for path in (packed, view, split) for word in ("--table", path)]
    ran = cli("index", tmp_path / "files", *given, "--recipe", recipe, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    index = read_index(tmp_path / "out/index.csv")
    assert index.straddling() == []
    for row in index.rows:
        number = int(Path(row.path).stem[1:])
        assert row.label == f"Mass={number // 2 % 2}|Nodule={number // 4 % 2}"
        assert (row.patient, row.split) == (
            f"{10_000_000 + number // 4}",
            {0: "train", 1: "validation", 2: "test"}[number // 8],
        )
        assert row.extra["view"] == ("LATERAL" if number % 2 else "PA")


def test_without_a_table_of_findings_the_error_says_what_is_expected(films, recipe, tmp_path, cli: Cli):
    ran = cli("index", films / "images", "--recipe", "findings")
    assert ran.code == 1
    assert "no table states a finding" in ran.err
    assert "--table" in ran.err


def test_figures_are_of_films_where_a_finding_is_known(trained):
    run, _ = trained
    metrics = json.loads((run / "evaluation/metrics.json").read_text())
    with (run / "evaluation/predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    targets = [row["target_Nodule"] for row in rows]
    nodule = metrics["findings"]["Nodule"]
    assert nodule["n"] == len(targets) - targets.count("")
    assert nodule["positives"] == targets.count("1")
    assert targets.count("") > 0
    assert metrics["labels"]["uncertain"] == "ignore"
    assert metrics["overall"]["macro_auc"]["value"] > 0.6  # a disc and a bar are easy, three epochs are few
    assert set(metrics["macro_over"]) <= {"Nodule", "Mass"}
    assert {row["state_Rash"] for row in rows} <= {"undecided", "too-few"}


def test_decisions_rest_on_films_that_their_network_had_not_seen(trained):
    card = Predictor(trained[0] / "model.onnx", threads=1).card
    fitted, index = card.calibration, read_index(trained[0] / "index.csv")
    assert fitted.from_ == "out-of-fold"
    rows = [index.rows[number] for number in index.part("train")]
    for name, decision in zip(card.class_names, fitted.findings, strict=True):
        groups = {row.group for row in rows if f"{name}=1" in row.label.split("|")}
        assert decision.positives == len(groups), name
    rash = fitted.findings[2]
    assert rash.temperature is None
    assert rash.present is None  # four patients promise nothing
    assert rash.operating_points == ()


def test_the_report_and_the_card_name_findings_in_both_languages(trained):
    run, _ = trained
    page, card = ((run / name).read_text(encoding="utf-8") for name in ("report.html", "MODEL_CARD.md"))
    for text in (page, card):
        assert "Nodule" in text
        assert "结节" in text
    assert "too few" in page


def test_the_report_and_the_card_claim_of_findings_only_what_they_have(trained):
    run, _ = trained
    page, card = ((run / name).read_text(encoding="utf-8") for name in ("report.html", "MODEL_CARD.md"))
    checked = Predictor(run / "model.onnx", threads=1).card
    for text in (page, card):
        for absent in ("Classes:", "prediction sets", "Films by class", "F1", "Matthews", "Confusion", "Accuracy"):
            assert absent not in text, absent
        assert "a network that had not seen its patient" in text
        assert about_maps(checked).shown("en").partition("class activation")[2][:60] in text
    with (run / "evaluation/predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    calls = [
        row[f"target_{name}"]
        for row in rows
        for name in checked.class_names
        if row[f"state_{name}"] == "present" and row[f"target_{name}"]
    ]
    assert calls
    for text in (page, card):
        assert f"called present {len(calls)} times; right: {calls.count('1')}." in text


def test_a_stopped_run_goes_on_to_the_same_bits(films, recipe, trained, tmp_path):
    run = tmp_path / "stopped"
    for fold in ("folds/1", "checkpoints/step"):  # once within a fold, once in the training
        process = train(films, recipe, run) if not run.exists() else command("train", "--resume", run)
        pattern = "folds/1/checkpoints/*" if fold == "folds/1" else "checkpoints/step-*"
        while process.poll() is None and not list(run.glob(pattern)):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=100)
    process = command("train", "--resume", run)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    for name in ("model.onnx", "evaluation/metrics.json", "evaluation/predictions.csv", "history.csv"):
        assert (run / name).read_bytes() == (trained[0] / name).read_bytes(), name


def test_answers_come_in_order_with_states(trained, films, tmp_path, cli: Cli):
    model = trained[0] / "model.onnx"
    table = tmp_path / "answers.csv"
    ran = cli("predict", model, films / "images", "--table", films / "findings.csv", "--csv", table, "--json")
    answers = json.loads(ran.out)["predictions"]
    assert len(answers) == NUM_FILMS
    answered = [answer for answer in answers if answer["gate"]["passed"]]
    assert len(answered) > 0.9 * NUM_FILMS
    for answer in answered:
        *others, last = answer["findings"]
        states = [entry["state"] for entry in others]
        assert sorted(states, key=["present", "undecided", "absent"].index) == states
        assert last["name"] == "Rash"  # nothing could be fitted for it
        assert answer["predicted"] is None
    known = {answer["path"].rpartition("/")[2]: answer["truth"] for answer in answers}
    assert known["1.png"] == "Nodule"
    assert known["3.png"] == "Mass"  # its nodule is uncertain
    assert known["40.png"] == "Rash"
    with table.open() as file:
        rows = list(csv.DictReader(file))
    told = [row for row in rows if row["gate"] == "passed"]
    assert len(told) == len(answered)
    assert {row["state_Nodule"] for row in told} <= set(STATES.values())
    assert all(0 <= float(row["p_Mass"]) <= 1 for row in told)


def test_an_external_test_is_over_the_findings_that_both_know(trained, tmp_path, cli: Cli):
    films = write_films(tmp_path / "elsewhere", first=1000)
    table = films / "findings.csv"
    lines = list(csv.reader(table.read_text().splitlines()))
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([[*line[:3], *line[5:]] for line in lines])  # neither Mass nor Rash
    out = tmp_path / "out"
    ran = cli("evaluate", trained[0] / "model.onnx", films / "images", "--table", table, "--out", out)
    assert ran.code == 0, ran.err
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["macro_over"] == ["Nodule"]
    assert metrics["findings"]["Mass"]["n"] == 0
    assert metrics["findings"]["Mass"]["auc"]["value"] is None
    assert metrics["seen"]["exact"] == 0


def test_the_report_has_external_tests_with_what_a_recalibration_takes(trained, tmp_path, cli: Cli):
    run, films = tmp_path / "run", write_films(tmp_path / "elsewhere", first=1000)
    shutil.copytree(trained[0], run)
    test = (films / "images", "--table", films / "findings.csv", "--out", run / "external" / "elsewhere")
    assert cli("evaluate", run / "model.onnx", *test).code == 0
    found = run / "external" / "elsewhere" / "metrics.json"
    metrics = json.loads(found.read_text())
    metrics["shift"] = {"verdict": "abroad", "films": 40, "distance": 3.0, "unlike": 9, "moved": []}
    found.write_text(json.dumps(metrics))
    assert cli("report", run).code == 0
    page = run.joinpath("report.html").read_text(encoding="utf-8")
    external = page.split('id="external"')[1].split("<section")[0]
    assert "elsewhere" in external
    assert "takes at least 100 labelled films of the place" in external
    assert "take 8 patients with it and as many without it, its probabilities 40 of each" in external  # 80 % promised
    assert "AUC in the own test and here" in external


def test_an_audit_by_finding_sees_what_the_table_tells(films, recipe, cli: Cli, tmp_path):
    source = (films / "images", "--table", films / "findings.csv", "--recipe", recipe)
    ran = cli("audit", *source, "--out", tmp_path / "audit", "--json")
    assert ran.code == 0, ran.err
    found = {entry["name"]: entry for entry in json.loads(ran.out)["findings"]["findings"]}
    (table,) = [probe for probe in found["Nodule"]["probes"] if probe["view"] == "table"]
    assert table["flagged"]
    assert table["auc"]["value"] > 0.95  # the view is AP exactly where there is a nodule
    (other,) = [probe for probe in found["Mass"]["probes"] if probe["view"] == "table"]
    assert not other["flagged"]
    assert found["Rash"]["verdict"]["code"] == "too-few"


@pytest.mark.parametrize("missing", ["blank", "uncertain"])
def test_train_refuses_until_the_recipe_says_what_cells_mean(films, recipe, tmp_path, cli: Cli, missing):
    lines = [line for line in recipe.read_text().splitlines() if not line.startswith(missing)]
    (tmp_path / "silent.toml").write_text("\n".join(lines))
    run = tmp_path / "run"
    source = (films / "images", "--table", films / "findings.csv", "--recipe", tmp_path / "silent.toml")
    ran = cli("train", *source, "--out", run)
    assert ran.code == 2
    assert ("80 cells are blank (Mass)" if missing == "blank" else "16 cells are uncertain (Nodule)") in ran.err
    assert not (run / "recipe.toml").exists()


def test_maps_are_of_the_finding_that_is_shown_first(trained, films, tmp_path, cli: Cli):
    model, film = trained[0] / "model.onnx", films / "images" / "1.png"
    ran = cli("predict", model, film, "--maps", tmp_path / "maps", "--json")
    first = json.loads(ran.out)["predictions"][0]["findings"][0]["name"]
    (path,) = (tmp_path / "maps").iterdir()
    assert path.stem.endswith(first)
    assert np.asarray(Image.open(path)).ndim == 3


def test_two_models_are_compared_on_the_findings_that_both_know(trained, tmp_path, cli: Cli):
    first, second = trained[0] / "evaluation/predictions.csv", tmp_path / "predictions.csv"
    rows = list(csv.DictReader(first.read_text().splitlines()))
    columns = [name for name in rows[0] if not name.endswith("_Rash")]
    with second.open("w", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(row | {"p_Nodule": f"{1 - float(row['p_Nodule']):.6f}"} for row in rows[1:])
    ran = cli("compare", first, second, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["films"] == len(rows) - 1
    assert found["left_out"] == {"first": 1, "second": 0}
    assert set(found["compared"]["findings"]) == {"Nodule", "Mass"}
    assert found["compared"]["findings"]["Mass"]["difference"]["value"] == 0
    nodule = found["compared"]["findings"]["Nodule"]
    assert nodule["second"]["value"] == pytest.approx(1 - nodule["first"]["value"])


def test_a_model_is_compared_with_scores_that_name_films_by_path(trained, films, tmp_path, cli: Cli):
    own = trained[0] / "evaluation/predictions.csv"
    rows = list(csv.DictReader(own.read_text().splitlines()))
    scores = tmp_path / "scores.csv"
    with scores.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "Nodule", "Mass"))
        table.writerows((row["path"], row["p_Nodule"], row["p_Mass"]) for row in rows)
    words = ("evaluate", scores, "--table", films / "findings.csv", "--recipe", trained[0] / "recipe.toml")
    ran = cli(*words, "--out", tmp_path / "scored")
    assert ran.code == 0, ran.err
    ran = cli("compare", trained[0], tmp_path / "scored", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["films"] == len(rows)


@pytest.mark.parametrize("name", ["", "evaluation"])
def test_figures_of_other_films_never_replace_a_runs_own_test(trained, films, tmp_path, cli: Cli, name):
    run = shutil.copytree(trained[0], tmp_path / "run")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    words = ("evaluate", run / "model.onnx", films / "images", "--table", films / "findings.csv", "--out", run / name)
    ran = cli(*words, "--lang", "en")
    assert (ran.code, ran.out) == (2, "")
    assert "external" in ran.err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_films_without_a_label_are_not_called_seen(trained, films, cli: Cli):
    ran = cli("evaluate", trained[0] / "model.onnx", films / "images", "--lang", "en")
    assert ran.code == 1
    assert "--table" in ran.err
    assert "has seen" not in ran.err


def test_folds_of_findings_are_pooled(films, recipe, tmp_path):
    text = recipe.read_text().replace("out_of_fold = 2", "").replace("epochs = [3]", "epochs = [1]")
    (tmp_path / "short.toml").write_text(text)
    source = (films / "images", "--table", films / "findings.csv", "--recipe", tmp_path / "short.toml")
    out = tmp_path / "folds"
    process = command("cross-validate", *source, "--folds", 3, "--out", out, "--threads", 1)
    said, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    found = json.loads((out / "cross-validation.json").read_text())
    assert found["pooled"]["0"]["interval"]["groups"] == NUM_FILMS / 4  # each patient is tested once
    assert set(found["spread"]["classes"]) == {"Nodule", "Mass", "Rash"}
    assert "Mean average precision" in said
