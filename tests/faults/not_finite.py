"""Numbers that are not finite: rates that explode, weights from elsewhere, memory that fails between two steps.

What is changed in memory is changed from outside, in the objects of a training that runs (`_state`), as a cosmic ray
would; no code of the program is replaced.
"""

import inspect
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from builders import (
    Recorder,
    make_card,
    make_films,
    make_recipe,
    random_pixels,
    relabelled,
    trained_looking,
    write_network,
)
from safetensors.torch import save_file
from torch import Tensor

from faults.row import Outcome, row
from plainfilm.config import DataRecipe, ModelRecipe, Recipe, load_recipe
from plainfilm.errors import ModelFileError, RecipeError, TrainingError
from plainfilm.io.run_folder import Run
from plainfilm.model.formats.weights import read_weights
from plainfilm.model.networks.resnet import ResNet
from plainfilm.randomness import generator
from plainfilm.training import checkpoint
from plainfilm.training.batches import Batches
from plainfilm.training.history import Step, read_history
from plainfilm.training.loop import train
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import State, new_state

CPU = torch.device("cpu")
STEPS_PER_EPOCH, LAST = 3, 5  # two epochs
OPTIMIZERS = ("sgd", "adam", "adamw")
NOT_FINITE = (math.inf, -math.inf, math.nan)
SAME = ("history.csv", "checkpoints/best.safetensors", f"checkpoints/step-{LAST + 1:08d}.safetensors")


class Trial:
    """One training, and what is left of it."""

    def __init__(self, number: int, folder: Path) -> None:
        self.draws = generator(0, "not finite", number)
        self.number, self.run = number, folder / f"run-{number}"
        self.films = make_films(24, 8 * int(self.draws.integers(0, 2)), seed=number)  # some without validation
        self.was_stopped = False

    def recipe(self, **training: object) -> Recipe:
        given = {"optimizer": OPTIMIZERS[self.number % 3], "checkpoint_steps": 2, "ema_decay": 0.9} | training
        return replace(make_recipe(**given), model=ModelRecipe(depth=18, width=16))

    def train(self, recipe: Recipe, reporter: Recorder | None = None, run: Path | None = None) -> TrainingError | None:
        """Train, or go on; the error that stopped it."""
        (run or self.run).mkdir(exist_ok=True)
        try:
            train(Run(run or self.run), recipe, self.films, reporter or Recorder(), threads=1)
        except TrainingError as error:
            self.was_stopped = True
            return error
        return None

    def judge(self, recipe: Recipe, error: TrainingError | None) -> str:
        """What did not hold: an error names the batch, and all that was kept is finite."""
        if error is not None:
            batch = Batches(recipe, self.films, make_plan(recipe.training, STEPS_PER_EPOCH))[error.parameters["step"]]
            images = " ".join(self.films.image_ids[row] for row in batch.rows)
            if (
                error.code != "loss-not-finite"
                or error.parameters["images"] != images
                or "rate" not in error.parameters
            ):
                return f"the error does not name batch and rate: {error}"
        for path in (self.run / "checkpoints").glob("*.safetensors"):
            tensors, notes = checkpoint.load_tensors(path)
            broken = [name for name, tensor in tensors.items() if not tensor.isfinite().all()]
            if broken or not _is_finite_text(notes):
                return f"{path.name} holds numbers that are not finite: {broken[:3]} {notes}"
        rows = read_history(self.run / "history.csv")
        if not all(math.isfinite(row.loss) for row in rows):
            return "the history holds a loss that is not finite"
        return ""


def _is_finite_text(notes: object) -> bool:
    try:
        json.dumps(notes, allow_nan=False)
    except ValueError:
        return False
    return True


class Ray(Recorder):
    """A reporter that changes a number in the state of its training, once, after a step."""

    def __init__(self, step: int, change: Callable[[State], None]) -> None:
        super().__init__()
        self.step, self.change = step, change

    def on_step(self, step: Step, num_films: int) -> None:
        if step.step == self.step:
            frame = inspect.currentframe()
            assert frame is not None
            assert frame.f_back is not None
            with torch.no_grad():
                self.change(frame.f_back.f_locals["state"])


# --- the causes; each returns what did not hold, or "" ---------------------------------------------------------------


