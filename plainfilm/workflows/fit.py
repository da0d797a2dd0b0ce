"""What a model gets after its training: the films that it has seen, calibration, input check, home, health of the maps.

`train --int8`: also an int8 twin of the model file, written where validation says that it answers as well.
"""

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from plainfilm.config import Recipe
from plainfilm.data.film_index import Index, train_only
from plainfilm.data.films import Films
from plainfilm.errors import TrainingError
from plainfilm.evaluation import saliency
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io.run_folder import Run
from plainfilm.model import input_check, modelfile, quantise
from plainfilm.model.answering import Answering
from plainfilm.model.card import Maps, Provenance
from plainfilm.model.input_measures import Floats, describe
from plainfilm.model.modelfile import Model
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import seen_films
from plainfilm.model.shift_fit import HomeFilms, fit_home
from plainfilm.randomness import draw_some
from plainfilm.task import task_of
from plainfilm.training.result import Twin
from plainfilm.workflows.out_of_fold import HeldOut

NUM_FEATURE_FILMS = 1000  # training films, at most, whose features the input check is fitted on


def fit(
    model: Model, films: Films, recipe: Recipe, *, threads: int, held_out: HeldOut | None = None
) -> tuple[Model, Predictor]:
    """The model with what it needs besides its weights, and the same ready to answer.

    Decided on the validation films, calibration on those `held_out` if there are any; the input check's statistics are
    those of training films. Without validation films the model only gets the list of those that it has seen: it stays
    not calibrated, without a fitted input check, its maps not checked. Which films given weights have seen, nobody
    knows. numpy's linear algebra has one thread here, so that the same films give the same bits.
    """
    with threadpool_limits(1, user_api="blas"):
        listed = replace(model, seen=seen_films(films, is_base_known=not recipe.model.is_given))
        predictor = Predictor(listed, threads=threads, abreast=True)
        validation = films.judged(films.part("validation"))
        if not validation:
            return listed, predictor
        answered = _answers(predictor, films, validation)
        fitted = _calibrated(listed, predictor, films, recipe, answered, held_out)
        predictor = Predictor(fitted, threads=threads, abreast=True)  # the check of the maps asks for probabilities
        maps = _check_maps(fitted, predictor, films, recipe, answered.shown, threads)
        return replace(fitted, card=replace(fitted.card, maps=maps)), predictor


@dataclass(frozen=True)
class _Answered:
    """What the model says of N films."""

    logits: NDArray[np.float32]  # (N, K)
    features: NDArray[np.float32]  # (N, D)
    shown: saliency.Explained


def _calibrated(
    model: Model,
    predictor: Predictor,
    films: Films,
    recipe: Recipe,
    answered: _Answered,
    held_out: HeldOut | None,
) -> Model:
    """The model with calibration, input check and summary of its home; `answered`: of the validation films."""
    validation, train = (films.judged(films.part(part)) for part in ("validation", "train"))
    task = task_of(recipe.task.kind)
    answering: Answering = task.answers
    targets = films.targets(validation)
    calibration = _calibration(task, films, recipe, validation, answered, held_out)
    kinds = {
        "train": answering.kinds_of_targets(films.targets(train)),
        "validation": answering.kinds(answered.logits, calibration),
    }
    drawn = draw_some(len(train), NUM_FEATURE_FILMS, recipe.training.seed, "input-check-sample")
    some = [train[number] for number in drawn]
    described = {name: describe(films.store[rows]) for name, rows in (("train", train), ("validation", validation))}
    fitted_check = input_check.fit(
        described["train"],
        _features(predictor, films, some),
        kinds["train"][drawn],
        described["validation"],
        answered.features,
    )
    home = _home(films, answered, validation, train, described, kinds)
    shift = fit_home(home, answering.num_kinds(len(films.index.classes)), seed=recipe.training.seed)
    confidence = task.judging.confidence(answering.probabilities(answered.logits, calibration), targets)
    fitted = replace(model.card, calibration=calibration, gate=fitted_check, shift=shift, confidence=confidence)
    return replace(model, card=fitted)


def _calibration(
    task: Any,
    films: Films,
    recipe: Recipe,
    validation: Sequence[int],
    answered: _Answered,
    held_out: HeldOut | None,
) -> Any:
    """What is fitted on out-of-fold answers, or on those for the validation films."""
    rows, logits, of = (validation, answered.logits, "validation")
    if held_out is not None:
        rows, logits, of = held_out.rows, held_out.logits, "out-of-fold"
    return task.judging.calibrate(logits, films.targets(rows), films.groups(rows), recipe.decision, of)


