"""What is said of findings: cells to targets, by rules that have no default; what a split keeps even."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.config import DataRecipe, Recipe, SplitRecipe, TaskRecipe
from plainfilm.data.film_index import Row, assign, read_index, write_index
from plainfilm.data.labelling import CLASS_LABELS, NO_FINDING, FindingLabels
from plainfilm.data.sources.entry import Entry
from plainfilm.data.splits.shares import MIN_PRESENT, reached, scarce
from plainfilm.data.statements import Meaning, Rules, joined, parted, targets_of
from plainfilm.errors import RecipeError, SourceError, SplitError

LABELS = FindingLabels()
NAMES = ("Edema", "Mass")
CELLS = st.sampled_from(["1", "0", "-1", "", "0.25"])
SAID = {"kind": "findings", "uncertain": "ignore", "blank": "absent"}


@given(st.dictionaries(st.text("abcÄ 肺=", min_size=1), CELLS, max_size=5))
def test_a_text_gives_back_what_it_was_made_of(stated):
    assert parted(joined(stated)) == stated


@pytest.mark.parametrize(
    ("cell", "rules", "expected"),
    [
        ("1", Meaning("ignore", "ignore"), 1.0),
        ("0", Meaning("ignore", "ignore"), 0.0),
        ("0.7", Meaning("ignore", "ignore"), 0.7),
        ("-1", Meaning("ignore", "absent"), np.nan),
        ("-1", Meaning("absent", "ignore"), 0.0),
        ("-1", Meaning("present", "ignore"), 1.0),
        ("-1", Meaning(0.5, "ignore"), 0.5),
        ("", Meaning("present", "ignore"), np.nan),
        ("", Meaning("present", "absent"), 0.0),
    ],
)
def test_what_a_cell_means(cell, rules, expected):
    found = targets_of([joined({"Mass": cell})], NAMES, Rules(rules))
    assert np.array_equal(found, np.array([[np.nan, expected]], np.float32), equal_nan=True)


def test_a_column_may_mean_another_thing():
    rules = Rules(Meaning("ignore", "ignore"), {"Mass": Meaning("present", "absent")})
    assert np.array_equal(
        targets_of(["Mass=-1|Edema=-1", "Mass=|Edema="], NAMES, rules), [[np.nan, 1], [np.nan, 0]], equal_nan=True
    )


@pytest.mark.parametrize(
    ("label", "task", "code"),
    [
        ("Mass=-1|Edema=1", {"blank": "absent"}, "findings-uncertain-unsaid"),
        ("Mass=|Edema=1", {"uncertain": "ignore"}, "findings-blank-unsaid"),
        ("Mass=|Edema=1", {"columns": {"Edema": {"blank": "absent"}}}, "findings-blank-unsaid"),
    ],
)
def test_uncertain_and_blank_have_no_default(label, task, code):
    with pytest.raises(RecipeError) as caught:
        LABELS.targets([label], NAMES, task)
    assert caught.value.code == code
    assert caught.value.parameters == {"cells": 1, "findings": "Mass"}


def test_what_is_said_for_a_column_is_enough():
    found = LABELS.targets(["Mass=|Edema=1"], NAMES, {"columns": {"Mass": {"blank": "absent"}}})
    assert found.tolist() == [[1.0, 0.0]]


@pytest.mark.parametrize(
    ("label", "problem", "counted"),
    [
        ("", "label-missing", ("",)),
        ("Rash=1", "findings-unknown", (NO_FINDING,)),
        ("Mass=|Edema=", "findings-blank", (NO_FINDING,)),
        ("Mass=0|Edema=", "", (NO_FINDING,)),
        ("Mass=1|Edema=1", "", ("Edema", "Mass")),
        ("Mass=-1|Edema=1", "", ("Edema",)),
    ],
)
def test_what_a_film_counts_as(label, problem, counted):
    assert LABELS.problem(label, NAMES) == problem
    assert LABELS.counted(label, NAMES) == counted


def test_copies_contradict_by_present_and_absent_alone():
    assert LABELS.contradict({"Mass=1|Edema=0", "Mass=0"})
    assert not LABELS.contradict({"Mass=1", "Mass=-1|Edema=0", "Edema=", ""})


# --- splits ----------------------------------------------------------------------------------------------------------


def rows(count: int) -> list[Row]:
    """Films of patients with one to three films; Mass on every seventh, Edema on every third."""
    return [
        Row(
            image_id=f"{number:016x}",
            path=f"{number}.png",
            label=joined({"Edema": str(int(number % 3 == 0)), "Mass": str(int(number % 7 == 0))}),
            group=f"g{number // (1 + number % 3)}",
            source="ab"[number % 2],
        )
        for number in range(count)
    ]


def recipe(**entries) -> Recipe:
    return Recipe(task=TaskRecipe(kind="findings"), data=DataRecipe(classes=NAMES), **entries)


@pytest.mark.parametrize("kind", ["grouped", "folds"])
def test_a_split_keeps_patients_whole_and_findings_even(kind):
    index = assign(rows(700), [], recipe(split=SplitRecipe(kind=kind, folds=10)))
    assert index.straddling() == []
    for name, counts in reached(index).items():
        total = sum(counts.values())
        assert counts["test"] == pytest.approx(0.1 * total, abs=max(2, 0.03 * total)), name
        assert counts["validation"] == pytest.approx(0.1 * total, abs=max(2, 0.03 * total)), name


def test_findings_with_few_films_in_a_part_are_named():
    index = assign(rows(200), [], recipe())
    few = scarce(index)
    assert set(few) == {"Edema", "Mass"}  # of 67 and 29 films a tenth is fewer than 10
    assert few["Mass"]["test"] < MIN_PRESENT < few["Mass"]["train"]
    assert scarce(assign(rows(2000), [], recipe())) == {}


def test_an_index_of_findings_is_written_and_read(tmp_path):
    index = assign(rows(60), [tmp_path], recipe())
    write_index(index, tmp_path)
    again = read_index(tmp_path / "index.csv")
    assert (again.rows, again.classes, again.task) == (index.rows, NAMES, index.task)
    assert again.task["kind"] == "findings"


@pytest.mark.parametrize(("value", "counts"), [("1", (40, 0)), ("0", (0, 40))])
def test_a_finding_that_is_always_or_never_there_is_refused(value, counts):
    films = [
        Row(image_id=f"{n:016x}", path=f"{n}.png", label=f"Edema={n % 2}|Mass={value}", group=f"g{n}")
        for n in range(40)
    ]
    with pytest.raises(SplitError) as caught:
        assign(films, [], recipe())
    assert caught.value.code == "finding-one-value"
    assert caught.value.parameters == {"name": "Mass", "present": counts[0], "absent": counts[1]}


def test_a_finding_that_no_table_has_is_refused():
    films = [Row(image_id=f"{n:016x}", path=f"{n}.png", label=f"Edema={n % 2}", group=f"g{n}") for n in range(40)]
    with pytest.raises(SourceError) as caught:
        assign(films, [], recipe())
    assert caught.value.code == "finding-missing"
    assert caught.value.parameters == {"findings": "Mass", "known": "Edema"}


def test_a_film_of_which_nothing_is_known_stays_out():
    films = [*rows(60), Row(image_id="f" * 16, path="blank.png", label="Edema=|Mass=", group="g-blank")]
    index = assign(films, [], recipe())
    assert index.rows[-1].split == ""
    assert index.rows[-1].problems == ("findings-blank",)


def test_classes_say_that_a_table_states_findings():
    said = [Entry(0, "a.png", "folder", {"Effusion": "1", "Mass": "0", "age": "60"})]
    _, (note,) = CLASS_LABELS.labelled(said, ())
    assert note.key == "balance.findings-unused"
    assert note.values == {"count": 2, "names": "Effusion, Mass"}
    _, notes = CLASS_LABELS.labelled([Entry(0, "a.png", "folder", {"Mass": "0", "age": "60"})], ())
    assert notes == ()
