"""Convolutions without a bias, with a second way to train them: the same mathematics, quicker, rounded otherwise.

oneDNN lays weights out anew at every call of a training. That is little beside the work on wide films, and most of the
work where the weights outnumber the numbers that they meet, as in the last stage. There a convolution is a product of
two matrices instead: the windows of the film, and the weights as they lie. A stem of one channel is slow for another
reason, its one channel; folded, each 2x2 of a film becomes one cell of four channels.

Source: Chellapilla, Puri and Simard, 2006, "High performance convolutional neural networks for document processing";
for the stem, Shi et al., 2016 (the inverse of sub-pixel convolution).
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Convolution(nn.Conv2d):
    """A convolution of K x K without a bias, K odd, padded by (K - 1) / 2."""

    is_fast = False  # in a training: as matrices, or folded, where that is quicker

    def __init__(self, in_channels: int, out_channels: int, side: int, stride: int = 1) -> None:
        super().__init__(in_channels, out_channels, side, stride, side // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride), upwards to whole numbers."""
        if not (self.is_fast and self.training):
            return super().forward(x)
        if self.in_channels == 1 and self.stride == (2, 2) and x.shape[2] % 2 == x.shape[3] % 2 == 0:
            return folded(x, self.weight)
        if self.weight.numel() < x.numel():
            return super().forward(x)
        dtype = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else x.dtype
        result: Tensor = _AsMatrices.apply(x.to(dtype), self.weight.to(dtype), self.stride[0])  # type: ignore[no-untyped-call]
        return result


def folded(x: Tensor, weight: Tensor) -> Tensor:
    """The convolution of stride 2, padded by (K - 1) / 2, K odd, of sides that are even, by one of stride 1."""
    pad = weight.shape[-1] // 2
    films = F.pixel_unshuffle(F.pad(x, (pad, pad, pad, pad)), 2)  # (N, 4 C, H / 2 + pad, W / 2 + pad)
    weights = F.pixel_unshuffle(F.pad(weight, (0, 1, 0, 1)), 2)  # (O, 4 C, (K + 1) / 2, (K + 1) / 2)
    layout = torch.channels_last
    return F.conv2d(films.contiguous(memory_format=layout), weights.contiguous(memory_format=layout))


def windows(x: Tensor, side: int, stride: int) -> Tensor:
    """(N, C, H, W) -> (N h w, side side C): what each place of a convolution sees, zeros beyond the edges."""
    pad = side // 2
    seen = F.pad(x, (pad, pad, pad, pad)).permute(0, 2, 3, 1)  # (N, H + 2 pad, W + 2 pad, C)
    seen = seen.unfold(1, side, stride).unfold(2, side, stride)  # (N, h, w, C, side, side)
    return seen.permute(0, 1, 2, 4, 5, 3).reshape(-1, side * side * x.shape[1])


def spread(seen: Tensor, shape: torch.Size, side: int, stride: int) -> Tensor:
    """(N h w, side side C) -> (N, C, H, W) of `shape`: the sum of what places saw, the adjoint of `windows`."""
    count, channels, height, width = shape
    rows, columns = -(-height // stride), -(-width // stride)
    parts = seen.view(count, rows, columns, side, side, channels)
    pad = side // 2
    precise = torch.promote_types(seen.dtype, torch.float32)
    total = seen.new_zeros(count, height + 2 * pad, width + 2 * pad, channels, dtype=precise)
    for i in range(side):
        for j in range(side):
            total[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += parts[:, :, :, i, j]
    inner = total[:, pad : pad + height, pad : pad + width]
    return inner.permute(0, 3, 1, 2).to(seen.dtype, memory_format=torch.channels_last)


class _AsMatrices(torch.autograd.Function):
    """A convolution, and both of its gradients, as products of matrices."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        side = weight.shape[-1]
        seen = windows(x, side, stride)
        ctx.save_for_backward(weight, seen)
        ctx.shape, ctx.stride = x.shape, stride
        height, width = (-(-length // stride) for length in x.shape[2:])
        result = seen @ weight.permute(0, 2, 3, 1).reshape(len(weight), -1).t()  # (N h w, O)
        return result.view(len(x), height, width, len(weight)).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        weight, seen = ctx.saved_tensors
        (gradient,) = gradients
        count, channels, side, _ = weight.shape
        rows = gradient.permute(0, 2, 3, 1).reshape(-1, count)  # (N h w, O)
        of_weight = (rows.t() @ seen).view(count, side, side, channels).permute(0, 3, 1, 2)
        of_input = spread(rows @ weight.permute(0, 2, 3, 1).reshape(count, -1), ctx.shape, side, ctx.stride)
        return of_input, of_weight, None
