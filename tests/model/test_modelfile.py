import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from builders import (
    SLIM_WIDTHS,
    change_card,
    make_calibration,
    make_card,
    random_pixels,
    trained_looking,
    write_model,
    write_network,
)
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from plainfilm.errors import ModelFileError
from plainfilm.estimate import Estimate
from plainfilm.model import graph, modelfile
from plainfilm.model.card import Card, OwnFigures, Provenance, class_names
from plainfilm.model.modelfile import CARD_KEY, DIGEST_KEY
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor


@pytest.fixture(autouse=True)
def _slim(monkeypatch):
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        return write_model(tmp_path_factory.mktemp("model") / "model.onnx")


def card_of(path: Path) -> Card:
    return Predictor(path).card


def code_of(path: Path) -> str:
    """The code of the error with which a Predictor refuses the file."""
    with pytest.raises(ModelFileError) as caught:
        Predictor(path)
    return caught.value.code


def rewritten(path: Path, target: Path, change) -> Path:
    """A copy of a model file whose card, as a dictionary, went through `change`; its digest is right."""
    proto = onnx.load(path)
    entries = {entry.key: entry.value for entry in proto.metadata_props}
    card = json.loads(entries[CARD_KEY])
    return signed(proto, json.dumps(change(card) or card), target)


def signed(proto: onnx.ModelProto, card: str, target: Path) -> Path:
    helper.set_model_props(proto, {CARD_KEY: card, DIGEST_KEY: modelfile.BLANK_DIGEST})
    data = proto.SerializeToString(deterministic=True)
    ((start, end),) = modelfile._digest_places(data)
    target.write_bytes(data[:start] + modelfile._digest(data, start).encode() + data[end:])
    return target


# --- what is written can be read -------------------------------------------------------------------------------------


def test_round_trip(tmp_path):
    card = make_card(
        ("NORMAL", "COVID"), provenance=Provenance(leaking=True, recipe="[训练]\n"), calibration=make_calibration(2)
    )
    net = trained_looking(num_classes=2)
    difference = write_network(tmp_path / "model.onnx", net, card, random_pixels(5))
    assert 0 <= difference < 1e-5
    found = card_of(tmp_path / "model.onnx")
    assert found == replace(card, weights_sha256=found.weights_sha256)
    assert found.is_leaking
    assert found.class_names == ("NORMAL", "COVID")
    assert [entry.shown("zh") for entry in found.classes] == ["正常肺部", "新冠肺炎"]
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]  # no data beside it, nothing temporary


def test_same_network_same_bytes(written, tmp_path):
    assert write_model(tmp_path / "again.onnx").read_bytes() == written.read_bytes()


def test_the_checksum_of_the_weights_is_of_the_weights(written, tmp_path):
    checksum = card_of(written).weights_sha256
    assert len(checksum) == 64
    other_card = write_model(tmp_path / "card.onnx", provenance=Provenance(recipe="another"))
    assert card_of(other_card).weights_sha256 == checksum
    net = trained_looking()
    with torch.no_grad():
        net.layer2[1].bn2.running_mean[3] += 1e-3
    assert card_of(write_model(tmp_path / "weights.onnx", net)).weights_sha256 != checksum


