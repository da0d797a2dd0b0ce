"""Are a model's maps faithful? Deletion and insertion, and randomised weights.

Notable choices:
- Deletion and insertion (Petsiuk et al. 2018, "RISE", BMVC): the film's cells are replaced in the order of the
  predicted class's map, strongest first, and the probability of that class should fall early (deletion); or they are
  put back into the replaced film, and it should rise early (insertion). Cells are those of the map: it claims no more.
- A cell is replaced by the film blurred to the scale of a cell: without the edges that a cell of one grey has, which a
  network may take for a finding, and with nearly as little left to see. No replacement takes away the class that a film
  without content gets: for films of that class both curves stay high and say little. So the differences are given by
  predicted class, too; the verdict is about all films together.
- The baselines: cells in random order, and from the centre outwards, which knows nothing of the film and is good
  wherever the lungs lie in the middle. Differences are paired by film, and positive where the map is better.
- Randomised weights (Adebayo et al. 2018, "Sanity checks for saliency maps", NeurIPS): the maps of the same network
  with weights that never learnt anything must be others. A random head may turn all maps round at once, so that films
  under one draw are no independent witnesses: each film meets one of several draws, and the draws are the groups.
- Equal cells are ordered at random, so that a constant map is a random one.

Every draw has an address, and none depends on which films are answered together.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.evaluation.lung_evidence import in_lungs
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.model.card import Maps
from plainfilm.model.modelfile import Model, randomised
from plainfilm.model.predictor import Answers, Predictor
from plainfilm.randomness import draw_some, generator

MAX_FILMS = 100
MIN_GROUPS = 10  # patients, or films without copies; with fewer an interval says little
NUM_STEPS = 7  # in which the cells go; odd, so that random deletion backwards is random insertion
NUM_DRAWS = 10  # of random weights
MAX_CORRELATION = 0.5  # mean rank correlation with the maps of random weights, from which on maps count as unchanged
CHUNK = 8  # films whose pictures are answered together
NUM_CHUNKS = 2  # at a time: while the network answers the pictures of one, those of the next are made
MAX_RANDOM_MODELS = 2  # in memory at a time
BASELINES = ("random", "centre")
TESTS = ("deletion", "insertion")
Areas = dict[str, dict[str, Floats]]  # by test and order ("map" or a baseline): (N,), 0 to 1


@dataclass(frozen=True)
class Explained:
    """Which class a model gives each of N films, and where it points."""

    classes: Integers  # (N,), those predicted
    maps: NDArray[np.float32]  # (N, h, w), of these classes

    def of(self, films: Integers | slice) -> "Explained":
        """The same of some of the films."""
        return Explained(self.classes[films], self.maps[films])


def explained(answers: Answers, classes: Integers | None = None) -> Explained:
    """The class that each film is explained by (N,), if none is given the predicted one, and the map of that class."""
    classes = answers.probabilities.argmax(axis=1) if classes is None else classes
    return Explained(classes, answers.class_maps[np.arange(len(classes)), classes])


def together(parts: Sequence[Explained]) -> Explained:
    """One after the other."""
    return Explained(np.concatenate([part.classes for part in parts]), np.concatenate([part.maps for part in parts]))


def sample(num_films: int, *, seed: int) -> Integers:
    """Which of `num_films` films to check: MAX_FILMS of them drawn at random, or all, in ascending order."""
    return draw_some(num_films, MAX_FILMS, seed, "maps-sample")


def check_maps(
    model: Model,
    predictor: Predictor,
    pixels: NDArray[np.uint8],
    shown: Explained,
    groups: Sequence[str],
    *,
    name: str,
    seed: int,
    threads: int = 0,
) -> Maps | None:
    """What a model file says of its maps.

    Args:
        model: the model.
        predictor: the same, ready to answer.
        pixels: (N, C, S, S) uint8, preprocessed films on which the model was not trained.
        shown: what the model says of these.
        groups: (N,), the patient or group of each film.
        name: of the films, for instance "validation".
        seed: of the random orders and the random weights.
        threads: of the computing.

    Returns:
        `n`, and besides `films`, `cells`; `deletion` and `insertion` with the mean difference of the area under the
        curve to each of BASELINES (-1 to 1, positive if the map is better); `randomised` with the mean `spearman`
        and `pearson` correlation with the maps of random weights; and `faithful`: whether the map is better than both
        baselines in both tests and random weights destroy it. `classes` has `deletion` and `insertion` of the films
        that the model gives each class, if these have MIN_GROUPS groups. `lungs`: how much of the maps' evidence lies
        in the lungs, which is part of no verdict. None, not checked, with fewer than MIN_GROUPS groups.
    """
    if len(set(groups)) < MIN_GROUPS:
        return None
    areas = areas_under_curves(predictor, pixels, shown, seed=seed)
    found = differences(areas, groups)
    by_class = {}
    for k, class_name in enumerate(predictor.card.class_names):
        members = np.flatnonzero(shown.classes == k)
        class_groups = [groups[number] for number in members.tolist()]
        if len(set(class_groups)) >= MIN_GROUPS:
            class_areas = {test: {order: area[members] for order, area in areas[test].items()} for test in TESTS}
            by_class[class_name] = differences(class_areas, class_groups)
    correlations = random_weights(model, pixels, shown, seed=seed, threads=threads)
    every = [difference for test in TESTS for difference in found[test].values()]
    return Maps(
        faithful=is_faithful(every, correlations["spearman"]),
        n=len(pixels),
        classes=by_class,
        lungs=in_lungs(pixels[:, 0], shown.maps, groups, min_groups=MIN_GROUPS),
        others={"films": name, "cells": predictor.map_side**2, **found, "randomised": correlations},
    )


def differences(areas: Areas, groups: Sequence[str]) -> dict[str, dict[str, Estimate]]:
    """Mean differences of areas (N,) by test and baseline, positive if the map is better; `groups` (N,)."""
    sign = {"deletion": -1, "insertion": 1}  # deleted in a good order the probability falls early
    return {
        test: {
            other: grouped_mean(sign[test] * (areas[test]["map"] - areas[test][other]), groups, bound=1.0)
            for other in BASELINES
        }
        for test in TESTS
    }


def is_faithful(differences: Sequence[Estimate], correlation: Estimate) -> bool:
    """Whether every difference is surely positive, and the correlation with the maps of random weights surely low.

    >>> better, tie = Estimate(0.1, 0.05, 0.15, 200), Estimate(0.1, -0.05, 0.25, 200)
    >>> [is_faithful(found, Estimate(0.0, -0.2, 0.2, 200)) for found in ([better, better], [better, tie])]
    [True, False]
    >>> is_faithful([better], Estimate(0.4, 0.2, 0.6, 200))
    False
    """
    return all(found.low > 0 for found in differences) and correlation.high < MAX_CORRELATION


# --- deletion and insertion ------------------------------------------------------------------------------------------


def areas_under_curves(predictor: Predictor, pixels: NDArray[np.uint8], shown: Explained, *, seed: int) -> Areas:
    """Areas under the predicted class's probability over the share of cells deleted or inserted."""

    def areas_from(first: int) -> Areas:
        part = slice(first, first + CHUNK)
        return _areas(predictor, pixels[part], shown.of(part), first, seed)

    with ThreadPoolExecutor(NUM_CHUNKS) as pool:
        chunks = list(pool.map(areas_from, range(0, len(pixels), CHUNK)))
    return {
        test: {order: np.concatenate([chunk[test][order] for chunk in chunks]) for order in ("map", *BASELINES)}
        for test in TESTS
    }


