"""Two augmentation policies: the tutorial's six transforms, and milder ones that keep a radiograph true.

Choices worth knowing:
- Every draw is keyed by (seed, "augment", epoch, the film's key), so a film does not depend on the batch, place, worker
  or thread that it is in. Hence the arithmetic: sums are of whole numbers, powers are taken in a table of 256 levels.
- The first operations share one stream of draws a film. One that comes later has its own, keyed by its name, so that it
  moves none of theirs and an old recipe goes on drawing what it drew.
- Films are done one after another: each has its own order, and the float copies that one film of 224 px needs stay in
  the processor's cache, where most operations run two to four times as fast as on a whole batch.
- `tutorial` equals Pillow level for level. `radiograph` interpolates and rounds once. It never mirrors (that would move
  the heart to the other side), and it blanks corners, where the side marker and the hospital's label sit, so that a
  model cannot live on them.
"""

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from plainfilm.data import pillow_ops
from plainfilm.randomness import generator

Key = str | int  # a film's name: its image_id, or its row

# The tutorial's transforms.
FACTOR_RANGE = (0.5, 1.5)  # of brightness, contrast, colour and sharpness; 1 changes nothing
ANGLE_RANGE_DEGREES = (-30, 30)  # whole degrees, the upper end excluded
NOISE_SIGMA_MAX = 10.0  # grey levels of 255

# The radiograph-safe transforms at strength 1. A limit is drawn uniformly on both sides, a maximum from 0.
ROTATION_LIMIT_DEGREES = 7.0
SHIFT_LIMIT = 0.04  # share of the side
SCALE_LIMIT = 0.07  # 0.93 to 1.07
SHEAR_LIMIT = 0.03  # slope of the columns: 1.7 degrees
GAIN_LIMIT = 0.15  # 0.85 to 1.15
OFFSET_LIMIT = 0.04  # share of full scale
GAMMA_LIMIT = 1.18  # 0.85 (1 / 1.18) to 1.18, uniform in its logarithm
SHARPNESS_LIMIT = 0.75  # 0.25 to 1.75 of the fine detail: films from several copyings are softer than others
FILM_NOISE_SIGMA_MAX = 4.0  # grey levels of 255
CORNER_PROBABILITY = 0.15  # of each of the four corners
CORNER_SIDE_MAX = 0.20  # share of the side
SIDED = ("rotation", "shift_x", "shift_y", "scale", "shear", "gain", "offset", "gamma", "sharpness")  # have a limit
NUM_SHARED = 9  # of SIDED, in this order, share the film's stream with noise and corners; see `sides`

NUM_QUANTILES = 2**16  # noise is drawn from so many values: two random bytes a pixel

# --- the tutorial's six ---------------------------------------------------------------------------------------------

PILLOW_OPERATIONS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "brightness": pillow_ops.brightness,
    "contrast": pillow_ops.contrast,
    "colour": pillow_ops.colour,
    "sharpness": pillow_ops.sharpness,
    "rotation": pillow_ops.rotate,
}
OPERATIONS = (*PILLOW_OPERATIONS, "noise")


def tutorial(pixels: Tensor, keys: Sequence[Key], *, seed: int, epoch: int, probability: float = 0.5) -> Tensor:
    """The tutorial's six transforms, each with `probability`, in an order of the film's own.

    Brightness, contrast, colour and sharpness with a factor of 0.5 to 1.5 each; rotation by a whole degree from -30 to
    29, black corners; Gaussian noise with a sigma of 0 to 10 grey levels, drawn for each channel. Colour does nothing
    to one channel.

    pixels: uint8 (N, C, S, S), C = 1 or 3; keys: one a film. Returns a new uint8 (N, C, S, S).
    """
    check(pixels, keys)
    result = torch.empty_like(pixels)
    for index, key in enumerate(keys):
        film = pixels[index]
        for operation, value in tutorial_steps(key, seed=seed, epoch=epoch, probability=probability):
            if operation == "noise":
                normal = standard_normal(film.shape, key, seed=seed, epoch=epoch)
                film = normal.mul_(value).round_().add_(film).clamp_(0, 255).to(torch.uint8)
            else:
                film = PILLOW_OPERATIONS[operation](film, value)
        result[index] = film
    return result


