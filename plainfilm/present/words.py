"""Figures and codes as words, in no language yet."""

from collections.abc import Iterable, Mapping
from typing import Any

from plainfilm.estimate import Estimate
from plainfilm.evaluation.coverage import MARK, is_marked
from plainfilm.messages import CATALOGUES, Listed, Message, Text, say
from plainfilm.text import printable


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


def percent(entry: Mapping[str, Any]) -> Message:
    """A proportion with its interval and n."""
    return Estimate.from_dict(entry).in_percent()


def is_estimate(entry: object) -> bool:
    """Whether an entry of an artefact is a figure: value, low, high, n."""
    return isinstance(entry, Mapping) and {"value", "low", "high", "n"} <= set(entry)


def figure(entry: Mapping[str, Any] | None, *, scale: int = 100, unit: str = " %") -> tuple[Text, str, str]:
    """Cells of a table: value, interval and n; `scale` 100: in percent (or points: another `unit`), with one
    decimal; 1: with three.

    >>> figure({"value": 0.5, "low": 0.25, "high": 0.75, "n": 8})
    ('50.0 %', '25.0–75.0', '8')
    """
    if entry is None:
        return "–", "–", "–"
    if entry["value"] is None:
        return say("report.not-estimable"), "–", str(entry["n"])
    value, low, high = (number(scale * entry[name], scale) for name in ("value", "low", "high"))
    between = "–" if entry["low"] >= 0 else " … "  # a dash before a minus sign reads badly
    return (
        value + (unit if scale == 100 else "") + (MARK if is_marked(entry) else ""),
        f"{low}{between}{high}",
        str(entry["n"]),
    )


def number(value: float, scale: int) -> str:
    """A number as `figure` shows it, for a value that was multiplied by `scale`."""
    shown = f"{value:.1f}" if scale == 100 else f"{value:.3f}"
    return shown.replace("-", "−") if float(shown) else shown.removeprefix("-")
