"""The page in Chromium, against the real server: films, maps, history, tables to take away, errors."""

import contextlib
import csv
import io
from collections.abc import Callable
from pathlib import Path

import clients
import numpy as np
import pytest
from browser import Visit, visiting
from builders import png, random_film
from clients import Server
from PIL import Image
from playwright.sync_api import Browser

from plainfilm.locales.en.page import SENTENCES as EN
from plainfilm.locales.zh.page import SENTENCES as ZH
from plainfilm.model.answer import Answer
from plainfilm.model.overlay import OPACITY, draw_overlay
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.present.statements import headline
from plainfilm.serving.limits import ServeLimits
from tests.conftest import command

HOSTILE = "<img src=x onerror=alert(1)>.png"
Films = dict[str, bytes]


@pytest.fixture(scope="module")
def three(answered: Films) -> Films:
    """Three films that the model answers."""
    return dict(list(answered.items())[:3])


@pytest.fixture(scope="module")
def photograph() -> bytes:
    """A picture in colour, which the input check refuses."""
    colours = np.stack([random_film(seed=seed) for seed in range(3)], axis=2)
    colours[..., 0] //= 4
    return png(colours)


def shown(share: float) -> str:
    """A probability as the page writes it."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= share < 1 else f"{100 * share:.1f} %"


def spoken(prediction: Prediction, predictor: Predictor, language: str) -> str:
    """The headline of a film of a server that cannot tell whether its films are like home."""
    return headline(Answer.of(prediction, override=False), predictor.card, "").shown(language)


# --- films and answers -----------------------------------------------------------------------------------------------


def test_dropped_films_are_answered_as_the_predictor_answers(visit: Visit, three: Films, predictor: Predictor) -> None:
    visit.answer(three)
    assert visit.texts("#strip .name") == list(three)
    for number, data in enumerate(three.values()):
        visit.select(number)
        expected = predictor.predict_bytes(data)
        assert visit.texts(".bar .number") == [shown(share) for share in expected.probabilities]
        assert expected.set is not None
        assert visit.text(".verdict").lower() == spoken(expected, predictor, "en").lower()


def test_films_come_in_by_choice_and_by_paste(visit: Visit, film: bytes) -> None:
    visit.page.set_input_files("#files", {"name": "chosen.png", "mimeType": "image/png", "buffer": film})
    visit.page.wait_for_selector(".bars")
    transfer = visit.page.evaluate_handle("() => new DataTransfer()")
    visit.page.evaluate("transfer => transfer.items.add(new File(['text'], 'pasted.png'))", transfer)
    visit.page.evaluate(
        "clipboardData => document.dispatchEvent(new ClipboardEvent('paste', {clipboardData}))", transfer
    )
    visit.page.wait_for_selector("#strip li:nth-child(2)")
    assert visit.texts("#strip .name") == ["chosen.png", "pasted.png"]


def test_the_map_follows_class_and_opacity(visit: Visit, film: bytes, predictor: Predictor) -> None:
    """A film opens as it is, the map is one key away. It changes the picture where something speaks for its class."""
    has_evidence = [bool((cells > 0).any()) for cells in predictor.predict_bytes(film).class_maps]
    assert sum(has_evidence) > 1
    visit.answer({"film.png": film})
    without = visit.picture()
    visit.page.keyboard.press("m")
    pictures, remarks = [], []
    for place in range(3):
        visit.page.locator('input[name="class"]').nth(place).check()
        pictures.append(visit.picture())
        remarks.append("the map is empty" in visit.text("#answer"))
    visit.page.fill("#opacity", "0")
    assert visit.picture() == without
    visit.page.fill("#opacity", "35")
    assert visit.picture() == pictures[2]
    visit.page.keyboard.press("m")
    assert visit.picture() == without
    assert [picture != without for picture in pictures] == has_evidence
    assert remarks == [not evidence for evidence in has_evidence]
    assert len(set(pictures) - {without}) == sum(has_evidence)


def test_what_is_said_against_a_map_stays_when_the_language_changes(
    visit: Visit, film: bytes, predictor: Predictor
) -> None:
    visit.answer({"film.png": film})
    visit.page.keyboard.press("m")
    for language, catalogue, key in (("en", EN, ""), ("zh", ZH, "#language"), ("en", EN, "#language")):
        if key:
            visit.page.click(key)
        warning = predictor.card.map_warning.shown(language)
        assert warning
        visit.page.get_by_text(warning).wait_for()
        assert visit.text("#map-words").endswith(catalogue["stage.map-remarked"].rpartition("}")[2])


@pytest.mark.parametrize("fit", ["squash", "letterbox"])
def test_the_map_lies_where_the_overlay_has_it(visit: Visit, fit: str) -> None:
    """Against `draw_overlay` on a black film, whose red is its mask; a grey level of rounding is allowed."""
    cells = np.random.default_rng(3).normal(size=(5, 4))
    height, width = 460, 520
    drawn = draw_overlay(np.zeros((height, width), np.uint8), cells, fit=fit)
    expected = np.array(Image.open(io.BytesIO(drawn)))[..., 0]
    call = "[...module.evidence(given.cells, given.width, given.height, given.fit)]"
    given = {"cells": cells.tolist(), "width": width, "height": height, "fit": fit}
    found = np.array(visit.call("overlay.js", call, given)).reshape(height, width)
    assert np.abs(255 * OPACITY * found - expected).max() < 2


def test_the_view_can_be_changed_and_reset(visit: Visit, film: bytes) -> None:
    visit.answer({"film.png": film})
    pictures = [visit.picture()]
    visit.page.click("#invert")
    pictures.append(visit.picture())
    visit.page.click("#window")
    drag(visit, 60, -30)
    pictures.append(visit.picture())
    assert visit.text("#over-film").endswith("W 316  L 158")
    visit.page.click("#window")
    visit.page.hover("#canvas")
    visit.page.mouse.wheel(0, -400)
    pictures.append(visit.picture())
    drag(visit, 20, 20)
    pictures.append(visit.picture())
    assert len(set(pictures)) == 5
    visit.page.dblclick("#canvas")
    assert visit.picture() == pictures[0]


def drag(visit: Visit, x: int, y: int) -> None:
    """Drag from the middle of the film."""
    box = visit.page.locator("#canvas").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    visit.page.mouse.move(*middle)
    visit.page.mouse.down()
    visit.page.mouse.move(middle[0] + x, middle[1] + y)
    visit.page.mouse.up()


def test_a_refused_film_is_shown_with_reasons_and_answered_on_demand(visit: Visit, photograph: bytes) -> None:
    visit.answer({"photograph.png": photograph})
    assert visit.text(".verdict") == EN["answer.refused"]
    assert "in colour" in visit.text(".reasons")
    assert visit.page.locator("#no-film").is_hidden()
    visit.page.get_by_role("button", name=EN["action.override"]).click()
    visit.page.wait_for_selector(".bars")
    assert visit.text("#answer .note.strong").startswith(EN["answer.overridden"])


def test_the_language_is_switched_with_the_server_s_sentences(
    visit: Visit, three: Films, photograph: bytes, predictor: Predictor
) -> None:
    visit.answer(three | {"photograph.png": photograph, "text.png": b"text"})
    visit.select(0)
    visit.page.click("#language")
    words = spoken(predictor.predict_bytes(next(iter(three.values()))), predictor, "zh")
    visit.page.get_by_text(words, exact=True).first.wait_for()
    assert visit.page.evaluate("() => document.documentElement.lang") == "zh-Hans"
    assert visit.text("#purpose") == ZH["purpose"]
    visit.select(3)
    visit.page.get_by_text("图像是彩色的").wait_for()
    visit.select(4)
    visit.page.get_by_text("文件内容是文本").wait_for()
    assert visit.page.url.endswith("#lang=zh")


def test_the_language_is_the_browser_s(chromium: Browser, server: Server) -> None:
    with visiting(chromium, locale="zh-CN") as visit:
        visit.open(server.address)
        assert visit.text("#invitation") == ZH["empty.drop"]


def test_the_history_is_walked_and_cleared(visit: Visit, three: Films) -> None:
    visit.answer(three)
    visit.select(2)
    assert visit.text("#answer h2") == list(three)[2]
    visit.page.keyboard.press("ArrowUp")
    assert visit.text("#answer h2") == list(three)[1]
    visit.page.keyboard.press("Delete")
    assert visit.texts("#strip .name") == [next(iter(three)), list(three)[2]]
    visit.page.once("dialog", lambda dialog: dialog.accept())
    visit.page.click("#clear")
    assert visit.page.locator("#empty").is_visible()


def test_the_samples_are_marked_and_answered_by_the_sample_model(chromium: Browser) -> None:
    """With no model of one's own, the page says what the packaged one does not know."""
    with clients.started() as alone, visiting(chromium) as visit:
        visit.open(alone.address)
        assert visit.text("#only-samples") == EN["empty.only-samples"]
        visit.page.click("#all-samples")
        visit.page.wait_for_selector("#progress", state="hidden")
        assert visit.page.locator(".bars").is_visible()
        assert visit.text(".mark").startswith(EN["sample.mark"])
    assert alone.err == []


