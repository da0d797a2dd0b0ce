"""Which column of a table of scores scores what, and whether that is classes or findings.

Notable choices:
- a column scores what its heading names, with or without `p_`: a class that is a label of the films' tables, or a
  finding in any of its spellings. Of two that differ in `p_` alone, the one with it counts. A finding that is in no
  table of spellings, and in no list, needs the `p_`: two tables may have any further column in common;
- they are scores of classes if no cell lists several labels and at least two labels have a column. Labels without a
  column make them scores of findings, if they are words for having none, or if the tables have columns of findings.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_columns import state
from plainfilm.data.sources.labels import with_plain_labels, with_several
from plainfilm.data.sources.names import name_key
from plainfilm.data.sources.table import unnumbered
from plainfilm.data.statements import names_in
from plainfilm.errors import SourceError
from plainfilm.task import CLASSES

FINDINGS = "findings"
PREFIX = "p_"


@dataclass(frozen=True)
class Chosen:
    """What is judged.

    `kind`: the task. `columns`: the heading of each class or finding. `unscored`: what the tables have, and no column
    scores. `further`: the other headings.
    """

    kind: str
    columns: Mapping[str, str]
    unscored: tuple[str, ...]
    further: tuple[str, ...]


def choose(
    headings: Sequence[str],
    entries: Sequence[Entry],
    *,
    kind: str = "",
    spelt: Iterable[str] = (),
    conventions: Conventions = COMMON,
) -> Chosen:
    """Which of the headings are judged, and as what; `entries`: the films as the tables have them.

    `kind`: the task, if that is said; `spelt`: findings under the names that a recipe has for them.
    Raises SourceError if no column scores what the tables have, if two score the same, or a list cannot be read.
    """
    spellings = _spellings(spelt, conventions)
    in_columns = _by_key(_further_columns(entries, conventions), spellings)
    plain, _ = with_plain_labels(entries)
    there = {name_key(entry.label): entry.label for entry in plain if entry.label}
    scored = _classes(headings, there)
    if not kind:
        has_lists = bool(with_several(entry.label for entry in entries if entry.label))
        beside = _findings(headings, in_columns, spellings, conventions)
        kind = _kind(set(there.values()), set(scored.values()), has_lists, bool(beside), conventions)
    if kind != CLASSES:
        listed = _in_lists(entries, spellings, conventions)
        known = spellings | listed
        scored = _findings(headings, in_columns | listed, known, conventions)
        there = {key: name for key, name in (in_columns | listed).items() if key in known}
    if not scored:
        has, columns = ", ".join(there.values()) or "-", ", ".join(headings) or "-"
        raise SourceError("scores-no-columns", columns=columns, known=has)
    columns_of = _one_each(scored)
    unscored = tuple(sorted(set(there.values()) - {*columns_of}))
    further = tuple(heading for heading in headings if heading not in columns_of.values())
    return Chosen(kind, columns_of, unscored, further)


def _kind(labels: set[str], scored: set[str], has_lists: bool, has_findings: bool, conventions: Conventions) -> str:
    """The task that the labels fit; `scored`: the classes that a column scores.

    `has_lists`: whether a cell has several labels; `has_findings`: whether a column scores a finding that has a column
    in the tables.
    """
    if has_lists or len(labels & scored) < 2:
        return FINDINGS
    missing = {name_key(name) for name in labels - scored}
    is_without = missing <= _no_finding(conventions)
    return FINDINGS if missing and (is_without or has_findings) else CLASSES


def _one_each(scored: Mapping[str, str]) -> dict[str, str]:
    """The heading of each name, from the name of each heading; one with `p_` comes first. Raises SourceError."""
    found: dict[str, list[str]] = {}
    for heading, name in scored.items():
        found.setdefault(name, []).append(heading)
    for name, some in found.items():
        some[:] = [heading for heading in some if _is_prefixed(heading)] or some
        if len(some) > 1:
            raise SourceError("scores-column-twice", columns=", ".join(some), name=name)
    return {name: heading for name, (heading,) in found.items()}


# --- what headings name ----------------------------------------------------------------------------------------------


def _classes(headings: Sequence[str], labels: Mapping[str, str]) -> dict[str, str]:
    """The class that each heading names: a label; with `p_` also a class that no film has, beside one that some have.

    `labels`: by their keys.
    """
    found = {heading: labels.get(name_key(_bare(heading)), "") for heading in headings}
    if any(name and _is_prefixed(heading) for heading, name in found.items()):
        found = {heading: name or (_bare(heading) if _is_prefixed(heading) else "") for heading, name in found.items()}
    return {heading: name for heading, name in found.items() if name}


def _findings(
    headings: Sequence[str], there: Mapping[str, str], known: Mapping[str, str], conventions: Conventions
) -> dict[str, str]:
    """The finding that each heading names: a known one, with `p_` any, that the tables have.

    `there`: what they have, by key; `known`: the finding for the key of each spelling.
    """
    keys = {heading: name_key(_bare(unnumbered(heading, headings))) for heading in headings}
    found = {
        heading: there.get(name_key(known.get(key, key)), "")
        for heading, key in keys.items()
        if (key in known or _is_prefixed(heading)) and key not in _no_finding(conventions)
    }
    return {heading: name for heading, name in found.items() if name}


def _bare(heading: str) -> str:
    return heading[len(PREFIX) :] if _is_prefixed(heading) else heading


def _is_prefixed(heading: str) -> bool:
    return heading.casefold().startswith(PREFIX)


# --- what the tables have --------------------------------------------------------------------------------------------


def _spellings(spelt: Iterable[str], conventions: Conventions) -> dict[str, str]:
    """The finding for the key of each spelling, under the name that is asked for."""
    asked = {conventions.finding_of.get(name_key(name), name): name for name in spelt}
    own = {name_key(name): name for name in asked.values()}
    return {key: asked.get(name, name) for key, name in conventions.finding_of.items()} | own


def _further_columns(entries: Sequence[Entry], conventions: Conventions) -> list[str]:
    """The headings that may be those of findings."""
    headings = dict.fromkeys(name for layout in {tuple(entry.columns): 0 for entry in entries} for name in layout)
    none = _no_finding(conventions)
    return [name for name in headings if name not in conventions.headings and name_key(name) not in none]


def _in_lists(entries: Sequence[Entry], spellings: Mapping[str, str], conventions: Conventions) -> dict[str, str]:
    """The findings that lists name, by their keys. Raises SourceError for a list that cannot be read."""
    different = {entry.label: replace(entry, columns={}) for entry in entries}
    stated, _ = state([*different.values()], (), conventions)
    return _by_key(names_in(entry.label for entry in stated), spellings)


def _by_key(names: Iterable[str], spellings: Mapping[str, str]) -> dict[str, str]:
    found = [spellings.get(name_key(name), name) for name in names]
    return {name_key(name): name for name in found}


def _no_finding(conventions: Conventions) -> set[str]:
    """The keys of words for there being none."""
    return set(map(name_key, conventions.no_finding))
