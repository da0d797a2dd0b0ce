"""Tars, also compressed ones, read in place.

Notable choices:
- `tarfile` gets a stream that bounds what it reads of one member's header, and what it keeps is dropped;
- the first bytes of each file are taken while the members are listed, so that a compressed tar is unpacked once for
  listing, and once for reading (`Forward`);
- a tar that ends without its mark was cut, and one with another tar behind its mark was joined: members would be
  missing without a word;
- a hard link is the same file as the member that it names: it is skipped as a link, and the film counted once.
"""

import bz2
import gzip
import lzma
import math
import tarfile
import threading
import weakref
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, cast

from plainfilm.errors import SourceError
from plainfilm.io import archives
from plainfilm.io.name_encoding import Fits

MAX_HEADER_BYTES = 2**18  # of one member, with its long name and attributes
MAX_NAME_BYTES = (
    2 * archives.MAX_NAME_CHARACTERS + 2
)  # what is longer is too long however it is written, and need not be kept
COMPRESSED = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\0": lzma.LZMAFile}


class _Place(NamedTuple):
    """Where the content of a member begins in the unpacked stream, its size in bytes, and its first bytes."""

    start: int
    size: int
    first: bytes


def open_tar(path: Path, encoding: str, fits: Fits | None) -> archives.Source | None:
    """Open a tar for reading in place; None where the file does not begin as one.

    Raises SourceError for a damaged one, one beyond the limits, and an encoding that does not fit its names; OSError.
    """
    stream = _Stream(path)
    try:
        archive = _TarFile(fileobj=cast(IO[bytes], stream), encoding="utf-8", errors="surrogateescape")
    except Exception as error:  # `tarfile` and the decompressors below it raise nearly anything on hostile bytes
        stream.file.close()
        if isinstance(error, SourceError):
            raise
        return None
    try:
        found = archives.sort_out(path, _members(path, archive, stream), encoding, fits)
    except Exception as error:  # as above
        raise _as_source_error(path, error) from error
    finally:
        stream.file.close()
    read_at, close = _reader(path, {name: (place.start, place.size) for name, place in found.files.items()})

    def read(name: str) -> bytes:
        size_bytes = found.files[name].size
        archives.check_member(name, size_bytes)
        try:
            data = read_at(name)
        except Exception as error:
            raise SourceError("member-damaged", name=name, reason=str(error)) from error
        if len(data) != size_bytes:
            raise SourceError("member-damaged", name=name, reason=f"{len(data)} of {size_bytes} bytes")
        return data

    def peek(name: str) -> bytes:
        place = found.files.get(name)
        return b"" if place is None else place.first

    weakref.finalize(read, close)
    return archives.Source(path, tuple(found.files), read, peek, found.skipped, found.encoding)


def _as_source_error(path: Path, error: Exception) -> SourceError:
    if isinstance(error, SourceError):
        return error
    return SourceError("source-damaged", path=str(path), reason=str(error))


def _compression(path: Path) -> Callable[[Path], IO[bytes]] | None:
    """What opens the unpacked bytes of a compressed file; None where it is none."""
    with path.open("rb") as file:
        start = file.read(6)
    kinds = [kind for magic, kind in COMPRESSED.items() if start.startswith(magic)]
    return cast(Callable[[Path], IO[bytes]], kinds[0]) if kinds else None


def _reader(path: Path, members: dict[str, tuple[int, int]]) -> tuple[Callable[[str], bytes], Callable[[], None]]:
    """What gives the content of a member by its name, and what closes the files behind it."""
    compression = _compression(path)
    if compression is not None:
        forward = Forward(members, partial(compression, path))
        return forward.read, forward.close
    file, lock = path.open("rb"), threading.Lock()

    def read(name: str) -> bytes:
        start, size_bytes = members[name]
        with lock:
            file.seek(start)
            return file.read(size_bytes)

    return read, file.close


# --- listing ---------------------------------------------------------------------------------------------------------


class _Stream:
    """The unpacked bytes of a tar, for `tarfile`: bounded in all, and in what is read between two calls of `renew`."""

    def __init__(self, path: Path) -> None:
        compression = _compression(path)
        self.file = path.open("rb") if compression is None else compression(path)
        self.path, self.left, self.last = path, MAX_HEADER_BYTES, b""
        self.end = max(archives.FREE_BYTES, archives.MAX_RATIO * path.stat().st_size)

    def renew(self) -> None:
        self.left = MAX_HEADER_BYTES

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, offset: int) -> int:
        self._check_end(offset)
        return self.file.seek(offset)

    def read(self, size: int) -> bytes:
        self.left -= size
        if size < 0 or self.left < 0:
            raise tarfile.ReadError(f"a header of more than {MAX_HEADER_BYTES} bytes")
        self.last = self.file.read(size)
        return self.last

    def first_bytes(self, info: tarfile.TarInfo) -> bytes:
        """The first bytes of a member whose header was read last."""
        self.seek(info.offset_data)
        return self.file.read(min(info.size, archives.NUM_FIRST_BYTES))

    def drain(self) -> None:
        """Read the rest, as the checksum of a compressed tar stands at its end. Raises SourceError for another tar."""
        is_end = True
        while chunk := self.file.read(archives.CHUNK_BYTES):
            self._check_end(self.file.tell())
            rest = chunk.lstrip(b"\0")
            if is_end and rest:
                is_end = False
                start = (len(chunk) - len(rest)) // tarfile.BLOCKSIZE * tarfile.BLOCKSIZE
                if _is_header(chunk[start : start + tarfile.BLOCKSIZE]):
                    raise SourceError("source-joined", path=str(self.path))

    def _check_end(self, offset: int) -> None:
        if offset > self.end:
            raise SourceError("source-bomb", path=str(self.path), maximum=archives.MAX_RATIO)