def tutorial_steps(key: Key, *, seed: int, epoch: int, probability: float) -> list[tuple[str, float]]:
    """What `tutorial` does to a film, in order: an operation, and its factor, degrees or sigma in grey levels."""
    random = film_stream(key, seed=seed, epoch=epoch)
    factors = random.uniform(*FACTOR_RANGE, size=len(OPERATIONS) - 2).tolist()
    degrees = float(random.integers(*ANGLE_RANGE_DEGREES))
    sigma = float(random.uniform(0, NOISE_SIGMA_MAX))
    steps = list(zip(OPERATIONS, (*factors, degrees, sigma), strict=True))
    lots = random.random(len(OPERATIONS))
    return [steps[i] for i in random.permutation(len(OPERATIONS)) if lots[i] < probability]


# --- radiograph-safe ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Corner:
    """A blanked corner of a film; height and width are shares of the side."""

    top: bool
    left: bool
    height: float
    width: float
    black: bool  # otherwise the film's mean grey


@dataclass(frozen=True)
class RadiographDraw:
    """What `radiograph` does to a film; shifts are shares of the side, the sigma is in grey levels."""

    rotation_degrees: float
    shift_x: float
    shift_y: float
    scale: float
    shear: float
    gain: float
    offset: float
    gamma: float
    sharpness: float
    noise_sigma: float
    corners: tuple[Corner, ...]


def radiograph(pixels: Tensor, keys: Sequence[Key], *, seed: int, epoch: int, strength: float = 1.0) -> Tensor:
    """Exposure, position, sharpness and noise as films of one chest differ, and blanked corners; never a mirror.

    Gain, offset and gamma; then rotation, shift, scale and shear in one bilinear interpolation, black where nothing
    comes from; then sharpness; then Gaussian noise, the same in every channel (a film is grey); then corners.

    pixels: uint8 (N, C, S, S), C = 1 or 3; keys: one a film; strength: 0 (changes nothing) to 3, scales every range.
    Returns a new uint8 (N, C, S, S).
    """
    check(pixels, keys)
    result = torch.empty_like(pixels)
    for index, key in enumerate(keys):
        draw = draw_radiograph(key, seed=seed, epoch=epoch, strength=strength)
        film = sharpen(move(expose(pixels[index], draw), draw), draw.sharpness)
        noise = standard_normal((1, *film.shape[1:]), key, seed=seed, epoch=epoch).mul_(draw.noise_sigma)
        result[index] = film.add_(noise).round_().clamp_(0, 255).to(torch.uint8)
        blank_corners(result[index], draw.corners)
    return result


def draw_radiograph(key: Key, *, seed: int, epoch: int, strength: float) -> RadiographDraw:
    """The draws of one film."""
    random = film_stream(key, seed=seed, epoch=epoch)
    side = {name: strength * drawn for name, drawn in sides(random, key, seed=seed, epoch=epoch).items()}
    return RadiographDraw(
        rotation_degrees=ROTATION_LIMIT_DEGREES * side["rotation"],
        shift_x=SHIFT_LIMIT * side["shift_x"],
        shift_y=SHIFT_LIMIT * side["shift_y"],
        scale=1 + SCALE_LIMIT * side["scale"],
        shear=SHEAR_LIMIT * side["shear"],
        gain=1 + GAIN_LIMIT * side["gain"],
        offset=OFFSET_LIMIT * side["offset"],
        gamma=GAMMA_LIMIT ** side["gamma"],
        sharpness=1 + SHARPNESS_LIMIT * side["sharpness"],
        noise_sigma=FILM_NOISE_SIGMA_MAX * strength * float(random.random()),
        corners=draw_corners(random, strength),
    )


def sides(random: np.random.Generator, key: Key, *, seed: int, epoch: int) -> dict[str, float]:
    """-1 to 1 for each of SIDED: the first ones from `random`, the film's stream, any later one from its own."""
    shared = zip(SIDED, random.uniform(-1, 1, NUM_SHARED).tolist(), strict=False)
    own = {name: film_stream(key, name, seed=seed, epoch=epoch).uniform(-1, 1) for name in SIDED[NUM_SHARED:]}
    return dict(shared) | own


def draw_corners(random: np.random.Generator, strength: float) -> tuple[Corner, ...]:
    """The corners to blank, none to four."""
    corners = []
    for top, left in ((True, True), (True, False), (False, True), (False, False)):
        lot, height, width, fill = random.random(4).tolist()
        side_max = CORNER_SIDE_MAX * strength
        if lot < CORNER_PROBABILITY * strength:
            corners.append(Corner(top, left, side_max * height, side_max * width, black=fill < 0.5))
    return tuple(corners)


