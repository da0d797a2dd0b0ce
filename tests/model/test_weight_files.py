"""Weight files as people have them: the network in them is read, and what was taken and left is told; or why not."""

import argparse
import collections
import datetime
import pathlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from builders import SLIM_WIDTHS, make_recipe, random_pixels, trained_looking
from torch import Tensor, nn

from plainfilm.errors import ModelFileError
from plainfilm.messages import LANGUAGES, sentence, text
from plainfilm.model.formats.weights import SEQUENTIAL, Taken, network, read_weights
from plainfilm.model.networks import resnet
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.weights import begun
from plainfilm.present.terminal import Terminal
from plainfilm.training import checkpoint
from plainfilm.training.state import new_state, tensors_of
from tests.model import pickles as p
from tests.model.forged import zipped

State = dict[str, Tensor]


@pytest.fixture(autouse=True)
def _slim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)


def with_prefix(prefix: str, state: State) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


def headless(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}


def head(state: State, name: str) -> State:
    return {f"{name}.weight": state["fc.weight"], f"{name}.bias": state["fc.bias"]}


def as_list(state: State) -> State:
    """As `nn.Sequential(*net.children())` names the parts."""
    parts = [(*name.split(".", 1), tensor) for name, tensor in headless(state).items()]
    return {f"{SEQUENTIAL[part]}.{rest}": tensor for part, rest, tensor in parts}


def optimiser(state: State) -> dict[str, Any]:
    weights = [nn.Parameter(tensor) for tensor in state.values() if tensor.is_floating_point()][:5]
    adam = torch.optim.Adam(weights)
    sum(weight.sum() for weight in weights).backward()
    adam.step()
    return adam.state_dict()


def averaged(state: State) -> State:
    return with_prefix("module.", state) | {"n_averaged": torch.tensor(3)}


NUM = 107  # tensors of a slim ResNet-18
WHOLE: dict[str, tuple[Callable[[State], Any], dict[str, Any]]] = {
    "plain": (lambda s: s, {}),
    "state_dict": (
        lambda s: {"epoch": 3, "state_dict": s, "best_acc1": torch.tensor(71.0), "optimizer": optimiser(s)},
        {"entry": "state_dict", "beside": ("epoch", "best_acc1", "optimizer")},
    ),
    "loss": (
        lambda s: {"loss": torch.tensor(0.3), "model_state_dict": s},
        {"entry": "model_state_dict", "beside": ("loss",)},
    ),
    "module.": (lambda s: with_prefix("module.", s), {"prefix": "module."}),
    "_orig_mod.": (lambda s: with_prefix("_orig_mod.", s), {"prefix": "_orig_mod."}),
    "three in each other": (
        lambda s: with_prefix("module._orig_mod.model.", s),
        {"prefix": "module._orig_mod.model."},
    ),
    "a beginning of its own": (
        lambda s: {"x": {"y": with_prefix("chest_xray.cnn_3.", s)}},
        {"entry": "x.y", "prefix": "chest_xray.cnn_3."},
    ),
    "Lightning": (
        lambda s: {"state_dict": with_prefix("model.", s), "hyper_parameters": {"lr": 1e-3}, "callbacks": {}},
        {"entry": "state_dict", "prefix": "model.", "beside": ("hyper_parameters", "callbacks")},
    ),
    "Lightning, the head outside": (
        lambda s: {
            "state_dict": with_prefix("model.backbone.", headless(s))
            | head(s, "model.classifier.1")
            | {"criterion.weight": torch.ones(3)}
        },
        {
            "entry": "state_dict",
            "prefix": "model.backbone.",
            "head": "model.classifier.1",
            "left": ("criterion.weight",),
        },
    ),
    "head in a Sequential": (lambda s: headless(s) | head(s, "fc.1"), {"head": "fc.1"}),
    "last_linear": (lambda s: headless(s) | head(s, "last_linear"), {"head": "last_linear"}),
    "a list of layers": (
        lambda s: with_prefix("backbone.", as_list(s)) | head(s, "fc"),
        {"prefix": "backbone.", "head": "fc"},
    ),
    "an average beside it": (
        lambda s: {"state_dict_ema": s, "state_dict": s},
        {"entry": "state_dict", "beside": ("state_dict_ema",), "others": ("state_dict_ema",)},
    ),
    "an average in torch's way": (
        lambda s: {"swa": averaged(s), "model": s},
        {"entry": "model", "beside": ("swa",), "others": ("swa: module.",)},
    ),
    "an average alone": (averaged, {"prefix": "module.", "left": ("n_averaged",)}),
    "a tuple": (lambda s: (s, 3), {"entry": "0", "beside": ("1",)}),
    "numbers among the tensors": (lambda s: s | {"epoch": 3}, {"left": ("epoch",)}),
    "a defaultdict": (
        lambda s: {"net": collections.defaultdict(list, s)},
        {"entry": "net"},
    ),
}


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize("kind", WHOLE)
def test_the_network_is_read_and_what_was_taken_is_told(kind: str, is_zip: bool, tmp_path: Path) -> None:
    net = trained_looking(in_channels=3)
    content, expected = WHOLE[kind]
    torch.save(content(net.state_dict()), tmp_path / "w.pth", _use_new_zipfile_serialization=is_zip)
    weights = read_weights(tmp_path / "w.pth")
    nothing = {"entry": "", "prefix": "", "head": "", "types": (), "others": (), "left": (), "beside": ()}
    assert weights.taken == Taken(num_tensors=NUM, num_expected=NUM, **nothing | expected)
    pixels = torch.from_numpy(random_pixels(2, channels=3))
    with torch.inference_mode():
        assert torch.equal(network(weights)(pixels).logits, net(pixels).logits)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, torch.bfloat16])
