"""What a finished training still has to learn from the validation films, by the model file's own answers."""

from pathlib import Path

import numpy as np

from plainfilm.config import DecisionRecipe
from plainfilm.data.index import Index
from plainfilm.evaluation.calibration import calibrate
from plainfilm.evaluation.evaluate import answers, is_judged
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor


def fit_calibration(path: Path, index: Index, store: np.ndarray, wanted: DecisionRecipe, *, threads: int) -> None:
    """Fit temperature, sets and operating points of the model file at `path` and store them there.

    Without validation films the file stays as it is: not calibrated.
    """
    predictor = Predictor(path, threads=threads)
    classes = predictor.card.class_names
    films = [number for number in index.part("validation") if is_judged(index.rows[number], classes)]
    if not films:
        return
    rows = [index.rows[number] for number in films]
    fitted = calibrate(
        np.concatenate([part.logits for part in answers(predictor, store, films)]),
        np.array([classes.index(row.label) for row in rows]),
        [row.group for row in rows],
        coverage=wanted.coverage,
        sensitivities=wanted.sensitivities,
    )
    modelfile.update(path, calibration=fitted)
