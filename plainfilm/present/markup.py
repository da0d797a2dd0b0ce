"""Words as HTML, in every language at once.

Markup is made in one place, `markup`, which escapes: names of classes, sources and films are the user's.
"""

import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from plainfilm.locales import tag_of
from plainfilm.messages import LANGUAGES, Words
from plainfilm.text import printable

CODE = re.compile(r"`(?:[\w .=\[\]/-]|&#34;|\")+`")
"""What a sentence has between backticks; whatever else stands between some came with a name, and is no code."""


def markup(value: object, languages: Sequence[str] = LANGUAGES) -> object:
    """A value as HTML: Words as a span a language, of which the page shows one; `code` between backticks."""
    if isinstance(value, str):
        return value if isinstance(value, Markup) else printable(value)
    if not isinstance(value, Words):
        return value
    texts = {language: value.shown(language) for language in languages}
    if len(set(texts.values())) == 1:
        return _coded(texts[languages[0]])
    spans = (f'<span lang="{tag_of(language)}">{_coded(words)}</span>' for language, words in texts.items())
    return Markup("".join(spans))  # noqa: S704 - both were escaped


def in_all(value: Words, languages: Sequence[str] = LANGUAGES) -> str:
    """Words in every language, one after the other: for who hears an attribute, which no switch can hide."""
    return " · ".join(dict.fromkeys(value.shown(language) for language in languages))


def _coded(words: str) -> Markup:
    shown = CODE.sub(lambda found: f"<code>{found[0][1:-1]}</code>", str(escape(printable(words))))
    return Markup(shown)  # noqa: S704 - escaped before
