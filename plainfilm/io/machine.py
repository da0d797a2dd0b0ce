"""What the system gives this process: processors; standard streams, which may be closed, full or without Chinese."""

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

NAMES = ("stdin", "stdout", "stderr")  # by the number of their descriptor


def num_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def make_usable() -> None:
    """Open what is closed, to nowhere; show what an encoding does not know (Chinese, bytes of names) as escapes.

    The next file that is opened would else take the free number, and whatever C libraries print would stand in it.
    """
    for number, name in enumerate(NAMES):
        stream = getattr(sys, name)
        if stream is None:
            stream = open(os.devnull, "r+" if number else "r", encoding="utf-8")  # noqa: SIM115 - lives as long as we
            if stream.fileno() != number:
                os.dup2(stream.fileno(), number)
            setattr(sys, name, stream)
        if number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def written_out() -> Iterator[None]:
    """On leaving, all that was printed is written. Raises OSError where it cannot be; the rest then goes nowhere."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OSError:
        _give_up(sys.stdout)
        raise


def print_error(line: str) -> None:
    """Print a line on standard error, if that can be."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _give_up(sys.stderr)


def _give_up(stream: TextIO) -> None:
    """Let what is still to be written go nowhere: at its end Python would try again, and fail."""
    try:
        stream.flush()
    except OSError:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
