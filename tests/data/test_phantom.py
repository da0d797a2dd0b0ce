from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from plainfilm.data import phantom
from plainfilm.data.phantom import CLASSES, Phantom, Planted, draw, write_folder
from plainfilm.randomness import generator

SIZE = 128
PER_CLASS = 100


@pytest.fixture(scope="module")
def films() -> list[Phantom]:
    return [draw(label, seed=1, number=k, size=SIZE) for label in CLASSES for k in range(PER_CLASS)]


def thumbnail(pixels: NDArray[np.uint8], size: int = 16) -> NDArray[np.float64]:
    small = Image.fromarray(pixels).resize((size, size), Image.Resampling.BOX)
    values = np.asarray(small, np.float64).ravel()
    return np.asarray((values - values.mean()) / values.std())


def test_the_address_decides_the_film() -> None:
    first, again = draw("COVID", seed=3, number=5), draw("COVID", seed=3, number=5)
    assert np.array_equal(first.pixels, again.pixels)
    assert np.array_equal(first.lungs, again.lungs)
    assert np.array_equal(first.opacities, again.opacities)
    for other in (draw("COVID", seed=3, number=6), draw("COVID", seed=4, number=5), draw("NORMAL", seed=3, number=5)):
        assert (first.pixels != other.pixels).mean() > 0.5


@pytest.mark.parametrize("label", CLASSES)
def test_shape_type_and_range(label: str) -> None:
    film = draw(label, seed=1, number=1, size=224)
    assert film.pixels.shape == film.lungs.shape == film.opacities.shape == (224, 224)
    assert film.pixels.dtype == np.uint8
    assert film.lungs.dtype == film.opacities.dtype == np.bool_
    assert np.percentile(film.pixels, 2) < 70
    assert np.percentile(film.pixels, 98) > 180
    assert (film.pixels == 255).mean() < 0.01, "burnt out"


@pytest.mark.parametrize("label", CLASSES)
def test_a_larger_film_shows_the_same_patient(label: str) -> None:
    small, large = draw(label, seed=1, number=2, size=128), draw(label, seed=1, number=2, size=256)
    assert np.corrcoef(thumbnail(small.pixels), thumbnail(large.pixels))[0, 1] > 0.99
    assert (large.lungs[::2, ::2] == small.lungs).mean() > 0.97
    assert (large.opacities[::2, ::2] == small.opacities).mean() > 0.93


