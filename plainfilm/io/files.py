"""Files: written whole or not at all, hashed, and read from folders within limits.

Writing: a temporary file in the same folder, flush, fsync, `os.replace`, fsync the folder. So a reader meets the old
file or the new one, never a part. The writer holds a lock on its temporary file, which ends with its process: what a
killed process left is known by nobody holding it, and the next process that writes in that folder removes it. A disk
that is full, read-only or limited is told with the path and the bytes needed.

Reading: a source is a folder (`folders`), a zip (`zips`) or a tar (`tars`).
"""

import contextlib
import errno
import functools
import hashlib
import io
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from plainfilm.errors import OutputError, SourceError, StorageError
from plainfilm.io.archives import Source, check_kind
from plainfilm.io.folders import first_bytes, open_folder, read_file
from plainfilm.io.name_encoding import Fits, check_encoding
from plainfilm.io.tars import open_tar
from plainfilm.io.zips import is_zip, open_zip
from plainfilm.text import json_text

TEMPORARY_PREFIX = ".plainfilm-"
FOLDER_SUFFIX = ".folder"  # of a temporary folder, beside the file by which it is held
LOCK_NAME = ".lock"  # in a folder that is written into at this moment
FULL = {errno.ENOSPC, errno.EDQUOT}
WRONG_PATH = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG}

# --- writing ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def replacing(path: Path, needed_bytes: int = 0) -> Iterator[IO[bytes]]:
    """A binary file to write; on leaving without an exception it takes the place of `path`, else it vanishes.

    Raises OutputError or StorageError where it cannot be written; `path` is then as it was.
    """
    with writing(path, needed_bytes), _unfinished(path.parent) as file:
        _check_place(path)
        yield file
        file.flush()
        os.fsync(file.fileno())
        if os.name == "nt":  # Windows renames no open file
            file.close()
        os.replace(file.name, path)
        _sync_folder(path.parent)


@contextlib.contextmanager
def writing(path: Path, needed_bytes: int = 0) -> Iterator[None]:
    """Within it, what the system says against writing `path`, so many bytes, becomes an error of ours.

    Raises OutputError where there can be no such file, StorageError where the storage does not take it.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in FULL:
            there = next(folder for folder in path.absolute().parents if folder.exists())
            free_bytes = shutil.disk_usage(there).free
            raise StorageError(
                "output-full", path=str(path), needed_bytes=needed_bytes, free_bytes=free_bytes, reason=reason
            ) from error
        if error.errno == errno.EFBIG:
            raise StorageError("output-too-large", path=str(path), needed_bytes=needed_bytes) from error
        if error.errno in WRONG_PATH:
            raise OutputError("output-unwritable", path=str(path), reason=reason) from error
        raise StorageError("output-unwritable", path=str(path), reason=reason) from error


def append(file: io.FileIO, data: bytes) -> None:
    """Add `data` to an unbuffered file that was opened for appending; where there is no room, nothing of it stays.

    Raises StorageError.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    with writing(Path(os.fsdecode(file.name)), len(data)):
        try:
            done = 0
            while done < len(data):
                done += file.write(data[done:])
        except OSError:
            file.truncate(size_bytes)
            raise


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, whole or not at all."""
    with replacing(path, len(data)) as file:
        file.write(data)


def write_text(path: Path, content: str) -> None:
    """Write `content` as UTF-8 to `path`, whole or not at all; file names that are no UTF-8 keep their bytes."""
    write_bytes(path, content.encode("utf-8", "surrogateescape"))


def write_json(path: Path, value: object) -> None:
    """Write `value` as readable JSON to `path`, whole or not at all; a number that is not finite is an error."""
    write_text(path, json_text(value, indent=2) + "\n")


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder among the system's temporary files, which only its owner may read; it vanishes on leaving."""
    with _unfinished(Path(tempfile.gettempdir())) as file:
        folder = Path(file.name + FOLDER_SUFFIX)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def new_folder(path: Path) -> Path:
    """Make the folder `path`, which must not exist yet or be empty but for a lock, and prove that it can be written.

    Raises OutputError, StorageError.
    """
    _sweep(path)
    if path.exists() and (not path.is_dir() or any(inside.name != LOCK_NAME for inside in path.iterdir())):
        raise OutputError("output-exists", path=str(path))
    return writable_folder(path)


