"""A call in a process of its own (a fork of this one, so that libraries are warm): its end, CPU time and memory."""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from plainfilm.cli import main
from plainfilm.errors import PlainfilmError


@dataclass(frozen=True)
class Measured:
    """What came of a call."""

    end: str  # the code of the error that it raised, "done: " and what it returned, "exit N", or how it failed
    cpu_ms: float
    grown_bytes: int  # the most memory that it had at a time, above what it started with

    @property
    def is_refused(self) -> bool:
        """Whether it raised an error of the program's own."""
        return not self.end.startswith(("done", "exit", "failed"))


def measured(call: Callable[[], object]) -> Measured:
    """Call it in a fork of this process, which ends with it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(_measure(call)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    return Measured(*json.loads(said)) if said else Measured(f"failed: status {status}", 0.0, 0)


def commanded(words: list[object], folder: Path) -> tuple[Measured, str]:
    """Call the command line in such a fork, in `folder`; and what it printed."""
    printed = folder.with_name(f"{folder.name}-printed")

    def call() -> None:
        os.chdir(folder)
        with printed.open("wb") as file:
            for descriptor in (1, 2):
                os.dup2(file.fileno(), descriptor)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115 - what pytest captures
        sys.argv = ["plainfilm", *map(str, words)]
        try:
            main()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()

    end = measured(call)
    text = printed.read_text(encoding="utf-8", errors="replace")
    printed.unlink()
    return end, text


def _measure(call: Callable[[], object]) -> tuple[str, float, int]:
    before, start = _memory_bytes("VmRSS"), time.process_time()
    try:
        end = f"done: {call()!r}"[:200]
    except PlainfilmError as error:
        end = error.code
    except SystemExit as error:
        end = f"exit {error.code}"
    except BaseException as error:
        end = f"failed: {error!r}"[:200]
    return end, 1000 * (time.process_time() - start), _memory_bytes("VmHWM") - before


def _memory_bytes(name: str) -> int:
    """VmRSS: what the process has now; VmHWM: the most that it had (of a fork: since it was made)."""
    return 1024 * int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0])
