"""Archives: zips and tars, also compressed ones, read in place and within limits; nothing is unpacked to the disk.

Notable choices:
- an archive that unpacks to more than MAX_RATIO times its size holds no films: a zip is refused by what its directory
  says, a tar where its stream gets there; one member of a zip that does so is refused alone;
- a zip's directory is bounded before it is parsed, whatever number of members its end claims, and members may not
  share their bytes; only stored and deflated ones are read, since `zipfile` unpacks the others without a bound;
- `tarfile` gets a stream that bounds what it reads of one member's header, and what it keeps is dropped;
- a tar that ends without its mark was cut: its last members would be missing without a word;
- links, devices and pipes are never listed, nor are names that lead out of the archive.
"""

import bz2
import contextlib
import gzip
import io
import lzma
import math
import tarfile
import threading
import weakref
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, cast

from plainfilm.errors import SourceError

MAX_ENTRIES = 500_000
MAX_MEMBER_BYTES = 256 * 2**20
MAX_NAME_CHARACTERS = 1024
MAX_RATIO = 100  # unpacked to packed; raw films get some 3 times smaller, a black one more, and masks are no films
FREE_BYTES = 8 * 2**20  # unpacked whatever the ratio
CHUNK_BYTES = 2**20
NUM_FIRST_BYTES = 512  # that `Source.peek` gives

ZIP_START, ZIP_ENTRY = b"PK\3\4", b"PK\1\2"
MIN_ZIP_ENTRY_BYTES = 46
MAX_ZIP_DIRECTORY_BYTES = 128 * 2**20

MAX_TAR_HEADER_BYTES = 2**18  # of one member, with its long name and attributes
COMPRESSED = {b"\x1f\x8b": gzip.GzipFile, b"BZh": bz2.BZ2File, b"\xfd7zXZ\0": lzma.LZMAFile}


@dataclass(frozen=True)
class Source:
    """A folder or an archive: the names of its files (relative, with `/`) and a way to read one of them.

    `read` may be called from several threads. `peek` gives the first NUM_FIRST_BYTES of a file, fewer of a shorter one,
    b"" where it cannot be read; it never raises. `skipped`: what is there and no file that is read, by name, with the
    reason: "link" (not followed), "special" (a pipe, socket or device), "unsafe" (a name that leads out of an archive).
    `encoding`: that of an archive's names, where it had to be found; "" where nothing was to be found.
    """

    path: Path
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    peek: Callable[[str], bytes]
    skipped: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


def open_archive(path: Path) -> Source:
    """Open a zip or a tar (also compressed) for reading in place.

    Raises SourceError for a file of another kind, a damaged archive, and one beyond the limits.
    """
    try:
        stream = _Stream(path)
    except OSError as error:
        raise SourceError("source-damaged", path=str(path), reason=error.strerror or str(error)) from error
    try:
        archive = _TarFile(fileobj=cast(IO[bytes], stream))
    except Exception as error:  # `tarfile` and the decompressors below it raise nearly anything on hostile bytes
        stream.file.close()
        if isinstance(error, SourceError):
            raise
        if _is_zip(path):
            return _open_zip(path)
        raise SourceError("source-unknown-kind", path=str(path)) from error
    return _open_tar(path, archive, stream)


def check_member(name: str, size_bytes: int) -> None:
    """Raise SourceError for a file that is too large to be read."""
    if size_bytes > MAX_MEMBER_BYTES:
        raise SourceError("member-too-large", name=name, size_bytes=size_bytes, maximum_bytes=MAX_MEMBER_BYTES)


def check_count(path: Path, count: int) -> None:
    """Raise SourceError for a source of too many files."""
    if count > MAX_ENTRIES:
        raise SourceError("source-too-many", path=str(path), maximum=MAX_ENTRIES)


def _is_safe(name: str) -> bool:
    """Whether a member's name is short, stays inside the archive, and is no litter of a file manager."""
    if len(name) > MAX_NAME_CHARACTERS or "\0" in name:
        return False
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and not {"..", "__MACOSX"} & set(path.parts)


# --- zip -------------------------------------------------------------------------------------------------------------


def _is_zip(path: Path) -> bool:
    """Whether `path` starts or ends as a zip does: a zip that was cut off only starts so."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(ZIP_START)) == ZIP_START or zipfile.is_zipfile(file)
    return False


class _ZipFile(io.FileIO):
    """A zip, for `zipfile`, which reads the whole directory at once: one of too many entries is refused before."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.path, self.is_open = path, False

    def read(self, size: int | None = -1) -> bytes:
        size = -1 if size is None else size
        if not self.is_open and size > MIN_ZIP_ENTRY_BYTES * MAX_ENTRIES:
            self._check_directory(size)
        return super().read(size)

    def _check_directory(self, size: int) -> None:
        start, count, tail = self.tell(), 0, b""
        if size > MAX_ZIP_DIRECTORY_BYTES:
            raise SourceError("source-too-many", path=str(self.path), maximum=MAX_ENTRIES)
        while chunk := super().read(CHUNK_BYTES):
            data = tail + chunk
            count, tail = count + data.count(ZIP_ENTRY), data[-(len(ZIP_ENTRY) - 1) :]
            check_count(self.path, count)
        self.seek(start)


