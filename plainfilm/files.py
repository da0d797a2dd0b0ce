"""Files: written whole or not at all, hashed, and read from folders and archives within limits.

Writing: a temporary file in the same folder, flush, fsync, `os.replace`, fsync the folder. So a reader meets the old
file or the new one, never a part.

Reading: a source is a folder, a zip or a tar; archives are read in place, nothing is unpacked.
"""

import contextlib
import hashlib
import lzma
import os
import secrets
import stat
import tarfile
import tempfile
import threading
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from plainfilm.errors import OutputError, SourceError
from plainfilm.messages import json_text

MAX_ENTRIES = 500_000
MAX_MEMBER_BYTES = 256 * 2**20
CHUNK_BYTES = 2**20
TEMPORARY_PREFIX = ".unfinished-"
ZIP_START = b"PK\3\4"
# what tarfile and the decompressors below it raise on damaged bytes; these errors have no common base
DAMAGED_TAR = (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)

# --- writing ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write; on leaving without an exception it takes the place of `path`, else it vanishes.

    Raises OutputError when the folder cannot be written or the disk is full; `path` is then as it was.
    """
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError("output-unwritable", path=str(path), reason=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):  # it is gone once it took the place of `path`
            temporary.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8 to `path`, whole or not at all; file names that are no UTF-8 keep their bytes."""
    write_bytes(path, content.encode("utf-8", "surrogateescape"))


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON to `path`, whole or not at all; a number that is not finite is an error."""
    write_text(path, json_text(value, indent=2) + "\n")


def new_folder(path: Path) -> Path:
    """Make the folder `path`, which must not exist yet or be empty, and prove that it can be written.

    Raises OutputError.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise OutputError("output-exists", path=str(path))
    return writable_folder(path)


def writable_folder(path: Path) -> Path:
    """Make the folder `path` where it does not exist, and prove that it can be written. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise OutputError("output-unwritable", path=str(path), reason=error.strerror or str(error)) from error
    return path


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A folder or an archive: the names of its files (relative, with `/`) and a way to read one of them.

    `read` may be called from several threads.
    """

    path: Path
    names: tuple[str, ...]
    read: Callable[[str], bytes]


def open_source(path: Path) -> Source:
    """Open a folder, a zip or a tar (also compressed) for reading in place.

    Raises SourceError for a missing path, a file of another kind, a damaged archive or one with more than MAX_ENTRIES
    files.
    """
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise SourceError("source-missing", path=str(path))
    try:
        archive = tarfile.open(path)  # noqa: SIM115 - it lives as long as the source
    except DAMAGED_TAR as error:
        if _is_zip(path):
            return _open_zip(path)
        raise SourceError("source-unknown-kind", path=str(path)) from error
    return _open_tar(path, archive)


def single_film(path: Path) -> Source:
    """The source that holds the one file `path`."""
    return Source(path.parent, (path.name,), lambda name: _bounded(path.parent / name))


def listed_files(folder: Path, names: tuple[str, ...]) -> Source:
    """The source of the files with these paths, relative to `folder` or absolute: what a table of the user names."""
    return Source(folder, names, lambda name: _bounded(folder / name))


def _bounded(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would never end
        raise SourceError("film-missing")
    _check_member(path.name, status.st_size)
    return path.read_bytes()


def _open_folder(path: Path) -> Source:
    root = path.resolve()
    names: list[str] = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        relative = Path(folder).relative_to(root)
        names += [(relative / name).as_posix() for name in sorted(files)]
        _check_count(path, len(names))

    def read(name: str) -> bytes:
        target = (root / name).resolve()
        if not target.is_relative_to(root):
            raise SourceError("member-outside", name=name)
        return _bounded(target)

    return Source(path, tuple(names), read)


def _is_zip(path: Path) -> bool:
    """Whether `path` starts or ends as a zip does: a zip that was cut off only starts so."""
    with contextlib.suppress(OSError), path.open("rb") as file:
        return file.read(len(ZIP_START)) == ZIP_START or zipfile.is_zipfile(file)
    return False


def _open_zip(path: Path) -> Source:
    try:
        archive = zipfile.ZipFile(path)
        members = {info.filename: info for info in archive.infolist() if not info.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise SourceError("source-damaged", path=str(path), reason=str(error)) from error
    _check_count(path, len(members))

    def read(name: str) -> bytes:
        info = members[name]
        _check_member(name, info.file_size)
        try:
            with archive.open(info) as file:  # without a bound, one read may unpack more than the header says
                return file.read(info.file_size + 1)
        except Exception as error:  # zipfile and the decompressors below it raise nearly anything on damaged bytes
            raise SourceError("member-damaged", name=name, reason=str(error)) from error

    return Source(path, tuple(name for name in members if _is_safe(name)), read)


def _open_tar(path: Path, archive: tarfile.TarFile) -> Source:
    members: dict[str, tarfile.TarInfo] = {}
    try:
        for count, info in enumerate(archive, start=1):
            _check_count(path, count)
            if info.isfile():
                members[info.name.removeprefix("./")] = info
        assert archive.fileobj is not None
        while archive.fileobj.read(CHUNK_BYTES):  # the checksum of a compressed tar is known at its end
            pass
    except DAMAGED_TAR as error:
        archive.close()
        if isinstance(error, SourceError):
            raise
        raise SourceError("source-damaged", path=str(path), reason=str(error)) from error
    lock = threading.Lock()

    def read(name: str) -> bytes:
        info = members[name]
        _check_member(name, info.size)
        with lock:
            file = archive.extractfile(info)
            assert file is not None
            try:
                data = file.read()
            except DAMAGED_TAR as error:
                raise SourceError("member-damaged", name=name, reason=str(error)) from error
        if len(data) != info.size:
            raise SourceError("member-damaged", name=name, reason=f"{len(data)} of {info.size} bytes")
        return data

    weakref.finalize(read, archive.close)  # a zip closes itself, a tar does not
    return Source(path, tuple(name for name in members if _is_safe(name)), read)


def _check_member(name: str, size_bytes: int) -> None:
    if size_bytes > MAX_MEMBER_BYTES:
        raise SourceError("member-too-large", name=name, size_bytes=size_bytes, maximum_bytes=MAX_MEMBER_BYTES)


def _check_count(path: Path, count: int) -> None:
    if count > MAX_ENTRIES:
        raise SourceError("source-too-many", path=str(path), maximum=MAX_ENTRIES)


def _is_safe(name: str) -> bool:
    """Whether an archive member's name stays inside the archive, and is no litter of a file manager."""
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and "\0" not in name and not {"..", "__MACOSX"} & set(path.parts)
