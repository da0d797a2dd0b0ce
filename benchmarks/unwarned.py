"""Of films of other places: how many wrong answers are shown as one class, without a warning?

    python benchmarks/unwarned.py RUN

Reads the external tests that the run holds. A film is warned of if the input check refuses it, if its prediction set
holds not just one class, or if the films of its place together are abroad. The first figure asks without the last.
"""

import argparse
import json
from pathlib import Path

from plainfilm.evaluation.intervals import wilson
from plainfilm.io import tables
from plainfilm.io.run_folder import PREDICTIONS, Run


def main() -> None:
    """A line an external test, and one of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    options = parser.parse_args()
    total = [0, 0, 0, 0]
    for path in Run(options.run).external():
        figures = json.loads(path.read_text())
        rows, _ = tables.from_csv(path.with_name(PREDICTIONS).read_text(encoding="utf-8"))
        plain = [
            row for row in rows if row["gate"] == "passed" and row["set"] not in ("", "none") and "|" not in row["set"]
        ]
        wrong = sum(row["set"] != row["label"] for row in plain)
        is_abroad = bool(figures["shift"]) and figures["shift"]["verdict"] == "abroad"
        counts = [len(rows), wrong, 0 if is_abroad else wrong, len(plain) - wrong]
        total = [whole + part for whole, part in zip(total, counts, strict=True)]
        print_line(f"{path.parent.name} ({figures['shift']['verdict']})", *counts)
    print_line("all", *total)


def print_line(name: str, films: int, wrong: int, unwarned: int, right: int) -> None:
    """The shares, with their intervals."""
    shares = [wilson(count, films).in_percent().shown("en") for count in (wrong, unwarned, right)]
    print(
        f"{name}: wrong and one class {shares[0]}, also without the warning of its place {shares[1]}, right {shares[2]}"
    )


if __name__ == "__main__":
    main()
