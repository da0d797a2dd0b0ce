"""What is said of a split: one line where all is as asked, more where it is not, and in --json the same."""

from dataclasses import replace

import pytest

from plainfilm.config import Recipe, SplitRecipe
from plainfilm.data.film_index import Index, Row, assign
from plainfilm.data.index_json import patients_as_dict, split_as_dict
from plainfilm.messages import LANGUAGES, text
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.data_set import data_set, patients, split
from plainfilm.present.terminal import Terminal

FINDINGS = {"kind": "findings", "uncertain": "ignore", "blank": "absent"}


def films(count: int, films_a_group: int = 1) -> list[Row]:
    return [
        Row(image_id=f"{n:016x}", path=f"{n}.png", label="AB"[n % 2], group=f"g{n % 2}-{n // 2 // films_a_group}")
        for n in range(2 * count)
    ]


def said(index, capsys, language="en") -> list[str]:
    show(Terminal(language), split(index))
    return capsys.readouterr().out.splitlines()


def test_a_split_as_asked_is_one_line(capsys):
    index = assign(films(100), [], Recipe())
    (line,) = said(index, capsys)
    assert line.startswith("Split by shuffled groups; Train/Validation/Test asked: 80/10/10 %")
    assert line.endswith("reached: A 80/10/10, B 80/10/10")
    assert split_as_dict(index)["reached"]["A"] == {"train": 80, "validation": 10, "test": 10}
    assert split_as_dict(index)["missed"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_share_that_groups_do_not_allow_is_named(capsys, language):
    index = assign(films(40, films_a_group=5), [], Recipe())
    first, second = said(index, capsys, language)
    assert ("iterative stratification" in first) == (language == "en")
    assert "A" in second
    assert split_as_dict(index)["missed"] == [
        {"class": label, "part": part} for label in "AB" for part in ("validation", "test")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_films_without_a_finding_that_is_present_are_not_said_to_have_none(capsys, language):
    labels = ["Mass=1", "Mass=0", "Mass=-1", "Mass="]
    rows = [replace(row, label=labels[n % 4], problems=("duplicate-exact",)) for n, row in enumerate(films(40))]
    index = Index(tuple(rows), (), ("Mass",), {"kind": "grouped", "validation": 0.1, "test": 0.1}, task=FINDINGS)
    show(Terminal(language), data_set(index))
    out = capsys.readouterr().out
    name = text("index.none-present", language)
    assert "No Finding" not in out
    assert [line.split("–")[1].split()[0] for line in out.splitlines() if line.startswith(name)] == ["60"]
    assert out.count(name) >= 4  # in the table, the counts, the split, the copies
    assert index.display_names["No Finding"][language] == name


def test_a_class_of_that_name_keeps_it(capsys):
    rows = [replace(row, label="No Finding") if row.label == "A" else row for row in films(40)]
    show(Terminal("en"), data_set(assign(rows, [], Recipe())))
    out = capsys.readouterr().out
    assert ("No Finding" in out, "none of them" in out) == (True, False)


def test_an_own_split_that_is_not_used_is_named(capsys):
    rows = [replace(row, extra={"split": ["train", "val", "test", ""][n // 2 % 4]}) for n, row in enumerate(films(40))]
    assert 'split.kind = "column"' in said(assign(rows, [], Recipe()), capsys)[1]
    assert said(assign(rows, [], Recipe(split=SplitRecipe(kind="column"))), capsys) == ["Split by the set's own split"]


def test_nobodies_and_patients_with_much_of_a_class_are_named(capsys):
    rows = films(20)
    rows[0] = replace(rows[0], patient="unknown", problems=("patient-placeholder",))
    rows[1::4] = [replace(row, patient="SECRET-1") for row in rows[1::4]]
    index = Index(tuple(rows), (), ("A", "B"), {"kind": "grouped"})
    show(Terminal("en"), patients(index))
    nobody, much = capsys.readouterr().out.splitlines()
    assert nobody.startswith("1 films have an entry as patient that names nobody")
    assert much.startswith("one patient has 10 of the 20 films of the class B, for instance 1.png")
    assert "SECRET" not in much
    assert patients_as_dict(index)["nobody"] == 1
