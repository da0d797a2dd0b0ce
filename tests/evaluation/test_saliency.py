"""The map's health: Grad-CAM by two others, planted models whose truth is known, randomised weights."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from builders import SLIM_WIDTHS, change_card, make_card, random_pixels, trained_looking, write_model
from captum.attr import LayerGradCam
from onnx import TensorProto, helper, numpy_helper
from scipy.stats import pearsonr, spearmanr

from plainfilm.evaluation import saliency
from plainfilm.evaluation.saliency import (
    areas_under_curves,
    blurred,
    check_maps,
    explained,
    random_weights,
    sample,
    steps,
)
from plainfilm.model import modelfile, predictor
from plainfilm.model.card import Maps
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor
from plainfilm.records import as_dict, from_dict

SIZE_PX, SIDE = 80, 5  # of planted films, whose cells have 16 px


@pytest.fixture(autouse=True)
def _slim(monkeypatch):
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    monkeypatch.setattr(modelfile, "check_structure", lambda *_: None)  # planted models are no networks: maps may lie


# --- Grad-CAM --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_the_map_is_grad_cam(depth):
    """By autograd and by captum, up to the number of cells and the clipping of what is negative."""
    net = trained_looking(depth, num_classes=3)
    films = torch.rand(2, 1, 96, 96, generator=torch.Generator().manual_seed(1))
    kept = []
    hook = net.layer4.register_forward_hook(lambda module, inputs, output: kept.append(output))
    output = net(films)
    hook.remove()
    activations, cells = kept[0], output.class_maps[0, 0].numel()
    captum = LayerGradCam(lambda pixels: net(pixels).logits, net.layer4)
    for k in range(3):
        (slopes,) = torch.autograd.grad(output.logits[:, k].sum(), activations, retain_graph=True)
        by_autograd = (slopes.mean(dim=(2, 3), keepdim=True) * activations).sum(dim=1)
        by_captum, clipped = (captum.attribute(films, k, relu_attributions=relu)[:, 0] for relu in (False, True))
        ours = output.class_maps[:, k] / cells
        assert ours.std() > 1e-3
        assert torch.allclose(ours, by_autograd, rtol=1e-4, atol=1e-5)
        assert torch.allclose(ours, by_captum, rtol=1e-4, atol=1e-5)
        assert torch.allclose(ours.relu(), clipped, rtol=1e-4, atol=1e-5)


# --- planted models --------------------------------------------------------------------------------------------------


def planted(path: Path, *, factor: float = 1.0, bias: float = 0.3) -> Path:
    """A model of two classes, "bright" where 40 times the mean exceeds `bias`; it shows `factor` times its true maps."""
    card = make_card(("dark", "bright"), size_px=SIZE_PX)
    constants = {
        "white": np.array(255, np.float32),
        "head.weight": np.array([-40, 40], np.float32).reshape(2, 1, 1, 1),
        "head.bias": np.array([bias, -bias], np.float32),
        "factor": (factor * np.eye(2, dtype=np.float32)).reshape(2, 2, 1, 1),
        "kernel": np.full((1, 1, SIZE_PX // SIDE, SIZE_PX // SIDE), (SIDE / SIZE_PX) ** 2, np.float32),
        "axes": np.array([2, 3]),
    }
    pool = {"kernel_shape": [SIZE_PX // SIDE] * 2, "strides": [SIZE_PX // SIDE] * 2}
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "white"], ["scaled"]),
        helper.make_node("Conv", ["scaled", "kernel"], ["cells"], **pool),
        helper.make_node("Conv", ["cells", "head.weight"], ["true_maps"], kernel_shape=[1, 1]),
        helper.make_node("Conv", ["true_maps", "factor"], ["class_maps"], kernel_shape=[1, 1]),
        helper.make_node("ReduceMean", ["true_maps", "axes"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "head.bias"], ["logits"]),
        helper.make_node("ReduceMean", ["cells", "axes"], ["features"], keepdims=0),
    ]
    shapes = {"logits": [2], "class_maps": [2, SIDE, SIDE], "features": [1]}
    described = helper.make_graph(
        nodes,
        "planted",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 1, SIZE_PX, SIZE_PX])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *rest]) for name, rest in shapes.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    proto = helper.make_model(described, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(proto, full_check=True)
    modelfile.Model(path, proto, card).write()
    return path


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """(60, 1, S, S): dark films with one bright square, in any cell."""
    draws = np.random.default_rng(0)
    pixels = np.full((60, 1, SIZE_PX, SIZE_PX), 4, np.uint8)
    for film in pixels[:, 0]:
        row, column = draws.integers(0, SIDE, 2) * SIZE_PX // SIDE
        film[row : row + SIZE_PX // SIDE, column : column + SIZE_PX // SIDE] = 250
    return pixels


def groups_of(pixels: np.ndarray) -> list[str]:
    return [f"g{number // 2}" for number in range(len(pixels))]


def checked(path: Path, pixels: np.ndarray, **options):
    model = modelfile.opened(path)
    predictor = Predictor(model, threads=1)
    found = check_maps(
        model,
        predictor,
        pixels,
        explained(predictor.answer(pixels)),
        groups_of(pixels),
        name="validation",
        **({"seed": 0, "threads": 1} | options),
    )
    return None if found is None else as_dict(found)


def intervals(found) -> dict[tuple[str, str], tuple[float, float]]:
    return {
        (test, other): (found[test][other]["low"], found[test][other]["high"])
        for test in ("deletion", "insertion")
        for other in ("random", "centre")
    }


def test_a_true_map_beats_both_baselines(tmp_path, films):
    found = checked(planted(tmp_path / "model.onnx"), films)
    assert all(low > 0 for low, _ in intervals(found).values()), found
    assert found["lungs"]["evidence"]["n"] == found["lungs"]["area"]["n"] == len(films)


def test_classes_are_checked_apart(tmp_path, films):
    path = planted(tmp_path / "model.onnx")
    dark = films.copy()
    dark[:] = 1
    found = checked(path, np.concatenate([films, dark[:20]]))
    bright = checked(path, films)
    assert {name: figures["deletion"]["random"]["n"] for name, figures in found["classes"].items()} == {
        "dark": 20,
        "bright": 60,
    }
    assert found["classes"]["bright"]["deletion"]["random"]["value"] == bright["deletion"]["random"]["value"]
    assert bright["classes"].keys() == {"bright"}
    assert "dark" not in checked(path, np.concatenate([films, dark[:6]]))["classes"]  # too few


def test_the_map_turned_round_loses(tmp_path, films):
    found = checked(planted(tmp_path / "model.onnx", factor=-1.0), films)
    assert all(high < 0 for _, high in intervals(found).values()), found
    assert found["faithful"] is False


def test_a_constant_map_ties_with_random(tmp_path, films):
    found = checked(planted(tmp_path / "model.onnx", factor=0.0), films)
    for test in ("deletion", "insertion"):
        low, high = intervals(found)[test, "random"]
        assert low < 0 < high
    assert found["faithful"] is False
    assert found["randomised"]["spearman"]["value"] == 1  # and does not change with the weights
    assert "lungs" not in found  # there is no evidence


def test_maps_that_are_brightness_survive_random_weights(tmp_path, films):
    """Whatever the weight of the one feature, its map is the film's brightness, or that turned round."""
    path = planted(tmp_path / "model.onnx")
    model = modelfile.opened(path)
    before = Predictor(model, threads=1).answer(films[:1]).class_maps[0, 1].ravel()
    after = [
        Predictor(modelfile.randomised(model, seed=0, draw=draw), threads=1).answer(films[:1]).class_maps[0, 1].ravel()
        for draw in range(saliency.NUM_DRAWS)
    ]
    expected = [pearsonr(before, other).statistic for other in after]
    assert set(np.round(expected, 6)) == {-1.0, 1.0}
    shown = explained(Predictor(model, threads=1).answer(films))
    found = random_weights(model, films, shown, seed=0, threads=1)["pearson"]
    assert found.value == pytest.approx(np.mean(expected), abs=1e-6)
    assert found.high - found.low > 0.5  # ten draws are ten witnesses, however many films
    assert found.n == len(films)


