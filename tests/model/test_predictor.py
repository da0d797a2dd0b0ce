import subprocess
import sys
from pathlib import Path

import dicom_files
import numpy as np
import pytest
from builders import SLIM_WIDTHS, png, random_film, random_pixels, trained_looking, write_model
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax as reference_softmax

from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import FilmError, PlainfilmError, SourceError
from plainfilm.model.decision import softmax
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import BATCH_SIZE, Predictor


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        return write_model(tmp_path_factory.mktemp("model") / "model.onnx", trained_looking())


@pytest.fixture(scope="module")
def predictor(path) -> Predictor:
    return Predictor(path, threads=1)


def test_one_film_is_decoded_preprocessed_and_answered(predictor):
    pixels = random_film(90, 70)
    prediction = predictor.predict_bytes(png(pixels))
    answers = predictor.answer(preprocess(decode(png(pixels)).pixels, size=64, channels=1, fit="squash")[None])
    assert np.array_equal(prediction.probabilities, answers.probabilities[0])
    assert np.array_equal(prediction.class_maps, answers.class_maps[0])
    assert prediction.class_maps.shape == (3, predictor.map_side, predictor.map_side) == (3, 2, 2)
    assert prediction.image_id == image_id(pixels)
    assert np.array_equal(prediction.film.pixels, pixels)
    assert prediction.predicted == int(np.argmax(answers.logits[0]))


def test_probabilities_are_the_softmax_of_logits_that_are_the_mean_of_the_maps(predictor):
    answers = predictor.answer(random_pixels(4))
    assert np.allclose(answers.probabilities, reference_softmax(answers.logits.astype(np.float64), axis=1), atol=1e-12)
    bias = answers.logits - answers.class_maps.mean(axis=(2, 3))
    assert np.allclose(bias, bias[0], atol=1e-5)
    assert answers.features.shape == (4, SLIM_WIDTHS[-1])


@pytest.mark.parametrize("count", [1, 5, BATCH_SIZE, BATCH_SIZE + 1, 2 * BATCH_SIZE + 3])
def test_an_answer_does_not_depend_on_its_batch(predictor, count):
    pixels = random_pixels(2 * BATCH_SIZE + 3)
    alone = np.concatenate([predictor.answer(pixels[number : number + 1]).probabilities for number in range(count)])
    together = predictor.answer(pixels[:count])
    assert np.abs(together.probabilities - alone).max() < 1e-6
    backwards = predictor.answer(pixels[:count][::-1])
    assert np.abs(backwards.probabilities[::-1] - together.probabilities).max() < 1e-6
    assert len({tuple(row) for row in together.probabilities}) == count


def test_bad_films_keep_their_places_and_stop_nobody(predictor, tmp_path):
    good = [png(random_film(80, 60, seed)) for seed in range(BATCH_SIZE + 8)]
    (tmp_path / "folder").mkdir()

    def damaged():
        raise SourceError("member-damaged", name="a", reason="b")

    reads = [lambda data=data: data for data in good]
    bad = {
        0: (lambda: good[0][:-30], "film-truncated"),
        3: (lambda: (tmp_path / "missing.png").read_bytes(), "film-missing"),
        4: (lambda: (tmp_path / "folder").read_bytes(), "film-missing"),
        BATCH_SIZE - 1: (lambda: b"", "film-empty"),
        BATCH_SIZE: (damaged, "member-damaged"),
        len(good) + 5: (lambda: b"not an image", "film-is-text"),
    }
    for place, (read, _) in bad.items():
        reads.insert(place, read)
    results = list(predictor.predict_many(reads))
    assert len(results) == len(reads)
    assert {place: result.code for place, result in enumerate(results) if isinstance(result, PlainfilmError)} == {
        place: code for place, (_, code) in bad.items()
    }
    answers = [result for result in results if not isinstance(result, PlainfilmError)]
    for result, data in zip(answers, good, strict=True):
        alone = predictor.predict_bytes(data)
        assert result.image_id == alone.image_id
        assert np.abs(result.probabilities - alone.probabilities).max() < 1e-6
        assert np.allclose(result.class_maps, alone.class_maps, atol=1e-5)


def test_nothing_and_nothing_but_bad_films(predictor):
    assert list(predictor.predict_many([])) == []
    results = list(predictor.predict_many([lambda: b""] * (BATCH_SIZE + 1)))
    assert [result.code for result in results] == ["film-empty"] * (BATCH_SIZE + 1)


def test_films_are_read_as_they_are_needed(predictor):
    """An archive of any size goes through: no film of the fourth batch is read before the first is given out."""
    reads = []

    def read(number):
        reads.append(number)
        return png(random_film(64, 64, number))

    results = predictor.predict_many((lambda number=number: read(number)) for number in range(5 * BATCH_SIZE))
    next(results)
    assert BATCH_SIZE <= len(reads) <= 3 * BATCH_SIZE


def test_one_bad_film_alone_raises(predictor):
    with pytest.raises(FilmError):
        predictor.predict_bytes(b"")


def test_the_owners_word_goes_along_to_decoding(path, predictor):
    side = dicom_files.film(random_film(90, 70), BodyPartExamined="HAND", ViewPosition="LL")
    ct = dicom_files.film(random_film(90, 70), Modality="CT")
    trusting = Predictor(path, threads=1, assume_chest=True)
    with pytest.raises(FilmError, match="film-dicom-body-part"):
        predictor.predict_bytes(side)
    assert np.array_equal(trusting.predict_bytes(side).film.pixels, random_film(90, 70))
    (found,) = trusting.predict_many([lambda: side])
    assert found.film.warnings == ()
    with pytest.raises(FilmError, match="film-dicom-kind"):
        trusting.predict_bytes(ct)


@given(arrays(np.float32, (3, 4), elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_softmax_is_a_distribution(logits):
    probabilities = softmax(logits)
    assert np.isfinite(probabilities).all()
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-12)
    assert np.allclose(probabilities, reference_softmax(logits.astype(np.float64), axis=1), atol=1e-12)


def test_answering_needs_no_torch(path):
    """A clinician's install has neither torch nor onnx."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom plainfilm.model.predictor import Predictor\n"
        "import numpy\nPredictor(Path(sys.argv[1])).answer(numpy.zeros((1, 1, 64, 64), numpy.uint8))\n"
        "print(sorted({'torch', 'onnx', 'safetensors', 'matplotlib', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
