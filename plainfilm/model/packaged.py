"""The model that ships with this package, and how a model file is told from a film.

It sorts real frontal films, for research and teaching; what it learned from and what it is worth stands in its card.
`benchmarks/chest_model.py` makes it again.
"""

from collections.abc import Sequence
from pathlib import Path

from plainfilm.errors import UsageError

CHEST_MODEL = Path(__file__).parents[1] / "packaged" / "chest.onnx"
HEAD_BYTES = 64
ONNX_START = b"\x08"  # the field ir_version, which comes first
PRODUCER = b"\x12\x09plainfilm"  # the field producer_name


def is_model(path: Path) -> bool:
    """Whether a path means a model file: by its ending, or, whatever its name, by its first bytes."""
    if path.suffix.lower() == ".onnx":
        return True
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return head.startswith(ONNX_START) and PRODUCER in head


def model_and_films(paths: Sequence[Path]) -> tuple[Path, list[Path]]:
    """The model that is named first, else the packaged one, and the films. Raises UsageError if there are none."""
    model, films = (paths[0], paths[1:]) if is_model(paths[0]) else (CHEST_MODEL, paths)
    if not films:
        raise UsageError("predict-no-films", path=str(model))
    return model, list(films)
