"""The chapters: cells that run and a text a language, put together into notebooks and pages.

- `chapters/NAME.py` has the cells, each under a line `# %% cell`. `chapters/NAME.md` and its translations have the
  text, in which a line `{{cell}}` stands for a cell, and `{{solution}}` for the exercise's answer, folded.
- Every language has the same cells in the same order: `Chapter.text` refuses a text that leaves one out.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plainfilm.locales import FALLBACK, tag_of
from plainfilm.messages import text

FOLDER = Path(__file__).parent / "chapters"
NAMES = (
    "tutorial",
    "1-data",
    "2-films",
    "3-depth",
    "4-training",
    "5-evaluation",
    "6-worth",
    "7-certainty",
    "8-maps",
    "9-use",
    "10-abroad",
    "11-findings",
)
"""The notebooks, in order; the first is the tutorial's own, the others are the chapters."""
CELL = re.compile(r"^# %% (\S+)\n", re.MULTILINE)
PLACE = re.compile(r"^\{\{(\S+)\}\}\n", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(\.\./[^)]+\)")
"""A link to another page of the documents, which lies beside no notebook."""
MARK = re.compile(r"<!-- en: [0-9a-f]{8} -->\n+")
"""Which English section a section translates."""
SOLUTION = "solution"


@dataclass(frozen=True)
class Cell:
    """A cell of code."""

    name: str
    code: str


@dataclass(frozen=True)
class Chapter:
    """A chapter, by its name."""

    name: str

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        """The cells by their names, in order."""
        _, *parts = CELL.split((FOLDER / f"{self.name}.py").read_text(encoding="utf-8"))
        return {name: Cell(name, code.strip()) for name, code in zip(parts[::2], parts[1::2], strict=True)}

    def text(self, language: str) -> Iterator[str | Cell]:
        """The text of a language, in Markdown, with the cells in their places."""
        path = FOLDER / (f"{self.name}.md" if language == FALLBACK else f"{self.name}.{language}.md")
        parts = PLACE.split(MARK.sub("", path.read_text(encoding="utf-8")))
        assert parts[1::2] == list(self.cells), f"{path.name}: the cells are {list(self.cells)}"
        for place, part in enumerate(parts):
            if place % 2:
                yield self.cells[part]
            elif part.strip():
                yield part.strip()

    def title(self, language: str) -> str:
        """The first heading."""
        first = next(self.text(language))
        assert isinstance(first, str)
        return first.splitlines()[0].removeprefix("# ")


CHAPTERS = tuple(map(Chapter, NAMES))


def folded(cell: Cell, language: str) -> str:
    """A cell as Markdown that is read only by who opens it."""
    summary = text("course.solution", language)
    return f"<details><summary>{summary}</summary>\n\n```python\n{cell.code}\n```\n\n</details>"


def notebook(chapter: Chapter, language: str) -> str:
    """A chapter as a notebook (nbformat 4.5), without outputs. Its first cell of code sets the language of results."""
    said = Cell("language", f'import os\n\nos.environ["LC_ALL"] = "{language}"  # {text("course.language", language)}')
    cells = []
    for part in chapter.text(language):
        if isinstance(part, Cell) and part.name != SOLUTION:
            cells.append(_code(part))
        else:
            words = folded(part, language) if isinstance(part, Cell) else LINK.sub(r"\1", part)
            cells.append(_markdown(f"text-{len(cells)}", words))
    cells.insert(1, _code(said))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    found = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}, "lang": tag_of(language)},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def _markdown(name: str, source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(cell: Cell) -> dict[str, object]:
    source = cell.code.splitlines(keepends=True)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell.name,
        "metadata": {},
        "outputs": [],
        "source": source,
    }
