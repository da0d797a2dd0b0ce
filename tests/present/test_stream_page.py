"""`plainfilm drift`: what it says of a stream in both languages, its page, its JSON, and bad input."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from browser import launched, visiting
from streams import block, watched

import plainfilm
from plainfilm.evaluation.moves import Stream
from plainfilm.messages import text
from plainfilm.model.windows import Window
from plainfilm.present.blocks import Charts, Trend
from plainfilm.present.charts import trend_chart
from plainfilm.present.sections.stream import charts, moment
from plainfilm.serving.watch import kept_in
from tests.conftest import Cli
from tests.present.pages import Page

HAN = re.compile(r"[\u4e00-\u9fff]")
SHOWN = {"en": "en", "zh": "zh-Hans"}  # by language its tag


def hours(windows: list[Window]) -> list[Window]:
    """The windows, each full an hour after the one before it."""
    return [
        replace(window, time=f"2026-11-{1 + place // 24:02}T{place % 24:02}:30:00+0100")
        for place, window in enumerate(windows)
    ]


@pytest.fixture(scope="module")
def windows() -> list[Window]:
    """Sixty windows of a server that was started twice, of which the last 24 are less sharp."""
    random = np.random.Generator(np.random.Philox(1))
    return hours(watched(random, 20) + watched(random, 40, block("sharpness", 1.0), start=16))


@pytest.fixture(scope="module")
def file(windows: list[Window], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drift") / "watch.jsonl"
    for window in windows:
        kept_in(path)(window)
    return path


@pytest.fixture
def pages(file: Path, cli: Cli, tmp_path: Path) -> dict[str, Path]:
    """The page by the language that it was asked for in."""
    found = {language: tmp_path / f"{language}.html" for language in SHOWN}
    for language, path in found.items():
        assert cli("drift", file, "--out", path, "--lang", language).code == 0
    return found


def test_the_command_says_what_moved_since_when_and_how_sure(cli: Cli, file: Path) -> None:
    ran = cli("drift", file, "--lang", "en")
    assert (ran.code, ran.err) == (0, "")
    assert "60 windows with 3000 films, from 2026-11-01 00:30 +0100 to 2026-11-03 11:30 +0100." in ran.out
    assert "Starts of the server after the first: 1." in ran.out
    assert "Abroad: 24 of 60 windows. First alarm: 2026-11-02 12:30 +0100." in ran.out
    assert "away from home, most likely since the window that was full at 2026-11-02 12:30 +0100" in ran.out
    assert "What moved: the sharpness (" in ran.out
    assert re.search(r"^the sharpness .* 0\.004  2026-11-02 12:30 \+0100$", ran.out, re.MULTILINE)


def test_the_command_says_it_in_chinese(cli: Cli, file: Path) -> None:
    ran = cli("drift", file, "--lang", "zh")
    assert "最可能始于 2026-11-02 12:30 +0100 满的那个窗口" in ran.out
    assert "变化之处：清晰度" in ran.out
    assert not re.search(r"[A-Za-z]{3,}", ran.out.replace("Holm", ""))


def test_the_function_and_the_json_say_the_same(cli: Cli, file: Path, tmp_path: Path) -> None:
    result = plainfilm.drift(file, lang="en")
    assert str(result) == cli("drift", file, "--lang", "en").out.rstrip()
    found = json.loads(cli("drift", file, "--json").out)
    assert found == json.loads(json.dumps(result.as_dict()))
    assert (found["windows"], found["restarts"], found["abroad"]) == (60, 1, 24)
    assert (found["move"]["window"], found["move"]["time"]) == (37, "2026-11-02T12:30:00+0100")
    assert (found["moved"], found["moved_blocks"], found["page"]) == (True, ["sharpness"], None)
    assert len(result.windows) == 60
    html = plainfilm.drift([file], out=tmp_path / "new" / "page.html").in_language("zh")._repr_html_()
    assert (tmp_path / "new" / "page.html").is_file()
    assert html is not None
    assert html.count("<svg") == 5


def test_few_windows_and_windows_that_stay_claim_nothing(cli: Cli, tmp_path: Path, windows: list[Window]) -> None:
    for count, words in ((1, "Too few windows to say since when: 1"), (4, "Too few windows"), (30, "Nothing says")):
        path = tmp_path / f"{count}.jsonl"
        for window in windows[:count]:
            kept_in(path)(window)
        ran = cli("drift", path, "--out", tmp_path / "page.html", "--lang", "en")
        assert ran.code == 0
        assert words in ran.out
        assert "since the window" not in ran.out
        assert "What moved" not in ran.out
        assert 'class="mark"' not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_page_stands_in_both_languages_and_asks_for_nothing(pages: dict[str, Path]) -> None:
    for language, path in pages.items():
        html = path.read_text(encoding="utf-8")
        page = Page(html)
        assert page.all("html") == [{"lang": SHOWN[language]}]
        assert [attrs["id"] for attrs in page.all("input") if "checked" in attrs] == [f"choose-{language}"]
        assert HAN.findall(page.shown("en").replace("中文", "")) == []
        assert "最可能始于" in page.shown("zh-Hans")
        assert len(page.all("svg")) == 5
        assert all(attrs["aria-label"] for attrs in page.all("svg"))
        assert html.count('class="mark"') == 2  # all together, and the block that moved
        assert not re.search(r"url\(|@import|https?:|fetch\(|XMLHttp| src=", html)
        assert str(path.parent) not in html
        assert len(html) < 200_000


def test_a_browser_shows_the_page_in_the_language_asked_for(pages: dict[str, Path]) -> None:
    with launched() as browser:
        for language, other in (("en", "zh"), ("zh", "en")):
            with visiting(browser) as visit:
                visit.page.goto(pages[language].as_uri())
                assert visit.text("h1") == text("drift.title", language)
                axis = visit.page.locator("svg .middle:visible").last.text_content()
                assert axis == text("drift.axis", language, first="2026-11-01", last="2026-11-03")
                visit.page.click(f'label[for="choose-{other}"]')
                assert visit.text("h1") == text("drift.title", other)
                assert visit.page.evaluate("document.documentElement.lang") == SHOWN[other]
                assert {*visit.requests} <= {""}


def test_charts_hold_what_the_windows_hold(windows: list[Window]) -> None:
    whole, parts = charts(Stream.of(windows))
    assert isinstance(whole, Charts)
    assert isinstance(parts, Charts)
    (together,) = whole.drawings
    assert isinstance(together, Trend)
    assert together.distances == tuple(window.together for window in windows)
    assert (together.alarm, together.since) == (36, "2026-11-02")
    low, high = together.between
    assert all(low <= value <= high for trend in (together, *parts.drawings) for value in trend.distances)  # type: ignore[union-attr]


@pytest.mark.parametrize("distance", [0.0, 1e-9, 1.0, 1e11])
def test_any_distance_can_be_drawn(windows: list[Window], distance: float) -> None:
    some = [replace(window, together=distance) for window in windows[:3]]
    for chart in charts(Stream.of(some)):
        assert isinstance(chart, Charts)
        for trend in chart.drawings:
            assert isinstance(trend, Trend)
            assert "nan" not in trend_chart(trend)
            assert all(0 <= float(place) <= 230 for place in re.findall(r' y="([-\d.]+)"', trend_chart(trend)))


def test_a_time_is_shown_by_the_clock_of_the_server() -> None:
    assert moment("2026-01-31T23:59:59-0830") == "2026-01-31 23:59 -0830"


@pytest.mark.parametrize("language", SHOWN)
@pytest.mark.parametrize("content", [None, "", "\n", '{"a": 1}\n', "NaN\n", "\x00\x1b[31m\n"])
def test_bad_input_is_one_line_and_nothing_is_written(
    cli: Cli, tmp_path: Path, content: str | None, language: str
) -> None:
    path = tmp_path / "watch\x1b[31m.jsonl"
    if content is not None:
        path.write_text(content)
    ran = cli("drift", path, "--out", tmp_path / "new" / "page.html", "--lang", language)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(text("error", language, message=""))
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err
    assert not (tmp_path / "new").exists()


def test_a_page_that_cannot_be_written_leaves_what_was_there(cli: Cli, file: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    ran = cli("drift", file, "--out", tmp_path / "page.html")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert (tmp_path / "page.html").is_dir()
