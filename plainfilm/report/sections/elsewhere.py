"""Tests on films from elsewhere, with the fall; and subgroups of the test films."""

from collections.abc import Iterator, Mapping
from typing import Any

from plainfilm.model.seen import KINDS
from plainfilm.report.blocks import Block, Cell, Note, Section, Table
from plainfilm.report.gather import Figures, Gathered
from plainfilm.report.sections.headline import FIGURE_HEAD
from plainfilm.report.sections.results import BY_CLASS, OVERALL, scale_of
from plainfilm.report.words import figure, is_estimate, label, say

MIN_SUBGROUP = 30
"""Films below which a subgroup has no figure."""


def external(found: Gathered) -> Section:
    """The section of external tests."""
    blocks: list[Block] = []
    for name, figures in found.external.items():
        blocks += [_seen(name, figures.get("seen")), _test(found, name, figures)]
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
                rows.append((say("report.all-classes"), words, *figure(fall[key]["difference"], scale=scale_of(key))))
    for class_name, entry in figures.get("classes", {}).items():
        for key in ("sensitivity", "specificity"):
            if key in BY_CLASS and is_estimate(entry.get(key)):
                rows.append((found.shown(class_name), say(f"figure.{key}"), *figure(entry[key])))
    head = (say("index.class"), say("evaluation.figure"), *(say(key) for key in FIGURE_HEAD))
    return Table(say("report.external.table", name=name), head, tuple(rows), left=2)


def subgroups(found: Gathered) -> Section:
    """The section of subgroups."""
    rows: list[tuple[Cell, ...]] = []
    for column, values in ((found.figures or {}).get("subgroups") or {}).items():
        if isinstance(values, Mapping):
            for value, entry in values.items():
                rows += _subgroup(str(column), str(value), entry)
    if not rows:
        return Section("subgroups", say("report.subgroups"), (Note(say("report.subgroups.missing"), "missing"),))
    head = (
        *(say("report.subgroups.by"), say("report.subgroups.group"), say("evaluation.figure")),
        *(say(key) for key in FIGURE_HEAD),
    )
    return Section("subgroups", say("report.subgroups"), (Table(say("report.subgroups.table"), head, tuple(rows), 3),))


def _subgroup(column: str, value: str, entry: Any) -> Iterator[tuple[Cell, ...]]:
    name = label("report.column.", column)
    estimates = {"accuracy": entry} if is_estimate(entry) else _estimates(entry)
    for key, estimate in estimates.items():
        if estimate["n"] < MIN_SUBGROUP:
            yield (name, value, label("figure.", key), say("report.subgroups.few"), "–", str(estimate["n"]))
        else:
            yield (name, value, label("figure.", key), *figure(estimate, scale=scale_of(key)))
    if not estimates:
        n = entry.get("n", "–") if isinstance(entry, Mapping) else entry
        yield (name, value, "–", say("report.subgroups.few"), "–", str(n))


def _estimates(entry: Any) -> dict[str, Figures]:
    if not isinstance(entry, Mapping):
        return {}
    return {name: estimate for name, estimate in entry.items() if is_estimate(estimate)}
