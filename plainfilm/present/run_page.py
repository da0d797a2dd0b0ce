"""The report of a run: `report.html`, one page that asks nothing of any network, and `MODEL_CARD.md`.

- Both are made of the same sections (`plainfilm.present.sections`): plain values, shown in HTML and in Markdown.
- Nothing but the run's artefacts goes in, so equal runs have equal reports: no time of its own, no path, no patient.
"""

from pathlib import Path

from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.messages import Text, say
from plainfilm.present.gather import Gathered, gather
from plainfilm.present.in_html import in_html
from plainfilm.present.in_markdown import in_markdown
from plainfilm.present.showing import Showing
from plainfilm.present.words import listed
from plainfilm.task import task_of


def write_report(run: Run, *, language: str = "en") -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run, each whole or not at all; returns the page's path.

    `language`: the one that the page shows first, and the only one of a reader whose browser knows no switch.
    Raises SourceError, ModelFileError, RecipeError if the run cannot be read; OutputError.
    """
    found = gather(run)
    title = _title(found)
    authors = found.recipe.report.authors if found.recipe is not None else None
    showing: Showing = task_of(found.task_kind).showing
    about = say(showing.about, classes=listed(map(found.shown, found.classes)))
    page = in_html([section(found) for section in showing.page], title, about, authors, language=language)
    card = in_markdown([section(found) for section in showing.card_page], title, about)
    files.write_text(run.card, card)
    files.write_text(run.report, page)
    return run.report


def _title(found: Gathered) -> Text:
    """The title that the recipe gives, else one that says what it is."""
    given = found.recipe.report.title if found.recipe is not None else None
    return given or say("report.title")
