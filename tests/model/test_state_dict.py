"""Which dict of a file and which names: wherever a network's weights stand, and whatever their names begin with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.model.formats.state_dict import (
    MAX_DEPTH,
    at,
    beside,
    choices,
    dicts_of_tensors,
    head_among,
    other_network,
)
from plainfilm.model.formats.stored import Stored, stored


class Tensor:
    """Something that is a tensor."""


KNOWN = {f"layer{stage}.{block}.conv1.weight": "net" for stage in (1, 2, 3, 4) for block in range(8)}
WORD = st.text("abcdxyz_", min_size=1, max_size=6)
PREFIX = st.lists(WORD, max_size=4).map(lambda words: "".join(f"{word}." for word in words))


def weights(prefix: str = "", count: int = 32) -> dict[str, Tensor]:
    return {prefix + name: Tensor() for name in list(KNOWN)[:count]}


def found(content: object) -> list[str]:
    return [str(choice) for choice in choices(dicts_of_tensors(content, Tensor), KNOWN)]


@given(st.lists(st.one_of(WORD, st.integers(0, 3)), max_size=MAX_DEPTH), PREFIX)
def test_they_are_found_wherever_they_stand(place: list[str | int], prefix: str) -> None:
    """Below any keys and in lists, beside the state of an optimiser and another network of which there is less."""
    content: object = weights(prefix) | {"step": Tensor(), "epoch": 3}
    for key in reversed(place):
        part = {"rest": weights("other.", 31), 7: {"exp_avg": Tensor()}}
        content = {**part, key: content} if isinstance(key, str) else [*[part] * key, content]
    (choice,) = choices(dicts_of_tensors(content, Tensor), KNOWN)
    assert (choice.place, choice.prefix) == (tuple(place), prefix)
    assert set(weights(prefix)) <= set(at(content, choice.place))


@pytest.mark.parametrize(
    ("average", "trained"),
    [
        ("state_dict_ema", "state_dict"),
        ("model_ema", "model"),
        ("swa", "net"),
        ("teacher", "student"),
        ("target_network", "online_network"),
        ("averaged_model", "model"),
    ],
)
def test_an_average_stands_back(average: str, trained: str) -> None:
    """As an entry and as a beginning of names, before and after what was trained, and the same dict as well."""
    same = weights()
    for content in ({average: weights(), trained: weights()}, {trained: weights(), average: weights()}):
        assert found(content) == [trained, average]
    assert found({average: same, trained: same}) == [trained, average]
    assert found(weights(f"{average}.") | weights(f"{trained}.")) == [f"{trained}.", f"{average}."]
    assert found({average: weights()}) == [average], "alone it is taken"
    assert found({average: weights(), trained: weights(count=31)}) == [average], "names count first"


def test_of_equals_the_first_is_taken() -> None:
    assert found({"folds": [weights(), weights("m.")], "best": weights()}) == ["best", "folds.0", "folds.1: m."]


def test_a_few_names_are_chance() -> None:
    assert found(weights(count=19)) == []
    assert found({"layer1": {}, "step": Tensor()}) == []


def test_deeper_than_is_looked() -> None:
    content: object = weights()
    for _ in range(MAX_DEPTH + 1):
        content = {"more": content}
    assert found(content) == []


def test_what_stands_beside_is_told() -> None:
    content = {"epoch": 1, "nets": [{}, {"model": weights(), "arch": "x"}]}
    assert beside(content, ("nets", 1, "model")) == ("epoch", "nets.0", "nets.1.arch")
    assert beside(content, ()) == ()


# --- the layer of classes --------------------------------------------------------------------------------------------


def of(*shape: int) -> Stored:
    return stored(memoryview(bytes(4 * 4096)), "F32", shape, "file")


LINEAR = {"head.1.weight": of(3, 16), "head.1.bias": of(3)}


@pytest.mark.parametrize(
    ("tensors", "expected"),
    [
        (LINEAR, "head.1"),
        (LINEAR | {"criterion.weight": of(3), "queue": of(5, 9)}, "head.1"),
        ({"weight": of(3, 16), "bias": of(3)}, ""),
        ({"head.weight": of(3, 16)}, ""),
        ({"head.weight": of(3, 16), "head.bias": of(2)}, ""),
        ({"head.weight": of(16, 3), "head.bias": of(16)}, ""),
        (LINEAR | {"head.0.weight": of(16), "head.0.bias": of(16)}, ""),
        (LINEAR | {"head.3.weight": of(2, 3), "head.3.bias": of(2)}, ""),
        (LINEAR | {"aux.weight": of(5, 16), "aux.bias": of(5)}, ""),
        ({}, ""),
    ],
)
def test_a_layer_of_classes_is_the_one_linear_layer(tensors: dict[str, Stored], expected: str) -> None:
    """Not one behind a norm, before another layer, beside another one, without a bias, or turned round."""
    assert head_among(tensors, 16) == expected


def test_other_networks_are_known_by_their_names() -> None:
    assert other_network(["features.denseblock1.denselayer1.conv1.weight"]) == "DenseNet"
    assert other_network(["cls_token", "blocks.0.attn.qkv.weight"]) == "Vision Transformer"
    assert other_network(["layer1.0.conv1.weight"]) is None
