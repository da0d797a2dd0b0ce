"""No room: full disks, read-only disks, a limit of the size of files; see `no_room_trials.py`."""

import os
import subprocess
from pathlib import Path

import pytest
from builders import program

from faults.forked import run_script
from faults.row import Outcome, Row


def run(trials: int, folder: Path) -> Outcome:
    alone = [str(program("unshare")), "--mount"]
    if subprocess.run([*alone, "mount", "-t", "tmpfs", "tmpfs", folder], check=False, capture_output=True).returncode:
        if not os.environ.get("CI"):
            pytest.skip("small disks cannot be mounted here")
        return Outcome(0, ("small disks cannot be mounted here: CI has to be root, and may unshare and mount",))
    return run_script("no_room_trials.py", trials, folder, within=alone)


ROW = Row(
    fault="disk full; read-only folder; file-size limit",
    must_hold="a sentence with path and bytes needed, exit code 1, the old checkpoint loads; told before the first epoch "
    "where it can be known; with room again the run ends with the same bits",
    counted="lost",
    run=run,
    short=12,
    long=50,
    are_drawn=True,
)
