"""`plainfilm import` and `train --init`: weights from elsewhere become a model file, or a training's start."""

import argparse
import json
import signal
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from builders import random_pixels, trained_looking

from plainfilm import records
from plainfilm.data.phantom import CLASSES
from plainfilm.io import files
from plainfilm.messages import Listed
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor
from plainfilm.training.checkpoint import load_tensors
from tests.conftest import SHORT, Cli, command
from tests.model import pickles
from tests.test_bad_input import check_one_line


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in torchvision's layout: ResNet-18, RGB, five classes."""
    path = tmp_path_factory.mktemp("public") / "resnet18.pth"
    torch.save(trained_looking(in_channels=3, num_classes=5).state_dict(), path)
    return path


def test_a_checkpoint_becomes_a_model_file(cli: Cli, public: Path, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.onnx"
    ran = cli("import", public, "--out", out, "--classes", "A, B,C,D,COVID", "--size", 96, "--lang", "en")
    assert ran.code == 0, ran.err
    assert "ResNet-18, 3 channels, 96 px; classes: A, B, C, D, COVID-19" in ran.out
    assert "Weights taken: 102 of the 102 tensors of a ResNet-18" in ran.out
    assert "This model was not tested." in ran.out
    assert "This model is not calibrated" in ran.out
    predictor = Predictor(out)
    card = predictor.card
    assert card.class_names == ("A", "B", "C", "D", "COVID")
    assert card.calibration is None
    assert card.evaluation is None
    imported = {"kind": "torch", "layout": "torchvision", "sha256": files.sha256(public.read_bytes())}
    assert card.provenance.imported == imported
    assert str(public) not in json.dumps(records.as_dict(card.provenance))
    assert predictor.seen is None
    pixels = random_pixels(3, channels=3, size_px=96)
    with torch.inference_mode():
        expected = trained_looking(in_channels=3, num_classes=5)(torch.from_numpy(pixels)).logits.numpy()
    assert np.abs(predictor.answer(pixels).logits - expected).max() < 1e-4
    assert cli("predict", out, phantoms / "COVID/COVID-0001.png").code == 0


def test_json_is_one_document(cli: Cli, public: Path, tmp_path: Path) -> None:
    ran = cli("import", public, "--out", tmp_path / "m.onnx", "--classes", "A,B,C,D,E", "--size", 64, "--json")
    found = json.loads(ran.out)
    assert found["depth"] == 18
    assert found["imported"]["sha256"] == files.sha256(public.read_bytes())
    assert (found["taken"]["num_tensors"], found["taken"]["prefix"]) == (102, "")


@pytest.mark.parametrize(("language", "count"), [("en", "102 of the 102"), ("zh", "102 个张量中的 102 个")])
def test_what_was_taken_and_left_is_printed(cli: Cli, public: Path, tmp_path: Path, language: str, count: str) -> None:
    state = {f"module.{name}": tensor for name, tensor in torch.load(public).items()}
    content = {"epoch": 3, "args": argparse.Namespace(lr=1), "ema": state, "net": state | {"queue": torch.ones(2)}}
    torch.save(content, tmp_path / "w.pth")
    words = ("--out", tmp_path / "m.onnx", "--classes", "A,B,C,D,E", "--size", 64, "--lang", language)
    ran = cli("import", tmp_path / "w.pth", *words)
    assert ran.code == 0, ran.err
    beside = Listed(("epoch", "args", "ema")).shown(language)
    for told in (count, " net", "module.", "ema: module.", "1 ", "queue", "3 ", beside):
        assert told in ran.out
    torch.save({name: tensor for name, tensor in state.items() if ".fc." not in name}, tmp_path / "headless.pth")
    ran = cli("import", tmp_path / "headless.pth", *words[:1], tmp_path / "n.onnx", *words[2:])
    check_one_line(ran, 1, "train SOURCE --init")


@pytest.mark.paddle
def test_the_tutorials_weights_need_no_names(cli: Cli, paddle_written: Path, tmp_path: Path) -> None:
    """The model file, with the tutorial's classes, says what Paddle said of the same input tensors."""
    (path,) = paddle_written.glob("ResNet-18-*-4.pdparams")
    ran = cli("import", path, "--out", tmp_path / "model.onnx", "--size", 64, "--lang", "zh")
    assert ran.code == 0, ran.err
    predictor = Predictor(tmp_path / "model.onnx")
    assert predictor.card.class_names == CLASSES
    with np.load(path.with_suffix(".npz")) as stored:
        written = dict(stored)
    pixels = np.round(written["inputs"] * 255).astype(np.uint8)
    assert np.array_equal(pixels.astype(np.float32) / 255, written["inputs"])
    assert np.abs(predictor.answer(pixels).logits - written["logits"]).max() < 1e-4


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_cannot_be_imported(cli: Cli, public: Path, tmp_path: Path, language: str) -> None:
    """Code, exit code and sentence; nothing is written, nothing that exists is touched, nothing runs."""
    evil = tmp_path / "evil.pdparams"
    evil.write_bytes(pickles.PROTO + pickles.call("posix", "system", pickles.text(f"touch {tmp_path}/ran")) + b".")
    there = tmp_path / "there.onnx"
    there.write_text("mine")
    for words, code, en, zh in (
        ([evil, "--out", "new.onnx"], 1, "asks for posix.system", "要求使用 posix.system"),
        ([tmp_path / "no.pth", "--out", "new.onnx"], 1, "does not exist", "不存在"),
        ([there, "--out", "new.onnx"], 1, "is no checkpoint that is known here", "不是这里所知的检查点"),
        ([public, "--out", there], 2, "exists already", "已存在"),
        ([public, "--out", "new.onnx"], 2, "has 5 outputs", "有 5 个输出"),
        ([public, "--out", "new.onnx", "--classes", "a,b"], 2, "expected 5 different names", "应为 5 个互不相同的名称"),
        ([public, "--out", "new.onnx", "--classes", "a,b,c,d,a"], 2, "expected 5 different", "应为 5 个"),
        ([public, "--out", tmp_path / "no/new.onnx", "--classes", "a,b,c,d,e"], 2, "cannot be written", "无法写入"),
    ):
        words = [tmp_path / word if word == "new.onnx" else word for word in words]
        check_one_line(cli("import", *words, "--lang", language), code, zh if language == "zh" else en)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.pdparams", "there.onnx"]
    assert there.read_text() == "mine"


# --- train --init ----------------------------------------------------------------------------------------------------


def first_state(run: Path) -> dict[str, torch.Tensor]:
    tensors, _ = load_tensors(run / "checkpoints/step-00000000.safetensors")
    return {name.removeprefix("net."): tensor for name, tensor in tensors.items() if name.startswith("net.")}


def test_a_training_starts_from_given_weights_and_resumes_without_them(
    public: Path, phantoms: Path, tmp_path: Path
) -> None:
    """Stopped after its first steps and resumed with the file gone; the layer of classes is drawn anew, five are not three."""
    checkpoint, run = tmp_path / "resnet18.pth", tmp_path / "run"
    checkpoint.write_bytes(public.read_bytes())
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(SHORT)
    words = ["train", phantoms, "--recipe", recipe, "--init", checkpoint, "--out", run, "--threads", 1, "--lang", "en"]
    with command(*words) as process:
        while process.poll() is None and not (run / "history.csv").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        told, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert "the layer of classes has 5 outputs, these films 3 classes: it is drawn anew" in told
    source, start = trained_looking(in_channels=3, num_classes=5).state_dict(), first_state(run)
    for name, tensor in start.items():
        if name == "conv1.weight":
            assert torch.allclose(tensor, source[name].sum(dim=1, keepdim=True), atol=1e-6)
        elif name.startswith("fc."):
            assert tensor.shape[0] == 3
        elif "num_batches" not in name:
            assert torch.equal(tensor, source[name]), name
    assert not (run / "checkpoints/given.safetensors").exists()
    named = tomllib.loads((run / "recipe.toml").read_text())["model"]["init"]
    assert named == f"sha256:{files.sha256(public.read_bytes())}"
    checkpoint.unlink()
    with command("train", "--resume", run) as process:
        _, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    card = Predictor(run / "model.onnx").card
    assert named in (card.provenance.recipe or "")
    assert card.seen is not None
    assert card.seen.base_known is False  # what the weights that were given have seen, nobody knows


@pytest.mark.parametrize("language", ["en", "zh"])
def test_weights_that_do_not_fit_the_recipe(
    cli: Cli, public: Path, phantoms: Path, tmp_path: Path, language: str
) -> None:
    grey = tmp_path / "grey.pth"
    torch.save(trained_looking().state_dict(), grey)
    run = tmp_path / "run"

    def train(recipe: str, *words: object) -> tuple[int, str]:
        path = tmp_path / "recipe.toml"
        path.write_text(recipe)
        ran = cli("train", phantoms, "--recipe", path, "--out", run, "--lang", language, *words)
        assert not run.exists()
        assert ran.out == ""
        return ran.code, ran.err

    named = f'[model]\ninit = "sha256:{"0" * 64}"\n'
    for recipe, words, code, expected in (
        ("[model]\ndepth = 34\n", ["--init", public], 1, "model.depth = 18"),
        ("[model]\nwidth = 32\n", ["--init", public], 1, "model.width = 64"),
        ("[data]\nchannels = 3\n", ["--init", grey], 1, "data.channels = 1"),
        (named, [], 2, "--init"),
        (named, ["--init", public], 2, "sha256:0000"),
        ('[model]\ninit = "sha256:00"\n', [], 2, "model.init"),
        ("", ["--init", tmp_path / "no.pth"], 1, "no.pth"),
        ("", ["--init", public, "--resume", run], 2, "--resume"),
    ):
        found, err = train(recipe, *words)
        assert found == code, err
        assert expected in err
        assert len(err.splitlines()) == 1


def test_resuming_takes_no_weights(cli: Cli, public: Path, tmp_path: Path) -> None:
    check_one_line(cli("train", "--resume", tmp_path, "--init", public, "--lang", "en"), 2, "leave out --init")


def test_a_model_file_is_no_checkpoint(cli: Cli, model: Path, tmp_path: Path) -> None:
    assert modelfile.read(model)
    ran = cli("import", model, "--out", tmp_path / "new.onnx", "--lang", "en")
    check_one_line(ran, 1, "needs no import: predict, evaluate and serve take it as it is")


def test_one_output_is_no_answer(cli: Cli, tmp_path: Path) -> None:
    torch.save(trained_looking(num_classes=1).state_dict(), tmp_path / "one.pth")
    ran = cli("import", tmp_path / "one.pth", "--out", tmp_path / "new.onnx", "--classes", "A", "--lang", "en")
    check_one_line(ran, 1, "needs at least 2")
