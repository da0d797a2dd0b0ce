"""Ways of training on several sites that the ladder tries.

A canonical input, other styles, equal parts of sites, a penalty on evidence outside the lungs, site adversaries, and an
average of the tail.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from plainfilm.data.films import Films
from plainfilm.data.lungfield import hull, lung_fields
from plainfilm.model.networks.resnet import Output
from plainfilm.randomness import generator
from plainfilm.training.batches import Batch, Batches
from plainfilm.training.objective import Objective
from plainfilm.training.state import State, update_ema

Pixels = NDArray[np.uint8]
PERCENTILES = (1, 99)
DETAIL_PX = 64  # side that every canonical film has passed through: one common sharpness
MARGIN = 0.04  # around the lung field, in widths, besides that of its hull
BLUR_PX = (40, 96)  # sides that a restyled film may have passed through
RIM_MAX = 0.12  # of a restyled film that may be blanked, of the side
OUTSIDE_WEIGHT = 0.3  # of the evidence outside the lungs, beside the loss
ADVERSARY_WEIGHT = 0.1  # of the sites' loss, turned round, in the features
ADVERSARY_RATE = 1e-3


def canonical(films: Pixels) -> Pixels:
    """(N, S, S) -> (N, S, S): the rectangle around both lungs with a margin, one histogram, one sharpness."""
    made = np.empty_like(films)
    for number, film in enumerate(films):
        box = hull(lung_fields(film[None]))[0]
        made[number] = _standardised(_cropped(film, box))
    return made


def _cropped(film: Pixels, box: NDArray[np.bool_]) -> Pixels:
    """The film within a box and its margin, as a square of its side; the whole film for a small box."""
    size = film.shape[0]
    rows, columns = (np.flatnonzero(box.any(axis)) for axis in (1, 0))
    if len(rows) < size // 3 or len(columns) < size // 3:
        return film
    more = round(MARGIN * size)
    edges = max(columns[0] - more, 0), max(rows[0] - more, 0), min(columns[-1] + more, size), min(rows[-1] + more, size)
    return np.asarray(Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR, box=edges))


def _standardised(film: Pixels) -> Pixels:
    """Sharpness of DETAIL_PX, then grey levels by their rank."""
    size = film.shape[0]
    soft = Image.fromarray(film).resize((DETAIL_PX, DETAIL_PX), Image.Resampling.BOX)
    again = np.asarray(soft.resize((size, size), Image.Resampling.BICUBIC))
    counts = np.cumsum(np.bincount(again.ravel(), minlength=256))
    table = np.round(255 * counts / counts[-1]).astype(np.uint8)
    return np.asarray(table[again])


def batches(films: Films, sites: Sequence[str], *, balanced: bool, restyled: bool) -> type[Batches]:
    """Batches that take each class and site equally often, or give each film the greys and sharpness of others."""

    class Crossed(Batches):
        def rows_of(self, step: int) -> NDArray[np.int64]:
            if not balanced:
                return super().rows_of(step)
            random = generator(self.recipe.training.seed, "crossed-balance", step)
            keys = np.array([f"{films.index.rows[row].label} {sites[row]}" for row in self.rows])
            kinds = np.unique(keys)
            labels = [kind.split(" ")[0] for kind in kinds]
            shares = np.array([1 / (len(set(labels)) * labels.count(label)) for label in labels])
            drawn = random.choice(len(kinds), self.order.batch_size, p=shares)
            return np.array([random.choice(self.rows[keys == kinds[number]]) for number in drawn])

        def _vary(self, pixels: Tensor, image_ids: Sequence[str], epoch: int) -> Tensor:
            varied = super()._vary(pixels, image_ids, epoch)
            if not restyled:
                return varied
            made = varied.numpy()
            for place, image_id in enumerate(image_ids):
                random = generator(self.recipe.training.seed, "crossed-style", epoch, image_id)
                other = films.store[int(random.choice(self.rows))]
                made[place, 0] = _in_the_style_of(made[place, 0], np.asarray(other), random)
            return torch.from_numpy(made)

    return Crossed


def _in_the_style_of(film: Pixels, other: Pixels, random: np.random.Generator) -> Pixels:
    """A film with part of another one's histogram, a sharpness of its own, and blanked rims."""
    size, share = film.shape[0], random.uniform(0, 1)
    ranks = np.cumsum(np.bincount(film.ravel(), minlength=256)) / film.size
    wanted = np.interp(ranks, np.cumsum(np.bincount(other.ravel(), minlength=256)) / other.size, np.arange(256))
    table = np.round((1 - share) * np.arange(256) + share * wanted).astype(np.uint8)
    made = table[film]
    if random.random() < 0.5:
        side = int(random.integers(*BLUR_PX))
        small = Image.fromarray(made).resize((side, side), Image.Resampling.BILINEAR)
        made = np.array(small.resize((size, size), Image.Resampling.BILINEAR))
    if random.random() < 0.5:
        top, bottom, left, right = (round(size * RIM_MAX * part) for part in random.random(4))
        fill = 0 if random.random() < 0.5 else int(made.mean())
        made[:top], made[:, :left] = fill, fill
        made[size - bottom :], made[:, size - right :] = fill, fill
    return np.asarray(made)


