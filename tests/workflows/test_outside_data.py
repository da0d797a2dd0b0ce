"""Data sets as people have them, through the commands: what is said, in both languages, and with which exit code."""

import json
import shutil
from pathlib import Path

import dicom_files
import pytest
from layouts import film, names, put, table

from plainfilm.data import phantom
from plainfilm.messages import LANGUAGES, text
from tests.conftest import Cli

RECIPE = """[split]
validation = 0.25
test = 0.25
[model]
width = 16
[training]
sizes_px = [64]
epochs = [1]
batch_size = 8
precision = "float32"
"""


def spelt(source: Path, target: Path, **classes: str) -> Path:
    """The phantoms of some classes under other folder names."""
    for label, name in classes.items():
        shutil.copytree(source / label, target / name)
    return target


@pytest.fixture
def strangers(tmp_path: Path) -> Path:
    """Films that no model has seen, under the model's own class names."""
    return put(
        tmp_path / "strangers",
        {
            f"{label}/{number}.png": film(300 + number, label)
            for label in ("NORMAL", "Viral_Pneumonia", "COVID")
            for number in range(6)
        },
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_classes_under_other_spellings_are_matched_and_said(
    cli: Cli, model: Path, strangers: Path, tmp_path: Path, language: str
) -> None:
    other = spelt(strangers, tmp_path / "k", NORMAL="Normal", Viral_Pneumonia="Viral Pneumonia", COVID="covid")
    same = json.loads(cli("evaluate", model, strangers, "--json").out)
    ran = cli("evaluate", model, other, "--json", "--lang", language)
    found = json.loads(ran.out)
    assert found["accuracy"] == same["accuracy"]
    assert found["left_out"] == {}
    assert found["balance"]["left_out"] == {}
    shown = cli("evaluate", model, other, "--lang", language).out
    assert text("balance.label-spelt", language, label="NORMAL", spellings="'Normal'") in shown
    answers = json.loads(cli("predict", model, other / "Normal", "--json").out)["predictions"]
    assert {answer["truth"] for answer in answers} == {"NORMAL"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_evaluation_that_leaves_most_films_out_says_so_first(
    cli: Cli, model: Path, strangers: Path, language: str
) -> None:
    put(strangers, {f"Tuberculosis/{number}.png": film(400 + number) for number in range(30)})
    lines = cli("evaluate", model, strangers, "--lang", language).out.splitlines()
    said = text("evaluation.most-left-out", language, left_out=30, films=48, used=18)
    title = text("evaluation.title", language, films="strangers", n=18)
    assert lines.index(said) == lines.index(title) - 1
    reason = text("balance.reason.class-unknown", language)
    assert reason in lines[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_predict_shows_the_balance_of_a_folder(cli: Cli, model: Path, strangers: Path, language: str) -> None:
    put(strangers, {"NORMAL/.ipynb_checkpoints/1.png": film(1), "list.csv": b"path\n", "NORMAL/cut.png": film(1)[:99]})
    ran = cli("predict", model, strangers, "--json", "--lang", language)
    assert ran.code == 1
    found = json.loads(ran.out)
    (balance,) = found["balances"]
    assert {entry["reason"]: entry["files"] for entry in balance["left_out"]} == {
        "unreadable": 1,
        "refused": 2,
        "hidden": 1,
        "text": 1,
    }
    assert (balance["files"], balance["used"], len(found["predictions"])) == (21, 16, 19)
    shown = cli("predict", model, strangers, "--lang", language).out
    assert shown.startswith(text("balance.files", language, files=21, used=16, left_out=5))


def test_predict_of_single_films_has_no_balance(cli: Cli, model: Path, strangers: Path) -> None:
    found = json.loads(cli("predict", model, strangers / "COVID" / "1.png", "--json").out)
    assert found["balances"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_doctor_calls_what_is_lost_a_problem(cli: Cli, tmp_path: Path, language: str) -> None:
    put(tmp_path / "d", names(8, "NORMAL", "COVID"))
    put(tmp_path / "d", {f"VIRAL/{number}.gif": b"GIF89a" + bytes([number]) for number in range(8)})
    ran = cli("doctor", tmp_path / "d", "--lang", language)
    assert ran.code == 1
    reason = text("balance.reason.other-image", language)
    assert (
        text("balance.lost-class", language, names="VIRAL", films=8, reason_key="balance.reason.other-image") in ran.out
    )
    assert reason in ran.out
    (diagnosis,) = json.loads(cli("doctor", tmp_path / "d", "--json", "--lang", language).out)
    assert diagnosis["balance"]["files"] == 24
    assert not diagnosis["well"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_linked_class_is_named_and_followed_with_the_owners_word(cli: Cli, tmp_path: Path, language: str) -> None:
    put(tmp_path, names(8, "d/NORMAL", "d/COVID", "store/VIRAL"))
    (tmp_path / "d" / "VIRAL").symlink_to(tmp_path / "store" / "VIRAL")
    ran = cli("index", tmp_path / "d", "--lang", language)
    assert text("balance.lost-class", language, names="VIRAL", films=1, reason_key="balance.reason.link") in ran.out
    out = tmp_path / "index"
    assert cli("index", tmp_path / "d", "--follow-links", "--out", out).code == 0
    assert json.loads((out / "index.json").read_text())["reading"]["follow_links"] is True
    assert sorted(json.loads((out / "index.json").read_text())["classes"]) == ["COVID", "NORMAL", "VIRAL"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_column_split_that_the_recipe_ignores_is_said(cli: Cli, tmp_path: Path, language: str) -> None:
    films = names(8, "d/NORMAL", "d/COVID")
    put(tmp_path, films)
    lines = [f"{name},{'train' if number % 4 else 'test'}" for number, name in enumerate(films)]
    given = table(tmp_path / "t.csv", "path,split", *lines)
    ran = cli("index", tmp_path / "d", "--table", given, "--lang", language)
    assert ran.code == 0
    assert 'kind = "column"' in ran.out


def test_training_twice_inside_the_data_set_reads_the_same_films(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "d", names(10, "NORMAL", "COVID"))
    (tmp_path / "recipe.toml").write_text(RECIPE)
    monkeypatch.chdir(tmp_path / "d")
    found = []
    for number in range(2):
        ran = cli(
            "train", ".", "--recipe", tmp_path / "recipe.toml", "--out", f"runs/{number}", "--threads", 1, "--json"
        )
        assert ran.code == 0, ran.err
        found.append(json.loads(ran.out))
    indices = [json.loads(Path(f"runs/{number}/index.json").read_text()) for number in range(2)]
    assert indices[0]["data_checksum"] == indices[1]["data_checksum"]
    assert [entry["balance"]["used"] for entry in found] == [20, 20]
    assert any(left["reason"] == "own-output" for left in found[1]["balance"]["left_out"])


def test_the_owners_word_about_the_chest_counts_for_predict_and_index(cli: Cli, model: Path, tmp_path: Path) -> None:
    for label in ("NORMAL", "COVID"):
        for number in range(6):
            pixels = phantom.draw(label, seed=5, number=number, size=96).pixels
            put(tmp_path / "d", {f"{label}/{number}.dcm": dicom_files.film(pixels, BodyPartExamined="SKULL")})
    film_path = tmp_path / "d" / "COVID" / "1.dcm"
    (refused,) = json.loads(cli("predict", model, film_path, "--json").out)["predictions"]
    assert refused["error"]["code"] == "film-dicom-body-part"
    (answer,) = json.loads(cli("predict", model, film_path, "--assume-chest", "--json").out)["predictions"]
    assert answer["error"] is None
    assert answer["image_id"]
    assert cli("index", tmp_path / "d").code == 1
    assert json.loads(cli("index", tmp_path / "d", "--assume-chest", "--json").out)["balance"]["used"] == 12


def test_one_file_named_train_is_no_split_and_no_class_by_itself(cli: Cli, tmp_path: Path) -> None:
    put(tmp_path / "d", names(8, "train", "test"))
    ran = cli("index", tmp_path / "d", "--lang", "en")
    assert ran.code == 1
    assert "train" not in ran.err.replace(str(tmp_path), "")
