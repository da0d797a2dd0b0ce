"""The leak audit counts what was planted, and a leaking split gains exactly where something leaks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plainfilm.audits.leaks import audit_leaks, count_leaks
from plainfilm.audits.naive import naive_and_clean, naive_folds
from plainfilm.data.duplicates.search import Pair, find_pairs, thumbnail
from plainfilm.data.duplicates.twins import confirmed_pairs, recorded_pairs, written
from plainfilm.data.film_index import Index, Row, read_index, write_index
from plainfilm.data.films import Films
from plainfilm.data.phantom import write_folder
from plainfilm.data.scan import scan
from plainfilm.data.sources.listing import list_films
from plainfilm.data.splits.split import tutorial
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.leaks import leaks as shown_leaks
from plainfilm.present.terminal import Terminal
from plainfilm.randomness import generator
from plainfilm.records import as_dict

CLASSES = ("A", "B")


def make_index(*rows: Row) -> Index:
    return Index(rows, (Path("one"), Path("two")), CLASSES, {"kind": "grouped"})


def row(image_id: str, label: str = "A", split: str = "train", **entries: object) -> Row:
    return Row(image_id=image_id, path=f"{label}/{image_id}.png", label=label, split=split, group=image_id, **entries)  # type: ignore[arg-type]


def near(first: int, second: int, score: float = 0.9, *, mirrored: bool = False) -> Pair:
    return Pair(first, second, "near", score, mirrored)


PLANTED = make_index(
    row("a1", source="x"),
    row("a2", split="test", source="x", patient="p"),
    row("a1", source="y"),  # exact, across sources
    row("a3", split="train", source="x", patient="p"),  # a patient in two parts
    row("b1", "B", source="x", patient="q"),
    row("b2", "B", split="validation", source="x", patient="q"),  # near, across parts
    row("b3", "B", split="", source="x"),
    row("a4", split="", source="x"),  # near to b3: a conflict
    Row(path="broken", problems=("film-empty",)),
    row("b4", "B", source="x", patient="r"),
)
PAIRS = [Pair(0, 2, "exact", 1.0, mirrored=False), near(0, 3), near(4, 5), near(6, 7)]


def test_planted_leaks_are_counted_exactly() -> None:
    found = as_dict(count_leaks(PLANTED, PAIRS))
    assert found["exact"] == {
        **{"films": 2, "clusters": 1, "across_classes": 0, "across_splits": 0, "across_sources": 1},
        "by_class": {"A": {"films": 2, "clusters": 1}},
    }
    assert found["near"] == {
        **{"films": 7, "clusters": 3, "across_classes": 1, "across_splits": 1, "across_sources": 1},
        **{"by_class": {"A": {"films": 4, "clusters": 2}, "B": {"films": 3, "clusters": 2}}, "also_exact": 2},
    }
    assert found["patients"] == {"known_films": 5, "across_splits": 4, "patients_across_splits": 2}
    assert found["conflicts"] == [{"image_ids": ["b3", "a4"], "classes": ["B", "A"]}]
    assert found["clusters"][0] == {
        **{"kind": "near", "classes": {"A": 3}, "image_ids": ["a1", "a3"], "splits": ["train"], "sources": ["x", "y"]}
    }
    assert [sum(cluster["classes"].values()) for cluster in found["clusters"]] == [3, 2, 2]
    assert "path" not in json.dumps(found)
    assert "png" not in json.dumps(found)


def test_a_cluster_of_equal_films_is_exact() -> None:
    found = as_dict(
        count_leaks(make_index(row("a", origin=0), row("a", "B", origin=1)), [Pair(0, 1, "exact", 1.0, False)])
    )
    assert found["near"]["films"] == 0
    assert found["exact"]["across_classes"] == found["exact"]["across_sources"] == 1
    assert found["clusters"][0]["kind"] == "exact"
    assert len(found["conflicts"]) == 1


def test_nothing_planted_nothing_found() -> None:
    found = as_dict(count_leaks(make_index(row("a"), row("b", "B")), []))
    assert found["clusters"] == found["conflicts"] == []
    assert found["exact"]["films"] == found["near"]["films"] == found["patients"]["known_films"] == 0


def test_pairs_survive_the_index(tmp_path: Path) -> None:
    rows = [row("a"), row("b"), row("a"), row("c", "B"), Row(path="broken", problems=("film-empty",)), row("d")]
    pairs = [Pair(0, 2, "exact", 1.0, False), near(0, 3, 0.875, mirrored=True), near(1, 5, 0.9375)]
    cells = written(pairs, [film.image_id for film in rows])
    index = make_index(*(replace(film, twins=twins) for film, twins in zip(rows, cells, strict=True)))
    write_index(index, tmp_path)
    assert recorded_pairs(read_index(tmp_path / "index.csv")) == pairs


def test_a_scan_records_what_a_search_finds(tmp_path: Path) -> None:
    planted = write_folder(tmp_path / "films", seed=4, per_class=8, size=128, duplicates=3)
    rows = scan(list_films([tmp_path / "films"]), threads=2)
    index = Index(tuple(rows), (tmp_path / "films",), ("COVID", "NORMAL", "Viral_Pneumonia"), {"kind": "grouped"})
    paths = [film.path for film in rows]
    found = {frozenset((paths[pair.first], paths[pair.second])) for pair in recorded_pairs(index)}
    assert found == {frozenset(pair) for pair in planted.duplicates}
    assert count_leaks(index, recorded_pairs(index)).near.films == 6


def test_an_older_index_is_searched_again(tmp_path: Path) -> None:
    write_folder(tmp_path / "films", seed=4, per_class=8, size=128, duplicates=3)
    store = np.zeros((24, 128, 128), np.uint8)
    rows = scan(list_films([tmp_path / "films"]), threads=1, observe=store.__setitem__)
    older = Index(
        tuple(replace(film, twins=()) for film in rows), (tmp_path,), ("COVID", "NORMAL", "Viral_Pneumonia"), {}
    )
    pairs = confirmed_pairs(Films.of(older, store))
    assert pairs == find_pairs(np.stack([thumbnail(film) for film in store]), [film.image_id for film in rows])
    assert len(pairs) == 3
    write_index(replace(older, split={"kind": "grouped"}), tmp_path)
    table = (tmp_path / "index.csv").read_text()
    assert ",twins" in table.splitlines()[0]


def test_the_first_naive_fold_is_the_tutorials_test_split() -> None:
    rows = [row(f"{number:03d}", CLASSES[number % 2]) for number in generator(0, "test-order").permutation(204)]
    parts = tutorial([film.path for film in rows], [film.label for film in rows])
    tested = {film.path for film, part in zip(rows, parts, strict=True) if part == "test"}
    assert {film.path for film, fold in zip(rows, naive_folds(rows), strict=True) if fold == 0} == tested


def noisy_films(num_films: int, num_copies: int, seed: int = 0) -> Films:
    """Films of noise whose labels mean nothing; each stands `num_copies` times, with a little noise of its own."""
    random = generator(seed, "test-naive")
    films = random.uniform(0, 255, (num_films, 32, 32)).repeat(num_copies, axis=0)
    store = np.clip(films + random.normal(0, 5, films.shape), 0, 255).astype(np.uint8)
    labels = np.repeat([CLASSES[number % 2] for number in range(num_films)], num_copies)
    rows = [
        replace(row(f"{number:04d}", str(label)), group=f"g{number // num_copies}")
        for number, label in enumerate(labels)
    ]
    return Films.of(make_index(*rows), store)


def test_a_naive_split_gains_what_copies_give_it() -> None:
    found = naive_and_clean(noisy_films(100, 3))
    assert found.leaking_films.value == 1.0
    assert found.leaking_films.n == 30
    nearest = found.readers["nearest"]
    assert nearest.naive.value == 1.0
    assert nearest.clean.low < 0.5 < nearest.clean.high
    assert nearest.difference.value == pytest.approx(nearest.naive.value - nearest.clean.value)
    assert nearest.difference.low > 0.3
    assert found.readers["logistic"].difference.low > 0.1


def test_without_leaks_there_is_no_difference() -> None:
    surprises = 0
    for seed in range(10):
        found = naive_and_clean(noisy_films(150, 1, seed))
        assert found.leaking_films.value == 0.0
        for reader in found.readers.values():
            assert reader.difference.n == 150
            assert abs(reader.difference.value) < 0.15
            surprises += reader.difference.low > 0
    assert surprises <= 3, "of 20 intervals at 95 %, half of the misses above"


def test_of_many_films_whole_groups_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plainfilm.audits.naive.MAX_FILMS", 100)
    found = naive_and_clean(noisy_films(100, 3))
    assert found.films == 99
    assert found.leaking_films.value == 1.0


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_audit_is_printed(capsys: pytest.CaptureFixture[str], language: str) -> None:
    films = noisy_films(30, 2)
    pairs = [near(number, number + 1) for number in range(0, 60, 2)]
    leaks = audit_leaks(films, pairs)
    json.dumps(as_dict(leaks), allow_nan=False)
    show(Terminal(language), shown_leaks(leaks, str))
    out = capsys.readouterr().out
    assert "60" in out
    assert "10" in out
    assert "clusters.csv" in out
    assert "100.0 %" in out
