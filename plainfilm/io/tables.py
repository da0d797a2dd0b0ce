"""CSV tables that a spreadsheet shows and never runs.

A spreadsheet takes a cell that starts with = + - @ (or their full-width forms), a tab or a line break for a formula,
and what follows a separator of its own inside a cell as well. Names of files, classes and columns are not ours, so such
a text gets an apostrophe (OWASP, CSV injection); reading takes it off again. Numbers stay numbers.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

STARTS = r"[=+\-@\t\r\n＝＋－＠]"
BEGINNING = r"(?:^|(?<=[;,\t\r\n]))"
UNGUARDED = re.compile(rf"{BEGINNING}(?='*{STARTS})")
GUARDED = re.compile(rf"{BEGINNING}'(?='*{STARTS})")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?")


def guarded(cell: str) -> str:
    """A cell as it is written.

    >>> guarded("=1+1.png"), guarded("-0.5"), guarded("it's"), guarded("'=1")
    ("'=1+1.png", '-0.5', "it's", "''=1")
    """
    return cell if NUMBER.fullmatch(cell) else UNGUARDED.sub("'", cell)


def plain(cell: str) -> str:
    """A cell as it was before it was written.

    >>> plain(guarded("=1+1.png"))
    '=1+1.png'
    """
    return GUARDED.sub("", cell)


def to_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows of cells as CSV, a line feed after each."""
    return "".join(f"{_line(row)}\n" for row in rows)


def _line(row: Sequence[object]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow([guarded(str(cell)) for cell in row])  # quotes either of both
    return buffer.getvalue().removesuffix("\r\n")


def from_csv(content: str) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """The rows of a CSV by its columns, and these; "" for cells that a row lacks. Raises csv.Error."""
    reader = csv.DictReader(io.StringIO(content, newline=""), restval="")
    rows = [{plain(name): plain(cell) for name, cell in row.items() if name is not None} for row in reader]
    return rows, tuple(map(plain, reader.fieldnames or ()))
