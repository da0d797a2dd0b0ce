"""Pillow's enhancements and rotation in torch, equal to Pillow's in every grey level.

Choices worth knowing:
- Pixels are uint8 (C, S, S) with C = 1 (Pillow's "L") or C = 3 ("RGB"), before and after; the given tensor stays.
- Everything that Pillow rounds is rounded here at the same place, and sums are of whole numbers, so that the number of
  threads changes no pixel. (A Pillow compiled with fused multiply-add may differ from `blend` by one grey level.)
- Sources: Pillow's ImageEnhance, ImageStat, ImageFilter.SMOOTH, Image.blend, Image.rotate and Image.convert("L").
"""

import math

import torch
from torch import Tensor

LUMINANCE_WEIGHTS = (19595, 38470, 7471)  # red, green, blue in 1/65536 (ITU-R 601-2)
FIXED_POINT_BITS = 16  # Pillow rotates in 16.16 fixed point
MATRIX_DECIMALS = 15  # and rounds sine and cosine to so many decimals


def brightness(pixels: Tensor, factor: float) -> Tensor:
    """ImageEnhance.Brightness: factor 0 is black, 1 the film."""
    return blend(0, pixels, factor)


def contrast(pixels: Tensor, factor: float) -> Tensor:
    """ImageEnhance.Contrast: factor 0 is the film's mean grey as a whole level (a half is rounded up), 1 the film."""
    grey = luminance(pixels)
    total, count = int(grey.sum(dtype=torch.int64)), grey.numel()
    return blend((2 * total + count) // (2 * count), pixels, factor)


def colour(pixels: Tensor, factor: float) -> Tensor:
    """ImageEnhance.Color: factor 0 is the film in grey, 1 the film. Nothing happens to one channel."""
    return pixels if pixels.shape[0] == 1 else blend(luminance(pixels), pixels, factor)


def sharpness(pixels: Tensor, factor: float) -> Tensor:
    """ImageEnhance.Sharpness: factor 0 is the film smoothed by (1 1 1, 1 5 1, 1 1 1) / 13, the border as it was."""
    levels = pixels.to(torch.int16)
    columns = levels[:, :-2] + levels[:, 1:-1] + levels[:, 2:]  # (C, S - 2, S)
    inner = levels[:, 1:-1, 1:-1]  # (C, S - 2, S - 2)
    weighted = columns[..., :-2] + columns[..., 1:-1] + columns[..., 2:] + 4 * inner  # 0..3315
    smooth = weighted.to(torch.float32).div_(13).add_(0.5).floor_()
    result = pixels.clone()
    result[:, 1:-1, 1:-1] = blend(smooth, inner, factor)
    return result


def rotate(pixels: Tensor, degrees: float) -> Tensor:
    """Image.rotate: counter-clockwise about the centre, nearest neighbour, black where nothing comes from."""
    channels, size, _ = pixels.shape
    a, b, c, d, e, f = rotation_matrix(degrees, size)
    x = torch.arange(size, dtype=torch.int32)
    y = x.view(size, 1)
    column = (a * x + (b * y + c)) >> FIXED_POINT_BITS  # (S, S): where each pixel comes from
    row = (d * x + (e * y + f)) >> FIXED_POINT_BITS
    inside = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    source = (row * size + column).mul_(inside).flatten()
    return pixels.flatten(1).index_select(1, source).view(channels, size, size).mul_(inside)


def rotation_matrix(degrees: float, size: int) -> tuple[int, ...]:
    """(a, b, c, d, e, f) in 16.16 fixed point: pixel (x, y) comes from (a x + b y + c, d x + e y + f).

    >>> rotation_matrix(0, 64)
    (65536, 0, 32768, 0, 65536, 32768)
    """
    cosine = round(math.cos(math.radians(degrees)), MATRIX_DECIMALS)
    sine = round(math.sin(math.radians(degrees)), MATRIX_DECIMALS)
    centre = size / 2
    shift_x = (sine - cosine) * centre + centre
    shift_y = -(sine + cosine) * centre + centre
    # The middle of the first pixel lies at (0.5, 0.5).
    first_x = shift_x + cosine * 0.5 - sine * 0.5
    first_y = shift_y + sine * 0.5 + cosine * 0.5
    return tuple(
        math.floor(entry * 2**FIXED_POINT_BITS + 0.5) for entry in (cosine, -sine, first_x, sine, cosine, first_y)
    )


def luminance(pixels: Tensor) -> Tensor:
    """Image.convert("L"): uint8 (1, S, S), a half is rounded up; one channel is returned as it is."""
    if pixels.shape[0] == 1:
        return pixels
    weight_red, weight_green, weight_blue = LUMINANCE_WEIGHTS
    red, green, blue = pixels.to(torch.int32).unbind()
    weighted = red * weight_red + green * weight_green + blue * weight_blue
    return ((weighted + 0x8000) >> 16).to(torch.uint8).unsqueeze(0)


def blend(degenerate: Tensor | int, pixels: Tensor, factor: float) -> Tensor:
    """Image.blend: degenerate + factor x (pixels - degenerate) in float32, clipped to 0..255, fraction dropped."""
    difference = pixels.to(torch.float32) - degenerate
    return difference.mul_(factor).add_(degenerate).clamp_(0, 255).to(torch.uint8)
