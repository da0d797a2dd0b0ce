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
from plainfilm.present.sections.calibration import calibration
from plainfilm.present.sections.claim import claim
from plainfilm.present.sections.data import data
from plainfilm.present.sections.decisions import decisions
from plainfilm.present.sections.elsewhere import external
from plainfilm.present.sections.films import films
from plainfilm.present.sections.headline import headline
from plainfilm.present.sections.leaks_and_shortcuts import audit
from plainfilm.present.sections.origin import limits, origin
from plainfilm.present.sections.results import results
from plainfilm.present.sections.subgroups import subgroups
from plainfilm.present.sections.training import training
from plainfilm.present.words import listed

ORDER = (
    headline,
    limits,
    data,
    audit,
    training,
    results,
    calibration,
    decisions,
    films,
    external,
    subgroups,
    origin,
    claim,
)
"""The sections of the page, in order."""
CARD_ORDER = (headline, limits, data, training, results, external, origin)
"""Those of the model card."""


def write_report(run: Run, *, language: str = "en") -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run, each whole or not at all; returns the page's path.

    `language`: the one that the page shows first, and the only one of a reader whose browser knows no switch.
    Raises SourceError, ModelFileError, RecipeError if the run cannot be read; OutputError.
    """
    found = gather(run)
    title, classes = _title(found), listed(found.names.values())
    authors = found.recipe.report.authors if found.recipe is not None else None
    about = say("report.about", classes=classes)
    page = in_html([section(found) for section in ORDER], title, about, authors, language=language)
    card = in_markdown([section(found) for section in CARD_ORDER], title, classes)
    files.write_text(run.card, card)
    files.write_text(run.report, page)
    return run.report


def _title(found: Gathered) -> Text:
    """The title that the recipe gives, else one that says what it is."""
    given = found.recipe.report.title if found.recipe is not None else None
    return given or say("report.title")
