"""A small U-Net for lungs: 0.3 million parameters, films of 128 px, trained in minutes on one core.

Notable choices:
- A film goes in as ranks of its grey values: whatever a display did to them, if it kept their order, drops out.
- Four neighbouring pixels go in as four channels of one, and come out so (Shi et al. 2016, CVPR: sub-pixel
  convolution): the widest and dearest level has 64 x 64 cells, and the answer is still one a pixel.
- Variations are of place (a chest may be mirrored: both lungs stay lungs), of what a rank does not cancel (shading,
  noise, blur), and of what lies on a film (rectangles of one grey: letters, electrodes, frames).
- BCE and soft Dice (Milletari et al. 2016, 3DV), one summand each; answers are those of the moving average of weights.

Ronneberger et al. 2015, MICCAI ("U-Net").
"""

import copy
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE_PX = 128
WIDTHS = (16, 32, 64, 64)  # channels of each level, from 64 x 64 to 8 x 8 cells
DROPOUT = 0.1  # of channels, at the lowest level
BATCH, LEARNING_RATE, WEIGHT_DECAY, WARM_UP = 16, 3e-3, 1e-2, 0.1  # warm-up as a share of the steps
EMA_DECAY = 0.99
TURN, SHEAR, SHIFT, LOG_SCALE, BEND = 0.26, 0.1, 0.2, 0.3, 0.05  # radians; shares; half widths; log; half widths
SHADE, NOISE, MAX_PATCHES = 0.25, 0.08, 4  # in shares of the film's range
GREYS = 255  # steps that a rank tells apart, so that a black frame is one grey


class UNet(nn.Module):
    """Films (N, 1, S, S), 0 to 1 -> logits of lung (N, 1, S, S); S divisible by 16."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        inputs = (4, *widths[:-1])
        self.down = nn.ModuleList(Level(one, width) for one, width in zip(inputs, widths, strict=True))
        above, below = widths[:-1], widths[1:]
        self.up = nn.ModuleList(Level(one + other, one) for one, other in zip(above, below, strict=True))
        self.drop = nn.Dropout2d(DROPOUT)
        self.head = nn.Conv2d(widths[0], 4, 1)

    def forward(self, films: Tensor) -> Tensor:
        """Down, keeping each level's cells; up, with those beside what comes from below."""
        cells = functional.pixel_unshuffle(ranks(films) - 0.5, 2)  # (N, 4, S / 2, S / 2)
        kept = []
        for number, level in enumerate(self.down):
            cells = level(functional.max_pool2d(cells, 2) if number else cells)
            kept.append(cells)
        cells = self.drop(cells)
        for level, beside in zip(reversed(self.up), reversed(kept[:-1]), strict=True):
            larger = functional.interpolate(cells, scale_factor=2, mode="bilinear", align_corners=False)
            cells = level(torch.cat([beside, larger], dim=1))
        return functional.pixel_shuffle(self.head(cells), 2)


class Level(nn.Sequential):
    """Two convolutions of 3 x 3, each with batch-norm and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        layers: list[nn.Module] = []
        for width in (inputs, outputs):
            layers += [nn.Conv2d(width, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        super().__init__(*layers)


def ranks(films: Tensor) -> Tensor:
    """The share of a film's pixels that are darker, half of those of the same grey: (N, 1, S, S), 0 to 1."""
    greys = (films.flatten(1) * GREYS).round().long()  # (N, P)
    counts = torch.zeros(len(films), GREYS + 1).scatter_add_(1, greys, torch.ones(greys.shape))
    below = counts.cumsum(dim=1) - counts / 2
    return (below.gather(1, greys) / greys.shape[1]).view_as(films)


# --- variations ------------------------------------------------------------------------------------------------------


class Pairs(NamedTuple):
    """Films and the masks of their lungs, (N, 1, S, S), 0 to 1."""

    films: Tensor
    masks: Tensor


def varied(pairs: Pairs, random: torch.Generator) -> Pairs:
    """Films and masks moved alike; then the films shaded, blurred, covered and made noisy, the masks as they are."""
    films, masks = moved(pairs, random)
    count, size = len(films), films.shape[-1]
    films = films + SHADE * smooth(count, 1, size, random) * uniform((count, 1, 1, 1), 0, 1, random)
    is_blurred = torch.rand((count, 1, 1, 1), generator=random) < 0.3
    films = torch.where(is_blurred, functional.avg_pool2d(films, 3, 1, 1, count_include_pad=False), films)
    films = films + torch.randn(films.shape, generator=random) * uniform((count, 1, 1, 1), 0, NOISE, random)
    return Pairs(covered(films.clamp(0, 1), random), masks)


