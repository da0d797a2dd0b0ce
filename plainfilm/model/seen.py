"""The films that a model has seen: what its file says of them, and which films at hand are among them.

Seen are the films of training and of validation: validation chose the epoch and everything that was fitted. The card
counts them (`Card.seen`); their checksums and fingerprints are in a metadata entry of their own, FILMS_KEY, base64
of first all checksums, 8 bytes each, in rising order, then the fingerprints (`duplicates.fingerprint`) in the same
order. Binary, not JSON: the card stays small, and nothing in the entry can grow while it is read.

A film at hand is

- "exact": its decoded pixels are those of a film of the list;
- "near": it is one in disguise (recompressed, resized, cropped, turned, mirrored);
- "related": it is of a group (a patient, or copies) with a film that is one of these.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.duplicates.fingerprint import NUM_BYTES, SAME_FILM, Fingerprints, fingerprints, likeness
from plainfilm.data.duplicates.search import Pixels, thumbnail
from plainfilm.errors import PlainfilmError, demand

if TYPE_CHECKING:  # it brings the index, which an answer does not need
    from plainfilm.data.films import Films

FILMS_KEY = "plainfilm.films"
CHECKSUM_BYTES = 8  # an image_id
MAX_FINGERPRINTS = 50_000  # films; of more, a model file keeps the checksums alone
MAX_FILMS = 1_000_000  # of more, it keeps nothing
MAX_ENTRY_BYTES = 4 * -(-max(MAX_FINGERPRINTS * (CHECKSUM_BYTES + NUM_BYTES), MAX_FILMS * CHECKSUM_BYTES) // 3)
KINDS = ("exact", "near", "related")


@dataclass(frozen=True)
class Sighting:
    """Whether a model has seen a film."""

    kind: str  # one of KINDS; "": not that anybody knows
    likeness: float  # to the likest film of the list, at most 1; 0 if nothing was compared


@dataclass(frozen=True)
class SeenCounts:
    """How many films a model has seen: `Card.seen`. Raises PlainfilmError for what cannot be."""

    films: int  # each once
    train: int
    validation: int
    fingerprints: bool  # whether the list has some
    base_known: bool  # whether the training began with weights that had seen no film

    def __post_init__(self) -> None:
        kinds = [type(value) for value in (self.films, self.train, self.validation, self.fingerprints, self.base_known)]
        demand(kinds == [int, int, int, bool, bool], "card.reason.seen")
        is_possible = 0 < self.films <= MAX_FILMS and min(self.train, self.validation) >= 0
        demand(is_possible and self.films <= self.train + self.validation, "card.reason.seen")


@dataclass(frozen=True)
class SeenFilms:
    """The films that a model has seen."""

    checksums: NDArray[np.uint8]  # (N, 8), each once, rising
    fingerprints: Fingerprints | None  # (N, NUM_BYTES); None: too many films
    counts: SeenCounts

    @property
    def text(self) -> str:
        """The metadata entry."""
        parts = [self.checksums.tobytes(), b"" if self.fingerprints is None else self.fingerprints.tobytes()]
        return base64.b64encode(b"".join(parts)).decode()

    def sightings(self, image_ids: Sequence[str], groups: Sequence[str], films: Pixels) -> list[Sighting]:
        """Which of N films at hand are among these: films (N, S, S), as the model takes them; "" as id: unreadable."""
        known = {row.tobytes().hex() for row in self.checksums}
        exact = np.array([image_id in known for image_id in image_ids], dtype=bool)
        likest = exact.astype(np.float64)
        unknown = np.flatnonzero(~exact & np.array([bool(image_id) for image_id in image_ids]))
        if self.fingerprints is not None and len(unknown):
            likest[unknown] = likeness(_thumbnails(films, unknown.tolist()), self.fingerprints)
        found = exact | (likest >= SAME_FILM)
        seen_groups = {group for group, is_found in zip(groups, found, strict=True) if is_found}
        kinds = [
            "exact" if is_exact else "near" if is_found else "related" if group in seen_groups else ""
            for is_exact, is_found, group in zip(exact, found, groups, strict=True)
        ]
        return [Sighting(kind, float(value)) for kind, value in zip(kinds, likest, strict=True)]


def seen_films(films: "Films", *, is_base_known: bool) -> SeenFilms | None:
    """The list of the films that a training saw, those of training and validation; None with more than MAX_FILMS.

    `is_base_known`: whether the training began with weights that had seen no film.
    """
    parts = {part: films.part(part) for part in ("train", "validation")}
    row_of = {films.image_ids[row]: row for rows in parts.values() for row in rows}
    if len(row_of) > MAX_FILMS:
        return None
    order = sorted(row_of)
    has_fingerprints = len(order) <= MAX_FINGERPRINTS
    counts = SeenCounts(len(order), len(parts["train"]), len(parts["validation"]), has_fingerprints, is_base_known)
    checksums = np.frombuffer(bytes.fromhex("".join(order)), np.uint8).reshape(-1, CHECKSUM_BYTES)
    rows = [row_of[image_id] for image_id in order]
    return SeenFilms(checksums, fingerprints(_thumbnails(films.store, rows)) if has_fingerprints else None, counts)


def with_fitted(seen: SeenFilms | None, films: "Films", rows: Sequence[int]) -> SeenFilms | None:
    """The list of a model with some films more, on which something was fitted after the training.

    They count among those of validation. `seen` None: what the training saw, nobody knows; the list says so. None with
    more than MAX_FILMS.
    """
    row_of = {films.image_ids[row]: row for row in rows}
    known = np.zeros((0, CHECKSUM_BYTES), np.uint8) if seen is None else seen.checksums
    place_of = {checksum.tobytes().hex(): place for place, checksum in enumerate(known)}
    order = sorted({*place_of, *row_of})
    if len(order) > MAX_FILMS:
        return None
    prints = None
    if len(order) <= MAX_FINGERPRINTS and (seen is None or seen.fingerprints is not None):
        new = [image_id for image_id in row_of if image_id not in place_of]
        fresh = fingerprints(_thumbnails(films.store, [row_of[image_id] for image_id in new])) if new else None
        both = [found for found in (None if seen is None else seen.fingerprints, fresh) if found is not None]
        place_of |= {image_id: len(known) + number for number, image_id in enumerate(new)}
        prints = np.concatenate(both)[[place_of[image_id] for image_id in order]]
    checksums = np.frombuffer(bytes.fromhex("".join(order)), np.uint8).reshape(-1, CHECKSUM_BYTES)
    train, validation = (0, 0) if seen is None else (seen.counts.train, seen.counts.validation)
    is_base_known = seen is not None and seen.counts.base_known
    counts = SeenCounts(len(order), train, validation + len(rows), prints is not None, is_base_known)
    return SeenFilms(checksums, prints, counts)


def parse_seen(text: str | None, counts: SeenCounts | None) -> SeenFilms | None:
    """The list of a model file, from its metadata entry and `Card.seen`; None if it has none.

    Raises PlainfilmError if the two contradict each other.
    """
    if text is None or counts is None:
        demand(text is None and counts is None, "card.reason.films-there")
        return None
    count, length = counts.films, NUM_BYTES if counts.fingerprints else 0
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PlainfilmError("card.reason.base64", name=FILMS_KEY) from error
    demand(len(data) == count * (CHECKSUM_BYTES + length), "card.reason.films-bytes", given=len(data), films=count)
    checksums = np.frombuffer(data, np.uint8, count * CHECKSUM_BYTES).reshape(count, CHECKSUM_BYTES)
    numbers = checksums.view(">u8")[:, 0]
    demand(bool((numbers[1:] > numbers[:-1]).all()), "card.reason.films-rise")
    rest = np.frombuffer(data, np.int8, offset=checksums.nbytes).reshape(count, length)
    return SeenFilms(checksums, rest if length else None, counts)


def _thumbnails(films: Pixels, rows: Sequence[int]) -> Pixels:
    """(M, S, S), N rows of it -> (N, T, T)."""
    return np.stack([thumbnail(films[row]) for row in rows])
