"""Results on the run's own test films: every figure with interval and n, the confusion matrix."""

from typing import Any

from plainfilm.evaluation.coverage import MARK, lowest_marked
from plainfilm.messages import say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.gather import Figures, Gathered
from plainfilm.present.sections.headline import FIGURE_HEAD
from plainfilm.present.words import figure, is_estimate, label, listed

OVERALL = ("accuracy", "balanced_accuracy", "macro_auc", "log_loss", "brier")
BY_CLASS = ("sensitivity", "specificity", "precision", "f1", "auc")
DECIMALS = ("log_loss", "brier", "auc", "macro_auc", "expected_calibration_error")
"""Figures that are shown as decimals, the others in percent."""


def results(found: Gathered) -> Section:
    """The section of results."""
    figures = found.figures
    if figures is None:
        return Section("results", say("report.results"), (Note(say("report.results.missing"), "missing"),))
    blocks: list[Block] = []
    if figures.get("leaking"):
        blocks.append(Note(say("evaluation.leaking"), "alarm"))
    blocks += [overall(figures), by_class(found, figures), *missed(figures)]
    if figures.get("confusion"):
        blocks.append(_confusion(found, figures["confusion"]))
    interval = figures.get("interval")
    if interval:
        blocks.append(Note(say("report.results.interval", groups=interval.get("groups", 0))))
    if figures.get("left_out"):
        left_out = [f"{name}: {count}" for name, count in figures["left_out"].items()]
        blocks.append(Note(say("evaluation.left-out", left_out=listed(left_out))))
    return Section("results", say("report.results"), tuple(blocks))


def scale_of(name: str) -> int:
    """What a figure is multiplied by to be shown."""
    return 1 if name in DECIMALS else 100


def missed(figures: Figures) -> list[Block]:
    """What the mark at a figure means, where one has it: its interval holds the truth less often than it says."""
    parts = [figures, *figures.get("classes", {}).values()]
    coverage = lowest_marked(entry for part in parts for entry in part.values())
    return [] if coverage is None else [Note(say("evaluation.missed", mark=MARK, coverage=100 * coverage))]


def overall(figures: Figures) -> Table:
    """The figures over all classes: those that are known first, then whatever else is a figure."""
    names = [name for name in OVERALL if is_estimate(figures.get(name))]
    names += [name for name, entry in figures.items() if is_estimate(entry) and name not in OVERALL]
    rows = tuple((label("figure.", name), *figure(figures[name], scale=scale_of(name))) for name in names)
    return Table(say("report.results.overall"), (say("evaluation.figure"), *(say(key) for key in FIGURE_HEAD)), rows)


def by_class(found: Gathered, figures: Figures) -> Table:
    """The figures of each class against the rest."""
    rows: list[tuple[Cell, ...]] = []
    for name, entry in figures.get("classes", {}).items():
        for key in BY_CLASS:
            if is_estimate(entry.get(key)):
                words = say("evaluation.auc") if key == "auc" else say(f"figure.{key}")
                rows.append((found.shown(name), words, *figure(entry[key], scale=scale_of(key))))
    head = (say("index.class"), say("evaluation.figure"), *(say(key) for key in FIGURE_HEAD))
    return Table(say("report.results.by-class"), head, tuple(rows), left=2)


def _confusion(found: Gathered, confusion: dict[str, Any]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, counts in zip(confusion["classes"], confusion["counts"], strict=True):
        total = sum(counts)
        shares = [f"{count} ({100 * count / total:.1f} %)" if total else "0" for count in counts]
        rows.append((found.shown(name), *shares, str(total)))
    head = (say("evaluation.confusion"), *(found.shown(name) for name in confusion["classes"]), say("index.total"))
    return Table(say("report.results.confusion"), head, tuple(rows))
