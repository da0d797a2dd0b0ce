"""What a network learns: the loss of its logits, and what counts as right, for each kind of label."""

from typing import Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from plainfilm.config import TrainingRecipe
from plainfilm.data.films import Films


class Objective(Protocol):
    """The part of a task that a network learns by. `targets`: of a batch, see `Labelling.targets`."""

    def weight(self, targets: Tensor) -> Tensor:
        """What the loss of a batch is divided by."""

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The weighted loss of logits (B, K), summed over the batch."""

    def plain_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The same without weights and smoothing, for validation."""

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """How many answers are right, an integer."""

    def count(self, targets: Tensor) -> int:
        """How many answers are judged."""

    def rank(self, figures: dict[str, float]) -> tuple[float, ...]:
        """What is higher for a better epoch, from its validation accuracy and loss."""


class CrossEntropy:
    """One class a film: targets are their numbers, (B,) int64."""

    def __init__(self, training: TrainingRecipe, films: Films, device: torch.device) -> None:
        self.weights = class_weights(training, films).to(device)
        self.label_smoothing = training.label_smoothing

    def weight(self, targets: Tensor) -> Tensor:
        """The weights of the films."""
        return self.weights[targets].sum()

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy, by the weights of the classes."""
        return F.cross_entropy(
            logits, targets, weight=self.weights, label_smoothing=self.label_smoothing, reduction="sum"
        )

    def plain_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy."""
        return F.cross_entropy(logits, targets, reduction="sum")

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Films whose class has the highest logit."""
        return (logits.argmax(dim=1) == targets).sum()

    def count(self, targets: Tensor) -> int:
        """The films."""
        return len(targets)

    def rank(self, figures: dict[str, float]) -> tuple[float, ...]:
        """By accuracy, then by a lower loss."""
        return figures["accuracy"], -figures["loss"]


class MaskedBinaryCrossEntropy:
    """Any number of findings a film: targets are probabilities, (B, K) float32, NaN where nobody says."""

    def __init__(self, training: TrainingRecipe, films: Films, device: torch.device) -> None:
        self.weights = finding_weights(training, films).to(device)
        self.label_smoothing = training.label_smoothing

    def weight(self, targets: Tensor) -> Tensor:
        """The weights of the cells that say something; at least a little, as a batch may have none."""
        return self._weights(targets).sum().clamp(min=1e-6)

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy over the cells that say something, by the weights of present and absent findings."""
        smooth = targets * (1 - self.label_smoothing) + self.label_smoothing / 2
        return self._masked(logits, smooth, self._weights(targets))

    def plain_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Binary cross-entropy over the cells that say something."""
        return self._masked(logits, targets, (~targets.isnan()).float())

    def right(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Cells of findings that are known to be present or absent, and whose logit has that sign."""
        return (((logits > 0) == (targets > 0.5)) & _is_known(targets)).sum()

    def count(self, targets: Tensor) -> int:
        """Cells of findings that are known to be present or absent."""
        return int(_is_known(targets).sum())

    def rank(self, figures: dict[str, float]) -> tuple[float, ...]:
        """By a lower loss: where most findings are rare, accuracy is high for a network that finds nothing."""
        return (-figures["loss"],)

    def _weights(self, targets: Tensor) -> Tensor:
        """(B, K): of each cell, 0 where it says nothing."""
        known = targets.nan_to_num(0.0)
        absent, present = self.weights
        weights: Tensor = (known * present + (1 - known) * absent) * ~targets.isnan()
        return weights

    @staticmethod
    def _masked(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        losses = F.binary_cross_entropy_with_logits(logits.float(), targets.nan_to_num(0.0), reduction="none")
        return (losses * weights).sum()


def _is_known(targets: Tensor) -> Tensor:
    return (targets == 0) | (targets == 1)


def class_weights(training: TrainingRecipe, films: Films) -> Tensor:
    """The weight of each class in the loss, (K,): 1, or for "balanced" inverse to its share of the training films."""
    num_classes = len(films.index.classes)
    if training.class_weights == "none":
        return torch.ones(num_classes)
    labels = films.labels(films.part("train"))
    counts = np.bincount(labels, minlength=num_classes)
    return torch.from_numpy(len(labels) / (num_classes * np.maximum(counts, 1))).float()


def finding_weights(training: TrainingRecipe, films: Films) -> Tensor:
    """The weights of absent and present findings, (2, K): 1, or for "balanced" inverse to their training films."""
    targets = films.targets(films.part("train"))
    counts = np.stack([(targets == 0).sum(axis=0), (targets == 1).sum(axis=0)])
    if training.class_weights == "none":
        return torch.ones(counts.shape)
    return torch.from_numpy(counts.sum(axis=0) / (2 * np.maximum(counts, 1))).float()
