"""Findings in tables, as public sets and hospitals write them: what is stated of each film, and what is refused."""

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.data.labelling import FindingLabels
from plainfilm.data.sources.conventions import COMMON
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_columns import state
from plainfilm.data.sources.findings_names import CHEXPERT, FINDINGS, NIH, NO_FINDING, VINDR, display_key
from plainfilm.data.sources.listing import Listing, list_films
from plainfilm.data.sources.names import name_key
from plainfilm.data.sources.table import SeveralCells, read_table
from plainfilm.data.statements import joined, parted
from plainfilm.errors import PlainfilmError, SourceError
from plainfilm.messages import CATALOGUES, sentence

NIH_HEAD = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
CHEXPERT_HEAD = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)


def listed(root: Path, names: list[str], *lines: str, wanted: tuple[str, ...] = ()) -> Listing:
    """The listing of a folder of files with these names, and of a table of these lines."""
    for name in names:
        (root / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "films" / name).write_bytes(name.encode())
    (root / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    return list_films([root / "films"], [root / "table.csv"], labelling=FindingLabels(), wanted=wanted)


def said(listing: Listing) -> dict[str, dict[str, str]]:
    """What is stated of each film, by the film's name."""
    return {entry.path.rpartition("/")[2]: parted(entry.label) for entry in listing.entries}


def of_cells(*cells: dict[str, str], wanted: tuple[str, ...] = (), **options: object) -> list[dict[str, str]]:
    """What is stated of films with these cells."""
    entries = [Entry(0, f"{number}.png", row.get("label", ""), without(row)) for number, row in enumerate(cells)]
    return [parted(entry.label) for entry in state(entries, wanted, **options)[0]]  # type: ignore[arg-type]


def without(row: dict[str, str]) -> dict[str, str]:
    return {name: cell for name, cell in row.items() if name != "label"}


def refused(*cells: dict[str, str], wanted: tuple[str, ...] = ()) -> PlainfilmError:
    with pytest.raises(SourceError) as caught:
        of_cells(*cells, wanted=wanted)
    assert all(sentence(caught.value, language) for language in CATALOGUES)
    return caught.value


def notes(listing: Listing) -> dict[str, dict[str, object]]:
    return {note.key: dict(note.values) for note in listing.notes}


# --- the layouts of public sets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("comma", ["", ","])
def test_nihs_lists_with_unquoted_commas_in_the_headings(tmp_path, comma):
    """What a list does not name is absent, if another one names it, and not stated if none does."""
    names = ["images_001/images/00099901_000.png", "images_002/images/00099902_000.png", "images_002/images/x.png"]
    lines = [
        NIH_HEAD + comma,
        f"00099901_000.png,Mass|Infiltration|Pneumonia,0,99901,064Y,M,PA,2444,2515,0.143,0.143{comma}",
        f"00099902_000.png,No Finding,0,99902,81,F,AP,2500,2048,0.168,0.168{comma}",
    ]
    listing = listed(tmp_path, names, *lines)
    assert said(listing) == {
        "00099901_000.png": {"Infiltration": "1", "Mass": "1", "Pneumonia": "1"},
        "00099902_000.png": {"Infiltration": "0", "Mass": "0", "Pneumonia": "0"},
        "x.png": {},
    }
    first = next(entry for entry in listing.entries if entry.path.endswith("00099901_000.png"))
    assert first.columns["age"] == "064Y"
    assert first.columns["OriginalImage[Width"] == "2444"
    assert notes(listing) == {}


def test_nihs_lists_and_the_same_as_columns_state_the_same(tmp_path):
    lists = ["Mass", "No Finding", "Effusion|Mass", "Pleural_Thickening"]
    names = [f"{number}.png" for number in range(4)]
    some = ["Effusion", "Mass", "Pleural_Thickening"]
    cells = [",".join(str(int(finding in cell.split("|"))) for finding in some) for cell in lists]
    by_list = listed(tmp_path / "a", names, "ImageIndex,FindingLabels", *map(",".join, zip(names, lists, strict=True)))
    by_column = listed(tmp_path / "b", names, f"path,{','.join(some)}", *map(",".join, zip(names, cells, strict=True)))
    both = listed(
        tmp_path / "c", names, f"path,labels,{','.join(some)}", *map(",".join, zip(names, lists, cells, strict=True))
    )
    assert said(by_list) == said(by_column) == said(both)
    assert said(by_list)["2.png"] == {"Effusion": "1", "Mass": "1", "Pleural_Thickening": "0"}
    assert all(set(entry.columns) == set() for entry in both.entries)


CHEXPERT_ROWS = (
    "CheXpert-v1.0-small/train/patient99001/study1/view1_frontal.jpg,Male,51,Frontal,AP,1.0,,,,,,0.0,,,0.0,0.0,,,1.0",
    "CheXpert-v1.0-small/train/patient99002/study2/view1_frontal.jpg,Female,74,Frontal,AP,,1.0,,1.0,-1.0,,,-1.0,1.0,,-1.0,,,1.0",
    "CheXpert-v1.0-small/train/patient99003/study1/view1_frontal.jpg,Unknown,0,Lateral,,,,0.0,,,,,,,,0.0,,,",
)


def test_chexperts_uncertain_and_blank_cells_and_its_no_finding(tmp_path):
    names = [row.partition("/")[2].partition(",")[0] for row in CHEXPERT_ROWS]
    listing = listed(tmp_path, names, CHEXPERT_HEAD, *CHEXPERT_ROWS)
    none, some, blank = (parted(entry.label) for entry in sorted(listing.entries, key=lambda entry: entry.path))
    assert none["Support Devices"] == "1"  # allowed beside No Finding
    assert {value for name, value in none.items() if name != "Support Devices"} == {"0"}
    assert (some["Effusion"], some["Pneumonia"], some["Atelectasis"], some["Cardiomegaly"]) == ("-1", "-1", "1", "")
    assert (blank["Effusion"], blank["Support Devices"], blank["Cardiomegaly"]) == ("0", "", "0")
    assert not {"Pleural Other", "Fracture", "No Finding", "Pleural Effusion"} & none.keys()  # not stated; no names
    assert list(none) == [name for name in FINDINGS if name in none]  # the order of the table of findings
    assert notes(listing)["findings.ruled-out"] == {"cells": 6, "films": 1}
    assert notes(listing)["findings.spelt"] == {"finding": "Effusion", "spellings": "'Pleural Effusion'"}
    assert {"Frontal/Lateral", "AP/PA", "sex", "age"} <= listing.entries[0].columns.keys()


def test_no_finding_beside_a_finding_is_refused_with_the_film(tmp_path):
    row = "CheXpert-v1.0-small/train/p/study1/v.jpg,Male,51,Frontal,AP,1.0,,1.0,,,,,,,,,,,"
    with pytest.raises(SourceError) as caught:
        listed(tmp_path, ["train/p/study1/v.jpg"], CHEXPERT_HEAD, row)
    assert caught.value.code == "findings-none-and-some"
    assert caught.value.parameters == {"film": "train/p/study1/v.jpg", "finding": "Cardiomegaly"}


VINDR_ROWS = ("a,R9,1,0,1,1,0", "a,R10,0,0,1,0,0", "a,R8,0,0,0,1,0", "b,R1,1,0,0,0,0", "b,R2,0,0,0,0,1")
VINDR_HEAD = "image_id,rad_id,Aortic enlargement,Nodule/Mass,Pleural effusion,Other diseases,No finding"


def test_most_of_vindrs_readers_decide_and_a_tie_is_uncertain(tmp_path):
    listing = listed(tmp_path, ["a.dicom", "b.dicom"], VINDR_HEAD, *VINDR_ROWS)
    assert said(listing) == {
        "a.dicom": {"Effusion": "1", "Aortic enlargement": "0", "Nodule/Mass": "0", "Other disease": "1"},
        "b.dicom": {"Effusion": "0", "Aortic enlargement": "-1", "Nodule/Mass": "0", "Other disease": "0"},
    }
    assert notes(listing)["findings.votes"] == {"films": 2, "cells": 1}
    assert all("rad_id" not in entry.columns for entry in listing.entries)


def test_a_reader_has_one_vote_however_many_rows_are_his(tmp_path):
    rows = ["a,R1,0,1", "a,R2,1,", "a, R2,1,0", "a,R2 ,1,0"]
    listing = listed(tmp_path, ["a.png"], "image_id,rad_id,Mass,Edema", *rows)
    assert said(listing) == {"a.png": {"Mass": "-1", "Edema": "-1"}}
    assert notes(listing)["findings.votes"] == {"films": 1, "cells": 2}


@pytest.mark.parametrize("other", ["", "a,R2,1"])
def test_a_reader_who_contradicts_himself_is_refused(tmp_path, other):
    with pytest.raises(SourceError) as caught:
        listed(tmp_path, ["a.png"], "image_id,rad_id,Mass", "a,R1,0", "a,R1,1", "a,R1,1", other)
    assert (caught.value.code, caught.value.parameters["film"]) == ("findings-contradict", "a.png")


@pytest.mark.parametrize("way", ["a", "A.PNG ", "films/a.png", "films/a", "./films/A"])
def test_a_row_that_names_a_film_in_another_way_must_not_contradict_its_own(tmp_path, way):
    names, head = ["a.png", "b.png"], "path,Mass,Edema"
    with pytest.raises(SourceError) as caught:
        listed(tmp_path / "x", names, head, "a.png,0,1", "b.png,0,0", f"{way},1,1")
    assert caught.value.code == "findings-contradict"
    assert caught.value.parameters["cells"] == "Mass: '0', Mass: '1'"
    listing = listed(tmp_path / "y", names, head, f"{way},,1", "a.png,0,", "b.png,0,0")
    assert said(listing)["a.png"] == {"Mass": "0", "Edema": "1"}
    assert [(table.fit, table.unfit, table.twice) for table in listing.tables] == [(2, 0, 1)]


@pytest.mark.parametrize("other", ["a.jpg", "elsewhere/a.png", "c"])
def test_a_row_of_another_film_is_none_of_this_one(tmp_path, other):
    listing = listed(tmp_path, ["a.png", "b.png"], "path,Mass", "a.png,0", "b.png,1", f"{other},1")
    assert said(listing) == {"a.png": {"Mass": "0"}, "b.png": {"Mass": "1"}}
    assert [(table.fit, table.unfit, table.twice) for table in listing.tables] == [(2, 1, 0)]


def test_rows_that_contradict_each_other_and_name_no_reader_are_refused(tmp_path):
    lines = [VINDR_HEAD.replace("rad_id", "number"), *VINDR_ROWS]
    with pytest.raises(SourceError) as caught:
        listed(tmp_path, ["a.dicom", "b.dicom"], *lines)
    assert caught.value.code == "findings-contradict"
    assert caught.value.parameters == {
        **{"film": "a.dicom", "finding": "Aortic enlargement"},
        "cells": "Aortic enlargement: '1', Aortic enlargement: '0'",
    }


def test_rows_that_complete_each_other_are_joined(tmp_path):
    listing = listed(tmp_path, ["a.png"], "path,Mass,Edema,note", "a.png,1,,x", "a.png,1,0,y", "a.png,,,z")
    assert said(listing) == {"a.png": {"Mass": "1", "Edema": "0"}}
    assert listing.entries[0].columns == {"note": "x"}


def test_padchests_lists_as_text(tmp_path):
    names = [f"{number}/{number}.png" for number in range(5)]
    cells = [
        "['normal']",
        "\"['pleural effusion', 'unchanged', ' cardiomegaly']\"",
        "['exclude']",
        "",
        "['normal' 'unchanged']",
    ]
    lines = [f"{number},{name},{cell}" for number, (name, cell) in enumerate(zip(names, cells, strict=True))]
    listing = listed(tmp_path, names, ",ImageID,Labels,Report", *[f"{line},x" for line in lines])
    assert said(listing) == {
        "0.png": {"Cardiomegaly": "0", "Effusion": "0"},
        "1.png": {"Cardiomegaly": "1", "Effusion": "1"},
        "2.png": {"Cardiomegaly": "", "Effusion": ""},
        "3.png": {"Cardiomegaly": "", "Effusion": ""},
        "4.png": {"Cardiomegaly": "0", "Effusion": "0"},
    }
    assert notes(listing)["findings.no-findings"] == {"words": "unchanged, exclude"}


def test_googles_readings_beside_nihs_lists(tmp_path):
    """Two opinions about one finding are no statement, unless one of the columns is left out."""
    head = f"{NIH_HEAD},Fracture,Pneumothorax,Airspace opacity,Nodule or mass,Set Id"
    row = "1.png,Pneumothorax,0,1,81,F,AP,2500,2048,0.168,0.168,NO,NO,YES,NO,val"
    with pytest.raises(SourceError) as caught:
        listed(tmp_path / "a", ["1.png"], head, row)
    assert caught.value.code == "findings-contradict"
    assert caught.value.parameters["cells"] == "label: 'Pneumothorax', Pneumothorax: 'NO'"
    alone = listed(tmp_path / "b", ["1.png"], head.replace("Finding Labels", "mined"), row)
    assert said(alone) == {"1.png": {"Pneumothorax": "0", "Fracture": "0", "Airspace opacity": "1", "Nodule/Mass": "0"}}


def test_braxs_two_columns_of_paths(tmp_path):
    lines = ["DicomPath,PngPath,No Finding,Lung Lesion,Pleural Effusion", "x/1.dcm,images/1.png,,-1,1"]
    assert said(listed(tmp_path, ["images/1.png"], *lines)) == {"1.png": {"Effusion": "1", "Lung Lesion": "-1"}}


def test_chexnets_lists_without_headings(tmp_path):
    lines = ["00099901_000.png 0 1 0 0 0 0 0 0 0 0 0 0 0 0", "00099903_000.png 0 0 0 1 1 0 1 0 0 0 0 0 0 0"]
    found = said(listed(tmp_path, ["00099901_000.png", "00099903_000.png"], *lines))
    assert [name for name, value in found["00099901_000.png"].items() if value == "1"] == ["Cardiomegaly"]
    assert tuple(found["00099903_000.png"]) == tuple(NIH)


def test_a_folder_states_no_finding(tmp_path):
    listing = listed(tmp_path, ["Pneumonia/1.png"], "path,Mass", "1.png,1")
    assert said(listing) == {"1.png": {"Mass": "1"}}


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *((cell, "1") for cell in ("1", "1.0", " 1 ", "YES", "Yes", "true", "TRUE", "present", "Positive", "阳性")),
        *((cell, "0") for cell in ("0", "0.0", "-0.0", "NO", "false", "absent", "negative", "阴性")),
        *((cell, "-1") for cell in ("-1", "-1.0", "uncertain")),
        *((cell, "") for cell in ("", " ", "NaN", "nan", "N/A", "null", "-")),
        *((cell, cell) for cell in ("0.5", "0.123456789012", "1e-05")),
    ],
)
def test_what_a_cell_states(cell, value):
    assert of_cells({"Mass": cell, "Edema": "1"}, {"Mass": "0", "Edema": "0"})[0]["Mass"] == value


