"""A run as a training leaves it, step by step, without the training."""

import contextlib
import json
from pathlib import Path

from builders import make_recipe

from plainfilm.config import Recipe
from plainfilm.training.history import History, RunLog, Step
from plainfilm.training.schedule import Plan, make_plan

RECIPE = make_recipe(sizes_px=(64, 128), epochs=(2, 2))


def start(folder: Path, recipe: Recipe) -> Path:
    folder.mkdir()
    (folder / "recipe.toml").write_text(recipe.to_toml())
    return folder


class Training:
    """What a training writes: its history by `History`, its log by `RunLog`, on a clock that is told."""

    def __init__(self, run: Path, *, recipe: Recipe = RECIPE, steps_per_epoch: int = 10, at: int = 0) -> None:
        self.plan: Plan = make_plan(recipe.training, steps_per_epoch)
        self.path, self.log = run / "history.csv", RunLog(run / "log.jsonl")
        self.seconds, self.done = 0.0, at
        self.go(0)
        self.write("resume" if at else "start", step=at, steps=self.plan.steps)

    def write(self, event: str, **facts: object) -> None:
        with self.log.path.open("a") as file:
            file.write(json.dumps({"event": event, "seconds": self.seconds, **facts}) + "\n")

    def go(self, steps: int, *, seconds: float = 1.0, accuracies: dict[int, float] | None = None) -> None:
        """Do steps of so many seconds; the epochs' validation accuracies are given by epoch, else 0.5."""
        with contextlib.closing(History(self.path, keep=self.done)) as history:
            for _ in range(steps):
                epoch = self.plan.place(self.done)[0]
                self.seconds += seconds
                step = Step(self.done, epoch, 1.0, 0.5, 1e-3)
                if self.plan.is_last_of_epoch(self.done):
                    accuracy = (accuracies or {}).get(epoch, 0.5)
                    step = Step(self.done, epoch, 1.0, 0.5, 1e-3, 0.25, accuracy)
                    self.write("epoch", step=self.done, epoch=epoch)
                history.append(step)
                self.done += 1
