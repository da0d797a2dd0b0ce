"""Recipes: every field documented and checked; TOML in and out."""

import contextlib
import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.config import (
    RECIPES,
    AugmentRecipe,
    DataRecipe,
    ModelRecipe,
    Recipe,
    SplitRecipe,
    TrainingRecipe,
    load_recipe,
    parse_recipe,
    recipe_names,
)
from plainfilm.errors import RecipeError
from plainfilm.messages import Translated, sentence
from plainfilm.model.card import Source

NAMES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def recipes(draw) -> Recipe:
    num_sizes = draw(st.integers(1, 3))
    sizes_px = sorted(16 * size for size in draw(st.lists(st.integers(4, 64), min_size=num_sizes, max_size=num_sizes)))
    norm_group = draw(st.none() | st.integers(1, 32))
    folds = draw(st.integers(3, 100))
    return Recipe(
        data=DataRecipe(
            channels=draw(st.sampled_from([1, 3])),
            fit=draw(st.sampled_from(["squash", "letterbox"])),
            classes=draw(st.none() | st.lists(NAMES, min_size=2, max_size=4, unique=True).map(tuple)),
            names=draw(st.none() | st.dictionaries(NAMES, st.tuples(NAMES, NAMES), max_size=3)),
        ),
        split=SplitRecipe(
            kind=draw(st.sampled_from(["grouped", "folds", "tutorial", "column"])),
            seed=draw(st.integers(0, 2**31)),
            validation=draw(st.floats(0, 0.5)),
            folds=folds,
            fold=draw(st.integers(0, folds - 1)),
            train_only_quality=draw(st.lists(NAMES, max_size=2).map(tuple)),
        ),
        augment=AugmentRecipe(probability=draw(st.floats(0, 1)), strength=draw(st.floats(0, 3))),
        model=ModelRecipe(
            depth=draw(st.sampled_from([18, 34, 50, 101, 152])),
            width=draw(st.integers(16, 128)),
        ),
        training=TrainingRecipe(
            sizes_px=tuple(sizes_px),
            epochs=tuple(draw(st.lists(st.integers(1, 1000), min_size=num_sizes, max_size=num_sizes))),
            norm_group=norm_group,
            batch_size=(norm_group or 1) * draw(st.integers(1, 100)),
            learning_rate=draw(st.floats(1e-8, 10) | st.just(1)),
        ),
    )


@given(recipes())
def test_a_recipe_comes_back_from_toml(recipe):
    assert parse_recipe(recipe.to_toml()) == recipe


SECTIONS = [(section.name, section.default) for section in fields(Recipe)]
FIELDS = [(f"{name}.{entry.name}", entry) for name, section in SECTIONS for entry in fields(section)]


@pytest.mark.parametrize(("key", "entry"), FIELDS, ids=[key for key, _ in FIELDS])
def test_every_field_is_documented_and_checked(key, entry):
    assert len(entry.metadata["doc"].split()) >= 2
    # whatever is not free text has a check
    assert entry.metadata["check"] is not None or key == "split.train_only_quality"


@pytest.mark.parametrize(("key", "entry"), FIELDS, ids=[key for key, _ in FIELDS])
def test_every_field_refuses_a_value_of_another_type(key, entry):
    section, name = key.split(".")
    for wrong in ("[[1]]", "1979-05-27"):
        with pytest.raises(RecipeError) as caught:
            parse_recipe(f"[{section}]\n{name} = {wrong}")
        assert caught.value.parameters["key"] == key


BAD_VALUES = [
    ("data", "channels", "2"),
    ("data", "channels", "true"),
    ("data", "channels", "1.0"),
    ("data", "channels", '"1"'),
    ("data", "fit", '"crop"'),
    ("data", "classes", "[]"),
    ("data", "classes", '["A"]'),
    ("data", "classes", '["A", "A", "B"]'),
    ("data", "classes", '["A", ""]'),
    ("data", "classes", '"AB"'),
    ("data", "classes", '["A", 1]'),
    ("data", "names", '{A = ["a"]}'),
    ("data", "names", '{A = "ab"}'),
    ("split", "seed", "-1"),
    ("split", "seed", "true"),
    ("split", "validation", "0.6"),
    ("split", "test", "-0.1"),
    ("split", "test", "nan"),
    ("split", "test", "true"),
    ("split", "folds", "2"),
    ("split", "fold", "5"),
    ("split", "train_only_quality", '"second"'),
    ("augment", "strength", "inf"),
    ("model", "depth", "20"),
    ("model", "width", "15"),
    ("model", "width", "129"),
    ("model", "width", "16.0"),
    ("training", "sizes_px", "[]"),
    ("training", "sizes_px", "[100]"),
    ("training", "sizes_px", "[224.0]"),
    ("training", "sizes_px", "224"),
    ("training", "epochs", "[0]"),
    ("training", "epochs", "[true]"),
    ("training", "epochs", "[8, 8]"),
    ("training", "norm_group", "48"),
    ("training", "norm_group", "0"),
    ("training", "norm_group", "128"),
    ("training", "learning_rate", "0"),
    ("training", "learning_rate", "nan"),
    ("training", "learning_rate", '"1e-3"'),
    ("training", "precision", '"int8"'),
]


