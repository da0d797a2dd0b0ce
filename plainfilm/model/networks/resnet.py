"""ResNet-18/34/50/101/152, from one depth table (He et al., 2015, "Deep Residual Learning for Image Recognition").

Notable choices:
- Basic blocks below 50 layers, bottlenecks from 50 on, with the stride on the 3x3 convolution; keys of the state dict
  as in torchvision.
- The head is a 1x1 convolution *before* the average pool: class maps whose spatial mean plus the bias is the logit.
  The map is the answer. `fc.weight` stays (K, D), as torchvision has it.
- No convolution before a batch-norm has a bias.
- uint8 pixels are scaled inside `forward`, so that no caller can scale them differently.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plainfilm.errors import RecipeError
from plainfilm.model.networks.convolution import Convolution
from plainfilm.randomness import generator

# depth: (bottleneck?, blocks in each of the four stages)
DEPTHS: dict[int, tuple[bool, tuple[int, int, int, int]]] = {
    18: (False, (2, 2, 2, 2)),
    34: (False, (3, 4, 6, 3)),
    50: (True, (3, 4, 6, 3)),
    101: (True, (3, 4, 23, 3)),
    152: (True, (3, 8, 36, 3)),
}
PUBLISHED_WIDTH = 64  # channels of the stem and of the first stage
STAGE_WIDTHS = (64, 128, 256, 512)  # at the published width; another width scales all four


class Output(NamedTuple):
    """What the network says of N films."""

    logits: Tensor  # (N, K)
    class_maps: Tensor  # (N, K, h, w); logits = mean over h, w + bias
    features: Tensor  # (N, D), pooled


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut."""

    expansion = 1

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = Convolution(in_channels, width, 3, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = Convolution(width, width, 3)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = shortcut(in_channels, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, width, H / stride, W / stride)."""
        y = F.relu_(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return F.relu_(y.add_(x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1x1, 3x3 (with the stride) and 1x1 convolutions and a shortcut."""

    expansion = 4

    def __init__(self, in_channels: int, width: int, stride: int) -> None:
        super().__init__()
        out_channels = width * self.expansion
        self.conv1 = Convolution(in_channels, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = Convolution(width, width, 3, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = Convolution(width, out_channels, 1)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = shortcut(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(N, in_channels, H, W) -> (N, 4 * width, H / stride, W / stride)."""
        y = F.relu_(self.bn1(self.conv1(x)))
        y = F.relu_(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return F.relu_(y.add_(x if self.downsample is None else self.downsample(x)))


def shortcut(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """A 1x1 convolution if the shape changes, else nothing."""
    if in_channels == out_channels and stride == 1:
        return None
    return nn.Sequential(Convolution(in_channels, out_channels, 1, stride), nn.BatchNorm2d(out_channels))


class ResNet(nn.Module):
    """A ResNet whose class maps are its answer.

    Args:
        depth: 18, 34, 50, 101 or 152; another depth raises RecipeError.
        num_classes: K.
        in_channels: C, 1 or 3.
        width: channels of the stem and of the first stage; the stages have 1, 2, 4 and 8 times as many.
    """

    def __init__(self, depth: int, *, num_classes: int, in_channels: int = 1, width: int = PUBLISHED_WIDTH) -> None:
        super().__init__()
        if depth not in DEPTHS:
            raise RecipeError("depth-unknown", given=depth, expected=", ".join(map(str, DEPTHS)))
        is_bottleneck, blocks = DEPTHS[depth]
        block: type[BasicBlock | Bottleneck] = Bottleneck if is_bottleneck else BasicBlock
        widths = [published * width // PUBLISHED_WIDTH for published in STAGE_WIDTHS]
        self.conv1 = Convolution(in_channels, width, 7, 2)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = stage(block, blocks[0], width, widths[0], 1)
        self.layer2 = stage(block, blocks[1], widths[0] * block.expansion, widths[1], 2)
        self.layer3 = stage(block, blocks[2], widths[1] * block.expansion, widths[2], 2)
        self.layer4 = stage(block, blocks[3], widths[2] * block.expansion, widths[3], 2)
        self.fc = nn.Linear(widths[3] * block.expansion, num_classes)

    def forward(self, pixels: Tensor) -> Output:
        """(N, C, S, S), uint8 or already scaled to 0..1 -> logits, class maps of side S / 32, features."""
        x = pixels.float() / 255 if pixels.dtype == torch.uint8 else pixels
        x = F.relu_(self.bn1(self.conv1(x)))  # (N, width, S/2, S/2)
        x = F.max_pool2d(x, 3, 2, 1)  # (N, width, S/4, S/4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x)))).float()  # (N, D, S/32, S/32)
        with torch.autocast(x.device.type, enabled=False):  # the head is float32 at every precision
            class_maps = F.conv2d(x, self.fc.weight[:, :, None, None])  # (N, K, S/32, S/32)
        logits = class_maps.mean(dim=(2, 3)) + self.fc.bias
        return Output(logits, class_maps, x.mean(dim=(2, 3)))


def stage(block: type[BasicBlock | Bottleneck], count: int, in_channels: int, width: int, stride: int) -> nn.Sequential:
    """`count` blocks of one width, the first with the stride."""
    first = block(in_channels, width, stride)
    rest = [block(width * block.expansion, width, 1) for _ in range(count - 1)]
    return nn.Sequential(first, *rest)


# --- initial weights -------------------------------------------------------------------------------------------------


def initialise(net: ResNet, *, init: str, seed: int, prefix: str = "") -> None:
    """Draw every weight from a generator keyed by (seed, its name), which begins with `prefix`.

    `init`: "default" (torchvision's) or "tutorial" (PaddlePaddle's).
    """
    draw = draw_tutorial if init == "tutorial" else draw_default
    with torch.no_grad():
        for name, weight in net.named_parameters():
            if weight.dim() > 1:
                scale, distribution = draw(weight)
                numbers = generator(seed, "weights", prefix + name)
                values = (
                    numbers.standard_normal(tuple(weight.shape), dtype="float32")
                    if distribution == "normal"
                    else numbers.random(tuple(weight.shape), dtype="float32") * 2 - 1
                )
                weight.copy_(torch.from_numpy(values) * scale)
            elif name.endswith("bias"):
                weight.zero_()
            else:
                weight.fill_(1)


def draw_default(weight: Tensor) -> tuple[float, str]:
    """As torchvision: convolutions N(0, 2 / fan_out), the linear layer U(+-1 / sqrt(fan_in))."""
    if weight.dim() == 4:
        return float((2 / (weight.shape[0] * weight[0, 0].numel())) ** 0.5), "normal"
    return float(weight.shape[1] ** -0.5), "uniform"


def draw_tutorial(weight: Tensor) -> tuple[float, str]:
    """As PaddlePaddle: convolutions N(0, 2 / fan_in), the linear layer Xavier-uniform."""
    if weight.dim() == 4:
        return float((2 / weight[0].numel()) ** 0.5), "normal"
    return float((6 / sum(weight.shape)) ** 0.5), "uniform"
