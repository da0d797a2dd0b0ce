"""The pixel store: what preprocessing gives, bit for bit; never a wrong or half-written one. The order of batches."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.data.films import StoreWriter, open_store, smaller_store
from plainfilm.data.preprocessing import preprocess, reduce
from plainfilm.errors import OutputError, StorageError
from plainfilm.randomness import generator
from plainfilm.training.schedule import BatchOrder

SHAPES = [(90, 120), (128, 128), (64, 64), (200, 77), (33, 300)]
FILMS = [generator(0, "test-store", number).integers(0, 256, shape, np.uint8) for number, shape in enumerate(SHAPES)]
IDS = [f"{number:016x}" for number in range(len(FILMS))]


def fill(folder, *, fit="squash", size_px=96):
    writer = StoreWriter(folder, count=len(FILMS), size_px=size_px, fit=fit)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(writer.put, reversed(range(len(FILMS))), reversed(FILMS)))
    return writer.finish(IDS)


@pytest.mark.parametrize("fit", ["squash", "letterbox"])
def test_the_store_equals_preprocessing_bit_for_bit(tmp_path, fit):
    store = fill(tmp_path, fit=fit)
    for row, film in zip(store, FILMS, strict=True):
        for channels in (1, 3):
            expected = preprocess(film, size=96, channels=channels, fit=fit)
            assert np.array_equal(np.repeat(row[None], channels, axis=0), expected)


def test_the_store_is_mapped_read_only_and_found_again(tmp_path):
    for store in (fill(tmp_path), open_store(tmp_path, IDS, size_px=96, fit="squash")):
        assert isinstance(store, np.memmap)
        assert (store.shape, store.dtype) == ((len(FILMS), 96, 96), np.uint8)
        with pytest.raises(ValueError, match="read-only"):
            store[0] = 0
    assert np.array_equal(fill(tmp_path), open_store(tmp_path, IDS, size_px=96, fit="squash"))


def test_a_store_of_other_films_another_order_fit_or_size_is_not_used(tmp_path):
    fill(tmp_path)
    assert open_store(tmp_path, IDS, size_px=96, fit="squash") is not None
    assert open_store(tmp_path, IDS[::-1], size_px=96, fit="squash") is None
    assert open_store(tmp_path, IDS[:-1], size_px=96, fit="squash") is None
    assert open_store(tmp_path, [*IDS[:-1], ""], size_px=96, fit="squash") is None
    assert open_store(tmp_path, IDS, size_px=96, fit="letterbox") is None
    assert open_store(tmp_path, IDS, size_px=112, fit="squash") is None
    assert open_store(tmp_path / "no", IDS, size_px=96, fit="squash") is None


def test_a_store_that_was_begun_again_and_not_finished_is_not_used(tmp_path):
    fill(tmp_path)
    writer = StoreWriter(tmp_path, count=len(FILMS), size_px=96, fit="squash")
    writer.put(0, FILMS[0])
    assert open_store(tmp_path, IDS, size_px=96, fit="squash") is None


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: os.truncate(path, 5000)])
def test_a_damaged_store_is_not_used(tmp_path, damage):
    store = fill(tmp_path)
    del store
    damage(tmp_path / "pixels-96.npy")
    assert open_store(tmp_path, IDS, size_px=96, fit="squash") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xff"])
def test_a_damaged_side_file_is_not_used(tmp_path, content):
    fill(tmp_path)
    (tmp_path / "pixels-96.json").write_bytes(content)
    assert open_store(tmp_path, IDS, size_px=96, fit="squash") is None


def test_films_that_were_not_put_are_black(tmp_path):
    writer = StoreWriter(tmp_path, count=3, size_px=64, fit="squash")
    writer.put(1, FILMS[0])
    store = writer.finish(["", IDS[0], ""])
    assert [bool(row.any()) for row in store] == [False, True, False]


def test_a_smaller_store_equals_reduce_and_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("plainfilm.data.films.CHUNK", 2)
    largest = fill(tmp_path)
    smaller = smaller_store(tmp_path, largest, IDS, size_px=64, fit="squash")
    assert np.array_equal(smaller, reduce(np.asarray(largest), 64))
    monkeypatch.setattr("plainfilm.data.films.reduce", lambda *_: pytest.fail("it was there already"))
    assert np.array_equal(smaller_store(tmp_path, largest, IDS, size_px=64, fit="squash"), smaller)
    assert smaller_store(tmp_path, largest, IDS, size_px=96, fit="squash") is largest


def test_no_room_is_an_error_before_any_film_is_read(tmp_path, monkeypatch):
    """A page of a sparse file that finds no room on the disk kills the process: so the room is claimed at once."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageError) as caught:
        StoreWriter(tmp_path, count=3, size_px=64, fit="squash")
    assert caught.value.code == "output-full"
    assert caught.value.parameters["needed_bytes"] == 3 * 64 * 64
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    with pytest.raises(OutputError):
        StoreWriter(tmp_path / "missing", count=3, size_px=64, fit="squash")


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system cannot claim room")
def test_the_room_of_a_store_is_claimed(tmp_path):
    StoreWriter(tmp_path, count=100, size_px=64, fit="squash")
    assert (tmp_path / "pixels-64.npy").stat().st_blocks * 512 >= 100 * 64 * 64


# --- the order of batches --------------------------------------------------------------------------------------------


@given(st.integers(1, 200), st.integers(1, 70), st.integers(0, 5), st.integers(0, 3))
def test_every_film_comes_exactly_once_an_epoch(count, batch_size, seed, epoch):
    order = BatchOrder(count, batch_size, seed)
    batches = [order.batch(epoch, step) for step in range(order.steps)]
    assert sorted(np.concatenate(batches).tolist()) == list(range(count))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (order.steps - 1)
    assert len(batches[-1]) == count - batch_size * (order.steps - 1) >= 1


def test_the_order_is_new_each_epoch_and_seed_and_the_same_for_one_address():
    def whole(seed, epoch, batch_size=100):
        order = BatchOrder(100, batch_size, seed)
        return tuple(np.concatenate([order.batch(epoch, step) for step in range(order.steps)]).tolist())

    assert len({whole(seed, epoch) for seed in range(5) for epoch in range(5)}) == 25
    assert whole(1, 1) == whole(1, 1) == whole(1, 1, batch_size=7)
