"""Files: written whole or not at all, hashed, and read from folders within limits.

Writing: a temporary file in the same folder, flush, fsync, `os.replace`, fsync the folder. So a reader meets the old
file or the new one, never a part.

Reading: a source is a folder, a zip or a tar; `archives` reads the latter two.
"""

import contextlib
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from plainfilm.archives import Source, check_count, check_member, open_archive
from plainfilm.errors import OutputError, SourceError

TEMPORARY_PREFIX = ".unfinished-"

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


def open_source(path: Path) -> Source:
    """Open a folder, a zip or a tar (also compressed) for reading in place.

    Raises SourceError for a missing path, a file of another kind, a damaged archive or one beyond the limits.
    """
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise SourceError("source-unknown-kind" if path.exists() else "source-missing", path=str(path))
    return open_archive(path)


def single_film(path: Path) -> Source:
    """The source that holds the one file `path`."""
    return Source(path.parent, (path.name,), lambda name: _bounded(path.parent / name))


def listed_files(folder: Path, names: tuple[str, ...]) -> Source:
    """The source of the files with these paths, relative to `folder` or absolute: what a table of the user names."""
    return Source(folder, names, lambda name: _bounded(folder / name))


def _bounded(path: Path) -> bytes:
    try:
        status = path.stat()
    except ValueError as error:  # NUL in a name, which a table may hold
        raise SourceError("film-missing") from error
    if not stat.S_ISREG(status.st_mode):  # reading a pipe would never end
        raise SourceError("film-missing")
    check_member(path.name, status.st_size)
    with path.open("rb") as file:  # what the system makes while it is read has size 0, and may have no end
        return file.read(status.st_size)


def _open_folder(path: Path) -> Source:
    root = path.resolve()
    names: list[str] = []
    for folder, folders, files in os.walk(root):
        folders.sort()
        relative = Path(folder).relative_to(root)
        names += [(relative / name).as_posix() for name in sorted(files)]
        check_count(path, len(names))

    def read(name: str) -> bytes:
        try:
            target = (root / name).resolve()
        except (OSError, RuntimeError) as error:  # a link that leads to itself
            raise SourceError("film-missing") from error
        if not target.is_relative_to(root):
            raise SourceError("member-outside", name=name)
        return _bounded(target)

    return Source(path, tuple(names), read)
