"""The figures of a run: how it trained, and what its model does on the test films."""

from dataclasses import asdict

import numpy as np

from plainfilm.evaluation.evaluation import Evaluation
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.model.card import Card
from plainfilm.present import figures
from plainfilm.training.history import read_history


def draw_figures(run: Run, test: Evaluation, card: Card, language: str) -> tuple[str, ...]:
    """Draw history, confusion matrix, ROC, reliability and risk-coverage curves into the run; returns notices."""
    folder = files.writable_folder(run.figures)
    names = [entry.shown(language) for entry in card.classes]
    steps = read_history(run.history)
    epochs = [
        {"epoch": step.epoch, "loss": step.validation_loss, "accuracy": step.validation_accuracy}
        for step in steps
        if step.validation_loss is not None and step.validation_accuracy is not None
    ]
    measured = test.figures
    counts = np.array(measured.confusion.counts)
    aucs = [measured.classes[entry.name]["auc"] for entry in card.classes]
    curves = list(measured.calibration.reliability.values())
    notices = (
        *figures.draw_history([asdict(step) for step in steps], epochs, folder / "history.png", language=language),
        *figures.draw_confusion(counts, names, folder / "confusion.png", language=language),
        *figures.draw_roc(test.probabilities, test.labels, names, folder / "roc.png", language=language, aucs=aucs),
        *figures.draw_reliability(curves, names, folder / "reliability.png", language=language),
        *figures.draw_risk_coverage(measured.risk_coverage, folder / "risk-coverage.png", language=language),
    )
    return tuple(dict.fromkeys(notices))
