"""What is wrong with a data set, in words: what `index` finds, and whether the class can be told without the lungs."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from plainfilm.config import load_recipe
from plainfilm.data.film import DOUBTED, WARNINGS
from plainfilm.data.index import Index, Row, assign, is_index, read_index
from plainfilm.data.listing import list_films
from plainfilm.data.scan import Progress, num_threads, scan
from plainfilm.errors import SplitError
from plainfilm.messages import printable
from plainfilm.workflows.finding import Finding, note, of_error, ok, problem

USUAL_ASPECT = (0.6, 1.7)  # width / height of a chest film; beyond, it was cropped, or shows something else
MANY_SIDES = 1.5  # times the smallest long side, from which sizes are called mixed
RECIPE = "fast"  # whose split is tried


def has_usual_shape(width: int, height: int) -> bool:
    """Whether a film is about as wide as chest films are."""
    return USUAL_ASPECT[0] <= width / height <= USUAL_ASPECT[1]


def look_at_data(path: Path, tables: Sequence[Path], progress: Progress | None) -> Iterator[Finding]:
    """What is found in a folder, archive, table or index. Raises SourceError where not one film can be read."""
    if is_index(path):
        index = read_index(path)
        yield from _of_rows(index.rows)
        yield from _of_split(index)
        return
    rows = scan(list_films([path], tables), threads=num_threads(), progress=progress)
    yield from _of_rows(rows)
    try:
        yield from _of_split(assign(rows, [path], load_recipe(RECIPE)))
    except SplitError as error:
        yield of_error(error)


def _of_rows(rows: Sequence[Row]) -> Iterator[Finding]:
    readable = [row for row in rows if row.image_id]
    groups = {row.group for row in readable}
    classes = Counter(row.label or "-" for row in readable)
    yield ok("doctor.data", films=len(readable), groups=len(groups), classes=_counted(classes))
    yield from _unreadable(rows)
    yield from _copies(readable)
    yield from _told_by("source", readable)
    yield from _told_by("mode", readable)
    yield from _shapes(readable)
    for code in WARNINGS:
        found = [row for row in readable if code in row.problems]
        if found:
            finding = problem if code in DOUBTED else note
            yield finding("doctor.data-films", what_key=f"problem.{code}", films=len(found), example=found[0].path)
    qualities = Counter(f"{row.quality}: {row.label or '-'}" for row in readable if row.quality not in ("", "original"))
    if qualities:
        yield note("doctor.data-quality", films=sum(qualities.values()), found=_counted(qualities))
    if not any(row.patient for row in readable):
        yield note("doctor.data-no-patients")


def _unreadable(rows: Sequence[Row]) -> Iterator[Finding]:
    """Films that cannot be read, by reason, and films without a class."""
    reasons = Counter(row.problems[0] for row in rows if not row.image_id)
    for code, count in sorted(reasons.items()):
        example = next(row.path for row in rows if not row.image_id and row.problems[0] == code)
        yield problem("doctor.data-films", what_key=f"problem.{code}", films=count, example=example)
    without = [row for row in rows if row.image_id and not row.label]
    if without:
        yield problem(
            "doctor.data-films", what_key="problem.label-missing", films=len(without), example=without[0].path
        )


def _copies(rows: Sequence[Row]) -> Iterator[Finding]:
    for code, finding in (("duplicate-exact", note), ("duplicate-near", note), ("label-conflict", problem)):
        found = [row for row in rows if code in row.problems]
        if found:
            yield finding("doctor.data-films", what_key=f"problem.{code}", films=len(found), example=found[0].path)


def _told_by(column: str, rows: Sequence[Row]) -> Iterator[Finding]:
    """Whether a class can be told from the source or the colour mode alone: none of its values holds another class."""
    classes_of: dict[str, set[str]] = {}
    for row in rows:
        if row.label:
            classes_of.setdefault(getattr(row, column), set()).add(row.label)
    classes = sorted({row.label for row in rows if row.label})
    if len(classes) < 2:
        return
    if set(classes_of) == {""}:
        yield note("doctor.data-no-sources")
        return
    for label in classes:
        values = sorted(value for value, labels in classes_of.items() if label in labels)
        if all(value and classes_of[value] == {label} for value in values):
            yield problem("doctor.data-told", label=label, column=column, values=", ".join(values))


def _shapes(rows: Sequence[Row]) -> Iterator[Finding]:
    long_sides = sorted(max(row.width, row.height) for row in rows)
    if long_sides and long_sides[-1] > MANY_SIDES * long_sides[0]:
        yield note("doctor.data-sizes", smallest=long_sides[0], largest=long_sides[-1])
    modes = Counter(row.mode for row in rows)
    if len(modes) > 1:
        yield note("doctor.data-modes", modes=_counted(modes))
    odd = [row for row in rows if not has_usual_shape(row.width, row.height)]
    if odd:
        yield note("doctor.data-odd", films=len(odd), example=odd[0].path, width=odd[0].width, height=odd[0].height)


def _of_split(index: Index) -> Iterator[Finding]:
    unknown = [row for row in index.rows if "class-unknown" in row.problems]
    if unknown:
        yield note("doctor.data-films", what_key="problem.class-unknown", films=len(unknown), example=unknown[0].path)
    parts = Counter(row.split for row in index.rows if row.split)
    torn = len(index.straddling())
    if torn:
        yield problem("doctor.data-leaking", groups=torn)
    else:
        yield ok("doctor.data-split", parts=_counted(parts))


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{printable(name)} {count}" for name, count in sorted(counts.items()))
