"""The model file: one ONNX file that answers by itself and says what it is.

Its metadata holds: `plainfilm`, a JSON document (format version, classes with names, preprocessing, calibration,
provenance, test result, health of the maps); `plainfilm.films`, the films that it has seen, if it can say that; and
`plainfilm.sha256`, the SHA-256 of the whole file with these 64 digits set to zeros. ONNX Runtime loads a file with a
flipped bit without a word; `read` here does not. The weights have a checksum of their own, which is the model's
identity: it does not change when calibration or a test result is added.

A model is put together in memory (`Model`) and written once. Reading needs neither onnx nor torch; writing imports them
where it writes. What is refused is refused before the file is in memory: digest, outline and card are checked on the
open file.
"""

import hashlib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import ModelFileError
from plainfilm.io import files
from plainfilm.model.answering import Answering
from plainfilm.model.card import Card, check_shapes, parse_card, reason_of
from plainfilm.model.formats.outline import FLOAT, UINT8, Outline, read_outline
from plainfilm.model.formats.structure import check_structure
from plainfilm.model.seen import FILMS_KEY, SeenFilms, parse_seen
from plainfilm.randomness import generator
from plainfilm.task import task_of

if TYPE_CHECKING:
    import onnx

    from plainfilm.model.networks.mean import Network

CARD_KEY = "plainfilm"
DIGEST_KEY = "plainfilm.sha256"
BLANK_DIGEST = "0" * 64
DIGEST_ENTRY_BYTES = 2 + len(DIGEST_KEY) + 2 + len(BLANK_DIGEST)
MAX_FILE_BYTES = 2**31 - 1  # what a protobuf message can hold
CHUNK_BYTES = 2**20  # read at a time
PARITY_TOLERANCE = 1e-4  # of probabilities, between the network and its file

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
            films_seen(outline.metadata, card, path)
            _check_elements(outline, path)
            check_shapes(card, {name: list(tensor.shape) for name, tensor in outline.tensors.items()}, path)
            check_structure(outline, str(path))
            file.seek(0)
            return file.read()
    except OSError as error:
        raise ModelFileError("model-missing", path=str(path)) from error


def films_seen(metadata: Mapping[str, str], card: Card, path: Path) -> SeenFilms | None:
    """The films that the model has seen, None if its file cannot say. Raises ModelFileError for a damaged list."""
    try:
        return parse_seen(metadata.get(FILMS_KEY), card.seen)
    except ValueError as error:
        raise ModelFileError("model-card-damaged", path=str(path), reason=reason_of(error)) from error


def _check_digest(file: IO[bytes], path: Path) -> None:
    """Raise ModelFileError if the file has no digest, or one that does not fit."""
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
    while chunk := file.read(min(left, CHUNK_BYTES)):  # ends, too, if the file shrinks meanwhile
        digest.update(chunk)
        left -= len(chunk)
    digest.update(BLANK_DIGEST.encode())
    file.seek(start + len(BLANK_DIGEST))
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _digest_places(data: bytes) -> list[tuple[int, int]]:
    """Where the digest's 64 digits are: in a protobuf entry {1: DIGEST_KEY, 2: digits}."""
    entry = b"\x0a%c%s\x12\x40([0-9a-f]{64})" % (len(DIGEST_KEY), re.escape(DIGEST_KEY.encode()))
    return [match.span(1) for match in re.finditer(entry, data)]


def _check_elements(outline: Outline, path: Path) -> None:
    """Raise ModelFileError unless pixels are uint8, the outputs float32, and the number of films free."""
    if {name: tensor.element for name, tensor in outline.inputs.items()} != {"pixels": UINT8}:
        raise ModelFileError("model-card-lies", path=str(path), what="pixels", expected="uint8")
    if {tensor.element for tensor in outline.outputs.values()} != {FLOAT}:
        raise ModelFileError("model-card-lies", path=str(path), what="logits", expected="float32")
    for name, tensor in outline.tensors.items():
        if tensor.shape[:1] != (None,):
            raise ModelFileError("model-card-lies", path=str(path), what=name, expected="N")


