"""What the commands share: from SOURCEs to an index and a pixel store, each film decoded once."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from plainfilm.config import Recipe
from plainfilm.data import scan as scanning
from plainfilm.data.film_index import Index, Row, assign, columns_of, is_index, read_index, reason_left_out, reopen
from plainfilm.data.pixel_store import StoreWriter, open_store
from plainfilm.data.scan import Progress, num_threads
from plainfilm.data.sources.labels import notes_of, spellings
from plainfilm.data.sources.listing import Listing, balance_of, list_films
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.data.sources.train_only import asked, notes_of_recompressed
from plainfilm.data.splits.patients import Pseudonyms
from plainfilm.errors import SourceError, SplitError
from plainfilm.io import files


def make_index(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    *,
    reading: Reading = PLAIN,
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
    listing, pseudonyms = list_films(sources, tables, reading), Pseudonyms(index_folder)
    writer = None if writer_folder is None else _writer(writer_folder, listing, recipe)
    observe = None if writer is None else writer.put
    rows = scanning.scan(listing, threads=num_threads(), observe=observe, progress=progress, pseudonyms=pseudonyms)
    index = completed(assign(rows, sources, recipe), listing, rows)
    return index, None if writer is None else writer.finish([row.image_id for row in rows])


def completed(index: Index, listing: Listing, rows: Sequence[Row]) -> Index:
    """An index with how its sources were read and the balance of their files; `rows`: before they were split."""
    reasons = ["" if row.split else reason_left_out(row) for row in index.rows]
    notes = notes_of(spellings((row.label for row in rows), index.classes))
    if index.split.get("train_only") == "recompressed":
        notes += notes_of_recompressed(map(columns_of, rows))
    encodings = tuple(source.encoding for source in listing.sources)
    balance = balance_of(listing, reasons, notes)
    return replace(index, reading=listing.reading, encodings=encodings, balance=balance)


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
    wanted, found = asked(asdict(recipe.split)), asked(index.split)
    for key, value in wanted.items():
        if found.get(key) != value:
            raise SplitError("split-contradicts", key=f"split.{key}", given=repr(value), found=repr(found.get(key)))


@contextlib.contextmanager
def scanned(
    sources: Sequence[Path],
    tables: Sequence[Path],
    *,
    size_px: int,
    fit: str,
    reading: Reading = PLAIN,
    progress: Progress | None = None,
) -> Iterator[tuple[Listing, list[Row], np.ndarray]]:
    """The listing and rows of sources that are only to be judged, and a temporary pixel store, (N, S, S) uint8."""
    listing = list_films(sources, tables, reading)
    with files.temporary_folder() as folder:
        writer = StoreWriter(folder, count=len(listing.entries), size_px=size_px, fit=fit)
        rows = scanning.scan(
            listing, threads=num_threads(), observe=writer.put, progress=progress, pseudonyms=Pseudonyms()
        )
        yield listing, rows, writer.finish([row.image_id for row in rows])


def _writer(folder: Path, listing: Listing, recipe: Recipe) -> StoreWriter:
    return StoreWriter(folder, count=len(listing.entries), size_px=recipe.size_px, fit=recipe.data.fit)
