"""Which row of a table belongs to which film, by the longest ending that their paths share; what became of the rows.

Notable choices:
- a path as it is goes before one without regard to case, blanks at its ends and extension; a longer ending before a
  shorter one;
- table and source may start at different folders, so both sides may have folders that the other lacks, as long as the
  name and one folder agree;
- the bare name counts if one side has nothing else and only one row and one film bear it; else it is an error that
  names both;
- a row that fits several films equally well is an error, too; of rows that compete for one film, none is taken;
- a row that names a film in another way than the film's own row (without its extension, with more of its folders) is
  about that film all the same. Tables of findings take it for a second row; classes take the row that fits best;
- a row about a study (`Layout.in_path`) is that of every film that has its key in a folder or in its name.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainfilm.data.decoding.formats import EXTENSIONS
from plainfilm.data.sources.balance import TableBalance
from plainfilm.data.sources.names import loose_parts, path_parts
from plainfilm.data.sources.table import Table, cells_of, with_paths
from plainfilm.errors import SourceError

Parts = tuple[str, ...]


class AmbiguousError(Exception):
    """A row that fits two films, or two rows that fit one film, by their bare names: numbers of rows and films."""

    def __init__(self, rows: Sequence[int], films: Sequence[int]) -> None:
        super().__init__(rows, films)
        self.rows, self.films = rows, films


@dataclass(frozen=True)
class FilmPath:
    """The path of a film: of its source, if that is a folder, and of the film inside it."""

    above: Parts
    inside: Parts

    @property
    def parts(self) -> Parts:
        """The whole path."""
        return self.above + self.inside


def match(rows: Sequence[Parts], films: Sequence[FilmPath], extensions: tuple[str, ...]) -> dict[int, int]:
    """The row of each film that has one, by numbers. `rows` are different from each other. Raises AmbiguousError."""
    row_of: dict[int, int] = {}
    _match_form(dict(enumerate(rows)), dict(enumerate(films)), row_of)
    if len(row_of) < len(films):
        loose_rows = {row: loose_parts(parts, extensions) for row, parts in enumerate(rows)}
        loose_films = {
            film: FilmPath(loose_parts(path.above, ()), loose_parts(path.inside, extensions))
            for film, path in enumerate(films)
        }
        _match_form(loose_rows, loose_films, row_of)
    return row_of


def _match_form(rows: dict[int, Parts], films: dict[int, FilmPath], row_of: dict[int, int]) -> None:
    """Add to `row_of` what the paths in one form tell."""
    taken = set(row_of.values())
    row_of |= _equal(
        {row: parts for row, parts in rows.items() if row not in taken},
        {film: path.inside for film, path in films.items() if film not in row_of},
    )
    longest = min(max(map(len, rows.values()), default=0), max((len(path.parts) for path in films.values()), default=0))
    for length in range(longest, 0, -1):
        if len(row_of) == len(films):
            return
        taken = set(row_of.values())
        films_by = _by_ending(((film, path.parts) for film, path in films.items() if film not in row_of), length)
        rows_by = _by_ending(((row, parts) for row, parts in rows.items() if row not in taken), length, films_by)
        for ending, rows_there in rows_by.items():
            if len(films_by[ending]) > 1:
                whole_rows = [row for row in rows_there if len(rows[row]) == length]
                if len(whole_rows) == 1:  # one row, and nothing tells for which film
                    raise AmbiguousError(whole_rows, films_by[ending])
            if length > 1 and len(rows_there) == len(films_by[ending]) == 1:
                row_of[films_by[ending][0]] = rows_there[0]
        if length == 1:
            row_of |= _bare(rows, films, rows_by, films_by)


def _bare(
    rows: dict[int, Parts],
    films: dict[int, FilmPath],
    free_rows: dict[Parts, list[int]],
    free_films: dict[Parts, list[int]],
) -> dict[int, int]:
    """The row of each film by its bare name, where one of both sides has nothing else."""
    num_rows = Counter(parts[-1:] for parts in rows.values())
    num_films = Counter(path.parts[-1:] for path in films.values())
    found = {}
    for name, rows_there in free_rows.items():
        is_bare = any(len(rows[row]) == 1 for row in rows_there)
        if not is_bare and all(len(films[film].inside) > 1 for film in free_films[name]):
            continue
        if num_rows[name] > 1 or num_films[name] > 1:
            all_rows = [row for row, parts in rows.items() if parts[-1:] == name]
            all_films = [film for film, path in films.items() if path.parts[-1:] == name]
            raise AmbiguousError(all_rows, all_films)
        found[free_films[name][0]] = rows_there[0]
    return found


def _equal(rows: dict[int, Parts], films: dict[int, Parts]) -> dict[int, int]:
    """Rows whose path is that of one film inside its source."""
    films_by: dict[Parts, list[int]] = defaultdict(list)
    for film, parts in films.items():
        films_by[parts].append(film)
    rows_by: dict[Parts, list[int]] = defaultdict(list)
    for row, parts in rows.items():
        if parts in films_by:
            rows_by[parts].append(row)
    return {films_by[parts][0]: found[0] for parts, found in rows_by.items() if len(found) == len(films_by[parts]) == 1}


def _by_ending(
    paths: Iterable[tuple[int, Parts]], length: int, wanted: dict[Parts, list[int]] | None = None
) -> dict[Parts, list[int]]:
    found: dict[Parts, list[int]] = defaultdict(list)
    for number, parts in paths:
        if len(parts) >= length and (wanted is None or parts[-length:] in wanted):
            found[parts[-length:]].append(number)
    return found


def fit(table: Table, films: Sequence[FilmPath]) -> dict[int, int]:
    """The number of the row of each film that has one.

    Raises SourceError where a row names several films or contradicts another one, and where not one row fits.
    """
    rows = _different(table)
    numbers = list(rows.values())
    if table.in_path:
        row_of = _match_keys({parts[-1]: number for parts, number in rows.items()}, films, table.in_path)
        return _not_none(table, films, row_of)
    try:
        row_of = match(list(rows), films, EXTENSIONS)
    except AmbiguousError as error:
        both = [table.rows[numbers[row]].path for row in error.rows]
        there = ["/".join(films[film].inside) for film in error.films]
        raise SourceError(
            "table-row-ambiguous", path=str(table.path), rows=", ".join(both[:2]), films=", ".join(there[:2])
        ) from error
    return _not_none(table, films, {film: numbers[row] for film, row in row_of.items()})


def fit_every_way(table: Table, films: Sequence[FilmPath]) -> tuple[Table, dict[int, int]]:
    """As `fit`, and the table: rows that name a film in another way than its own row have the path of that row.

    Raises SourceError as `fit`.
    """
    row_of = fit(table, films)
    if table.in_path or table.boxes:
        return table, row_of
    path_of = _other_ways(table, films, row_of)
    if not path_of:
        return table, row_of
    table = with_paths(table, path_of)
    return table, fit(table, films)


def _other_ways(table: Table, films: Sequence[FilmPath], row_of: Mapping[int, int]) -> dict[int, str]:
    """The path of the row that a film has, by the numbers of other rows whose whole path is an ending of its path.

    Case and blanks at ends do not count, and the extension may be left out; another one is that of another film.
    """
    own = {path_parts(table.rows[row].path) for row in row_of.values()}
    left = {row: parts for row, parts in enumerate(path_parts(row.path) for row in table.rows) if parts not in own}
    if not left:
        return {}
    ways: dict[str, list[tuple[int, Parts]]] = defaultdict(list)
    for film, path in enumerate(films):
        for parts in {loose_parts(path.parts, ()), loose_parts(path.parts, EXTENSIONS)}:
            ways[parts[-1]].append((film, parts))
    found = {}
    for row, parts in left.items():
        wanted = loose_parts(parts, ())
        fitting = [film for film, way in ways.get("".join(wanted[-1:]), ()) if way[-len(wanted) :] == wanted]
        if len(fitting) == 1 and fitting[0] in row_of:
            found[row] = table.rows[row_of[fitting[0]]].path
    return found


def _not_none(table: Table, films: Sequence[FilmPath], row_of: dict[int, int]) -> dict[int, int]:
    """The rows of films. Raises SourceError if there are none."""
    if table.rows and films and not row_of:
        raise SourceError(
            "table-fits-none", path=str(table.path), row=table.rows[0].path, film="/".join(films[0].inside)
        )
    return row_of


def _match_keys(row_of_key: Mapping[str, int], films: Sequence[FilmPath], in_path: str) -> dict[int, int]:
    """The row of each film that has a key in its path; of several keys, that nearest to the film."""
    pattern = re.compile(in_path)
    found = {}
    for number, film in enumerate(films):
        keys = (fits[1] for part in reversed(film.parts) if (fits := pattern.fullmatch(part)))
        row = next((row_of_key[key] for key in keys if key in row_of_key), None)
        if row is not None:
            found[number] = row
    return found


def _different(table: Table) -> dict[Parts, int]:
    """The first row of each path. Raises SourceError if a second one says something else in a column that is used.

    The labels of boxes may differ: a film has several.
    """
    alike = [name for name in table.used if not (name == "label" and table.boxes)]
    rows: dict[Parts, int] = {}
    for number, row in enumerate(table.rows):
        first = table.rows[rows.setdefault(path_parts(row.path), number)]
        if first is not row and any(first.columns.get(name) != row.columns.get(name) for name in alike):
            raise SourceError("table-path-twice", path=str(table.path), name=row.path)
    return rows


def balance(table: Table, films: Sequence[FilmPath], row_of: Mapping[int, int], *, missing: int) -> TableBalance:
    """What became of a table's rows; `missing`: films that it names and that are not there."""
    different, found = len({path_parts(row.path) for row in table.rows}), len(set(row_of.values())) - missing
    return TableBalance(
        name=table.path.name,
        rows=len(table.rows),
        fit=found,
        unfit=different - found,
        twice=len(table.rows) - different,
        films=len(films) - missing,
        films_without_row=len(films) - len(row_of),
        columns_used=dict(table.used),
        columns_unused=table.unused,
    )


def joined(first: dict[str, str], second: dict[str, str], table: Path, film: str) -> dict[str, str]:
    """What two tables say of a film. Raises SourceError where they contradict each other."""
    for name, cell in second.items():
        if name in first and cells_of(first[name]) != cells_of(cell):
            raise SourceError("tables-contradict", path=str(table), column=name, name=film)
    return first | second
