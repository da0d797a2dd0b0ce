"""Files of tensors from elsewhere: safetensors, `torch.save` (zip, or the older stream), `paddle.save`.

`read_tensors` says what stands in a file and reads none of it: the file is mapped into memory, each tensor is a view of
it, and sizes are checked before anything is copied. So a forged header costs no memory. Pickles go through
`plainfilm.model.formats.pickled`, which runs nothing; of their dicts one is read, and of the others only the names.

Formats: https://github.com/huggingface/safetensors (README, "Format"), torch/serialization.py (`_save`,
`_legacy_save`), paddle/framework/io.py (`save`).
"""

import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Literal, NoReturn, cast

import numpy as np

from plainfilm.errors import ModelFileError
from plainfilm.io.archives import ZIP_START
from plainfilm.model.formats.pickle_names import NumpyArray, TorchTensor
from plainfilm.model.formats.pickled import read_pickle
from plainfilm.model.formats.state_dict import Place, at, beside, dicts_of_tensors
from plainfilm.model.formats.stored import DTYPES, Stored, item_bytes, refuse, shown, stored

MAX_HEADER_BYTES = 2**20  # of safetensors; a ResNet-152 takes 0.1 MB
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001

NUMPY_TYPES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "i2": "I16", "i1": "I8", "u1": "U8"}
Kind = Literal["safetensors", "torch", "paddle"]


@dataclass(frozen=True)
class TensorFile:
    """What stands in a file."""

    kind: Kind
    octets: memoryview  # the whole file
    place: Place  # of the dict that was read
    tensors: Mapping[str, Stored]  # in that dict, by name
    left: tuple[str, ...]  # entries of that dict that are no tensors
    beside: tuple[str, ...]  # entries beside that dict
    dicts: Mapping[Place, tuple[str, ...]]  # all dicts with tensors, and the names of these


Choose = Callable[[Mapping[Place, tuple[str, ...]]], Place]  # of the dicts with tensors, the one to read


def most_tensors(dicts: Mapping[Place, tuple[str, ...]]) -> Place:
    """The dict with the most tensors, the nearest of them."""
    return max(dicts, key=lambda place: len(dicts[place]))


def read_tensors(path: Path, choose: Choose = most_tensors) -> TensorFile:
    """The tensors of a file, of the dict that `choose` says; the kind is found from the content.

    Raises ModelFileError.
    """
    if not path.is_file():
        raise ModelFileError("weights-missing", path=str(path))
    try:
        data = np.memmap(path, np.uint8, "r").data
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise ModelFileError("weights-unknown-kind", path=str(path)) from error
    reader = _reader(path, data)
    found = reader(data, str(path))
    dicts = dicts_of_tensors(found.content, (TorchTensor, NumpyArray, Stored))
    if not dicts:
        raise ModelFileError("weights-none", path=str(path))
    place = choose(dicts)
    names, entries = frozenset(dicts[place]), at(found.content, place)
    return TensorFile(
        kind=found.kind,
        octets=data,
        place=place,
        tensors={name: found.read(name, entries[name]) for name in dicts[place]},
        left=tuple(str(name) for name in entries if name not in names),
        beside=beside(found.content, place),
        dicts=dicts,
    )


@dataclass(frozen=True)
class _Found:
    """What a file says of its tensors."""

    kind: Kind
    content: object  # dicts, lists and tuples with descriptions of tensors
    read: Callable[[str, object], Stored]  # a tensor, from its name and description


FOREIGN = (  # how files begin that are often given and hold no weights that can be read here
    *((b"\x89HDF\r\n", "foreign.hdf5"), (b"version https://git-lfs", "foreign.lfs"), (b"<!DOCTYPE", "foreign.page")),
    *((b"<!doctype", "foreign.page"), (b"<html", "foreign.page"), (b"\x1f\x8b", "foreign.packed")),
    *((b"BZh", "foreign.packed"), (b"\xfd7zXZ", "foreign.packed"), (b"Rar!", "foreign.packed")),
    (b"7z\xbc\xaf", "foreign.packed"),
)


