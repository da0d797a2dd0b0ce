"""Randomness with an address: every draw comes from a generator keyed by (seed, purpose, where), never a global one.

So a run that was stopped and resumed, or loaded with another number of workers, draws the same numbers.
"""

import hashlib

import numpy as np


def generator(seed: int, purpose: str, *address: int | str) -> np.random.Generator:
    """A generator for one address, for instance `generator(seed, "augment", epoch, image_id)`.

    >>> bool(generator(1, "order", 0).random() == generator(1, "order", 0).random())
    True
    """
    name = "\x1f".join(str(part) for part in (seed, purpose, *address))
    key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))
