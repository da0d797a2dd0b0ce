"""How often the intervals hold the truth: the simulated table, and which figures lie where they do so too seldom.

`coverage.json` beside this file is written by `benchmarks/coverage.py`, and printed in `docs/intervals.md`. A cell is a
kind of figure, the number of groups (an AUC has two: of the class and of the rest), films a group, and the true value.

The truth of a figure is not known. So it lies in the cells of the nearest numbers of groups and films a group whose
values its interval holds, and in the one of the nearest value; the worst of these counts.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from plainfilm.evaluation.intervals import Estimate
from plainfilm.evaluation.metrics import Booleans, Integers

TABLE = Path(__file__).with_name("coverage.json")
LOWEST = 0.93
"""A 95 % interval that covers less than this misses."""
KINDS = {
    **dict.fromkeys(("accuracy", "sensitivity", "specificity", "precision"), "share"),
    **{name: name for name in ("auc", "f1", "balanced_accuracy", "macro_auc", "log_loss", "brier")},
}
"""The kind of each figure of an evaluation."""
LOSSES = ("log_loss", "brier")
MARK = "*"  # at a figure whose interval covers too little
EDGE = 1e-4  # a share of 0 or 1 is taken for this far from it


@dataclass(frozen=True)
class Cell:
    """A cell of the table: the true value, and the share of intervals that held it."""

    kind: str
    groups: tuple[int, ...]
    cluster: int  # films a group
    value: float
    coverage: float


@cache
def cells() -> tuple[Cell, ...]:
    """The table."""
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["cells"]
    return tuple(Cell(kind, tuple(groups), *numbers) for kind, groups, *numbers in rows)


def missed(kind: str, estimate: Estimate, groups: Sequence[int], cluster: float) -> float | None:
    """The coverage of a figure's interval where it is below LOWEST, else None.

    Args:
        kind: of the figure, a value of KINDS.
        estimate: the figure.
        groups: how many groups it rests on: (groups,), for an AUC (of the class, of the rest).
        cluster: films a group, on average.
    """
    if not estimate.estimable or min(groups) < 1:
        return None
    sizes = np.log([*sorted(groups), cluster])
    of_kind = [cell for cell in cells() if cell.kind == kind]
    found = _nearest(of_kind, lambda cell: math.dist(np.log([*sorted(cell.groups), cell.cluster]), sizes))
    inside = [cell for cell in found if estimate.low <= cell.value <= estimate.high]
    inside += _nearest(found, lambda cell: abs(_scaled(kind, cell.value) - _scaled(kind, estimate.value)))
    worst = min(cell.coverage for cell in inside)
    return worst if worst < LOWEST else None


def _nearest(found: Sequence[Cell], distance: Callable[[Cell], float]) -> list[Cell]:
    """All cells at the least distance."""
    distances = [distance(cell) for cell in found]
    nearest = min(distances)
    return [cell for cell, far in zip(found, distances, strict=True) if far <= nearest + 1e-9]


def _scaled(kind: str, value: float) -> float:
    """A value on the scale on which it is near another: logarithm of a loss, of the odds of a share."""
    if kind in LOSSES:
        return math.log(max(value, EDGE))
    share = min(max(value, EDGE), 1 - EDGE)
    return math.log(share / (1 - share))


def mark_missed(figures: Mapping[str, Any], labels: Integers, groups: Sequence[str]) -> None:
    """Add `coverage` to each figure of an evaluation whose interval covers too little; labels and groups (N,).

    Precision and F1 are taken to rest on the groups of the class.
    """
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    every = np.ones(len(labels), bool)
    for name in ("accuracy", "balanced_accuracy", "macro_auc", *LOSSES):
        _mark(figures[name], name, [every], group_of_film)
    for k, of_class in enumerate(figures["classes"].values()):
        own = labels == k
        for name, figure in of_class.items():
            sides = {"auc": [own, ~own], "specificity": [~own]}.get(name, [own])
            _mark(figure, name, sides, group_of_film)


def lowest_marked(figures: Iterable[Any]) -> float | None:
    """The lowest coverage that a figure is marked with; None where none is. Entries that are no figures are skipped."""
    found = [entry["coverage"] for entry in figures if is_marked(entry)]
    return min(found, default=None)


def is_marked(entry: Any) -> bool:
    """Whether an entry is a figure whose interval covers too little."""
    return isinstance(entry, Mapping) and {"value", "coverage"} <= set(entry)


def _mark(figure: dict[str, Any], name: str, sides: Sequence[Booleans], group_of_film: Integers) -> None:
    groups = [len(np.unique(group_of_film[side])) for side in sides]
    films = sum(int(side.sum()) for side in sides)
    coverage = missed(KINDS[name], Estimate.from_dict(figure), groups, films / max(sum(groups), 1))
    if coverage is not None:
        figure["coverage"] = coverage
