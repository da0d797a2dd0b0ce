"""The pictures of the README in each language, taken in Chromium: the page with a drawn film, the head of a report.

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
LANGUAGES = {"en-GB": ("English", ""), "zh-CN": ("中文", ".zh")}  # by locale: its button, how a picture's name ends


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the run of a demo")
    run: Path = parser.parse_args().run
    PICTURES.mkdir(exist_ok=True)
    with launched() as browser, served() as address:
        for locale, (button, ending) in LANGUAGES.items():
            with visiting(browser, viewport=VIEWPORT, color_scheme="light", locale=locale) as visit:
                visit.open(address)
                visit.page.locator("#samples button").nth(SAMPLE).click()
                visit.page.wait_for_selector("#strip li")
                visit.page.wait_for_selector("#progress", state="hidden")
                take(visit, f"answer{ending}")
            with visiting(browser, viewport=VIEWPORT, color_scheme="light", locale=locale) as visit:
                visit.page.goto((run / "report.html").resolve().as_uri())
                visit.page.get_by_text(button, exact=True).click()
                take(visit, f"report{ending}")


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
