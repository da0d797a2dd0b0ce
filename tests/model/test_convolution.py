"""The quicker way to train a convolution is the same mathematics: equal in float64, close in what trains."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from plainfilm.model.networks.convolution import Convolution, windows
from plainfilm.model.networks.resnet import ResNet, initialise

# Channels in and out, side, stride, height and width: more weights than inputs, or a stem of one channel.
SHAPES = [
    (64, 96, 3, 1, 4, 4),
    (64, 96, 3, 1, 3, 5),
    (64, 96, 3, 2, 6, 4),
    (64, 96, 3, 2, 7, 5),
    (64, 96, 1, 2, 5, 4),
    (64, 96, 1, 1, 3, 3),
    (1, 8, 7, 2, 32, 48),
    (1, 8, 3, 2, 16, 16),
]


def film(channels: int, height: int, width: int, *, seed: int = 0) -> Tensor:
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(seed))


def answered(conv: Convolution, x: Tensor, *, is_fast: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The result, the gradient of the weights, the gradient of the input."""
    conv.is_fast = is_fast
    conv.zero_grad()
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    y = conv(x)
    (y * torch.sin(torch.arange(y.numel()).view_as(y))).sum().backward()
    assert conv.weight.grad is not None
    assert x.grad is not None
    return y.detach(), conv.weight.grad, x.grad


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_both_ways_are_the_same_mathematics(shape, layout):
    channels_in, channels_out, side, stride, height, width = shape
    conv = Convolution(channels_in, channels_out, side, stride).double().to(memory_format=layout)
    x = film(channels_in, height, width).double()
    assert channels_in == 1 or conv.weight.numel() >= x.numel()
    expected, found = (answered(conv, x.clone(), is_fast=is_fast) for is_fast in (False, True))
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_under_autocast_it_multiplies_in_bfloat16_as_the_other(shape):
    channels_in, channels_out, side, stride, height, width = shape
    conv = Convolution(channels_in, channels_out, side, stride).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        expected, found = (
            answered(conv, film(channels_in, height, width), is_fast=is_fast) for is_fast in (False, True)
        )
    assert found[0].dtype == torch.bfloat16
    for one, other in zip(expected, found, strict=True):
        assert other.dtype == one.dtype
        assert float((one - other).norm() / one.norm()) < 0.01


def test_answers_are_those_of_the_plain_convolution():
    """Only a training is quicker: what validates, is exported and answers keeps its bits."""
    net = ResNet(18, num_classes=3, width=16)
    initialise(net, init="default", seed=1)
    films = torch.randint(0, 256, (2, 1, 64, 64), dtype=torch.uint8)
    answers = []
    for is_fast in (False, True):
        for module in net.modules():
            if isinstance(module, Convolution):
                module.is_fast = is_fast
        with torch.inference_mode():
            answers.append(net.eval()(films).logits)
    assert torch.equal(*answers)


def test_wide_films_of_an_odd_side_keep_the_plain_stem():
    conv = Convolution(1, 8, 7, 2)
    plain, fast = (answered(conv, film(1, 33, 32), is_fast=is_fast) for is_fast in (False, True))
    assert all(map(torch.equal, plain, fast))


def test_windows_are_what_each_place_sees():
    x = film(2, 5, 4)
    expected = F.unfold(x, 3, padding=1, stride=2)  # (N, C 3 3, h w)
    found = windows(x, 3, 2).view(2, 6, 9, 2).permute(0, 3, 2, 1).reshape(2, 18, 6)
    assert torch.equal(found, expected)
