import io

import numpy as np
import pytest
from PIL import Image

from plainfilm.model.overlay import COLOUR, MAX_SIDE_PX, MIN_SIDE_PX, OPACITY, draw_overlay


def drawn(pixels: np.ndarray, class_map: np.ndarray, **options) -> np.ndarray:
    """(H, W, 3) of the PNG."""
    image = Image.open(io.BytesIO(draw_overlay(pixels, class_map, **options)))
    assert image.format == "PNG"
    assert image.mode == "RGB"
    return np.asarray(image).astype(int)


def colourfulness(picture: np.ndarray) -> np.ndarray:
    """(H, W): red minus blue, 0 where it is grey."""
    return picture[..., 0] - picture[..., 2]


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (600, 300, (600, 300)),
        (100, 50, (MIN_SIDE_PX, MIN_SIDE_PX // 2)),
        (50, 100, (MIN_SIDE_PX // 2, MIN_SIDE_PX)),
        (4096, 2048, (MAX_SIDE_PX, MAX_SIDE_PX // 2)),
        (3000, 1, (MAX_SIDE_PX, 1)),
    ],
)
def test_size(width, height, expected):
    picture = drawn(np.zeros((height, width), np.uint8), np.ones((7, 7), np.float32))
    assert (picture.shape[1], picture.shape[0]) == expected


@pytest.mark.parametrize(("row", "column"), [(0, 6), (6, 0), (1, 5), (5, 1), (3, 3)])
def test_the_strongest_cell_is_coloured_at_its_place(row, column):
    class_map = np.full((7, 7), -1.0, np.float32)
    class_map[row, column] = 5
    height, width = 420, 700
    colour = colourfulness(drawn(np.full((height, width), 100, np.uint8), class_map))
    y, x = np.unravel_index(colour.argmax(), colour.shape)
    assert (y * 7 // height, x * 7 // width) == (row, column)
    centre = colour[int((row + 0.5) * height / 7), int((column + 0.5) * width / 7)]
    assert centre == pytest.approx(OPACITY * (COLOUR[0] - COLOUR[2]), abs=4)
    rows, columns = np.mgrid[:height, :width] * np.array([7 / height, 7 / width])[:, None, None]
    far = (abs(rows - row - 0.5) > 1.1) | (abs(columns - column - 0.5) > 1.1)
    assert not colour[far].any()


@pytest.mark.parametrize("class_map", [np.full((7, 7), -2.5), np.zeros((7, 7)), -np.ones((3, 3))])
def test_without_evidence_the_film_stays_grey(class_map):
    film = np.random.default_rng(0).integers(0, 256, (500, 480), dtype=np.uint8)
    picture = drawn(film, class_map.astype(np.float32))
    assert (picture == film[..., None]).all()


def test_a_letterboxed_film_wears_the_middle_of_its_map():
    """A wide film fills the middle rows of the square; evidence in the black above it is not shown on the film."""
    class_map = np.zeros((8, 8), np.float32)
    class_map[2, 7] = 1  # just below the film's upper edge: the film covers rows 2 to 5
    colour = colourfulness(drawn(np.full((300, 600), 100, np.uint8), class_map, fit="letterbox"))
    assert colour.shape == (300, 600)
    y, x = np.unravel_index(colour.argmax(), colour.shape)
    assert y < 75
    assert x >= 525
    above = np.zeros((8, 8), np.float32)
    above[0] = 1
    assert not colourfulness(drawn(np.full((300, 600), 100, np.uint8), above, fit="letterbox")).any()
    beside = np.zeros((8, 8), np.float32)
    beside[:, 0] = 1
    assert not colourfulness(drawn(np.full((600, 300), 100, np.uint8), beside, fit="letterbox")).any()
