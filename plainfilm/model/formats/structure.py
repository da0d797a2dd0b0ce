"""How the nodes of a model file are joined: as a residual network of ours, or the file is refused.

Operators alone promise little: the sum of a column and a row takes as much memory as it likes, a padding as well. So
the graph is followed from its outputs to the pixels, tensor after tensor, and then every shape is worked out for one
film, before anything is loaded. What passes is a stem, blocks and a head as `plainfilm.model.graph` writes them (or
several trunks of stem and blocks, side by side under one head), with or without the steps that
`plainfilm.model.quantise` adds: no side grows, nothing is broadcast but the bias of the head, no block holds more than
its input beside what it works on, and the multiplications are counted.
"""

import math
from dataclasses import dataclass

from plainfilm.errors import ModelFileError
from plainfilm.model.formats.outline import FLOAT, Node, Outline, Tensor

Shape = tuple[int, ...]  # of one film: channels, height, width

QUANTISING = frozenset({"QuantizeLinear", "DequantizeLinear"})
MAX_NUMBERS_PER_PX = 36  # of one tensor, for each pixel of a film; the widest ResNet has 33
MAX_PRODUCTS_PER_PX = 2_000_000  # of all nodes; the widest ResNet-152 has 1,100,000
NUMBER_PRODUCTS = 100  # what it costs to write a number and read it again, in multiplications
MAX_TRUNKS = 16  # of a mean of networks
MAX_STEPS = 2  # of quantising between two nodes
LEAST_PX = 224**2  # smaller films may take as much as such a film


def check_structure(outline: Outline, path: str) -> None:
    """Raise ModelFileError unless the graph is a residual network, and takes for one film no more than it may.

    Names and declared shapes of inputs and outputs are checked already (`plainfilm.model.card.check_shapes`).
    """
    graph = _Graph(outline, path)
    graph.work_out(graph.follow())
    graph.check_is_whole()


@dataclass(frozen=True)
class _Block:
    """A residual block: the tensor it starts from, its convolutions, that of its shortcut, and where the two meet."""

    start: str
    convolutions: list[Node]
    shortcut: Node | None
    sum: Node


@dataclass(frozen=True)
class _Trunk:
    """The nodes of one network but for its head, in order."""

    stem: Node
    pool: Node
    blocks: list[_Block]


@dataclass(frozen=True)
class _Network:
    """The nodes whose shapes are worked out, in order."""

    trunks: list[_Trunk]
    head: Node
    logits: Node


