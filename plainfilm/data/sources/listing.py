"""Listing: which films a SOURCE holds and what is said of them, before anything is decoded.

A source is a folder, a zip or tar, a single film, or a table with the columns path and label. What is a film is decided
by content (`file_kinds`). Its class and its part of the set's own split come from its folders (`folder_names`), unless
a table has such a column: that alone gives it then. Every file and row is accounted for: `left_out`, `tables`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from plainfilm.data.decoding.formats import is_film_name, kind_of
from plainfilm.data.labelling import CLASS_LABELS, Labelling
from plainfilm.data.sources import labels, matching
from plainfilm.data.sources.balance import Balance, SeenFile, TableBalance, make_balance
from plainfilm.data.sources.conventions import COMMON
from plainfilm.data.sources.entry import Columns, Entry
from plainfilm.data.sources.labels import class_and_split, is_hidden, is_mask
from plainfilm.data.sources.matching import FilmPath
from plainfilm.data.sources.names import path_parts, tidy
from plainfilm.data.sources.own_output import own_output
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.data.sources.table import Table, check_boxes, is_table, notes_on_short_rows, read_table
from plainfilm.errors import SourceError, UsageError
from plainfilm.io import files
from plainfilm.io.archives import Source
from plainfilm.io.folders import first_bytes
from plainfilm.messages import Message

ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")
Fit = Callable[[Table, Sequence[FilmPath]], tuple[Table, dict[int, int]]]


@dataclass(frozen=True)
class Listing:
    """The sources and the films in them, in the sources' own order; what is no film; what became of the tables."""

    sources: tuple[Source, ...]
    entries: tuple[Entry, ...]
    left_out: tuple[SeenFile, ...] = ()
    tables: tuple[TableBalance, ...] = ()
    notes: tuple[Message, ...] = ()
    reading: Reading = PLAIN
    labelling: Labelling = CLASS_LABELS

    def read(self, entry: Entry) -> bytes:
        """The bytes of one film. Raises SourceError or OSError."""
        return self.sources[entry.origin].read(entry.path)


def list_films(
    paths: Sequence[Path],
    tables: Sequence[Path] = (),
    reading: Reading = PLAIN,
    *,
    labelling: Labelling = CLASS_LABELS,
    wanted: Sequence[str] = (),
) -> Listing:
    """List the films of several sources; `labelling`: what labels are, `wanted`: the names that are asked for.

    Several tables for one source belong to it together; one table for several sources to all of them; else each to the
    source of its number.

    Raises SourceError where a source or a table cannot be used, or holds no film.
    """
    given = [[read_table(path, encoding=reading.encoding) for path in some] for some in _of_sources(paths, tables)]
    if not labelling.is_single:
        check_boxes(table for some in given for table in some)
    opened = [_open(path, reading, own, labelling) for path, own in zip(paths, given, strict=True)]
    entries: list[Entry] = []
    left_out: list[SeenFile] = []
    for origin, (source, is_named) in enumerate(opened):
        films, others = _sort(origin, source, is_named=is_named)
        if not films:
            raise _no_films(paths[origin], others)
        entries += films
        left_out += others
    fit = _fit_alone if labelling.is_single else matching.fit_every_way
    entries, balances = _with_tables(entries, opened, given, fit)
    if not labelling.names_folders:
        told = {table.path for some in given for table in some if table.has_labels}
        labelled = {origin for origin, some in enumerate(given) if told & {table.path for table in some}}
        entries = [entry if entry.origin in labelled else replace(entry, label="") for entry in entries]
    before = {name for entry in entries for name in entry.columns}
    entries, notes = labelling.labelled(entries, wanted)
    taken = before - {name for entry in entries for name in entry.columns}
    balances = [balance.with_used(taken) for balance in balances]
    found = [
        Message(
            "balance.encoding", {"source": source.path.name, "encoding": source.encoding, "example": source.names[0]}
        )
        for source, _ in opened
        if source.encoding
    ]
    read = {table.path: table for some in given for table in some}.values()
    understood = [note for table in read for note in table.notes]
    understood += [] if labelling.is_single else notes_on_short_rows(read)
    return Listing(
        tuple(source for source, _ in opened),
        tuple(entries),
        tuple(left_out),
        tuple(balances),
        (*found, *understood, *notes),
        reading,
        labelling,
    )


def open_origin(path: Path, reading: Reading = PLAIN, *, encoding: str = "") -> Source:
    """The source at `path`, to read films from it that are known already; `encoding` of its names, as it was found."""
    source, _ = _open(path, replace(reading, encoding=encoding or reading.encoding), [])
    return source


