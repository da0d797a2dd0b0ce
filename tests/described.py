"""Phantoms and what a network might make of them, for tests of statistics of films."""

import numpy as np

from plainfilm.data.phantom import CLASSES, draw

NUM_FEATURES = 24


def phantoms(seed: int, per_class: int, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """Phantoms (N, S, S) and their labels (N,)."""
    drawn = [draw(label, seed=seed, number=n, size=size_px).pixels for label in CLASSES for n in range(per_class)]
    return np.stack(drawn), np.repeat(np.arange(len(CLASSES)), per_class)


def features(planes: np.ndarray) -> np.ndarray:
    """What a network might make of planes: a fixed random layer on a small view."""
    cell = planes.shape[1] // 16
    small = planes.reshape(len(planes), 16, cell, 16, cell).mean((2, 4)).reshape(len(planes), -1)
    weights = np.random.default_rng(0).normal(0, 1 / 128, (small.shape[1], NUM_FEATURES))
    return np.maximum((small - 128) @ weights, 0).astype(np.float32)
