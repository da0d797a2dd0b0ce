"""Zips, read in place: the directory once, then each member by its own bytes.

Notable choices (the format: PKWARE's APPNOTE 6.3.10; names: its appendix D and Info-ZIP's extra field 0x7075):
- `zipfile` is not used: it takes every name without the UTF-8 flag for code page 437, replaces backslashes on Windows
  alone, and refuses a member whose two headers spell the name differently, as old Windows programs do;
- the directory is bounded before it is read, whatever number of members its end claims, and members may not share
  their bytes; only stored and deflated members are read, and never more than the directory says;
- two zips joined to one file are refused: only the members of the last one would be found.
"""

import io
import os
import stat
import struct
import threading
import weakref
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from plainfilm.errors import SourceError
from plainfilm.io import archives
from plainfilm.io.name_encoding import Fits

ENTRY, END, END_64 = b"PK\1\2", b"PK\5\6", b"PK\6\6"
ENTRY_FORMAT = struct.Struct("<4s4x2H4x3I3H4x2I")
LOCAL_FORMAT = struct.Struct("<4s22x2H")
END_FORMAT = struct.Struct("<4s4H2IH")
END_64_FORMAT = struct.Struct("<4sQ2H2I4Q")
NUM_BEFORE_END = END_64_FORMAT.size + 20  # bytes of the 64-bit record and its locator, where they are written
MAX_COMMENT_BYTES = 2**16
MAX_DIRECTORY_BYTES = 128 * 2**20
MAX_PEEKED_BYTES = 4096  # of packed content: more than NUM_FIRST_BYTES ever need, but for deliberate padding

IS_ENCRYPTED, IS_UTF8 = 0x1, 0x800
STORED, DEFLATED = 0, 8
EXTRA_64, EXTRA_NAME = 0x1, 0x7075
WINDOWS_FOLDER = 0x10
FULL_32 = 2**32 - 1  # in a field of 32 bits: see the extra field


class _Entry(NamedTuple):
    """What the directory says of a member, sizes and the offset of its header in bytes."""

    method: int
    flags: int
    checksum: int
    packed: int
    size: int
    offset: int


class _Damaged(Exception):
    """The bytes are no zip's; the text says why."""


def is_zip(path: Path) -> bool:
    """Whether `path` starts or ends as a zip does: one that was cut off only starts so. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(archives.ZIP_START)) == archives.ZIP_START or _find_end(file) is not None


def open_zip(path: Path, encoding: str, fits: Fits | None) -> archives.Source:
    """Open a zip for reading in place.

    Raises SourceError for a damaged one, one beyond the limits, and an encoding that does not fit its names.
    """
    file = io.FileIO(path)
    try:
        members = list(_members(path, file))
        _check_sums(path, [member.place for member in members])
        found = archives.sort_out(path, members, encoding, fits)
    except Exception as error:
        file.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError("source-damaged", path=str(path), reason=str(error)) from error
    lock = threading.Lock()

    def bytes_at(offset: int, size: int) -> bytes:
        with lock:
            file.seek(offset)
            return file.read(size)

    def content_at(entry: _Entry) -> int:
        head = bytes_at(entry.offset, LOCAL_FORMAT.size)
        start, name_bytes, extra_bytes = LOCAL_FORMAT.unpack(head)
        if start != archives.ZIP_START:
            raise _Damaged("its header is missing")
        return entry.offset + len(head) + int(name_bytes) + int(extra_bytes)

    def read(name: str) -> bytes:
        entry = found.files[name]
        archives.check_member(name, entry.size)
        if entry.flags & IS_ENCRYPTED:
            raise SourceError("member-encrypted", name=name)
        if entry.method not in (STORED, DEFLATED):
            raise SourceError("member-method", name=name)
        if entry.size > max(archives.FREE_BYTES, archives.MAX_RATIO * entry.packed):
            raise SourceError("member-bomb", name=name, maximum=archives.MAX_RATIO)
        try:
            start = content_at(entry)
            ends = range(0, entry.packed, archives.CHUNK_BYTES)
            chunks = (bytes_at(start + at, min(archives.CHUNK_BYTES, entry.packed - at)) for at in ends)
            return _unpacked(entry, chunks)
        except Exception as error:  # of the file, of zlib, or ours
            raise SourceError("member-damaged", name=name, reason=str(error)) from error

    def peek(name: str) -> bytes:
        try:
            entry = found.files[name]
            if entry.flags & IS_ENCRYPTED or entry.method not in (STORED, DEFLATED):
                return b""
            packed = bytes_at(content_at(entry), min(entry.packed, MAX_PEEKED_BYTES))
            return _inflated(entry, packed)
        except Exception:  # as above
            return b""

    weakref.finalize(read, file.close)
    return archives.Source(path, tuple(found.files), read, peek, found.skipped, found.encoding)


def _unpacked(entry: _Entry, chunks: Iterator[bytes]) -> bytes:
    """The content of a member: as many bytes as the directory says, with its checksum. Raises _Damaged, zlib.error."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    parts, left = [], entry.size + 1  # without a bound, one call may unpack more than the directory says
    for chunk in chunks:
        part = chunk if entry.method == STORED else inflate.decompress(chunk, left)
        parts.append(part)
        left -= len(part)
        if left <= 0:
            raise _Damaged(f"more than {entry.size} bytes")
    if left != 1:
        raise _Damaged(f"{entry.size + 1 - left} of {entry.size} bytes")
    content = b"".join(parts)
    if zlib.crc32(content) != entry.checksum:
        raise _Damaged("its checksum is wrong")
    return content


