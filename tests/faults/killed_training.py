"""SIGKILL in `plainfilm train`, from its first film to its report; then the command is given again.

Each trial kills one attempt at a random step and one at a random moment of the whole life of an unbroken run, and
leaves the third in peace. `--resume` goes on with the run or, while there is no run yet, the same command starts again.
Every file but the log and the report, which tell times, must then be that of the unbroken run, and no other may be
there. Half of the trials have 4 loader workers, whose orphans live on beside the next attempt.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib.backends.backend_agg  # noqa: F401 - these take long; the forks find them imported
import onnxruntime  # noqa: F401
import torch._dynamo  # noqa: F401

import plainfilm.present.terminal
import plainfilm.workflows.training  # noqa: F401
from faults.forked import command, ended, forked
from faults.row import Outcome, row
from plainfilm.data import phantom
from plainfilm.randomness import generator

RECIPE = """[split]
validation = 0.3
test = 0.2
[data]
channels = 1
[augment]
policy = "radiograph"
[model]
depth = 18
width = 16
[training]
sizes_px = [64, 80]
epochs = [1, 2]
batch_size = 8
ema_decay = 0.9
precision = "float32"
checkpoint_steps = 3
"""
STEPS = 9  # of this recipe with these films
TELL_TIMES = {"log.jsonl", "report.html", "MODEL_CARD.md"}
POLL_S = 0.002

Words = list[object]
Wait = Callable[[Callable[[], bool]], None]  # until the moment has come, or an attempt is over


def prepare(folder: Path) -> Words:
    """The words that start a training in `folder`, but for `--out`; its films and its recipe are made."""
    phantom.write_folder(folder / "films", seed=3, per_class=16, size=96, duplicates=1)
    (folder / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    return ["train", folder / "films", "--recipe", folder / "recipe.toml"]


def unbroken(run: Path, start: Words, options: Words) -> float:
    """Make a run without a break; returns how many seconds that takes."""
    began, output = time.monotonic(), run.with_suffix(".output")
    code = ended(forked(lambda: command(*start, "--out", run, *options), output))
    assert code == 0, output.read_text(encoding="utf-8")
    return time.monotonic() - began


def differing(run: Path, other: Path) -> list[str]:
    """The names of the files that two runs do not share byte for byte, but for those that tell times."""
    contents = [
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (run, other)
    ]
    names = {*contents[0], *contents[1]} - TELL_TIMES
    return [name for name in sorted(names) if contents[0].get(name) != contents[1].get(name)]


# --- killing ---------------------------------------------------------------------------------------------------------


def after(seconds: float) -> Wait:
    """Wait for so long."""
    return lambda is_over: time.sleep(seconds)


def at_step(run: Path, number: int) -> Wait:
    """Wait until the history of a run has so many steps."""

    def wait(is_over: Callable[[], bool]) -> None:
        history = run / "history.csv"
        while not is_over() and not (history.exists() and history.read_bytes().count(b"\n") > number):
            time.sleep(POLL_S)

    return wait


def broken(run: Path, start: Words, options: Words, kills: Sequence[Wait]) -> str:
    """A run that is killed at these moments and then finished; what went wrong, if anything."""
    output, attempts = run.with_suffix(".output"), []

    def is_over() -> bool:
        return os.waitid(os.P_PID, attempts[-1], os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    try:
        for wait in [*kills, None]:
            is_run = (run / "recipe.toml").is_file()
            words = [*(["train", "--resume", run] if is_run else [*start, "--out", run]), *options]
            attempts.append(forked(lambda words=words: command(*words), output))
            if wait is not None:
                wait(is_over)
                os.kill(attempts[-1], signal.SIGKILL)
            code = ended(attempts[-1])
            if code not in (0, -signal.SIGKILL if wait else 0):
                return f"attempt {len(attempts)} ends with {code}: {output.read_text(encoding='utf-8')[-500:]}"
    finally:
        for group in attempts:  # loader workers find out by themselves, within seconds, that they are orphans
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
    return ""


@row(
    fault="SIGKILL at random steps of a training, and from indexing to the report, resumed, 0 and 4 loader workers",
    must_hold="same weights, moving average, history, model file and test figures as unbroken",
    counted="not bit-equal",
    short=2,
    long=20,
    are_drawn=True,
)
def run(count: int, folder: Path) -> Outcome:
    """The trials, and what they came to."""
    start, failures = prepare(folder), []
    life_s = unbroken(folder / "unbroken", start, ["--threads", 1])
    for trial in range(count):
        draw, run = generator(11, "killed training", trial), folder / f"run-{trial}"
        step, moment_s, workers = int(draw.integers(4, STEPS)), float(draw.uniform(0, life_s)), (0, 4)[trial % 2]
        kills = [at_step(run, step), after(moment_s)]
        wrong = broken(run, start, ["--threads", 1, "--workers", workers], kills if trial % 4 < 2 else kills[::-1])
        wrong = wrong or ", ".join(differing(run, folder / "unbroken"))
        if wrong:
            failures.append(f"trial {trial}, {workers} workers, killed at step {step} and {moment_s:.2f} s: {wrong}")
    return Outcome(count, tuple(failures), {"kills": str(2 * count)})