@pytest.mark.parametrize(("section", "key", "value"), BAD_VALUES)
def test_a_bad_value_is_refused_by_its_key(section, key, value):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(f"[{section}]\n{key} = {value}")
    assert caught.value.code == "recipe-impossible"
    assert caught.value.parameters["key"] == f"{section}.{key}"
    for language in ("en", "zh"):
        assert f"{section}.{key}" in sentence(caught.value, language)


def test_sizes_may_not_shrink():
    with pytest.raises(RecipeError) as caught:
        parse_recipe("[training]\nsizes_px = [224, 112]\nepochs = [1, 1]")
    assert caught.value.parameters["key"] == "training.sizes_px"


def test_what_is_checked_is_checked_in_python_too():
    with pytest.raises(RecipeError):
        Recipe(training=TrainingRecipe(batch_size=0))


@pytest.mark.parametrize(
    ("toml", "key", "nearest"),
    [
        ("[training]\nbatchsize = 1", "training.batchsize", "batch_size"),
        ("[trainig]\nbatch_size = 1", "trainig", "training"),
        ("batch_size = 1", "batch_size", None),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(toml, key, nearest):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(toml)
    parameters = caught.value.parameters
    assert (caught.value.code, parameters["key"]) == ("recipe-unknown-key", key)
    assert parameters["nearest"] == nearest or nearest is None
    assert str(parameters["nearest"]) in str(parameters["expected"]).split(", ")


def test_a_value_in_place_of_a_section_is_refused():
    with pytest.raises(RecipeError) as caught:
        parse_recipe("training = 3")
    assert caught.value.parameters["key"] == "training"


@given(st.text(max_size=60))
def test_any_text_is_a_recipe_or_a_recipe_error(text):
    with contextlib.suppress(RecipeError):
        parse_recipe(text)


def test_every_packaged_recipe_parses_and_opens_with_what_it_is():
    assert {"fast", "smoke", "tutorial"} <= set(recipe_names())
    for name in recipe_names():
        assert isinstance(load_recipe(name), Recipe)
        assert re.match(rf"# {name}: \w+", (RECIPES / f"{name}.toml").read_text(encoding="utf-8"))


def test_a_recipe_that_was_written_before_networks_had_a_width_is_of_the_published_one():
    recipe = Recipe()
    older = recipe.to_toml().replace("width = 64\n", "")
    assert older != recipe.to_toml()
    assert parse_recipe(older) == recipe


def test_a_missing_recipe_lists_the_names():
    with pytest.raises(RecipeError) as caught:
        load_recipe("fst")
    assert caught.value.code == "recipe-missing"
    assert all(name in sentence(caught.value, "en") for name in ("fst", *recipe_names()))


def test_a_recipe_file_of_windows_notepad_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbf[model]\r\ndepth = 34\r\n")
    assert load_recipe(str(path)).model.depth == 34


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 5000, "[" * 100 + "1" + "]" * 100], ids=["digits", "open", "deep"])
def test_a_value_beyond_any_measure_is_refused(value):
    with pytest.raises(RecipeError):
        parse_recipe(f"[training]\nsizes_px = {value}\n")


def test_a_file_that_is_no_text_is_no_toml(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\0")
    with pytest.raises(RecipeError) as caught:
        load_recipe(str(tmp_path / "a.toml"))
    assert caught.value.code == "recipe-not-toml"


def test_what_the_authors_say_is_checked_and_an_empty_section_is_not_written():
    assert "[report]" not in Recipe().to_toml()
    given = parse_recipe('[report]\ntitle = "A"\n[report.claim]\n5 = "Retrospective."\n')
    assert parse_recipe(given.to_toml()) == given
    for wrong in ('[report.claim]\n45 = "x"', '[report.claim]\n5 = " "', '[report]\ntitle = ""', "[report]\nclaim = 3"):
        with pytest.raises(RecipeError, match="recipe-impossible"):
            parse_recipe(wrong)


SOURCE = '[[report.sources]]\nname = "A"\nterms = "CC BY"\ncitation = "B 2020"\n'
TRANSLATED = SOURCE.replace('name = "A"', 'name.en = "A"\nname.zh = "甲"')


@pytest.mark.parametrize("toml", [SOURCE, TRANSLATED])
def test_where_films_come_from_may_be_said_by_language(toml):
    given = parse_recipe(toml)
    assert parse_recipe(given.to_toml()) == given
    (facts,) = given.report.sources
    source = Source.from_dict(facts)
    assert Translated(source.name).shown("en") == "A"
    assert Translated(source.name).shown("zh") == ("甲" if toml == TRANSLATED else "A")
    assert Translated(source.terms).shown("zh") == "CC BY"


@pytest.mark.parametrize(
    "wrong",
    [
        SOURCE.replace('terms = "CC BY"\n', ""),
        TRANSLATED.replace('name.en = "A"\n', ""),
        TRANSLATED.replace("name.zh", "name.xx"),
        SOURCE.replace("citation =", "citation.en ="),
    ],
)
def test_a_source_that_lacks_something_is_refused(wrong):
    with pytest.raises(RecipeError, match="recipe-impossible"):
        parse_recipe(wrong)
