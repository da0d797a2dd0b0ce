"""What tables say of findings: columns of one finding each, a column of lists, or both, made one text a film.

Notable choices:
- a column is that of a finding if its heading is a known spelling (`Conventions.findings`) or one that is asked for;
  a list may name any finding, and what separates its words is looked for (`Conventions.between`), not asked for;
- a source is one of a listing, or a part of it by the column `source`. What a source never states is not in the labels
  of its films; in a source with lists a finding is stated of every film whose list says something, if any list has it;
- that there is no finding is none: it states that what is blank in its row is absent, and must not contradict the rest;
- `index.csv` has a text of statements for a label; it says what a cell for each finding would say;
- a word that denies a finding (`No Pneumothorax`) states that it is absent, and nothing of the others;
- a heading that stands there twice is one finding: its columns are joined as two spellings of it are;
- cells that contradict each other are an error that names the film, unless a column says that several people read it:
  then most of them decide, and a tie is uncertain. A reader has one vote, however many rows are his.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_names import NO_FINDING
from plainfilm.data.sources.names import name_key, tidy
from plainfilm.data.sources.table import SeveralCells, cells_of, unnumbered
from plainfilm.data.statements import ABSENT, BLANK, PRESENT, UNCERTAIN, joined, names_in, parted
from plainfilm.errors import SourceError
from plainfilm.messages import Message, say

MAX_NAMED = 20  # findings in a sentence
MAX_LETTERS = 100  # of a word of a list; what is longer is a report
LIST = re.compile(r"""\[\s*(?:(?:'[^']*'|"[^"]*")[\s,]*)*\]""")  # of Python, JSON or numpy, as text
QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
JOINT = re.compile(r"\s*[/+&、，]\s*|\s+and\s+")  # what people put between findings, and no list of ours has
STATEMENT = r"[^|]+=(?:-1|0|1|0\.\d+|\d(?:\.\d+)?e-\d+|)"
STATEMENTS = re.compile(rf"{STATEMENT}(?:\|{STATEMENT})*")  # a text of `statements.joined`

FIXED = (PRESENT, ABSENT, UNCERTAIN, BLANK)  # what else is stated is a probability
Said = dict[str, str]  # what is stated, by finding; also of NO_FINDING, until it is taken in
Row = tuple[str | None, ...]  # the list of a film, and its cells under the headings of findings; None: no such heading
Place = tuple[int, str]  # a source: its number in a listing, and the cell of its column `source`


class Cells(NamedTuple):
    """All cells about one film: its rows by who read it, all together if nothing says who; none if no row is about it.

    A tuple, because it is a key and a table has a hundred thousand of them.
    """

    readings: tuple[tuple[Row, ...], ...]

    @property
    def are_votes(self) -> bool:
        """Whether several people read it."""
        return len(self.readings) > 1


@dataclass(frozen=True)
class Grid:
    """How cells are read.

    `order`: the findings that are read; `own`: those among them that only lists name. `joint`: words of lists that look
    like several findings, each read as one. `finding_of`: the finding for the key of each spelling, "" for what is
    none. `columns`: the finding of each heading. `words`: those of each list, and `named`: the findings that it names.
    `denial_of`: the finding that a word denies, for the key of the word.
    """

    order: tuple[str, ...]
    own: tuple[str, ...]
    joint: tuple[str, ...]
    finding_of: Mapping[str, str]
    columns: Mapping[str, str]
    words: Mapping[str, tuple[str, ...]]
    named: Mapping[str, frozenset[str]]
    denial_of: Mapping[str, str]
    conventions: Conventions

    def denied(self, cell: str) -> set[str]:
        """The findings that a list says to be absent."""
        return {name for word in self.words[cell] if (name := self.denial_of.get(name_key(word), ""))}


@dataclass(frozen=True)
class Film:
    """Films of a source with the same cells, by their numbers; what is stated of them in the end.

    `ruled_out`: how many of their cells are absent because they have no finding.
    """

    numbers: Sequence[int]
    cells: Cells
    said: Said
    ruled_out: int


def state(
    entries: Sequence[Entry], wanted: Sequence[str] = (), conventions: Conventions = COMMON
) -> tuple[list[Entry], tuple[Message, ...]]:
    """The entries with what is stated of findings as their label (`statements.joined`), and what is to be said of it.

    A label that comes in is the cell of a column of lists, a text of statements, or "". One that goes out names the
    findings of its source, in one order for all; it is "" if no row is about the film. `wanted`: the findings that are
    read, under the names that they have there; none: all. One that no table has is in no label.

    Raises SourceError for cells that cannot be read and for cells that contradict.
    """
    stated = names_in(_texts(entries))
    entries = unfolded(entries)
    grid = _grid(entries, wanted, stated, conventions)
    films = [film for cells in _by_source(entries, grid) for film in _films(cells, entries, grid)]
    texts = [""] * len(entries)
    for film in films:
        text = joined(film.said)
        for number in film.numbers:
            texts[number] = text
    read = {*grid.columns}
    if any(film.cells.are_votes for film in films):
        read |= {heading for entry in entries for heading in _readers(entry, conventions)}
    made = [
        replace(entry, label=text, columns={name: cell for name, cell in entry.columns.items() if name not in read})
        for entry, text in zip(entries, texts, strict=True)
    ]
    return made, (*_notes_of_words(grid), *_notes_of_films(films, grid))


def unfolded(entries: Sequence[Entry]) -> list[Entry]:
    """The entries; a label that is a text of statements is a cell for each finding."""
    texts = _texts(entries)
    return [
        replace(entry, label="", columns={**entry.columns, **parted(entry.label)}) if entry.label in texts else entry
        for entry in entries
    ]


def _texts(entries: Sequence[Entry]) -> set[str]:
    """The labels that are texts of statements."""
    return {label for label in {entry.label for entry in entries} if STATEMENTS.fullmatch(label)}


# --- headings and lists ----------------------------------------------------------------------------------------------


def _grid(entries: Sequence[Entry], wanted: Sequence[str], stated: Sequence[str], conventions: Conventions) -> Grid:
    """What headings and lists mean; `stated`: headings of findings whatever they are."""
    known = _spellings(wanted, conventions)
    headings = dict.fromkeys(name for layout in {tuple(entry.columns): 0 for entry in entries} for name in layout)
    first = {name: name_key(unnumbered(name, headings)) for name in headings}
    known |= {name_key(name): known[key] for name, key in first.items() if key in known}
    columns = {name: known.get(name_key(name), "") for name in headings if name not in conventions.headings}
    denial_of = _denials(known, conventions)
    known |= dict.fromkeys(denial_of, "")
    words = _lists(entries, known, conventions)
    own: dict[str, str] = {}
    for word in (word for some in (stated, *words.values()) for word in some if name_key(word) not in known):
        own.setdefault(name_key(word), word)
    finding_of = known | own
    joint = tuple(word for word in own.values() if _is_joint(word, known))
    columns |= {name: finding_of[name_key(name)] for name in stated}
    named = {cell: frozenset(finding_of[name_key(word)] for word in some) - {""} for cell, some in words.items()}
    new = () if wanted else tuple(sorted(own.values()))
    order = tuple(wanted) or (*conventions.findings, *new)
    columns = {heading: name for heading, name in columns.items() if name in (*order, NO_FINDING)}
    return Grid(order, new, joint, finding_of, columns, words, named, denial_of, conventions)


def _spellings(wanted: Sequence[str], conventions: Conventions) -> dict[str, str]:
    """The finding for the key of each spelling, under the name that is asked for; "" for what is no finding.

    Raises SourceError for two names of one finding, and for a name that cannot be one.
    """
    none = dict.fromkeys(map(name_key, conventions.no_finding), NO_FINDING)
    finding_of = conventions.finding_of | none | dict.fromkeys(map(name_key, conventions.non_findings), "")
    for place, name in enumerate(wanted):
        known = conventions.finding_of.get(name_key(name))
        keys = {name_key(name)} | {key for key, finding in conventions.finding_of.items() if finding == known}
        if name_key(name) in none or "|" in name:
            raise SourceError("finding-no-name", name=name)
        for other in wanted[:place]:
            if name_key(other) in keys:
                raise SourceError("finding-twice", first=other, second=name)
        finding_of |= dict.fromkeys(keys, name)
    return finding_of


def _denials(known: Mapping[str, str], conventions: Conventions) -> dict[str, str]:
    """The finding that a word denies, for the key of the word.

    >>> _denials({"massen": "Mass"}, COMMON)["nomassen"]
    'Mass'
    """
    spelt = {key: name for key, name in known.items() if name not in ("", NO_FINDING)}
    found = {name_key(no) + key: name for no in conventions.negations for key, name in spelt.items()}
    for name, words in conventions.denials.items():
        found |= dict.fromkeys(map(name_key, words), known.get(name_key(name), ""))
    return {key: name for key, name in found.items() if key not in known}


def _lists(entries: Iterable[Entry], known: Mapping[str, str], conventions: Conventions) -> dict[str, tuple[str, ...]]:
    """The words of each different list. Raises SourceError for one that cannot be read."""
    lists: dict[str, tuple[str, ...]] = {"": ()}
    for path, cell in ((entry.path, cell) for entry in entries for cell in cells_of(entry.label)):
        if cell not in lists:
            words = _words(cell, known, conventions)
            if words is None:
                raise SourceError("findings-list-unread", film=path, given=repr(cell[:MAX_LETTERS]))
            lists[cell] = words
    return lists


def _words(cell: str, known: Mapping[str, str], conventions: Conventions) -> tuple[str, ...] | None:
    """The words of a list; None if it cannot be read. A comma separates what is known, and nothing else.

    >>> _words("Mass|Rash", {}, COMMON), _words("['a, b', ' c']", {}, COMMON), _words("a, b", {"a": "A"}, COMMON)
    (('Mass', 'Rash'), ('a, b', 'c'), None)
    """
    cell = cell.strip()
    mark = next((mark for mark in (*conventions.between, ",") if mark in cell), "\n")
    parts = cell.split(mark)
    if cell[:1] in ("[", "(", "{"):
        if LIST.fullmatch(cell) is None:
            return None
        parts = [one or other for one, other in QUOTED.findall(cell)]
    elif mark == ",":
        are_known = {name_key(part) in known for part in parts if part.strip()}
        if len(are_known) == 2:
            return None
        parts = parts if True in are_known else [cell]
    words = tuple(word for part in parts if (word := tidy(part)))
    return None if any(_is_no_name(word, conventions) for word in words) else words


def _is_no_name(word: str, conventions: Conventions) -> bool:
    """Whether a word of a list cannot be the name of a finding: a number, yes or no, a report."""
    is_answer = NUMBER.fullmatch(word) or name_key(word) in conventions.statement_of
    return bool(is_answer) or "|" in word or len(word) > MAX_LETTERS


def _is_joint(word: str, known: Mapping[str, str]) -> bool:
    """Whether a word is nothing but the names of several findings.

    >>> known = {"mass": "Mass", "edema": "Edema"}
    >>> [_is_joint(word, known) for word in ("Mass / Edema", "Mass and Edema", "Mass", "Mass/rash")]
    [True, True, False, False]
    """
    parts = JOINT.split(word)
    return len(parts) > 1 and all(known.get(name_key(part)) for part in parts)


# --- the cells of a film ---------------------------------------------------------------------------------------------


def _place(entry: Entry) -> Place:
    return entry.origin, entry.columns.get("source", "")


def _by_source(entries: Sequence[Entry], grid: Grid) -> list[dict[Cells, list[int]]]:
    """For each source, the numbers of its entries by their cells."""
    in_table = _headings_beside_lists(entries)
    sources: dict[Place, dict[Cells, list[int]]] = {}
    for number, entry in enumerate(entries):
        sources.setdefault(_place(entry), {}).setdefault(_cells(entry, grid, in_table), []).append(number)
    return list(sources.values())


def _headings_beside_lists(entries: Iterable[Entry]) -> dict[Place, set[str]]:
    """The headings that every film of a source with a list has: those of the table of lists."""
    found: dict[Place, set[str]] = {}
    for place, headings in {(_place(entry), tuple(entry.columns)) for entry in entries if entry.label}:
        found.setdefault(place, {*headings} - {"split"}).intersection_update(headings)
    return found


def _cells(entry: Entry, grid: Grid, in_table: Mapping[Place, set[str]]) -> Cells:
    """All cells about a film."""
    cells = entry.label, *map(entry.columns.get, grid.columns)
    if not entry.label and all(cell is None for cell in cells[1:]) and not _has_blank_list(entry, in_table):
        return Cells(())
    if SeveralCells not in map(type, cells):
        return Cells(((cells,),))
    readers = [entry.columns[heading] for heading in _readers(entry, grid.conventions)]
    readings: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in range(max(len(cell.of_rows) for cell in cells if isinstance(cell, SeveralCells))):
        reader = tuple(tidy(_of_row(cell, row) or BLANK) for cell in readers)
        readings[reader].append(tuple(_of_row(cell, row) for cell in cells))
    return Cells(tuple(map(tuple, readings.values())))


def _has_blank_list(entry: Entry, in_table: Mapping[Place, set[str]]) -> bool:
    """Whether a film without a list is in the table of lists all the same."""
    headings = in_table.get(_place(entry), set())
    return bool(headings) and headings <= entry.columns.keys()


def _of_row(cell: str | None, row: int) -> str | None:
    """A cell of one of several rows; blank where a second table has fewer of them."""
    if not isinstance(cell, SeveralCells):
        return cell
    return cell.of_rows[row] if row < len(cell.of_rows) else BLANK


def _readers(entry: Entry, conventions: Conventions) -> Iterator[str]:
    """The headings that say who read the film."""
    keys = set(map(name_key, conventions.readers))
    return (heading for heading in entry.columns if name_key(heading) in keys)


# --- what they state -------------------------------------------------------------------------------------------------


def _films(numbers: Mapping[Cells, Sequence[int]], entries: Sequence[Entry], grid: Grid) -> Iterator[Film]:
    """What is stated of the films of one source."""
    paths = {cells: entries[some[0]].path for cells, some in numbers.items()}
    lists = {row[0] or "" for cells in paths for rows in cells.readings for row in rows}
    listed = {name for cell in lists for name in grid.named[cell] | grid.denied(cell)}
    vocabulary = [name for name in (*grid.order, NO_FINDING) if name in listed]
    said = {cells: _said(cells, path, vocabulary, grid) for cells, path in paths.items()}
    stated = {name for rows in said.values() for row in rows for name, value in row.items() if value != BLANK}
    names = [name for name in grid.order if name in stated]
    for cells, rows in said.items():
        made = [_ruled_out(row, names, paths[cells], grid) for row in rows]
        changed = sum(new[name] != old.get(name, BLANK) for old, new in zip(rows, made, strict=True) for name in names)
        yield Film(numbers[cells], cells, _voted(made), changed)


def _said(cells: Cells, path: str, vocabulary: Sequence[str], grid: Grid) -> list[Said]:
    """What each reader of a film states."""
    return [_joined(_statements(rows, path, vocabulary, grid), path) for rows in cells.readings]


def _statements(
    rows: Iterable[Row], path: str, vocabulary: Sequence[str], grid: Grid
) -> Iterator[tuple[str, str, str, str]]:
    """Each statement: its finding, what is stated, the heading and the cell."""
    for listing, *cells in rows:
        named, denied = grid.named[listing or ""], grid.denied(listing or "")
        for name in vocabulary:
            value = (PRESENT if name in named else ABSENT) if named else BLANK
            yield name, value, "label", listing or ""
            if name in denied:
                yield name, ABSENT, "label", listing or ""
        for (heading, name), cell in zip(grid.columns.items(), cells, strict=True):
            if cell is not None:
                yield name, _meaning(cell, heading, path, grid.conventions), heading, cell


def _meaning(cell: str, heading: str, path: str, conventions: Conventions) -> str:
    """What a cell states. Raises SourceError if that is not known."""
    try:
        number = float(cell)
    except ValueError:
        said = conventions.statement_of.get(name_key(cell))
    else:
        is_fixed = number in (0, 1, -1)
        said = str(int(number)) if is_fixed else repr(number) if 0 < number < 1 else None
        said = BLANK if number != number else said  # "nan" says nothing
    if said is None:
        expected = ", ".join(word for words in conventions.stated.values() for word in words)
        raise SourceError("finding-cell-unknown", film=path, column=heading, given=repr(cell), expected=expected)
    return said


def _joined(statements: Iterable[tuple[str, str, str, str]], path: str) -> Said:
    """Statements by finding; blank ones give way. Raises SourceError for two that contradict each other."""
    said: Said = {}
    places: dict[str, tuple[str, str]] = {}
    for name, value, heading, cell in statements:
        before = said.setdefault(name, value)
        if before == value:
            places.setdefault(name, (heading, cell))
        elif before == BLANK:
            said[name], places[name] = value, (heading, cell)
        elif value != BLANK:
            cells = ", ".join(f"{column}: {given!r}" for column, given in (places[name], (heading, cell)))
            raise SourceError("findings-contradict", film=path, finding=name, cells=cells)
    return said


def _ruled_out(said: Said, names: Sequence[str], path: str, grid: Grid) -> Said:
    """What a row states about findings: if it says that there is none, what is blank is absent.

    Raises SourceError if it says so, and that one is present.
    """
    kept = {name: said.get(name, BLANK) for name in names}
    if said.get(NO_FINDING) != PRESENT:
        return kept
    allowed = {grid.finding_of.get(name_key(name)) for name in grid.conventions.beside_no_finding}
    for name, value in kept.items():
        if name not in allowed and value == PRESENT:
            raise SourceError("findings-none-and-some", film=path, finding=name)
    return {name: value if name in allowed else value or ABSENT for name, value in kept.items()}


def _voted(rows: Sequence[Said]) -> Said:
    """What most of the readers of a film state.

    >>> _voted([{"Mass": "1"}, {"Mass": "0"}, {"Mass": "1"}]), _voted([{"Mass": "1"}, {"Mass": "0"}, {"Mass": ""}])
    ({'Mass': '1'}, {'Mass': '-1'})
    """
    if len(rows) < 2:
        return rows[0] if rows else {}
    return {name: _most([row[name] for row in rows]) for name in rows[0]}


def _most(votes: Sequence[str]) -> str:
    """The commonest vote; uncertain if there is a tie, blank if nobody votes."""
    ranked = Counter(vote for vote in votes if vote != BLANK).most_common(2)
    if not ranked:
        return BLANK
    return UNCERTAIN if len(ranked) == 2 and ranked[0][1] == ranked[1][1] else ranked[0][0]


# --- what is to be said of it ----------------------------------------------------------------------------------------


def _notes_of_words(grid: Grid) -> Iterator[Message]:
    """Sentences about spellings: joined ones, words that the table of findings lacks, words that are no findings."""
    spelt: dict[str, list[str]] = defaultdict(list)
    denials: list[str] = []
    for word in dict.fromkeys([*grid.columns, *(word for words in grid.words.values() for word in words)]):
        (denials if name_key(word) in grid.denial_of else spelt[grid.finding_of[name_key(word)]]).append(word)
    for name in grid.order:
        others = [repr(word) for word in spelt[name] if name_key(word) != name_key(name)]
        if others:
            yield say("findings.spelt", finding=name, spellings=", ".join(others))
    if grid.own:
        yield say("findings.own", findings=_several(grid.own))
    if grid.joint:
        yield say("findings.joint", words=_several(grid.joint))
    if denials:
        yield say("findings.denied", words=_several(denials))
    if spelt[""]:
        yield say("findings.no-findings", words=_several(spelt[""]))


def _notes_of_films(films: Sequence[Film], grid: Grid) -> Iterator[Message]:
    """Sentences about cells: absent by NO_FINDING, decided by readers, probabilities, masked in some sources."""
    changed = [film for film in films if film.ruled_out]
    if changed:
        cells = sum(film.ruled_out * len(film.numbers) for film in changed)
        yield say("findings.ruled-out", cells=cells, films=sum(len(film.numbers) for film in changed))
    read = [film for film in films if film.cells.are_votes]
    if read:
        cells = sum(Counter(film.said.values())[UNCERTAIN] * len(film.numbers) for film in read)
        yield say("findings.votes", films=sum(len(film.numbers) for film in read), cells=cells)
    likely: Counter[str] = Counter()
    for film in films:
        likely.update({name: len(film.numbers) for name, value in film.said.items() if value not in FIXED})
    if likely:
        counts = [f"{name} {likely[name]}" for name in grid.order if name in likely]
        yield say("findings.probabilities", cells=likely.total(), findings=_several(counts))
    stated = {tuple(film.said) for film in films if film.said}
    masked = [name for name in grid.order if {name in names for names in stated} == {True, False}]
    if masked:
        yield say("findings.masked", findings=_several(masked))


def _several(names: Sequence[str]) -> str:
    """Names in a sentence; of many, the first."""
    return ", ".join(names[:MAX_NAMED]) + (", ..." if len(names) > MAX_NAMED else "")
