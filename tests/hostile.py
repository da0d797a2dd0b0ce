"""Model files that lie: each is made of a good one, and its digest is right unless that is the lie."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from plainfilm.model import modelfile
from plainfilm.model.modelfile import CARD_KEY, DIGEST_KEY

Card = dict[str, Any]
Maker = Callable[[onnx.ModelProto], bytes]


def signed(proto: onnx.ModelProto, card: str | None = None) -> bytes:
    """The bytes of a model with this card (its own, if none is given) and a digest that fits."""
    entries = {entry.key: entry.value for entry in proto.metadata_props}
    helper.set_model_props(proto, entries | {CARD_KEY: card or entries[CARD_KEY], DIGEST_KEY: modelfile.BLANK_DIGEST})
    data = proto.SerializeToString(deterministic=True)
    ((start, end),) = modelfile._digest_places(data)
    return data[:start] + modelfile._digest(data, start).encode() + data[end:]


def with_card(change: Callable[[Card], object]) -> Maker:
    """Makes a file whose card went through `change`, which returns the new text or changes the card in place."""

    def make(proto: onnx.ModelProto) -> bytes:
        card = json.loads({entry.key: entry.value for entry in proto.metadata_props}[CARD_KEY])
        text = change(card)
        return signed(proto, text if isinstance(text, str) else json.dumps(card))

    return make


def setting(value: object, *keys: str) -> Maker:
    """Makes a file whose card says `value` under `keys`."""

    def change(card: Card) -> None:
        for key in keys[:-1]:
            card = card[key]
        card[keys[-1]] = value

    return with_card(change)


def without_metadata(proto: onnx.ModelProto) -> bytes:
    del proto.metadata_props[:]
    return proto.SerializeToString()


def flipped(proto: onnx.ModelProto) -> bytes:
    data = bytearray(signed(proto))
    data[len(data) // 2] ^= 1
    return bytes(data)


def with_node(kind: str, domain: str = "", **attributes: Any) -> Maker:
    """Makes a file that computes one thing more."""

    def make(proto: onnx.ModelProto) -> bytes:
        proto.graph.node.insert(0, helper.make_node(kind, ["shape"], ["more"], domain=domain, **attributes))
        shape = np.array([60_000, 60_000], np.int64)
        proto.graph.initializer.append(numpy_helper.from_array(shape, "shape"))
        return signed(proto)

    return make


def with_subgraph(proto: onnx.ModelProto) -> bytes:
    graph = helper.make_graph([], "inner", [], [])
    proto.graph.node[0].attribute.append(helper.make_attribute("body", graph))
    return signed(proto)


def with_functions(proto: onnx.ModelProto) -> bytes:
    opset = [helper.make_opsetid("", 18)]
    node = helper.make_node("Relu", ["x"], ["y"])
    proto.functions.append(helper.make_function("", "Relu", ["x"], ["y"], [node], opset))
    return signed(proto)


def with_two_graphs(proto: onnx.ModelProto) -> bytes:
    """Protobuf merges a graph that stands in two parts; the digest is right all the same."""
    data = onnx.ModelProto(graph=onnx.GraphProto(name="second")).SerializeToString() + signed(proto)
    ((start, end),) = modelfile._digest_places(data)
    return data[:start] + modelfile._digest(data, start).encode() + data[end:]


def outside(proto: onnx.ModelProto) -> bytes:
    weights = proto.graph.initializer[1]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../../../etc/passwd")
    return signed(proto)


def absent(proto: onnx.ModelProto) -> bytes:
    weights = proto.graph.initializer[1]
    weights.ClearField("raw_data")
    weights.dims[0] = 2**40
    return signed(proto)


def large_and_lying(proto: onnx.ModelProto) -> bytes:
    """80 MB of weights under a card that is wrong about the classes."""
    proto.graph.initializer.append(numpy_helper.from_array(np.zeros(20 * 2**20, np.float32), "large"))
    return with_card(lambda card: card["classes"].pop())(proto)


def large_and_damaged(proto: onnx.ModelProto) -> bytes:
    data = bytearray(large_and_lying(proto))
    data[40 * 2**20] ^= 1
    return bytes(data)


def not_finite(proto: onnx.ModelProto) -> bytes:
    """A weight that is no number, which makes every answer none."""
    (bias,) = [tensor for tensor in proto.graph.initializer if tensor.name == "fc.bias"]
    bias.raw_data = np.full(len(bias.raw_data) // 4, np.nan, np.float32).tobytes()
    return signed(proto)


def one_film_alone(proto: onnx.ModelProto) -> bytes:
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    return signed(proto)


def swapped(proto: onnx.ModelProto) -> bytes:
    """The pixels are an output, and the features an input."""
    pixels, features = (
        onnx.ValueInfoProto.FromString(given.SerializeToString())
        for given in (proto.graph.input[0], proto.graph.output[2])
    )
    pixels.type.tensor_type.elem_type, features.type.tensor_type.elem_type = TensorProto.FLOAT, TensorProto.UINT8
    proto.graph.input[0].CopyFrom(features)
    proto.graph.output[2].CopyFrom(pixels)
    return signed(proto)


def broadcasting(proto: onnx.ModelProto) -> bytes:
    """The bias is the sum of a column and a row: 400 kB that would become 10 GB."""
    for name, shape in (("column", (50_000, 1)), ("row", (1, 50_000))):
        proto.graph.initializer.append(numpy_helper.from_array(np.zeros(shape, np.float32), name))
    place = next(place for place, node in enumerate(proto.graph.node) if node.output[0] == "logits")
    proto.graph.node[place].input[1] = "table"
    proto.graph.node.insert(place, helper.make_node("Add", ["column", "row"], ["table"]))
    return signed(proto)


def padded(proto: onnx.ModelProto) -> bytes:
    """The first convolution pads the film to 60,000 x 60,000."""
    node = next(node for node in proto.graph.node if node.op_type == "Conv")
    (pads,) = [attribute for attribute in node.attribute if attribute.name == "pads"]
    pads.ints[:] = [30_000] * 4
    return signed(proto)


def wide(proto: onnx.ModelProto) -> bytes:
    """The first convolution makes 20,000 channels."""
    node = next(node for node in proto.graph.node if node.op_type == "Conv")
    for tensor in proto.graph.initializer:
        if tensor.name in node.input[1:]:
            shape = (20_000, *tensor.dims[1:])
            tensor.CopyFrom(numpy_helper.from_array(np.zeros(shape, np.float32), tensor.name))
    return signed(proto)


def wrong_type(proto: onnx.ModelProto) -> bytes:
    proto.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT
    return signed(proto)


DECISION = {
    **{"temperature": 1.5, "shift": 0.1, "positives": 40, "negatives": 60, "present": 0.2, "absent": 0.6},
    **{"operating_points": [], "prevalence": 0.4},
}


def of_findings(decision: Card, **calibration: object) -> Maker:
    """Makes a file of findings whose decisions say what is given, and whose calibration does."""

    def change(card: Card) -> None:
        card["task"] = {"kind": "findings", "blank": "absent"}
        findings = [DECISION | decision for _ in card["classes"]]
        card["calibration"] = {"coverage": 0.95, "findings": findings, "from": "out-of-fold"} | calibration

    return with_card(change)


def endless_accuracy(card: Card) -> str:
    """A card whose accuracy is 1e999: JSON's other way to write infinity."""
    text = json.dumps(card | {"evaluation": {"accuracy": {"value": 0.5, "low": 0, "high": 1, "n": 3}}})
    return text.replace('"value": 0.5', '"value": 1e999')


