"""The figures of one model over folds and seeds: of each run, their mean and spread, and of all films together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm import records
from plainfilm.estimate import Estimate, is_estimate
from plainfilm.evaluation.measured import Measured


@dataclass(frozen=True, kw_only=True)
class Judged:
    """The figures of a run that are compared over runs, and those of the classes."""

    overall: Mapping[str, Estimate] = records.inlined(is_estimate)
    classes: Mapping[str, Mapping[str, Estimate]]


@dataclass(frozen=True, kw_only=True)
class RunFigures(Judged):
    """The same, of which run."""

    run: str
    seed: int
    fold: int


@dataclass(frozen=True)
class Spread:
    """Of a figure over the runs: mean, standard deviation (None for one run), least, greatest, number of runs."""

    mean: float | None
    sd: float | None
    min: float | None
    max: float | None
    runs: int


@dataclass(frozen=True, kw_only=True)
class Spreads:
    """Of each figure over all classes, and of each class."""

    overall: Mapping[str, Spread] = records.inlined()
    classes: Mapping[str, Mapping[str, Spread]]


@dataclass(frozen=True)
class CrossValidation:
    """The content of `cross-validation.json`."""

    format_version: int
    folds: int
    seeds: tuple[int, ...]
    films: int
    data_sha256: str
    runs: tuple[RunFigures, ...]
    spread: Spreads
    pooled: Mapping[str, Measured]  # by seed


def spread_over(runs: Sequence[Judged]) -> Spreads:
    """The spread of each figure that all runs have."""
    return Spreads(
        overall=spread([run.overall for run in runs]),
        classes={name: spread([run.classes[name] for run in runs]) for name in runs[0].classes},
    )


def spread(runs: Sequence[Mapping[str, Estimate]]) -> dict[str, Spread]:
    """Of each figure that all runs have, by name."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    return {name: _spread([run[name].value for run in runs if run[name].estimable]) for name in names}


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(None, None, None, None, 0)
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), sd, min(values), max(values), len(values))
