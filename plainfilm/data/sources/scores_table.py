"""A table of scores: what any program says of films, a probability a class or finding; and what the films' tables say.

Notable choices:
- it is read as every table (`table`), and its rows are joined to those of the films' tables by their paths
  (`matching`): they take the place of the films. Of several rows about a film, all must say the same;
- nothing is mended: what is no probability is an error that says what it looks like.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.sources import matching
from plainfilm.data.sources.balance import TableBalance
from plainfilm.data.sources.entry import Columns, Entry
from plainfilm.data.sources.labels import is_no_label
from plainfilm.data.sources.matching import FilmPath
from plainfilm.data.sources.names import path_parts
from plainfilm.data.sources.scores_columns import Chosen
from plainfilm.data.sources.table import SeveralCells, Table, TableRow, is_table, read_table
from plainfilm.errors import SourceError
from plainfilm.io.folders import first_bytes
from plainfilm.messages import say
from plainfilm.task import CLASSES

MODEL_START = b"\x08"  # a model file begins with its version (protobuf), and no table with this sign
SUM_MARGIN = 0.01  # by which the probabilities of a film's classes may miss 1
ROUNDING = 1e-9
PERCENT = 100
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """A table of scores: its rows, one a film, and the headings that may say what is scored."""

    path: Path
    num_rows: int
    films: tuple[TableRow, ...]
    headings: tuple[str, ...]


@dataclass(frozen=True)
class Joined:
    """Films with scores and what tables say of them.

    `entries`: by the number of the film in `Scores.films`, under the path that the first table has for it. `balances`:
    what became of each table's rows, `unfit`: the paths of those without scores.
    """

    entries: Mapping[int, Entry]
    balances: tuple[TableBalance, ...]
    unfit: tuple[tuple[str, ...], ...]


def is_scores(path: Path) -> bool:
    """Whether what is given for a model is a table, by its ending; a model file under such a name is none."""
    return is_table(path) and not first_bytes(str(path)).startswith(MODEL_START)


def read_scores(path: Path, *, encoding: str = "") -> Scores:
    """Read a table of scores. Raises SourceError as `table.read_table`."""
    table = read_table(path, encoding=encoding)
    films: dict[tuple[str, ...], TableRow] = {}
    for row in table.rows:
        films.setdefault(path_parts(row.path), row)  # the first one has the cells of all
    return Scores(path, len(table.rows), tuple(films.values()), table.unused)


def join(scores: Scores, tables: Sequence[Table]) -> Joined:
    """The films with scores that a table has a row for. Raises SourceError as `matching.fit` and `matching.joined`."""
    films = [FilmPath((), path_parts(row.path)) for row in scores.films]
    entries: dict[int, Entry] = {}
    balances, unfit = [], []
    for number, table in enumerate(tables):
        row_of = matching.fit(table, films)
        balances.append(matching.balance(table, films, row_of, missing=0))
        fitting = {path_parts(table.rows[row].path) for row in row_of.values()}
        unfit.append(tuple(row.path for row in table.rows if path_parts(row.path) not in fitting))
        for film, row in row_of.items():
            entries[film] = _entry(entries.get(film), table, number, table.rows[row])
    plain = {film: _with_label(entries[film]) for film in sorted(entries)}
    return Joined(plain, tuple(balances), tuple(unfit))


def _entry(before: Entry | None, table: Table, number: int, row: TableRow) -> Entry:
    """What a table says of a film, after the tables before it."""
    entry = before or Entry(0, row.path, "")
    columns = matching.joined(entry.columns, row.columns, table.path, entry.path)
    named = str(number) if "patient" in table.used else ""
    return replace(entry, columns=columns, patient_table=entry.patient_table or named)


def _with_label(entry: Entry) -> Entry:
    columns: Columns = dict(entry.columns)
    label = columns.pop("label", "")
    return replace(entry, columns=columns, label="" if is_no_label(label) else label)


def probabilities(scores: Scores, chosen: Chosen, films: Sequence[int]) -> Floats:
    """The probabilities of some films by their numbers, (N, K) in the order of the columns; NaN in a row without any.

    Raises SourceError for what is no probability.
    """
    found = np.full((len(films), len(chosen.columns)), np.nan)
    for place, number in enumerate(films):
        for k, heading in enumerate(chosen.columns.values()):
            found[place, k] = _value(scores, scores.films[number], heading)
    paths, headings = [scores.films[number].path for number in films], list(chosen.columns.values())
    _check_blank(found, paths, headings)
    _check_range(found, paths, headings, scores.path, chosen.kind)
    if chosen.kind == CLASSES:
        _check_sums(found, paths, headings, scores.path)
    return found


def _value(scores: Scores, film: TableRow, heading: str) -> float:
    """The number in a cell, NaN for a blank one; of several rows about the film, that of all."""
    cell = film.columns[heading]
    if isinstance(cell, SeveralCells):
        numbers = [_number(one, film.path, heading) for one in cell.of_rows]
        if len({repr(number) for number in numbers}) > 1:
            given = ", ".join(cell.of_rows)
            raise SourceError("scores-film-twice", path=str(scores.path), film=film.path, column=heading, given=given)
        return numbers[0]
    return _number(cell, film.path, heading)


def _number(cell: str, film: str, heading: str) -> float:
    if is_no_label(cell):
        return np.nan
    try:
        return float(cell)
    except ValueError as error:
        raise SourceError("scores-cell-unknown", film=film, column=heading, given=repr(cell)) from error


def _check_blank(values: Floats, paths: Sequence[str], headings: Sequence[str]) -> None:
    """Raise SourceError for a film with some scores and not all."""
    blank = np.isnan(values)
    partly = blank & ~blank.all(axis=1, keepdims=True)
    if partly.any():
        film, column = np.argwhere(partly)[0]
        cells = int(partly.sum())
        raise SourceError("scores-cell-blank", film=paths[film], column=headings[column], cells=cells)


def _check_range(values: Floats, paths: Sequence[str], headings: Sequence[str], path: Path, kind: str) -> None:
    """Raise SourceError for values beyond 0 to 1; if most are, it says what they look like."""
    beyond = (values < 0) | (values > 1)
    if not beyond.any():
        return
    film, column = np.argwhere(beyond)[0]
    count, cells = int(beyond.sum()), int((~np.isnan(values)).sum())
    place = {"film": paths[film], "column": headings[column], "given": f"{values[film, column]:g}", "beyond": count}
    if 2 * count > cells and (values < 0).any():
        link = say("scores.softmax") if kind == CLASSES else say("scores.sigmoid")
        raise SourceError("scores-logits", path=str(path), cells=cells, link=link, **place)
    if 2 * count > cells and np.nanmax(values) <= PERCENT:
        raise SourceError("scores-percent", path=str(path), cells=cells, **place)
    raise SourceError("scores-range", **place)


def _check_sums(values: Floats, paths: Sequence[str], headings: Sequence[str], path: Path) -> None:
    """Raise SourceError for probabilities of classes that do not sum to 1."""
    sums = values.sum(axis=1)
    off = np.flatnonzero(np.abs(sums - 1) > SUM_MARGIN + ROUNDING)
    if len(off):
        raise SourceError(
            "scores-sum",
            path=str(path),
            films=len(off),
            columns=", ".join(headings),
            film=paths[off[0]],
            sum=f"{sums[off[0]]:.3f}",
        )
