"""Commands of the program, and other work, as forks of the process of a row.

Starting Python with torch takes seconds, a fork of a process that has imported it none.
"""

import contextlib
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plainfilm.cli import main
from tests.conftest import Ran

ON_THE_WAY = (
    "torch._dynamo",  # the first optimiser that is made imports it
    "matplotlib.backends.backend_agg",
    "plainfilm.model.graph",
    "plainfilm.present.sections.answers",
    "plainfilm.present.sections.cross_validation",
    "plainfilm.present.progress",
    "plainfilm.workflows.cross_validation",
    "plainfilm.workflows.answers",
)
TINY = """[data]
channels = 1
[model]
depth = 18
width = 16
[split]
validation = 0.2
test = 0.2
[training]
sizes_px = [64]
epochs = [{epochs}]
batch_size = 8
ema_decay = 0.9
precision = "float32"
checkpoint_steps = 2
"""


@dataclass
class Command:
    """A command that runs in a fork."""

    pid: int
    said: Path  # the beginning of the names of the files with what it said
    is_finished: bool = False

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self) -> bool:
        """Whether it has ended, without taking notice of it."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def finish(self, patience_s: float = 120) -> Ran:
        """Wait for its end; its code is negative where a signal ended it, among them ours after `patience_s`."""
        deadline = time.monotonic() + patience_s
        while not self.ended():
            if time.monotonic() > deadline:
                self.send(signal.SIGKILL)
            time.sleep(0.01)
        code, self.is_finished = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]), True
        return Ran(code, *(self.said.with_suffix(kind).read_text() for kind in (".out", ".err")))

    def kill(self) -> None:
        """End it at once, unless its end was seen."""
        if not self.is_finished:
            self.send(signal.SIGKILL)
            self.finish()


def start(said: Path, *words: object, before: Callable[[], object] = lambda: None) -> Command:
    """Start `plainfilm WORDS` in a fork; `before` is called there first."""
    out, err = (said.with_suffix(kind) for kind in (".out", ".err"))
    for path in (out, err):  # which are there even if it is killed before it says anything
        path.write_bytes(b"")

    def work() -> None:
        before()
        command(*words)

    return Command(forked(work, out, err), said)


def command(*words: object) -> None:
    """Run the command line in this process."""
    sys.argv = ["plainfilm", *map(str, words)]
    main()


def forked(work: Callable[[], object], out: Path, err: Path | None = None) -> int:
    """Start `work` in a fork of this process, at the head of a group of its own, and return its number.

    What it prints is appended to `out`, and errors to `err` if that is another file. It ends with its exit code, 1
    after an exception.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        for descriptor, path in ((1, out), (2, err or out)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
        work()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(bool(left.code))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a fork: its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def import_all(*more: str) -> None:
    """Import what a training imports on its way, and more, so that no fork has to."""
    for name in (*ON_THE_WAY, *more):
        importlib.import_module(name)


def wait_until(holds: Callable[[], bool], command: Command, patience_s: float = 60) -> bool:
    """Whether something came to hold before a command ended."""
    deadline = time.monotonic() + patience_s
    while not holds():
        if command.ended() or time.monotonic() > deadline:
            return holds()
        time.sleep(0.005)
    return True
