"""Confirmed pairs of films in an index: the cells of its column `twins`, written and read.

Searching needs pixels alone; this module knows the index, too.
"""

from collections.abc import Sequence

import numpy as np

from plainfilm.data.decoding.film import BLANK
from plainfilm.data.duplicates.search import Pair, find_pairs, thumbnail
from plainfilm.data.film_index import Index
from plainfilm.data.films import Films

# A near pair stands in the column `twins` of both films, as `image_id:score` or `image_id:score:mirrored`; of exact
# copies only the first film has any, as it alone was searched. Exact pairs need none: their image_ids are equal.
MIRRORED = "mirrored"


def written(pairs: Sequence[Pair], image_ids: Sequence[str]) -> list[tuple[str, ...]]:
    """The cells of the films (N,) that `pairs` number.

    >>> written([Pair(0, 2, "near", 0.91234, mirrored=True)], ["aa", "bb", "cc"])
    [('cc:0.912340:mirrored',), (), ('aa:0.912340:mirrored',)]
    """
    cells: list[list[str]] = [[] for _ in image_ids]
    for pair in pairs:
        if pair.kind == "near":
            for film, twin in ((pair.first, pair.second), (pair.second, pair.first)):
                cells[film].append(f"{image_ids[twin]}:{pair.score:.6f}" + f":{MIRRORED}" * pair.mirrored)
    return [tuple(sorted(cell)) for cell in cells]


def confirmed_pairs(films: Films) -> list[Pair]:
    """The pairs of an index, by row number; an older index has none, and its films are searched again.

    Searched at the store's size, where the index was searched at the films' own: a borderline pair may differ.
    """
    rows = films.index.rows
    is_older = any("duplicate-near" in row.problems for row in rows) and not any(row.twins for row in rows)
    if not is_older:
        return recorded_pairs(films.index)
    readable = [number for number, row in enumerate(rows) if row.image_id]
    thumbnails = np.stack([thumbnail(np.asarray(films.store[number])) for number in readable])
    blank = {film for film, number in enumerate(readable) if BLANK in rows[number].problems}
    found = find_pairs(thumbnails, [rows[number].image_id for number in readable], blank=blank)
    return [Pair(readable[pair.first], readable[pair.second], pair.kind, pair.score, pair.mirrored) for pair in found]


def recorded_pairs(index: Index) -> list[Pair]:
    """The pairs that stand in an index, by row number, as `find_pairs` gave them; twins not in it are left out."""
    first_of: dict[str, int] = {}
    pairs = []
    for number, row in enumerate(index.rows):
        if row.image_id and BLANK not in row.problems:
            first = first_of.setdefault(row.image_id, number)
            if first != number:
                pairs.append(Pair(first, number, "exact", 1.0, mirrored=False))
    for number in first_of.values():
        for cell in index.rows[number].twins:
            image_id, score, *mirrored = cell.split(":")
            other = first_of.get(image_id, number)
            if other > number:
                pairs.append(Pair(number, other, "near", float(score), mirrored == [MIRRORED]))
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))
