"""The ladder of the model that ships: what a way of training does to films of two sites that it has never seen.

    python benchmarks/crossed.py DATA --out runs/crossed

Four crossed cells: the normal films of openist, or of rsna and nih (one hospital), with the COVID films of the web, or
of hospital-b. A cell's films are the test; all other sites are the training, kermany always. Judged is the moving
average after the last step: balanced accuracy of normal against COVID, an answer "viral pneumonia" being wrong for
both. The worst cell decides. Nothing is chosen on a cell's own films within a training. Steps and budget were written
down first: every step of STEPS with seed 0, then seeds 1 and 2 of the plain step and of the best one. Two trials run at
a time, each with one thread; what is finished is not done again.

The last three steps were added when the others had been run. What is read from beside the lungs: the AUC of COVID above
normal on the same films with the lungs hidden.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import crossed_methods
import numpy as np
import torch
from chest_model import empty_films
from search_methods import Quiet, logits_of

from plainfilm.config import Recipe, parse_recipe
from plainfilm.data.film_index import Index, read_index, write_index
from plainfilm.data.films import Films
from plainfilm.data.lungfield import hull, lung_fields
from plainfilm.evaluation import metrics
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io.run_folder import Run
from plainfilm.model.networks.mean import Network
from plainfilm.training import loop
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import new_state, restore
from plainfilm.workflows.prepare import make_films

CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")
SITES = {  # by the column source
    "kermany": "kermany",
    "covid-web-and-hospitals": "web",
    "covid-hospital-b": "hospital-b",
    "rsna": "rsna+nih",
    "nih-jrzech": "rsna+nih",
    "nih-talo": "rsna+nih",
    "openist": "openist",
}
CELLS = [(normal, covid) for normal in ("openist", "rsna+nih") for covid in ("web", "hospital-b")]
SIZE_PX = 96
BASE = f"""
[split]
train_only = "recompressed"

[augment]
policy = "radiograph"
strength = 0.5

[model]
width = 32

