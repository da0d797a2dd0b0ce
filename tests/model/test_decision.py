"""Decisions in the model file: applied by the Predictor, and refused where they cannot have been fitted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders import SLIM_WIDTHS, make_calibration, make_card, random_pixels, write_model
from scipy.special import softmax as reference_softmax

from plainfilm.errors import ModelFileError
from plainfilm.model.card import parse_card
from plainfilm.model.decision import Calibration, conformal_sets, softmax
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor
from plainfilm.records import as_dict


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_probabilities_are_the_softmax_of_logits_over_the_temperature(temperature):
    logits = np.random.default_rng(0).normal(0, 30, (50, 4)).astype(np.float32)
    expected = reference_softmax(logits.astype(np.float64) / temperature, axis=1)
    assert np.allclose(softmax(logits, temperature), expected, atol=1e-12)


def test_a_higher_quantile_never_takes_a_class_out_of_a_set():
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], 200)
    narrow, wide = conformal_sets(probabilities, [0.3, 0.5, 0.7]), conformal_sets(probabilities, [0.4, 0.5, 0.9])
    assert (wide | ~narrow).all()
    assert conformal_sets(probabilities, [1.0] * 3).all()


def test_a_set_that_holds_any_class_holds_the_most_probable_one():
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], 200)
    quantiles = np.array([0.2, 0.5, 0.7])
    found, alone = conformal_sets(probabilities, quantiles), 1 - probabilities <= quantiles
    leading = np.arange(200), probabilities.argmax(axis=1)
    held = alone.any(axis=1)
    assert (held & ~alone[leading]).any()
    assert not held.all()
    assert np.array_equal(found[leading], held)
    assert (found.sum(axis=1) == alone.sum(axis=1) + (held & ~alone[leading])).all()


def test_the_predictor_applies_what_the_file_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    fitted = make_calibration(3, temperature=3.0, quantiles=(0.6, 0.6, 0.7))
    plain = Predictor(write_model(tmp_path / "plain.onnx")).answer(random_pixels(5))
    predictor = Predictor(write_model(tmp_path / "model.onnx", calibration=fitted))
    answers = predictor.answer(random_pixels(5))
    assert predictor.card.calibration == fitted
    assert plain.sets is None
    assert np.array_equal(answers.logits, plain.logits)
    assert np.allclose(answers.probabilities, reference_softmax(plain.logits.astype(np.float64) / 3, axis=1))
    assert np.array_equal(answers.sets, 1 - answers.probabilities <= np.array([0.6, 0.6, 0.7]))


def parsed(calibration: object) -> Calibration | None:
    card = as_dict(make_card()) | {"calibration": calibration}
    return parse_card(json.dumps(card), Path("model.onnx")).calibration


def test_a_calibration_comes_back_from_json():
    fitted = make_calibration(3)
    assert parsed(as_dict(fitted)) == fitted
    assert parsed(as_dict(replace(fitted, operating_points=((), (), ())))) == replace(
        fitted, operating_points=((),) * 3
    )
    assert parsed(None) is None


NAN, INFINITY = float("nan"), float("inf")
SHARE = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 3}
POINT = {"asked": 0.9, "threshold": 0.5, "sensitivity": SHARE, "specificity": SHARE}


@pytest.mark.parametrize(
    "lie",
    [
        *({"temperature": value} for value in (0, -1, NAN, INFINITY, 10**400, "1", None, True, 0.01, 21)),
        *({"coverage": value} for value in (0, 1, 95, NAN, None, [0.95])),
        *({"quantiles": value} for value in ([0.5] * 2, [0.5] * 4, [0.5, 0.5, NAN], [0.5, 0.5, 1.1], 0.5, None, "abc")),
        *({"pooled": value} for value in ([True], [0, 0, 0], "abc")),
        *({"films": value} for value in ([1, 2], [1, 2, -3], [1.5, 2, 3], [True] * 3)),
        *({"operating_points": value} for value in ([], [[], []], [[3], [], []], [[{"asked": 0.9}], [], []], 7)),
        *(
            {"operating_points": [[POINT | point], [], []]}
            for point in (
                {"threshold": 1.5},
                {"threshold": NAN},
                {"asked": None},
                {"sensitivity": 0.9},
                {"sensitivity": SHARE | {"low": 0.7}},
                {"specificity": SHARE | {"value": None}},
                {"specificity": SHARE | {"high": INFINITY}},
                {"specificity": SHARE | {"n": "many"}},
                {"surprise": 1},
            )
        ),
        {"surprise": 1},
    ],
    ids=lambda lie: str(lie)[:70],
)
def test_a_calibration_that_lies_is_refused(lie):
    with pytest.raises(ModelFileError) as caught:
        parsed(as_dict(make_calibration(3)) | lie)
    assert caught.value.code == "model-card-damaged"


@pytest.mark.parametrize("calibration", [3, "fitted", [], {}, {"temperature": 1.0}])
def test_what_is_no_calibration_is_refused(calibration):
    with pytest.raises(ModelFileError):
        parsed(calibration)
