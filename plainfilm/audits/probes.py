"""Probes: classifiers that take seconds, trained afresh on whatever a view of the films shows. NumPy alone.

Notable choices:
- They are weak on purpose. What a probe tells apart is there for any network to take; what it cannot tell apart
  may still be there, so a view's accuracy is a lower bound.
- `logistic` is for pictures (hundreds of like columns), `boosted` for few columns of any kind, or where a
  threshold says more than a slope (is this corner black?).
- Nothing is chosen from the films: penalties and sizes are constants, the same for every view and data set.
- All results repeat to rounding: the only draws are which columns a tree may look at, and they have an address.

Sources: Nocedal & Wright 2006, Numerical Optimization, algorithm 7.4 (L-BFGS); Friedman 2001, Ann Stat 29:1189
(gradient boosting); Kohavi 1994 and Prokhorenkova et al. 2018, NeurIPS (oblivious trees: one question a level).
"""

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from plainfilm.evaluation.metrics import Floats, Integers
from plainfilm.model.decision import softmax
from plainfilm.randomness import generator

PENALTY = 3e-3
"""Of `logistic`, times half the squared weights, beside the mean log loss; columns are standardised."""
MAX_STEPS = 200
TOLERANCE = 2e-4  # the largest slope at which a fit is done
MEMORY = 10  # pairs of steps and slopes from which L-BFGS builds the curvature

NUM_TREES = 120
DEPTH = 4  # questions a tree, 2 ** 4 leaves
NUM_BINS = 32  # a column is cut into, at its quantiles
COLUMNS_A_TREE = 24
LEARNING_RATE = 0.25
LEAF_PENALTY = 4.0  # films' worth of nothing that every leaf holds


def logistic(
    train_x: Floats, train_y: Integers, test_x: Floats, num_classes: int, *, penalty: float = PENALTY
) -> Floats:
    """Multinomial logistic regression: (N, D), (N,), (M, D) -> probabilities (M, num_classes).

    A class without a training film gets a probability near 0.
    """
    centre, scale = _standard(train_x)
    train, test = (((np.asarray(x) - centre) / scale).astype(np.float32) for x in (train_x, test_x))
    wanted = np.eye(num_classes)[train_y]
    num_columns = train.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weights, offsets = flat[:-num_classes].reshape(num_columns, num_classes), flat[-num_classes:]
        probabilities = softmax(train @ weights.astype(np.float32) + offsets)
        value = -np.log(np.maximum(probabilities[wanted > 0], 1e-300)).mean() + penalty / 2 * np.vdot(weights, weights)
        error = (probabilities - wanted) / len(train)
        return float(value), np.append((train.T @ error.astype(np.float32) + penalty * weights).ravel(), error.sum(0))

    prior = np.log((wanted.sum(0) + 0.5) / (len(train) + 0.5 * num_classes))
    flat = minimise(loss, np.append(np.zeros(num_columns * num_classes), prior))
    scores = test @ flat[:-num_classes].reshape(num_columns, num_classes) + flat[-num_classes:]
    return np.asarray(softmax(scores))


