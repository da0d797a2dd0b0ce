"""Tables as people save them: headings, delimiters, encodings, paths; which row belongs to which film."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import film, index_of, labelled, left_out, names, put, table, warned

from plainfilm.data.sources.conventions import COMMON, HEADINGS
from plainfilm.data.sources.labels import notes_of_recompressed
from plainfilm.data.sources.listing import list_films
from plainfilm.data.sources.matching import AmbiguousError, FilmPath, match
from plainfilm.data.sources.names import name_key, path_parts
from plainfilm.data.sources.table import read_table
from plainfilm.errors import PlainfilmError
from plainfilm.messages import sentence

FILMS = [f"images_00{1 + number % 2}/images/{number:08d}_000.png" for number in range(16)]


@pytest.fixture
def nih(tmp_path: Path) -> Path:
    """Sixteen films in two folders, as NIH ships its parts."""
    return put(tmp_path / "nih", FILMS)


def rows(*, path=lambda name: name, sep: str = ",") -> list[str]:
    """Rows of path, label, patient: two films a patient, a label for each half."""
    return [
        sep.join([path(name), "Mass" if number < 8 else "No Finding", str(number // 2)])
        for number, name in enumerate(FILMS)
    ]


def said(root: Path, given: Path) -> list[tuple[str, str]]:
    listing = list_films([root], [given])
    return [
        (entry.label, entry.columns.get("patient", "")) for entry in sorted(listing.entries, key=lambda e: e.path[-16:])
    ]


EXPECTED = [("Mass" if number < 8 else "No Finding", str(number // 2)) for number in range(16)]


# --- headings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headings",
    [
        "Image Index,Finding Labels,Patient ID",
        "path,Label,Patient",
        "Path, label , patient_id",
        "FILENAME,CLASS,PatientID",
        "file_name,diagnosis,subject-id",
        "图像,标签,患者",
        "image,category,Patient Id",
    ],
)
def test_usual_spellings_of_headings(nih, tmp_path, headings):
    assert said(nih, table(tmp_path / "t.csv", headings, *rows())) == EXPECTED


@pytest.mark.parametrize("blank", [" ", "\t", "\N{NO-BREAK SPACE}"])
def test_names_that_differ_by_a_blank_have_their_own_rows(tmp_path, blank):
    """As it is, a name fits one film; a blank that only the table has is nobody's name."""
    films = put(tmp_path / "d", {f"a/{blank}x.png": film(1), "a/x.png": film(2), "a/y.png": film(3)})
    lines = [f"a/{blank}x.png,one,1", "a/x.png,two,2", f" a/y.png{blank},three,3"]
    assert set(said(films, table(tmp_path / "t.csv", "path,label,patient", *lines))) == {
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
    }


@given(st.sampled_from([(ours, heading) for ours, some in HEADINGS.items() for heading in some]), st.data())
def test_case_blanks_and_underscores_of_a_heading_do_not_count(known, data):
    ours, heading = known
    written = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in heading)
    written = data.draw(st.sampled_from(["", " "])) + written.replace(
        " ", data.draw(st.sampled_from(["", " ", "_", "-"]))
    )
    if written.casefold().strip().replace("_", " ") == heading or name_key(written) == name_key(heading):
        assert COMMON.heading_of[name_key(written)][0] == ours


def test_of_two_headings_that_mean_the_same_the_usual_one_is_used_and_the_other_named(tmp_path):
    found = read_table(table(tmp_path / "t.csv", "name,filename,path,class,label", "x,y,a.png,k,l"))
    assert found.used == {"path": "path", "label": "label"}
    assert found.unused == ("name", "filename", "class")
    assert found.rows[0].columns == {"label": "l", "name": "x", "filename": "y", "class": "k"}


def test_a_heading_that_stands_there_twice_hides_no_column(tmp_path):
    found = read_table(table(tmp_path / "t.csv", "path,note,note", "a.png,1,2"))
    assert found.rows[0].columns == {"note": "1", "note (2)": "2"}


