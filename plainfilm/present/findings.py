"""What is found about an install, a data set, an image or a model file: facts, and whether all is well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from plainfilm.data.sources.balance import Balance, in_words
from plainfilm.errors import PlainfilmError
from plainfilm.messages import Message, Words

Severity = Literal["ok", "note", "problem"]


@dataclass(frozen=True)
class Finding:
    """A fact, and whether it is well, worth knowing, or wrong: `code` and `parameters` make a sentence."""

    severity: Severity
    code: str
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def words(self) -> Message:
        """The sentence."""
        return Message(self.code, self.parameters)


@dataclass(frozen=True)
class Diagnosis:
    """What was found about one path; "" stands for the install."""

    path: str
    findings: tuple[Finding, ...]
    balance: Balance | None = None  # of the files of a data set

    @property
    def is_well(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.severity != "problem" for finding in self.findings)

    def as_dict(self, language: str) -> dict[str, object]:
        """For JSON, its sentences in a language."""
        return {
            "path": self.path or None,
            "well": self.is_well,
            "balance": in_words(self.balance, language),
            "findings": [
                {
                    "severity": finding.severity,
                    "code": finding.code,
                    "parameters": {
                        name: value.shown(language) if isinstance(value, Words) else value
                        for name, value in finding.parameters.items()
                    },
                    "message": finding.words.shown(language),
                }
                for finding in self.findings
            ],
        }


def ok(code: str, **parameters: object) -> Finding:
    """All is well here."""
    return Finding("ok", code, parameters)


def note(code: str, **parameters: object) -> Finding:
    """Nothing is wrong, and yet one should know."""
    return Finding("note", code, parameters)


def problem(code: str, **parameters: object) -> Finding:
    """This is wrong."""
    return Finding("problem", code, parameters)


def of_error(error: PlainfilmError) -> Finding:
    """What an error says, as a problem."""
    return Finding("problem", error.code, error.parameters)
