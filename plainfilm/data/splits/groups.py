"""Groups: which films must not be separated, because they are copies of one film or films of one patient.

An ID belongs to its source: two hospitals that both call somebody 17 have two patients. The source is what the column
`source` says, else the table that names the patient, else the folder or archive that the film came from. An entry that
names nobody ("unknown") joins no films. An ID of many digits that one table has under several sources is one patient:
chance does not repeat it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding.film import BLANK
from plainfilm.data.duplicates import search
from plainfilm.data.duplicates.twins import written
from plainfilm.data.film_index import LEAVES_OUT, Row
from plainfilm.data.splits.patients import as_id, is_doubtful, is_nobody, is_nobody_by_count
from plainfilm.io.files import sha256

PLACEHOLDER = "patient-placeholder"  # the problem of a film whose patient is nobody
MUCH = 0.2  # share of a class, from which one patient's films are worth a word
MIN_MUCH_FILMS = 5
MANY_DIGITS = 6  # of an ID, which two hospitals do not give to different patients by chance

Person = tuple[str, str]  # where an ID is from, and the ID


def persons(rows: Sequence[Row]) -> list[Person | None]:
    """Whose each film is; None where no patient is known.

    A film that names no source belongs to the only source that has its ID in the same table, if there is one.

    >>> persons([Row(patient="17", source="a"), Row(patient="17", source="b"), Row(patient="unknown")])
    [('source a', '17'), ('source b', '17'), None]
    >>> persons([Row(patient="00001734", source=source, patient_table="0") for source in "ab"])
    [('table 0', '00001734'), ('table 0', '00001734')]
    """
    homes: dict[Person, set[str]] = defaultdict(set)
    for row in rows:
        if row.source:
            homes[_list_of(row), as_id(row.patient)].add(row.source)
    found: list[Person | None] = []
    for row in rows:
        if not row.patient or PLACEHOLDER in row.problems or is_nobody(row.patient):
            found.append(None)
            continue
        name = as_id(row.patient)
        known = homes.get((_list_of(row), name), set())
        is_one = bool(row.patient_table) and len(known) > 1 and sum(map(str.isdigit, name)) >= MANY_DIGITS
        sources = {row.source} if row.source and not is_one else known
        found.append((f"source {min(sources)}" if len(sources) == 1 else _list_of(row), name))
    return found


def _list_of(row: Row) -> str:
    """The list that an ID stands in: the table that names it, or else all that came from one origin."""
    return f"table {row.patient_table}" if row.patient_table else f"origin {row.origin}"


def mark_nobodies(rows: Sequence[Row], doubtful: Collection[str]) -> list[Row]:
    """The rows, with the problem patient-placeholder where the patient of a readable film is nobody.

    A pseudonym of nobody is taken away; what a table says stays. `doubtful`: pseudonyms that may be nobody.
    """
    found = persons(rows)
    counts = Counter(person for row, person in zip(rows, found, strict=True) if person and row.image_id)
    unsure = {person for person in counts if person[1] in doubtful or is_doubtful(person[1])}
    largest: Counter[str] = Counter()  # films of the largest ID of a source that is beyond doubt
    for person in counts.keys() - unsure:
        largest[person[0]] = max(largest[person[0]], counts[person])
    nobodies = {person for person in unsure if is_nobody_by_count(counts[person], largest[person[0]])}
    return [_marked(row, person in nobodies, doubtful) for row, person in zip(rows, found, strict=True)]


def _marked(row: Row, is_one: bool, doubtful: Collection[str]) -> Row:
    if not row.image_id or PLACEHOLDER in row.problems or not (is_one or is_nobody(row.patient)):
        return row
    patient = "" if row.patient in doubtful else row.patient
    return replace(row, patient=patient, problems=(*row.problems, PLACEHOLDER))


def form(
    rows: Sequence[Row],
    readable: Sequence[int],
    thumbnails: NDArray[np.uint8],
    contradict: Callable[[set[str]], bool],
) -> list[Row]:
    """The rows, with group and twins, and the problems duplicate-exact, duplicate-near and label-conflict.

    `readable`: the numbers of the N rows whose films could be decoded; their `thumbnails`, (N, S, S) float32.
    `contradict`: whether copies of one film with these labels do.
    """
    marked = list(rows)
    image_ids = [rows[number].image_id for number in readable]
    blank = {film for film, number in enumerate(readable) if BLANK in rows[number].problems}
    pairs = search.find_pairs(thumbnails, image_ids, blank=blank)
    twins = written(pairs, image_ids)
    exact = {film for pair in pairs if pair.kind == "exact" for film in (pair.first, pair.second)}
    together = _Groups(len(readable))
    found: dict[int, tuple[str, ...]] = {}
    for cluster in search.clusters(len(readable), pairs):
        conflict = contradict({rows[readable[film]].label for film in cluster})
        for film in cluster:
            kind = "duplicate-exact" if film in exact else "duplicate-near"
            found[film] = (kind, "label-conflict") if conflict else (kind,)
            together.join(cluster[0], film)
    first_of: dict[Person, int] = {}
    for film, person in enumerate(persons([rows[number] for number in readable])):
        if person is not None:
            together.join(first_of.setdefault(person, film), film)
    members: dict[int, list[str]] = defaultdict(list)
    for film in range(len(readable)):
        members[together.root(film)].append(_name(rows[readable[film]]))
    for film, number in enumerate(readable):
        group = f"g-{min(members[together.root(film)])}"  # whatever the order of the films
        problems = rows[number].problems + found.get(film, ())
        marked[number] = replace(rows[number], group=group, problems=problems, twins=twins[film])
    return marked


def _name(row: Row) -> str:
    """What a film gives its group as a name: its image_id, which blank films share with others, and these need not."""
    if BLANK not in row.problems:
        return row.image_id
    return sha256(f"{row.image_id} {row.path}".encode("utf-8", "surrogateescape"))[: len(row.image_id)]


class _Groups:
    """Sets that grow together (union-find)."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def root(self, item: int) -> int:
        while self.parent[item] != item:
            self.parent[item] = self.parent[self.parent[item]]
            item = self.parent[item]
        return item

    def join(self, first: int, second: int) -> None:
        one, other = sorted((self.root(first), self.root(second)))
        self.parent[other] = one


@dataclass(frozen=True)
class Holding:
    """A patient who has much of a class: so many `films` of the `total`, `example` the path of one."""

    label: str
    films: int
    total: int
    example: str


def holdings(
    rows: Sequence[Row], counted: Callable[[Row], tuple[str, ...]] = lambda row: (row.label,)
) -> list[Holding]:
    """The patients who each have more than a fifth of a class, and at least MIN_MUCH_FILMS films of it, by class.

    `counted`: the classes, or findings, that a film counts as.
    """
    usable = [row for row in rows if row.image_id and row.label and not LEAVES_OUT & set(row.problems)]
    totals = Counter(name for row in usable for name in counted(row))
    films_of: dict[tuple[str, Person], list[str]] = defaultdict(list)
    for row, person in zip(usable, persons(usable), strict=True):
        if person is not None:
            for name in counted(row):
                films_of[name, person].append(row.path)
    found = [Holding(label, len(paths), totals[label], min(paths)) for (label, _), paths in films_of.items()]
    much = [one for one in found if one.films >= MIN_MUCH_FILMS and one.films > MUCH * one.total]
    return sorted(much, key=lambda one: (one.label, -one.films, one.example))
