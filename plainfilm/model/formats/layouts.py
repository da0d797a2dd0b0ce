"""The layouts in which a ResNet's weights are saved: torchvision's names -> a layout's, a layout's arrays back."""

import re
from collections.abc import Collection, Mapping
from typing import Literal

import numpy as np

Layout = Literal["torchvision", "tutorial", "sequential"]
LAYOUTS: tuple[Layout, ...] = ("sequential", "tutorial", "torchvision")
PARTS: dict[Layout, re.Pattern[str]] = {  # how names within stem and stages begin
    "torchvision": re.compile(r"(conv|bn|layer)\d"),
    "tutorial": re.compile(r"conv\d"),
    "sequential": re.compile(r"\d+\."),
}
SEQUENTIAL = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}  # 2, 3: no tensors


def name_in(layout: Layout, name: str) -> str:
    """A name of torchvision's in a layout.

    >>> name_in("tutorial", "layer2.0.bn1.running_mean")
    'conv3.0.layers.0.net.1._mean'
    >>> name_in("sequential", "layer2.0.bn1.running_mean")
    '5.0.bn1.running_mean'
    """
    if layout == "torchvision":
        return name
    if layout == "sequential":
        return re.sub(r"^\w+", lambda part: SEQUENTIAL.get(part[0], part[0]), name)
    name = name.replace("running_mean", "_mean").replace("running_var", "_variance")
    name = re.sub(r"^fc", "linear.1", name)
    name = re.sub(r"^(conv|bn)1", lambda part: f"conv1.net.{int(part[1] == 'bn')}", name)
    name = re.sub(r"^layer(\d)", lambda part: f"conv{int(part[1]) + 1}", name)
    name = re.sub(r"\.downsample\.", ".shortcut.net.", name)
    return re.sub(r"\.(conv|bn)(\d)\.", lambda part: f".layers.{int(part[2]) - 1}.net.{int(part[1] == 'bn')}.", name)


def shapes_in(layout: Layout, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of torchvision's in a layout; the tutorial's convolutions have a bias."""
    named = {name_in(layout, name): shape for name, shape in shapes.items()}
    if layout != "tutorial":
        return named
    biases = {_bias(name_in(layout, name)): shape[:1] for name, shape in shapes.items() if len(shape) == 4}
    return named | biases | {"linear.1.weight": shapes["fc.weight"][::-1]}


def _bias(weight: str) -> str:
    return weight.removesuffix("weight") + "bias"


def translated(arrays: Mapping[str, np.ndarray], layout: Layout, names: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays under torchvision's `names`, biases of convolutions folded into the means of the norms after them."""
    found = {name: arrays[name_in(layout, name)] for name in names if name_in(layout, name) in arrays}
    if layout != "tutorial":
        return found
    for name, array in found.items():
        if name.endswith("running_mean"):
            bias = arrays[re.sub(r"1\._mean$", "0.bias", name_in(layout, name))]
            found[name] = (array.astype(np.float64) - bias).astype(np.float32)
    if "fc.weight" in found:
        found["fc.weight"] = np.ascontiguousarray(found["fc.weight"].T)
    return found
