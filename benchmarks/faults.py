"""The table of faults: each fault done for real, many times, and how often what must hold did not.

    python benchmarks/faults.py                         # all rows, as many trials as the table promises
    python benchmarks/faults.py --only 1 4 --trials 20  # some rows, some trials

Prints the table of docs/faults.md, each row as soon as it is done; exits with 1 where something did not hold. The rows
are those of `tests/faults`, whose tests run a few trials of each. With `--out FILE` every outcome is kept there as
JSON, and a later call with the same file takes the rows that it does not run from it.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "training"), str(ROOT)]  # here, `faults` is this script

from faults.row import Row  # noqa: E402
from faults.rows import ROWS  # noqa: E402
from faults.run import outcome  # noqa: E402

from plainfilm.io import files  # noqa: E402

HEAD = "| fault | must hold | found |\n|---|---|---|"
UPPER_BOUND_OF_NONE = 3.0  # of 0 in n trials: 3 / n, the "rule of three", 95 %


def main() -> None:
    """Run the rows asked for and print the table."""
    arguments = parse()
    kept = json.loads(arguments.out.read_text()) if arguments.out and arguments.out.exists() else {}
    numbers = arguments.only or range(1, len(ROWS) + 1)
    print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}\n")
    print(HEAD)
    for number, row in enumerate(ROWS, start=1):
        if number in numbers:
            kept[str(number)] = tried(number, arguments.trials or row.long)
            if arguments.out:
                files.write_json(arguments.out, kept)
        if str(number) in kept:
            print(line(row, kept[str(number)]), flush=True)
    failures = [f"{number}: {text}" for number, found in kept.items() for text in found["failures"]]
    print("\n" + "\n".join(failures) if failures else "")
    sys.exit(1 if failures else 0)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=int, nargs="+", metavar="ROW", choices=range(1, len(ROWS) + 1))
    parser.add_argument("--trials", type=int, help="instead of the number that the table promises")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the outcomes there, as JSON")
    return parser.parse_args()


def tried(number: int, trials: int) -> dict[str, Any]:
    """The outcome of a row's trials, in a folder of their own, and how long they took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        found = outcome(number, trials, Path(folder))
    return asdict(found) | {"seconds": round(time.monotonic() - began)}


def line(row: Row, found: dict[str, Any]) -> str:
    """A row of the table: failures of trials, with the upper bound of their share where none of drawn ones failed."""
    trials, lost = found["trials"], len(found["failures"])
    bound = f" (at most {100 * UPPER_BOUND_OF_NONE / trials:.2g} %)" if row.are_drawn and not lost else ""
    further = "".join(f"; {what} {figure}" for what, figure in found["measured"].items())
    return f"| {row.fault} | {row.must_hold} | **{lost} {row.counted} of {trials:,}**{bound}{further} |"


if __name__ == "__main__":
    main()
