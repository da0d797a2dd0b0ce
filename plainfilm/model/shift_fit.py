"""What a model file gets to know of its home: the summary that `plainfilm.model.shift` compares films with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    before,
    in_blocks,
)
from plainfilm.randomness import generator

MIN_KNOWN = 25  # films that the network has not seen, without which there is no summary
MIN_GROUPS = 10  # of them
MIN_ANSWER = 5  # films with an answer, without which nothing is known of it
GROUPS_A_COMPONENT = 5  # of half of the films, at least
SHRINKAGE = 2  # films a component that the covariance of all answers weighs as much as
FLOOR = 1e-3  # of a variance, in mean variances of its block
NUM_HALVINGS = 20
BATCHES_A_HALVING = 25  # of each kind
LEARNED = ("features",)  # blocks in which films that the network was trained on are none to compare with


@dataclass(frozen=True)
class HomeFilms:
    """N films of home, described. The network's features of films that it was trained on are not looked at."""

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
    """The summary of home; None if too few films are unseen, or all are alike. Same films and seed, same summary."""
    unseen = films.some(films.unseen)
    if len(unseen.answers) < MIN_KNOWN or len(np.unique(unseen.groups)) < MIN_GROUPS:
        return None
    halves = _halves(films, num_classes, seed)
    if not halves:
        return None
    spreads = _spreads(halves, num_classes, seed)
    distances, squares = _by_chance(halves, spreads, seed)
    mean, variance = float(distances.mean()), float(distances.var())
    if not variance > 0:  # all films are one
        return None
    scale = variance / (2 * mean)
    blocks = _blocks(films, num_classes, 2 * GROUPS_A_COMPONENT)  # as many components as the halves had
    return ShiftSummary(
        blocks={name: _packed(replace(block, spreads=spreads[name])) for name, block in blocks.items()},
        films=tuple(np.bincount(unseen.answers, minlength=num_classes).tolist()),
        scale=scale,
        freedom=mean / scale,
        film_limit=tail(squares, UNLIKE_SHARE),
    )


@dataclass(frozen=True)
class _Half:
    """Home as one half of its films shows it, and where the others lie."""

    home: Home
    offsets: Floats  # (M, D)
    answers: NDArray[np.int64]  # (M,)
    unseen: NDArray[np.bool_]  # (M,)

    def kinds(self) -> list[tuple[int, NDArray[np.bool_]]]:
        """The kinds of batches there are, as films come (-1) and of one answer alone, and which films (M,) are such."""
        found = [(-1, np.ones(len(self.answers), bool))]
        found += [(int(answer), self.answers == answer) for answer in np.unique(self.answers)]
        return [(answer, rows) for answer, rows in found if (rows & self.unseen).sum() >= MIN_ANSWER]

    def parts(self, rows: NDArray[np.bool_], random: np.random.Generator) -> dict[str, float]:
        """By block how far a batch of some of the others (M,) lies; in LEARNED blocks, another one of unseen films."""
        found: dict[str, float] = {}
        for is_learned, among in ((False, rows), (True, rows & self.unseen)):
            batch = _drawn(np.flatnonzero(among), random)
            parts = self.home.parts(self.offsets[batch], self.answers[batch].tolist(), None)
            found |= {name: part for name, part in parts.items() if (name in LEARNED) == is_learned}
        return {name: found[name] for name in self.home.blocks}


def _halves(films: HomeFilms, num_classes: int, seed: int) -> list[_Half]:
    """Home halved by groups, NUM_HALVINGS times; a half whose others are too few is left out."""
    random = generator(seed, "shift-halvings")
    num_groups, found = int(films.groups.max()) + 1, []
    for _ in range(NUM_HALVINGS):
        is_first = random.permutation(num_groups) < num_groups / 2
        first, second = films.some(is_first[films.groups]), films.some(~is_first[films.groups])
        if first.unseen.sum() < MIN_ANSWER:
            continue
        home = Home(_blocks(first, num_classes, GROUPS_A_COMPONENT), 1.0, 1.0, 1.0)
        second = second.some(np.all([block.groups[second.answers] > 0 for block in home.blocks.values()], axis=0))
        if second.unseen.sum() >= MIN_ANSWER:
            offsets = home.offsets(second.points, second.answers)
            found.append(_Half(home, offsets, second.answers, second.unseen))
    return found


def _spreads(halves: Sequence[_Half], num_classes: int, seed: int) -> dict[str, Floats]:
    """By block (K,): how far batches with one answer lie, beside independent films; with few, as batches of any."""
    random = generator(seed, "shift-spreads")
    sizes = {name: block.axes.shape[1] for name, block in halves[0].home.blocks.items()}
    found: dict[str, list[list[float]]] = {name: [[] for _ in range(num_classes + 1)] for name in sizes}
    for half in halves:
        for answer, rows in half.kinds():
            for _ in range(BATCHES_A_HALVING):
                for name, part in half.parts(rows, random).items():
                    found[name][answer].append(part / sizes[name])
    return {
        name: np.array([max(float(np.mean(own or entries[-1])), FLOOR) for own in entries[:-1]])
        for name, entries in found.items()
    }


