"""Data sets as people have them: a layout, a table, damages, drawn from a seed; what is said of them against the truth.

Each layout is drawn plain first, with the plainest table if it needs one, then with tables and damages as drawn. Two
forks share the seeds; a command is a fork of its own, so that one that hangs or crashes is a failure and no more.
"""

import contextlib
import importlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from faults import wild_damages as damages
from faults import wild_oracle as oracle
from faults import wild_skins as skins
from faults import wild_tables as tables
from faults.forked import ended, forked, start
from faults.row import Outcome, row
from faults.wild_layouts import LAYOUTS, Layout, lay
from faults.wild_truth import ALWAYS, Draft, left
from plainfilm.randomness import generator
from tests.conftest import Ran

MAX_SIZE = 12  # patients a class: the pool of films is not larger
SIZES = (6, 6, 7, 8, 10, MAX_SIZE)
COLUMN = '[split]\nkind = "column"\n'
PATIENCE_S = 240  # for a command, on a machine that others use as well
IMPORTED = (
    *("PIL.BmpImagePlugin", "PIL.WebPImagePlugin", "PIL.Jpeg2KImagePlugin", "PIL.TiffImagePlugin", "pydicom"),
    *("plainfilm.present.sections.health", "plainfilm.present.sections.data_set", "plainfilm.workflows.checks"),
    "plainfilm.workflows.prepare",
)


def draw(seed: int) -> Draft:
    """The data set of a seed."""
    random = generator(0, "wild", seed)
    turn, number = divmod(seed, len(LAYOUTS))
    name = [*LAYOUTS][number]
    layout = LAYOUTS[name]
    size = SIZES[random.integers(len(SIZES))] if len(layout.skins) == 1 else MAX_SIZE  # each source may be split alone
    draft = lay(layout, random, name, size)
    if turn == 0 or layout.tables in ("never", "own"):
        if layout.tables == "must":
            tables.add_table(draft, tables.Style(), names_classes=layout.names_classes)
    elif layout.tables == "must" or random.random() < 0.6:
        style = tables.draw_style(draft, names_classes=layout.names_classes)
        tables.add_table(draft, style, names_classes=layout.names_classes)
        if draft.sources[0].skin == "folder" and random.random() < 0.4:
            tables.put_inside(draft)
    if turn:
        _vary(draft, layout)
    return draft


def _vary(draft: Draft, layout: Layout) -> None:
    """Keep the set's own split or not; do up to three damages."""
    has_parts = any(file.part for _, _, file in draft.all_files())
    if has_parts and draft.random.random() < 0.5:
        keep_split(draft)
    if any(source.table for source in draft.sources):
        return
    possible = [name for name in damages.DAMAGES if damages.fits(name, draft, names_classes=layout.names_classes)]
    count = draft.random.choice(4, p=(0.3, 0.3, 0.2, 0.2))
    for name in draft.random.choice(possible, size=count, replace=False).tolist():
        damages.DAMAGES[name].do(draft)
        draft.words.append(name)
    if count:  # a copy may have a row of its own, or share one
        draft.tables = [replace(table, are_counts_sure=False) for table in draft.tables]


def keep_split(draft: Draft) -> None:
    """Ask for the set's own split: a film that it does not name is left out."""
    draft.recipe = COLUMN
    draft.words.append("its own split kept")
    for origin, path, file in list(draft.all_files()):
        if file.film and file.use == ALWAYS and not file.part:
            draft.change(origin, path, left(file, "no-part"))


def trial(seed: int, folder: Path) -> tuple[list[str], Counter[str]]:
    """What does not hold of the data set of a seed, and what it was: clean, refused, warned of."""
    draft = draw(seed)
    skins.write(draft, folder / "set")
    words = skins.words(draft, folder / "set")
    recipe = ("--recipe", folder / "set/recipe.toml") if draft.recipe else ()
    said = start(folder / "index", "index", *words, *recipe, "--json", "--lang", "en", "--out", folder / "out")
    found = oracle.read(said.finish(PATIENCE_S), folder / "out")
    doctor: Ran | None = None
    if oracle.needs_doctor(draft, found, is_asked=seed % 2 == 0):
        doctor = start(folder / "doctor", "doctor", *words, "--json", "--lang", "en").finish(PATIENCE_S)
    failures = [f"seed {seed} ({'; '.join(draft.words)}): {line}" for line in oracle.judge(draft, found, doctor)]
    return failures, Counter({"refused": isinstance(found, str), "clean": _is_clean(draft, found)})


def _is_clean(draft: Draft, found: oracle.Found | str) -> bool:
    return isinstance(found, oracle.Found) and oracle.is_clean(draft, found)


@row(
    fault=f"data sets as people have them: {len(LAYOUTS)} layouts of folders, archives and links, with tables, other "
    "files and damages of many kinds",
    must_hold="no film left out, renamed or parted from its patient's others without a word; every file and row counted; "
    "no warning where all is well",
    counted="left out or parted without a word",
    short=len(LAYOUTS),
    long=3 * len(LAYOUTS) + 2,
    are_drawn=True,
)
def run(num_trials: int, folder: Path) -> Outcome:
    """A trial is a data set."""
    for name in IMPORTED:
        importlib.import_module(name)
    count = len(os.sched_getaffinity(0))
    shares = [range(first, num_trials, count) for first in range(count)]
    places = [folder / f"share-{number}" for number in range(count)]
    for place in places:
        place.mkdir()
    children = [
        forked(partial(_share, share, place), place / "said") for share, place in zip(shares, places, strict=True)
    ]
    codes = [ended(child) for child in children]
    results = [result for place in places for result in _read(place)]
    failures = [line for result in results for line in result["failures"]]
    failures += [f"a process of the trials ended with {code}" for code in codes if code]
    counts = sum((Counter(result["counts"]) for result in results), Counter[str]())
    alarms = sum(": ALARM: " in line for line in failures)
    measured = {
        "refused with a reason": f"{counts['refused']}",
        "false alarms": f"{alarms} of {counts['clean']} data sets where all is well",
    }
    return Outcome(len(results), tuple(failures), measured)


def _share(seeds: range, place: Path) -> None:
    """Do some trials, each in a folder that is removed, and write what came of each."""
    for seed in seeds:
        at = place / str(seed)
        at.mkdir()
        failures, counts = trial(seed, at)
        shutil.rmtree(at)
        with (place / "results").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"failures": failures, "counts": counts}) + "\n")


def _read(place: Path) -> Iterator[dict]:
    with contextlib.suppress(FileNotFoundError):
        yield from map(json.loads, (place / "results").read_text(encoding="utf-8").splitlines())
