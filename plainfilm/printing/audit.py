"""An audit on a terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

from plainfilm.printing.audit_leaks import print_leaks
from plainfilm.printing.audit_shortcuts import print_shortcuts
from plainfilm.terminal import Terminal

if TYPE_CHECKING:
    from plainfilm.workflows.audit import Audit


def print_audit(terminal: Terminal, audit: "Audit", out: Path | None) -> None:
    """What is worth the score, first; then leaks; then where more stands."""
    print_shortcuts(terminal, audit.figures["shortcuts"])
    print_leaks(terminal, audit.figures["leaks"])
    if out is not None:
        terminal.say("audit.written", folder=str(out))