def test_of_two_ways_to_name_a_film_classes_take_the_row_that_fits_best(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a.png").write_bytes(b"a.png")
    listing = list_films([tmp_path / "films"], [table(tmp_path / "t.csv", "path,label", "a.png,A", "a,B", "b.png")])
    assert [entry.label for entry in listing.entries] == ["A"]
    assert [(one.fit, one.unfit, one.twice) for one in listing.tables] == [(1, 2, 0)]
    assert listing.notes == ()


def test_nihs_unquoted_commas_and_a_comma_at_the_end(tmp_path):
    head = "Image Index,Finding Labels,Patient ID,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    found = read_table(table(tmp_path / "t.csv", head, "1.png,Mass,7,2500,2048,0.171,0.171,"))
    assert found.rows[0].columns["OriginalImagePixelSpacing[x"] == "0.171"
    assert found.rows[0].columns["patient"] == "7"


def test_a_row_with_cells_beyond_the_headings_is_an_error(tmp_path):
    with pytest.raises(PlainfilmError) as caught:
        read_table(table(tmp_path / "t.csv", "path,label", "a.png,A", "b.png,A, left"))
    assert (caught.value.code, caught.value.parameters["row"]) == ("table-row-ragged", 3)


@pytest.mark.parametrize(
    ("cell", "said"),
    [*((cell, "yes") for cell in ("true", "YES", " 1", "是")), *((cell, "no") for cell in ("False", "no", "0"))]
    + [(cell, "") for cell in ("", " ", "-", "NaN", "N/A")],
)
@pytest.mark.parametrize("heading", ["train_only", "Train Only", "仅用于训练"])
def test_a_column_says_which_films_serve_for_training_alone(tmp_path, heading, cell, said):
    found = read_table(table(tmp_path / "t.csv", f"path,{heading}", f"a.png,{cell}"))
    assert found.rows[0].columns["train_only"] == said


@pytest.mark.parametrize("cell", ["maybe", "2", "train", "yes and no"])
def test_another_word_in_that_column_is_refused_with_its_row_and_what_is_expected(tmp_path, cell):
    with pytest.raises(PlainfilmError) as caught:
        read_table(table(tmp_path / "t.csv", "path,train_only", "a.png,yes", f"b.png,{cell}"))
    assert caught.value.code == "table-truth-unknown"
    for language in ("en", "zh"):
        assert all(word in sentence(caught.value, language) for word in ("3", repr(cell), "train_only", "yes", "no"))


def test_a_convention_that_keeps_films_for_training_is_said_unless_the_table_decides(nih, tmp_path):
    def notes(*cells: str) -> list[dict[str, object]]:
        lines = [f"{name},{cells[number % len(cells)]}" for number, name in enumerate(FILMS)]
        listing = list_films([nih], [table(tmp_path / "t.csv", "path,quality,train_only", *lines)])
        return [dict(note.values) for note in notes_of_recompressed(entry.columns for entry in listing.entries)]

    assert notes("original,", "second-generation,") == [
        {"films": 8, "column": "quality", "value": "'second-generation'"}
    ]
    assert notes("original,", "second-generation,no", "Second Generation,", "second-generation,yes") == [
        {"films": 4, "column": "quality", "value": "'Second Generation'"}
    ]
    assert notes("original,", ",yes") == []


# --- delimiters, encodings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sep", [",", ";", "\t", ", ", " ; "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_delimiters_and_encodings(nih, tmp_path, sep, encoding):
    lines = [sep.join(["path", "label", "patient"]), *rows(sep=sep)]
    if encoding == "utf-16-le":
        lines[0] = "\ufeff" + lines[0]
    assert said(nih, table(tmp_path / "t.csv", *lines, encoding=encoding)) == EXPECTED


def test_excels_line_about_the_separator(nih, tmp_path):
    assert said(nih, table(tmp_path / "t.csv", "sep=;", "path;label;patient", *rows(sep=";"))) == EXPECTED


def test_an_encoding_of_the_owner(tmp_path):
    given = table(tmp_path / "t.csv", "path,label", "a.png,正常", encoding="gbk")
    with pytest.raises(PlainfilmError, match="table-not-text"):
        read_table(given)
    assert read_table(given, encoding="gbk").rows[0].columns == {"label": "正常"}


# --- paths -----------------------------------------------------------------------------------------------------------

WAYS = {
    "bare name": lambda name: name.rpartition("/")[2],
    "without extension": lambda name: name.removesuffix(".png"),
    "bare without extension": lambda name: name.rpartition("/")[2].removesuffix(".png"),
    "other case": lambda name: name.replace(".png", ".PNG").replace("images", "Images"),
    "Windows": lambda name: "D:\\data\\nih\\" + name.replace("/", "\\"),
    "other root": lambda name: f"/mnt/data/{name}",
    "blanks": lambda name: f"  {name} ",
    "dot": lambda name: f"./{name}",
}


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_write_a_path(nih, tmp_path, way):
    assert said(nih, table(tmp_path / "t.csv", "path,label,patient", *rows(path=WAYS[way]))) == EXPECTED


@pytest.mark.parametrize("way", ["bare name", "without extension", "dot"])
def test_a_table_as_a_source_finds_its_films_below_its_folder(nih, way):
    index = index_of(table(nih / "t.csv", "path,label,patient", *rows(path=WAYS[way])))
    assert labelled(index) == {"Mass": 8, "No Finding": 8}
    assert index.balance.tables[0].fit == 16


def test_decomposed_letters_of_a_path(tmp_path):
    put(tmp_path / "d", ["A/Mu\u0308ller.png", "A/b.png"])
    found = list_films([tmp_path / "d"], [table(tmp_path / "t.csv", "path,patient", "A/Müller.png,7", "A/b.png,8")])
    assert {entry.columns["patient"] for entry in found.entries} == {"7", "8"}


PART = st.sampled_from(["a", "B", "c1", "images"])
PATHS = st.lists(
    st.tuples(st.lists(PART, max_size=3).map(tuple), st.sampled_from(["x.png", "y.PNG", "z.jpg"])), unique=True
)


@given(PATHS, PATHS)
def test_no_row_is_used_twice_and_names_agree(rows_given, films_given):
    row_paths = [(*folders, name) for folders, name in rows_given]
    films = [FilmPath((), (*folders, name)) for folders, name in films_given]
    try:
        found = match(row_paths, films, (".png", ".jpg"))
    except AmbiguousError:
        return
    assert len(set(found.values())) == len(found)
    for place, row in found.items():
        stems = [path[-1].casefold().partition(".")[0] for path in (films[place].parts, row_paths[row])]
        assert stems[0] == stems[1]
    for place, path in enumerate(films):
        if path.inside in row_paths:  # a whole path is never given to another film
            assert row_paths[found[place]] == path.inside


def test_a_bare_name_that_two_films_bear_is_asked_about(tmp_path):
    put(tmp_path / "d", ["A/x.png", "B/x.png"])
    with pytest.raises(PlainfilmError) as caught:
        list_films([tmp_path / "d"], [table(tmp_path / "t.csv", "path,patient", "x.png,7")])
    assert caught.value.code == "table-row-ambiguous"
    assert caught.value.parameters["films"] == "A/x.png, B/x.png"


def test_a_bare_name_that_two_rows_bear_is_asked_about(tmp_path):
    put(tmp_path / "d", ["x.png"])
    with pytest.raises(PlainfilmError) as caught:
        list_films([tmp_path / "d"], [table(tmp_path / "t.csv", "path,patient", "A/x.png,7", "B/x.png,8")])
    assert caught.value.code == "table-row-ambiguous"


def test_paths_of_drives():
    assert path_parts(r"\\server\share\A\x.png") == ("server", "share", "A", "x.png")
    assert path_parts("c:x.png") == ("c:x.png",)


# --- several tables, several sources ---------------------------------------------------------------------------------


def test_one_table_for_several_archives(tmp_path):
    contents = {name: film(number) for number, name in enumerate(FILMS)}
    one = put(tmp_path / "1", {name: contents[name] for name in FILMS[::2]})
    other = put(tmp_path / "2", {name: contents[name] for name in FILMS[1::2]})
    given = table(tmp_path / "t.csv", "path,label,patient", *rows())
    index = index_of(one, other, tables=[given])
    assert labelled(index) == {"Mass": 8, "No Finding": 8}
    assert (index.balance.tables[0].films, index.balance.tables[0].fit) == (16, 16)
    assert len({row.group for row in index.rows}) == 8  # one table is one list of patients, over both archives


def test_several_tables_of_one_source_are_joined(nih, tmp_path):
    labels = table(tmp_path / "l.csv", "path,label", *[row.rpartition(",")[0] for row in rows()])
    train = table(tmp_path / "train_val_list.txt", *[name.rpartition("/")[2] for name in FILMS[:12]])
    test = table(tmp_path / "test_list.txt", *[name.rpartition("/")[2] for name in FILMS[12:]])
    found = list_films([nih], [labels, train, test])
    assert {entry.columns["split"] for entry in found.entries if entry.path in FILMS[12:]} == {"test"}
    assert {entry.columns["split"] for entry in found.entries if entry.path in FILMS[:12]} == {"train"}
    assert [entry.rows for entry in found.tables] == [16, 12, 4]


def test_tables_that_contradict_each_other(nih, tmp_path):
    one, other = (table(tmp_path / f"{n}.csv", "path,patient", f"{FILMS[0]},{n}") for n in "12")
    with pytest.raises(PlainfilmError) as caught:
        list_films([nih], [one, other])
    assert caught.value.code == "tables-contradict"


def test_covidx_lists_without_headings(tmp_path):
    films = [*names(8, "train"), *[name.replace("f0", "g") for name in names(4, "test")]]
    put(tmp_path / "d", films)
    lists = [
        table(
            tmp_path / f"{part}_COVIDx9B.txt",
            *[
                f"{number} {name.partition('/')[2]} {'positive' if number % 2 else 'negative'} actmed"
                for number, name in enumerate(films)
                if name.startswith(part)
            ],
        )
        for part in ("train", "test")
    ]
    found = list_films([tmp_path / "d"], lists)
    assert {entry.label for entry in found.entries} == {"positive", "negative"}
    assert all(entry.columns["split"] == entry.path.partition("/")[0] for entry in found.entries)
    assert {entry.columns["source"] for entry in found.entries} == {"actmed"}


@pytest.mark.parametrize("sep", [" ", "  ", ",", ", ", "\t"])
def test_names_with_blanks_in_lists_without_headings(tmp_path, sep):
    films = put(tmp_path / "d", {"MIDRC 1 a.png": film(1), "b.png": film(2), "c  d.png": film(3)})
    lines = [sep.join(["7", name, "positive", "actmed"]) for name in ("MIDRC 1 a.png", "b.png", "c  d.png")]
    found = list_films([films], [table(tmp_path / "list.txt", *lines)])
    assert [(entry.label, entry.columns["patient"]) for entry in found.entries] == [("positive", "7")] * 3


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ('[{"file_name": "a.png", "syms": ["Mass"]}]', "JSON"),
        (' {"images": [\n{"path": "a.png"}]}', "JSON"),
        ('<?xml version="1.0"?>\n<path>a.png</path>', "XML"),
    ],
)
def test_what_is_another_format_is_named_and_not_quoted(tmp_path, content, kind):
    given = table(tmp_path / "annotations.json", content)
    with pytest.raises(PlainfilmError) as caught:
        read_table(given)
    assert (caught.value.code, caught.value.parameters["kind"]) == ("table-other-format", kind)
    assert len(sentence(caught.value, "en")) < 200 + len(str(given))


