"""How a script of this folder puts its table into a page."""

from collections.abc import Iterable
from pathlib import Path

from plainfilm.io import files


def put(path: Path, marks: tuple[str, str], lines: Iterable[str]) -> None:
    """Replace what a page has between two marks."""
    before, _, rest = path.read_text(encoding="utf-8").partition(marks[0])
    inside = "\n".join([marks[0], *lines, marks[1]])
    files.write_text(path, before + inside + rest.partition(marks[1])[2])
