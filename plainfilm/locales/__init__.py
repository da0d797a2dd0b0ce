"""Sentences: one folder a language, found by listing this one. A new language is a new folder, and nothing else.

A folder holds modules with `SENTENCES`, from key to sentence: those of the commands and of the report, which the
program fills in, and those of the page (PAGE), which the browser does. Its `__init__` has `NAME`, the language's own
name, `TAG` (BCP 47), for HTML and HTTP, and `DICOM`, code and meaning of the language in a structured report. What a
catalogue lacks is said in English.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

FALLBACK = "en"
PAGE = ("page", "training")
"""Modules that the browser reads: the page for films, and the one that follows a training."""


def _languages() -> tuple[str, ...]:
    """The languages that there are, English first."""
    found = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__init__.py"))
    return (FALLBACK, *(language for language in found if language != FALLBACK))


LANGUAGES = _languages()


class Catalogues(Mapping[str, Mapping[str, str]]):
    """The sentences of each language, loaded when they are first asked for."""

    def __getitem__(self, language: str) -> Mapping[str, str]:
        """All sentences but those of the page. Raises KeyError for a language that there is none of."""
        if language not in LANGUAGES:
            raise KeyError(language)
        return _catalogue(language)

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)


CATALOGUES = Catalogues()


def page_words() -> dict[str, dict[str, str]]:
    """The sentences of PAGE in every language, with its name and its tag as `language.name` and `language.tag`."""
    found = {}
    for language in LANGUAGES:
        sentences = {
            key: words for of in (FALLBACK, language) for part in PAGE for key, words in _sentences(of, part).items()
        }
        found[language] = sentences | {"language.name": name_of(language), "language.tag": tag_of(language)}
    return found


def name_of(language: str) -> str:
    """What a language calls itself."""
    return str(import_module(f"plainfilm.locales.{language}").NAME)


def tag_of(language: str) -> str:
    """The tag of a language (BCP 47), for HTML and HTTP."""
    return str(import_module(f"plainfilm.locales.{language}").TAG)


def dicom_code_of(language: str) -> tuple[str, str]:
    """Code and meaning of a language in a structured report (RFC 5646)."""
    found: tuple[str, str] = import_module(f"plainfilm.locales.{language}").DICOM
    return found


@cache
def _catalogue(language: str) -> Mapping[str, str]:
    parts = sorted(path.stem for path in (Path(__file__).parent / FALLBACK).glob("[!_]*.py") if path.stem not in PAGE)
    own = {key: sentence for part in parts for key, sentence in _sentences(language, part).items()}
    return own if language == FALLBACK else {**_catalogue(FALLBACK), **own}


def _sentences(language: str, part: str) -> Mapping[str, str]:
    """The sentences of a module of a language; none where it has no such module."""
    if not (Path(__file__).parent / language / f"{part}.py").is_file():
        return {}
    return dict(import_module(f"plainfilm.locales.{language}.{part}").SENTENCES)