def test_nothing_depends_on_the_batch(tmp_path, films, monkeypatch):
    path = write_model(tmp_path / "model.onnx", trained_looking())
    pixels = random_pixels(21)
    expected = checked(path, pixels)
    monkeypatch.setattr(saliency, "CHUNK", 5)
    monkeypatch.setattr(predictor, "BATCH_SIZE", 3)
    found = checked(path, pixels)
    for test in ("deletion", "insertion", "randomised"):
        for name, figure in expected[test].items():
            assert found[test][name] == pytest.approx(figure, abs=1e-5), (test, name)
    assert checked(path, pixels) == found  # the same call gives the same figures
    assert checked(path, pixels, seed=1) != found


def test_films_side_by_side_have_the_same_answers(tmp_path):
    """Bit for bit, in the order of the films, however many batches are answered at a time."""
    model = modelfile.opened(write_model(tmp_path / "model.onnx", trained_looking()))
    pixels = random_pixels(70)  # 32, 32 and 6
    expected = Predictor(model, threads=1).answer(pixels)
    found = Predictor(model, threads=3, abreast=True).answer(pixels)
    assert np.array_equal(found.logits, expected.logits)
    assert np.array_equal(found.class_maps, expected.class_maps)
    assert np.array_equal(found.features, expected.features)
    shown = explained(expected)
    one, other = (
        check_maps(model, predictor, pixels, shown, groups_of(pixels), name="validation", seed=0, threads=threads)
        for predictor, threads in ((Predictor(model, threads=1), 1), (Predictor(model, threads=3, abreast=True), 3))
    )
    assert one == other


