"""What a doctor finds: one fact, and whether it is well, worth knowing, or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from plainfilm.errors import PlainfilmError

Severity = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """A fact: `code` and `parameters` make a sentence of `plainfilm.messages`."""

    severity: Severity
    code: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def ok(code: str, **parameters: Any) -> Finding:
    """All is well here."""
    return Finding("ok", code, parameters)


def note(code: str, **parameters: Any) -> Finding:
    """Nothing is wrong, and yet one should know."""
    return Finding("note", code, parameters)


def problem(code: str, **parameters: Any) -> Finding:
    """This is wrong."""
    return Finding("problem", code, parameters)


def of_error(error: PlainfilmError) -> Finding:
    """What an error says, as a problem."""
    return Finding("problem", error.code, error.parameters)
