"""The same seed again, with other numbers of loader workers, and gone on with where there are fewer processors.

Compute threads are part of a run: a number that is not the run's is refused, and without one the run keeps its own,
from training to evaluation, however many processors the process of that day may use.
"""

import os
import signal
from dataclasses import replace
from pathlib import Path

import broken_run
from builders import Recorder, slim_widths

from faults.forked import command, ended, forked
from faults.killed_training import STEPS, at_step, differing, prepare, unbroken
from faults.row import Outcome, row
from plainfilm.config import Recipe
from plainfilm.io.run_folder import Run
from plainfilm.randomness import generator
from plainfilm.training.loop import train

WORKERS = (0, 1, 2, 4)  # of the second run; the first has none
THREADS = 2


def train_slim(run: Path, recipe: Recipe, workers: int) -> None:
    """Train a slim network in this process."""
    slim_widths()
    run.mkdir()
    train(Run(run), recipe, broken_run.films(), Recorder(), workers=workers, threads=1)


def again(trial: int, folder: Path) -> str:
    """Train twice with one seed; what differs."""
    workers = WORKERS[trial % (len(WORKERS) + 1)]
    recipe = replace(broken_run.RECIPE, training=replace(broken_run.RECIPE.training, seed=trial))
    runs, output = [folder / f"{trial}-{name}" for name in ("first", "second")], folder / f"{trial}.output"
    for run, number in zip(runs, (0, workers), strict=True):
        if ended(forked(lambda run=run, number=number: train_slim(run, recipe, number), output)):
            return f"{number} workers: {output.read_text(encoding='utf-8')[-500:]}"
    return ", ".join(f"{name} with {workers} workers" for name in differing(*runs))


def elsewhere(trial: int, folder: Path) -> str:
    """Kill the command at a random step and go on with it on one processor; what differs or went wrong."""
    folder = folder / str(trial)
    folder.mkdir()
    start, run, output = prepare(folder), folder / "run", folder / "output"
    unbroken(folder / "unbroken", start, ["--threads", THREADS])
    child = forked(lambda: command(*start, "--out", run, "--threads", THREADS), output)
    at_step(run, int(generator(13, "same bits", trial).integers(1, STEPS)))(lambda: False)
    os.kill(child, signal.SIGKILL)
    ended(child)
    code = ended(forked(lambda: command("train", "--resume", run, "--threads", 1, "--lang", "en"), output))
    said = output.read_text(encoding="utf-8")
    if code != 2 or f"computes with {THREADS} threads" not in said:
        return f"another number of threads is not refused: exit code {code}"

    def go_on() -> None:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        command("train", "--resume", run)

    if ended(forked(go_on, output)):
        return output.read_text(encoding="utf-8")[-500:]
    return ", ".join(f"{name} on one processor" for name in differing(run, folder / "unbroken"))


@row(
    fault="the same seed twice; another number of loader workers; resumed on another number of processors",
    must_hold="same bits; another number of compute threads is refused",
    counted="not bit-equal",
    short=5,
    long=5,
)
def run(count: int, folder: Path) -> Outcome:
    """The trials, and what they came to."""
    kinds = [again] * len(WORKERS) + [elsewhere]
    found = {trial: kinds[trial % len(kinds)](trial, folder) for trial in range(count)}
    return Outcome(count, tuple(f"trial {trial}: {wrong}" for trial, wrong in found.items() if wrong))
