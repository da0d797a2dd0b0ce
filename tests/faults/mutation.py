"""Bad files made of good ones: bytes flipped, cut, doubled, spliced; parts doubled; numbers forged.

Half of the harm is done in a file's first bytes, where its lengths and dimensions stand, and half of the PNGs get
checksums that fit, so that the harm reaches what is behind them.
"""

import copy
import csv
import io
import re
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
HEAD_BYTES = 700
TELLING_NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 20_000, 60_000, 2**31 - 1, 2**31, 2**32 - 1)
PARTS = (  # where a part of a file starts: a JPEG's or JPEG 2000's segment, a DICOM element (explicit), a TIFF's entry,
    # a WebP's chunk, a JPEG 2000's box, a form's part
    rb"\xff[\xc0-\xfe]",
    rb"[\x02\x08\x10\x18\x20\x28\x7f]\0..[A-Z]{2}",
    rb"[\0-\x02][\0-\xff][\0-\x0c]\0..\0\0",
    rb"(VP8[ LX]|ALPH|ANIM|ANMF|EXIF|ICCP|XMP )",
    rb"\0\0..(jp2h|ihdr|colr|res |jp2c|ftyp)",
    rb"--x\r\n",
)


def mutated(good: Sequence[bytes], draws: np.random.Generator) -> bytes:
    """One of these files, with one to five things done to it."""
    return changed(good[int(draws.integers(len(good)))], good, draws)


def changed(film: bytes, good: Sequence[bytes], draws: np.random.Generator) -> bytes:
    """These bytes, with one to five things done to them; ends are spliced in from `good`."""
    data = bytearray(film)
    for _ in range(int(draws.integers(1, 6))):
        if not data:
            break
        _harm(data, good, draws)
    if data.startswith(PNG_MAGIC) and draws.random() < 0.5:
        return with_fitting_checksums(bytes(data))
    return bytes(data)


def _harm(data: bytearray, good: Sequence[bytes], draws: np.random.Generator) -> None:
    """Do one thing to the bytes, in place."""
    start = int(draws.integers(len(data) if draws.random() < 0.5 else min(len(data), HEAD_BYTES)))
    length = int(draws.integers(1, 9))
    match int(draws.integers(8)):
        case 0:
            data[start : start + length] = draws.bytes(length)
        case 1:
            data[start] ^= 1 << int(draws.integers(8))
        case 2:
            del data[start : start + length]
        case 3:
            data[start:start] = data[start : start + 4 * length]
        case 4:
            if draws.random() < 0.3:
                del data[start:]
        case 5:  # the end of another file
            other = good[int(draws.integers(len(good)))]
            data[start:] = other[min(start, len(other)) :]
        case 6:
            number = TELLING_NUMBERS[int(draws.integers(len(TELLING_NUMBERS)))]
            width, order = (2, 4)[int(draws.integers(2))], ("little", "big")[int(draws.integers(2))]
            data[start : start + width] = (number % 256**width).to_bytes(width, order)  # type: ignore[arg-type]
        case 7:
            _double_part(data, draws)


def _double_part(data: bytearray, draws: np.random.Generator) -> None:
    """Put one part of the file a second time, there or elsewhere; bytes without parts stay as they are."""
    if data.startswith(PNG_MAGIC):
        starts = [at - 4 for at in _chunk_names(data)]
    else:
        starts = [found.start() for found in re.finditer(b"|".join(PARTS), bytes(data[: 4 * HEAD_BYTES]), re.DOTALL)]
    if len(starts) >= 2:
        place = int(draws.integers(len(starts) - 1))
        part = data[starts[place] : starts[place + 1]]
        at = starts[int(draws.integers(len(starts)))]
        data[at:at] = part


def _chunk_names(png: bytes | bytearray) -> list[int]:
    """Where the names of a PNG's chunks start, as far as the lengths lead."""
    found, at = [], len(PNG_MAGIC) + 4
    while at + 4 <= len(png):
        found.append(at)
        at += int.from_bytes(png[at - 4 : at], "big") + 12
    return found


def with_fitting_checksums(png: bytes) -> bytes:
    """The same chunks, each with the checksum that fits what it holds now."""
    fitting = bytearray(png)
    for at in _chunk_names(png):
        end = at + 4 + int.from_bytes(png[at - 4 : at], "big")
        if end + 4 <= len(png):
            fitting[end : end + 4] = zlib.crc32(png[at:end]).to_bytes(4, "big")
    return bytes(fitting)


# --- what has a structure --------------------------------------------------------------------------------------------

TELLING_CELLS = (
    *("", "-1", "0.5", "2", "-0.0", "nan", "inf", "1e999", "0,5", "1" * 400, "١", "yes", "\u202e", "\0", "=1"),
    *("Mass", "No Finding", "p_Mass", "Mass|Rash", "Mass;Edema", "Mass, Edema", "|", "['Mass'", "['a|b']", "Mass|7"),
)
HEAD_SHARE = 0.2  # of the cells that are changed
TELLING_VALUES = (None, True, -1, 0, 0.5, 1.5, 1e308, 2**63, "", "0", "findings", "W" * 300, [], {}, [[]])
DEPTH_SHARE = 0.3  # of the chances to stop on the way down


def with_other_cells(table: bytes, draws: np.random.Generator) -> bytes:
    """A table with one to three of its headings and cells changed, for telling ones or for others of its own."""
    rows = list(csv.reader(io.StringIO(table.decode())))
    for _ in range(int(draws.integers(1, 4))):
        row = rows[0 if draws.random() < HEAD_SHARE else int(draws.integers(len(rows)))]
        column = int(draws.integers(len(row)))
        other = rows[int(draws.integers(len(rows)))][int(draws.integers(len(row)))]
        row[column] = other if draws.random() < 0.5 else TELLING_CELLS[int(draws.integers(len(TELLING_CELLS)))]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def altered(content: dict[str, Any], draws: np.random.Generator) -> dict[str, Any]:
    """A JSON object with one to three of its entries, at any depth, replaced, removed, doubled or swapped."""
    made = copy.deepcopy(content)
    for _ in range(int(draws.integers(1, 4))):
        if made:
            _alter(*_place(made, draws), draws)
    return made


def _place(node: Any, draws: np.random.Generator) -> tuple[Any, Any]:
    """A container somewhere in it, and the key of an entry there."""
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = keys[int(draws.integers(len(keys)))]
        child = node[key]
        if not isinstance(child, dict | list) or not child or draws.random() < DEPTH_SHARE:
            return node, key
        node = child


def _alter(container: Any, key: Any, draws: np.random.Generator) -> None:
    """Do one thing to an entry, in place."""
    match int(draws.integers(4)):
        case 0:
            del container[key]
        case 1 if isinstance(container, list):
            container.append(container[key])
        case 2:  # another entry of the same place
            others = list(container.values()) if isinstance(container, dict) else container
            container[key] = copy.deepcopy(others[int(draws.integers(len(others)))])
        case _:
            container[key] = TELLING_VALUES[int(draws.integers(len(TELLING_VALUES)))]
