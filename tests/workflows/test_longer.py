"""A training made longer: a new run from the old one's weights, said so; never the old run under another recipe."""

import shutil
from pathlib import Path

import pytest

from plainfilm.data.film_index import read_index
from plainfilm.data.phantom import write_folder
from plainfilm.messages import text
from plainfilm.model.predictor import Predictor
from plainfilm.training import checkpoint
from tests.conftest import SHORT, Cli, Ran

BEST = "checkpoints/best.safetensors"


@pytest.fixture
def run(trained: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A copy of a finished run."""
    return Path(shutil.copytree(trained[0], tmp_path / "run"))


def contents(run: Path) -> dict[str, bytes]:
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


EDITS = {  # of the recipe: what is replaced, what comes there, the key that is named
    "more epochs": ("epochs = [\n    2,\n]", "epochs = [6]", "training.epochs [2] -> [6]"),
    "fewer epochs": ("epochs = [\n    2,\n]", "epochs = [1]", "training.epochs [2] -> [1]"),
    "another rate": ("learning_rate = 0.001", "learning_rate = 0.0005", "training.learning_rate 0.001 -> 0.0005"),
    "larger films": ("sizes_px = [\n    64,\n]", "sizes_px = [96]", "training.sizes_px [64] -> [96]"),
    "another split": ("test = 0.15", "test = 0.2", "split.test 0.15 -> 0.2"),
    "a deeper network": ("depth = 18", "depth = 34", "model.depth 18 -> 34"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_recipe_is_noticed_and_nothing_is_touched(cli: Cli, run: Path, edit: str, language: str) -> None:
    old, new, told = EDITS[edit]
    recipe = (run / "recipe.toml").read_text()
    assert recipe.count(old) == 1
    (run / "recipe.toml").write_text(recipe.replace(old, new))
    before = contents(run)
    ran = cli("train", "--resume", run, "--lang", language)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert told in ran.err
    assert f"--init {run / BEST}" in ran.err
    assert contents(run) == before


@pytest.mark.parametrize("option", ["--recipe", "--out", "--table"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_resumed_run_takes_no_other_settings(cli: Cli, run: Path, tmp_path: Path, option: str, language: str) -> None:
    (tmp_path / "given").write_text(SHORT.replace("epochs = [2]", "epochs = [6]"))
    before = contents(run)
    ran = cli("train", "--resume", run, option, tmp_path / "given", "--lang", language)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert option in ran.err
    assert "--init" in ran.err
    assert contents(run) == before


@pytest.mark.parametrize("option", ["--recipe", "--table"])
def test_an_audit_of_a_run_takes_no_other_settings(cli: Cli, run: Path, option: str) -> None:
    ran = cli("audit", run, option, "given", "--lang", "en")
    assert (ran.code, ran.out) == (2, "")
    assert option in ran.err


def test_what_makes_no_difference_may_be_edited(cli: Cli, run: Path) -> None:
    """Layout, comments, and what only the report reads."""
    recipe = "# mine\n" + (run / "recipe.toml").read_text().replace("epochs = [\n    2,\n]", "epochs = [2]")
    (run / "recipe.toml").write_text(recipe + '\n[report]\ntitle = "Ours"\n')
    weights = (run / BEST).read_bytes()
    assert cli("train", "--resume", run).code == 0
    assert (run / BEST).read_bytes() == weights
    assert "Ours" in (run / "report.html").read_text(encoding="utf-8")


def test_a_checkpoint_without_a_recipe_goes_on(cli: Cli, run: Path) -> None:
    """As earlier versions wrote it."""
    for path in (run / "checkpoints").glob("step-*"):
        tensors, notes = checkpoint.load_tensors(path)
        checkpoint.save_tensors(path, tensors, {key: value for key, value in notes.items() if key != "recipe"})
    assert cli("train", "--resume", run).code == 0


def test_a_longer_training_is_a_new_run_that_says_so(cli: Cli, run: Path, phantoms: Path, tmp_path: Path) -> None:
    """As the document says: the old recipe with more epochs, the old weights, the same split."""
    recipe = (run / "recipe.toml").read_text().replace("epochs = [\n    2,\n]", "epochs = [1]")
    (tmp_path / "longer.toml").write_text(recipe)
    before = contents(run)
    new = tmp_path / "new"
    words = ("--recipe", tmp_path / "longer.toml", "--init", run / BEST, "--out", new, "--threads", 1, "--lang", "en")
    ran = cli("train", phantoms, *words)
    assert ran.code == 0, ran.err
    assert text("card.base-unknown", "en") in ran.out
    assert contents(run) == before
    card = Predictor(new / "model.onnx").card
    assert card.seen is not None
    assert not card.seen.base_known
    assert text("card.base-unknown", "en") in cli("predict", new / "model.onnx", phantoms / "COVID", "--lang", "en").out
    page = (new / "report.html").read_text(encoding="utf-8")
    assert text("card.base-unknown", "en") in page
    assert text("card.base-unknown", "zh") in page
    parts = [{row.image_id: row.split for row in read_index(folder / "index.csv").rows} for folder in (run, new)]
    assert parts[0] == parts[1]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("place", [BEST, "checkpoints/../checkpoints/best.safetensors"])
def test_weights_that_have_learned_from_test_films_are_refused(
    cli: Cli, run: Path, phantoms: Path, tmp_path: Path, language: str, place: str
) -> None:
    (tmp_path / "other.toml").write_text(SHORT.replace("[split]", "[split]\nseed = 7"))
    words = ("--recipe", tmp_path / "other.toml", "--init", run / place, "--out", tmp_path / "new")
    ran = cli("train", phantoms, *words, "--lang", language)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert "index.csv" in ran.err
    assert not (tmp_path / "new").exists()


def test_weights_of_a_run_on_other_films_are_taken(cli: Cli, run: Path, tmp_path: Path) -> None:
    write_folder(tmp_path / "films", seed=41, per_class=20, size=96, duplicates=0)
    (tmp_path / "once.toml").write_text(SHORT.replace("epochs = [2]", "epochs = [1]"))
    words = ("--recipe", tmp_path / "once.toml", "--init", run / BEST, "--out", tmp_path / "new", "--threads", 1)
    ran = cli("train", tmp_path / "films", *words)
    assert ran.code == 0, ran.err
