"""Sentences in English and Chinese: one catalogue a language, one lookup.

A key is a code of an error or warning (`film-truncated`) or the name of a line that a command prints (`index.counts`).
Values are put into the sentence with `str.format`; control characters in them are shown as escapes, so that a file
name can neither break a line nor drive the terminal.
"""

import numbers
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from plainfilm.errors import PlainfilmError
from plainfilm.messages.en import SENTENCES as EN
from plainfilm.messages.zh import SENTENCES as ZH
from plainfilm.text import printable

LANGUAGES = ("en", "zh")
CATALOGUES = {"en": EN, "zh": ZH}


@dataclass(frozen=True)
class Message:
    """A sentence without a language: its key and the values in it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def shown(self, language: str) -> str:
        """The sentence in a language."""
        return text(self.key, language, **self.values)


def text(key: str, language: str, /, **parameters: object) -> str:
    """The sentence of `key` in `language` ("en" or "zh"); a parameter whose name ends in _key is a key itself.

    >>> text("film-empty", "en")
    'the file is empty; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM image'
    """
    catalogue = CATALOGUES[language]
    shown = {name: _shown(name, value, catalogue) for name, value in parameters.items()}
    return catalogue[key].format(**shown)


def _shown(name: str, value: object, catalogue: dict[str, str]) -> object:
    """A parameter as it goes into a sentence."""
    if name.endswith("_key"):
        return catalogue[str(value)]
    return value if isinstance(value, numbers.Number) else printable(str(value))


def sentence(error: PlainfilmError, language: str) -> str:
    """What was given, what was expected and what to do, in `language`."""
    return text(error.code, language, **error.parameters)


def system_language() -> str:
    """The language of the environment (LC_ALL, LC_MESSAGES, LANG): "zh" for a Chinese locale, else "en"."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
