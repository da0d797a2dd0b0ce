"""What follows a training: the figures of a run, its audit, and its report (`plainfilm report`)."""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from plainfilm.data.films import Films
from plainfilm.errors import StorageError
from plainfilm.evaluation.judging import Judged
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.model.card import Card
from plainfilm.model.predictor import Predictor
from plainfilm.present import figures
from plainfilm.present.run_page import write_report
from plainfilm.present.showing import Showing
from plainfilm.task import task_of
from plainfilm.training.history import RunLog, read_history
from plainfilm.workflows.auditing import audit


def draw_figures(run: Run, test: Judged, card: Card, language: str) -> tuple[str, ...]:
    """Draw the history and the figures of the test into the run; returns notices."""
    folder = files.writable_folder(run.figures)
    steps = read_history(run.history)
    epochs = [
        {"epoch": step.epoch, "loss": step.validation_loss, "accuracy": step.validation_accuracy}
        for step in steps
        if step.validation_loss is not None and step.validation_accuracy is not None
    ]
    showing: Showing = task_of(card.task_kind).showing
    history, path = [asdict(step) for step in steps], folder / "history.png"
    notices = (
        *figures.draw_history(history, epochs, path, language=language, right=showing.right),
        *showing.draw(test, card, folder, language),
    )
    return tuple(dict.fromkeys(notices))


def report(run: Run, *, language: str) -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run; returns the page's path. Raises as `write_report`."""
    return write_report(run, language=language)


def describe(
    run: Run, films: Films, predictor: Predictor, log: RunLog, test: Judged, *, language: str
) -> tuple[str, ...]:
    """Audit, in its quick form, and report a run that was just trained and tested; returns notices.

    What goes wrong here is a notice and a line of the log, no failure: hours of training are not lost because a page
    could not be made. If there is no room for it, that is an error: the same run goes on once there is.
    """
    notices = []
    known = np.full((len(films.index.rows), test.probabilities.shape[1]), np.nan)
    known[films.judged(films.part("test"))] = test.probabilities
    for code, step in (
        (
            "audit-failed",
            lambda: audit(films, predictor, run.audit, language=language, cheap=True, probabilities=known),
        ),
        ("report-failed", lambda: report(run, language=language)),
    ):
        try:
            step()
        except StorageError:
            raise
        except Exception as error:
            log.write("warning", code=code, kind=type(error).__name__)
            notices.append(code)
    return tuple(notices)
