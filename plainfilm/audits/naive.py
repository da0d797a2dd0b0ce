"""What a leaking split adds to a score: the same films, read under the tutorial's split and under a clean one.

- Naive: every tenth film of a class, in the order of its files, is tested, the others train. The tutorial takes the
  first, eleventh, ... film; here all ten beginnings take their turn, so that every film is tested once.
- Clean: ten folds that keep groups (patients, copies) whole, classes and sources even. So, too, every film is tested
  once, by a probe trained on as many films.
- Every film then has two answers by one kind of probe, and the difference is paired: right (1) or wrong (0) under the
  naive split minus the same under the clean one, its interval from the bootstrap over groups. Without leaks it is 0 but
  for chance, because which films beside its copies a probe was trained on is alike under both.

Films with a label conflict or without a known class take no part. Nothing is tuned here: the probes have no setting
that was chosen by these scores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.audits.probes import logistic
from plainfilm.data.film_index import LEAVES_OUT, Index, Row, strata
from plainfilm.data.films import Films
from plainfilm.data.preprocessing import reduce
from plainfilm.data.splits import split
from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import grouped_mean, shares
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.randomness import generator

NUM_FOLDS = 10
MAX_FILMS = 20_000  # of more, whole groups are drawn: comparing all films with all is quadratic
NEAREST_SIZE_PX, LOGISTIC_SIZE_PX = 32, 16

Probe = Callable[[Floats, Integers, Floats, int], Floats]  # training features, labels, test features, K -> (M, K)


@dataclass(frozen=True)
class Gain:
    """A probe's accuracy under both splits, and the paired difference."""

    naive: Estimate
    clean: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Naive:
    """The share of the tutorial's test films that leak, in all and by class, and what each probe gains by it."""

    split: str
    films: int | None
    folds: int | None
    leaking_films: Estimate
    leaking_by_class: Mapping[str, Estimate]
    readers: Mapping[str, Gain]


def naive_and_clean(films: Films, *, seed: int = 0) -> Naive:
    """How many films of the tutorial's test split leak, and what each probe gains by a leaking split."""
    index, store = films.index, films.store
    numbers = _films(index, seed)
    rows = [index.rows[number] for number in numbers]
    labels, groups = films.labels(numbers), films.groups(numbers)
    naive = naive_folds(rows)
    grouped = split.folds(strata(rows), groups, count=NUM_FOLDS, train_only=[False] * len(rows), seed=seed)
    clean = np.array(grouped, np.int64)
    probes = {
        "nearest": (nearest, _features(store, numbers, NEAREST_SIZE_PX, unit_length=True)),
        "logistic": (logistic, _features(store, numbers, LOGISTIC_SIZE_PX)),
    }
    leaking, *by_class = _leaking(rows, labels, len(index.classes))
    return Naive(
        split="every tenth film",
        films=len(rows),
        folds=NUM_FOLDS,
        leaking_films=leaking,
        leaking_by_class=dict(zip(index.classes, by_class, strict=True)),
        readers={
            name: _compared(probe, features, labels, groups, naive, clean) for name, (probe, features) in probes.items()
        },
    )


def naive_folds(rows: Sequence[Row]) -> Integers:
    """The fold of each film (N,): its place among the sorted files of its class, modulo ten."""
    fold_of = np.empty(len(rows), np.int64)
    for label in {row.label for row in rows}:
        films = sorted((film for film, row in enumerate(rows) if row.label == label), key=lambda film: rows[film].path)
        fold_of[films] = np.arange(len(films)) % NUM_FOLDS
    return fold_of


def nearest(train_x: Floats, train_y: Integers, test_x: Floats, num_classes: int) -> Floats:
    """The class of the nearest training film, features (N, D) of length 1, as probabilities (M, K) of 0 and 1."""
    probabilities: Floats = np.eye(num_classes)[train_y[np.argmax(test_x @ train_x.T, axis=1)]]
    return probabilities


def _films(index: Index, seed: int) -> list[int]:
    """The rows that take part: all usable films, or whole groups of them up to MAX_FILMS."""
    usable = [
        number
        for number, row in enumerate(index.rows)
        if row.image_id and row.label in index.classes and not LEAVES_OUT & set(row.problems)
    ]
    if len(usable) <= MAX_FILMS:
        return usable
    names, group_of_film = np.unique([index.rows[number].group for number in usable], return_inverse=True)
    place = generator(seed, "naive-films").permutation(len(names))[group_of_film]
    first_left_out = np.sort(place)[MAX_FILMS]
    return [number for number, turn in zip(usable, place, strict=True) if turn < first_left_out]


def _features(store: NDArray[np.uint8], numbers: Sequence[int], size_px: int, *, unit_length: bool = False) -> Floats:
    """Thumbnails (N, size_px ** 2), 0 to 1; with `unit_length` each without its mean and at length 1."""
    small = np.stack([reduce(np.asarray(store[number]), size_px) for number in numbers])
    features = small.reshape(len(small), -1).astype(np.float32) / 255
    if unit_length:
        features -= features.mean(axis=1, keepdims=True)
        features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), np.float32(1e-6))
    return features


def _leaking(rows: Sequence[Row], labels: Integers, num_classes: int) -> list[Estimate]:
    """The share of the tutorial's test films whose group has films in its training part, in all and of each class."""
    groups = np.array([row.group for row in rows])
    parts = np.array(split.tutorial([row.path for row in rows], [row.label for row in rows]))
    tested = parts == "test"
    leaks = tested & np.isin(groups, groups[parts == "train"])
    counted = np.column_stack([tested, *(tested & (labels == k) for k in range(num_classes))])
    return shares(np.repeat(leaks[:, None], counted.shape[1], axis=1), counted, groups.tolist())


def _compared(
    probe: Probe, features: Floats, labels: Integers, groups: Sequence[str], naive: Integers, clean: Integers
) -> Gain:
    one, other = (_right(probe, features, labels, folds) for folds in (naive, clean))
    accuracy, clean_accuracy = shares(np.column_stack([one, other]), np.ones((len(labels), 2), bool), groups)
    return Gain(accuracy, clean_accuracy, grouped_mean(one.astype(float) - other, groups, bound=1.0))


def _right(probe: Probe, features: Floats, labels: Integers, fold_of: Integers) -> Booleans:
    """Whether each film is read rightly (N,) by the probe trained on the other folds."""
    num_classes = int(labels.max()) + 1
    right = np.empty(len(labels), bool)
    for fold in np.unique(fold_of):
        tested = fold_of == fold
        answers = probe(features[~tested], labels[~tested], features[tested], num_classes)
        right[tested] = answers.argmax(axis=1) == labels[tested]
    return right
