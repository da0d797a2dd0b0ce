"""Whether ages are in years, as everything that reads them takes them."""

import math
from collections.abc import Iterable, Iterator

from plainfilm.data.sources.entry import Entry
from plainfilm.messages import Message, say

OLDEST = 120  # years
MAX_SHARE_OLDER = 0.1  # typing errors are fewer
MIN_YOUNG = 20  # films, from which on it is odd that nobody is older than a year


def notes_on_ages(entries: Iterable[Entry]) -> Iterator[Message]:
    """A sentence if ages are hardly years: many above OLDEST, or none above 1. Those with a unit (045Y) are let be.

    >>> [note.values for note in notes_on_ages([Entry(0, "a.png", "", {"age": "612"})])]
    [{'films': 1, 'lowest': '612', 'highest': '612'}]
    """
    ages = [age for entry in entries if math.isfinite(age := _number(entry.columns.get("age", "")))]
    num_older = sum(age > OLDEST for age in ages)
    is_young = len(ages) >= MIN_YOUNG and max(ages) <= 1
    if is_young or num_older > MAX_SHARE_OLDER * len(ages):
        yield say("ages.no-years", films=len(ages), lowest=f"{min(ages):g}", highest=f"{max(ages):g}")


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan
