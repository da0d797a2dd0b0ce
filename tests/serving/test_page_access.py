"""The page for everyone: axe-core finds nothing in any state, and the keyboard alone is enough."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import NARROW, WIDE, Visit, visiting
from builders import installed, png, random_film
from clients import Server
from playwright.sync_api import Browser

from plainfilm.locales.en.page import SENTENCES as EN

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
Films = dict[str, bytes]


@pytest.fixture(scope="module")
def axe() -> str:
    """The source text of axe-core, from the folder in PLAINFILM_AXE."""
    return (installed("PLAINFILM_AXE") / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(visit: Visit) -> list[str]:
    """What axe-core finds now: rule, element."""
    found: dict[str, Any] = visit.page.evaluate("rules => axe.run(document, rules)", RULES)
    return [f"{entry['id']}: {node['html'][:150]}" for entry in found["violations"] for node in entry["nodes"]]


def states(visit: Visit, films: Films) -> Iterator[str]:
    """The states of the page, one after the other, by name."""
    page = visit.page
    yield "empty"
    visit.answer(films)
    yield "answered"
    page.click("summary")
    yield "details"
    visit.select(1)
    yield "refused"
    page.locator("#answer > button").first.click()
    page.wait_for_selector(".bars")
    yield "overridden"
    visit.select(2)
    yield "no film"
    page.click("#about")
    yield "models"
    page.keyboard.press("Escape")
    page.click("#help")
    yield "keys"
    page.keyboard.press("Escape")
    visit.select(0)
    page.click("#read")
    yield "to be read"
    page.keyboard.press("1")
    yield "read"
    page.click("#finish")
    yield "summary"
    page.click("#end-reading")
    page.context.set_offline(True)
    visit.drop({"late.png": films["film.png"]})
    page.wait_for_selector("#banner", state="visible")
    yield "away"


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_axe_finds_nothing(
    chromium: Browser, server: Server, film: bytes, axe: str, viewport: dict[str, int], locale: str
) -> None:
    """In every state, dark and light. The policy is lifted here alone: axe-core is put into the page."""
    films = {"film.png": film, "noise.png": png(random_film(300, 100)), "text.png": b"text"}
    with visiting(chromium, viewport=viewport, locale=locale, bypass_csp=True, reduced_motion="reduce") as visit:
        visit.open(server.address)
        visit.page.evaluate(f"() => {{ {axe} }}")
        found = {}
        for state in states(visit, films):
            for theme in ("dark", "light"):
                visit.page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                found[state, theme] = violations(visit)
            assert visit.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), state
    assert {where: what for where, what in found.items() if what} == {}


def test_the_token_dialog_is_accessible(chromium: Browser, model: Path, axe: str, tmp_path: Path) -> None:
    from clients import started

    token = tmp_path / "token"
    token.write_text("a-token-of-some-length")
    with started(model, "--token-file", token) as guarded, visiting(chromium, bypass_csp=True) as visit:
        visit.page.goto(guarded.address)
        visit.page.wait_for_selector("#token-input")
        visit.page.evaluate(f"() => {{ {axe} }}")
        assert violations(visit) == []


NOTE_CHOOSER = """() => document.getElementById('files').addEventListener('click', event => {
    event.preventDefault();
    window.isChooserOpen = true;
})"""  # the system's own dialog is none of the page's


def test_a_visit_with_the_keyboard_alone(visit: Visit, answered: Films, tmp_path: Path) -> None:
    """Choose, look, change the map, read, take the table away: no mouse."""
    paths = []
    for name, data in list(answered.items())[:3]:
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    page = visit.page
    while visit.page.evaluate("() => document.activeElement.id") != "choose-first":
        page.keyboard.press("Tab")
    page.evaluate(NOTE_CHOOSER)
    page.keyboard.press("Enter")
    while not page.evaluate("() => window.isChooserOpen"):
        page.wait_for_timeout(20)
    page.set_input_files("#files", paths)
    page.wait_for_selector(".bars")
    page.wait_for_selector("#progress", state="hidden")
    before = visit.picture()
    page.keyboard.press("i")
    assert visit.picture() != before
    page.keyboard.press("0")
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")  # the film has the focus
    assert visit.picture() != before
    page.keyboard.press("0")
    assert visit.picture() == before
    page.keyboard.press("2")
    assert page.locator('input[name="class"]').nth(1).is_checked()
    page.keyboard.press("n")
    assert visit.text("#answer h2") == paths[1].name
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("3")
    assert visit.text(".compared").startswith(EN["reader.own"].format(own="COVID-19"))
    with page.expect_download():
        page.focus("#export")
        page.keyboard.press("Enter")


def test_keys_of_one_character_can_be_switched_off(visit: Visit, film: bytes) -> None:
    visit.answer({"film.png": film})
    before = visit.picture()
    visit.page.keyboard.press("?")
    visit.page.uncheck("#keys-on")
    visit.page.keyboard.press("Escape")
    visit.page.keyboard.press("i")
    assert visit.picture() == before


# The last test of this browser: once the focus has left the page, Chromium opens no file chooser any more.
FOCUSED = """() => {
    const target = document.activeElement.matches('.bar input') ? document.activeElement.parentElement : document.activeElement;
    const box = target.getBoundingClientRect();
    const name = target === document.body ? '' : target.id || target.classList[0] || target.tagName;
    return [name, Math.min(box.width, box.height), getComputedStyle(target).outlineStyle];
}"""  # a radio button stands for its whole bar, which shows the focus and can be clicked


def walk(visit: Visit) -> list[str]:
    """Where the focus goes by Tab until it leaves the page; each place is at least 24 px large, and shows the focus."""
    places: list[str] = []
    while len(places) < 80:
        visit.page.keyboard.press("Tab")
        name, side, outline = visit.page.evaluate(FOCUSED)
        if not name:
            return places
        places.append(name)
        assert outline != "none", name
        assert side >= 24, name
    raise AssertionError(f"the focus does not get out: {places}")


def test_the_keyboard_walks_through_and_out_again(visit: Visit, film: bytes) -> None:
    visit.answer({"film.png": film})
    visit.page.focus(".skip")
    places = walk(visit)
    for name in ("choose", "read", "export", "about", "language", "theme", "help", "film", "clear", "viewer"):
        assert name in places
    assert places.index("clear") < places.index("viewer") < places.index("opacity") < places.index("bar")
