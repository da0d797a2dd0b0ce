"""A training in several processes: `python share_a_batch.py FOLDER COUNT...`, each COUNT into FOLDER/COUNT."""

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as functional
from builders import Recorder, make_films, make_recipe, slim_widths, with_policy

from plainfilm.io.run_folder import Run
from plainfilm.training.distributed import Team
from plainfilm.training.loop import train

# Batches of 3 groups, the last of one: some processes have no films then. Few steps, large groups and a low rate: a
# training multiplies differences of rounding, whatever they come from.
RECIPE = make_recipe(
    epochs=(1,), batch_size=24, norm_group=8, optimizer="sgd", learning_rate=1e-3, schedule="constant",
    ema_decay=0.5, class_weights="balanced", label_smoothing=0.1,
)  # fmt: skip


def process(run: Path, rank: int, count: int) -> None:
    store = dist.FileStore(str(run.with_suffix(".store")), count)
    team = Team(rank, count, store=store)
    if rank:
        assert team.wait(lambda: 0) == run
    with team.leading():
        train(Run(run), with_policy(RECIPE, "radiograph"), make_films(56, 5), Recorder(), threads=1, team=team)


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
    for word in sys.argv[2:]:
        run, count = Path(sys.argv[1]) / word, int(word)
        run.mkdir()
        forks = []
        for rank in range(count):
            forks.append(os.fork())
            if forks[-1] == 0:
                process(run, rank, count)
                os._exit(0)
        assert [os.waitpid(fork, 0)[1] for fork in forks] == [0] * count


if __name__ == "__main__":
    main()