def test_other_numbers_are_cast_and_said(dtype: torch.dtype, tmp_path: Path) -> None:
    state = trained_looking().state_dict()
    torch.save({k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}, tmp_path / "w.pth")
    weights = read_weights(tmp_path / "w.pth")
    assert weights.taken.types == (str(dtype).removeprefix("torch."),)
    for name, tensor in weights.tensors.items():
        assert torch.equal(tensor, state[name].to(dtype).float()), name


HEADLESS: dict[str, tuple[Callable[[State], State], tuple[str, ...]]] = {
    "none": (headless, ()),
    "backbone.": (lambda s: with_prefix("backbone.", headless(s)), ()),
    "a list of layers": (as_list, ()),
    "behind a norm": (
        lambda s: headless(s) | head(s, "fc.1") | with_prefix("fc.0.", nn.BatchNorm1d(16).state_dict()),
        ("fc.1.weight", "fc.1.bias", "fc.0.weight", "fc.0.bias", "fc.0.running_mean", "fc.0.running_var"),
    ),
    "two layers": (
        lambda s: s | with_prefix("fc2.", nn.Linear(3, 2).state_dict()),
        ("fc.weight", "fc.bias", "fc2.weight", "fc2.bias"),
    ),
    "a projection of contrastive learning": (
        lambda s: (
            with_prefix(
                "module.encoder_q.",
                headless(s)
                | with_prefix("fc.0.", nn.Linear(16, 16).state_dict())
                | with_prefix("fc.2.", nn.Linear(16, 8).state_dict()),
            )
            | with_prefix("module.encoder_k.", headless(s))
        ),
        tuple(f"module.encoder_q.fc.{number}.{part}" for number in (0, 2) for part in ("weight", "bias")),
    ),
}


@pytest.mark.parametrize("kind", HEADLESS)
def test_without_a_layer_of_classes_it_is_a_start_for_training(kind: str, tmp_path: Path) -> None:
    """All but that layer is as in the file; that layer is as without the file."""
    state = trained_looking().state_dict()
    torch.save(HEADLESS[kind][0](state), tmp_path / "w.pth")
    weights = read_weights(tmp_path / "w.pth")
    assert weights.num_classes is None
    assert (weights.taken.num_tensors, weights.taken.left) == (NUM - 2, HEADLESS[kind][1])
    recipe = make_recipe()
    device = torch.device("cpu")
    start = new_state(recipe, 3, device, weights.for_channels(1)).net.state_dict()
    fresh = new_state(recipe, 3, device).net.state_dict()
    for name, tensor in start.items():
        if "num_batches" not in name:
            assert torch.equal(tensor, fresh[name] if name.startswith("fc.") else state[name]), name


