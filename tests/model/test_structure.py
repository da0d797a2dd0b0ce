"""A graph is a residual network of ours, or it is refused: whatever is joined otherwise, grows, or costs too much."""

import io
import math
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import onnx
import pytest
import torch
from builders import SLIM_WIDTHS, trained_looking
from onnx import NodeProto, numpy_helper
from torch import nn

from plainfilm.config import NETWORKS, WIDTHS
from plainfilm.errors import ModelFileError
from plainfilm.model.card import MAX_CLASSES
from plainfilm.model.formats import structure
from plainfilm.model.formats.outline import read_outline
from plainfilm.model.formats.structure import (
    LEAST_PX,
    MAX_NUMBERS_PER_PX,
    MAX_PRODUCTS_PER_PX,
    MAX_TRUNKS,
    NUMBER_PRODUCTS,
    check_structure,
)
from plainfilm.model.graph import to_onnx
from plainfilm.model.networks import resnet
from plainfilm.model.networks.mean import MeanOfNetworks

Change = Callable[[onnx.GraphProto], object]
SIZE_PX = 64


def code_of(model: onnx.ModelProto) -> str:
    """The code of the error with which a graph is refused; empty where it passes."""
    data = model.SerializeToString()
    try:
        check_structure(read_outline(io.BytesIO(data), len(data), "m.onnx"), "m.onnx")
    except ModelFileError as error:
        return error.code
    return ""


@pytest.fixture(scope="module")
def good() -> onnx.ModelProto:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        return to_onnx(trained_looking(), size_px=SIZE_PX)


def node(graph: onnx.GraphProto, output: str) -> NodeProto:
    return next(node for node in graph.node if node.output[0] == output)


def constant(graph: onnx.GraphProto, name: str, *shape: int, dtype: type = np.float32) -> str:
    """Give a constant this shape; a new one where there is none of this name."""
    tensor = numpy_helper.from_array(np.zeros(shape, dtype), name)
    found = [entry for entry in graph.initializer if entry.name == name]
    (found[0] if found else graph.initializer.add()).CopyFrom(tensor)
    return name


def added(graph: onnx.GraphProto, before: str, kind: str, inputs: list[str], output: str, **attributes: object) -> None:
    """Insert a node before the one that makes a tensor."""
    place = [entry.output[0] for entry in graph.node].index(before)
    graph.node.insert(place, onnx.helper.make_node(kind, inputs, [output], **attributes))


def attribute(graph: onnx.GraphProto, output: str, **values: object) -> None:
    found = node(graph, output)
    kept = [entry for entry in found.attribute if entry.name not in values]
    del found.attribute[:]
    found.attribute.extend([*kept, *(onnx.helper.make_attribute(name, value) for name, value in values.items())])


def joined(graph: onnx.GraphProto, output: str, place: int, name: str) -> None:
    node(graph, output).input[place] = name


def table(graph: onnx.GraphProto) -> None:
    """The bias of the head is the sum of a column and a row."""
    names = [constant(graph, "column", 50_000, 1), constant(graph, "row", 1, 50_000)]
    added(graph, "logits", "Add", names, "table")
    joined(graph, "logits", 1, "table")


def stretched(graph: onnx.GraphProto) -> None:
    """The shortcut is a column, which the sum of a block would stretch."""
    added(graph, "layer1.1.add", "Conv", ["layer1.0", constant(graph, "w", 16, 16, 16, 1)], "thin")
    joined(graph, "layer1.1.add", 1, "thin")


def shared(graph: onnx.GraphProto) -> None:
    """Two convolutions with the same weights, which the runtime would copy for each."""
    joined(graph, "layer1.1.conv2", 1, "layer1.1.conv1.weight")


def quantised_again(graph: onnx.GraphProto) -> None:
    constants = [constant(graph, "scale"), constant(graph, "zero", dtype=np.uint8)]
    name = "layer4.1"
    for number in range(3):
        added(graph, "features", ("QuantizeLinear", "DequantizeLinear")[number % 2], [name, *constants], f"q{number}")
        name = f"q{number}"
    joined(graph, "features", 0, name)


def other_maps(graph: onnx.GraphProto) -> None:
    """The maps shown are those behind the logits, turned round by a step of quantising."""
    node(graph, "class_maps").output[0] = "true"
    joined(graph, "class_maps.mean", 0, "true")
    constants = [constant(graph, "scale"), constant(graph, "zero", dtype=np.int8)]
    added(graph, "logits", "QuantizeLinear", ["true", *constants], "quantised")
    added(graph, "logits", "DequantizeLinear", ["quantised", constant(graph, "minus")], "class_maps")


