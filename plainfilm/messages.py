"""Sentences in every language: one catalogue a language (`plainfilm.locales`), one lookup.

A key is a code of an error or warning (`film-truncated`) or the name of a line that a command prints (`index.counts`).
Values are put into the sentence with `str.format`; control characters in them are shown as escapes, so that a file
name can neither break a line nor drive the terminal.
"""

import itertools
import numbers
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from plainfilm.errors import PlainfilmError, UsageError
from plainfilm.locales import CATALOGUES as CATALOGUES
from plainfilm.locales import FALLBACK
from plainfilm.locales import LANGUAGES as LANGUAGES
from plainfilm.text import printable


@runtime_checkable
class Words(Protocol):
    """What has a text in every language: a Message, a list of some, the name of a class."""

    def shown(self, language: str) -> str:
        """The text in a language."""


Text = Words | str
"""Words, or a `str`, which is the same in every language."""


@dataclass(frozen=True)
class Message:
    """A sentence without a language: its key and the values in it, which may be Words themselves."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def shown(self, language: str) -> str:
        """The sentence in a language."""
        return text(self.key, language, **self.values)


@dataclass(frozen=True)
class Listed:
    """Several texts as a list in running text; `joint` is the key of what is put between two."""

    entries: tuple[Text, ...]
    joint: str = "list.comma"

    def shown(self, language: str) -> str:
        """The list in a language."""
        return text(self.joint, language).join(shown(entry, language) for entry in self.entries)


@dataclass(frozen=True)
class Translated:
    """A text that came with its translations, by language; English is there, and stands in for those that are not."""

    texts: Mapping[str, str]

    def shown(self, language: str) -> str:
        """The text in a language."""
        return printable(self.texts.get(language) or self.texts[FALLBACK])


def say(key: str, /, **values: object) -> Message:
    """The sentence of `key`, in no language yet.

    >>> say("figure.accuracy").shown("en")
    'Accuracy'
    """
    return Message(key, values)


def shown(words: Text, language: str) -> str:
    """Words in a language; what is a `str` is the same in all, with what cannot be seen as escapes."""
    return printable(words) if isinstance(words, str) else words.shown(language)


def text(key: str, language: str, /, **parameters: object) -> str:
    """The sentence of `key` in `language`; a parameter whose name ends in _key is a key itself.

    >>> text("film-empty", "en")
    'the file is empty; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM image'
    """
    catalogue = CATALOGUES[language]
    values = {name: _value(name, value, language) for name, value in parameters.items()}
    return catalogue[key].format(**values)


def _value(name: str, value: object, language: str) -> object:
    """A parameter as it goes into a sentence."""
    if name.endswith("_key"):
        return CATALOGUES[language][str(value)]
    if isinstance(value, numbers.Number):
        return value
    return shown(value, language) if isinstance(value, str | Words) else printable(str(value))


def told(error: PlainfilmError) -> Message:
    """What was given, what was expected and what to do, in no language yet."""
    return Message(error.code, error.parameters)


def sentence(error: PlainfilmError, language: str) -> str:
    """What was given, what was expected and what to do, in `language`."""
    return told(error).shown(language)


def system_language() -> str:
    """The language of the environment (LC_ALL, LC_MESSAGES, LANG) if there is a catalogue of it, else English."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            language = re.split(r"[^a-z]", value.lower())[0]
            return language if language in LANGUAGES else FALLBACK
    return FALLBACK


def chosen_language(given: str) -> str:
    """The language asked for, else that of the environment. Raises UsageError for one that there is none of."""
    if given and given not in LANGUAGES:
        raise UsageError("usage.language", given=given, expected=", ".join(LANGUAGES))
    return given or system_language()


def asked_language() -> str:
    """The language that the command line asks for, also one that cannot be parsed; else that of the environment."""
    given = [word.partition("=")[2] for word in sys.argv if word.startswith("--lang=")]
    given += [after for word, after in itertools.pairwise(sys.argv) if word == "--lang"]
    return given[-1] if given and given[-1] in LANGUAGES else system_language()
