"""What came of one film, wherever it was asked about: the classes, a refusal, or why it could not be read.

It keeps no pixels and no maps: a thousand answers are small.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import PlainfilmError
from plainfilm.model.input_check import Verdict
from plainfilm.model.predictor import Prediction
from plainfilm.model.shift import Placed


@dataclass(frozen=True)
class Answer:
    """What came of one film."""

    image_id: str = ""
    width: int = 0  # of the decoded film, px
    height: int = 0
    probabilities: NDArray[np.float64] | None = None  # (K,); None if the film could not be read, or was refused
    set: tuple[int, ...] | None = None  # class numbers; None if the model is not calibrated, too
    warnings: tuple[str, ...] = ()  # message codes of decoding
    verdict: Verdict | None = None  # of the input check; None if the film could not be read
    placed: Placed | None = None  # beside the model's home; None if it cannot say, or there are no classes
    error: PlainfilmError | None = None  # why it could not be read
    number: int = 1  # among the films that were asked about together
    path: str = ""  # as the user gave it, and for a film in a folder or archive its path there
    truth: str = ""  # the class that table or folder names, if the model knows it

    @property
    def is_refused(self) -> bool:
        """Whether the input check refuses the film; its classes are there all the same if that was asked for."""
        return self.verdict is not None and not self.verdict.passed

    @property
    def is_answered(self) -> bool:
        """Whether there are classes to show."""
        return self.probabilities is not None

    @property
    def predicted(self) -> int:
        """The number of the most probable class of an answered film."""
        assert self.probabilities is not None
        return int(self.probabilities.argmax())

    @classmethod
    def of(
        cls, result: Prediction | PlainfilmError, *, override: bool, number: int = 1, path: str = "", truth: str = ""
    ) -> Self:
        """The answer that a prediction is: without classes if the input check refuses the film, unless `override`."""
        if isinstance(result, PlainfilmError):
            return cls(error=result, number=number, path=path, truth=truth)
        height, width = result.film.pixels.shape
        is_answered = result.verdict.passed or override
        return cls(
            result.image_id,
            width,
            height,
            result.probabilities if is_answered else None,
            result.set if is_answered else None,
            result.film.warnings,
            result.verdict,
            result.placed if is_answered else None,
            number=number,
            path=path,
            truth=truth,
        )
