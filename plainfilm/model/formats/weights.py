"""Weights from elsewhere: state dicts in torchvision's layout or the tutorial's -> tensors for our ResNet.

Notable choices:
- Of a file's dicts the one is taken that has the most names of a network, whatever these begin with
  (`plainfilm.model.formats.state_dict`); what was taken and what was left is told.
- A network without its layer of classes is a start for training. Of another name, the layer is taken where it is
  plainly the one; a tensor more in stem or stages makes another network, and is refused.
- torchvision's network cut off before its last layer is often saved as a list of its parts ("sequential": 0 is conv1,
  1 is bn1, 4 to 7 are the stages).
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
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plainfilm.config import WIDTHS
from plainfilm.errors import ModelFileError
from plainfilm.model.formats import state_dict
from plainfilm.model.formats.stored import Stored, shown
from plainfilm.model.formats.tensorfile import Kind, most_tensors, read_tensors
from plainfilm.model.networks.resnet import DEPTHS, PUBLISHED_WIDTH, ResNet

Layout = Literal["torchvision", "tutorial", "sequential"]
LAYOUTS: tuple[Layout, ...] = ("sequential", "tutorial", "torchvision")
PARTS: dict[Layout, re.Pattern[str]] = {  # how names within stem and stages begin
    "torchvision": re.compile(r"(conv|bn|layer)\d"),
    "tutorial": re.compile(r"conv\d"),
    "sequential": re.compile(r"\d+\."),
}
SEQUENTIAL = {"conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"}  # 2, 3: no tensors
HEAD = ("fc.weight", "fc.bias")
GROUPED = "layer1.0.conv1.weight"  # of which ResNeXt and the wide ResNets have more filters
FLOATS = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
NUM_SHOWN = 3  # names in a message
MAX_BLOCKS = 40  # in a stage; a ResNet-152 has 36

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Taken:
    """What was taken of a file, and what was left."""

    entry: str  # the dict in the file; "": the file is one dict
    prefix: str  # what was taken off the names
    num_tensors: int
    num_expected: int  # in a network with its layer of classes, without counts of batches
    head: str  # the name of the layer of classes where it is another than usual, else ""
    types: tuple[str, ...]  # of numbers that were cast to float32
    others: tuple[str, ...]  # where as many names of a network stand and were not taken
    left: tuple[str, ...]  # what else stands in that dict
    beside: tuple[str, ...]  # what stands beside it


@dataclass(frozen=True)
class Weights:
    """The weights of a ResNet from a file."""

    path: str
    kind: Kind
    layout: Layout
    sha256: str  # of the file
    depth: int
    width: int  # channels of the first stage
    num_features: int  # what a layer of classes works on
    num_classes: int | None  # None: the file has no layer of classes
    channels: int  # of the films
    tensors: Mapping[str, Tensor]  # by torchvision's names, float32, without counts of batches
    taken: Taken

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
    # the names of all depths, and the layout of each: those of 34 and 152 layers are those of the others too
    known = {name: layout for layout in LAYOUTS for depth in (34, 152) for name in _shapes(depth, 2, 3, layout)}
    file = read_tensors(path, lambda dicts: _place(dicts, known))
    found = state_dict.choices(file.dicts, known)
    choice = found[0] if found else state_dict.Choice(file.place, "", "torchvision")
    layout = next(layout for layout in LAYOUTS if layout == choice.layout)
    counted = {name: tensor for name, tensor in file.tensors.items() if not name.endswith("num_batches_tracked")}
    if not found and (other := state_dict.other_network(tuple(counted))):
        raise ModelFileError("weights-architecture", path=str(path), given=other)
    part = {name.removeprefix(choice.prefix): name for name in counted if name.startswith(choice.prefix)}
    depth = _depth(part, layout, str(path))
    places = {name: part[name] for name in _shapes(depth, 2, 3, layout) if name in part}  # -> names in the file
    width, channels = _stem(counted[places[name_in(layout, "conv1.weight")]], str(path))
    others = tuple(other.prefix for other in found[1:] if other.place == choice.place and other.prefix)
    rest = {name: counted[name] for name in counted.keys() - places.values() if not name.startswith(others)}
    num_features = _shapes(depth, 2, 3, "torchvision", width=width)["fc.weight"][1]
    head = ""
    if layout != "tutorial":  # whose layer of classes has one name
        places, head = _with_head(places, counted, rest, num_features)
    num_classes = _num_classes(counted, places, layout, str(path))
    shapes = _shapes(depth, num_classes or 2, channels, layout, width=width)
    for name, place in places.items():
        _check(counted[place], name, shapes[name], str(path))
    arrays = {name: counted[place].read() for name, place in places.items()}
    left = {name for name in counted if not name.startswith(others)} - set(places.values())
    return Weights(
        path=str(path),
        kind=file.kind,
        layout=layout,
        sha256=hashlib.sha256(file.octets).hexdigest(),
        depth=depth,
        width=width,
        num_features=num_features,
        num_classes=num_classes,
        channels=channels,
        tensors={
            name: torch.from_numpy(array)
            for name, array in translated(arrays, layout, _shapes(depth, 2, 3, "torchvision")).items()
        },
        taken=Taken(
            entry=state_dict.place_text(choice.place),
            prefix=choice.prefix,
            num_tensors=len(places),
            num_expected=len(shapes),
            head=head,
            types=tuple(sorted({FLOATS[counted[place].dtype] for place in places.values()} - {"float32"})),
            others=tuple(map(str, found[1:])),
            left=(*(name for name in counted if name in left), *file.left),
            beside=file.beside,
        ),
    )


def network(weights: Weights) -> ResNet:
    """The network with these weights, a layer of classes among them, in evaluation mode."""
    assert weights.num_classes is not None
    net = ResNet(weights.depth, num_classes=weights.num_classes, in_channels=weights.channels, width=weights.width)
    net.load_state_dict(weights.tensors, strict=False)  # without counts of batches
    return net.eval()


# --- choosing --------------------------------------------------------------------------------------------------------


def _place(dicts: Mapping[state_dict.Place, tuple[str, ...]], known: Mapping[str, str]) -> state_dict.Place:
    found = state_dict.choices(dicts, known)
    return found[0].place if found else most_tensors(dicts)


def _with_head(
    places: dict[str, str], tensors: Mapping[str, Stored], rest: Mapping[str, Stored], num_features: int
) -> tuple[dict[str, str], str]:
    """Names of the network -> names in the file, with the layer of classes if one is there, and its name if another.

    `rest`: what the network has no other use for. A layer whose outputs another one works on is none of classes.
    """
    if "fc.weight" in places:
        weight = tensors[places["fc.weight"]]
        is_last = len(weight.shape) != 2 or not state_dict.is_hidden(weight, rest)
        return {name: place for name, place in places.items() if is_last or name not in HEAD}, ""
    head = state_dict.head_among(rest, num_features)
    return places | ({name: head + name.removeprefix("fc") for name in HEAD} if head else {}), head


# --- checking --------------------------------------------------------------------------------------------------------


def _depth(names: Collection[str], layout: Layout, path: str) -> int:
    """The depth whose names these are. Raises ModelFileError where there is none."""

    def count(stage: int) -> int:
        return sum(name_in(layout, f"layer{stage}.{block}.conv1.weight") in names for block in range(MAX_BLOCKS))

    is_bottleneck = name_in(layout, "layer1.0.conv3.weight") in names
    blocks = [count(stage) for stage in (1, 2, 3, 4)]
    kind = [depth for depth in DEPTHS if DEPTHS[depth][0] == is_bottleneck]
    nearest = min(kind, key=lambda depth: math.dist(DEPTHS[depth][1], blocks))
    expected, head = set(_shapes(nearest, 2, 3, layout)), {name_in(layout, name) for name in HEAD}
    missing, foreign = expected - set(names), set(names) - expected
    if missing == head:
        missing = set()
    if any(blocks):  # else it is no ResNet at all, and every name is foreign
        foreign = {name for name in foreign if PARTS[layout].match(name)}
    if missing or foreign:
        raise ModelFileError(
            "weights-layout", path=path, depth=nearest, missing=listed(missing), foreign=listed(foreign)
        )
    return nearest


def listed(names: Collection[str]) -> str:
    """The first names, sorted, and how many more there are.

    >>> listed({"d", "b", "c", "a"}), listed(())
    ('a, b, c (+1)', '-')
    """
    more = f" (+{len(names) - NUM_SHOWN})" if len(names) > NUM_SHOWN else ""
    return ", ".join(shown(name) for name in sorted(names)[:NUM_SHOWN]) + more if names else "-"


def _stem(stem: Stored, path: str) -> tuple[int, int]:
    """The width, and the channels of the films. Raises ModelFileError where no network of ours has such a stem."""
    if len(stem.shape) != 4 or stem.shape[1] not in (1, 3) or not WIDTHS[0] <= stem.shape[0] <= WIDTHS[1]:
        raise ModelFileError("weights-stem", path=path, given=list(stem.shape))
    return stem.shape[0], stem.shape[1]


def _num_classes(tensors: Mapping[str, Stored], places: Mapping[str, str], layout: Layout, path: str) -> int | None:
    """The number of outputs, None without a layer of classes. Raises ModelFileError where its weight is no matrix."""
    name = name_in(layout, "fc.weight")
    if name not in places:
        return None
    head = tensors[places[name]].shape
    if len(head) != 2 or 0 in head:
        raise ModelFileError("weights-shape", path=path, name="fc.weight", given=list(head), expected="[K, D]")
    return head[1 if layout == "tutorial" else 0]


def _check(stored: Stored, name: str, shape: tuple[int, ...], path: str) -> None:
    """Raise ModelFileError where a tensor has another shape or type, or holds numbers that no network has."""
    if name == GROUPED and (other := state_dict.widened(stored.shape, shape)):
        raise ModelFileError("weights-architecture", path=path, given=other)
    if stored.shape != shape:
        raise ModelFileError("weights-shape", path=path, name=name, given=list(stored.shape), expected=list(shape))
    if not stored.dtype.startswith(("F", "BF")):
        raise ModelFileError("weights-type", path=path, name=name, given=stored.dtype)
    values = stored.read()
    if not np.isfinite(values).all() or (name.endswith(("running_var", "_variance")) and values.min() < 0):
        raise ModelFileError("weights-not-finite", path=path, name=name)


def _shapes(
    depth: int, num_classes: int, channels: int, layout: Layout, *, width: int = PUBLISHED_WIDTH
) -> dict[str, tuple[int, ...]]:
    """The names and shapes of a state dict in a layout."""
    with torch.device("meta"):
        own = ResNet(depth, num_classes=num_classes, in_channels=channels, width=width).state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in own.items() if not name.endswith("num_batches_tracked")}
    return shapes_in(layout, shapes)


# --- layouts: torchvision's names -> a layout's, a layout's arrays back ----------------------------------------------


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
    biases = {
        name_in(layout, name).removesuffix("weight") + "bias": shape[:1]
        for name, shape in shapes.items()
        if len(shape) == 4
    }
    return named | biases | {"linear.1.weight": shapes["fc.weight"][::-1]}


def translated(arrays: Arrays, layout: Layout, names: Collection[str]) -> Arrays:
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
