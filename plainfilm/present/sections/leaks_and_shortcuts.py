"""Leaks and shortcuts: what the audit found, table by table. A part that is not there is passed over."""

from collections.abc import Mapping, Sequence
from typing import Any

from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.charts import bar
from plainfilm.present.gather import Figures, Gathered
from plainfilm.present.sections.headline import FIGURE_HEAD, own_split
from plainfilm.present.words import figure, label, listed, percent

MAX_CLUSTERS = 10
MAX_IDS = 4


def audit(found: Gathered) -> Section:
    """The section of leaks and shortcuts."""
    blocks: list[Block] = [own_split(found)] if found.index is not None else []
    if found.audit is None:
        blocks.append(Note(say("report.audit.missing"), "missing"))
    else:
        blocks += [*_shortcuts(found, found.section("shortcuts")), *_leaks(found, found.section("leaks"))]
    return Section("audit", say("report.audit"), tuple(blocks))


def _shortcuts(found: Gathered, shortcuts: Figures) -> list[Block]:
    if not shortcuts.get("views"):
        return [Note(say("report.audit.no-shortcuts"), "missing")]
    blocks: list[Block] = []
    method = shortcuts.get("method") or {}
    if method:
        words = label("shortcuts.split.", str(method.get("split", "")))
        blocks.append(Note(say("report.audit.method", films=method.get("films", 0), split=words)))
    blocks.append(_views(shortcuts))
    if shortcuts.get("permutation"):
        blocks.append(_permutation(shortcuts["permutation"]))
    if shortcuts.get("sources"):
        blocks.append(_left_out_sources(found, shortcuts["sources"]))
    blocks += [_not_estimable(found, entry) for entry in shortcuts.get("not_estimable") or []]
    return blocks


def _views(shortcuts: Figures) -> Table:
    chance, model = shortcuts.get("chance"), shortcuts.get("model")
    mark = chance["value"] if chance else None
    rows: list[tuple[Cell, ...]] = []
    if chance:
        rows.append(_view(say("report.audit.chance"), chance, None, None, flagged=None))
    for view in shortcuts["views"]:
        name = label("view.", view["name"])
        rows.append(_view(name, view["accuracy"], view.get("share"), mark, flagged=bool(view.get("flagged"))))
    source = shortcuts.get("source")
    if isinstance(source, Mapping) and source.get("accuracy"):
        rows.append(_view(say("report.view.source"), source["accuracy"], None, None, flagged=None))
    if model:
        rows.append(_view(say("report.audit.model"), model, None, mark, flagged=None))
    head = (
        *(say("report.audit.sees"), say("figure.accuracy"), *(say(key) for key in FIGURE_HEAD)),
        *(say("report.audit.share"), say("report.audit.flagged")),
    )
    return Table(say("report.audit.views"), head, tuple(rows), left=2)


def _view(
    name: Text, accuracy: Figures, share: Figures | None, mark: float | None, *, flagged: bool | None
) -> tuple[Cell, ...]:
    drawn: Cell = "–"
    if accuracy["value"] is not None:
        drawn = bar(accuracy["value"], accuracy["low"], accuracy["high"], mark)
    told: Cell = "–" if flagged is None else say("report.yes") if flagged else say("report.no")
    value, interval, _ = figure(share)
    joined: Cell = "–"
    if share is not None:
        joined = f"{value} ({interval})" if isinstance(value, str) else value
    return (name, drawn, *figure(accuracy), joined, told)


def _permutation(entry: Mapping[str, Any]) -> Note:
    return Note(
        say(
            "report.audit.permutation",
            view=label("view.", str(entry.get("view", ""))),
            draws=entry.get("n", 0),
            p=entry["p"],
            highest=100 * entry["highest"],
            accuracy=percent(entry["accuracy"]) if entry.get("accuracy") else "–",
        )
    )