def rate_explodes(trial: Trial) -> str:
    """The highest rate and the strongest decay: each step multiplies the weights by about -9."""
    recipe = trial.recipe(learning_rate=10.0, weight_decay=1.0, schedule="constant", epochs=(40,))
    error = trial.train(recipe)
    if error is None:
        return trial.judge(recipe, None)
    found = trial.judge(recipe, error)
    again = trial.train(recipe)  # with the same numbers it has to stop at the same step
    if again is None or again.parameters["step"] != error.parameters["step"]:
        return f"another end when it went on: {again}"
    return found or trial.judge(recipe, again)


def rate_is_impossible(trial: Trial) -> str:
    rate = float(10 ** trial.draws.uniform(3, 30))
    path = trial.run.with_suffix(".toml")
    path.write_text(f"[training]\nlearning_rate = {rate!r}\n")
    try:
        load_recipe(str(path))
    except RecipeError as error:
        trial.was_stopped = True
        return "" if "learning_rate" in str(error) else f"does not name the rate: {error}"
    return f"a rate of {rate:g} was taken"


def _own_weights(trial: Trial) -> dict[str, Tensor]:
    return _plain(new_state(trial.recipe(), 2, CPU).net)


def _plain(net: ResNet) -> dict[str, Tensor]:
    return {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in net.state_dict().items()}


def given_weights_are_not_finite(trial: Trial) -> str:
    """`train --init`: one number among all is not finite."""
    weights = _own_weights(trial)
    names = [name for name, tensor in weights.items() if tensor.is_floating_point()]
    _hit(weights[str(trial.draws.choice(names))], trial, float(trial.draws.choice(NOT_FINITE)))
    path = trial.run.with_suffix(".safetensors")
    save_file(weights, path)
    try:
        read_weights(path)
    except ModelFileError as error:
        trial.was_stopped = True
        return "" if error.code == "weights-not-finite" else f"another error: {error}"
    return "the weights were taken"


def given_weights_are_huge(trial: Trial) -> str:
    """Finite as they are, and too large for what is computed with them."""
    weights = _own_weights(trial)
    name = str(trial.draws.choice([name for name in weights if name.endswith(("conv1.weight", "fc.weight"))]))
    weights[name].fill_(float(trial.draws.choice([1e38, -3e38])))
    recipe = trial.recipe()
    given = replace(recipe, model=replace(recipe.model, init="sha256:" + "0" * 64))
    (trial.run / "checkpoints").mkdir(parents=True)
    checkpoint.save_given(trial.run / "checkpoints", weights, {})
    return trial.judge(given, trial.train(given))


def stem_overflows_when_summed(trial: Trial) -> str:
    """Three channels of huge weights, for films of one."""
    net = new_state(replace(trial.recipe(), data=DataRecipe(channels=3)), 2, CPU).net
    weights = _plain(net)
    weights["conv1.weight"].fill_(3e38)
    path = trial.run.with_suffix(".safetensors")
    save_file(weights, path)
    try:
        read_weights(path).for_channels(1)
    except ModelFileError as error:
        trial.was_stopped = True
        return "" if error.code == "weights-not-finite" else f"another error: {error}"
    return "the weights were taken"


def _hit(tensor: Tensor, trial: Trial, value: float) -> None:
    """Change one number of a tensor."""
    place = np.unravel_index(int(trial.draws.integers(tensor.numel())), tensor.shape)
    tensor[tuple(map(int, place))] = value


def _ray(trial: Trial, choose: Callable[[State], Mapping[str, Tensor]], value: float, *, must_stop: bool = True) -> str:
    """A training in whose memory one number changes after a step; it stops then or at the next, and goes on."""
    recipe, step = trial.recipe(), int(trial.draws.integers(0, LAST + 1))

    def change(state: State) -> None:
        tensors = {name: tensor for name, tensor in choose(state).items() if tensor.is_floating_point()}
        _hit(tensors[str(trial.draws.choice(sorted(tensors)))], trial, value)

    error = trial.train(recipe, Ray(step, change))
    found = trial.judge(recipe, error)
    if found or not must_stop:
        return found
    if error is None:
        return "it was not noticed"
    if error.parameters["step"] not in (step, step + 1):
        return f"noticed at step {error.parameters['step']}, not {step}"
    if trial.train(recipe) is not None:
        return "it does not go on"
    alone = trial.run.with_name(f"alone-{trial.number}")
    trial.train(recipe, run=alone)
    other = [name for name in SAME if (alone / name).read_bytes() != (trial.run / name).read_bytes()]
    return f"other bits than unbroken: {other}" if other else ""


def memory_of_a_weight(trial: Trial) -> str:
    return _ray(trial, lambda state: dict(state.net.named_parameters()), _broken(trial))


