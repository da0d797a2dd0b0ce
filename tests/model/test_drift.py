"""Drift: a planted move is found at its place, none is found where there is none, and no line is read that is no window."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streams import block, watched

from plainfilm.errors import SourceError
from plainfilm.evaluation.moves import MIN_WINDOWS, SURE, Stream, find_move, holm
from plainfilm.model.shift import COMPONENTS
from plainfilm.model.windows import Window, read_stream, read_windows
from plainfilm.records import as_dict
from plainfilm.serving.watch import kept_in

AWAY = 0.08  # standard deviations: far less than a film alone shows


def chances(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def written(path: Path, windows: list[Window]) -> Path:
    keep = kept_in(path)
    for window in windows:
        keep(window)
    return path


@pytest.fixture
def moved() -> list[Window]:
    """Forty windows, of which the last fifteen have other greys."""
    return watched(chances(1), 40, block("greys", 0.5), start=25)


# --- moves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("start", [3, 20, 37])
def test_a_planted_move_is_found_at_its_place(seed: int, start: int) -> None:
    distances = np.exp(chances(seed).normal(0, 0.2, 40))
    distances[start:] *= 4
    move = find_move(distances.tolist())
    assert move is not None
    assert (move.first, move.is_sure) == (start, True)
    assert move.after / move.before == pytest.approx(4, rel=0.3)


@pytest.mark.parametrize("windows", [8, 60])
def test_a_stream_that_stays_is_rarely_called_moved(windows: int) -> None:
    found = [find_move(chances(seed).chisquare(40, windows).tolist()) for seed in range(100)]
    assert sum(move is not None and move.is_sure for move in found) <= 12


def test_a_watched_stream_that_stays_is_rarely_called_moved() -> None:
    """The limit of an alarm rises from window to window; the distances that are compared must not follow it."""
    found = [Stream.of(watched(chances(seed), 300)) for seed in range(12)]
    assert sum(stream.has_moved for stream in found) <= 3
    assert not any(stream.moved for stream in found if not stream.has_moved)


def test_what_moved_is_named_and_nothing_else(moved: list[Window]) -> None:
    stream = Stream.of(moved)
    assert stream.move is not None
    assert stream.move.first == 25
    assert stream.move.after > stream.move.before
    assert stream.moved == ("greys",)
    assert stream.abroad == tuple(range(25, 40))
    assert stream.films == 40 * 50


def test_a_small_move_is_found_long_before_an_alarm() -> None:
    windows = watched(chances(4), 200, AWAY, start=120)
    stream = Stream.of(windows)
    assert stream.abroad == ()
    assert stream.has_moved
    assert stream.move is not None
    assert abs(stream.move.first - 120) <= 5


def test_a_stream_may_come_back(moved: list[Window]) -> None:
    move = Stream.of(moved[::-1]).move
    assert move is not None
    assert (move.first, move.is_sure) == (15, True)
    assert move.after < move.before


def test_too_few_windows_say_nothing(moved: list[Window]) -> None:
    assert Stream.of(moved[: MIN_WINDOWS - 1]) == Stream(tuple(moved[: MIN_WINDOWS - 1]), None, {})
    assert find_move([0.5] * MIN_WINDOWS) is not None
    assert not Stream.of(moved[:1]).has_moved


@given(st.lists(st.floats(0, 1e12), min_size=MIN_WINDOWS, max_size=30))
def test_any_distances_have_a_chance(distances: list[float]) -> None:
    move = find_move(distances)
    assert move is not None
    assert 0.001 <= move.p <= 1
    assert 2 <= move.first <= len(distances) - 2


def test_equal_distances_have_not_moved() -> None:
    move = find_move([0.4] * 20)
    assert move is not None
    assert move.p == 1


@given(st.dictionaries(st.sampled_from([*COMPONENTS]), st.floats(0, 1), min_size=1))
def test_holm_keeps_the_order_and_makes_nothing_surer(given_: dict[str, float]) -> None:
    corrected = holm(given_)
    assert {*corrected} == {*given_}
    ordered = sorted(given_, key=lambda name: given_[name])
    assert [corrected[name] for name in ordered] == sorted(corrected.values())
    assert all(given_[name] <= corrected[name] <= min(1, len(given_) * given_[name] + 1e-12) for name in given_)


def test_holm_rarely_names_a_block_where_none_moved() -> None:
    drawn = chances(0).random((2000, len(COMPONENTS)))
    named = [min(holm(dict(zip(COMPONENTS, row, strict=True))).values()) <= SURE for row in drawn.tolist()]
    assert 0.035 <= np.mean(named) <= 0.065


# --- files -----------------------------------------------------------------------------------------------------------


def test_what_a_server_keeps_is_read_back(moved: list[Window], tmp_path: Path) -> None:
    assert read_windows(written(tmp_path / "watch.jsonl", moved)) == moved


def test_several_files_are_parts_of_one_stream_in_order_of_time(moved: list[Window], tmp_path: Path) -> None:
    early = [replace(window, time=f"2026-11-01T00:{window.number:02}:00+0100") for window in moved[:25]]
    late = [replace(window, time=f"2026-10-31T23:{window.number:02}:00+0000") for window in moved[25:]]
    first, second = written(tmp_path / "b", early), written(tmp_path / "a", late)
    assert read_stream([second, first, second]) == early + late


def test_a_start_of_the_server_is_counted(moved: list[Window]) -> None:
    assert Stream.of(moved).restarts == 0
    assert Stream.of(moved[:10] + moved[:3] + moved[:1]).restarts == 2
    assert Stream.of(moved[5:10]).restarts == 0


def line(window: Window, **values: Any) -> str:
    return json.dumps(as_dict(window) | values)


DAMAGES: dict[str, Callable[[Window], str]] = {
    "cut": lambda window: line(window)[:40],
    "empty": lambda _: "",
    "not UTF-8": lambda window: line(window).replace("home", "\udcff"),
    "NaN": lambda window: line(window, together=float("nan")),
    "infinite": lambda window: line(window).replace('"together": ', '"together": 1e999, "x": '),
    "huge distance": lambda window: line(window, blocks=dict.fromkeys(COMPONENTS, 1e300)),
    "negative distance": lambda window: line(window, together=-0.1),
    "huge count": lambda window: line(window, number=10**200),
    "more digits than are read": lambda window: line(window).replace('"number": ', '"number": ' + "1" * 5000),
    "number 0": lambda window: line(window, number=0),
    "no number": lambda window: line(window, number="1"),
    "a truth for a number": lambda window: line(window, number=True),
    "another block": lambda window: line(window, blocks={"colour": 0.4}),
    "another verdict": lambda window: line(window, shift=as_dict(window.shift) | {"verdict": "too-few"}),
    "more unlike than films": lambda window: line(window, shift=as_dict(window.shift) | {"unlike": 51}),
    "no distance": lambda window: line(window, shift=as_dict(window.shift) | {"distance": None}),
    "no time": lambda window: line(window, time="yesterday"),
    "time of nowhere": lambda window: line(window, time="2026-11-01T00:00:00"),
    "another key": lambda window: line(window, patient="Doe"),
    "of another program": lambda _: '{"level": "INFO", "message": "started"}',
    "a list": lambda _: "[1, 2]",
    "deep": lambda _: "[" * 100_000,
    "text": lambda _: "127.0.0.1 - - GET / 200",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_line_is_named(moved: list[Window], tmp_path: Path, damage: str) -> None:
    path = written(tmp_path / "watch.jsonl", moved[:2])
    content = path.read_text() + DAMAGES[damage](moved[2]) + "\n" + line(moved[3]) + "\n"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SourceError) as raised:
        read_windows(path)
    assert raised.value.code == "drift-damaged"
    assert raised.value.parameters == {"path": str(path), "line": 3}


def test_no_file_no_lines_and_too_many_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").touch()
    monkeypatch.setattr("plainfilm.model.windows.MAX_BYTES", 10)
    for path, code in {
        tmp_path / "empty": "drift-empty",
        tmp_path / "nothing": "drift-missing",
        tmp_path: "drift-missing",
        Path("nul\0"): "drift-missing",
        Path("/dev/zero"): "drift-too-large",
    }.items():
        with pytest.raises(SourceError) as raised:
            read_windows(path)
        assert raised.value.code == code
