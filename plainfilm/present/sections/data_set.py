"""What is in an index: what became of all files, its films, the split, whose the films are, copies, problems."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from plainfilm.data.decoding.film import WARNINGS
from plainfilm.data.film_index import Index, Row
from plainfilm.data.labelling import NO_FINDING, touched
from plainfilm.data.splits.groups import PLACEHOLDER, holdings
from plainfilm.data.splits.shares import MIN_PRESENT, Miss, asked, given_split, misses, reached, scarce
from plainfilm.data.splits.split import SPLITS
from plainfilm.messages import Listed, Text, Words, say
from plainfilm.present.blocks import Block, Cell, Note, Table
from plainfilm.present.sections.balance import balance
from plainfilm.present.words import label, listed

COPIES = ("duplicate-exact", "duplicate-near")
COUNTED = (*COPIES, PLACEHOLDER)  # problems that have a line of their own, without names
MAX_LISTED = 20  # problems of one kind that are listed by name
MAX_NAMED = 12  # classes, and misses, that are named in a line


def data_set(index: Index) -> Iterator[Block]:
    """What is in an index."""
    yield from balance(index.balance)
    yield films_by_part(index)
    counts = Counter(name for row in index.rows for name in index.counted(row))
    by_class = "/".join(str(counts[name]) for name in index.all_counted)
    names = listed(map(_naming(index), index.all_counted))
    yield Note(say("index.counts", films=len(index.rows), counts=by_class, classes=names))
    yield from cells_of_findings(index)
    yield from split(index)
    yield from patients(index)
    yield from _copies(index)
    yield from _problems(index.rows, always=("label-conflict",))
    if index.is_leaking:
        torn = set(index.straddling())
        tested = [row for row in index.rows if row.split == "test"]
        shared = sum(row.group in torn for row in tested)
        yield Note(say("index.leaking", shared=shared, tested=len(tested)), "alarm")


def _naming(index: Index) -> Callable[[str], Text]:
    """What names all that a film may count as: one without any finding that is present may have an uncertain one."""
    none = "" if index.labelling.is_single else NO_FINDING
    return lambda name: say("index.none-present") if name and name == none else name


def films_by_part(index: Index, shown: Callable[[str], Text] | None = None) -> Table:
    """Films and groups by class, source and part; `shown`: how a class is named."""
    shown = shown or _naming(index)
    parts = [part for part in SPLITS if index.part(part)]
    rows: list[tuple[Cell, ...]] = []
    films_of: dict[str, dict[str, list[Row]]] = {name: {} for name in index.all_counted}
    for row in sorted(index.rows, key=lambda row: (row.label, row.source)):
        for name in index.counted(row):
            films_of.setdefault(name, {}).setdefault(row.source, []).append(row)
    for name, by_source in films_of.items():
        for source, films in sorted(by_source.items()):
            rows.append((shown(name) or "–", source or "–", *_numbers(films, parts)))
    rows.append((say("index.total"), "", *_numbers(index.rows, parts)))
    first, caption = "index.class", "report.data.counts"
    if not index.labelling.is_single:
        first, caption = "report.findings.finding", "report.findings.counts"
    head = ("source", "films", "groups", *parts, "left-out")
    return Table(say(caption), (say(first), *(say(f"index.{name}") for name in head)), tuple(rows), left=2)


def _numbers(films: Sequence[Row], parts: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(row.split for row in films)
    groups = len({row.group for row in films if row.group})
    return tuple(str(number) for number in (len(films), groups, *(counts[part] for part in parts), counts[""]))


def cells_of_findings(index: Index) -> Iterator[Note]:
    """How many cells of findings are uncertain or blank, and what that was taken for; which findings are scarce."""
    if index.labelling.is_single:
        return
    cells = touched([row.label for row in index.rows], index.classes)
    for kind, key in (("uncertain", "findings.cells-uncertain"), ("blank", "findings.cells-blank")):
        if found := cells[kind]:
            told = listed(f"{name} {count}" for name, count in sorted(found.items()))
            yield Note(say(key, cells=found.total(), findings=told, meaning=str(index.task.get(kind))))
    few = scarce(index)
    if few:
        parts = Listed(tuple(say(f"index.{part}") for part in next(iter(few.values()))), "list.slash")
        names = listed(f"{name} {'/'.join(map(str, counts.values()))}" for name, counts in few.items())
        yield Note(say("findings.scarce", names=names, minimum=MIN_PRESENT, parts=parts))


# --- the split -------------------------------------------------------------------------------------------------------


def split(index: Index) -> Iterator[Note]:
    """The method in one line, with the shares asked and reached; another line where a share is missed.

    Then that the set has a split of its own which is not used: its counts, the groups that it tears, how to use it.
    """
    method, shares = say(f"index.method.{index.method}"), asked(index)
    if not shares:
        yield Note(say("index.split", method=method))
    else:
        named = _naming(index)
        by_class = [
            say("index.of-class", label=named(name), films=_of_parts(counts, list(shares)))
            for name, counts in reached(index).items()
        ]
        parts = Listed(tuple(say(f"index.{part}") for part in shares), "list.slash")
        shown = "/".join(_share(share) for share in shares.values())
        told = listed(by_class, MAX_NAMED)
        yield Note(say("index.split-asked", method=method, parts=parts, asked=shown, reached=told))
    missed = [_miss(miss, _naming(index)) for miss in misses(index)]
    if missed:
        yield Note(say("index.split-missed", missed=listed(missed, MAX_NAMED)))
    own = None if index.split["kind"] == "column" else given_split(index.rows)
    if own is not None:
        counts = listed(say("index.part", part=say(f"index.{part}"), films=films) for part, films in own.counts.items())
        yield Note(say("index.own-split", counts=counts, without=own.without, torn=own.torn))
        if own.unknown:
            yield Note(say("index.own-split-unknown", unknown=listed(own.unknown, MAX_NAMED)))


def _of_parts(counts: dict[str, int], parts: Sequence[str]) -> str:
    """The percentages of a class in the parts, for instance 80/10/10."""
    total = sum(counts.values())
    return "/".join(f"{100 * counts.get(part, 0) / total:.0f}" if total else "-" for part in parts)


def _miss(miss: Miss, named: Callable[[str], Text]) -> Words:
    part, share = say(f"index.{miss.part}"), _share(miss.asked)
    return say("index.split-miss", label=named(miss.label), part=part, films=miss.films, total=miss.total, asked=share)


def _share(share: float) -> str:
    return f"{100 * share:.3g}"


# --- whose the films are, copies, problems ---------------------------------------------------------------------------


def patients(index: Index) -> Iterator[Note]:
    """Films whose patient is nobody, and patients who have much of a class."""
    nobodys = [row for row in index.rows if PLACEHOLDER in row.problems]
    if nobodys:
        yield Note(say("patients.nobody", films=len(nobodys), example=nobodys[0].path))
    for one in holdings(index.rows, index.counted):
        name = _naming(index)(one.label)
        yield Note(say("patients.holding", films=one.films, total=one.total, label=name, example=one.example))


def _copies(index: Index) -> Iterator[Note]:
    """How many films are copies of others, by class."""
    for code in COPIES:
        copies = [row for row in index.rows if code in row.problems]
        found = Counter(name for row in copies for name in index.counted(row))
        named = _naming(index)
        by_class = listed(
            say("index.of-class", label=named(name) or "-", films=count) for name, count in sorted(found.items())
        )
        films = say("index.films-by-class", films=len(copies), classes=by_class) if found else "0"
        yield Note(say("index.problem", what=label("problem.", code), films=films))


def _problems(rows: Sequence[Row], *, always: Sequence[str] = ()) -> Iterator[Note]:
    """The films with problems, by kind and name; the kinds in `always` also where there are none."""
    by_code: dict[str, list[Row]] = {code: [] for code in always}
    for row in rows:
        for code in row.problems:
            if code not in COUNTED:
                by_code.setdefault(code, []).append(row)
    for code, films in sorted(by_code.items()):
        yield Note(say("index.problem", what=label("problem.", code), films=len(films)))
        yield from (Note(f"    {row.path}") for row in films[:MAX_LISTED])
        if len(films) > MAX_LISTED:
            yield Note(say("index.more", films=len(films) - MAX_LISTED))


def film_problems(rows: Sequence[Row]) -> Iterator[Note]:
    """Films that cannot be read, and what reading the others took for granted; nothing of copies and classes."""
    kept = (
        replace(row, problems=tuple(code for code in row.problems if code in WARNINGS)) if row.image_id else row
        for row in rows
    )
    return _problems(list(kept))