def test_too_few_groups_are_not_checked(tmp_path, films):
    path = planted(tmp_path / "model.onnx")
    model = modelfile.opened(path)
    predictor = Predictor(model)
    shown = explained(predictor.answer(films))
    assert check_maps(model, predictor, films, shown, ["one"] * len(films), name="validation", seed=0) is None
    assert checked(path, films[: 2 * saliency.MIN_GROUPS - 2]) is None
    assert checked(path, films[: 2 * saliency.MIN_GROUPS])["n"] == 2 * saliency.MIN_GROUPS
    assert check_maps(model, predictor, films[:0], shown.of(slice(0)), [], name="validation", seed=0) is None


def test_the_verdict_fits_into_the_card(tmp_path, films):
    path = planted(tmp_path / "model.onnx")
    found = checked(path, films)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    card = change_card(path, maps=from_dict(Maps, found))
    assert Predictor(path).card == card
    assert card.map_warning.shown("en").startswith("Do not rely on this model's class activation maps:")
    assert "were not checked" in replace(card, maps=None).map_warning.shown("en")
    better = {"deletion": {"random": {"value": 0.1, "low": 0.05, "high": 0.15, "n": 60}}}
    worse = {"deletion": {"random": {"value": -0.1, "low": -0.15, "high": -0.05, "n": 60}}}
    well = found | {"faithful": True, "classes": {"dark": better, "bright": better}}
    assert replace(card, maps=from_dict(Maps, well)).map_warning.shown("en") == ""
    doubted = replace(card, maps=from_dict(Maps, well | {"classes": {"dark": better, "bright": worse}}))
    assert doubted.doubted_maps == ("bright",)
    assert "class activation maps of bright" in doubted.map_warning.shown("en")


# --- curves ----------------------------------------------------------------------------------------------------------


def curve(model: Predictor, film: np.ndarray, order: list[int], *, inserted: bool) -> list[float]:
    """The predicted class's probability after each step, one picture after the other."""
    predicted = int(model.answer(film[None]).probabilities[0].argmax())
    start, other = (blurred(film, SIDE), film) if inserted else (film, blurred(film, SIDE))
    found = []
    for count in steps(SIDE**2):
        picture = start.copy()
        for cell in order[:count]:
            row, column = (slice(place * 16, place * 16 + 16) for place in divmod(cell, SIDE))
            picture[:, row, column] = other[:, row, column]
        found.append(float(model.answer(picture[None]).probabilities[0, predicted]))
    return found


