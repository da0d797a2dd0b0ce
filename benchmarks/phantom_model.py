"""How narrow may the network of the demo be, and what do input checks and models make of fresh phantoms?

    python benchmarks/phantom_model.py train [--width 16] [--size 160] [--epochs 24] [--rate 3e-3] [--seeds 0 1 2]
    python benchmarks/phantom_model.py ask MODEL... [--films SOURCE]

`train` trains as the demo does, once a seed, on one thread, and prints the validation figures of the kept epoch; on 600
further phantoms accuracy and loss, and how often the strongest cell of a COVID film's map touches its opacities, beside
a cell drawn at random; and the time. What it finds on the test films is not shown. `ask` draws 50 phantoms
a class, at the demo's size and at the samples', and says how many each input check lets pass and how many answers are
right; with `--films` also how many of about 200 of these films it refuses. Intervals are 95 %.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from plainfilm.config import Recipe, load_recipe
from plainfilm.data import phantom
from plainfilm.data.sources.listing import list_films
from plainfilm.errors import PlainfilmError
from plainfilm.evaluation.intervals import wilson
from plainfilm.io.run_folder import Run
from plainfilm.model.predictor import Predictor
from plainfilm.serving.api.samples import SIZE_PX
from plainfilm.workflows import training as demonstration
from plainfilm.workflows.training import Options, start_run

TUNING_SEED, ASKING_SEED = 1001, 4096  # of phantoms to choose by, and of those that nothing was chosen by
TUNING_FILMS, ASKING_FILMS, MAX_FILMS = 200, 50, 200  # a class; of SOURCE
TOUCHED = 0.1  # share of a cell that opacities cover


class Silent:
    """An observer that is told everything and says nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


def train(recipe: Recipe) -> None:
    """Train on the demo's phantoms; print what is known without the test films."""
    with tempfile.TemporaryDirectory() as folder:
        films = Path(folder) / "phantoms"
        phantom.write_folder(
            films,
            seed=demonstration.SEED,
            per_class=demonstration.PER_CLASS,
            size=demonstration.SIZE_PX,
            duplicates=demonstration.NUM_DUPLICATES,
        )
        begun, begun_cpu = time.perf_counter(), time.process_time()
        result = start_run([films], [], recipe, Run(Path(folder) / "run"), Silent(), Options(threads=1))
        taken = f"{time.perf_counter() - begun:.0f} s, {time.process_time() - begun_cpu:.0f} CPU seconds in all"
        predictor = Predictor(result.run.model, threads=1)
        size_bytes = result.run.model.stat().st_size
    training, validation = recipe.training, result.validation
    print(
        f"width {recipe.model.width}, {training.sizes_px} px, {training.epochs} epochs, rate {training.learning_rate}, "
        f"seed {training.seed}: validation {validation['accuracy']:.1%}, loss {validation['loss']:.3f}; "
        f"{further(predictor)}; {size_bytes / 1e6:.1f} MB; {taken}",
        flush=True,
    )


def further(predictor: Predictor) -> str:
    """Figures on phantoms beside those of the demo."""
    drawn = [
        phantom.draw(label, seed=TUNING_SEED, number=number, size=demonstration.SIZE_PX)
        for label in phantom.CLASSES
        for number in range(TUNING_FILMS)
    ]
    results = predictor.predict_many([lambda film=film: phantom.encode(film.pixels, "PNG") for film in drawn])
    names, right, losses, hits, chances = predictor.card.class_names, [], [], [], []
    for film, result in zip(drawn, results, strict=True):
        assert not isinstance(result, PlainfilmError)
        truth = names.index(film.label)
        right.append(result.predicted == truth)
        losses.append(-np.log(result.probabilities[truth]))
        if film.label == "COVID" and right[-1]:
            side = result.class_maps.shape[1]
            shares = Image.fromarray(film.opacities.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
            touched = np.asarray(shares).ravel() > TOUCHED
            hits.append(touched[result.class_maps[truth].argmax()])
            chances.append(touched.mean())
    return (
        f"further {wilson(sum(right), len(right))}, loss {np.mean(losses):.3f}; strongest cell touches opacities "
        f"{wilson(sum(hits), len(hits))}, a random one {np.mean(chances):.1%}"
    )


def ask(model: Path, source: Path | None) -> None:
    """Print what a model and its input check make of fresh phantoms, and of other films."""
    predictor = Predictor(model, threads=1)
    names = predictor.card.class_names
    labels = [label for label in phantom.CLASSES for _ in range(ASKING_FILMS)]
    for size_px in (demonstration.SIZE_PX, SIZE_PX):
        films = [
            phantom.encode(phantom.draw(label, seed=ASKING_SEED, number=number, size=size_px).pixels, "PNG")
            for label in phantom.CLASSES
            for number in range(ASKING_FILMS)
        ]
        results = [predictor.predict_bytes(film) for film in films]
        passed = wilson(sum(result.verdict.passed for result in results), len(results))
        right = sum(names[result.predicted] == label for result, label in zip(results, labels, strict=True))
        print(f"{model}: phantoms of {size_px} px: passed {passed}, right {wilson(right, len(results))}")
    if source is not None:
        listing = list_films([source])
        entries = listing.entries[:: max(1, len(listing.entries) // MAX_FILMS)]
        refused = sum(not predictor.predict_bytes(listing.read(entry)).verdict.passed for entry in entries)
        print(f"{model}: other films refused {wilson(refused, len(entries))}")


def main() -> None:
    """Train, or ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    for name, kind, default in (("width", int, 16), ("size", int, 160), ("epochs", int, 24), ("rate", float, 3e-3)):
        training.add_argument(f"--{name}", type=kind, default=default)
    training.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    asking = commands.add_parser("ask")
    asking.add_argument("models", type=Path, nargs="+")
    asking.add_argument("--films", type=Path)
    given = parser.parse_args()
    if given.command == "ask":
        for model in given.models:
            ask(model, given.films)
        return
    recipe = load_recipe("demo")
    recipe = replace(recipe, model=replace(recipe.model, width=given.width))
    for seed in given.seeds:
        options = {"seed": seed, "sizes_px": (given.size,), "epochs": (given.epochs,), "learning_rate": given.rate}
        train(replace(recipe, training=replace(recipe.training, **options)))


if __name__ == "__main__":
    main()
