"""One training in a folder: a lock that the second one meets, and that ends with its process, however that ends.

- A lock of the system's on a file in the folder. POSIX locks belong to a process: workers that outlive a killed
  training do not hold it, and network file systems know it.
- The file says who holds the lock and is removed at the end; one that a killed process left is free and is taken over.
"""

import contextlib
import errno
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from plainfilm.errors import OutputError
from plainfilm.io import files

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 2**30  # the locked byte, behind all that stands in the file: Windows lets nobody read a locked one
HELD = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}  # what a held lock is answered with; others: no locks here
MAX_NOTE_BYTES = 500
WAITS, WAIT_S = 20, 0.05  # for who holds the lock to say so


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Within it, this process alone writes into `folder`; one that was made for it and stayed empty vanishes again.

    Raises OutputError where another process does so already; OutputError or StorageError where it cannot be written.
    """
    is_new = not folder.exists()
    if not is_new and not folder.is_dir():
        raise OutputError("output-exists", path=str(folder))
    files.writable_folder(folder)
    path = folder / files.LOCK_NAME
    descriptor = _taken(path)
    try:
        note = f"{os.getpid()} {socket.gethostname()}".encode()
        with files.writing(path, len(note)):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, note)
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()  # while it is still locked: whoever waits for this file finds that it is gone
        os.close(descriptor)
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _taken(path: Path) -> int:
    """The descriptor of the lock's file, locked."""
    note = ""
    for _ in range(WAITS):
        with files.writing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        is_locked = _lock(descriptor)
        if is_locked and _is_same(descriptor, path):
            return descriptor
        before, note = note, "" if is_locked else os.read(descriptor, MAX_NOTE_BYTES).decode(errors="replace")
        os.close(descriptor)
        if note and note == before:
            break
        time.sleep(WAIT_S)  # one that ended meanwhile removed it, or one that begins has not yet put its name in
    process, _, host = note.partition(" ")
    raise OutputError("output-in-use", path=str(path.parent), process=process or "?", host=host or "?")


def _is_same(descriptor: int, path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _lock(descriptor: int) -> bool:
    """Lock the file, unless another process has done so. A file system without locks lets everybody in."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, FAR)
    except OSError as error:
        return error.errno not in HELD
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return True
