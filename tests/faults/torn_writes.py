"""SIGKILL while a checkpoint, the best weights or a model file is written, and while films wait in a temporary folder.

Each trial forks a writer and kills it: before or after a system call by which a file becomes whole (a file-size limit
kills it half way through its bytes), or at a random microsecond once its temporary file is there. Then the program's
own readers must find the old content or the new, byte for byte, and the same write again must leave no leftover.
In every other trial the system's temporary folder is on another file system.
"""

import contextlib
import itertools
import os
import resource
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from builders import change_card, make_card, random_pixels, slim_widths, trained_looking, write_network

from faults.forked import ended, forked
from faults.row import Outcome, row
from plainfilm.data import phantom
from plainfilm.io import files
from plainfilm.io.run_folder import BEST
from plainfilm.model import modelfile
from plainfilm.model.card import Provenance
from plainfilm.model.predictor import Predictor
from plainfilm.randomness import generator
from plainfilm.training import checkpoint
from plainfilm.workflows.prepare import scanned

CALLS = ("fsync", "replace", "unlink")
HALF, RANDOM = "half way through the bytes", "at a random microsecond"
MOMENTS = (*range(1, 9), HALF, RANDOM, RANDOM)  # numbers: before and after each of CALLS in the order they come
OTHER_FILE_SYSTEM = Path("/dev/shm")
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Writer:
    """Something that the program writes."""

    name: str
    write: Callable[[Path], object]  # into a folder that holds what came before
    look: Callable[[Path], bytes]  # what a reader of the program makes of the folder
    before: Path  # a folder as it is before, and as it is after
    after: Path


def writers(folder: Path) -> list[Writer]:
    """All of them, with their folders made in `folder`."""
    slim_widths()
    nets = [trained_looking(seed=seed) for seed in range(2)]
    pixels = random_pixels(3)
    card = make_card()
    weights = [{"net." + name: tensor for name, tensor in net.state_dict().items()} for net in nets]
    phantom.write_folder(folder / "films", seed=1, per_class=2, size=64, duplicates=0)

    def save_steps(place: Path) -> None:
        for step in (1, 2):
            checkpoint.save_step(place, step, weights[0], {"step": step})

    def judge(place: Path) -> None:
        with scanned([folder / "films"], [], size_px=64, fit="squash") as (_, _, store):
            assert store.any()

    table = (
        ("a checkpoint", save_steps, lambda place: checkpoint.save_step(place, 3, weights[1], {"step": 3}), look_last),
        (
            "the best weights",
            lambda place: checkpoint.save_tensors(place / BEST, weights[0], {"epoch": 0}),
            lambda place: checkpoint.save_tensors(place / BEST, weights[1], {"epoch": 1}),
            lambda place: look_tensors(*checkpoint.load_tensors(place / BEST)),
        ),
        (
            "a model file",
            lambda place: write_network(place / "model.onnx", nets[0], card, pixels),
            lambda place: write_network(place / "model.onnx", nets[1], card, pixels),
            look_model,
        ),
        (
            "a model file's card",
            lambda place: write_network(place / "model.onnx", nets[0], card, pixels),
            lambda place: change_card(place / "model.onnx", provenance=Provenance(recipe="x" * 100_000)),
            look_model,
        ),
        ("films in the temporary folder", lambda place: None, judge, lambda place: b""),
    )
    made = []
    for name, prepare, write, look in table:
        before, after = folder / name / "before", folder / name / "after"
        before.mkdir(parents=True)
        prepare(before)
        shutil.copytree(before, after)
        write(after)
        made.append(Writer(name, write, look, before, after))
    return made


def look_last(place: Path) -> bytes:
    def refuse(error: Exception) -> None:
        raise error

    return look_tensors(*checkpoint.load_last(place, warn=refuse))


def look_tensors(tensors: checkpoint.Tensors, facts: dict[str, object]) -> bytes:
    return repr(facts).encode() + b"".join(tensor.numpy().tobytes() for _, tensor in sorted(tensors.items()))


def look_model(place: Path) -> bytes:
    assert Predictor(place / "model.onnx", threads=1).answer(random_pixels(1)).logits.shape == (1, 3)
    return modelfile.read(place / "model.onnx")


def leftovers(*places: Path) -> list[Path]:
    return [path for place in places for path in place.glob(f"{files.TEMPORARY_PREFIX}*")]


def content(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in place.iterdir() if path not in leftovers(place)}