[training]
sizes_px = [{SIZE_PX}]
epochs = [4]
batch_size = 32
learning_rate = 1e-3
weight_decay = 0.05
warmup_epochs = 0.5
ema_decay = 0.98
precision = "float32"
kernels = "fast"
"""
Step = Mapping[str, Any]
STEPS: dict[str, Step] = {  # from plain training upward
    "plain": {},
    "strong variations": {"strength": 1.5},
    "restyled": {"restyled": True},
    "canonical": {"canonical": True},
    "restyled, balanced": {"restyled": True, "balanced": True},
    "canonical, restyled": {"canonical": True, "restyled": True},
    "canonical, restyled, balanced": {"canonical": True, "restyled": True, "balanced": True},
    "no evidence outside the lungs": {"lungs": True},
    "adversaries of sites": {"adversary": True},
    "tail averaged": {"tail": True},
}
AGAIN = (1, 2)  # the seeds of the plain step and of the best one


def main() -> None:
    """Do the trials that are not done, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--abreast", type=int, default=2)
    parser.add_argument("--trial", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.trial:
        step, cell, seed = options.trial
        run_trial(options.out, step, int(cell), int(seed))
        return
    prepare(options.data, options.out)

    def do(trial: tuple[str, int, int]) -> None:
        if not folder_of(options.out, *trial).joinpath("result.json").exists():
            command = [sys.executable, __file__, str(options.data), "--out", str(options.out), "--trial"]
            subprocess.run([*command, *map(str, trial)], check=True)
            print(f"{time.strftime('%H:%M')} {trial}", file=sys.stderr, flush=True)

    with ThreadPoolExecutor(options.abreast) as pool:
        list(pool.map(do, [(step, cell, 0) for step in STEPS for cell in range(len(CELLS))]))
        best = max(STEPS, key=lambda step: worst(options.out, step, 0))
        names = dict.fromkeys(("plain", best))
        list(pool.map(do, [(step, cell, seed) for seed in AGAIN for step in names for cell in range(len(CELLS))]))
    print_table(options.out)


def prepare(data: Path, out: Path) -> None:
    """All films, their sites and pixels, in `out`."""
    if (out / "index.csv").exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    table = out / "nih.csv"
    table.write_text(empty_films(data / "nih-findings" / "metadata.csv"))
    folders = ["covid-radiography", "adult-sources", "openist"]
    archives = ["input_data.zip", "images.zip", "films.zip"]
    sources = [data / folder / archive for folder, archive in zip(folders, archives, strict=True)]
    tables = [data / folder / "metadata.csv" for folder in folders]
    recipe = parse_recipe(BASE)
    films = make_films([*sources, data / "nih-findings" / "films.zip"], [*tables, table], recipe, out)
    write_index(films.index, out)
    np.save(out / "canonical.npy", crossed_methods.canonical(np.asarray(films.store)))


def split_of(index: Index, cell: tuple[str, str]) -> Index:
    """The films of a cell as the ones to judge, those of its two sites for nothing else, all others to train.

    A film to judge that is a copy of one to train on is left out.
    """
    site = [SITES[row.source] for row in index.rows]
    usable = [bool(row.image_id) and row.label in CLASSES and bool(row.split) for row in index.rows]
    trained = {row.group for row, at, good in zip(index.rows, site, usable, strict=True) if good and at not in cell}
    rows = []
    for row, at, good in zip(index.rows, site, usable, strict=True):
        part = "train" if at not in cell else "validation" if row.group not in trained else ""
        rows.append(replace(row, split=part if good else ""))
    return replace(index, rows=tuple(rows), classes=CLASSES)


def run_trial(out: Path, step: str, cell: int, seed: int) -> None:
    """Train one, and write what it came to."""
    torch.set_num_threads(1)
    choice, recipe = STEPS[step], parse_recipe(BASE)
    recipe = replace(
        recipe,
        training=replace(recipe.training, seed=seed),
        augment=replace(recipe.augment, strength=choice.get("strength", recipe.augment.strength)),
    )
    index = split_of(read_index(out / "index.csv"), CELLS[cell])
    films = Films.open(index, out, size_px=SIZE_PX, fit=recipe.data.fit)
    assert films is not None
    if choice.get("canonical"):
        films = Films.of(index, np.load(out / "canonical.npy", mmap_mode="r"))
    sites = [SITES[row.source] for row in index.rows]
    loop.Batches = crossed_methods.batches(
        films, sites, **{key: choice.get(key, False) for key in ("balanced", "restyled")}
    )
    if choice.get("lungs"):
        loop.optimise = crossed_methods.optimise_with(crossed_methods.evidence_outside)
    if choice.get("adversary"):
        rows = films.part("train")
        labels = dict(zip(rows, films.labels(rows).tolist(), strict=True))
        width = 8 * recipe.model.width  # of the features of a basic block's last stage
        loop.optimise = crossed_methods.optimise_with(crossed_methods.site_adversary(labels, sites, width))
    if choice.get("tail"):
        plan = make_plan(recipe.training, -(-len(films.part("train")) // recipe.training.batch_size))
        loop.update_ema = crossed_methods.tail_average(plan.steps - plan.steps_per_epoch)
    run = Run(folder_of(out, step, cell, seed))
    run.folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    loop.train(run, recipe, films, Quiet(), threads=1)
    seconds = time.process_time() - began
    found = judged(run, recipe, films)
    for path in run.checkpoints.glob("*.safetensors"):
        path.unlink()
    (run.folder / "result.json").write_text(json.dumps({**found, "cpu_seconds": seconds}))


def judged(run: Run, recipe: Recipe, films: Films) -> dict[str, Any]:
    """Balanced accuracy with its interval over groups, and how many of each class are called right."""
    state = new_state(recipe, len(CLASSES), torch.device("cpu"))
    restore(state, run.checkpoints, lambda _: None)
    rows = films.part("validation")
    logits, labels = logits_of(state.average, films, rows, recipe), films.labels(rows)
    right = (logits.argmax(axis=1) == labels).astype(float)
    counts = {number: int((labels == number).sum()) for number in (0, 2)}
    weights = np.array([len(labels) / (2 * counts[int(label)]) for label in labels])
    figure = grouped_mean(right * weights, films.groups(rows), bound=float(weights.max()))
    recalls = {CLASSES[number]: float(right[labels == number].mean()) for number in counts}
    return {
        "balanced": [figure.value, figure.low, figure.high],
        "n": len(labels),
        "recalls": recalls,
        "auc_beside_lungs": auc_beside_lungs(state.average, films, rows),
    }


def auc_beside_lungs(net: Network, films: Films, rows: Sequence[int]) -> float:
    """AUC of COVID above normal where the rectangle around the lungs is filled with the film's mean."""
    pixels = films.pixels(rows, 1, SIZE_PX)[:, 0]
    hidden = np.where(hull(lung_fields(pixels)), pixels.mean((1, 2), keepdims=True).astype(np.uint8), pixels)
    with torch.inference_mode():
        logits = torch.cat([net(part).logits for part in torch.from_numpy(hidden[:, None]).split(64)])
    return metrics.auc((logits[:, 2] - logits[:, 0]).numpy(), films.labels(rows) == 2)


def folder_of(out: Path, step: str, cell: int, seed: int) -> Path:
    """Where a trial is."""
    return out / f"{step.replace(', ', '-').replace(' ', '-')}-{cell}-{seed}"


def result(out: Path, step: str, cell: int, seed: int) -> dict[str, Any] | None:
    """What a trial came to; None if it is not done."""
    path = folder_of(out, step, cell, seed) / "result.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def worst(out: Path, step: str, seed: int) -> float:
    """The balanced accuracy of a step's worst cell; -1 if one is not done."""
    found = [result(out, step, cell, seed) for cell in range(len(CELLS))]
    return min(entry["balanced"][0] if entry else -1.0 for entry in found)


def print_table(out: Path) -> None:
    """A line a step and seed: each cell with its interval, and the worst."""
    print(
        "| step, seed | "
        + " | ".join(" x ".join(cell) for cell in CELLS)
        + " | worst | AUC beside the lungs | CPU min |"
    )
    print("|---|" + "---|" * (len(CELLS) + 3))
    for step in STEPS:
        for seed in (0, *AGAIN):
            found = [result(out, step, cell, seed) for cell in range(len(CELLS))]
            if not any(found):
                continue
            cells = []
            for entry in found:
                value, low, high = entry["balanced"] if entry else (0, 0, 0)
                recalls = [f"{100 * share:.0f}" for share in entry["recalls"].values()] if entry else []
                cells.append(
                    f"{100 * value:.1f} ({100 * low:.1f} to {100 * high:.1f}; {'/'.join(recalls)})" if entry else "–"
                )
            beside = " ".join(f"{entry.get('auc_beside_lungs', math.nan):.2f}" for entry in found if entry)
            minutes = sum(entry["cpu_seconds"] for entry in found if entry) / 60
            ends = f"{100 * worst(out, step, seed):.1f} | {beside} | {minutes:.0f}"
            print(f"| {step}, {seed} | {' | '.join(cells)} | {ends} |")


if __name__ == "__main__":
    main()
