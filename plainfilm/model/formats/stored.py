"""A tensor in a file that is mapped into memory: what it is, and where. Sizes are checked before anything is copied."""

import math
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from plainfilm.errors import ModelFileError

MAX_AXES = 8
MAX_SHOWN = 100  # characters of a name from a file that a message shows

DTYPES = {  # as safetensors names them
    **{"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"},  # NumPy has no bfloat16: its bits are read as a number
    **{"I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"},
}


@dataclass(frozen=True)
class Stored:
    """A tensor in a file: what it is, and where."""

    dtype: str  # a key of DTYPES
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # in elements
    offset: int  # of its first element
    octets: memoryview  # of the storage that it lies in
    is_text: bool  # the octets are Latin-1 characters in UTF-8
    path: str

    def read(self) -> np.ndarray:
        """The tensor, a copy; floating-point numbers as float32. Raises ModelFileError where the bytes are no text."""
        octets: memoryview | bytes = self.octets
        if self.is_text:
            try:
                octets = str(self.octets, "utf-8").encode("latin-1")
            except UnicodeError as error:
                raise ModelFileError("weights-damaged", path=self.path, reason_key="damage.arguments") from error
            if len(octets) != math.prod(self.shape) * item_bytes(self.dtype):
                refuse(self.path, "damage.too-large")
        flat = np.frombuffer(octets, DTYPES[self.dtype], len(octets) // item_bytes(self.dtype))
        steps = [stride * flat.itemsize for stride in self.strides]
        values = np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, steps, writeable=False)
        if self.dtype == "BF16":
            return np.ascontiguousarray(np.left_shift(values, 16, dtype=np.uint32)).view(np.float32)
        with np.errstate(over="ignore"):  # what is too large for float32 becomes infinite, and is refused as such
            return np.array(values, np.float32 if self.dtype.startswith("F") else None, order="C")


def stored(
    octets: memoryview,
    dtype: str,
    shape: tuple[Any, ...],
    path: str,
    *,
    strides: tuple[Any, ...] | None = None,
    offset: Any = 0,
    is_fortran: bool = False,
    is_text: bool = False,
) -> Stored:
    """A tensor of checked size: no element lies outside its storage, and no more are read than it has."""
    if len(shape) > MAX_AXES or not all(_is_count(size) for size in shape):
        refuse(path, "damage.arguments")
    if strides is None:
        strides = row_strides(shape[::-1])[::-1] if is_fortran else row_strides(shape)
    if len(strides) != len(shape) or not all(_is_count(number) for number in (*strides, offset)):
        refuse(path, "damage.arguments")
    needed = math.prod(shape)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) if needed else -1
    needed_bytes = max(needed, last + 1) * item_bytes(dtype)
    if needed_bytes > len(octets) or (is_text and len(octets) > 2 * needed_bytes):  # a character takes 1 or 2 bytes
        refuse(path, "damage.too-large")
    return Stored(dtype, shape, strides, offset, octets, is_text, path)


def row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides, in elements, of a tensor whose last axis is the nearest one.

    >>> row_strides((2, 3, 5))
    (15, 5, 1)
    """
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _is_count(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**62


def item_bytes(dtype: str) -> int:
    """Bytes of one element."""
    return np.dtype(DTYPES[dtype]).itemsize


def refuse(path: str, reason_key: str) -> NoReturn:
    """Raise ModelFileError: the file is damaged or forged."""
    raise ModelFileError("weights-damaged", path=path, reason_key=reason_key)


def shown(name: str) -> str:
    """A name from a file as a message may show it: not longer than a name."""
    return name[:MAX_SHOWN]
