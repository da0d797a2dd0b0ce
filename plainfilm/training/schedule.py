"""The plan of a training: which step is which epoch, at which size, with which films and rate. Pure functions."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.config import TrainingRecipe
from plainfilm.randomness import generator


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


@dataclass(frozen=True)
class BatchOrder:
    """Which films each step of a training takes: a new order each epoch, keyed by (seed, epoch)."""

    count: int  # training films
    batch_size: int
    seed: int

    @property
    def steps(self) -> int:
        """Steps in an epoch; the last batch may be smaller, down to one film."""
        return -(-self.count // self.batch_size)

    def batch(self, epoch: int, step: int) -> NDArray[np.int64]:
        """The films (numbers from 0 to count - 1) of one step of one epoch."""
        order = generator(self.seed, "order", epoch).permutation(self.count)
        return order[step * self.batch_size : (step + 1) * self.batch_size]
