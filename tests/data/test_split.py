"""Splits: groups whole, shares kept, the same for one seed; and what is refused."""

import csv
import os
import random
import zipfile
from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.config import SplitRecipe
from plainfilm.data.splits import split
from plainfilm.data.splits import split as refusals
from plainfilm.errors import SplitError

FILMS = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 12), st.booleans()), min_size=1, max_size=80)
SHARES = st.fixed_dictionaries({"test": st.floats(0, 0.5), "validation": st.floats(0, 0.5)})


def unzip(films):
    strata, groups, train_only = zip(*films, strict=True)
    return list(strata), [f"g{group}" for group in groups], list(train_only)


@given(FILMS, SHARES, st.integers(0, 5))
def test_grouped_keeps_groups_whole_within_their_shares(films, shares, seed):
    strata, groups, train_only = unzip(films)
    parts = split.grouped(strata, groups, shares=shares, train_only=train_only, seed=seed)
    assert split.straddling(groups, parts) == []
    barred = {group for group, flag in zip(groups, train_only, strict=True) if flag}
    assert all(part == "train" for group, part in zip(groups, parts, strict=True) if group in barred)
    totals, found = Counter(strata), Counter(zip(strata, parts, strict=True))
    for part, share in shares.items():
        for stratum, total in totals.items():
            assert found[stratum, part] <= round(share * total)


@given(FILMS, SHARES, st.integers(0, 5))
def test_grouped_leaves_no_group_out_that_would_have_fitted(films, shares, seed):
    """So a share is missed by less than the smallest group that stayed in training (of one stratum)."""
    strata, groups, train_only = unzip([("A", group, barred) for _, group, barred in films])
    parts = split.grouped(strata, groups, shares=shares, train_only=train_only, seed=seed)
    barred = {group for group, flag in zip(groups, train_only, strict=True) if flag}
    sizes, part_of = Counter(groups), dict(zip(groups, parts, strict=True))
    for part, share in shares.items():
        room = round(share * len(films)) - parts.count(part)
        assert all(sizes[group] > room for group in sizes if part_of[group] == "train" and group not in barred)


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=200), SHARES, st.integers(0, 5))
def test_single_films_reach_their_shares_exactly(strata, shares, seed):
    groups = [f"g{film}" for film in range(len(strata))]
    parts = split.grouped(strata, groups, shares=shares, train_only=[False] * len(strata), seed=seed)
    totals, found = Counter(strata), Counter(zip(strata, parts, strict=True))
    for stratum, total in totals.items():
        test = round(shares["test"] * total)
        assert found[stratum, "test"] == test
        assert found[stratum, "validation"] == min(round(shares["validation"] * total), total - test)


@given(FILMS, st.integers(0, 5), st.randoms(use_true_random=False))
def test_a_split_does_not_depend_on_the_order_of_the_films(films, seed, shuffler):
    """`films` are told apart by group, stratum and flag alone, so equal films have equal parts."""
    order = list(range(len(films)))
    shuffler.shuffle(order)
    shares = {"test": 0.2, "validation": 0.2}
    strata, groups, train_only = unzip(films)
    once = split.grouped(strata, groups, shares=shares, train_only=train_only, seed=seed)
    strata, groups, train_only = unzip([films[film] for film in order])
    again = split.grouped(strata, groups, shares=shares, train_only=train_only, seed=seed)
    assert again == [once[film] for film in order]


def test_a_seed_gives_one_split_and_another_seed_another():
    strata, groups = ["A"] * 100, [f"g{film}" for film in range(100)]

    def draw(seed):
        shares = {"test": 0.1, "validation": 0.1}
        return split.grouped(strata, groups, shares=shares, train_only=[False] * 100, seed=seed)

    assert draw(0) == draw(0)
    assert len({tuple(draw(seed)) for seed in range(10)}) == 10


@given(FILMS, st.integers(3, 10), st.integers(0, 5))
def test_folds_partition_whole_groups(films, count, seed):
    strata, groups, train_only = unzip(films)
    fold_of = split.folds(strata, groups, count=count, train_only=train_only, seed=seed)
    barred = {group for group, flag in zip(groups, train_only, strict=True) if flag}
    by_group = defaultdict(set)
    for group, fold in zip(groups, fold_of, strict=True):
        by_group[group].add(fold)
    assert all(len(folds) == 1 for folds in by_group.values())
    assert all((fold is None) == (group in barred) for group, fold in zip(groups, fold_of, strict=True))
    assert all(fold in range(count) for fold in fold_of if fold is not None)
    tested = [film for fold in range(count) for film in in_part(split.fold_split(fold_of, fold=fold, count=count))]
    assert sorted(tested) == [film for film, fold in enumerate(fold_of) if fold is not None]