@pytest.mark.parametrize("cell", ["2", "-2", "1.5", "maybe", "1;0", "inf", "50 %", "left", "1 0"])
def test_a_cell_that_states_nothing_known_is_refused_with_its_place(cell):
    error = refused({"Mass": "1"}, {"Mass": cell})
    assert error.code == "finding-cell-unknown"
    assert (error.parameters["film"], error.parameters["column"]) == ("1.png", "Mass")
    assert all(repr(cell) in sentence(error, language) for language in CATALOGUES)


def test_a_cell_that_a_spreadsheet_would_take_for_a_formula(tmp_path):
    assert said(listed(tmp_path, ["a.png"], "path,Mass", "a.png,'-1")) == {"a.png": {"Mass": "-1"}}


def test_words_and_numbers_in_one_column():
    assert of_cells({"Mass": "YES"}, {"Mass": "1.0"}, {"Mass": "0"}, {"Mass": "no"}) == [
        {"Mass": value} for value in "1100"
    ]


def test_two_columns_of_one_finding():
    assert of_cells({"Effusion": "1", "Pleural Effusion": ""}, {"Effusion": "", "Pleural Effusion": "0"}) == [
        {"Effusion": "1"},
        {"Effusion": "0"},
    ]
    error = refused({"Effusion": "1", "Pleural Effusion": "0.0"})
    assert error.code == "findings-contradict"
    assert error.parameters["cells"] == "Effusion: '1', Pleural Effusion: '0.0'"