# --- labels ----------------------------------------------------------------------------------------------------------


def test_empty_label_cells_are_no_class_of_the_folder(tmp_path):
    films = names(8, "films/a", "films/b", "films/c")
    put(tmp_path / "d", films)
    lines = [f"{name},{ {'a': 'negative', 'b': 'positive', 'c': ''}[name.split('/')[1]] }" for name in films]
    index = index_of(tmp_path / "d", tables=[table(tmp_path / "t.csv", "path,label", *lines)])
    assert (labelled(index), left_out(index)) == ({"negative": 8, "positive": 8}, {"no-label": 8})
    assert {"balance.lost", "balance.lost-folder"} <= warned(index)


@pytest.mark.parametrize("cell", ["", " ", "NaN", "nan", "NA", "N/A", "null", "<NA>"])
def test_cells_that_say_that_a_label_is_missing(nih, tmp_path, cell):
    lines = rows()
    lines[0] = f"{FILMS[0]},{cell},0"
    index = index_of(nih, tables=[table(tmp_path / "t.csv", "path,label,patient", *lines)])
    assert (labelled(index), left_out(index)) == ({"Mass": 7, "No Finding": 8}, {"no-label": 1})


@pytest.mark.parametrize(
    "other", ["COVID ", "covid", "Covid", "CO\u200bVID".replace("\u200b", ""), " COVID", "COVID\u00a0"]
)
def test_labels_that_print_alike_or_differ_by_case_are_one(tmp_path, other):
    films = names(8, "d/x", "d/y")
    put(tmp_path / "d", films)
    lines = [
        f"{name},{'NORMAL' if number < 8 else other if number % 3 == 0 else 'COVID'}"
        for number, name in enumerate(films)
    ]
    index = index_of(tmp_path / "d", tables=[table(tmp_path / "t.csv", "path,label", *lines)])
    assert labelled(index) == {"NORMAL": 8, "COVID": 8}
    if other.lstrip(" ") != "COVID":
        assert [said.key for said in index.balance.notes] == ["balance.label-spelt"]


@pytest.mark.parametrize("cell", ["Mass|Effusion", "Mass|No Finding", "Mass;No Finding", "Mass, No Finding", "a|b|c"])
def test_several_labels_in_a_cell_are_no_class_of_their_own(nih, tmp_path, cell):
    lines = rows(sep="\t")
    lines[0] = f"{FILMS[0]}\t{cell}\t0"
    index = index_of(nih, tables=[table(tmp_path / "t.tsv", "path\tlabel\tpatient", *lines)])
    assert (labelled(index), left_out(index)) == ({"Mass": 7, "No Finding": 8}, {"several-labels": 1})
    assert warned(index) == {"balance.lost"}


def test_a_comma_in_the_name_of_a_class_is_kept(nih, tmp_path):
    lines = [row.replace("Mass", "Pneumonia, viral") for row in rows(sep=";")]
    index = index_of(nih, tables=[table(tmp_path / "t.csv", "path;label;patient", *lines)])
    assert labelled(index) == {"Pneumonia, viral": 8, "No Finding": 8}
