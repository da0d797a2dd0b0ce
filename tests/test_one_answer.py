"""Four ways to the same films give one answer; on real films, benchmarks/one_answer.py says the same."""

import re
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parents[1] / "benchmarks" / "one_answer.py"


def test_every_way_gives_one_answer(model: Path, phantoms: Path) -> None:
    command = [sys.executable, str(PROGRAM), str(model), str(phantoms), "--films", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "100 films" in done.stdout
    assert float(re.search(r"temperature ([0-9.]+)", done.stdout)[1]) != 1
    compared = [int(n) for n in re.findall(r": [0-9.e+-]+, n (\d+)", done.stdout)]
    assert len(compared) == 3
    assert min(compared) >= 90  # `evaluate` leaves out planted copies
