"""Scanning: every film of a listing is read and decoded once; hashes, problems, duplicates and groups come of it.

A problem is listed and never fatal, unless every film has one. Duplicates and films of one patient form a group. Where
copies of one film carry different labels, nobody guesses: all of them are left out.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from plainfilm.data import duplicates
from plainfilm.data.decode import decode, image_id
from plainfilm.data.dicom_header import is_dicom, patient_id
from plainfilm.data.film import BLANK
from plainfilm.data.index import Row
from plainfilm.data.listing import Entry, Listing
from plainfilm.data.patients import Pseudonyms
from plainfilm.data.twins import written
from plainfilm.errors import FilmError, SourceError
from plainfilm.files import sha256

CHUNK = 256  # films in flight
COLUMNS = ("patient", "source", "quality")  # of a table, with a field of their own in a row

Observe = Callable[[int, np.ndarray], None]  # gets the row's number and the grey pixels (H, W) uint8; from any thread
Progress = Callable[[int, int], None]  # gets films done and films in all


def num_threads() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def scan(
    listing: Listing,
    *,
    threads: int,
    observe: Observe | None = None,
    progress: Progress | None = None,
    pseudonyms: Pseudonyms | None = None,
) -> list[Row]:
    """The rows of a listing's films, in its order, with problems, duplicates and groups, not yet split.

    With `pseudonyms`, the patient of a DICOM film is that of its PatientID, unless a table names another.
    Raises SourceError where not one film can be decoded.
    """
    thumbnails: dict[int, np.ndarray] = {}

    def look(number: int, pixels: np.ndarray) -> None:
        thumbnails[number] = duplicates.thumbnail(pixels)
        if observe is not None:
            observe(number, pixels)

    rows = list(decode_rows(listing, threads=threads, observe=look, progress=progress, pseudonyms=pseudonyms))
    if not thumbnails:
        raise SourceError(
            "source-all-unreadable", films=len(rows), example=rows[0].path, problem_key=f"problem.{rows[0].problems[0]}"
        )
    readable = sorted(thumbnails)
    _mark_duplicates(rows, readable, np.stack([thumbnails[number] for number in readable]))
    return rows


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


def _decode_row(listing: Listing, entry: Entry, pseudonyms: Pseudonyms | None) -> tuple[Row, np.ndarray | None]:
    patient, source, quality = (entry.columns.get(name, "") for name in COLUMNS)
    row = Row(
        path=entry.path,
        label=entry.label,
        patient=patient,
        source=source,
        quality=quality,
        origin=entry.origin,
        extra={name: value for name, value in entry.columns.items() if name not in COLUMNS},
    )
    try:
        data = listing.read(entry)
        row = replace(row, sha256=sha256(data))
        film = decode(data)
        identity = patient_id(data) if pseudonyms is not None and is_dicom(data) else b""
    except (FilmError, SourceError) as error:
        return replace(row, problems=(error.code,)), None
    except OSError:
        return replace(row, problems=("film-missing",)), None
    if pseudonyms is not None and not row.patient:
        row = replace(row, patient=pseudonyms.of(identity))
    height, width = film.pixels.shape
    row = replace(
        row,
        image_id=image_id(film.pixels),
        phash=duplicates.phash(film.pixels),
        width=width,
        height=height,
        mode=film.mode,
        chroma=round(film.chroma, 2),
        problems=film.warnings,
    )
    return row, film.pixels


def _mark_duplicates(rows: list[Row], readable: Sequence[int], thumbnails: np.ndarray) -> None:
    """Give readable rows group and twins, and the problems duplicate-exact, duplicate-near and label-conflict."""
    image_ids = [rows[number].image_id for number in readable]
    blank = {film for film, number in enumerate(readable) if BLANK in rows[number].problems}
    pairs = duplicates.find_pairs(thumbnails, image_ids, blank=blank)
    twins = written(pairs, image_ids)
    exact = {film for pair in pairs if pair.kind == "exact" for film in (pair.first, pair.second)}
    together = _Groups(len(readable))
    found: dict[int, tuple[str, ...]] = {}
    for cluster in duplicates.clusters(len(readable), pairs):
        conflict = len({rows[readable[film]].label for film in cluster}) > 1
        for film in cluster:
            kind = "duplicate-exact" if film in exact else "duplicate-near"
            found[film] = (kind, "label-conflict") if conflict else (kind,)
            together.join(cluster[0], film)
    for films in _films_of_patients(rows, readable):
        for film in films:
            together.join(films[0], film)
    members: dict[int, list[str]] = defaultdict(list)
    for film, number in enumerate(readable):
        members[together.root(film)].append(_name(rows[number]))
    for film, number in enumerate(readable):
        group = f"g-{min(members[together.root(film)])}"  # whatever the order of the films
        problems = rows[number].problems + found.get(film, ())
        rows[number] = replace(rows[number], group=group, problems=problems, twins=twins[film])


def _name(row: Row) -> str:
    """What a film gives its group as a name: its image_id, which blank films share with others, and these need not."""
    if BLANK not in row.problems:
        return row.image_id
    return sha256(f"{row.image_id} {row.path}".encode("utf-8", "surrogateescape"))[: len(row.image_id)]


def _films_of_patients(rows: Sequence[Row], readable: Sequence[int]) -> Iterator[list[int]]:
    patients: dict[str, list[int]] = defaultdict(list)
    for film, number in enumerate(readable):
        if rows[number].patient:
            patients[rows[number].patient].append(film)
    yield from patients.values()


class _Groups:
    """Sets that grow together (union-find)."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def root(self, item: int) -> int:
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, first: int, second: int) -> None:
        one, other = sorted((self.root(first), self.root(second)))
        self.parent[other] = one
