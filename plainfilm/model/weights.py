"""Weights from elsewhere: state dicts in torchvision's layout or the tutorial's -> tensors for our ResNet.

Notable choices:
- The depth is found from the names; width, number of classes and channels from the shapes. Everything is checked
  before it is kept: every name, every shape, every number.
- The tutorial's convolutions have a bias before the batch-norm: (x + b) - mean = x - (mean - b), so the bias goes into
  the mean, exactly. Its linear weight is stored as (D, K).
- A stem of three channels, for films of one: the sum over the channels. On a grey film repeated three times both say
  the same.
- Weights are taken as they are. torchvision's were trained on (x - mean) / std. The division could move into the stem,
  but the subtraction not: the stem pads with zeros after it, so the border of a film would be another. Such weights are
  a start for training (`train --init`), whose batch-norms find the scale, and no answer by themselves.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from plainfilm.config import WIDTHS
from plainfilm.errors import ModelFileError
from plainfilm.model.resnet import DEPTHS, PUBLISHED_WIDTH, ResNet
from plainfilm.model.stored import Stored, shown
from plainfilm.model.tensorfile import Kind, read_tensors

Layout = Literal["torchvision", "tutorial"]
NUM_SHOWN = 3  # names in a message
MAX_BLOCKS = 40  # in a stage; a ResNet-152 has 36


@dataclass(frozen=True)
class Weights:
    """The weights of a ResNet from a file."""

    path: str
    kind: Kind
    layout: Layout
    sha256: str  # of the file
    depth: int
    width: int  # channels of the first stage
    num_classes: int
    channels: int  # of the films
    tensors: Mapping[str, Tensor]  # by torchvision's names, float32, without counts of batches

    def for_channels(self, channels: int) -> dict[str, Tensor]:
        """The tensors for films of as many channels, or of one.

        Raises ModelFileError where they do not fit, or their sum over the channels is not finite.
        """
        if channels == self.channels:
            return dict(self.tensors)
        if channels != 1:
            raise ModelFileError("weights-other", key="data.channels", given=self.channels, expected=channels)
        stem = self.tensors["conv1.weight"].double().sum(dim=1, keepdim=True).float()
        if not stem.isfinite().all():
            raise ModelFileError("weights-not-finite", path=self.path, name="conv1.weight")
        return {**self.tensors, "conv1.weight": stem}


def read_weights(path: Path) -> Weights:
    """The weights in a file; it is read twice, once to check every tensor, once to keep them. Raises ModelFileError."""
    file = read_tensors(path)
    layout: Layout = "tutorial" if "conv1.net.0.weight" in file.tensors else "torchvision"
    stored = {name: tensor for name, tensor in file.tensors.items() if not name.endswith("num_batches_tracked")}
    depth = _depth(stored, layout, str(path))
    stem, head = stored[_name("conv1.weight", layout)].shape, stored[_name("fc.weight", layout)].shape
    if len(stem) != 4 or stem[1] not in (1, 3) or not WIDTHS[0] <= stem[0] <= WIDTHS[1]:
        raise ModelFileError("weights-stem", path=str(path), given=list(stem))
    if len(head) != 2 or 0 in head:
        raise ModelFileError("weights-shape", path=str(path), name="fc.weight", given=list(head), expected="[K, D]")
    width, channels, num_classes = stem[0], stem[1], head[1 if layout == "tutorial" else 0]
    for name, shape in _shapes(depth, num_classes, channels, layout, width=width).items():
        _check(stored[name], name, shape, str(path))
    arrays = {name: tensor.read() for name, tensor in stored.items()}
    return Weights(
        path=str(path),
        kind=file.kind,
        layout=layout,
        sha256=hashlib.sha256(file.octets).hexdigest(),
        depth=depth,
        width=width,
        num_classes=num_classes,
        channels=channels,
        tensors={name: torch.from_numpy(array) for name, array in _translated(arrays, layout, depth).items()},
    )


def network(weights: Weights) -> ResNet:
    """The network with these weights, in evaluation mode."""
    net = ResNet(weights.depth, num_classes=weights.num_classes, in_channels=weights.channels, width=weights.width)
    net.load_state_dict(weights.tensors, strict=False)  # without counts of batches
    return net.eval()


# --- checking --------------------------------------------------------------------------------------------------------


def _depth(stored: Mapping[str, Stored], layout: Layout, path: str) -> int:
    """The depth whose names these are. Raises ModelFileError where there is none."""

    def count(stage: int) -> int:
        return sum(_name(f"layer{stage}.{block}.conv1.weight", layout) in stored for block in range(MAX_BLOCKS))

    is_bottleneck, blocks = _name("layer1.0.conv3.weight", layout) in stored, [count(stage) for stage in (1, 2, 3, 4)]
    kind = [depth for depth in DEPTHS if DEPTHS[depth][0] == is_bottleneck]
    nearest = min(kind, key=lambda depth: math.dist(DEPTHS[depth][1], blocks))
    names = set(_shapes(nearest, 2, 3, layout))
    missing, foreign = names - set(stored), set(stored) - names
    if missing or foreign:
        raise ModelFileError(
            "weights-layout", path=path, depth=nearest, missing=_listed(missing), foreign=_listed(foreign)
        )
    return nearest


def _listed(names: set[str]) -> str:
    more = f" (+{len(names) - NUM_SHOWN})" if len(names) > NUM_SHOWN else ""
    return ", ".join(shown(name) for name in sorted(names)[:NUM_SHOWN]) + more if names else "-"


def _check(stored: Stored, name: str, shape: tuple[int, ...], path: str) -> None:
    """Raise ModelFileError where a tensor has another shape or type, or holds numbers that no network has."""
    if stored.shape != shape:
        raise ModelFileError("weights-shape", path=path, name=name, given=list(stored.shape), expected=list(shape))
    if not stored.dtype.startswith(("F", "BF")):
        raise ModelFileError("weights-type", path=path, name=name, given=stored.dtype)
    values = stored.read()
    if not np.isfinite(values).all() or (name.endswith(("running_var", "_variance")) and values.min() < 0):
        raise ModelFileError("weights-not-finite", path=path, name=name)


# --- layouts ---------------------------------------------------------------------------------------------------------


def _shapes(
    depth: int, num_classes: int, channels: int, layout: Layout, *, width: int = PUBLISHED_WIDTH
) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a state dict in a layout."""
    with torch.device("meta"):
        own = ResNet(depth, num_classes=num_classes, in_channels=channels, width=width).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items() if not name.endswith("num_batches_tracked")}
    if layout == "torchvision":
        return shapes
    named = {_name(name, layout): shape for name, shape in shapes.items()}
    named |= {_bias(_name(name, layout)): shape[:1] for name, shape in shapes.items() if len(shape) == 4}
    return named | {"linear.1.weight": shapes["fc.weight"][::-1]}


