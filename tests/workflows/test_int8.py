"""The int8 twin: written beside the model, a model file like any other, and refused where it loses too much."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plainfilm.config import load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.data.films import Films
from plainfilm.errors import TrainingError
from plainfilm.io.run_folder import Run
from plainfilm.model.predictor import Predictor
from plainfilm.training.result import Twin
from plainfilm.workflows import fit as int8
from plainfilm.workflows.fit import write_twin
from tests.conftest import Ran


@pytest.fixture
def run(trained: tuple[Path, Ran], tmp_path: Path) -> Path:
    for name in ("model.onnx", "index.csv", "index.json", "recipe.toml"):
        shutil.copy(trained[0] / name, tmp_path)
    return tmp_path


def twin_of(run: Path, trained: tuple[Path, Ran]) -> Twin:
    store = np.load(trained[0] / "pixels-64.npy", mmap_mode="r")
    recipe = load_recipe(str(run / "recipe.toml"))
    return write_twin(Run(run), Films.of(read_index(run / "index.csv"), store), recipe, threads=1)


def test_the_twin_is_a_model_file_that_answers_alike(
    run: Path, trained: tuple[Path, Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "MAX_LOSS", 1.0)  # 18 films cannot tell half a point
    before = (run / "model.onnx").read_bytes()
    twin = twin_of(run, trained)
    assert twin.path == run / "model-int8.onnx"
    assert (run / "model.onnx").read_bytes() == before
    assert twin.path.stat().st_size < len(before) / 3
    one, other = Predictor(run / "model.onnx", threads=1), Predictor(twin.path, threads=1)
    assert other.card.provenance.int8 is not None
    assert other.card.provenance.int8["of"] == one.card.weights_sha256 != other.card.weights_sha256
    assert other.card.provenance.int8["accuracy_difference"] == twin.difference.as_dict()
    assert other.card.calibration is not None
    assert other.input_check is not None
    assert other.card.evaluation is None
    assert one.seen is not None
    assert other.seen is not None
    assert other.seen.text == one.seen.text
    assert other.card.seen == one.card.seen
    store = np.load(trained[0] / "pixels-64.npy", mmap_mode="r")
    pixels = store[:60, None]
    ours, theirs = one.answer(pixels), other.answer(pixels)
    assert 0 < np.abs(ours.logits - theirs.logits).max() < 0.3 * np.ptp(ours.logits) + 0.1
    bias = theirs.logits - theirs.class_maps.mean((2, 3))
    assert np.allclose(bias, bias[0], atol=1e-5)  # the map is the answer here too


def test_a_twin_that_loses_too_much_is_not_written(
    run: Path, trained: tuple[Path, Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "MAX_LOSS", -1.0)  # nothing gains so much
    twin = twin_of(run, trained)
    assert twin.path is None
    assert not (run / "model-int8.onnx").exists()


def test_without_validation_films_there_is_no_twin(run: Path, trained: tuple[Path, Ran]) -> None:
    index = read_index(run / "index.csv")
    rows = tuple(replace(row, split="train") if row.split == "validation" else row for row in index.rows)
    store = np.load(trained[0] / "pixels-64.npy", mmap_mode="r")
    with pytest.raises(TrainingError) as caught:
        write_twin(
            Run(run), Films.of(replace(index, rows=rows), store), load_recipe(str(run / "recipe.toml")), threads=1
        )
    assert caught.value.code == "int8-no-validation"
