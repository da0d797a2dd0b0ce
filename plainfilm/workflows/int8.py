"""`train --int8`: the int8 twin of a model file, written if validation says that it answers as well."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from plainfilm.config import Recipe
from plainfilm.data.films import Films
from plainfilm.errors import TrainingError
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io.run_folder import Run
from plainfilm.model import modelfile, quantise
from plainfilm.model.predictor import Predictor
from plainfilm.training.result import Twin
from plainfilm.workflows.fit import fit

NUM_RANGE_FILMS = 208  # training films that set the ranges of what flows between the layers
MAX_LOSS = 0.005  # of accuracy on the validation films; a twin that loses so much or more is not written


def write_twin(run: Run, films: Films, recipe: Recipe, *, threads: int) -> Twin:
    """Quantise the model of a run into its int8 twin, with a calibration, input check and check of the maps of its own.

    Raises TrainingError if the run has no validation films to compare the two on.
    """
    model = modelfile.opened(run.model)
    predictor = Predictor(model, threads=threads)
    validation, train = (films.judged(films.part(part)) for part in ("validation", "train"))
    if not validation:
        raise TrainingError("int8-no-validation")
    chosen = train[:: max(len(train) // NUM_RANGE_FILMS, 1)][:NUM_RANGE_FILMS]
    proto = quantise.to_int8(model, films.pixels(chosen, recipe.data.channels))
    bare = replace(model.card, calibration=None, gate=None, maps=None, evaluation=None)
    twin = modelfile.from_graph(run.int8, proto, bare)
    gained = _hits(Predictor(twin, threads=threads), films, validation) - _hits(predictor, films, validation)
    difference = grouped_mean(gained, films.groups(validation), bound=1.0)
    if difference.value <= -MAX_LOSS:
        return Twin(None, difference)
    made = {"of": model.card.weights_sha256, "films": "validation", "accuracy_difference": difference.as_dict()}
    twin = replace(twin, card=replace(twin.card, provenance={**bare.provenance, "int8": made}))
    fitted, _ = fit(twin, films, recipe, threads=threads)
    fitted.write()
    return Twin(run.int8, difference)


def _hits(predictor: Predictor, films: Films, rows: Sequence[int]) -> np.ndarray:
    """(N,): 1 if a film's class is answered, else 0."""
    predicted = [part.probabilities.argmax(axis=1) for _, part in answers(predictor, films, rows)]
    return np.asarray(np.concatenate(predicted) == films.labels(rows), dtype=float)
