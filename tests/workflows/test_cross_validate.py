"""`plainfilm cross-validate` and `plainfilm compare`: every film tested once, runs kept, nothing trained twice."""

import csv
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plainfilm.data.film_index import read_index
from plainfilm.data.phantom import write_folder
from plainfilm.estimate import Estimate
from plainfilm.evaluation.spread import spread
from plainfilm.workflows.cross_validation import parse_seeds
from tests.conftest import SHORT, Cli, Ran, command

CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty phantoms, copies among them, and a recipe of one epoch."""
    folder = tmp_path_factory.mktemp("cross")
    write_folder(folder / "films", seed=4, per_class=10, size=64, duplicates=2)
    (folder / "tiny.toml").write_text(SHORT.replace("epochs = [2]", "epochs = [1]"))
    return folder


def line(folder: Path) -> list[object]:
    recipe = ("--recipe", folder / "tiny.toml", "--folds", 3, "--threads", 1)
    return ["cross-validate", folder / "films", *recipe, "--out", folder / "out"]


def run(cli: Cli, folder: Path, *words: object) -> Ran:
    return cli(*line(folder), *words)


@pytest.fixture(scope="module")
def done(folder: Path) -> Ran:
    """A finished cross-validation in `folder`, and what it printed."""
    process = command(*line(folder), "--lang", "en")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return Ran(0, out, err)


def predictions(folder: Path) -> list[list[dict[str, str]]]:
    found = []
    for number in range(3):
        with (folder / f"out/fold-{number}/evaluation/predictions.csv").open(encoding="utf-8", newline="") as file:
            found.append(list(csv.DictReader(file)))
    return found


def test_folds_are_trained_kept_and_never_trained_again(cli: Cli, folder: Path, done: Ran) -> None:
    assert "Run 3 of 3: fold-2\n" in done.out
    assert "All films together" in done.out
    text = (folder / "out/cross-validation.json").read_text(encoding="utf-8")
    found, folds = json.loads(text), predictions(folder)

    rows = read_index(folder / "out/index.csv").rows
    tested = [row["image_id"] for fold in folds for row in fold]
    assert sorted(tested) == sorted(row.image_id for row in rows)
    for number, fold in enumerate(folds):
        trained = [row for row in read_index(folder / f"out/fold-{number}/index.csv").rows if row.split != "test"]
        assert not {row["group"] for row in fold} & {row.group for row in trained}

    right = [row["label"] == row["predicted"] for fold in folds for row in fold]
    pooled = found["pooled"]["0"]["accuracy"]
    assert (pooled["value"], pooled["n"]) == (pytest.approx(np.mean(right)), len(rows))
    each = [np.mean([row["label"] == row["predicted"] for row in fold]) for fold in folds]
    assert found["spread"]["accuracy"]["mean"] == pytest.approx(np.mean(each))
    assert found["spread"]["accuracy"]["sd"] == pytest.approx(np.std(each, ddof=1))
    assert [entry["run"] for entry in found["runs"]] == ["fold-0", "fold-1", "fold-2"]

    kept = folder / "out/fold-0/model.onnx", folder / "out/fold-2/model.onnx"
    before = [path.stat().st_mtime_ns for path in kept]
    (folder / "out/fold-1/model.onnx").unlink()  # as if it had been stopped before its end
    ran = run(cli, folder, "--lang", "zh")
    assert ran.code == 0, ran.err
    assert "fold-0 已完成" in ran.out
    assert [path.stat().st_mtime_ns for path in kept] == before
    assert (folder / "out/cross-validation.json").read_text(encoding="utf-8") == text


@pytest.mark.usefixtures("done")
def test_another_recipe_is_not_mixed_in(cli: Cli, folder: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(folder / "out", tmp_path / "out"))
    words = ("--recipe", folder / "tiny.toml", "--folds", 4, "--out", out, "--lang", "en")
    ran = cli("cross-validate", folder / "films", *words)
    assert ran.code == 2
    assert "of other films or tables, or with another recipe or number of folds" in ran.err
    ran = cli("cross-validate", folder, *words[:2], "--folds", 3, *words[4:])  # the films, and more beside them
    assert ran.code == 2
    assert "of other films" in ran.err
    recipe = (out / "recipe.toml").read_text(encoding="utf-8")
    older = recipe.replace('train_only = "marked"\n', "")  # which older recipes do not know
    assert older != recipe
    (out / "recipe.toml").write_text(older, encoding="utf-8")
    assert run(cli, folder, "--out", out).code == 0
    (out / "sources.json").write_text("[" * 9999)
    assert run(cli, folder, "--out", out, "--lang", "en").code == 2


def test_a_corrected_table_is_not_answered_by_an_old_cross_validation(cli: Cli, folder: Path) -> None:
    table, films = folder / "table.csv", sorted((folder / "films").rglob("*.png"))
    lines = [f"{film.relative_to(folder / 'films')},{number}" for number, film in enumerate(films)]
    recipe = ("--recipe", folder / "tiny.toml", "--folds", 3, "--threads", 1, "--lang", "en")

    def ask(lines: list[str]) -> Ran:
        table.write_text("\n".join(["path,age", *lines]), encoding="utf-8")
        return cli("cross-validate", folder / "films", "--table", table, *recipe, "--out", folder / "with-table")

    assert ask(lines).code == 0
    assert ask(lines[::-1]).code == 0  # the same rows
    ran = ask([*lines[1:], lines[0] + "0"])
    assert ran.code == 2
    assert "of other films or tables" in ran.err


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize(("language", "words"), [("en", "McNemar's exact test, p = 1"), ("zh", "McNemar 精确检验")])
def test_a_run_is_compared_with_itself(cli: Cli, folder: Path, language: str, words: str) -> None:
    runs = folder / "out/fold-0", folder / "out/fold-0/evaluation/predictions.csv"
    assert words in cli("compare", *runs, "--lang", language).out
    found = json.loads(cli("compare", *runs, "--json").out)
    assert found["difference"]["accuracy"]["value"] == 0
    assert found["films"] == len(predictions(folder)[0])


@pytest.mark.usefixtures("done")
def test_runs_on_other_films_cannot_be_compared(cli: Cli, folder: Path) -> None:
    ran = cli("compare", folder / "out/fold-0", folder / "out/fold-1", "--lang", "en")
    assert ran.code == 1
    assert "no film has an answer of both models" in ran.err


def test_the_spread_of_figures_that_some_runs_do_not_have() -> None:
    nothing = Estimate(math.nan, math.nan, math.nan, 0)
    runs = [{"auc": replace(nothing, value=value, n=9)} for value in (0.8, 0.9)] + [{"auc": nothing}]
    found = vars(spread(runs)["auc"])
    assert found == {"mean": pytest.approx(0.85), "sd": pytest.approx(0.0707107), "min": 0.8, "max": 0.9, "runs": 2}
    assert spread([{"auc": nothing}])["auc"].mean is None
    assert spread(runs[:1])["auc"].sd is None


@pytest.mark.parametrize("given", ["a", "1;2", "-1", "1,,2", "1.5"])
def test_seeds_that_are_no_numbers_are_a_usage_error(cli: Cli, folder: Path, given: str) -> None:
    ran = run(cli, folder, f"--seeds={given}", "--lang", "en")
    assert ran.code == 2
    assert "--seeds" in ran.err
    assert parse_seeds("2,0") == [2, 0]
