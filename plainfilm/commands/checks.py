"""What several commands look at before they begin, and how they are stopped."""

import contextlib
import importlib.util
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from plainfilm.errors import MissingExtraError, UsageError

TRAINING_LIBRARIES = ("torch", "onnx", "safetensors", "tomli_w", "matplotlib", "jinja2")
REPORT_LIBRARIES = ("jinja2",)
AUDIT_LIBRARIES = ("matplotlib",)
SERVE_LIBRARIES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
NODE_LIBRARIES = ("pydicom", "gdcm", "pynetdicom", "highdicom")


def check_extra(command: str, libraries: tuple[str, ...] = TRAINING_LIBRARIES, extra: str = "train") -> None:
    """Raise MissingExtraError, before any work, if a library that the command needs is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError("extra-missing", command=command, library=library, extra=extra)


def check_absent(run: Path, options: dict[str, object]) -> None:
    """Raise UsageError for an option that was given, if a run has it from its beginning."""
    for option, value in options.items():
        if value:
            raise UsageError("run-with-option", run=str(run), option=option)


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], int]]:
    """Within it, Ctrl-C and SIGTERM are noted instead of obeyed; yields what gives the noted signal's number, or 0."""
    noted = [0]

    def note(number: int, _: object) -> None:
        if noted[0]:  # a second one is obeyed
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        noted[0] = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: noted[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