# --- what a step of training takes in besides ------------------------------------------------------------------------

Extra = Callable[[Batch, Output], Tensor]  # of a batch and what the network says of it: a loss to be added


def optimise_with(extra: Extra) -> Callable[..., tuple[float, float]]:
    """The loop's step for one process, one network and float32, with one loss more."""

    def optimise(
        state: State, batch: Batch, rate: float, recipe: Any, objective: Objective, *_: Any
    ) -> tuple[float, float]:
        state.net.train()
        state.optimizer.zero_grad(set_to_none=True)
        for weight_group in state.optimizer.param_groups:
            weight_group["lr"] = rate
        output = state.net(batch.pixels.contiguous(memory_format=torch.channels_last))
        loss = objective.loss(output.logits, batch.targets) / objective.weight(batch.targets)
        (loss + extra(batch, output)).backward()
        state.optimizer.step()
        update_ema(state, recipe.training.ema_decay)
        return loss.item(), int(objective.right(output.logits, batch.targets)) / len(batch.targets)

    return optimise


def evidence_outside(batch: Batch, output: Output) -> Tensor:
    """The mean evidence of the label's class outside the lungs, either sign, by how much of a map's cell is outside.

    The lungs are those of the varied film, so that the field turns with it.
    """
    outside = ~torch.from_numpy(lung_fields(batch.pixels[:, 0].numpy()))
    shares = F.adaptive_avg_pool2d(outside.float(), output.class_maps.shape[-2:])
    own = output.class_maps[torch.arange(len(batch.targets)), batch.targets]
    evidence = own - output.class_maps.mean(dim=1)
    return OUTSIDE_WEIGHT * (evidence.abs() * shares).mean()


def site_adversary(labels: Mapping[int, int], sites: Sequence[str], width: int) -> Extra:
    """Heads that tell the site of a film from its features (N, width), one a class; the features learn the reverse.

    `labels` of the rows to train on; `sites` of all. A class of one site has no head (Li et al., 2018, "Deep domain
    generalization via conditional invariant adversarial networks").
    """
    classes = sorted(set(labels.values()))
    by_class = {own: sorted({sites[row] for row, label in labels.items() if label == own}) for own in classes}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        heads = {label: nn.Linear(width, len(own)) for label, own in by_class.items() if len(own) > 1}
    optimizer = torch.optim.Adam([weight for head in heads.values() for weight in head.parameters()], ADVERSARY_RATE)

    def extra(batch: Batch, output: Output) -> Tensor:
        optimizer.step()  # with the gradients of the batch before
        optimizer.zero_grad()
        reversed_features = _Reversed.apply(output.features)
        losses = [output.features.sum() * 0]
        for label, head in heads.items():
            chosen = (batch.targets == label).nonzero()[:, 0]
            if len(chosen):
                wanted = torch.tensor([by_class[label].index(sites[batch.rows[place]]) for place in chosen.tolist()])
                losses.append(F.cross_entropy(head(reversed_features[chosen]), wanted, reduction="sum"))
        return torch.stack(losses).sum() / len(batch.targets)

    return extra


class _Reversed(torch.autograd.Function):
    """The same numbers; their gradient is turned round and made ADVERSARY_WEIGHT times as large."""

    @staticmethod
    def forward(_: Any, features: Tensor) -> Tensor:
        return features.view_as(features)

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return -ADVERSARY_WEIGHT * gradient


def tail_average(first: int) -> Callable[[State, float], None]:
    """A moving average up to step `first`, from there the plain mean of it and all weights (Izmailov et al., 2018)."""

    def update(state: State, decay: float) -> None:
        count = state.step - first + 1  # of numbers that the mean holds already
        update_ema(state, count / (count + 1) if count > 0 else decay)

    return update
