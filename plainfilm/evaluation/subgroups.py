"""Figures of parts of the films: by sex, age band, view and source, if a table gave these columns.

Films without the entry, or with one that few patients share, are a part of their own. A part with fewer than MIN_FILMS
films has its n and no figure: its interval would say nothing, and chance would make the differences between parts.
Parts are compared at one's own risk: they differ in more than what they are named for.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.splits.patients import shared
from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import shares_by_class
from plainfilm.evaluation.metrics import Booleans, Floats, Integers

MIN_FILMS = 30
AGE_BANDS = (0, 18, 40, 60, 80)  # years; the first of each band
UNKNOWN = ""
UNITS = {"Y": 1, "M": 12, "W": 52, "D": 365}  # of ages as DICOM writes them, in a year
OLDEST = 130  # years


def years(entry: str) -> float:
    """An age in years, as tables and DICOM (045Y, 018M) write it; NaN for what is no age."""
    number, unit = (entry[:-1], entry[-1].upper()) if entry[-1:].upper() in UNITS else (entry, "Y")
    try:
        age = float(number) / UNITS[unit]
    except ValueError:
        return math.nan
    return age if 0 <= age <= OLDEST else math.nan


def age_band(entry: str) -> str:
    """The band of an age in years, as tables and DICOM (045Y, 018M) write it; UNKNOWN for what is no age.

    >>> [age_band(entry) for entry in ("45", "045Y", "018M", "79.5", "93", "adult", "-1")]
    ['40-59', '40-59', '0-17', '60-79', '80+', '', '']
    """
    age = years(entry)
    if math.isnan(age):
        return UNKNOWN
    band = int(np.searchsorted(AGE_BANDS, age, side="right")) - 1
    last = band == len(AGE_BANDS) - 1
    return f"{AGE_BANDS[band]}+" if last else f"{AGE_BANDS[band]}-{AGE_BANDS[band + 1] - 1}"


COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "sex": lambda row: row.extra.get("sex", "").strip().upper(),
    "age": lambda row: age_band(row.extra.get("age", "").strip()),
    "view": lambda row: row.extra.get("view", "").strip(),
    "source": lambda row: row.source,
}
"""How a film's part is found, by column."""


@dataclass(frozen=True)
class Part:
    """A part of the films: n, and if that is enough accuracy and each class's sensitivity."""

    n: int
    too_few: bool
    accuracy: Estimate | None = field(default=None, metadata=records.ABSENT)
    classes: Mapping[str, Mapping[str, Estimate]] | None = field(default=None, metadata=records.ABSENT)


def subgroups(
    rows: Sequence[Row], probabilities: Floats, labels: Integers, class_names: Sequence[str]
) -> dict[str, dict[str, Part]]:
    """The parts by column that any film has, and by name.

    Args:
        rows: N films.
        probabilities: (N, K).
        labels: (N,).
        class_names: K names.
    """
    right = probabilities.argmax(axis=1) == labels
    groups = np.array([row.group for row in rows])
    return {
        column: {
            name: _figures(right[inside], labels[inside], groups[inside].tolist(), class_names)
            for name, inside in parts.items()
        }
        for column, parts in parts_of(rows, groups.tolist()).items()
    }


def parts_of(rows: Sequence[Row], groups: Sequence[str]) -> dict[str, dict[str, Booleans]]:
    """Which of N films are in each part, by column that any film has an entry in, and by the part's name."""
    found = {}
    for column, part_of in COLUMNS.items():
        entries = [part_of(row) for row in rows]  # bands of ages say of nobody who it is, other entries might
        parts = np.array(entries if column == "age" else shared(entries, groups))
        names = sorted(set(parts.tolist()), key=lambda name: (name == UNKNOWN, _first_number(name), name))
        if names != [UNKNOWN]:
            found[column] = {str(name): parts == name for name in names}
    return found


def _figures(right: Booleans, labels: Integers, groups: Sequence[str], class_names: Sequence[str]) -> Part:
    if len(labels) < MIN_FILMS:
        return Part(len(labels), too_few=True)
    (accuracy,), *by_class = shares_by_class(right[:, None], labels, groups, len(class_names))
    sensitivities = {name: {"sensitivity": estimate} for name, (estimate,) in zip(class_names, by_class, strict=True)}
    return Part(len(labels), too_few=False, accuracy=accuracy, classes=sensitivities)


def _first_number(name: str) -> float:
    digits = name.partition("-")[0].rstrip("+")
    return float(digits) if digits.isdigit() else math.inf