def moved(pairs: Pairs, random: torch.Generator) -> Pairs:
    """Turned, stretched, sheared, shifted, mirrored and bent; beyond the film is black, or its edge goes on."""
    count, size = len(pairs.films), pairs.films.shape[-1]
    turn, shear = (uniform((count,), -limit, limit, random) for limit in (TURN, SHEAR))
    scale = uniform((count, 1, 2), -LOG_SCALE, LOG_SCALE, random).exp()
    mirrored = torch.where(torch.rand(count, generator=random) < 0.5, -1.0, 1.0)
    cos, sin = turn.cos(), turn.sin()
    linear = torch.stack([cos, shear - sin, sin, cos], dim=1).view(count, 2, 2) * scale
    linear = linear * torch.stack([mirrored, torch.ones(count)], dim=1)[:, None]
    shift = uniform((count, 2, 1), -SHIFT, SHIFT, random)
    grid = functional.affine_grid(torch.cat([linear, shift], dim=2), [count, 1, size, size], align_corners=False)
    grid = grid + BEND * smooth(count, 2, size, random).permute(0, 2, 3, 1)
    padding = "zeros" if torch.rand((), generator=random) < 0.5 else "border"
    films = functional.grid_sample(pairs.films, grid, padding_mode=padding, align_corners=False)
    return Pairs(films, functional.grid_sample(pairs.masks, grid, align_corners=False))


def covered(films: Tensor, random: torch.Generator) -> Tensor:
    """Up to MAX_PATCHES rectangles of one grey on each film."""
    size = films.shape[-1]
    films = films.clone()
    for film in films[:, 0]:
        for _ in range(int(torch.randint(MAX_PATCHES + 1, (), generator=random))):
            height, width = (int(torch.randint(3, size // 4, (), generator=random)) for _ in range(2))
            top, left = (int(torch.randint(size, (), generator=random)) for _ in range(2))
            film[top : top + height, left : left + width] = torch.rand((), generator=random)
    return films


def smooth(count: int, channels: int, size: int, random: torch.Generator) -> Tensor:
    """Fields (count, channels, size, size) of about -1 to 1 that change over a quarter of a film."""
    coarse = uniform((count, channels, 5, 5), -1, 1, random)
    return functional.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=False)


def uniform(shape: tuple[int, ...], low: float, high: float, random: torch.Generator) -> Tensor:
    """Draws between low and high."""
    return low + (high - low) * torch.rand(shape, generator=random)


# --- training --------------------------------------------------------------------------------------------------------


def trained(pairs: Pairs, *, steps: int, seed: int) -> UNet:
    """A network that learnt from some pairs: the moving average of its weights, ready to answer."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    net = UNet()
    average = copy.deepcopy(net).eval()
    optimiser = torch.optim.AdamW(net.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    order = torch.empty(0, dtype=torch.long)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * share_of_rate(step / steps)
        while len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(pairs.films), generator=random)])
        chosen, order = order[:BATCH], order[BATCH:]
        films, masks = varied(Pairs(pairs.films[chosen], pairs.masks[chosen]), random)
        loss = loss_of(net(films), masks)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        follow(average, net, min(EMA_DECAY, step / (step + 10)))
        if (step + 1) % 100 == 0:
            print(f"  step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)
    return average


def share_of_rate(done: float) -> float:
    """Up in a line, then down in half a cosine: 0 to 1, for `done` from 0 to 1."""
    return done / WARM_UP if done < WARM_UP else 0.5 + 0.5 * math.cos(math.pi * (done - WARM_UP) / (1 - WARM_UP))


def loss_of(logits: Tensor, masks: Tensor) -> Tensor:
    """BCE plus one minus soft Dice, both a film's, averaged."""
    lung, cells = logits.sigmoid(), (1, 2, 3)
    dice = (2 * (lung * masks).sum(cells) + 1) / (lung.sum(cells) + masks.sum(cells) + 1)
    return functional.binary_cross_entropy_with_logits(logits, masks) + (1 - dice).mean()


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, decay: float) -> None:
    """Move the average a step towards the network, statistics of batch-norm included."""
    for kept, new in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - decay)