def in_part(parts: list[str], name: str = "test") -> list[int]:
    return [film for film, part in enumerate(parts) if part == name]


@given(st.lists(st.sampled_from("ABC"), min_size=1, max_size=100), st.integers(3, 10), st.integers(0, 5))
def test_folds_of_single_films_are_even_in_every_stratum(strata, count, seed):
    groups = [f"g{film}" for film in range(len(strata))]
    fold_of = split.folds(strata, groups, count=count, train_only=[False] * len(strata), seed=seed)
    for stratum in set(strata):
        sizes = Counter(fold for fold, name in zip(fold_of, strata, strict=True) if name == stratum)
        filled = [sizes[fold] for fold in range(count)]
        assert max(filled) - min(filled) <= 1


@pytest.mark.parametrize("fold", range(4))
def test_fold_split_tests_one_fold_and_validates_on_the_next(fold):
    parts = split.fold_split([0, 1, 2, 3, None], fold=fold, count=4)
    assert parts[fold] == "test"
    assert parts[(fold + 1) % 4] == "validation"
    assert parts.count("train") == 3
    assert parts[4] == "train"


def reference_tutorial(paths: list[str], labels: list[str]) -> dict[str, str]:
    """The tutorial's rule: in the sorted files of a class all but the last, every tenth from the first is test."""
    part_of = {}
    for label in dict.fromkeys(labels):
        class_files = sorted(path for path, name in zip(paths, labels, strict=True) if name == label)
        for number, path in enumerate(class_files[:-1]):
            part_of[path] = "test" if number % 10 == 0 else "train"
        part_of[class_files[-1]] = "predict"
    return part_of


