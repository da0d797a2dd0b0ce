"""`plainfilm report`: the report of a run, from what the run holds; and what follows a training."""

from pathlib import Path

from plainfilm.data.films import Films
from plainfilm.errors import StorageError
from plainfilm.io.run_folder import Run
from plainfilm.model.predictor import Predictor
from plainfilm.present.run_page import write_report
from plainfilm.training.log import RunLog
from plainfilm.workflows.auditing import audit


def report(run: Run, *, language: str) -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run; returns the page's path. Raises as `write_report`."""
    return write_report(run, language=language)


def describe(run: Run, films: Films, predictor: Predictor, log: RunLog, *, language: str) -> tuple[str, ...]:
    """Audit, in its quick form, and report a run that was just trained; returns notices.

    What goes wrong here is a notice and a line of the log, no failure: hours of training are not lost because a page
    could not be made. If there is no room for it, that is an error: the same run goes on once there is.
    """
    notices = []
    for code, step in (
        ("audit-failed", lambda: audit(films, predictor, run.audit, language=language, cheap=True)),
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
