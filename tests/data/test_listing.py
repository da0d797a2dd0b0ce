"""Listing: which files are films, what their class is, and which row of a table is theirs."""

import os
import zipfile
from pathlib import Path

import pytest

from plainfilm.data.sources.labels import class_and_split
from plainfilm.data.sources.listing import list_films, open_origin
from plainfilm.data.sources.table import read_table
from plainfilm.errors import PlainfilmError, SourceError

NAMES = ("NORMAL/a.png", "NORMAL/b.PNG", "COVID/a.jpeg", "COVID/notes.txt")


def make_folder(root: Path, names=NAMES) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def make_zip(path: Path, names=NAMES) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)
    return path


def make_table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def labels(listing) -> dict[str, str]:
    return {entry.path: entry.label for entry in listing.entries}


def column(listing, name: str) -> dict[str, str]:
    return {entry.path: entry.columns.get(name, "") for entry in listing.entries}


def refused(call, *arguments, **options) -> str:
    with pytest.raises(PlainfilmError) as caught:
        call(*arguments, **options)
    return caught.value.code


def test_folder_and_zip_list_the_same_films_and_classes(tmp_path):
    expected = {"NORMAL/a.png": "NORMAL", "NORMAL/b.PNG": "NORMAL", "COVID/a.jpeg": "COVID"}
    for source in (make_folder(tmp_path / "data"), make_zip(tmp_path / "data.zip")):
        listing = list_films([source])
        assert labels(listing) == expected
        assert [listing.read(entry) for entry in listing.entries] == [e.path.encode() for e in listing.entries]


def test_todays_kaggle_layout(tmp_path):
    names = [f"D/{label}/{kind}/{label}-1.png" for label in ("COVID", "Normal") for kind in ("images", "masks")]
    listing = list_films([make_folder(tmp_path / "x", [*names, "D/COVID/Masks/deeper/a.png"])])
    assert labels(listing) == {"D/COVID/images/COVID-1.png": "COVID", "D/Normal/images/Normal-1.png": "Normal"}


def test_the_masks_of_montgomery_are_no_class(tmp_path):
    names = ["CXR_png/MCUCXR_0001_0.png", *(f"ManualMask/{side}Mask/MCUCXR_0001_0.png" for side in ("left", "right"))]
    assert labels(list_films([make_folder(tmp_path / "x", names)])) == {"CXR_png/MCUCXR_0001_0.png": "CXR_png"}


def test_a_film_named_masks_is_a_film(tmp_path):
    assert len(list_films([make_folder(tmp_path / "x", ["A/masks.png"])]).entries) == 1


def test_the_folder_that_is_given_may_be_the_class(tmp_path, monkeypatch):
    make_folder(tmp_path, ["COVID/images/a.png", "NORMAL/b.png"])
    assert labels(list_films([tmp_path / "COVID"])) == {"images/a.png": "COVID"}
    assert labels(list_films([tmp_path / "COVID" / "images"])) == {"a.png": "COVID"}
    monkeypatch.chdir(tmp_path / "NORMAL")
    assert labels(list_films([Path(".")])) == {"b.png": "NORMAL"}


def test_a_film_at_the_top_of_an_archive_has_no_class(tmp_path):
    assert labels(list_films([make_zip(tmp_path / "a.zip", ["a.png"])])) == {"a.png": ""}


def test_chinese_and_awkward_names(tmp_path):
    names = ["正常/胸片 一.png", "with space/a,b.png", 'quo"te/line\nbreak.png']
    expected = {name: name.partition("/")[0] for name in names}
    assert labels(list_films([make_folder(tmp_path / "数据", names)])) == expected
    table = make_table(tmp_path / "表.csv", "path,patient", "正常/胸片 一.png,病人一", '"with space/a,b.png",二')
    found = column(list_films([tmp_path / "数据"], [table]), "patient")
    assert found == {names[0]: "病人一", names[1]: "二", names[2]: ""}


def test_a_single_film(tmp_path):
    make_folder(tmp_path, ["COVID/a.png"])
    listing = list_films([tmp_path / "COVID" / "a.png"])
    assert labels(listing) == {"a.png": "COVID"}
    assert listing.read(listing.entries[0]) == b"COVID/a.png"


