"""The report of a run: `report.html`, one page that asks nothing of any network, and `MODEL_CARD.md`.

- Both are made of the same sections (`plainfilm.present.sections`): plain values that the templates show.
- Every sentence stands in the page in English and Chinese; a switch without JavaScript hides one of them.
- Nothing but the run's artefacts goes in, so equal runs have equal reports: no time of its own, no path, no patient.
- Everything is escaped by default; what is marked as HTML was made of numbers and escaped words.
"""

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.messages import LANGUAGES, Text, Words, printable, say, shown
from plainfilm.present.blocks import Section
from plainfilm.present.gather import Gathered, gather
from plainfilm.present.sections.claim import claim
from plainfilm.present.sections.data import data
from plainfilm.present.sections.decisions import calibration, decisions
from plainfilm.present.sections.elsewhere import external, subgroups
from plainfilm.present.sections.films import films
from plainfilm.present.sections.headline import headline
from plainfilm.present.sections.leaks_and_shortcuts import audit
from plainfilm.present.sections.origin import limits, origin
from plainfilm.present.sections.results import results
from plainfilm.present.sections.training import training
from plainfilm.present.words import CODE, TAGS, in_all, listed, markup

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
SPECIAL = re.compile(r"([\\`*_\[\]|~]|^(?:[#+\-]|\d+[.)](?=\s|$)))")


def write_report(run: Run, *, language: str = "en") -> Path:
    """Write `report.html` and `MODEL_CARD.md` into a run, each whole or not at all; returns the page's path.

    `language`: the one that the page shows first, and the only one of a reader whose browser knows no switch.
    Raises SourceError, ModelFileError, RecipeError where the run cannot be read; OutputError.
    """
    found = gather(run)
    page, card = render_page(found, language=language), render_card(found)
    files.write_text(run.card, card)
    files.write_text(run.report, page)
    return run.report


def render_page(found: Gathered, *, language: str) -> str:
    """The page."""
    environment = _environment(autoescape=True)
    environment.finalize = markup
    return environment.get_template("report.html").render(
        title=title(found),
        authors=found.recipe.report.authors if found.recipe is not None else None,
        classes=listed(found.names.values()),
        sections=[section(found) for section in ORDER],
        language=language,
        tags=TAGS,
        in_all=in_all,
        shown=shown,
        say=say,
    )


def render_card(found: Gathered) -> str:
    """The model card in Markdown: in English, then in Chinese."""
    sections: list[Section] = [section(found) for section in CARD_ORDER]
    parts = []
    for language in LANGUAGES:
        environment = _environment(autoescape=False)
        environment.finalize = lambda value, language=language: markdown(value, language)
        template = environment.get_template("MODEL_CARD.md")
        parts.append(
            template.render(title=title(found), sections=sections, say=say, classes=listed(found.names.values()))
        )
    return "\n---\n\n".join(parts)


def title(found: Gathered) -> Text:
    """The title that the recipe gives, else one that says what it is."""
    given = found.recipe.report.title if found.recipe is not None else None
    return given or say("report.title")


def markdown(value: object, language: str) -> str:
    r"""A value as running text of Markdown: in one language, with what Markdown or HTML would take for its own escaped.

    >>> markdown("a_b <b>", "en")
    'a\\_b &lt;b&gt;'
    """
    if isinstance(value, Markup):
        return value
    words = shown(value, language) if isinstance(value, Words) else printable(str(value))
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    pieces = re.split(f"({CODE.pattern})", words) if isinstance(value, Words) else [words]
    return "".join(piece if CODE.fullmatch(piece) else SPECIAL.sub(r"\\\1", piece) for piece in pieces)


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("plainfilm.present"),
        autoescape=autoescape,  # noqa: S701 - off for Markdown alone, which `markdown` escapes
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
