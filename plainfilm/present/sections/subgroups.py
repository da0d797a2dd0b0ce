"""Figures of parts of the films: by sex, age, view and source."""

from collections.abc import Callable, Iterator

from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.subgroups import MIN_FILMS
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Cell, Note, Section, Table
from plainfilm.present.figure_rows import head, row
from plainfilm.present.gather import Gathered
from plainfilm.present.words import figure


def subgroups(found: Gathered) -> Section:
    """The section of subgroups: of the run's own test films, and of each test elsewhere."""
    own = () if found.figures is None else ((say("report.first.own"), found.figures),)
    tests: list[tuple[Text, Metrics]] = [*own, *found.external.items()]
    tables = tuple(table for name, figures in tests for table in subgroups_of(figures, name, found.shown))
    return Section("subgroups", say("report.subgroups"), tables or (Note(say("report.subgroups.missing"), "missing"),))


def subgroups_of(figures: Metrics, films: Text, shown: Callable[[str], Text]) -> Iterator[Table]:
    """By column and part the accuracy, and each class's sensitivity where it has films.

    Args:
        figures: of an evaluation.
        films: which films these are.
        shown: what a class is called.
    """
    cells: list[tuple[Cell, ...]] = []
    for column, parts in (figures.subgroups or {}).items():
        for part, entry in parts.items():
            start = (say(f"report.column.{column}"), part or say("report.subgroups.unknown"))
            if entry.accuracy is None:
                cells.append((*start, say("report.subgroups.few"), "–", "–", str(entry.n)))
                continue
            cells.append(row("accuracy", entry.accuracy, *start))
            for name, of_class in (entry.classes or {}).items():
                if of_class["sensitivity"].n >= MIN_FILMS:
                    words = say("report.subgroups.sensitivity", name=shown(name))
                    cells.append((*start, words, *figure(of_class["sensitivity"])))
    columns = head(say("report.subgroups.by"), say("report.subgroups.group"), say("evaluation.figure"))
    if cells:
        yield Table(say("report.subgroups.table", name=films), columns, tuple(cells), left=3)
