"""Ways of training that the search tries, and that are no field of a recipe: they stand in for parts of the loop.

A way that helps is to be built into the loop; here it only has to be right.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from plainfilm.config import Recipe
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.io.run_folder import Run
from plainfilm.model.decision import softmax
from plainfilm.model.networks.mean import Network
from plainfilm.model.networks.resnet import BasicBlock, ResNet, initialise
from plainfilm.training import batches, loop
from plainfilm.training import state as state_module
from plainfilm.training.batches import Batches
from plainfilm.training.history import Step
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import State

ADULTS = "adults.npz"  # in the folder of all trials: films of other hospitals, none of them a copy of a film here


def begin_as_identities(_recipe: Recipe, _films: Films, _out: Path) -> None:
    """Each block's last batch-norm begins at 0 (Goyal et al., 2017, arXiv:1706.02677, 5.1)."""
    state_module.initialise = _identities


def be_sharp(recipe: Recipe, films: Films, _out: Path, *, radius: float, last_epochs: int) -> None:
    """Sharpness-aware steps in the last epochs."""
    plan = make_plan(recipe.training, -(-len(films.part("train")) // recipe.training.batch_size))
    loop.optimise = Sharp(radius, plan.steps - last_epochs * plan.steps_per_epoch)


def skip_learnt(recipe: Recipe, films: Films, _out: Path, *, first_epoch: int, above: float) -> None:
    """From an epoch on, only films that are not learnt: the moving average gave their class less than `above`."""
    loop.Batches = SkippingBatches
    end_epoch = loop.end_epoch

    def ended(state: State, step: Step, *arguments: Any) -> Step:
        if step.epoch + 1 >= first_epoch:
            rows = films.part("train")
            probabilities = softmax(logits_of(state.average, films, rows, recipe))
            SkippingBatches.left = np.array(rows)[probabilities[np.arange(len(rows)), films.labels(rows)] < above]
        return end_epoch(state, step, *arguments)

    loop.end_epoch = ended


def start_from_turns(recipe: Recipe, _films: Films, out: Path, *, epochs: int) -> None:
    """Begin with weights that learnt by how many quarters adult films were turned (Gidaris et al. 2018, ICLR).

    No label of a film is used; the films are those of ADULTS.
    """
    pixels = np.load(out / ADULTS)[f"pixels_{recipe.size_px}"]
    turned = np.concatenate([np.rot90(pixels, quarters, axes=(1, 2)) for quarters in range(4)])
    rows = tuple(
        Row(image_id=f"{number:05d}", path="", label=str(number // len(pixels)), split="train")
        for number in range(len(turned))
    )
    films = Films.of(Index(rows, (), ("0", "1", "2", "3"), {"kind": "grouped"}), np.ascontiguousarray(turned))
    own = replace(recipe, training=replace(recipe.training, sizes_px=(recipe.size_px,), epochs=(epochs,)))
    with tempfile.TemporaryDirectory() as folder:
        net, _ = loop.train(Run(Path(folder)), own, films, Quiet(), threads=1)
    learnt = {name: tensor for name, tensor in net.state_dict().items() if not name.startswith("fc.")}
    drawn = state_module._drawn

    def begun(*arguments: Any) -> Network:
        net = drawn(*arguments)
        net.load_state_dict(learnt, strict=False)
        return net

    state_module._drawn = begun


METHODS: dict[str, Callable[..., None]] = {
    "blocks": begin_as_identities,
    "sharp": be_sharp,
    "skip": skip_learnt,
    "start": start_from_turns,
}


class SkippingBatches(Batches):
    """Batches of the films that are left, in new orders until the epoch's steps are done."""

    left: NDArray[np.int64] = np.zeros(0, dtype=np.int64)  # empty: all of them

    def rows_of(self, step: int) -> NDArray[np.int64]:
        """The films of a step, (B,)."""
        if not len(self.left):
            return super().rows_of(step)
        epoch, place = self.plan.place(step)
        size = self.order.batch_size
        turn, number = divmod(place, -(-len(self.left) // size))
        order = batches.BatchOrder(len(self.left), size, self.order.seed + 1000 * turn)
        return self.left[order.batch(epoch, number)]


def logits_of(net: Network, films: Films, rows: Sequence[int], recipe: Recipe) -> NDArray[np.float32]:
    """What a network says of films, (N, K)."""
    net.eval()
    pixels = torch.from_numpy(films.pixels(rows, recipe.data.channels, recipe.size_px))
    with torch.inference_mode():
        return np.concatenate([net(part).logits.numpy() for part in pixels.split(64)])


def _identities(net: ResNet, **options: Any) -> None:
    """As `initialise`, the weights of each block's last batch-norm 0 (Goyal et al., 2017, arXiv:1706.02677, 5.1)."""
    initialise(net, **options)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, BasicBlock):
                module.bn2.weight.zero_()


class Sharp:
    """Sharpness-aware steps (Foret et al. 2021, ICLR): the gradient is that at the worst point within `radius`.

    Stands in for `loop.optimise` from the step `first` on; a step then takes twice as long.
    """

    def __init__(self, radius: float, first: int) -> None:
        self.radius, self.first, self.optimise = radius, first, loop.optimise

    def __call__(self, state: State, *arguments: Any) -> tuple[float, float]:
        """One step."""
        if state.step < self.first:
            return self.optimise(state, *arguments)
        real, moved = state.optimizer, [weight for weight in state.net.parameters() if weight.requires_grad]
        self.optimise(replace(state, optimizer=_Hooked(real, lambda: None), average=state.net), *arguments)
        norm = torch.nn.utils.get_total_norm([weight.grad for weight in moved if weight.grad is not None])
        shifts = [self.radius * weight.grad / norm for weight in moved]
        with torch.no_grad():
            torch._foreach_add_(moved, shifts)

        def step() -> None:
            with torch.no_grad():
                torch._foreach_sub_(moved, shifts)
            real.step()

        return self.optimise(replace(state, optimizer=_Hooked(real, step)), *arguments)


class _Hooked(torch.optim.Optimizer):
    """An optimiser with another step."""

    def __init__(self, real: torch.optim.Optimizer, step: Callable[[], None]) -> None:
        super().__init__(real.param_groups, {})
        self.param_groups, self.hook = real.param_groups, step

    def step(self, _: object = None) -> None:  # type: ignore[override]
        self.hook()


class Quiet:
    """Tells nobody."""

    def on_start(self, *_: object) -> None:
        """Nothing."""

    def on_step(self, *_: object) -> None:
        """Nothing."""

    def on_warning(self, *_: object) -> None:
        """Nothing."""