def _of_sources(paths: Sequence[Path], tables: Sequence[Path]) -> list[list[Path]]:
    """The tables of each source; a table that is itself a source comes first."""
    own = [[path] if is_table(path) else [] for path in paths]
    for path in (path for some in own for path in some):
        if not path.is_file():
            raise SourceError("source-missing", path=str(path))
    if len(paths) == 1:
        return [own[0] + list(tables)]
    if len(tables) == 1:
        return [some or list(tables) for some in own]
    if len(tables) > len(paths):
        raise UsageError("tables-too-many", tables=len(tables), sources=len(paths))
    return [some or list(tables[place : place + 1]) for place, some in enumerate(own)]


def _open(
    path: Path, reading: Reading, tables: Sequence[Table], labelling: Labelling = CLASS_LABELS
) -> tuple[Source, bool]:
    """The source at `path`, and whether its owner named each of its films: a single one, or the rows of a table."""
    if is_table(path):
        table = tables[0] if tables else read_table(path, encoding=reading.encoding)
        return _named_by(table, reading, needs_labels=labelling.is_single), True
    if path.is_file() and (is_film_name(path.name) or kind_of(path.name, first_bytes(str(path))) == "film"):
        return files.single_film(path), True
    source = files.open_source(
        path, follow_links=reading.follow_links, encoding=reading.encoding, fits=_fits(tables) if tables else None
    )
    return source, False


def _fits(tables: Sequence[Table]) -> Callable[[list[str]], int]:
    """How many of some names the tables know, by the name and one folder."""
    known = {path_parts(tidy(row.path))[-2:] for table in tables for row in table.rows}
    known |= {parts[-1:] for parts in known}
    return lambda names: sum(path_parts(name)[-2:] in known or path_parts(name)[-1:] in known for name in names)


def _named_by(table: Table, reading: Reading, *, needs_labels: bool) -> Source:
    """The films that a table names, relative to its folder; if none is there, those in its folder that its rows fit."""
    if needs_labels and not table.has_labels:
        raise SourceError(
            "table-column-missing",
            path=str(table.path),
            column="label",
            columns=", ".join([*table.used.values(), *table.unused]),
            known=", ".join(COMMON.headings["label"]),
        )
    folder = table.path.parent
    names = [_existing(folder, row.path) or row.path for row in table.rows]
    if not any(files.is_file(folder / name) for name in names):
        around = files.open_source(folder, follow_links=reading.follow_links)
        films = [name for name in around.names if not _no_film(name, around, lambda _: False)]
        fitting = matching.fit(table, [FilmPath((), path_parts(name)) for name in films])
        names = [films[film] for film in sorted(fitting)] or names
    return files.listed_files(folder, tuple(dict.fromkeys(names)))


def _existing(folder: Path, path: str) -> str:
    """A path of a table, with its backslashes as slashes if only so a file is there; "" if none is."""
    return next((way for way in (path, path.replace("\\", "/")) if files.is_file(folder / way)), "")


def _sort(origin: int, source: Source, *, is_named: bool) -> tuple[list[Entry], list[SeenFile]]:
    """The films of a source with what their folders say, and the files that are none."""
    is_own = own_output(source.names, source.peek)
    said_by: dict[str, tuple[str, str]] = {}  # class and split, by folder
    films, others = [], []
    for name in source.names:
        folder = name.rpartition("/")[0]
        reason = ("mask" if is_mask(name) else "") if is_named else _no_film(name, source, is_own)
        if reason and reason != "other-image":
            others.append(SeenFile(name, origin, "", reason))
            continue
        if folder not in said_by:
            said_by[folder] = class_and_split(PurePosixPath(folder).parts)
        label, split = said_by[folder]
        if reason:
            others.append(SeenFile(name, origin, label, reason))
        else:
            films.append(Entry(origin, name, label, {"split": split} if split else {}))
    for name, reason in source.skipped.items():
        folder = name.rpartition("/")[0] if is_film_name(name) else name  # a linked folder is a name itself
        is_hidden_link = reason != "unsafe" and is_hidden(name)
        label, _ = class_and_split(PurePosixPath(folder).parts)
        others.append(SeenFile(name, origin, label, "hidden" if is_hidden_link else reason))
    return _with_class_above(films, others, class_and_split(_parts_above(source))[0])


