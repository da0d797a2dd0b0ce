"""docs/model-file.md: what is written from it alone, and other runtimes, answer as the Predictor does."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from builders import (
    SLIM_WIDTHS,
    installed,
    make_card,
    program,
    random_film,
    random_pixels,
    trained_looking,
    write_network,
)
from PIL import Image, PngImagePlugin

from plainfilm.model import modelfile
from plainfilm.model.card import Preprocessing
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
FITS = ("squash", "letterbox")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small model file for each fit: one grey channel, or three."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        for fit, channels in zip(FITS, (1, 3), strict=True):
            card = modelfile.replace(make_card(), preprocessing=Preprocessing(64, channels, fit))
            net = trained_looking(in_channels=channels)
            write_network(folder / f"{fit}.onnx", net, card, random_pixels(3, channels=channels))
    return {fit: folder / f"{fit}.onnx" for fit in FITS}


def deep_png(path: Path, white: int, seed: int, significant_bits: int = 0) -> None:
    samples = (random_film(100, 80, seed).astype(np.float64) / 255 * white).astype(np.uint16)
    chunks = PngImagePlugin.PngInfo()
    if significant_bits:
        chunks.add(b"sBIT", bytes([significant_bits]))
    Image.fromarray(samples).save(path, pnginfo=chunks)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A film of every kind that the document covers."""
    folder = tmp_path_factory.mktemp("films")
    grey = [
        Image.fromarray(random_film(width, height, seed)) for seed, (width, height) in enumerate(((90, 70), (50, 133)))
    ]
    colour = Image.merge("RGB", [Image.fromarray(random_film(120, 90, seed)) for seed in range(3)])
    grey[0].save(folder / "grey.png")
    grey[1].save(folder / "tall.jpg", quality=85)
    colour.save(folder / "colour.png")
    colour.save(folder / "colour.jpg")
    turned = Image.Exif()
    turned[0x0112] = 6
    grey[0].save(folder / "turned.jpg", exif=turned)
    deep_png(folder / "16-bit.png", 65_535, seed=5)
    deep_png(folder / "12-bit-guessed.png", 3_900, seed=6)
    deep_png(folder / "12-bit.png", 3_900, seed=7, significant_bits=12)
    return sorted(folder.iterdir())


