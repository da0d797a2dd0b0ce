"""The films of an index with their pixels: what trains, is judged, audited or listed, by the number of the row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.film_index import Index, Row
from plainfilm.data.pixel_store import open_store, smaller_store


@dataclass(frozen=True)
class Films:
    """An index and the pixels of its rows, in their order."""

    index: Index
    stores: Mapping[int, NDArray[np.uint8]]  # side in px -> (N, S, S) uint8, perhaps memory-mapped

    @classmethod
    def of(cls, index: Index, store: NDArray[np.uint8]) -> "Films":
        """The films of an index with one store, (N, S, S) uint8."""
        return cls(index, {store.shape[-1]: store})

    @classmethod
    def open(cls, index: Index, folder: Path, *, size_px: int, fit: str) -> "Films | None":
        """The films of an index, their pixels in `folder`; None where those are not there."""
        store = open_store(folder, [row.image_id for row in index.rows], size_px=size_px, fit=fit)
        return None if store is None else cls.of(index, store)

    def at_sizes(self, folder: Path, sizes_px: Iterable[int], fit: str) -> "Films":
        """The same films at other sizes, made from the largest where `folder` does not have them."""
        ids = self.image_ids
        stores = {size: smaller_store(folder, self.store, ids, size_px=size, fit=fit) for size in sizes_px}
        return replace(self, stores=stores)

    @property
    def store(self) -> np.ndarray:
        """(N, S, S) uint8, the films at their largest size."""
        return self.stores[max(self.stores)]

    @cached_property
    def image_ids(self) -> list[str]:
        """N."""
        return [row.image_id for row in self.index.rows]

    @cached_property
    def _class_numbers(self) -> np.ndarray:
        """(N,), -1 where a film has no class of the index."""
        number_of = {name: number for number, name in enumerate(self.index.classes)}
        return np.array([number_of.get(row.label, -1) for row in self.index.rows], dtype=np.int64)

    def part(self, name: str) -> list[int]:
        """The rows of one part of the split."""
        return self.index.part(name)

    def judged(self, rows: Iterable[int] | None = None) -> list[int]:
        """Those of the rows, or of all, that count where films are judged."""
        chosen = range(len(self.index.rows)) if rows is None else rows
        return [row for row in chosen if is_judged(self.index.rows[row], self.index.classes)]

    def labels(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The numbers of the classes of some rows, (B,) int64; -1 where a film has none of the index."""
        return np.asarray(self._class_numbers[np.asarray(rows, dtype=np.int64)])

    def groups(self, rows: Iterable[int]) -> list[str]:
        """The groups of some rows."""
        return [self.index.rows[row].group for row in rows]

    def pixels(self, rows: Sequence[int] | np.ndarray, channels: int, size_px: int | None = None) -> np.ndarray:
        """Some films as a network takes them: (B, C, S, S) uint8, a copy; C channels of one grey plane.

        Not given, `size_px` is the largest.
        """
        store = self.store if size_px is None else self.stores[size_px]
        return np.repeat(store[np.asarray(rows, dtype=np.int64)][:, None], channels, axis=1)


def is_judged(row: Row, classes: Sequence[str]) -> bool:
    """Whether a film counts: readable, of a known class, and no copy of it under another class."""
    return bool(row.image_id) and row.label in classes and "label-conflict" not in row.problems
