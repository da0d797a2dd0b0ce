"""The oracle: what `plainfilm index` and `doctor` say of a data set, held against what the generator knows of it.

A film that is left out, renamed or parted from its patient's others must be said to be; so must what is missing of a
table. Where all is well nothing may be said, and a data set that is plain must not be refused.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faults.wild_truth import ALWAYS, NEVER, Draft, File, composed, plain_label, same_label
from plainfilm.io import tables
from plainfilm.io.files import sha256
from tests.conftest import Ran

MAX_LOST_SHARE = 0.01  # of the films, without a warning


@dataclass(frozen=True)
class Found:
    """What the program says: the document of `index --json` and the rows of `index.csv`."""

    summary: dict[str, Any]
    rows: list[dict[str, str]]

    @property
    def balance(self) -> dict[str, Any]:
        return dict(self.summary["balance"])

    @property
    def used(self) -> list[dict[str, str]]:
        return [row for row in self.rows if row["split"]]


def read(ran: Ran, out: Path) -> Found | str:
    """What `index --json --out` said; in one line, the refusal, or what is wrong with it."""
    if ran.code not in (0, 1, 2) or "Traceback" in ran.err:
        return f"CRASH: ended with {ran.code}: {ran.err.strip()[-300:]}"
    try:
        summary = json.loads(ran.out)
    except ValueError:
        said = ran.err.strip().splitlines()
        return f"REFUSED: {said[-1]}" if said and ran.code else "CRASH: no document and no sentence"
    content = (out / "index.csv").read_bytes().decode("utf-8", "surrogateescape")
    return Found(summary, tables.from_csv(content)[0])


def needs_doctor(draft: Draft, found: Found | str, *, is_asked: bool) -> bool:
    """Whether the doctor's word would matter: where it must warn, and, if it `is_asked`, where it must not.

    It knows of no recipe, so of no films that only the recipe leaves out.
    """
    return (
        not draft.recipe
        and isinstance(found, Found)
        and (_must_warn(draft, found) or (is_asked and is_clean(draft, found)))
    )


def judge(draft: Draft, found: Found | str, doctor: Ran | None) -> list[str]:
    """What does not hold, a line for each kind of it; the line begins with that kind."""
    if isinstance(found, str):
        return [] if found.startswith("REFUSED") and draft.may_refuse else [found]
    lines: dict[str, list[str]] = defaultdict(list)
    for line in _judge(draft, found, doctor):
        lines[line.partition(":")[0]].append(line)
    return [first + (f" (and {len(more)} more)" if more else "") for first, *more in lines.values()]


def _judge(draft: Draft, found: Found, doctor: Ran | None) -> Iterator[str]:
    yield from _classes(draft, found)
    yield from _films(draft, found)
    yield from _sums(draft, found)
    yield from _patients(draft, found)
    yield from _parts(draft, found) if draft.recipe else _own_split(draft, found)
    yield from _rows(draft, found)
    yield from _warnings(draft, found, doctor)


# --- films -----------------------------------------------------------------------------------------------------------


def _truth_of(draft: Draft, row: dict[str, str]) -> File | None:
    """The file that a row is about: by its path, or by its bytes where the source is a table."""
    truth = draft.truth()
    file = truth.get((int(row["origin"]), composed(row["path"])))
    if file is None and any(source.table for source in draft.sources):
        file = next((file for file in truth.values() if sha256(file.content) == row["sha256"]), None)
    return file


def _classes(draft: Draft, found: Found) -> Iterator[str]:
    known = {plain_label(film.label) for film in draft.films if film.label}
    strange = [label for label in found.summary["classes"] if plain_label(label) not in known]
    if strange:
        yield f"CLASS: {strange} is none"
    plain = Counter(plain_label(label) for label in found.summary["classes"])
    if any(count > 1 for count in plain.values()):
        yield f"CLASS: {found.summary['classes']} are two where there is one"


def _films(draft: Draft, found: Found) -> Iterator[str]:
    for row in found.used:
        file = _truth_of(draft, row)
        if file is None:
            yield f"FILM: {row['path']!r} is used and no file of the data set"
        elif file.film is None or file.use == NEVER:
            yield f"FILM: {row['path']!r} is used as {row['label']!r}; it is to be left out as {sorted(file.reasons)}"
        elif not same_label(row["label"], file.film.label):
            yield f"LABEL: {row['path']!r} is used as {row['label']!r} and is {file.film.label!r}"
        elif row["sha256"] != sha256(file.content):
            yield f"FILM: {row['path']!r} has the bytes of another file"
    twice = [path for path, count in Counter((row["origin"], row["path"]) for row in found.used).items() if count > 1]
    if twice:
        yield f"FILM: {twice[0]!r} is used twice"
    used = _used_places(draft, found)
    unused = [place for place, file in draft.truth().items() if file.use == ALWAYS and place not in used]
    if unused:
        yield f"UNUSED: {len(unused)} films that are plain, such as {unused[0][1]!r}"


def _used_places(draft: Draft, found: Found) -> set[tuple[int, str]]:
    """The sources and paths of the films of the data set that are used."""
    if any(source.table for source in draft.sources):
        places = {sha256(file.content): place for place, file in draft.truth().items()}
        return {places[row["sha256"]] for row in found.used if row["sha256"] in places}
    return {(int(row["origin"]), composed(row["path"])) for row in found.used}


def _sums(draft: Draft, found: Found) -> Iterator[str]:
    """Every file is counted once, under a reason that is true."""
    balance, truth = found.balance, draft.truth()
    counted = Counter({entry["reason"]: entry["files"] for entry in balance["left_out"]})
    if balance["files"] != balance["used"] + counted.total():
        yield f"SUMS: {balance['files']} files are not {balance['used']} used and {dict(counted)}"
    if balance["used"] != len(found.used):
        yield f"SUMS: {balance['used']} used, {len(found.used)} with a part"
    sure, absent = sum("" not in file.reasons for file in truth.values()), _num_absent(draft)
    if not sure <= balance["files"] <= len(truth) + absent:
        yield f"SUMS: {balance['files']} files of {sure} to {len(truth)}"
    used = _used_places(draft, found)
    outside = [file for place, file in truth.items() if place not in used and file.use != ALWAYS]
    for reason in sorted({reason for file in outside for reason in file.reasons if reason} | set(counted)):
        low = sum(file.reasons == {reason} for file in outside)
        high = sum(reason in file.reasons for file in outside) + (absent if reason == "missing" else 0)
        if not low <= counted[reason] <= high:
            yield f"REASON: {counted[reason]} files as {reason!r}, in truth {low} to {high}"


def _num_absent(draft: Draft) -> int:
    """How many files a table in place of a folder names that are not there."""
    return sum(table.unfit for table in draft.tables if table.name in {source.table for source in draft.sources})


# --- patients and parts ----------------------------------------------------------------------------------------------


def _patients(draft: Draft, found: Found) -> Iterator[str]:
    parts: dict[str, set[str]] = defaultdict(set)
    for row in found.used:
        file = _truth_of(draft, row)
        if file is not None and file.patient:
            parts[file.patient].add(row["split"])
    torn = sorted(patient for patient, names in parts.items() if len(names) > 1)
    if torn:
        yield f"PARTED: {len(torn)} patients are in several parts, such as {torn[0]!r}"


def _parts(draft: Draft, found: Found) -> Iterator[str]:
    """The set's own split is kept, where the recipe says so; without validation films, that part is drawn."""
    has_validation = any(file.part == "validation" for file in draft.truth().values() if file.use == ALWAYS)
    for row in found.used:
        file = _truth_of(draft, row)
        if file is None or not file.part:
            continue
        kept = {file.part} if has_validation or file.part == "test" else {"train", "validation"}
        if row["split"] not in kept:
            yield f"PART: {row['path']!r} is for {row['split']} and was given for {file.part}"
            return


