"""How commands speak: sentences and tables to stdout; progress, warnings and errors to stderr; in one language."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from plainfilm.errors import PlainfilmError
from plainfilm.messages import Words, say, text, told
from plainfilm.text import json_text, printable

PIPE_WIDTH = 10_000  # columns, if stdout is no terminal: there a row of a table is one line, for grep


class Terminal:
    """Where one command speaks."""

    def __init__(self, language: str, *, as_json: bool = False, out: TextIO | None = None) -> None:
        """`out`: where lines and tables go; not given: stdout."""
        self.language, self.as_json = language, as_json
        self.err = Console(stderr=True, markup=False, highlight=False, emoji=False, force_jupyter=False)
        is_screen = out is None and sys.stdout.isatty()
        one_screen = is_screen and sys.stderr.isatty()  # then lines must step around the bar
        width = None if is_screen else PIPE_WIDTH
        plain = Console(
            file=out,
            markup=False,
            highlight=False,
            emoji=False,
            width=width,
            force_jupyter=False,
            force_terminal=None if out is None else False,  # a text has no colours, whatever the environment asks for
        )
        self.out = self.err if one_screen else plain

    def text(self, key: str, **parameters: object) -> str:
        """A sentence of the catalogue."""
        return text(key, self.language, **parameters)

    def say(self, key: str, **parameters: object) -> None:
        """Print a sentence; nothing with --json."""
        self.line(self.text(key, **parameters))

    def line(self, line: str) -> None:
        """Print a line that stands in no catalogue; nothing with --json."""
        if not self.as_json:
            self.out.print(line, soft_wrap=True)

    def warn(self, words: Words) -> None:
        """Print a sentence to stderr."""
        self.err.print(words.shown(self.language), soft_wrap=True)

    def fail(self, error: PlainfilmError) -> None:
        """Print an error to stderr, in one line."""
        self.warn(say("error", message=told(error)))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[object]], *, left: int = 1) -> None:
        """Print a table whose first `left` columns stand left and the others right; nothing with --json."""
        if self.as_json:
            return
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
        for place, heading in enumerate(headings):
            table.add_column(printable(heading), justify="left" if place < left else "right", overflow="fold")
        for row in rows:
            table.add_row(*(Text(printable(str(cell))) for cell in row))
        self.out.print(table)
        self.out.print()

    def json(self, value: object) -> None:
        """Print one JSON document, with --json."""
        if self.as_json:
            sys.stdout.write(json_text(value, indent=2) + "\n")

    @contextlib.contextmanager
    def progress(self, key: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """A progress bar on stderr, none if stderr is no terminal; yields update(done, total, note)."""
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        ]
        with Progress(
            *columns,
            console=self.err,
            transient=True,
            disable=not sys.stderr.isatty(),
        ) as bar:
            task = bar.add_task(self.text(key), total=total, note="")

            def update(done: int, total: int | None = None, note: str = "") -> None:
                bar.update(task, completed=done, total=total, note=note)

            yield update
