"""The packaged model: what its card says, which film gets which model, and that it is told from a film by content."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from builders import png, random_film

from plainfilm.errors import UsageError
from plainfilm.model.packaged import CHEST_MODEL, is_model, model_and_films
from plainfilm.model.predictor import Predictor
from plainfilm.present.statements import about_model
from tests.conftest import Cli

MAX_BYTES = 12 * 2**20


@pytest.fixture(scope="module")
def packaged() -> Predictor:
    return Predictor(CHEST_MODEL, threads=1)


def test_it_is_small_and_knows_its_home(packaged: Predictor) -> None:
    assert CHEST_MODEL.stat().st_size <= MAX_BYTES
    assert packaged.card.class_names == ("NORMAL", "Viral_Pneumonia", "COVID")
    assert packaged.home is not None
    assert packaged.input_check is not None
    assert packaged.seen is not None
    assert len(json.dumps(packaged.card.as_json())) < 1_000_000


def test_its_card_says_what_it_is_not_for_and_names_every_source(packaged: Predictor) -> None:
    first, *others = (words.shown("en") for words in about_model(packaged.card))
    assert "not for diagnosis" in first
    told = " ".join(others)
    for name in ("Chowdhury et al. 2020", "Kermany et al. 2018", "Wang et al. 2017", "CC BY 4.0", "no restrictions"):
        assert name in told
    assert "a probe that sees no lung" in told
    assert "nothing else. A film with any other disease" in told
    assert "openist" not in packaged.card.provenance.recipe


def test_viral_pneumonia_and_covid_are_told_apart_at_the_children_s_hospital_alone(packaged: Predictor) -> None:
    assert packaged.card.ties == {"Viral_Pneumonia": ("COVID",)}
    films = np.random.default_rng(0).integers(0, 255, (8, 1, 128, 128), dtype=np.uint8)
    answers = packaged.answer(films)
    settled = packaged.settled(answers, [None] * len(films))
    assert settled is not None
    assert (settled[:, 1] == settled[:, 2]).all()


def test_a_model_is_told_from_a_film_by_content(tmp_path: Path) -> None:
    film, disguised = tmp_path / "film.png", tmp_path / "model.png"
    film.write_bytes(png(random_film(64, 64)))
    shutil.copy(CHEST_MODEL, disguised)
    assert [is_model(path) for path in (film, disguised, tmp_path, tmp_path / "none")] == [False, True, False, False]
    assert is_model(tmp_path / "missing.onnx")
    assert model_and_films([film, film]) == (CHEST_MODEL, [film, film])
    assert model_and_films([disguised, film]) == (disguised, [film])
    with pytest.raises(UsageError, match="predict-no-films"):
        model_and_films([disguised])


def test_predict_without_a_model_says_which_one_answers(cli: Cli, tmp_path: Path) -> None:
    film = tmp_path / "film.png"
    film.write_bytes(png(random_film(256, 256)))
    ran = cli("predict", film)
    assert ran.code == 1  # noise is no chest film
    assert "the packaged one answers" in ran.out
    ran = cli("predict", film, "--lang", "zh")
    assert "未指定模型" in ran.out
