"""What to know before any figure: how far the corners alone go, what leaks, what is left elsewhere."""

from plainfilm.data.film_index import Index
from plainfilm.data.splits import split
from plainfilm.data.splits.groups import persons
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Section, Table
from plainfilm.present.figure_rows import head, rows
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.shortcuts import verdict
from plainfilm.present.words import label, listed

TOLD = ("accuracy", "balanced_accuracy")


def headline(found: Gathered) -> Section:
    """The verdict, first of all."""
    blocks: list[Block] = [*_shortcuts(found), *_leaks(found), *_elsewhere(found)]
    table = _beside(found)
    if table is not None:
        blocks.append(table)
    return Section("first", say("report.first"), tuple(blocks))


def _shortcuts(found: Gathered) -> list[Block]:
    shortcuts = None if found.audit is None else found.audit.shortcuts
    if shortcuts is None or not shortcuts.views:
        return [Note(say("report.first.no-audit"), "missing")]
    blocks: list[Block] = [verdict(shortcuts)]
    told = next((view for view in shortcuts.views if view.name == "corners"), shortcuts.views[0])
    accuracy, chance = told.accuracy.in_percent(), shortcuts.chance.in_percent()
    blocks.append(Note(say("report.first.corners", view=label("view.", told.name), accuracy=accuracy, chance=chance)))
    if shortcuts.model is not None and told.share is not None:
        model, share = shortcuts.model.in_percent(), told.share.in_percent()
        blocks.append(Note(say("report.first.share", model=model, share=share)))
    return blocks


def _leaks(found: Gathered) -> list[Block]:
    blocks: list[Block] = []
    leaks = None if found.audit is None else found.audit.leaks
    if leaks is not None and leaks.naive is not None:
        blocks.append(Note(say("report.first.naive", share=leaks.naive.leaking_films.in_percent()), "alarm"))
    elif found.index is not None:
        shared, tested = tutorial_leak(found.index)
        blocks.append(Note(say("report.first.tutorial", shared=shared, tested=tested), "alarm" if shared else "plain"))
    if found.index is not None:
        blocks.append(own_split(found))
    return blocks


def tutorial_leak(index: Index) -> tuple[int, int]:
    """Of the films that the tutorial's split would test: how many share a patient or copy with other parts, and all."""
    rows = [row for row in index.rows if row.split and row.label]
    parts = split.tutorial([row.path for row in rows], [row.label for row in rows])
    torn = set(split.straddling([row.group for row in rows], parts))
    tested = [row for row, part in zip(rows, parts, strict=True) if part == "test"]
    return sum(row.group in torn for row in tested), len(tested)


def own_split(found: Gathered) -> Note:
    """Whether this run's own split keeps patients and copies apart, as far as patients are known."""
    index = found.index
    assert index is not None
    torn = set(index.straddling())
    tested = [row for row in index.rows if row.split == "test"]
    if torn:
        shared = sum(row.group in torn for row in tested)
        return Note(say("report.first.own-leaks", shared=shared, tested=len(tested)), "alarm")
    films = [row for row in index.rows if row.split]
    known = [row for row, person in zip(films, persons(films), strict=True) if person is not None]
    named = {name for row in known for name in index.counted(row)}
    unknown = [found.shown(name) for name in index.classes if name not in named]
    words = listed(unknown) if unknown else say("report.none")
    return Note(say("report.first.own-clean", tested=len(tested), known=len(known), films=len(films), unknown=words))


def _elsewhere(found: Gathered) -> list[Block]:
    if not found.external:
        return [Note(say("report.first.no-external"), "missing")]
    return [_told_elsewhere(found, name, figures) for name, figures in found.external.items()]


def _told_elsewhere(found: Gathered, name: str, figures: Metrics) -> Note:
    """The balanced accuracy beside that of one class for all films, and how often the commonest answer is given."""
    counts = [sum(column) for column in zip(*figures.confusion.counts, strict=True)]
    names = figures.confusion.classes
    return Note(
        say(
            "report.first.external",
            name=name,
            balanced=figures.overall["balanced_accuracy"].in_percent(),
            chance=100 / len(names),
            count=max(counts),
            films=sum(counts),
            called=found.shown(names[counts.index(max(counts))]),
        )
    )


def _beside(found: Gathered) -> Table | None:
    """The score beside what other places say of it."""
    tests = [] if found.figures is None else [(say("report.first.own"), found.figures.overall)]
    tests += [(say("report.first.at", name=name), figures.overall) for name, figures in found.external.items()]
    cells = tuple(line for name, figures in tests for line in rows(figures, TOLD, name))
    columns = head(say("report.tested-on"), say("evaluation.figure"))
    return Table(say("report.first.table"), columns, cells, left=2) if cells else None
