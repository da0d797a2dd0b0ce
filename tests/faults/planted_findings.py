"""Tables of findings with a token in everything beside what they state: of the planted films, and of scores for them."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.planted import Tokens

FINDINGS = ("Effusion", "Mass", "Nodule")
COLUMNS = ("patient", "name", "date of birth", "sex", "age", "view", "rad_id")
NUM_NAMED = 3  # films with tokens in the cells of all columns
RECIPE = """[task]
kind = "findings"
uncertain = "ignore"
blank = "absent"
[data]
classes = ["Effusion", "Mass", "Nodule"]
[decision]
out_of_fold = 2
"""
Rows = list[Sequence[object]]


@dataclass(frozen=True)
class FindingTables:
    """Where they are."""

    table: Path
    scores: Path


def write(folder: Path, films: Sequence[str], tokens: Tokens) -> FindingTables:
    """Both of them, about films by their paths."""
    table = folder / f"{tokens.name('a table of findings')}.csv"
    scores = folder / f"{tokens.name('a table of scores')}.csv"
    _write(table, _stated(films, tokens))
    _write(scores, _scored(films, tokens))
    return FindingTables(table, scores)


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _stated(films: Sequence[str], tokens: Tokens) -> Rows:
    """A column a finding, a list, and who it is; two people have read the first film."""
    cells = [tokens.name(f"findings, the column {name}") for name in COLUMNS]
    word, other = tokens.name("findings, a word of a list"), tokens.name("findings, another reader")
    rows: Rows = [("path", *FINDINGS, "Finding Labels", *COLUMNS, tokens.name("findings, a column's name"))]
    for number, film in enumerate(films):
        values = [number >> finding & 1 for finding in range(len(FINDINGS))]
        listed = [name for name, value in zip(FINDINGS, values, strict=True) if value]
        doubted = {4: ["-1", "", "1"], 5: ["", "-1", ""]}.get(number)
        who = cells if number < NUM_NAMED else ["", "", "", "F", "44", "PA", ""]
        words = [*listed, word] if number < NUM_NAMED else listed
        rows.append((film, *(doubted or values), "" if doubted else "|".join(words), *who, "x"))
    first = rows[1]
    return [*rows, (*first[:-2], other, "x")]


def _scored(films: Sequence[str], tokens: Tokens) -> Rows:
    """Scores of all films but the last, and of one that no table has; a further column."""
    head = ("path", *(f"p_{name}" for name in FINDINGS), tokens.name("scores, a column's name"))
    cell = tokens.name("scores, a cell")
    values = [[round((number * step % 100) / 100, 2) for step in (7, 13, 31)] for number in range(len(films))]
    rows = [(film, *scored, cell) for film, scored in zip(films[:-1], values, strict=False)]
    return [head, *rows, (f"{tokens.name('scores, a film of no table')}.png", 0.5, 0.5, 0.5, cell)]