def test_a_heading_that_stands_there_twice_is_one_finding(tmp_path):
    with pytest.raises(SourceError) as caught:
        listed(tmp_path / "a", ["a.png"], "path,Effusion ,Mass,Effusion", "a.png,1,0,0")
    assert caught.value.code == "findings-contradict"
    assert caught.value.parameters["cells"] == "Effusion: '1', Effusion (2): '0'"
    listing = listed(tmp_path / "b", ["a.png", "b.png"], "path,Mass,Mass,Mass", "a.png,,0,0", "b.png,1,,")
    assert said(listing) == {"a.png": {"Mass": "0"}, "b.png": {"Mass": "1"}}
    assert listing.entries[0].columns == {}
    assert of_cells({"Mass": "1", "Brand (2)": "x", "Edema (2)": "0"}) == [{"Mass": "1"}]  # no heading before these


def test_cells_that_are_probabilities_are_counted():
    rows = [Entry(0, f"{number}.png", "", {"Mass": "0.9", "Edema": "0.5" if number else "-1"}) for number in range(3)]
    _, said_of_it = state(rows)
    assert {note.key: note.values for note in said_of_it} == {
        "findings.probabilities": {"cells": 5, "findings": "Mass 3, Edema 2"}
    }
    _, said_of_it = state([Entry(0, "a.png", "", {"Mass": "1", "Edema": "-1"}), Entry(0, "b.png", "", {"Mass": ""})])
    assert "findings.probabilities" not in {note.key for note in said_of_it}


