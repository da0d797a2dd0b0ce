"""Whose films are: entries that name nobody, IDs of several sources, patients who have much of a class."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.data.film_index import Row
from plainfilm.data.splits.groups import PLACEHOLDER, holdings, mark_nobodies, persons
from plainfilm.data.splits.patients import Pseudonyms, as_id, is_doubtful, is_nobody

NOBODIES = [
    *("unknown", "None", "n/a", "N/A", "nan", "NaN", "null", "NULL", "ANONYMOUS", "anonymized", "Anonymised", "empty"),
    *(
        "<NA>",
        "#N/A",
        "(null)",
        "?",
        "--",
        "UNK",
        "De-Identified",
        "patient unknown",
        "NO ID",
        "ＵＮＫＮＯＷＮ",
        " nil ",
    ),
    *("不详", "未知", "匿名", "无", "未知患者", "unbekannt", "desconocido", "anonymisé"),
]


def films(*patients: str, **columns) -> list[Row]:
    return [
        Row(**{"image_id": f"{number:016x}", "path": f"{number}.png", "label": "A", "patient": patient} | columns)
        for number, patient in enumerate(patients)
    ]


def nobodys(*patients: str) -> list[bool]:
    return [PLACEHOLDER in row.problems for row in mark_nobodies(films(*patients), ())]


@pytest.mark.parametrize("entry", NOBODIES)
def test_placeholders_are_nobody_however_few(entry):
    assert is_nobody(entry)
    assert nobodys(entry, "17") == [True, False]
    assert persons(films(entry)) == [None]
    assert Pseudonyms().of(entry.strip().encode()) == ""


@pytest.mark.parametrize("entry", ["17", "P-001", "ANON0012", "anonymous_7", "Nancy", "none-3", "A", "x1", "无锡-3"])
def test_ids_are_somebody(entry):
    assert not is_nobody(entry)
    assert nobodys(*[entry] * 50) == [False] * 50


@pytest.mark.parametrize("entry", ["0", "-1", "-", "NA", "na", "000", "0.0", "-9"])
def test_a_doubtful_entry_is_nobody_only_where_it_holds_many_films(entry):
    assert is_doubtful(entry)
    assert nobodys(*[entry] * 5, "p1") == [True] * 5 + [False]
    assert not any(nobodys(*[entry] * 4, "p1"))  # too few films
    assert not any(nobodys(*[entry] * 5, "p1", "p1"))  # not three times as many as the next
    assert nobodys(*[entry] * 6, "p1", "p1")[:6] == [True] * 6


def test_another_doubtful_entry_is_not_the_next_largest():
    assert all(nobodys(*["0"] * 9, *["-1"] * 9))


def test_numbers_are_counted_in_each_source():
    """Hospitals that number their patients from 0 have a patient 0 each."""
    rows = [replace(row, source=f"h{number % 5}") for number, row in enumerate(films(*["0"] * 10, *["1"] * 10))]
    assert not any(PLACEHOLDER in row.problems for row in mark_nobodies(rows, ()))


def test_what_a_table_says_stays_and_a_pseudonym_of_nobody_goes():
    pseudonyms = Pseudonyms()
    zero = pseudonyms.of(b"0")
    assert zero in pseudonyms.doubtful
    assert pseudonyms.of(b"17") not in pseudonyms.doubtful
    rows = mark_nobodies([*films(*[zero] * 5), *films("unknown")], pseudonyms.doubtful)
    assert [row.patient for row in rows] == [""] * 5 + ["unknown"]
    assert all(row.problems == (PLACEHOLDER,) for row in rows)


def test_a_header_in_chinas_encoding_is_read():
    assert Pseudonyms().of("不详".encode("gb18030")) == ""


def test_an_id_belongs_to_its_source():
    rows = [Row(patient="17", origin=0), Row(patient="17", origin=1), Row(patient="17", origin=1, source="a")]
    assert len(set(persons(rows[:2]))) == 2
    assert len(set(persons([replace(row, source="a") for row in rows]))) == 1
    assert len(set(persons(rows[1:]))) == 1  # a film without a source joins the only one that has its ID
    assert len(set(persons([Row(patient="17"), Row(patient="17.0"), Row(patient=" 17 ")]))) == 1


@given(st.integers(0, 10**9), st.sampled_from(["", " ", ".0", ".00"]))
def test_a_number_is_the_same_id_however_a_spreadsheet_writes_it(number, ending):
    assert as_id(f"{number}{ending}") == str(number)


def test_a_patient_who_has_much_of_a_class_is_reported():
    rows = [*films(*["p"] * 6, *"abcdefghij"), *films(*["p"] * 6, *[f"q{n}" for n in range(40)], label="B")]
    (found,) = holdings(rows)
    assert (found.label, found.films, found.total, found.example) == ("A", 6, 16, "0.png")
    assert holdings(films(*["unknown"] * 50)) == []
    assert holdings(films("a", "a", "b")) == []  # most of the class, but three films are no matter
