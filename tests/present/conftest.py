"""What the tests of figures share."""

import os

import matplotlib as mpl
import pytest

from plainfilm.present import figures

needs_chinese_font = pytest.mark.skipif(
    figures._chinese_font() is None and not os.environ.get("CI"),  # CI installs one
    reason="no Chinese font is installed",
)


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words of every figure that is drawn from now on."""
    words: list[str] = []
    save = figures.Figure.savefig

    def spy(figure, *arguments, **options):
        save(figure, *arguments, **options)
        words.extend(item.get_text() for item in figure.findobj(mpl.text.Text) if item.get_visible())

    monkeypatch.setattr(figures.Figure, "savefig", spy)
    return words
