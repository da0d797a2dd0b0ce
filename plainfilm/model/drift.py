"""The windows of a watched stream, as `serve --watch` keeps them: counts and distances, nothing of a film.

Since when has something moved? Each window's distance over its limit is near its mean at home; where the stream moves,
the windows after that are farther out. The first window of a move is the one that parts the distances best in two
(least squares of their logarithms), and how sure that is, is the share of reorderings that part no better.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plainfilm import records
from plainfilm.errors import SourceError
from plainfilm.model.shift import COMPONENTS, Shift
from plainfilm.randomness import generator

NUM_REORDERINGS = 999
MIN_WINDOWS = 5  # of which one can say since when
MIN_SIDE = 2  # windows before a move, and after it
MAX_BYTES = 2**26


@dataclass(frozen=True)
class Window:
    """Films that were judged together."""

    number: int  # 1, 2, ... since the server started
    time: str  # when it was full, ISO 8601
    shift: Shift
    blocks: dict[str, float]  # by block its distance alone, over its limit


@dataclass(frozen=True)
class Move:
    """Where a stream moved."""

    first: int  # place of the first window after it, from 0
    before: float  # mean distance before it, and after it
    after: float
    p: float  # share of reorderings that part no worse


def read_windows(path: Path) -> list[Window]:
    """The windows that a server kept, in order. Raises SourceError for a file that is none, or damaged."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceError("drift-damaged", path=str(path), line=0)
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError("drift-missing", path=str(path)) from error
    windows = []
    for number, line in enumerate(lines, start=1):
        try:
            windows.append(_checked(records.from_dict(Window, json.loads(line), exact=True)))
        except (ValueError, RecursionError) as error:
            raise SourceError("drift-damaged", path=str(path), line=number) from error
    if not windows:
        raise SourceError("drift-empty", path=str(path))
    return windows


def _checked(window: Window) -> Window:
    """The same. Raises ValueError for numbers that no server keeps."""
    distance = window.shift.distance
    distances = (*window.blocks.values(), -1.0 if distance is None else distance)
    if set(window.blocks) != set(COMPONENTS) or not all(0 <= value < 1e12 for value in distances):
        raise ValueError("distances")
    return window


def find_move(distances: Sequence[float]) -> Move | None:
    """Where distances, one a window, moved up or down; None where there are too few to say."""
    if len(distances) < MIN_WINDOWS:
        return None
    values = np.log(np.maximum(np.asarray(distances, np.float64), 1e-6))
    first, gain = _best_cut(values)
    random = generator(0, "drift")
    equal = sum(_best_cut(random.permutation(values))[1] >= gain - 1e-12 for _ in range(NUM_REORDERINGS))
    before, after = values[:first].mean(), values[first:].mean()
    return Move(first, math.exp(before), math.exp(after), (1 + equal) / (1 + NUM_REORDERINGS))


def _best_cut(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, float]:
    """The place that parts values best in two, and by how much that lowers the sum of squares."""
    sums, count = np.cumsum(values), len(values)
    sizes = np.arange(1, count)
    gains = (sums[:-1] - sizes * sums[-1] / count) ** 2 * count / (sizes * (count - sizes))
    gains[: MIN_SIDE - 1], gains[count - MIN_SIDE :] = -1, -1
    place = int(gains.argmax())
    return place + 1, float(gains[place])
