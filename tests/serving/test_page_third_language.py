"""The page in a third language, half as long again, on a telephone."""

from pathlib import Path

import pytest
from browser import NARROW, visiting
from clients import started
from playwright.sync_api import Browser
from pseudo_language import LANGUAGE, NAMES, TAG, VALUES, english_left

from tests.conftest import Ran

CUT_OFF = """() => [...document.querySelectorAll("body *")].filter(element => {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !box.width || style.visibility === "hidden" || element.matches(".unseen, .mark")) return false;
    const hides = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    return hides || (box.right > innerWidth + 1 && !element.closest("#epochs, .scroll, #strip"));
}).map(element => element.outerHTML.slice(0, 120))"""
"""Elements whose own text is cut off, or runs out of the window; but where one scrolls, or nothing is to be seen."""


@pytest.mark.parametrize("address", ["", "/training"])
def test_the_page_on_a_telephone(
    package: Path,
    chromium: Browser,
    trained: tuple[Path, Ran],
    film: bytes,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    monkeypatch.chdir(package)
    run, _ = trained
    with started(run / "model.onnx", "--run", run) as server, visiting(chromium, viewport=NARROW) as visit:
        visit.page.goto(server.address + (address or f"/#lang={LANGUAGE}"))
        if address:
            visit.page.wait_for_selector("#language")
            while visit.page.evaluate("() => document.documentElement.lang") != TAG:
                visit.page.click("#language")
        else:
            visit.page.wait_for_selector("#samples button")
            visit.answer({"film.png": film})
            visit.page.click("summary")
        assert visit.page.evaluate("() => document.documentElement.lang") == TAG
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= NARROW["width"]
        assert visit.page.evaluate(CUT_OFF) == []
        shown = visit.page.locator("body").inner_text()
        assert english_left(shown, VALUES | NAMES | {"English", "film", "png"}) == set()
