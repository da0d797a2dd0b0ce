"""Which of the dicts in a file hold a network's weights, and under which names.

A checkpoint is a dict of dicts as its program liked to write it: `state_dict`, `model`, averages beside it, the state
of an optimiser; and each name may begin with the places that the network had in others (`module.`, `model.backbone.`).
So nothing is looked for by such words: the dict and the beginning are taken that give the most names of the network.
Only where several give as many, words decide: an average stands back behind what was trained.
"""

import re
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plainfilm.model.formats.stored import Stored, shown

MAX_DEPTH = 4  # of dicts and lists in each other
MAX_PARTS = 8  # of a network's name, between its dots
MIN_NAMES = 20  # fewer names of a network than these are chance; a ResNet-18 has 102
STANDING_BACK = frozenset(  # words for weights that were not trained themselves, and for what is no weight
    {"ema", "swa", "average", "averaged", "shadow", "teacher", "target", "momentum", "optimizer", "optimiser", "optim"}
)

Place = tuple[str | int, ...]  # keys of dicts and numbers in lists, from the outermost on


@dataclass(frozen=True)
class Choice:
    """Where a network's weights stand."""

    place: Place
    prefix: str  # what all their names begin with
    layout: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (place_text(self.place), shown(self.prefix))))


def place_text(place: Place) -> str:
    """A place as a message shows it.

    >>> place_text(("folds", 0, "model"))
    'folds.0.model'
    """
    return ".".join(shown(str(part)) for part in place)


def dicts_of_tensors(content: object, tensor: type | tuple[type, ...]) -> dict[Place, tuple[str, ...]]:
    """The dicts in `content` that hold tensors, nearest first, with the names of these.

    One that stands at several places is looked at once, and has one and the same tuple of names.
    """
    found: dict[Place, tuple[str, ...]] = {}
    names: dict[int, tuple[str, ...]] = {}  # by the identity of what was looked at
    left: deque[tuple[Place, object]] = deque([((), content)])
    while left:
        place, container = left.popleft()
        if not isinstance(container, dict | list | tuple):
            continue
        is_new = id(container) not in names
        if is_new:
            entries = container.items() if isinstance(container, dict) else ()
            tensors = (key for key, value in entries if isinstance(key, str) and isinstance(value, tensor))
            names[id(container)] = tuple(tensors)
        if names[id(container)]:
            found[place] = names[id(container)]
        if is_new and len(place) < MAX_DEPTH:
            inner = container.items() if isinstance(container, dict) else enumerate(container)
            left.extend(((*place, key), value) for key, value in inner)
    return found


def at(content: Any, place: Place) -> Any:
    """What stands at a place."""
    for key in place:
        content = content[key]
    return content


def beside(content: object, place: Place) -> tuple[str, ...]:
    """The entries that stand beside a place, and beside what it stands in."""
    found: list[str] = []
    for depth, key in enumerate(place):
        outer = at(content, place[:depth])
        keys = outer if isinstance(outer, dict) else range(len(outer))
        found += [place_text((*place[:depth], other)) for other in keys if other != key]
    return tuple(found)


# --- choosing --------------------------------------------------------------------------------------------------------


def choices(dicts: Mapping[Place, tuple[str, ...]], known: Mapping[str, str]) -> list[Choice]:
    """Where the most names of a network stand, the best first; none where there are hardly any.

    `known`: the names of networks, and the layout of each.
    """
    counts: dict[int, Counter[tuple[str, str]]] = {}  # by the identity of the names: a dict may stand at many places
    for names in dicts.values():
        if id(names) not in counts:
            counts[id(names)] = Counter(_readings(names, known))
    most = max((count for counter in counts.values() for count in counter.values()), default=0)
    if most < MIN_NAMES:
        return []
    found = [
        Choice(place, prefix, layout)
        for place, names in dicts.items()
        for (prefix, layout), count in counts[id(names)].items()
        if count == most
    ]
    return sorted(found, key=_stands_back)  # stable: else as they stand in the file


def _readings(names: Collection[str], known: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """For each name and each way to read its end as a network's: what it begins with, and the layout."""
    for name in names:
        parts = name.rsplit(".", MAX_PARTS)
        for first in range(len(parts)):
            end = ".".join(parts[first:])
            if end in known:
                yield name.removesuffix(end), known[end]


def _stands_back(choice: Choice) -> bool:
    words = re.split(r"[^a-z]+", f"{place_text(choice.place)} {choice.prefix}".lower())
    return not STANDING_BACK.isdisjoint(words)


# --- the layer of classes --------------------------------------------------------------------------------------------


def head_among(tensors: Mapping[str, Stored], num_features: int) -> str:
    """The layer of classes among tensors that are no others of the network: its name, such as `classifier.1`.

    Empty unless exactly one linear layer, a weight (K, D) and a bias (K), is all that works on D features, and none
    works on its outputs: of several layers, or one behind a norm, one alone would give other answers.
    """
    touching = [name for name, tensor in tensors.items() if num_features in tensor.shape]
    if len(touching) != 1 or not touching[0].endswith("weight"):
        return ""
    layer = touching[0].removesuffix(".weight")
    weight, bias = tensors[touching[0]], tensors.get(f"{layer}.bias")
    is_linear = len(weight.shape) == 2 and weight.shape[1] == num_features
    if not is_linear or bias is None or bias.shape != weight.shape[:1] or is_hidden(weight, tensors):
        return ""
    return layer


def is_hidden(weight: Stored, tensors: Mapping[str, Stored]) -> bool:
    """Whether another linear layer works on the outputs of the one with this weight (K, D)."""
    return any(
        len(tensor.shape) == 2 and tensor.shape[1] == weight.shape[0] and name.endswith("weight")
        for name, tensor in tensors.items()
        if tensor is not weight
    )


# --- other networks --------------------------------------------------------------------------------------------------

TELLTALES = (  # parts of names, and whose they are
    *(("denseblock", "DenseNet"), ("relative_position_bias_table", "Swin Transformer")),
    *(("cls_token", "Vision Transformer"), ("class_token", "Vision Transformer")),
    *(("patch_embed", "Vision Transformer"), ("conv_stem", "EfficientNet / MobileNet")),
    *(("block.0.0.weight", "EfficientNet / ConvNeXt"), ("dwconv", "ConvNeXt"), ("Mixed_5b", "Inception")),
    ("classifier.6.weight", "VGG / AlexNet"),
)


def other_network(names: Sequence[str]) -> str | None:
    """Which other network such names belong to, where that is known."""
    return next((network for part, network in TELLTALES if any(part in name for name in names)), None)


def widened(given: tuple[int, ...], expected: tuple[int, ...]) -> str | None:
    """Whether the first convolution of a block has more filters than a ResNet's: then it is one of these.

    >>> widened((128, 64, 1, 1), (64, 64, 1, 1))
    'ResNeXt / wide ResNet'
    """
    is_wider = len(given) == 4 and given[1:] == expected[1:] and given[0] > expected[0]
    return "ResNeXt / wide ResNet" if is_wider else None