def test_rows_that_lack_cells_are_said(tmp_path):
    lines = ["path,Mass,Edema,", "a.png,1,0", "b.png,1", "", "c.png"]
    listing = listed(tmp_path, ["a.png", "b.png", "c.png"], *lines)
    assert said(listing)["b.png"] == {"Mass": "1", "Edema": ""}
    assert notes(listing)["table.short-rows"] == {"table": "table.csv", "rows": 2, "first": 3}
    assert "table.short-rows" not in notes(listed(tmp_path, ["a.png"], *lines[:2]))


@pytest.mark.parametrize(
    ("ages", "is_said"),
    [
        (["0.61", "0.2"] * 10, True),
        (["0.61"] * 19, False),
        (["1"] * 19 + ["2"], False),
        (["612", "240"], True),
        (["414"] + ["50"] * 9, False),
        (["018M", "045Y", "", "nan", "adult"], False),
    ],
)
def test_ages_that_are_hardly_years_are_said(ages, is_said):
    entries = [Entry(0, f"{number}.png", "", {"Mass": "1", "age": age}) for number, age in enumerate(ages)]
    _, said_of_it = FindingLabels().labelled(entries, ())
    assert [note.key for note in said_of_it] == ["ages.no-years"] * is_said


def test_a_column_that_says_that_there_is_none():
    assert of_cells({"No_Finding": "1", "Mass": ""}, {"No_Finding": "0", "Mass": "1"}) == [{"Mass": "0"}, {"Mass": "1"}]
    assert of_cells({"normal": "0", "Mass": "0"}) == [{"Mass": "0"}]  # it has something that is not asked for
    assert of_cells({"No_Finding": "1", "Mass": "-1"}) == [{"Mass": "-1"}]
    rows = {"No_Finding": "1", "Mass": "", "Support Devices": ""}, {"Mass": "1", "Support Devices": "1"}
    assert of_cells(*rows)[0] == {"Mass": "0", "Support Devices": ""}
    assert refused({"No_Finding": "1", "Mass": "1"}).code == "findings-none-and-some"


