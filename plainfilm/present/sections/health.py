"""What was found about a path or the install: a line each, and whether all is well."""

from collections.abc import Iterator

from plainfilm.messages import say
from plainfilm.present.blocks import Note
from plainfilm.present.findings import Diagnosis


def health(diagnosis: Diagnosis) -> Iterator[Note]:
    """The findings of a diagnosis."""
    yield Note(diagnosis.path or say("doctor.install"))
    for finding in diagnosis.findings:
        severity = say(f"doctor.severity.{finding.severity}")
        tone = "alarm" if finding.severity == "problem" else "plain"
        yield Note(say("doctor.finding", severity=severity, message=finding.words), tone)
    problems = sum(finding.severity == "problem" for finding in diagnosis.findings)
    yield Note(say("doctor.ill", problems=problems) if problems else say("doctor.well"))
