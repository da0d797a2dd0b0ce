"""Candidates among many films: hashes that are sorted and compared with their neighbours, N log N in the films.

Comparing all films with all is quadratic; of a million that is a week. So

- a film's low frequencies are *whitened* (all chests share the frequencies that vary most, so raw ones crowd) and the
  signs of NUM_BITS random projections of them are its hash: the share of differing bits is the angle between two films
  over pi (Charikar, STOC 2002);
- a film has a hash in each of a few VIEWS: as it is, mirrored, turned, cropped. Any view of one film may meet any view
  of another, so that few views make many relative warps;
- in each of NUM_PASSES passes all hashes are sorted by another choice of their bytes, and each is compared with the
  WINDOW next ones. Two hashes that agree in the bytes chosen are neighbours, however crowded the rest is: the cost is
  bounded, whatever the films. Pairs within RADIUS are kept, of each film the nearest.

What is found depends on chance and N: less than when all films are compared with all. `benchmarks/duplicates.py` prints
how much with `--hashed` (real films) and `--hashes` (a million). Views and bands were chosen on copies of the films at
even places of the tutorial's archive and on its natural copies, radius and passes so that a million takes a minute.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.duplicates.registration import Floats, descriptor_matrix, flatten, unit
from plainfilm.randomness import generator

Words = NDArray[np.uint64]
Places = NDArray[np.int64]

NUM_BITS = 128
RADIUS = 24  # bits that may differ: more than in nearly all copies that are only turned by 5 degrees or cut by 5 %
NUM_PASSES = 32
NUM_THREADS = 2  # passes at once; sorting and comparing leave the interpreter free
WINDOW = 4  # sorted neighbours that each hash is compared with
BAND = (0.05, 0.3)  # widths of the structures kept, as shares of a film's width
NUM_FITTED = 20_000  # films on which the whitening is fitted, at most
DAMPING = 1e-3  # added to the variance of each direction, as a share of the largest
BATCH_FILMS = 4096
MAX_HITS = 8_000_000  # pairs of hashes kept before equal ones are merged
KEY_BITS = 64
DISTANCE_BITS, VIEW_BITS = 8, 4
DISTANCE_SHIFT = 2 * VIEW_BITS
PAIR_SHIFT = DISTANCE_SHIFT + DISTANCE_BITS


def views() -> Floats:
    """The warps under which every film is hashed: (V, 2, 3)."""
    turn = np.radians(4)
    turned = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0]]
    crops = [(1.0, 0.0, 0.0), (0.9, 0.0, 0.0), (0.8, 0.0, 0.0)]  # the share of both sides that is kept, and the shift
    for side, shift in ((0.95, 0.025), (0.86, 0.07)):
        crops += [(side, across * shift, down * shift) for across, down in product((-1, 1), repeat=2)]
    cropped = [[[side, 0, across], [0, side, down]] for side, across, down in crops]
    return np.array([*cropped, [[-1, 0, 0], [0, 1, 0]], turned], np.float32)


class Hasher:
    """Hashes films, in every view; the whitening is fitted on the films given, coarse (N, C, C), grey levels."""

    def __init__(self, coarse: Floats) -> None:
        self.matrix = np.concatenate([descriptor_matrix(warp) for warp in views()]).T  # (C * C, V * 63)
        chosen = np.linspace(0, len(coarse) - 1, min(len(coarse), NUM_FITTED)).astype(np.int64)
        self.mean, self.projections = _whitening(self.described(coarse[chosen]))

    def hash(self, coarse: Floats) -> Words:
        """The hashes of films (N, C, C): (NUM_BITS / 64, V, N)."""
        batches = range(0, len(coarse), BATCH_FILMS)
        return np.concatenate(
            [self.signs(self.described(coarse[start : start + BATCH_FILMS])) for start in batches], axis=2
        )

    def described(self, coarse: Floats) -> Floats:
        """Unit descriptors in every view: (B, C, C) -> (B, V, 63)."""
        flat = flatten(coarse, *BAND).reshape(len(coarse), -1)
        return unit((flat @ self.matrix).reshape(len(coarse), len(views()), -1))

    def signs(self, described: Floats) -> Words:
        """Descriptors (B, V, 63) -> the signs of their projections as words: (NUM_BITS / 64, V, B)."""
        bits = np.packbits((described - self.mean) @ self.projections > 0, axis=-1)  # (B, V, NUM_BITS / 8)
        return bits.view(np.uint64).transpose(2, 1, 0)


def _whitening(described: Floats) -> tuple[Floats, Floats]:
    """The mean descriptor (63,), and projections (63, NUM_BITS) that even out how much each direction varies."""
    vectors = described.reshape(-1, described.shape[-1]).astype(np.float64)
    mean = vectors.mean(axis=0)
    vectors -= mean
    variance, directions = np.linalg.eigh(vectors.T @ vectors / len(vectors))
    scaled = directions / np.sqrt(variance + DAMPING * variance[-1] + 1e-12)  # blank films: nothing varies
    random = generator(0, "hash-projections").standard_normal((len(mean), NUM_BITS))
    return mean.astype(np.float32), (scaled @ random).astype(np.float32)


def propose(coarse: Floats, num_candidates: int) -> tuple[Places, Places, Floats]:
    """For each film the nearest others found, at most `num_candidates`, and the warps between them.

    coarse (N, C, C), grey levels; returns places first (M,), second (M,) and warps (M, 2, 3): a point of the second
    -> a point of the first.
    """
    words = Hasher(coarse).hash(coarse)
    first, second, one, other, _ = candidates(words.reshape(len(words), -1), len(coarse), num_candidates)
    whole = np.concatenate([views(), np.tile(np.array([[[0, 0, 1]]], np.float32), (len(views()), 1, 1))], axis=1)
    between = (whole[:, None] @ np.linalg.inv(whole)[None])[:, :, :2].astype(np.float32)  # (V, V, 2, 3)
    return first, second, between[one, other]


def candidates(words: Words, num_films: int, num_candidates: int) -> tuple[Places, Places, Places, Places, Places]:
    """Pairs of films within RADIUS, each among the `num_candidates` nearest found of one of its films.

    words (W, V * N). Returns first, second, view of the first, view of the second, distance in bits: (M,) each.
    """
    hits: list[Places] = []
    with ThreadPoolExecutor(NUM_THREADS) as pool:
        for start in range(0, NUM_PASSES, NUM_THREADS):  # no more at once, so that memory stays bounded
            for found in pool.map(
                lambda number: _neighbours(words, num_films, number), range(start, start + NUM_THREADS)
            ):
                hits += found
            if sum(map(len, hits)) > MAX_HITS:
                hits = [_nearest_views(hits)]
    merged = _nearest_views(hits)
    pairs, distance = merged >> PAIR_SHIFT, merged >> DISTANCE_SHIFT & (2**DISTANCE_BITS - 1)
    first, second = pairs // num_films, pairs % num_films
    kept = _among_nearest(first, second, distance, num_candidates)
    seen = merged[kept] & (2**DISTANCE_SHIFT - 1)
    return first[kept], second[kept], seen >> VIEW_BITS, seen & (2**VIEW_BITS - 1), distance[kept]


def _neighbours(words: Words, num_films: int, number: int) -> list[Places]:
    """Pass `number`: hashes within the radius among sorted neighbours, each packed as pair, distance, views."""
    num_hashes = words.shape[1]
    place_bits = num_hashes.bit_length()
    num_bytes = (KEY_BITS - place_bits) // 8
    keys = np.zeros(num_hashes, np.uint64)
    for byte in generator(0, "hash-pass", number).permutation(8 * len(words))[:num_bytes].tolist():
        keys <<= np.uint64(8)
        keys |= words[byte // 8] >> np.uint64(byte % 8 * 8) & np.uint64(255)
    keys <<= np.uint64(place_bits)
    keys |= np.arange(num_hashes, dtype=np.uint64)
    keys.sort()
    order = (keys & np.uint64(2**place_bits - 1)).astype(np.int64)
    ordered = np.take(words, order, axis=1)  # a third of the time of words[:, order]
    hits = []
    for offset in range(1, WINDOW + 1):
        distance = np.zeros(num_hashes - offset, np.uint8)
        for word in ordered:  # a seventh of the time of a sum over an axis
            distance += np.bitwise_count(word[offset:] ^ word[:-offset])
        close = np.flatnonzero(distance <= RADIUS)
        hits.append(_packed(order[close], order[close + offset], distance[close], num_films))
    return hits


def _packed(one: Places, other: Places, distance: NDArray[np.uint8], num_films: int) -> Places:
    """Pairs of hashes of two films, as numbers that sort by pair, then distance; a film with itself is left out."""
    (first_view, first), (second_view, second) = divmod(one, num_films), divmod(other, num_films)
    swap = first > second
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    first_view, second_view = np.where(swap, second_view, first_view), np.where(swap, first_view, second_view)
    seen = first_view << VIEW_BITS | second_view
    packed = (first * num_films + second) << PAIR_SHIFT | distance.astype(np.int64) << DISTANCE_SHIFT | seen
    return np.asarray(packed[first != second])


def _nearest_views(hits: list[Places]) -> Places:
    """Of each pair of films the hit at the smallest distance."""
    merged = np.sort(np.concatenate(hits))
    pairs = merged >> PAIR_SHIFT
    kept: Places = merged[np.append(True, pairs[1:] != pairs[:-1])[: len(merged)]]
    return kept


def _among_nearest(first: Places, second: Places, distance: Places, num_candidates: int) -> Places:
    """The places of the pairs that are among the nearest of one of their films."""
    pair_bits = len(first).bit_length()
    pairs = np.arange(len(first))
    keys = np.sort(
        np.concatenate([(films << DISTANCE_BITS | distance) << pair_bits | pairs for films in (first, second)])
    )
    films = keys >> DISTANCE_BITS + pair_bits
    places = np.arange(len(films))
    is_nearest = np.append(True, films[1:] != films[:-1])[: len(films)]
    start = np.maximum.accumulate(np.where(is_nearest, places, 0))  # the place of the film's nearest
    return np.unique(keys[places - start < num_candidates] & (2**pair_bits - 1))