# --- writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model:
    """A model file in memory: everything that it holds, put together before it is written."""

    path: Path  # where the file is, or will be
    proto: "onnx.ModelProto"
    card: Card
    seen: SeenFilms | None = None  # None: it cannot say

    @property
    def data(self) -> bytes:
        """The bytes of the file: the graph with its card, its list of films seen, and its digest."""
        from onnx import helper

        card = replace(self.card, seen=None if self.seen is None else self.seen.counts)
        films = {} if self.seen is None else {FILMS_KEY: self.seen.text}
        helper.set_model_props(self.proto, {CARD_KEY: card.as_json(), **films, DIGEST_KEY: BLANK_DIGEST})
        data: bytes = self.proto.SerializeToString(deterministic=True)
        ((start, end),) = _digest_places(data)
        return data[:start] + _digest(data, start).encode() + data[end:]

    def write(self) -> None:
        """Write the file, whole or not at all."""
        files.write_bytes(self.path, self.data)


def from_graph(path: Path, proto: "onnx.ModelProto", card: Card) -> Model:
    """The model of a graph: the checksum of its weights is filled in."""
    return Model(path, proto, replace(card, weights_sha256=_weights_sha256(proto)))


def from_network(path: Path, net: "Network", card: Card) -> Model:
    """The model of a network in evaluation mode."""
    from plainfilm.model.graph import to_onnx

    assert not net.training
    return from_graph(path, to_onnx(net, size_px=card.preprocessing.size), card)


def write(model: Model, net: "Network", films: NDArray[np.uint8]) -> float:
    """Write the model of a network; return the largest difference of a probability between the two.

    The bytes (ONNX Runtime) and the network in evaluation mode (PyTorch) are compared on `films`, (N, C, S, S) uint8,
    real ones. Raises ModelFileError if a probability differs by more than PARITY_TOLERANCE; nothing is written.
    """
    assert len(films) > 0
    data = model.data
    difference = _parity(data, net, films, task_of(model.card.task_kind).answers)
    if not difference <= PARITY_TOLERANCE:  # NaN too
        raise ModelFileError("model-parity", difference=f"{difference:.2g}", maximum=PARITY_TOLERANCE)
    files.write_bytes(model.path, data)
    return difference


def opened(path: Path) -> Model:
    """The model file at `path`. Raises as `read`."""
    import onnx

    proto = onnx.load_from_string(read(path))
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    card = parse_card(metadata[CARD_KEY], path)
    return Model(path, proto, card, films_seen(metadata, card, path))


def randomised(model: Model, *, seed: int, draw: int, prefixes: tuple[str, ...] = ("",)) -> Model:
    """A model with weights that never learnt anything.

    Every initialiser `*.weight` and `*.bias` whose name begins with one of `prefixes` is drawn anew: normal around 0,
    with the root mean square that it had (1 if it was all zeros), so that signals keep about their size on the way.
    Another `draw` of the same seed gives other weights.
    """
    import onnx
    from onnx import numpy_helper

    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    for initialiser in proto.graph.initializer:
        if initialiser.name.endswith((".weight", ".bias")) and initialiser.name.startswith(prefixes):
            learnt = numpy_helper.to_array(initialiser)
            size = np.sqrt(np.mean(np.square(learnt, dtype=np.float64))) or 1.0
            drawn = generator(seed, "randomised", draw, initialiser.name).standard_normal(
                learnt.shape, dtype=np.float32
            )
            initialiser.CopyFrom(numpy_helper.from_array(drawn * np.float32(size), initialiser.name))
    return replace(from_graph(model.path, proto, model.card), seen=model.seen)


def _weights_sha256(proto: "onnx.ModelProto") -> str:
    """The checksum of the weights, a model's identity."""
    from onnx import numpy_helper

    weights = hashlib.sha256()
    for initialiser in proto.graph.initializer:
        weights.update(initialiser.name.encode() + numpy_helper.to_array(initialiser).tobytes())
    return weights.hexdigest()


def _parity(data: bytes, net: "Network", films: NDArray[np.uint8], answering: Answering) -> float:
    """The largest difference of a probability between the file under ONNX Runtime and the network under PyTorch."""
    import onnxruntime
    import torch

    from plainfilm.model.networks.mean import device_of

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    device = device_of(net)
    differences = []
    for start in range(0, len(films), 32):
        batch = films[start : start + 32]
        (logits,) = session.run(["logits"], {"pixels": batch})
        with torch.inference_mode():
            expected = net(torch.from_numpy(batch).to(device)).logits.cpu().numpy()
        found = answering.probabilities(logits, None) - answering.probabilities(expected, None)
        differences.append(np.abs(found).max())
    return float(np.max(differences))  # NaN if one is
