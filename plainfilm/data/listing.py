"""Listing: which films a SOURCE holds and what is said of them, before anything is decoded.

A source is a class-per-folder directory, a zip or tar of one, a single film, or a CSV table with the columns path and
label. The class of a film is its parent folder; `CLASS/images/film.png` counts as CLASS, and what lies below `masks/`
is no film. A table beside a source adds columns (patient, source, quality, view, split, ...) and may correct the
label.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from plainfilm import files, tables
from plainfilm.archives import Source
from plainfilm.data.decode import is_film_name
from plainfilm.errors import SourceError, UsageError

Columns = dict[str, str]
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz")


@dataclass(frozen=True)
class Entry:
    """One film of a listing: its source's number, its path there, its class ("" if not known), further columns."""

    origin: int
    path: str
    label: str
    columns: Columns = field(default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """The sources and the films in them, in the sources' own order."""

    sources: tuple[Source, ...]
    entries: tuple[Entry, ...]

    def read(self, entry: Entry) -> bytes:
        """The bytes of one film. Raises SourceError or OSError."""
        return self.sources[entry.origin].read(entry.path)


def list_films(paths: Sequence[Path], tables: Sequence[Path] = ()) -> Listing:
    """List the films of several sources; `tables` belong to the sources in order.

    Raises SourceError where a source or a table cannot be used, or holds no film.
    """
    if len(tables) > len(paths):
        raise UsageError("tables-too-many", tables=len(tables), sources=len(paths))
    sources: list[Source] = []
    entries: list[Entry] = []
    for origin, path in enumerate(paths):
        source, table = open_origin(path), {}
        if path.suffix.lower() == ".csv":
            table = read_table(path, required=("path", "label"))
        elif origin < len(tables):
            table = read_table(tables[origin], required=("path",))
        found = _entries(origin, source, table)
        if not found:
            raise SourceError("source-no-films", path=str(path))
        sources.append(source)
        entries += found
    return Listing(tuple(sources), tuple(entries))


def open_origin(path: Path) -> Source:
    """The source at `path`: a folder, an archive, a single film, or the films named by a CSV table, relative to it."""
    if path.is_file() and is_film_name(path.name):
        return files.single_film(path)
    if path.suffix.lower() != ".csv":
        return files.open_source(path)
    if not path.is_file():
        raise SourceError("source-missing", path=str(path))
    return files.listed_files(path.parent, tuple(read_table(path, required=("path",))))


def read_table(path: Path, *, required: Sequence[str]) -> dict[str, Columns]:
    """The rows of a CSV table by their path. Raises SourceError for a missing file or column, or a path given twice."""
    try:
        content = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SourceError("table-missing", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise SourceError("table-not-text", path=str(path)) from error
    try:
        table, columns = tables.from_csv(content)
    except csv.Error as error:
        raise SourceError("table-not-text", path=str(path)) from error
    for name in required:
        if name not in columns:
            raise SourceError("table-column-missing", path=str(path), column=name, columns=", ".join(columns))
    rows: dict[str, Columns] = {}
    for row in table:
        name = row["path"]
        if not name:  # spreadsheets leave empty rows at the end
            continue
        if name in rows:
            raise SourceError("table-path-twice", path=str(path), name=name)
        rows[name] = row
    return rows


def folder_class(path: PurePosixPath) -> str:
    """The class that a film's folders name, or "".

    >>> folder_class(PurePosixPath("data/COVID/images/film.png"))
    'COVID'
    """
    parent = path.parent.parent if path.parent.name.lower() == "images" else path.parent
    return parent.name


def _entries(origin: int, source: Source, table: dict[str, Columns]) -> list[Entry]:
    lookup = _Suffixes(table)
    root = PurePosixPath(source.path.resolve().as_posix()) if source.path.is_dir() else PurePosixPath()
    entries = []
    for name in source.names:
        path = PurePosixPath(name)
        if not is_film_name(name) or "masks" in (part.lower() for part in path.parts[:-1]):
            continue
        columns = lookup.find(name)
        label = columns.get("label") or folder_class(root / path)
        further = {key: value for key, value in columns.items() if key not in ("path", "label")}
        entries.append(Entry(origin, name, label, further))
    return entries


class _Suffixes:
    """A table's rows by path, found also where table and source start at different folders."""

    def __init__(self, table: dict[str, Columns]) -> None:
        self.rows: dict[str, Columns | None] = {}  # None: an ending that several rows share
        for name, columns in table.items():
            for ending in _endings(name):
                self.rows[ending] = None if ending in self.rows else columns
        self.rows.update(table)

    def find(self, name: str) -> Columns:
        for ending in (name, *_endings(name)):
            columns = self.rows.get(ending)
            if columns is not None:
                return columns
        return {}


def _endings(name: str) -> list[str]:
    """The path and its endings without its first folders, the longest first; never the bare file name of a longer path.

    >>> _endings("a/b/c.png")
    ['a/b/c.png', 'b/c.png']
    """
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return ["/".join(parts[start:]) for start in range(max(len(parts) - 1, 1))]