def _own_split(draft: Draft, found: Found) -> Iterator[str]:
    """The set's own split is told of, where the recipe asks for another one."""
    known = Counter(file.part for row in found.used if (file := _truth_of(draft, row)) is not None and file.part)
    films = Counter(file.part for file in draft.truth().values() if file.film and file.part)
    told = Counter((found.summary["split"].get("own") or {"films": {}})["films"])
    if known and not draft.may_refuse and not known <= told <= films:
        yield f"SPLIT: the set's own is {dict(known)} and is said to be {dict(told)}"


# --- tables ----------------------------------------------------------------------------------------------------------


def _rows(draft: Draft, found: Found) -> Iterator[str]:
    told = found.balance["tables"]
    if len(told) != len(draft.tables):
        yield f"TABLE: {len(told)} of {len(draft.tables)} tables are told of"
        return
    for entry, table in zip(told, draft.tables, strict=True):
        counts = {name: entry[name] for name in ("fit", "unfit", "twice")}
        if entry["rows"] != sum(counts.values()):
            yield f"SUMS: {entry['rows']} rows are not {counts}"
        truth = {"fit": table.fit, "unfit": table.unfit, "twice": table.twice}
        if table.are_counts_sure and counts != truth:
            yield f"ROWS: of {entry['rows']} rows {counts}, in truth {truth}"


# --- warnings --------------------------------------------------------------------------------------------------------


def _lost(draft: Draft, found: Found) -> tuple[int, int]:
    """How many films are not used, and how many there are."""
    used = _used_places(draft, found)
    truth = draft.truth()
    behind = sum(file.films_behind for file in truth.values())
    films = [place for place, file in truth.items() if file.film]
    return behind + sum(place not in used for place in films), behind + len(films)


def _must_warn(draft: Draft, found: Found) -> bool:
    lost, total = _lost(draft, found)
    return lost > MAX_LOST_SHARE * total or not all(table.is_about_all for table in draft.tables)


def is_clean(draft: Draft, found: Found) -> bool:
    """Whether nothing is wrong with a data set: it must not be warned of."""
    return not (draft.may_warn or draft.may_refuse or _must_warn(draft, found))


def _warnings(draft: Draft, found: Found, doctor: Ran | None) -> Iterator[str]:
    warnings = [entry["code"] for entry in found.balance["warnings"]]
    if _must_warn(draft, found):
        lost, total = _lost(draft, found)
        what = f"{lost} of {total} films are not used" if lost else "a table is about less than half of the films"
        if not warnings:
            yield f"SILENT: {what}"
        if doctor is not None and doctor.code != 1:
            yield f"SILENT: the doctor ends with {doctor.code}; {what}"
    elif is_clean(draft, found):
        if warnings:
            yield f"ALARM: nothing is wrong, and there is a warning: {warnings}"
        if doctor is not None and doctor.code != 0:
            yield f"ALARM: nothing is wrong, and the doctor ends with {doctor.code}: {_problems(doctor)}"


def _problems(doctor: Ran) -> str:
    try:
        document = json.loads(doctor.out)
    except ValueError:
        return doctor.err.strip()[-200:]
    found = [finding["code"] for entry in document for finding in entry["findings"] if finding["severity"] == "problem"]
    return ", ".join(found)
