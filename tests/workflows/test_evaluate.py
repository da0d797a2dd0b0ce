"""`plainfilm evaluate`: a model file on films from elsewhere."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Cli


@pytest.fixture
def elsewhere(strangers: Path, tmp_path: Path) -> Path:
    """Films of two known classes and of one that the model does not know, one unreadable."""
    folder = tmp_path / "elsewhere"
    for source, target in (("NORMAL", "NORMAL"), ("COVID", "COVID"), ("Viral_Pneumonia", "Tuberculosis")):
        (folder / target).mkdir(parents=True)
        for path in sorted((strangers / source).iterdir())[:12]:
            shutil.copy(path, folder / target)
    (folder / "COVID" / "bad.png").write_text("no film")
    return folder


@pytest.mark.parametrize(
    ("language", "left_out", "unreadable"), [("en", "Left out", "Unreadable"), ("zh", "排除", "不可读")]
)
def test_unknown_classes_and_unreadable_films_are_listed_and_left_out(
    cli: Cli, model: Path, elsewhere: Path, language: str, left_out: str, unreadable: str
) -> None:
    ran = cli("evaluate", model, elsewhere, "--lang", language)
    assert ran.code == 0
    (line,) = [line for line in ran.out.splitlines() if line.startswith(left_out)]
    assert "Tuberculosis 12" in line
    assert "COVID 1" in line
    assert f"{unreadable}" in ran.out
    assert "    COVID/bad.png\n" in ran.out


def test_files_and_json_say_the_same(cli: Cli, model: Path, elsewhere: Path, tmp_path: Path) -> None:
    ran = cli("evaluate", model, elsewhere, "--out", tmp_path / "out", "--json")
    figures = json.loads(ran.out)
    assert figures == json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    assert figures["left_out"] == {"COVID": 1, "Tuberculosis": 12}
    assert figures["leaking"] is False
    with (tmp_path / "out/predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert figures["accuracy"]["n"] == len(rows) == 24
    assert figures["accuracy"]["value"] == pytest.approx(sum(row["label"] == row["predicted"] for row in rows) / 24)


def test_evaluating_the_test_films_again_gives_the_run_s_figures(
    cli: Cli, trained: tuple[Path, object], phantoms: Path, tmp_path: Path
) -> None:
    run = trained[0]
    kept = json.loads((run / "evaluation/metrics.json").read_text(encoding="utf-8"))
    with (run / "index.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test":
                (tmp_path / "films" / row["path"]).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(phantoms / row["path"], tmp_path / "films" / row["path"])
    figures = json.loads(cli("evaluate", run / "model.onnx", tmp_path / "films", "--json").out)
    assert figures["confusion"] == kept["confusion"]
    assert figures["log_loss"]["value"] == pytest.approx(kept["log_loss"]["value"], abs=1e-5)


def test_an_output_that_cannot_be_written_is_found_before_the_work(cli: Cli, model: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = cli("evaluate", model, tmp_path / "no-films", "--out", tmp_path / "file", "--lang", "en")
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_predictive_values_are_those_of_the_points_on_these_films(
    cli: Cli, model: Path, elsewhere: Path, tmp_path: Path
) -> None:
    words = ("evaluate", model, elsewhere, "--prevalence", "COVID=0.02", "--prevalence", "NORMAL=0.5")
    figures = json.loads(cli(*words, "--out", tmp_path / "out", "--json").out)
    assert figures == json.loads((tmp_path / "out/metrics.json").read_text(encoding="utf-8"))
    assert list(figures["predictive_values"]) == ["COVID", "NORMAL"]
    found = figures["predictive_values"]["NORMAL"]
    assert found["prevalence"] == 0.5
    for point, measured in zip(found["points"], figures["operating_points"]["NORMAL"], strict=True):
        assert {**point, **measured} == point
        hits, false = point["sensitivity"]["value"], 1 - point["specificity"]["value"]
        if hits + false > 0:
            assert point["ppv"]["value"] == pytest.approx(hits / (hits + false))
        assert point["sensitivity"]["n"] == point["specificity"]["n"] == 12
    assert "predictive_values" not in json.loads(cli("evaluate", model, elsewhere, "--json").out)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Set holds the true class (asked for: 95 %)", "Expected calibration error", "where 2 % of the films")),
        ("zh", ("预测集包含真实类别（要求：95 %）", "期望校准误差", "占胶片的 2 % 时")),
    ],
)
def test_sets_calibration_and_predictive_values_are_printed(
    cli: Cli, model: Path, elsewhere: Path, language: str, words: tuple[str, ...]
) -> None:
    out = cli("evaluate", model, elsewhere, "--prevalence", "COVID=0.02", "--lang", language).out
    assert [word for word in words if word not in out] == []