def test_columns_that_are_no_findings_stay():
    entry = Entry(0, "a.png", "", {"Mass": "1", "age": "60", "view": "PA", "follow_up": "3", "Brand": "1"})
    made, _ = state([entry])
    assert made[0].label == "Mass=1"
    assert made[0].columns == {"age": "60", "view": "PA", "follow_up": "3", "Brand": "1"}


def test_a_film_without_a_row_is_no_film_with_blank_cells():
    assert of_cells({"Mass": "1"}, {"Mass": ""}, {}) == [{"Mass": "1"}, {"Mass": ""}, {}]
    rows = {"label": "Mass", "patient": "1"}, {"label": "", "patient": "2"}, {"label": "", "split": "test"}
    assert of_cells(*rows) == [{"Mass": "1"}, {"Mass": ""}, {}]
    rows = {"label": "Mass", "split": "train"}, {"label": "", "split": "test"}  # said by folders, it may be
    assert of_cells(*rows) == [{"Mass": "1"}, {}]


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        *("Mass|Edema", " edema | MASS ", "Edema;Mass", "Mass, Edema", "['Mass', 'Edema']", '["Edema", "Mass"]'),
        *("['Mass' 'Edema']", "[' Mass' ,'Edema',]", "Mass|Edema|", "Mass|Edema|Mass", "肿块|肺水肿"),
    ],
)
def test_ways_to_write_a_list(cell):
    assert of_cells({"label": cell}, {"label": "No Finding"}) == [
        {"Mass": "1", "Edema": "1"},
        {"Mass": "0", "Edema": "0"},
    ]


