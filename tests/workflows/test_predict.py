"""`plainfilm predict`: an answer a film, in both languages, whatever the names and whatever lies beside it."""

import csv
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from builders import change_card, make_calibration, make_card, png, random_film
from PIL import Image

from plainfilm.errors import PlainfilmError
from plainfilm.messages import text
from plainfilm.model.card import Maps
from plainfilm.model.predictor import Predictor
from plainfilm.present.statements import set_words
from plainfilm.workflows import answers
from plainfilm.workflows.answers import write_map
from tests.conftest import Cli


@pytest.fixture
def films(phantoms: Path, tmp_path: Path) -> Path:
    """Films with awkward names, one of them no film."""
    folder = tmp_path / "films"
    for place, name in enumerate(("NORMAL/a film.png", "病人/第 一张.png", "病人/two\nlines.png"), start=20):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(phantoms / f"NORMAL/NORMAL-{place:04d}.png", folder / name)
    (folder / "NORMAL" / "bad.png").write_text("no film")
    return folder


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_table_shows_both_names_and_every_probability(cli: Cli, model: Path, phantoms: Path, language: str) -> None:
    film = phantoms / "COVID/COVID-0001.png"
    ran = cli("predict", model, film, "--lang", language)
    answer = Predictor(model).predict_bytes(film.read_bytes())
    entry = Predictor(model).card.classes[answer.predicted]
    (row,) = [line for line in ran.out.splitlines() if "COVID-0001.png" in line]
    assert ran.code == 0
    assert ran.err == ""
    assert f"{entry.shown('en')} {entry.shown('zh')}" in row
    assert re.findall(r"\d\.\d{3}", row) == [f"{probability:.3f}" for probability in answer.probabilities]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_tutorials_sentence(cli: Cli, model: Path, phantoms: Path, language: str) -> None:
    film = phantoms / "NORMAL/NORMAL-0001.png"
    predictor = Predictor(model)
    said = predictor.card.classes[predictor.predict_bytes(film.read_bytes()).predicted].shown(language)
    expected = {
        "en": f"Film 1: true label: normal lungs, prediction: {said}",
        "zh": f"图1的真实标签:正常肺部,预测结果:{said}",
    }
    assert expected[language] in cli("predict", model, film, "--lang", language).out.splitlines()


