"""How many training films a second findings take, beside three classes: one network, the same films, taken in turns.

    python benchmarks/findings_speed.py --rounds 9

The recipe `findings` on noise: 14 findings, a fifth of whose cells nobody says, and the same with the task of three
classes. A round is ten steps of each, in turns; printed is the ratio of each round's films a second, with the median
and its range.
"""

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from plainfilm.config import Recipe, TaskRecipe, load_recipe
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.sources.findings_names import NIH
from plainfilm.data.statements import joined
from plainfilm.randomness import generator
from plainfilm.task import task_of
from plainfilm.training import hardware
from plainfilm.training.batches import Batches
from plainfilm.training.loop import DTYPES, optimise
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import new_state

STEPS = 10
CLASSES = ("a", "b", "c")
CPU = torch.device("cpu")


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    hardware.keep_freed_memory()
    recipe = load_recipe("findings")
    sides = [Side(recipe, options.rounds), Side(replace(recipe, task=TaskRecipe()), options.rounds)]
    ratios = []
    for number in range(options.rounds + 1):
        seconds = [side.seconds() for side in (sides if number % 2 else sides[::-1])]
        findings, classes = seconds if number % 2 else seconds[::-1]
        if number:  # the first warms up
            ratios.append(classes / findings)
    low, high = min(ratios), max(ratios)
    print(f"{np.median(ratios):.3f} ({low:.3f} to {high:.3f}: range, n {len(ratios)}) of the films a second")


class Side:
    """One task, ready to train."""

    def __init__(self, recipe: Recipe, rounds: int) -> None:
        self.recipe, kind = recipe, recipe.task.kind
        count = recipe.training.batch_size * STEPS * (rounds + 1)
        names = CLASSES if kind == "classes" else tuple(NIH)
        draws = generator(0, "findings-speed")
        cells = draws.choice(["0", "1", ""], size=(count, len(names)), p=[0.7, 0.1, 0.2])
        labels = [
            names[number % 3] if kind == "classes" else joined(dict(zip(names, row, strict=True)))
            for number, row in enumerate(cells.tolist())
        ]
        rows = tuple(Row(image_id=f"{number:016x}", label=label, split="train") for number, label in enumerate(labels))
        store = draws.integers(0, 256, (count, recipe.size_px, recipe.size_px), dtype=np.uint8)
        task = {} if kind == "classes" else {"kind": kind, "blank": "ignore"}
        films = Films.of(Index(rows, (), names, {"kind": "grouped"}, task=task), store)
        self.state = new_state(recipe, len(names), CPU)
        self.batches = Batches(recipe, films, make_plan(recipe.training, STEPS * (rounds + 1)))
        self.objective = task_of(kind).objective(recipe.training, films, CPU)

    def seconds(self) -> float:
        """Ten steps."""
        began = time.perf_counter()
        for _ in range(STEPS):
            batch = self.batches[self.state.step]
            optimise(self.state, batch, 1e-3, self.recipe, self.objective, DTYPES["float32"])
            self.state.step += 1
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
