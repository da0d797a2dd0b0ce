"""Scanning: every film once; problems listed, never fatal; copies and patients become groups."""

import io
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.data.scan import decode_rows, scan
from plainfilm.data.sources.listing import list_films
from plainfilm.errors import SourceError
from plainfilm.io.files import sha256
from plainfilm.randomness import generator


def film(number: int, size: int = 128) -> np.ndarray:
    """A textured image of its own, (S, S) uint8: coarse and fine noise."""
    draws = generator(0, "test-film", number)
    planes = [
        np.asarray(
            Image.fromarray(draws.uniform(0, 255, (cells, cells)).astype(np.uint8)).resize((size, size), 3), float
        )
        for cells in (4, 12, 40)
    ]
    return np.clip(np.average(planes, axis=0, weights=(3, 2, 1)), 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def make(root: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def by_path(rows):
    return {row.path: row for row in rows}


def test_bad_films_are_listed_with_their_code_and_harm_no_other(tmp_path):
    good = encoded(film(0))
    source = make(
        tmp_path / "x",
        {
            "A/good.png": good,
            "A/empty.png": b"",
            "A/truncated.png": good[: len(good) // 2],
            "A/text.png": b"hello, world",
            "A/tiny.png": encoded(film(1, 16)),
            "A/noise.jpg": b"\xff\xd8\xff" + bytes(1000),
            "B/other.png": encoded(film(2)),
        },
    )
    (source / "B" / "dangling.png").symlink_to(source / "nowhere.png")
    (source / "B" / "outside.png").symlink_to("/etc/hostname")
    listing = list_films([source])
    assert listing.sources[0].skipped == {"B/outside.png": "link"}
    rows = by_path(scan(listing, threads=2))
    problems = {path: row.problems[0] for path, row in rows.items() if row.problems}
    assert problems.pop("A/noise.jpg") in ("film-unreadable", "film-truncated")
    assert problems == {
        "A/empty.png": "film-empty",
        "A/truncated.png": "film-truncated",
        "A/text.png": "film-is-text",
        "A/tiny.png": "film-too-small",
        "B/dangling.png": "film-missing",
    }
    assert all((row.image_id == "") == (path in problems or "noise" in path) for path, row in rows.items())
    assert all(row.label == path[0] for path, row in rows.items())
    assert {rows[path].group for path in problems} == {""}
    assert rows["A/text.png"].sha256 == sha256(b"hello, world")


def test_all_films_unreadable_is_an_error(tmp_path):
    source = make(tmp_path / "x", {"A/a.png": b"", "B/b.png": b""})
    with pytest.raises(SourceError) as caught:
        scan(list_films([source]), threads=1)
    assert caught.value.code == "source-all-unreadable"
    assert caught.value.parameters == {"films": 2, "example": "A/a.png", "problem_key": "problem.film-empty"}


def test_a_row_says_what_decoding_says(tmp_path):
    data = encoded(film(0)[:100])
    table = make(tmp_path, {"t.csv": b"path,patient,source,quality,sex\nA/a.png,p,s,q,f\n"}) / "t.csv"
    row = scan(list_films([make(tmp_path / "x", {"A/a.png": data})], [table]), threads=1)[0]
    assert row.image_id == image_id(decode(data).pixels)
    assert (row.width, row.height, row.mode, row.sha256) == (128, 100, "L", sha256(data))
    assert (row.patient, row.source, row.quality, row.extra) == ("p", "s", "q", {"sex": "f"})
    assert row.group == f"g-{row.image_id}"
    assert len(row.phash) == 16
    int(row.phash, 16)


@pytest.fixture
def linked(tmp_path) -> tuple[Path, Path]:
    """a-b one patient; b-c exact copies; c-d a recompressed copy; e and f unrelated; g, h one patient."""
    source = make(
        tmp_path / "x",
        {
            "A/a.png": encoded(film(0)),
            "A/b.png": encoded(film(1)),
            "A/c.png": encoded(film(1), compress_level=1),
            "A/d.jpg": encoded(film(1), "JPEG", quality=85),
            "A/e.png": encoded(film(2)),
            "B/f.png": encoded(film(3)),
            "B/g.png": encoded(film(4)),
            "B/h.png": encoded(film(5)),
        },
    )
    rows = "path,patient\nA/a.png,p1\nA/b.png,p1\nB/g.png,p2\nB/h.png,p2\nA/e.png,\nB/f.png,\n"
    return source, make(tmp_path, {"t.csv": rows.encode()}) / "t.csv"


def test_patients_and_copies_become_one_group_transitively(linked):
    rows = by_path(scan(list_films([linked[0]], [linked[1]]), threads=2))
    sets = Counter(row.group for row in rows.values())
    assert sorted(sets.values()) == [1, 1, 2, 4]
    assert len({rows[f"A/{name}"].group for name in ("a.png", "b.png", "c.png", "d.jpg")}) == 1
    assert rows["B/g.png"].group == rows["B/h.png"].group
    assert rows["A/a.png"].problems == ()
    assert rows["A/b.png"].problems == rows["A/c.png"].problems == ("duplicate-exact",)
    assert rows["A/d.jpg"].problems == ("duplicate-near",)
    assert rows["A/e.png"].problems == ()


def test_groups_have_the_same_names_whatever_the_order_of_the_films(linked, tmp_path):
    first = by_path(scan(list_films([linked[0]], [linked[1]]), threads=2))
    lines = [f"x/{path},{row.label},{row.patient}" for path, row in first.items()]
    table = make(tmp_path, {"r.csv": "\n".join(["path,label,patient", *reversed(lines)]).encode()}) / "r.csv"
    again = by_path(scan(list_films([table]), threads=2))
    assert {path: again[f"x/{path}"].group for path in first} == {path: row.group for path, row in first.items()}


def test_copies_under_different_classes_are_a_conflict(tmp_path):
    source = make(
        tmp_path / "x",
        {
            "A/a.png": encoded(film(0)),
            "B/a.png": encoded(film(0)),
            "B/a.jpg": encoded(film(0), "JPEG", quality=85),
            "B/b.png": encoded(film(1)),
        },
    )
    rows = by_path(scan(list_films([source]), threads=1))
    for path in ("A/a.png", "B/a.png", "B/a.jpg"):
        assert "label-conflict" in rows[path].problems
    assert rows["B/b.png"].problems == ()


def test_one_patient_with_two_diagnoses_is_no_conflict(tmp_path):
    source = make(tmp_path / "x", {"A/a.png": encoded(film(0)), "B/b.png": encoded(film(1))})
    table = make(tmp_path, {"t.csv": b"path,patient\nA/a.png,p\nB/b.png,p\n"}) / "t.csv"
    rows = scan(list_films([source], [table]), threads=1)
    assert rows[0].group == rows[1].group
    assert rows[0].problems == rows[1].problems == ()


def test_observe_gets_every_readable_film_once_with_its_pixels(tmp_path):
    content = {f"A/{number}.png": encoded(film(number)) for number in range(9)} | {"A/bad.png": b""}
    listing = list_films([make(tmp_path / "x", content)])
    seen: list[tuple[int, bytes]] = []
    lock = threading.Lock()

    def observe(number: int, pixels: np.ndarray) -> None:
        with lock:
            seen.append((number, pixels.tobytes()))

    rows = scan(listing, threads=4, observe=observe)
    readable = [number for number, row in enumerate(rows) if row.image_id]
    assert sorted(number for number, _ in seen) == readable
    assert len(readable) == 9
    for number, pixels in seen:
        assert pixels == decode(listing.read(listing.entries[number])).pixels.tobytes()


def test_what_observe_raises_is_not_swallowed(tmp_path):
    listing = list_films([make(tmp_path / "x", {"A/a.png": encoded(film(0))})])

    def observe(number: int, pixels: np.ndarray) -> None:
        raise KeyError(number)

    with pytest.raises(KeyError):
        scan(listing, threads=2, observe=observe)


def test_the_number_of_threads_changes_nothing(linked):
    listing = list_films([linked[0]], [linked[1]])
    assert scan(listing, threads=1) == scan(listing, threads=4)


def test_rows_come_in_the_listings_order_and_progress_ends_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("plainfilm.data.scan.CHUNK", 2)
    content = {f"A/{number}.png": encoded(film(number)) for number in range(5)}
    listing = list_films([make(tmp_path / "x", content)])
    steps = []
    rows = decode_rows(listing, threads=3, observe=lambda *_: None, progress=lambda *step: steps.append(step))
    assert [row.path for row in rows] == [entry.path for entry in listing.entries]
    assert steps == [(2, 5), (4, 5), (5, 5)]


def test_blank_films_are_nobodys_copies(tmp_path):
    """Not exact ones, not near ones, not in a group; unless a patient says so."""
    black = np.zeros((96, 96), np.uint8)
    content = {f"A/{number}.png": encoded(black) for number in range(3)}
    content |= {
        "B/0.png": encoded(black),
        "B/1.png": encoded(black + 1),
        "B/2.png": encoded(film(0)),
        "B/3.png": encoded(film(0)),
    }
    rows = by_path(scan(list_films([make(tmp_path / "x", content)]), threads=2))
    blank = [row for path, row in rows.items() if path not in ("B/2.png", "B/3.png")]
    assert all(row.problems == ("film-greys-doubted", "film-blank") for row in blank)
    assert len({row.group for row in blank}) == 5
    assert rows["B/2.png"].group == rows["B/3.png"].group
    lines = [
        f"x/{row.path},{row.label},{'p' if row.path == 'A/0.png' or row.path == 'B/2.png' else ''}"
        for row in rows.values()
    ]
    table = make(tmp_path, {"r.csv": "\n".join(["path,label,patient", *lines]).encode()}) / "r.csv"
    rows = by_path(scan(list_films([table]), threads=1))
    assert rows["x/A/0.png"].group == rows["x/B/2.png"].group == rows["x/B/3.png"].group
    assert len({row.group for row in rows.values()}) == 5


def test_dark_films_are_near_to_none_and_exact_copies_still(tmp_path):
    dark = [film(number) // 16 for number in range(3)]
    content = {f"A/{number}.png": encoded(pixels) for number, pixels in enumerate(dark)} | {
        "A/copy.png": encoded(dark[0])
    }
    rows = by_path(scan(list_films([make(tmp_path / "x", content)]), threads=1))
    assert {path: row.problems for path, row in rows.items()} == {
        "A/0.png": ("film-greys-doubted", "duplicate-exact"),
        "A/1.png": ("film-greys-doubted",),
        "A/2.png": ("film-greys-doubted",),
        "A/copy.png": ("film-greys-doubted", "duplicate-exact"),
    }
