"""Results on some films: every figure with interval and n, the confusion matrix, what was left out."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import Figures, head, marked, of_class, overall, rows
from plainfilm.present.gather import Gathered
from plainfilm.present.words import is_estimate, listed


def results(found: Gathered) -> Section:
    """The section of the results on the run's own test films."""
    missing = Note(say("report.results.missing"), "missing")
    blocks = (missing,) if found.figures is None else tuple(results_of(found.figures, found.shown))
    return Section("results", say("report.results"), blocks)


def title(figures: Figures, films: Text) -> Iterator[Note]:
    """Of which films, and of how many, the figures are; before that, that most films are left out, where they are."""
    balance = figures.get("balance")
    if balance and balance["lost"] > balance["used"]:
        lost, used = balance["lost"], balance["used"]
        yield Note(say("evaluation.most-left-out", left_out=lost, films=lost + used, used=used), "alarm")
    yield Note(say("evaluation.title", films=films, n=figures["accuracy"]["n"]))


def results_of(figures: Figures, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The figures of an evaluation; `shown`: what a class is called."""
    if figures.get("leaking"):
        yield Note(say("evaluation.leaking"), "alarm")
    classes = figures.get("classes", {})
    yield _overall(figures)
    yield _by_class(classes, shown)
    yield from marked(entry for part in (figures, *classes.values()) for entry in part.values())
    if figures.get("confusion"):
        yield _confusion(figures["confusion"], shown)
    if figures.get("interval"):
        yield Note(say("report.results.interval", groups=figures["interval"].get("groups", 0)))
    if figures.get("left_out"):
        left_out = listed(f"{name} {count}" for name, count in figures["left_out"].items())
        yield Note(say("evaluation.left-out", left_out=left_out))


def _overall(figures: Figures) -> Table:
    """The figures over all classes: those that are known first, then whatever else is a figure."""
    others = [name for name, entry in figures.items() if is_estimate(entry) and name not in overall()]
    names = (*overall(), *others)
    return Table(say("report.results.overall"), head(say("evaluation.figure")), tuple(rows(figures, names)))


def _by_class(classes: Mapping[str, Figures], shown: Callable[[str], Text]) -> Table:
    cells = tuple(line for name, entry in classes.items() for line in rows(entry, of_class(), shown(name)))
    return Table(say("report.results.by-class"), head(say("index.class"), say("evaluation.figure")), cells, left=2)


def _confusion(confusion: Mapping[str, Any], shown: Callable[[str], Text]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for name, counts in zip(confusion["classes"], confusion["counts"], strict=True):
        total = sum(counts)
        shares = [f"{count} ({100 * count / total:.1f} %)" if total else "0" for count in counts]
        cells.append((shown(name), *shares, str(total)))
    columns = (say("evaluation.confusion"), *(shown(name) for name in confusion["classes"]), say("index.total"))
    return Table(say("report.results.confusion"), columns, tuple(cells))
