"""A ResNet, or a mean of several, as an ONNX graph, written node by node.

Why not an exporter: the graph is some sixty nodes of seven kinds; written here it has one file, any batch size, no
warning, and initialisers named like the state dict, with each batch-norm folded into its convolution (in float64). A
parity check on real films compares the two each time a model file is written.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from plainfilm.model.networks.mean import Network, members_of
from plainfilm.model.networks.resnet import Bottleneck, ResNet

OPSET = 18
IR_VERSION = 9  # read by ONNX Runtime since 1.15, and by OpenVINO and onnxruntime-web of the same age


class _Graph:
    """Nodes and initialisers, as they are added; each method returns the name of the tensor that it makes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initialisers: list[onnx.TensorProto] = []

    def constant(self, name: str, value: NDArray[np.float32 | np.int64]) -> str:
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"{kind}:{output}", **attributes))
        return output

    def conv_bn(self, x: str, conv: nn.Conv2d, norm: nn.BatchNorm2d, name: str) -> str:
        """A convolution with the batch-norm after it folded in."""
        weight, bias = fold(conv, norm)
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        pads = [conv.kernel_size[0] // 2] * 4
        return self.node(
            "Conv", inputs, name, kernel_shape=list(conv.kernel_size), strides=list(conv.stride), pads=pads
        )

    def block(self, x: str, block: Any, name: str) -> str:
        """A basic block or a bottleneck."""
        count = 3 if isinstance(block, Bottleneck) else 2
        y = x
        for number in range(1, count + 1):
            conv, norm = getattr(block, f"conv{number}"), getattr(block, f"bn{number}")
            y = self.conv_bn(y, conv, norm, f"{name}.conv{number}")
            if number < count:
                y = self.node("Relu", [y], f"{y}.relu")
        if block.downsample is not None:
            x = self.conv_bn(x, block.downsample[0], block.downsample[1], f"{name}.downsample.0")
        return self.node("Relu", [self.node("Add", [y, x], f"{name}.add")], name)

    def trunk(self, x: str, net: ResNet, prefix: str) -> str:
        """All of a network but its head."""
        x = self.node("Relu", [self.conv_bn(x, net.conv1, net.bn1, f"{prefix}conv1")], f"{prefix}conv1.relu")
        x = self.node("MaxPool", [x], f"{prefix}pool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
        for name in ("layer1", "layer2", "layer3", "layer4"):
            for number, block in enumerate(getattr(net, name)):
                x = self.block(x, block, f"{prefix}{name}.{number}")
        return x


def fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The weight (out, in, k, k) and bias (out,) of the one convolution that equals `conv` and then `norm`."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight, scale, shift, mean, variance = (
        tensor.detach().cpu().double().numpy()
        for tensor in (conv.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    factor = scale / np.sqrt(variance + norm.eps)
    return (weight * factor[:, None, None, None]).astype(np.float32), (shift - mean * factor).astype(np.float32)


def to_onnx(net: Network, *, size_px: int) -> onnx.ModelProto:
    """`net` as ONNX: pixels uint8 (N, C, S, S) -> logits (N, K), class_maps (N, K, h, w), features (N, D).

    The head of a mean of networks is one convolution of what all their trunks make, with the mean of their weights.
    """
    members = members_of(net)
    graph = _Graph()
    x = graph.node("Cast", ["pixels"], "pixels.float", to=TensorProto.FLOAT)
    x = graph.node("Div", [x, graph.constant("pixels.white", np.array(255, dtype=np.float32))], "pixels.scaled")
    if len(members) == 1:
        x = graph.trunk(x, members[0], "")
    else:
        trunks = [graph.trunk(x, member, f"members.{number}.") for number, member in enumerate(members)]
        x = graph.node("Concat", trunks, "members", axis=1)
    weight = (torch.cat([member.fc.weight for member in members], dim=1) / len(members)).detach().cpu().numpy()
    bias = torch.stack([member.fc.bias for member in members]).mean(dim=0).detach().cpu().numpy()
    graph.node("Conv", [x, graph.constant("fc.weight", weight[:, :, None, None])], "class_maps", kernel_shape=[1, 1])
    axes = graph.constant("spatial.axes", np.array([2, 3], dtype=np.int64))
    mean = graph.node("ReduceMean", ["class_maps", axes], "class_maps.mean", keepdims=0)
    graph.node("Add", [mean, graph.constant("fc.bias", bias)], "logits")
    graph.node("ReduceMean", [x, axes], "features", keepdims=0)
    num_channels, (num_classes, num_features) = members[0].conv1.in_channels, weight.shape
    side = size_px // 32 + (size_px % 32 > 0)
    described = helper.make_graph(
        graph.nodes,
        "resnet",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", num_channels, size_px, size_px])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", num_classes]),
            helper.make_tensor_value_info("class_maps", TensorProto.FLOAT, ["N", num_classes, side, side]),
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", num_features]),
        ],
        graph.initialisers,
    )
    model = helper.make_model(described, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="plainfilm")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model
