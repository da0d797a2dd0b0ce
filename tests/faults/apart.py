"""Trials in a process of their own that forks: it has imported once what its children need, and no threads of a test.

A row calls `apart`; its module ends with `answer`, which runs the trials there.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from faults.row import Outcome


def apart(module: str, trials: int, folder: Path) -> Outcome:
    """The outcome of a module's trials, run as a program of one thread."""
    surroundings = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that outnumber the processors do not spin
        "OMP_NUM_THREADS": "1",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", module, str(trials), str(folder)],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return Outcome(found["trials"], tuple(found["failures"]), found["measured"])


def answer(run: Callable[[int, Path], Outcome]) -> None:
    """Run the trials that the command line asks for and print their outcome."""
    print(json.dumps(asdict(run(int(sys.argv[1]), Path(sys.argv[2])))))


def forked(work: Callable[[], object], output: Path) -> int:
    """Start `work` in a fork of this process, at the head of a group of its own, and return its number.

    What it prints is appended to `output`. It ends with its exit code, 1 after an exception.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        os.setpgid(0, 0)
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        work()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(bool(left.code))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a fork: its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