def _by_chance(halves: Sequence[_Half], spreads: Mapping[str, Floats], seed: int) -> tuple[Floats, Floats]:
    """How far one half of home is from the other: distances (B,) of batches, and squared offsets (M,) of films.

    Batches are drawn as films come, and of one answer alone: another mix is no shift.
    """
    random = generator(seed, "shift-batches")
    distances = list[float]()
    for half in halves:
        blocks = {name: replace(block, spreads=spreads[name]) for name, block in half.home.blocks.items()}
        known = replace(half, home=replace(half.home, blocks=blocks))
        for _, rows in half.kinds():
            distances += [sum(known.parts(rows, random).values()) for _ in range(BATCHES_A_HALVING)]
    squares = [np.square(half.offsets[half.unseen]).sum(1) for half in halves]
    return np.array(distances), np.concatenate(squares)


def _drawn(rows: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """At most WINDOW of some rows, and at most half of them, each once."""
    return np.asarray(random.choice(rows, min(WINDOW, max(len(rows) // 2, 1)), replace=False))


def _blocks(films: HomeFilms, num_classes: int, groups_a_component: int) -> dict[str, Block]:
    """Home in every block."""
    unseen = films.some(films.unseen)
    blocks: dict[str, Block] = {}
    offsets: dict[str, Floats] = {}
    for name in COMPONENTS:
        known = unseen if name in LEARNED else films
        earlier = before(name, offsets, len(known.answers))
        blocks[name] = _block(known, name, num_classes, groups_a_component, earlier)
        offsets[name] = blocks[name].offsets(known.points[name], known.answers, earlier)
    return blocks


def _block(films: HomeFilms, name: str, num_classes: int, groups_a_component: int, earlier: Floats) -> Block:
    """Home in a block; `earlier`: the offsets (N, p) of the blocks before it."""
    points = films.points[name].astype(np.float64)
    counts = np.bincount(films.answers, minlength=num_classes)
    means = np.stack([points[films.answers == k].mean(0) if counts[k] else points.mean(0) for k in range(num_classes)])
    within = points - means[films.answers]
    num_groups = len(np.unique(films.groups))
    size = max(min(COMPONENTS[name], points.shape[1], num_groups // groups_a_component), 1)
    axes = _principal(within)[:, :size].astype(np.float16).astype(np.float64)
    along = within @ axes
    expected = _expected(along, earlier, films.answers, num_classes)
    left = along - np.einsum("np,npk->nk", earlier, expected[films.answers])
    pooled = left.T @ left / len(left)
    whiten = np.stack([_whitener(left[films.answers == k], pooled) for k in range(num_classes)])
    groups = [
        len(np.unique(films.groups[films.answers == k])) if counts[k] >= MIN_ANSWER else 0 for k in range(num_classes)
    ]
    return Block(axes, means @ axes, expected, whiten, np.array(groups), np.ones(num_classes))


def _principal(offsets: Floats) -> Floats:
    """(D, k): the principal axes of offsets (N, D), the widest first; by way of the smaller of both Gram matrices."""
    if len(offsets) >= offsets.shape[1]:
        return np.asarray(np.linalg.eigh(offsets.T @ offsets)[1][:, ::-1])
    along = offsets.T @ np.linalg.eigh(offsets @ offsets.T)[1][:, ::-1]
    return np.asarray(along / np.maximum(np.linalg.norm(along, axis=0), 1e-12))


def _expected(along: Floats, earlier: Floats, answers: NDArray[np.int64], num_classes: int) -> Floats:
    """(K, p, k): what the offsets (N, p) of earlier blocks, which are white, let expect of a block (N, k)."""
    weight = SHRINKAGE * earlier.shape[1]
    pooled = earlier.T @ along / len(along)
    of_answers = [(earlier[answers == k].T @ along[answers == k], (answers == k).sum()) for k in range(num_classes)]
    return np.stack([(own + weight * pooled) / (count + weight or 1) for own, count in of_answers])


def _whitener(offsets: Floats, pooled: Floats) -> Floats:
    """(k, k): from offsets (n, k) of one answer to such of unit covariance; few films lean on the pooled one."""
    weight = SHRINKAGE * len(pooled)
    covariance = (offsets.T @ offsets + weight * pooled) / (len(offsets) + weight)
    variances, axes = np.linalg.eigh(covariance)
    floor = max(FLOOR * float(variances.mean()), 1e-12)
    return np.asarray(axes / np.sqrt(np.maximum(variances, floor)))


def _packed(block: Block) -> BlockSummary:
    return BlockSummary(
        axes=pack(block.axes, "<f2"),
        means=pack(block.means, "<f4"),
        expected=pack(block.expected, "<f4"),
        whiten=pack(block.whiten, "<f4"),
        groups=tuple(block.groups.tolist()),
        spreads=tuple(block.spreads.tolist()),
    )
