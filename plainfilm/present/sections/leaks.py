"""What leaks in a data set: copies, patients, conflicts, and what the tutorial's split adds to a score."""

from collections.abc import Callable, Iterator, Sequence

from plainfilm.audits.leaks import Cluster, Conflict, Leaks, Patients
from plainfilm.audits.naive import Naive
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Table
from plainfilm.present.figure_rows import head
from plainfilm.present.words import figure, label, listed

MAX_LISTED = 10  # clusters, conflicts
MAX_IDS = 4
COUNTS = ("films", "clusters", "across_classes", "across_splits", "across_sources")
READINGS = {"naive": "report.audit.naive", "clean": "report.audit.clean", "difference": "report.audit.difference"}


def leaks(found: Leaks | None, shown: Callable[[str], Text]) -> Iterator[Block]:
    """All that the leak audit found; `shown`: what a class is called."""
    if found is None:
        yield Note(say("report.audit.no-leaks"), "missing")
        return
    yield _copies(found, shown)
    if found.near.also_exact:
        yield Note(say("leaks.also-exact", films=found.near.also_exact))
    yield _patients(found.patients)
    if found.clusters:
        yield from _of_class(found.clusters, shown)
        yield _clusters(found.clusters, shown)
    yield _conflicts(found.conflicts, shown) if found.conflicts else Note(say("leaks.no-conflicts"))
    if found.naive is not None:
        yield from _naive(found.naive, shown)


def _copies(leaks: Leaks, shown: Callable[[str], Text]) -> Table:
    """Exact and near copies, in all and by class."""
    rows: list[tuple[Cell, ...]] = []
    for kind, found in (("exact", leaks.exact), ("near", leaks.near)):
        name = label("report.audit.", kind)
        rows.append((name, say("index.total"), *(str(getattr(found, count)) for count in COUNTS)))
        for of_class, counts in found.by_class.items():
            rows.append((name, shown(of_class), str(counts.films), str(counts.clusters), "", "", ""))
    columns = (say("report.data.what"), say("index.class"), *(say(f"report.audit.column.{name}") for name in COUNTS))
    return Table(say("report.audit.copies"), columns, tuple(rows), left=2)


def _patients(found: Patients) -> Note:
    """Whose films stand in several parts, as far as patients are known."""
    return Note(say("report.audit.patients", **vars(found)) if found.known_films else say("leaks.patients-unknown"))


def _of_class(clusters: Sequence[Cluster], shown: Callable[[str], Text]) -> Iterator[Note]:
    """How many clusters each class has."""
    sizes: dict[str, list[int]] = {}
    for cluster in clusters:
        for name, count in cluster.classes.items():
            sizes.setdefault(name, []).append(count)
    for name, counts in sorted(sizes.items()):
        numbers = {"clusters": len(counts), "films": sum(counts), "largest": max(counts)}
        yield Note(say("leaks.clusters-of", label=shown(name), **numbers))


def _clusters(clusters: Sequence[Cluster], shown: Callable[[str], Text]) -> Table:
    """The largest clusters."""
    rows: list[tuple[Cell, ...]] = []
    for cluster in clusters[:MAX_LISTED]:
        ids = cluster.image_ids
        named = " ".join(ids[:MAX_IDS]) + (" …" if len(ids) > MAX_IDS else "")
        classes = listed(map(shown, cluster.classes))
        parts = listed(label("index.", part) for part in cluster.splits)
        films = str(sum(cluster.classes.values()))
        rows.append((label("report.audit.", cluster.kind), classes, parts, listed(cluster.sources), named, films))
    keys = ("report.data.what", "index.class", "leaks.splits", "leaks.sources", "report.audit.ids", "index.films")
    caption = say("report.audit.clusters", shown=len(rows), clusters=len(clusters))
    return Table(caption, tuple(map(say, keys)), tuple(rows), left=5)


def _conflicts(conflicts: Sequence[Conflict], shown: Callable[[str], Text]) -> Table:
    """Copies of one film under different classes."""
    rows = tuple((" ".join(entry.image_ids), listed(map(shown, entry.classes))) for entry in conflicts[:MAX_LISTED])
    caption = say("report.audit.conflicts", shown=len(rows), conflicts=len(conflicts))
    return Table(caption, (say("report.audit.ids"), say("index.class")), rows, left=2)


def _naive(found: Naive, shown: Callable[[str], Text]) -> Iterator[Block]:
    """How much of the tutorial's test split leaks, and what each reader gains by it."""
    by_class = ((shown(name), share) for name, share in found.leaking_by_class.items())
    cells = tuple((name, *figure(share)) for name, share in ((say("index.total"), found.leaking_films), *by_class))
    yield Table(say("leaks.naive"), head(say("index.class")), cells)
    rows = tuple(
        (
            label("leaks.reader.", name),
            say(key),
            *figure(getattr(of, part), unit="" if part == "difference" else " %"),
        )
        for name, of in found.readers.items()
        for part, key in READINGS.items()
    )
    columns = head(say("report.audit.sees"), say("report.audit.on"))
    yield Table(say("report.audit.naive-table"), columns, rows, left=2)
    if found.folds is not None:
        yield Note(say("leaks.naive-note", films=found.films, folds=found.folds))
