"""Arrays as JSON has them: base64 of little-endian floats; what is read is of exactly one type and shape, finite."""

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import PlainfilmError, demand

Floats = NDArray[np.float32 | np.float64]


@dataclass(frozen=True)
class Packed:
    """An array as JSON has it."""

    dtype: str
    shape: tuple[int, ...]
    data: str  # base64


def pack(values: Floats, dtype: str) -> Packed:
    """An array as JSON has it, for instance as "<f4"."""
    data = base64.b64encode(values.astype(dtype).tobytes()).decode("ascii")
    return Packed(dtype, values.shape, data)


def unpack(entry: Packed, dtype: str, shape: tuple[int, ...], *, section: str) -> Floats:
    """The finite array of exactly this type and shape. Raises PlainfilmError, which names the section of the card."""
    demand(entry.dtype == dtype and entry.shape == shape, "card.reason.statistics", name=section)
    try:
        data = base64.b64decode(entry.data, validate=True)
    except (binascii.Error, ValueError) as error:  # the latter: characters beyond ASCII
        raise PlainfilmError("card.reason.statistics", name=section) from error
    is_whole = len(data) == math.prod(shape) * np.dtype(dtype).itemsize
    demand(is_whole, "card.reason.statistics", name=section)
    values: Floats = np.frombuffer(data, dtype).reshape(shape)
    demand(bool(np.isfinite(values).all()), "card.reason.statistics", name=section)
    return values


def numbers(values: Sequence[float], count: int, *, section: str) -> Floats:
    """So many finite numbers, (count,). Raises PlainfilmError, which names the section of the card."""
    found = np.array([float(value) for value in values])
    demand(len(found) == count and bool(np.isfinite(found).all()), "card.reason.statistics", name=section)
    return found