def answers(program: list[object], expected_lines: int) -> list[list[float]]:
    """The probabilities that a program prints, a JSON object a line."""
    done = subprocess.run([str(word) for word in program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [list(json.loads(line).values()) for line in done.stdout.splitlines()]
    assert len(lines) == expected_lines
    return lines


def predicted(model: Path, films: list[Path]) -> list[list[float]]:
    predictor = Predictor(model, threads=1)
    return [predictor.predict_bytes(film.read_bytes()).probabilities.tolist() for film in films]


def damaged(model: Path, target: Path) -> Path:
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    target.write_bytes(data)
    return target


# --- Python ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", FITS)
def test_the_bare_script_answers_as_the_predictor(models: dict[str, Path], films: list[Path], fit: str) -> None:
    found = answers([sys.executable, EXAMPLES / "answer.py", models[fit], *films], len(films))
    expected = predicted(models[fit], films)
    assert np.abs(np.subtract(found, expected)).max() < 1e-5
    assert len({tuple(row) for row in expected}) == len(films)  # the films differ


def test_the_bare_script_answers_for_phantoms(model: Path, phantoms: Path) -> None:
    films = sorted(phantoms.glob("*/*.png"))[::12]
    found = answers([sys.executable, EXAMPLES / "answer.py", model, *films], len(films))
    assert np.abs(np.subtract(found, predicted(model, films))).max() < 1e-5


def test_the_bare_script_is_bare_and_short() -> None:
    text = (EXAMPLES / "answer.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert "import plainfilm" not in text
    assert "from plainfilm" not in text


def test_the_bare_script_refuses_a_damaged_file(models: dict[str, Path], films: list[Path], tmp_path: Path) -> None:
    path = damaged(models["squash"], tmp_path / "model.onnx")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "answer.py", path, films[0]], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert done.stdout == ""


# --- other runtimes --------------------------------------------------------------------------------------------------


@pytest.mark.openvino
def test_openvino_answers_as_onnxruntime(model: Path, phantoms: Path, tmp_path: Path) -> None:
    python = installed("PLAINFILM_OPENVINO")
    predictor = Predictor(model, threads=1)
    decoded = [Image.open(io.BytesIO(path.read_bytes())) for path in sorted(phantoms.glob("*/*.png"))[::10]]
    size, channels = predictor.card.preprocessing.size, predictor.card.preprocessing.channels
    planes = np.stack(
        [np.asarray(film.convert("L").resize((size, size), Image.Resampling.LANCZOS)) for film in decoded]
    )
    pixels = np.repeat(planes[:, None], channels, axis=1)
    np.save(tmp_path / "films.npy", pixels)
    line = [
        python,
        Path(__file__).with_name("openvino_answer.py"),
        model,
        tmp_path / "films.npy",
        tmp_path / "out.npz",
    ]
    subprocess.run(line, check=True, capture_output=True)
    expected = predictor.answer(pixels)
    with np.load(tmp_path / "out.npz") as found:
        for name in ("logits", "class_maps", "features"):
            wanted = getattr(expected, name)
            assert found[name].shape == wanted.shape
            assert np.abs(found[name] - wanted).max() < 1e-4, name
    assert np.ptp(expected.logits, axis=0).min() > 0.01  # the films differ


def write_pgm(pixels: np.ndarray, path: Path) -> Path:
    Image.fromarray(pixels).save(path.with_suffix(".png"))  # the same film for the Predictor
    Image.fromarray(pixels).save(path, "PPM")
    return path


@pytest.mark.openvino
def test_the_cpp_example_answers_as_the_predictor(models: dict[str, Path], tmp_path: Path) -> None:
    compiler = program("g++")
    code = "import pathlib, openvino; print(pathlib.Path(openvino.__file__).parent)"
    done = subprocess.run([installed("PLAINFILM_OPENVINO"), "-c", code], capture_output=True, text=True, check=True)
    home = Path(done.stdout.strip())
    (library,) = (home / "libs").glob("libopenvino.so*")
    answer, libraries = tmp_path / "answer", home / "libs"
    line = [compiler, "-std=c++17", "-w", f"-I{home}/include", EXAMPLES / "answer.cpp", "-o", answer, library]
    subprocess.run([*line, f"-Wl,-rpath,{libraries}", f"-Wl,-rpath-link,{libraries}"], check=True)
    for fit, path in models.items():
        film = write_pgm(random_film(64, 64), tmp_path / f"{fit}.pgm")
        done = subprocess.run([answer, path, film], capture_output=True, text=True, check=True)
        logits = (
            Predictor(path, threads=1)
            .answer(np.tile(random_film(64, 64), (1, 1 if fit == "squash" else 3, 1, 1)))
            .logits
        )
        assert np.abs(np.array(done.stdout.split(), np.float64) - logits[0]).max() < 1e-4
        assert '"classes"' in done.stderr


@pytest.fixture
def node(tmp_path: Path) -> list[object]:
    """The words that start the JavaScript example: node finds a library in node_modules beside the script."""
    home = installed("PLAINFILM_ORT_WEB")
    (tmp_path / "node_modules").symlink_to((home / "node_modules").resolve())
    return [program("node"), shutil.copy(EXAMPLES / "answer.mjs", tmp_path / "answer.mjs")]


@pytest.mark.ort_web
@pytest.mark.parametrize("fit", FITS)
def test_the_javascript_example_answers_as_the_predictor(
    node: list[object], models: dict[str, Path], tmp_path: Path, fit: str
) -> None:
    """Films larger, smaller and as large as the model wants, whose letterbox rounds up, down and to even; none higher
    than wide is made smaller in both directions: there Pillow may resize vertically first, as the document says."""
    sides = ((90, 70), (64, 64), (64, 100), (256, 42), (33, 35), (128, 99), (128, 37))
    films = [write_pgm(random_film(*size, seed), tmp_path / f"{seed}.pgm") for seed, size in enumerate(sides)]
    found = answers([*node, models[fit], *films], len(films))
    expected = predicted(models[fit], [film.with_suffix(".png") for film in films])
    assert np.abs(np.subtract(found, expected)).max() < 1e-5


@pytest.mark.ort_web
def test_the_javascript_example_refuses_a_damaged_file(
    node: list[object], models: dict[str, Path], tmp_path: Path
) -> None:
    path = damaged(models["squash"], tmp_path / "model.onnx")
    film = write_pgm(random_film(64, 64), tmp_path / "film.pgm")
    done = subprocess.run([str(word) for word in (*node, path, film)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "damaged" in done.stderr
    assert done.stdout == ""
