"""A font that is installed after matplotlib has listed the fonts is drawn with; one that was removed is not."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont

from plainfilm.messages import CATALOGUES

FACE = "WenQuanYi Zen Hei"
LOOK = """
import sys
from pathlib import Path
import numpy as np
from plainfilm.present import figures
from plainfilm.workflows.checks_of_install import look_at_install
figures.CHINESE_FONTS = (sys.argv[2],)  # whatever else this machine has
notices = figures.draw_confusion(np.eye(3, dtype=int), ("正常", "肺炎", "新冠"), Path(sys.argv[1]), language="zh")
doctor = [finding.code for finding in look_at_install(Path(sys.argv[1]).parent) if "font" in finding.code]
print(*notices, *doctor)
"""
ABSENT, THERE = "figure-font-missing doctor.no-font", "doctor.font"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which matplotlib has listed the fonts, and no font was installed so far."""
    assert look(tmp_path) == ABSENT
    assert len(list((tmp_path / "cache").glob("fontlist-*.json"))) == 1
    return tmp_path


def look(home: Path) -> str:
    """What a figure in Chinese and the doctor say in a new process; a warning, as of a missing character, is an error."""
    surroundings = os.environ | {"MPLCONFIGDIR": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOOK, str(home / "figure.png"), FACE],
        env=surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


def install(home: Path, name: str = "later.ttf") -> Path:
    """Install a font of that face which has every character of our sentences, each drawn as an A."""
    font = TTFont(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    for entry in font["name"].names:
        if entry.nameID in (1, 16):
            entry.string = FACE
    needed = {ord(letter) for sentence in CATALOGUES["zh"].values() for letter in sentence} | set(map(ord, "炎冠"))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= dict.fromkeys((code for code in needed if 0x2E80 <= code <= 0xFFFF), "A")
    path = home / "data" / "fonts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    font.save(path)
    return path


def test_a_font_installed_after_the_first_figure_is_found(home: Path) -> None:
    (listed,) = (home / "cache").iterdir()
    before = listed.read_bytes()
    install(home)
    assert look(home) == THERE
    assert listed.read_bytes() == before  # the user's own


def test_a_damaged_font_beside_it_hides_it_not(home: Path) -> None:
    path = install(home)
    (path.parent / "a.ttf").write_bytes(path.read_bytes()[:5000])
    (path.parent / "b.otf").write_bytes(b"")
    (path.parent / "c.ttc").write_bytes(b"ttcf" + bytes(20))
    (path.parent / "d.ttf").symlink_to("nowhere")
    (path.parent / "e.ttf").mkdir()
    assert look(home) == THERE


def test_a_font_removed_after_it_was_listed_is_not_drawn_with(tmp_path: Path) -> None:
    path = install(tmp_path)
    assert look(tmp_path) == THERE
    path.unlink()
    assert look(tmp_path) == ABSENT
    install(tmp_path, "elsewhere.ttf")
    assert look(tmp_path) == THERE


def test_a_font_list_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    """As under a home that is read-only: matplotlib then lists anew in every process."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / f"fontlist-v{mpl.font_manager.FontManager.__version__}.json").write_text("{")
    install(tmp_path)
    assert look(tmp_path) == THERE
