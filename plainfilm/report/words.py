"""Words in both languages at once: a report holds every sentence in English and in Chinese.

A `Both` is a text that differs by language; what is the same in each is a plain `str`. Markup is made in one place,
`markup`, which escapes: names of classes, sources and films are the user's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from plainfilm.evaluation.coverage import MARK, is_marked
from plainfilm.evaluation.intervals import Estimate
from plainfilm.messages import CATALOGUES, LANGUAGES, text
from plainfilm.text import printable

TAGS = {"en": "en", "zh": "zh-Hans"}
"""The value of HTML's attribute `lang` for a language of the catalogues."""


CODE = re.compile(r"`(?:[\w .=\[\]/-]|&#34;|\")+`")
"""What a sentence has between backticks; whatever else stands between some came with a name, and is no code."""


class Both(NamedTuple):
    """A text in English and in Chinese."""

    en: str
    zh: str

    def shown(self, language: str) -> str:
        """The text in a language."""
        return self.zh if language == "zh" else self.en


Words = Both | str


def say(key: str, **parameters: object) -> Both:
    """The sentence of `key` in both languages; a parameter that is a Both enters each in its own.

    >>> say("figure.accuracy")
    Both(en='Accuracy', zh='准确率')
    """
    return Both(*(text(key, language, **_within(parameters, language)) for language in LANGUAGES))


def _within(parameters: Mapping[str, object], language: str) -> dict[str, object]:
    return {name: value.shown(language) if isinstance(value, Both) else value for name, value in parameters.items()}


def label(prefix: str, code: str) -> Words:
    """The words for a code that an artefact names; the code itself where this version has no words for it."""
    key = f"{prefix}{code}"
    return say(key) if key in CATALOGUES["en"] else printable(code)


def listed(entries: Iterable[Words]) -> Both:
    """Entries as a list in running text."""
    given = list(entries)
    return Both(
        *(
            text("report.comma", language).join(
                entry.shown(language) if isinstance(entry, Both) else entry for entry in given
            )
            for language in LANGUAGES
        )
    )


def percent(entry: Mapping[str, Any]) -> Both:
    """A proportion with its interval and n."""
    estimate = Estimate.from_dict(entry)
    return Both(*(estimate.percent(language) for language in LANGUAGES))


def is_estimate(entry: object) -> bool:
    """Whether an entry of an artefact is a figure: value, low, high, n."""
    return isinstance(entry, Mapping) and {"value", "low", "high", "n"} <= set(entry)


def figure(entry: Mapping[str, Any] | None, *, scale: int = 100, unit: str = " %") -> tuple[Words, Words, Words]:
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
    """A value as HTML: a Both as two spans, of which the page shows one; `code` between backticks."""
    if isinstance(value, Both):
        if value.en == value.zh:
            return _coded(value.en)
        spans = (f'<span lang="{TAGS[language]}">{_coded(value.shown(language))}</span>' for language in LANGUAGES)
        return Markup("".join(spans))  # noqa: S704 - both were escaped
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(words: str) -> Markup:
    shown = CODE.sub(lambda found: f"<code>{found[0][1:-1]}</code>", str(escape(printable(words))))
    return Markup(shown)  # noqa: S704 - escaped before
