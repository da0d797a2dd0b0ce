"""The index: who is in which part, and that it comes back from disk as it was, or not at all."""

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plainfilm.config import DataRecipe, Recipe, SplitRecipe
from plainfilm.data.film_index import (
    COLUMNS,
    LEAVES_OUT,
    METHODS,
    Index,
    Row,
    assign,
    is_index,
    read_index,
    reopen,
    write_index,
)
from plainfilm.data.labelling import CLASS_LABELS, TUTORIAL_CLASSES
from plainfilm.data.splits.split import ITERATIVE
from plainfilm.errors import SourceError, SplitError
from plainfilm.messages import CATALOGUES
from plainfilm.workflows.prepare import check_split

# whatever a file name or a cell may hold; a lone carriage return ends a row of a CSV
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\0"), max_size=12) | st.sampled_from(
    ["a,b", 'quo"te', "line\nbreak", "正常/胸片 一.png", " space ", "=1+1", "'", '""', "\ufeff", "caf\udce9.png"]
)
ROWS = st.builds(
    Row,
    image_id=st.from_regex(r"[0-9a-f]{16}|", fullmatch=True),
    path=TEXT,
    label=TEXT,
    group=TEXT,
    patient=TEXT,
    source=TEXT,
    quality=TEXT,
    split=st.sampled_from(["", "train", "validation", "test", "predict"]),
    sha256=TEXT,
    width=st.integers(0, 20_000),
    mode=st.sampled_from(["L", "I;16", ""]),
    problems=st.lists(st.sampled_from(["label-conflict", "film-turned"]), max_size=2, unique=True).map(tuple),
    origin=st.integers(0, 3),
    extra=st.dictionaries(TEXT.filter(lambda name: name not in COLUMNS), TEXT.filter(bool), max_size=3),
)


def films(*counts: tuple[str, int], **columns) -> list[Row]:
    """Rows of films that are each a group of their own."""
    rows = []
    for label, count in counts:
        for _ in range(count):
            name = f"{len(rows):016x}"
            rows.append(Row(image_id=name, path=f"{label}/{name}.png", label=label, group=f"g-{name}", sha256=name))
    return [replace(row, **columns) for row in rows]


def by_part(index: Index) -> Counter:
    return Counter(row.split for row in index.rows)


def split_by(kind: str, **options) -> Recipe:
    return Recipe(split=SplitRecipe(kind=kind, **options))


def refused(call, *arguments) -> tuple[str, dict]:
    with pytest.raises((SourceError, SplitError)) as caught:
        call(*arguments)
    return caught.value.code, caught.value.parameters


# --- on disk ---------------------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=5), st.lists(TEXT, max_size=3))
def test_an_index_comes_back_from_disk(tmp_path, rows, classes):
    sources = tuple(tmp_path / f"{number}.zip" for number in range(4))
    index = Index(tuple(rows), sources, tuple(classes), {"kind": "grouped", "seed": 1})
    write_index(index, tmp_path)
    assert read_index(tmp_path / "index.csv") == index
    assert is_index(tmp_path / "index.csv")


@pytest.fixture
def written(tmp_path) -> Path:
    write_index(assign(films(("A", 30), ("B", 30)), [tmp_path / "films"], Recipe()), tmp_path)
    return tmp_path / "index.csv"


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("problems", "width", "height", "origin")])
def test_a_changed_cell_is_found(written, column):
    """Also the group and the patient: a group cut in two would hide a leak."""
    lines = written.read_text().split("\n")
    cells = lines[5].split(",")
    cells[COLUMNS.index(column)] += "x"
    written.write_text("\n".join([*lines[:5], ",".join(cells), *lines[6:]]))
    assert refused(read_index, written)[0] == "index-changed"


def test_a_removed_row_is_found(written):
    lines = written.read_text().split("\n")
    written.write_text("\n".join(lines[:5] + lines[6:]))
    assert refused(read_index, written)[0] == "index-changed"


