"""The lung field: phantoms whose truth is known, real films with masks, exposure does not move it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from plainfilm.data import phantom
from plainfilm.data.lungfield import MARGIN, boxes, hull, lung_fields


def dice(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return 2 * (one & other).sum((1, 2)) / (one.sum((1, 2)) + other.sum((1, 2)))


@pytest.fixture(scope="module")
def drawn():
    return [phantom.draw(label, seed=5, number=k, size=112) for label in phantom.CLASSES for k in range(10)]


def test_phantoms_of_every_class_are_found(drawn):
    films, truth = np.stack([p.pixels for p in drawn]), np.stack([p.lungs for p in drawn])
    fields = lung_fields(films)
    assert dice(fields, truth).min() > 0.85
    assert ((hull(fields) & truth).sum((1, 2)) / truth.sum((1, 2))).min() > 0.99


def test_exposure_and_size_hardly_move_the_field(drawn):
    films = np.stack([p.pixels for p in drawn])
    expected = lung_fields(films)
    assert dice(lung_fields((0.6 * films + 30).astype(np.uint8)), expected).min() > 0.97
    doubled = films.repeat(2, 1).repeat(2, 2)
    assert dice(lung_fields(doubled)[:, ::2, ::2], expected).min() > 0.97


def test_each_film_is_judged_by_itself(drawn):
    films = np.stack([p.pixels for p in drawn[:3]])
    np.testing.assert_array_equal(lung_fields(films)[1:2], lung_fields(films[1:2]))


def test_a_film_of_one_grey_is_no_error():
    assert lung_fields(np.full((2, 64, 64), 90, np.uint8)).shape == (2, 64, 64)


def test_the_hull_is_the_rectangle_with_its_margin():
    masks = np.zeros((3, 100, 100), bool)
    masks[0, 30, 40] = masks[0, 60, 50] = True
    masks[1, 0, 99] = True
    margin, expected = round(MARGIN * 100), np.zeros((3, 100, 100), bool)
    expected[0, 30 - margin : 61 + margin, 40 - margin : 51 + margin] = True
    expected[1, : 1 + margin, 99 - margin :] = True
    np.testing.assert_array_equal(hull(masks), expected)


@pytest.mark.parametrize(("size", "count"), [(64, 16), (50, 16), (33, 32)])
def test_boxes_are_means_and_lose_nothing(size, count):
    matrix = boxes(size, count)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(matrix.sum(0), count / size, rtol=1e-5)


@pytest.mark.real
def test_lungs_of_patients_are_found(real_data):
    path = Path(__file__).parents[2] / "benchmarks" / "lung_field.py"
    spec = importlib.util.spec_from_file_location("lung_field", path)
    assert spec is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    films, masks, seen = benchmark.masked_films(real_data)
    assert dice(lung_fields(films[~seen]), masks[~seen]).mean() > 0.82