@pytest.mark.parametrize(
    "cell",
    [
        *("['Mass'", "[Mass, Edema]", "('Mass',)", "{'Mass': 1}", "3", "0.5", "Mass, left", "['a|b']"),
        *("positive", "Mass|no", "阴性", "yes"),  # answers, which are no names
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_the_film(cell):
    error = refused({"label": "Mass"}, {"label": cell})
    assert error.code == "findings-list-unread"
    assert error.parameters == {"film": "1.png", "given": repr(cell)}


def test_a_list_that_names_something_and_nothing():
    assert refused({"label": "Mass|No Finding"}).code == "findings-none-and-some"
    assert of_cells({"label": "Support Devices|No Finding"}, {"label": "Mass"})[0] == {
        "Mass": "0",
        "Support Devices": "1",
    }


def test_the_word_none_is_no_finding():
    assert of_cells({"label": "none"}, {"label": "None"}, {"label": "Mass"}) == [{"Mass": cell} for cell in "001"]
    assert refused({"label": "Mass|none"}).code == "findings-none-and-some"


def test_words_that_look_like_several_findings_are_said():
    cells = ["Mass/Edema", "Mass + Edema", "pleural effusion and mass", "Nodule/Mass", "Rash and fever", "Mass|Edema"]
    for wanted in ((), ("Mass", "Edema")):
        _, said_of_it = state([Entry(0, f"{number}.png", cell) for number, cell in enumerate(cells)], wanted)
        joint = [note.values["words"] for note in said_of_it if note.key == "findings.joint"]
        assert joint == ["Mass/Edema, Mass + Edema, pleural effusion and mass"]
    _, said_of_it = state([Entry(0, "a.png", "Mass/Edema")], ["Mass/Edema"])  # asked for, it is one
    assert not said_of_it


def test_a_report_is_no_list_and_is_not_quoted_whole():
    error = refused({"label": "Mass"}, {"label": "The heart is large. " * 20})
    assert error.code == "findings-list-unread"
    assert len(str(error.parameters["given"])) < 110


@pytest.mark.parametrize("cell", ["No Pneumothorax", "no_pneumothorax", "无气胸", "['no pneumothorax']"])
def test_a_word_that_denies_a_finding_states_that_one_is_absent_and_no_other(cell):
    rows = {"label": cell}, {"label": "Pneumothorax|Mass"}, {"label": "Mass"}, {"label": "Normal"}
    assert of_cells(*rows) == [
        *({"Mass": "", "Pneumothorax": "0"}, {"Mass": "1", "Pneumothorax": "1"}),
        *({"Mass": "1", "Pneumothorax": "0"}, {"Mass": "0", "Pneumothorax": "0"}),
    ]
    assert of_cells(*rows, wanted=("Mass",)) == [{"Mass": ""}, {"Mass": "1"}, {"Mass": "1"}, {"Mass": "0"}]


def test_a_list_that_names_and_denies_a_finding_contradicts_itself():
    assert refused({"label": "Pneumothorax|No Pneumothorax"}).code == "findings-contradict"
    assert of_cells({"label": "Mass|No Pneumothorax"})[0] == {"Mass": "1", "Pneumothorax": "0"}


def test_a_word_that_denies_is_said(tmp_path):
    listing = listed(tmp_path, ["a.png", "b.png"], "path,labels", "a.png,No Mass", "b.png,Mass")
    assert notes(listing) == {"findings.denied": {"words": "No Mass"}}


def test_a_finding_that_the_table_of_findings_does_not_have_is_read_as_it_is_spelt():
    entries = [Entry(0, f"{number}.png", cell) for number, cell in enumerate(["Rash|Mass", "rash", "Mass"])]
    made, said_of_it = state(entries)
    assert [entry.label for entry in made] == ["Mass=1|Rash=1", "Mass=0|Rash=1", "Mass=1|Rash=0"]
    assert [(note.key, note.values) for note in said_of_it] == [("findings.own", {"findings": "Rash"})]


def test_a_word_of_a_list_makes_no_finding_of_a_column():
    assert of_cells({"label": "Rash", "rash": "left arm"}) == [{"Rash": "1"}]


# --- several sources -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["origin", "column"])
def test_what_a_source_never_states_is_not_in_its_labels(by):
    def entry(number: int, source: int, label: str, **cells: str) -> Entry:
        columns = cells | ({"source": str(source)} if by == "column" else {})
        return Entry(source if by == "origin" else 0, f"{number}.png", label, columns)

    entries = [
        entry(0, 0, "", Mass="1", Edema="", Hernia=""),
        entry(1, 0, "", Mass="0", Edema="0", Hernia=""),
        entry(2, 1, "", Mass="", Edema="1", Hernia=""),
        entry(3, 2, "Mass|Hernia"),
        entry(4, 2, "No Finding"),
    ]
    made, said_of_it = state(entries)
    assert [entry.label for entry in made] == [
        *("Mass=1|Edema=", "Mass=0|Edema=0", "Edema=1", "Mass=1|Hernia=1", "Mass=0|Hernia=0"),
    ]
    assert {note.key: note.values for note in said_of_it} == {
        "findings.masked": {"findings": "Mass, Edema, Hernia"},
    }


# --- what is asked for -----------------------------------------------------------------------------------------------


def test_findings_that_are_asked_for_keep_the_name_that_they_have_there():
    rows = {"Effusion": "1", "Infiltration": "0", "Fracture": "rib 3"}, {"Effusion": "0", "Infiltration": "1"}
    assert of_cells(*rows, wanted=("Infiltrate", "Pleural Effusion")) == [
        {"Infiltrate": "0", "Pleural Effusion": "1"},
        {"Infiltrate": "1", "Pleural Effusion": "0"},
    ]
    made, _ = state([Entry(0, "a.png", "", {"Effusion": "1", "Mass": "0"})], ["Mass"])
    assert (made[0].label, made[0].columns) == ("Mass=0", {"Effusion": "1"})


def test_a_column_that_no_table_of_findings_knows_is_read_if_it_is_asked_for():
    assert of_cells({"skin rash": "yes", "Mass": "0"}, wanted=("Skin_Rash",)) == [{"Skin_Rash": "1"}]


def test_a_list_that_names_only_what_is_not_asked_for_states_that_the_rest_is_absent():
    rows = {"label": "Mass"}, {"label": "Rash|Edema"}, {"label": ""}
    assert of_cells(*rows, wanted=("Mass",)) == [{"Mass": "1"}, {"Mass": "0"}, {}]


def test_a_finding_that_no_table_has_is_in_no_label():
    assert of_cells({"Mass": "1"}, wanted=("Hernia", "Mass")) == [{"Mass": "1"}]
    assert of_cells({"age": "60"}, wanted=("Hernia",)) == [{}]


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (("Effusion", "Pleural Effusion"), "finding-twice"),
        (("Rash", "rash"), "finding-twice"),
        (("No Finding",), "finding-no-name"),
        (("normal",), "finding-no-name"),
        (("a|b",), "finding-no-name"),
    ],
)
def test_names_that_cannot_be_asked_for(wanted, code):
    assert refused({"Effusion": "1"}, wanted=wanted).code == code


