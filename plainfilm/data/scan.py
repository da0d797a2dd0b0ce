"""Scanning: every film of a listing is read and decoded once; hashes, problems, duplicates and groups come of it.

A problem is listed and never fatal, unless every film has one. Duplicates and films of one patient form a group. Where
copies of one film carry different labels, nobody guesses: all of them are left out.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding.dicom_header import is_dicom, patient_id
from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.data.duplicates import search
from plainfilm.data.film_index import Row
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.listing import Listing
from plainfilm.data.sources.reading import Progress
from plainfilm.data.splits.groups import PLACEHOLDER, form, mark_nobodies
from plainfilm.data.splits.patients import Pseudonyms, is_nobody
from plainfilm.errors import FilmError, SourceError
from plainfilm.io.files import sha256

CHUNK = 256  # films in flight
COLUMNS = ("patient", "source", "quality")  # of a table, with a field of their own in a row

Observe = Callable[[int, NDArray[np.uint8]], None]  # gets the row's number and grey pixels (H, W); from any thread


def scan(
    listing: Listing,
    *,
    threads: int,
    observe: Observe | None = None,
    progress: Progress | None = None,
    pseudonyms: Pseudonyms | None = None,
) -> list[Row]:
    """The rows of a listing's films, in its order, with problems, duplicates and groups, not yet split.

    With `pseudonyms`, the patient of a DICOM film is that of its PatientID, unless a table names another. Entries that
    name nobody make no patient, and their films have the problem patient-placeholder.
    Raises SourceError where not one film can be decoded.
    """
    thumbnails: dict[int, NDArray[np.uint8]] = {}

    def look(number: int, pixels: NDArray[np.uint8]) -> None:
        thumbnails[number] = search.thumbnail(pixels)
        if observe is not None:
            observe(number, pixels)

    rows = list(decode_rows(listing, threads=threads, observe=look, progress=progress, pseudonyms=pseudonyms))
    if not thumbnails:
        raise SourceError(
            "source-all-unreadable", films=len(rows), example=rows[0].path, problem_key=f"problem.{rows[0].problems[0]}"
        )
    readable = sorted(thumbnails)
    rows = mark_nobodies(rows, pseudonyms.doubtful if pseudonyms is not None else ())
    small = np.stack([thumbnails[number] for number in readable])
    return form(rows, readable, small, listing.labelling.contradict)


def decode_rows(
    listing: Listing,
    *,
    threads: int,
    observe: Observe,
    progress: Progress | None = None,
    pseudonyms: Pseudonyms | None = None,
) -> Iterator[Row]:
    """The rows of a listing's films, in its order, each decoded once and shown to `observe`; without groups."""
    total = len(listing.entries)

    def look(number: int) -> Row:
        row, pixels = _decode_row(listing, listing.entries[number], pseudonyms)
        if pixels is not None:
            observe(number, pixels)
        return row

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, total, CHUNK):
            stop = min(start + CHUNK, total)
            yield from pool.map(look, range(start, stop))
            if progress is not None:
                progress(stop, total)


def _decode_row(listing: Listing, entry: Entry, pseudonyms: Pseudonyms | None) -> tuple[Row, NDArray[np.uint8] | None]:
    patient, source, quality = (entry.columns.get(name, "") for name in COLUMNS)
    row = Row(
        path=entry.path,
        label=entry.label,
        patient=patient,
        source=source,
        quality=quality,
        patient_table=entry.patient_table,
        origin=entry.origin,
        problems=entry.problems,
        extra={name: value for name, value in entry.columns.items() if name not in COLUMNS},
    )
    try:
        data = listing.read(entry)
        row = replace(row, sha256=sha256(data))
        film = decode(data, assume_chest=listing.reading.assume_chest)
        identity = patient_id(data) if pseudonyms is not None and is_dicom(data) else b""
    except (FilmError, SourceError) as error:
        return replace(row, problems=(error.code,)), None
    except OSError:
        return replace(row, problems=("film-missing",)), None
    problems = entry.problems + film.warnings
    if pseudonyms is not None and identity and (not row.patient or is_nobody(row.patient)):
        row = replace(row, patient=pseudonyms.of(identity))
        problems += () if row.patient else (PLACEHOLDER,)
    height, width = film.pixels.shape
    row = replace(
        row,
        image_id=image_id(film.pixels),
        phash=search.phash(film.pixels),
        width=width,
        height=height,
        mode=film.mode,
        chroma=round(film.chroma, 2),
        problems=problems,
    )
    return row, film.pixels
