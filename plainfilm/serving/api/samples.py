"""The samples of the page: films that the package draws itself, and the model that answers them.

- They are phantoms (`plainfilm.data.phantom`) of a seed that no training knows, so the model has never seen them.
- They were chosen so that the set teaches: plain cases of each class, one that the model does not decide, one that it
  gets wrong, and one that is no upright film, which its input check refuses. `tests/serving/test_samples.py` holds them
  to that.
- `phantom.onnx` is what `make phantom-model` leaves of the demo's training.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from plainfilm.data import phantom
from plainfilm.errors import UsageError

PHANTOM_MODEL = Path(__file__).parents[1] / "phantom.onnx"
SEED = 512
SIZE_PX = 512


@dataclass(frozen=True)
class Sample:
    """A film to try the page with."""

    id: str
    label: str  # the class that was drawn


@dataclass(frozen=True)
class _Drawing:
    label: str
    number: int
    is_upright: bool = True


_DRAWINGS = {
    **{"normal-1": _Drawing("NORMAL", 2), "viral-1": _Drawing("Viral_Pneumonia", 9), "covid-1": _Drawing("COVID", 1)},
    **{"normal-2": _Drawing("NORMAL", 6), "viral-2": _Drawing("Viral_Pneumonia", 6), "covid-2": _Drawing("COVID", 4)},
    "covid-3": _Drawing("COVID", 3),  # not decided
    "viral-3": _Drawing("Viral_Pneumonia", 2),  # answered wrongly
    "turned-1": _Drawing("NORMAL", 10, is_upright=False),  # refused
}


def samples() -> tuple[Sample, ...]:
    """The samples, in the order in which the page shows them."""
    return tuple(Sample(name, drawing.label) for name, drawing in _DRAWINGS.items())


@cache
def png(sample_id: str) -> bytes:
    """The film of a sample, a grey PNG of SIZE_PX a side. Raises UsageError where there is no such sample."""
    if sample_id not in _DRAWINGS:
        raise UsageError("sample-unknown", expected=", ".join(_DRAWINGS))  # what was asked for may be anything
    drawing = _DRAWINGS[sample_id]
    pixels = phantom.draw(drawing.label, seed=SEED, number=drawing.number, size=SIZE_PX).pixels
    return phantom.encode(pixels if drawing.is_upright else np.rot90(pixels, 2), "PNG")
