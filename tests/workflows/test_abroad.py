"""Films of home and from abroad, from the command line to API and page: what is said, marked, promised and written."""

import csv
import io
import json
import re
from pathlib import Path

import clients
import httpx
import numpy as np
import pytest
from browser import launched, visiting
from builders import make_card, png
from PIL import Image, ImageFilter

from plainfilm.data import phantom
from plainfilm.locales.en.page import SENTENCES as EN
from plainfilm.model.answer import Answer
from plainfilm.model.shift import MIN_FILMS, Placed
from plainfilm.present import statements
from plainfilm.serving.api.samples import PHANTOM_MODEL
from tests.conftest import Cli

SEED, SIZE_PX, COUNT = 77, 192, 24
MOST_REQUESTS = 120  # of a page that asks about each of COUNT films twice, and for itself


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
    marks = set(re.findall(r"\(([^()]*not like the test)\)", ran.out))
    assert marks <= {"not like the test", "not decided; not like the test"}
    assert marks
    assert ran.out.count("prediction set, which promises nothing here: ") == COUNT
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        cells = {(row["shift"], row["stance"]) for row in csv.DictReader(file)}
    assert cells == {("abroad", "abroad")}


def test_abroad_no_predictive_value_is_given(cli: Cli, places: dict[str, Path]) -> None:
    words = ("predict", PHANTOM_MODEL, places["abroad"], "--prevalence", "COVID=0.1")
    assert "No predictive values" in (ran := cli(*words)).out
    assert "Predictive values if" not in ran.out
    told = json.loads(cli(*words, "--json").out)["predictions"]
    assert {point["predictive_value"] for entry in told for point in entry["called"]["COVID"]} == {None}
    assert "Predictive values if" in cli(*words[:2], places["home"], *words[3:]).out


def test_at_home_nothing_is_said_against_the_films(cli: Cli, places: dict[str, Path]) -> None:
    found = json.loads(cli("predict", PHANTOM_MODEL, places["home"], "--json").out)
    assert found["shift"]["verdict"] == "home"
    answered = [entry for entry in found["predictions"] if entry["predicted"]]
    plain = [entry for entry in answered if not entry["shift"]["unlike"]]
    assert {entry["stance"] for entry in plain} <= {"home", "undecided"}
    assert all(entry["promised"] for entry in plain)
    assert all(entry["headline"] == entry["set_words"] for entry in plain)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The films here are not like those of the test"), ("zh", "此处的胶片与测试胶片不同")]
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
        assert entry["shift"]["abroad"] is None
        if entry["stance"] == "unproven":
            assert entry["promised"] is None
            assert entry["headline"].endswith("if this film is like those of the test")


@pytest.mark.parametrize(
    ("members", "place", "is_unlike", "stance", "headline"),
    [
        ((0,), "home", False, "home", "a"),
        ((0, 1), "home", False, "undecided", "a or b: not decided"),
        ((0,), "too-few", False, "unproven", "a, if this film is like those of the test"),
        ((0, 1), "too-few", False, "unproven", "a or b, if this film is like those of the test"),
        ((0, 1, 2), "too-few", False, "undecided", "no class ruled out: not decided"),
        ((), "too-few", False, "undecided", "not sure enough of any class: not decided"),
        ((0,), "home", True, "abroad", "Not like the films of the test. Not reliable: a"),
        ((0, 1), "abroad", False, "abroad", "The films here are not like those of the test. Not reliable: a"),
    ],
)
def test_a_headline_is_as_sure_as_what_stands_behind_it(
    members: tuple[int, ...], place: str, is_unlike: bool, stance: str, headline: str
) -> None:
    """What rules a class out holds at home alone, also where several are left."""
    found = Answer(
        probabilities=np.array([0.5, 0.3, 0.2]), set=members, placed=Placed(0, np.zeros(1), 2.0 if is_unlike else 0.5)
    )
    assert statements.stance(found, place) == stance
    assert statements.headline(found, make_card(("a", "b", "c")), place).shown("en") == headline


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
        whose = f"The {watched[-1]['films']} films that this server last looked at together, whoever sent them, are not"
        assert watched[-1]["message"].startswith(whose)
        (last,) = sent[-1].json()["predictions"]
        assert last["stance"] == "abroad"
        lines = client.get("/metrics").text.splitlines()
        assert any(line.startswith("plainfilm_shift_abroad") and line.endswith(" 1.0") for line in lines)


def test_the_page_corrects_what_it_said_before_the_place_was_known(places: dict[str, Path]) -> None:
    films = {path.name: path.read_bytes() for path in sorted(places["abroad"].iterdir())}
    first = dict(list(films.items())[:2])
    with clients.started(PHANTOM_MODEL) as server, launched() as browser, visiting(browser) as visit:
        visit.open(server.address)
        visit.answer(first)
        assert "The films here are not like those of the test" not in visit.text(".verdict")
        visit.answer({name: data for name, data in films.items() if name not in first})
        visit.answer({"noise.png": png(np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8))})
        visit.page.wait_for_function(
            "([abroad, count]) => [...document.querySelectorAll('#strip .caption')]"
            ".filter(entry => entry.textContent === abroad).length === count",
            arg=[EN["caption.abroad"], COUNT],
        )
        visit.select(0)
        assert "The films here are not like those of the test" in visit.text(".verdict")
        rows = list(csv.DictReader(io.StringIO(visit.download("#export").decode("utf-8-sig"))))
        assert [(row["shift"], row["stance"]) for row in rows] == [("abroad", "abroad")] * COUNT + [("", "")]
        assert len(visit.statuses) < MOST_REQUESTS


def test_the_page_says_what_is_known_of_the_place_though_the_headline_stays(places: dict[str, Path]) -> None:
    """Of an answer that rules nothing out, too, while its film is on the screen."""
    films = {path.name: path.read_bytes() for path in sorted(places["home"].iterdir())}
    with clients.started(PHANTOM_MODEL) as server, launched() as browser, visiting(browser) as visit:
        visit.open(server.address)
        visit.answer(films)
        for number in range(COUNT):
            visit.select(number)
            visit.page.get_by_text(EN["answer.home"]).wait_for()