def _with_class_above(films: list[Entry], others: list[SeenFile], above: str) -> tuple[list[Entry], list[SeenFile]]:
    """Films that have no class by a folder inside are of the class of the source, "" if that names none.

    All of them are, if no folder inside is a class; else only those directly in the source.
    """
    is_alone = not any(film.label for film in films)
    films = [replace(film, label=film.label or above) if is_alone or "/" not in film.path else film for film in films]
    for place, other in enumerate(others):
        if is_alone and other.reason == "other-image":
            others[place] = replace(other, label=other.label or above)
    return films, others


def _no_films(path: Path, others: Sequence[SeenFile]) -> SourceError:
    """What is said of a source without films: what is there instead."""
    if not others:
        return SourceError("source-empty", path=str(path))
    reason, _ = Counter(other.reason for other in others).most_common(1)[0]
    example = next(other.name for other in others if other.reason == reason)
    return SourceError(
        "source-no-films", path=str(path), files=len(others), reason_key=f"balance.reason.{reason}", example=example
    )


def _no_film(name: str, source: Source, is_own: Callable[[str], bool]) -> str:
    """Why a file is no film, "" if it is one."""
    if is_hidden(name):
        return "hidden"
    if is_own(name):
        return "own-output"
    kind = "film" if is_film_name(name) else kind_of(name, source.peek(name))
    if kind != "film":
        return kind
    return "mask" if is_mask(name) else ""


# --- tables and labels -----------------------------------------------------------------------------------------------


def _with_tables(
    entries: list[Entry], opened: Sequence[tuple[Source, bool]], given: Sequence[Sequence[Table]], fit: Fit
) -> tuple[list[Entry], list[TableBalance]]:
    """The entries with what the tables of their sources say, and what became of each table's rows.

    `fit`: what finds the row of each film.
    """
    above = [_parts_above(source) for source, _ in opened]
    origins_of: dict[Path, list[int]] = {}
    tables = {table.path: table for some in given for table in some}
    for origin, some in enumerate(given):
        for table in some:
            origins_of.setdefault(table.path, []).append(origin)
    said: dict[int, Columns] = {}
    labelled: set[int] = set()  # sources whose labels come from a table
    balances = []
    for place_of_table, (path, origins) in enumerate(origins_of.items()):
        numbers = [number for number, entry in enumerate(entries) if entry.origin in origins]
        paths = [FilmPath(above[entries[number].origin], path_parts(entries[number].path)) for number in numbers]
        table, row_of = fit(tables[path], paths)
        missing = sum(
            not _is_there(opened[entries[numbers[place]].origin], entries[numbers[place]].path) for place in row_of
        )
        balances.append(matching.balance(table, paths, row_of, missing=missing))
        for place, row in row_of.items():
            entry = entries[numbers[place]]
            before = said.setdefault(numbers[place], {})
            before |= matching.joined(before, table.rows[row].columns, path, entry.path)
            if "patient" in table.used:
                before.setdefault("patient_table", str(place_of_table))
            labelled |= {entry.origin} if table.has_labels else set()
    return [
        _said_of(entry, said.get(number), entry.origin in labelled) for number, entry in enumerate(entries)
    ], balances


def _fit_alone(table: Table, films: Sequence[FilmPath]) -> tuple[Table, dict[int, int]]:
    """The table as it is, and the row of each film."""
    return table, matching.fit(table, films)


def _parts_above(source: Source) -> tuple[str, ...]:
    """The folders above the films of a folder; () for an archive."""
    return path_parts(source.path.resolve().as_posix()) if source.path.is_dir() else ()


def _is_there(opened: tuple[Source, bool], name: str) -> bool:
    """Whether a film is a file: one that its owner named may be none."""
    source, is_named = opened
    return not is_named or files.is_file(source.path / name)


def _said_of(entry: Entry, columns: Columns | None, is_labelled: bool) -> Entry:
    """An entry with a table's columns; its label is the table's alone, if that has labels."""
    further = dict(columns or {})
    label, patient_table = further.pop("label", ""), further.pop("patient_table", "")
    if labels.is_no_label(label):
        label = ""
    columns = entry.columns | further
    return replace(entry, label=label if is_labelled else entry.label, columns=columns, patient_table=patient_table)


def balance_of(listing: Listing, reasons: Iterable[str], notes: Sequence[Message] = ()) -> Balance:
    """The balance of a listing; `reasons`: why each of its films is not used, "" if it is."""
    films = [
        SeenFile(entry.path, entry.origin, entry.label if listing.labelling.is_single else "", reason)
        for entry, reason in zip(listing.entries, reasons, strict=True)
    ]
    return make_balance([*films, *listing.left_out], listing.tables, [*listing.notes, *notes])
