"""Fingerprints: is a film among films of which only 258 bytes each are left?

`duplicates.search` confirms a copy by its pixels. A model file must not hold any of those, and a 64-bit hash
says too little (`benchmarks/seen_films.py`). So of each film two vectors of frequencies (DCT-II) are kept, with the
contrast flattened, in signed bytes:

- the 63 lowest of 8 x 8, of broad structures, *propose*: the film at hand is warped in 270 ways and compared with all;
- the 195 lowest of 14 x 14, of fine structures, *confirm*: Gauss-Newton steps on the warp lay the film at hand over the
  frequencies of the known one, first the broad, then the fine ones; what is left is a cosine.

Nobody is to be recognised in what is kept: it holds less than a picture of 14 x 14 pixels without its greys. But who
has a film can find out whether it was among these, which is the purpose.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.duplicates.registration import (
    DAMPING,
    TINY,
    Floats,
    cosines,
    flatten,
    grid,
    sample,
    search_warps,
    unit,
)
from plainfilm.data.duplicates.search import Pixels, shrink

Fingerprints = NDArray[np.int8]

SAME_FILM = 0.96  # cosine of fine frequencies; chosen on the even groups of benchmarks/seen_films.py
NUM_CANDIDATES = 5
NUM_STEPS = 4  # of Gauss-Newton, for each kind of frequencies
NUDGE = 0.01  # of an entry of a warp, for its slope
LARGEST_STEP = 0.1
LARGEST_BYTE = 127
BATCH_FILMS = 128


@dataclass(frozen=True)
class _Band:
    """The frequencies of one kind of structures."""

    num_frequencies: int  # on each axis
    widths: tuple[float, float]  # of the structures, as shares of the film's width: see `flatten`
    size_px: int  # of the film that is read
    num_points: int  # on each axis, at which it is read
    reach: float  # half width of the part that is read: the rest leaves room to zoom out

    @property
    def length(self) -> int:
        """Numbers a film: all frequencies but the mean."""
        return self.num_frequencies**2 - 1

    def flat(self, thumbnails: Pixels) -> Floats:
        """(N, T, T) uint8 -> (N, S, S), flattened."""
        return flatten(shrink(thumbnails, self.size_px), *self.widths)

    @property
    def points(self) -> Floats:
        """Where a film is read: (3, P)."""
        return grid(self.num_points).reshape(3, -1) * np.array([[self.reach], [self.reach], [1]], np.float32)

    @property
    def transform(self) -> Floats:
        """Values at the points -> frequencies without the mean: (L, P)."""
        lowest = cosines(self.num_points, self.num_frequencies)
        return np.asarray(np.kron(lowest, lowest)[1:])

    def read(self, films: Floats, warps: Floats) -> Floats:
        """Unit vectors of frequencies (B, L) of flattened films (B, S, S) under warps (B, 2, 3)."""
        values, inside = sample(films, warps, self.points)
        return unit(np.asarray((values * inside) @ self.transform.T, np.float32))


BROAD = _Band(num_frequencies=8, widths=(0.0625, 0.2), size_px=32, num_points=16, reach=0.88)
FINE = _Band(num_frequencies=14, widths=(0.015, 0.05), size_px=48, num_points=28, reach=0.8)
NUM_BYTES = BROAD.length + FINE.length


def fingerprints(thumbnails: Pixels) -> Fingerprints:
    """What is kept of films, given as thumbnails (N, T, T): (N, NUM_BYTES)."""
    parts = [np.empty((0, NUM_BYTES), np.int8)]
    for start in range(0, len(thumbnails), BATCH_FILMS):
        batch = thumbnails[start : start + BATCH_FILMS]
        unmoved = np.tile(np.eye(2, 3, dtype=np.float32), (len(batch), 1, 1))
        parts.append(np.hstack([_as_bytes(band.read(band.flat(batch), unmoved)) for band in (BROAD, FINE)]))
    return np.concatenate(parts)


def likeness(thumbnails: Pixels, known: Fingerprints) -> Floats:
    """The cosine of each film's fine frequencies with those of the known film that is most like it: (N,), at most 1.

    thumbnails (N, T, T); known (M, NUM_BYTES). From SAME_FILM on the two are one film. Time: N times M.
    """
    if not len(known):
        return np.zeros(len(thumbnails), np.float32)
    broad, fine = (unit(part.astype(np.float32)) for part in np.split(known, [BROAD.length], axis=1))
    parts = [np.empty(0, np.float32)]
    for start in range(0, len(thumbnails), BATCH_FILMS):
        batch = thumbnails[start : start + BATCH_FILMS]
        films = BROAD.flat(batch)
        candidates, warps = _propose(films, broad)  # (B, C), (B, C, 2, 3)
        repeated = np.repeat(np.arange(len(batch)), candidates.shape[1])
        places, warps = candidates.ravel(), warps.reshape(-1, 2, 3)
        warps = _fit(BROAD, films[repeated], broad[places], warps)
        films = FINE.flat(batch)[repeated]
        warps = _fit(FINE, films, fine[places], warps)
        cosines = np.vecdot(FINE.read(films, warps), fine[places])
        parts.append(cosines.reshape(candidates.shape).max(axis=1))
    return np.concatenate(parts)


def _as_bytes(vectors: Floats) -> Fingerprints:
    """Rows scaled so that the largest number of each is LARGEST_BYTE; a row of zeros stays one."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), np.float32(TINY))
    return np.asarray(np.round(vectors / largest * LARGEST_BYTE), np.int8)


def _propose(films: Floats, known: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The known films (M, L) most like each of the flattened films (B, S, S): places (B, C), warps (B, C, 2, 3)."""
    warps = search_warps(5, (0.86, 0.93, 1, 1.07, 1.14))
    likest = np.full((len(films), len(known)), -2, np.float32)
    chosen = np.zeros(likest.shape, np.int16)
    for number, warp in enumerate(warps):
        cosines = BROAD.read(films, np.broadcast_to(warp, (len(films), 2, 3))) @ known.T
        better = cosines > likest
        likest[better], chosen[better] = cosines[better], number
    count = min(NUM_CANDIDATES, len(known))
    places = np.argpartition(-likest, count - 1, axis=1)[:, :count]
    return places, warps[np.take_along_axis(chosen, places, axis=1)]


def _fit(band: _Band, films: Floats, wanted: Floats, warps: Floats) -> Floats:
    """Improve warps (B, 2, 3) so that the films' (B, S, S) frequencies come near the wanted unit vectors (B, L)."""
    nudges = NUDGE * np.eye(6, dtype=np.float32).reshape(6, 2, 3)
    for _ in range(NUM_STEPS):
        found = band.read(films, warps)
        slopes = np.stack([(band.read(films, warps + nudge) - found) / NUDGE for nudge in nudges], axis=1)  # (B, 6, L)
        curvature = slopes @ slopes.transpose(0, 2, 1)  # (B, 6, 6)
        curvature += (DAMPING * np.einsum("bii->b", curvature)[:, None, None] + TINY) * np.eye(6, dtype=np.float32)
        step = np.linalg.solve(curvature, slopes @ (wanted - found)[..., None])
        warps = warps + np.clip(step, -LARGEST_STEP, LARGEST_STEP).reshape(-1, 2, 3).astype(np.float32)
    return warps
