"""A running training, read from its folder: what the training page shows.

Notable choices:
- it only reads: the training knows nothing of it. A half-written last row of the history is left out until it is whole;
- at most MAX_ROWS steps an answer: of more, an even choice, with the epochs' validation figures among them. `next` is
  the first step to ask for the next time; it is below what was asked for where a resumed training has gone back;
- the time left comes from the pace of the last lines of the log, in steps weighted by the area of their films, because
  recipes train on growing films. It is unknown at the start and where the training does nothing for long;
- no name of a file or folder is in the answer.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

from plainfilm.config import Recipe, load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.errors import PlainfilmError, RequestError
from plainfilm.io.run_folder import Run
from plainfilm.training.history import COLUMNS, Step, parse_history
from plainfilm.training.schedule import Plan, make_plan

MAX_ROWS = 2000
LOG_BYTES = 64 * 1024  # of the beginning and of the end of the log; a line has about 200
PACE_LINES = 16  # of the log: its last 240 to 480 steps
STALLED_S = 60.0  # without a step
STALLED_STEPS = 20.0  # or as long as so many steps took


@dataclass(frozen=True)
class _Log:
    """What the log tells of the training that is under way, or of the last one."""

    steps: int | None = None  # in all
    is_done: bool = False
    marks: tuple[tuple[float, int], ...] = ()  # seconds and steps done, since it was started or gone on with


def training_progress(folder: Path, after: int = 0) -> dict[str, object]:
    """What a training has done: its steps from number `after` on, and how far it is.

    Returns:
        steps: rows of the history as objects; `every`: 1, or k where about every k-th step was chosen;
        next: first step to ask for; total_steps, epochs, size_px (side of the films of the last step), stages (first
        step and size_px of each size): None or empty where not known yet;
        state: "waiting" (for the first step), "running", "stalled" (no step for long), "testing" (all steps are done,
        the model is written and tested), "finished"; is_finished;
        seconds_left (to the last step; testing the model comes on top), updated_s_ago: None where unknown;
        last_validation_accuracy, best_validation_accuracy, best_epoch, is_best_kept (whether the best is one of the
        epochs at full size, of which the training keeps the best), num_validation (films): None where unknown.

    Raises RequestError where the folder holds no training, or its history cannot be read.
    """
    run = Run(folder)
    recipe = _recipe(run)
    rows, updated = _rows(run.history)
    log = _read_log(run.log)
    plan = None
    if recipe is not None and log.steps:
        epochs = sum(recipe.training.epochs)
        plan = make_plan(recipe.training, max(log.steps // epochs, 1))
    age_s = None if updated is None else max(time.time() - updated, 0.0)
    pace = _pace(log.marks, plan)
    step_s = _seconds(plan, pace, len(rows) - 1, len(rows))
    state = _state(len(rows), log, age_s, step_s)
    wanted, every = _choose(rows[after:])
    return {
        "steps": [{name: _finite(value) for name, value in asdict(step).items()} for step in _parse(wanted)],
        "every": every,
        "next": len(rows),
        "total_steps": log.steps,
        "epochs": None if recipe is None else sum(recipe.training.epochs),
        **_sizes(plan, len(rows)),
        "state": state,
        "is_finished": state == "finished",
        "seconds_left": _seconds(plan, pace, len(rows), log.steps) if state == "running" else None,
        "updated_s_ago": age_s,
        **_validation(_parse(_validated(rows)), plan),
        "num_validation": _num_validation(run.index) if recipe is not None else None,
    }


def _recipe(run: Run) -> Recipe | None:
    """The recipe of a run; None while its films are still being read, before there is one. Raises RequestError."""
    if not run.is_begun:
        if run.is_preparing:
            return None
        raise RequestError("run-not-there")
    try:
        return load_recipe(str(run.recipe))
    except PlainfilmError as error:
        raise RequestError("run-damaged") from error


# --- the history -----------------------------------------------------------------------------------------------------


def _rows(path: Path) -> tuple[list[str], float | None]:
    """The whole lines of a history, one a step from 0 on, and when it was last written. Raises RequestError."""
    try:
        updated = path.stat().st_mtime
        header, *lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return [], None
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError("run-damaged") from error
    if header != ",".join(COLUMNS):
        raise RequestError("run-damaged")
    return lines[:-1], updated  # what follows the last line break is a row that is being written


def _validated(rows: Sequence[str]) -> list[str]:
    """The rows with validation figures."""
    return [row for row in rows if not row.endswith(",")]


def _choose(rows: Sequence[str]) -> tuple[list[str], int]:
    """At most MAX_ROWS rows in their order, a quarter of them for validation figures; and that one of how many."""
    if len(rows) <= MAX_ROWS:
        return list(rows), 1
    every = -(-len(rows) // (MAX_ROWS * 3 // 4 - 1))
    validated = [number for number, row in enumerate(rows) if not row.endswith(",")]
    among = max(-(-len(validated) // (MAX_ROWS // 4)), 1)
    chosen = {*range(0, len(rows), every), len(rows) - 1, *validated[::-among]}
    return [rows[number] for number in sorted(chosen)], every


def _parse(rows: Sequence[str]) -> list[Step]:
    try:
        return parse_history("\n".join([",".join(COLUMNS), *rows]))
    except (KeyError, TypeError, ValueError) as error:
        raise RequestError("run-damaged") from error


def _finite(value: float | None) -> float | None:
    """The number; None for one that JSON cannot say."""
    return value if value is not None and math.isfinite(value) else None


# --- the log ---------------------------------------------------------------------------------------------------------


def _read_log(path: Path) -> _Log:
    """The log's beginning and end; lines that are no entries are passed over."""
    try:
        with path.open("rb") as file:
            head = file.read(LOG_BYTES)
            file.seek(max(path.stat().st_size - LOG_BYTES, len(head)))
            lines = [*head.split(b"\n"), *file.read(LOG_BYTES).split(b"\n")]
    except OSError:
        return _Log()
    log = _Log()
    for line in lines:
        try:
            entry = json.loads(line)
            if entry["event"] in ("start", "resume"):
                log = _Log(steps=int(entry["steps"]))
            elif entry["event"] in ("batch", "epoch"):
                log = replace(log, marks=(*log.marks, (float(entry["seconds"]), int(entry["step"]) + 1))[-PACE_LINES:])
            elif entry["event"] == "done":
                log = replace(log, is_done=True)
        except (KeyError, TypeError, ValueError):  # cut at the ends, or being written
            continue
    return log