# --- the table of findings -------------------------------------------------------------------------------------------


def test_no_spelling_means_two_findings():
    spellings = Counter(
        name_key(word) for name, words in FINDINGS.items() for word in {name_key(name), *map(name_key, words)}
    )
    assert [key for key, count in spellings.items() if count > 1] == []
    assert not {name_key(word) for word in (*COMMON.no_finding, *COMMON.non_findings)} & spellings.keys()


def test_what_means_less_or_more_is_not_joined():
    different = (
        "Consolidation",
        "Lung Opacity",
        "Airspace opacity",
        "Infiltration",
        "laminar atelectasis",
        "Atelectasis",
    )
    assert len({COMMON.finding_of[name_key(name)] for name in different}) == len(different)
    assert {COMMON.finding_of[name_key(name)] for name in ("Effusion", "Pleural Effusion", "pleural_effusion")} == {
        "Effusion"
    }
    assert {*NIH, *CHEXPERT, *VINDR} <= FINDINGS.keys()


def test_another_table_of_findings_is_other_data_and_no_code():
    own = replace(COMMON, findings={"Ausschlag": ("rash",)}, stated={"1": ("ja",), "0": ("nein",)}, between=("/",))
    assert of_cells({"rash": "ja"}, {"rash": "nein"}, conventions=own) == [{"Ausschlag": "1"}, {"Ausschlag": "0"}]
    assert of_cells({"label": "rash/fever"}, {"label": "fever"}, conventions=own)[1] == {"Ausschlag": "0", "fever": "1"}


def test_every_finding_has_a_name_in_every_language():
    keys = {display_key(name) for name in (*FINDINGS, NO_FINDING)}
    assert len(keys) == len(FINDINGS) + 1
    for language, catalogue in CATALOGUES.items():
        own = import_module(f"plainfilm.locales.{language}.findings").SENTENCES
        assert {key for key in own if key.startswith("finding.")} == keys
        assert len({catalogue[str(key)] for key in keys}) == len(keys)
    assert display_key("Infiltrate") == "finding.Infiltration"
    assert display_key("Nodule or mass") == "finding.Nodule_Mass"
    assert display_key("Rash") is None


# --- properties ------------------------------------------------------------------------------------------------------

NAMES = st.sampled_from([*list(FINDINGS)[:20], "Rash", "Fever = 39", "a, b"])
VALUES = st.sampled_from(["1", "0", "-1", "", "0.25"])
SPELT = {
    "1": ("1", "1.0", "YES", "true"),
    "0": ("0", "0.0", "No", "FALSE"),
    "-1": ("-1", "-1.0", "uncertain"),
    "": ("", "nan", " "),
    "0.25": ("0.25", "2.5e-1"),
}


@given(st.lists(NAMES, unique=True, min_size=1, max_size=6), st.data())
def test_what_was_written_is_what_is_stated(names, data):
    """However cells are spelt and films are ordered; a finding that is blank throughout is not stated."""
    films = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)), min_size=1, max_size=6))
    spelt = [{name: data.draw(st.sampled_from(SPELT[value])) for name, value in film.items()} for film in films]
    entries = [Entry(0, f"{number}.png", "", cells) for number, cells in enumerate(spelt)]
    made, _ = state(data.draw(st.permutations(entries)), names)
    stated = [name for name in names if any(film[name] for film in films)]
    for entry in made:
        film = films[int(entry.path.removesuffix(".png"))]
        assert parted(entry.label) == {name: film[name] for name in stated}
        assert list(parted(entry.label)) == stated
        assert entry.columns == {}


@given(st.lists(st.sets(st.sampled_from(list(FINDINGS)), max_size=4), min_size=1, max_size=6), st.data())
def test_lists_state_what_columns_of_the_same_state(films, data):
    mark = data.draw(st.sampled_from(["|", ";"]))
    quoted = data.draw(st.booleans())
    lists = [str(sorted(film)) if quoted and film else mark.join(film) or "No Finding" for film in films]
    seen = [name for name in FINDINGS if any(name in film for film in films)]
    columns = [{name: str(int(name in film)) for name in seen} for film in films]
    assert of_cells(*[{"label": cell} for cell in lists]) == of_cells(*columns)


