"""Streams of films at home and abroad, drawn from a Gaussian density, for tests of watching."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.model.shift import BEFORE, COMPONENTS, WINDOW, Block, Home, Placed
from plainfilm.model.windows import Window
from plainfilm.serving.watch import Watch

SIZE = sum(COMPONENTS.values())


@dataclass(frozen=True)
class Gate:
    """What the input check says of a film."""

    passed: bool = True


@dataclass(frozen=True)
class Seen:
    """What `Watch.see` reads of a prediction."""

    image_id: str
    placed: Placed | None
    verdict: Gate = Gate()


def gaussian_home() -> Home:
    """A home whose films have independent standard normal offsets, known so well that chance is that of a batch."""
    blocks = {
        name: Block(
            axes=np.eye(size),
            means=np.zeros((1, size)),
            expected=np.zeros((1, sum(COMPONENTS[other] for other in BEFORE[name]), size)),
            whiten=np.eye(size)[None],
            groups=np.array([10**9]),
            spreads=np.ones(1),
        )
        for name, size in COMPONENTS.items()
    }
    return Home(blocks, scale=1.0, freedom=float(SIZE), film_limit=80.0)


def films(random: np.random.Generator, count: int, away: NDArray[np.float64] | float = 0.0) -> list[Seen]:
    """Different films, with offsets that are standard normal and moved by `away`."""
    offsets = random.standard_normal((count, SIZE)) + away
    names = random.integers(2**62, size=count)
    return [Seen(f"{name:x}", Placed(0, row, 0.5)) for name, row in zip(names, offsets, strict=True)]


def block(name: str, away: float) -> NDArray[np.float64]:
    """(D,): `away` in one block, else 0."""
    return np.concatenate([np.full(size, away if own == name else 0.0) for own, size in COMPONENTS.items()])


def watched(
    random: np.random.Generator, windows: int, away: NDArray[np.float64] | float = 0.0, start: int | None = None
) -> list[Window]:
    """What a server keeps of so many windows, which are moved by `away` from window `start` on (from 0)."""
    kept: list[Window] = []
    watch = Watch(gaussian_home(), kept.append)
    for place in range(windows):
        watch.see(films(random, WINDOW, away if start is not None and place >= start else 0.0))
    return kept
