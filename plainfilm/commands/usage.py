"""A call that is wrong: the parser's error as one of ours, so that it reads in the language that was asked for."""

import re
from typing import Any

from plainfilm.commands.help import Parameter
from plainfilm.errors import UsageError
from plainfilm.messages import Message, say

QUOTED = re.compile(r"'([^']+)'|\(([^)]*)\)$")  # what was given, in the parser's own sentences


def usage_error(error: Any) -> UsageError:
    """The error of the parser (a Click exception, by the name of its class) as a UsageError.

    What was wrong is taken from its fields; from its English sentence only the name that was given.
    """
    command = "plainfilm" if error.ctx is None else error.ctx.command_path
    return UsageError("usage.wrong", what=_what(error), command=command)


def _what(error: Any) -> Message:
    """What is wrong with the call."""
    kind, message = type(error).__name__, str(error.message)
    given = next((first or second for first, second in QUOTED.findall(message)), message)
    if kind == "NoSuchOption":
        near = [name for name in error.possibilities or () if name != "--help"]
        if near:
            return say("usage.option-near", given=error.option_name, near=", ".join(near))
        return say("usage.option-unknown", given=error.option_name)
    if kind == "MissingParameter":
        return say("usage.missing", name=_name(error.param))
    if kind == "BadOptionUsage":
        key = "usage.option-takes-nothing" if "not take" in message else "usage.option-without-value"
        return say(key, option=error.option_name)
    if kind == "BadParameter":
        return _bad_value(error)
    if error.ctx is not None and error.ctx.parent is None:
        return say("usage.command-unknown", given=given)
    return say("usage.too-many", given=given)


def _bad_value(error: Any) -> Message:
    """A value that is no number, or beyond its range."""
    parameter = error.param
    minimum, maximum = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if minimum is None or maximum is None:
        return say("usage.value", name=_name(parameter), reason=str(error.message))
    return say("usage.value-range", name=_name(parameter), minimum=minimum, maximum=maximum)


def _name(parameter: Parameter) -> str:
    """An option, or an argument as the help shows it."""
    if parameter.param_type_name == "option":
        return parameter.opts[0]
    return parameter.metavar or parameter.name.upper()