class _Graph:
    """The nodes, by the tensor that each makes; `left` are those that were not come to."""

    def __init__(self, outline: Outline, path: str) -> None:
        self.outline, self.constants, self.path = outline, outline.constants, path
        self.nodes: dict[str, Node] = {}
        self.pixels = _declared(outline.inputs["pixels"])
        self.num_pixels = max(math.prod(self.pixels[1:]), LEAST_PX)
        self.num_products = 0
        self.weights: set[str] = set()  # of convolutions: each has its own, ONNX Runtime would copy shared ones
        known = {"pixels", *self.constants}
        for node in outline.nodes:  # each after what it needs, so that there is no circle
            if not known.issuperset(node.inputs) or node.output in known or not self._has_operands(node):
                raise self._foreign(node)
            self.nodes[node.output] = node
            known.add(node.output)
        self.left = set(self.nodes)

    def _has_operands(self, node: Node) -> bool:
        """Whether a node has inputs enough, and constants and attributes like ours."""
        count, constants = len(node.inputs), [self.constants.get(name) for name in node.inputs[1:]]
        match node.operator:
            case "Conv":
                return count in (2, 3)
            case "Add":
                return count == 2
            case "Concat":
                return 2 <= count <= MAX_TRUNKS and node.attributes == {"axis": (1,)}
            case "Cast":
                return count == 1 and node.attributes == {"to": (FLOAT,)}
            case "Div":
                return [constant and math.prod(constant.shape) for constant in constants] == [1]
            case "ReduceMean":
                axes = [constant and constant.values for constant in constants]
                return axes == [(2, 3)] and node.attributes == {"keepdims": (0,)}
            case "QuantizeLinear" | "DequantizeLinear":
                return count in (2, 3) and None not in constants
        return count == 1

    def _foreign(self, node: Node) -> ModelFileError:
        """The error for a node that stands where none of ours does."""
        return ModelFileError("model-operator-unknown", path=self.path, operator=f"{node.operator} ({node.output})")

    # from the outputs to the pixels

    def follow(self) -> _Network:
        """The network that the graph is. Raises ModelFileError where it is none."""
        head, logits = self._made("class_maps", "Conv"), self._made("logits", "Add")  # nothing is quantised between
        mean, features = self._made(logits.inputs[0], "ReduceMean"), self._made("features", "ReduceMean")
        start = self._origin(head.inputs[0])
        if mean.inputs[0] != head.output or self._origin(features.inputs[0]) != start:
            raise self._foreign(mean)
        is_mean = self._does(start, "Concat")
        trunks = [self._trunk(name) for name in (self._node(start, "Concat").inputs if is_mean else (start,))]
        return _Network(trunks, head, logits)

    def _trunk(self, end: str) -> _Trunk:
        """The stem and the blocks that end with this tensor."""
        start, blocks = self._origin(end), []
        while self._does(start, "Relu"):
            blocks.append(self._block(start))
            start = blocks[-1].start
        pool = self._node(start, "MaxPool")
        stem = self._node(self._node(pool.inputs[0], "Relu").inputs[0], "Conv")
        cast = self._node(self._node(stem.inputs[0], "Div").inputs[0], "Cast")
        if cast.inputs[0] != "pixels":
            raise self._foreign(cast)
        return _Trunk(stem, pool, blocks[::-1])

    def _block(self, end: str) -> _Block:
        """The block that ends with this tensor."""
        meeting = self._node(self._node(end, "Relu").inputs[0], "Add")
        found = [self._node(meeting.inputs[0], "Conv")]
        while earlier := self._earlier(found[-1]):
            found.append(earlier)
        start, other = self._origin(found[-1].inputs[0]), self._origin(meeting.inputs[1])
        shortcut = None if other == start else self._node(other, "Conv")
        if shortcut and self._origin(shortcut.inputs[0]) != start:
            raise self._foreign(shortcut)
        return _Block(start, found[::-1], shortcut, meeting)

    def _earlier(self, node: Node) -> Node | None:
        """The convolution before one, where a ReLU alone stands between; None for the first of a block."""
        relu = self.nodes.get(self._origin(node.inputs[0]))
        if relu is None or relu.operator != "Relu" or not self._does(relu.inputs[0], "Conv"):
            return None
        self.left.discard(relu.output)
        return self._node(relu.inputs[0], "Conv")

    def _origin(self, name: str) -> str:
        """The tensor that this one is, but for steps of quantising."""
        for _ in range(MAX_STEPS):
            node = self.nodes.get(name)
            if node is None or node.operator not in QUANTISING:
                break
            self.left.discard(name)
            name = node.inputs[0]
        return name

    def _does(self, name: str, operator: str) -> bool:
        """Whether this operator makes a tensor."""
        node = self.nodes.get(self._origin(name))
        return node is not None and node.operator == operator

    def _node(self, name: str, operator: str) -> Node:
        """The node of this operator that makes a tensor, steps of quantising left out."""
        return self._made(self._origin(name), operator)

    def _made(self, name: str, operator: str) -> Node:
        """The node of this operator that makes a tensor."""
        node = self.nodes.get(name)
        if node is None or node.operator != operator:
            raise self._foreign(node or Node(operator, (), name, {}))
        self.left.discard(node.output)
        return node

    # from the pixels to the outputs

    def work_out(self, network: _Network) -> None:
        """Work out every shape. Raises ModelFileError where two do not fit, or where a film would take too much."""
        shapes = [self._worked_out(trunk) for trunk in network.trunks]
        if len({shape[1:] for shape in shapes}) > 1:
            raise self._foreign(network.head)
        shape = (sum(shape[0] for shape in shapes), *shapes[0][1:])
        maps = self._convolved(network.head, shape)
        bias = self.constants.get(self._origin(network.logits.inputs[1]))
        if bias is None or bias.shape != maps[:1]:
            raise self._foreign(network.logits)
        for name, found in (("logits", maps[:1]), ("class_maps", maps), ("features", shape[:1])):
            if _declared(self.outline.outputs[name]) != found:
                raise ModelFileError("model-card-lies", path=self.path, what=name, expected=str(list(found)))

    def _worked_out(self, trunk: _Trunk) -> Shape:
        """The shape that a trunk makes of the pixels."""
        shape = self._pooled(trunk.pool, self._convolved(trunk.stem, self.pixels))
        for block in trunk.blocks:
            start = shape
            for node in block.convolutions:
                shape = self._convolved(node, shape)
            if shape != (start if block.shortcut is None else self._convolved(block.shortcut, start)):
                raise self._foreign(block.sum)
        return shape

    def check_is_whole(self) -> None:
        """Raise ModelFileError where the graph does something beside the network."""
        if self.left:
            raise self._foreign(self.nodes[min(self.left)])

    def _convolved(self, node: Node, shape: Shape) -> Shape:
        """The shape that a convolution makes of one."""
        names = [self._origin(name) for name in node.inputs[1:]]
        weight, *bias = map(self.constants.get, names)
        if weight is None or len(weight.shape) != 4 or weight.shape[1] != shape[0] or names[0] in self.weights:
            raise self._foreign(node)
        self.weights.add(names[0])
        if any(constant is None or constant.shape != weight.shape[:1] for constant in bias):
            raise self._foreign(node)
        return self._slid(node, weight.shape[0], shape, weight.shape[2:], math.prod(weight.shape[1:]))

    def _pooled(self, node: Node, shape: Shape) -> Shape:
        """The shape that a maximum over windows makes of one."""
        window = node.attributes.get("kernel_shape", ())
        if len(window) != 2:
            raise self._foreign(node)
        return self._slid(node, shape[0], shape, window, math.prod(window))

    def _slid(self, node: Node, channels: int, shape: Shape, window: Shape, num_products: int) -> Shape:
        """What a window makes that slides over height and width, with so many products for each number."""
        strides, pads = node.attributes.get("strides", (1, 1)), node.attributes.get("pads", (0, 0, 0, 0))
        if len(strides) != 2 or len(pads) != 4 or 0 in strides or node.attributes.get("kernel_shape", window) != window:
            raise self._foreign(node)
        sides = [
            (side + before + after - length) // stride + 1
            for side, before, after, length, stride in zip(shape[1:], pads[:2], pads[2:], window, strides, strict=True)
        ]
        if not all(0 < new <= old for new, old in zip(sides, shape[1:], strict=True)):
            raise self._foreign(node)
        made = (channels, *sides)
        self.num_products += math.prod(made) * (num_products + NUMBER_PRODUCTS)
        is_large = math.prod(made) > MAX_NUMBERS_PER_PX * self.num_pixels
        if is_large or self.num_products > MAX_PRODUCTS_PER_PX * self.num_pixels:
            raise ModelFileError("model-too-costly", path=self.path, operator=f"{node.operator} ({node.output})")
        return made


def _declared(tensor: Tensor) -> Shape:
    """The shape of one film's tensor, as the file declares it."""
    return tuple(side or 0 for side in tensor.shape[1:])
