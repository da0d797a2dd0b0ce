"""A table that says something of films: read as people save it, each column found under its usual spellings.

Notable choices:
- UTF-8 with or without a mark, UTF-16 with one; comma, semicolon or tab, whichever finds the column of paths; Excel's
  line `sep=;`; lists without headings, separated by blanks (`Conventions.lists`); all of it also as `.gz`;
- published tables whose headings mean something else than elsewhere are known by them (`Conventions.layouts`);
- cells of columns that are used lose blanks at their ends, and their letters are composed; other cells stay as they
  are, and labels are left to `labels`, which says what it joins;
- the column `train_only` says "yes", "no" or nothing, whichever words its owner took for that;
- the first of several rows about one film keeps the cells of all of them (`SeveralCells`), for who has to join them;
  if rows are boxes (`Conventions.boxes`), all those of one reader are one row with the labels of all;
- a row that is longer than its headings is an error: its cells stand under wrong headings. What a shorter one lacks
  is empty, as spreadsheets leave out empty cells at the end of a row;
- a table that is named after a part of a split (`train.txt`, `test_list.csv`) and has no column `split` says that its
  films belong to that part.
"""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plainfilm.data.decoding.formats import is_film_name
from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.labels import COLUMN as TRAIN_ONLY
from plainfilm.data.sources.layouts import Layout
from plainfilm.data.sources.names import name_key, path_parts, tidy
from plainfilm.errors import SourceError
from plainfilm.io.archives import FREE_BYTES, MAX_RATIO
from plainfilm.io.tables import plain
from plainfilm.messages import Message, say

TABLES = (".csv", ".tsv", ".txt", ".tab")  # endings of tables, also of those that are given as a SOURCE
PACKED, GZIP = ".gz", b"\x1f\x8b"  # after one of these endings, and at the beginning of such a file
NO_TABLES = {"{": "JSON", "[": "JSON", "<": "XML"}  # by the first character
NUMBERED = re.compile(r"(.+) \(\d+\)")  # a heading that stands there again
DELIMITERS = (",", ";", "\t")
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class SeveralCells(str):
    """A cell of a film that several rows are about: equal to that of the first one, with those of all in `of_rows`."""

    __slots__ = ("of_rows",)
    of_rows: tuple[str, ...]

    @classmethod
    def of(cls, cells: Sequence[str], *, shown: str = "") -> str:
        """One cell for those of several rows; a plain one if they are all the same. `shown`: what it is equal to."""
        if len(set(cells)) == 1:
            return cells[0]
        cell = cls(shown or cells[0])
        cell.of_rows = tuple(cells)
        return cell


def cells_of(cell: str) -> tuple[str, ...]:
    """The cells of all rows that a cell stands for."""
    return cell.of_rows if isinstance(cell, SeveralCells) else (cell,)


