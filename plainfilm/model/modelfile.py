"""The model file: one ONNX file that answers by itself and says what it is.

Its metadata holds two entries: `plainfilm`, a JSON document (format version, classes with names, preprocessing,
calibration, provenance, test result, health of the maps), and `plainfilm.sha256`, the SHA-256 of the whole file with
these 64 digits set to zeros. ONNX Runtime loads a file with a flipped bit without a word; `read` here does not. The
weights have a checksum of their own, which is the model's identity: it does not change when calibration or a test
result is added.

Reading needs neither onnx nor torch; writing imports them where it writes. What is refused is refused before the file
is in memory: digest, outline and card are checked on the open file.
"""

import hashlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from plainfilm import files
from plainfilm.data.preprocess import CHANNELS, FITS
from plainfilm.errors import ModelFileError
from plainfilm.model.decision import Calibration
from plainfilm.model.outline import FLOAT, UINT8, Outline, read_outline
from plainfilm.randomness import generator

if TYPE_CHECKING:
    import onnx

    from plainfilm.model.resnet import ResNet

FORMAT_VERSION = 1
CARD_KEY = "plainfilm"
DIGEST_KEY = "plainfilm.sha256"
BLANK_DIGEST = "0" * 64
DIGEST_ENTRY_BYTES = 2 + len(DIGEST_KEY) + 2 + len(BLANK_DIGEST)
TENSORS = {"pixels", "logits", "class_maps", "features"}
MAX_FILE_BYTES = 2**31 - 1  # what a protobuf message can hold
CHUNK_BYTES = 2**20  # read at a time
MAX_SIZE_PX = 4096
MAX_CLASSES = 1000
MAX_REASON = 200  # characters
PARITY_TOLERANCE = 1e-4  # of probabilities, between the network and its file

NAMES = {  # display names of the tutorial's classes
    "NORMAL": ("normal lungs", "正常肺部"),
    "Viral_Pneumonia": ("viral pneumonia", "病毒性肺炎"),
    "COVID": ("COVID-19", "新冠肺炎"),
}


@dataclass(frozen=True)
class ClassName:
    """A class: its name in the data, and its display names."""

    name: str
    en: str
    zh: str

    def shown(self, language: str) -> str:
        """The display name in a language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Preprocessing:
    """The arguments of `plainfilm.data.preprocess.preprocess`."""

    size: int
    channels: int
    fit: str


@dataclass(frozen=True)
class Card:
    """What a model file says of itself."""

    classes: tuple[ClassName, ...]
    preprocessing: Preprocessing
    weights_sha256: str
    provenance: Mapping[str, Any] = field(default_factory=dict)  # recipe, checksums, versions, leaking
    calibration: Calibration | None = None  # None: not calibrated
    evaluation: Mapping[str, Any] | None = None  # None: not tested
    maps: Mapping[str, Any] | None = None  # what `plainfilm.evaluation.saliency.check_maps` found; None: not checked
    format_version: int = FORMAT_VERSION

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes as the data have them, in the order of the logits."""
        return tuple(entry.name for entry in self.classes)

    @property
    def is_leaking(self) -> bool:
        """Whether the split that it was tested on may separate the films of one patient."""
        return bool(self.provenance.get("leaking", False))

    @property
    def map_warning(self) -> str:
        """The key of the sentence that goes with every map shown; empty where the maps were found faithful."""
        if self.maps is None:
            return "card.maps-not-checked"
        return "" if self.maps["faithful"] is True else "card.maps-not-faithful"


def class_names(classes: Sequence[str], given: Mapping[str, Sequence[str]] | None = None) -> tuple[ClassName, ...]:
    """Classes with display names: the given ones, the tutorial's, else the name itself without underscores."""
    shown = NAMES | {name: (pair[0], pair[1]) for name, pair in (given or {}).items()}
    return tuple(ClassName(name, *shown.get(name, (name.replace("_", " "),) * 2)) for name in classes)


# --- reading ---------------------------------------------------------------------------------------------------------


