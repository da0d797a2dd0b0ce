"""The folder of a run: what lies where in it, and how far the run has come. Each name is spelled here alone.

A run is begun once its recipe is there, which is written last of what it needs to go on. Folders of an index, of an
evaluation elsewhere and of a cross-validation share some of the names.

One training in a folder: a lock that the second one meets, and that ends with its process, however that ends.
- A lock of the system's on a file in the folder. POSIX locks belong to a process: workers that outlive a killed
  training do not hold it, and network file systems know it.
- The file says who holds the lock and is removed at the end; one that a killed process left is free and is taken over.
"""

import contextlib
import errno
import os
import re
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from plainfilm.errors import OutputError
from plainfilm.io import files

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

RECIPE, INDEX, INDEX_FACTS, INDEX_KEY = "recipe.toml", "index.csv", "index.json", "index.key"
METRICS, PREDICTIONS, SEEN = "metrics.json", "predictions.csv", "seen.csv"  # of an evaluation
AUDIT = "audit.json"
CROSS_VALIDATION = "cross-validation.json"
CHECKPOINTS, GIVEN, BEST = "checkpoints", "given.safetensors", "best.safetensors"
PIXELS = re.compile(r"pixels-\d+\.(npy|json)")
BEFORE_RECIPE = {INDEX, INDEX_FACTS, INDEX_KEY, CHECKPOINTS, f"{CHECKPOINTS}/{GIVEN}"}  # in a run, beside its pixels


class Run:
    """The files of a run, there or not yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / RECIPE
        self.index = folder / INDEX
        self.history = folder / "history.csv"
        self.log = folder / "log.jsonl"
        self.profile = folder / "profile.json"
        self.checkpoints = folder / CHECKPOINTS
        self.best = self.checkpoints / BEST  # the best network so far
        self.model = folder / "model.onnx"
        self.int8 = folder / "model-int8.onnx"
        self.figures = folder / "figures"
        self.evaluation = folder / "evaluation"
        self.metrics = self.evaluation / METRICS
        self.predictions = self.evaluation / PREDICTIONS
        self.audit = folder / "audit"
        self.audit_figures = self.audit / AUDIT
        self.report = folder / "report.html"
        self.card = folder / "MODEL_CARD.md"

    def external(self) -> Sequence[Path]:
        """The figures of tests elsewhere, a folder each, sorted."""
        return sorted(self.folder.glob(f"external/*/{METRICS}"))

    @property
    def is_begun(self) -> bool:
        """Whether this is a run that can go on."""
        return self.recipe.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether this is a run with its model."""
        return self.is_begun and self.index.is_file() and self.model.is_file()

    @property
    def is_preparing(self) -> bool:
        """Whether the films of a run not yet begun may be being read here: pixels are there, or nothing at all."""
        return self.folder.is_dir() and (any(pixel_files(self.folder)) or not any(self.folder.iterdir()))

    @property
    def is_killed_start(self) -> bool:
        """Whether nothing is in the folder but pixels, and what follows them until the recipe makes it a run."""
        found = [path for pattern in ("*", f"{CHECKPOINTS}/*") for path in self.folder.glob(pattern)]
        names = {
            path.relative_to(self.folder).as_posix()
            for path in found
            if not path.name.startswith(files.TEMPORARY_PREFIX)
        }
        pixels = {name for name in names if PIXELS.fullmatch(name)}
        left = names - pixels - {files.LOCK_NAME}
        begun = left == {INDEX_KEY} or any(name.endswith(".npy") for name in pixels)
        return begun and left <= BEFORE_RECIPE

    def make(self) -> None:
        """Make the folder of a new run. What a start left that was killed before it wrote the recipe is removed.

        Raises OutputError where anything else is there.
        """
        if self.is_killed_start:
            files.empty(self.folder)
        files.new_folder(self.folder)


def check_elsewhere(out: Path) -> None:
    """Raise OutputError for the folder of a run, or of its own test, which figures of other films would replace."""
    for folder in (out, out.parent):
        run = Run(folder)
        if run.is_begun and out in (folder, run.evaluation):
            raise OutputError("output-of-run", path=str(out), instead=str(folder / "external" / "NAME"))


def pixel_files(folder: Path) -> list[Path]:
    """The files of the pixel stores in a folder."""
    return list(folder.glob("pixels-*"))


def pixels_path(folder: Path, size_px: int) -> Path:
    """The pixels of films at a size; what is in it says the file with the same name and the ending .json."""
    return folder / f"pixels-{size_px}.npy"


# --- one process at a time -------------------------------------------------------------------------------------------

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
