"""Commands that say what a model and its data are worth: `evaluate`, `recalibrate`, `compare`, `audit`, `drift`,
`report`.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

from pathlib import Path
from typing import Annotated

import typer

from plainfilm.commands.options import (
    AssumeChest,
    CellsRecipe,
    Encoding,
    FollowLinks,
    Json,
    Language,
    ModelArgument,
    NewSources,
    OptionalRecipe,
    Prevalences,
    SourceArguments,
    Tables,
)


def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="help.evaluate-model")],
    sources: Annotated[list[Path] | None, typer.Argument(metavar="SOURCE", help="help.evaluate-source")] = None,
    table: Tables = None,
    recipe: CellsRecipe = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="help.evaluate-out")] = None,
    prevalence: Prevalences = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Test a model on films from elsewhere that it has not seen; say by how much it is worse than on its own."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    result = calls.evaluate(
        terminal,
        model,
        sources or [],
        tables=table or [],
        recipe=recipe,
        out=out,
        prevalence=prevalence or [],
        reading=Reading(follow_links, encoding, assume_chest),
    )
    tell(terminal, result)


def recalibrate(
    model: ModelArgument,
    sources: SourceArguments,
    out: Annotated[Path, typer.Option(metavar="FILE", help="help.model-out")],
    table: Tables = None,
    recipe: CellsRecipe = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Fit everything but the weights of a model anew on labelled films of a place; write a new model file."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    result = calls.recalibrate(
        terminal,
        model,
        sources,
        tables=table or [],
        recipe=recipe,
        out=out,
        reading=Reading(follow_links, encoding, assume_chest),
    )
    tell(terminal, result)


def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="help.first")],
    second: Annotated[Path, typer.Argument(metavar="B", help="help.second")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Compare two models on the films that both have answered."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.present.terminal import Terminal

    tell(Terminal(lang, as_json=as_json), calls.compare(lang, first, second))


def drift(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="help.drift-file")],
    out: Annotated[Path | None, typer.Option(metavar="PAGE.html", help="help.drift-out")] = None,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Say whether the films of a watched server moved: what, since when, how sure."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.present.terminal import Terminal

    tell(Terminal(lang, as_json=as_json), calls.drift(lang, paths, out=out))


def audit(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE", help="help.source-audit")],
    model: Annotated[Path | None, typer.Option(metavar="MODEL", help="help.audit-model")] = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="help.audit-out"),
    ] = None,
    source: NewSources = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Show what leaks in a data set, and what tells its classes apart without the lungs."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.terminal import Terminal

    terminal = Terminal(lang, as_json=as_json)
    result = calls.audit(
        terminal,
        sources,
        model=model,
        tables=table or [],
        recipe=recipe,
        out=out,
        moved=source or [],
        reading=Reading(follow_links, encoding, assume_chest),
    )
    tell(terminal, result)


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="help.run")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Write report.html and MODEL_CARD.md of a run, from what it holds."""
    from plainfilm.api import calls
    from plainfilm.api.results import tell
    from plainfilm.present.terminal import Terminal

    tell(Terminal(lang, as_json=as_json), calls.report(lang, run))
