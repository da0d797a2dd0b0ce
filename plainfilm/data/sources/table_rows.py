"""A table's rows and the films they belong to: fitted, joined with those of other tables, counted."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from plainfilm.data.decoding.formats import EXTENSIONS
from plainfilm.data.sources.balance import TableBalance
from plainfilm.data.sources.matching import AmbiguousError, FilmPath, Parts, match
from plainfilm.data.sources.names import path_parts
from plainfilm.data.sources.table import Table
from plainfilm.errors import SourceError


def fit(table: Table, films: Sequence[FilmPath]) -> dict[int, int]:
    """The number of the row of each film that has one.

    Raises SourceError where a row names several films or contradicts another one, and where not one row fits.
    """
    rows = _different(table)
    numbers = list(rows.values())
    try:
        row_of = match(list(rows), films, EXTENSIONS)
    except AmbiguousError as error:
        both = [table.rows[numbers[row]].path for row in error.rows]
        there = ["/".join(films[film].inside) for film in error.films]
        raise SourceError(
            "table-row-ambiguous", path=str(table.path), rows=", ".join(both[:2]), films=", ".join(there[:2])
        ) from error
    if numbers and films and not row_of:
        raise SourceError(
            "table-fits-none", path=str(table.path), row=table.rows[0].path, film="/".join(films[0].inside)
        )
    return {film: numbers[row] for film, row in row_of.items()}


def _different(table: Table) -> dict[Parts, int]:
    """The first row of each path. Raises SourceError if a second one says something else in a column that is used."""
    rows: dict[Parts, int] = {}
    for number, row in enumerate(table.rows):
        parts = path_parts(row.path)
        first = table.rows[rows.setdefault(parts, number)]
        if any(first.columns.get(name) != row.columns.get(name) for name in table.used):
            raise SourceError("table-path-twice", path=str(table.path), name=row.path)
    return rows


def balance(table: Table, films: Sequence[FilmPath], row_of: Mapping[int, int], *, missing: int) -> TableBalance:
    """What became of a table's rows; `missing`: films that it names and that are not there."""
    different, found = len({path_parts(row.path) for row in table.rows}), len(row_of) - missing
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
        if first.get(name, cell) != cell:
            raise SourceError("tables-contradict", path=str(table), column=name, name=film)
    return first | second
