"""An index on a terminal, and for --json."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from plainfilm.data.decoding.film import WARNINGS
from plainfilm.data.film_index import Index, Row
from plainfilm.data.splits.groups import PLACEHOLDER
from plainfilm.present.terminal import Terminal
from plainfilm.printing.balance import balance_summary, print_balance
from plainfilm.printing.split import patients_summary, print_patients, print_split, split_summary
from plainfilm.text import printable

MAX_LISTED = 20  # problems of one kind that are listed by name
COUNTED = ("duplicate-exact", "duplicate-near", PLACEHOLDER)  # problems that have a line of their own, without names


def print_index(terminal: Terminal, index: Index) -> None:
    """What is in an index: what became of all files, counts, groups, duplicates, problems, the split."""
    print_balance(terminal, index.balance)
    rows = index.rows
    parts = [part for part in ("train", "validation", "test", "predict") if index.part(part)]
    table = []
    for label in (*index.classes, *sorted({row.label for row in rows} - set(index.classes))):
        for source in sorted({row.source for row in rows if row.label == label}):
            films = [row for row in rows if (row.label, row.source) == (label, source)]
            counts = Counter(row.split for row in films)
            groups = len({row.group for row in films if row.group})
            table.append(
                [label or "-", source or "-", len(films), groups, *(counts[part] for part in parts), counts[""]]
            )
    totals = [sum(column) for column in list(zip(*table, strict=True))[2:]]
    totals[1] = len({row.group for row in rows if row.group})
    table.append([terminal.text("index.total"), "", *totals])
    headings = ["class", "source", "films", "groups", *parts, "left-out"]
    terminal.table([terminal.text(f"index.{heading}") for heading in headings], table, left=2)
    per_class = "/".join(str(sum(row.label == label for row in rows)) for label in index.classes)
    terminal.say("index.counts", films=len(rows), counts=per_class, classes=", ".join(index.classes))
    print_split(terminal, index)
    print_patients(terminal, rows)
    print_duplicates(terminal, rows)
    print_problems(terminal, rows, always=["label-conflict"])
    torn = set(index.straddling())
    if index.is_leaking:
        tested = [row for row in rows if row.split == "test"]
        shared = sum(row.group in torn for row in tested)
        terminal.say("index.leaking", shared=shared, tested=len(tested))


def index_summary(index: Index, language: str) -> dict[str, Any]:
    """The index for --json: counts by class, source and part, and the problems by path."""
    return {
        "classes": list(index.classes),
        "films": [
            {"class": label, "source": source, "part": part or None, "count": count}
            for (label, source, part), count in sorted(
                Counter((row.label, row.source, row.split) for row in index.rows).items()
            )
        ],
        "balance": balance_summary(index.balance, language),
        "groups": len({row.group for row in index.rows if row.group}),
        "straddling_groups": len(index.straddling()),
        "split": split_summary(index),
        "patients": patients_summary(index.rows),
        "problems": {row.path: list(row.problems) for row in index.rows if row.problems},
        "data_sha256": index.data_checksum,
        "split_sha256": index.split_checksum,
    }


def print_duplicates(terminal: Terminal, rows: Sequence[Row]) -> None:
    """How many films are copies of others, by class."""
    for kind in ("duplicate-exact", "duplicate-near"):
        found = Counter(row.label for row in rows if kind in row.problems)
        by_class = ", ".join(f"{label or '-'} {count}" for label, count in sorted(found.items()))
        films = f"{sum(found.values())} ({by_class})" if found else "0"
        terminal.say("index.problem", what=terminal.text(f"problem.{kind}"), films=films)


def print_problems(terminal: Terminal, rows: Sequence[Row], *, always: Sequence[str] = ()) -> None:
    """The films with problems, by kind and name; the kinds in `always` also where there are none."""
    by_code: dict[str, list[Row]] = {code: [] for code in always}
    for row in rows:
        for code in row.problems:
            if code not in COUNTED:
                by_code.setdefault(code, []).append(row)
    for code, films in sorted(by_code.items()):
        terminal.say("index.problem", what=terminal.text(f"problem.{code}"), films=len(films))
        for row in films[:MAX_LISTED]:
            terminal.line(f"    {printable(row.path)}")
        if len(films) > MAX_LISTED:
            terminal.say("index.more", films=len(films) - MAX_LISTED)


def print_film_problems(terminal: Terminal, rows: Sequence[Row]) -> None:
    """Films that cannot be read, and what reading the others took for granted; nothing of copies and classes."""
    print_problems(
        terminal,
        [
            replace(row, problems=tuple(code for code in row.problems if code in WARNINGS)) if row.image_id else row
            for row in rows
        ],
    )
