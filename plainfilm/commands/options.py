"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from plainfilm.config import DEFAULT_RECIPE
from plainfilm.messages import LANGUAGES, chosen_language

SourceArguments = Annotated[
    list[Path],
    typer.Argument(metavar="SOURCE", help="help.source"),
]
OptionalSources = Annotated[list[Path] | None, typer.Argument(metavar="SOURCE", help="help.source-train")]
ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="help.model")]
Tables = Annotated[
    list[Path] | None,
    typer.Option("--table", metavar="CSV", help="help.table"),
]
NewSources = Annotated[
    list[Path] | None,
    typer.Option("--source", metavar="SOURCE", help="help.moved"),
]
RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME|FILE", help="help.recipe")]
FollowLinks = Annotated[bool, typer.Option("--follow-links", help="help.follow-links")]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="help.encoding")]
AssumeChest = Annotated[
    bool,
    typer.Option("--assume-chest", help="help.assume-chest"),
]
OptionalRecipe = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME|FILE",
        help="help.recipe-run",
        show_default=DEFAULT_RECIPE,
    ),
]
CellsRecipe = Annotated[
    str | None,
    typer.Option("--recipe", metavar="NAME|FILE", help="help.recipe-cells"),
]
Prevalences = Annotated[
    list[str] | None,
    typer.Option("--prevalence", metavar="CLASS=SHARE", help="help.prevalence"),
]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="|".join(LANGUAGES),
        help="help.lang",
        callback=chosen_language,
        show_default="help.lang-default",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="help.json")]
