"""`plainfilm evaluate`: a model file on films from elsewhere."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageOps

from plainfilm.estimate import Estimate
from plainfilm.evaluation import coverage
from plainfilm.evaluation.coverage import Cell
from plainfilm.evaluation.generalisation_gap import Change, GeneralisationGap, with_gap
from plainfilm.messages import CATALOGUES, text
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.elsewhere import generalisation_gap
from plainfilm.present.terminal import Terminal
from tests.conftest import Cli

LABELS = ("NORMAL", "Viral_Pneumonia", "COVID")


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
        (
            "en",
            (
                "Prediction set holds the true class (asked for: 95 %)",
                "Expected calibration error",
                "if 2 % of the films",
            ),
        ),
        ("zh", ("预测集包含真实类别（要求：95 %）", "期望校准误差", "占胶片的 2 %、")),
    ],
)
def test_sets_calibration_and_predictive_values_are_printed(
    cli: Cli, model: Path, elsewhere: Path, language: str, words: tuple[str, ...]
) -> None:
    out = cli("evaluate", model, elsewhere, "--prevalence", "COVID=0.02", "--lang", language).out
    assert [word for word in words if word not in out] == []


# --- films that the model has seen -----------------------------------------------------------------------------------


def films_of(run: Path, part: str) -> list[str]:
    with (run / "index.csv").open(encoding="utf-8", newline="") as file:
        return [row["path"] for row in csv.DictReader(file) if row["split"] == part]


def disguise(source: Path, target: Path, change: Callable[[Image.Image], Image.Image], suffix: str = ".png") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    change(Image.open(source)).save(target.with_suffix(suffix))


@pytest.fixture
def mixed(trained: tuple[Path, object], phantoms: Path, strangers: Path, tmp_path: Path) -> Path:
    """36 films that the model has not seen, and 10 seen ones: 4 as they are, 3 recompressed, 3 mirrored."""
    folder = tmp_path / "mixed"
    for path in (path for label in LABELS for path in sorted((strangers / label).iterdir())[:12]):
        disguise(path, folder / path.parent.name / path.name, lambda film: film)
    seen = films_of(trained[0], "train")[:7] + films_of(trained[0], "validation")[:3]
    for number, name in enumerate(seen):
        target = folder / Path(name).parent / f"planted-{number}"
        if number < 4:
            disguise(phantoms / name, target, lambda film: film)
        elif number < 7:
            disguise(phantoms / name, target, lambda film: film.convert("L"), ".jpg")
        else:
            disguise(phantoms / name, target, ImageOps.mirror)
    return folder


def test_seen_films_are_counted_by_kind_and_left_out(cli: Cli, model: Path, mixed: Path, tmp_path: Path) -> None:
    figures = json.loads(cli("evaluate", model, mixed, "--out", tmp_path / "out", "--json").out)
    seen = figures["seen"]
    assert (seen["listed"], seen["films"], seen["exact"], seen["near"], seen["related"]) == (True, 46, 4, 6, 0)
    assert sum(entry["exact"] + entry["near"] for entry in seen["classes"].values()) == 10
    assert figures["accuracy"]["n"] == 36
    assert figures["left_out"] == {}
    with (tmp_path / "out/predictions.csv").open(encoding="utf-8", newline="") as file:
        assert not [row["path"] for row in csv.DictReader(file) if "planted" in row["path"]]
    with (tmp_path / "out/seen.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["path"]).stem for row in rows} == {f"planted-{number}" for number in range(10)}
    assert [row["seen"] for row in sorted(rows, key=lambda row: Path(row["path"]).stem)] == ["exact"] * 4 + ["near"] * 6


@pytest.mark.parametrize(
    ("language", "counts", "gap"),
    [
        (
            "en",
            "left out: 10 of 46 films (4 with the same pixels, 6 copies in disguise",
            "The generalisation gap: from the model's own",
        ),
        ("zh", "46 张胶片中的 10 张（像素完全相同 4 张，经改动的副本 6 张", "泛化差距：从模型自身的测试胶片到这些胶片"),
    ],
)
def test_what_was_seen_is_said_first_and_the_gap_last(
    cli: Cli, model: Path, mixed: Path, language: str, counts: str, gap: str
) -> None:
    out = cli("evaluate", model, mixed, "--lang", language).out
    title = text("evaluation.title", language, films="mixed", n=36)
    assert out.index(counts) < out.index(title)
    assert out.index(title) < out.index(gap)


def test_films_of_a_patient_with_a_seen_film_are_left_out(cli: Cli, model: Path, mixed: Path, tmp_path: Path) -> None:
    (planted,) = mixed.glob("*/planted-0.png")
    others = sorted(path for path in mixed.glob("COVID/*") if "planted" not in path.name)[:2]
    table = tmp_path / "table.csv"
    lines = [f"{path.relative_to(mixed).as_posix()},p-1" for path in (planted, *others)]
    table.write_text("\n".join(["path,patient", *lines]))
    figures = json.loads(cli("evaluate", model, mixed, "--table", table, "--json").out)
    assert (figures["seen"]["exact"], figures["seen"]["near"], figures["seen"]["related"]) == (4, 6, 2)
    assert figures["accuracy"]["n"] == 34


@pytest.mark.parametrize(
    ("language", "words"), [("en", "the model has seen all films that it could be"), ("zh", "模型都已见过")]
)
def test_where_all_films_were_seen_there_is_no_figure(
    cli: Cli, model: Path, trained: tuple[Path, object], phantoms: Path, tmp_path: Path, language: str, words: str
) -> None:
    for part in ("train", "validation"):
        for name in films_of(trained[0], part)[:20]:
            disguise(phantoms / name, tmp_path / "films" / name, lambda film: film)
    ran = cli("evaluate", model, tmp_path / "films", "--out", tmp_path / "out", "--lang", language)
    assert ran.code == 1
    assert words in ran.err
    assert not (tmp_path / "out/metrics.json").exists()


@pytest.mark.parametrize(("language", "words"), [("en", "its file cannot say"), ("zh", "无法判断")])
def test_a_model_without_a_list_cannot_say(
    cli: Cli, model: Path, mixed: Path, tmp_path: Path, language: str, words: str
) -> None:
    found = modelfile.opened(model)
    bare = replace(found, path=tmp_path / "bare.onnx", card=replace(found.card, evaluation=None), seen=None)
    bare.write()
    ran = cli("evaluate", tmp_path / "bare.onnx", mixed, "--lang", language)
    assert ran.out.index(words) < ran.out.index(text("evaluation.title", language, films="mixed", n=46))
    assert CATALOGUES[language]["fall.not-tested"] in ran.out
    figures = json.loads(cli("evaluate", tmp_path / "bare.onnx", mixed, "--json").out)
    assert figures["seen"] == {"listed": False, "films": 46, "exact": None, "near": None, "related": None}
    assert figures["fall"] is None
    assert figures["accuracy"]["n"] == 46


def test_the_gap_is_that_from_the_model_s_test_to_these_films(cli: Cli, model: Path, strangers: Path) -> None:
    figures = json.loads(cli("evaluate", model, strangers, "--json").out)
    own = Predictor(model).card.evaluation
    assert own is not None
    assert (figures["seen"]["exact"], figures["seen"]["near"]) == (0, 0)
    for name in ("accuracy", "balanced_accuracy", "macro_auc"):
        entry, tested = figures["fall"][name], own.overall[name].as_dict()
        assert (entry["internal"], entry["external"]) == (tested, figures[name])
        assert entry["difference"]["value"] == pytest.approx(tested["value"] - figures[name]["value"])
        assert entry["difference"]["low"] <= entry["difference"]["value"] <= entry["difference"]["high"]
    assert figures["model"] == Predictor(model).card.weights_sha256
    assert len(figures["data_sha256"]) == 64


@pytest.mark.parametrize(("language", "words"), [("en", "not estimable"), ("zh", "无法估计")])
def test_without_a_class_the_balanced_gap_is_not_estimable(
    cli: Cli, model: Path, elsewhere: Path, language: str, words: str
) -> None:
    out = cli("evaluate", model, elsewhere, "--lang", language).out
    assert CATALOGUES[language]["fall.not-estimable"] in out
    assert words in CATALOGUES[language]["fall.not-estimable"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("low", "high", "key"), [(0.1, 0.3, "fall.worse"), (-0.3, -0.1, "fall.better"), (-0.1, 0.3, "fall.unclear")]
)
def test_the_verdict_follows_the_interval(
    capsys: pytest.CaptureFixture[str], language: str, low: float, high: float, key: str
) -> None:
    figure = Estimate(0.5, 0.4, 0.6, 45)
    entry = Change(figure, figure, Estimate((low + high) / 2, low, high, 90))
    gaps = dict.fromkeys([figure.name for figure in with_gap()], entry)
    show(Terminal(language), generalisation_gap(GeneralisationGap(leaking=True, figures=gaps)))
    out = capsys.readouterr().out
    shown = (-100 * high, -100 * low) if key == "fall.better" else (100 * low, 100 * high)
    assert text(key, language, low=shown[0], high=shown[1]) in out
    assert CATALOGUES[language]["fall.leaking"] in out


# --- parts of the films, marks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("perfect probabilities would show", "Brier score", "AURC", "Sex", "too few", "not known")),
        ("zh", ("完美的概率也会显示", "Brier 分数", "AURC", "性别", "太少", "未知")),
    ],
)
def test_parts_of_the_films_are_printed_where_a_table_names_them(
    cli: Cli, model: Path, strangers: Path, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    films = sorted(path.relative_to(strangers).as_posix() for path in strangers.glob("*/*.png"))
    lines = [
        f"{name},{'F' if number < 33 else 'M' if number < 42 else ''},{9 if number < 6 else 50}"
        for number, name in enumerate(films)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["path,sex,age", *lines]))
    ran = cli(
        "evaluate", model, strangers, "--table", tmp_path / "table.csv", "--lang", language, "--out", tmp_path / "o"
    )
    assert [word for word in words if word not in ran.out] == []
    assert [line.split()[-1] for line in ran.out.splitlines() if words[4] in line] == ["9", "6", "6"]
    found = json.loads((tmp_path / "o/metrics.json").read_text(encoding="utf-8"))["subgroups"]
    assert {part: entry["n"] for part, entry in found["sex"].items()} == {"F": 33, "M": 9, "": 6}
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
    rows = [line for line in marked.splitlines() if re.search(r"[%\d]\* ", line)]
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
    assert set(kept) - {*stored.overall, *stored.others} == {"subgroups"}
