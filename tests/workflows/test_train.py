"""`plainfilm train`: the folder of a run, what the model file says, stopping and going on."""

import csv
import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from plainfilm import records
from plainfilm.data.film_index import read_index
from plainfilm.data.films import Films
from plainfilm.errors import OutputError
from plainfilm.evaluation.calibration import fit_temperature
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.model import modelfile
from plainfilm.model import predictor as predictor_module
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import SeenCounts
from tests.conftest import SHORT, Cli, Ran, command

RUN_FILES = {
    "recipe.toml",
    "index.csv",
    "index.json",
    "history.csv",
    "log.jsonl",
    "profile.json",
    "model.onnx",
    "evaluation/metrics.json",
    "evaluation/predictions.csv",
    "checkpoints/best.safetensors",
    "figures/history.png",
    "figures/confusion.png",
    "figures/roc.png",
    "figures/reliability.png",
    "figures/risk-coverage.png",
}
FIGURES = {
    "accuracy",
    "balanced_accuracy",
    "macro_auc",
    "log_loss",
    "classes",
    "confusion",
    "films",
    "model",
    "leaking",
    "left_out",
    "tutorial",
    "calibration",
    "sets",
    "operating_points",
    "brier",
    "risk_coverage",
    "subgroups",
}


def test_layout_of_a_run(trained: tuple[Path, Ran]) -> None:
    run = trained[0]
    found = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert found >= RUN_FILES
    assert not [name for name in found if ".unfinished" in name]
    for path in (run / "figures").iterdir():
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert min(picture.size) > 200


def test_metrics_and_predictions(trained: tuple[Path, Ran]) -> None:
    figures = json.loads((trained[0] / "evaluation/metrics.json").read_text(encoding="utf-8"))
    assert set(figures) >= FIGURES
    assert set(figures["accuracy"]) - {"coverage"} == {"value", "low", "high", "n"}
    assert set(figures["classes"]) == {"NORMAL", "Viral_Pneumonia", "COVID"}
    assert figures["accuracy"]["n"] == 18
    assert figures["leaking"] is False
    with (trained[0] / "evaluation/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "path",
        "image_id",
        "group",
        "label",
        "predicted",
        "p_NORMAL",
        "p_Viral_Pneumonia",
        "p_COVID",
        "set",
        "gate",
    ]
    assert len(rows) == 18


