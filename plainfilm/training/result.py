"""What a finished training leaves, for who shows it."""

from dataclasses import dataclass
from pathlib import Path

from plainfilm.data.film_index import Index
from plainfilm.estimate import Estimate
from plainfilm.evaluation.judging import Judged
from plainfilm.io.run_folder import Run
from plainfilm.model.card import Card


@dataclass(frozen=True)
class Twin:
    """What came of the attempt to write an int8 twin of the model file."""

    path: Path | None  # None: it lost too much, and was not written
    difference: Estimate  # accuracy of the twin minus that of the model, on the same validation films


@dataclass(frozen=True)
class Result:
    """A finished run."""

    run: Run
    index: Index
    validation: dict[str, float]  # of the kept epoch: epoch, accuracy, loss; empty without a validation part
    card: Card  # what the model file says of itself
    parity: float  # largest difference of a probability between network and model file
    test: Judged
    twin: Twin | None  # None: not asked for
    notices: tuple[str, ...]  # message codes about figures and report
