"""The training page in a real browser, against the real server that follows a run which grows under it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import installed, program
from clients import Server, started
from growing_run import RECIPE, Training, start
from playwright.sync_api import Browser, Page, expect, sync_playwright

from plainfilm.data.film_index import Index, write_index
from plainfilm.locales.en.training import SENTENCES as EN
from plainfilm.locales.zh.training import SENTENCES as ZH
from plainfilm.serving.api.http import WEB

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; of this module alone, because while it is driven no other event loop runs."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program("chromium"), args=OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server with the packaged model, and the folder that it follows."""
    run = tmp_path_factory.mktemp("followed") / "run"
    with started("--run", run) as running:
        yield running, run


@pytest.fixture
def run(server: tuple[Server, Path]) -> Path:
    """The folder that is followed, with a run before its first step."""
    shutil.rmtree(server[1], ignore_errors=True)
    return start(server[1], RECIPE)


@pytest.fixture
def page(browser: Browser, server: tuple[Server, Path]) -> Iterator[Page]:
    """A page in English; it must ask for nothing outside its server, and have no fault."""
    yield from visit(browser, server[0].address, locale="en-GB")


def visit(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    opened = browser.new_context(**context)
    page = opened.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.goto(f"{address}/training")
    yield page
    opened.close()
    assert faults == []
    assert [url for url in asked if not url.startswith((f"{address}/", "data:"))] == []


def assert_accessible(page: Page) -> None:
    """axe-core finds nothing."""
    page.evaluate((installed("PLAINFILM_AXE") / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")["violations"]
    assert [(entry["id"], [node["html"] for node in entry["nodes"]]) for entry in found] == []


def number(page: Page, key: str, language: dict[str, str] = EN) -> Any:
    """What stands under one of the names above the charts."""
    return page.locator("#numbers div", has=page.get_by_text(language[key], exact=True)).locator("dd").first


def test_it_follows_a_training_from_the_first_step_to_the_test(page: Page, run: Path):
    training = Training(run)
    expect(page.locator("#state")).to_contain_text(EN["training.state.waiting"])
    expect(page.locator("#training")).to_be_hidden()
    assert_accessible(page)
    training.go(25)
    expect(number(page, "training.step")).to_have_text("25 of 40")
    expect(number(page, "training.left")).to_have_text("about 1 min")  # 15 steps of 4 s
    expect(page.locator("#loss .validation")).to_have_count(2)
    expect(page.locator("#rows tr")).to_have_count(3)
    assert_accessible(page)
    training.go(15, seconds=4, accuracies={2: 0.75})
    expect(page.locator("#state")).to_contain_text(EN["training.state.testing"])
    expect(page.locator("#loss .validation")).to_have_count(4)
    expect(page.locator("#loss .validation.kept")).to_have_count(1)
    expect(number(page, "training.accuracy.best")).to_have_text("75.0 %")
    training.write("done")
    expect(page.locator("#state")).to_contain_text(EN["training.state.finished"])
    assert page.title() == "100\N{NO-BREAK SPACE}% · Training · plainfilm"
    assert_accessible(page)


def test_a_training_that_went_back_is_drawn_from_where_it_is(page: Page, run: Path):
    Training(run).go(27)
    expect(number(page, "training.step")).to_have_text("27 of 40")
    Training(run, at=20).go(3)
    expect(number(page, "training.step")).to_have_text("23 of 40")
    expect(page.locator("#rows tr:first-child th")).to_have_text("2")
    Training(run, at=20).go(8)
    expect(number(page, "training.step")).to_have_text("28 of 40")
    assert number_of_lines(page) == 27  # a line from each of 28 steps to the next


def number_of_lines(page: Page) -> int:
    return (page.locator("#loss path.raw").get_attribute("d") or "").count("L")


def test_what_was_drawn_stays_while_the_server_is_away(page: Page, run: Path):
    Training(run).go(12)
    expect(number(page, "training.step")).to_have_text("12 of 40")
    page.context.set_offline(True)
    expect(page.locator("#state")).to_contain_text(EN["training.state.away"])
    expect(page.locator("#loss svg")).to_be_visible()
    expect(number(page, "training.step")).to_have_text("12 of 40")
    assert_accessible(page)
    page.context.set_offline(False)
    expect(page.locator("#state")).to_contain_text(EN["training.state.running"])


def test_a_history_that_cannot_be_read_is_said(page: Page, run: Path):
    (run / "history.csv").write_text("dear diary\n")
    expect(page.locator("#state")).to_contain_text("cannot be read")
    assert_accessible(page)
    page.get_by_role("button").press("Enter")
    expect(page.locator("#state")).to_contain_text("无法读取")


def test_what_hides_in_a_problem_is_shown(page: Page, run: Path):
    """A bidirectional override would turn what follows it round."""
    content = {"detail": "a\u202eb", "code": "run-damaged"}
    page.route("**/v1/run?*", lambda route: route.fulfill(status=500, json=content))
    expect(page.locator("#state-about")).to_have_text("a\\u202eb")


def test_without_validation_the_page_says_which_epoch_is_kept(page: Page, run: Path):
    write_index(Index((), (), ("a", "b"), {"kind": "tutorial"}), run)
    Training(run).go(5)
    expect(page.locator("#remark")).to_have_text(EN["training.remark.no-films"])
    expect(number(page, "training.accuracy.best")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_in_chinese_on_a_telephone(browser: Browser, server: tuple[Server, Path], run: Path, scheme: str):
    Training(run).go(25)
    phone = {"width": 390, "height": 800}
    for page in visit(browser, server[0].address, locale="zh-CN", viewport=phone, color_scheme=scheme):
        expect(number(page, "training.step", ZH)).to_have_text("25 / 40")
        assert page.evaluate("document.documentElement.lang") == "zh-Hans"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert_accessible(page)
        page.keyboard.press("Tab")  # the first thing to reach is the switch of the language
        page.keyboard.press("Enter")
        expect(number(page, "training.step")).to_have_text("25 of 40")
        assert page.evaluate("document.documentElement.lang") == "en"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "epochs"  # which scrolls


def test_the_token_is_asked_for_and_stays_in_memory(browser: Browser, tmp_path: Path):
    token = "abcdefghijklmnopqrstuvwxyz"
    (tmp_path / "token.txt").write_text(token)
    Training(start(tmp_path / "run", RECIPE)).go(12)
    with started("--run", tmp_path / "run", "--token-file", tmp_path / "token.txt") as running:
        for page in visit(browser, running.address, locale="en-GB"):
            field = page.get_by_label(EN["training.token"], exact=True)
            field.fill("another")
            field.press("Enter")
            expect(page.get_by_role("alert")).to_have_text(EN["training.token.wrong"])
            assert_accessible(page)
            field.fill(token)
            field.press("Enter")
            expect(number(page, "training.step")).to_have_text("12 of 40")
            expect(field).to_be_hidden()
            page.goto("about:blank")
            page.goto(f"{running.address}/training#token={token}")
            expect(number(page, "training.step")).to_have_text("12 of 40")
            assert page.url == f"{running.address}/training"
            assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]


def test_the_words_of_the_page_are_there_and_used():
    files = "".join((WEB / name).read_text(encoding="utf-8") for name in ("training.html", "training.js"))
    used = set(re.findall(r'"(training\.[\w.-]*\w)"', files))
    beginnings = tuple(re.findall(r"`(training\.[\w.]+\.)\$", files))
    assert EN.keys() == ZH.keys()
    assert used <= EN.keys()
    assert [key for key in EN if key not in used and not key.startswith(beginnings)] == []
    for key in EN:
        assert set(re.findall(r"\{\w+\}", EN[key])) == set(re.findall(r"\{\w+\}", ZH[key])), key
