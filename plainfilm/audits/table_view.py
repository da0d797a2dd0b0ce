"""The view of films that holds no film: what a table says of each, view position, sex, age and site."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from plainfilm.data.film_index import Row
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.subgroups import COLUMNS

MIN_FILMS = 10  # of an entry that is a column
UNITS = {"Y": 1, "M": 12, "W": 52, "D": 365}  # of ages as DICOM writes them, in a year
OLDEST = 130  # years


def said(rows: Sequence[Row]) -> dict[str, Floats]:
    """What the table says of M films: (M, D) a column, those left out that say the same of all.

    An entry that at least MIN_FILMS films have is a column of 0 and 1, a missing entry too; age is a number beside.
    """
    entries = {name: [COLUMNS[name](row) for row in rows] for name in ("view", "sex", "source")}
    found = {name: _one_hot(cells) for name, cells in entries.items()}
    years = np.array([_years(row.extra.get("age", "").strip()) for row in rows])
    missing = np.isnan(years)
    found["age"] = np.column_stack([np.where(missing, 0 if missing.all() else np.nanmean(years), years), missing])
    return {name: columns for name, columns in found.items() if np.ptp(columns, axis=0).any()}


def table_columns(rows: Sequence[Row], *, with_site: bool = True) -> Floats:
    """What the table probe sees of M films: (M, D), D may be 0."""
    found = [columns for name, columns in said(rows).items() if with_site or name != "source"]
    return np.column_stack([np.empty((len(rows), 0)), *found])


def _one_hot(cells: Sequence[str]) -> Floats:
    counts = Counter(cells)
    kept = sorted(cell for cell, count in counts.items() if count >= MIN_FILMS)
    return np.array([[cell == entry for entry in kept] for cell in cells], np.float64).reshape(len(cells), len(kept))


def _years(entry: str) -> float:
    """An age as tables and DICOM (045Y, 018M) write it; NaN for what is none."""
    number, unit = (entry[:-1], entry[-1].upper()) if entry[-1:].upper() in UNITS else (entry, "Y")
    try:
        years = float(number) / UNITS[unit]
    except ValueError:
        return math.nan
    return years if 0 <= years <= OLDEST else math.nan