def test_update_changes_the_card_alone(written, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(written.read_bytes())
    returned = change_card(
        path, evaluation=OwnFigures({"accuracy": Estimate(0.9, 0.6, 1.0, 10)}), calibration=make_calibration(3)
    )
    before, after = onnx.load(written), onnx.load(path)
    assert after.graph == before.graph
    assert card_of(path) == returned
    old = asdict(card_of(written))
    assert {key for key, value in asdict(returned).items() if value != old[key]} == {"evaluation", "calibration"}
    change_card(path, evaluation=None, calibration=None)
    assert path.read_bytes() == written.read_bytes()


def test_given_names_come_before_the_tutorials():
    entries = class_names(["COVID", "lung_opacity"], {"COVID": ("covid!", "新冠!")})
    assert [tuple(entry.names.values()) for entry in entries] == [("covid!", "新冠!"), ("lung opacity", "lung opacity")]


# --- what is wrong is refused ----------------------------------------------------------------------------------------


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(written, tmp_path_factory, place, bit):
    data = bytearray(written.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    target = tmp_path_factory.getbasetemp() / "flipped.onnx"
    target.write_bytes(data)
    with pytest.raises(ModelFileError) as caught:
        modelfile.read(target)
    assert caught.value.code in ("model-damaged", "model-foreign")


def test_every_flipped_bit_of_the_metadata_is_found(written, tmp_path):
    data = written.read_bytes()
    target = tmp_path / "flipped.onnx"
    for place in range(data.index(DIGEST_KEY.encode()) - 4, len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        target.write_bytes(flipped)
        with pytest.raises(ModelFileError) as caught:
            modelfile.read(target)
        assert caught.value.code in ("model-damaged", "model-foreign")


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.999])
def test_a_cut_file_is_found(written, tmp_path, keep):
    data = written.read_bytes()
    (tmp_path / "cut.onnx").write_bytes(data[: int(keep * len(data))])
    assert code_of(tmp_path / "cut.onnx") in ("model-damaged", "model-foreign")
    (tmp_path / "cut.onnx").write_bytes(data[:-1])
    assert code_of(tmp_path / "cut.onnx") in ("model-damaged", "model-foreign")


@pytest.mark.parametrize("more", [b"\0", b"\x7a\x00", b"two"])
def test_a_longer_file_is_found(written, tmp_path, more):
    (tmp_path / "longer.onnx").write_bytes(written.read_bytes() + more)
    assert code_of(tmp_path / "longer.onnx") == "model-damaged"


def test_two_digests_are_refused(written, tmp_path):
    data = written.read_bytes()
    ((_, end),) = modelfile._digest_places(data)
    (tmp_path / "twice.onnx").write_bytes(data + data[end - 120 : end])
    assert code_of(tmp_path / "twice.onnx") == "model-foreign"


def test_missing_files_and_folders(tmp_path):
    assert code_of(tmp_path / "none.onnx") == "model-missing"
    assert code_of(tmp_path) == "model-missing"


def foreign() -> onnx.ModelProto:
    node = helper.make_node("Relu", ["pixels"], ["logits"])
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 3]) for name in ("pixels", "logits")]
    return helper.make_model(
        helper.make_graph([node], "foreign", tensors[:1], tensors[1:]),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=9,
    )


def test_a_foreign_file_is_refused(tmp_path):
    onnx.save(foreign(), tmp_path / "foreign.onnx")
    assert code_of(tmp_path / "foreign.onnx") == "model-foreign"
    (tmp_path / "text.onnx").write_text("no model at all")
    assert code_of(tmp_path / "text.onnx") == "model-foreign"


def test_a_foreign_graph_under_a_card_of_ours_is_refused(tmp_path):
    card = make_card().as_json()
    assert code_of(signed(foreign(), card, tmp_path / "foreign.onnx")) == "model-card-lies"


def set_fit(card):
    card["preprocessing"]["fit"] = "stretch"


def set_size(card):
    card["preprocessing"]["size"] = 96


def set_channels(card):
    card["preprocessing"]["channels"] = 3


def drop_class(card):
    card["classes"].pop()


def add_class(card):
    card["classes"].append({"name": "d", "names": {"en": "d"}})


def set_version(card):
    card["format_version"] = 3


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (set_size, "model-card-lies"),
        (set_channels, "model-card-lies"),
        (drop_class, "model-card-lies"),
        (add_class, "model-card-lies"),
        (set_version, "model-version"),
        (set_fit, "model-card-damaged"),
        (lambda card: {**card, "classes": [3]}, "model-card-damaged"),
        (lambda card: {**card, "format_version": 1, "surprise": 1}, "model-card-damaged"),
        (lambda card: {key: value for key, value in card.items() if key != "weights_sha256"}, "model-card-damaged"),
        (lambda card: [card], "model-card-damaged"),
        (lambda card: {**card, "maps": 3}, "model-card-damaged"),
        (lambda card: {**card, "maps": {"faithful": True}}, "model-card-damaged"),
    ],
)
def test_a_card_that_is_wrong_is_refused(written, tmp_path, change, code):
    assert code_of(rewritten(written, tmp_path / "model.onnx", change)) == code


def test_an_untouched_card_passes_the_same_way(written, tmp_path):
    """The helper that plants the faults above makes good files when it plants none."""
    assert card_of(rewritten(written, tmp_path / "model.onnx", lambda card: None)) == card_of(written)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_never_written(written, tmp_path, number):
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match="JSON"):
        write_model(path, provenance=Provenance(validation={"loss": number}))
    assert not path.exists()
    path.write_bytes(written.read_bytes())
    with pytest.raises(ValueError, match="JSON"):
        change_card(path, evaluation=OwnFigures(others={"loss": number}))
    assert path.read_bytes() == written.read_bytes()


