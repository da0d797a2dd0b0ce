"""An audit on a terminal."""

from pathlib import Path
from typing import Any

from plainfilm.present.terminal import Terminal
from plainfilm.printing.audit_leaks import print_leaks
from plainfilm.printing.audit_shortcuts import print_shortcuts


def print_audit(terminal: Terminal, figures: dict[str, Any], out: Path | None) -> None:
    """What is worth the score, first; then leaks; then where more stands."""
    print_shortcuts(terminal, figures["shortcuts"])
    print_leaks(terminal, figures["leaks"])
    if out is not None:
        terminal.say("audit.written", folder=str(out))