@pytest.mark.parametrize(("language", "anew"), [("en", "drawn anew"), ("zh", "重新初始化")])
def test_what_is_drawn_anew_is_said(
    language: str, anew: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = trained_looking(in_channels=3).state_dict()
    lines = {}
    for kind, content in (("headless", headless(state)), ("whole", {"net": state})):
        torch.save(content, tmp_path / "w.pth")
        for classes in (("A", "B", "C"), ("A", "B")):
            show(Terminal(language), begun(read_weights(tmp_path / "w.pth"), classes, 1))
            lines[kind, len(classes)] = capsys.readouterr().out
    assert [anew in lines[key] for key in lines] == [True, True, False, True]
    assert text("list.comma", language).join("ABC") in lines["whole", 3]
    assert f"{NUM}" in lines["whole", 3]
    assert f"{NUM - 2}" in lines["headless", 3]
    assert " net" in lines["whole", 3]


def test_a_checkpoint_of_our_own_gives_the_kept_epoch(tmp_path: Path) -> None:
    """Each holds the network two or three times: as it is, its average, the best one so far."""
    state = new_state(make_recipe(), 3, torch.device("cpu"))
    state.best_weights = {name: tensor + 1 for name, tensor in state.net.state_dict().items()}
    checkpoint.save_step(tmp_path, 8, tensors_of(state), {})
    weights = read_weights(tmp_path / "step-00000008.safetensors")
    assert weights.taken.prefix == "best."
    assert "net." in weights.taken.others
    assert torch.equal(weights.tensors["fc.weight"], state.best_weights["fc.weight"])


# --- what stands beside the weights ----------------------------------------------------------------------------------


def settings() -> dict[str, Any]:
    weight = nn.Parameter(torch.ones(2))
    adam = torch.optim.Adam([weight])
    return {
        "args": argparse.Namespace(lr=1, out=pathlib.PurePosixPath("/data"), more=argparse.Namespace()),
        "numpy": (np.float64(0.9), np.float32(1), np.int64(2), np.bool_(True), np.random.get_state()),
        "arrays": [np.arange(3), np.array(["A", "BB"]), np.array(["A", None], dtype=object), np.dtype("f4")],
        "torch": [torch.Size([1, 2]), torch.device("cpu"), torch.float16, torch.get_rng_state(), torch.strided],
        "collections": (collections.Counter("aab"), collections.deque([1]), collections.OrderedDict(a=1)),
        "sets": [{1, 2}, frozenset("ab"), {"a": set()}],
        "keys": {(1, 2): 3, 1.5: 2, None: 1, torch.float32: 4, "x" * 300: 5},
        "bytes": [b"ab", bytearray(b"x"), "x" * 5000, 10**80],
        "dates": [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), datetime.timedelta(1)],
        "paths": [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("b")],
        "loss": nn.CrossEntropyLoss(),
        "optimiser": adam,
        "schedule": torch.optim.lr_scheduler.MultiStepLR(adam, [2]).state_dict(),
        "losses": [0.5] * 20_000,
        "types": [int, float, dict],
    }


@pytest.mark.parametrize("options", [{}, {"pickle_protocol": 4}, {"pickle_protocol": 5}, {"legacy": True}])
def test_settings_beside_them_are_passed_over(options: dict[str, Any], tmp_path: Path) -> None:
    given = {"_use_new_zipfile_serialization": False} if options.get("legacy") else options
    state = trained_looking().state_dict()
    torch.save({**settings(), "net": state}, tmp_path / "w.pth", **given)
    weights = read_weights(tmp_path / "w.pth")
    assert weights.taken.beside == tuple(settings())
    assert torch.equal(weights.tensors["fc.weight"], state["fc.weight"])


@pytest.mark.parametrize(
    "name",
    [
        "omegaconf.dictconfig.DictConfig",
        "pytorch_lightning.utilities.parsing.AttributeDict",
        "easydict.EasyDict",
        "yacs.config.CfgNode",
    ],
)
def test_settings_of_other_libraries_are_passed_over(name: str, tmp_path: Path) -> None:
    """Libraries that are not installed here: nothing of them is imported."""
    module, _, attribute = name.rpartition(".")
    thing = p.name(module, attribute) + b")\x81" + b"}" + p.text("lr") + b"K\x01sb" + p.text("a") + b"K\x02s"
    content = p.PROTO + b"}(" + p.text("cfg") + thing + p.text("w") + b"}" + p.text("a") + p.torch_tensor() + b"su."
    (tmp_path / "w.pth").write_bytes(zipped({"data.pkl": content, "data/0": b"\0" * 16}))
    with pytest.raises(ModelFileError, match="weights-layout"):
        read_weights(tmp_path / "w.pth")


# --- what is no weights of ours --------------------------------------------------------------------------------------


def scripted(path: Path) -> None:
    path.write_bytes(zipped({"data.pkl": b"\x80\x02N.", "constants.pkl": b"\x80\x02).", "code/__torch__.py": b""}))


