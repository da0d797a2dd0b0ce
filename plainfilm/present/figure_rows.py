"""Figures as rows of a table: which are shown and in which order, under which names, as decimals or in percent.

Every table of figures has the same three last columns: value, 95 % interval, n.
"""

from collections.abc import Iterable, Iterator, Mapping

from plainfilm.estimate import Estimate
from plainfilm.evaluation import registry
from plainfilm.evaluation.coverage import lowest_marked
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Cell, Note
from plainfilm.present.words import MARK, figure, label

OF_POINT = ("sensitivity", "specificity", "ppv", "npv")
"""The figures of an operating point."""
NAMES = {"auc": "evaluation.auc", "expected_calibration_error": "figure.calibration"}
"""The keys of the names that are not `figure.` and the figure."""


def overall() -> list[str]:
    """The figures over all classes."""
    return [figure.name for figure in registry.overall()]


def of_class() -> list[str]:
    """Those of a class against the rest."""
    return [figure.name for figure in registry.by_class()]


def head(*columns: Text) -> tuple[Text, ...]:
    """The head of a table of figures after its own columns."""
    return (*columns, say("report.value"), say("report.interval"), say("report.n"))


def name_of(name: str) -> Text:
    """What a figure is called; its name in the artefact if this version has no words for it."""
    return say(NAMES[name]) if name in NAMES else label("figure.", name)


def scale_of(name: str) -> int:
    """What a figure is multiplied by to be shown."""
    return 1 if registry.unit_of(name) == "decimal" else 100


def row(name: str, entry: Estimate, *start: Text) -> tuple[Cell, ...]:
    """A figure as a row, after the cells that it starts with."""
    return (*start, name_of(name), *figure(entry, scale=scale_of(name)))


def rows(figures: Mapping[str, Estimate], names: Iterable[str], *start: Text) -> Iterator[tuple[Cell, ...]]:
    """Those of the figures that are there, each as a row."""
    return (row(name, figures[name], *start) for name in names if name in figures)


def marked(entries: Iterable[Estimate]) -> Iterator[Note]:
    """What the mark at a figure means, where one has it: its interval holds the truth less often than it says."""
    coverage = lowest_marked(entries)
    if coverage is not None:
        yield Note(say("evaluation.missed", mark=MARK, coverage=100 * coverage))
