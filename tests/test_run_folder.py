"""The folder of a run: its names are spelled in one module, and how far it has come is known by its files."""

import ast
from pathlib import Path

import pytest

import plainfilm
from plainfilm.course.chapters import FOLDER as CHAPTERS
from plainfilm.errors import OutputError
from plainfilm.io import run_folder
from plainfilm.io.run_folder import Run

ROOT = Path(plainfilm.__file__).parent
HOME = ROOT / "io" / "run_folder.py"


def texts(path: Path) -> set[str]:
    """The texts of a module, as whole values."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_name_of_a_file_is_spelled_once() -> None:
    names = {
        path.name for path in vars(Run(Path("run"))).values() if path.suffix in (".csv", ".json", ".jsonl", ".onnx")
    }
    names |= {run_folder.RECIPE, run_folder.INDEX_FACTS, run_folder.INDEX_KEY, run_folder.CROSS_VALIDATION}
    assert len(names) > 10
    for path in set(ROOT.rglob("*.py")) - set(CHAPTERS.iterdir()):
        assert path == HOME or not texts(path) & names, path


def test_a_run_is_begun_with_its_recipe_and_finished_with_its_model(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.is_preparing
    (tmp_path / "pixels-64.npy").touch()
    assert run.is_preparing
    assert run.is_killed_start
    run.index.touch()
    assert not run.is_begun
    run.recipe.touch()
    assert run.is_begun
    assert not run.is_killed_start
    assert not run.is_finished
    run.model.touch()
    assert run.is_finished
    with pytest.raises(OutputError):
        run.make()
    assert run.model.is_file()


def test_what_a_killed_start_left_gives_way_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "pixels-64.npy").touch()
    (tmp_path / "index.csv").touch()
    Run(tmp_path).make()
    assert not any(tmp_path.iterdir())
    (tmp_path / "pixels-64.npy").touch()
    (tmp_path / "letter.txt").touch()
    with pytest.raises(OutputError):
        Run(tmp_path).make()
    assert (tmp_path / "letter.txt").is_file()


def test_tests_elsewhere_are_found_by_their_figures(tmp_path: Path) -> None:
    for name in ("b", "a", "empty"):
        (tmp_path / "external" / name).mkdir(parents=True)
    for name in ("b", "a"):
        (tmp_path / "external" / name / "metrics.json").touch()
    assert [path.parent.name for path in Run(tmp_path).external()] == ["a", "b"]
