"""The preprocessing is the tutorial's, bit for bit."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.decoding.formats import is_film_name
from plainfilm.data.preprocessing import preprocess, reduce
from plainfilm.randomness import generator


def film(height: int, width: int) -> np.ndarray:
    return generator(0, "film", height, width).integers(0, 256, (height, width)).astype(np.uint8)


def tutorial(data: bytes, size: int) -> np.ndarray:
    """The tutorial's own lines as Pillow 12 runs them, sideways first: (S, S, 3)."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    if image.width >= image.height:  # in one call, as the tutorial does; Pillow 13 may turn the passes round for others
        return np.asarray(image.resize((size, size), Image.LANCZOS))
    return np.asarray(image.resize((size, image.height), Image.LANCZOS).resize((size, size), Image.LANCZOS))


@settings(max_examples=40, deadline=None)
@given(st.integers(32, 300), st.integers(32, 300), st.sampled_from([32, 96, 224]))
def test_three_channels_equal_the_tutorial_bit_for_bit(height, width, size):
    out = io.BytesIO()
    Image.fromarray(film(height, width)).save(out, "PNG")
    pixels = decode(out.getvalue()).pixels
    three = preprocess(pixels, size=size, channels=3)
    assert np.array_equal(three.transpose(1, 2, 0), tutorial(out.getvalue(), size))
    one = preprocess(pixels, size=size)
    assert one.shape == (1, size, size)
    assert all(np.array_equal(one[0], plane) for plane in three)
    for array in (one, three):
        assert array.dtype == np.uint8
        assert array.flags.c_contiguous
        assert array.flags.writeable


@pytest.mark.parametrize("fit", ["squash", "letterbox"])
def test_a_film_of_the_right_size_is_left_alone(fit):
    pixels = film(96, 96)
    assert np.array_equal(preprocess(pixels, size=96, fit=fit)[0], pixels)


@pytest.mark.parametrize("fit", ["squash", "letterbox"])
def test_input_is_not_changed_and_need_not_be_contiguous(fit):
    pixels = film(100, 120)
    before = pixels.copy()
    strided = np.asfortranarray(pixels)
    assert np.array_equal(preprocess(pixels, size=64, fit=fit), preprocess(strided, size=64, fit=fit))
    assert np.array_equal(pixels, before)


@settings(max_examples=60, deadline=None)
@given(st.integers(32, 400), st.integers(32, 400), st.sampled_from([32, 65, 224]))
def test_letterbox_keeps_the_aspect_and_centres_on_black(height, width, size):
    square = preprocess(np.full((height, width), 200, np.uint8), size=size, fit="letterbox")[0]
    rows, columns = square.any(1), square.any(0)
    inner_height, inner_width = int(rows.sum()), int(columns.sum())
    assert max(inner_height, inner_width) == size
    assert abs(inner_height - size * height / max(height, width)) <= 0.5
    assert abs(inner_width - size * width / max(height, width)) <= 0.5
    top, left = int(rows.argmax()), int(columns.argmax())
    assert size - inner_height - 2 * top in (0, 1)
    assert size - inner_width - 2 * left in (0, 1)
    assert (square[top : top + inner_height, left : left + inner_width] == 200).all()
    assert int((square == 200).sum()) == inner_height * inner_width


def test_letterbox_holds_the_film_itself():
    pixels = film(50, 100)
    square = preprocess(pixels, size=64, fit="letterbox")[0]
    assert np.array_equal(square[16:48], np.asarray(Image.fromarray(pixels).resize((64, 32), Image.LANCZOS)))


def test_a_hair_thin_film_keeps_one_line():
    assert preprocess(np.full((1000, 1), 9, np.uint8), size=32, fit="letterbox")[0].any()


@pytest.mark.parametrize("size", [32, 63, 64])
def test_reduce_is_pillows_lanczos_for_one_or_many(size):
    films = np.stack([film(64, 64), film(64, 64)[::-1], film(64, 64).T])
    expected = [np.asarray(Image.fromarray(np.ascontiguousarray(f)).resize((size, size), Image.LANCZOS)) for f in films]
    assert np.array_equal(reduce(films, size), expected)
    assert np.array_equal(reduce(films[0], size), expected[0])
    assert reduce(films[:0], size).shape == (0, size, size)


def test_reduce_to_the_same_size_is_a_copy():
    pixels = film(64, 64)
    same = reduce(pixels, 64)
    assert np.array_equal(same, pixels)
    assert not np.shares_memory(same, pixels)


@pytest.mark.parametrize("shape", [(64, 65), (3, 64, 65), (16, 16)])
def test_reduce_neither_squashes_nor_enlarges(shape):
    with pytest.raises(AssertionError):
        reduce(np.zeros(shape, np.uint8), 32)


@pytest.mark.real
def test_real_films_equal_the_tutorial(real_data):
    films = [path.read_bytes() for path in sorted((real_data / "native-size").rglob("*.jpeg"))]
    with zipfile.ZipFile(real_data / "covid-radiography" / "input_data.zip") as archive:
        members = sorted(member for member in archive.namelist() if is_film_name(member))
        films += [archive.read(member) for member in members[::200]]
    assert len(films) > 20
    for data in films:
        decoded = decode(data)
        if decoded.mode == "L":
            three = preprocess(decoded.pixels, size=224, channels=3)
            assert np.array_equal(three.transpose(1, 2, 0), tutorial(data, 224))