def test_several_sources_keep_their_films_and_tables_apart(tmp_path):
    one, other = make_zip(tmp_path / "1.zip", ["A/a.png"]), make_zip(tmp_path / "2.zip", ["A/a.png"])
    table = make_table(tmp_path / "t.csv", "path,patient", "A/a.png,p1")
    second = make_table(tmp_path / "u.csv", "path,patient", "A/a.png,p2")
    listing = list_films([one, other], [table, second])
    found = [(entry.origin, entry.columns) for entry in listing.entries]
    assert found == [(0, {"patient": "p1"}), (1, {"patient": "p2"})]
    assert refused(list_films, [one, other], [table]) == "table-row-ambiguous"  # nothing says of which archive


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_path_that_no_file_can_have_is_a_film_that_is_missing(tmp_path):
    listing = list_films([make_table(tmp_path / "t.csv", "path,label", "a\0b.png,COVID")])
    with pytest.raises(SourceError) as caught:
        listing.read(listing.entries[0])
    assert caught.value.code == "film-missing"


@pytest.mark.parametrize("name", ["NORMAL/a.png", "input_data/NORMAL/a.png", "x/y/NORMAL/a.png", r"D\NORMAL\a.png"])
@pytest.mark.parametrize("prefix", ["", "input_data/", "other/"])
def test_table_and_source_may_start_at_different_folders(tmp_path, name, prefix):
    source = make_zip(tmp_path / "a.zip", [f"{prefix}NORMAL/a.png", f"{prefix}COVID/a.png"])
    listing = list_films([source], [make_table(tmp_path / "t.csv", "path,patient", f"{name},p1")])
    assert column(listing, "patient") == {f"{prefix}NORMAL/a.png": "p1", f"{prefix}COVID/a.png": ""}


def test_an_ending_that_several_rows_share_matches_none(tmp_path):
    rows = ("x/NORMAL/a.png,p1", "y/NORMAL/a.png,p2", "z/NORMAL/a.png,p3")
    table = make_table(tmp_path / "t.csv", "path,patient", *rows)
    source = make_zip(tmp_path / "a.zip", ["NORMAL/a.png", "y/NORMAL/a.png"])
    assert column(list_films([source], [table]), "patient") == {"NORMAL/a.png": "", "y/NORMAL/a.png": "p2"}


def test_a_whole_path_wins_over_an_ending(tmp_path):
    table = make_table(tmp_path / "t.csv", "path,patient", "NORMAL/a.png,p1", "x/NORMAL/a.png,p2")
    source = make_zip(tmp_path / "a.zip", ["NORMAL/a.png", "x/NORMAL/a.png"])
    assert column(list_films([source], [table]), "patient") == {"NORMAL/a.png": "p1", "x/NORMAL/a.png": "p2"}


def test_a_bare_file_name_of_a_longer_path_is_no_match(tmp_path):
    table = make_table(tmp_path / "t.csv", "path,patient", "NORMAL/a.png,p1", "COVID/b.png,p2")
    source = make_zip(tmp_path / "a.zip", ["COVID/a.png", "COVID/b.png"])
    assert column(list_films([source], [table]), "patient") == {"COVID/a.png": "", "COVID/b.png": "p2"}


def test_a_table_with_labels_alone_gives_labels(tmp_path):
    table = make_table(tmp_path / "t.csv", "path,label", "NORMAL/a.png,COVID", "NORMAL/b.PNG,")
    found = labels(list_films([make_folder(tmp_path / "x")], [table]))
    assert found == {"NORMAL/a.png": "COVID", "NORMAL/b.PNG": "", "COVID/a.jpeg": ""}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_as_source_is_relative_to_its_own_folder(tmp_path, encoding, monkeypatch):
    make_folder(tmp_path / "films")
    outside = make_folder(tmp_path / "elsewhere", ["b.png"]) / "b.png"
    rows = ("path,label,age", "films/NORMAL/a.png,正常,40", f"{outside},COVID,50")
    table = make_table(tmp_path / "t.csv", *rows, encoding=encoding)
    monkeypatch.chdir("/")
    listing = list_films([table])
    assert labels(listing) == {"films/NORMAL/a.png": "正常", str(outside): "COVID"}
    assert column(listing, "age") == {"films/NORMAL/a.png": "40", str(outside): "50"}
    assert [listing.read(entry) for entry in listing.entries] == [b"NORMAL/a.png", b"b.png"]


