"""What a model gets after its training: the films that it has seen, calibration, input check, health of the maps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from plainfilm.config import Recipe
from plainfilm.data.films import Films
from plainfilm.evaluation import saliency
from plainfilm.evaluation.calibration import calibrate
from plainfilm.evaluation.evaluation import answers
from plainfilm.model import input_check
from plainfilm.model.card import Maps
from plainfilm.model.modelfile import Model
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import seen_films


def fit(model: Model, films: Films, recipe: Recipe, *, threads: int) -> tuple[Model, Predictor]:
    """The model with what it needs besides its weights, and the same ready to answer.

    Decided on the validation films; the input check's statistics are those of the training films. Without validation
    films the model only gets the list of those that it has seen: it stays not calibrated, without a fitted input
    check, its maps not checked. Which films given weights have seen, nobody knows. numpy's linear algebra has one
    thread here, so that the same films give the same bits.
    """
    with threadpool_limits(1, user_api="blas"):
        listed = replace(model, seen=seen_films(films, is_base_known=not recipe.model.is_given))
        predictor = Predictor(listed, threads=threads)
        if not films.judged(films.part("validation")):
            return listed, predictor
        fitted = _calibrated(listed, predictor, films, recipe)
        predictor = Predictor(fitted, threads=threads)  # the check of the maps asks for probabilities
        maps = _check_maps(fitted, predictor, films, recipe, threads)
        return replace(fitted, card=replace(fitted.card, maps=maps)), predictor


def _calibrated(model: Model, predictor: Predictor, films: Films, recipe: Recipe) -> Model:
    """The model with calibration and input check."""
    validation, train = (films.judged(films.part(part)) for part in ("validation", "train"))
    logits, features = _answers(predictor, films, validation)
    calibration = calibrate(
        logits,
        films.labels(validation),
        films.groups(validation),
        coverage=recipe.decision.coverage,
        sensitivities=recipe.decision.sensitivities,
    )
    fitted_check = input_check.fit(
        films.store[train],
        _answers(predictor, films, train)[1],
        films.labels(train),
        films.store[validation],
        features,
    )
    return replace(model, card=replace(model.card, calibration=calibration, gate=fitted_check))


def _check_maps(model: Model, predictor: Predictor, films: Films, recipe: Recipe, threads: int) -> Maps | None:
    """What the validation films say of the model's maps."""
    validation, seed = films.judged(films.part("validation")), recipe.training.seed
    rows = [validation[number] for number in saliency.sample(len(validation), seed=seed)]
    pixels = films.pixels(rows, recipe.data.channels)
    return saliency.check_maps(
        model, predictor, pixels, films.groups(rows), name="validation", seed=seed, threads=threads
    )


def _answers(predictor: Predictor, films: Films, rows: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, K) and features (N, D) of some films."""
    parts = [(part.logits, part.features) for _, part in answers(predictor, films, rows)]
    logits, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return logits, features
