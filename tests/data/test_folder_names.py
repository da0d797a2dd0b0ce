"""What folders say: a class, a part of the set's own split, or neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import index_of, labelled, names, put

from plainfilm.data.sources.conventions import COMMON, SPLITS
from plainfilm.data.sources.labels import class_and_split, names_class
from plainfilm.data.sources.names import name_key

CLASSES = st.sampled_from(["NORMAL", "COVID-19", "Viral Pneumonia", "正常", "class 1", "0", "tb"])
NEUTRAL = st.sampled_from([*COMMON.image_folders, "images_001", "patient00017", "study3", "SER00001", "p10000032"])
SPLIT = st.sampled_from([(part, word) for part, words in SPLITS.items() for word in words])


@given(CLASSES, SPLIT, st.lists(NEUTRAL, max_size=2), st.booleans())
def test_a_split_above_or_below_the_class(label, split, neutral, above):
    part, word = split
    folders = [word, label, *neutral] if above else [label, word, *neutral]
    assert class_and_split(folders) == (label, part)
    assert class_and_split([*folders, word.upper()]) == (label, part)


@given(SPLIT, st.lists(NEUTRAL, max_size=2))
def test_a_split_is_never_a_class(split, neutral):
    assert class_and_split([split[1], *neutral]) == ("", split[0])


@given(st.text(min_size=1))
def test_any_folder_has_an_answer(name):
    assert names_class(name) in (True, False)
    assert not (names_class(name) and name_key(name) in COMMON.split_of)


@pytest.mark.parametrize("word", ["train", "TEST", "Val", "valid", "dev", "validation", "training", "训练集"])
def test_own_splits_are_read_from_a_set(tmp_path, word):
    put(tmp_path / "d", names(8, f"{word}/NORMAL", f"{word}/COVID", "test/NORMAL", "test/COVID"))
    assert labelled(index_of(tmp_path / "d")) == {"NORMAL": 16, "COVID": 16}


@pytest.mark.parametrize(
    "layout",
    [
        "{split}/{label}/{name}",
        "{label}/{split}/{name}",
        "top/{split}/{label}/images/{name}",
        "{label}/images/{split}/{name}",
    ],
)
def test_a_sets_own_split_is_kept_when_the_recipe_says_so(tmp_path, layout):
    films = [
        (layout.format(split=split, label=label, name=f"{label}{split}{number}.png"), split)
        for label in ("NORMAL", "COVID")
        for split, count in (("train", 6), ("val", 2), ("test", 4))
        for number in range(count)
    ]
    put(tmp_path / "d", [name for name, _ in films])
    index = index_of(tmp_path / "d", kind="column")
    wanted = {name: {"val": "validation"}.get(split, split) for name, split in films}
    assert {row.path: row.split for row in index.rows} == wanted
    assert index.classes == ("COVID", "NORMAL")
