"""Moves: did the films of a watched stream move, where in it, and how sure is that?

Notable choices:
- A window's distance varies around its mean by chance. If the stream moves, the windows after that are farther out, or
  nearer. The first window of the move is where one cut parts the logarithms of the distances best in two (least
  squares).
- How sure that is: the share of reorderings of the windows that part no worse. Nothing is assumed of the distances but
  that, in a stream that does not move, each order of them is as likely as any other.
- The stream is judged by the distance of all blocks together. Only if that moved surely, blocks are named: those that
  moved surely after the correction for all of them (Holm 1979, Scand J Stat 6:65).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from plainfilm.model.packed import Floats
from plainfilm.model.shift import COMPONENTS
from plainfilm.model.windows import Window
from plainfilm.randomness import generator

NUM_REORDERINGS = 999
MIN_WINDOWS = 5  # of which one can say since when
MIN_SIDE = 2  # windows before a move, and after it
LEAST_DISTANCE = 1e-6
MAX_VALUES = 2**20  # in memory at once, of reorderings
SURE = 0.05  # largest p of a move that is named


@dataclass(frozen=True)
class Move:
    """Where a series of distances is parted best in two."""

    first: int  # place of the first window after it, from 0
    before: float  # geometric mean of the distances before it, and after it
    after: float
    p: float  # share of reorderings that part no worse

    @property
    def is_sure(self) -> bool:
        """Whether chance alone would hardly part the series so well."""
        return self.p <= SURE


@dataclass(frozen=True)
class Stream:
    """The windows of a stream, and where it moved."""

    windows: tuple[Window, ...]
    move: Move | None  # of all blocks together; None: too few windows to say
    blocks: Mapping[str, Move]  # by block, with p corrected for all blocks; empty: too few windows

    @classmethod
    def of(cls, windows: Sequence[Window]) -> Self:
        """Look for moves; windows in order of time, at least one."""
        moves = {name: find_move([window.blocks[name] for window in windows]) for name in COMPONENTS}
        found = {name: move for name, move in moves.items() if move is not None}
        corrected = holm({name: move.p for name, move in found.items()})
        blocks = {name: replace(move, p=corrected[name]) for name, move in found.items()}
        return cls(tuple(windows), find_move([window.together for window in windows]), blocks)

    @property
    def has_moved(self) -> bool:
        """Whether the stream surely moved."""
        return self.move is not None and self.move.is_sure

    @property
    def moved(self) -> tuple[str, ...]:
        """The blocks that surely moved, if the stream did."""
        return tuple(name for name, move in self.blocks.items() if self.has_moved and move.is_sure)

    @property
    def abroad(self) -> tuple[int, ...]:
        """The places of the windows that alarmed, from 0."""
        return tuple(place for place, window in enumerate(self.windows) if window.shift.is_abroad)

    @property
    def films(self) -> int:
        """Films in all windows; a film that came again in another window counts again."""
        return sum(window.shift.films for window in self.windows)

    @property
    def restarts(self) -> int:
        """How often the server was started again: its windows then have numbers from 1 again."""
        return sum(window.number == 1 for window in self.windows[1:])


def find_move(distances: Sequence[float]) -> Move | None:
    """Where distances, one a window, moved up or down; None where there are too few to say.

    >>> find_move([0.5, 0.4, 0.5, 0.4, 0.5, 0.4, 2.0, 2.1, 2.0, 2.1]).first
    6
    """
    if len(distances) < MIN_WINDOWS:
        return None
    values = np.log(np.maximum(np.asarray(distances, np.float64), LEAST_DISTANCE))
    gains = _gains(values[None])[0]
    best = gains.max() * (1 - 1e-9) - 1e-12  # sums in another order are rounded otherwise
    random, equal, left = generator(0, "drift"), 0, NUM_REORDERINGS
    while left:
        rows = min(left, max(1, MAX_VALUES // len(values)))
        reordered = random.permuted(np.tile(values, (rows, 1)), axis=1)
        equal, left = equal + int((_gains(reordered).max(1) >= best).sum()), left - rows
    first = MIN_SIDE + int(gains.argmax())
    before, after = values[:first].mean(), values[first:].mean()
    return Move(first, math.exp(before), math.exp(after), (1 + equal) / (1 + NUM_REORDERINGS))


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """The p of several questions, corrected so that no true "nothing" is denied by chance more often than each p says.

    >>> holm({"a": 0.01, "b": 0.04, "c": 0.03})
    {'a': 0.03, 'c': 0.06, 'b': 0.06}
    """
    corrected, least = dict[str, float](), 0.0
    for place, (name, p) in enumerate(sorted(chances.items(), key=lambda entry: entry[1])):
        corrected[name] = least = max(least, min(1.0, (len(chances) - place) * p))
    return corrected


def _gains(values: Floats) -> Floats:
    """By how much each cut in two lowers the sum of squares: series (R, N) -> (R, N + 1 - 2 * MIN_SIDE)."""
    count = values.shape[1]
    sizes = np.arange(MIN_SIDE, count - MIN_SIDE + 1)
    sums = np.cumsum(values, axis=1)
    parted = sums[:, MIN_SIDE - 1 : count - MIN_SIDE] - sizes * sums[:, -1:] / count
    return np.asarray(parted**2 * count / (sizes * (count - sizes)))
