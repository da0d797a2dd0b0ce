"""One model over folds and seeds: mean and spread of the runs, and the figures of all films together."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from plainfilm.evaluation.spread import CrossValidation, Spread, Spreads
from plainfilm.messages import say
from plainfilm.present.blocks import Block, Cell, Note, Table
from plainfilm.present.figure_rows import head, marked, name_of, of_class, overall, rows, scale_of
from plainfilm.present.sections.findings import OVERALL
from plainfilm.present.words import number

OF_FINDING = ("average_precision", "brier")  # of findings, besides the AUC


def cross_validation(found: CrossValidation, folder: Path) -> Iterator[Block]:
    """What was found, and the folder where the runs are."""
    yield _spread(found.spread)
    cells = tuple(
        line
        for seed, figures in found.pooled.items()
        for line in rows(figures.overall, _ordered(figures.overall), seed)
    )
    yield Table(say("cross.pooled"), head(say("cross.seed"), say("evaluation.figure")), cells, left=2)
    yield from marked(entry for figures in found.pooled.values() for entry in figures.overall.values())
    yield Note(say("cross.done", runs=len(found.runs), folder=str(folder)))


def _spread(found: Spreads) -> Table:
    """Mean and spread of each figure over the runs."""
    cells = [_numbers("", name, found.overall[name]) for name in _ordered(found.overall) if name in found.overall]
    for label, figures in found.classes.items():
        cells += [_numbers(label, name, figures[name]) for name in (*of_class(), *OF_FINDING) if name in figures]
    keys = ("evaluation.class", "evaluation.figure", "cross.mean", "cross.sd", "cross.min", "cross.max", "cross.runs")
    return Table(say("cross.spread"), tuple(map(say, keys)), tuple(cells), left=2)


def _ordered(figures: Iterable[str]) -> list[str]:
    """The figures over all classes, then those over all findings."""
    return [*overall(), *(name for name in OVERALL if name in figures and name not in overall())]


def _numbers(label: str, name: str, spread: Spread) -> tuple[Cell, ...]:
    """Mean, standard deviation, least, greatest and number of runs."""
    scale = scale_of(name)
    unit = " %" if scale == 100 else ""
    values = (spread.mean, spread.sd, spread.min, spread.max)
    shown = ("–" if value is None else number(scale * value, scale) + unit for value in values)
    return (label, name_of(name), *shown, str(spread.runs))
