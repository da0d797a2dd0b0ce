"""`plainfilm evaluate`: a model file on films from elsewhere."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from plainfilm.evaluation import coverage
from plainfilm.evaluation.coverage import Cell
from plainfilm.model.predictor import Predictor
from tests.conftest import Cli


@pytest.fixture
def elsewhere(phantoms: Path, tmp_path: Path) -> Path:
    """Films of two known classes and of one that the model does not know, one unreadable."""
    folder = tmp_path / "elsewhere"
    for source, target in (("NORMAL", "NORMAL"), ("COVID", "COVID"), ("Viral_Pneumonia", "Tuberculosis")):
        (folder / target).mkdir(parents=True)
        for path in sorted((phantoms / source).iterdir())[:12]:
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


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("perfect probabilities would show", "Brier score", "AURC", "Sex", "too few (n 6)", "not given")),
        ("zh", ("完美概率下的水平", "Brier 分数", "AURC", "性别", "过少（n 6）", "未给出")),
    ],
)
def test_parts_of_the_films_are_printed_where_a_table_names_them(
    cli: Cli, model: Path, phantoms: Path, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    films = sorted(path.relative_to(phantoms).as_posix() for path in phantoms.glob("*/*.png"))
    lines = [f"{name},{('M', 'F', '')[number % 3]},{9 if number < 6 else 50}" for number, name in enumerate(films)]
    (tmp_path / "table.csv").write_text("\n".join(["path,sex,age", *lines]))
    ran = cli(
        "evaluate", model, phantoms, "--table", tmp_path / "table.csv", "--lang", language, "--out", tmp_path / "o"
    )
    assert [word for word in words if word not in ran.out] == []
    found = json.loads((tmp_path / "o/metrics.json").read_text(encoding="utf-8"))["subgroups"]
    assert {part: entry["n"] for part, entry in found["sex"].items()} == {"F": 40, "M": 40, "": 40}
    assert found["age"]["0-17"] == {"n": 6, "too_few": True}


@pytest.mark.parametrize(("language", "words"), [("en", "as few as 91 %"), ("zh", "最低只有 91 %")])
def test_a_figure_whose_interval_covers_too_little_is_marked_and_the_mark_explained(
    cli: Cli, model: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    plain = cli("evaluate", model, elsewhere, "--lang", language).out
    others = [replace(entry, coverage=0.95) for entry in coverage.cells() if entry.kind != "share"]
    monkeypatch.setattr(coverage, "cells", lambda: (*others, Cell("share", (24,), 1, 0.9, 0.91)))
    marked = cli("evaluate", model, elsewhere, "--lang", language).out
    assert words in marked
    assert words not in plain
    rows = [line.rstrip() for line in marked.splitlines() if line.rstrip().endswith((") *", "） *"))]
    assert len(rows) > 4
    assert not any(name in row for row in rows for name in ("Macro", "宏平均", "AUC"))
    figures = json.loads(cli("evaluate", model, elsewhere, "--json").out)
    assert figures["accuracy"]["coverage"] == figures["classes"]["COVID"]["sensitivity"]["coverage"] == 0.91
    assert "coverage" not in figures["log_loss"]


def test_the_model_file_holds_no_entry_of_the_table(trained: tuple[Path, object]) -> None:
    run = trained[0]
    stored = Predictor(run / "model.onnx").card.evaluation
    assert stored is not None
    kept = json.loads((run / "evaluation/metrics.json").read_text(encoding="utf-8"))
    assert set(kept) - set(stored) == {"subgroups"}
