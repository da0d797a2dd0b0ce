"""Commands that run as talkative as they get (see `loud.py`), and what they leave."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "loud.py"


class Commands:
    """Forks of one process: `commands.run("index", "predict", ...)`; `commands.start("serve", ...)` stays."""

    def __init__(self, folder: Path, libraries: Sequence[str] = (), options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.temporary = Path(tempfile.mkdtemp())  # short: a socket's path has a hundred characters
        self.process = subprocess.Popen(
            [sys.executable, *options, PROGRAM, *libraries],
            env=os.environ | {"TMPDIR": str(self.temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _call(self, name: str, words: Sequence[object], **options: object) -> int:
        call = {"name": name, "words": [str(word) for word in words], "folder": str(self.folder), **options}
        assert self.process.stdin is not None
        print(json.dumps(call), file=self.process.stdin, flush=True)
        return self._number()

    def _number(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def run(self, name: str, *words: object, **options: object) -> int:
        """The exit code of a command; `name` is that of its files, `options` those of a call."""
        self._call(name, words, **options)
        return self._number()

    @contextmanager
    def started(self, name: str, *words: object) -> Iterator[int]:
        """The process id of a command that stays, a server, stopped by SIGTERM at the end."""
        child = self._call(name, words, stays=True)
        try:
            yield child
        finally:
            os.kill(child, signal.SIGTERM)
            while not has_ended(child):
                time.sleep(0.01)

    def told(self, name: str, ending: str = "out") -> str:
        """What a command wrote to a stream so far."""
        path = self.folder / f"{name}.{ending}"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def close(self) -> None:
        """End the process, and remove its temporary folder."""
        self.process.communicate()
        shutil.rmtree(self.temporary)


@contextmanager
def serving(commands: Commands, name: str, *words: object) -> Iterator[dict[str, Any]]:
    """A server, from the moment on that it tells its address: what it tells."""
    (commands.folder / f"{name}.out").unlink(missing_ok=True)  # of an earlier one
    with commands.started(name, "serve", *words, "--port", 0, "--json") as server:
        while not (told := commands.told(name)).endswith("}\n"):
            assert not has_ended(server), commands.told(name, "err")
            time.sleep(0.02)
        yield json.loads(told)


def has_ended(child: int) -> bool:
    """Whether a process of another is over, and waits to be taken note of."""
    return Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


@contextmanager
def watching(folders: Sequence[Path], look: Callable[[Path, bytes], None]) -> Iterator[None]:
    """Within it, every file that comes to be below `folders` is looked at, soon; at the end all that are left."""
    over = threading.Event()

    def pass_by(seen: set[Path]) -> None:
        for path in {path for folder in folders for path in folder.rglob("*") if path.is_file()} - seen:
            with contextlib.suppress(OSError):  # it is gone already
                look(path, path.read_bytes())
                seen.add(path)

    def watch() -> None:
        seen: set[Path] = set()
        while not over.wait(0.05):
            pass_by(seen)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    pass_by(set())