# --- a trial ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """One write that is killed."""

    number: int
    writer: Writer
    moment: int | str
    place: Path  # of the files
    temporary: Path  # the system's temporary folder

    def __str__(self) -> str:
        return f"trial {self.number}, {self.writer.name}, killed {self.moment}"


def kill_at(moment: int) -> None:
    """Have this process killed at one side of one of the system calls."""
    passed = itertools.count(1)

    def event() -> None:
        if next(passed) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def framed(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*arguments: object, **options: object) -> object:
            event()
            try:
                return call(*arguments, **options)
            finally:
                event()

        return wrapper

    for name in CALLS:
        setattr(os, name, framed(getattr(os, name)))


def write(trial: Trial, moment: int | str | None) -> None:
    """Write in this process, which is to be killed."""
    os.environ["TMPDIR"] = str(trial.temporary)
    tempfile.tempdir = None
    tempfile.gettempdir()  # the library tries the folder once, with a file of its own
    if isinstance(moment, int):
        kill_at(moment)
    if moment == HALF:
        largest = max((path.stat().st_size for path in trial.writer.after.iterdir()), default=10_000)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2))
    trial.writer.write(trial.place)


def killed_write(trial: Trial) -> int:
    """Write in a fork that is killed; its exit code, 0 where it was done before that."""
    child = forked(lambda: write(trial, trial.moment), trial.place.parent / "output")
    if trial.moment == RANDOM:
        draw = generator(7, "torn writes", trial.number)
        patient_until = time.monotonic() + PATIENCE_S
        while not leftovers(trial.place, trial.temporary):
            if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) or time.monotonic() > patient_until:
                break
        time.sleep(float(draw.uniform(0, 0.01)))
        os.kill(child, signal.SIGKILL)
    return ended(child)


def failures_of(trial: Trial, tally: Counter[str]) -> list[str]:
    """What did not hold in a trial."""
    code = killed_write(trial)
    if code not in (0, -signal.SIGKILL, -signal.SIGXFSZ):
        return [f"{trial}: exit code {code}: {(trial.place.parent / 'output').read_text()}"]
    tally["killed in time"] += code != 0
    tally["leftovers swept"] += bool(leftovers(trial.place, trial.temporary))
    failures = []
    known = [content(trial.writer.before), content(trial.writer.after)]
    strange = [name for name, data in content(trial.place).items() if data not in [set_.get(name) for set_ in known]]
    if strange:
        failures.append(f"{trial}: {strange} are neither old nor new")
    old, new = (trial.writer.look(place) for place in (trial.writer.before, trial.writer.after))
    try:
        seen = trial.writer.look(trial.place)
    except Exception as error:
        failures.append(f"{trial}: nothing loads: {error}")
    else:
        tally["new content loads"] += seen == new != old
        if seen not in (old, new):
            failures.append(f"{trial}: what loads is neither old nor new")
    again = replace(trial, moment=0)
    if code := ended(forked(lambda: write(again, None), trial.place.parent / "output")):
        failures.append(f"{trial}: the same write again ends with {code}")
    elif content(trial.place) != known[1]:
        failures.append(f"{trial}: the same write again leaves something else")
    if left := [*leftovers(trial.place), *trial.temporary.iterdir()]:
        failures.append(f"{trial}: leftovers after the next start: {[path.name for path in left]}")
    return failures


@row(
    fault="SIGKILL while a checkpoint or model file is written, also with the temporary folder on another file system",
    must_hold="old or new loads, never neither; leftovers swept at the next start",
    counted="torn",
    short=22,
    long=200,
    are_drawn=True,
)
def run(count: int, folder: Path) -> Outcome:
    """The trials, and what they came to."""
    torch.set_num_threads(1)
    made = writers(folder)
    failures: list[str] = []
    tally: Counter[str] = Counter()
    with contextlib.ExitStack() as stack:
        elsewhere = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=OTHER_FILE_SYSTEM)))
        assert elsewhere.stat().st_dev != folder.stat().st_dev, "this row needs a second file system at /dev/shm"
        for number in range(count):
            place = folder / f"trial-{number}" / "files"
            writer = made[number % len(made)]
            shutil.copytree(writer.before, place)
            temporary = (elsewhere if number % 2 else folder / f"trial-{number}") / "temporary"
            temporary.mkdir(exist_ok=True)
            failures += failures_of(Trial(number, writer, MOMENTS[number % len(MOMENTS)], place, temporary), tally)
            shutil.rmtree(place.parent)
    return Outcome(count, tuple(failures), {name: str(number) for name, number in sorted(tally.items())})