def expose(film: Tensor, draw: RadiographDraw) -> Tensor:
    """uint8 (C, S, S) -> float32 (C, S, S), 0..255: (gain x grey + offset) ** gamma, clipped, on a scale of 0 to 1."""
    grey = np.arange(256) / 255
    table = 255 * np.clip(draw.gain * grey + draw.offset, 0, 1) ** draw.gamma
    levels = torch.from_numpy(table.astype(np.float32))
    return levels.index_select(0, film.flatten().to(torch.int32)).view_as(film)


def move(film: Tensor, draw: RadiographDraw) -> Tensor:
    """float32 (C, S, S) -> (C, S, S), rotated, shifted, scaled and sheared about the centre, bilinear."""
    size = film.shape[-1]
    angle = math.radians(draw.rotation_degrees)
    cosine, sine = math.cos(angle) / draw.scale, math.sin(angle) / draw.scale
    # Coordinates run from -1 to 1 over the film: its side is 2. Each pixel asks where it comes from.
    x = torch.arange(1, 2 * size, 2, dtype=torch.float32).div_(size).sub_(1)  # (S,)
    y = x.view(size, 1)
    source_x = cosine * x + ((cosine * draw.shear - sine) * y - 2 * draw.shift_x)  # (S, S)
    source_y = sine * x + ((sine * draw.shear + cosine) * y - 2 * draw.shift_y)
    grid = torch.stack((source_x, source_y), dim=-1).unsqueeze(0)  # (1, S, S, 2)
    return F.grid_sample(film.unsqueeze(0), grid, mode="bilinear", padding_mode="zeros", align_corners=False)[0]


def sharpen(film: Tensor, factor: float) -> Tensor:
    """float32 (C, S, S) -> (C, S, S): the fine detail, which a 3x3 binomial filter removes, times `factor`."""
    padded = F.pad(film.unsqueeze(0), (1, 1, 1, 1), mode="replicate")[0]  # (C, S + 2, S + 2)
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]  # (C, S, S + 2)
    smooth = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 16
    return film + (factor - 1) * (film - smooth)


def blank_corners(film: Tensor, corners: Sequence[Corner]) -> None:
    """Blanks corners of a uint8 (C, S, S) in place."""
    size = film.shape[-1]
    mean = int(film.sum(dtype=torch.int64)) // film.numel()
    for corner in corners:
        height, width = round(corner.height * size), round(corner.width * size)
        rows = slice(0, height) if corner.top else slice(size - height, size)
        columns = slice(0, width) if corner.left else slice(size - width, size)
        film[:, rows, columns] = 0 if corner.black else mean


# --- shared ---------------------------------------------------------------------------------------------------------


def check(pixels: Tensor, keys: Sequence[Key]) -> None:
    """Asserts uint8 (N, 1 or 3, S, S) and one key a film."""
    assert pixels.dtype == torch.uint8
    assert pixels.ndim == 4
    assert pixels.shape[1] in (1, 3)
    assert pixels.shape[2] == pixels.shape[3]
    assert len(keys) == len(pixels)


def film_stream(key: Key, *operation: str, seed: int, epoch: int) -> np.random.Generator:
    """The draws of a film in an epoch, or those of one operation alone."""
    return generator(seed, "augment", epoch, key, *operation)


def standard_normal(shape: Sequence[int], key: Key, *, seed: int, epoch: int) -> Tensor:
    """float32 of `shape`: the film's noise, of mean 0 and sigma 1, five times as fast as numpy's own."""
    random = film_stream(key, "noise", seed=seed, epoch=epoch)
    ranks = random.integers(NUM_QUANTILES, size=math.prod(shape), dtype=np.uint16)
    return normal_quantiles().index_select(0, torch.from_numpy(ranks.astype(np.int32))).view(*shape)


@functools.cache
def normal_quantiles() -> Tensor:
    """float32 (65536,): the middles of so many equally likely slices of the normal distribution, -4.3 to 4.3 sigma."""
    shares = (torch.arange(NUM_QUANTILES, dtype=torch.float64) + 0.5) / NUM_QUANTILES
    quantiles: Tensor = torch.special.ndtri(shares)
    return quantiles.to(torch.float32)
