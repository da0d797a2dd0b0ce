"""A recalibration: when it is advised, how many films it takes, what a model was worth before and is worth after it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.sources.balance import Balance
from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.external import Seen
from plainfilm.model.card import Card, Recalibrated
from plainfilm.model.decision import Calibration
from plainfilm.task import task_of

MIN_FILMS = 100  # labelled films of the place; half of them are for the test
BETTER_FILMS = 200
Named = tuple[str, str, Estimate | None]
"""A class or finding ("": over all), the name of a figure, the figure; None: there is none."""


@dataclass(frozen=True)
class Recalibration:
    """A model file that was written, and the same local test films before and after."""

    path: Path  # of the new file
    card: Card  # of the new file
    before: Any  # figures, a record of the task's
    after: Any
    rows: tuple[Row, ...]  # of all films, also those that could not be used
    balance: Balance
    seen: Seen

    @property
    def made(self) -> Recalibrated:
        """What the file says of how it was made."""
        made = self.card.provenance.recalibrated
        assert made is not None
        return made

    @property
    def judged_by(self) -> Iterator[tuple[Named, Named]]:
        """The figures that it is judged by, before and after."""
        judging = task_of(self.card.task_kind).judging
        return zip(judging.judged_by(self.before), judging.judged_by(self.after), strict=True)

    @property
    def scarce(self) -> Mapping[str, Sequence[str]]:
        """The classes or findings that too few films were there to fit, by what they lack."""
        found: Mapping[str, Sequence[str]] = task_of(self.card.task_kind).judging.scarce(self.card)
        return found

    def as_dict(self) -> records.Object:
        """As JSON has it."""
        return {
            "model": str(self.path),
            "weights_sha256": self.card.weights_sha256,
            **records.as_dict(self.made),
            **self.scarce,
            "seen": records.as_dict(self.seen),
            "balance": records.as_dict(self.balance.counts()),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
        }


def is_advised(figures: Metrics) -> bool:
    """Whether the sets surely hold the true class less often than they promise, or the films are not like at home."""
    sets, shift = figures.sets, figures.shift
    is_short = sets is not None and sets.coverage.estimable and sets.coverage.high < sets.asked
    return is_short or (shift is not None and shift.is_abroad)


def classes_judged_by(figures: Metrics) -> Iterator[Named]:
    """Figures over all classes."""
    for name in ("accuracy", "balanced_accuracy"):
        yield "", name, figures.overall[name]
    yield "", "coverage", None if figures.sets is None else figures.sets.coverage
    yield "", "size", None if figures.sets is None else figures.sets.size
    yield "", "log_loss", figures.overall["log_loss"]
    yield "", "expected_calibration_error", figures.calibration.expected_calibration_error
    yield "", "refused", figures.gate.refused


def scarce_classes(card: Card) -> dict[str, list[str]]:
    """The classes without a fitting film, for which nothing was fitted; those with too few for a quantile of theirs."""
    fitted: Calibration = card.calibration
    parts = list(zip(card.class_names, fitted.films, fitted.pooled, strict=True))
    return {
        "missing": [name for name, films, _ in parts if not films],
        "pooled": [name for name, films, is_pooled in parts if films and is_pooled],
    }