@dataclass(frozen=True)
class TableRow:
    """One row: the path in it, the other columns that are used, by our names, and all others by their headings."""

    path: str
    columns: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table: its rows, and which of its headings are used as which of our columns.

    `in_path`: pattern of what stands for a film in its rows, if they are no paths (`Layout.in_path`). `boxes`: the
    headings of a box, if a row has one beside its label. `remark`: key of what is said of its layout. `short_rows`: the
    numbers of rows with fewer cells than headings.
    """

    path: Path
    rows: tuple[TableRow, ...]
    used: dict[str, str]  # our column: the heading
    unused: tuple[str, ...]  # headings that mean none of ours; their cells are kept as further columns
    in_path: str = ""
    boxes: tuple[str, ...] = ()
    remark: str = ""
    short_rows: tuple[int, ...] = ()

    @property
    def has_labels(self) -> bool:
        """Whether labels come from this table, and from it alone."""
        return "label" in self.used

    @property
    def notes(self) -> tuple[Message, ...]:
        """How its rows are understood, if that is not plain."""
        has_several = self.boxes and len({row.path for row in self.rows}) < len(self.rows)
        keys = (self.remark, "layout.boxes" if has_several else "")
        return tuple(say(key, table=self.path.name) for key in keys if key)


def is_table(path: Path) -> bool:
    """Whether the ending of a file is that of a table.

    >>> is_table(Path("a.CSV")), is_table(Path("a.csv.gz")), is_table(Path("a.tar.gz"))
    (True, True, False)
    """
    return path.name.lower().removesuffix(PACKED).endswith(TABLES)


def check_boxes(tables: Iterable[Table], conventions: Conventions = COMMON) -> None:
    """Raise SourceError for a table of boxes that names no film without a finding: it leaves open what is absent."""
    none = set(map(name_key, conventions.no_finding))
    for table in (table for table in tables if table.boxes):
        rows = [row.columns for row in table.rows]
        if rows and all(row[table.boxes[0]].strip() and name_key(row["label"]) not in none for row in rows):
            raise SourceError("table-boxes-alone", path=str(table.path), columns=", ".join(table.boxes))


def notes_on_short_rows(tables: Iterable[Table]) -> Iterator[Message]:
    """A sentence a table with rows that lack cells: spreadsheets leave out empty ones at the end, broken files any."""
    for table in tables:
        if table.short_rows:
            short = table.short_rows
            yield say("table.short-rows", table=table.path.name, rows=len(short), first=short[0])


def read_table(path: Path, *, encoding: str = "", conventions: Conventions = COMMON) -> Table:
    """Read a table. Raises SourceError for a missing file, one that is no text, has no paths, or is ragged."""
    content = _text(path, encoding)
    try:
        lines, used, headings = _best(content, path, conventions)
    except csv.Error as error:
        raise SourceError("table-not-text", path=str(path)) from error
    layout = _layout(headings, conventions)
    unused = tuple(heading for heading in headings if heading and heading not in used.values())
    part = "" if "split" in used else conventions.split_of.get(name_key(re.split(r"[\W_]+", path.stem)[0]), "")
    film_place = headings.index(used["path"])
    names = {heading: name for name, heading in used.items() if name != "path"}
    columns = [names.get(heading, "" if place == film_place else heading) for place, heading in enumerate(headings)]
    tidied = [name for name in names.values() if name != "label"]
    width = max(place for place, heading in enumerate(headings, start=1) if heading)
    rows, short = [], []
    for number, cells in enumerate(lines, start=2):
        is_short = len(cells) < width
        cells = cells + [""] * (len(columns) - len(cells))
        named = dict(zip(columns, cells, strict=False))
        named.pop("", None)  # columns of paths, and without a heading
        for name in tidied:
            named[name] = tidy(named[name])
        if layout is not None and "label" in named:
            named["label"] = layout.meaning(named["label"])
        if TRAIN_ONLY in used:
            named[TRAIN_ONLY] = _truth(named[TRAIN_ONLY], conventions, path=str(path), row=number)
        if part:
            named["split"] = part
        if tidy(cells[film_place]):  # spreadsheets leave empty rows at the end
            rows.append(TableRow(cells[film_place], named))
            short += [number] if is_short else []
    boxes = next((some for box in conventions.boxes if (some := _under(box, headings)) and "label" in used), ())
    joined = _with_boxes(rows, unused, conventions) if boxes else _with_all_cells(rows)
    of_layout = ("", boxes, "") if layout is None else (layout.in_path, boxes, layout.remark)
    return Table(path, tuple(joined), used, unused, *of_layout, tuple(short))


def _with_all_cells(rows: Sequence[TableRow]) -> list[TableRow]:
    """The rows; the first one about a film has the cells of all that are about it."""
    several = [places for places in _by_film(rows) if len(places) > 1]
    first = {places[0]: _joined([rows[place] for place in places]) for places in several}
    return [first.get(place, row) for place, row in enumerate(rows)]


def _with_boxes(rows: Sequence[TableRow], headings: Iterable[str], conventions: Conventions) -> list[TableRow]:
    """The same of rows that are boxes: those of one reader are one reading, with the labels of all of them."""
    keys = set(map(name_key, conventions.readers))
    readers = [heading for heading in headings if name_key(heading) in keys]
    first = {}
    for places in _by_film(rows):
        read: dict[tuple[str, ...], list[TableRow]] = {}
        for place in places:
            read.setdefault(tuple(rows[place].columns[heading] for heading in readers), []).append(rows[place])
        labels = [conventions.several.join(sorted({row.columns["label"] for row in some})) for some in read.values()]
        row = _joined([some[0] for some in read.values()])
        label = SeveralCells.of(labels, shown=conventions.several.join(labels))
        first[places[0]] = replace(row, columns=row.columns | {"label": label})
    return [first.get(place, row) for place, row in enumerate(rows)]


def with_paths(table: Table, path_of: Mapping[int, str]) -> Table:
    """The table; the rows of these numbers, which are no boxes, have other paths, and are about the films of these."""
    rows = [replace(row, path=path_of.get(number, row.path)) for number, row in enumerate(table.rows)]
    return replace(table, rows=tuple(_with_all_cells(rows)))


def _by_film(rows: Sequence[TableRow]) -> list[list[int]]:
    """The numbers of the rows about each film."""
    rows_of: dict[tuple[str, ...], list[int]] = {}
    for place, row in enumerate(rows):
        rows_of.setdefault(path_parts(row.path), []).append(place)
    return list(rows_of.values())


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
    data = _unpacked(data, path) if data.startswith(GZIP) else data
    marked = [name for mark, name in MARKS if data.startswith(mark)]
    try:
        return data.decode(marked[0] if marked else encoding or "utf-8")
    except (UnicodeDecodeError, LookupError) as error:
        raise SourceError("table-not-text", path=str(path)) from error


def _unpacked(data: bytes, path: Path) -> bytes:
    """What a gzip holds. Raises SourceError if it is damaged, or far larger than tables are."""
    maximum = max(FREE_BYTES, MAX_RATIO * len(data))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(maximum + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError("table-not-text", path=str(path)) from error
    if len(content) > maximum:
        raise SourceError("source-bomb", path=str(path), maximum=MAX_RATIO)
    return content


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
    kind = NO_TABLES.get(content.lstrip()[:1])
    if kind is not None:
        raise SourceError("table-other-format", path=str(path), kind=kind)
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


def unnumbered(heading: str, headings: Collection[str]) -> str:
    """The heading that stands there before a numbered one (`_different`); any other heading itself.

    >>> unnumbered("Mass (2)", ["Mass", "Mass (2)"]), unnumbered("Mass (2)", ["Mass (2)"])
    ('Mass', 'Mass (2)')
    """
    found = NUMBERED.fullmatch(heading)
    return found[1] if found and found[1] in headings else heading


def _used(headings: Sequence[str], conventions: Conventions) -> dict[str, str]:
    """Our columns, and the heading that is taken for each: as a published layout says, else by their spelling."""
    layout = _layout(headings, conventions)
    if layout is None:
        return _by_spelling(headings, conventions)
    own = dict(zip(layout.headings, _under(layout.headings, headings), strict=True))
    others = [heading for heading in headings if heading not in own.values()]
    return _by_spelling(others, conventions) | {column: own[heading] for column, heading in layout.columns.items()}


def _layout(headings: Sequence[str], conventions: Conventions) -> Layout | None:
    """The published layout of a table with these headings, spelt as there; None if it has none."""
    for layout in conventions.layouts:
        own = _under(layout.headings, headings)
        others = [heading for heading in headings if heading not in own]
        if own == layout.headings and not layout.columns.keys() & _by_spelling(others, conventions).keys():
            return layout
    return None


def _under(wanted: Sequence[str], headings: Sequence[str]) -> tuple[str, ...]:
    """The headings that are spelt as those wanted, in their order; () if one is not there."""
    heading_of = {name_key(heading): heading for heading in headings if heading}
    found = tuple(heading_of.get(name_key(heading), "") for heading in wanted)
    return found if all(found) else ()


def _by_spelling(headings: Sequence[str], conventions: Conventions) -> dict[str, str]:
    """Our columns by the usual spellings of their headings: of several that mean the same, the most usual one."""
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
    """A list without headings whose cells are separated by commas, tabs or blanks, or None.

    If blanks separate them, some paths may have blanks themselves; if all have, each row has a cell too many.
    """
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    for known in conventions.lists:
        place, after = known.columns.index("path"), len(known.columns) - known.columns.index("path") - 1
        separated = [[cell.strip() for cell in re.split(r"[,;\t]", line)] for line in lines]
        spaced = [_around(line, place, after) for line in lines]
        for rows in (separated, spaced if any(" " not in row[place] for row in spaced if len(row) > place) else []):
            is_whole = bool(rows) and {len(row) for row in rows} == {len(known.columns)}
            if is_whole and all(is_film_name("".join(path_parts(tidy(row[place]))[-1:])) for row in rows):
                return rows, {name: name for name in known.columns}, [*known.columns]
    return None


def _around(line: str, before: int, after: int) -> list[str]:
    """So many words, what is between them, so many words.

    >>> _around("7 a  b.png COVID x", 1, 2)
    ['7', 'a  b.png', 'COVID', 'x']
    """
    *first, rest = line.split(None, before)
    return [*first, *rest.rsplit(None, after)]
