"""What an ONNX file declares, read before anything is loaded: its metadata, its inputs and outputs, its operators.

A file whose digest is right may still be hostile. ONNX Runtime allocates what a graph declares, folds constants of any
size and opens files beside it, all while loading. So the file's protobuf is walked first, by seeking: no weight is
read, no memory is taken, and a graph passes only if it consists of the operators of our networks, with every weight
inside the file and as long as its shape says. Neither onnx nor protobuf is needed.

Numbers of fields: onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from plainfilm.errors import ModelFileError
from plainfilm.model.seen import FILMS_KEY, MAX_ENTRY_BYTES

OPERATORS = frozenset(  # what graph.py writes, and what quantise.py adds
    {"Cast", "Div", "Conv", "Relu", "MaxPool", "Add", "ReduceMean", "QuantizeLinear", "DequantizeLinear"}
)
ITEM_BYTES = {1: 4, 2: 1, 3: 1, 6: 4, 7: 8}  # of TensorProto.FLOAT, UINT8, INT8, INT32 and INT64
FLOAT, UINT8 = 1, 2  # TensorProto.DataType
EXTERNAL = 1  # TensorProto.DataLocation
MAX_FIELDS = 200_000  # ResNet-152 has some 15,000
MAX_NAME_BYTES = 1000
MAX_METADATA_BYTES = 1_500_000  # of one entry: JSON takes up to 30 times its size once it is parsed
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # protobuf's wire types


@dataclass(frozen=True)
class Tensor:
    """An input or output as declared: the number of its element type, and its sides; None for one that is free."""

    element: int
    shape: tuple[int | None, ...]


@dataclass
class Outline:
    """What a file declares."""

    metadata: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Tensor] = field(default_factory=dict)
    outputs: dict[str, Tensor] = field(default_factory=dict)

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Inputs and outputs."""
        return self.inputs | self.outputs


@dataclass(frozen=True)
class _Field:
    """A field of a message: its number, its value (integers), where its content stands (everything else)."""

    number: int
    value: int
    start: int
    stop: int


def read_outline(file: IO[bytes], size_bytes: int, path: str) -> Outline:
    """What the ONNX file declares. Raises ModelFileError where it is damaged, or more than one of our networks."""
    wire = _Wire(file, path)
    outline, num_graphs = Outline(), 0
    for part in wire.fields(0, size_bytes):
        if part.number == 7:
            num_graphs += 1  # protobuf would merge them
            _read_graph(wire, part, outline)
        elif part.number == 14:
            key, value = wire.entry(part)
            if key in outline.metadata:
                raise wire.damaged(f"metadata {key} twice")
            outline.metadata[key] = value
        elif part.number in (20, 25):  # training_info, functions
            raise ModelFileError("model-operator-unknown", path=path, operator=f"field {part.number}")
    if num_graphs != 1:
        raise wire.damaged(f"{num_graphs} graphs")
    return outline


def _read_graph(wire: "_Wire", graph: _Field, outline: Outline) -> None:
    for part in wire.fields(graph.start, graph.stop):
        if part.number == 1:
            _check_node(wire, part)
        elif part.number == 5:
            _check_initialiser(wire, part)
        elif part.number == 15:  # sparse_initializer
            raise ModelFileError("model-operator-unknown", path=wire.path, operator="sparse")
        elif part.number in (11, 12):
            name, tensor = _tensor(wire, part)
            (outline.inputs if part.number == 11 else outline.outputs)[name] = tensor


def _check_node(wire: "_Wire", node: _Field) -> None:
    """Raise ModelFileError unless the node is an operator of ours with attributes that are numbers or strings."""
    operator, domain = "", ""
    for part in wire.fields(node.start, node.stop):
        if part.number == 4:
            operator = wire.text(part)
        elif part.number == 7:
            domain = wire.text(part)
        elif part.number == 5 and {attribute.number for attribute in wire.fields(part.start, part.stop)} & {
            *(5, 6, 10, 11),  # tensors and graphs
            *(14, 15, 22, 23),  # types and sparse tensors
        }:
            raise ModelFileError("model-operator-unknown", path=wire.path, operator="attribute")
    if domain not in ("", "ai.onnx") or operator not in OPERATORS:
        raise ModelFileError("model-operator-unknown", path=wire.path, operator=f"{domain}:{operator}".lstrip(":"))


