"""The plan of a training (which step is which epoch, at which size) and the learning rate at a step: pure functions."""

import math
from dataclasses import dataclass

from plainfilm.config import TrainingRecipe


@dataclass(frozen=True)
class Plan:
    """Steps and epochs of a training, counted from 0."""

    steps_per_epoch: int
    sizes_px: tuple[int, ...]  # of each epoch

    @property
    def epochs(self) -> int:
        """Epochs in all."""
        return len(self.sizes_px)

    @property
    def steps(self) -> int:
        """Steps in all."""
        return self.epochs * self.steps_per_epoch

    def place(self, step: int) -> tuple[int, int]:
        """The epoch of a step, and its number within the epoch.

        >>> Plan(10, (64, 64)).place(12)
        (1, 2)
        """
        return divmod(step, self.steps_per_epoch)

    def is_last_of_epoch(self, step: int) -> bool:
        """Whether an epoch ends with this step."""
        return (step + 1) % self.steps_per_epoch == 0


def make_plan(training: TrainingRecipe, steps_per_epoch: int) -> Plan:
    """The plan of a recipe."""
    steps = zip(training.sizes_px, training.epochs, strict=True)
    return Plan(steps_per_epoch, tuple(size for size, epochs in steps for _ in range(epochs)))


def learning_rate(training: TrainingRecipe, plan: Plan, step: int) -> float:
    """The learning rate at a step, counted from 0.

    natural_exp: learning_rate * exp(-gamma * epoch), constant within an epoch, as the tutorial's NaturalExpDecay.
    cosine: a linear rise over warmup_epochs (to whole steps), then half a cosine to 0.
    """
    highest = training.learning_rate
    if training.schedule == "constant":
        return highest
    if training.schedule == "natural_exp":
        return highest * math.exp(-training.gamma * plan.place(step)[0])
    warmup = round(training.warmup_epochs * plan.steps_per_epoch)
    if step < warmup:
        return highest * (step + 1) / warmup
    return highest * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(plan.steps - warmup, 1)))
