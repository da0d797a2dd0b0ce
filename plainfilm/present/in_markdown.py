"""Sections in Markdown: in English, then in Chinese."""

import re
from collections.abc import Sequence
from functools import partial

from markupsafe import Markup

from plainfilm.messages import LANGUAGES, Text, Words, say, shown
from plainfilm.present.blocks import Section
from plainfilm.present.in_html import environment
from plainfilm.present.markup import CODE
from plainfilm.text import printable

SPECIAL = re.compile(r"([\\`*_\[\]|~]|^(?:[#+\-]|\d+[.)](?=\s|$)))")


def in_markdown(sections: Sequence[Section], title: Text, about: Text) -> str:
    """The card: its sections, title, and what it is about: the classes or findings of the model."""
    parts = []
    for language in LANGUAGES:
        template = environment(partial(markdown, language=language), autoescape=False).get_template("MODEL_CARD.md")
        parts.append(template.render(sections=sections, title=title, about=about, say=say))
    return "\n---\n\n".join(parts)


def markdown(value: object, language: str) -> str:
    r"""A value as running text of Markdown: in one language, with what Markdown or HTML would take for its own escaped.

    >>> markdown("a_b <b>", "en")
    'a\\_b &lt;b&gt;'
    """
    if isinstance(value, Markup):  # a line of code, which nothing takes for its own
        return value
    words = shown(value, language) if isinstance(value, Words) else printable(str(value))
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    pieces = re.split(f"({CODE.pattern})", words) if isinstance(value, Words) else [words]
    return "".join(piece if CODE.fullmatch(piece) else SPECIAL.sub(r"\\\1", piece) for piece in pieces)