def scaled_by_films(graph: onnx.GraphProto) -> None:
    added(graph, "features", "QuantizeLinear", ["layer4.1", "layer4.1.add"], "quantised")
    joined(graph, "features", 0, "quantised")


def beside(graph: onnx.GraphProto) -> None:
    added(graph, "logits", "Relu", ["class_maps"], "unused")


def circle(graph: onnx.GraphProto) -> None:
    joined(graph, "conv1", 0, "layer4.0")


def out_of_order(graph: onnx.GraphProto) -> None:
    nodes = list(graph.node)[::-1]
    del graph.node[:]
    graph.node.extend(nodes)


def made_twice(graph: onnx.GraphProto) -> None:
    graph.node.append(node(graph, "conv1"))


def two_outputs(graph: onnx.GraphProto) -> None:
    node(graph, "pool").output.append("places")


FOREIGN: dict[str, Change] = {
    "a table as bias": table,
    "a shortcut of another shape": stretched,
    "a shortcut from before its block": lambda graph: joined(graph, "layer2.1.add", 1, "layer1.1"),
    "a shortcut through a convolution from elsewhere": lambda graph: joined(graph, "layer2.0.downsample.0", 0, "pool"),
    "a block that starts elsewhere": lambda graph: joined(graph, "layer1.1.conv1", 0, "pool"),
    "features from elsewhere": lambda graph: joined(graph, "features", 0, "layer3.1"),
    "logits of other maps": lambda graph: joined(graph, "class_maps.mean", 0, "layer4.1"),
    "pixels passed over": lambda graph: joined(graph, "conv1", 0, "pixels.float"),
    "a node beside the network": beside,
    "a circle": circle,
    "nodes out of order": out_of_order,
    "a tensor made twice": made_twice,
    "a second output": two_outputs,
    "pixels given as weights": lambda graph: constant(graph, "pool", 1),
    "a wide bias": lambda graph: constant(graph, "fc.bias", 3, 1),
    "a long bias": lambda graph: constant(graph, "conv1.bias", 999),
    "white as a table": lambda graph: constant(graph, "pixels.white", 1, 1, 9, 9),
    "weights for other channels": lambda graph: constant(graph, "layer1.0.conv1.weight", 16, 5, 3, 3),
    "weights of five sides": lambda graph: constant(graph, "layer1.0.conv1.weight", 16, 64, 3, 3, 1),
    "weights that are films": lambda graph: joined(graph, "layer1.0.conv1", 1, "pixels.float"),
    "a scale that depends on films": scaled_by_films,
    "shared weights": shared,
    "maps that are not those behind the logits": other_maps,
    "quantised again and again": quantised_again,
    "a window of another size than its weights": lambda graph: attribute(graph, "conv1", kernel_shape=[3, 3]),
    "a sum of three": lambda graph: node(graph, "logits").input.append("fc.bias"),
    "weights instead of pixels": lambda graph: joined(graph, "pixels.float", 0, "conv1.weight"),
    "a block that starts at the pixels": lambda graph: joined(graph, "layer1.0.conv1", 0, "pixels"),
    "a side of nothing": lambda graph: attribute(graph, "pool", kernel_shape=[35, 35]),
    "a mean over films": lambda graph: graph.initializer.append(
        numpy_helper.from_array(np.array([0, 2]), graph.initializer.pop().name)
    ),
    "a mean that keeps its sides": lambda graph: attribute(graph, "features", keepdims=1),
    "float64": lambda graph: attribute(graph, "pixels.float", to=11),
    "wide padding": lambda graph: attribute(graph, "conv1", pads=[999, 999, 999, 999]),
    "negative padding": lambda graph: attribute(graph, "conv1", pads=[-1, -1, -1, -1]),
    "padding of one side": lambda graph: attribute(graph, "conv1", pads=[3, 3]),
    "no step": lambda graph: attribute(graph, "conv1", strides=[0, 0]),
    "steps past the end": lambda graph: attribute(graph, "pool", kernel_shape=[99, 99]),
    "a window of one side": lambda graph: attribute(graph, "pool", kernel_shape=[3]),
    "padding by name": lambda graph: attribute(graph, "conv1", auto_pad="SAME_UPPER"),
    "groups": lambda graph: attribute(graph, "conv1", group=1),
    "a convolution of one input": lambda graph: node(graph, "conv1").input.pop() and node(graph, "conv1").input.pop(),
    "a ReLU of nothing": lambda graph: node(graph, "conv1.relu").input.pop(),
}