def written(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


def saved(make: Callable[[], Any], **options: Any) -> Callable[[Path], None]:
    return lambda path: torch.save(make(), path, **options)


def changed(name: str, *shape: int, depth: int = 18) -> Callable[[], Any]:
    return lambda: trained_looking(depth, in_channels=3).state_dict() | {name: torch.ones(shape)}


REFUSED: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "a whole model": (saved(lambda: trained_looking()), "weights-class", "plainfilm.model.networks.resnet.ResNet"),
    "a whole model, older": (
        saved(lambda: nn.Sequential(nn.Linear(2, 2)), _use_new_zipfile_serialization=False),
        "weights-class",
        "torch.nn.modules.container.Sequential",
    ),
    "a whole model in a dict": (
        saved(lambda: {"epoch": 1, "model": nn.Linear(2, 2)}),
        "weights-class",
        "torch.save(model.state_dict()",
    ),
    "TorchScript": (scripted, "weights-torchscript", "torch.jit.load"),
    "Keras": (written(b"\x89HDF\r\n\x1a\n" + bytes(100)), "weights-foreign", "HDF5"),
    "a pointer": (
        written(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
        "weights-foreign",
        "git lfs",
    ),
    "a page": (written(b"<!DOCTYPE html><html>404</html>"), "weights-foreign", ".pth"),
    "compressed": (written(b"\x1f\x8b\x08" + bytes(40)), "weights-foreign", ".pth"),
    "ONNX": (written(b"\x08\x08\x12\x07pytorch" + bytes(40)), "weights-onnx", "checkpoints/best.safetensors"),
    "DenseNet": (
        saved(lambda: {"features.denseblock1.denselayer1.conv1.weight": torch.ones(8, 8, 1, 1)}),
        "weights-architecture",
        "DenseNet",
    ),
    "ViT": (saved(lambda: {"model": {"cls_token": torch.ones(1, 1, 8)}}), "weights-architecture", "Vision"),
    "ResNeXt": (
        saved(changed("layer1.0.conv1.weight", 32, 64, 1, 1, depth=50)),
        "weights-architecture",
        "ResNeXt",
    ),
    "four channels": (saved(changed("conv1.weight", 64, 4, 7, 7)), "weights-stem", "[64, 4, 7, 7]"),
    "a small stem": (saved(changed("conv1.weight", 64, 3, 3, 3)), "weights-shape", "[64, 3, 3, 3]"),
    "squeeze and excite": (saved(changed("layer1.0.se.fc1.weight", 4, 64)), "weights-layout", "layer1.0.se.fc1.weight"),
    "half a head": (
        saved(lambda: headless(trained_looking().state_dict()) | {"fc.weight": torch.ones(3, 16)}),
        "weights-layout",
        "fc.bias",
    ),
    "an optimiser alone": (
        saved(lambda: {"optimizer": optimiser(trained_looking().state_dict())}),
        "weights-layout",
        "exp_avg",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_is_called_what_it_is(kind: str, tmp_path: Path) -> None:
    write, code, named = REFUSED[kind]
    write(tmp_path / "w.pth")
    with pytest.raises(ModelFileError) as caught:
        read_weights(tmp_path / "w.pth")
    assert caught.value.code == code
    for language in LANGUAGES:
        assert named in sentence(caught.value, language)


# --- the first torch -------------------------------------------------------------------------------------------------


def test_a_stream_of_python_2(tmp_path: Path) -> None:
    """Texts as bytes, an OrderedDict of pairs, parameters over tensors of the first kind: what is still on the web."""
    state = {k: v for k, v in trained_looking().state_dict().items() if "num_batches" not in k}

    def short(text: str) -> bytes:
        return b"U" + bytes([len(text)]) + text.encode()

    def tensor(key: str, value: Tensor) -> bytes:
        identity = [short("storage"), p.name("torch", "FloatStorage"), short(key), short("cpu"), p.int4(value.numel())]
        shape, strides = (p.tuple_of(*map(p.int4, numbers)) for numbers in (value.shape, value.stride()))
        whole = p.tuple_of(*identity, b"N") + b"Q"
        made = p.call("torch._utils", "_rebuild_tensor", whole, b"K\x00", shape, strides)
        return p.name("torch.nn.parameter", "Parameter") + p.tuple_of(made, b"\x89") + b"\x81"

    pairs = b"".join(
        b"]" + short(name) + b"a" + tensor(str(number), value) + b"a" + b"a"
        for number, (name, value) in enumerate(state.items())
    )
    content = p.name("collections", "OrderedDict") + b"]" + pairs + b"\x85R"
    system = b"}(" + short("protocol_version") + p.int4(1001) + short("little_endian") + b"\x88u"
    keys = b"](" + b"".join(short(str(number)) for number in range(len(state))) + b"e"
    magic = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"
    stream = b"".join(p.PROTO + part + b"." for part in (magic, p.int4(1001), system, content, keys))
    for value in state.values():
        stream += value.numel().to_bytes(8, "little") + value.numpy().tobytes()
    (tmp_path / "resnet18.pth").write_bytes(stream)
    weights = read_weights(tmp_path / "resnet18.pth")
    assert set(weights.tensors) == set(state)
    for name, value in state.items():
        assert torch.equal(weights.tensors[name], value), name