def test_two_lungs_are_dark_and_the_heart_leans_to_the_patients_left(films: list[Phantom]) -> None:
    for film in films:
        left_half, right_half = film.lungs[:, : SIZE // 2], film.lungs[:, SIZE // 2 :]
        assert 0.1 < film.lungs.mean() < 0.45
        assert left_half.mean() > 0.08
        assert right_half.mean() > 0.08
        between = ~film.lungs[SIZE // 4 : SIZE // 2, SIZE // 3 : 2 * SIZE // 3]
        assert between.any(axis=1).all(), "the mediastinum parts the lungs"
    assert np.mean([film.lungs[:, : SIZE // 2].sum() - film.lungs[:, SIZE // 2 :].sum() for film in films]) > 0


def test_lungs_lie_inside_the_body_and_opacities_inside_the_lungs(films: list[Phantom]) -> None:
    for film in films:
        assert not (film.opacities & ~film.lungs).any()
        assert not film.lungs[0].any()
        assert not film.lungs[:, [0, -1]].any()
        middle = film.pixels[SIZE // 3 : 2 * SIZE // 3, SIZE // 2 - 4 : SIZE // 2 + 4]
        assert film.pixels[film.lungs].mean() < middle.mean(), "air is darker than the mediastinum"
        assert film.pixels[film.lungs].mean() > film.pixels.min() + 10, "and brighter than the air around the body"
        assert film.opacities.any() == (film.label != "NORMAL")


def test_a_class_changes_nothing_but_its_opacities(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same patient with each disease: draw with the label struck out of the address."""
    monkeypatch.setattr(phantom, "generator", lambda seed, purpose, label, *rest: generator(seed, purpose, *rest))
    for number in range(10):
        normal, viral, covid = (draw(label, seed=1, number=number, size=SIZE) for label in CLASSES)
        for ill in (viral, covid):
            assert np.array_equal(ill.lungs, normal.lungs)
            assert np.array_equal(ill.pixels[~normal.lungs], normal.pixels[~normal.lungs])
            assert (ill.pixels >= normal.pixels).mean() > 0.999
            changed = ill.pixels.astype(int) - normal.pixels
            assert changed[ill.opacities].mean() > 8


def test_covid_lies_lower_and_further_out_than_viral_pneumonia(films: list[Phantom]) -> None:
    def centres(label: str) -> NDArray[np.float64]:
        places = [np.argwhere(film.opacities) for film in films if film.label == label]
        return np.array([[rows.mean(), np.abs(columns - SIZE / 2).mean()] for rows, columns in (p.T for p in places)])

    low, out = centres("COVID").mean(axis=0) - centres("Viral_Pneumonia").mean(axis=0)
    assert low > SIZE * 0.02
    assert out > SIZE * 0.04


def accuracy(features: list[NDArray[np.float64]], films: list[Phantom]) -> float:
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    return float(cross_val_score(model, np.array(features), [film.label for film in films], cv=5).mean())


def test_only_the_lungs_tell_the_classes_apart(films: list[Phantom]) -> None:
    """Chance is 1/3; with 300 films, its standard deviation is 0.027."""

    def corners(film: Phantom) -> NDArray[np.float64]:
        ends = [*range(16), *range(-16, 0)]
        return np.asarray(film.pixels[np.ix_(ends, ends)].ravel() / 255)

    def frame(film: Phantom) -> NDArray[np.float64]:
        outside = film.pixels[~film.lungs] / 255
        edges = np.concatenate([film.pixels[0], film.pixels[-1], film.pixels[:, 0], film.pixels[:, -1]]) / 255
        return np.append(edges, [outside.mean(), outside.std(), film.lungs.mean()])

    def lung_fields(film: Phantom) -> NDArray[np.float64]:
        """How bright the lungs are against the rest, on a grid of 8 x 8 within their bounding box."""
        rows, columns = np.nonzero(film.lungs)
        box = np.where(film.lungs, film.pixels, film.pixels[film.lungs].mean())
        inside = box[rows.min() : rows.max(), columns.min() : columns.max()].astype(np.float32)
        grid = np.asarray(Image.fromarray(inside).resize((8, 8), Image.Resampling.BOX), np.float64)
        return np.asarray(grid.ravel() - grid.mean())

    assert accuracy([corners(film) for film in films], films) < 0.42
    assert accuracy([frame(film) for film in films], films) < 0.42
    assert accuracy([lung_fields(film) for film in films], films) > 0.6


def test_no_two_phantoms_are_near_duplicates(films: list[Phantom]) -> None:
    likeness = np.corrcoef([thumbnail(film.pixels, 32) for film in films])
    assert likeness[~np.eye(len(films), dtype=bool)].max() < 0.99


def test_a_marker_changes_the_corner_only() -> None:
    for size in (64, 224, 256):
        plain, marked = (draw("NORMAL", seed=1, number=1, size=size, marker=marker) for marker in (False, True))
        changed = plain.pixels != marked.pixels
        changed_rows, changed_columns = np.nonzero(changed)
        assert changed.sum() >= 10
        assert max(changed_rows.max(), changed_columns.max()) < size / 8
        assert (marked.pixels[changed] == 250).all()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Planted]:
    folder = tmp_path_factory.mktemp("phantoms")
    share = {"COVID": 1.0, "NORMAL": 0.5}
    return folder, write_folder(
        folder, seed=2, per_class=20, size=SIZE, duplicates=4, wrong_labels=5, marker_share=share
    )


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (SIZE, SIZE))
        return np.asarray(image)


def test_a_folder_holds_every_class(archive: tuple[Path, Planted]) -> None:
    folder, _ = archive
    expected = {f"{label}/{label}-{number:04d}.png" for label in CLASSES for number in range(1, 21)}
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == expected
    for path in expected:
        read(folder / path)


def test_a_sound_film_is_the_phantom_of_its_number(archive: tuple[Path, Planted]) -> None:
    folder, planted = archive
    faulty = {copy for _, copy in planted.duplicates} | set(planted.wrong_labels)
    for label in CLASSES:
        for number in range(1, 21):
            path = f"{label}/{label}-{number:04d}.png"
            truth = draw(label, seed=2, number=number, size=SIZE, marker=path in planted.marked)
            assert np.array_equal(read(folder / path), truth.pixels) == (path not in faulty)


def test_duplicates_are_planted_as_listed(archive: tuple[Path, Planted]) -> None:
    folder, planted = archive
    assert len(planted.duplicates) == 4
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))
    likeness = np.corrcoef([thumbnail(read(folder / path), 32) for path in paths])
    alike = {(paths[i], paths[j]) for i, j in np.argwhere(likeness > 0.99) if i < j}
    assert alike == {tuple(sorted(pair)) for pair in planted.duplicates}
    for original, copy in planted.duplicates:
        assert Path(original).parent == Path(copy).parent
        assert read(folder / copy).mean() > read(folder / original).mean() + 4


def test_wrong_labels_are_planted_as_listed(archive: tuple[Path, Planted]) -> None:
    folder, planted = archive
    assert len(planted.wrong_labels) == 5
    for path, shown in planted.wrong_labels.items():
        assert Path(path).parent.name != shown
        candidates = [
            draw(shown, seed=2, number=number, size=SIZE, marker=path in planted.marked) for number in range(1, 41)
        ]
        assert sum(np.array_equal(read(folder / path), film.pixels) for film in candidates) == 1
    assert not set(planted.wrong_labels) & {path for pair in planted.duplicates for path in pair}


def test_markers_are_planted_as_listed(archive: tuple[Path, Planted]) -> None:
    folder, planted = archive
    seen = {p.relative_to(folder).as_posix() for p in folder.rglob("*.png") if (read(p)[1:8, 1:6] >= 240).sum() >= 15}
    assert seen == set(planted.marked)
    share = {label: sum(path.startswith(label) for path in planted.marked) / 20 for label in CLASSES}
    assert share["Viral_Pneumonia"] == 0
    assert share["NORMAL"] == pytest.approx(0.5, abs=0.06)
    assert share["COVID"] == 1, "a copy has the marker of its original"


def test_writing_again_writes_the_same_bytes(archive: tuple[Path, Planted], tmp_path: Path) -> None:
    folder, planted = archive
    share = {"COVID": 1.0, "NORMAL": 0.5}
    again = write_folder(tmp_path, seed=2, per_class=20, size=SIZE, duplicates=4, wrong_labels=5, marker_share=share)
    assert again == planted
    for path in folder.rglob("*.png"):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes()