# --- to take away ----------------------------------------------------------------------------------------------------


def test_the_table_holds_every_answer_and_no_formula(visit: Visit, three: Films, predictor: Predictor) -> None:
    names = ["=cmd|' /C calc'!A0.png", "@one, two.png", '-"three".png']
    visit.answer(dict(zip(names, three.values(), strict=True)))
    rows = list(csv.DictReader(io.StringIO(visit.download("#export").decode("utf-8-sig"), newline="")))
    assert [row["path"] for row in rows] == [f"'{name}" for name in names]
    for row, data in zip(rows, three.values(), strict=True):
        expected = predictor.predict_bytes(data)
        assert row["image_id"] == expected.image_id
        assert row["gate"] == "passed"
        found = [float(row[f"p_{name}"]) for name in predictor.card.class_names]
        assert found == pytest.approx(expected.probabilities, abs=1e-6)


def test_the_report_needs_nothing_else(chromium: Browser, visit: Visit, film: bytes, tmp_path: Path) -> None:
    visit.answer({HOSTILE: film})
    path = tmp_path / "report.html"
    path.write_bytes(visit.download(f"text={EN['action.report']}"))
    with visiting(chromium) as reading:
        reading.page.goto(path.as_uri())
        assert reading.page.locator("img").count() == 2
        assert reading.page.evaluate("() => [...document.images].every(image => image.naturalWidth > 0)")
        assert HOSTILE in reading.text("body")
        assert reading.text(".purpose") == EN["purpose"]
        assert set(reading.requests) == {""}


