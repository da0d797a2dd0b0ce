"""Rows whose trials run in a process of their own, with commands of the program as forks of it.

Starting Python with torch takes seconds, a fork of a process that has imported it none. Such a script is called as
`python SCRIPT TRIALS FOLDER`, tells `Told` and prints it at the end.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

from faults.row import Outcome
from plainfilm.cli import main
from tests.conftest import Ran

ROOT = Path(__file__).parents[2]
ON_THE_WAY = (
    "torch._dynamo",  # the first optimiser that is made imports it
    "matplotlib.backends.backend_agg",
    "plainfilm.model.graph",
    "plainfilm.printing.answers",
    "plainfilm.printing.comparison",
    "plainfilm.printing.training",
    "plainfilm.workflows.cross_validate",
    "plainfilm.workflows.predict",
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
class Told:
    """What the trials of a script came to."""

    trials: int = 0
    failures: list[str] = field(default_factory=list)
    measured: dict[str, str] = field(default_factory=dict)

    def print(self) -> None:
        print(json.dumps(asdict(self)))


def run_script(script: str, trials: int, folder: Path, *, within: Sequence[str] = ()) -> Outcome:
    """The outcome that a script of this folder tells; `within` is what starts it, for instance `unshare`."""
    folders = (ROOT, ROOT / "tests", ROOT / "tests/training", os.environ.get("PYTHONPATH", ""))
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders)), "OMP_NUM_THREADS": "1"}
    words = [*within, sys.executable, "-W", "error", Path(__file__).parent / script, str(trials), folder]
    done = subprocess.run(words, env=surroundings, capture_output=True, text=True, check=False)
    if done.returncode:
        return Outcome(0, (f"{script} ended with {done.returncode}: {done.stderr[-2000:]}",))
    told = json.loads(done.stdout.splitlines()[-1])
    return Outcome(told["trials"], tuple(told["failures"]), told["measured"])


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
    with said.with_suffix(".out").open("wb") as out, said.with_suffix(".err").open("wb") as err:
        pid = os.fork()
        if pid == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            _become([str(word) for word in words], before)
    return Command(pid, said)


def _become(words: list[str], before: Callable[[], object]) -> NoReturn:
    code = 70  # where it does not even begin
    try:
        before()
        sys.argv = ["plainfilm", *words]
        main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    except BaseException as error:
        os.write(2, f"Traceback: {error!r}".encode())
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(code)


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
