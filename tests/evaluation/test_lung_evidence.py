"""The share of a map's evidence in the lungs: planted fields whose share is known, Pillow's own enlargement, phantoms."""

import numpy as np
import pytest
from PIL import Image

from plainfilm.data import phantom
from plainfilm.evaluation.lung_evidence import in_lungs, shares_inside

SIZE_PX, SIDE = 80, 5  # cells of 16 px


def one_cell(row: int, column: int) -> np.ndarray:
    """A map (1, h, h) of evidence in one cell, and of some against the class in all others."""
    class_map = np.full((1, SIDE, SIDE), -0.5, np.float32)
    class_map[0, row, column] = 2
    return class_map


@pytest.fixture
def fields():
    """(1, S, S): the left three columns of cells."""
    planted = np.zeros((1, SIZE_PX, SIZE_PX), bool)
    planted[:, :, :48] = True
    return planted


def test_a_map_on_the_field_has_all_and_one_beside_it_nothing(fields):
    assert shares_inside(one_cell(2, 0), fields).tolist() == [1]
    assert shares_inside(one_cell(2, 1), fields).tolist() == [1]
    assert shares_inside(one_cell(2, 4), fields).tolist() == [0]
    assert 0.5 < shares_inside(one_cell(2, 2), fields)[0] < 1  # drawn half a cell beyond the field


def test_a_uniform_map_has_the_share_of_the_area():
    fields = np.random.default_rng(0).random((3, 50, 50)) < 0.3
    found = shares_inside(np.full((3, 7, 7), 0.4, np.float32), fields)
    np.testing.assert_allclose(found, fields.mean(axis=(1, 2)), rtol=1e-6)


@pytest.mark.parametrize(("size", "side"), [(80, 5), (96, 7), (224, 7)])
def test_the_map_lies_over_the_film_as_the_overlay_draws_it(size, side):
    draws = np.random.default_rng(1)
    maps, fields = draws.normal(size=(2, side, side)).astype(np.float32), draws.random((2, size, size)) < 0.4
    for class_map, field, found in zip(maps, fields, shares_inside(maps, fields), strict=True):
        drawn = Image.fromarray(np.maximum(class_map, 0)).resize((size, size), Image.Resampling.BILINEAR)
        evidence = np.asarray(drawn, np.float64)
        assert found == pytest.approx(evidence[field].sum() / evidence.sum(), abs=1e-5)


def test_a_map_without_evidence_has_no_share(fields):
    assert np.isnan(shares_inside(-np.ones((1, SIDE, SIDE), np.float32), fields)).all()


def test_maps_of_the_lungs_of_phantoms_have_more_than_the_area_and_maps_of_the_rest_less():
    drawn = [phantom.draw("NORMAL", seed=3, number=number, size=SIZE_PX) for number in range(12)]
    films = np.stack([film.pixels for film in drawn])
    lungs = np.stack([film.lungs for film in drawn])
    of_lungs = lungs.reshape(12, SIDE, 16, SIDE, 16).mean(axis=(2, 4)).astype(np.float32)
    groups = [f"g{number}" for number in range(12)]
    inside, outside, even = (
        in_lungs(films, maps, groups, min_groups=10) for maps in (of_lungs, 1 - of_lungs, np.ones_like(of_lungs))
    )
    assert inside.evidence.low > inside.area.high
    assert outside.evidence.high < outside.area.low
    assert even.evidence.value == pytest.approx(even.area.value, rel=1e-6)
    assert even.evidence.low == pytest.approx(even.area.low, rel=1e-6)
    assert inside.area == outside.area == even.area
    assert even.area.value == pytest.approx(lungs.mean(), abs=0.05)
    maps = of_lungs.copy()
    maps[:2] = -1
    assert in_lungs(films, maps, groups, min_groups=10).evidence.n == 10  # two films have no evidence
    assert in_lungs(films, maps, groups, min_groups=11) is None