def _left_out_sources(found: Gathered, entries: Sequence[Figures]) -> Table:
    rows = tuple(
        (
            *(found.shown(entry["class"]), entry["left_out"], percent(entry["sensitivity"]), percent(entry["usual"])),
            listed(found.shown(name) for name in entry["lost"]),
        )
        for entry in entries
    )
    columns = ("class", "left-out", "sensitivity", "usual", "lost")
    return Table(say("report.audit.sources"), tuple(say(f"shortcuts.{name}") for name in columns), rows, left=2)


def _not_estimable(found: Gathered, entry: Figures) -> Note:
    key = f"shortcuts.unanswered.{entry['question']}.{entry['reason']}"
    return Note(say(key, label=found.shown(entry["class"]), source=entry["source"]))


def _leaks(found: Gathered, leaks: Figures) -> list[Block]:
    if not leaks:
        return [Note(say("report.audit.no-leaks"), "missing")]
    blocks: list[Block] = []
    kinds = [kind for kind in ("exact", "near") if leaks.get(kind)]
    if kinds:
        blocks.append(_copies(leaks, kinds))
    patients = leaks.get("patients")
    if patients:
        numbers = {name: patients.get(name, 0) for name in ("known_films", "across_splits", "patients_across_splits")}
        blocks.append(Note(say("report.audit.patients", **numbers)))
    if leaks.get("clusters"):
        blocks.append(_clusters(found, leaks["clusters"]))
    if leaks.get("conflicts"):
        blocks.append(_conflicts(found, leaks["conflicts"]))
    blocks += _naive(leaks.get("naive") or {})
    blocks.append(Note(say("report.audit.pairs")))
    return blocks


def _copies(leaks: Figures, kinds: Sequence[str]) -> Table:
    columns = ("films", "clusters", "across_classes", "across_splits", "across_sources")
    rows: list[tuple[Cell, ...]] = [
        (say(f"report.audit.{kind}"), *(str(leaks[kind].get(name, "–")) for name in columns)) for kind in kinds
    ]
    return Table(
        say("report.audit.copies"),
        (say("report.data.what"), *(say(f"report.audit.column.{name}") for name in columns)),
        tuple(rows),
    )


def _clusters(found: Gathered, clusters: Sequence[Figures]) -> Table:
    rows = []
    for cluster in clusters[:MAX_CLUSTERS]:
        ids = [str(image_id) for image_id in cluster["image_ids"]]
        named = " ".join(ids[:MAX_IDS]) + (" …" if len(ids) > MAX_IDS else "")
        classes = listed(found.shown(name) for name in cluster.get("classes", {}))
        rows.append((label("report.audit.", str(cluster.get("kind", ""))), classes, named, str(len(ids))))
    head = (say("report.data.what"), say("index.class"), say("report.audit.ids"), say("index.films"))
    caption = say("report.audit.clusters", shown=len(rows), clusters=len(clusters))
    return Table(caption, head, tuple(rows), left=3)


def _conflicts(found: Gathered, conflicts: Sequence[Figures]) -> Table:
    rows = tuple(
        (" ".join(map(str, entry["image_ids"])), listed(found.shown(str(name)) for name in entry["classes"]))
        for entry in conflicts[:MAX_CLUSTERS]
    )
    caption = say("report.audit.conflicts", shown=len(rows), conflicts=len(conflicts))
    return Table(caption, (say("report.audit.ids"), say("index.class")), rows, left=2)


def _naive(naive: Figures) -> list[Block]:
    readers = naive.get("readers") or {}
    rows = tuple(
        (
            label("leaks.reader-", name),
            label("report.audit.", key),
            *figure(entry[key], unit="" if key == "difference" else " %"),
        )
        for name, entry in readers.items()
        for key in ("naive", "clean", "difference")
        if entry.get(key)
    )
    head = (say("report.audit.sees"), say("report.audit.on"), *(say(key) for key in FIGURE_HEAD))
    return [Table(say("report.audit.naive-table"), head, rows, left=2)] if rows else []
