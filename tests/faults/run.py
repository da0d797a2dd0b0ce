"""A row in a process of its own: `python -m faults.run NUMBER TRIALS FOLDER` prints its outcome as JSON.

Trials fork, and the fork of a process that has computed in threads before may wait for them for ever. What the process
starts computes in one thread too, unless told otherwise: threads that outnumber the processors wait for each other, and
a busy machine would look like a hang.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from faults.row import Outcome
from faults.rows import ROWS

TESTS = Path(__file__).parents[1]
SURROUNDINGS = {
    "PYTHONPATH": os.pathsep.join(map(str, (TESTS, TESTS / "training", TESTS.parent))),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
}


def outcome(number: int, trials: int, folder: Path) -> Outcome:
    """What the trials of a row, counted from 1, come to; they are done in `folder`."""
    within, words = ROWS[number - 1].within, ("-m", "faults.run", str(number), str(trials), str(folder))
    done = subprocess.run(
        [*within, sys.executable, *words], env=os.environ | SURROUNDINGS, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        return Outcome(0, (f"the process of the trials ended with {done.returncode}",))
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    number, trials, folder = sys.argv[1:]
    print(json.dumps(asdict(ROWS[int(number) - 1].run(int(trials), Path(folder)))))


if __name__ == "__main__":
    main()
