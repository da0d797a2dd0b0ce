"""Files: written whole or not at all, hashed, and read from folders and archives within limits.

Writing: a temporary file in the same folder, flush, fsync, `os.replace`, fsync the folder. So a reader meets the old
    file or the new one, never a part. Reading: a source is a folder, a zip or a tar; archives are read in place,
    nothing is unpacked.
"""

import contextlib
import hashlib
import json
import os
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from plainfilm.errors import OutputError, SourceError

MAX_ENTRIES = 500_000
MAX_MEMBER_BYTES = 256 * 2**20
TEMPORARY_PREFIX = ".unfinished-"

# --- writing ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to write; on leaving without an exception it takes the place of `path`, else it vanishes.

    Raises OutputError when the folder cannot be written or the disk is full; `path` is then as it was.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=TEMPORARY_PREFIX)
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
        temporary = None
        _sync_folder(path.parent)
    except OSError as error:
        raise OutputError("output-unwritable", path=str(path), reason=error.strerror or str(error)) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path) as file:
        file.write(data)


def write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8 to `path`, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON to `path`, whole or not at all; a number that is not finite is an error."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
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
    if zipfile.is_zipfile(path):
        return _open_zip(path)
    try:
        return _open_tar(path)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError("source-unknown-kind", path=str(path)) from error


def single_film(path: Path) -> Source:
    """The source that holds the one file `path`."""
    return Source(path.parent, (path.name,), lambda name: _bounded(path.parent / name))


def listed_files(folder: Path, names: tuple[str, ...]) -> Source:
    """The source of the files with these paths, relative to `folder` or absolute: what a table of the user names."""
    return Source(folder, names, lambda name: _bounded(folder / name))


def _bounded(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_MEMBER_BYTES:
        raise SourceError("member-too-large", name=path.name, size_bytes=size, maximum_bytes=MAX_MEMBER_BYTES)
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
            with archive.open(info) as file:
                return _bounded_read(name, file)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError) as error:
            if isinstance(error, SourceError):
                raise
            raise SourceError("member-damaged", name=name, reason=str(error)) from error
        except Exception as error:  # zlib.error and lzma.LZMAError have no common base
            raise SourceError("member-damaged", name=name, reason=str(error)) from error

    return Source(path, tuple(name for name in members if _is_safe(name)), read)


def _open_tar(path: Path) -> Source:
    archive = tarfile.open(path)  # noqa: SIM115 - it lives as long as the source
    members: dict[str, tarfile.TarInfo] = {}
    for info in archive:
        if info.isfile():
            members[info.name.removeprefix("./")] = info
        _check_count(path, len(members))
    lock = threading.Lock()

    def read(name: str) -> bytes:
        info = members[name]
        _check_member(name, info.size)
        with lock:
            file = archive.extractfile(info)
            assert file is not None
            try:
                data = _bounded_read(name, file)
            except (tarfile.TarError, EOFError, OSError) as error:
                raise SourceError("member-damaged", name=name, reason=str(error)) from error
        if len(data) != info.size:
            raise SourceError("member-damaged", name=name, reason=f"{len(data)} of {info.size} bytes")
        return data

    return Source(path, tuple(name for name in members if _is_safe(name)), read)


def _bounded_read(name: str, file: Any) -> bytes:
    """All bytes of an archive member, stopping at the limit whatever its header claims."""
    data: bytes = file.read(MAX_MEMBER_BYTES + 1)
    _check_member(name, len(data))
    return data


def _check_member(name: str, size_bytes: int) -> None:
    if size_bytes > MAX_MEMBER_BYTES:
        raise SourceError("member-too-large", name=name, size_bytes=size_bytes, maximum_bytes=MAX_MEMBER_BYTES)


def _check_count(path: Path, count: int) -> None:
    if count > MAX_ENTRIES:
        raise SourceError("source-too-many", path=str(path), maximum=MAX_ENTRIES)


def _is_safe(name: str) -> bool:
    """Whether an archive member's name stays inside the archive, and is no litter of a file manager."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return not name.startswith("/") and ".." not in parts and "\0" not in name and "__MACOSX" not in parts
