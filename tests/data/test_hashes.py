"""Sorted hashes propose what comparing all films with all finds."""

import numpy as np
import pytest
from PIL import Image

from plainfilm.data.duplicates import hashes, search
from plainfilm.data.duplicates.registration import flatten, register
from plainfilm.data.duplicates.search import find_pairs, shrink, thumbnail
from plainfilm.randomness import generator
from tests.data.test_duplicates import COPIES, synthetic_film

NUM_FILMS = 250
SIMPLE = [kind for kind in COPIES if kind not in ("all", "rotated-back")]  # those that have to be found


@pytest.fixture(scope="module")
def thumbnails() -> np.ndarray:
    """250 films, and of each three copies: (1000, T, T)."""
    films = [synthetic_film(number) for number in range(NUM_FILMS)]
    found = [thumbnail(film) for film in films]
    for number, film in enumerate(films):
        for turn in range(3):
            kind = SIMPLE[(3 * number + turn) % len(SIMPLE)]
            found.append(thumbnail(np.asarray(COPIES[kind](Image.fromarray(film)))))
    return np.stack(found)


def test_the_search_finds_what_the_exact_one_finds(thumbnails: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    image_ids = [str(number) for number in range(len(thumbnails))]
    exact = {(pair.first, pair.second) for pair in find_pairs(thumbnails, image_ids)}
    monkeypatch.setattr(search, "EXACT_UP_TO", 0)
    hashed = {(pair.first, pair.second) for pair in find_pairs(thumbnails, image_ids)}
    assert len(exact) >= 0.97 * 6 * NUM_FILMS, "each film and its copies are six pairs"
    assert len(exact - hashed) <= 0.01 * len(exact)


def test_proposed_warps_lay_films_on_each_other(thumbnails: np.ndarray) -> None:
    coarse = shrink(thumbnails)
    first, second, warps = hashes.propose(coarse, 20)
    copies = first == (second - NUM_FILMS) // 3
    assert copies.sum() > 2.9 * NUM_FILMS
    flat = flatten(coarse, *search.COARSE_BAND)
    _, score = register(flat[second[copies]], flat[first[copies]], warps[copies], search.NUM_STEPS_COARSE)
    assert (score > search.COARSE_CORRELATION).mean() > 0.98


def random_words(num_films: int, seed: int = 0) -> np.ndarray:
    """Hashes of films without structure: (W, V * N)."""
    random = generator(seed, "test-hashes")
    shape = (hashes.NUM_BITS // 64, len(hashes.views()) * num_films)
    return random.integers(0, 2**64, shape, dtype=np.uint64)


def test_only_planted_pairs_are_proposed_with_their_views_and_distance() -> None:
    words = random_words(2000)
    by_view = words.reshape(len(words), len(hashes.views()), 2000)
    by_view[:, 2, 1500] = by_view[:, 5, 7]
    by_view[0, 2, 1500] ^= np.uint64(0b10110)
    found = hashes.candidates(words, 2000, 20)
    first, second, one, other, distance = (column[found[-1] <= 20] for column in found)  # chance comes no nearer
    assert [column.tolist() for column in (first, second, one, other, distance)] == [[7], [1500], [5], [2], [3]]


def test_of_many_equal_films_each_keeps_a_few() -> None:
    words = np.zeros_like(random_words(300))
    first, second, *_ = hashes.candidates(words, 300, 5)
    assert np.unique(np.concatenate([first, second])).size == 300
    assert len(first) <= 300 * 5
    assert (first < second).all()


@pytest.mark.parametrize("number", [2, 3])
def test_few_and_blank_films_are_no_error(number: int) -> None:
    blank = np.zeros((number, 32, 32), np.float32)
    first, second, warps = hashes.propose(blank, 20)
    assert len(first) == len(second) == len(warps)


def test_a_hash_turns_with_its_film() -> None:
    """The mirrored view of a film is the first view of the mirrored film."""
    films = np.stack([synthetic_film(number) for number in range(30)])
    coarse = shrink(np.stack([thumbnail(film) for film in films]))
    hasher = hashes.Hasher(coarse)
    straight, mirrored = hasher.hash(coarse), hasher.hash(np.ascontiguousarray(coarse[:, :, ::-1]))
    differing = np.bitwise_count(straight[:, -2] ^ mirrored[:, 0]).sum(axis=0)
    assert differing.max() <= 2
