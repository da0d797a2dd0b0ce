"""Randomness with an address: every draw comes from a generator keyed by (seed, purpose, where), never a global one.

So a run that was stopped and resumed, or loaded with another number of workers, draws the same numbers.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, purpose: str, *address: int | str) -> np.random.Generator:
    """A generator for one address, for instance `generator(seed, "augment", epoch, image_id)`.

    >>> bool(generator(1, "order", 0).random() == generator(1, "order", 0).random())
    True
    """
    name = "\x1f".join(str(part) for part in (seed, purpose, *address))
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def draw_some(count: int, most: int, seed: int, purpose: str) -> NDArray[np.int64]:
    """`most` of the numbers below `count` drawn at random, or all of them, in ascending order.

    >>> draw_some(3, 5, 0, "example").tolist()
    [0, 1, 2]
    """
    return np.sort(generator(seed, purpose).permutation(count)[:most])
