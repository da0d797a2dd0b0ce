"""Figures and codes as words, in no language yet."""

from collections.abc import Iterable

from plainfilm.estimate import Estimate
from plainfilm.messages import CATALOGUES, Listed, Text, say
from plainfilm.present.blocks import Lines
from plainfilm.text import printable

MARK = "*"  # at a figure whose interval covers too little


def label(prefix: str, code: str) -> Text:
    """The words for a code that an artefact names; the code itself if this version has no words for it."""
    key = f"{prefix}{code}"
    return say(key) if key in CATALOGUES["en"] else printable(code)


def listed(entries: Iterable[Text], most: int | None = None) -> Listed:
    """Entries as a list in running text; of more than `most` the first, and an ellipsis.

    >>> listed("abcd", 2).shown("en")
    'a, b, ...'
    """
    found = tuple(entries)
    return Listed(found if most is None or len(found) <= most else (*found[:most], "..."))


def figure(entry: Estimate | None, *, scale: int = 100, unit: str = " %") -> tuple[Text, str, str]:
    """Cells of a table: value, interval and n; `scale` 100: in percent (or points: another `unit`), with one
    decimal; 1: with three.

    >>> figure(Estimate(0.5, 0.25, 0.75, 8))
    ('50.0 %', '25.0–75.0', '8')
    """
    if entry is None:
        return "–", "–", "–"
    if not entry.estimable:
        return say("report.not-estimable"), "–", str(entry.n)
    value, low, high = (number(scale * bound, scale) for bound in (entry.value, entry.low, entry.high))
    between = "–" if entry.low >= 0 else " … "  # a dash before a minus sign reads badly
    mark = "" if entry.coverage is None else MARK
    return value + (unit if scale == 100 else "") + mark, f"{low}{between}{high}", str(entry.n)


def in_a_cell(entry: Estimate | None, *, scale: int = 100, unit: str = " %") -> Text:
    """Value and interval of `figure` in one cell, the interval below."""
    value, interval, _ = figure(entry, scale=scale, unit=unit)
    return value if interval == "–" else Lines((value, f"({interval})"))


def number(value: float, scale: int) -> str:
    """A number as `figure` shows it, for a value that was multiplied by `scale`."""
    shown = f"{value:.1f}" if scale == 100 else f"{value:.3f}"
    return shown.replace("-", "−") if float(shown) else shown.removeprefix("-")