def _reader(path: Path, data: memoryview) -> Callable[[memoryview, str], _Found]:
    start = bytes(data[:9])
    header_bytes = int.from_bytes(start[:8], "little")
    head = bytes(data[:32])
    for beginning, what_key in FOREIGN:
        if head.startswith(beginning):
            raise ModelFileError("weights-foreign", path=str(path), what_key=what_key)
    if path.suffix == ".safetensors" or (start[8:] == b"{" and header_bytes <= len(data)):
        return _read_safetensors
    if start.startswith(ZIP_START):
        return _read_zip
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4"):
        is_torch = start[2:4] == b"\x8a\x0a" and bytes(data[4:14]) == LEGACY_MAGIC.to_bytes(10, "little")
        return _read_legacy if is_torch else _read_paddle
    if start[:1] == b"\x08" and start[2:3] == b"\x12":  # ir_version and producer_name of a ModelProto
        raise ModelFileError("weights-onnx", path=str(path))
    raise ModelFileError("weights-unknown-kind", path=str(path))


# --- safetensors -----------------------------------------------------------------------------------------------------


def _read_safetensors(data: memoryview, path: str) -> _Found:
    header_bytes = int.from_bytes(data[:8], "little")
    if header_bytes > MAX_HEADER_BYTES:
        raise ModelFileError("weights-header", path=path, given=header_bytes, maximum=MAX_HEADER_BYTES)
    if len(data) < 8 + header_bytes:
        refuse(path, "damage.cut-off")

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({name for name, _ in pairs}) < len(pairs):
            refuse(path, "damage.twice")
        return dict(pairs)

    try:
        header = json.loads(bytes(data[8 : 8 + header_bytes]), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError("weights-damaged", path=path, reason_key="damage.header") from error
    if not isinstance(header, dict):
        refuse(path, "damage.header")
    body, found, spans = data[8 + header_bytes :], {}, []
    for name, entry in header.items():
        match entry:
            case _ if name == "__metadata__":
                continue
            case {"dtype": str(dtype), "shape": list(shape), "data_offsets": [int(begin), int(end)]} if len(entry) == 3:
                if not 0 <= begin <= end <= len(body):
                    refuse(path, "damage.too-large")
                spans.append((begin, end))
            case _:
                refuse(path, "damage.header")
        if dtype not in DTYPES:
            raise ModelFileError("weights-type", path=path, name=shown(name), given=shown(dtype))
        found[name] = stored(body[begin:end], dtype, tuple(shape), path)
        if math.prod(shape) * item_bytes(dtype) != end - begin:
            refuse(path, "damage.too-large")
    edges = [0, *(edge for span in sorted(spans) for edge in span), len(body)]
    if any(before != after for before, after in zip(edges[::2], edges[1::2], strict=True)):
        refuse(path, "damage.overlap")
    return _Found("safetensors", found, lambda name, _: found[name])


# --- torch.save ------------------------------------------------------------------------------------------------------


def _read_zip(data: memoryview, path: str) -> _Found:
    members = members_of(data, path)
    descriptions = [name for name in members if name.endswith("/data.pkl")]
    if len(descriptions) != 1:
        raise ModelFileError("weights-unknown-kind", path=path)
    folder = descriptions[0].removesuffix("data.pkl")
    if folder + "constants.pkl" in members:
        raise ModelFileError("weights-torchscript", path=path)

    @cache
    def member(name: str) -> memoryview:
        if folder + name not in members:
            refuse(path, "damage.cut-off")
        return member_octets(data, members[folder + name], path)

    if folder + "byteorder" in members and bytes(member("byteorder")) != b"little":
        refuse(path, "damage.byte-order")
    content = read_pickle(member("data.pkl"), path).content
    return _Found("torch", content, _description_reader(path, lambda key: member(f"data/{key}")))


def _read_legacy(data: memoryview, path: str) -> _Found:
    """Five pickles (magic number, version, system, content, keys), then each storage: its length and its bytes."""
    parts = [read_pickle(data, path)]
    while len(parts) < 5:
        parts.append(read_pickle(data, path, parts[-1].end, parts[-1].budget_bytes))
    _, version, system, content, keys = (part.content for part in parts)
    if version != LEGACY_VERSION or not isinstance(system, dict) or not isinstance(keys, list):
        refuse(path, "damage.arguments")
    if system.get("little_endian") is not True:
        refuse(path, "damage.byte-order")
    place, storages = parts[-1].end, {}
    for key in keys:
        if not isinstance(key, str) or key not in parts[3].storages:
            refuse(path, "damage.arguments")
        num_bytes = int.from_bytes(data[place : place + 8], "little") * item_bytes(parts[3].storages[key])
        storages[key] = data[place + 8 : place + 8 + num_bytes]
        place += 8 + num_bytes

    def storage(key: str) -> memoryview:
        if key not in storages:
            refuse(path, "damage.cut-off")
        return storages[key]

    return _Found("torch", content, _description_reader(path, storage))


# --- paddle.save -----------------------------------------------------------------------------------------------------


def _read_paddle(data: memoryview, path: str) -> _Found:
    def no_storage(_: str) -> NoReturn:
        refuse(path, "damage.arguments")

    return _Found("paddle", read_pickle(data, path).content, _description_reader(path, no_storage))


# --- what a pickle describes -----------------------------------------------------------------------------------------


def _description_reader(path: str, storage: Callable[[str], memoryview]) -> Callable[[str, object], Stored]:
    """What reads a description; `storage` gives the bytes of one of torch's storages by its key."""

    def read(name: str, described: object) -> Stored:
        if isinstance(described, TorchTensor):
            return _from_torch(described, storage(described.key), path)
        assert isinstance(described, NumpyArray)
        return _from_numpy(described, name, path)

    return read


def _from_torch(tensor: TorchTensor, octets: memoryview, path: str) -> Stored:
    if len(octets) != tensor.num_stored * item_bytes(tensor.dtype):
        refuse(path, "damage.too-large")
    return stored(octets, tensor.dtype, tensor.shape, path, strides=tensor.strides, offset=tensor.offset)


def _from_numpy(array: NumpyArray, name: str, path: str) -> Stored:
    if array.dtype is None or array.octets is None:
        refuse(path, "damage.arguments")
    if array.dtype.code not in NUMPY_TYPES or array.dtype.order not in ("<", "|"):
        given = array.dtype.order + array.dtype.code
        raise ModelFileError("weights-type", path=path, name=shown(name), given=shown(given))
    octets, dtype = array.octets, NUMPY_TYPES[array.dtype.code]
    return stored(octets.view, dtype, array.shape, path, is_fortran=array.is_fortran, is_text=octets.is_text)


# --- a mapped zip ----------------------------------------------------------------------------------------------------

MAX_DIRECTORY_BYTES = 2**20  # a ResNet-152 takes 0.1 MB


class _Mapped:
    """A mapped file for `zipfile`, which reads a whole directory at once, as large as the file says it is."""

    def __init__(self, data: memoryview, path: str) -> None:
        self.data, self.path, self.place = data, path, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = max(0, (0, self.place, len(self.data))[whence] + offset)
        return self.place

    def tell(self) -> int:
        return self.place

    def read(self, count: int = -1) -> bytes:
        part = self.data[self.place :] if count < 0 else self.data[self.place : self.place + count]
        if len(part) > MAX_DIRECTORY_BYTES:
            refuse(self.path, "damage.zip")
        self.place += len(part)
        return bytes(part)


def members_of(data: memoryview, path: str) -> dict[str, zipfile.ZipInfo]:
    """The members by name. Raises ModelFileError where this is no whole zip, or a name stands there twice."""
    try:
        with zipfile.ZipFile(cast(IO[bytes], _Mapped(data, path))) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise ModelFileError("weights-damaged", path=path, reason_key="damage.zip") from error
    members = {entry.filename: entry for entry in entries}
    if len(members) < len(entries):
        refuse(path, "damage.twice")
    return members


def member_octets(data: memoryview, entry: zipfile.ZipInfo, path: str) -> memoryview:
    """The bytes of a member: torch stores them as they are, so nothing is ever unpacked."""
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size or entry.flag_bits & 1:
        refuse(path, "damage.compressed")
    header = bytes(data[entry.header_offset : entry.header_offset + 30])
    if len(header) < 30 or header[:4] != ZIP_START:
        refuse(path, "damage.zip")
    begin = entry.header_offset + 30 + sum(struct.unpack("<HH", header[26:]))  # after its name and extra field
    octets = data[begin : begin + entry.file_size]
    if len(octets) < entry.file_size:
        refuse(path, "damage.cut-off")
    if zlib.crc32(octets) != entry.CRC:
        refuse(path, "damage.checksum")
    return octets