def _inflated(entry: _Entry, packed: bytes) -> bytes:
    """The first bytes of a member, of the first bytes of its packed content."""
    if entry.method == STORED:
        return packed[: archives.NUM_FIRST_BYTES]
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, archives.NUM_FIRST_BYTES)


# --- the directory ---------------------------------------------------------------------------------------------------


def _find_end(file: IO[bytes] | io.FileIO) -> tuple[int, bytes, bytes] | None:
    """Where the record at the end of a zip begins, that record, and the bytes before it; None where there is none."""
    size_bytes = file.seek(0, os.SEEK_END)
    start = max(0, size_bytes - END_FORMAT.size - MAX_COMMENT_BYTES - NUM_BEFORE_END)
    file.seek(start)
    tail = file.read(size_bytes - start)
    place = tail.rfind(END)
    if place < 0 or len(tail) < place + END_FORMAT.size:
        return None
    return start + place, tail[place:], tail[max(0, place - NUM_BEFORE_END) : place]


def _directory(file: io.FileIO) -> tuple[int, int, int]:
    """Where the directory begins, its size, and what is to be added to its offsets, in bytes."""
    end = _find_end(file)
    if end is None:
        raise _Damaged("its directory is missing")
    place, record, before = end
    _, disk, first_disk, _, _, size, offset, _ = END_FORMAT.unpack_from(record)
    if before.startswith(END_64) and len(before) == NUM_BEFORE_END:
        _, _, _, _, disk, first_disk, _, _, size, offset = END_64_FORMAT.unpack_from(before)
        place -= len(before)
    if disk or first_disk:
        raise _Damaged("one of several parts")
    if offset + size > place:
        raise _Damaged("its directory is cut off")
    return place - size, size, place - size - offset


def _members(path: Path, file: io.FileIO) -> Iterator[archives.Member[_Entry]]:
    start, size, shift = _directory(file)
    if size > MAX_DIRECTORY_BYTES:
        raise SourceError("source-too-many", path=str(path), maximum=archives.MAX_ENTRIES)
    _check_num_entries(path, file, start, size)
    file.seek(0)
    if shift and file.read(len(archives.ZIP_START)) == archives.ZIP_START:
        if shift % 2**32 == 0:
            raise _Damaged("more than 4 GB, and not written as such an archive is")
        raise SourceError("source-joined", path=str(path))
    file.seek(start)
    reader = io.BufferedReader(file, archives.CHUNK_BYTES)
    try:
        while size >= ENTRY_FORMAT.size:
            member, entry_bytes = _member(reader, shift)
            size -= entry_bytes
            yield member
    finally:
        reader.detach()
    if size:
        raise _Damaged("its directory is cut off")


