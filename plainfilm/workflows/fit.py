"""What a model file gets after its training: the films that it has seen, calibration, gate, health of the maps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from plainfilm.config import Recipe
from plainfilm.data.film_index import Index
from plainfilm.data.pixel_store import films_of
from plainfilm.evaluation import saliency
from plainfilm.evaluation.calibration import calibrate
from plainfilm.evaluation.evaluation import answers, is_judged
from plainfilm.model import gate, modelfile
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import seen_films


def fit(path: Path, index: Index, store: np.ndarray, recipe: Recipe, *, threads: int) -> None:
    """Fit what the model file at `path` needs besides its weights, and store it there.

    Decided on the validation films; the gate's statistics are those of the training films. Without validation films the
    file only gets the list of those that it has seen: it stays not calibrated, without a fitted gate, its maps not
    checked. numpy's linear algebra has one thread here, so that the same films give the same bits.
    """
    with threadpool_limits(1, user_api="blas"):
        _list_films(path, index, store, recipe)
        _fit(path, index, store, recipe, threads)


def _fit(path: Path, index: Index, store: np.ndarray, recipe: Recipe, threads: int) -> None:
    predictor = Predictor(path, threads=threads)
    validation = judged(index, "validation", predictor)
    if not validation:
        return
    rows = [index.rows[number] for number in validation]
    logits, features = _answers(predictor, store, validation)
    calibration = calibrate(
        logits,
        labels_of(index, validation),
        [row.group for row in rows],
        coverage=recipe.decision.coverage,
        sensitivities=recipe.decision.sensitivities,
    )
    train = judged(index, "train", predictor)
    fitted_gate = gate.fit(
        store[train], _answers(predictor, store, train)[1], labels_of(index, train), store[validation], features
    )
    # stored before the maps are checked: that asks for probabilities
    modelfile.update(path, calibration=calibration, gate=fitted_gate)
    chosen = [validation[place] for place in saliency.sample(len(validation), seed=recipe.training.seed)]
    maps = saliency.check_maps(
        path,
        films_of(store, chosen, recipe.data.channels),
        [index.rows[number].group for number in chosen],
        name="validation",
        seed=recipe.training.seed,
        threads=threads,
    )
    modelfile.update(path, maps=maps)


def _list_films(path: Path, index: Index, store: np.ndarray, recipe: Recipe) -> None:
    """Store the list of the films that the model has seen; which ones given weights have seen, nobody knows."""
    numbers = {part: index.part(part) for part in ("train", "validation")}
    image_ids = [row.image_id for row in index.rows]
    modelfile.update(path, seen=seen_films(image_ids, store, numbers, is_base_known=not recipe.model.is_given))


def judged(index: Index, part: str, predictor: Predictor) -> list[int]:
    """The films of a part whose class the model knows."""
    return [number for number in index.part(part) if is_judged(index.rows[number], predictor.card.class_names)]


def labels_of(index: Index, numbers: Sequence[int]) -> np.ndarray:
    """(N,) class numbers of films."""
    return np.array([index.classes.index(index.rows[number].label) for number in numbers])


def _answers(predictor: Predictor, store: np.ndarray, numbers: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and features (N, D) of films of a store."""
    parts = [(part.logits, part.features) for _, part in answers(predictor, store, numbers)]
    logits, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return logits, features
