"""The loss of findings: masked, weighted, equal to PyTorch's where nothing is masked."""

import pytest
import torch
from torch.nn import functional as F

from plainfilm.config import TrainingRecipe
from plainfilm.training.objective import MaskedBinaryCrossEntropy, finding_weights
from tests.builders import make_films

CPU = torch.device("cpu")
NAN = float("nan")


class Films:
    """Films whose targets are given."""

    def __init__(self, targets):
        self.stated = torch.as_tensor(targets, dtype=torch.float32).numpy()

    def part(self, name):
        assert name == "train"
        return list(range(len(self.stated)))

    def targets(self, rows):
        return self.stated[rows]


def objective(targets, **training) -> MaskedBinaryCrossEntropy:
    return MaskedBinaryCrossEntropy(TrainingRecipe(**training), Films(targets), CPU)


TARGETS = torch.tensor([[1.0, 0.0, 0.5], [0.0, 1.0, 1.0]])
LOGITS = torch.tensor([[0.3, -1.0, 2.0], [1.5, 0.2, -0.7]])


def test_without_masks_it_is_torchs():
    loss = objective(TARGETS)
    expected = F.binary_cross_entropy_with_logits(LOGITS, TARGETS)
    assert (loss.loss(LOGITS, TARGETS) / loss.weight(TARGETS)).item() == pytest.approx(expected.item())
    assert loss.plain_loss(LOGITS, TARGETS).item() == pytest.approx(6 * expected.item())


def test_what_nobody_says_teaches_nothing():
    masked = torch.tensor([[1.0, NAN, 0.5], [NAN, 1.0, NAN]])
    loss, logits = objective(TARGETS), LOGITS.clone().requires_grad_()
    value = loss.loss(logits, masked) / loss.weight(masked)
    value.backward()
    known = ~masked.isnan()
    expected = F.binary_cross_entropy_with_logits(LOGITS[known], masked[known])
    assert value.item() == pytest.approx(expected.item())
    assert (logits.grad[~known] == 0).all()
    assert (logits.grad[known] != 0).all()


def test_a_batch_in_which_nothing_is_known_gives_no_gradient():
    loss, logits = objective(TARGETS), LOGITS.clone().requires_grad_()
    unknown = torch.full((2, 3), NAN)
    (loss.loss(logits, unknown) / loss.weight(unknown)).backward()
    assert (logits.grad == 0).all()


def test_balanced_weights_are_inverse_to_the_films():
    targets = [[1, NAN], [0, 1], [0, 0], [0, NAN]]
    weights = finding_weights(TrainingRecipe(class_weights="balanced"), Films(targets))
    absent, present = weights.tolist()
    assert present == pytest.approx([4 / 2, 2 / 2])
    assert absent == pytest.approx([4 / 6, 2 / 2])
    balanced = objective(targets, class_weights="balanced")
    batch = torch.tensor([[1.0, NAN], [0.0, 1.0]])
    logits = torch.tensor([[0.5, 9.0], [-0.5, 1.0]])
    parts = F.binary_cross_entropy_with_logits(logits, batch.nan_to_num(0), reduction="none")
    by_hand = 2 * parts[0, 0] + 4 / 6 * parts[1, 0] + parts[1, 1]
    assert balanced.loss(logits, batch).item() == pytest.approx(by_hand.item())
    assert balanced.weight(batch).item() == pytest.approx(2 + 4 / 6 + 1)


def test_right_answers_are_counted_where_the_truth_is_known():
    targets = torch.tensor([[1.0, NAN, 0.5], [0.0, 1.0, 1.0]])
    loss = objective(TARGETS)
    assert loss.count(targets) == 4
    assert int(loss.right(LOGITS, targets)) == 2  # of 1, 0, 1, 1 the first and the third


def test_the_better_epoch_is_the_one_of_the_lower_loss():
    loss = objective(TARGETS)
    better, worse = {"accuracy": 0.8, "loss": 0.2}, {"accuracy": 0.9, "loss": 0.3}
    assert loss.rank(better) > loss.rank(worse)


def test_targets_of_classes_are_their_numbers():
    films = make_films(6, num_classes=3)
    assert films.targets(range(6)).tolist() == films.labels(range(6)).tolist()
