"""What the commands share: from SOURCEs to an index and a pixel store, each film decoded once."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.config import Recipe
from plainfilm.data import scan as scanning
from plainfilm.data.film_index import Index, Row, assign, columns_of, is_index, read_index, reason_left_out, reopen
from plainfilm.data.films import Films, StoreWriter
from plainfilm.data.labelling import CLASS_LABELS, Labelling
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.labels import asked, notes_of, notes_of_recompressed
from plainfilm.data.sources.listing import Listing, balance_of, list_films
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.data.splits.patients import Pseudonyms
from plainfilm.errors import SourceError, SplitError, UsageError
from plainfilm.io import files
from plainfilm.io.machine import num_threads
from plainfilm.io.run_folder import Run
from plainfilm.task import task_of


def make_index(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    *,
    reading: Reading = PLAIN,
    progress: Progress | None = None,
    folder: Path | None = None,
) -> Index:
    """The index of the sources; nothing of their pixels is kept.

    `folder`: where the index will be written; the key of its patients' pseudonyms is kept there. A given `index.csv` is
    used as it is. Raises SplitError if the recipe contradicts it; SourceError.
    """
    if (index := _given(sources, recipe)) is not None:
        return index
    listing = list_films(sources, tables, reading, **_labels(recipe))
    return _scanned_index(sources, listing, recipe, Pseudonyms(folder), progress)


def make_films(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    folder: Path,
    *,
    reading: Reading = PLAIN,
    progress: Progress | None = None,
    keeps_key: bool = False,
) -> Films:
    """The films of the sources, their pixels at the recipe's largest size kept in `folder`.

    `keeps_key`: the index will be written there, too; the key of its patients' pseudonyms is kept with it. Else as
    `make_index`.
    """
    if (index := _given(sources, recipe)) is not None:
        return fill_store(index, recipe, folder, progress)
    listing = list_films(sources, tables, reading, **_labels(recipe))
    pseudonyms = Pseudonyms(folder if keeps_key else None)
    writer = _writer(folder, listing, recipe)
    index = _scanned_index(sources, listing, recipe, pseudonyms, progress, writer.put)
    return Films.of(index, writer.finish([row.image_id for row in index.rows]))


def _labels(recipe: Recipe) -> dict[str, Any]:
    """How `list_films` reads labels for a recipe."""
    return {"labelling": task_of(recipe.task.kind).labels, "wanted": recipe.data.classes or ()}


def make_listed_films(
    paths: Sequence[Path],
    labels: Sequence[str],
    patients: Sequence[str],
    recipe: Recipe,
    folder: Path,
    progress: Progress | None = None,
) -> Films:
    """The films of N files with their labels and patients ("": unknown), their pixels kept in `folder`.

    Raises SourceError for a film that cannot be read; SplitError.
    """
    names = tuple(str(path.absolute()) for path in paths)
    source = files.listed_files(Path(), names)
    entries = tuple(
        Entry(0, name, label, {"patient": patient} if patient else {})
        for name, label, patient in zip(names, labels, patients, strict=True)
    )
    listing = Listing((source,), entries)
    writer = _writer(folder, listing, recipe)
    rows = scanning.scan(listing, threads=num_threads(), observe=writer.put, progress=progress)
    unreadable = next((row for row in rows if not row.image_id), None)
    if unreadable is not None:
        raise SourceError(
            "film-listed-unreadable", path=unreadable.path, problem_key=f"problem.{unreadable.problems[0]}"
        )
    return Films.of(assign(rows, [Path()], recipe), writer.finish([row.image_id for row in rows]))


def _given(sources: Sequence[Path], recipe: Recipe) -> Index | None:
    """The index that is the one source; None if it is none."""
    if not (len(sources) == 1 and is_index(sources[0])):
        return None
    index = read_index(sources[0])
    check_split(index, recipe)
    return index


def _scanned_index(
    sources: Sequence[Path],
    listing: Listing,
    recipe: Recipe,
    pseudonyms: Pseudonyms,
    progress: Progress | None,
    observe: scanning.Observe | None = None,
) -> Index:
    rows = scanning.scan(listing, threads=num_threads(), observe=observe, progress=progress, pseudonyms=pseudonyms)
    return completed(assign(rows, sources, recipe), listing, rows)


def completed(index: Index, listing: Listing, rows: Sequence[Row]) -> Index:
    """An index with how its sources were read and the balance of their files; `rows`: before they were split."""
    reasons = ["" if row.split else reason_left_out(row) for row in index.rows]
    notes = notes_of(index.labelling.respelt([row.label for row in rows], index.classes))
    if index.split.get("train_only") == "recompressed":
        notes += notes_of_recompressed(map(columns_of, rows))
    encodings = tuple(source.encoding for source in listing.sources)
    balance = balance_of(listing, reasons, notes)
    return replace(index, reading=listing.reading, encodings=encodings, balance=balance)


def fill_store(index: Index, recipe: Recipe, folder: Path, progress: Progress | None = None) -> Films:
    """The films of an index, their pixels in `folder`: those that are there, or made from the sources.

    Raises SourceError if a film is no longer what the index says.
    """
    films = Films.open(index, folder, size_px=recipe.size_px, fit=recipe.data.fit)
    if films is not None:
        return films
    listing = reopen(index)
    writer = _writer(folder, listing, recipe)
    rows = scanning.decode_rows(listing, threads=num_threads(), observe=writer.put, progress=progress)
    for known, found in zip(index.rows, rows, strict=True):
        if known.image_id != found.image_id:
            raise SourceError("film-changed", name=known.path)
    return Films.of(index, writer.finish([row.image_id for row in index.rows]))


def check_split(index: Index, recipe: Recipe) -> None:
    """Raise SplitError if the recipe asks for another split than the index has."""
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
    labelling: Labelling = CLASS_LABELS,
    wanted: Sequence[str] = (),
) -> Iterator[tuple[Listing, list[Row], NDArray[np.uint8]]]:
    """The listing and rows of sources that are only to be judged, and a temporary pixel store, (N, S, S) uint8."""
    listing = list_films(sources, tables, reading, labelling=labelling, wanted=wanted)
    with files.temporary_folder() as folder:
        writer = StoreWriter(folder, count=len(listing.entries), size_px=size_px, fit=fit)
        rows = scanning.scan(
            listing, threads=num_threads(), observe=writer.put, progress=progress, pseudonyms=Pseudonyms()
        )
        yield listing, rows, writer.finish([row.image_id for row in rows])


def _writer(folder: Path, listing: Listing, recipe: Recipe) -> StoreWriter:
    return StoreWriter(folder, count=len(listing.entries), size_px=recipe.size_px, fit=recipe.data.fit)


LEARNED_FROM = ("train", "validation")  # the parts of a run that its weights depend on


def check_base(weights: Path, index: Index) -> None:
    """Raise SplitError where `weights` lie in a run that has learned from test films of `index`.

    Of weights that lie elsewhere nobody knows what they have seen; the model file then says so.
    """
    run = _run_of(weights)
    if run is None:
        return
    try:
        base = read_index(run.index)
    except SourceError:
        return
    learned_from = {row.image_id for row in base.rows if row.split in LEARNED_FROM}
    test = [index.rows[number].image_id for number in index.part("test")]
    count = sum(image_id in learned_from for image_id in test)
    if count:
        raise SplitError("init-saw-test", count=count, films=len(test), run=str(run.folder), index=str(run.index))


def _run_of(weights: Path) -> Run | None:
    """The run in which a file lies, itself or among the checkpoints; None where it lies in none."""
    near = map(Run, weights.resolve().parents[:2])
    return next((run for run in near if run.is_begun and run.index.is_file()), None)


def moved(index: Index, sources: Sequence[Path], progress: Progress | None = None) -> Index:
    """The index with its sources at new places, in order, where every film was found unchanged.

    Raises UsageError where there are not as many; SourceError where one holds other films.
    """
    if len(sources) != len(index.sources):
        known = ", ".join(map(str, index.sources))
        raise UsageError("moved-count", given=len(sources), expected=len(index.sources), sources=known)
    for path in sources:
        if not path.exists():
            raise SourceError("source-missing", path=str(path))
    found = replace(index, sources=tuple(sources))
    check_films(found, progress)
    return found


def check_films(index: Index, progress: Progress | None = None) -> None:
    """Raise SourceError where a film is not in its source, or its file is another one than when it was indexed.

    Films that could not be read at that time are passed over.
    """
    listing = reopen(index)
    missing, changed = [], []
    for number, row in enumerate(index.rows, start=1):
        try:
            data = listing.read(row.entry) if row.sha256 else b""
        except (SourceError, OSError):
            missing.append(row)
        else:
            if row.sha256 and files.sha256(data) != row.sha256:
                changed.append(row)
        if progress is not None:
            progress(number, len(index.rows))
    if missing or changed:
        first = (missing or changed)[0]
        raise SourceError(
            "moved-other",
            path=str(index.sources[first.origin]),
            name=first.path,
            films=sum(bool(row.sha256) for row in index.rows),
            missing=len(missing),
            changed=len(changed),
        )
