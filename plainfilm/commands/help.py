"""The help of the commands, in the language that was asked for: a help text in the code is a key of the catalogues.

The library that parses has its own words in English alone; none of them is shown.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from typer.core import TyperCommand, TyperGroup

from plainfilm.messages import CATALOGUES, asked_language, text
from plainfilm.text import wrapped

WIDTH = 80  # columns


class Parameter(Protocol):
    """What is read of an argument or option."""

    name: str
    opts: list[str]
    help: str | None
    metavar: str | None
    default: object
    show_default: bool | str
    required: bool
    nargs: int
    param_type_name: str
    min: int | None
    max: int | None


class Command(TyperCommand):
    """A command with its help in every language."""

    def get_help(self, ctx: Any) -> str:
        """The help in the language that was asked for."""
        return _help(self, ctx.command_path, [])


class Group(TyperGroup):
    """All commands."""

    def get_help(self, ctx: Any) -> str:
        """The list of commands in the language that was asked for."""
        language = asked_language()
        commands = [(name, text(str(command.help), language)) for name, command in self.commands.items()]
        return _help(self, ctx.command_path, commands)


def _usage(command: TyperCommand | TyperGroup, path: str, language: str) -> str:
    """How a command is called: `plainfilm train [OPTIONS] [SOURCE]...`."""
    arguments = " ".join([text("usage.options", language), *_argument_names(command)])
    return text("usage.line", language, usage=f"{path} {arguments}")


def _argument_names(command: TyperCommand | TyperGroup) -> Iterator[str]:
    for parameter in _parameters(command, "argument"):
        name = parameter.metavar or parameter.name.upper()
        yield (name if parameter.required else f"[{name}]") + ("..." if parameter.nargs == -1 else "")
    if isinstance(command, TyperGroup):
        yield "COMMAND ..."


def _help(command: TyperCommand | TyperGroup, path: str, commands: Sequence[tuple[str, str]]) -> str:
    """Usage, purpose, then arguments, options and commands as tables."""
    language = asked_language()
    lines = [_usage(command, path, language), ""]
    lines += [f"  {line}" for line in wrapped(text(str(command.help), language), WIDTH - 2)]
    options = [(_names(option), _about(option, language)) for option in _parameters(command, "option")]
    options.append(("--help", text("help.help", language)))
    arguments = [(_names(argument), _about(argument, language)) for argument in _parameters(command, "argument")]
    for heading, rows in (("help.arguments", arguments), ("help.options", options), ("help.commands", commands)):
        if rows:
            lines += ["", text(heading, language), *_table(rows)]
    return "\n".join(lines)


def _parameters(command: Any, kind: str) -> list[Parameter]:
    return [parameter for parameter in command.params if parameter.param_type_name == kind and parameter.name != "help"]


def _names(parameter: Parameter) -> str:
    """An argument's name, or an option with what it takes."""
    if parameter.param_type_name == "argument":
        return parameter.metavar or parameter.name.upper()
    takes = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar or 'N'}"
    return parameter.opts[0] + takes


def _about(parameter: Parameter, language: str) -> str:
    """What a parameter means, its range and its default."""
    facts = []
    if isinstance(parameter.show_default, str):
        facts.append(text("help.default", language, default=_default(parameter.show_default, language)))
    elif parameter.show_default and parameter.default is not False and parameter.default not in (None, ""):
        facts.append(text("help.default", language, default=str(parameter.default)))
    if parameter.min is not None and parameter.max is not None:
        facts.append(text("help.range", language, minimum=parameter.min, maximum=parameter.max))
    if parameter.required and parameter.param_type_name == "option":
        facts.append(text("help.required", language))
    about = text(parameter.help, language) if parameter.help else ""
    return " ".join([about, *(f"[{fact}]" for fact in facts)])


def _default(shown: str, language: str) -> str:
    """A default in words: a key of the catalogues, or a name that is the same in every language."""
    return text(shown, language) if shown in CATALOGUES[language] else shown


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Lines of two columns: names, and beside them what each means."""
    left = max(len(name) for name, _ in rows) + 4
    lines = []
    for name, about in rows:
        first, *rest = wrapped(about, WIDTH - left) or [""]
        lines += [f"  {name}".ljust(left) + first, *(" " * left + line for line in rest)]
    return lines
