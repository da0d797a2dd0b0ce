"""`plainfilm recalibrate`: a model file fitted to another place, on labelled films from there."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import plainfilm
from plainfilm.api.results import RecalibrateResult
from plainfilm.data.film_index import Row
from plainfilm.data.phantom import write_folder
from plainfilm.estimate import Estimate
from plainfilm.evaluation.recalibration import is_advised
from plainfilm.messages import LANGUAGES, text
from plainfilm.model import modelfile
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import Shift
from plainfilm.present.statements import about_model
from plainfilm.serving.api.samples import PHANTOM_MODEL
from tests.conftest import Cli
from tests.test_cli import without

PER_CLASS = 50
LABELS = ("NORMAL", "Viral_Pneumonia", "COVID")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 phantoms whose films are dim and faint, unlike those that the model learned from."""
    folder = tmp_path_factory.mktemp("data") / "place"
    write_folder(folder, seed=41, per_class=PER_CLASS, size=96, duplicates=0)
    for path in folder.glob("*/*.png"):
        film = np.asarray(Image.open(path).convert("L"), dtype=float)
        Image.fromarray((film * 0.6 + 20).astype(np.uint8)).save(path)
    return folder


@pytest.fixture(scope="module")
def made(place: Path, tmp_path_factory: pytest.TempPathFactory) -> RecalibrateResult:
    """The packaged phantom model, fitted to that place."""
    return plainfilm.recalibrate(PHANTOM_MODEL, place, out=tmp_path_factory.mktemp("made") / "local.onnx", lang="en")


def part_of_place(place: Path, folder: Path, films: list[str]) -> Path:
    for name in films:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place / name, folder / name)
    return folder


def names_of(place: Path, label: str = "*") -> list[str]:
    return sorted(path.relative_to(place).as_posix() for path in place.glob(f"{label}/*.png"))


def fitted_rows(made: RecalibrateResult) -> list[Row]:
    seen = Predictor(made.model).seen
    assert seen is not None
    known = {row.tobytes().hex() for row in seen.checksums}
    return [row for row in made.found.rows if row.image_id in known]


# --- what the new file is worth ---------------------------------------------------------------------------------------


def test_the_sets_keep_their_promise_afterwards_and_not_before(made: RecalibrateResult) -> None:
    before, after = made.found.before.sets, made.found.after.sets
    assert before is not None
    assert after is not None
    assert before.coverage.high < before.asked == 0.95
    assert after.coverage.high >= after.asked == 0.95
    assert after.coverage.value > 0.9
    assert made.found.before.num_films == made.found.after.num_films == made.found.made.tested