def test_no_truth_no_sentence(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    shutil.copy(phantoms / "NORMAL/NORMAL-0001.png", tmp_path / "film.png")
    assert "true label" not in cli("predict", model, tmp_path / "film.png", "--lang", "en").out


def test_a_table_gives_the_truth(cli: Cli, model: Path, films: Path, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text(
        "path,label\nNORMAL/a film.png,COVID\n病人/第 一张.png,Viral_Pneumonia\n", encoding="utf-8"
    )
    ran = cli("predict", model, films, "--table", tmp_path / "truth.csv", "--json")
    truth = {Path(answer["path"]).name: answer["truth"] for answer in json.loads(ran.out)["predictions"]}
    assert truth == {
        "a film.png": "COVID",
        "第 一张.png": "Viral_Pneumonia",
        "two\nlines.png": None,
        "bad.png": None,
    }


def test_one_bad_film_does_not_stop_the_others(cli: Cli, model: Path, films: Path) -> None:
    ran = cli("predict", model, films / "nothing.png", films, "--lang", "en")
    assert ran.code == 1
    assert "a film.png" in ran.out
    assert "第 一张.png" in ran.out
    first, second = ran.err.splitlines()
    assert "nothing.png does not exist" in first
    assert first.count("nothing.png") == 1
    assert "NORMAL/bad.png: the file holds text; expected a PNG" in second


def test_names_stay_on_one_line(cli: Cli, model: Path, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(films.parent)
    ran = cli("predict", model, films.name, "--lang", "zh")
    (row,) = [line for line in ran.out.splitlines() if "lines.png" in line]
    assert "two\\nlines.png" in row


def test_json_is_one_valid_document(cli: Cli, model: Path, films: Path) -> None:
    ran = cli("predict", model, films, "--json", "--lang", "en")
    assert ran.code == 1
    answers = json.loads(ran.out)["predictions"]
    assert len(answers) == 4
    for answer in answers:
        if answer["error"]:
            assert answer["error"]["code"] == "film-is-text"
            assert answer["probabilities"] is None
        else:
            assert sum(answer["probabilities"].values()) == pytest.approx(1)
            assert answer["predicted"] == max(answer["probabilities"], key=answer["probabilities"].get)
            assert re.fullmatch(r"[0-9a-f]{16}", answer["image_id"])


def test_csv_and_maps(cli: Cli, model: Path, films: Path, tmp_path: Path) -> None:
    ran = cli(
        "predict", model, films, "--csv", tmp_path / "new/answers.csv", "--maps", tmp_path / "maps", "--lang", "en"
    )
    assert "Class activation maps are in" in ran.out
    with (tmp_path / "new/answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "path",
        "image_id",
        "label",
        "predicted",
        "p_NORMAL",
        "p_Viral_Pneumonia",
        "p_COVID",
        "problem",
        "set",
        "gate",
        "shift",
        "stance",
    ]
    assert [row["problem"] for row in rows if row["problem"]] == ["film-is-text"]
    maps = sorted((tmp_path / "maps").iterdir())
    assert len(maps) == 3
    for path in maps:
        with Image.open(path) as picture:
            assert picture.format == "PNG"
        assert re.fullmatch(r"\d{4}-[\w-]+\.png", path.name)


@pytest.mark.parametrize(("verdict", "code"), [(None, "card.maps-not-checked"), (False, "card.maps-not-faithful")])
def test_maps_that_are_not_known_to_be_faithful_say_so(
    cli: Cli, model: Path, phantoms: Path, tmp_path: Path, verdict: bool | None, code: str
) -> None:
    """On the terminal in its language, in the JSON, and in the picture in both."""
    shutil.copy(model, tmp_path / "model.onnx")
    change_card(tmp_path / "model.onnx", maps=None if verdict is None else Maps(faithful=verdict, n=20))
    words = ["predict", tmp_path / "model.onnx", phantoms / "COVID/COVID-0001.png"]
    for language in ("en", "zh"):
        ran = cli(*words, "--maps", tmp_path / "maps", "--lang", language)
        assert text(code, language) in ran.out.splitlines()
        (answer,) = json.loads(cli(*words, "--maps", tmp_path / "maps", "--lang", language, "--json").out)[
            "predictions"
        ]
        assert answer["map_warning"] == text(code, language)
    (path,) = (tmp_path / "maps").iterdir()
    with Image.open(path) as picture:
        assert picture.info["Comment"].splitlines() == [text(code, language) for language in ("en", "zh")]
    ran = cli(*words, "--lang", "en")
    assert text(code, "en") not in ran.out  # no map is shown
    assert json.loads(cli(*words, "--json").out)["predictions"][0]["map_warning"] is None


def test_faithful_maps_carry_no_warning(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "model.onnx")
    change_card(tmp_path / "model.onnx", maps=Maps(faithful=True, n=20))
    words = ["predict", tmp_path / "model.onnx", phantoms / "COVID/COVID-0001.png", "--maps", tmp_path / "maps"]
    assert text("card.maps-faithful", "en", n=20) in cli(*words, "--lang", "en").out.splitlines()
    assert json.loads(cli(*words, "--json").out)["predictions"][0]["map_warning"] is None
    (path,) = (tmp_path / "maps").iterdir()
    with Image.open(path) as picture:
        assert "Comment" not in picture.info


def test_the_name_of_a_map_fits_a_file_system(model: Path, phantoms: Path, tmp_path: Path) -> None:
    film = Predictor(model).predict_bytes((phantoms / "COVID/COVID-0001.png").read_bytes())
    for name in ("肺" * 300, "0001-" + "a/b" * 300):
        write_map(film, 0, name, tmp_path, fit="pad", comment="")
    assert sorted(path.name[:7] for path in tmp_path.iterdir()) == ["0001-a_", "肺" * 7]


@pytest.mark.parametrize(
    ("option", "place"), [("--csv", "file/x"), ("--maps", "file/x"), ("--csv", "folder"), ("--csv", "/dev/null")]
)
def test_an_output_that_cannot_be_written_is_found_before_the_work(
    cli: Cli, model: Path, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, place: str
) -> None:
    monkeypatch.setattr(answers, "predict", None)
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    ran = cli("predict", model, films, option, tmp_path / place, "--lang", "en")
    assert ran.code == 2
    assert ran.out == ""
    assert "cannot be written" in ran.err


def test_zip_folder_and_file_answer_alike(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    names = [f"COVID/COVID-{number:04d}.png" for number in range(1, 5)]
    with zipfile.ZipFile(tmp_path / "films.zip", "w") as archive:
        for name in names:
            archive.write(phantoms / name, f"films/{name}")
            (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(phantoms / name, tmp_path / "films" / name)
    ways = [[tmp_path / "films.zip"], [tmp_path / "films"], [phantoms / name for name in names]]
    answers = [json.loads(cli("predict", model, *paths, "--json").out)["predictions"] for paths in ways]
    for other in answers[1:]:
        assert [answer["image_id"] for answer in other] == [answer["image_id"] for answer in answers[0]]
        assert [answer["truth"] for answer in other] == ["COVID"] * 4
        for one, same in zip(other, answers[0], strict=True):
            assert one["probabilities"] == pytest.approx(same["probabilities"], abs=1e-5)


def test_16_bit_and_8_bit_of_one_film_answer_alike(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    film = phantoms / "COVID/COVID-0003.png"
    with Image.open(film) as picture:
        deep = np.asarray(picture).astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "deep.png")
    shallow, sixteen = json.loads(cli("predict", model, film, tmp_path / "deep.png", "--json").out)["predictions"]
    assert sixteen["error"] is None
    assert sixteen["probabilities"] == pytest.approx(shallow["probabilities"], abs=5e-3)


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_file_name_that_is_no_utf8_is_no_crash(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    shutil.copy(phantoms / "COVID/COVID-0003.png", tmp_path / name)
    ran = cli("predict", model, tmp_path / name, "--csv", tmp_path / "answers.csv", "--json")
    assert ran.code == 0
    assert (
        b"caf\xe9.png" in (tmp_path / "answers.csv").read_bytes() or b"udce9" in (tmp_path / "answers.csv").read_bytes()
    )


def test_the_answer_says_what_the_model_is_worth(cli: Cli, model: Path, phantoms: Path) -> None:
    out = cli("predict", model, phantoms / "COVID/COVID-0003.png", "--lang", "en").out
    assert re.search(r"own test films, .*: [\d.]+ % \([\d.]+ to [\d.]+, n 18\)", out)
    assert "Calibrated on 18 validation films" in out
    assert "not for diagnosis" in out


# --- calibrated ------------------------------------------------------------------------------------------------------


@pytest.fixture
def calibrated(model: Path, tmp_path: Path) -> Path:
    """The model with quantiles at which phantoms get sets of all sizes."""
    path = tmp_path / "calibrated.onnx"
    shutil.copy(model, path)
    probabilities = Predictor(path).predict_bytes(png(random_film())).probabilities
    quantiles = tuple(float(1 - probability) for probability in probabilities)
    change_card(path, calibration=make_calibration(3, temperature=1.0, quantiles=quantiles))
    return path


def test_table_csv_json_and_api_give_the_same_sets(cli: Cli, calibrated: Path, phantoms: Path, tmp_path: Path) -> None:
    ran = cli("predict", calibrated, phantoms, "--csv", tmp_path / "answers.csv", "--override", "--json")
    answers = json.loads(ran.out)["predictions"]
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        cells = [row["set"] for row in csv.DictReader(file)]
    predictor = Predictor(calibrated)
    names = predictor.card.class_names
    found = list(predictor.predict_many([Path(answer["path"]).read_bytes for answer in answers]))
    for answer, cell, prediction in zip(answers, cells, found, strict=True):
        assert not isinstance(prediction, PlainfilmError)
        assert prediction.set is not None
        expected = [names[number] for number in prediction.set]
        assert answer["set"] == expected
        assert cell == ("|".join(expected) or "none")
    assert len({len(answer["set"]) for answer in answers}) > 1


def test_a_file_without_calibration_gives_no_sets(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    shutil.copy(model, tmp_path / "plain.onnx")
    change_card(tmp_path / "plain.onnx", calibration=None)
    film = phantoms / "COVID/COVID-0003.png"
    assert json.loads(cli("predict", tmp_path / "plain.onnx", film, "--json").out)["predictions"][0]["set"] is None
    ran = cli("predict", tmp_path / "plain.onnx", film, "--csv", tmp_path / "answers.csv", "--lang", "en")
    assert "not calibrated" in ran.out
    assert "% prediction set" not in ran.out
    assert (tmp_path / "answers.csv").read_text(encoding="utf-8").splitlines()[1].endswith(",,,passed,,undecided")
    refused = cli("predict", tmp_path / "plain.onnx", film, "--prevalence", "COVID=0.02", "--lang", "en")
    assert refused.code == 2
    assert "without a validation part" in refused.err


@pytest.mark.parametrize(
    ("members", "en", "zh"),
    [
        ((), "not sure enough of any class: not decided", "对任何一类都没有足够把握：未定"),
        ((1,), "viral pneumonia", "病毒性肺炎"),
        ((1, 2), "viral pneumonia or COVID-19: not decided", "病毒性肺炎或新冠肺炎：未定"),
        ((0, 1, 2), "no class ruled out: not decided", "未能排除任何一类：未定"),
    ],
)
def test_sets_in_words(members: tuple[int, ...], en: str, zh: str) -> None:
    card = make_card(("NORMAL", "Viral_Pneumonia", "COVID"))
    assert [set_words(members, card).shown(language) for language in ("en", "zh")] == [en, zh]


@pytest.mark.parametrize(
    ("language", "heading", "ppv"),
    [
        ("en", "Film 1, 95 % prediction set if the film is like those of the test: ", "Positive predictive value"),
        ("zh", "图1的 95 % 预测集（前提：与测试胶片相似）：", "阳性预测值"),
    ],
)
def test_the_set_and_the_predictive_values_are_printed(
    cli: Cli, calibrated: Path, phantoms: Path, language: str, heading: str, ppv: str
) -> None:
    film = phantoms / "COVID/COVID-0003.png"
    prediction = Predictor(calibrated).predict_bytes(film.read_bytes())
    assert prediction.set is not None
    out = cli("predict", calibrated, film, "--prevalence", "COVID=0.02", "--lang", language).out
    assert heading + set_words(prediction.set, Predictor(calibrated).card).shown(language) in out.splitlines()
    assert ppv in out


def test_what_a_film_is_called_at_a_prevalence(cli: Cli, calibrated: Path, phantoms: Path) -> None:
    """The specificity of this model is not known: neither are its predictive values; but the threshold is."""
    ran = cli("predict", calibrated, phantoms / "COVID", "--prevalence", "COVID=0.02", "--json")
    for answer in json.loads(ran.out)["predictions"]:
        (point,) = answer["called"]["COVID"]
        assert point["positive"] == (answer["probabilities"]["COVID"] >= 0.4)
        assert point["predictive_value"]["value"] is None


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("COVID", "COVID=0.02"),
        ("COVID=two", "between 0 and 1"),
        ("COVID=0", "between 0 and 1"),
        ("COVID=1", "between 0 and 1"),
        ("COVID=nan", "between 0 and 1"),
        ("0.02", "CLASS=SHARE"),
        ("Flu=0.02", "the model knows NORMAL, Viral_Pneumonia, COVID"),
    ],
)
def test_a_prevalence_that_cannot_be_is_refused(
    cli: Cli, model: Path, phantoms: Path, command: str, given: str, said: str
) -> None:
    ran = cli(command, model, phantoms, "--prevalence", given, "--lang", "en")
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
