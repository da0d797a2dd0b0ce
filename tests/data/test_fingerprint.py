"""Fingerprints find a film in disguise by a few bytes, and take no other film for it."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from plainfilm.data import phantom
from plainfilm.data.duplicates.fingerprint import NUM_BYTES, SAME_FILM, fingerprints, likeness
from plainfilm.data.duplicates.search import thumbnail
from plainfilm.data.preprocessing import preprocess

DISGUISES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda film: film,
    "mirrored": ImageOps.mirror,
    "turned": lambda film: film.rotate(5, Image.Resampling.BILINEAR),
    "cropped": lambda film: ImageOps.crop(film, round(0.04 * film.width)),
    "smaller": lambda film: film.resize((120, 120), Image.Resampling.BICUBIC),
    "darker": lambda film: film.point([level * 3 // 4 for level in range(256)]),
}


def films(seed: int, per_class: int = 10) -> list[np.ndarray]:
    return [
        phantom.draw(label, seed=seed, number=number, size=224).pixels
        for label in phantom.CLASSES
        for number in range(per_class)
    ]


def thumbnails(pictures: list[np.ndarray], size_px: int = 160) -> np.ndarray:
    return np.stack([thumbnail(preprocess(picture, size=size_px)[0]) for picture in pictures])


@pytest.fixture(scope="module")
def known() -> np.ndarray:
    return fingerprints(thumbnails(films(seed=1)))


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
def test_a_film_is_found_in_disguise(known: np.ndarray, disguise: Callable[[Image.Image], Image.Image]) -> None:
    pictures = [np.asarray(disguise(Image.fromarray(film))) for film in films(seed=1)]
    assert likeness(thumbnails(pictures), known).min() >= SAME_FILM


def test_no_other_film_is_taken_for_one(known: np.ndarray) -> None:
    assert likeness(thumbnails(films(seed=2)), known).max() < SAME_FILM


def test_a_fingerprint_is_small_and_does_not_depend_on_the_films_beside_it(known: np.ndarray) -> None:
    assert known.shape == (30, NUM_BYTES)
    assert known.dtype == np.int8
    many = [film for _ in range(5) for film in films(seed=1)]  # more than a batch
    assert np.array_equal(fingerprints(thumbnails(many)), np.tile(known, (5, 1)))


def test_a_blank_film_is_like_none_and_nothing_is_like_a_blank_one(known: np.ndarray) -> None:
    blank = np.full((1, 96, 96), 128, np.uint8)
    assert likeness(blank, known)[0] < 0.5
    assert not fingerprints(blank).any()
    assert np.abs(likeness(thumbnails(films(seed=1, per_class=1)), fingerprints(blank))).max() < 0.5


def test_nothing_to_compare_is_no_likeness(known: np.ndarray) -> None:
    assert likeness(thumbnails(films(seed=1, per_class=1)), known[:0]).tolist() == [0, 0, 0]
    assert len(likeness(np.empty((0, 96, 96), np.uint8), known)) == 0
    assert len(fingerprints(np.empty((0, 96, 96), np.uint8))) == 0