def test_columns_are_kept_but_path_and_label(tmp_path):
    table = make_table(tmp_path / "t.csv", "path,label,patient,split", "NORMAL/a.png,N,p,test", "NORMAL/b.PNG,N")
    listing = list_films([make_folder(tmp_path / "x")], [table])
    by_path = {entry.path: entry.columns for entry in listing.entries}
    assert by_path["NORMAL/a.png"] == {"patient": "p", "split": "test"}
    assert by_path["NORMAL/b.PNG"] == {"patient": "", "split": ""}


def test_rows_without_a_path_are_the_empty_rows_of_spreadsheets(tmp_path):
    table = make_table(tmp_path / "t.csv", "label,path", "A,a.png", ",", "B", "", ",")
    assert [row.path for row in read_table(table).rows] == ["a.png"]


def test_what_is_refused(tmp_path):
    source = make_folder(tmp_path / "x")
    table = make_table(tmp_path / "t.csv", "path,patient", "NORMAL/a.png,p1")
    twice = make_table(tmp_path / "twice.csv", "path,patient", "a.png,p1", "a.png,p2")
    without = make_table(tmp_path / "without.csv", "number,patient", "a.png,p1")
    empty = make_table(tmp_path / "empty.csv")
    latin = make_table(tmp_path / "latin.csv", "path,patient", "a.png,Müller", encoding="latin-1")
    huge = make_table(tmp_path / "huge.csv", "path,patient", "a.png," + "x" * 200_000)
    assert refused(list_films, [source, source], [table, table, table]) == "tables-too-many"
    assert refused(list_films, [source], [tmp_path / "no.csv"]) == "table-missing"
    assert refused(list_films, [source], [twice]) == "table-path-twice"
    assert refused(list_films, [source], [without]) == "table-column-missing"
    assert refused(list_films, [source], [empty]) == "table-column-missing"
    assert refused(list_films, [source], [latin]) == "table-not-text"
    assert refused(list_films, [source], [huge]) == "table-not-text"
    assert refused(list_films, [table]) == "table-column-missing"  # as a source it needs the label too
    assert refused(list_films, [tmp_path / "no.csv"]) == "source-missing"
    assert refused(list_films, [tmp_path / "no"]) == "source-missing"
    assert refused(list_films, [make_folder(tmp_path / "y", ["A/notes.txt"])]) == "source-no-films"
    assert refused(list_films, [make_zip(tmp_path / "y.zip", ["A/masks/a.png"])]) == "source-no-films"


def test_a_missing_film_of_a_table_is_an_error_on_reading_only(tmp_path):
    table = make_table(tmp_path / "t.csv", "path,label", "gone.png,A")
    listing = list_films([table])
    with pytest.raises(OSError, match=r"gone\.png"):
        listing.read(listing.entries[0])


def test_names_that_are_no_utf_8_are_listed_and_read(tmp_path):
    (tmp_path / "A").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/A/caf\xe9.png")).write_bytes(b"x")
    listing = list_films([tmp_path])
    assert listing.read(listing.entries[0]) == b"x"


@pytest.mark.parametrize(
    ("path", "label"),
    [("a.png", ""), ("A/a.png", "A"), ("A/images/a.png", "A"), ("A/IMAGES/a.png", "A"), ("images/a.png", "")],
)
def test_the_class_that_folders_name(path, label):
    assert class_and_split(path.split("/")[:-1]) == (label, "")


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["test/a.png", "b.png"], ["set", "set"]),
        (["train/TB/a.png", "test/b.png", "c.png"], ["", "TB", "set"]),
    ],
)
def test_a_source_is_the_class_of_films_in_it_and_of_others_if_no_folder_inside_is_one(names, labels, tmp_path):
    make_folder(tmp_path / "set", names)
    assert sorted(entry.label for entry in list_films([tmp_path / "set"]).entries) == labels


def test_a_film_is_opened_whatever_its_content(tmp_path):
    make_folder(tmp_path, ["A/a.png"])
    assert open_origin(tmp_path / "A" / "a.png").names == ("a.png",)
