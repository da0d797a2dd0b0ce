"""The page of scores that any program wrote: one file that asks nothing of any network, in every language."""

from pathlib import Path

from plainfilm.evaluation.scores import ScoresEvaluation
from plainfilm.io import files
from plainfilm.messages import say
from plainfilm.present.in_html import in_html
from plainfilm.present.sections.scores import sections
from plainfilm.present.words import listed


def write_scores_page(found: ScoresEvaluation, path: Path, *, language: str) -> None:
    """Write the page, whole or not at all. Raises OutputError, StorageError.

    `language`: the one that the page shows first.
    """
    about = say("scores.about", films=found.figures.scored.judged, names=listed(found.classes))
    files.write_text(path, in_html(sections(found), say("scores.title"), about, None, language=language))
