"""The state of a training: everything that a step changes; where it begins, anew or at the last checkpoint.

The room that a training needs on the disk is told before its first step instead of in the middle of it.
"""

import copy
import itertools
import math
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from plainfilm import records
from plainfilm.config import Recipe, TrainingRecipe
from plainfilm.errors import ModelFileError, StorageError, UsageError
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.model.networks.convolution import Convolution
from plainfilm.model.networks.mean import MeanOfNetworks, Network
from plainfilm.model.networks.resnet import ResNet, initialise
from plainfilm.training import checkpoint, hardware
from plainfilm.training.checkpoint import KEPT
from plainfilm.training.distributed import Team
from plainfilm.training.history import Facts


@dataclass
class State:
    """What a checkpoint holds: everything that a step changes."""

    net: Network
    average: Network  # the moving average of the weights; the network itself where ema_decay is 0
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    recipe: str  # as TOML; no step changes it, and a run whose recipe was changed is known by it
    step: int = 0  # steps done
    best: dict[str, float] = field(default_factory=dict)  # epoch, validation accuracy and loss
    best_weights: checkpoint.Tensors = field(default_factory=dict)  # of that epoch


def new_state(
    recipe: Recipe, num_classes: int, device: torch.device, given: Mapping[str, Tensor] | None = None
) -> State:
    """The state before the first step; `given` weights replace drawn ones of the same name and shape."""
    net = _drawn(recipe, num_classes)
    own = net.state_dict()
    fitting = {name: tensor for name, tensor in (given or {}).items() if tensor.shape == own[name].shape}
    net.load_state_dict(fitting, strict=False)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    for module in net.modules():
        if isinstance(module, Convolution):
            module.is_fast = recipe.training.is_fast
    average = copy.deepcopy(net) if recipe.training.ema_decay else net
    scaler = torch.amp.GradScaler(device.type, enabled=recipe.training.precision == "float16")
    return State(net, average, make_optimizer(recipe.training, net), scaler, recipe.to_toml())


def _drawn(recipe: Recipe, num_classes: int) -> Network:
    """The network of a recipe, its weights drawn; each member of a mean of networks has draws of its own."""
    model, members = recipe.model, []
    for number in range(model.networks):
        net = ResNet(model.depth, num_classes=num_classes, in_channels=recipe.data.channels, width=model.width)
        prefix = f"members.{number}." if model.networks > 1 else ""
        init = "default" if model.is_given else model.init
        initialise(net, init=init, seed=recipe.training.seed, prefix=prefix)
        members.append(net)
    return MeanOfNetworks(members) if len(members) > 1 else members[0]


def make_optimizer(training: TrainingRecipe, net: Network) -> torch.optim.Optimizer:
    """The optimiser; weight decay pulls on weights of convolutions and the linear layer, not on norms and biases."""
    decayed = [weight for weight in net.parameters() if weight.dim() > 1]
    free = [weight for weight in net.parameters() if weight.dim() == 1]
    groups = [{"params": decayed, "weight_decay": training.weight_decay}, {"params": free, "weight_decay": 0.0}]
    rate, fused = training.learning_rate, training.is_fast
    if training.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True, fused=fused)
    kind = torch.optim.Adam if training.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=rate, fused=fused)


def tensors_of(state: State) -> dict[str, Tensor]:
    """All tensors that a step changes, by their names in a checkpoint."""
    tensors = {f"net.{name}": tensor for name, tensor in state.net.state_dict().items()}
    if state.average is not state.net:
        tensors |= {f"average.{name}": tensor for name, tensor in state.average.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in state.best_weights.items()}
    for number, entries in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{name}": tensor for name, tensor in entries.items()}
    return tensors


def is_finite(state: State) -> bool:
    """Whether all of it are finite numbers: a finite loss may have had an infinite gradient."""
    tensors = [tensor for tensor in tensors_of(state).values() if tensor.is_floating_point()]
    norms = (torch.nn.utils.get_total_norm(tensors, norm_type=kind) for kind in (2.0, math.inf))
    return any(bool(norm.isfinite()) for norm in norms)  # the first is quick, but its squares may overflow


def save(state: State, checkpoints: Path, facts: Facts) -> None:
    """Write the state and the facts of the run as a checkpoint."""
    notes = {"step": state.step, "best": state.best, "scaler": state.scaler.state_dict(), "recipe": state.recipe}
    notes["facts"] = records.as_dict(facts)
    checkpoint.save_step(checkpoints, state.step, tensors_of(state), notes)


def restore(state: State, checkpoints: Path, warn: Callable[[ModelFileError], None]) -> Facts:
    """Put the last whole checkpoint into the state; returns the facts of the run. Raises ModelFileError."""
    tensors, notes = checkpoint.load_last(checkpoints, warn)
    try:
        return _put(state, tensors, notes)
    except (LookupError, RuntimeError, TypeError, ValueError) as error:  # of torch, too, where names or shapes differ
        raise ModelFileError("checkpoint-foreign", path=str(checkpoints)) from error


