"""A loader worker, a process of a training under torchrun, torchrun or the training itself is killed.

Each training is a fork of this process, which has everything imported: the command line itself, alone or as the
processes that torchrun's own launcher starts. This process adopts orphans, so whatever is left of a training is found
among its descendants.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import onnx  # noqa: F401 - so that no fork has to
import torch
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

import plainfilm.workflows.training  # noqa: F401
from faults.row import Outcome, row
from plainfilm.cli import main
from plainfilm.data.phantom import write_folder
from plainfilm.randomness import generator

PR_SET_CHILD_SUBREAPER = 36
HANG_SECONDS = 30
LOOK_SECONDS = 2.0  # between torchrun's looks at its processes: the one that is left may speak before it is ended
RECIPE = """[split]
validation = 0.15
test = 0.15
[model]
width = 16
[training]
sizes_px = [64]
epochs = [4]
batch_size = 4
norm_group = 2
ema_decay = 0.9
precision = "float32"
checkpoint_steps = 4
"""
STEPS = 12  # of that recipe on these films
LAST = f"checkpoints/step-{STEPS:08d}.safetensors"
KEPT = ("history.csv", "checkpoints/best.safetensors", LAST)


@dataclass(frozen=True)
class Case:
    """Who is killed, in which training, and what must come of it."""

    name: str
    processes: int  # 0: without torchrun
    workers: int
    victim: Callable[[int], int]  # the process that is killed, from the one that was started
    restarts: int = 0
    code: int | None = 1  # of the one that was started; None: killed itself, or it goes on
    message: str = ""


CASES = (
    Case("a loader worker", 0, 2, lambda main: children(main)[1], message="killed by signal 9"),
    Case("rank 0", 2, 0, lambda agent: children(agent)[0], message="ended or hangs"),
    Case("rank 1, started again", 2, 0, lambda agent: children(agent)[1], restarts=3, code=None),
    Case("torchrun", 2, 1, lambda agent: agent, code=None),
    Case(
        "a loader worker of rank 1", 2, 1, lambda agent: children(children(agent)[1])[0], message="killed by signal 9"
    ),
    Case("the training itself", 0, 2, lambda main: main, code=None),
    Case("rank 1", 2, 0, lambda agent: children(agent)[1], message="ended or hangs"),
    Case("rank 0, started again", 2, 1, lambda agent: children(agent)[0], restarts=3, code=None),
)


# --- processes -------------------------------------------------------------------------------------------------------


def children(parent: int) -> list[int]:
    """The living children of a process, oldest first."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.append((int(fields[19]), int(path.parent.name)))
    return [pid for _, pid in sorted(found)]


def descendants(parent: int) -> list[int]:
    return [pid for child in children(parent) for pid in (child, *descendants(child))]


