"""The pixel store: each film decoded and preprocessed once, into a memory-mapped array.

`pixels-S.npy` holds (N, S, S) uint8, one film a row of the index, equal to `preprocess(film, size=S)` bit for bit; a
film that cannot be decoded is black. `pixels-S.json`, written last, says what is in it, so that a half-written store
is never used. Memory does not grow with the data set: pages are read as they are needed.
"""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.preprocessing import preprocess, reduce
from plainfilm.io import files
from plainfilm.io.run_folder import pixels_path

CHUNK = 256  # films reduced at a time


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

    def put(self, number: int, pixels: NDArray[np.uint8]) -> None:
        """Store film `number`, given as grey pixels (H, W) uint8."""
        self.pixels[number] = preprocess(pixels, size=self.size_px, fit=self.fit)[0]

    def finish(self, image_ids: Sequence[str]) -> NDArray[np.uint8]:
        """Write what is still in memory, and the side file; return the store, (N, S, S) uint8, read-only."""
        with files.writing(pixels_path(self.folder, self.size_px), self.pixels.nbytes):
            self.pixels.flush()
        files.write_json(_side(self.folder, self.size_px), _description(image_ids, self.size_px, self.fit))
        return _load(self.folder, self.size_px)


def open_store(folder: Path, image_ids: Sequence[str], *, size_px: int, fit: str) -> NDArray[np.uint8] | None:
    """The store of exactly these films, (N, S, S) uint8, read-only; None where there is none, or of other films."""
    try:
        described = json.loads(_side(folder, size_px).read_text(encoding="utf-8"))
        if described == _description(image_ids, size_px, fit):
            return _load(folder, size_px)
    except (OSError, ValueError):
        pass
    return None


def smaller_store(
    folder: Path, largest: NDArray[np.uint8], image_ids: Sequence[str], *, size_px: int, fit: str
) -> NDArray[np.uint8]:
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


def _load(folder: Path, size_px: int) -> NDArray[np.uint8]:
    store: NDArray[np.uint8] = np.load(pixels_path(folder, size_px), mmap_mode="r", allow_pickle=False)
    return store


def _side(folder: Path, size_px: int) -> Path:
    return pixels_path(folder, size_px).with_suffix(".json")


def _description(image_ids: Sequence[str], size_px: int, fit: str) -> dict[str, object]:
    return {"films": files.sha256("\n".join(image_ids).encode()), "size_px": size_px, "fit": fit}
