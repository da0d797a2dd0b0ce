"""What an ONNX file declares, read before anything is loaded: metadata, inputs and outputs, nodes, sizes of weights.

A file whose digest is right may still be hostile. ONNX Runtime allocates what a graph declares, folds constants of any
size and opens files beside it, all while loading. So the file's protobuf is walked first, by seeking: no weight is
read, no memory is taken, and a graph passes only if it consists of the operators of our networks, with every weight
inside the file and as long as its shape says; `formats.structure` looks at how they are joined. Neither onnx
nor protobuf is needed.

Numbers of fields: onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO

from plainfilm.errors import ModelFileError
from plainfilm.model.seen import FILMS_KEY, MAX_ENTRY_BYTES

OPERATORS = frozenset(  # what graph.py writes, and what quantise.py adds
    {"Cast", "Div", "Conv", "Relu", "MaxPool", "Add", "ReduceMean", "Concat", "QuantizeLinear", "DequantizeLinear"}
)
ATTRIBUTES = frozenset({"to", "axis", "keepdims", "kernel_shape", "strides", "pads"})  # with whole numbers, all of them
ITEM_BYTES = {1: 4, 2: 1, 3: 1, 6: 4, 7: 8}  # of TensorProto.FLOAT, UINT8, INT8, INT32 and INT64
FLOAT, UINT8, INT64 = 1, 2, 7  # TensorProto.DataType
EXTERNAL = 1  # TensorProto.DataLocation
MAX_FIELDS = 200_000  # ResNet-152 has some 15,000
MAX_NAME_BYTES = 200
MAX_SIDES = 8  # twice those of any weight of ours
MAX_METADATA_BYTES = 1_500_000  # of one entry: JSON takes up to 30 times its size once it is parsed
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # protobuf's wire types


@dataclass(frozen=True)
class Tensor:
    """An input or output as declared: the number of its element type, and its sides; None for one that is free."""

    element: int
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Node:
    """An operation: what goes in, the one tensor that comes out, and its attributes."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Constant:
    """A weight: its sides, and its values where they are few whole numbers (axes)."""

    shape: tuple[int, ...]
    values: tuple[int, ...]


@dataclass
class Outline:
    """What a file declares."""

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Constant] = field(default_factory=dict)
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
            outline.nodes.append(_node(wire, part))
        elif part.number == 5:
            name, constant = _constant(wire, part)
            if name in outline.constants:
                raise wire.damaged(f"weights {name} twice")
            outline.constants[name] = constant
        elif part.number == 15:  # sparse_initializer
            raise ModelFileError("model-operator-unknown", path=wire.path, operator="sparse")
        elif part.number in (11, 12):
            name, tensor = _tensor(wire, part)
            (outline.inputs if part.number == 11 else outline.outputs)[name] = tensor


def _node(wire: "_Wire", node: _Field) -> Node:
    """A node. Raises ModelFileError unless it is an operator of ours with attributes of ours."""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: dict[str, tuple[int, ...]] = {}
    operator, domain = "", ""
    for part in wire.fields(node.start, node.stop):
        if part.number == 1:
            inputs.append(wire.text(part))
        elif part.number == 2:
            outputs.append(wire.text(part))
        elif part.number == 4:
            operator = wire.text(part)
        elif part.number == 5:
            name, values = _attribute(wire, part)
            if name in attributes:
                raise wire.damaged(f"attribute {name} twice")
            attributes[name] = values
        elif part.number == 7:
            domain = wire.text(part)
    if domain not in ("", "ai.onnx") or operator not in OPERATORS or len(outputs) != 1:
        raise ModelFileError("model-operator-unknown", path=wire.path, operator=f"{domain}:{operator}".lstrip(":"))
    return Node(operator, tuple(inputs), outputs[0], attributes)


def _attribute(wire: "_Wire", attribute: _Field) -> tuple[str, tuple[int, ...]]:
    """An attribute: its name and its whole numbers. Raises ModelFileError for any that no node of ours has."""
    name = ""
    values: list[int] = []
    for part in wire.fields(attribute.start, attribute.stop):
        if part.number == 1:
            name = wire.text(part)
        elif part.number in (3, 8):
            values += wire.integers(part)
        elif part.number != 20:  # its type; everything else: texts, tensors, graphs
            raise ModelFileError("model-operator-unknown", path=wire.path, operator="attribute")
    if name not in ATTRIBUTES:
        raise ModelFileError("model-operator-unknown", path=wire.path, operator=f"attribute {name}")
    return name, tuple(values)


def _constant(wire: "_Wire", tensor: _Field) -> tuple[str, Constant]:
    """Name and shape of weights. Raises ModelFileError unless they are inside the file, as many as their shape says."""
    dims: list[int] = []
    name, element, is_outside = "", 0, False
    raw = _Field(9, 0, 0, 0)
    for part in wire.fields(tensor.start, tensor.stop):
        if part.number == 1:
            dims += wire.integers(part)
        elif part.number == 2:
            element = part.value
        elif part.number == 8:
            name = wire.text(part)
        elif part.number == 9:
            raw = part
        elif part.number == 13 or (part.number == 14 and part.value == EXTERNAL):
            is_outside = True
    if is_outside:
        raise ModelFileError("model-weights-outside", path=wire.path, name=name)
    if raw.stop - raw.start != math.prod(dims) * ITEM_BYTES.get(element, -1):
        raise ModelFileError("model-weights-absent", path=wire.path, name=name)
    return name, Constant(tuple(dims), wire.numbers(raw) if element == INT64 and math.prod(dims) <= MAX_SIDES else ())


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
        while self.file.tell() < part.stop and len(found) <= MAX_SIDES:
            found.append(self._varint())
        return found

    def numbers(self, raw: _Field) -> tuple[int, ...]:
        """The int64 that a field holds."""
        self.file.seek(raw.start)
        return struct.unpack(f"<{(raw.stop - raw.start) // 8}q", self.file.read(raw.stop - raw.start))

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
