"""Do the prediction sets hold their promise at another place, after `plainfilm recalibrate` on a few of its films?

    python benchmarks/recalibrate.py MODEL DATA [--films 200] [--seed 0] [--draws 1000]

MODEL: a model file that has not seen the films; DATA: a folder with images.zip and metadata.csv (path, label). Of each
class the same number of films is drawn, `--films` in all, and written as a table; on these the model is recalibrated.
The new file is then tested on all other films.

One draw may be lucky, so `--draws` others follow, of which only the calibration is fitted again: from the answers of
MODEL, on half of the films of a draw, grouped as `recalibrate` halves them. They say how the coverage spreads.
"""

import argparse
import csv
import tempfile
import time
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np

import plainfilm
from plainfilm.data.splits.split import divided
from plainfilm.estimate import Estimate
from plainfilm.evaluation.calibration import fit_quantiles, fit_temperature
from plainfilm.evaluation.evaluation import Evaluation
from plainfilm.model.decision import conformal_sets, softmax
from plainfilm.randomness import generator

SHOWN = (5, 25, 50, 75, 95)  # percentiles


def drawn(rows: list[dict[str, str]], count: int, seed: int) -> set[int]:
    """The numbers of `count` rows, as many of each label."""
    of_label = defaultdict(list)
    for number, row in enumerate(rows):
        of_label[row["label"]].append(number)
    random = generator(seed, "benchmark-recalibrate")
    each = count // len(of_label)
    return {int(number) for label in sorted(of_label) for number in random.choice(of_label[label], each, replace=False)}


def write_table(path: Path, rows: list[dict[str, str]]) -> Path:
    """A table of films."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["path", "label"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def say_sets(name: str, evaluation: Evaluation) -> None:
    """Coverage, size and refusals of an evaluation."""
    figures = evaluation.figures
    assert figures.sets is not None
    parts = {"all": figures.sets, **{label: of for label, of in figures.sets.classes.items() if of.coverage.n}}
    print(name)
    for label, of in parts.items():
        size = of.size
        print(f"  sets, {label:10} coverage {of.coverage}; size {size.value:.3f} ({size.low:.3f} to {size.high:.3f})")
    shift = figures.shift
    print(f"  accuracy {figures.overall['accuracy']}; refused {figures.gate.refused}")
    print(
        f"  log loss {_decimal(figures.overall['log_loss'])}; calibration error "
        f"{_decimal(figures.calibration.expected_calibration_error)}; shift {shift and (shift.verdict, shift.distance)}"
    )


def _decimal(entry: Estimate) -> str:
    return entry.decimal("en")


def spread(tested: Evaluation, known_temperature: float, coverage: float, count: int, draws: int) -> np.ndarray:
    """(draws,): the share of the other films whose set holds the true class, after a calibration on each draw."""
    logits = np.log(np.maximum(tested.probabilities, 1e-300)) * known_temperature
    rows = [{"label": row.label} for row in tested.rows]
    groups = np.array([row.group for row in tested.rows])
    found = []
    for seed in range(draws):
        films = np.array(sorted(drawn(rows, count, seed + 1)))
        labels = [rows[film]["label"] for film in films]
        parts, _ = divided(
            labels,
            [""] * len(films),
            groups[films].tolist(),
            shares={"test": 0.5},
            train_only=[False] * len(films),
            seed=0,
        )
        fitted = films[np.array(parts) == "train"]
        temperature = fit_temperature(logits[fitted], tested.labels[fitted])
        fitting = softmax(logits[fitted], temperature)
        quantiles, _ = fit_quantiles(fitting, tested.labels[fitted], groups[fitted].tolist(), coverage)
        others = ~np.isin(groups, groups[films])
        sets = conformal_sets(softmax(logits[others], temperature), quantiles)
        found.append(sets[np.arange(len(sets)), tested.labels[others]].mean())
    return np.array(found)


def main() -> None:
    """Draw, recalibrate, test."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--films", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--draws", type=int, default=1000)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (arguments.data / "metadata.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with zipfile.ZipFile(arguments.data / "images.zip") as archive:
            for row in rows:
                (folder / row["path"]).parent.mkdir(parents=True, exist_ok=True)
                (folder / row["path"]).write_bytes(archive.read(row["path"]))
        chosen = drawn(rows, arguments.films, arguments.seed)
        place = write_table(folder / "place.csv", [row for number, row in enumerate(rows) if number in chosen])
        rest = write_table(folder / "rest.csv", [row for number, row in enumerate(rows) if number not in chosen])
        whole = write_table(folder / "whole.csv", rows)

        start, spent = time.perf_counter(), time.process_time()
        made = plainfilm.recalibrate(arguments.model, place, out=folder / "local.onnx", lang="en")
        print(f"{time.perf_counter() - start:.0f} s, {time.process_time() - spent:.0f} CPU s\n{made}\n")
        say_sets("the rest, before", plainfilm.evaluate(arguments.model, rest, lang="en").evaluation)
        say_sets("the rest, after", plainfilm.evaluate(made.model, rest, lang="en").evaluation)

        fitted = plainfilm.load(arguments.model).card.calibration
        assert fitted is not None
        tested = plainfilm.evaluate(arguments.model, whole, lang="en").evaluation
        found = spread(tested, fitted.temperature, fitted.coverage, arguments.films, arguments.draws)
        shown = ", ".join(
            f"{share} %: {100 * value:.1f}" for share, value in zip(SHOWN, np.percentile(found, SHOWN), strict=True)
        )
        inside = float(((found >= 0.93) & (found <= 0.97)).mean())
        print(f"{arguments.draws} draws: coverage {100 * found.mean():.1f} % on average; percentiles {shown}")
        print(f"in 93 to 97 %: {100 * inside:.0f} % of the draws")


if __name__ == "__main__":
    main()
