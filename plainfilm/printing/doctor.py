"""What the doctor found, on a terminal and for --json."""

from collections.abc import Sequence
from typing import Any

from plainfilm.messages import text
from plainfilm.present.terminal import Terminal
from plainfilm.printing.balance import balance_summary
from plainfilm.text import printable
from plainfilm.workflows.checks import Diagnosis


def print_diagnosis(terminal: Terminal, diagnosis: Diagnosis) -> None:
    """What was found about a path or the install, a line each, and whether all is well."""
    terminal.line(printable(diagnosis.path) or terminal.text("doctor.install"))
    for finding in diagnosis.findings:
        severity = terminal.text(f"doctor.severity.{finding.severity}")
        terminal.line(f"  {severity}  {terminal.text(finding.code, **finding.parameters)}")
    problems = sum(finding.severity == "problem" for finding in diagnosis.findings)
    if problems:
        terminal.say("doctor.ill", problems=problems)
    else:
        terminal.say("doctor.well")


def diagnoses_summary(diagnoses: Sequence[Diagnosis], language: str) -> list[dict[str, Any]]:
    """The findings for --json."""
    return [
        {
            "path": diagnosis.path or None,
            "well": diagnosis.is_well,
            "balance": balance_summary(diagnosis.balance, language),
            "findings": [
                {
                    "severity": finding.severity,
                    "code": finding.code,
                    "parameters": dict(finding.parameters),
                    "message": text(finding.code, language, **finding.parameters),
                }
                for finding in diagnosis.findings
            ],
        }
        for diagnosis in diagnoses
    ]
