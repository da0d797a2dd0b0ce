"""What is wrong with a data set, in words: what `index` finds, and whether the lungs are needed for the class."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from plainfilm.config import load_recipe
from plainfilm.data.decoding.film import DOUBTED, WARNINGS
from plainfilm.data.film_index import Index, Row, assign, is_index, read_index, reason_left_out
from plainfilm.data.labelling import NO_FINDING, FindingLabels, touched
from plainfilm.data.scan import scan
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.listing import Listing, balance_of, list_films
from plainfilm.data.sources.reading import Progress, Reading
from plainfilm.data.splits.groups import PLACEHOLDER, holdings, persons
from plainfilm.data.splits.patients import Pseudonyms
from plainfilm.data.splits.shares import given_split
from plainfilm.errors import SplitError
from plainfilm.io.machine import num_threads
from plainfilm.messages import Message
from plainfilm.present.findings import Finding, note, of_error, ok, problem
from plainfilm.text import printable
from plainfilm.workflows.prepare import completed

USUAL_ASPECT = (0.6, 1.7)  # width / height of a chest film; beyond, it was cropped, or shows something else
MANY_SIDES = 1.5  # times the smallest long side, from which sizes are called mixed
RECIPE = "fast"  # whose split is tried
WITH_FINDINGS, WITHOUT_FINDINGS = "with findings", "none of them present"


def has_usual_shape(width: int, height: int) -> bool:
    """Whether a film is about as wide as chest films are."""
    return USUAL_ASPECT[0] <= width / height <= USUAL_ASPECT[1]


def look_at_data(
    paths: Sequence[Path], tables: Sequence[Path], reading: Reading, progress: Progress | None, *, for_training: bool
) -> tuple[list[Finding], Balance | None]:
    """What is found in folders, archives and tables together, or in an index, and the balance of the files.

    Only films `for_training` must have classes that can be split. Raises SourceError if not one film can be read.
    """
    if len(paths) == 1 and is_index(paths[0]):
        index = read_index(paths[0])
        return [*_of_balance(index.balance), *_of_rows(index.rows), *_of_split(index)], index.balance
    listing = by_findings(list_films(paths, tables, reading))
    rows = scan(listing, threads=num_threads(), progress=progress, pseudonyms=Pseudonyms())
    try:
        index = completed(assign(rows, paths, load_recipe(RECIPE)), listing, rows)
    except SplitError as error:
        balance = balance_of(listing, map(reason_left_out, rows))
        return [*_of_balance(balance), *_of_rows(rows), *([of_error(error)] if for_training else [])], balance
    return [*_of_balance(index.balance), *_of_rows(rows), *_of_split(index)], index.balance


def by_findings(listing: Listing) -> Listing:
    """The listing with films that have findings and films that have none for classes, if its tables state findings.

    Folders name no finding; where a column gives the class, that is the question that was meant.
    """
    if any("label" in table.columns_used for table in listing.tables):
        return listing
    labels = FindingLabels()
    stated, _ = labels.labelled([replace(entry, label="") for entry in listing.entries], ())
    names = labels.names({entry.label for entry in stated if entry.label})
    if not names:
        return listing
    kinds = {True: WITHOUT_FINDINGS, False: WITH_FINDINGS}
    entries = tuple(
        replace(
            entry,
            label="" if labels.problem(one.label, names) else kinds[labels.counted(one.label, names) == (NO_FINDING,)],
        )
        for entry, one in zip(listing.entries, stated, strict=True)
    )
    said = [Message("doctor.data-findings", {"count": len(names), "names": ", ".join(names)})]
    cells = {kind: found.total() for kind, found in touched([one.label for one in stated], names).items()}
    if any(cells.values()):
        said.append(Message("doctor.data-cells", dict[str, object](cells)))
    others = tuple(note for note in listing.notes if note.key != "balance.findings-unused")
    return replace(listing, entries=entries, notes=(*others, *said))


def _of_balance(balance: Balance | None) -> Iterator[Finding]:
    """What became of the files and of a table's rows; warnings are problems."""
    if balance is None:
        return
    for said in balance.warnings:
        yield Finding("problem", said.key, said.values)
    yield ok("balance.files", files=balance.files, used=balance.used, left_out=balance.files - balance.used)
    for left in balance.left_out:
        endings = ", ".join(f"{ending or '-'} {count}" for ending, count in left.endings.items())
        reason = f"balance.reason.{left.reason}"
        yield note("doctor.left-out", files=left.files, reason_key=reason, endings=endings, example=left.example)
    for table in balance.tables:
        yield ok("balance.rows", table=table.name, rows=table.rows, fit=table.fit, unfit=table.unfit, twice=table.twice)
        if table.films_without_row:
            yield note("balance.without-row", table=table.name, films=table.films_without_row, of=table.films)
    for said in balance.notes:
        yield Finding("note", said.key, said.values)


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
    yield from _patients(readable)
    own = given_split(rows)
    if own is not None:
        yield note("doctor.data-own-split", parts=_counted(Counter(own.counts)), without=own.without, torn=own.torn)


def _patients(rows: Sequence[Row]) -> Iterator[Finding]:
    """Whether patients are known, entries that name nobody, and patients who have much of a class."""
    nobodys = [row for row in rows if PLACEHOLDER in row.problems]
    if nobodys:
        yield note("patients.nobody", films=len(nobodys), example=nobodys[0].path)
    elif not any(persons(rows)):
        yield note("doctor.data-no-patients")
    for one in holdings(rows):
        yield note("patients.holding", films=one.films, total=one.total, label=one.label, example=one.example)


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
    """Whether a class can be known from the site or the colour mode alone: none of its values holds another class."""
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