def _put(state: State, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> Facts:
    """Put what a checkpoint holds into the state; returns the facts of the run."""
    parts: dict[str, dict[str, Tensor]] = {"net": {}, "average": {}, "best": {}, "optimizer": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts[part][rest] = tensor
    state.net.load_state_dict(parts["net"])
    if state.average is not state.net:
        state.average.load_state_dict(parts["average"])
    weights = [weight for group in state.optimizer.param_groups for weight in group["params"]]
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts["optimizer"].items():
        number, _, entry = name.partition(".")
        moments.setdefault(int(number), {})[entry] = laid_out(tensor, weights[int(number)])
    if len(moments) not in (0, len(weights)) or len({frozenset(entries) for entries in moments.values()}) > 1:
        raise KeyError("optimizer")
    state.optimizer.load_state_dict({**state.optimizer.state_dict(), "state": moments})
    state.scaler.load_state_dict(notes["scaler"])
    state.step, state.best, state.best_weights = notes["step"], notes["best"], parts["best"]
    if state.best and parts["best"].keys() != parts["net"].keys():
        raise KeyError("best")
    return records.from_dict(Facts, notes["facts"])


def laid_out(moment: Tensor, weight: Tensor) -> Tensor:
    """A moment in the memory order of its weight, as the optimiser made it; a count of steps as it is."""
    return torch.empty_like(weight).copy_(moment) if moment.shape == weight.shape else moment


def update_ema(state: State, decay: float) -> None:
    """Move the average a step towards the weights; early on it follows faster, so that it forgets the first draw."""
    if decay == 0:
        return
    share = 1 - min(decay, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for slow, fast in zip(_numbers(state.average), _numbers(state.net), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, share)
            else:
                slow.copy_(fast)


def _numbers(net: Network) -> Iterator[Tensor]:
    """Weights and statistics."""
    return itertools.chain(net.parameters(), net.buffers())


# --- room on the disk ------------------------------------------------------------------------------------------------

if sys.platform != "win32":
    import resource

MOMENTS = {"SGD": 1, "Adam": 2, "AdamW": 2}  # tensors of an optimiser for each weight
MARGIN_BYTES = 2**20  # headers, history, log, figures


def check_disk_space(run: Run, state: State) -> None:
    """Raise StorageError unless a training from `state` finds room in the folder of `run` for all that it will write.

    At most there are KEPT checkpoints and the one that is being written, each with the best network, and two each of
    the best network's own file and of the model file. What such files take up already counts as free. A disk that does
    not know its size is trusted.
    """
    net_bytes = _size_bytes(state.net.state_dict().values())
    moments_bytes = MOMENTS[type(state.optimizer).__name__] * _size_bytes(state.net.parameters())
    num_nets = 2 if state.average is state.net else 3  # with the best
    checkpoint_bytes = num_nets * net_bytes + moments_bytes + MARGIN_BYTES
    if checkpoint_bytes > _largest_file_bytes():
        raise StorageError("output-too-large", path=str(run.checkpoints), needed_bytes=checkpoint_bytes)
    taken_bytes = sum(
        path.stat().st_size for path in (*run.checkpoints.glob("*"), run.model, run.int8) if path.exists()
    )
    needed_bytes = (KEPT + 1) * checkpoint_bytes + 4 * net_bytes - taken_bytes
    disk = shutil.disk_usage(run.folder)
    if disk.total and disk.free < needed_bytes:
        raise StorageError("training-full", path=str(run.folder), needed_bytes=needed_bytes, free_bytes=disk.free)


def _size_bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _largest_file_bytes() -> float:
    """How large a file of this process may be."""
    if sys.platform == "win32":
        return math.inf
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit


# --- where a training begins -----------------------------------------------------------------------------------------


def start_or_resume(
    run: Run,
    recipe: Recipe,
    num_classes: int,
    device: torch.device,
    warn: Callable[[ModelFileError], None],
    *,
    threads: int | None,
    team: Team,
) -> tuple[State, Facts]:
    """The state of a run and its facts: of the last checkpoint, or of a first one, which is written now.

    Of several processes, the first does that; the others begin from the checkpoint that it then has. Raises UsageError
    where the run has another number of processes or threads; StorageError where it would find no room.
    """
    checkpoints = run.checkpoints
    if not team.is_first:
        state = new_state(recipe, num_classes, device)
        return state, restore(state, checkpoints, lambda _: None)
    is_new = not checkpoint.any_step(checkpoints)
    given, begun = checkpoint.load_given(checkpoints, must_exist=recipe.model.is_given) if is_new else ({}, {})
    state = new_state(recipe, num_classes, device, given)
    check_disk_space(run, state)
    files.writable_folder(checkpoints)
    if not is_new:
        facts = restore(state, checkpoints, warn)
    else:
        precision = hardware.resolve_precision(recipe.training.precision, device)
        known = {"threads": threads or team.num_threads, "precision": precision, "device": device.type, **begun}
        facts = replace(records.from_dict(Facts, known), processes=team.count if team.count > 1 else None)
        save(state, checkpoints, facts)
    if (processes := facts.processes or 1) != team.count:
        raise UsageError("processes-other", given=team.count, expected=processes)
    if threads not in (None, facts.threads):
        raise UsageError("threads-other", run=str(run.folder), given=threads, expected=facts.threads)
    checkpoint.remove_given(checkpoints)
    team.announce(run.folder)
    return state, facts
