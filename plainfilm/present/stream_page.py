"""The page of a watched stream: one file that asks nothing of any network, in every language.

Nothing but counters goes in: no film, nothing of a patient, no path.
"""

from pathlib import Path

from plainfilm.evaluation.moves import Stream
from plainfilm.io import files
from plainfilm.messages import say
from plainfilm.present.blocks import Section
from plainfilm.present.in_html import in_html
from plainfilm.present.sections.stream import charts, method, stream


def write_stream_page(found: Stream, path: Path, *, language: str) -> None:
    """Write the page, whole or not at all. Raises OutputError, StorageError.

    `language`: the one that the page shows first.
    """
    sections = (
        Section("found", say("drift.found"), tuple(stream(found))),
        Section("windows", say("drift.charts"), tuple(charts(found))),
        Section("method", say("drift.method"), tuple(method())),
    )
    files.write_text(path, in_html(sections, say("drift.title"), say("drift.about"), None, language=language))
