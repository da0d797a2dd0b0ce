"""A loader worker, a process of a training under torchrun, torchrun or the training itself is killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from faults.row import Outcome, Row

PROGRAM = Path(__file__).with_name("killed_processes.py")


def run(trials: int, folder: Path) -> Outcome:
    """Kill, look at what is left, go on, and compare with the training that nobody disturbed."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), str(trials)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return Outcome(0, (done.stderr,))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    failures = tuple(
        f"trial {number}: {trial['case']} killed after step {trial['step']}: {'; '.join(trial['seen'])}\n{trial['said']}"
        for number, trial in enumerate(found)
        if trial["seen"]
    )
    slowest = max(trial["seconds"] for trial in found)
    return Outcome(len(found), failures, {"slowest end or restart": f"{slowest:.1f} s"})


ROW = Row(
    fault="a loader worker killed; a rank killed under torchrun; torchrun killed",
    must_hold="a clear end within 30 s, or a restart; then the same weights; no process is left",
    counted="orphans, hangs or other weights",
    run=run,
    short=8,
    long=24,
    are_drawn=True,
)