@given(st.lists(NAMES, unique=True, min_size=1, max_size=6), st.data())
def test_an_index_that_is_a_table_states_what_it_stated(names, data):
    films = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)), min_size=1, max_size=6))
    first, _ = state([Entry(0, f"{number}.png", "", cells) for number, cells in enumerate(films)], names)
    for wanted in ((), names):
        again, _ = state(first, wanted)
        assert [parted(entry.label) for entry in again] == [parted(entry.label) for entry in first]
        assert [entry.columns for entry in again] == [{} for _ in first]


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_a_text_of_statements_comes_back(statements):
    assert parted(joined(statements)) == statements


def test_films_with_the_same_cells_share_one_text():
    entries = [Entry(0, f"{number}.png", "Mass|Edema"[number % 2 :]) for number in range(10)]
    assert len({id(entry.label) for entry in state(entries)[0]}) == 2


# --- tables of several rows a film, for whom rows are one film -------------------------------------------------------


def test_for_all_others_the_first_row_of_a_film_is_what_it_was(tmp_path):
    (tmp_path / "t.csv").write_text("path,patient,Mass,note\na.png,7,1,x\nb.png,8,0,y\n./a.png,7,0,z\n")
    rows = read_table(tmp_path / "t.csv").rows
    assert [dict(row.columns) for row in rows] == [
        {"patient": "7", "Mass": "1", "note": "x"},
        {"patient": "8", "Mass": "0", "note": "y"},
        {"patient": "7", "Mass": "0", "note": "z"},
    ]
    cell = rows[0].columns["Mass"]
    assert isinstance(cell, SeveralCells)
    assert cell.of_rows == ("1", "0")
    assert json.dumps(rows[0].columns) == '{"patient": "7", "Mass": "1", "note": "x"}'
    written = io.StringIO()
    csv.writer(written).writerow(rows[0].columns.values())
    assert written.getvalue() == "7,1,x\r\n"
    assert type(rows[0].columns["patient"]) is str
    assert type(rows[1].columns["Mass"]) is str


# --- the sets themselves ---------------------------------------------------------------------------------------------


def entries_of(path: Path, origin: int = 0) -> list[Entry]:
    """An entry for each different film that a table names."""
    rows = {row.path: row for row in reversed(read_table(path).rows)}
    return [Entry(origin, row.path, row.columns.get("label", ""), without(row.columns)) for row in rows.values()]


LAYOUTS = {
    "nih/Data_Entry_2017_v2020.csv": ("Cardiomegaly", "Infiltration"),
    "nih/Data_Entry_2017.csv": ("Cardiomegaly", "Nodule"),
    "nih/sample_labels.csv": ("Effusion", "Pleural_Thickening"),
    "nih/chexnet_lists/train_list.txt": tuple(NIH),
    "chexpert/CheXpert-v1.0-small/train.csv": ("Effusion", "Lung Opacity", "Support Devices"),
    "chexpert/CheXpert-v1.0-small/valid.csv": ("Effusion", "Lung Opacity", "Support Devices", "Pleural Other"),
    "vindr-cxr/annotations/image_labels_train.csv": ("Effusion", "Pleural_Thickening", "Fibrosis", *VINDR),
    "vindr-cxr/annotations/image_labels_test.csv": ("Effusion", "Pleural_Thickening", "Fibrosis", *VINDR),
    "padchest/PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv": ("Cardiomegaly", "Effusion"),
    "brax/master_spreadsheet_update.csv": ("Effusion", "Cardiomegaly", "Lung Opacity"),
}


@pytest.mark.real
@pytest.mark.parametrize("table", LAYOUTS)
def test_tables_as_they_are_laid_out(real_data, table):
    made, _ = state(entries_of(real_data / "layouts" / table))
    found = {name for entry in made for name in parted(entry.label)}
    assert set(LAYOUTS[table]) <= found <= FINDINGS.keys()


@pytest.mark.real
def test_the_labels_of_real_films_are_those_of_their_table(real_data):
    path = real_data / "nih-findings" / "metadata.csv"
    made, said_of_it = state(entries_of(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_path = {entry.path: entry for entry in made}
    assert {row["path"]: {name: row[name] for name in NIH} for row in rows} == {
        name: parted(entry.label) for name, entry in by_path.items()
    }
    assert {"rsna_class", "google_pneumothorax", "follow_up", "age"} <= made[0].columns.keys()
    assert said_of_it == ()
