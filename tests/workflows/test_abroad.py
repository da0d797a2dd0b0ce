"""Films of home and from abroad, from the command line to the API: what is said, marked, promised and written."""

import csv
import json
from pathlib import Path

import clients
import httpx
import pytest
from PIL import Image, ImageFilter

from plainfilm.data import phantom
from plainfilm.model.shift import MIN_FILMS
from plainfilm.serving.api.samples import PHANTOM_MODEL
from tests.conftest import Cli

SEED, SIZE_PX, COUNT = 77, 192, 24


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of new phantoms as the demo draws them, and of the same from a place whose films are soft and dark."""
    found = {name: tmp_path_factory.mktemp(name) for name in ("home", "abroad")}
    for number in range(COUNT):
        label = phantom.CLASSES[number % 3]
        film = Image.fromarray(phantom.draw(label, seed=SEED, number=number, size=SIZE_PX).pixels)
        film.save(found["home"] / f"{number:02d}.png")
        other = film.filter(ImageFilter.GaussianBlur(1.2)).point(lambda grey: round(255 * (grey / 255) ** 1.3))
        other.save(found["abroad"] / f"{number:02d}.png")
    return found


def test_predict_says_it_first_marks_answers_and_withdraws_the_promise(
    cli: Cli, places: dict[str, Path], tmp_path: Path
) -> None:
    ran = cli("predict", PHANTOM_MODEL, places["abroad"], "--csv", tmp_path / "a.csv")
    lines = ran.out.splitlines()
    alarm = next(
        place for place, line in enumerate(lines) if "are not like those that this model was tested on" in line
    )
    assert alarm < next(place for place, line in enumerate(lines) if line.startswith("No."))
    assert "(not like home)" in ran.out
    assert "promises at home do not hold here" in ran.out
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        cells = {row["shift"] for row in csv.DictReader(file)}
    assert cells == {"abroad"}


def test_at_home_nothing_is_said_against_the_films(cli: Cli, places: dict[str, Path]) -> None:
    found = json.loads(cli("predict", PHANTOM_MODEL, places["home"], "--json").out)
    assert found["shift"]["verdict"] == "home"
    answered = [entry for entry in found["predictions"] if entry["predicted"]]
    plain = [entry for entry in answered if not entry["shift"]["unlike"]]
    assert {entry["stance"] for entry in plain} <= {"home", "undecided"}
    assert all(entry["promised"] for entry in plain)
    assert all(entry["headline"] == entry["set_words"] for entry in plain)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Not like the films of its test"), ("zh", "与模型的测试胶片不同")]
)
def test_the_json_of_films_from_abroad(cli: Cli, places: dict[str, Path], language: str, words: str) -> None:
    found = json.loads(cli("predict", PHANTOM_MODEL, places["abroad"], "--json", "--lang", language).out)
    assert found["shift"]["verdict"] == "abroad"
    assert found["shift"]["distance"] > 1
    assert found["guessed"]["message"]
    answered = [entry for entry in found["predictions"] if entry["predicted"]]
    assert answered
    assert {entry["stance"] for entry in answered} == {"abroad"}
    assert {entry["promised"] for entry in answered} == {False}
    assert all(entry["headline"].startswith(words) for entry in answered)


def test_of_one_film_nobody_knows_the_place(cli: Cli, places: dict[str, Path]) -> None:
    films = sorted(places["home"].iterdir())[:3]
    found = json.loads(cli("predict", PHANTOM_MODEL, *films, "--json").out)
    assert found["shift"]["verdict"] == "too-few"
    for entry in found["predictions"]:
        assert entry["stance"] in ("unproven", "undecided", "abroad", None)
        if entry["stance"] == "unproven":
            assert entry["promised"] is None
            assert entry["headline"].endswith("if this film is like those of the test")


@pytest.mark.parametrize(("place", "code"), [("home", 0), ("abroad", 1)])
def test_doctor_is_asked_about_a_model_and_films(cli: Cli, places: dict[str, Path], place: str, code: int) -> None:
    ran = cli("doctor", PHANTOM_MODEL, places[place], "--json")
    together = json.loads(ran.out)[0]
    assert together["well"] == (code == 0)
    assert {finding["code"] for finding in together["findings"]} == {"doctor.films", "doctor.shift"}


def test_a_server_tells_after_twenty_films(places: dict[str, Path]) -> None:
    with clients.started(PHANTOM_MODEL) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        sent = [
            client.post("/v1/predictions", content=path.read_bytes()) for path in sorted(places["abroad"].iterdir())
        ]
        watched = [answer.json()["watched"] for answer in sent]
        assert [entry["verdict"] for entry in watched[: MIN_FILMS - 2]] == ["too-few"] * (MIN_FILMS - 2)
        assert [entry["verdict"] for entry in watched[MIN_FILMS:]] == ["abroad"] * (COUNT - MIN_FILMS)
        assert watched[-1]["first_alarm"]
        (last,) = sent[-1].json()["predictions"]
        assert last["stance"] == "abroad"
        lines = client.get("/metrics").text.splitlines()
        assert any(line.startswith("plainfilm_shift_abroad") and line.endswith(" 1.0") for line in lines)