def memory_of_a_statistic(trial: Trial) -> str:
    return _ray(trial, lambda state: dict(state.net.named_buffers()), _broken(trial))


def memory_of_the_average(trial: Trial) -> str:
    return _ray(trial, lambda state: state.average.state_dict(), _broken(trial))


def memory_of_a_moment(trial: Trial) -> str:
    def moments(state: State) -> dict[str, Tensor]:
        return {
            f"{number} {name}": tensor
            for number, entries in enumerate(state.optimizer.state.values())
            for name, tensor in entries.items()
            if name != "step"
        }

    return _ray(trial, moments, _broken(trial))


def memory_becomes_huge(trial: Trial) -> str:
    """Finite: perhaps harmless, and where it is not, a checkpoint may hold it."""
    return _ray(trial, lambda state: state.net.state_dict(), float(trial.draws.choice([1e38, -3e38])), must_stop=False)


def memory_of_a_variance_becomes_negative(trial: Trial) -> str:
    """Finite, and training does not ask for it; validation has no answer then, and is never the best."""

    def variances(state: State) -> dict[str, Tensor]:
        return {name: tensor for name, tensor in state.average.state_dict().items() if name.endswith("running_var")}

    return _ray(trial, variances, -1e6, must_stop=False)


def _broken(trial: Trial) -> float:
    return float(trial.draws.choice(NOT_FINITE))


def classes_and_smoothing_are_extreme(trial: Trial) -> str:
    """One film of a class, weighted by its share, the strongest smoothing: finite, and no reason to stop."""
    num_train = len(trial.films.part("train"))
    trial.films = relabelled(trial.films, [1] + [0] * (num_train - 1))
    recipe = trial.recipe(class_weights="balanced", label_smoothing=0.5, weight_decay=1.0)
    return trial.judge(recipe, trial.train(recipe)) or ("it was stopped" if trial.was_stopped else "")


def sixteen_bits_overflow(trial: Trial) -> str:
    """In the arithmetic of 16 bits that this machine has; where it has none, it is refused."""
    precision = ("float16", "bfloat16")[trial.number % 2]
    recipe = trial.recipe(precision=precision, learning_rate=10.0, weight_decay=1.0, schedule="constant", epochs=(20,))
    error = trial.train(recipe)
    if error is not None and error.code == "precision-not-native":
        return "it left something" if any(trial.run.rglob("*.*")) else ""
    return trial.judge(recipe, error)


def model_file_of_a_broken_network(trial: Trial) -> str:
    """Should a network break after all: its file is compared with it before it is written."""
    net = trained_looking(seed=trial.number)
    tensors = {name: tensor for name, tensor in net.state_dict().items() if tensor.is_floating_point()}
    for tensor in (tensors["fc.weight"], tensors[str(trial.draws.choice(sorted(tensors)))]):
        tensor.fill_(_broken(trial))
    path = trial.run.with_suffix(".onnx")
    try:
        write_network(path, net, make_card(), random_pixels(2))
    except ModelFileError:
        trial.was_stopped = True
        return "it was written" if path.exists() else ""
    return "it was written"


CAUSES = (
    rate_explodes,
    rate_is_impossible,
    given_weights_are_not_finite,
    given_weights_are_huge,
    stem_overflows_when_summed,
    memory_of_a_weight,
    memory_of_a_statistic,
    memory_of_the_average,
    memory_of_a_moment,
    memory_becomes_huge,
    memory_of_a_variance_becomes_negative,
    classes_and_smoothing_are_extreme,
    sixteen_bits_overflow,
    model_file_of_a_broken_network,
)


@row(
    fault="a loss or gradient that is not finite; a learning rate that explodes",
    must_hold="stopped, the batch named (images, step, rate), nothing of it kept, never best; goes on from the last good "
    "checkpoint with the same bits",
    counted="kept",
    short=28,
    long=100,
    are_drawn=True,
)
def run(trials: int, folder: Path) -> Outcome:
    threads, failures, stopped = torch.get_num_threads(), [], 0
    for number in range(trials):
        trial, cause = Trial(number, folder), CAUSES[number % len(CAUSES)]
        if found := cause(trial):
            failures.append(f"trial {number} ({cause.__name__}): {found}")
        stopped += trial.was_stopped
    torch.set_num_threads(threads)
    told = f"{stopped} of {trials}; the others stayed finite, or the number was of no account"
    return Outcome(trials, tuple(failures), {"stopped": told})
