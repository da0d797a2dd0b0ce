"""Results on some films: every figure with interval and n, the confusion matrix, what was left out."""

from collections.abc import Callable, Iterator, Mapping

from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.external import ExternalMetrics
from plainfilm.evaluation.measured import Confusion
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import head, marked, of_class, overall, rows
from plainfilm.present.gather import Gathered
from plainfilm.present.statements import shift_words
from plainfilm.present.words import listed


def results(found: Gathered) -> Section:
    """The section of the results on the run's own test films."""
    missing = Note(say("report.results.missing"), "missing")
    blocks = (missing,) if found.figures is None else tuple(results_of(found.figures, found.shown))
    return Section("results", say("report.results"), blocks)


def title(figures: Metrics, films: Text) -> Iterator[Note]:
    """Of which films, and of how many, the figures are; before that, that most films are left out, where they are."""
    balance = figures.balance if isinstance(figures, ExternalMetrics) else None
    if balance is not None and balance.lost > balance.used:
        lost, used = balance.lost, balance.used
        yield Note(say("evaluation.most-left-out", left_out=lost, films=lost + used, used=used), "alarm")
    yield Note(say("evaluation.title", films=films, n=figures.num_films))
    if figures.shift is not None:
        yield Note(shift_words(figures.shift), "alarm" if figures.shift.is_abroad else "plain")


def results_of(figures: Metrics, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The figures of an evaluation; `shown`: what a class is called."""
    if figures.leaking:
        yield Note(say("evaluation.leaking"), "alarm")
    yield _overall(figures.overall)
    yield _by_class(figures.classes, shown)
    yield from marked(entry for part in (figures.overall, *figures.classes.values()) for entry in part.values())
    yield _confusion(figures.confusion, shown)
    if figures.interval.groups:
        yield Note(say("report.results.interval", groups=figures.interval.groups))
    if figures.left_out:
        left_out = listed(f"{name} {count}" for name, count in figures.left_out.items())
        yield Note(say("evaluation.left-out", left_out=left_out))


def _overall(figures: Mapping[str, Estimate]) -> Table:
    """The figures over all classes: those that are known first, then whatever else is a figure."""
    names = (*overall(), *(name for name in figures if name not in overall()))
    return Table(say("report.results.overall"), head(say("evaluation.figure")), tuple(rows(figures, names)))


def _by_class(classes: Mapping[str, Mapping[str, Estimate]], shown: Callable[[str], Text]) -> Table:
    cells = tuple(line for name, entry in classes.items() for line in rows(entry, of_class(), shown(name)))
    return Table(say("report.results.by-class"), head(say("index.class"), say("evaluation.figure")), cells, left=2)


def _confusion(confusion: Confusion, shown: Callable[[str], Text]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for name, counts in zip(confusion.classes, confusion.counts, strict=True):
        total = sum(counts)
        shares = [f"{count} ({100 * count / total:.1f} %)" if total else "0" for count in counts]
        cells.append((shown(name), *shares, str(total)))
    columns = (say("evaluation.confusion"), *(shown(name) for name in confusion.classes), say("index.total"))
    return Table(say("report.results.confusion"), columns, tuple(cells))
