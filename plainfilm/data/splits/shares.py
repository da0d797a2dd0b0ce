"""What was asked of a split and what it reached, by class; what the films of a set say of its own split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from plainfilm.data.film_index import Index, Row
from plainfilm.data.splits.given import part_named
from plainfilm.data.splits.split import SPLITS, TOLERANCE, straddling

MIN_PRESENT = 10  # films with a finding in a part, below which it is named


@dataclass(frozen=True)
class Miss:
    """A class that has `films` of its `total` in a part, farther from the share `asked` than TOLERANCE of it."""

    label: str
    part: str
    films: int
    total: int
    asked: float


def asked(index: Index) -> dict[str, float]:
    """The share of each part that was asked for; none where the films or the tutorial name the parts."""
    choice = index.split
    if choice["kind"] == "folds":
        parts = {"validation": 1 / choice["folds"], "test": 1 / choice["folds"]}
    elif choice["kind"] == "grouped":
        parts = {part: choice[part] for part in ("validation", "test") if choice[part] > 0}
    else:
        return {}
    return {"train": 1 - sum(parts.values()), **parts}


def reached(index: Index) -> dict[str, dict[str, int]]:
    """The films of each class in each part that has any."""
    counts = Counter((name, row.split) for row in index.rows if row.split for name in index.counted(row))
    parts = [part for part in ("train", "validation", "test", "predict") if index.part(part)]
    return {label: {part: counts[label, part] for part in parts} for label in index.all_counted}


def scarce(index: Index) -> dict[str, dict[str, int]]:
    """The films of each part of the findings that are present in fewer than MIN_PRESENT of a part; of classes none."""
    if index.labelling.is_single:
        return {}
    found = {name: counts for name, counts in reached(index).items() if name in index.classes}
    return {name: counts for name, counts in found.items() if min(counts.values(), default=0) < MIN_PRESENT}


def misses(index: Index) -> list[Miss]:
    """Where a class is farther from its share than TOLERANCE of it; half a film is no miss, as films are whole."""
    found = []
    for label, counts in reached(index).items():
        total = sum(counts.values())
        for part, share in asked(index).items():
            films = counts.get(part, 0)
            if abs(films - share * total) > max(TOLERANCE * share * total, 0.5):
                found.append(Miss(label, part, films, total, share))
    return found


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