def _areas(predictor: Predictor, pixels: NDArray[np.uint8], shown: Explained, first: int, seed: int) -> Areas:
    """The same of films (B, C, S, S), the first of which is film number `first`."""
    side = shown.maps.shape[1]
    counts = steps(side * side)
    kept = np.stack(
        [
            _kept(class_map, counts, generator(seed, "maps-order", first + index))
            for index, class_map in enumerate(shown.maps)
        ]
    )  # (B, P, h * w)
    pictures = np.concatenate(
        [_pictures(film, blurred(film, side), masks) for film, masks in zip(pixels, kept, strict=True)]
    )
    answered = predictor.answer(pictures).probabilities.reshape(len(pixels), kept.shape[1], -1)
    found = answered[np.arange(len(pixels)), :, shown.classes]  # (B, P)
    whole, gone = found[:, :1], found[:, 1:2]
    map_out, map_in, random_out, centre_out, centre_in = np.split(found[:, 2:], 5, axis=1)

    def area(start: Floats, between: Floats, end: Floats) -> Floats:
        curve = np.concatenate([start, between, end], axis=1)  # (B, steps + 1)
        return np.asarray(np.trapezoid(curve, counts / counts[-1], axis=1))

    random = area(whole, random_out, gone)  # backwards it is insertion in another random order, of the same area
    return {
        "deletion": {"map": area(whole, map_out, gone), "random": random, "centre": area(whole, centre_out, gone)},
        "insertion": {"map": area(gone, map_in, whole), "random": random, "centre": area(gone, centre_in, whole)},
    }


def steps(num_cells: int) -> Integers:
    """How many cells are gone after each step, from none to all.

    >>> steps(25).tolist()
    [0, 4, 7, 11, 14, 18, 21, 25]
    >>> steps(4).tolist()
    [0, 1, 2, 3, 4]
    """
    return np.unique(np.round(np.linspace(0, num_cells, NUM_STEPS + 1)).astype(np.int64))


