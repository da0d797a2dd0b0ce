"""A training in several processes: `python share_a_batch.py TASK FOLDER COUNT...`, each COUNT into FOLDER/COUNT."""

import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as functional
from builders import Recorder, make_films, make_recipe, slim_widths, with_policy

from plainfilm.config import Recipe, TaskRecipe
from plainfilm.data.films import Films
from plainfilm.data.statements import joined
from plainfilm.io.run_folder import Run
from plainfilm.training.distributed import Team
from plainfilm.training.loop import train

# Batches of 3 groups, the last of one: some processes have no films then. Few steps, large groups and a low rate: a
# training multiplies differences of rounding, whatever they come from.
RECIPE = make_recipe(
    epochs=(1,), batch_size=24, norm_group=8, optimizer="sgd", learning_rate=1e-3, schedule="constant",
    ema_decay=0.5, class_weights="balanced", label_smoothing=0.1,
)  # fmt: skip


def prepared(task: str) -> tuple[Recipe, Films]:
    """Recipe and films; of findings with cells that say nothing, so that few groups of a batch weigh the same."""
    recipe, films = with_policy(RECIPE, "radiograph"), make_films(56, 5)
    if task == "classes":
        return recipe, films
    said = [
        {"Mass": row.label} | ({"Edema": ("1", "0", "-1")[place % 3]} if place % 7 else {})
        for place, row in enumerate(films.index.rows)
    ]
    recipe = replace(recipe, task=TaskRecipe(kind="findings", uncertain="ignore"))
    index = replace(
        films.index,
        rows=tuple(replace(row, label=joined(one)) for row, one in zip(films.index.rows, said, strict=True)),
        classes=("Edema", "Mass"),
        task=asdict(recipe.task),
    )
    return recipe, replace(films, index=index)


def process(task: str, run: Path, rank: int, count: int) -> None:
    store = dist.FileStore(str(run.with_suffix(".store")), count)
    team = Team(rank, count, store=store)
    if rank:
        assert team.wait(lambda: 0) == run
    recipe, films = prepared(task)
    with team.leading():
        train(Run(run), recipe, films, Recorder(), threads=1, team=team)


def smooth() -> None:
    """Make networks without kinks: at one, two roundings may take different sides, and gradients then differ at once.

    On some processors a film of these lies there. What is compared is how a batch is shared, which knows of no kink.
    """
    functional.relu = functional.softplus
    functional.max_pool2d = functional.avg_pool2d


def main() -> None:
    slim_widths()
    smooth()
    torch.set_num_threads(1)
    task, folder, *counts = sys.argv[1:]
    for word in counts:
        run, count = Path(folder) / word, int(word)
        run.mkdir()
        forks = []
        for rank in range(count):
            forks.append(os.fork())
            if forks[-1] == 0:
                process(task, run, rank, count)
                os._exit(0)
        assert [os.waitpid(fork, 0)[1] for fork in forks] == [0] * count


if __name__ == "__main__":
    main()