def _open_zip(path: Path) -> Source:
    file = _ZipFile(path)
    try:
        archive = zipfile.ZipFile(cast(IO[bytes], file))
        file.is_open = True
        entries = archive.infolist()
        check_count(path, len(entries))
        _check_sums(path, entries)
    except Exception as error:  # as for a tar
        file.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError("source-damaged", path=str(path), reason=str(error)) from error
    members = {info.filename: info for info in entries if not info.is_dir() and _is_safe(info.filename)}

    def read(name: str) -> bytes:
        info = members[name]
        check_member(name, info.file_size)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise SourceError("member-method", name=name)
        if info.file_size > max(FREE_BYTES, MAX_RATIO * info.compress_size):
            raise SourceError("member-bomb", name=name, maximum=MAX_RATIO)
        try:
            with archive.open(info) as content:  # without a bound, one read may unpack more than the header says
                return content.read(info.file_size + 1)
        except Exception as error:
            raise SourceError("member-damaged", name=name, reason=str(error)) from error

    weakref.finalize(read, file.close)
    return Source(path, tuple(members), read, lambda name: read(name)[:NUM_FIRST_BYTES])


def _check_sums(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Raise SourceError for members that share bytes, or that unpack to more than films do."""
    size_bytes = path.stat().st_size
    if sum(info.compress_size for info in entries) > size_bytes:
        raise SourceError("source-damaged", path=str(path), reason="overlapping members")
    if sum(info.file_size for info in entries) > max(FREE_BYTES, MAX_RATIO * size_bytes):
        raise SourceError("source-bomb", path=str(path), maximum=MAX_RATIO)


# --- tar -------------------------------------------------------------------------------------------------------------


class _Stream:
    """The unpacked bytes of a tar, for `tarfile`: bounded in all, and in what is read between two calls of `renew`."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            start = file.read(6)
        kinds = [kind for magic, kind in COMPRESSED.items() if start.startswith(magic)]
        self.file = cast(IO[bytes], kinds[0](path) if kinds else path.open("rb"))
        self.path, self.left = path, MAX_TAR_HEADER_BYTES
        self.end = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)

    def renew(self) -> None:
        self.left = MAX_TAR_HEADER_BYTES

    def tell(self) -> int:
        return self.file.tell()

    def seek(self, offset: int) -> int:
        self._check_end(offset)
        return self.file.seek(offset)

    def read(self, size: int) -> bytes:
        self.left -= size
        if size < 0 or self.left < 0:
            raise tarfile.ReadError(f"a header of more than {MAX_TAR_HEADER_BYTES} bytes")
        return self.file.read(size)

    def drain(self) -> None:
        """Read the rest: the checksum of a compressed tar stands at its end."""
        while self.file.read(CHUNK_BYTES):
            self._check_end(self.file.tell())

    def _check_end(self, offset: int) -> None:
        if offset > self.end:
            raise SourceError("source-bomb", path=str(self.path), maximum=MAX_RATIO)


class _TarFile(tarfile.TarFile):
    members: list[tarfile.TarInfo]  # all that were found: not documented, and no other way to drop them


def _open_tar(path: Path, archive: _TarFile, stream: _Stream) -> Source:
    try:
        members = _tar_members(path, archive, stream)
    except Exception as error:  # as above
        stream.file.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError("source-damaged", path=str(path), reason=str(error)) from error
    lock = threading.Lock()

    def read(name: str) -> bytes:
        start, size_bytes = members[name]
        check_member(name, size_bytes)
        try:
            with lock:
                stream.file.seek(start)
                data = stream.file.read(size_bytes)
        except Exception as error:
            raise SourceError("member-damaged", name=name, reason=str(error)) from error
        if len(data) != size_bytes:
            raise SourceError("member-damaged", name=name, reason=f"{len(data)} of {size_bytes} bytes")
        return data

    weakref.finalize(read, stream.file.close)
    return Source(path, tuple(members), read, lambda name: read(name)[:NUM_FIRST_BYTES])


def _tar_members(path: Path, archive: _TarFile, stream: _Stream) -> dict[str, tuple[int, int]]:
    """Where the content of each file begins, and its size in bytes; whatever else `tarfile` knows is dropped."""
    members: dict[str, tuple[int, int]] = {}
    count, before = 0, -math.inf
    while (info := archive.next()) is not None:
        count += 1
        check_count(path, count)
        if archive.offset <= before:
            raise tarfile.ReadError("members in a circle")
        if info.size < 0:
            raise tarfile.ReadError("a negative size")
        name = info.name.removeprefix("./")
        if info.isreg() and not info.issparse() and _is_safe(name):
            members[name] = info.offset_data, info.size
        before = archive.offset
        archive.members.clear()
        archive.pax_headers = {}
        stream.renew()
    stream.seek(archive.offset)
    if stream.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("its end is missing")
    stream.drain()
    return members
