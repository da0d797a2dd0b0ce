"""A recalibration: when it is advised, how many films it takes, what a model was worth before and is worth after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.sources.balance import Balance
from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.external import Seen
from plainfilm.model.card import Card, Recalibrated

MIN_FILMS = 100  # labelled films of the place; half of them are for the test
BETTER_FILMS = 200


def is_advised(figures: Metrics) -> bool:
    """Whether the sets surely hold the true class less often than they promise, or the films are not like at home."""
    sets, shift = figures.sets, figures.shift
    is_short = sets is not None and sets.coverage.estimable and sets.coverage.high < sets.asked
    return is_short or (shift is not None and shift.is_abroad)


@dataclass(frozen=True)
class Recalibration:
    """A model file that was written, and the same local test films before and after."""

    path: Path  # of the new file
    card: Card  # of the new file
    before: Metrics
    after: Metrics
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
    def missing(self) -> list[str]:
        """The classes without a fitting film: nothing was fitted for them."""
        return [name for name, films, _ in self._fitted() if not films]

    @property
    def pooled(self) -> list[tuple[str, int]]:
        """The classes with too few fitting films for a quantile of their own, and how many these are."""
        return [(name, films) for name, films, is_pooled in self._fitted() if films and is_pooled]

    def _fitted(self) -> Iterator[tuple[str, int, bool]]:
        fitted = self.card.calibration
        assert fitted is not None
        return zip(self.card.class_names, fitted.films, fitted.pooled, strict=True)

    def as_dict(self) -> records.Object:
        """As JSON has it."""
        return {
            "model": str(self.path),
            "weights_sha256": self.card.weights_sha256,
            **records.as_dict(self.made),
            "missing": self.missing,
            "pooled": [name for name, _ in self.pooled],
            "seen": records.as_dict(self.seen),
            "balance": records.as_dict(self.balance.counts()),
            "before": self.before.as_dict(),
            "after": self.after.as_dict(),
        }


def compared(figures: Metrics) -> Iterator[tuple[str, Estimate | None]]:
    """The figures that a recalibration is judged by; None: the model is not calibrated."""
    for name in ("accuracy", "balanced_accuracy"):
        yield name, figures.overall[name]
    yield "coverage", None if figures.sets is None else figures.sets.coverage
    yield "size", None if figures.sets is None else figures.sets.size
    yield "log_loss", figures.overall["log_loss"]
    yield "expected_calibration_error", figures.calibration.expected_calibration_error
    yield "refused", figures.gate.refused
