"""Planted copies among synthetic films are found, and nothing else; groups do not chain."""

import csv
import io
import zipfile
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from scipy.fft import dctn
from scipy.ndimage import map_coordinates
from threadpoolctl import threadpool_info, threadpool_limits

from plainfilm.data.duplicates import search as module
from plainfilm.data.duplicates.registration import flatten, grid, register, sample, search_warps, unit
from plainfilm.data.duplicates.search import Pair, Pixels, clusters, find_pairs, phash, thumbnail
from plainfilm.randomness import generator

NUM_FILMS = 40
SIZE_PX = 192


def synthetic_film(number: int) -> Pixels:
    """A chest that all films share, with smooth structures of several sizes that are this film's own: (S, S) uint8."""
    rng = generator(1, "test-duplicates", number)
    y, x = np.mgrid[-1 : 1 : SIZE_PX * 1j, -1 : 1 : SIZE_PX * 1j]
    lungs = sum(np.exp(-(((x - side) / 0.35) ** 4) - (y / 0.8) ** 4) for side in (-0.45, 0.45))
    film = 180 - 110 * lungs
    for cells, strength in ((5, 10), (12, 8), (30, 8), (60, 5)):
        field = Image.fromarray(rng.normal(0, strength, (cells, cells)).astype(np.float32))
        film = film + np.asarray(field.resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC))
    pixels: Pixels = np.clip(film, 0, 255).astype(np.uint8)
    return pixels


