"""The search for the shipped recipes: what a choice does to films that the test never sees.

    python benchmarks/search.py ARCHIVE --table metadata.csv --out runs/search [--round 1]

Films: the training part of fold 0 (of 5) alone, split once more by groups, three to train and one to judge. The test
films of fold 0 are dropped before the first trial; its validation films, too. Each trial changes the round's base in
the fields that its name says, and is judged after its last epoch: accuracy and mean log loss of the films to judge,
mean of the SEEDS, and the difference from the base seed by seed. A trial is a folder in `--out`: what is finished is
not done again, what was stopped goes on. Two run at a time, each with one thread. No trial begins once the CPU time of
all of them, which the folders remember, exceeds BUDGET_HOURS.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

BUDGET_HOURS = 10.0
SEEDS = (0, 1, 2)
SHARE_JUDGED = 0.25
SIZE_PX = 160  # of the stored pixels; every smaller size is reduced from it

Changes = Mapping[str, Mapping[str, object]]  # section -> field -> value
BASE = """
[split]
kind = "folds"
train_only = "recompressed"

[augment]
policy = "radiograph"

[training]
sizes_px = [112]
epochs = [3]
batch_size = 32
learning_rate = 1e-3
weight_decay = 0.05
warmup_epochs = 0.5
ema_decay = 0.98
kernels = "fast"
"""
ROUNDS: dict[int, dict[str, Changes]] = {
    1: {
        "base": {},
        "width 32": {"model": {"width": 32}},
        "width 48": {"model": {"width": 48}},
        "rate 2e-3": {"training": {"learning_rate": 2e-3}},
        "rate 3e-3": {"training": {"learning_rate": 3e-3}},
        "decay 0.15": {"training": {"weight_decay": 0.15}},
        "batch 16": {"training": {"batch_size": 16}},
        "batch 64": {"training": {"batch_size": 64}},
        "zero residual": {"model": {"init": "zero_residual"}},
        "average 0.95": {"training": {"ema_decay": 0.95}},
        "average 0": {"training": {"ema_decay": 0.0}},
        "smoothing 0.1": {"training": {"label_smoothing": 0.1}},
        "sizes 80, 112": {"training": {"sizes_px": (80, 112), "epochs": (2, 2)}},
        "size 96": {"training": {"sizes_px": (96,), "epochs": (4,)}},
        "size 128": {"training": {"sizes_px": (128,)}},
        "variations 0.5": {"augment": {"strength": 0.5}},
        "variations 0": {"augment": {"policy": "none"}},
        "epochs 2": {"training": {"epochs": (2,)}},
        "epochs 5": {"training": {"epochs": (5,)}},
    },
}


def main() -> None:
    """Do the trials of a round that are not done, and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--round", type=int, default=max(ROUNDS), choices=ROUNDS)
    parser.add_argument("--trial", help=argparse.SUPPRESS)
    options = parser.parse_args()
    trials = {
        folder_of(options.round, name, seed): (changes, seed)
        for seed in SEEDS
        for name, changes in ROUNDS[options.round].items()
    }
    if options.trial:
        run_trial(options.out, options.trial, *trials[options.trial])
        return
    prepare(options.archive, options.table, options.out)
    command = [sys.executable, __file__, str(options.archive), "--out", str(options.out), "--round", str(options.round)]

    def do(name: str) -> None:
        if not (options.out / name / "result.json").exists() and spent_hours(options.out) < BUDGET_HOURS:
            subprocess.run([*command, "--trial", name], check=True)
            print(f"{time.strftime('%H:%M')} {name}: {result(options.out / name)}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(do, trials))
    print_table(options.out, options.round, list(ROUNDS[options.round]))


def prepare(archive: Path, table: Path | None, out: Path) -> None:
    """The films of fold 0's training part and their pixels in `out`, split once more; nothing of the other films."""
    from plainfilm.config import parse_recipe
    from plainfilm.data.film_index import split_anew, write_index
    from plainfilm.data.films import StoreWriter
    from plainfilm.workflows.prepare import make_films

    if (out / "index.csv").exists():
        return
    recipe = parse_recipe(BASE.replace("[112]", f"[{SIZE_PX}]"))
    whole = out / "whole"
    whole.mkdir(parents=True, exist_ok=True)
    films = make_films([archive], [table] if table else [], recipe, whole)
    kept = films.part("train")
    again = replace(recipe, split=replace(recipe.split, kind="grouped", validation=SHARE_JUDGED, test=0.0))
    index = split_anew(replace(films.index, rows=tuple(films.index.rows[row] for row in kept)), again)
    writer = StoreWriter(out, count=len(kept), size_px=SIZE_PX, fit=recipe.data.fit)
    writer.pixels[:] = films.store[kept]
    writer.finish([row.image_id for row in index.rows])
    write_index(index, out)


def run_trial(out: Path, name: str, changes: Changes, seed: int) -> None:
    """Train one, or go on, and write what it came to."""
    from plainfilm.config import parse_recipe
    from plainfilm.data.film_index import read_index
    from plainfilm.data.films import Films
    from plainfilm.io.run_folder import Run
    from plainfilm.training.history import read_history
    from plainfilm.training.loop import train

    recipe = parse_recipe(BASE)
    for section, fields in (*changes.items(), ("training", {"seed": seed})):
        recipe = replace(recipe, **{section: replace(getattr(recipe, section), **fields)})
    films = Films.open(read_index(out / "index.csv"), out, size_px=SIZE_PX, fit=recipe.data.fit)
    assert films is not None
    films = films.at_sizes(out, recipe.training.sizes_px, recipe.data.fit)
    run = Run(out / name)
    run.folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    train(run, recipe, films, _Quiet(), threads=1)
    epochs = [step for step in read_history(run.history) if step.validation_loss is not None]
    found = {
        "accuracy": epochs[-1].validation_accuracy,
        "loss": epochs[-1].validation_loss,
        "accuracies": [step.validation_accuracy for step in epochs],
        "cpu_seconds": time.process_time() - began,
    }
    for path in run.checkpoints.glob("*.safetensors"):
        path.unlink()
    (run.folder / "result.json").write_text(json.dumps(found))


class _Quiet:
    """Tells nobody."""

    def on_start(self, *_: object) -> None:
        pass

    def on_step(self, *_: object) -> None:
        pass

    def on_warning(self, *_: object) -> None:
        pass


def folder_of(number: int, name: str, seed: int) -> str:
    """Where a trial of a round is, within the folder of all."""
    return f"round-{number}/{name.replace(', ', '-').replace(' ', '-')}-{seed}"


def result(folder: Path) -> dict[str, float]:
    """What a trial came to."""
    found: dict[str, float] = json.loads((folder / "result.json").read_text())
    return found


def spent_hours(out: Path) -> float:
    """CPU hours of all finished trials."""
    return sum(json.loads(path.read_text())["cpu_seconds"] for path in out.glob("round-*/*/result.json")) / 3600


def print_table(out: Path, number: int, names: list[str]) -> None:
    """A row a trial: mean over seeds, and the difference from the base seed by seed with its standard error."""
    print(f"round {number}; {spent_hours(out):.2f} CPU hours of all rounds")
    print(
        f"{'what':16s} {'accuracy %':>10s} {'against base':>16s} {'log loss':>9s} {'against base':>18s} {'CPU s':>6s}"
    )
    base = list(of_seeds(out, number, names[0]))
    for name in names:
        found = list(of_seeds(out, number, name))
        if len(found) < len(SEEDS):
            continue
        accuracy, by_accuracy = compared(found, base, "accuracy", 100)
        loss, by_loss = compared(found, base, "loss", 1)
        cpu = mean(entry["cpu_seconds"] for entry in found)
        print(f"{name:16s} {accuracy:10.2f} {by_accuracy:>16s} {loss:9.4f} {by_loss:>18s} {cpu:6.0f}")


def of_seeds(out: Path, number: int, name: str) -> Iterator[dict[str, float]]:
    """The results of a trial, a seed each."""
    for seed in SEEDS:
        folder = out / folder_of(number, name, seed)
        if (folder / "result.json").exists():
            yield result(folder)


def compared(found: list[dict[str, float]], base: list[dict[str, float]], key: str, scale: float) -> tuple[float, str]:
    """The mean, and the difference from the base with its standard error, in words."""
    differences = [scale * (one[key] - other[key]) for one, other in zip(found, base, strict=True)]
    error = stdev(differences) / math.sqrt(len(differences))
    return scale * mean(entry[key] for entry in found), f"{mean(differences):+.3f} ({error:.3f})"


if __name__ == "__main__":
    main()