def read(path: Path) -> bytes:
    """The bytes of a model file whose digest is right, with a graph and a card of ours. Raises ModelFileError."""
    if not path.is_file():  # opening a pipe would never end
        raise ModelFileError("model-missing", path=str(path))
    try:
        with path.open("rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > MAX_FILE_BYTES:
                raise ModelFileError("model-too-large", path=str(path), maximum_bytes=MAX_FILE_BYTES)
            _check_digest(file, path)
            outline = read_outline(file, size_bytes, str(path))
            card = parse_card(outline.metadata.get(CARD_KEY, ""), path)
            _check_elements(outline, path)
            check_shapes(card, {name: list(tensor.shape) for name, tensor in outline.tensors.items()}, path)
            file.seek(0)
            return file.read()
    except OSError as error:
        raise ModelFileError("model-missing", path=str(path)) from error


def _check_digest(file: IO[bytes], path: Path) -> None:
    """Raise ModelFileError where the file has no digest, or one that does not fit."""
    places, before, tail = [], 0, b""
    while chunk := file.read(CHUNK_BYTES):
        data = tail + chunk
        places += [before - len(tail) + start for start, _ in _digest_places(data)]
        before, tail = before + len(chunk), data[-(DIGEST_ENTRY_BYTES - 1) :]
    if len(places) != 1:
        raise ModelFileError("model-foreign", path=str(path))
    file.seek(places[0])
    if file.read(len(BLANK_DIGEST)) != _stream_digest(file, places[0]).encode():
        raise ModelFileError("model-damaged", path=str(path))


def _digest(data: bytes, start: int) -> str:
    """SHA-256 of `data` with the 64 digits from `start` on as zeros."""
    return _stream_digest(io.BytesIO(data), start)


def _stream_digest(file: IO[bytes], start: int) -> str:
    """The same of a file."""
    digest = hashlib.sha256()
    file.seek(0)
    left = start
    while left:
        chunk = file.read(min(left, CHUNK_BYTES))
        digest.update(chunk)
        left -= len(chunk)
    digest.update(BLANK_DIGEST.encode())
    file.seek(start + len(BLANK_DIGEST))
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _digest_places(data: bytes) -> list[tuple[int, int]]:
    """Where the digest's 64 digits stand: in a protobuf entry {1: DIGEST_KEY, 2: digits}."""
    entry = b"\x0a%c%s\x12\x40([0-9a-f]{64})" % (len(DIGEST_KEY), re.escape(DIGEST_KEY.encode()))
    return [match.span(1) for match in re.finditer(entry, data)]


def _check_elements(outline: Outline, path: Path) -> None:
    """Raise ModelFileError unless pixels are uint8 and the outputs float32."""
    if {tensor.element for tensor in outline.inputs.values()} != {UINT8}:
        raise ModelFileError("model-card-lies", path=str(path), what="pixels", expected="uint8")
    if {tensor.element for tensor in outline.outputs.values()} != {FLOAT}:
        raise ModelFileError("model-card-lies", path=str(path), what="logits", expected="float32")


def check_shapes(card: Card, shapes: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Raise ModelFileError where the card and the shapes of inputs and outputs, by name, contradict each other."""
    wanted, num_classes = card.preprocessing, len(card.classes)
    expected_pixels = [wanted.channels, wanted.size, wanted.size]
    if set(shapes) != TENSORS or list(shapes["pixels"][1:]) != expected_pixels:
        raise ModelFileError("model-card-lies", path=str(path), what="pixels", expected=str(expected_pixels))
    logits, class_maps, features = shapes["logits"], shapes["class_maps"], shapes["features"]
    if list(logits[1:]) != [num_classes] or len(class_maps) != 4 or class_maps[1] != num_classes:
        raise ModelFileError("model-card-lies", path=str(path), what="classes", expected=str(num_classes))
    sides = [*class_maps[2:], *features[1:]]
    if len(features) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ModelFileError("model-card-lies", path=str(path), what="class_maps, features", expected="4, 2")


def parse_card(text: str, path: Path) -> Card:
    """The card of a model file from its JSON. Raises ModelFileError where it is not one of this format."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
        _demand(isinstance(content, dict), "the card is no object")
        version = content["format_version"]
        if version != FORMAT_VERSION or not _is_integer(version):
            raise ModelFileError("model-version", path=str(path), given=str(version)[:40], expected=FORMAT_VERSION)
        content["classes"] = tuple(ClassName(**entry) for entry in content["classes"])
        content["preprocessing"] = Preprocessing(**content["preprocessing"])
        if content.get("calibration") is not None:
            content["calibration"] = Calibration.from_dict(content["calibration"], len(content["classes"]))
        card = Card(**content)
        _check_card(card)
        return card
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        reason = str(error)[:MAX_REASON]
        raise ModelFileError("model-card-damaged", path=str(path), reason=reason) from error


def _check_card(card: Card) -> None:
    """Raise ValueError where a field of the card has another type or another range than it should."""
    names = card.class_names
    _demand(0 < len(names) <= MAX_CLASSES and len(set(names)) == len(names), f"classes: 1 to {MAX_CLASSES}, each once")
    _demand(
        all(isinstance(word, str) and word for entry in card.classes for word in (entry.name, entry.en, entry.zh)),
        "classes: names are texts",
    )
    wanted = card.preprocessing
    _demand(_is_integer(wanted.size) and 1 <= wanted.size <= MAX_SIZE_PX, f"size: 1 to {MAX_SIZE_PX}")
    _demand(_is_integer(wanted.channels) and wanted.channels in CHANNELS, f"channels: one of {CHANNELS}")
    _demand(wanted.fit in FITS, f"fit: one of {FITS}")
    _demand(isinstance(card.weights_sha256, str), "weights_sha256: a text")
    _demand(isinstance(card.provenance, dict), "provenance: an object")
    _demand(isinstance(card.provenance.get("leaking", False), bool), "leaking: true or false")
    for name in ("evaluation", "maps"):
        _demand(isinstance(getattr(card, name), dict | None), f"{name}: an object or null")
    if card.evaluation is not None:
        accuracy = card.evaluation["accuracy"]
        _demand(all(_is_figure(accuracy[name]) for name in ("value", "low", "high", "n")), "accuracy: a figure")
    if card.maps is not None:
        _demand(isinstance(card.maps["faithful"], bool) and _is_integer(card.maps["n"]), "maps: a verdict and its n")


def _demand(is_right: bool, reason: str) -> None:
    if not is_right:
        raise ValueError(reason)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_figure(value: Any) -> bool:
    """Whether this is a number, or null for one that could not be estimated."""
    return value is None or _is_integer(value) or isinstance(value, float)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


# --- writing ---------------------------------------------------------------------------------------------------------


def write(path: Path, net: "ResNet", card: Card, films: np.ndarray) -> float:
    """Write the network as a model file; return the largest difference of a probability between the two.

    Args:
        path: the file.
        net: the network, in evaluation mode.
        card: what the file says of itself; its `weights_sha256` is filled in here.
        films: (N, C, S, S) uint8, real ones, on which the file (ONNX Runtime) and the network (PyTorch) are compared.

    Raises:
        ModelFileError: where a probability differs by more than PARITY_TOLERANCE; nothing is written.
    """
    from plainfilm.model.graph import to_onnx

    assert not net.training
    assert len(films) > 0
    proto = to_onnx(net, size_px=card.preprocessing.size)
    data = _with_card(proto, replace(card, weights_sha256=_weights_sha256(proto)))
    difference = _parity(data, net, films)
    if not difference <= PARITY_TOLERANCE:  # NaN too
        raise ModelFileError("model-parity", difference=f"{difference:.2g}", maximum=PARITY_TOLERANCE)
    files.write_bytes(path, data)
    return difference


def update(path: Path, **changes: Any) -> Card:
    """Change fields of the card of the model file at `path`, and return it; the weights stay as they are."""
    import onnx

    proto = onnx.load_from_string(read(path))
    (text,) = [entry.value for entry in proto.metadata_props if entry.key == CARD_KEY]
    card = replace(parse_card(text, path), **changes)
    files.write_bytes(path, _with_card(proto, card))
    return card


def randomised(path: Path, *, seed: int, draw: int, prefixes: tuple[str, ...] = ("",)) -> bytes:
    """The model file at `path` with weights that never learnt anything, as the bytes of a model file.

    Every initialiser `*.weight` and `*.bias` whose name begins with one of `prefixes` is drawn anew: normal around 0,
    with the root mean square that it had (1 where it was all zeros), so that signals keep about their size on the way.
    Another `draw` of the same seed gives other weights.
    """
    import onnx
    from onnx import numpy_helper

    proto = onnx.load_from_string(read(path))
    (text,) = [entry.value for entry in proto.metadata_props if entry.key == CARD_KEY]
    for initialiser in proto.graph.initializer:
        if initialiser.name.endswith((".weight", ".bias")) and initialiser.name.startswith(prefixes):
            learnt = numpy_helper.to_array(initialiser)
            size = np.sqrt(np.mean(np.square(learnt, dtype=np.float64))) or 1.0
            drawn = generator(seed, "randomised", draw, initialiser.name).standard_normal(
                learnt.shape, dtype=np.float32
            )
            initialiser.CopyFrom(numpy_helper.from_array(drawn * np.float32(size), initialiser.name))
    return _with_card(proto, replace(parse_card(text, path), weights_sha256=_weights_sha256(proto)))


def _weights_sha256(proto: "onnx.ModelProto") -> str:
    """The checksum of the weights, a model's identity."""
    weights = hashlib.sha256()
    for initialiser in proto.graph.initializer:
        weights.update(initialiser.name.encode() + initialiser.raw_data)
    return weights.hexdigest()


def _with_card(proto: "onnx.ModelProto", card: Card) -> bytes:
    """The bytes of the file: the graph with its card and its digest."""
    from onnx import helper

    text = json.dumps(asdict(card), ensure_ascii=False, allow_nan=False, sort_keys=True)
    helper.set_model_props(proto, {CARD_KEY: text, DIGEST_KEY: BLANK_DIGEST})
    data: bytes = proto.SerializeToString(deterministic=True)
    ((start, end),) = _digest_places(data)
    return data[:start] + _digest(data, start).encode() + data[end:]


def _parity(data: bytes, net: "ResNet", films: np.ndarray) -> float:
    """The largest difference of a probability between the file under ONNX Runtime and the network under PyTorch."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    device = net.fc.weight.device
    differences = []
    for start in range(0, len(films), 32):
        batch = films[start : start + 32]
        (logits,) = session.run(["logits"], {"pixels": batch})
        with torch.inference_mode():
            expected = torch.softmax(net(torch.from_numpy(batch).to(device)).logits.cpu(), dim=1)
        found = torch.softmax(torch.from_numpy(logits), dim=1)
        differences.append((found - expected).abs().max())
    return float(torch.stack(differences).max())  # NaN if one is
