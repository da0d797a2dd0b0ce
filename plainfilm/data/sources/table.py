"""A table that says something of films: read as people save it, each column found under its usual spellings.

Notable choices:
- UTF-8 with or without a mark, UTF-16 with one; comma, semicolon or tab, whichever finds the column of paths; Excel's
  line `sep=;`; lists without headings, separated by blanks (`Conventions.lists`);
- cells of columns that are used lose blanks at their ends, and their letters are composed; other cells stay as they
  are, and labels are left to `labels`, which says what it joins;
- the column `train_only` says "yes", "no" or nothing, whichever words its owner took for that;
- the first of several rows about one film keeps the cells of all of them (`SeveralCells`), for who has to join them;
- a row that is longer than its headings is an error: its cells stand under wrong headings;
- a table that is named after a part of a split (`train.txt`, `test_list.csv`) and has no column `split` says that its
  films belong to that part.
"""

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plainfilm.data.decoding.formats import is_film_name
from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.labels import COLUMN as TRAIN_ONLY
from plainfilm.data.sources.names import name_key, path_parts, tidy
from plainfilm.errors import SourceError
from plainfilm.io.tables import plain

TABLES = (".csv", ".tsv", ".txt", ".tab")  # endings of tables, also of those that are given as a SOURCE
DELIMITERS = (",", ";", "\t")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class SeveralCells(str):
    """A cell of a film that several rows are about: equal to that of the first one, with those of all in `of_rows`."""

    __slots__ = ("of_rows",)
    of_rows: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[str]) -> str:
        """One cell for those of several rows; a plain one if they are all the same."""
        if len(set(cells)) == 1:
            return cells[0]
        cell = cls(cells[0])
        cell.of_rows = tuple(cells)
        return cell


