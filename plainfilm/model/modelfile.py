"""The model file: one ONNX file that answers by itself and says what it is.

Its metadata holds two entries: `plainfilm`, a JSON document (format version, classes with names, preprocessing,
calibration, provenance, test result, health of the maps), and `plainfilm.sha256`, the SHA-256 of the whole file with
these 64 digits set to zeros. ONNX Runtime loads a file with a flipped bit without a word; `read` here does not. The
weights have a checksum of their own, which is the model's identity: it does not change when calibration or a test
result is added.

Reading needs neither onnx nor torch; writing imports them where it writes.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from plainfilm import files
from plainfilm.data.preprocess import FITS
from plainfilm.errors import ModelFileError
from plainfilm.model.decision import Calibration
from plainfilm.randomness import generator

if TYPE_CHECKING:
    import onnx

    from plainfilm.model.resnet import ResNet

FORMAT_VERSION = 1
CARD_KEY = "plainfilm"
DIGEST_KEY = "plainfilm.sha256"
BLANK_DIGEST = "0" * 64
MAX_FILE_BYTES = 2**31 - 1  # what a protobuf message can hold
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
    """The bytes of a model file whose digest is right. Raises ModelFileError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelFileError("model-too-large", path=str(path), maximum_bytes=MAX_FILE_BYTES)
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError("model-missing", path=str(path)) from error
    places = _digest_places(data)
    if len(places) != 1:
        raise ModelFileError("model-foreign", path=str(path))
    start, end = places[0]
    if _digest(data, start) != data[start:end].decode("ascii"):
        raise ModelFileError("model-damaged", path=str(path))
    return data


def _digest(data: bytes, start: int) -> str:
    """SHA-256 of `data` with the 64 digits from `start` on as zeros."""
    digest = hashlib.sha256(memoryview(data)[:start])
    digest.update(BLANK_DIGEST.encode())
    digest.update(memoryview(data)[start + 64 :])
    return digest.hexdigest()


def _digest_places(data: bytes) -> list[tuple[int, int]]:
    """Where the digest's 64 digits stand: in a protobuf entry {1: DIGEST_KEY, 2: digits}."""
    entry = b"\x0a%c%s\x12\x40([0-9a-f]{64})" % (len(DIGEST_KEY), re.escape(DIGEST_KEY.encode()))
    return [match.span(1) for match in re.finditer(entry, data)]


def parse_card(text: str, path: Path) -> Card:
    """The card of a model file from its JSON. Raises ModelFileError where it is not one of this format."""
    try:
        content = json.loads(text)
        if content["format_version"] != FORMAT_VERSION:
            raise ModelFileError(
                "model-version", path=str(path), given=content["format_version"], expected=FORMAT_VERSION
            )
        if content.get("maps") is not None and not {"faithful", "n"} <= content["maps"].keys():
            raise ValueError("maps has no verdict")
        content["classes"] = tuple(ClassName(**entry) for entry in content["classes"])
        content["preprocessing"] = Preprocessing(**content["preprocessing"])
        if content["preprocessing"].fit not in FITS:
            raise ValueError(f"fit is {content['preprocessing'].fit!r}, expected one of {FITS}")
        if content.get("calibration") is not None:
            content["calibration"] = Calibration.from_dict(content["calibration"], len(content["classes"]))
        return Card(**content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError("model-card-damaged", path=str(path), reason=str(error)) from error


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
