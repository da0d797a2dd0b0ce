"""What leaks in an index: copies, patients in several parts of the split, copies of one film under several labels.

- An exact copy has the same pixels; a near one is the same exposure, confirmed (`duplicates.search`). Exact
  copies are counted in sets of equal films, near ones in clusters; a film can be in one of each, and then counts in
  both.
- A set or cluster crosses classes, parts or sources when two of its films differ in them. A film without a class or
  part has none that could differ; without a source column, what was named on the command line is the source.
- A label conflict is a confirmed pair of two classes, whether or not its films ended in one cluster.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from plainfilm import records
from plainfilm.audits.naive import Naive, naive_and_clean
from plainfilm.data.duplicates.search import Pair, clusters
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.splits.groups import Person, persons

Members = Sequence[Sequence[int]]  # row numbers, a cluster each


@dataclass(frozen=True)
class Count:
    """Copies of a class, and the clusters that hold some."""

    films: int
    clusters: int


@dataclass(frozen=True)
class Copies(Count):
    """Copies of one kind, in all and by class, and how many clusters cross classes, parts and sources."""

    across_classes: int
    across_splits: int
    across_sources: int
    by_class: Mapping[str, Count]
    also_exact: int | None = field(default=None, metadata=records.ABSENT)  # of near copies: films with an exact one too


@dataclass(frozen=True)
class Cluster:
    """Films that are copies of one another; `classes`: how many of each."""

    kind: str  # "exact" or "near"
    classes: Mapping[str, int]
    image_ids: tuple[str, ...]
    splits: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Patients:
    """How many films have a known patient, and how many belong to one who is in several parts of the split."""

    known_films: int
    across_splits: int
    patients_across_splits: int


@dataclass(frozen=True)
class Conflict:
    """Two copies of one film under two classes."""

    image_ids: tuple[str, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Leaks:
    """The part `leaks` of audit.json. Holds image_ids, classes, sources and parts, never a path or a patient."""

    exact: Copies
    near: Copies
    clusters: tuple[Cluster, ...]  # the largest first
    patients: Patients
    conflicts: tuple[Conflict, ...]
    naive: Naive | None = field(default=None, metadata=records.ABSENT)  # needs pixels


def audit_leaks(films: Films, pairs: Sequence[Pair], *, seed: int = 0) -> Leaks:
    """All that leaks; pairs by row number. What the tutorial's split adds to a score is a question of classes."""
    found = count_leaks(films.index, pairs)
    return replace(found, naive=naive_and_clean(films, seed=seed)) if films.index.labelling.is_single else found


def count_leaks(index: Index, pairs: Sequence[Pair]) -> Leaks:
    """Copies, clusters, patients and conflicts: all of the audit that needs no pixels."""
    rows = [replace(row, label=" + ".join(index.counted(row))) for row in index.rows]
    found = clusters_of(index, pairs)
    equal = _equal_films(rows)
    copied = {number for films in equal for number in films}
    near = [films for films in found if not is_exact(rows, films)]
    torn = [(rows[pair.first], rows[pair.second]) for pair in conflicts(index, pairs)]
    return Leaks(
        exact=_copies(rows, equal),
        near=_copies(rows, near, also_exact=sum(number in copied for films in near for number in films)),
        clusters=tuple(_cluster(rows, films) for films in found),
        patients=_patients(rows),
        conflicts=tuple(Conflict((one.image_id, two.image_id), (one.label, two.label)) for one, two in torn),
    )


def clusters_of(index: Index, pairs: Sequence[Pair]) -> list[list[int]]:
    """The clusters of an index by row number, the largest first; of equal size the first film's row decides."""
    return sorted(clusters(len(index.rows), pairs), key=lambda films: (-len(films), films))


def conflicts(index: Index, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs whose two films have labels that contradict each other, the most alike first."""
    labels, contradict = [row.label for row in index.rows], index.labelling.contradict
    return sorted(
        (pair for pair in pairs if contradict({labels[pair.first], labels[pair.second]})),
        key=lambda pair: (-pair.score, pair.first, pair.second),
    )


def is_exact(rows: Sequence[Row], films: Sequence[int]) -> bool:
    """Whether all films of a cluster have the same pixels."""
    return len({rows[number].image_id for number in films}) == 1


def source_of(row: Row) -> str:
    """The source of a film: of its table, else the number of the SOURCE that it came from."""
    return row.source or f"#{row.origin + 1}"


def _equal_films(rows: Sequence[Row]) -> list[list[int]]:
    """The row numbers of films with equal pixels, a list a set of two or more."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if row.image_id:
            members[row.image_id].append(number)
    return [films for films in members.values() if len(films) > 1]


def _copies(rows: Sequence[Row], found: Members, *, also_exact: int | None = None) -> Copies:
    films, of_class = Counter[str](), Counter[str]()
    for members in found:
        labels = Counter(rows[number].label for number in members)
        films += labels
        of_class.update(labels.keys())
    return Copies(
        films=sum(map(len, found)),
        clusters=len(found),
        across_classes=sum(len({rows[number].label for number in members} - {""}) > 1 for members in found),
        across_splits=sum(len(_splits(rows, members)) > 1 for members in found),
        across_sources=sum(len(_sources(rows, members)) > 1 for members in found),
        by_class={label: Count(films[label], of_class[label]) for label in sorted(films)},
        also_exact=also_exact,
    )


def _cluster(rows: Sequence[Row], films: Sequence[int]) -> Cluster:
    return Cluster(
        kind="exact" if is_exact(rows, films) else "near",
        classes=dict(sorted(Counter(rows[number].label for number in films).items())),
        image_ids=tuple(sorted({rows[number].image_id for number in films})),
        splits=_splits(rows, films),
        sources=_sources(rows, films),
    )


def _splits(rows: Sequence[Row], films: Sequence[int]) -> tuple[str, ...]:
    return tuple(sorted({rows[number].split for number in films} - {""}))


def _sources(rows: Sequence[Row], films: Sequence[int]) -> tuple[str, ...]:
    return tuple(sorted({source_of(rows[number]) for number in films}))


def _patients(rows: Sequence[Row]) -> Patients:
    films: dict[Person, list[Row]] = defaultdict(list)
    for row, person in zip(rows, persons(rows), strict=True):
        if person is not None and row.image_id:
            films[person].append(row)
    torn = [known for known in films.values() if len({row.split for row in known} - {""}) > 1]
    return Patients(
        known_films=sum(map(len, films.values())),
        across_splits=sum(bool(row.split) for known in torn for row in known),
        patients_across_splits=len(torn),
    )
