"""Views see what they claim and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from plainfilm.audits import views
from plainfilm.data.film_index import Row
from plainfilm.data.lungfield import hull

SIZES = (64, 112, 150, 224)


def random_films(size: int, count: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size), dtype=np.uint8)


def ring(size: int) -> np.ndarray:
    seen, width = np.ones((size, size), bool), round(size / 14)
    seen[width:-width, width:-width] = False
    return seen


def squares(size: int) -> np.ndarray:
    ends, width = np.zeros(size, bool), round(size / 7)
    ends[:width] = ends[-width:] = True
    return ends[:, None] & ends


def blobs(size: int, count: int = 3) -> np.ndarray:
    """Round fields off the middle."""
    y, x = np.mgrid[:size, :size] / size
    return np.stack([(x - 0.4 - 0.05 * k) ** 2 + (y - 0.5) ** 2 < 0.04 for k in range(count)])


def cases(size: int):
    masks = blobs(size)
    return {
        "border": (views.border, np.broadcast_to(ring(size), masks.shape)),
        "corners": (views.corners, np.broadcast_to(squares(size), masks.shape)),
        "blanked": (lambda films: views.blanked(films, masks), ~hull(masks)),
        "lungs": (lambda films: views.lungs(films, masks), masks),
    }


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["border", "corners", "blanked", "lungs"])
def test_pixels_outside_a_view_change_nothing_and_every_pixel_inside_counts(name, size):
    view, seen = cases(size)[name]
    films, other = random_films(size), random_films(size, seed=1)
    expected = view(films)
    np.testing.assert_array_equal(view(np.where(seen, films, other)), expected)
    random = np.random.default_rng(2)
    for place in random.permutation(np.argwhere(seen[0]))[:30]:
        changed = films.copy()
        changed[0][tuple(place)] ^= 0x80
        assert not np.array_equal(view(changed)[0], expected[0]), place
        np.testing.assert_array_equal(view(changed)[1:], expected[1:])


def test_statistics_know_no_place_and_are_numpys():
    films = random_films(64)
    shuffled = np.random.default_rng(1).permuted(films.reshape(3, -1), axis=1).reshape(films.shape)
    found = views.statistics(films)
    np.testing.assert_array_equal(found, views.statistics(shuffled))
    np.testing.assert_allclose(found[:, 0], films.mean((1, 2)))
    np.testing.assert_allclose(found[:, 1], films.std((1, 2)))
    np.testing.assert_allclose(found[:, 9], np.median(films, axis=(1, 2)), atol=1)


def test_spectrum_hears_sharpness_and_not_brightness_or_contrast():
    sharp = random_films(128) // 2
    soft = sum(np.roll(sharp.astype(float), (i, j), (1, 2)) for i in range(3) for j in range(3)) / 9
    found = views.spectrum(sharp)
    np.testing.assert_allclose(views.spectrum(sharp + 40), found, atol=1e-3)
    np.testing.assert_allclose(views.spectrum(sharp * 2), found, atol=1e-3)
    assert (views.spectrum(soft.astype(np.uint8))[:, -1] < found[:, -1] - 0.5).all()  # sharpness
    assert (views.spectrum(soft.astype(np.uint8))[:, -2] > found[:, -2] + 0.1).all()  # slope, towards coarse octaves


def test_a_thumbnail_is_the_mean_of_cells():
    films = random_films(64)
    expected = films.reshape(3, 16, 4, 16, 4).mean((2, 4)).reshape(3, -1)
    np.testing.assert_allclose(views.thumbnail(films), expected, rtol=1e-5)


def test_file_facts_are_size_aspect_and_mode():
    rows = [Row(width=200, height=100, mode="L"), Row(width=50, height=100, mode="RGB")]
    np.testing.assert_array_equal(views.file(rows), [[200, 100, 2, 0], [50, 100, 0.5, 1]])
    assert views.file(rows, np.ones((2, 3))).shape == (2, 7)


def test_chunks_do_not_show(monkeypatch):
    films = random_films(64, count=5)
    masks = blobs(64, 5)
    expected = [view(films) for view in (views.spectrum, views.border)] + [views.lungs(films, masks)]
    monkeypatch.setattr(views, "CHUNK", 2)
    found = [view(films) for view in (views.spectrum, views.border)] + [views.lungs(films, masks)]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_the_table_of_the_docstring_names_every_view():
    lines = Path(views.__file__).read_text(encoding="utf-8").splitlines()
    named = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert sorted(named[1:]) == sorted(views.VIEWS)
