"""The films of an index with their pixels: what trains, is judged, audited or listed, by the number of the row.

The pixel store is a memory-mapped array, each film decoded and preprocessed once. `pixels-S.npy` holds (N, S, S) uint8,
one film a row of the index, equal to `preprocess(film, size=S)` bit for bit; a film that cannot be decoded is black.
`pixels-S.json`, written last, says what is in it, so that a half-written store is never used. Memory does not grow with
the data set: pages are read as they are needed.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.film_index import Index, Row
from plainfilm.data.labelling import Targets
from plainfilm.data.preprocessing import preprocess, reduce
from plainfilm.io import files
from plainfilm.io.run_folder import pixels_path

CHUNK = 256  # films reduced at a time
Pixels = NDArray[np.uint8]


class StoreWriter:
    """Takes films in any order, from any thread (`put`), then becomes a store (`finish`)."""

    def __init__(self, folder: Path, *, count: int, size_px: int, fit: str) -> None:
        self.folder, self.size_px, self.fit = folder, size_px, fit
        path, shape = pixels_path(folder, size_px), (count, size_px, size_px)
        with files.writing(path, math.prod(shape)):
            _side(folder, size_px).unlink(missing_ok=True)
            try:
                self.pixels = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
                _reserve(path)
            except OSError:
                path.unlink(missing_ok=True)
                raise

    def put(self, number: int, pixels: Pixels) -> None:
        """Store film `number`, given as grey pixels (H, W) uint8."""
        self.pixels[number] = preprocess(pixels, size=self.size_px, fit=self.fit)[0]

    def finish(self, image_ids: Sequence[str]) -> Pixels:
        """Write what is still in memory, and the side file; return the store, (N, S, S) uint8, read-only."""
        with files.writing(pixels_path(self.folder, self.size_px), self.pixels.nbytes):
            self.pixels.flush()
        files.write_json(_side(self.folder, self.size_px), _description(image_ids, self.size_px, self.fit))
        return _load(self.folder, self.size_px)


def open_store(folder: Path, image_ids: Sequence[str], *, size_px: int, fit: str) -> Pixels | None:
    """The store of exactly these films, (N, S, S) uint8, read-only; None where there is none, or of other films."""
    try:
        described = json.loads(_side(folder, size_px).read_text(encoding="utf-8"))
        if described == _description(image_ids, size_px, fit):
            return _load(folder, size_px)
    except (OSError, ValueError):
        pass
    return None


def smaller_store(folder: Path, largest: Pixels, image_ids: Sequence[str], *, size_px: int, fit: str) -> Pixels:
    """The store at a smaller size, made from the largest by `reduce`, and kept beside it."""
    if size_px == largest.shape[1]:
        return largest
    store = open_store(folder, image_ids, size_px=size_px, fit=fit)
    if store is not None:
        return store
    writer = StoreWriter(folder, count=len(largest), size_px=size_px, fit=fit)
    for start in range(0, len(largest), CHUNK):
        writer.pixels[start : start + CHUNK] = reduce(np.asarray(largest[start : start + CHUNK]), size_px)
    return writer.finish(image_ids)


def _reserve(path: Path) -> None:
    """Claim the room of a sparse file on the disk: a disk found full while its pages are written kills the process."""
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _load(folder: Path, size_px: int) -> Pixels:
    store: Pixels = np.load(pixels_path(folder, size_px), mmap_mode="r", allow_pickle=False)
    return store


def _side(folder: Path, size_px: int) -> Path:
    return pixels_path(folder, size_px).with_suffix(".json")


def _description(image_ids: Sequence[str], size_px: int, fit: str) -> dict[str, object]:
    return {"films": files.sha256("\n".join(image_ids).encode()), "size_px": size_px, "fit": fit}


@dataclass(frozen=True)
class Films:
    """An index and the pixels of its rows, in their order."""

    index: Index
    stores: Mapping[int, Pixels]  # side in px -> (N, S, S) uint8, perhaps memory-mapped

    @classmethod
    def of(cls, index: Index, store: Pixels) -> "Films":
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
    def store(self) -> Pixels:
        """(N, S, S) uint8, the films at their largest size."""
        return self.stores[max(self.stores)]

    @cached_property
    def image_ids(self) -> list[str]:
        """N."""
        return [row.image_id for row in self.index.rows]

    @cached_property
    def _targets(self) -> Targets:
        """Of all rows: see `targets`."""
        index = self.index
        return index.labelling.targets([row.label for row in index.rows], index.classes, index.task)

    def part(self, name: str) -> list[int]:
        """The rows of one part of the split."""
        return self.index.part(name)

    def judged(self, rows: Iterable[int] | None = None) -> list[int]:
        """Those of the rows, or of all, that count where films are judged."""
        chosen = range(len(self.index.rows)) if rows is None else rows
        return [row for row in chosen if is_judged(self.index.rows[row], self.index)]

    def targets(self, rows: Sequence[int] | NDArray[np.int64]) -> Targets:
        """What a network is to learn of some rows, the first axis being these: see `Labelling.targets`."""
        return np.asarray(self._targets[np.asarray(rows, dtype=np.int64)])

    def labels(self, rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of the classes of some rows, (B,) int64; -1 where a film has none of the index."""
        assert self.index.labelling.is_single
        return self.targets(rows)

    def counted(self, rows: Iterable[int]) -> list[tuple[str, ...]]:
        """What each of some rows counts as: see `Labelling.counted`."""
        return [self.index.counted(self.index.rows[row]) for row in rows]

    def groups(self, rows: Iterable[int]) -> list[str]:
        """The groups of some rows."""
        return [self.index.rows[row].group for row in rows]

    def pixels(self, rows: Sequence[int] | NDArray[np.int64], channels: int, size_px: int | None = None) -> Pixels:
        """Some films as a network takes them: (B, C, S, S) uint8, a copy; C channels of one grey plane.

        Not given, `size_px` is the largest.
        """
        store = self.store if size_px is None else self.stores[size_px]
        return np.repeat(store[np.asarray(rows, dtype=np.int64)][:, None], channels, axis=1)


def is_judged(row: Row, index: Index) -> bool:
    """Whether a film counts: readable, of a known class, and no copy of it under another class."""
    is_known = not index.labelling.problem(row.label, index.classes)
    return bool(row.image_id) and is_known and "label-conflict" not in row.problems
