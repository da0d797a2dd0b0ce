"""A set's own split: the words people write, films without a part, what is drawn, what is refused."""

from collections import Counter
from dataclasses import replace

import pytest

from plainfilm.config import Recipe, SplitRecipe
from plainfilm.data.film_index import Row, assign
from plainfilm.data.splits.given import part_named
from plainfilm.data.splits.shares import given_split
from plainfilm.errors import SplitError
from plainfilm.messages import LANGUAGES, sentence

COLUMN = Recipe(split=SplitRecipe(kind="column"))


def films(cells: list[str], count: int = 20) -> list[Row]:
    """`count` films each of two classes, groups of their own, with `cells` in turn in the column split."""
    return [
        Row(
            image_id=f"{number:016x}",
            path=f"{number}.png",
            label="AB"[number % 2],
            group=f"g{number}",
            extra={"split": cells[number // 2 % len(cells)]},
        )
        for number in range(2 * count)
    ]


def refused(rows, recipe=COLUMN) -> SplitError:
    with pytest.raises(SplitError) as caught:
        assign(rows, [], recipe)
    for language in LANGUAGES:
        assert 'split.kind = "grouped"' in sentence(caught.value, language)  # the way out
    return caught.value


@pytest.mark.parametrize(
    ("word", "part"),
    [
        *[(word, "train") for word in ("train", "Train", " TRAINING ", "训练集")],
        *[(word, "validation") for word in ("val", "valid", "VALIDATION", "dev", "validate", "ｖａｌ")],
        *[(word, "test") for word in ("test", "Testing", "测试")],
        *[(word, "") for word in ("", "  ", "n/a", "NaN", "none")],
        *[(word, None) for word in ("fold 3", "trainval", "0", "holdout")],
    ],
)
def test_the_words_for_parts(word, part):
    assert part_named(word) == part


def test_words_are_understood_and_an_empty_cell_leaves_a_film_out():
    index = assign(films(["Train", "valid", "test", ""]), [], COLUMN)
    assert Counter(row.split for row in index.rows) == {"train": 10, "validation": 10, "test": 10, "": 10}
    assert {row.problems for row in index.rows if not row.split} == {("split-missing",)}
    assert index.method == "column split"
    again = assign(index.rows, [], Recipe())
    assert all(row.split and not row.problems for row in again.rows)  # another kind takes them all


def test_without_validation_films_a_share_of_the_training_part_is_drawn():
    rows = films(["train", "train", "train", "test"], 40)
    index = assign(rows, [], COLUMN)
    assert index.method == "column split, validation by shuffled groups"
    for row, before in zip(index.rows, rows, strict=True):
        assert (row.split == "test") == (before.extra["split"] == "test")
    assert Counter((row.label, row.split) for row in index.rows if row.split == "validation") == {
        ("A", "validation"): 3,
        ("B", "validation"): 3,
    }
    none = assign(rows, [], Recipe(split=SplitRecipe(kind="column", validation=0.0)))
    assert {row.split for row in none.rows} == {"train", "test"}


def test_what_is_no_split_is_refused_with_the_way_out():
    error = refused(films(["train", "validation"]))
    assert (error.code, error.parameters) == (
        "split-given-part-empty",
        {"part": "test", "counts": "train 20, validation 20"},
    )
    assert refused(films(["test"])).parameters["part"] == "train"
    assert refused(films([""])).code == "split-column-empty"
    assert refused(films(["train", "test", "fold 3"])).code == "split-value-unknown"
    rows = [replace(row, extra={"split": "train"}) if row.label == "B" else row for row in films(["train", "test"])]
    error = refused(rows)
    assert (error.code, error.parameters) == ("split-given-class-missing", {"label": "B", "part": "test"})


def test_a_split_that_tears_groups_says_how_many_and_names_two_films():
    rows = films(["train", "test", "validation"])
    rows[2] = replace(rows[2], group=rows[0].group)
    rows[5] = replace(rows[5], group=rows[7].group)
    error = refused(rows)
    assert error.parameters == {"count": 2, "films": 4, "example": "0.png (train), 2.png (test)"}


def test_a_group_whose_other_film_has_no_part_is_whole():
    rows = films(["train", "test", "validation", ""])
    rows[6] = replace(rows[6], group=rows[0].group)
    assert assign(rows, [], COLUMN).straddling() == []


def test_a_given_split_is_counted_whatever_the_recipe_does():
    rows = films(["train", "val", "test", "", "fold 3"])
    rows[2] = replace(rows[2], group=rows[0].group)
    found = given_split([*rows, Row(extra={"split": "train"})])  # the last could not be read
    assert found is not None
    assert found.counts == {"train": 8, "validation": 8, "test": 8}
    assert (found.without, found.unknown, found.torn) == (8, ("fold 3",), 1)
    assert given_split(films([""])) is None
    assert given_split([replace(row, extra={}) for row in rows]) is None
