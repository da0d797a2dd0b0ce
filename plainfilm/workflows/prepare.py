"""What the commands share: from SOURCEs to an index and a pixel store, each film decoded once."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from plainfilm import files
from plainfilm.config import Recipe
from plainfilm.data import scan as scanning
from plainfilm.data.index import Index, Row, assign, is_index, read_index, reopen
from plainfilm.data.listing import Listing, list_films
from plainfilm.data.patients import Pseudonyms
from plainfilm.data.scan import Progress, num_threads
from plainfilm.data.store import StoreWriter, open_store
from plainfilm.errors import SourceError, SplitError


def make_index(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    *,
    progress: Progress | None = None,
    writer_folder: Path | None = None,
    index_folder: Path | None = None,
) -> tuple[Index, np.ndarray | None]:
    """The index of the sources, and with `writer_folder` their pixel store at the recipe's largest size there.

    `index_folder`: where the index will be written; the key of its patients' pseudonyms is kept there. A given
    `index.csv` is used as it is. Raises SplitError where the recipe contradicts it; SourceError.
    """
    if len(sources) == 1 and is_index(sources[0]):
        index = read_index(sources[0])
        check_split(index, recipe)
        store = None if writer_folder is None else fill_store(index, recipe, writer_folder, progress)
        return index, store
    listing, pseudonyms = list_films(sources, tables), Pseudonyms(index_folder)
    if writer_folder is None:
        rows = scanning.scan(listing, threads=num_threads(), progress=progress, pseudonyms=pseudonyms)
        return assign(rows, sources, recipe), None
    writer = _writer(writer_folder, listing, recipe)
    rows = scanning.scan(listing, threads=num_threads(), observe=writer.put, progress=progress, pseudonyms=pseudonyms)
    return assign(rows, sources, recipe), writer.finish([row.image_id for row in rows])


def fill_store(index: Index, recipe: Recipe, folder: Path, progress: Progress | None = None) -> np.ndarray:
    """The pixel store of an index in `folder`: the one that is there, or made from the sources.

    Raises SourceError where a film is no longer what the index says.
    """
    image_ids = [row.image_id for row in index.rows]
    store = open_store(folder, image_ids, size_px=recipe.size_px, fit=recipe.data.fit)
    if store is not None:
        return store
    listing = reopen(index)
    writer = _writer(folder, listing, recipe)
    rows = scanning.decode_rows(listing, threads=num_threads(), observe=writer.put, progress=progress)
    for known, found in zip(index.rows, rows, strict=True):
        if known.image_id != found.image_id:
            raise SourceError("film-changed", name=known.path)
    return writer.finish(image_ids)


def check_split(index: Index, recipe: Recipe) -> None:
    """Raise SplitError where the recipe asks for another split than the index has."""
    wanted = asdict(recipe.split) | {"train_only_quality": list(recipe.split.train_only_quality)}
    for key, value in wanted.items():
        if index.split.get(key) != value:
            raise SplitError(
                "split-contradicts", key=f"split.{key}", given=repr(value), found=repr(index.split.get(key))
            )


@contextlib.contextmanager
def scanned(
    sources: Sequence[Path], tables: Sequence[Path], *, size_px: int, fit: str, progress: Progress | None = None
) -> Iterator[tuple[list[Row], np.ndarray]]:
    """The rows of sources that are only to be judged, and a temporary pixel store of them, (N, S, S) uint8."""
    listing = list_films(sources, tables)
    with files.temporary_folder() as folder:
        writer = StoreWriter(folder, count=len(listing.entries), size_px=size_px, fit=fit)
        rows = scanning.scan(
            listing, threads=num_threads(), observe=writer.put, progress=progress, pseudonyms=Pseudonyms()
        )
        yield rows, writer.finish([row.image_id for row in rows])


def _writer(folder: Path, listing: Listing, recipe: Recipe) -> StoreWriter:
    return StoreWriter(folder, count=len(listing.entries), size_px=recipe.size_px, fit=recipe.data.fit)
