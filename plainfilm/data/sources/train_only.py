"""Films that serve for training alone: a table's column `train_only` says so, or by convention another column does.

The table's word comes first. Where it says nothing, and the recipe asks for it, `Conventions.train_only` names the
columns and cells that mean it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.names import name_key
from plainfilm.messages import Message

COLUMN = "train_only"
Columns = Mapping[str, str]  # what is said of a film, by our names of columns


def is_train_only(columns: Columns, split: Mapping[str, Any], conventions: Conventions = COMMON) -> bool:
    """Whether a film stays out of validation and test; `split`: that section of the recipe, as a table.

    >>> asked = {"train_only": "recompressed"}
    >>> [is_train_only({"quality": "Second generation", COLUMN: cell}, asked) for cell in ("", "no")]
    [True, False]
    """
    if columns.get(COLUMN) == "yes" or columns.get("quality") in split.get("train_only_quality", ()):
        return True
    return split.get("train_only") == "recompressed" and bool(_by_convention(columns, conventions))


def asked(split: Mapping[str, Any], conventions: Conventions = COMMON) -> dict[str, Any]:
    """The section `split` of a recipe or index of any age, as one of today says it.

    Recipes named values of the column `quality` before tables had a column train_only.
    """
    named = split.get("train_only_quality", ())
    others = [quality for quality in named if not _by_convention({"quality": quality}, conventions)]
    is_recompressed = split.get("train_only") == "recompressed" or len(others) < len(named)
    return {**split, "train_only": "recompressed" if is_recompressed else "marked", "train_only_quality": others}


def notes_of_recompressed(films: Iterable[Columns], conventions: Conventions = COMMON) -> tuple[Message, ...]:
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
