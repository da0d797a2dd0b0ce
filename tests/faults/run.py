"""A row in a process of its own: `python -m faults.run NUMBER TRIALS FOLDER` prints its outcome as JSON.

Trials fork, and the fork of a process that has computed in threads before may wait for them for ever.
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
PATH = os.pathsep.join(map(str, (TESTS, TESTS / "training", TESTS.parent)))


def outcome(number: int, trials: int, folder: Path) -> Outcome:
    """What the trials of a row, counted from 1, come to; they are done in `folder`."""
    words = [sys.executable, "-m", "faults.run", str(number), str(trials), str(folder)]
    done = subprocess.run(words, env=os.environ | {"PYTHONPATH": PATH}, stdout=subprocess.PIPE, text=True, check=True)
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    number, trials, folder = sys.argv[1:]
    print(json.dumps(asdict(ROWS[int(number) - 1].run(int(trials), Path(folder)))))


if __name__ == "__main__":
    main()
