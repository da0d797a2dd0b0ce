"""What the recipe `findings` learns beyond view, sex and age: five folds by patient within each half of nih-findings.

    python benchmarks/findings_reach.py DATA --out runs/findings-reach

DATA holds nih-findings/. A network of the recipe is trained without each fold of a half, and answers it; the table
probe sees view, sex and age of the same films in the same folds. Scores are ranked within each fold. Judged are the
findings with at least 10 positives in the half. The halves are never joined: on both together view, sex, age and half
alone tell most of it. Where the network is not above the probe, the curve at 25 and 50 % of the training groups says
whether more films would help. What is finished is not done again.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from search_methods import Quiet

from plainfilm.audits.finding_probes import TABLE, known, read
from plainfilm.audits.table_view import table_columns
from plainfilm.config import Recipe, load_recipe
from plainfilm.data.films import Films
from plainfilm.data.splits.split import even_folds
from plainfilm.evaluation.findings_metrics import Compared, compare_findings
from plainfilm.evaluation.metrics import placements
from plainfilm.io.run_folder import Run
from plainfilm.randomness import generator
from plainfilm.training.loop import answered, train
from plainfilm.workflows.prepare import make_films

HALVES = ("nih-jrzech", "nih-talo")
NUM_FOLDS, MIN_POSITIVES = 5, 10
SHARES = (1.0, 0.5, 0.25)  # of the training groups


def main() -> None:
    """Train what is not trained, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="findings")
    parser.add_argument("--epochs", type=int, help="instead of the recipe's, to choose them on other folds")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    recipe = load_recipe(options.recipe)
    if options.epochs:
        recipe = replace(recipe, training=replace(recipe.training, epochs=(options.epochs,)))
    options.out.mkdir(parents=True, exist_ok=True)
    source = options.data / "nih-findings"
    films = make_films([source / "films.zip"], [source / "metadata.csv"], recipe, options.out)
    for share in SHARES:
        for half in HALVES:
            print_half(films, recipe, half, share, options.out, options.threads)


def print_half(films: Films, recipe: Recipe, half: str, share: float, out: Path, threads: int) -> None:
    """A line a finding: both AUCs, and their difference."""
    index = films.index
    rows = [row for row in films.judged() if index.rows[row].source == half]
    targets, groups = films.targets(rows), films.groups(rows)
    kept = [k for k in range(targets.shape[1]) if (targets[:, k] == 1).sum() >= MIN_POSITIVES]
    names = [index.classes[k] for k in kept]
    counted = [index.counted(index.rows[row]) for row in rows]
    parts, _ = even_folds(
        counted, [half] * len(rows), groups, count=NUM_FOLDS, train_only=[False] * len(rows), seed=recipe.split.seed
    )
    fold_of = np.array(parts)
    network = np.zeros(targets.shape)
    began = time.process_time()
    for fold in range(NUM_FOLDS):
        network[fold_of == fold] = _answers(films, recipe, rows, fold_of, fold, share, out / half, threads)
    network = _ranked(network, fold_of)
    table = _table(films, rows, targets, fold_of)
    found = compare_findings(table[:, kept], network[:, kept], targets[:, kept], groups, names)
    print(f"\n{half}, {share:.0%} of the training groups, n {len(rows)}, {time.process_time() - began:.0f} CPU s")
    print("| finding | positives | network | table probe | difference |\n|---|---|---|---|---|")
    for k, name in zip(kept, names, strict=True):
        print(_line(name, str(int((targets[:, k] == 1).sum())), found.findings[name]))
    print(_line("macro", "", found.macro), flush=True)


def _line(name: str, positives: str, both: Compared) -> str:
    """A row: the network's AUC, the table probe's, and the first minus the second."""
    network, table, gain = both.second, both.first, both.difference
    figures = [f"{entry.value:.3f} ({entry.low:.3f} to {entry.high:.3f})" for entry in (network, table)]
    return f"| {name} | {positives} | {' | '.join(figures)} | {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f}) |"


def _answers(
    films: Films, recipe: Recipe, rows: list[int], fold_of: np.ndarray, fold: int, share: float, out: Path, threads: int
) -> np.ndarray:
    """The logits of a fold's films by a network that was trained on a share of the other groups."""
    run = Run(out / f"{share:g}-{fold}")
    kept = run.folder / "logits.npy"
    own = [row for row, number in zip(rows, fold_of, strict=True) if number == fold]
    if kept.exists():
        return np.load(kept)
    others = [row for row, number in zip(rows, fold_of, strict=True) if number != fold]
    names = sorted({films.index.rows[row].group for row in others})
    drawn = generator(recipe.split.seed, "reach-share", fold).permutation(len(names))[: round(share * len(names))]
    taken = {names[number] for number in drawn}
    chosen = {row for row in others if films.index.rows[row].group in taken}
    index_rows = tuple(
        replace(row, split="train" if number in chosen else "") for number, row in enumerate(films.index.rows)
    )
    part = replace(films, index=replace(films.index, rows=index_rows))
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    net, _ = train(run, recipe, part, Quiet(), threads=threads)
    found = answered(net, films, own, recipe.size_px, recipe.data.channels)
    for path in run.checkpoints.glob("*.safetensors"):
        path.unlink()
    np.save(kept, found)
    (run.folder / "about.json").write_text(json.dumps({"films": len(chosen)}))
    return found


def _table(films: Films, rows: list[int], targets: np.ndarray, fold_of: np.ndarray) -> np.ndarray:
    """What view, sex and age alone say, (N, K), ranked within each of the same folds."""
    columns = table_columns([films.index.rows[row] for row in rows], with_site=False)
    parts = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(NUM_FOLDS)]
    return np.nan_to_num(read(TABLE, columns, known(targets), parts, 0), nan=0.5)


def _ranked(scores: np.ndarray, fold_of: np.ndarray) -> np.ndarray:
    """Scores (N, K) by their rank within each fold: networks trained apart differ in the scale of theirs."""
    found = np.zeros(scores.shape)
    for fold in range(NUM_FOLDS):
        own = np.flatnonzero(fold_of == fold)
        for k in range(scores.shape[1]):
            found[own, k] = placements(scores[own, k], scores[own, k])[0]
    return found


if __name__ == "__main__":
    main()
