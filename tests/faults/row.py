"""What a row of the table of faults is: a fault, what must hold under it, and trials that say whether it did.

Each row is a module of this folder. The tests run a few of its trials, `benchmarks/faults.py` many. A trial does the
harm for real (a signal, a full disk, a forged file, a process of its own) and looks at what is left; nothing of the
program is replaced by a mock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What the trials of a row came to."""

    trials: int
    failures: tuple[str, ...] = ()  # a line for each trial in which something did not hold
    measured: dict[str, str] = field(default_factory=dict)  # further figures for the table: what, with its unit


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    fault: str
    must_hold: str
    counted: str  # what a failure is: "torn", "lost", "executed"
    run: Callable[[int, Path], Outcome]  # as many trials as asked for, or all where their number is fixed; in a folder
    short: int  # trials in a test
    long: int  # trials in the benchmark
    within: tuple[str, ...] = ()  # what starts the process of the trials, for instance `unshare`
    are_drawn: bool = False  # whether trials are drawn at random: none that failed of n then bounds the share that does


def row(**description: Any) -> Callable[[Callable[[int, Path], Outcome]], Row]:
    """Makes the function that does the trials the row that is described beside it: the fields of Row but `run`."""
    return lambda run: Row(run=run, **description)
