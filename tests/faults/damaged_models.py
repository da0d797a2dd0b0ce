"""Checkpoints and model files that are cut, or hold other bits than were written."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from builders import Recorder, make_films, make_recipe

from faults.row import Outcome, row
from plainfilm.config import ModelRecipe
from plainfilm.errors import ModelFileError
from plainfilm.io.run_folder import Run
from plainfilm.messages import LANGUAGES, sentence
from plainfilm.model import modelfile
from plainfilm.randomness import generator
from plainfilm.training import checkpoint
from plainfilm.training.loop import train

MODEL = Path(__file__).parents[2] / "plainfilm/serving/phantom.onnx"
RECIPE = replace(make_recipe(ema_decay=0.9, checkpoint_steps=2), model=ModelRecipe(depth=18, width=16))
BEFORE, LAST = "step-00000004.safetensors", "step-00000006.safetensors"
SECTOR_BYTES = 512
NUM_RESUMED = 10  # trials in which the training goes on to its end

Damage = Callable[[bytearray, np.random.Generator], None]


# --- damage ----------------------------------------------------------------------------------------------------------


def flip(data: bytearray, draws: np.random.Generator, start: int = 0, stop: int | None = None) -> None:
    """Another bit, from `start` to `stop`."""
    data[int(draws.integers(start, stop or len(data)))] ^= 1 << int(draws.integers(8))


def flip_several(data: bytearray, draws: np.random.Generator) -> None:
    places = draws.choice(len(data), int(draws.integers(2, 40)), replace=False)
    for place in places:
        data[place] ^= 1 << int(draws.integers(8))


def flip_in(pattern: bytes) -> Damage:
    """Another bit in the first place where a pattern stands: in its group 1."""

    def damage(data: bytearray, draws: np.random.Generator) -> None:
        found = re.search(pattern, data, re.DOTALL)
        assert found is not None
        flip(data, draws, *found.span(1))

    return damage


def cut(data: bytearray, draws: np.random.Generator) -> None:
    del data[int(draws.integers(len(data))) :]


def cut_the_end(data: bytearray, draws: np.random.Generator) -> None:
    del data[-int(draws.integers(1, 9)) :]


def lengthen(data: bytearray, draws: np.random.Generator) -> None:
    data += draws.bytes(int(draws.integers(1, SECTOR_BYTES)))


def lose_a_sector(data: bytearray, draws: np.random.Generator) -> None:
    """Zeros where a disk had not yet written."""
    start = int(draws.integers(len(data) // SECTOR_BYTES)) * SECTOR_BYTES
    sector = bytes(min(SECTOR_BYTES, len(data) - start))
    data[start : start + SECTOR_BYTES] = sector if any(data[start : start + SECTOR_BYTES]) else b"\xff" * len(sector)


def swap_sectors(data: bytearray, draws: np.random.Generator) -> None:
    first, second = (int(place) * SECTOR_BYTES for place in draws.choice(len(data) // SECTOR_BYTES, 2, replace=False))
    one, other = data[first : first + SECTOR_BYTES], data[second : second + SECTOR_BYTES]
    data[first : first + SECTOR_BYTES], data[second : second + SECTOR_BYTES] = other, one


ANYWHERE = (flip, flip, flip_several, cut, cut_the_end, lengthen, lose_a_sector, swap_sectors)
CHECKPOINT = (
    *ANYWHERE,
    flip_in(rb"\A(.{8})"),  # the length of the header
    flip_in(rb'__metadata__.{4,40}?"([0-9a-f]{64}) '),  # the digest
    flip_in(rb'__metadata__.{4,40}?"[0-9a-f]{64} (\{.*?\})"'),  # the facts
    flip_in(rb"\A.{8}(\{.*?\}\})"),  # the header
    flip_in(rb"\}( +)"),  # its padding
)
MODEL_FILE = (
    *ANYWHERE,
    flip_in(re.escape(modelfile.DIGEST_KEY.encode()) + rb"\x12\x40([0-9a-f]{64})"),
    flip_in(rb"(" + re.escape(modelfile.DIGEST_KEY.encode()) + rb")"),
    flip_in(rb'("temperature": [0-9.]+)'),  # the card
    flip_in(rb'("classes": \[.*?\])'),
)


def damaged(data: bytes, damage: Damage, draws: np.random.Generator) -> bytes:
    while True:
        changed = bytearray(data)
        damage(changed, draws)
        if changed != data:
            return bytes(changed)


# --- trials ----------------------------------------------------------------------------------------------------------


class Trials:
    """A training that ended, and how what is damaged of it, or of a model file, is met."""

    def __init__(self, trials: int, folder: Path) -> None:
        self.folder, self.films = folder, make_films(24, 8)
        self.every = max(trials // NUM_RESUMED, 1)  # so many trials, and one of them goes on to the end
        self.unbroken, self.model = folder / "unbroken", MODEL.read_bytes()
        self.flipped = self.loaded = 0
        self.unbroken.mkdir()
        train(Run(self.unbroken), RECIPE, self.films, Recorder(), threads=1)

    def checkpoint(self, number: int, draws: np.random.Generator) -> str:
        """What did not hold of a run with a damaged file; else ""."""
        run = shutil.copytree(self.unbroken, self.folder / f"run-{number}")
        name = (LAST, LAST, "best.safetensors")[number // len(CHECKPOINT) % 3]
        path = run / "checkpoints" / name
        path.write_bytes(damaged(path.read_bytes(), CHECKPOINT[number % len(CHECKPOINT)], draws))
        found = self.best_is_written_again(run) if name != LAST else self.falls_back(run)
        if name == LAST and number % self.every == 0:
            path.write_bytes(damaged((self.unbroken / "checkpoints" / LAST).read_bytes(), flip, draws))
            found = found or self.goes_on(run)
        shutil.rmtree(run)
        return found

    def best_is_written_again(self, run: Path) -> str:
        """The last checkpoint holds the best network too."""
        train(Run(run), RECIPE, self.films, Recorder(), threads=1)
        return self.other_bits(run)

    def falls_back(self, run: Path) -> str:
        warnings: list[ModelFileError] = []
        tensors, notes = checkpoint.load_last(run / "checkpoints", warnings.append)
        before, _ = checkpoint.load_tensors(self.unbroken / "checkpoints" / BEFORE)
        same = tensors.keys() == before.keys() and all(torch.equal(tensors[name], before[name]) for name in before)
        if not same or notes.get("step") != 4:
            return f"taken as step {notes.get('step')}"
        if [warning.code for warning in warnings] != ["checkpoint-damaged"]:
            return f"does not say so: {warnings}"
        told = [sentence(warnings[0], language) for language in LANGUAGES]
        return "" if all(LAST in line for line in told) and len(set(told)) == len(LANGUAGES) else f"says {told}"

    def goes_on(self, run: Path) -> str:
        reporter = Recorder()
        train(Run(run), RECIPE, self.films, reporter, threads=1)
        if (reporter.first_step, len(reporter.warnings)) != (4, 1):
            return f"went on from step {reporter.first_step} with {len(reporter.warnings)} warnings"
        return self.other_bits(run)

    def other_bits(self, run: Path) -> str:
        names = {path.relative_to(self.unbroken) for path in self.unbroken.rglob("*.*")}
        other = [name for name in names if (run / name).read_bytes() != (self.unbroken / name).read_bytes()]
        return f"other bits than unbroken: {other}" if other else ""

    def model_file(self, number: int, draws: np.random.Generator) -> str:
        path, damage = self.folder / f"model-{number}.onnx", MODEL_FILE[number % len(MODEL_FILE)]
        data = damaged(self.model, damage, draws)
        if len(data) == len(self.model):
            self.flipped += 1
            self.loaded += onnx_runtime_loads(data)
        path.write_bytes(data)
        try:
            modelfile.read(path)
        except ModelFileError as error:
            told = [sentence(error, language) for language in LANGUAGES]
            return "" if all(path.name in line for line in told) else f"says {told}"
        finally:
            path.unlink()
        return "it was read"


def onnx_runtime_loads(data: bytes) -> bool:
    """Whether ONNX Runtime alone takes a file."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception:  # its own exceptions have no common base
        return False
    return True


@row(
    fault="a checkpoint or model file truncated or with flipped bits",
    must_hold="refused by its digest; a training goes on from the checkpoint before, says so, and ends with the same bits",
    counted="taken",
    short=80,
    long=500,
    are_drawn=True,
)
def run(trials: int, folder: Path) -> Outcome:
    threads, failures = torch.get_num_threads(), []
    made = Trials(trials, folder)
    for number in range(trials):
        half, draws = number // 2, generator(0, "damaged models", number)
        if found := (made.model_file if number % 2 else made.checkpoint)(half, draws):
            failures.append(f"trial {number}: {found}")
    torch.set_num_threads(threads)
    told = f"{made.loaded} of {made.flipped} model files of the right length with other bits"
    return Outcome(trials, tuple(failures), {"ONNX Runtime alone loads": told})
