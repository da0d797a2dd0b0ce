"""Chromium for tests of the page: it notes what the page asks for and complains of."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from builders import program
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)
PATIENCE_MS = 20_000
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 390, "height": 844}
REFUSED_REQUEST = "Failed to load resource"  # what Chromium says of every answer that is a problem

MAKE_FILES = """files => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        transfer.items.add(new File([Uint8Array.from(atob(content), letter => letter.charCodeAt(0))], name));
    }
    return transfer;
}"""
NEXT_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextmanager
def launched() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A person with the page open."""

    page: Page
    requests: list[str] = field(default_factory=list)  # hosts that the page asked, "" for what has none
    complaints: list[str] = field(default_factory=list)  # errors and warnings of its console, exceptions
    statuses: list[int] = field(default_factory=list)  # of all answers

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("request", lambda request: self.requests.append(urlsplit(request.url).netloc))
        self.page.on("response", lambda response: self.statuses.append(response.status))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED_REQUEST):
            self.complaints.append(message.text)

    def open(self, address: str) -> None:
        """Open the page, until the samples are there."""
        self.page.goto(address)
        self.page.wait_for_selector("#samples button")

    def drop(self, films: Mapping[str, bytes]) -> None:
        """Drop films, by name, anywhere on the page."""
        content = [[name, base64.b64encode(data).decode()] for name, data in films.items()]
        transfer = self.page.evaluate_handle(MAKE_FILES, content)
        self.page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
        self.page.dispatch_event("#main", "drop", {"dataTransfer": transfer})
        self.page.wait_for_selector("#strip li")

    def answer(self, films: Mapping[str, bytes]) -> None:
        """Drop films and wait for all answers."""
        self.drop(films)
        self.page.wait_for_selector("#progress", state="hidden")

    def select(self, number: int) -> None:
        """Select the film at a place of the strip, from 0."""
        self.page.locator("#strip .film").nth(number).click()

    def text(self, selector: str) -> str:
        """The text of an element, with plain spaces."""
        return self.page.locator(selector).first.inner_text().replace("\N{NO-BREAK SPACE}", " ").strip()

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements that a selector finds."""
        return [
            text.replace("\N{NO-BREAK SPACE}", " ").strip() for text in self.page.locator(selector).all_inner_texts()
        ]

    def picture(self) -> str:
        """The pixels on the canvas, as an address that holds them."""
        self.page.evaluate(NEXT_FRAMES)
        return str(self.page.evaluate("() => document.getElementById('canvas').toDataURL()"))

    def download(self, selector: str) -> bytes:
        """What is handed to the user on a click."""
        with self.page.expect_download() as started:
            self.page.click(selector)
        return started.value.path().read_bytes()

    def call(self, module: str, expression: str, argument: Any = None) -> Any:
        """The value of a JavaScript expression in which `module` is one of the page's modules, `given` the argument."""
        return self.page.evaluate(
            f"async given => {{ const module = await import('/page/{module}'); return {expression}; }}", argument
        )


@contextmanager
def visiting(browser: Browser, **options: Any) -> Iterator[Visit]:
    """A visit in a browser that remembers nothing; the page must not complain, nor ask anybody but its server."""
    context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "color_scheme": "dark"} | options)
    visit = Visit(context.new_page())
    yield visit
    context.close()
    assert visit.complaints == []
    assert len(set(visit.requests) - {""}) <= 1