def minimise(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> Floats:
    """Where a convex function has its minimum, by L-BFGS: `loss` gives value and slope at a point (P,)."""
    point = start
    value, slope = loss(point)
    pairs: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(MAX_STEPS):
        if np.abs(slope).max() < TOLERANCE:
            break
        direction = -_inverse_curvature(slope, pairs)
        length = 1.0 if pairs else min(1.0, 1 / float(np.linalg.norm(slope)))
        while True:
            next_value, next_slope = loss(point + length * direction)
            if next_value <= value + 1e-4 * length * float(slope @ direction) or length < 1e-10:
                break
            length /= 2
        step, change = length * direction, next_slope - slope
        if float(step @ change) > 1e-12:
            pairs.append((step, change))
        point, value, slope = point + step, next_value, next_slope
    return point


def _inverse_curvature(slope: Floats, pairs: deque[tuple[Floats, Floats]]) -> Floats:
    """The inverse Hessian, as far as `pairs` know it, times `slope` (P,): the two loops of L-BFGS."""
    found, shares = slope.copy(), []
    for step, change in reversed(pairs):
        share = float(step @ found) / float(step @ change)
        found -= share * change
        shares.append(share)
    if pairs:
        step, change = pairs[-1]
        found *= float(step @ change) / float(change @ change)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        found += (share - float(change @ found) / float(step @ change)) * step
    return found


def linear(train_x: Floats, wanted: Floats, test_x: Floats, *, penalty: float = PENALTY) -> Floats:
    """Least squares with a penalty, the simplest probe: (N, D), targets (N, T), (M, D) -> scores (M, T).

    All targets share one factorisation, so hundreds of shuffled labels cost little more than one.
    """
    centre, scale = _standard(train_x)
    train, test = ((np.asarray(x) - centre) / scale for x in (train_x, test_x))
    mean = wanted.mean(0)
    curvature = train.T @ train / len(train) + penalty * np.eye(train.shape[1])
    return np.asarray(test @ np.linalg.solve(curvature, train.T @ (wanted - mean) / len(train)) + mean)


def boosted(train_x: Floats, train_y: Integers, test_x: Floats, num_classes: int, *, seed: int = 0) -> Floats:
    """Gradient-boosted oblivious trees: (N, D), (N,), (M, D) -> probabilities (M, num_classes).

    A tree asks the same question of all films on a level: is this column above this cut? Every leaf moves the scores of
    all classes by a Newton step for the log loss, its curvature bounded by a quarter a film.
    """
    cuts = [np.unique(np.quantile(column, np.arange(1, NUM_BINS) / NUM_BINS)) for column in np.asarray(train_x).T]
    train, test = (_binned(x, cuts) for x in (train_x, test_x))
    wanted = np.eye(num_classes)[train_y]
    prior = np.log((wanted.sum(0) + 0.5) / (len(train) + 0.5 * num_classes))
    scores, test_scores = (np.tile(prior, (len(x), 1)) for x in (train, test))
    random = generator(seed, "boosted")
    for _ in range(NUM_TREES):
        columns = random.permutation(train.shape[1])[:COLUMNS_A_TREE]
        residual = wanted - softmax(scores)
        questions, leaf = _grow(train[:, columns], residual)
        values = LEARNING_RATE * _leaf_values(residual, leaf)
        test_leaf = np.zeros(len(test), np.int64)
        for column, cut in questions:
            test_leaf = 2 * test_leaf + (test[:, columns[column]] > cut)
        scores += values[leaf]
        test_scores += values[test_leaf]
    return np.asarray(softmax(test_scores))


def _grow(bins: NDArray[np.uint8], residual: Floats) -> tuple[list[tuple[int, int]], Integers]:
    """The questions (column, cut) of one tree on bins (N, D) and residuals (N, K), and each film's leaf (N,)."""
    num_films, num_columns = bins.shape
    num_classes = residual.shape[1]
    cell_of = bins + NUM_BINS * np.arange(num_columns)  # (N, D): a number of its own for each column's bin
    leaf = np.zeros(num_films, np.int64)
    weights = [np.repeat(values, num_columns) for values in (np.ones(num_films), *residual.T)]
    questions = []
    for level in range(DEPTH):
        cells = (leaf[:, None] * (NUM_BINS * num_columns) + cell_of).ravel()
        length = 2**level * NUM_BINS * num_columns
        sums = np.stack([np.bincount(cells, weight, length) for weight in weights])
        below = sums.reshape(num_classes + 1, 2**level, num_columns, NUM_BINS).cumsum(-1)
        above = below[..., -1:] - below
        gain = (_gain(below) + _gain(above)).sum(0)  # (D, NUM_BINS), summed over the leaves
        column, cut = divmod(int(gain.argmax()), NUM_BINS)
        questions.append((column, cut))
        leaf = 2 * leaf + (bins[:, column] > cut)
    return questions, leaf


def _gain(sums: Floats) -> Floats:
    """How much a leaf would lower the loss: sums (1 + K, ...), films first, then residuals -> (...)."""
    return np.asarray((sums[1:] ** 2).sum(0) / (sums[0] + LEAF_PENALTY))


def _leaf_values(residual: Floats, leaf: Integers) -> Floats:
    """What each leaf adds to the scores: residuals (N, K), leaves (N,) -> (2 ** DEPTH, K)."""
    films = np.bincount(leaf, minlength=2**DEPTH)[:, None]
    sums = np.stack([np.bincount(leaf, values, 2**DEPTH) for values in residual.T], axis=1)
    return np.asarray(4 * sums / (films + LEAF_PENALTY))


def _binned(x: Floats, cuts: list[Floats]) -> NDArray[np.uint8]:
    """Which bin each value lies in: (N, D) -> (N, D) uint8, 0 to NUM_BINS - 1."""
    columns = [np.searchsorted(cut, column, "right") for cut, column in zip(cuts, np.asarray(x).T, strict=True)]
    return np.stack(columns, axis=1).astype(np.uint8)


def _standard(x: Floats) -> tuple[Floats, Floats]:
    """Centre and scale of each column; a constant column has scale 1."""
    scale = np.std(x, axis=0, dtype=np.float64)
    return np.mean(x, axis=0, dtype=np.float64), np.where(scale > 1e-9, scale, 1.0)