def _kept(class_map: NDArray[np.float32], counts: Integers, random: np.random.Generator) -> Booleans:
    """Which cells each picture of a film shows: (P, h * w), for a class map (h, w).

    The whole film, nothing, and then for each step but the first and last: map out, map in, random out, centre out and
    centre in.
    """
    side = len(class_map)
    ties, order = random.permutation(side * side), random.permutation(side * side)
    strongest = np.lexsort((ties, -class_map.ravel()))
    from_centre = np.arange(side) - (side - 1) / 2
    centre = np.lexsort((ties, np.add.outer(from_centre**2, from_centre**2).ravel()))
    between = counts[1:-1, None]

    def gone(order: Integers) -> Booleans:
        return np.argsort(order)[None] < between  # (steps - 1, h * w): a cell's position in the order

    ends = np.array([[True], [False]]).repeat(side * side, axis=1)
    return np.concatenate(
        [ends, ~gone(strongest), gone(strongest), ~gone(order), ~gone(centre), gone(centre)],
    )


def _pictures(film: NDArray[np.uint8], replaced: NDArray[np.uint8], kept: Booleans) -> NDArray[np.uint8]:
    """(P, C, S, S) uint8: film (C, S, S) where a cell is kept (P, h * w), else what replaces it, of the same shape."""
    side, size = round(kept.shape[1] ** 0.5), film.shape[-1]
    cell = np.arange(size) * side // size  # (S,), the row or column of cells that a pixel belongs to
    shown = np.take(kept, cell[:, None] * side + cell, axis=1)  # (P, S, S)
    return np.where(shown[:, None], film, replaced)


def blurred(film: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """(C, S, S) uint8 without what is smaller than a cell: a Gaussian of one cell's width, the edges reflected."""
    size = film.shape[-1]
    places, sigma = np.arange(size), size / side
    weights = sum(
        np.exp(-0.5 * np.square((places[:, None] - mirrored) / sigma))
        for mirrored in (places, -1 - places, 2 * size - 1 - places)
    )
    weights = weights / weights.sum(axis=1, keepdims=True)  # (S, S)
    return np.asarray(np.round(weights @ film @ weights.T).astype(np.uint8))


# --- randomised weights ----------------------------------------------------------------------------------------------


def random_weights(
    model: Model,
    pixels: NDArray[np.uint8],
    shown: Explained,
    *,
    seed: int,
    prefixes: tuple[str, ...] = ("",),
    threads: int = 0,
) -> dict[str, Estimate]:
    """Mean correlations ("spearman", "pearson") of the maps of a model with those of random weights.

    `shown`: what the model says of the films (N, C, S, S). Film n meets draw n modulo NUM_DRAWS of the weights that
    `prefixes` name.
    """
    draws = np.arange(len(pixels)) % NUM_DRAWS
    found = np.empty((len(pixels), 2))
    num_models = min(max(threads, 1), MAX_RANDOM_MODELS)

    def compare(draw: int) -> None:
        other = Predictor(randomised(model, seed=seed, draw=draw, prefixes=prefixes), threads=threads // num_models)
        numbers = np.flatnonzero(draws == draw)
        after = other.answer(pixels[numbers]).class_maps
        for number, k, two in zip(numbers, shown.classes[numbers], after, strict=True):
            one = shown.maps[number]
            found[number] = spearman(one.ravel(), two[k].ravel()), pearson(one.ravel(), two[k].ravel())

    with ThreadPoolExecutor(num_models) as pool:
        list(pool.map(compare, np.unique(draws).tolist()))
    return {
        measure: grouped_mean(values, draws, bound=1.0)
        for measure, values in zip(("spearman", "pearson"), found.T, strict=True)
    }


def pearson(one: NDArray[np.float32 | np.float64], two: NDArray[np.float32 | np.float64]) -> float:
    """Correlation of two maps (n,), -1 to 1; of two constant ones, which do not differ, 1; of one constant, 0."""
    deviations = [values - values.mean(dtype=np.float64) for values in (one, two)]
    sizes = [float(np.linalg.norm(deviation)) for deviation in deviations]
    if min(sizes) == 0:
        return float(sizes[0] == sizes[1])
    return float(np.clip(deviations[0] @ deviations[1] / (sizes[0] * sizes[1]), -1, 1))


def spearman(one: NDArray[np.float32 | np.float64], two: NDArray[np.float32 | np.float64]) -> float:
    """Rank correlation of two maps (n,), equal values sharing the mean of their ranks; -1 to 1, constants as above.

    >>> round(spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 1000.0])), 6)
    1.0
    """
    return pearson(_ranks(one), _ranks(two))


def _ranks(values: NDArray[np.float32 | np.float64]) -> Floats:
    _, index, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[index], dtype=np.float64)