def test_areas_are_those_of_the_definition(tmp_path):
    model = Predictor(planted(tmp_path / "model.onnx", bias=19.7), threads=1)
    pixels = random_pixels(3, size_px=SIZE_PX)
    pixels[1] = pixels[1] * 0.97  # a dark one
    shown = explained(model.answer(pixels))
    areas = areas_under_curves(model, pixels, shown, seed=0)
    shares = steps(SIDE**2) / SIDE**2
    for number, film in enumerate(pixels):
        answer = model.answer(film[None])
        class_map = answer.class_maps[0, int(answer.probabilities[0].argmax())]
        order = np.argsort(-class_map.ravel()).tolist()
        for test in ("deletion", "insertion"):
            expected = curve(model, film, order, inserted=test == "insertion")
            assert np.ptp(expected) > 1e-3
            assert areas[test]["map"][number] == pytest.approx(np.trapezoid(expected, shares), abs=1e-6)
    assert shown.classes.tolist() == model.answer(pixels).probabilities.argmax(axis=1).tolist() == [1, 0, 1]
    assert np.array_equal(areas["deletion"]["random"], areas["insertion"]["random"])


def test_the_centre_goes_first(tmp_path):
    """A bright square in the middle is the first to go from the centre outwards, one in a corner the last."""
    films = np.full((2, 1, SIZE_PX, SIZE_PX), 4, np.uint8)
    films[0, :, 32:48, 32:48] = 250
    films[1, :, :16, :16] = 250
    model = Predictor(planted(tmp_path / "model.onnx"), threads=1)
    areas = areas_under_curves(model, films, explained(model.answer(films)), seed=0)
    middle, corner = areas["deletion"]["centre"] - areas["deletion"]["random"]
    assert middle < corner
    middle, corner = areas["insertion"]["centre"] - areas["insertion"]["random"]
    assert middle > corner


@pytest.mark.parametrize("num_cells", [1, 4, 9, 16, 25, 49])
def test_steps_are_even_and_symmetric(num_cells):
    counts = steps(num_cells)
    assert counts[0] == 0
    assert counts[-1] == num_cells
    assert np.array_equal(counts, num_cells - counts[::-1])
    assert np.ptp(np.diff(counts)) <= 1


def test_blurring_keeps_the_level_and_loses_what_is_smaller_than_a_cell():
    flat = np.full((3, 60, 60), 77, np.uint8)
    assert np.array_equal(blurred(flat, 5), flat)
    checks = (np.indices((60, 60)).sum(0) // 3 % 2 * 200).astype(np.uint8)[None]
    assert np.ptp(blurred(checks, 5).astype(int)) <= 4
    assert abs(blurred(checks, 5).mean() - checks.mean()) < 2
    left = np.zeros((1, 60, 60), np.uint8)
    left[..., :30] = 200
    assert np.array_equal(blurred(left, 5)[..., ::-1], blurred(np.ascontiguousarray(left[..., ::-1]), 5))
    assert np.ptp(blurred(left, 5).astype(int)) > 150


def test_a_sample_is_drawn_once_and_sorted():
    assert sample(7, seed=0).tolist() == list(range(7))
    drawn = sample(1000, seed=0)
    assert len(drawn) == saliency.MAX_FILMS
    assert (np.diff(drawn) > 0).all()
    assert np.array_equal(drawn, sample(1000, seed=0))
    assert not np.array_equal(drawn, sample(1000, seed=1))
    assert sample(0, seed=0).tolist() == []


# --- correlations ----------------------------------------------------------------------------------------------------


def test_correlations_against_scipy():
    draws = np.random.default_rng(0)
    for _ in range(20):
        one, two = draws.integers(0, 6, (2, 25)).astype(np.float32)
        assert saliency.pearson(one, two) == pytest.approx(pearsonr(one, two).statistic)
        assert saliency.spearman(one, two) == pytest.approx(spearmanr(one, two).statistic)
    flat = np.full(25, 0.1, np.float32)
    assert saliency.spearman(flat, one) == saliency.pearson(flat, one) == 0
    assert saliency.spearman(flat, 2 * flat) == saliency.pearson(flat, 2 * flat) == 1