@dataclass(frozen=True)
class TableRow:
    """One row: the path in it, the other columns that are used, by our names, and all others by their headings."""

    path: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table: its rows, and which of its headings are used as which of our columns."""

    path: Path
    rows: tuple[TableRow, ...]
    used: dict[str, str]  # our column: the heading
    unused: tuple[str, ...]  # headings that mean none of ours; their cells are kept as further columns

    @property
    def has_labels(self) -> bool:
        """Whether labels come from this table, and from it alone."""
        return "label" in self.used


def read_table(path: Path, *, encoding: str = "", conventions: Conventions = COMMON) -> Table:
    """Read a table. Raises SourceError for a missing file, one that is no text, has no paths, or is ragged."""
    content = _text(path, encoding)
    try:
        lines, used, headings = _best(content, path, conventions)
    except csv.Error as error:
        raise SourceError("table-not-text", path=str(path)) from error
    unused = tuple(heading for heading in headings if heading and heading not in used.values())
    part = "" if "split" in used else conventions.split_of.get(name_key(re.split(r"[\W_]+", path.stem)[0]), "")
    rows = []
    names = {heading: name for name, heading in used.items()}
    columns = [names.get(heading, heading) for heading in headings]
    for number, cells in enumerate(lines, start=2):
        named = dict(zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False))
        named.pop("", None)  # a column without a heading
        for name in used:
            if name not in ("label", "path"):
                named[name] = tidy(named[name])
        if TRAIN_ONLY in used:
            named[TRAIN_ONLY] = _truth(named[TRAIN_ONLY], conventions, path=str(path), row=number)
        film = named.pop("path")
        if part:
            named["split"] = part
        if tidy(film):  # spreadsheets leave empty rows at the end
            rows.append(TableRow(film, named))
    return Table(path, tuple(_with_all_cells(rows)), used, unused)


def _with_all_cells(rows: list[TableRow]) -> list[TableRow]:
    """The rows; the first one about a film has the cells of all that are about it."""
    films = [path_parts(row.path) for row in rows]
    if len(set(films)) == len(rows):
        return rows
    rows_of: dict[tuple[str, ...], list[TableRow]] = {}
    for film, row in zip(films, rows, strict=True):
        rows_of.setdefault(film, []).append(row)
    return [_joined(rows_of[film]) if row is rows_of[film][0] else row for film, row in zip(films, rows, strict=True)]


def _joined(rows: Sequence[TableRow]) -> TableRow:
    """The first of some rows about a film, with the cells of all of them."""
    cells = {name: SeveralCells.of([row.columns[name] for row in rows]) for name in rows[0].columns}
    return TableRow(rows[0].path, cells)


def _truth(cell: str, conventions: Conventions, **place: object) -> str:
    """ "yes", "no", or "" where a cell says nothing. Raises SourceError for any other word."""
    truth = conventions.truth_of.get(name_key(cell))
    if truth is None:
        expected = ", ".join(word for words in conventions.truths.values() for word in words)
        raise SourceError("table-truth-unknown", column=TRAIN_ONLY, given=repr(cell), expected=expected, **place)
    return truth


def _text(path: Path, encoding: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError("table-missing", path=str(path)) from error
    marked = [name for mark, name in MARKS if data.startswith(mark)]
    try:
        return data.decode(marked[0] if marked else encoding or "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError("table-not-text", path=str(path)) from error


def _best(content: str, path: Path, conventions: Conventions) -> tuple[list[list[str]], dict[str, str], list[str]]:
    """The rows of cells, our columns by heading, and the headings, as the delimiter gives them that finds paths."""
    told = re.match(r"sep=(.)\r?\n", content)
    for delimiter in [told[1]] if told else DELIMITERS:
        lines = _cells(content[told.end() :] if told else content, delimiter)
        headings = _different([tidy(heading) for heading in lines[0]]) if lines else []
        used = _used(headings, conventions)
        if "path" in used:
            _check_ragged(lines, path)
            return lines[1:], used, headings
    found = _headless(content, conventions)
    if found is not None:
        return found
    first = next(iter(_cells(content.partition("\n")[0], _commonest(content))), [])
    raise SourceError(
        "table-column-missing",
        path=str(path),
        column="path",
        columns=", ".join(first) or "-",
        known=", ".join(conventions.headings["path"]),
    )


def _commonest(content: str) -> str:
    first = content.partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _cells(content: str, delimiter: str) -> list[list[str]]:
    are_spaced = f"{delimiter} " in content.partition("\n")[0]  # then a quoted cell begins after a blank
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, skipinitialspace=are_spaced)
    return [[plain(cell) if "'" in cell else cell for cell in line] for line in reader if line]


def _different(headings: Sequence[str]) -> list[str]:
    """The headings; one that stands there again is numbered, so that no column hides another."""
    seen: list[str] = []
    for heading in headings:
        number, name = 2, heading
        while name and name in seen:
            name, number = f"{heading} ({number})", number + 1
        seen.append(name)
    return seen


def _used(headings: Sequence[str], conventions: Conventions) -> dict[str, str]:
    """Our columns, and the heading that is taken for each: of several that mean the same, the most usual spelling."""
    found: dict[str, tuple[int, str]] = {}
    for heading in headings:
        column, rank = conventions.heading_of.get(name_key(heading), ("", 0))
        if column and (column not in found or rank < found[column][0]):
            found[column] = rank, heading
    return {column: heading for column, (_, heading) in found.items()}


def _check_ragged(lines: Sequence[Sequence[str]], path: Path) -> None:
    """Raise SourceError for a row with more cells than there are headings, unless these are empty."""
    width = len(lines[0])
    for number, cells in enumerate(lines, start=1):
        if any(map(tidy, cells[width:])):
            raise SourceError("table-row-ragged", path=str(path), row=number, cells=len(cells), headings=width)


def _headless(content: str, conventions: Conventions) -> tuple[list[list[str]], dict[str, str], list[str]] | None:
    """A list without headings whose rows are separated by blanks, commas or tabs, or None."""
    for pattern in (r"\s+", r"\s*[,;\t]\s*"):
        lines = [re.split(pattern, line.strip()) for line in content.splitlines() if line.strip()]
        widths = {len(line) for line in lines}
        for known in conventions.lists:
            place = known.columns.index("path")
            if widths != {len(known.columns)}:
                continue
            if all(is_film_name("".join(path_parts(tidy(line[place]))[-1:])) for line in lines):
                return lines, {name: name for name in known.columns}, [*known.columns]
    return None
