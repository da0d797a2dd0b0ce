"""Blocks on a terminal: sentences, tables, code; a drawing has no place there."""

from collections.abc import Iterable

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
            terminal.line(shown(block.caption, terminal.language))
            head, *rows = ([shown(cell, terminal.language) for cell in row] for row in (block.head, *block.rows))
            terminal.table(head, rows, left=block.left)
        elif isinstance(block, Code):
            terminal.line(shown(block.caption, terminal.language))
            terminal.line(block.lines)