FOREIGN = ("is no model file of plainfilm, or is cut off", "不是 plainfilm 的模型文件")
DAMAGED = ("is damaged: its digest does not fit", "已损坏")
OPERATOR = ("which no network of plainfilm does", "网络中没有的运算")
LIES = ("contradicts itself about its", "自相矛盾")
UNUSABLE = ("cannot be run", "无法运行")
INCOMPLETE = ("is incomplete or wrong (", "不完整或有误（")

FILES: dict[str, tuple[Maker, tuple[str, str]]] = {  # what makes it, what the sentence says in English and Chinese
    "empty": (lambda _: b"", FOREIGN),
    "large and foreign": (lambda _: bytes(80 * 2**20), FOREIGN),
    "cut": (lambda proto: signed(proto)[:20_000], FOREIGN),
    "one byte short": (lambda proto: signed(proto)[:-1], FOREIGN),
    "flipped": (flipped, DAMAGED),
    "large and damaged": (large_and_damaged, DAMAGED),
    "no metadata": (without_metadata, FOREIGN),
    "unknown operator": (with_node("Loot"), OPERATOR),
    "foreign domain": (with_node("Relu", domain="evil"), OPERATOR),
    "constant of 14 GB": (with_node("ConstantOfShape"), OPERATOR),
    "subgraph": (with_subgraph, OPERATOR),
    "functions": (with_functions, OPERATOR),
    "two graphs": (with_two_graphs, UNUSABLE),
    "weights outside": (outside, ("in another file, which is not opened", "放在另一个文件中，不予打开")),
    "weights absent": (absent, ("that it does not hold", "却没有其内容")),
    "not finite": (not_finite, UNUSABLE),
    "broadcasting": (broadcasting, OPERATOR),
    "padded": (padded, OPERATOR),
    "wide": (wide, ("takes more memory or time for a film", "所需的内存或时间")),
    "large and lying": (large_and_lying, LIES),
    "float pixels": (wrong_type, LIES),
    "one film alone": (one_film_alone, LIES),
    "pixels as output": (swapped, LIES),
    "a class less": (with_card(lambda card: card["classes"].pop()), LIES),
    "a class more": (with_card(lambda card: card["classes"].append({"name": "d", "names": {"en": "d"}})), LIES),
    "other size": (setting(96, "preprocessing", "size"), LIES),
    "other channels": (setting(3, "preprocessing", "channels"), LIES),
    "version as float": (setting(1.5, "format_version"), ("has format version 1.5", "格式版本为 1.5")),
    "version true": (setting(True, "format_version"), ("has format version True", "格式版本为 True")),
    **{
        f"card: {keys} = {json.dumps(value)[:30]}": (setting(value, *keys.split(".")), INCOMPLETE)
        for keys, value in (
            ("preprocessing.fit", "stretch"),
            ("preprocessing.fit", []),
            ("preprocessing.size", "64"),
            ("preprocessing.size", 64.0),
            ("preprocessing.size", -64),
            ("preprocessing.size", 10**9),
            ("preprocessing.channels", True),
            ("preprocessing.channels", 2),
            ("preprocessing", None),
            ("classes", []),
            ("classes", None),
            ("classes", ["a", "b", "c"]),
            ("classes", [{"name": name, "names": {"en": "e"}} for name in "aba"]),
            ("classes", [{"name": number, "names": {"en": "e"}} for number in range(3)]),
            ("classes", [{"name": [name], "names": {"en": "e"}} for name in "abc"]),
            ("weights_sha256", 5),
            ("provenance", []),
            ("provenance", {"leaking": "no"}),
            ("calibration", [1.5]),
            ("evaluation", "good"),
            ("evaluation", {}),
            ("evaluation", {"accuracy": 0.99}),
            ("evaluation", {"accuracy": {"value": "high", "low": 0, "high": 1, "n": 3}}),
            ("evaluation", {"accuracy": {"value": 10**400, "low": 0, "high": 1, "n": 3}}),
            ("evaluation", {"accuracy": {"value": 0.5, "low": 0, "high": 1, "n": "many"}}),
            ("evaluation", {"accuracy": {"value": 0.5, "low": 0, "high": 1, "n": 3}, "macro_auc": "high"}),
            ("maps", {"faithful": True, "n": 3, "classes": [1]}),
            ("maps", {"faithful": True, "n": 3, "classes": {"a": {"deletion": {"random": {}}}}}),
            ("maps", {"faithful": True, "n": 3, "classes": {"a": {"deletion": {"random": {"high": "no"}}}}}),
            ("task", []),
            ("task", {}),
            ("task", {"kind": "seer"}),
            ("task", {"kind": ["findings"]}),
            ("seen", []),
            ("seen", {"films": 3}),
            ("classes", [{"name": name, "names": {"en": 3}} for name in "abc"]),
            ("classes", [{"name": name, "names": "abc"} for name in "abc"]),
        )
    },
    **{
        f"findings: {json.dumps(decision)[:30]} {json.dumps(calibration)[:30]}": (
            of_findings(decision, **calibration),
            INCOMPLETE,
        )
        for decision, calibration in (
            ({"temperature": 0}, {}),
            ({"temperature": None}, {}),
            ({"shift": "much"}, {}),
            ({"positives": -1}, {}),
            ({"positives": 3}, {}),
            ({"present": 1.5}, {}),
            ({"absent": [0.5]}, {}),
            ({"operating_points": [{"asked": 0.9}]}, {}),
            ({"prevalence": True}, {}),
            ({}, {"coverage": 2}),
            ({}, {"findings": [DECISION]}),
            ({}, {"findings": 14}),
            ({}, {"from": "hearsay"}),
            ({}, {"from": ["validation"]}),
        )
    },
    "card: a list": (with_card(lambda card: json.dumps([card])), INCOMPLETE),
    "card: no JSON": (with_card(lambda card: "hello"), INCOMPLETE),
    "card: nested": (with_card(lambda card: "[" * 300_000), INCOMPLETE),
    "card: not finite": (with_card(lambda card: json.dumps(card | {"evaluation": float("nan")})), INCOMPLETE),
    "card: beyond any float": (with_card(endless_accuracy), INCOMPLETE),
    "card: endless number": (with_card(lambda card: '{"format_version": ' + "9" * 9999 + "}"), INCOMPLETE),
    "card: many objects": (with_card(lambda card: "[" + "{}," * 400_000 + "{}]"), INCOMPLETE),
    "card: too long": (with_card(lambda card: " " * 2_000_000), UNUSABLE),
}


def make(kind: str, good: Path, target: Path) -> Path:
    """Write the file of this kind, made of a good one."""
    target.write_bytes(FILES[kind][0](onnx.load(good)))
    return target
