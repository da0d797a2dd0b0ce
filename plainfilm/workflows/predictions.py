"""`predictions.csv`, read again: of an evaluation elsewhere or of a run."""

import csv
from pathlib import Path

import numpy as np

from plainfilm.errors import SourceError
from plainfilm.evaluation.comparison import Predictions
from plainfilm.io import tables
from plainfilm.io.run_folder import PREDICTIONS, Run


def read_predictions(path: Path) -> Predictions:
    """Read `predictions.csv`: the file itself, or that of an evaluation's or a run's folder. Raises SourceError."""
    if path.is_dir():
        here, of_run = path / PREDICTIONS, Run(path).predictions
        path = of_run if of_run.is_file() and not here.is_file() else here
    try:
        rows, columns = tables.from_csv(path.read_bytes().decode("utf-8", "surrogateescape"))
        classes = tuple(name.removeprefix("p_") for name in columns if name.startswith("p_"))
        labels = np.array([classes.index(row["label"]) for row in rows])
        probabilities = np.array([[float(row[f"p_{name}"]) for name in classes] for row in rows])
        ids, groups = (tuple(row[name] for row in rows) for name in ("image_id", "group"))
    except OSError as error:
        raise SourceError("predictions-missing", path=str(path)) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise SourceError("predictions-damaged", path=str(path)) from error
    if not rows or not np.isfinite(probabilities).all():
        raise SourceError("predictions-damaged", path=str(path))
    return Predictions(ids, groups, classes, labels, probabilities)