class _TarFile(tarfile.TarFile):
    members: list[tarfile.TarInfo]  # all that were found: not documented, and no other way to drop them


def _members(path: Path, archive: _TarFile, stream: _Stream) -> list[archives.Member[_Place]]:
    """The members that are no folders; whatever else `tarfile` knows is dropped."""
    members: list[archives.Member[_Place]] = []
    count, before = 0, -math.inf
    while (info := archive.next()) is not None:
        count += 1
        archives.check_count(path, count)
        if archive.offset <= before:
            raise tarfile.ReadError("members in a circle")
        if info.size < 0:
            raise tarfile.ReadError("a negative size")
        if not info.isdir():
            members.append(_member(info, stream))
        before = archive.offset
        archive.members.clear()
        archive.pax_headers = {}
        stream.renew()
    if stream.last != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")
    stream.drain()
    return members


def _member(info: tarfile.TarInfo, stream: _Stream) -> archives.Member[_Place]:
    if info.isreg() and not info.issparse():
        return archives.Member(_name(info), "", _Place(info.offset_data, info.size, stream.first_bytes(info)))
    return archives.Member(
        _name(info), archives.LINK if info.islnk() or info.issym() else archives.SPECIAL, _Place(0, 0, b"")
    )


def _name(info: tarfile.TarInfo) -> bytes | str:
    """A member's name: text where the tar says how it is written (a `path` in its attributes), else its bytes."""
    name = info.name[:MAX_NAME_BYTES]
    written = name.encode("utf-8", "surrogateescape")
    return name if "path" in info.pax_headers and written.decode("utf-8", "ignore") == name else written


def _is_header(block: bytes) -> bool:
    """Whether a block is the header of a tar's member."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


# --- compressed ones, read in one pass -------------------------------------------------------------------------------

MAX_KEPT_BYTES = 128 * 2**20


class Forward:
    """Reads members by name; `members`: where each begins in the stream and its size, in bytes, in the stream's order.

    `opened` gives the stream, at its beginning: one that is compressed can only be unpacked from there. Several threads
    ask for the films of an archive nearly in its order, not quite. What is passed over on the way to a later member is
    therefore kept, up to MAX_KEPT_BYTES, the oldest dropped first; it is handed out once. A request for what is neither
    kept nor ahead begins again with a new stream.
    """

    def __init__(self, members: Mapping[str, tuple[int, int]], opened: Callable[[], IO[bytes]]) -> None:
        self.members, self.opened = members, opened
        self.order = list(members)
        self.numbers = {name: number for number, name in enumerate(members)}
        self.file: IO[bytes] | None = None
        self.next = 0  # the number of the member that the stream reaches next
        self.kept: dict[str, bytes] = {}
        self.num_kept_bytes = 0
        self.lock = threading.Lock()

    def read(self, name: str) -> bytes:
        """The content of a member; shorter where the stream ends before. Raises what the stream raises."""
        number = self.numbers[name]
        with self.lock:
            if name in self.kept:
                return self._take(name)
            try:
                return self._reach(number)
            except BaseException:  # where the stream is now, nobody knows
                self.close()
                raise

    def close(self) -> None:
        """Close the stream; the next request begins again."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _reach(self, number: int) -> bytes:
        if self.file is None or number < self.next:
            self.close()
            self.file, self.next = self.opened(), 0
        for passed in range(self.next, number):
            self._pass_over(self.file, self.order[passed])
        start, size_bytes = self.members[self.order[number]]
        content = _content(self.file, start, size_bytes)
        self.next = number + 1
        return content

    def _pass_over(self, file: IO[bytes], name: str) -> None:
        start, size_bytes = self.members[name]
        if size_bytes > MAX_KEPT_BYTES or name in self.kept:
            return
        while self.num_kept_bytes + size_bytes > MAX_KEPT_BYTES:
            self._take(next(iter(self.kept)))
        self.kept[name] = _content(file, start, size_bytes)
        self.num_kept_bytes += len(self.kept[name])

    def _take(self, name: str) -> bytes:
        content = self.kept.pop(name)
        self.num_kept_bytes -= len(content)
        return content


def _content(file: IO[bytes], start: int, size_bytes: int) -> bytes:
    """So many bytes from `start` on, which the stream has not passed yet."""
    file.seek(start)
    return file.read(size_bytes)
