"""`plainfilm report`: the report of a run, from what the run holds; and what follows a training."""

from pathlib import Path

import numpy as np

from plainfilm.data.film_index import Index
from plainfilm.errors import StorageError
from plainfilm.model.predictor import Predictor
from plainfilm.present.run_page import write_report
from plainfilm.workflows.auditing import audit
from plainfilm.workflows.log import RunLog


def report(run: Path, *, language: str) -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run; returns the page's path. Raises as `write_report`."""
    return write_report(run, language=language)


def describe(
    run: Path, index: Index, store: np.ndarray, predictor: Predictor, log: RunLog, *, language: str
) -> tuple[str, ...]:
    """Audit, in its cheap form, and report a run that was just trained, store (N, S, S) uint8; returns notices.

    What goes wrong here is a notice and a line of the log, no failure: hours of training are not lost because a page
    could not be made. Where there is no room for it, that is an error: the same run goes on once there is.
    """
    notices = []
    for code, step in (
        ("audit-failed", lambda: audit(index, store, predictor, run / "audit", language=language, cheap=True)),
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
