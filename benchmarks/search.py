"""The search for the shipped recipes: what a choice does to films that the test never sees.

    python benchmarks/search.py ARCHIVE --table metadata.csv --out runs/search [--round 1]

Films: the training part of fold 0 (of 5) alone, split once more by groups, three to train and one to judge. The test
films of fold 0 are dropped before the first trial; its validation films, too. Each trial changes the round's base in
the fields that its name says, and is judged after its last epoch: accuracy and mean log loss of the films to judge,
mean of the SEEDS, and the difference from the base seed by seed. A trial is a folder in `--out`: what is finished is
not done again, what was stopped goes on. A choice that is MUCH_WORSE with the first seed is not tried with the others.
Two run at a time, each with one thread. No trial begins once the CPU time of all of them, which the folders remember,
exceeds BUDGET_HOURS.
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
from typing import Any

import numpy as np
import search_methods
import torch
from numpy.typing import NDArray

from plainfilm.config import Recipe, parse_recipe
from plainfilm.data.film_index import read_index, split_anew, write_index
from plainfilm.data.films import Films, StoreWriter
from plainfilm.evaluation.metrics import log_loss
from plainfilm.io.run_folder import Run
from plainfilm.model.decision import softmax
from plainfilm.training import loop
from plainfilm.training.history import read_history
from plainfilm.training.state import new_state, restore
from plainfilm.workflows.prepare import make_films

BUDGET_HOURS = 10.0
SEEDS = (0, 1, 2)
SHARE_JUDGED = 0.25
MUCH_WORSE = 0.01  # of log loss; than the base
SIZE_PX = 160  # of the stored pixels; every smaller size is reduced from it

Changes = Mapping[str, Mapping[str, Any]]  # section -> field -> value
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
RECIPE = ("split", "augment", "model", "training")  # sections that a trial changes; else a method, or films left out
SECOND: Changes = {"augment": {"strength": 0.5}, "training": {"sizes_px": (96,), "epochs": (6,)}}

THIRD: Changes = {"augment": {"strength": 0.5}, "training": {"sizes_px": (96,), "epochs": (12,), "ema_decay": 0.99}}


def changed(changes: Changes, **more: Mapping[str, Any]) -> Changes:
    """The changes and more of them, field by field."""
    return {name: {**changes.get(name, {}), **more.get(name, {})} for name in (*changes, *more)}


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
        "zero residual": {"blocks": {"begin": "identity"}},
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
    2: {
        "base": SECOND,
        "average 0": changed(SECOND, training={"ema_decay": 0.0}),
        "rate 5e-4": changed(SECOND, training={"learning_rate": 5e-4}),
        "rate 2e-3": changed(SECOND, training={"learning_rate": 2e-3}),
        "variations 0.25": changed(SECOND, augment={"strength": 0.25}),
        "sharp": changed(SECOND, sharp={"radius": 0.05, "last_epochs": 2}),
        "originals": changed(SECOND, films={"without": "second-generation"}, training={"epochs": (8,)}),
        "balanced": changed(SECOND, training={"class_weights": "balanced"}),
        "sizes 96, 128": changed(SECOND, training={"sizes_px": (96, 128), "epochs": (3, 2)}),
        "width 32": changed(SECOND, model={"width": 32}, training={"epochs": (12,)}),
        "width 32, 2": changed(SECOND, model={"width": 32, "networks": 2}),
        "width 32, 4": changed(SECOND, model={"width": 32, "networks": 4}, training={"epochs": (4,)}),
        "width 48, 2": changed(SECOND, model={"width": 48, "networks": 2}, training={"epochs": (4,)}),
    },
    3: {
        "base": THIRD,
        "sharp": changed(THIRD, sharp={"radius": 0.05, "last_epochs": 4}),
        "128 px, 8 epochs": changed(THIRD, training={"sizes_px": (128,), "epochs": (8,)}),
        "sizes to 160": changed(THIRD, training={"sizes_px": (96, 128, 160), "epochs": (5, 3, 2)}),
        "width 32, 4": changed(THIRD, model={"width": 32, "networks": 4}, training={"epochs": (8,)}),
        "width 32, 4, 128 px": changed(
            THIRD, model={"width": 32, "networks": 4}, training={"sizes_px": (128,), "epochs": (6,)}
        ),
        "skip learnt": changed(THIRD, skip={"first_epoch": 4, "above": 0.95}, training={"epochs": (7,)}),
        "start": changed(THIRD, start={"epochs": 2}, training={"epochs": (8,)}),
    },
}


def main() -> None:
    """Do the trials of a round that are not done, and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--table", type=Path)
    parser.add_argument("--adults", type=Path, help="films of other hospitals, for the trials that begin with them")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--round", type=int, default=max(ROUNDS), choices=ROUNDS)
    parser.add_argument("--trial", help=argparse.SUPPRESS)
    options = parser.parse_args()
    trials = {folder_of(options.round, name, seed): (name, seed) for seed in SEEDS for name in ROUNDS[options.round]}
    if options.trial:
        name, seed = trials[options.trial]
        run_trial(options.out, options.trial, ROUNDS[options.round][name], seed)
        return
    prepare(options.archive, options.table, options.out)
    if options.adults:
        prepare_adults([options.archive, options.adults], options.out)
    command = [sys.executable, __file__, str(options.archive), "--out", str(options.out), "--round", str(options.round)]

    def do(trial: str) -> None:
        is_done, is_affordable = (options.out / trial / "result.json").exists(), spent_hours(options.out) < BUDGET_HOURS
        if not is_done and is_affordable and not is_much_worse(options.out, options.round, trials[trial][0]):
            subprocess.run([*command, "--trial", trial], check=True)
            print(f"{time.strftime('%H:%M')} {trial}: {result(options.out / trial)}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(do, trials))
    print_table(options.out, options.round, list(ROUNDS[options.round]))


def prepare(archive: Path, table: Path | None, out: Path) -> None:
    """The films of fold 0's training part and their pixels in `out`, split once more; nothing of the other films."""
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


def prepare_adults(archives: list[Path], out: Path) -> None:
    """The films of the second archive that are no copies of films of the first, at the sizes of trials; no labels."""
    if (out / search_methods.ADULTS).exists():
        return
    recipe = parse_recipe(BASE.replace("[112]", "[128]"))
    whole = out / "with-adults"
    whole.mkdir(parents=True, exist_ok=True)
    films = make_films(archives, [], recipe, whole)
    known = {row.group for row in films.index.rows if row.origin == 0}
    kept = [number for number, row in enumerate(films.index.rows) if row.origin == 1 and row.group not in known]
    films = films.at_sizes(whole, (96, 112, 128), recipe.data.fit)
    np.savez(out / search_methods.ADULTS, **{f"pixels_{size}": store[kept] for size, store in films.stores.items()})
    print(f"{len(kept)} films of {archives[1]} are no copies of films of {archives[0]}", file=sys.stderr)


def run_trial(out: Path, name: str, changes: Changes, seed: int) -> None:
    """Train one, or go on, and write what it came to."""
    recipe = parse_recipe(BASE)
    for section, fields in (*changes.items(), ("training", {"seed": seed})):
        if section in RECIPE:
            recipe = replace(recipe, **{section: replace(getattr(recipe, section), **fields)})
    index = read_index(out / "index.csv")
    if "films" in changes:
        rows = (replace(row, split="") if row.quality == changes["films"]["without"] else row for row in index.rows)
        index = replace(index, rows=tuple(rows))
    films = Films.open(index, out, size_px=SIZE_PX, fit=recipe.data.fit)
    assert films is not None
    films = films.at_sizes(out, recipe.training.sizes_px, recipe.data.fit)
    run = Run(out / name)
    run.folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    for kind, fields in changes.items():
        if kind in search_methods.METHODS:
            search_methods.METHODS[kind](recipe, films, out, **fields)
    loop.train(run, recipe, films, search_methods.Quiet(), threads=1)
    cpu_seconds = time.process_time() - began
    epochs = [step for step in read_history(run.history) if step.validation_loss is not None]
    logits, labels = last_logits(run, recipe, films)
    found = {
        **judged(logits, labels),
        "accuracies": [step.validation_accuracy for step in epochs],
        "cpu_seconds": cpu_seconds,
    }
    np.savez(run.folder / "logits.npz", logits=logits, labels=labels)
    for path in run.checkpoints.glob("*.safetensors"):
        path.unlink()
    (run.folder / "result.json").write_text(json.dumps(found))


def last_logits(run: Run, recipe: Recipe, films: Films) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """What the moving average after the last step says of the films to judge, (N, K); their labels, (N,)."""
    state = new_state(recipe, len(films.index.classes), torch.device("cpu"))
    restore(state, run.checkpoints, lambda _: None)
    rows = films.part("validation")
    return search_methods.logits_of(state.average, films, rows, recipe), films.labels(rows)


def judged(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[str, float]:
    """Accuracy and mean log loss."""
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return {"accuracy": accuracy, "loss": log_loss(softmax(logits), labels)}


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


def is_much_worse(out: Path, number: int, name: str) -> bool:
    """Whether a choice was MUCH_WORSE than the round's base with the first seed."""
    first, base = (out / folder_of(number, one, SEEDS[0]) for one in (name, "base"))
    if not all((folder / "result.json").exists() for folder in (first, base)):
        return False
    return result(first)["loss"] > result(base)["loss"] + MUCH_WORSE


def print_table(out: Path, number: int, names: list[str]) -> None:
    """A row a trial: mean over seeds, and the difference from the base seed by seed with its standard error."""
    print(f"round {number}; {spent_hours(out):.2f} CPU hours of all rounds")
    print(
        f"{'what':16s} {'accuracy %':>10s} {'against base':>16s} {'log loss':>9s} {'against base':>18s} {'CPU s':>6s}"
    )
    base = list(of_seeds(out, number, names[0]))
    for name in names:
        found = list(of_seeds(out, number, name))
        if not found:
            continue
        if len(found) < len(SEEDS):
            print(f"{name:16s} {100 * found[0]['accuracy']:10.2f} {'':16s} {found[0]['loss']:9.4f}   first seed alone")
            continue
        accuracy, by_accuracy = compared(found, base, "accuracy", 100)
        loss, by_loss = compared(found, base, "loss", 1)
        cpu = mean(entry["cpu_seconds"] for entry in found)
        together = mean_of_networks(out, number, name)
        print(f"{name:16s} {accuracy:10.2f} {by_accuracy:>16s} {loss:9.4f} {by_loss:>18s} {cpu:6.0f}   {together}")


def of_seeds(out: Path, number: int, name: str) -> Iterator[dict[str, float]]:
    """The results of a trial, a seed each."""
    for seed in SEEDS:
        folder = out / folder_of(number, name, seed)
        if (folder / "result.json").exists():
            yield result(folder)


def mean_of_networks(out: Path, number: int, name: str) -> str:
    """What the mean logits of the seeds come to, where they were kept."""
    paths = [out / folder_of(number, name, seed) / "logits.npz" for seed in SEEDS]
    if not all(path.exists() for path in paths):
        return ""
    loaded = [np.load(path) for path in paths]
    found = judged(np.mean([each["logits"] for each in loaded], axis=0), loaded[0]["labels"])
    return f"{100 * found['accuracy']:.2f} {found['loss']:.4f}"


def compared(found: list[dict[str, float]], base: list[dict[str, float]], key: str, scale: float) -> tuple[float, str]:
    """The mean, and the difference from the base with its standard error, in words."""
    differences = [scale * (one[key] - other[key]) for one, other in zip(found, base, strict=True)]
    error = stdev(differences) / math.sqrt(len(differences))
    return scale * mean(entry[key] for entry in found), f"{mean(differences):+.3f} ({error:.3f})"


if __name__ == "__main__":
    main()