def test_a_print_is_the_report_alone(visit: Visit, film: bytes) -> None:
    visit.answer({"film.png": film})
    visit.page.evaluate("() => { window.print = () => document.body.classList.add('printed'); }")
    visit.page.click(f"text={EN['action.print']}")
    visit.page.wait_for_selector("body.printed")
    visit.page.emulate_media(media="print")
    assert visit.page.locator("#sheet img").count() == 2
    assert visit.page.locator("#sheet").is_visible()
    assert visit.page.locator("header, main").all()
    assert not any(part.is_visible() for part in visit.page.locator("header, main").all())


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_hostile_name_is_text(visit: Visit, film: bytes) -> None:
    visit.answer({HOSTILE: film})
    assert visit.text("#answer h2") == HOSTILE
    assert visit.texts("#strip .name") == [HOSTILE]
    assert visit.page.locator("main img[src='x']").count() == 0


def test_files_that_are_no_films_get_a_sentence(visit: Visit, film: bytes, tmp_path: Path) -> None:
    """A text; a file that is too large, which the server refuses by its length; the film beside them is answered."""
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(ServeLimits().max_body_bytes + 1)
    visit.page.set_input_files("#files", large)
    visit.answer({"text.png": b"this is no film", "film.png": film})
    assert visit.texts("#strip .caption")[:2] == [EN["caption.failed"]] * 2
    assert "MB" in visit.text("#answer") or "MiB" in visit.text("#answer") or "text" in visit.text("#answer")
    visit.select(0)
    assert EN["error.connection-broke"] not in visit.text("#answer")
    visit.select(2)
    assert visit.page.locator(".bars").is_visible()


def test_films_wait_while_the_server_is_away(chromium: Browser, model: Path, film: bytes) -> None:
    """It comes back with another model, which answers what waited; what was answered stays."""
    with contextlib.ExitStack() as stack, visiting(chromium) as visit:
        with clients.started(model) as first:
            visit.open(first.address)
            visit.answer({"before.png": film})
        visit.drop({"during.png": film})
        visit.page.wait_for_selector("#banner", state="visible")
        assert visit.text("#banner") == EN["banner.away"].format(waiting=1)
        visit.select(0)
        assert visit.page.locator(".bars").is_visible()
        stack.callback(start_again(first.address.rpartition(":")[2]))
        visit.page.wait_for_selector("#banner", state="hidden")
        visit.page.wait_for_selector("#progress", state="hidden")
        assert EN["caption.failed"] not in visit.texts("#strip .caption")
        visit.page.click("#language")
        assert visit.page.locator(".bars").is_visible()


def start_again(port: str) -> Callable[[], None]:
    """A server of the packaged model on this port; what is returned ends it."""
    process = command("serve", "--port", port)

    def end() -> None:
        process.terminate()
        assert process.communicate(timeout=60)[1] == ""

    return end


def test_a_busy_server_is_asked_again_quietly(chromium: Browser, model: Path) -> None:
    """There is room for one film, and two are sent at once."""
    films = {f"{seed}.png": png(random_film(1500, 1500, seed)) for seed in range(4)}
    with clients.started_with(ServeLimits(max_waiting=1), model) as busy, visiting(chromium) as visit:
        visit.open(busy.address)
        visit.answer(films)
        assert 503 in visit.statuses
        assert EN["caption.failed"] not in visit.texts("#strip .caption")


def test_the_token_is_asked_for_once(chromium: Browser, model: Path, film: bytes, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("a-token-of-some-length")
    with clients.started(model, "--token-file", token) as guarded:
        with visiting(chromium) as visit:
            visit.page.goto(guarded.address)
            for given in ("another-token-than-it", "a-token-of-some-length"):
                visit.page.fill("#token-input", given)
                visit.page.click(f"text={EN['token.send']}")
                if given.startswith("another"):
                    visit.page.get_by_text(EN["token.wrong"]).wait_for()
            visit.page.wait_for_selector("#samples button")
            visit.answer({"film.png": film})
            assert visit.page.locator(".bars").is_visible()
        with visiting(chromium) as visit:
            visit.open(f"{guarded.address}/#token=a-token-of-some-length")
            assert "token" not in visit.page.url
