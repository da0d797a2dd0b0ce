"""The windows of a watched stream, as `serve --watch` keeps them: counts and distances, nothing of a film.

The distance in `shift` is over a limit that rises from window to window, so that watching does not alarm by chance. Two
windows are compared by `together` and `blocks`, which are over the same limit in every window.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from plainfilm import records
from plainfilm.errors import SourceError
from plainfilm.model.shift import COMPONENTS, Shift

MAX_BYTES = 2**26  # of a file: years of films
MAX_COUNT = 2**40
MAX_DISTANCE = 1e12


@dataclass(frozen=True)
class Window:
    """Films that were judged together."""

    number: int  # 1, 2, ... since the server started
    time: str  # when it was full, ISO 8601 with the difference from UTC
    shift: Shift
    together: float  # distance of all blocks, over what LEVEL of windows at home exceed
    blocks: dict[str, float]  # by block its distance alone, over what LEVEL of windows at home exceed


def read_stream(paths: Sequence[Path]) -> list[Window]:
    """The windows of one stream, which may be in several files, in order of time. Raises SourceError as `read_windows`.

    A file given twice counts once.
    """
    parts = [read_windows(path) for path in dict.fromkeys(paths)]
    return [window for part in sorted(parts, key=lambda part: _moment(part[0])) for window in part]


def read_windows(path: Path) -> list[Window]:
    """The windows that a server kept, in order. Raises SourceError for a file that is none, or damaged."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # the latter: no name of a file at all
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError("drift-missing", path=str(path), reason=reason) from error
    if len(data) > MAX_BYTES:
        raise SourceError("drift-too-large", path=str(path), maximum_bytes=MAX_BYTES)
    windows = []
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else (), start=1):
        try:
            windows.append(_checked(records.from_dict(Window, json.loads(line.decode()), exact=True)))
        except (ValueError, RecursionError) as error:
            raise SourceError("drift-damaged", path=str(path), line=number) from error
    if not windows:
        raise SourceError("drift-empty", path=str(path))
    return windows


def _checked(window: Window) -> Window:
    """The same. Raises ValueError for values that no server keeps."""
    shift = window.shift
    if shift.distance is None or shift.verdict not in ("home", "abroad") or not {*shift.moved} <= {*COMPONENTS}:
        raise ValueError("shift")
    if not (1 <= window.number < MAX_COUNT and 1 <= shift.films < MAX_COUNT and 0 <= shift.unlike <= shift.films):
        raise ValueError("counts")
    distances = (shift.distance, window.together, *window.blocks.values())
    if {*window.blocks} != {*COMPONENTS} or not all(0 <= distance < MAX_DISTANCE for distance in distances):
        raise ValueError("distances")
    _moment(window)
    return window


def _moment(window: Window) -> float:
    """When a window was full, in seconds since 1970. Raises ValueError for what is no time, or not the server's."""
    moment = datetime.fromisoformat(window.time)
    if moment.tzinfo is None:
        raise ValueError("time")
    return moment.timestamp()