def _check_num_entries(path: Path, file: io.FileIO, start: int, size: int) -> None:
    """Count the entries before anything is kept of them. Raises SourceError."""
    file.seek(start)
    count, tail = 0, b""
    while size > 0 and (chunk := file.read(min(archives.CHUNK_BYTES, size))):
        size -= len(chunk)
        data = tail + chunk
        count, tail = count + data.count(ENTRY), data[-(len(ENTRY) - 1) :]
        archives.check_count(path, count)


def _member(reader: IO[bytes], shift: int) -> tuple[archives.Member[_Entry], int]:
    """The next entry of the directory, and how many bytes it takes."""
    head = reader.read(ENTRY_FORMAT.size)
    if len(head) != ENTRY_FORMAT.size:
        raise _Damaged("its directory is cut off")
    start, flags, method, *numbers, attributes, offset = ENTRY_FORMAT.unpack(head)
    checksum, packed, size, name_bytes, extra_bytes, comment_bytes = numbers
    if start != ENTRY:
        raise _Damaged("its directory is damaged")
    raw, extra = reader.read(name_bytes), reader.read(extra_bytes)
    if len(raw + extra + reader.read(comment_bytes)) != name_bytes + extra_bytes + comment_bytes:
        raise _Damaged("its directory is cut off")
    fields = dict(_extra_fields(extra))
    size, packed, offset = _sizes([size, packed, offset], fields.get(EXTRA_64, b""))
    name = _known_name(raw, flags, fields.get(EXTRA_NAME, b""))
    mode = stat.S_IFMT(attributes >> 16)
    entry = _Entry(method, flags, checksum, packed, size, offset + shift)
    skipped = {0: "", stat.S_IFREG: "", stat.S_IFDIR: "", stat.S_IFLNK: archives.LINK}.get(mode, archives.SPECIAL)
    if stat.S_ISDIR(mode) or (attributes & WINDOWS_FOLDER and size == 0):
        name = name + "/" if isinstance(name, str) else name + b"/"
    return archives.Member(name, skipped, entry), len(head) + name_bytes + extra_bytes + comment_bytes


def _sizes(values: list[int], extra: bytes) -> list[int]:
    """The sizes and the offset of an entry, from its extra field where 32 bits do not hold them."""
    longer = [int.from_bytes(extra[start : start + 8], "little") for start in range(0, len(extra) - 7, 8)]
    if values.count(FULL_32) > len(longer):
        raise _Damaged("its directory is damaged")
    return [longer.pop(0) if value == FULL_32 else value for value in values]


def _extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    while len(extra) >= 4:
        kind, size = struct.unpack_from("<2H", extra)
        yield kind, extra[4 : 4 + size]
        extra = extra[4 + size :]


def _known_name(raw: bytes, flags: int, unicode_path: bytes) -> bytes | str:
    """A member's name where the zip says how it is written; else its bytes."""
    try:
        if flags & IS_UTF8:
            return raw.decode("utf-8")
        if unicode_path[:1] == b"\1" and unicode_path[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return unicode_path[5:].decode("utf-8")
    except UnicodeDecodeError:  # what it says is wrong
        pass
    return raw


def _check_sums(path: Path, entries: list[_Entry]) -> None:
    """Raise SourceError for members that share bytes, or that unpack to more than films do."""
    size_bytes = path.stat().st_size
    if sum(entry.packed for entry in entries) > size_bytes:
        raise SourceError("source-damaged", path=str(path), reason="overlapping members")
    if sum(entry.size for entry in entries) > max(archives.FREE_BYTES, archives.MAX_RATIO * size_bytes):
        raise SourceError("source-bomb", path=str(path), maximum=archives.MAX_RATIO)