def _check_initialiser(wire: "_Wire", tensor: _Field) -> None:
    """Raise ModelFileError unless the weights are inside the file and as many as their shape says."""
    dims: list[int] = []
    name, element, size_bytes, is_outside = "", 0, 0, False
    for part in wire.fields(tensor.start, tensor.stop):
        if part.number == 1:
            dims += wire.integers(part)
        elif part.number == 2:
            element = part.value
        elif part.number == 8:
            name = wire.text(part)
        elif part.number == 9:
            size_bytes = part.stop - part.start
        elif part.number == 13 or (part.number == 14 and part.value == EXTERNAL):
            is_outside = True
    if is_outside:
        raise ModelFileError("model-weights-outside", path=wire.path, name=name)
    if size_bytes != math.prod(dims) * ITEM_BYTES.get(element, -1):
        raise ModelFileError("model-weights-absent", path=wire.path, name=name)


def _tensor(wire: "_Wire", info: _Field) -> tuple[str, Tensor]:
    """A ValueInfoProto: name, and element type and shape of its tensor."""
    name, element = "", 0
    shape: list[int | None] = []
    for part in wire.fields(info.start, info.stop):
        if part.number == 1:
            name = wire.text(part)
        elif part.number == 2:
            for tensor in wire.inner(part, 1):  # TypeProto.tensor_type
                for entry in wire.fields(tensor.start, tensor.stop):
                    if entry.number == 1:
                        element = entry.value
                    elif entry.number == 2:
                        sides = [list(wire.inner(side, 1)) for side in wire.inner(entry, 1)]
                        shape = [values[-1].value if values else None for values in sides]
    return name, Tensor(element, tuple(shape))


class _Wire:
    """A protobuf file, read by seeking."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        self.file, self.path, self.num_left = file, path, MAX_FIELDS

    def damaged(self, reason: str) -> ModelFileError:
        """The error for a file that is no ONNX."""
        return ModelFileError("model-unusable", path=self.path, reason=reason)

    def fields(self, start: int, stop: int) -> Iterator[_Field]:
        """The fields of the message that stands from `start` to `stop`."""
        while start < stop:
            self.num_left -= 1
            if self.num_left < 0:
                raise self.damaged(f"more than {MAX_FIELDS} fields")
            self.file.seek(start)
            key = self._varint()
            value = length = 0
            kind = key & 7
            if kind == VARINT:
                value = self._varint()
            elif kind == BYTES:
                length = self._varint()
            elif kind in (FIXED32, FIXED64):
                length = 4 if kind == FIXED32 else 8
            else:
                raise self.damaged("protobuf")
            content = self.file.tell()
            start = content + length
            if start > stop:
                raise self.damaged("protobuf")
            yield _Field(key >> 3, value, content, start)

    def inner(self, message: _Field, number: int) -> Iterator[_Field]:
        """The fields of a message that have this number."""
        return (part for part in self.fields(message.start, message.stop) if part.number == number)

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.file.read(1)
            if not byte:
                raise self.damaged("protobuf")
            value |= (byte[0] & 127) << shift
            if byte[0] < 128:
                return value
        raise self.damaged("protobuf")

    def integers(self, part: _Field) -> list[int]:
        """The integers of a repeated field: one, or packed ones."""
        if part.start == part.stop:
            return [part.value]
        self.file.seek(part.start)
        found: list[int] = []
        while self.file.tell() < part.stop and len(found) <= 8:  # no weight of ours has so many sides
            found.append(self._varint())
        return found

    def text(self, part: _Field, maximum_bytes: int = MAX_NAME_BYTES) -> str:
        """The string of a field."""
        if part.stop - part.start > maximum_bytes:
            raise self.damaged(f"a text of {part.stop - part.start} bytes")
        self.file.seek(part.start)
        try:
            return self.file.read(part.stop - part.start).decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.damaged("UTF-8") from error

    def entry(self, part: _Field) -> tuple[str, str]:
        """Key and value of a StringStringEntryProto."""
        found = {inner.number: inner for inner in self.fields(part.start, part.stop)}
        key, value = (found.get(number, _Field(number, 0, 0, 0)) for number in (1, 2))
        name = self.text(key)
        return name, self.text(value, MAX_ENTRY_BYTES if name == FILMS_KEY else MAX_METADATA_BYTES)
