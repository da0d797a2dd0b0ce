"""Shift: are these films like those that the model was tested on, its home, or is it abroad?

Notable choices:
- A film is described in four blocks: its greys, its sharpness, its layout, the network's features. Each block is laid
  on a few principal components and freed, answer by answer, of the mean and covariance of home films that got the same
  answer. So another mix of classes is no shift. Sharpness and layout are also freed of what the blocks before them
  let expect: films that are soft for their greys are found, though soft films and dark ones are common.
- One film is "unlike home" if it lies farther out than all but UNLIKE_SHARE of home films do. That says little: a film
  from abroad may look as any at home.
- Many films say more: the mean of their offsets, squared, over what it varies by chance (Hotelling 1931, Ann Math Stat
  2:360). Chance is what parts one half of the home films from the other, by groups; a gamma distribution with the mean
  and variance found there gives the tail.
- Who looks again and again must not be alarmed by chance one day: window k is judged at a level that falls as
  1 / k², so that all windows together stay below WATCH_LEVEL.

The summary in the model file holds means and covariances of a few components and no film. Needs numpy alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from statistics import NormalDist
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import PlainfilmError, demand
from plainfilm.model.input_measures import COARSE, NUM_GREYS, NUM_TEXTURE
from plainfilm.model.packed import Floats, Packed, unpack

SECTION = "shift"  # of the card
COMPONENTS = {"greys": NUM_GREYS, "sharpness": NUM_TEXTURE - NUM_GREYS, "layout": 16, "features": 16}
"""By block: its principal components that are kept, at most."""
BEFORE = {"greys": (), "sharpness": ("greys",), "layout": ("greys", "sharpness"), "features": ()}
"""By block the blocks that let expect some of it."""
MAX_OFFSET = 5.0  # standard deviations: one odd film does not speak for fifty
UNLIKE_SHARE = 0.01  # of home films that are unlike home one by one
MIN_FILMS = 20  # of which one can tell
WINDOW = 50  # films that are judged together where they keep coming
LEVEL = 0.008  # share of batches of home films that may be called abroad
WATCH_LEVEL = 1e-4  # chance that watching home films ever alarms, however long
NORMAL = NormalDist()


@dataclass(frozen=True)
class BlockSummary:
    """Home in one block, as JSON has it."""

    axes: Packed  # (D, k)
    means: Packed  # (K, k), by answer
    expected: Packed  # (K, p, k), from the offsets of the blocks before to what they let expect
    whiten: Packed  # (K, k, k), from what is left to offsets of unit covariance
    groups: tuple[int, ...]  # K, of home films with each answer; 0: nothing is known
    spreads: tuple[float, ...]  # K, mean squared distance of batches with one answer, over that of independent films


@dataclass(frozen=True)
class ShiftSummary:
    """The section `shift` of a card: Home as JSON has it."""

    blocks: Mapping[str, BlockSummary]
    films: tuple[int, ...]  # K, home films with each answer
    scale: float  # of the gamma distribution of a batch's distance, in chi-squares
    freedom: float  # its degrees of freedom
    film_limit: float  # squared offset that UNLIKE_SHARE of home films exceed


@dataclass(frozen=True)
class Placed:
    """Where a film lies beside home."""

    answer: int  # the predicted class
    offsets: Floats  # (D,), in standard deviations, one block after the other
    distance: float  # above 1: unlike home

    @property
    def is_unlike(self) -> bool:
        """Whether this one film is unlike home."""
        return self.distance > 1


@dataclass(frozen=True)
class Shift:
    """What many films say of the place that they come from."""

    verdict: str  # "home", "abroad", or "too-few" to tell
    films: int  # that count: answered, each once
    distance: float | None  # of all together; above 1: abroad; None: too few
    unlike: int  # films that are unlike home one by one
    moved: tuple[str, ...] = ()  # blocks that are abroad by themselves

    @property
    def is_abroad(self) -> bool:
        """Whether these films are surely not like those at home."""
        return self.verdict == "abroad"


def place_of(shift: Shift | None) -> str:
    """Where films come from: "home", "abroad", "too-few" to tell; "": the model cannot say."""
    return "" if shift is None else shift.verdict


@dataclass(frozen=True)
class Block:
    """Home in one block."""

    axes: Floats  # (D, k)
    means: Floats  # (K, k)
    expected: Floats  # (K, p, k)
    whiten: Floats  # (K, k, k)
    groups: NDArray[np.int64]  # (K,)
    spreads: Floats  # (K,)

    def offsets(self, points: Floats, answers: NDArray[np.int64], before: Floats) -> Floats:
        """(N, k) of points (N, D): in standard deviations from home films with the same answer.

        `before`: the offsets (N, p) of the blocks before.
        """
        centred = points.astype(np.float64) @ self.axes - self.means[answers]
        left = centred - np.einsum("np,npk->nk", before, self.expected[answers])
        found = np.einsum("nk,nkl->nl", left, self.whiten[answers])
        return np.asarray(np.clip(found, -MAX_OFFSET, MAX_OFFSET))


@dataclass(frozen=True)
class Home:
    """The films that a model was fitted and tested on, ready to be compared with."""

    blocks: Mapping[str, Block]
    scale: float
    freedom: float
    film_limit: float

    def place(
        self, answers: NDArray[np.int64], features: Floats, coarse: Floats, texture: Floats
    ) -> list[Placed | None]:
        """Where N films lie; None for one whose answer no home film got.

        Answers (N,): predicted classes; features (N, D); coarse (N, C, C) and texture (N, T), as `describe` gives them.
        """
        points = in_blocks(features, coarse, texture)
        offsets = self.offsets(points, answers)
        distances = np.square(offsets).sum(1) / self.film_limit
        known = np.all([block.groups[answers] > 0 for block in self.blocks.values()], axis=0)
        return [
            Placed(int(answer), row.astype(np.float32), float(distance)) if is_known else None
            for answer, row, distance, is_known in zip(answers, offsets, distances, known, strict=True)
        ]

    def offsets(self, points: Mapping[str, Floats], answers: NDArray[np.int64]) -> Floats:
        """(N, D): the offsets in all blocks, one after the other."""
        return np.concatenate([*offsets_of(self.blocks, points, answers).values()], axis=1)

    def judge(self, films: Sequence[Placed], groups: Sequence[str] | None = None, *, level: float = LEVEL) -> Shift:
        """What films say together; of those of one group, where groups are known, the mean counts once.

        `level`: share of home batches that may be called abroad.
        """
        unlike = sum(film.is_unlike for film in films)
        count = len(films) if groups is None else len(set(groups))
        if count < MIN_FILMS:
            return Shift("too-few", count, None, unlike)
        parts = self.parts(np.stack([film.offsets for film in films]), [film.answer for film in films], groups)
        distance = sum(parts.values()) / self.limit(1, level)
        moved = tuple(name for name, part in parts.items() if part > self.limit_of(name, level / len(parts)))
        verdict = "abroad" if distance > 1 else "home"
        return Shift(verdict, count, float(distance), unlike, moved if distance > 1 else ())

    def distances(self, films: Sequence[Placed]) -> dict[str, float]:
        """By block how far films are from home together, over what LEVEL of home batches exceed."""
        parts = self.parts(np.stack([film.offsets for film in films]), [film.answer for film in films], None)
        return {name: part / self.limit_of(name, LEVEL) for name, part in parts.items()}

    def parts(self, offsets: Floats, answers: Sequence[int], groups: Sequence[str] | None) -> dict[str, float]:
        """By block the squared mean offset over its variance, were the films at home."""
        weights = _weights(len(offsets), groups)
        mean = weights @ offsets.astype(np.float64)
        shares = np.bincount(answers, weights, minlength=len(next(iter(self.blocks.values())).groups))
        found, start = {}, 0
        for name, block in self.blocks.items():
            size = block.axes.shape[1]
            variance = np.square(weights).sum() + float((shares**2 / np.maximum(block.groups, 1)).sum())
            expected = variance * float(shares @ block.spreads)
            found[name] = float(np.square(mean[start : start + size]).sum() / expected)
            start += size
        return found

    def limit(self, share: float, level: float) -> float:
        """What the distance of a batch of home films in a `share` of all dimensions exceeds with chance `level`."""
        return self.scale * chi_square_limit(self.freedom * share, level)

    def limit_of(self, name: str, level: float) -> float:
        """The same of one block alone."""
        sizes = {known: block.axes.shape[1] for known, block in self.blocks.items()}
        return self.limit(sizes[name] / sum(sizes.values()), level)

    @classmethod
    def from_card(cls, card: ShiftSummary, *, num_features: int, num_classes: int) -> Self:
        """Undo `fit_home`. Raises PlainfilmError for what is no summary of a network with these sides."""
        demand(set(card.blocks) == set(COMPONENTS), "card.reason.statistics", name=SECTION)
        sides = {
            "features": num_features,
            "layout": COARSE**2,
            "greys": NUM_GREYS,
            "sharpness": NUM_TEXTURE - NUM_GREYS,
        }
        try:
            sizes = {name: card.blocks[name].axes.shape[1] for name in COMPONENTS}
            blocks = {
                name: _read_block(
                    card.blocks[name], sides[name], num_classes, sum(sizes[other] for other in BEFORE[name])
                )
                for name in COMPONENTS
            }
        except (IndexError, OverflowError) as error:
            raise PlainfilmError("card.reason.statistics", name=SECTION) from error
        scales = (card.scale, card.freedom, card.film_limit)
        demand(all(1e-6 < scale < 1e9 for scale in scales), "card.reason.statistics", name=SECTION)
        is_counted = len(card.films) == num_classes and all(0 <= count < 2**40 for count in card.films)
        demand(is_counted, "card.reason.statistics", name=SECTION)
        return cls(blocks, *scales)


def _read_block(entry: BlockSummary, side: int, num_classes: int, num_before: int) -> Block:
    size = entry.axes.shape[1]
    demand(1 <= size <= side, "card.reason.statistics", name=SECTION)
    is_counted = len(entry.groups) == num_classes and all(0 <= count < 2**40 for count in entry.groups)
    is_spread = len(entry.spreads) == num_classes and all(1e-6 < spread < 1e9 for spread in entry.spreads)
    demand(is_counted and is_spread, "card.reason.statistics", name=SECTION)
    return Block(
        unpack(entry.axes, "<f2", (side, size), section=SECTION).astype(np.float64),
        unpack(entry.means, "<f4", (num_classes, size), section=SECTION).astype(np.float64),
        unpack(entry.expected, "<f4", (num_classes, num_before, size), section=SECTION).astype(np.float64),
        unpack(entry.whiten, "<f4", (num_classes, size, size), section=SECTION).astype(np.float64),
        np.array(entry.groups, dtype=np.int64),
        np.array(entry.spreads, dtype=np.float64),
    )


def in_blocks(features: Floats, coarse: Floats, texture: Floats) -> dict[str, Floats]:
    """By block the points (N, D) of N films."""
    return {
        "features": features,
        "layout": coarse.reshape(len(coarse), -1),
        "greys": texture[:, :NUM_GREYS],
        "sharpness": texture[:, NUM_GREYS:],
    }


def offsets_of(
    blocks: Mapping[str, Block], points: Mapping[str, Floats], answers: NDArray[np.int64]
) -> dict[str, Floats]:
    """By block the offsets (N, k) of films."""
    found: dict[str, Floats] = {}
    for name, block in blocks.items():
        found[name] = block.offsets(points[name], answers, before(name, found, len(answers)))
    return found


def before(name: str, offsets: Mapping[str, Floats], count: int) -> Floats:
    """(N, p): the offsets of the blocks before one."""
    return np.concatenate([np.zeros((count, 0)), *(offsets[other] for other in BEFORE[name])], axis=1)


def _weights(count: int, groups: Sequence[str] | None) -> Floats:
    """(N,): how much each film weighs; all films of a group weigh as much as the only one of another."""
    if groups is None:
        return np.full(count, 1 / count)
    sizes = Counter(groups)
    return np.array([1 / (sizes[group] * len(sizes)) for group in groups])


# --- chances ----------------------------------------------------------------------------------------------------------


def chi_square_limit(freedom: float, level: float) -> float:
    """What a chi-square exceeds with chance `level`: Wilson & Hilferty 1931, PNAS 17:684; within 1 % from 5 degrees on.

    >>> round(chi_square_limit(10, 0.01), 1)
    23.2
    """
    spread = 2 / (9 * freedom)
    return float(freedom * max(1 - spread - NORMAL.inv_cdf(level) * sqrt(spread), 0.0) ** 3)


def level_of_window(number: int) -> float:
    """The level at which window 1, 2, ... of a stream is judged: all of them together come to WATCH_LEVEL."""
    return WATCH_LEVEL * 6 / (pi * number) ** 2
