"""What the films of a set say of its own split, whether or not a recipe takes it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plainfilm.data.film_index import Row
from plainfilm.data.splits.given import part_named
from plainfilm.data.splits.split import SPLITS, straddling


@dataclass(frozen=True)
class GivenSplit:
    """A set's own split: readable films by part, films without a part, words that name no part, groups in several."""

    counts: dict[str, int]
    without: int
    unknown: tuple[str, ...]
    torn: int


def given_split(rows: Sequence[Row]) -> GivenSplit | None:
    """The own split of a set, from the column `split` of its films; None where no film names a part of one.

    >>> given_split([Row(image_id="a", group="g", extra={"split": "val"})])
    GivenSplit(counts={'validation': 1}, without=0, unknown=(), torn=0)
    """
    readable = [row for row in rows if row.image_id]
    named = [part_named(row.extra.get("split", "")) for row in readable]
    counts = Counter(named)
    if not any(counts[part] for part in SPLITS):
        return None
    placed = [(row.group, part) for row, part in zip(readable, named, strict=True) if part]
    return GivenSplit(
        {part: counts[part] for part in SPLITS if counts[part]},
        counts[""],
        tuple(sorted({row.extra["split"] for row, part in zip(readable, named, strict=True) if part is None})),
        len(straddling([group for group, _ in placed], [part for _, part in placed])),
    )
