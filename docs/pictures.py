"""The pictures of the README, taken in Chromium: the page with a drawn film, and the head of a report.

    python docs/pictures.py runs/demo/run

The run is that of `plainfilm demo`, so every film that is seen is a drawn phantom.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image

DOCS = Path(__file__).resolve().parent
sys.path.append(str(DOCS.parent / "tests"))

from browser import NEXT_FRAMES, Visit, launched, visiting  # noqa: E402

PICTURES = DOCS / "pictures"
VIEWPORT = {"width": 1280, "height": 800}
COLOURS = 128  # a picture of the palette is a third of the size
SAMPLE = 2


def main() -> None:
    """Take both pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the run of a demo")
    run: Path = parser.parse_args().run
    PICTURES.mkdir(exist_ok=True)
    with launched() as browser:
        with served() as address, visiting(browser, viewport=VIEWPORT, color_scheme="light") as visit:
            visit.open(address)
            visit.page.locator("#samples button").nth(SAMPLE).click()
            visit.page.wait_for_selector("#strip li")
            visit.page.wait_for_selector("#progress", state="hidden")
            take(visit, "answer")
        with visiting(browser, viewport=VIEWPORT, color_scheme="light") as visit:
            visit.page.goto((run / "report.html").resolve().as_uri())
            take(visit, "report")


@contextmanager
def served() -> Iterator[str]:
    """The address of a server with the packaged model."""
    command = (sys.executable, "-m", "plainfilm", "serve", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        yield next(word for line in server.stdout for word in line.split() if word.startswith("http://"))
        server.terminate()


def take(visit: Visit, name: str) -> None:
    """Write what is on the screen as `docs/pictures/NAME.png`."""
    visit.page.evaluate(NEXT_FRAMES)
    picture = Image.open(BytesIO(visit.page.screenshot())).convert("RGB")
    picture.quantize(COLOURS).save(PICTURES / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