def test_calibration_is_fitted_on_the_validation_films_and_applied_to_the_test(trained: tuple[Path, Ran]) -> None:
    """By hand: the stored temperature is the one that the validation films give, and the test's figures have it."""
    run, predictor = trained[0], Predictor(trained[0] / "model.onnx", threads=1)
    index, store = read_index(run / "index.csv"), np.load(run / "pixels-64.npy", mmap_mode="r")
    fitted, classes = predictor.card.calibration, list(predictor.card.class_names)
    assert fitted is not None
    validation = index.part("validation")
    labels = np.array([classes.index(index.rows[number].label) for number in validation])
    logits = predictor.answer(Films.of(index, store).pixels(validation, 1)).logits
    assert fit_temperature(logits, labels) == pytest.approx(fitted.temperature, rel=1e-3)
    assert fitted.films == tuple(np.bincount(labels, minlength=3))
    figures = json.loads((run / "evaluation/metrics.json").read_text(encoding="utf-8"))
    assert figures["calibration"]["temperature"] == fitted.temperature
    answers = predictor.answer(Films.of(index, store).pixels(index.part("test"), 1))
    with (run / "evaluation/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert answers.sets is not None
    truth = [classes.index(index.rows[number].label) for number in index.part("test")]
    assert figures["sets"]["coverage"]["value"] == answers.sets[range(len(truth)), truth].mean()
    for row, probabilities, members in zip(rows, answers.probabilities, answers.sets, strict=True):
        assert float(row["p_COVID"]) == pytest.approx(probabilities[classes.index("COVID")], abs=2e-6)
        assert row["set"] == ("|".join(np.array(classes)[members]) or "none")
    assert list(figures["operating_points"]) == classes
    assert [point["asked"] for point in figures["operating_points"]["COVID"]] == [0.9, 0.95, 0.99]


def test_the_maps_were_checked_on_validation_films(trained: tuple[Path, Ran]) -> None:
    run = trained[0]
    found = Predictor(run / "model.onnx").card.maps
    assert found is not None
    with (run / "index.csv").open(encoding="utf-8", newline="") as file:
        assert found.n == sum(row["split"] == "validation" for row in csv.DictReader(file))
    assert found.others["films"] == "validation"
    assert found.others["cells"] == 4
    for test in ("deletion", "insertion"):
        assert set(cast(Mapping[str, object], found.others[test])) == {"random", "centre"}
    assert re.search(r"^(This model's|Do not rely on this model's) class activation maps", trained[1].out, re.MULTILINE)


def test_a_run_killed_after_its_last_step_writes_its_model_once_and_reads_it_twice(
    cli: Cli, trained: tuple[Path, Ran], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, written, read = tmp_path / "run", [], []
    shutil.copytree(trained[0], run)
    for name in ("evaluation", "figures", "audit"):
        shutil.rmtree(run / name)
    (run / "model.onnx").unlink()
    write_bytes, read_model = files.write_bytes, modelfile.read
    monkeypatch.setattr(files, "write_bytes", lambda path, data: (written.append(path), write_bytes(path, data)))
    for module in (modelfile, predictor_module):
        monkeypatch.setattr(module, "read", lambda path: (read.append(path), read_model(path))[1])
    assert cli("train", "--resume", run).code == 0
    assert written.count(run / "model.onnx") == 1
    assert read == [run / "model.onnx"] * 2
    for name in ("model.onnx", "evaluation/predictions.csv", "evaluation/metrics.json", "audit/audit.json"):
        assert (run / name).read_bytes() == (trained[0] / name).read_bytes()


def test_the_model_file_lists_the_films_of_training_and_validation(trained: tuple[Path, Ran]) -> None:
    with (trained[0] / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    predictor = Predictor(trained[0] / "model.onnx")
    assert predictor.seen is not None
    listed = [checksum.tobytes().hex() for checksum in predictor.seen.checksums]
    assert listed == sorted({row["image_id"] for row in rows if row["split"] in ("train", "validation")})
    assert predictor.card.seen == SeenCounts(
        films=len(listed),
        train=sum(row["split"] == "train" for row in rows),
        validation=sum(row["split"] == "validation" for row in rows),
        fingerprints=True,
        base_known=True,
    )


def test_the_test_films_are_those_of_the_index(trained: tuple[Path, Ran]) -> None:
    def paths(name: str, **wanted: str) -> set[str]:
        with (trained[0] / name).open(encoding="utf-8", newline="") as file:
            return {row["path"] for row in csv.DictReader(file) if wanted.items() <= row.items()}

    assert paths("evaluation/predictions.csv") == paths("index.csv", split="test")


def test_what_is_printed(trained: tuple[Path, Ran]) -> None:
    out, err = trained[1].out, trained[1].err
    assert err == ""
    assert "Epoch:0,Batch: 0,Loss:" in out
    assert re.search(r"^Eval Loss:\d\.\d{5},Acc:[01]\.\d{5}$", out, re.MULTILINE)
    assert re.search(r"^Accuracy +[\d.]+ % +[\d.]+–[\d.]+ +18$", out, re.MULTILINE)
    assert "LEAK" not in out


def wait_for(log: Path, event: str, count: int = 1) -> None:
    """Until that many such events stand in a log."""
    for _ in range(1200):
        if log.exists() and log.read_text(encoding="utf-8").count(f'"event": "{event}"') >= count:
            return
        time.sleep(0.02)
    raise TimeoutError(event)


def finish(process: "subprocess.Popen[str]") -> Ran:
    out, err = process.communicate(timeout=100)
    return Ran(process.returncode, out, err)


def test_stopped_twice_and_resumed_equals_unbroken(
    trained: tuple[Path, Ran], phantoms: Path, short_recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run with space"
    process = command("train", phantoms, "--recipe", short_recipe, "--out", run, "--threads", 1)
    wait_for(run / "log.jsonl", "batch")
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert stopped.code == 143
    assert "--resume" in stopped.err
    assert str(run) in stopped.err
    assert "Traceback" not in stopped.err
    assert not (run / "model.onnx").exists()

    process = command("train", "--resume", run, "--lang", "zh")
    wait_for(run / "log.jsonl", "resume")
    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    assert stopped.code == 130
    assert "继续请运行" in stopped.err

    refused = finish(command("train", "--resume", run, "--threads", 2, "--lang", "en"))
    assert refused.code == 2
    assert "computes with 1 threads" in refused.err
    done = finish(command("train", "--resume", run))
    assert done.code == 0, done.err
    entries = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    resumed = [entry for entry in entries if entry["event"] == "resume"]
    assert [entry["step"] > 0 and entry["threads"] for entry in resumed] == [1, 1]
    for name in ("history.csv", "model.onnx", "evaluation/predictions.csv", "evaluation/metrics.json", "index.csv"):
        assert (run / name).read_bytes() == (trained[0] / name).read_bytes(), name


def test_a_stop_while_films_are_read_leaves_nothing(phantoms: Path, short_recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    process = command("train", *[phantoms] * 10, "--recipe", short_recipe, "--out", run)
    while not list(run.glob("pixels-*.npy")):
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    stopped = finish(process)
    assert stopped.code == 143
    assert "before any training" in stopped.err
    assert not run.exists()


def test_only_the_folder_of_a_killed_start_is_begun_anew(tmp_path: Path) -> None:
    for name in ("pixels-64.npy", "pixels-64.json", "index.csv", "index.key", "checkpoints/given.safetensors"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "checkpoints" / ".plainfilm-0").touch()
    mine = tmp_path / "notes.txt"
    mine.touch()
    with pytest.raises(OutputError):
        Run(tmp_path).make()
    assert len(list(tmp_path.rglob("*"))) == 8
    mine.unlink()
    Run(tmp_path).make()
    assert not list(tmp_path.iterdir())
    (tmp_path / "index.csv").touch()  # as `index --out` leaves it
    with pytest.raises(OutputError):
        Run(tmp_path).make()


def test_a_finished_run_resumed_is_the_same(cli: Cli, trained: tuple[Path, Ran], tmp_path: Path) -> None:
    shutil.copytree(trained[0], tmp_path / "run")
    ran = cli("train", "--resume", tmp_path / "run", "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert set(found) == {"run", "validation", "test", "balance"}
    assert found["test"]["accuracy"]["n"] == 18
    assert (tmp_path / "run/model.onnx").read_bytes() == (trained[0] / "model.onnx").read_bytes()


def one_epoch(folder: Path, split: str = "") -> Path:
    """A recipe of one epoch."""
    path = folder / "one.toml"
    path.write_text(SHORT.replace("[2]", "[1]").replace("[split]", f"[split]\n{split}"))
    return path


def test_the_tutorial_split_is_marked_wherever_its_figures_appear(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    recipe, run = one_epoch(tmp_path, 'kind = "tutorial"'), tmp_path / "run"
    ran = cli("train", phantoms, "--recipe", recipe, "--out", run, "--threads", 1, "--lang", "en")
    assert ran.code == 0, ran.err
    assert "This split LEAKS" in ran.out
    assert "LEAKING SPLIT" in ran.out
    assert json.loads((run / "evaluation/metrics.json").read_text(encoding="utf-8"))["leaking"] is True
    card = Predictor(run / "model.onnx").card
    assert card.is_leaking
    assert card.calibration is None
    figures = json.loads((run / "evaluation/metrics.json").read_text(encoding="utf-8"))
    assert (figures["sets"], figures["operating_points"]) == (None, None)
    assert card.maps is None  # that split has no validation part
    assert "class activation maps were not checked" in ran.out
    answer = cli("predict", run / "model.onnx", phantoms / "COVID/COVID-0001.png", "--lang", "zh")
    assert "划分存在泄漏" in answer.out
    assert "该划分存在泄漏" in cli("index", run / "index.csv", "--recipe", recipe, "--lang", "zh").out


def test_awkward_names_and_a_model_file_without_paths_times_and_patients(
    cli: Cli, phantoms: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "胶片 and\nmore"
    for source, target in (("NORMAL", "正常 肺部"), ("COVID", "two\nlines"), ("Viral_Pneumonia", "[red]x")):
        shutil.copytree(phantoms / source, folder / target)
    for path in sorted((folder / "正常 肺部").iterdir())[:3]:
        path.rename(path.with_name(f'第 一\n张, "{path.stem}".png'))
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.png"))
    with (tmp_path / "patients.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "patient"), *((name, f"Jones-{name}") for name in names)])
    recipe, run = one_epoch(tmp_path), tmp_path / "跑 1"
    ran = cli(
        "train",
        folder,
        "--table",
        tmp_path / "patients.csv",
        "--recipe",
        recipe,
        "--out",
        run,
        "--threads",
        1,
        "--lang",
        "zh",
    )
    assert ran.code == 0, ran.err
    assert "two\\nlines" in ran.out
    assert "[red]x" in ran.out
    again = cli("index", run / "index.csv", "--recipe", recipe, "--json")
    assert json.loads(again.out)["classes"] == ["[red]x", "two\nlines", "正常 肺部"]
    assert "Jones-two\nlines" in (run / "index.csv").read_text(encoding="utf-8")
    data, log = (run / "model.onnx").read_bytes(), (run / "log.jsonl").read_bytes()
    reports = (run / "report.html").read_bytes() + (run / "MODEL_CARD.md").read_bytes()
    for word in (b"Jones", b".png", bytes(tmp_path), folder.name.encode()):
        assert word not in data
        assert word not in log
        assert word not in reports
    assert time.strftime("%Y-%m").encode() not in data
    card = Predictor(run / "model.onnx").card
    assert set(records.as_dict(card.provenance)) == {
        "recipe",
        "data_sha256",
        "split_sha256",
        "leaking",
        "films",
        "validation",
        "packages",
        "python",
    }
    assert card.calibration is not None
    assert sum(card.calibration.films) == (card.provenance.films or {})["validation"]
    assert card.evaluation is not None