@pytest.mark.parametrize("change", FOREIGN.values(), ids=FOREIGN)
def test_what_is_joined_otherwise_is_refused(good: onnx.ModelProto, change: Change) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(good)
    change(model.graph)
    assert code_of(model) == "model-operator-unknown"


MEANS: dict[str, Change] = {
    "one trunk twice": lambda graph: node(graph, "members").input.__setitem__(1, node(graph, "members").input[0]),
    "joined along the height": lambda graph: attribute(graph, "members", axis=2),
    "one trunk alone": lambda graph: node(graph, "members").input.pop(),
    "a trunk of other films": lambda graph: node(graph, "members.1.conv1").input.__setitem__(0, "pixels.float"),
    "a trunk with another side": lambda graph: attribute(graph, "members.1.conv1", strides=[1, 1]),
}


@pytest.mark.parametrize("change", MEANS.values(), ids=MEANS)
def test_a_mean_of_networks_passes_and_otherwise_joined_it_is_refused(
    monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    model = to_onnx(MeanOfNetworks([trained_looking(seed=seed) for seed in range(2)]).eval(), size_px=SIZE_PX)
    assert code_of(model) == ""
    change(model.graph)
    assert code_of(model) == "model-operator-unknown"


def test_a_file_may_hold_as_many_networks_as_a_recipe() -> None:
    assert NETWORKS[1] == MAX_TRUNKS


def many_channels(graph: onnx.GraphProto) -> None:
    constant(graph, "conv1.weight", 5000, 1, 7, 7)
    constant(graph, "conv1.bias", 5000)


def test_too_many_numbers_are_refused(good: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(good)
    many_channels(model.graph)
    assert code_of(model) == "model-too-costly"


def cost(net: resnet.ResNet, films: torch.Tensor) -> tuple[int, int]:
    """What films cost PyTorch: multiplications, with those for writing, and the most numbers in one output."""
    numbers = [len(films) * net.conv1.out_channels * math.ceil(films.shape[-1] / 4) ** 2]  # the pool's
    products = [numbers[0] * 9]

    def count(module: nn.Module, _: object, made: torch.Tensor) -> None:
        products.append(made.numel() * module.weight[0].numel())
        numbers.append(made.numel())

    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    numbers.append(net(films).class_maps.numel())
    products.append(numbers[-1] * net.fc.in_features)
    return sum(products) + NUMBER_PRODUCTS * sum(numbers), max(numbers)


def test_multiplications_are_counted(monkeypatch: pytest.MonkeyPatch, good: onnx.ModelProto) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    num_products, _ = cost(trained_looking(), torch.zeros(1, 1, SIZE_PX, SIZE_PX))
    monkeypatch.setattr(structure, "MAX_PRODUCTS_PER_PX", 1)
    monkeypatch.setattr(structure, "LEAST_PX", num_products)
    assert code_of(good) == ""
    monkeypatch.setattr(structure, "LEAST_PX", num_products - 1)
    assert code_of(good) == "model-too-costly"


@pytest.mark.parametrize("size_px", [8, 33, 225, 1025])
def test_the_widest_network_takes_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch, size_px: int) -> None:
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # there is none without a device
    with torch.device("meta"):
        net = resnet.ResNet(152, in_channels=3, num_classes=MAX_CLASSES, width=WIDTHS[1]).eval()
        num_products, num_numbers = cost(net, torch.zeros(1, 3, size_px, size_px))
    num_pixels = max(size_px**2, LEAST_PX)
    assert num_products < MAX_PRODUCTS_PER_PX * num_pixels
    assert num_numbers < MAX_NUMBERS_PER_PX * num_pixels


def test_an_attribute_given_twice_is_damage(good: onnx.ModelProto) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(good)
    pool = node(model.graph, "pool")
    pool.attribute.append(pool.attribute[0])
    assert code_of(model) == "model-unusable"


@pytest.mark.parametrize("name", ["logits", "class_maps", "features"])
def test_an_output_of_another_shape_than_declared_is_refused(good: onnx.ModelProto, name: str) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(good)
    (output,) = [output for output in model.graph.output if output.name == name]
    output.type.tensor_type.shape.dim[1].dim_value += 1
    assert code_of(model) == "model-card-lies"


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
@pytest.mark.parametrize("size_px", [8, 33, 224, 512])
def test_every_network_of_ours_passes(monkeypatch: pytest.MonkeyPatch, depth: int, size_px: int) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    assert code_of(to_onnx(trained_looking(depth, num_classes=5), size_px=size_px)) == ""
