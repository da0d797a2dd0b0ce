"""Which films are one exposure: exact and near duplicates, so that no group of them straddles a split.

A hash alone cannot tell: one wide enough to find every brightened copy pairs one unrelated chest in seven. So

- films with one `image_id` are exact duplicates, unless they are blank: two black films are no copies;
- a descriptor, 63 low frequencies of the film with its contrast flattened, *proposes* the nearest films of each film,
  zoomed, turned, shifted and mirrored a little; among many films `duplicates.hashes` does, which is not quadratic;
- `duplicates.registration` *confirms*: it lays one film over the other and correlates the fine structures;
- films that share a confirmed partner are proposed to each other, so that a group of copies becomes complete.

A pair is one exposure: recompressed, resized, cropped by up to a fifth, turned by up to 7 degrees, mirrored, with other
contrast or with letters on it. Two exposures of one patient are seldom a pair: their ribs do not lie on each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from plainfilm.data.decoding import greys
from plainfilm.data.duplicates import hashes, registration
from plainfilm.io.machine import num_threads

Pixels = NDArray[np.uint8]
Places = NDArray[np.int64]

THUMBNAIL_SIZE_PX = 96  # what a search keeps of each film: 9 KiB
NUM_CANDIDATES = 20  # films proposed to each film: children of one hospital look alike
EXACT_UP_TO = 20_000  # films that are all compared with all, in 4 minutes; of more, sorted hashes propose candidates
NUM_STEPS_COARSE, NUM_STEPS_FINE = 6, 3
DESCRIPTOR_BAND = (0.0625, 0.2)  # widths kept, as shares of a film's width: what survives a shift of 2 %
COARSE_BAND = (0.015, 0.04)
FINE_BAND = (0.01, 0.025)  # coarser structures are alike in all chests
COARSE_CORRELATION = 0.78  # below it a pair is dropped before its fine structures are compared
SAME_EXPOSURE = 0.84  # correlation of fine structures; nearly all copies exceed 0.88, no other patient 0.82
BATCH_FILMS, BATCH_COLUMNS, BATCH_PAIRS = 256, 256, 256
MAX_THREADS = 4  # each holds a batch: 0.1 GB where EXACT_UP_TO films are compared


@dataclass(frozen=True)
class Pair:
    """Two films, by their places in the list that was searched, first < second."""

    first: int
    second: int
    kind: str  # "exact": the same pixels; "near": one exposure
    score: float  # correlation of fine structures after registration; 1 for an exact pair
    mirrored: bool


def thumbnail(pixels: Pixels) -> Pixels:
    """What the search keeps of a film: (H, W) uint8 -> (T, T) uint8, squashed to a square."""
    size = (THUMBNAIL_SIZE_PX, THUMBNAIL_SIZE_PX)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def phash(pixels: Pixels) -> str:
    """The 64-bit perceptual hash of a film (H, W) uint8: 16 hexadecimal digits.

    The signs, around their median, of the 8 x 8 lowest frequencies (DCT-II) of the film at 32 x 32 pixels; the mean
    is left out of the median.
    """
    small = Image.fromarray(pixels).resize(
        (registration.COARSE_SIZE_PX, registration.COARSE_SIZE_PX), Image.Resampling.BILINEAR
    )
    lowest = registration.cosines(registration.COARSE_SIZE_PX)
    frequencies = (lowest @ np.asarray(small, np.float64) @ lowest.T).ravel()
    bits = frequencies > np.sort(frequencies[1:])[(len(frequencies) - 1) // 2]  # np.median, but in a tenth of its time
    return np.packbits(bits).tobytes().hex()


def find_pairs(thumbnails: Pixels, image_ids: Sequence[str], *, blank: Collection[int] = ()) -> list[Pair]:
    """All pairs of one exposure among thumbnails (N, T, T), ordered by place.

    Films with equal image_ids are exact pairs of their first; only the first takes part in the search for near ones.
    Places in `blank` are films of one grey, which have no pair; greys that show no film have no near one.
    Memory: 20 KiB a film beside the thumbnails. Time: quadratic in N up to EXACT_UP_TO, 15 s for 3,900 films on one
    core; above, near-linear.
    """
    assert len(thumbnails) == len(image_ids)
    first_of: dict[str, int] = {}
    pairs = []
    for place, image_id in enumerate(image_ids):
        if place in blank:
            continue
        first = first_of.setdefault(image_id, place)
        if first != place:
            pairs.append(Pair(first, place, "exact", 1.0, mirrored=False))
    originals = np.array([place for place in first_of.values() if _shows_film(thumbnails[place])], dtype=np.int64)
    with threadpool_limits(1, user_api="blas"):  # more wait for each other in loops, the longer the busier the machine
        near = _near_pairs(thumbnails[originals])
    pairs += [
        Pair(int(originals[pair.first]), int(originals[pair.second]), pair.kind, pair.score, pair.mirrored)
        for pair in near
    ]
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


def _num_threads() -> int:
    """Batches searched at once; the pairs found do not depend on it."""
    return min(num_threads(), MAX_THREADS)


def _shows_film(thumbnail: Pixels) -> bool:
    return greys.is_film(greys.counts_of(thumbnail, greys.NUM_GREYS))


def clusters(count: int, pairs: Sequence[Pair]) -> list[list[int]]:
    """Groups of two or more films out of `count`, each sorted, ordered by their first film.

    Exact duplicates count as one film. Pairs are taken from the most alike to the least; two groups join when at
    least half of the pairs between them are confirmed. So a chain in which only neighbours are alike breaks into
    groups of at most three, and cannot swallow a class.

    >>> chain = [Pair(place, place + 1, "near", 0.9, mirrored=False) for place in range(5)]
    >>> clusters(6, chain)
    [[0, 1, 2], [3, 4, 5]]
    """
    original = list(range(count))
    for pair in sorted(pairs, key=lambda pair: pair.first):
        if pair.kind == "exact":
            original[pair.second] = original[pair.first]
    near = {(original[pair.first], original[pair.second]): pair.score for pair in pairs if pair.kind == "near"}
    near |= {(second, first): score for (first, second), score in near.items()}
    group_of = {place: [place] for place in original}
    for first, second in sorted(near, key=lambda places: (-near[places], places)):
        one, other = group_of[first], group_of[second]
        num_confirmed = sum((left, right) in near for left in one for right in other)
        if one is not other and 2 * num_confirmed >= len(one) * len(other):
            one += other
            group_of.update(dict.fromkeys(other, one))
    members: dict[int, list[int]] = defaultdict(list)
    for place in range(count):
        members[min(group_of[original[place]])].append(place)
    return sorted(group for group in members.values() if len(group) > 1)


def _near_pairs(thumbnails: Pixels) -> list[Pair]:
    """Propose and confirm, then propose friends of friends until no pair is new."""
    if len(thumbnails) < 2:
        return []
    coarse = shrink(thumbnails)
    flat = registration.flatten(coarse, *COARSE_BAND)
    found: dict[tuple[int, int], tuple[float, registration.Floats]] = {}
    tried: set[tuple[int, int]] = set()
    if len(coarse) <= EXACT_UP_TO:
        first, second, warps = _propose(coarse)
    else:
        first, second, warps = hashes.propose(coarse, NUM_CANDIDATES)
    while len(first):
        for left, right, score, warp in _confirm(thumbnails, flat, first, second, warps):
            if score > found.get((left, right), (0.0, warp))[0]:
                found[left, right] = score, warp
        first, second, warps = _friends_of_friends(found, tried)
        tried.update(zip(first.tolist(), second.tolist(), strict=True))
    return [
        Pair(left, right, "near", score, mirrored=bool(np.linalg.det(warp) < 0))
        for (left, right), (score, warp) in found.items()
    ]


def shrink(thumbnails: Pixels, size: int = registration.COARSE_SIZE_PX) -> registration.Floats:
    """(N, T, T) uint8 -> (N, size, size) by averaging squares of pixels; size divides T."""
    factor = THUMBNAIL_SIZE_PX // size
    squares = thumbnails.reshape(len(thumbnails), size, factor, size, factor)
    return np.asarray(squares.mean(axis=(2, 4), dtype=np.float32))


def _propose(coarse: registration.Floats) -> tuple[Places, Places, registration.Floats]:
    """For each film the NUM_CANDIDATES most like it, and the warp between them.

    coarse (N, C, C), grey levels; returns places first (M,), second (M,) and warps (M, 2, 3): a point of the second
    -> a point of the first.
    """
    num_films, num_candidates = len(coarse), min(NUM_CANDIDATES, len(coarse) - 1)
    warps = registration.search_warps(4, (1, 0.93, 0.86, 0.79))
    films = registration.flatten(coarse, *DESCRIPTOR_BAND).reshape(num_films, -1)
    matrices = np.concatenate([registration.descriptor_matrix(warp) for warp in warps]).T  # (C * C, V * 63)
    unmoved = registration.unit(films @ registration.descriptor_matrix(np.eye(2, 3, dtype=np.float32)).T)
    second = np.empty((num_films, num_candidates), np.int64)
    chosen = np.empty_like(second)

    def search(start: int) -> None:
        batch = slice(start, start + BATCH_FILMS)
        moved = _describe(films[batch], matrices)
        likeness = _best_likeness(moved, unmoved)
        np.fill_diagonal(likeness[:, start:], -2)
        second[batch] = np.argpartition(-likeness, num_candidates - 1, axis=1)[:, :num_candidates]
        chosen[batch] = np.einsum("vbd,bkd->bkv", moved, unmoved[second[batch]], optimize=True).argmax(axis=2)

    with ThreadPoolExecutor(_num_threads()) as pool:
        list(pool.map(search, range(0, num_films, BATCH_FILMS)))
    return np.repeat(np.arange(num_films), num_candidates), second.ravel(), warps[chosen.ravel()]


def _describe(films: registration.Floats, matrices: registration.Floats) -> registration.Floats:
    """Films (B, C * C) under all warps, as unit descriptors: (V, B, 63); one product with (C * C, V * 63)."""
    described = (films @ matrices).reshape(len(films), -1, registration.NUM_FREQUENCIES**2 - 1)
    return registration.unit(np.ascontiguousarray(described.transpose(1, 0, 2)))


def _best_likeness(moved: registration.Floats, unmoved: registration.Floats) -> registration.Floats:
    """Under which warp each film is most like each other: (V, B, D) and (N, D), unit vectors -> cosines (B, N)."""
    best = np.empty((moved.shape[1], len(unmoved)), np.float32)
    for start in range(0, len(unmoved), BATCH_COLUMNS):
        columns = unmoved[start : start + BATCH_COLUMNS].T
        likest = moved[0] @ columns  # stays in a processor's cache, with the product below
        product = np.empty_like(likest)
        for queries in moved[1:]:
            np.maximum(likest, np.matmul(queries, columns, out=product), out=likest)
        best[:, start : start + BATCH_COLUMNS] = likest
    return best


def _confirm(
    thumbnails: Pixels, coarse: registration.Floats, first: Places, second: Places, warps: registration.Floats
) -> Iterator[tuple[int, int, float, registration.Floats]]:
    """Register proposed pairs, first coarsely, then those that may be copies finely; yield those of one exposure.

    coarse (N, C, C): flattened films. Yields first < second, score, and the warp (3, 3) of a point of the second to a
    point of the first.
    """
    order = np.argsort(second, kind="stable")  # so that what is made of a template is made once

    def search(start: int) -> tuple[Places, registration.Floats, registration.Floats]:
        pairs = order[start : start + BATCH_PAIRS]
        template, template_of = np.unique(second[pairs], return_inverse=True)
        moved, score = registration.register(
            coarse[template], coarse[first[pairs]], warps[pairs], NUM_STEPS_COARSE, template_of
        )
        is_kept = score >= COARSE_CORRELATION
        pairs, moved = pairs[is_kept], moved[is_kept]
        (template, template_of), (moving, moving_of) = (
            np.unique(films[pairs], return_inverse=True) for films in (second, first)
        )
        fine, other_fine = (
            registration.flatten(thumbnails[films].astype(np.float32), *FINE_BAND) for films in (template, moving)
        )
        moved, score = registration.register(fine, other_fine[moving_of], moved, NUM_STEPS_FINE, template_of)
        is_kept = score >= SAME_EXPOSURE
        return pairs[is_kept], moved[is_kept], score[is_kept]

    # In one thread: two wait for the interpreter between so many short calls, and are no faster.
    found = [search(start) for start in range(0, len(first), BATCH_PAIRS)]
    pairs, moved, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    for place in np.argsort(pairs).tolist():
        one, other, value = int(first[pairs[place]]), int(second[pairs[place]]), float(scores[place])
        whole = np.vstack([moved[place], [0, 0, 1]]).astype(np.float32)
        yield (one, other, value, whole) if one < other else (other, one, value, np.linalg.inv(whole))


def _friends_of_friends(
    found: dict[tuple[int, int], tuple[float, registration.Floats]], tried: set[tuple[int, int]]
) -> tuple[Places, Places, registration.Floats]:
    """Pairs neither found nor tried here whose films share a confirmed partner, in the form of `_propose`."""
    friends: dict[int, dict[int, registration.Floats]] = defaultdict(dict)
    for (first, second), (_, warp) in found.items():
        friends[first][second] = warp
        friends[second][first] = np.linalg.inv(warp)
    proposed = {}
    for shared, others in friends.items():
        for pair in combinations(sorted(others), 2):
            if pair not in found and pair not in tried:
                first, second = pair
                proposed[pair] = friends[first][shared] @ friends[shared][second]
    places = np.array(list(proposed), np.int64).reshape(-1, 2)
    return places[:, 0], places[:, 1], np.array(list(proposed.values()), np.float32).reshape(-1, 3, 3)[:, :2]
