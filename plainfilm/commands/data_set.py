"""Commands that look at data: `index`, `doctor`.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

from pathlib import Path
from typing import Annotated

import typer

from plainfilm.commands.options import (
    AssumeChest,
    Encoding,
    FollowLinks,
    Json,
    Language,
    RecipeName,
    SourceArguments,
    Tables,
)
from plainfilm.config import DEFAULT_RECIPE


def index(
    sources: SourceArguments,
    table: Tables = None,
    recipe: RecipeName = DEFAULT_RECIPE,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="help.index-out")] = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Show what is in a data set: counts, duplicates, conflicts, problems, the split."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    reading = Reading(follow_links, encoding, assume_chest)
    tell(terminal, calls.index(terminal, sources, tables=table or [], recipe=recipe, out=out, reading=reading))


def doctor(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="help.doctor-path"),
    ] = None,
    table: Tables = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Say what is wrong with this install, a data set, an image or a model file."""
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.health import health
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.checks import diagnose

    terminal = Terminal(lang, as_json=as_json)
    with terminal.progress("progress.scan") as update:
        reading = Reading(follow_links, encoding, assume_chest)
        diagnoses = list(diagnose(paths or [], table or [], reading=reading, progress=update))
    for diagnosis in diagnoses:
        show(terminal, health(diagnosis))
    terminal.json([diagnosis.as_dict(lang) for diagnosis in diagnoses])
    if not all(diagnosis.is_well for diagnosis in diagnoses):
        raise typer.Exit(1)