def test_a_damaged_index_is_a_source_error(written, tmp_path):
    table, side = written.read_bytes(), written.with_suffix(".json").read_text()
    for broken in (
        b"",
        b"path,label\na,b\n",
        table[: len(table) // 2],
        table.replace(b",0,0,", b",0,wide,", 1),
        b"\xff\0",
    ):
        written.write_bytes(broken)
        assert refused(read_index, written)[0] in ("index-damaged", "index-changed")
    written.write_bytes(table)
    strange = ({"sources": 3}, {"sources": []}, {"sources": [[]]}, {"classes": [[1], [2]]}, {"split": [1]})
    changed = [json.dumps(json.loads(side) | entries) for entries in strange]
    for broken in ("", "[]", "{}", side[:100], "[" * 200_000, *changed):
        written.with_suffix(".json").write_text(broken)
        assert refused(read_index, written)[0] == "index-damaged"
    written.with_suffix(".json").unlink()
    assert not is_index(written)
    assert refused(read_index, written)[0] == "index-damaged"
    assert refused(read_index, tmp_path / "no.csv")[0] == "index-damaged"


def test_the_side_file_says_what_it_is(written):
    side = json.loads(written.with_suffix(".json").read_text())
    assert side["classes"] == ["A", "B"]
    assert side["leaking"] is False
    assert side["split"]["kind"] == "grouped"
    assert all(Path(source).is_absolute() for source in side["sources"])


def test_the_columns_are_those_that_others_build_on(written):
    agreed = (
        "image_id, path, label, group, patient, source, quality, split, sha256, phash, width, height, mode, problems"
    )
    assert tuple(agreed.split(", ")) == COLUMNS[:14]
    assert written.read_text().startswith(",".join(COLUMNS))


def test_reopen_reads_the_films_again(tmp_path):
    (tmp_path / "films" / "A").mkdir(parents=True)
    (tmp_path / "films" / "A" / "a.png").write_bytes(b"film")
    listing = reopen(Index((Row(path="A/a.png", label="A"),), (tmp_path / "films",), (), {}))
    assert listing.read(listing.entries[0]) == b"film"


def test_checksums_ignore_the_order_but_not_the_content():
    rows = assign(films(("A", 30), ("B", 30)), [], Recipe()).rows
    one, other = (Index(part, (), (), {"kind": "grouped"}) for part in (rows, rows[::-1]))
    assert (one.data_checksum, one.split_checksum) == (other.data_checksum, other.split_checksum)
    relabelled = Index((replace(rows[0], label="B"), *rows[1:]), (), (), {"kind": "grouped"})
    assert relabelled.data_checksum != one.data_checksum
    moved = Index((replace(rows[0], split="predict"), *rows[1:]), (), (), {"kind": "grouped"})
    assert moved.split_checksum != one.split_checksum


# --- classes and parts -----------------------------------------------------------------------------------------------


def test_the_tutorials_classes_keep_its_order_and_others_are_sorted():
    assert CLASS_LABELS.names({"COVID", "NORMAL", "Viral_Pneumonia"}) == TUTORIAL_CLASSES
    assert CLASS_LABELS.names({"NORMAL", "COVID"}) == ("COVID", "NORMAL")


def test_the_default_split_takes_its_shares():
    index = assign(films(("A", 100), ("B", 40)), [Path("x")], Recipe())
    assert by_part(index) == {"train": 112, "validation": 14, "test": 14}
    assert index.classes == ("A", "B")
    assert not index.is_leaking


def test_without_validation_and_test_every_film_trains():
    index = assign(films(("A", 5), ("B", 5)), [], split_by("grouped", validation=0.0, test=0.0))
    assert by_part(index) == {"train": 10}


def test_a_film_of_a_class_that_the_recipe_does_not_name_is_left_out():
    recipe = Recipe(data=DataRecipe(classes=("B", "A")))
    index = assign(films(("A", 20), ("B", 20), ("C", 4), ("", 2)), [], recipe)
    assert index.classes == ("B", "A")
    assert {row.problems for row in index.rows if row.label == "C"} == {("class-unknown",)}
    assert {row.problems for row in index.rows if row.label == ""} == {("label-missing",)}
    assert all(bool(row.split) == (row.label in "AB" and row.label != "") for row in index.rows)


def test_assigning_again_gives_the_same_index():
    rows = films(("A", 30), ("B", 30), ("", 2))
    once = assign(rows, [], Recipe())
    assert assign(once.rows, [], Recipe()) == once


def test_unreadable_and_conflicting_films_are_in_no_part():
    good = films(("A", 30), ("B", 30))
    unreadable = [Row(path="A/x.png", label="A", problems=("film-truncated",))]
    conflicting = films(("A", 1), ("B", 1), group="g-conflict", problems=("duplicate-near", "label-conflict"))
    index = assign([*good, *unreadable, *conflicting], [], Recipe())
    assert [row.split for row in index.rows[60:]] == ["", "", ""]
    assert all(row.split for row in index.rows[:60])
    assert index.straddling() == []


def test_one_class_is_refused():
    assert refused(assign, films(("A", 30)), [], Recipe())[0] == "split-one-class"
    assert refused(assign, films(("", 30)), [], Recipe())[0] == "split-one-class"


@pytest.mark.parametrize("kind", ["grouped", "folds", "tutorial", "column"])
def test_a_class_of_two_images_is_refused(kind):
    code, parameters = refused(assign, films(("A", 30), ("B", 2)), [], split_by(kind))
    assert (code, parameters["label"], parameters["groups"]) == ("split-class-too-small", "B", 2)


def test_a_class_without_any_usable_film_is_refused():
    """The model would have an answer that it never learnt."""
    conflicting = [replace(row, problems=("label-conflict",)) for row in films(("C", 9))]
    code, parameters = refused(assign, [*films(("A", 30), ("B", 30)), *conflicting], [], Recipe())
    assert (code, parameters["label"], parameters["groups"]) == ("split-class-too-small", "C", 0)
    recipe = Recipe(data=DataRecipe(classes=("A", "B", "D")))
    assert refused(assign, films(("A", 30), ("B", 30)), [], recipe)[1]["label"] == "D"


def test_a_share_too_small_for_a_class_gives_each_part_one_of_its_films():
    index = assign(films(("A", 100), ("B", 4)), [], Recipe())
    assert index.method == ITERATIVE
    assert Counter(row.split for row in index.rows if row.label == "B") == {"train": 2, "validation": 1, "test": 1}


def test_a_class_whose_groups_may_only_train_is_refused_with_the_reason():
    rows = [replace(row, quality="soft" * (row.label == "B")) for row in films(("A", 100), ("B", 4))]
    code, parameters = refused(assign, rows, [], split_by("grouped", train_only_quality=("soft",)))
    assert (code, parameters["label"], parameters["groups"], parameters["free"]) == ("split-part-empty", "B", 4, 0)
    empty = []  # of 5 folds with films of 4 patients, one is without, and is no test and no validation
    for fold in range(5):
        try:
            assign(films(("A", 30), ("B", 4)), [], split_by("folds", folds=5, fold=fold))
        except SplitError as error:
            empty.append((error.code, error.parameters))
    assert empty == [("split-fold-empty", {"label": "B", "groups": 4, "folds": 5})] * 2


def test_the_method_of_a_split_is_kept_and_an_older_index_has_that_of_its_kind(tmp_path):
    for kind, method in (("grouped", ITERATIVE), ("tutorial", "every tenth film")):
        write_index(assign(films(("A", 100), ("B", 4)), [tmp_path], split_by(kind)), tmp_path)
        side = json.loads((tmp_path / "index.json").read_text())
        assert side["method"] == read_index(tmp_path / "index.csv").method == method
        del side["method"]
        (tmp_path / "index.json").write_text(json.dumps(side))
        assert read_index(tmp_path / "index.csv").method == METHODS[kind]
        (tmp_path / "index.json").write_text(json.dumps(side | {"method": "by hand"}))
        assert refused(read_index, tmp_path / "index.csv")[0] == "index-damaged"


@pytest.mark.parametrize("kind", ["grouped", "folds"])
def test_quality_keeps_whole_groups_out_of_validation_and_test(kind):
    rows = films(("A", 60), ("B", 60))
    soft = set(range(0, 120, 4))
    rows = [replace(row, quality="soft" * (number in soft), group=f"g{number // 2}") for number, row in enumerate(rows)]
    index = assign(rows, [], split_by(kind, train_only_quality=("soft",)))
    with_soft = {rows[number].group for number in soft}
    assert {row.split for row in index.rows if row.group in with_soft} == {"train"}
    assert {row.split for row in index.rows} == {"train", "validation", "test"}


@pytest.mark.parametrize("kind", ["grouped", "folds"])
def test_a_tables_train_only_and_the_convention_split_as_the_recipe_of_before(kind):
    rows = films(("A", 60), ("B", 60))
    soft = set(range(0, 120, 4))
    qualities = [replace(row, quality="second-generation" * (n in soft)) for n, row in enumerate(rows)]
    said = [replace(row, extra={"train_only": "yes"} if n in soft else {}) for n, row in enumerate(rows)]
    before = assign(
        [replace(row, quality="soft" * (n in soft)) for n, row in enumerate(rows)],
        [],
        split_by(kind, train_only_quality=("soft",)),
    )
    by_convention = split_by(kind, train_only="recompressed")
    assert assign(said, [], split_by(kind)).split_checksum == before.split_checksum
    assert assign(qualities, [], by_convention).split_checksum == before.split_checksum
    assert (
        assign(qualities, [], split_by(kind, train_only_quality=("second-generation",))).rows
        == assign(qualities, [], by_convention).rows
    )
    plain = assign(rows, [], split_by(kind)).split_checksum
    assert assign(qualities, [], split_by(kind)).split_checksum == plain  # the recipe does not ask for it
    otherwise = [replace(row, extra={"train_only": "no"}) for row in qualities]
    assert assign(otherwise, [], by_convention).split_checksum == plain
    assert assign(rows, [], split_by(kind)).split_checksum != before.split_checksum


def test_an_index_whose_recipe_named_the_convention_is_one_without_it(tmp_path):
    rows = [
        replace(row, quality="second-generation" * (n % 4 == 0)) for n, row in enumerate(films(("A", 60), ("B", 60)))
    ]
    named = split_by("grouped", train_only_quality=("second-generation",))
    silent = split_by("grouped", train_only="recompressed")
    for made, asked in ((named, silent), (silent, named)):
        write_index(assign(rows, [tmp_path], made), tmp_path)
        check_split(read_index(tmp_path / "index.csv"), asked)
    soft = split_by("grouped", train_only="recompressed", train_only_quality=("soft",))
    assert refused(check_split, assign(rows, [], silent), soft)[1] == {
        "key": "split.train_only_quality",
        "given": "['soft']",
        "found": "[]",
    }
    assert refused(check_split, assign(rows, [], silent), split_by("grouped"))[1]["key"] == "split.train_only"
    side = json.loads((tmp_path / "index.json").read_text())
    side["split"]["train_only_quality"] = 5
    (tmp_path / "index.json").write_text(json.dumps(side))
    assert refused(read_index, tmp_path / "index.csv")[0] == "index-damaged"


def test_a_source_is_a_stratum():
    rows = [replace(row, source="xy"[number % 2]) for number, row in enumerate(films(("A", 200), ("B", 200)))]
    index = assign(rows, [], Recipe())
    tested = Counter((row.label, row.source) for row in index.rows if row.split == "test")
    assert set(tested.values()) == {10}


def test_the_column_split_is_taken_as_it_is():
    parts = ["train", "validation", "test", "predict"] * 5
    rows = [replace(row, extra={"split": parts[number % 20]}) for number, row in enumerate(films(("A", 20), ("B", 20)))]
    index = assign(rows, [], split_by("column"))
    assert [row.split for row in index.rows] == parts * 2
    rows[0] = replace(rows[0], extra={"split": "fold 3"})
    assert refused(assign, rows, [], split_by("column"))[0] == "split-value-unknown"
    rows[0] = replace(rows[0], extra={"split": "test"}, group=rows[4].group)
    assert refused(assign, rows, [], split_by("column"))[0] == "split-leaks"


def test_only_the_tutorials_split_may_leak_and_says_so():
    rows = films(("A", 30), ("B", 30))
    rows[1] = replace(rows[1], group=rows[0].group)  # the first is test, the second train
    index = assign(rows, [], split_by("tutorial"))
    assert index.is_leaking
    assert index.straddling() == [rows[0].group]
    assert by_part(index) == {"train": 52, "test": 6, "predict": 2}


def test_part_numbers_the_rows():
    index = assign(films(("A", 30), ("B", 30)), [], Recipe())
    numbers = [number for part in ("train", "validation", "test") for number in index.part(part)]
    assert sorted(numbers) == list(range(60))
    assert all(index.rows[number].split == "test" for number in index.part("test"))


def test_problems_that_leave_films_out_have_words():
    assert all(f"problem.{code}" in CATALOGUES["en"] for code in LEAVES_OUT)


def test_names_that_are_no_utf_8_come_back(tmp_path):
    name = os.fsdecode(b"A/caf\xe9.png")
    write_index(Index((Row(path=name, label=name),), (tmp_path,), ("A",), {"kind": "grouped"}), tmp_path)
    assert b"A/caf\xe9.png" in (tmp_path / "index.csv").read_bytes()
    assert read_index(tmp_path / "index.csv").rows[0].path == name
