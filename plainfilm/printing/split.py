"""How films were split, on a terminal and for --json: the method, what was asked and reached, whose the films are."""

from collections.abc import Sequence
from typing import Any

from plainfilm.data.film_index import Index, Row
from plainfilm.data.splits.groups import PLACEHOLDER, holdings
from plainfilm.data.splits.own_split import GivenSplit, given_split
from plainfilm.data.splits.shares import Miss, asked, misses, reached
from plainfilm.present.terminal import Terminal

MAX_NAMED = 12  # classes, and misses, that are named in a line


def print_split(terminal: Terminal, index: Index) -> None:
    """The method in one line, with the shares asked and reached; another line where a share is missed."""
    method, shares = terminal.text(f"index.method.{index.method}"), asked(index)
    if not shares:
        terminal.say("index.split", method=method)
    else:
        by_class = [f"{label} {_of_parts(counts, list(shares))}" for label, counts in reached(index).items()]
        terminal.say(
            "index.split-asked",
            method=method,
            parts="/".join(terminal.text(f"index.{part}") for part in shares),
            asked="/".join(f"{100 * share:.3g}" for share in shares.values()),
            reached=_listed(by_class),
        )
    missed = misses(index)
    if missed:
        terminal.say("index.split-missed", missed=_listed([_miss_words(terminal, miss) for miss in missed]))
    own = None if index.split["kind"] == "column" else given_split(index.rows)
    if own is not None:
        print_own_split(terminal, own)


def print_own_split(terminal: Terminal, own: GivenSplit) -> None:
    """That a set has a split of its own which is not used: its counts, the groups that it tears, how to use it."""
    counts = ", ".join(f"{terminal.text(f'index.{part}')} {count}" for part, count in own.counts.items())
    terminal.say("index.own-split", counts=counts, without=own.without, torn=own.torn)
    if own.unknown:
        terminal.say("index.own-split-unknown", unknown=_listed(own.unknown))


def print_patients(terminal: Terminal, rows: Sequence[Row]) -> None:
    """Films whose patient is nobody, and patients who have much of a class."""
    nobodys = [row for row in rows if PLACEHOLDER in row.problems]
    if nobodys:
        terminal.say("patients.nobody", films=len(nobodys), example=nobodys[0].path)
    for one in holdings(rows):
        terminal.say("patients.holding", films=one.films, total=one.total, label=one.label, example=one.example)


def split_summary(index: Index) -> dict[str, Any]:
    """The split for --json: its method, the shares asked, the films reached by class and part, the set's own split."""
    own = given_split(index.rows)
    return {
        "method": index.method,
        "asked": asked(index),
        "reached": reached(index),
        "missed": [{"class": miss.label, "part": miss.part} for miss in misses(index)],
        "own": None
        if own is None
        else {"films": own.counts, "without": own.without, "unknown": list(own.unknown), "straddling_groups": own.torn},
    }


def patients_summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Whose the films are, for --json: how many have an entry that names nobody, and who has much of a class."""
    return {
        "nobody": sum(PLACEHOLDER in row.problems for row in rows),
        "much": [
            {"class": one.label, "films": one.films, "of": one.total, "example": one.example} for one in holdings(rows)
        ],
    }


def _of_parts(counts: dict[str, int], parts: Sequence[str]) -> str:
    """The percentages of a class in the parts, for instance 80/10/10."""
    total = sum(counts.values())
    return "/".join(f"{100 * counts.get(part, 0) / total:.0f}" if total else "-" for part in parts)


def _miss_words(terminal: Terminal, miss: Miss) -> str:
    return terminal.text(
        "index.split-miss",
        label=miss.label,
        part=terminal.text(f"index.{miss.part}"),
        films=miss.films,
        total=miss.total,
        asked=f"{100 * miss.asked:.3g}",
    )


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:MAX_NAMED]) + (", ..." if len(words) > MAX_NAMED else "")