def _name(name: str, layout: Layout) -> str:
    """A name of torchvision's in a layout.

    >>> _name("layer2.0.bn1.running_mean", "tutorial")
    'conv3.0.layers.0.net.1._mean'
    """
    if layout == "torchvision":
        return name
    name = name.replace("running_mean", "_mean").replace("running_var", "_variance")
    name = re.sub(r"^fc", "linear.1", name)
    name = re.sub(r"^(conv|bn)1", lambda part: f"conv1.net.{int(part[1] == 'bn')}", name)
    name = re.sub(r"^layer(\d)", lambda part: f"conv{int(part[1]) + 1}", name)
    name = re.sub(r"\.downsample\.", ".shortcut.net.", name)
    return re.sub(r"\.(conv|bn)(\d)\.", lambda part: f".layers.{int(part[2]) - 1}.net.{int(part[1] == 'bn')}.", name)


def _bias(weight: str) -> str:
    return weight.removesuffix("weight") + "bias"


def _translated(arrays: Mapping[str, np.ndarray], layout: Layout, depth: int) -> dict[str, np.ndarray]:
    """The arrays under torchvision's names, biases of convolutions folded into the means of the norms after them."""
    if layout == "torchvision":
        return dict(arrays)
    found = {name: arrays[_name(name, layout)] for name in _shapes(depth, 2, 3, "torchvision")}
    for name, array in found.items():
        if name.endswith("running_mean"):
            bias = arrays[re.sub(r"1\._mean$", "0.bias", _name(name, layout))]
            found[name] = (array.astype(np.float64) - bias).astype(np.float32)
    return found | {"fc.weight": np.ascontiguousarray(arrays["linear.1.weight"].T)}
