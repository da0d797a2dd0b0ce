"""The view of films that holds no film: what a table says of each, view position, sex, age and site."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from plainfilm.data.film_index import Row
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.subgroups import COLUMNS, years

MIN_FILMS = 10  # of an entry that is a column


def said(rows: Sequence[Row]) -> dict[str, Floats]:
    """What the table says of M films: (M, D) a column, those left out that say the same of all.

    An entry that at least MIN_FILMS films have is a column of 0 and 1, a missing entry too; age is a number beside.
    """
    entries = {name: [COLUMNS[name](row) for row in rows] for name in ("view", "sex", "source")}
    found = {name: _one_hot(cells) for name, cells in entries.items()}
    ages = np.array([years(row.extra.get("age", "").strip()) for row in rows])
    missing = np.isnan(ages)
    found["age"] = np.column_stack([np.where(missing, 0 if missing.all() else np.nanmean(ages), ages), missing])
    return {name: columns for name, columns in found.items() if np.ptp(columns, axis=0).any()}


def table_columns(rows: Sequence[Row], *, with_site: bool = True) -> Floats:
    """What the table probe sees of M films: (M, D), D may be 0."""
    found = [columns for name, columns in said(rows).items() if with_site or name != "source"]
    return np.column_stack([np.empty((len(rows), 0)), *found])


def _one_hot(cells: Sequence[str]) -> Floats:
    counts = Counter(cells)
    kept = sorted(cell for cell, count in counts.items() if count >= MIN_FILMS)
    return np.array([[cell == entry for entry in kept] for cell in cells], np.float64).reshape(len(cells), len(kept))
