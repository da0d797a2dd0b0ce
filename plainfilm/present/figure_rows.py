"""Figures as rows of a table: which are shown and in which order, under which names, as decimals or in percent.

Every table of figures has the same three last columns: value, 95 % interval, n.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from plainfilm.evaluation.coverage import MARK, lowest_marked
from plainfilm.messages import Text, printable, say
from plainfilm.present.blocks import Cell, Note
from plainfilm.present.words import figure, is_estimate

Figures = Mapping[str, Any]
OVERALL = {
    "accuracy": "figure.accuracy",
    "balanced_accuracy": "figure.balanced_accuracy",
    "macro_auc": "figure.macro_auc",
    "log_loss": "figure.log_loss",
    "brier": "figure.brier",
}
"""The figures over all classes, and the keys of their names."""
OF_CLASS = {
    "sensitivity": "figure.sensitivity",
    "specificity": "figure.specificity",
    "precision": "figure.precision",
    "f1": "figure.f1",
    "auc": "evaluation.auc",
}
"""Those of a class against the rest."""
OF_POINT = {
    "sensitivity": "figure.sensitivity",
    "specificity": "figure.specificity",
    "ppv": "figure.ppv",
    "npv": "figure.npv",
}
"""Those of an operating point."""
OTHERS = {"expected_calibration_error": "figure.calibration", "aurc": "figure.aurc"}
NAMES = OVERALL | OF_CLASS | OF_POINT | OTHERS
DECIMALS = ("macro_auc", "log_loss", "brier", "auc", "expected_calibration_error", "aurc")
"""Figures that are shown as decimals, the others in percent."""


def head(*columns: Text) -> tuple[Text, ...]:
    """The head of a table of figures after its own columns."""
    return (*columns, say("report.value"), say("report.interval"), say("report.n"))


def name_of(name: str) -> Text:
    """What a figure is called; its name in the artefact where this version has no words for it."""
    return say(NAMES[name]) if name in NAMES else printable(name)


def scale_of(name: str) -> int:
    """What a figure is multiplied by to be shown."""
    return 1 if name in DECIMALS else 100


def row(name: str, entry: Figures, *start: Text) -> tuple[Cell, ...]:
    """A figure as a row, after the cells that it starts with."""
    return (*start, name_of(name), *figure(entry, scale=scale_of(name)))


def rows(figures: Figures, names: Iterable[str], *start: Text) -> Iterator[tuple[Cell, ...]]:
    """Those of the figures that are there, each as a row."""
    return (row(name, figures[name], *start) for name in names if is_estimate(figures.get(name)))


def marked(entries: Iterable[Any]) -> Iterator[Note]:
    """What the mark at a figure means, where one has it: its interval holds the truth less often than it says."""
    coverage = lowest_marked(entries)
    if coverage is not None:
        yield Note(say("evaluation.missed", mark=MARK, coverage=100 * coverage))
