"""Films that serve for training alone: a table's column `train_only` says so, or by convention another column does.

The table's word comes first. Where it says nothing, `Conventions.train_only` names the columns and cells that mean it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.names import name_key
from plainfilm.messages import Message

COLUMN = "train_only"
Columns = Mapping[str, str]  # what is said of a film, by our names of columns


def is_train_only(columns: Columns, conventions: Conventions = COMMON) -> bool:
    """Whether a film stays out of validation and test.

    >>> is_train_only({"quality": "Second generation"}), is_train_only({"quality": "second-generation", COLUMN: "no"})
    (True, False)
    """
    return columns.get(COLUMN) == "yes" or bool(_by_convention(columns, conventions))


def beyond_conventions(qualities: Iterable[str], conventions: Conventions = COMMON) -> list[str]:
    """Those values of the column `quality` that a recipe has to name, because no convention does."""
    return [quality for quality in qualities if not _by_convention({"quality": quality}, conventions)]


def notes_of(films: Iterable[Columns], conventions: Conventions = COMMON) -> tuple[Message, ...]:
    """What is said of films that a convention keeps out of validation and test, one sentence a column and cell."""
    counts = Counter((column, film[column]) for film in films if (column := _by_convention(film, conventions)))
    return tuple(
        Message("balance.train-only", {"films": count, "column": column, "value": repr(cell)})
        for (column, cell), count in sorted(counts.items())
    )


def _by_convention(columns: Columns, conventions: Conventions) -> str:
    """The column whose cell means it by convention; "" if none does, or if the column train_only decides."""
    if columns.get(COLUMN):
        return ""
    return next(
        (
            column
            for column, cells in conventions.train_only.items()
            if name_key(columns.get(column, "")) in map(name_key, cells)
        ),
        "",
    )
