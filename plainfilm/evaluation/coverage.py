"""How often the intervals hold the truth: the simulated table, and which figures lie where they do so too seldom.

`coverage.json` beside this file is written by `benchmarks/coverage.py`, and printed in `docs/intervals.md`. A cell is a
kind of figure, the number of groups (an AUC has two: of the class and of the rest), films a group, and the true value.

The truth of a figure is not known. So it lies in the cells of the nearest numbers of groups and films a group whose
values its interval holds, and in the one of the nearest value; the worst of these counts.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation import registry
from plainfilm.evaluation.measured import Measured
from plainfilm.evaluation.metrics import Booleans, Integers
from plainfilm.evaluation.registry import Figure

TABLE = Path(__file__).with_name("coverage.json")
LOWEST = 0.93
"""A 95 % interval that covers less than this misses."""
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
    """The coverage of a figure's interval if it is below LOWEST; None if it is not, or was never simulated.

    Args:
        kind: of the figure, `Figure.coverage_kind`.
        estimate: the figure.
        groups: how many groups it rests on: (groups,), for an AUC (of the class, of the rest).
        cluster: films a group, on average.
    """
    if not estimate.estimable or min(groups) < 1:
        return None
    sizes = np.log([*sorted(groups), cluster])
    of_kind = [cell for cell in cells() if cell.kind == kind]
    if not of_kind:
        return None
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
    """A value on the scale on which it is near another: logarithm of a loss, else of odds within its bounds."""
    figure = next(figure for figure in registry.FIGURES if figure.coverage_kind == kind)
    if not figure.is_higher_better:
        return math.log(max(value, EDGE))
    low, high = figure.bounds
    share = min(max((value - low) / (high - low), EDGE), 1 - EDGE)
    return math.log(share / (1 - share))


M = TypeVar("M", bound=Measured)


def mark_missed(measured: M, labels: Integers, groups: Sequence[str]) -> M:
    """The same with a mark, `coverage`, at each figure whose interval covers too little; labels and groups (N,).

    Precision and F1 are taken to rest on the groups of the class.
    """
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)

    def marked(estimates: Mapping[str, Estimate], figures: Sequence[Figure], own: Booleans) -> dict[str, Estimate]:
        return {figure.name: _marked(estimates[figure.name], figure, own, group_of_film) for figure in figures}

    return replace(
        measured,
        overall=marked(measured.overall, registry.overall(), np.ones(len(labels), bool)),
        classes={
            name: marked(estimates, registry.by_class(), labels == k)
            for k, (name, estimates) in enumerate(measured.classes.items())
        },
    )


def _marked(estimate: Estimate, figure: Figure, own: Booleans, group_of_film: Integers) -> Estimate:
    sides = figure.rests_on(own)
    groups = [len(np.unique(group_of_film[side])) for side in sides]
    films = sum(int(side.sum()) for side in sides)
    coverage = missed(figure.coverage_kind, estimate, groups, films / max(sum(groups), 1))
    return replace(estimate, coverage=coverage)


def lowest_marked(figures: Iterable[Estimate]) -> float | None:
    """The lowest coverage that a figure is marked with; None where none is."""
    return min((entry.coverage for entry in figures if entry.coverage is not None), default=None)
