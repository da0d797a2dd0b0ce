"""What the data are: classes, sources, parts, patients, copies, contradictions, what was left out."""

from collections import Counter
from statistics import median

from plainfilm.data.film_index import Index, Row
from plainfilm.data.splits.groups import persons
from plainfilm.data.splits.patients import shared
from plainfilm.data.splits.split import SPLITS
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.data_set import COPIES, films_by_part
from plainfilm.present.words import label, listed

TWICE = (*COPIES, "label-conflict")
DESCRIBED = ("sex", "age", "view")  # columns of patients that are counted by part, where a table gave them
MAX_AGE = 130  # years; what is more is a date, or a number of something else
MIN_SHARE_OF_NUMBERS = 0.5  # a column is one of numbers where more than half of its values are


def data(found: Gathered) -> Section:
    """The data section."""
    index = found.index
    if index is None:
        return Section("data", say("report.data"), (Note(say("report.data.missing"), "missing"),))
    blocks: list[Block] = [
        _summary(index),
        films_by_part(index, found.shown),
        *_source_is_class(found, index),
        _groups(index),
        _copies(found, index),
    ]
    left_out = _left_out(index)
    if left_out is not None:
        blocks.append(left_out)
    blocks.append(_described(index) or Note(say("report.data.no-patients-table"), "missing"))
    return Section("data", say("report.data"), tuple(blocks))


def _summary(index: Index) -> Note:
    sides = [side for row in index.rows if row.image_id for side in (row.width, row.height)]
    modes = sorted({row.mode for row in index.rows if row.mode})
    return Note(
        say(
            "report.data.summary",
            films=len(index.rows),
            sources=len(index.sources),
            smallest=min(sides, default=0),
            largest=max(sides, default=0),
            modes=listed(modes),
        )
    )


def classes_told_by_source(index: Index) -> list[str]:
    """The classes none of whose sources holds a film of another class; empty where no source is known."""
    sources: dict[str, set[str]] = {name: set() for name in index.all_counted}
    for row in index.rows:
        for name in set(index.counted(row)) & sources.keys():
            sources[name].add(row.source)
    others = {name: set().union(*(sources[other] for other in sources if other != name)) for name in sources}
    return [name for name in sources if sources[name] and "" not in sources[name] and not sources[name] & others[name]]


def _source_is_class(found: Gathered, index: Index) -> list[Note]:
    if not any(row.source for row in index.rows):
        return [Note(say("report.data.no-sources"), "missing")]
    told = classes_told_by_source(index)
    return (
        [Note(say("report.data.source-is-class", names=listed(found.shown(name) for name in told)), "alarm")]
        if told
        else []
    )


def _groups(index: Index) -> Note:
    films = [row for row in index.rows if row.image_id]
    known = [person for person in persons(films) if person is not None]
    return Note(
        say(
            "report.data.patients",
            known=len(known),
            films=len(films),
            patients=len(set(known)),
            groups=len({row.group for row in films if row.group}),
        )
    )


def _copies(found: Gathered, index: Index) -> Table:
    rows = tuple(
        (
            label("problem.", code),
            *(str(sum(code in row.problems for row in of)) for of in (*_by_class(index), index.rows)),
        )
        for code in TWICE
    )
    head = (say("report.data.what"), *(found.shown(name) for name in index.all_counted), say("index.total"))
    key = "report.data.copies" if index.labelling.is_single else "report.findings.copies"
    return Table(say(key), head, rows)


def _by_class(index: Index) -> list[list[Row]]:
    return [[row for row in index.rows if name in index.counted(row)] for name in index.all_counted]


def _left_out(index: Index) -> Table | None:
    """Problems beside copies, with the number of films."""
    counts = Counter(code for row in index.rows for code in row.problems if code not in TWICE)
    rows = tuple((label("problem.", code), str(count)) for code, count in sorted(counts.items()))
    return Table(say("report.data.problems"), (say("report.data.what"), say("index.films")), rows) if rows else None


def _described(index: Index) -> Table | None:
    """Sex, age and view by part, where a table gave such columns."""
    parts = [part for part in SPLITS if index.part(part)]
    rows: list[tuple[Cell, ...]] = []
    for column in DESCRIBED:
        entries = [row.extra.get(column, "") for row in index.rows]
        common = shared(entries, [row.group for row in index.rows])
        given, shown = (
            {part: [of[number] for number in index.part(part)] for part in parts} for of in (entries, common)
        )
        if any(value for of in given.values() for value in of):
            name = label("report.column.", column)
            rows += _numbers_by_part(name, given) or _entries_by_part(name, shown)
    head = (say("report.data.column"), say("report.value"), *(say(f"index.{part}") for part in parts))
    return Table(say("report.data.described"), head, tuple(rows), left=2) if rows else None


def _numbers_by_part(name: Text, values: dict[str, list[str]]) -> list[tuple[Cell, ...]]:
    """A row with median, range and n, where most entries are ages in years."""
    ages = {part: [number for value in of if (number := _age(value)) is not None] for part, of in values.items()}
    num_given = sum(value != "" for of in values.values() for value in of)
    if sum(map(len, ages.values())) <= MIN_SHARE_OF_NUMBERS * num_given:
        return []
    shown = [f"{median(of):g} ({min(of):g}–{max(of):g}), {len(of)}" if of else "–" for of in ages.values()]
    return [(name, say("report.data.median"), *shown)]


def _entries_by_part(name: Text, values: dict[str, list[str]]) -> list[tuple[Cell, ...]]:
    """A row an entry, with its films."""
    found = sorted({value for of in values.values() for value in of if value})
    return [
        (name, value or say("report.data.unknown"), *(str(of.count(value)) for of in values.values()))
        for value in (*found, "")
    ]


def _age(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if 0 <= number <= MAX_AGE else None
