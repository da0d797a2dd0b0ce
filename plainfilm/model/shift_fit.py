"""What a model file gets to know of its home: the summary that `plainfilm.model.shift` compares films with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.model.input_check import tail
from plainfilm.model.packed import Floats, pack
from plainfilm.model.shift import (
    COMPONENTS,
    UNLIKE_SHARE,
    WINDOW,
    Block,
    BlockSummary,
    Home,
    ShiftSummary,
    in_blocks,
)
from plainfilm.randomness import generator

MIN_KNOWN = 25  # films that the network has not seen, without which there is no summary
MIN_GROUPS = 10  # of them
MIN_ANSWER = 5  # films with an answer, without which nothing is known of it
GROUPS_A_COMPONENT = 5  # at least
SHRINKAGE = 2  # films a component that the covariance of all answers weighs as much as
FLOOR = 1e-3  # of a variance, in mean variances of its block
NUM_HALVINGS = 20
BATCHES_A_HALVING = 50
LEARNED = ("features",)  # blocks in which films that the network was trained on are none to compare with


@dataclass(frozen=True)
class HomeFilms:
    """N films of home, described."""

    points: dict[str, Floats]  # by block (N, D)
    answers: NDArray[np.int64]  # (N,), predicted classes
    groups: NDArray[np.int64]  # (N,), numbers of their groups
    unseen: NDArray[np.bool_]  # (N,), whether the network was not trained on them

    @classmethod
    def of(
        cls,
        features: Floats,
        coarse: Floats,
        texture: Floats,
        answers: NDArray[np.int64],
        groups: Sequence[str],
        unseen: NDArray[np.bool_],
    ) -> "HomeFilms":
        """Films as `describe` gives them, (N, ...) each."""
        numbers = np.unique(np.asarray(groups), return_inverse=True)[1]
        return cls(in_blocks(features, coarse, texture), answers, numbers, unseen)

    def some(self, chosen: NDArray[np.bool_]) -> "HomeFilms":
        """Those of them that are chosen, (N,)."""
        points = {name: values[chosen] for name, values in self.points.items()}
        return HomeFilms(points, self.answers[chosen], self.groups[chosen], self.unseen[chosen])


def fit_home(films: HomeFilms, num_classes: int, *, seed: int) -> ShiftSummary | None:
    """The summary of home; None where too few films are unseen. The same films and seed give the same summary."""
    unseen = films.some(films.unseen)
    if len(unseen.answers) < MIN_KNOWN or len(np.unique(unseen.groups)) < MIN_GROUPS:
        return None
    distances, squares = _by_chance(films, num_classes, seed)
    if not len(distances):
        return None
    mean, variance = float(distances.mean()), float(distances.var())
    scale = variance / (2 * mean)
    blocks = _blocks(films, num_classes)
    return ShiftSummary(
        blocks={name: _packed(block) for name, block in blocks.items()},
        films=tuple(np.bincount(unseen.answers, minlength=num_classes).tolist()),
        scale=scale,
        freedom=mean / scale,
        film_limit=tail(squares, UNLIKE_SHARE),
    )


def _by_chance(films: HomeFilms, num_classes: int, seed: int) -> tuple[Floats, Floats]:
    """How far one half of home is from the other: distances (B,) of batches, and squared offsets (M,) of films.

    Halved by groups; a batch has any mix of answers, since that is no shift.
    """
    random = generator(seed, "shift-halvings")
    distances, squares = list[float](), list[Floats]()
    num_groups = int(films.groups.max()) + 1
    for _ in range(NUM_HALVINGS):
        is_first = random.permutation(num_groups) < num_groups / 2
        first = films.some(is_first[films.groups])
        second = films.some(~is_first[films.groups] & films.unseen)
        home = Home(_blocks(first, num_classes), 1.0, 1.0, 1.0)
        known = np.all([block.groups[second.answers] > 0 for block in home.blocks.values()], axis=0)
        second = second.some(known)
        if len(second.answers) < 2:
            continue
        offsets = home.offsets(second.points, second.answers)
        squares.append(np.square(offsets).sum(1))
        for _ in range(BATCHES_A_HALVING):
            batch = _drawn(second.answers, random)
            parts = home.parts(offsets[batch], second.answers[batch].tolist(), None)
            distances.append(sum(parts.values()))
    return np.array(distances), np.concatenate(squares) if squares else np.zeros(0)


def _drawn(answers: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Rows of at most WINDOW films, each once: half of the time as they come, else of a mix of answers of its own."""
    weights = np.ones(len(answers))
    if random.random() < 0.5:
        shares = random.exponential(size=int(answers.max()) + 1)
        weights = shares[answers]
    count = min(WINDOW, max(len(answers) // 2, 1))
    return np.asarray(random.choice(len(answers), count, replace=False, p=weights / weights.sum()))


def _blocks(films: HomeFilms, num_classes: int) -> dict[str, Block]:
    """Home in every block."""
    unseen = films.some(films.unseen)
    return {name: _block(unseen if name in LEARNED else films, name, num_classes) for name in COMPONENTS}


def _block(films: HomeFilms, name: str, num_classes: int) -> Block:
    points = films.points[name].astype(np.float64)
    counts = np.bincount(films.answers, minlength=num_classes)
    means = np.stack([points[films.answers == k].mean(0) if counts[k] else points.mean(0) for k in range(num_classes)])
    within = points - means[films.answers]
    num_groups = len(np.unique(films.groups))
    size = max(min(COMPONENTS[name], points.shape[1], num_groups // GROUPS_A_COMPONENT), 1)
    axes = np.linalg.eigh(within.T @ within / len(within))[1][:, ::-1][:, :size].astype(np.float16).astype(np.float64)
    along = within @ axes
    pooled = along.T @ along / len(along)
    whiten = np.stack([_whitener(along[films.answers == k], pooled) for k in range(num_classes)])
    groups = [
        len(np.unique(films.groups[films.answers == k])) if counts[k] >= MIN_ANSWER else 0 for k in range(num_classes)
    ]
    return Block(axes, means @ axes, whiten, np.array(groups))


def _whitener(offsets: Floats, pooled: Floats) -> Floats:
    """(k, k): from offsets (n, k) of one answer to such of unit covariance; few films lean on the pooled one."""
    weight = SHRINKAGE * len(pooled)
    covariance = (offsets.T @ offsets + weight * pooled) / (len(offsets) + weight)
    variances, axes = np.linalg.eigh(covariance)
    floor = max(FLOOR * float(variances.mean()), 1e-12)
    return np.asarray(axes / np.sqrt(np.maximum(variances, floor)))


def _packed(block: Block) -> BlockSummary:
    arrays = pack(block.axes, "<f2"), pack(block.means, "<f4"), pack(block.whiten, "<f4")
    return BlockSummary(*arrays, tuple(block.groups.tolist()))