def start(run: Path, case: Case, *words: str) -> int:
    """Start `plainfilm train WORDS` in a fork, alone or under torchrun; returns its process id."""
    child = os.fork()
    if child:
        return child
    os.setsid()
    output = os.open(run.with_suffix(".txt"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["plainfilm", "train", *words, "--workers", str(case.workers), "--threads", "1", "--lang", "en"]
    code = 1
    try:
        code = launch(case) if case.processes else command()
    except BaseException:
        traceback.print_exc()
    os._exit(code)


def command() -> int:
    """The command line; returns its exit code."""
    try:
        main()
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def launch(case: Case) -> int:
    """What torchrun does, with processes that are forks."""
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=case.processes,
        run_id=str(os.getpid()),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=case.restarts,
        monitor_interval=LOOK_SECONDS,
        start_method="fork",
    )
    elastic_launch(config, process_of_torchrun)()
    return 0


def process_of_torchrun() -> None:
    if code := command():
        sys.exit(code)


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a condition, at most HANG_SECONDS in which this machine does not stand still; whether it came."""
    for _ in range(100 * HANG_SECONDS):
        if condition():
            return True
        time.sleep(0.01)
    return False


def sweep() -> None:
    """End every process that a trial started."""
    for pid in descendants(os.getpid()):
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGKILL)
    reap()
    until(lambda: reap() and not children(os.getpid()))


def reap() -> bool:
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return True
        except ChildProcessError:
            return True


# --- trials ----------------------------------------------------------------------------------------------------------


def rows_of(run: Path) -> int:
    """The steps that a run's history holds."""
    history = run / "history.csv"
    return max(history.read_bytes().count(b"\n") - 1, 0) if history.exists() else 0


def is_trained(run: Path) -> bool:
    """Whether the last checkpoint is there; what follows the training is no part of a trial."""
    return (run / LAST).exists()


def unbroken(folder: Path, processes: int) -> Path:
    """The run of a training that nobody disturbed."""
    run = folder / f"unbroken-{processes}"
    if not is_trained(run):
        case = Case("nobody", processes, 0, lambda main: main)
        start(run, case, str(folder / "films"), "--recipe", str(folder / "recipe.toml"), "--out", str(run))
        assert until(lambda: is_trained(run)), run.with_suffix(".txt").read_text()
        sweep()
    return run


def trial(folder: Path, number: int) -> tuple[str, float]:
    """What was seen that must not be ("": nothing), and the seconds from the kill to the end."""
    case = CASES[number % len(CASES)]
    step = int(generator(11, "killed", number).integers(0, STEPS - 6))
    whole, run = unbroken(folder, case.processes), folder / f"trial-{number}"
    given = (str(folder / "films"), "--recipe", str(folder / "recipe.toml"), "--out", str(run))
    started = start(run, case, *given)
    seen, seconds = [], 0.0
    if not until(lambda: rows_of(run) > step):
        seen.append("did not start")
    else:
        os.kill(case.victim(started), signal.SIGKILL)
        began = time.monotonic()
        if case.restarts:
            seen += [] if until(lambda: is_trained(run)) else ["did not start again"]
            seconds = time.monotonic() - began
        else:
            seen += end_of(started, case)
            seconds = time.monotonic() - began
            seen += message_of(run, case)
    sweep()
    if not case.restarts and not seen:
        resumed = start(run, case, "--resume", str(run))
        seen += [] if until(lambda: is_trained(run)) else [f"process {resumed} did not go on"]
        sweep()
    if not seen:
        seen += [name for name in KEPT if (run / name).read_bytes() != (whole / name).read_bytes()]
    said = f"\n{run.with_suffix('.txt').read_text()}" if seen else ""
    shutil.rmtree(run, ignore_errors=True)
    wrong = f"trial {number}: {case.name} killed after step {step}: {'; '.join(seen)}{said}" if seen else ""
    return wrong, seconds


def end_of(started: int, case: Case) -> list[str]:
    """Wait for the end of a training and all its processes; what was wrong with it."""
    status: list[int] = []

    def ended() -> bool:
        while True:
            try:
                pid, found = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return True
            if pid == 0:
                return bool(status) and not children(os.getpid())
            if pid == started:
                status.append(os.waitstatus_to_exitcode(found))

    if not until(ended):
        return [f"{len(descendants(os.getpid()))} processes left after {HANG_SECONDS} s"]
    if case.code is not None and status != [case.code]:
        return [f"exit code {status}"]
    return []


def message_of(run: Path, case: Case) -> list[str]:
    """What was wrong with what a training said: no sentence, or a traceback through the program."""
    said = run.with_suffix(".txt").read_text()
    wrong = [] if case.message in said else [f"no word of '{case.message}'"]
    return wrong + (["a traceback"] if "plainfilm/training/" in said else [])


@row(
    fault="a loader worker killed; a rank killed under torchrun; torchrun killed",
    must_hold="a clear end within 30 s, or a restart; then the same weights; no process is left",
    counted="orphans, hangs or other weights",
    short=8,
    long=24,
    are_drawn=True,
)
def run(trials: int, folder: Path) -> Outcome:
    """Kill, look at what is left, go on, and compare with the training that nobody disturbed."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    torch.set_num_threads(1)
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # the first one imports for a second
    write_folder(folder / "films", seed=3, per_class=6, size=96, duplicates=0)
    (folder / "recipe.toml").write_text(RECIPE)
    found = [trial(folder, number) for number in range(trials)]
    failures = tuple(text for text, _ in found if text)
    return Outcome(trials, failures, {"slowest end or restart": f"{max(seconds for _, seconds in found):.1f} s"})
