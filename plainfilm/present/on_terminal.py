"""Blocks on a terminal: sentences, tables, code; a drawing has no place there."""

import io
from collections.abc import Iterable, Iterator, Sequence

from plainfilm.messages import shown
from plainfilm.present.blocks import Block, Code, Note, Table
from plainfilm.present.terminal import Terminal


def show(terminal: Terminal, blocks: Iterable[Block]) -> None:
    """Print blocks in the terminal's language; nothing with --json."""
    if terminal.as_json:
        return
    for block in blocks:
        if isinstance(block, Note):
            terminal.line(shown(block.words, terminal.language))
        elif isinstance(block, Table):
            table = block.in_words()
            terminal.line(shown(table.caption, terminal.language))
            head, *rows = ([shown(cell, terminal.language) for cell in row] for row in (table.head, *table.rows))
            terminal.table(head, list(once(rows, table.left - 1)), left=table.left)
        elif isinstance(block, Code):
            terminal.line(shown(block.caption, terminal.language))
            terminal.line(block.lines)


def as_text(blocks: Iterable[Block], language: str) -> str:
    """What `show` prints of blocks where stdout is no terminal."""
    lines = io.StringIO()
    show(Terminal(language, out=lines), blocks)
    return lines.getvalue().rstrip()


def once(rows: Iterable[Sequence[str]], columns: int) -> Iterator[list[str]]:
    """Rows with empty cells if their beginning, of at most so many columns, is that of the row above.

    >>> list(once(["aax", "aay", "bay"], 2))
    [['a', 'a', 'x'], ['', '', 'y'], ['b', 'a', 'y']]
    """
    above: Sequence[str] = ()
    for row in rows:
        same = next((place for place in range(columns) if row[: place + 1] != above[: place + 1]), columns)
        yield [*[""] * same, *row[same:]]
        above = row
