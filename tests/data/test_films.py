"""The films of an index: rows, pixels and class numbers that belong together."""

from pathlib import Path

import numpy as np

from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films, StoreWriter

CLASSES = ("b", "a")
ROWS = (
    Row(image_id="00", label="a", group="g0", split="train"),
    Row(image_id="01", label="b", group="g1", split="test"),
    Row(image_id="02", label="c", group="g2", split="train"),
    Row(image_id="", label="a", group="g3"),
    Row(image_id="04", label="b", group="g4", split="train", problems=("label-conflict",)),
    Row(image_id="05", label="b", group="g0", split="train"),
)
STORE = np.random.default_rng(0).integers(0, 256, (len(ROWS), 96, 96), dtype=np.uint8)
FILMS = Films.of(Index(ROWS, (), CLASSES, {"kind": "grouped"}), STORE)


def test_a_class_has_the_number_of_its_place_in_the_index() -> None:
    assert FILMS.labels([5, 0, 1]).tolist() == [0, 1, 0]
    assert FILMS.labels([2]).tolist() == [-1]
    assert FILMS.labels([]).shape == (0,)
    assert FILMS.labels([0]).dtype == np.int64


def test_films_that_cannot_be_judged_are_left_out() -> None:
    assert FILMS.judged() == [0, 1, 5]
    assert FILMS.judged([5, 4, 3, 0]) == [5, 0]
    assert FILMS.judged(FILMS.part("train")) == [0, 5]
    assert FILMS.groups([5, 1]) == ["g0", "g1"]


def test_pixels_are_a_copy_of_the_rows_asked_for() -> None:
    pixels = FILMS.pixels([5, 1], 3)
    assert pixels.shape == (2, 3, 96, 96)
    assert np.array_equal(pixels[:, 2], STORE[[5, 1]])
    pixels[:] = 0
    assert STORE[5].any()
    assert FILMS.pixels([], 1).shape == (0, 1, 96, 96)


def test_other_sizes_are_kept_beside_the_largest(tmp_path: Path) -> None:
    films = FILMS.at_sizes(tmp_path, [64, 96], "squash")
    assert films.store is STORE
    assert films.pixels([1], 1, 64).shape == (1, 1, 64, 64)
    again = FILMS.at_sizes(tmp_path, [64], "squash")
    assert np.array_equal(again.stores[64], films.stores[64])


def test_films_are_opened_where_their_pixels_are(tmp_path: Path) -> None:
    assert Films.open(FILMS.index, tmp_path, size_px=96, fit="squash") is None
    writer = StoreWriter(tmp_path, count=len(ROWS), size_px=96, fit="squash")
    writer.pixels[:] = STORE
    writer.finish(FILMS.image_ids)
    found = Films.open(FILMS.index, tmp_path, size_px=96, fit="squash")
    assert found is not None
    assert np.array_equal(found.store, STORE)
