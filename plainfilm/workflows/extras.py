"""Which optional libraries a workflow needs, and what to install for them."""

import importlib.util

from plainfilm.errors import MissingExtraError

TRAINING_LIBRARIES = ("torch", "onnx", "safetensors", "tomli_w", "matplotlib", "jinja2")
REPORT_LIBRARIES = ("jinja2",)
RECALIBRATION_LIBRARIES = ("onnx",)
AUDIT_LIBRARIES = ("matplotlib",)
SERVE_LIBRARIES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
NODE_LIBRARIES = ("pydicom", "gdcm", "pynetdicom", "highdicom")


def check_extra(command: str, libraries: tuple[str, ...] = TRAINING_LIBRARIES, extra: str = "train") -> None:
    """Raise MissingExtraError, before any work, if a library that the command needs is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError("extra-missing", command=command, library=library, extra=extra)
