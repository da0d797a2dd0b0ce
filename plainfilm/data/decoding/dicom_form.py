"""How a DICOM data set is written: elements one after the other, within bounds.

Notable choices:
- nothing is built from what is skipped, and nesting is counted, not followed: a file of a million empty items costs
  neither memory nor stack;
- the order of bytes, and whether values carry their representation, are seen from the first element: what the file
  says of them may be wrong;
- a representation that is none (two question marks, two zeros) is passed over by what comes behind it.

Source: DICOM PS3.5, section 7 (data set).
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from plainfilm.errors import FilmError

PIXEL_DATA = 0x7FE00010
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DELIMITERS = ITEM >> 16  # the group of the three
UNDEFINED = 0xFFFFFFFF  # a length that delimiters tell
META, FIRST = 0x0002, 0x0008  # the group of a file's meta information; the first of a data set
LONG_VALUES = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
SHORT_VALUES = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO"),
    *(b"LT", b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US"),
}
MAX_ELEMENTS = 10_000  # walked over in one file
MAX_DEPTH = 64
MIN_RECOGNISED = 3  # elements that tell a data set from other bytes


class Element(NamedTuple):
    """Where a value stands; its length may be UNDEFINED."""

    tag: int
    start: int
    length: int


def order_of(data: bytes, position: int) -> str:
    """The order of bytes of the element at `position`, "<" or ">": the first group is a small number, never 0."""
    return ">" if data[position : position + 1] == b"\0" < data[position + 1 : position + 2] else "<"


def is_explicit(data: bytes, position: int) -> bool:
    """Whether the element at `position` carries its representation."""
    kind = data[position + 4 : position + 6]
    return kind in LONG_VALUES or kind in SHORT_VALUES


def is_implicit(data: bytes, position: int, order: str) -> bool:
    """Whether the element at `position` carries no representation, and its length leads to another such element."""
    if position + 8 > len(data) or is_explicit(data, position):
        return False
    length = _long(data, position + 4, order)
    following = position + 8 + length
    if length == UNDEFINED or following + 8 > len(data):
        return False
    return _tag(data, following, order) > _tag(data, position, order) and not is_explicit(data, following)


def is_data_set(data: bytes) -> bool:
    """Whether the first bytes of a file are elements in ascending order, of the groups that come first."""
    position, last, explicit, order = 0, 0, False, "<"
    for count in range(MIN_RECOGNISED):
        if position + 12 > len(data):
            return False
        if count == 0 or (last >> 16 == META and data[position : position + 2] != b"\2\0"):
            explicit, order = is_explicit(data, position), order_of(data, position)
        tag = _tag(data, position, order)
        if tag <= last or explicit != is_explicit(data, position) or (count == 0 and tag >> 16 not in (META, FIRST)):
            return False
        try:
            _, begin, length = _head(data, position, len(data), explicit, order)
        except FilmError:
            return False
        if length % 2 and length != UNDEFINED:
            return False
        if begin + length > len(data):  # a long value, or a sequence, and what comes behind it is not seen
            return count > 0
        position, last = begin + length, tag
    return True


def walk(
    data: bytes, start: int, stop: int, explicit: bool, order: str, *, groups: range = range(0x10000)
) -> Iterator[Element]:
    """The elements of one level of a data set, up to its pixels, its end, or the first of another group.

    Raises FilmError where an element reaches over the end, or there are too many, or nested too deep.
    """
    inside: list[bool] = []  # of each open sequence and item: whether its values carry their representation
    position = start
    for _ in range(MAX_ELEMENTS):
        if position + 8 > stop:
            if inside:
                raise FilmError("film-truncated")
            return
        tag = _tag(data, position, order)
        if tag >> 16 not in groups:
            return
        form = inside[-1] if inside else explicit
        kind, begin, length = _head(data, position, stop, form and tag >> 16 != DELIMITERS, order)
        if tag in (ITEM_END, SEQUENCE_END):
            if not inside:
                return
            inside.pop()
            position = begin
            continue
        if not inside:
            yield Element(tag, begin, length)
            if tag == PIXEL_DATA:
                return
        if length == UNDEFINED:
            inside.append(form and kind != b"UN")  # PS3.5, 6.2.2: UN of undefined length holds implicit values
            position = begin
        else:
            position = begin + length
        if position > stop:
            raise FilmError("film-truncated")
        if len(inside) > MAX_DEPTH:
            raise FilmError("film-dicom-damaged")
    raise FilmError("film-dicom-damaged")


def _tag(data: bytes, position: int, order: str) -> int:
    group, number = struct.unpack_from(f"{order}HH", data, position)
    return int(group << 16 | number)


def _long(data: bytes, position: int, order: str) -> int:
    return int(struct.unpack_from(f"{order}I", data, position)[0])


def _short(data: bytes, position: int, order: str) -> int:
    return int(struct.unpack_from(f"{order}H", data, position)[0])


def _head(data: bytes, position: int, stop: int, explicit: bool, order: str) -> tuple[bytes, int, int]:
    """Of the element at `position`: its value representation (b"" if implicit), where its value begins, its length."""
    if not explicit:
        return b"", position + 8, _long(data, position + 4, order)
    kind = data[position + 4 : position + 6]
    if not (kind.isalpha() and kind.isupper()):
        return _odd_head(data, position, stop, order)
    if kind not in LONG_VALUES:
        return kind, position + 8, _short(data, position + 6, order)
    if position + 12 > stop:
        raise FilmError("film-truncated")
    return kind, position + 12, _long(data, position + 8, order)


def _odd_head(data: bytes, position: int, stop: int, order: str) -> tuple[bytes, int, int]:
    """The same of an element whose representation is none: its length is the one behind which an element follows."""
    forms = [(position + 8, _short(data, position + 6, order)), (position + 8, _long(data, position + 4, order))]
    if position + 12 <= stop:
        forms.insert(1, (position + 12, _long(data, position + 8, order)))
    for begin, length in forms:
        following = begin + length
        if following == stop:
            return b"UN", begin, length
        if following + 8 <= stop and _tag(data, following, order) > _tag(data, position, order):
            is_alike = data[following + 4 : following + 6] == data[position + 4 : position + 6]
            is_alike = is_alike and _tag(data, following, order) >> 16 == _tag(data, position, order) >> 16
            if is_alike or is_explicit(data, following) or _tag(data, following, order) >> 16 == DELIMITERS:
                return b"UN", begin, length
    raise FilmError("film-dicom-damaged")
