"""The packaged model is what the demo's recipe makes, knows phantoms and nothing else; the samples teach what it says."""

import io
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from builders import png as png_of
from PIL import Image

from plainfilm.config import load_recipe, parse_recipe
from plainfilm.data import phantom
from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.errors import UsageError
from plainfilm.messages import sentence
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.serving.api.samples import PHANTOM_MODEL, SIZE_PX, png, samples
from plainfilm.workflows import training as demonstration

IDS = [sample.id for sample in samples()]
MAX_MODEL_BYTES = 3 * 2**20
UNDECIDED, WRONG, TURNED = "covid-3", "viral-3", "turned-1"


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(PHANTOM_MODEL, threads=1)


@cache
def answer(sample_id: str) -> Prediction:
    return Predictor(PHANTOM_MODEL, threads=1).predict_bytes(png(sample_id))


# --- the model -------------------------------------------------------------------------------------------------------


def test_the_model_is_what_the_demo_trains_today(predictor: Predictor) -> None:
    """A change of the recipe or of the demo's films asks for `make phantom-model`."""
    provenance = predictor.card.provenance
    assert parse_recipe(provenance.recipe or "") == load_recipe("demo")  # a field that is newer has its default
    assert sum((provenance.films or {}).values()) == demonstration.PER_CLASS * len(phantom.CLASSES)
    assert set(predictor.card.class_names) == set(phantom.CLASSES)
    assert not predictor.card.is_leaking


def test_the_log_measured_these_very_weights(predictor: Predictor) -> None:
    log = (Path(__file__).parents[2] / "docs/log.md").read_text(encoding="utf-8")
    assert predictor.card.weights_sha256 in log


def test_the_model_is_small_calibrated_and_tested(predictor: Predictor) -> None:
    assert PHANTOM_MODEL.stat().st_size <= MAX_MODEL_BYTES
    assert predictor.card.calibration is not None
    assert predictor.input_check is not None
    assert predictor.card.evaluation is not None
    assert predictor.card.evaluation.overall["accuracy"].n == (predictor.card.provenance.films or {})["test"]


@pytest.mark.parametrize("size_px", [demonstration.SIZE_PX, SIZE_PX])
def test_it_answers_phantoms_that_nobody_trained_on(predictor: Predictor, size_px: int) -> None:
    films = [
        (label, phantom.draw(label, seed=4096, number=number, size=size_px).pixels)
        for label in phantom.CLASSES
        for number in range(10)
    ]
    answers = [predictor.predict_bytes(png_of(pixels)) for _, pixels in films]
    right = [
        predictor.card.class_names[answer.predicted] == label for (label, _), answer in zip(films, answers, strict=True)
    ]
    assert np.mean(right) >= 0.75
    assert sum(answer.verdict.passed for answer in answers) >= len(films) - 2


def landscape(seed: int) -> np.ndarray:
    """(H, W) uint8: a grey photograph's likeness: bright sky, dark rough ground, noise whose power falls with frequency."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(384)[:, None], np.fft.fftfreq(512)[None])
    spectrum = np.fft.fft2(random.normal(size=(384, 512))) / np.maximum(frequency, 1 / 512)
    rough = np.real(np.fft.ifft2(spectrum))
    ground = np.arange(384)[:, None] > random.integers(120, 260)
    scene = np.where(ground, 90 + 30 * rough / rough.std(), 200 + 8 * rough / rough.std())
    return np.clip(scene, 0, 255).astype(np.uint8)


def test_it_refuses_photographs(predictor: Predictor) -> None:
    verdicts = [predictor.predict_bytes(png_of(landscape(seed))).verdict for seed in range(10)]
    assert [verdict.passed for verdict in verdicts] == [False] * 10


@pytest.mark.real
def test_it_refuses_radiographs_of_patients(predictor: Predictor, real_data: Path) -> None:
    with zipfile.ZipFile(real_data / "covid-radiography/input_data.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith((".png", ".jpg", ".jpeg")))
        verdicts = [predictor.predict_bytes(archive.read(name)).verdict for name in names[:: len(names) // 12]]
    assert len(verdicts) >= 12
    assert not any(verdict.passed for verdict in verdicts)


# --- the samples -----------------------------------------------------------------------------------------------------


def test_a_sample_is_a_grey_film_with_the_class_that_was_drawn() -> None:
    assert len(set(IDS)) == len(IDS)
    assert 6 <= len(IDS) <= 9
    assert {sample.label for sample in samples()} == set(phantom.CLASSES)
    for sample_id in IDS:
        with Image.open(io.BytesIO(png(sample_id))) as image:
            assert (image.format, image.mode, image.size) == ("PNG", "L", (SIZE_PX, SIZE_PX))
        assert png(sample_id) is png(sample_id)


def test_no_sample_was_trained_on(predictor: Predictor) -> None:
    films = [decode(png(sample_id)) for sample_id in IDS]
    assert predictor.seen is not None
    seen = predictor.seen.sightings(
        [image_id(film.pixels) for film in films], IDS, np.stack([predictor.preprocess(film)[0] for film in films])
    )
    assert [sighting.kind for sighting in seen] == [""] * len(IDS)


@pytest.mark.parametrize("sample", samples(), ids=IDS)
def test_the_answer_to_a_sample_teaches(predictor: Predictor, sample) -> None:
    """Plain ones are right and alone in their set; one is not decided, one wrong, one refused, with the right reason."""
    found, names = answer(sample.id), predictor.card.class_names
    assert found.set is not None
    if sample.id == TURNED:
        assert found.verdict.reasons == ("gate-upside-down",)
        return
    assert found.verdict.passed
    predicted, members = names[found.predicted], {names[number] for number in found.set}
    if sample.id == UNDECIDED:
        assert len(members) > 1
    elif sample.id == WRONG:
        assert predicted != sample.label
    else:
        assert (predicted, members) == (sample.label, {sample.label})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_unknown_sample_is_refused_with_the_names_that_there_are(language: str) -> None:
    with pytest.raises(UsageError) as caught:
        png("../phantom.onnx")
    said = sentence(caught.value, language)
    assert all(sample_id in said for sample_id in IDS)
    assert "onnx" not in said