# --- weights drawn anew ----------------------------------------------------------------------------------------------


def arrays_of(data: bytes) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load_from_string(data).graph.initializer}


def randomised(path: Path, *, seed: int = 0, draw: int = 0, **options) -> bytes:
    """The bytes of the model file at `path` with random weights."""
    return modelfile.randomised(modelfile.opened(path), seed=seed, draw=draw, **options).data


def test_random_weights_are_new_and_of_the_same_shape_and_size(written):
    before, after = (arrays_of(data) for data in (written.read_bytes(), randomised(written)))
    assert before.keys() == after.keys()
    for name, learnt in before.items():
        drawn = after[name]
        assert (drawn.shape, drawn.dtype) == (learnt.shape, learnt.dtype), name
        if name in ("pixels.white", "spatial.axes"):
            assert np.array_equal(drawn, learnt)
            continue
        assert (drawn != learnt).all(), name
        if drawn.size > 500:
            assert np.corrcoef(drawn.ravel(), learnt.ravel())[0, 1] == pytest.approx(0, abs=5 / drawn.size**0.5), name
            assert np.sqrt(np.mean(drawn**2)) == pytest.approx(np.sqrt(np.mean(learnt**2)), rel=0.15), name


def test_random_weights_have_an_address(written):
    data = randomised(written)
    assert randomised(written) == data
    others = [randomised(written, seed=seed, draw=draw) for seed, draw in ((1, 0), (0, 1))]
    for other in others:
        assert all(
            (arrays_of(other)[name] != weight).all() for name, weight in arrays_of(data).items() if weight.ndim == 4
        )


def test_random_weights_from_the_head_down(written):
    before, after = (arrays_of(data) for data in (written.read_bytes(), randomised(written, prefixes=("fc", "layer4"))))
    changed = {name for name, learnt in before.items() if not np.array_equal(after[name], learnt)}
    assert changed == {name for name in before if name.startswith(("fc.", "layer4."))}
    assert changed


def test_a_model_of_random_weights_answers_and_is_another(written, tmp_path):
    data = randomised(written)
    (tmp_path / "model.onnx").write_bytes(data)
    from_memory, from_file = (
        Predictor(modelfile.randomised(modelfile.opened(written), seed=0, draw=0)),
        Predictor(tmp_path / "model.onnx"),
    )
    films = random_pixels(3)
    assert np.array_equal(from_memory.answer(films).class_maps, from_file.answer(films).class_maps)
    assert not np.allclose(from_memory.answer(films).class_maps, Predictor(written).answer(films).class_maps)
    assert np.isfinite(from_memory.answer(films).class_maps).all()
    assert replace(from_file.card, weights_sha256="") == replace(card_of(written), weights_sha256="")
    assert from_file.card.weights_sha256 != card_of(written).weights_sha256


# --- parity ----------------------------------------------------------------------------------------------------------


def test_a_graph_that_answers_differently_is_not_written(tmp_path, monkeypatch):
    right = graph.fold

    def forgets_the_mean(conv, norm):
        weight, bias = right(conv, norm)
        return weight, bias + 0.05

    monkeypatch.setattr(graph, "fold", forgets_the_mean)
    with pytest.raises(ModelFileError) as caught:
        write_model(tmp_path / "model.onnx")
    assert caught.value.code == "model-parity"
    assert not list(tmp_path.iterdir())


def test_answers_that_are_no_numbers_are_not_written(tmp_path):
    net = trained_looking()
    with torch.no_grad():
        net.fc.bias[1] = torch.nan
    with pytest.raises(ModelFileError) as caught:
        write_model(tmp_path / "model.onnx", net)
    assert caught.value.code == "model-parity"
    assert not list(tmp_path.iterdir())


def test_parity_looks_at_every_film(tmp_path, monkeypatch):
    """Also at the last of more than one batch: here the network answers differently on the white film alone."""
    net, films = trained_looking(), np.concatenate([random_pixels(40) // 2, np.full((1, 1, 64, 64), 255, np.uint8)])

    class Bent(resnet.ResNet):
        def forward(self, pixels):
            output = super().forward(pixels)
            return output._replace(
                logits=output.logits + (pixels.amin(dim=(1, 2, 3)) == 255).float()[:, None] * torch.eye(3)[0]
            )

    net.__class__ = Bent
    write_network(tmp_path / "model.onnx", net, make_card(), films[:40])
    for bad in (films, films[::-1].copy()):
        with pytest.raises(ModelFileError):
            write_network(tmp_path / "model.onnx", net, make_card(), bad)
