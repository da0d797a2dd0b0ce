"""`plainfilm report`: the report of a run, from what the run holds; also the last step of a training."""

from pathlib import Path

from plainfilm.report.report import write_report
from plainfilm.workflows.log import RunLog


def report(run: Path, *, language: str) -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run; returns the page's path. Raises as `write_report`."""
    return write_report(run, language=language)


def report_after_training(run: Path, log: RunLog, *, language: str) -> tuple[str, ...]:
    """The same for a run that was just trained; what goes wrong here is a notice and a line of the log, no failure."""
    try:
        report(run, language=language)
    except Exception as error:  # hours of training are not lost because a page could not be written
        log.write("warning", code="report-failed", kind=type(error).__name__)
        return ("report-failed",)
    return ()