def _home(
    films: Films,
    answered: _Answered,
    validation: Sequence[int],
    train: Sequence[int],
    described: Mapping[str, tuple[Floats, Floats]],
    kinds: Mapping[str, NDArray[np.int64]],
) -> HomeFilms:
    """The films of home: those of validation as they are answered, those of training as they are labelled.

    Training films that a split keeps out of validation, recompressed ones for instance, are not like the others.
    """
    is_alike = ~np.array(train_only([films.index.rows[row] for row in train], films.index.split))
    alike = [row for row, is_kept in zip(train, is_alike, strict=True) if is_kept]
    rows = [*validation, *alike]
    features = np.zeros((len(rows), answered.features.shape[1]), np.float32)
    features[: len(validation)] = answered.features
    coarse, texture = (
        np.concatenate([of_validation, of_train[is_alike]])
        for of_validation, of_train in zip(described["validation"], described["train"], strict=True)
    )
    return HomeFilms.of(
        features,
        coarse,
        texture,
        np.concatenate([kinds["validation"], kinds["train"][is_alike]]),
        films.groups(rows),
        np.arange(len(rows)) < len(validation),
    )


def _check_maps(
    model: Model, predictor: Predictor, films: Films, recipe: Recipe, shown: saliency.Explained, threads: int
) -> Maps | None:
    """What the validation films say of the model's maps; `shown`: what it says of all of them."""
    validation, seed = films.judged(films.part("validation")), recipe.training.seed
    numbers = saliency.sample(len(validation), seed=seed)
    rows = [validation[number] for number in numbers]
    pixels, groups = films.pixels(rows, recipe.data.channels), films.groups(rows)
    return saliency.check_maps(
        model, predictor, pixels, shown.of(numbers), groups, name="validation", seed=seed, threads=threads
    )


def _features(predictor: Predictor, films: Films, rows: Sequence[int]) -> NDArray[np.float32]:
    """(N, D), of some films."""
    return np.concatenate([part.features for _, part in answers(predictor, films, rows)])


def _answers(predictor: Predictor, films: Films, rows: Sequence[int]) -> _Answered:
    """The answers for some films, each with the map of what stands out beside the training films."""
    targets = films.targets(films.part("train"))
    base = np.nanmean(targets, axis=0) if targets.ndim > 1 else np.empty(0)
    parts = [
        (
            part.logits,
            part.features,
            saliency.explained(part, predictor.answering.explained(part.probabilities, base)),
        )
        for _, part in answers(predictor, films, rows)
    ]
    logits, features, shown = zip(*parts, strict=True)
    return _Answered(np.concatenate(logits), np.concatenate(features), saliency.together(shown))


# --- the int8 twin ---------------------------------------------------------------------------------------------------

NUM_RANGE_FILMS = 208  # training films that set the ranges of what flows between the layers
MAX_LOSS = 0.005  # of accuracy on the validation films; a twin that loses so much or more is not written


def write_twin(run: Run, films: Films, recipe: Recipe, *, threads: int) -> Twin:
    """Quantise the model of a run into its int8 twin, with a calibration, gate and check of the maps of its own.

    Raises TrainingError where the run has no validation films to compare the two on.
    """
    model = modelfile.opened(run.model)
    predictor = Predictor(model, threads=threads)
    validation, train = (films.judged(films.part(part)) for part in ("validation", "train"))
    if not validation:
        raise TrainingError("int8-no-validation")
    chosen = train[:: max(len(train) // NUM_RANGE_FILMS, 1)][:NUM_RANGE_FILMS]
    proto = quantise.to_int8(model, films.pixels(chosen, recipe.data.channels))
    bare = replace(model.card, calibration=None, gate=None, shift=None, confidence=None, maps=None, evaluation=None)
    twin = modelfile.from_graph(run.int8, proto, bare)
    gained = _hits(Predictor(twin, threads=threads), films, validation) - _hits(predictor, films, validation)
    difference = grouped_mean(gained, films.groups(validation), bound=1.0)
    if difference.value <= -MAX_LOSS:
        return Twin(None, difference)
    made = {"of": model.card.weights_sha256, "films": "validation", "accuracy_difference": difference.as_dict()}
    twin = replace(twin, card=replace(twin.card, provenance=replace(bare.provenance, int8=made)))
    fitted, _ = fit(twin, films, recipe, threads=threads)
    fitted.write()
    return Twin(run.int8, difference)


def _hits(predictor: Predictor, films: Films, rows: Sequence[int]) -> NDArray[np.float64]:
    """(N,): 1 where a film's class is answered, else 0."""
    predicted = [part.probabilities.argmax(axis=1) for _, part in answers(predictor, films, rows)]
    return np.asarray(np.concatenate(predicted) == films.labels(rows), dtype=float)


PACKAGES = ("plainfilm", "numpy", "pillow", "torch", "onnx", "onnxruntime")


def provenance(index: Index, recipe: Recipe, validation: dict[str, float]) -> Provenance:
    """What the card of a trained model says of that; `validation`: the figures of the kept epoch."""
    return replace(
        software(),
        recipe=recipe.to_toml(),
        data_sha256=index.data_checksum,
        split_sha256=index.split_checksum,
        leaking=index.is_leaking,
        films={part: len(index.part(part)) for part in ("train", "validation", "test")},
        validation=validation,
    )


def software() -> Provenance:
    """What wrote a model file."""
    return Provenance(
        packages={name: importlib.metadata.version(name) for name in PACKAGES}, python=platform.python_version()
    )