def _pace(marks: Sequence[tuple[float, int]], plan: Plan | None) -> float | None:
    """Seconds that a unit of work takes, from the first to the last of the marks; None where that is not known."""
    if plan is None or len(marks) < 2:
        return None
    (began_s, first), (ended_s, last) = marks[0], marks[-1]
    work = _work(plan, first, last)
    return (ended_s - began_s) / work if work > 0 and ended_s > began_s else None


def _work(plan: Plan, first: int, last: int) -> float:
    """The work of the steps from `first` to before `last`: the areas of their films, in those of the largest."""
    largest = max(plan.sizes_px)
    shares = []
    for epoch, size in enumerate(plan.sizes_px):
        begin, end = epoch * plan.steps_per_epoch, (epoch + 1) * plan.steps_per_epoch
        shares.append(max(min(last, end) - max(first, begin), 0) * (size / largest) ** 2)
    return sum(shares)


def _seconds(plan: Plan | None, pace: float | None, first: int, last: int | None) -> float | None:
    """How long the steps from `first` to before `last` take; None where that is not known."""
    return None if plan is None or pace is None or last is None else pace * _work(plan, first, last)


def _state(done: int, log: _Log, age_s: float | None, step_s: float | None) -> str:
    if done == 0 or log.steps is None:
        return "waiting"
    if done >= log.steps:
        return "finished" if log.is_done else "testing"
    is_stalled = age_s is not None and age_s > max(STALLED_S, STALLED_STEPS * (step_s or 0))
    return "stalled" if is_stalled else "running"


# --- facts -----------------------------------------------------------------------------------------------------------


def _sizes(plan: Plan | None, done: int) -> dict[str, object]:
    """The sizes of the films: of the last step, and where each begins."""
    if plan is None:
        return {"size_px": None, "stages": []}
    epoch = min(max(done - 1, 0) // plan.steps_per_epoch, plan.epochs - 1)
    starts = [number for number in range(plan.epochs) if plan.sizes_px[number] != ((0, *plan.sizes_px)[number])]
    stages = [{"first_step": start * plan.steps_per_epoch, "size_px": plan.sizes_px[start]} for start in starts]
    return {"size_px": plan.sizes_px[epoch], "stages": stages}


def _validation(validated: Sequence[Step], plan: Plan | None) -> dict[str, object]:
    """The last and the best epoch, by the training's own rule: at full size, by accuracy, then by a lower loss."""
    known = [step for step in validated if step.validation_accuracy is not None]
    sizes = () if plan is None else plan.sizes_px
    full_epochs = {epoch for epoch, size in enumerate(sizes) if size == sizes[-1]}
    full = [step for step in known if step.epoch in full_epochs]
    best = max(full or known, key=_merit, default=None)
    return {
        "last_validation_accuracy": known[-1].validation_accuracy if known else None,
        "best_validation_accuracy": None if best is None else best.validation_accuracy,
        "best_epoch": None if best is None else best.epoch,
        "is_best_kept": None if best is None or plan is None else best in full,
    }


def _merit(step: Step) -> tuple[float, float]:
    assert step.validation_accuracy is not None
    return step.validation_accuracy, -(math.inf if step.validation_loss is None else step.validation_loss)


def _num_validation(index: Path) -> int | None:
    """How many films the validation figures rest on."""
    try:
        return _count_validation(index, index.stat().st_mtime_ns)
    except (PlainfilmError, OSError):
        return None


@lru_cache(maxsize=1)
def _count_validation(index: Path, changed_ns: int) -> int:
    """The same, counted once for each state of the file."""
    return len(read_index(index).part("validation"))