def test_the_input_check_lets_films_of_the_place_pass_and_no_other_picture(
    made: RecalibrateResult, place: Path, tmp_path: Path
) -> None:
    assert made.found.before.gate.refused.low > 0.9
    assert made.found.after.gate.refused.low < 0.05
    noise = np.random.default_rng(0).integers(0, 256, (96, 96), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    upside_down = []
    for name in names_of(place, "COVID")[:20]:
        upside_down.append(tmp_path / Path(name).name)
        Image.open(place / name).transpose(Image.Transpose.ROTATE_180).save(upside_down[-1])
    answers = plainfilm.predict(made.model, [tmp_path / "noise.png", *upside_down], lang="en").answers
    assert answers[0].is_refused
    assert sum(answer.is_refused for answer in answers[1:]) > 10


def test_other_films_of_the_place_are_like_home(made: RecalibrateResult) -> None:
    shift = made.found.after.shift
    assert shift is not None
    assert shift.verdict == "home"
    before = made.found.before.shift
    assert before is not None
    assert before.verdict != "home"


# --- the file ---------------------------------------------------------------------------------------------------------


def test_the_file_has_the_weights_of_its_parent_and_names_it(made: RecalibrateResult) -> None:
    parent, card = Predictor(PHANTOM_MODEL), Predictor(made.model).card
    assert card.weights_sha256 == parent.card.weights_sha256 == modelfile.opened(made.model).card.weights_sha256
    found = card.provenance.recalibrated
    assert found is not None
    assert found.parent == parent.file_sha256
    assert (found.films, found.fitted + found.tested) == (3 * PER_CLASS, 3 * PER_CLASS)
    assert abs(found.fitted - found.tested) <= 3
    assert replace(card.provenance, recalibrated=None, leaking=None) == replace(parent.card.provenance, leaking=None)
    assert card.calibration is not None
    assert sum(card.calibration.films) == found.fitted
    assert card.evaluation is not None
    assert card.evaluation.overall["accuracy"] == made.found.after.overall["accuracy"]
    assert card.maps is None


def test_the_same_films_give_the_same_bytes(made: RecalibrateResult, place: Path, tmp_path: Path) -> None:
    plainfilm.recalibrate(PHANTOM_MODEL, place, out=tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == made.model.read_bytes()


def test_the_fitting_films_are_seen_and_the_test_films_are_not(made: RecalibrateResult, place: Path) -> None:
    parent, found = Predictor(PHANTOM_MODEL).card.seen, made.found.made
    counts = made.card.seen
    assert parent is not None
    assert counts is not None
    assert (counts.train, counts.validation) == (parent.train, parent.validation + found.fitted)
    assert (counts.films, counts.fingerprints, counts.base_known) == (parent.films + found.fitted, True, True)
    tested = plainfilm.evaluate(made.model, place).evaluation
    assert tested.figures.seen is not None
    assert tested.figures.seen.exact == found.fitted
    assert len(tested.rows) == found.tested
    assert tested.figures.overall == made.found.after.overall


def test_no_group_is_in_both_halves(place: Path, tmp_path: Path) -> None:
    names = names_of(place)
    lines = [f"{name},p-{number // 3}" for number, name in enumerate(names)]
    (tmp_path / "table.csv").write_text("\n".join(["path,patient", *lines]))
    made = plainfilm.recalibrate(PHANTOM_MODEL, place, table=tmp_path / "table.csv", out=tmp_path / "local.onnx")
    fitted = {row.group for row in fitted_rows(made)}
    others = {row.group for row in made.found.rows} - fitted
    assert fitted
    assert sum(row.group in others for row in made.found.rows) == made.found.made.tested


def test_a_model_without_calibration_and_list_gets_both(place: Path, tmp_path: Path) -> None:
    model = modelfile.opened(PHANTOM_MODEL)
    bare = replace(model.card, calibration=None, gate=None, shift=None, evaluation=None, maps=None)
    replace(model, path=tmp_path / "bare.onnx", card=bare, seen=None).write()
    made = plainfilm.recalibrate(tmp_path / "bare.onnx", place, out=tmp_path / "local.onnx", lang="en")
    card = Predictor(made.model).card
    assert card.calibration is not None
    assert [point.asked for point in card.calibration.operating_points[0]] == [0.9, 0.95, 0.99]
    assert card.seen is not None
    assert (card.seen.films, card.seen.base_known) == (made.found.made.fitted, False)
    (line,) = [line for line in str(made).splitlines() if line.startswith(text("sets.size", "en"))]
    assert "–  " in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_class_without_films_is_named_and_its_sets_take_what_the_others_gave(
    cli: Cli, place: Path, tmp_path: Path, language: str
) -> None:
    films = part_of_place(place, tmp_path / "two", names_of(place, "COVID") + names_of(place, "NORMAL"))
    ran = cli("recalibrate", PHANTOM_MODEL, films, "--out", tmp_path / "local.onnx", "--lang", language)
    assert ran.code == 0, ran.err
    card = Predictor(tmp_path / "local.onnx").card
    assert text("recalibration.missing", language, names=card.shown("Viral_Pneumonia").shown(language)) in ran.out
    assert card.calibration is not None
    assert card.calibration.films[1] == 0
    assert card.calibration.operating_points[1] == ()
    assert len(set(card.calibration.quantiles)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_file_says_that_it_was_recalibrated(made: RecalibrateResult, language: str) -> None:
    said = [words.shown(language) for words in about_model(made.card)]
    accuracy = made.found.after.overall["accuracy"].percent(language)
    assert text("card.recalibrated", language, accuracy=accuracy) in said
    assert text("card.recalibrated-on", language, films=made.found.made.fitted, coverage=95.0) in said


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"), [("en", "99 of the 99 films can be used"), ("zh", "99 张胶片中只有 99 张可用于重新校准")]
)
def test_fewer_than_a_hundred_films_are_too_few(
    cli: Cli, place: Path, tmp_path: Path, language: str, words: str
) -> None:
    films = part_of_place(place, tmp_path / "few", names_of(place)[:99])
    out = tmp_path / "out" / "local.onnx"
    ran = cli("recalibrate", PHANTOM_MODEL, films, "--out", out, "--lang", language)
    assert ran.code == 1
    assert words in ran.err
    assert "100" in ran.err
    assert "200" in ran.err
    assert list(out.parent.iterdir()) == []


def test_films_that_the_model_has_seen_do_not_count(
    cli: Cli, made: RecalibrateResult, place: Path, tmp_path: Path
) -> None:
    fitted = [row.path for row in fitted_rows(made)]
    ran = cli("recalibrate", made.model, place, "--out", tmp_path / "next.onnx", "--lang", "en")
    assert ran.code == 1
    assert f"({len(fitted)} are left out because the model has seen them)" in ran.err
    films = part_of_place(place, tmp_path / "seen", fitted)
    ran = cli("recalibrate", made.model, films, "--out", tmp_path / "next.onnx", "--lang", "en")
    assert ran.code == 1
    assert "the model has seen all films" in ran.err
    assert not (tmp_path / "next.onnx").exists()


def test_films_of_a_few_patients_cannot_be_halved(cli: Cli, place: Path, tmp_path: Path) -> None:
    lines = [f"{name},p-{number % 5}" for number, name in enumerate(names_of(place))]
    (tmp_path / "table.csv").write_text("\n".join(["path,patient", *lines]))
    options = ("--table", tmp_path / "table.csv", "--out", tmp_path / "local.onnx", "--lang", "en")
    ran = cli("recalibrate", PHANTOM_MODEL, place, *options)
    assert ran.code == 1
    assert "are of 5 patients" in ran.err
    assert not (tmp_path / "local.onnx").exists()


def test_a_file_that_is_there_stays_as_it_is(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "local.onnx").write_bytes(b"precious")
    ran = cli("recalibrate", PHANTOM_MODEL, tmp_path / "no-films", "--out", tmp_path / "local.onnx", "--lang", "en")
    assert ran.code == 2
    assert "exists already" in ran.err
    assert (tmp_path / "local.onnx").read_bytes() == b"precious"


def test_it_needs_onnx_and_no_torch(place: Path, tmp_path: Path) -> None:
    words = ("recalibrate", PHANTOM_MODEL, place, "--out", tmp_path / "local.onnx", "--lang", "en")
    ran = without(["onnx"], *words)
    assert ran.code == 2
    assert 'pip install "plainfilm[train]"' in ran.err
    ran = without(["torch", "matplotlib", "jinja2", "safetensors"], *words)
    assert ran.code == 0, ran.err


# --- what is printed --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_before_and_after_are_in_one_table(made: RecalibrateResult, language: str) -> None:
    out = str(made.in_language(language))
    figures = ("figure.accuracy", "figure.balanced_accuracy", "sets.size", "figure.log_loss", "figure.calibration")
    for key in ("recalibration.title", "recalibration.before", "recalibration.after", *figures):
        assert text(key, language) in out
    (line,) = [line for line in out.splitlines() if line.startswith(text("sets.coverage", language, asked=95.0))]
    for figures_of in (made.found.before, made.found.after):
        assert figures_of.sets is not None
        assert f"{100 * figures_of.sets.coverage.value:.1f} %" in line
        assert f"{100 * figures_of.sets.coverage.low:.1f}–" in line
    counts = {"films": 3 * PER_CLASS, "fitted": made.found.made.fitted, "tested": made.found.made.tested}
    assert text("recalibration.halves", language, **counts).splitlines()[0] in out.replace("\n", " ")


def test_json_has_both(cli: Cli, made: RecalibrateResult, place: Path, tmp_path: Path) -> None:
    found = json.loads(cli("recalibrate", PHANTOM_MODEL, place, "--out", tmp_path / "local.onnx", "--json").out)
    assert found["model"] == str(tmp_path / "local.onnx")
    assert found["parent"] == Predictor(PHANTOM_MODEL).file_sha256
    assert (found["fitted"], found["tested"]) == (made.found.made.fitted, made.found.made.tested)
    assert found["before"]["sets"]["coverage"] == json.loads(json.dumps(made.as_dict()))["before"]["sets"]["coverage"]
    assert found["after"]["log_loss"] == made.found.after.overall["log_loss"].as_dict()
    assert (found["missing"], found["pooled"]) == ([], list(LABELS))


def test_a_test_elsewhere_advises_it_when_the_sets_miss(made: RecalibrateResult, place: Path) -> None:
    before, after = (plainfilm.evaluate(model, place) for model in (PHANTOM_MODEL, made.model))
    for language in LANGUAGES:
        advice = text("recalibration.advised", language, minimum=100, better=200, films=3 * PER_CLASS)
        assert advice in str(before.in_language(language))
        start = advice.partition(str(3 * PER_CLASS))[0]
        assert start not in str(after.in_language(language))


def test_it_is_advised_if_sets_surely_miss_or_the_films_are_abroad(made: RecalibrateResult) -> None:
    figures = made.found.after
    assert figures.sets is not None
    for high, shift, expected in (
        (0.94, None, True),
        (0.96, None, False),
        (0.96, Shift("abroad", 60, 2.0, 3), True),
        (0.96, Shift("home", 60, 0.5, 3), False),
        (0.96, Shift("too-few", 10, None, 3), False),
    ):
        sets = replace(figures.sets, coverage=Estimate(0.9, 0.8, high, 60))
        assert is_advised(replace(figures, sets=sets, shift=shift)) is expected
    assert not is_advised(replace(figures, sets=None, shift=None))
