"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

from plainfilm.errors import UsageError
from plainfilm.messages import LANGUAGES, system_language

DEFAULT_RECIPE = "fast"


def checked_language(value: str) -> str:
    """The language asked for, else that of the environment. Raises UsageError for one that there is none of."""
    if value and value not in LANGUAGES:
        raise UsageError("usage.language", given=value, expected=", ".join(LANGUAGES))
    return value or system_language()


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
        callback=checked_language,
        show_default="help.lang-default",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="help.json")]
