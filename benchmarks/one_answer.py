"""One answer everywhere: the largest difference between four ways to the probabilities of the same films.

    python benchmarks/one_answer.py runs/fast/model.onnx SOURCE [--films 100]

The Python API beside `plainfilm predict`, `plainfilm evaluate`, and docs/examples/answer.py: a script of ONNX Runtime,
numpy and Pillow that was written from docs/model-file.md alone. SOURCE is one folder or archive with a folder of films
for each class of the model; films are taken at even distances. Exits with 1 where two ways differ by more than 1e-5.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from plainfilm.data.sources.listing import list_films
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor

SCRIPT = Path(__file__).parents[1] / "docs" / "examples" / "answer.py"
GOAL = 1e-5
Answers = dict[str, list[float]]  # the probabilities of a film, by its name


def output(*words: object) -> str:
    """What a program prints; it may not fail."""
    return subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True, check=True).stdout


def copy_films(source: Path, count: int, classes: Sequence[str], folder: Path) -> list[Path]:
    """Films of a source at even distances, under folder/class."""
    listing = list_films([source])
    entries = [entry for entry in listing.entries if entry.path.split("/")[-2] in classes]
    films = []
    for number in np.linspace(0, len(entries) - 1, min(count, len(entries)), dtype=int):
        *_, label, name = entries[number].path.split("/")
        films.append(folder / label / f"{number}{Path(name).suffix}")
        films[-1].parent.mkdir(exist_ok=True)
        films[-1].write_bytes(listing.read(entries[number]))
    return films


def python_api(predictor: Predictor, films: Sequence[Path]) -> Answers:
    """Predictor.predict_bytes."""
    return {film.name: predictor.predict_bytes(film.read_bytes()).probabilities.tolist() for film in films}


def predict(model: Path, folder: Path) -> Answers:
    """`plainfilm predict`; what the input check refuses is compared all the same."""
    found = json.loads(output(sys.executable, "-m", "plainfilm", "predict", model, folder, "--override", "--json"))
    answers = found["predictions"]
    return {Path(answer["path"]).name: list(answer["probabilities"].values()) for answer in answers}


def evaluate(model: Path, folder: Path, out: Path, classes: Sequence[str]) -> Answers:
    """`plainfilm evaluate`, which leaves out copies of films."""
    output(sys.executable, "-m", "plainfilm", "evaluate", model, folder, "--out", out)
    with (out / "predictions.csv").open(encoding="utf-8-sig", newline="") as file:
        return {Path(row["path"]).name: [float(row[f"p_{name}"]) for name in classes] for row in csv.DictReader(file)}


def bare_script(model: Path, films: Sequence[Path]) -> Answers:
    """docs/examples/answer.py."""
    lines = output(sys.executable, SCRIPT, model, *films).splitlines()
    return {film.name: list(json.loads(line).values()) for film, line in zip(films, lines, strict=True)}


def main() -> None:
    """Print the differences."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("--films", type=int, default=100)
    given = parser.parse_args()
    predictor = Predictor(given.model)
    classes = predictor.card.class_names
    with tempfile.TemporaryDirectory() as temporary:
        folder, out = Path(temporary) / "films", Path(temporary) / "out"
        folder.mkdir()
        model = Path(temporary) / "model.onnx"  # without the list of films seen: `evaluate` would leave them out
        replace(modelfile.opened(given.model), path=model, seen=None).write()
        films = copy_films(given.source, given.films, classes, folder)
        first = python_api(predictor, films)
        ways = {
            "plainfilm predict": predict(model, folder),
            "plainfilm evaluate": evaluate(model, folder, out, classes),
            "docs/examples/answer.py": bare_script(model, films),
        }
    calibration = predictor.card.calibration
    print(
        f"{time.strftime('%Y-%m-%d')}, {len(films)} films, temperature {calibration.temperature if calibration else 1}"
    )
    largest = 0.0
    for way, answers in ways.items():
        difference = max(np.abs(np.subtract(answers[name], first[name])).max() for name in answers)
        print(f"{way} beside the Python API: {difference:.1e}, n {len(answers)}")
        largest = max(largest, difference)
    print(f"goal: at most {GOAL:g}")
    sys.exit(int(largest > GOAL))


if __name__ == "__main__":
    main()
