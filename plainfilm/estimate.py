"""A figure with its 95 % interval and the number of films it rests on."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from plainfilm import records
from plainfilm.messages import Message, say


@dataclass(frozen=True)
class Estimate:
    """A figure, its 95 % interval and the number of films it rests on; NaN if it is not estimable.

    >>> print(Estimate(0.959, 0.934, 0.974, 386))
    95.9 % (93.4 to 97.4, n 386)
    >>> print(Estimate(math.nan, math.nan, math.nan, 0))
    not estimable (n 0)
    """

    value: float
    low: float
    high: float
    n: int
    coverage: float | None = field(default=None, metadata=records.ABSENT)
    """How often such an interval holds the truth, if that is too seldom: the mark."""

    @property
    def estimable(self) -> bool:
        """Whether there was something to compute."""
        return not math.isnan(self.value)

    def __str__(self) -> str:
        return self.percent("en")

    def percent(self, language: str) -> str:
        """In percent with one decimal, for proportions."""
        return self.in_percent().shown(language)

    def decimal(self, language: str) -> str:
        """With three decimals, for AUC and log loss."""
        return self.in_decimals().shown(language)

    def in_percent(self) -> Message:
        """In percent with one decimal, for proportions."""
        return self._message("estimate.percent", 100)

    def in_decimals(self) -> Message:
        """With three decimals, for AUC and log loss."""
        return self._message("estimate.decimal", 1)

    def as_dict(self) -> records.Object:
        """For JSON, NaN as null."""
        return records.as_dict(self)

    @classmethod
    def from_dict(cls, entry: object) -> Self:
        """Undoes `as_dict`. Raises ValueError."""
        return records.from_dict(cls, entry)

    def _message(self, key: str, scale: int) -> Message:
        if not self.estimable:
            return say("estimate.none", n=self.n)
        return say(key, value=scale * self.value, low=scale * self.low, high=scale * self.high, n=self.n)


NOT_ESTIMABLE = Estimate(math.nan, math.nan, math.nan, 0)


def is_estimate(entry: object) -> bool:
    """Whether an entry of JSON is a figure: value, low, high, n."""
    return isinstance(entry, Mapping) and {"value", "low", "high", "n"} <= set(entry)
