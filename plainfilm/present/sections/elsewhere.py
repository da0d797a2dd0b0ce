"""Tests on films from elsewhere, with the fall; and subgroups of the test films."""

from plainfilm.evaluation.subgroups import MIN_FILMS
from plainfilm.messages import Text, say
from plainfilm.model.seen import KINDS
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.gather import Figures, Gathered
from plainfilm.present.sections.headline import FIGURE_HEAD
from plainfilm.present.sections.results import BY_CLASS, OVERALL, missed, scale_of
from plainfilm.present.words import figure, is_estimate, label


def external(found: Gathered) -> Section:
    """The section of external tests."""
    blocks: list[Block] = []
    for name, figures in found.external.items():
        blocks += [_seen(name, figures.get("seen")), _test(found, name, figures), *missed(figures)]
    if not blocks:
        blocks.append(Note(say("report.external.missing"), "missing"))
    return Section("external", say("report.external"), tuple(blocks))


def _seen(name: str, seen: Figures | None) -> Note:
    """How many of the films stood in the model's training."""
    if not seen or not seen["listed"]:
        return Note(say("report.external.cannot-say", name=name), "missing")
    count = sum(seen[kind] for kind in KINDS)
    return Note(say("report.external.seen", name=name, films=count), "alarm" if count else "plain")


def _test(found: Gathered, name: str, figures: Figures) -> Table:
    rows: list[tuple[Cell, ...]] = []
    fall = figures.get("fall") or {}
    for key in OVERALL:
        if is_estimate(figures.get(key)):
            rows.append((say("report.all-classes"), label("figure.", key), *figure(figures[key], scale=scale_of(key))))
            if fall.get(key):
                words = say("report.external.fall", figure=label("figure.", key))
                rows.append((say("report.all-classes"), words, *figure(fall[key]["difference"], unit="")))
    for class_name, entry in figures.get("classes", {}).items():
        for key in ("sensitivity", "specificity"):
            if key in BY_CLASS and is_estimate(entry.get(key)):
                rows.append((found.shown(class_name), say(f"figure.{key}"), *figure(entry[key])))
    head = (say("index.class"), say("evaluation.figure"), *(say(key) for key in FIGURE_HEAD))
    return Table(say("report.external.table", name=name), head, tuple(rows), left=2)


def subgroups(found: Gathered) -> Section:
    """The section of subgroups: of the run's own test films, and of each test elsewhere."""
    tests: list[tuple[Text, Figures]] = [(say("report.first.own"), found.figures or {}), *found.external.items()]
    blocks = [_subgroups(found, name, figures["subgroups"]) for name, figures in tests if figures.get("subgroups")]
    missing = Note(say("report.subgroups.missing"), "missing")
    return Section("subgroups", say("report.subgroups"), tuple(blocks) or (missing,))


def _subgroups(found: Gathered, name: Text, columns: Figures) -> Table:
    """By column and part: the accuracy, and each class's sensitivity where it has films."""
    rows: list[tuple[Cell, ...]] = []
    for column, parts in columns.items():
        for part, entry in parts.items():
            start = (say(f"report.column.{column}"), part or say("report.subgroups.unknown"))
            if entry["too_few"]:
                rows.append((*start, say("report.subgroups.few"), "–", "–", str(entry["n"])))
                continue
            rows.append((*start, say("figure.accuracy"), *figure(entry["accuracy"])))
            for class_name, figures in entry["classes"].items():
                if figures["sensitivity"]["n"] >= MIN_FILMS:
                    words = say("report.subgroups.sensitivity", name=found.shown(class_name))
                    rows.append((*start, words, *figure(figures["sensitivity"])))
    head = (
        *(say("report.subgroups.by"), say("report.subgroups.group"), say("evaluation.figure")),
        *(say(key) for key in FIGURE_HEAD),
    )
    return Table(say("report.subgroups.table", name=name), head, tuple(rows), left=3)