@given(st.lists(st.integers(1, 45), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_tutorial_equals_the_tutorials_rule(sizes, shuffler):
    films = [
        (f"{label}/{label}-{number}.png", f"{label}") for label, size in enumerate(sizes) for number in range(size)
    ]
    shuffler.shuffle(films)
    paths, labels = [path for path, _ in films], [label for _, label in films]
    assert dict(zip(paths, split.tutorial(paths, labels), strict=True)) == reference_tutorial(paths, labels)


def test_straddling_names_the_torn_groups():
    assert split.straddling(list("bbaac"), ["train", "test", "train", "train", "test"]) == ["b"]


def refused(check, *arguments) -> tuple[str, dict]:
    with pytest.raises(SplitError) as caught:
        check(*arguments)
    return caught.value.code, caught.value.parameters


def test_what_is_refused():
    code, parameters = refused(refusals.check_whole, ["g1", "g1"], ["train", "test"], ["a", "b"])
    assert (code, parameters) == ("split-leaks", {"count": 1, "films": 2, "example": "a (train), b (test)"})
    assert refused(refusals.check_classes, ["A"] * 5, list("abcde"), ["A"])[0] == "split-one-class"
    assert refused(refusals.check_classes, [], [], [])[0] == "split-one-class"
    code, parameters = refused(refusals.check_classes, list("AAABB"), list("abcde"), ["A", "B"])
    assert (code, parameters["label"], parameters["groups"]) == ("split-class-too-small", "B", 2)
    code, parameters = refused(refusals.check_classes, list("AAABBB"), list("abcddd"), ["A", "B"])
    assert (code, parameters["groups"]) == ("split-class-too-small", 1)
    code, parameters = refused(refusals.check_classes, list("AAABBB"), list("abcdef"), ["A", "B", "C"])
    assert (parameters["label"], parameters["groups"]) == ("C", 0)
    parts, choice = ["train", "test", "train"], SplitRecipe(validation=0.0)
    code, parameters = refused(refusals.check_reached, list("AAB"), list("abc"), [False] * 3, parts, choice)
    assert (code, parameters) == ("split-part-empty", {"label": "B", "part": "test", "groups": 1, "free": 1})


def test_what_is_allowed():
    refusals.check_whole(["g1", "g1", "g2", "g2"], ["train", "train", "test", ""], list("abcd"))
    refusals.check_classes(list("AAABBB"), list("abcdef"), ["A", "B"])
    choice = SplitRecipe(validation=0.0)
    refusals.check_reached(list("AABB"), list("abcd"), [False] * 4, ["train", "test"] * 2, choice)


def divide(classes, sources, groups, **shares):
    asked = {"test": 0.1, "validation": 0.1} | shares
    return split.divided(classes, sources, groups, shares=asked, train_only=[False] * len(groups), seed=0)


@given(FILMS, st.integers(0, 5))
def test_a_split_that_keeps_to_its_shares_is_that_of_shuffled_groups(films, seed):
    strata, groups, train_only = unzip(films)
    shares = {"test": 0.2, "validation": 0.2}
    parts, method = split.divided(strata, [""] * len(films), groups, shares=shares, train_only=train_only, seed=seed)
    plain = split.grouped(
        split.strata_of(strata, [""] * len(films)), groups, shares=shares, train_only=train_only, seed=seed
    )
    asked = {**shares, "train": 0.6}
    if method == split.SHUFFLED:
        assert parts == plain
    else:
        assert split.shortfall(strata, plain, asked) > split.shortfall(strata, parts, asked)
    if split.shortfall(strata, plain, asked) == (0, 0):
        assert method == split.SHUFFLED


@pytest.mark.parametrize("size", [1, 4, 5, 14])
def test_many_small_hospitals_are_split_as_asked(size):
    films = 500
    classes = ["AB"[film % 2] for film in range(films)]
    sources = [f"hospital{film // 2 // size}" for film in range(films)]
    parts, method = divide(classes, sources, [f"g{film}" for film in range(films)])
    assert method == split.ITERATIVE
    for label in "AB":
        found = Counter(part for name, part in zip(classes, parts, strict=True) if name == label)
        assert 20 <= found["test"] <= 30
        assert 20 <= found["validation"] <= 30


def test_patients_with_more_films_than_a_share_still_reach_every_part():
    classes = ["AB"[film // 40] for film in range(80)]
    groups = [f"p{film // 5}" for film in range(80)]
    parts, method = divide(classes, [""] * 80, groups)
    assert method == split.ITERATIVE
    assert split.straddling(groups, parts) == []
    assert Counter(zip(classes, parts, strict=True)) == {
        (label, part): films for label in "AB" for part, films in (("train", 30), ("validation", 5), ("test", 5))
    }


def test_folds_of_uneven_groups_hold_every_class():
    """Films of the rare class share groups with common ones, so that the plain way may leave a fold without it."""
    classes = ["A"] * 60 + ["B"] * 5
    groups = [f"g{film // 6}" for film in range(60)] + [f"g{film}" for film in (0, 2, 4, 6, 8)]
    for seed in range(8):
        fold_of, _ = split.divided_folds(classes, [""] * 65, groups, count=5, train_only=[False] * 65, seed=seed)
        assert {fold for fold, label in zip(fold_of, classes, strict=True) if label == "B"} == set(range(5))
        assert split.straddling(groups, [str(fold) for fold in fold_of]) == []


@pytest.mark.real
def test_the_tutorials_split_of_its_archive_leaks(real_data):
    folder = real_data / "covid-radiography"
    with zipfile.ZipFile(folder / "input_data.zip") as archive:
        paths = [name for name in archive.namelist() if name.endswith(".png")]
    random.Random(0).shuffle(paths)
    labels = [os.path.basename(os.path.dirname(path)) for path in paths]
    with (folder / "metadata.csv").open(encoding="utf-8-sig", newline="") as file:
        patient_of = {"/".join(row["path"].split("/")[-2:]): row["patient"] for row in csv.DictReader(file)}
    patients = [patient_of["/".join(path.split("/")[-2:])] for path in paths]
    parts = split.tutorial(paths, labels)
    tested = Counter(label for label, part in zip(labels, parts, strict=True) if part == "test")
    assert tested == {"NORMAL": 134, "Viral_Pneumonia": 135, "COVID": 120}
    training = {patient for patient, part in zip(patients, parts, strict=True) if part == "train" and patient}
    shared = Counter(
        label
        for label, patient, part in zip(labels, patients, parts, strict=True)
        if part == "test" and patient in training
    )
    assert (shared["NORMAL"], shared["Viral_Pneumonia"]) == (22, 47)
