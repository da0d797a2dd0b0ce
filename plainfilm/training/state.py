"""The state of a training: everything that a step changes, and how it becomes a checkpoint and comes back from one."""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from plainfilm.config import Recipe, TrainingRecipe
from plainfilm.errors import ModelFileError
from plainfilm.model.networks.resnet import ResNet, initialise
from plainfilm.training import checkpoint


@dataclass
class State:
    """What a checkpoint holds: everything that a step changes."""

    net: ResNet
    average: ResNet  # the moving average of the weights; the network itself where ema_decay is 0
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
    model = recipe.model
    net = ResNet(model.depth, num_classes=num_classes, in_channels=recipe.data.channels, width=model.width)
    initialise(net, init="default" if model.is_given else model.init, seed=recipe.training.seed)
    own = net.state_dict()
    fitting = {name: tensor for name, tensor in (given or {}).items() if tensor.shape == own[name].shape}
    net.load_state_dict(fitting, strict=False)
    net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(net) if recipe.training.ema_decay else net
    scaler = torch.amp.GradScaler(device.type, enabled=recipe.training.precision == "float16")
    return State(net, average, make_optimizer(recipe.training, net), scaler, recipe.to_toml())


def make_optimizer(training: TrainingRecipe, net: ResNet) -> torch.optim.Optimizer:
    """The optimiser; weight decay pulls on weights of convolutions and the linear layer, not on norms and biases."""
    decayed = [weight for weight in net.parameters() if weight.dim() > 1]
    free = [weight for weight in net.parameters() if weight.dim() == 1]
    groups = [{"params": decayed, "weight_decay": training.weight_decay}, {"params": free, "weight_decay": 0.0}]
    rate = training.learning_rate
    if training.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=0.9, nesterov=True)
    kind = torch.optim.Adam if training.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=rate)


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


def save(state: State, checkpoints: Path, facts: dict[str, Any]) -> None:
    """Write the state and the facts of the run as a checkpoint."""
    notes = {"step": state.step, "best": state.best, "scaler": state.scaler.state_dict(), "facts": facts}
    notes["recipe"] = state.recipe
    checkpoint.save_step(checkpoints, state.step, tensors_of(state), notes)


def restore(state: State, checkpoints: Path, warn: Callable[[ModelFileError], None]) -> dict[str, Any]:
    """Put the last whole checkpoint into the state; returns the facts of the run. Raises ModelFileError."""
    tensors, notes = checkpoint.load_last(checkpoints, warn)
    try:
        return _put(state, tensors, notes)
    except (LookupError, RuntimeError, TypeError, ValueError) as error:  # of torch, too, where names or shapes differ
        raise ModelFileError("checkpoint-foreign", path=str(checkpoints)) from error


def _put(state: State, tensors: Mapping[str, Tensor], notes: Mapping[str, Any]) -> dict[str, Any]:
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
    facts: dict[str, Any] = notes["facts"]
    return facts


def laid_out(moment: Tensor, weight: Tensor) -> Tensor:
    """A moment in the memory order of its weight, as the optimiser made it; a count of steps as it is."""
    return torch.empty_like(weight).copy_(moment) if moment.shape == weight.shape else moment


def update_ema(state: State, decay: float) -> None:
    """Move the average a step towards the weights; early on it follows faster, so that it forgets the first draw."""
    if decay == 0:
        return
    share = 1 - min(decay, (1 + state.step) / (10 + state.step))
    with torch.no_grad():
        for slow, fast in zip(state.average.state_dict().values(), state.net.state_dict().values(), strict=True):
            if slow.is_floating_point():
                slow.lerp_(fast, share)
            else:
                slow.copy_(fast)
