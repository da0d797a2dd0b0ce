"""State dicts of others become our tensors: the same logits, or an error that names what does not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import SLIM_WIDTHS, random_pixels, trained_looking
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from plainfilm.errors import ModelFileError
from plainfilm.model.formats.weights import network, read_weights
from plainfilm.model.networks import resnet
from plainfilm.model.networks.resnet import ResNet


@pytest.fixture(autouse=True)
def _slim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)


def reference_logits(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """A ResNet by the published description, straight from a state dict of torchvision's: strides, pads and all."""

    def conv_norm(x: Tensor, conv: str, norm: str, stride: int = 1) -> Tensor:
        weight = state[f"{conv}.weight"]
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
        values = [state[f"{norm}.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *values, eps=1e-5)

    x = F.max_pool2d(conv_norm(x, "conv1", "bn1", 2).relu(), 3, 2, 1)
    for stage in (1, 2, 3, 4):
        block = 0
        while f"layer{stage}.{block}.conv1.weight" in state:
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            is_bottleneck = f"{name}.conv3.weight" in state
            y = conv_norm(x, f"{name}.conv1", f"{name}.bn1", 1 if is_bottleneck else stride).relu()
            y = conv_norm(y, f"{name}.conv2", f"{name}.bn2", stride if is_bottleneck else 1)
            if is_bottleneck:
                y = conv_norm(y.relu(), f"{name}.conv3", f"{name}.bn3")
            if f"{name}.downsample.0.weight" in state:
                x = conv_norm(x, f"{name}.downsample.0", f"{name}.downsample.1", stride)
            x, block = (x + y).relu(), block + 1
    return x.mean(dim=(2, 3)) @ state["fc.weight"].T + state["fc.bias"]


def saved(state: dict[str, Any], path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=path.suffix != ".old")
    return path


@pytest.mark.parametrize("suffix", [".safetensors", ".pth", ".old"])
@pytest.mark.parametrize(("depth", "num_classes", "channels"), [(18, 3, 3), (34, 7, 1), (50, 1000, 3)])
def test_torchvision_layout(depth: int, num_classes: int, channels: int, suffix: str, tmp_path: Path) -> None:
    state = trained_looking(depth, num_classes=num_classes, in_channels=channels).state_dict()
    weights = read_weights(saved(state, tmp_path / f"weights{suffix}"))
    assert (weights.depth, weights.num_classes, weights.channels) == (depth, num_classes, channels)
    assert (weights.layout, weights.width) == ("torchvision", 64)
    pixels = torch.from_numpy(random_pixels(3, channels=channels))
    with torch.inference_mode():
        expected = reference_logits(state, pixels.float() / 255)
        assert torch.allclose(network(weights)(pixels).logits, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("depth", [18, 50])
def test_a_narrow_one_is_found_narrow(depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", (64, 128, 256, 512))
    net = ResNet(depth, num_classes=3, in_channels=1, width=16).eval()
    resnet.initialise(net, init="default", seed=0)
    weights = read_weights(saved(net.state_dict(), tmp_path / "weights.pth"))
    assert (weights.depth, weights.width) == (depth, 16)
    pixels = torch.from_numpy(random_pixels(3))
    with torch.inference_mode():
        assert torch.equal(network(weights)(pixels).logits, net(pixels).logits)


def test_a_deep_one_with_the_state_of_its_optimiser(tmp_path: Path) -> None:
    """The largest honest description stays within the budget."""
    net = trained_looking(152)
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.from_numpy(random_pixels(2))).logits.sum().backward()
    optimiser.step()
    content = {"optimizer": optimiser.state_dict(), "state_dict": net.state_dict(), "epoch": 3}
    assert read_weights(saved(content, tmp_path / "checkpoint.pth")).depth == 152


def test_a_summed_stem_says_the_same_of_grey_films(tmp_path: Path) -> None:
    weights = read_weights(saved(trained_looking(in_channels=3).state_dict(), tmp_path / "weights.pth"))
    grey = trained_looking(in_channels=1)
    grey.load_state_dict(weights.for_channels(1), strict=False)
    film = torch.from_numpy(random_pixels(4))
    with torch.inference_mode():
        difference = grey(film).logits - network(weights)(film.expand(-1, 3, -1, -1)).logits
    assert float(difference.abs().max()) < 1e-5
    assert weights.for_channels(3)["conv1.weight"].shape[1] == 3


def test_one_channel_does_not_become_three(tmp_path: Path) -> None:
    weights = read_weights(saved(trained_looking().state_dict(), tmp_path / "weights.pth"))
    with pytest.raises(ModelFileError) as caught:
        weights.for_channels(3)
    assert caught.value.parameters == {"key": "data.channels", "given": 1, "expected": 3}


def without(name: str) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state.pop(name)


def with_tensor(name: str, tensor: Tensor) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state.update({name: tensor})


def with_value(name: str, value: float) -> Callable[[dict[str, Tensor]], object]:
    return lambda state: state[name].view(-1)[-1:].fill_(value)


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        (without("layer3.1.bn2.running_var"), "weights-layout", "layer3.1.bn2.running_var"),
        (without("fc.weight"), "weights-layout", "fc.weight"),
        (without("layer4.1.conv1.weight"), "weights-layout", "ResNet-18"),
        (with_tensor("layer1.0.se.weight", torch.ones(1)), "weights-layout", "layer1.0.se.weight"),
        (lambda state: state.clear() or state.update(x=torch.ones(1)), "weights-layout", "(+"),
        (with_tensor("conv1.weight", torch.ones(64, 4, 7, 7)), "weights-stem", "[64, 4, 7, 7]"),
        (with_tensor("conv1.weight", torch.ones(64)), "weights-stem", "[64]"),
        (with_tensor("conv1.weight", torch.ones(7, 3, 7, 7)), "weights-stem", "[7, 3, 7, 7]"),
        (with_tensor("conv1.weight", torch.ones(129, 1, 7, 7)), "weights-stem", "[129, 1, 7, 7]"),
        (with_tensor("conv1.weight", torch.ones(32, 3, 7, 7)), "weights-shape", "bn1."),
        (with_tensor("layer2.0.conv2.weight", torch.ones(8, 8, 1, 1)), "weights-shape", "[8, 8, 1, 1]"),
        (with_tensor("fc.bias", torch.ones(4)), "weights-shape", "fc.bias"),
        (with_tensor("fc.weight", torch.ones(())), "weights-shape", "fc.weight"),
        (with_tensor("bn1.bias", torch.ones(64, dtype=torch.int32)), "weights-type", "I32"),
        (with_tensor("bn1.bias", torch.full((64,), 1e300, dtype=torch.float64)), "weights-not-finite", "bn1.bias"),
        (with_value("layer4.1.conv2.weight", float("nan")), "weights-not-finite", "layer4.1.conv2.weight"),
        (with_value("fc.bias", float("inf")), "weights-not-finite", "fc.bias"),
        (with_value("bn1.running_var", -1.0), "weights-not-finite", "bn1.running_var"),
    ],
)
def test_what_does_not_fit_is_named(
    change: Callable[[dict[str, Tensor]], object], code: str, named: str, tmp_path: Path
) -> None:
    from plainfilm.messages import sentence

    state = dict(trained_looking(in_channels=3).state_dict())
    change(state)
    with pytest.raises(ModelFileError) as caught:
        read_weights(saved(state, tmp_path / "weights.pth"))
    assert caught.value.code == code
    for language in ("en", "zh"):
        assert named in sentence(caught.value, language)


# --- the tutorial's ---------------------------------------------------------------------------------------------------


def paddle_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.pdparams"))


@pytest.mark.paddle
def test_the_tutorials_weights_say_what_paddle_says(paddle_written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All five depths (the deeper ones slim, so that this takes seconds), protocols 2 and 4, the same input tensors."""
    found = []
    for path in paddle_files(paddle_written):
        _, depth, widths, _ = path.stem.split("-")
        monkeypatch.setattr(resnet, "STAGE_WIDTHS", tuple(map(int, widths.split("."))))
        weights = read_weights(path)
        found.append((weights.depth, weights.kind, weights.layout, weights.num_classes, weights.channels))
        assert weights.depth == int(depth)
        with np.load(path.with_suffix(".npz")) as stored:
            expected = dict(stored)
        with torch.inference_mode():
            logits = network(weights)(torch.from_numpy(expected["inputs"])).logits.numpy()
        assert expected["logits"].std(axis=0).min() > 0.05, "the films tell no difference"
        assert np.abs(logits - expected["logits"]).max() < 1e-4, path.stem
    assert {entry[0] for entry in found} == {18, 34, 50, 101, 152}
    assert {entry[1:] for entry in found} == {("paddle", "tutorial", 3, 3)}
    assert len(found) == 6


@pytest.mark.paddle
def test_a_transposed_linear_weight_is_no_accident(paddle_written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paddle's linear weight is (D, K); a file with (K, D) is refused."""
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", (64, 128, 256, 512))
    (path,) = paddle_written.glob("ResNet-18-*-4.pdparams")
    data = path.read_bytes()
    forged = path.with_suffix(".forged")
    forged.write_bytes(data.replace(b"M\x00\x02K\x03\x86", b"K\x03M\x00\x02\x86"))
    assert forged.read_bytes() != data
    with pytest.raises(ModelFileError, match="weights-shape"):
        read_weights(forged)
