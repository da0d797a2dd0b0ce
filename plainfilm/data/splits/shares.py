"""What was asked of a split and what it reached, by class."""

from collections import Counter
from dataclasses import dataclass

from plainfilm.data.film_index import Index
from plainfilm.data.splits.split import TOLERANCE


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
    counts = Counter((row.label, row.split) for row in index.rows if row.split)
    parts = [part for part in ("train", "validation", "test", "predict") if index.part(part)]
    return {label: {part: counts[label, part] for part in parts} for label in index.classes}


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
