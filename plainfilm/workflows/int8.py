"""`train --int8`: the int8 twin of a model file, written where validation says that it answers as well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plainfilm.config import Recipe
from plainfilm.data.film_index import Index
from plainfilm.data.pixel_store import films_of
from plainfilm.errors import TrainingError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io import files
from plainfilm.model import modelfile, quantise
from plainfilm.model.predictor import Predictor
from plainfilm.workflows.fit import fit, judged, labels_of

NUM_RANGE_FILMS = 208  # training films that set the ranges of what flows between the layers
MAX_LOSS = 0.005  # of accuracy on the validation films; a twin that loses so much or more is not written


@dataclass(frozen=True)
class Twin:
    """What came of the attempt."""

    path: Path | None  # None: it lost too much, and was not written
    difference: Estimate  # accuracy of the twin minus that of the model, on the same validation films


def write_twin(run: Path, index: Index, store: np.ndarray, recipe: Recipe, *, threads: int) -> Twin:
    """Quantise `model.onnx` of a run into `model-int8.onnx`, with a calibration, gate and check of the maps of its own.

    Raises TrainingError where the run has no validation films to compare the two on.
    """
    path, target = run / "model.onnx", run / "model-int8.onnx"
    predictor = Predictor(path, threads=threads)
    validation = judged(index, "validation", predictor)
    if not validation:
        raise TrainingError("int8-no-validation")
    train = judged(index, "train", predictor)
    chosen = train[:: max(len(train) // NUM_RANGE_FILMS, 1)][:NUM_RANGE_FILMS]
    proto = quantise.to_int8(path, films_of(store, chosen, recipe.data.channels))
    labels = labels_of(index, validation)
    bare = replace(predictor.card, calibration=None, gate=None, maps=None, evaluation=None, seen=None)
    twin = Predictor(path, threads=threads, data=modelfile.assemble(proto, bare))
    gained = _hits(twin, store, validation, labels) - _hits(predictor, store, validation, labels)
    difference = grouped_mean(gained, [index.rows[number].group for number in validation], bound=1.0)
    if difference.value <= -MAX_LOSS:
        return Twin(None, difference)
    made = {"of": predictor.card.weights_sha256, "films": "validation", "accuracy_difference": difference.as_dict()}
    card = replace(bare, provenance={**bare.provenance, "int8": made})
    files.write_bytes(target, modelfile.assemble(proto, card))
    fit(target, index, store, recipe, threads=threads)
    return Twin(target, difference)


def _hits(predictor: Predictor, store: np.ndarray, numbers: Sequence[int], labels: np.ndarray) -> np.ndarray:
    """(N,): 1 where a film's class is answered, else 0."""
    predicted = [part.probabilities.argmax(axis=1) for _, part in answers(predictor, store, numbers)]
    return np.asarray(np.concatenate(predicted) == labels, dtype=float)