def writable_folder(path: Path) -> Path:
    """Make the folder `path` where it does not exist, and prove that it can be written.

    Raises OutputError, StorageError.
    """
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    return path


def writable_file(path: Path) -> None:
    """Make the folder of `path`, and prove that a file can be written there. Raises OutputError, StorageError."""
    writable_folder(path.parent)
    with writing(path):
        _check_place(path)


def _check_place(path: Path) -> None:
    """Raise OutputError where `path` is neither a file nor nothing: a folder; a pipe, which a file would replace."""
    if path.exists() and not path.is_file():
        reason = os.strerror(errno.EISDIR if path.is_dir() else errno.EEXIST)
        raise OutputError("output-unwritable", path=str(path), reason=reason)


@contextlib.contextmanager
def _unfinished(folder: Path) -> Iterator[IO[bytes]]:
    """A new file, held while it is open; on leaving it vanishes, unless it was given another name."""
    _sweep(folder)
    file = _new_file(folder)
    while not _hold(file):
        file.close()
        file = _new_file(folder)
    try:
        with file:
            yield file
    finally:
        with contextlib.suppress(OSError):  # it has another name
            os.unlink(file.name)


def _new_file(folder: Path) -> IO[bytes]:
    return (folder / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}").open("xb")


def _hold(file: IO[bytes]) -> bool:
    """Lock a file until it is closed or this process ends; False where another process has just swept it away."""
    if sys.platform != "win32":
        import fcntl

        with contextlib.suppress(OSError):  # a file system without locks, where `_sweep` removes nothing
            fcntl.flock(file, fcntl.LOCK_EX)
    return os.path.exists(file.name)


@functools.cache  # once a process: listing a folder of many files for each of them would take long
def _sweep(folder: Path) -> None:
    """Remove the unfinished files in a folder that no process holds any more, and temporary folders with theirs.

    On Windows, where such locks do not end with a process, nothing is removed.
    """
    if sys.platform == "win32":
        return
    import fcntl

    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where it is held
            shutil.rmtree(f"{path}{FOLDER_SUFFIX}", ignore_errors=True)
            path.unlink()


def empty(folder: Path) -> None:
    """Remove all that is in a folder but its lock, as far as the system lets us."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != LOCK_NAME:
            with contextlib.suppress(OSError):
                path.unlink()


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


def open_source(path: Path, *, follow_links: bool = False, encoding: str = "", fits: Fits | None = None) -> Source:
    """Open a folder, a zip or a tar (also compressed) for reading in place.

    `follow_links`: also links that lead out of a folder. `encoding`: of an archive's names, where its owner says it.
    `fits`: how many of some names a table knows, where one is given; it may decide the encoding.

    Raises SourceError for a missing path, a file of another kind, a damaged archive or one beyond the limits, and an
    encoding that is none or does not fit.
    """
    if encoding:
        check_encoding(encoding)
    if path.is_dir():
        return open_folder(path, follow_links=follow_links)
    if not path.is_file():
        raise SourceError("source-unknown-kind" if path.exists() else "source-missing", path=str(path))
    try:
        check_kind(path)
        source = open_tar(path, encoding, fits)
        if source is None and is_zip(path):
            source = open_zip(path, encoding, fits)
    except OSError as error:
        raise SourceError("source-damaged", path=str(path), reason=error.strerror or str(error)) from error
    if source is None:
        raise SourceError("source-unknown-kind", path=str(path))
    return source


def is_file(path: Path) -> bool:
    """Whether a regular file, or a link to one, is there; False for what no path can be."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def single_film(path: Path) -> Source:
    """The source that holds the one file `path`."""
    return listed_files(path.parent, (path.name,))


def listed_files(folder: Path, names: tuple[str, ...]) -> Source:
    """The source of the files with these paths, relative to `folder` or absolute: what a table of the user names."""

    def read(name: str) -> bytes:
        return read_file(os.path.join(folder, name))

    return Source(folder, names, read, lambda name: first_bytes(os.path.join(folder, name)))
