"""Figures and codes as words, and words as HTML: in every language at once.

Markup is made in one place, `markup`, which escapes: names of classes, sources and films are the user's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup, escape

from plainfilm.evaluation.coverage import MARK, is_marked
from plainfilm.evaluation.intervals import Estimate
from plainfilm.locales import tag_of
from plainfilm.messages import CATALOGUES, LANGUAGES, Listed, Message, Text, Words, say
from plainfilm.text import printable

CODE = re.compile(r"`(?:[\w .=\[\]/-]|&#34;|\")+`")
"""What a sentence has between backticks; whatever else stands between some came with a name, and is no code."""


def label(prefix: str, code: str) -> Text:
    """The words for a code that an artefact names; the code itself where this version has no words for it."""
    key = f"{prefix}{code}"
    return say(key) if key in CATALOGUES["en"] else printable(code)


def listed(entries: Iterable[Text]) -> Listed:
    """Entries as a list in running text."""
    return Listed(tuple(entries))


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
    value, low, high = (_number(scale * entry[name], scale) for name in ("value", "low", "high"))
    between = "–" if entry["low"] >= 0 else " … "  # a dash before a minus sign reads badly
    return (
        value + (unit if scale == 100 else "") + (MARK if is_marked(entry) else ""),
        f"{low}{between}{high}",
        str(entry["n"]),
    )


def _number(value: float, scale: int) -> str:
    shown = f"{value:.1f}" if scale == 100 else f"{value:.3f}"
    return shown.replace("-", "−") if float(shown) else shown.removeprefix("-")


def markup(value: object) -> object:
    """A value as HTML: Words as a span a language, of which the page shows one; `code` between backticks."""
    if isinstance(value, str):
        return value if isinstance(value, Markup) else printable(value)
    if not isinstance(value, Words):
        return value
    texts = {language: value.shown(language) for language in LANGUAGES}
    if len(set(texts.values())) == 1:
        return _coded(texts[LANGUAGES[0]])
    spans = (f'<span lang="{tag_of(language)}">{_coded(words)}</span>' for language, words in texts.items())
    return Markup("".join(spans))  # noqa: S704 - both were escaped


def in_all(value: Words) -> str:
    """Words in every language, one after the other: for who hears an attribute, which no switch can hide."""
    return " · ".join(dict.fromkeys(value.shown(language) for language in LANGUAGES))


def _coded(words: str) -> Markup:
    shown = CODE.sub(lambda found: f"<code>{found[0][1:-1]}</code>", str(escape(printable(words))))
    return Markup(shown)  # noqa: S704 - escaped before