def jpeg(film: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    film.save(buffer, "JPEG", quality=50)
    return Image.open(buffer).convert("L")


def crop(film: Image.Image) -> Image.Image:
    width, height = film.size
    return film.crop((round(0.04 * width), 0, round(0.99 * width), round(0.95 * height)))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg": jpeg,
    "half": lambda film: film.resize((film.width // 2, film.height // 2), Image.Resampling.BICUBIC),
    "double": lambda film: film.resize((film.width * 2, film.height * 2), Image.Resampling.BICUBIC),
    "brighter": lambda film: film.point([min(255, round(level * 1.2)) for level in range(256)]),
    "gamma": lambda film: film.point([round(255 * (level / 255) ** 1.5) for level in range(256)]),
    "rotated": lambda film: film.rotate(5, Image.Resampling.BILINEAR),
    "rotated-back": lambda film: film.rotate(-7, Image.Resampling.BILINEAR),
    "cropped": crop,
    "mirrored": ImageOps.mirror,
    "all": lambda film: jpeg(crop(ImageOps.mirror(film).rotate(4, Image.Resampling.BILINEAR))),
}


@pytest.fixture(scope="module")
def films() -> list[Pixels]:
    return [synthetic_film(number) for number in range(NUM_FILMS)]


def search(films: list[Pixels]) -> list[Pair]:
    return find_pairs(np.stack([thumbnail(film) for film in films]), [str(place) for place in range(len(films))])


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_and_nothing_else(films: list[Pixels], kind: str) -> None:
    copies = [np.asarray(COPIES[kind](Image.fromarray(film))) for film in films[:12]]
    pairs = search(films + copies)
    assert [(pair.first, pair.second) for pair in pairs] == [(place, NUM_FILMS + place) for place in range(12)]
    assert {pair.mirrored for pair in pairs} == {kind in ("mirrored", "all")}
    assert all(pair.kind == "near" and module.SAME_EXPOSURE <= pair.score <= 1 + 1e-5 for pair in pairs)


def test_films_alike_from_afar_are_no_pairs(films: list[Pixels]) -> None:
    alike = np.corrcoef([film.ravel() for film in films])
    assert np.median(alike) > 0.8, "the generator's chests must look alike, or the test shows nothing"
    assert search(films) == []


def test_letters_on_a_copy_do_not_hide_it(films: list[Pixels]) -> None:
    film = Image.fromarray(films[3])
    draw = ImageDraw.Draw(film)
    draw.text((10, 8), "(B)", fill=255, font_size=20)
    draw.text((50, 165), "day 14", fill=0, font_size=22)
    draw.line((120, 60, 140, 75), fill=255, width=3)
    copy = np.asarray(film)
    assert [(pair.first, pair.second) for pair in search([*films, copy])] == [(3, NUM_FILMS)]


def test_order_does_not_matter(films: list[Pixels]) -> None:
    with_copies = films + [np.asarray(crop(Image.fromarray(film))) for film in films[:8]]
    order = generator(1, "test-order").permutation(len(with_copies))
    shuffled = search([with_copies[place] for place in order])
    straight = {(pair.first, pair.second) for pair in search(with_copies)}
    assert {tuple(sorted((int(order[pair.first]), int(order[pair.second])))) for pair in shuffled} == straight


def test_equal_ids_are_exact_and_only_the_first_is_searched(films: list[Pixels]) -> None:
    near = np.asarray(crop(Image.fromarray(films[0])))
    thumbnails = np.stack([thumbnail(film) for film in (films[0], films[1], films[0], near, films[0])])
    pairs = find_pairs(thumbnails, ["a", "b", "a", "c", "a"])
    assert [(pair.first, pair.second, pair.kind) for pair in pairs] == [
        (0, 2, "exact"),
        (0, 3, "near"),
        (0, 4, "exact"),
    ]
    assert clusters(5, pairs) == [[0, 2, 3, 4]]


def test_products_of_matrices_take_one_thread(films: list[Pixels], monkeypatch: pytest.MonkeyPatch) -> None:
    """More wait for each other in loops, which takes the processors from other programs."""
    counts: list[set[int]] = []

    def note(_: Pixels) -> list[Pair]:
        counts.append({library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"})
        return []

    monkeypatch.setattr(module, "_near_pairs", note)
    with threadpool_limits(3, user_api="blas"):
        find_pairs(np.stack([thumbnail(film) for film in films[:2]]), ["a", "b"])
    assert counts == [{1}]


@pytest.mark.parametrize("kind", ["rotated", "all"])
def test_two_films_are_enough(films: list[Pixels], kind: str) -> None:
    copy = np.asarray(COPIES[kind](Image.fromarray(films[0])))
    assert [(pair.first, pair.second) for pair in search([films[0], copy])] == [(0, 1)]


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_blank_films_are_no_pairs(number: int) -> None:
    blank = np.repeat(np.arange(number, dtype=np.uint8)[:, None, None] * 50, 96, axis=1).repeat(96, axis=2)
    assert find_pairs(blank, [str(place) for place in range(number)]) == []


def test_a_group_becomes_complete_through_friends(films: list[Pixels], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NUM_CANDIDATES", 2)
    film = Image.fromarray(films[0])
    copies = [np.asarray(COPIES[kind](film)) for kind in ("jpeg", "rotated", "cropped", "mirrored", "all")]
    pairs = search(films + copies)
    group = [0, *range(NUM_FILMS, NUM_FILMS + 5)]
    assert [(pair.first, pair.second) for pair in pairs] == list(combinations(group, 2))
    assert {(pair.first, pair.second) for pair in pairs if pair.mirrored} == {
        (one, other) for one, other in combinations(group, 2) if (one in group[4:]) != (other in group[4:])
    }


def test_registration_recovers_a_known_warp(films: list[Pixels]) -> None:
    truth = np.array([[0.97, 0.05, 0.03], [-0.06, 1.02, -0.02]])  # a point of the copy -> a point of the film
    half = SIZE_PX / 2
    shift = half * (truth[:, 2] + 1 - truth[:, :2].sum(axis=1))
    pillow = (*truth[0, :2], shift[0], *truth[1, :2], shift[1])
    copy = Image.fromarray(films[0]).transform(
        (SIZE_PX, SIZE_PX), Image.Transform.AFFINE, pillow, Image.Resampling.BICUBIC
    )
    film, moved = (
        flatten(thumbnail(pixels).astype(np.float32)[None], 0.01, 0.05) for pixels in (films[0], np.asarray(copy))
    )
    start = np.eye(2, 3, dtype=np.float32)[None] + np.float32(0.01)
    start[0, :, 2] = truth[:, 2]
    warps, correlation = register(moved, film, start, 10)
    assert np.abs(warps[0] - truth).max() < 0.008  # 0.4 pixels of the thumbnail at its border
    assert correlation[0] > 0.97


def test_sampling_is_bilinear(films: list[Pixels]) -> None:
    warps = search_warps(4, (1, 0.8))[::7]
    flat = flatten(np.stack([thumbnail(film) for film in films[: len(warps)]]).astype(np.float32), 0.01, 0.05)
    points = grid(20).reshape(3, -1)
    values, inside = sample(flat, warps, points)
    x, y = np.moveaxis(warps.astype(float) @ points, 1, 0)
    column, row = (np.clip((place + 1) * len(flat[0]) / 2 - 0.5, 0, len(flat[0]) - 1.001) for place in (x, y))
    for number, film in enumerate(flat):
        expected = map_coordinates(film.astype(float), [row[number], column[number]], order=1)
        np.testing.assert_allclose(values[number], expected, atol=1e-4)
    np.testing.assert_array_equal(inside, (np.abs(x) <= 1) & (np.abs(y) <= 1))
    assert 0 < inside.mean() < 1


def test_pairs_that_share_a_template_are_registered_as_if_alone(films: list[Pixels]) -> None:
    flat = flatten(np.stack([thumbnail(film) for film in films]).astype(np.float32), 0.01, 0.05)
    template_of = np.sort(generator(1, "test-templates").integers(0, 5, len(flat)))
    warps = np.tile(np.eye(2, 3, dtype=np.float32), (len(flat), 1, 1))
    together = register(flat[:5], flat, warps, 3, template_of)
    for number, template in enumerate(template_of):
        alone = register(flat[template][None], flat[number][None], warps[number][None], 3)
        for found, expected in zip(together, alone, strict=True):
            np.testing.assert_allclose(found[number], expected[0], atol=1e-4)


def test_the_best_likeness_is_that_of_all_products() -> None:
    rng = generator(1, "test-likeness")
    moved, unmoved = (unit(rng.normal(size=shape).astype(np.float32)) for shape in ((7, 30, 63), (600, 63)))
    np.testing.assert_allclose(module._best_likeness(moved, unmoved), (moved @ unmoved.T).max(axis=0), atol=1e-6)


def test_the_number_of_threads_changes_no_pair(films: list[Pixels], monkeypatch: pytest.MonkeyPatch) -> None:
    films = films + [np.asarray(crop(Image.fromarray(film))) for film in films[:8]]
    monkeypatch.setattr(module, "BATCH_FILMS", 16)
    found = []
    for count in (1, 3):
        monkeypatch.setattr(module, "num_threads", lambda count=count: count)
        found.append(search(films))
    assert found[0] == found[1] != []


def test_flattening_ignores_window_and_level() -> None:
    film = synthetic_film(0).astype(np.float32)[None]
    np.testing.assert_allclose(flatten(film, 0.01, 0.03), flatten(film * 0.4 + 60, 0.01, 0.03), atol=1e-3)


def test_phash_equals_scipy(films: list[Pixels]) -> None:
    for film in films[:10]:
        small = np.asarray(Image.fromarray(film).resize((32, 32), Image.Resampling.BILINEAR), float)
        frequencies = dctn(small)[:8, :8] / np.outer([2] * 8, [2] * 8)
        bits = (frequencies.ravel() > np.median(frequencies.ravel()[1:])).astype(int)
        assert phash(film) == f"{int(''.join(map(str, bits)), 2):016x}"


def near(first: int, second: int, score: float = 0.9) -> Pair:
    return Pair(first, second, "near", score, mirrored=False)


def test_a_chain_cannot_swallow_a_class() -> None:
    groups = clusters(1000, [near(place, place + 1, 0.85 + 0.1 * (place * 7 % 13) / 13) for place in range(999)])
    assert max(map(len, groups)) <= 4


def test_one_link_does_not_join_two_complete_groups() -> None:
    complete = [near(*pair) for pair in [*combinations(range(4), 2), *combinations(range(4, 8), 2)]]
    assert clusters(9, [*complete, near(3, 4)]) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    bridges = [near(one, other, 0.85) for one in range(4) for other in (4, 5)]
    assert clusters(9, [*complete, *bridges]) == [[0, 1, 2, 3, 4, 5, 6, 7]]


def test_exact_copies_count_as_one_film() -> None:
    exact = [Pair(first, second, "exact", 1.0, mirrored=False) for first, second in ((0, 2), (0, 4), (1, 3), (1, 5))]
    assert clusters(6, exact) == [[0, 2, 4], [1, 3, 5]]
    assert clusters(6, [*exact, near(0, 1)]) == [[0, 1, 2, 3, 4, 5]]


@given(st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] < pair[1])))
def test_groups_are_disjoint_and_half_confirmed(links: set[tuple[int, int]]) -> None:
    groups = clusters(12, [near(*link) for link in links])
    members = [place for group in groups for place in group]
    assert len(members) == len(set(members))
    assert groups == sorted(sorted(group) for group in groups)
    assert all(len(group) >= 2 for group in groups)
    for group in groups:
        confirmed = sum(pair in links for pair in combinations(group, 2))
        assert 2 * confirmed >= len(group) * (len(group) - 1) / 2


@pytest.mark.real
def test_real_films(real_data: Path) -> None:
    folder = real_data / "covid-radiography"
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["source"] == "kermany"][::8][:300]
    with zipfile.ZipFile(folder / "input_data.zip") as archive:
        films = [np.asarray(Image.open(io.BytesIO(archive.read(row["path"]))).convert("L")) for row in rows]
    num_films = len(films)
    kinds = list(COPIES)
    copies = [np.asarray(COPIES[kinds[place % len(kinds)]](Image.fromarray(films[place]))) for place in range(100)]
    pairs = search(films + copies)
    found = {(pair.first, pair.second) for pair in pairs}
    patients = [row["patient"] for row in rows]
    assert sum((place, num_films + place) in found for place in range(100)) >= 98
    assert all(patients[one % num_films] == patients[other % num_films] for one, other in found)
