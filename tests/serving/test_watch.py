"""Watching: windows of films, who counts in them, alarms that are none by chance, and a file that may fail."""

import logging
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from streams import Gate, Seen, block, films, gaussian_home, watched

from plainfilm.model.shift import LEVEL, MIN_FILMS, WATCH_LEVEL, WINDOW, level_of_window
from plainfilm.model.windows import Window, read_windows
from plainfilm.serving.watch import TOO_FEW, Watch, Watched, kept_in

FAR = 1.5  # standard deviations in every offset


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(7))


@pytest.fixture
def kept() -> list[Window]:
    return []


@pytest.fixture
def watch(kept: list[Window]) -> Watch:
    return Watch(gaussian_home(), kept.append)


def test_a_window_has_so_many_films(watch: Watch, kept: list[Window], random: np.random.Generator) -> None:
    some = films(random, 3 * WINDOW + 7)
    for start in range(0, len(some), 8):  # batches do not end where windows do
        watch.see(some[start : start + 8])
    assert [window.number for window in kept] == [1, 2, 3]
    assert {window.shift.films for window in kept} == {WINDOW}
    assert (watch.state.windows, watch.state.films) == (3, 3 * WINDOW + 7)


def test_a_film_counts_once_in_two_windows(watch: Watch, kept: list[Window], random: np.random.Generator) -> None:
    some = films(random, WINDOW - 1)
    for _ in range(3):
        watch.see(some)
    assert (kept, watch.state.films) == ([], WINDOW - 1)
    watch.see(films(random, 1))
    watch.see(some)
    assert (len(kept), watch.state.films) == (1, WINDOW)
    watch.see(films(random, WINDOW))
    watch.see(some)
    assert (len(kept), watch.state.films) == (2, 3 * WINDOW - 1)


def test_refused_and_unknown_films_do_not_count(watch: Watch, kept: list[Window], random: np.random.Generator) -> None:
    watch.see([replace(film, verdict=Gate(passed=False)) for film in films(random, 2 * WINDOW)])
    watch.see([Seen(film.image_id, None) for film in films(random, 2 * WINDOW)])
    assert (kept, watch.state) == ([], Watched())


def test_the_first_window_may_alarm_early_and_no_other_one(watch: Watch, random: np.random.Generator) -> None:
    watch.see(films(random, MIN_FILMS - 1, FAR))
    assert watch.state.latest == TOO_FEW
    watch.see(films(random, 1, FAR))
    assert watch.state.is_abroad
    assert watch.state.first_alarm
    watch.see(films(random, WINDOW - MIN_FILMS))
    before = watch.state.latest
    watch.see(films(random, WINDOW - 1, FAR))
    assert watch.state.latest == before


def test_all_windows_together_stay_below_the_level_of_watching() -> None:
    levels = [level_of_window(number) for number in range(1, 100_000)]
    assert all(later < level for level, later in pairwise(levels))
    assert WATCH_LEVEL * 0.9999 < sum(levels) < WATCH_LEVEL


def test_a_stricter_level_makes_the_same_films_less_abroad(random: np.random.Generator) -> None:
    """The distance of an alarm falls from window to window; that by which windows are compared does not."""
    some = [film.placed for film in films(random, WINDOW, 0.2) if film.placed is not None]
    home = gaussian_home()
    found = [home.judge(some, level=level_of_window(number)).distance or 0.0 for number in (1, 10, 100)]
    assert found == sorted(found, reverse=True)
    watch, kept = Watch(home), list[Window]()
    watch.keep = kept.append
    for number in range(3):
        watch.see([Seen(f"{number} {place}", placed) for place, placed in enumerate(some)])
    assert kept[0].shift.distance != kept[2].shift.distance
    assert {window.together for window in kept} == {home.judge(some).distance}
    assert all(window.blocks == kept[0].blocks for window in kept)


@pytest.mark.parametrize("seed", range(3))
def test_films_at_home_never_alarm(seed: int) -> None:
    windows = watched(np.random.Generator(np.random.Philox(seed)), 2000)
    assert len(windows) == 2000
    assert not any(window.shift.is_abroad for window in windows)
    share = np.mean([window.together > 1 for window in windows])
    assert share <= 4 * LEVEL  # which windows at home exceed, without an alarm


def test_films_from_abroad_alarm_at_the_first_window(kept: list[Window], random: np.random.Generator) -> None:
    kept += watched(random, 4, block("sharpness", 1.0), start=2)
    assert [window.shift.verdict for window in kept] == ["home", "home", "abroad", "abroad"]
    assert kept[2].shift.moved == ("sharpness",)
    assert max(kept[2].blocks, key=lambda name: kept[2].blocks[name]) == "sharpness"


def test_the_first_alarm_is_remembered_when_the_films_are_like_home_again(
    random: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(f"2026-11-30T08:{minute:02}:00+0100" for minute in range(60))
    monkeypatch.setattr("plainfilm.serving.watch.time.strftime", lambda _: next(times))
    watch, alarms = Watch(gaussian_home()), []
    for away in (0.0, FAR, 0.0, FAR):
        watch.see(films(random, WINDOW, away))
        alarms.append(watch.state.first_alarm)
    assert alarms[0] is None
    assert alarms[1] is not None
    assert alarms[1:] == alarms[1:2] * 3


def test_any_thread_may_show_films(watch: Watch, kept: list[Window], random: np.random.Generator) -> None:
    shares = [films(random, 333) for _ in range(8)]
    start = threading.Barrier(len(shares))

    def show(share: list[Seen]) -> None:
        start.wait()
        for film in share:
            watch.see([film])

    threads = [threading.Thread(target=show, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watch.state.films == 8 * 333
    assert [window.number for window in kept] == [*range(1, 8 * 333 // WINDOW + 1)]


# --- the file --------------------------------------------------------------------------------------------------------


def test_each_window_is_a_line_and_a_second_start_adds_to_it(tmp_path: Path, random: np.random.Generator) -> None:
    path = tmp_path / "watch.jsonl"
    for _ in range(2):
        watch = Watch(gaussian_home(), kept_in(path))
        watch.see(films(random, 2 * WINDOW))
    assert [window.number for window in read_windows(path)] == [1, 2, 1, 2]
    assert path.read_bytes().count(b"\n") == 4


def test_no_line_holds_anything_of_a_film(tmp_path: Path, random: np.random.Generator) -> None:
    path = tmp_path / "watch.jsonl"
    some = films(random, WINDOW)
    Watch(gaussian_home(), kept_in(path)).see(some)
    content = path.read_text()
    assert not any(film.image_id in content for film in some)
    assert len(content) < 700


@pytest.mark.parametrize("path", ["no/folder", "."])
def test_a_file_that_cannot_be_written_stops_nothing(
    path: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, random: np.random.Generator
) -> None:
    watch = Watch(gaussian_home(), kept_in(tmp_path / path))
    with caplog.at_level(logging.ERROR, logger="plainfilm.serving"):
        watch.see(films(random, 2 * WINDOW, FAR))
    assert watch.state.windows == 2
    assert watch.state.is_abroad
    assert [record.getMessage() for record in caplog.records] == ["the watch file: output-unwritable"] * 2
