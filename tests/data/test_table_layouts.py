"""Published tables with layouts of their own: a row a study, a row a box, a heading that means something else."""

import gzip
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import put, table

from plainfilm.data.labelling import CLASS_LABELS, FindingLabels
from plainfilm.data.sources.layouts import LAYOUTS
from plainfilm.data.sources.listing import Listing, list_films
from plainfilm.data.sources.table import is_table, read_table
from plainfilm.data.statements import parted
from plainfilm.errors import PlainfilmError
from plainfilm.messages import CATALOGUES, sentence


def listed(films: Path, *tables: Path, of_classes: bool = False) -> Listing:
    return list_films([films], tables, labelling=CLASS_LABELS if of_classes else FindingLabels())


def said(listing: Listing) -> dict[str, dict[str, str]]:
    """What is stated of each film, by the film's name."""
    return {entry.path.rpartition("/")[2]: parted(entry.label) for entry in listing.entries}


def labels(listing: Listing) -> dict[str, str]:
    return {entry.path.rpartition("/")[2]: entry.label for entry in listing.entries}


def notes(listing: Listing) -> list[str]:
    return [note.key for note in listing.notes]


def refused(films: Path, *tables: Path) -> str:
    """The code of the error, which has a sentence in every language."""
    with pytest.raises(PlainfilmError) as caught:
        listed(films, *tables)
    assert all(sentence(caught.value, language) for language in CATALOGUES)
    return caught.value.code


# --- a row a study ---------------------------------------------------------------------------------------------------

STUDIES = {"s50000001": ("p10000032", "a1"), "s50000002": ("p10000032", "b1", "b2"), "s50000003": ("p11000017", "c1")}
MIMIC = [
    f"files/{patient[:3]}/{patient}/{study}/{film}.jpg" for study, (patient, *of) in STUDIES.items() for film in of
]
CHEXPERT = (
    "subject_id,study_id,Atelectasis,No Finding,Pleural Effusion",
    *("10000032,50000001,,1.0,", "10000032,50000002,1.0,,-1.0", "11000017,50000003,,,", "12000000,50000009,1.0,,0.0"),
)
SPLIT = (
    "dicom_id,study_id,subject_id,split",
    *("a1,50000001,10000032,validate", "b1,50000002,10000032,validate", "b2,50000002,10000032,validate"),
    "c1,50000003,11000017,train",
)
METADATA = (
    "dicom_id,subject_id,study_id,ViewPosition",
    *("a1,10000032,50000001,AP", "b1,10000032,50000002,PA", "b2,10000032,50000002,LATERAL", "c1,11000017,50000003,"),
)


@pytest.fixture
def mimic(tmp_path: Path) -> tuple[Path, list[Path]]:
    tables = [table(tmp_path / f"{name}.csv", *of) for name, of in (("l", CHEXPERT), ("m", METADATA), ("s", SPLIT))]
    return put(tmp_path / "mimic", {name: name.encode() for name in MIMIC}), tables


@pytest.mark.parametrize("below", ["", "files", "files/p10/p10000032/s50000002"])
def test_a_row_of_mimic_is_that_of_every_film_of_its_study(mimic, below):
    """From whichever folder on the films are given; blank studies state nothing, and others are not there."""
    root, (labels_table, *_) = mimic
    listing = listed(root / below, labels_table)
    both = {"Atelectasis": "1", "Effusion": "-1"}
    expected = {"a1.jpg": {"Atelectasis": "0", "Effusion": "0"}, "b1.jpg": both, "b2.jpg": both}
    expected["c1.jpg"] = {"Atelectasis": "", "Effusion": ""}
    names = {path.name for path in (root / below).rglob("*.jpg")}
    assert said(listing) == {name: expected[name] for name in names}
    assert {entry.columns["patient"] for entry in listing.entries} == {
        parts[-3][1:] for parts in (path.parts for path in (root / below).rglob("*.jpg"))
    }
    assert notes(listing)[0] == "layout.mimic"


def test_of_two_studies_in_a_path_the_nearest_to_the_film_is_its_own(mimic, tmp_path):
    films = put(tmp_path / "x", {"s50000001/s50000003/c1.jpg": b"c", "s50000001/s7/a1.jpg": b"a"})
    found = {entry.path: entry.columns["patient"] for entry in listed(films, mimic[1][0]).entries}
    assert found == {"s50000001/s50000003/c1.jpg": "11000017", "s50000001/s7/a1.jpg": "10000032"}


def test_mimics_three_tables_in_any_order_say_view_split_and_patient(mimic):
    root, tables = mimic
    found = []
    for number in range(6):
        random.Random(number).shuffle(tables)
        found.append({entry.path: (entry.label, dict(entry.columns)) for entry in listed(root, *tables).entries})
    assert all(one == found[0] for one in found)
    columns = found[0]["files/p10/p10000032/s50000002/b2.jpg"][1]
    assert {name: columns[name] for name in ("patient", "view", "split")} == {
        **{"patient": "10000032", "view": "LATERAL", "split": "validate"}
    }


def test_the_rows_of_studies_are_accounted_for(mimic):
    root, (labels_table, *_) = mimic
    (balance,) = listed(root, labels_table).tables
    assert (balance.rows, balance.fit, balance.unfit, balance.twice) == (4, 3, 1, 0)
    assert (balance.films, balance.films_without_row) == (4, 0)


def test_studies_whose_folders_are_lost_are_refused(mimic, tmp_path):
    flat = put(tmp_path / "flat", {f"{film}.jpg": b"x" for film in ("a1", "b1")})
    assert refused(flat, mimic[1][0]) == "table-fits-none"


def test_two_patients_for_one_film_are_refused(mimic, tmp_path):
    other = table(
        tmp_path / "o.csv", *[row.replace("12000000", "x").replace("10000032", "10000033") for row in CHEXPERT]
    )
    assert refused(mimic[0], other, mimic[1][2]) == "tables-contradict"


def test_a_table_of_studies_as_a_source_finds_its_films(mimic):
    root, _ = mimic
    source = root / "mimic-cxr-2.0.0-chexpert.csv.gz"
    source.write_bytes(gzip.compress("\n".join(CHEXPERT).encode()))
    listing = list_films([source], labelling=FindingLabels())
    assert len(listing.entries) == len(MIMIC)
    assert Counter(map(bool, said(listing).values())) == {True: 4}


REPORTS = (
    "uid,MeSH,Problems,image,indication,comparison,findings,impression",
    '1,Cardiomegaly/mild;Pleural Effusion/left,Cardiomegaly;Pleural Effusion,"Chest, 2 views",,XXXX,The heart is big.,Big.',
    "2,normal,normal,PA and lateral chest,Cough.,None.,,Normal chest.",
    "12,No Indexing,No Indexing,PA,,,,",
)


@pytest.mark.parametrize("way", ["{}_IM-0942-{}001.dcm.png", "CXR{}_IM-0942-{}001.png", "CXR{}_IM-0942/{}.png"])
def test_a_report_of_indiana_is_that_of_all_films_of_its_uid(tmp_path, way):
    """As Kaggle, Open-i and R2Gen name the films. The patient is the uid, and a report is no list of findings."""
    films = {way.format(uid, view): f"{uid} {view}".encode() for uid in (1, 2, 12) for view in (1, 2)}
    listing = listed(put(tmp_path / "films", films), table(tmp_path / "r.csv", *REPORTS))
    stated = {entry.columns["patient"]: parted(entry.label) for entry in listing.entries}
    assert stated == {
        "1": {"Cardiomegaly": "1", "Effusion": "1"},
        "2": {"Cardiomegaly": "0", "Effusion": "0"},
        "12": {"Cardiomegaly": "", "Effusion": ""},
    }
    assert Counter(entry.columns["patient"] for entry in listing.entries) == {"1": 2, "2": 2, "12": 2}


def test_indianas_table_of_views(tmp_path):
    films = put(tmp_path / "films", {"1_IM-0942-1001.dcm.png": b"a", "1_IM-0942-2001.dcm.png": b"b"})
    rows = "uid,filename,projection", "1,1_IM-0942-1001.dcm.png,Frontal", "1,1_IM-0942-2001.dcm.png,Lateral"
    listing = listed(films, table(tmp_path / "p.csv", *rows), table(tmp_path / "r.csv", *REPORTS))
    assert {(entry.columns["view"], entry.columns["patient"]) for entry in listing.entries} == {
        *(("Frontal", "1"), ("Lateral", "1"))
    }


# --- a row a box -----------------------------------------------------------------------------------------------------

KAGGLE = "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max"
BOXES = (  # a: two of three see Cardiomegaly, one of them twice; one sees Effusion. b: nobody sees anything
    *("a,Cardiomegaly,3,R10,1,2,3,4", "b,No finding,14,R9,,,,", "a,Pleural effusion,10,R9,1,2,3,4"),
    *("a,Cardiomegaly,3,R10,9,9,9,9", "b,No finding,14,R8,,,,", "a,Cardiomegaly,3,R9,1,2,3,4"),
    *("b,No finding,14,R10,,,,", "a,No finding,14,R8,,,,"),
)


@pytest.fixture
def two(tmp_path: Path) -> Path:
    return put(tmp_path / "films", {"a.dicom": b"a", "b.dicom": b"b"})


@given(st.permutations(BOXES))
def test_boxes_of_one_reader_are_one_reading_and_most_readers_decide(tmp_path_factory, rows):
    """However many boxes each drew, in whatever order they stand."""
    root = tmp_path_factory.mktemp("boxes")
    films = put(root / "films", {"a.dicom": b"a", "b.dicom": b"b"})
    listing = listed(films, table(root / "train.csv", KAGGLE, *rows))
    assert said(listing) == {
        "a.dicom": {"Cardiomegaly": "1", "Effusion": "0"},
        "b.dicom": {"Cardiomegaly": "0", "Effusion": "0"},
    }
    assert {"layout.boxes", "findings.votes"} <= {*notes(listing)}
    assert all("rad_id" not in entry.columns for entry in listing.entries)


def test_boxes_state_what_the_same_readings_state_as_columns(two, tmp_path):
    columns = "image_id,rad_id,Cardiomegaly,Pleural effusion,No finding"
    cells = ("a,R10,1,0,0", "a,R9,1,1,0", "a,R8,0,0,1", "b,R9,0,0,1", "b,R8,0,0,1", "b,R10,0,0,1")
    by_columns = listed(two, table(tmp_path / "image_labels_train.csv", columns, *cells))
    assert said(by_columns) == said(listed(two, table(tmp_path / "train.csv", KAGGLE, *BOXES)))


def test_boxes_that_name_no_reader_are_joined(two, tmp_path):
    rows = "a,Lung Opacity,1,2,3,4", "a,Lung Opacity,5,6,7,8", "a,Cardiomegaly,1,2,3,4", "b,No finding,,,,"
    given_table = table(tmp_path / "test.csv", "image_id,class_name,x_min,y_min,x_max,y_max", *rows)
    assert said(listed(two, given_table)) == {
        "a.dicom": {"Cardiomegaly": "1", "Lung Opacity": "1"},
        "b.dicom": {"Cardiomegaly": "0", "Lung Opacity": "0"},
    }


def test_rows_that_are_no_boxes_are_not_joined(two, tmp_path):
    rows = "image_id,class_name", "a,Lung Opacity", "a,Cardiomegaly", "b,No finding"
    assert refused(two, table(tmp_path / "t.csv", *rows)) == "table-path-twice"


def test_two_tables_whose_readers_stand_in_another_order_are_not_mixed(two, tmp_path):
    boxes = table(tmp_path / "train.csv", KAGGLE, *BOXES)
    head, *rows = "image_id,rad_id,Cardiomegaly", "a,R10,1", "a,R9,1", "a,R8,0"
    same = listed(two, boxes, table(tmp_path / "l.csv", head, *rows))
    assert said(same)["a.dicom"] == {"Cardiomegaly": "1", "Effusion": "0"}
    assert refused(two, boxes, table(tmp_path / "o.csv", head, rows[0], rows[2], rows[1])) == "tables-contradict"


def test_boxes_that_name_no_film_without_leave_open_what_is_absent(tmp_path):
    """NIH's: as a table of findings it is refused, also beside the table of lists."""
    films = put(tmp_path / "films", {"1.png": b"1", "2.png": b"2"})
    rows = "1.png,Mass,301.5,498.0,120.3,99.6", "1.png,Infiltrate,640.2,210.1,150.7,280.4", "2.png,Mass,1,2,3,4"
    boxes = table(tmp_path / "b.csv", "Image Index,Finding Label,Bbox [x,y,w,h],,,", *rows)
    lists = table(tmp_path / "l.csv", "Image Index,Finding Labels", "1.png,Mass|Infiltration", "2.png,Mass")
    assert refused(films, boxes) == refused(films, lists, boxes) == "table-boxes-alone"
    crops = table(tmp_path / "c.csv", "path,labels,x,y,width,height", "1.png,Mass,1,1,9,9", "2.png,No Finding,1,1,9,9")
    assert said(listed(films, crops)) == {"1.png": {"Mass": "1"}, "2.png": {"Mass": "0"}}


def test_as_classes_a_film_with_boxes_of_two_findings_is_of_no_class(two, tmp_path):
    """Nor is one that its readers do not agree about."""
    listing = listed(two, table(tmp_path / "train.csv", KAGGLE, *BOXES), of_classes=True)
    assert labels(listing) == {"a.dicom": "", "b.dicom": "No finding"}
    assert {entry.problems for entry in listing.entries} == {("label-several",), ()}


# --- headings that mean something else -------------------------------------------------------------------------------

RSNA = ("u-1,,,,,0", "u-2,301.0,188.0,190.0,344.0,1", "u-2,611.0,205.0,233.0,398.0,1", "u-3,,,,,0")
RSNA_HEAD = "patientId,x,y,width,height,Target"
RSNA_CLASSES = (
    "patientId,class",
    *("u-1,No Lung Opacity / Not Normal", "u-2,Lung Opacity", "u-2,Lung Opacity", "u-3,Normal"),
)


@pytest.fixture
def rsna(tmp_path: Path) -> Path:
    return put(tmp_path / "rsna", {f"stage_2_train_images/u-{number}.dcm": bytes([number]) for number in (1, 2, 3)})


@pytest.mark.parametrize("rows", [(RSNA_HEAD, *RSNA), RSNA_CLASSES])
def test_rsnas_tables_state_lung_opacity_and_name_no_patient(rsna, tmp_path, rows):
    listing = listed(rsna, table(tmp_path / "t.csv", *rows))
    assert said(listing) == {f"u-{number}.dcm": {"Lung Opacity": str(int(number == 2))} for number in (1, 2, 3)}
    assert all("patient" not in entry.columns for entry in listing.entries)
    assert {"layout.rsna", "findings.denied"} <= {*notes(listing)}


def test_rsnas_tables_as_classes(rsna, tmp_path):
    boxes = listed(rsna, table(tmp_path / "b.csv", RSNA_HEAD, *RSNA), of_classes=True)
    classes = listed(rsna, table(tmp_path / "c.csv", *RSNA_CLASSES), of_classes=True)
    assert [*labels(boxes).values()] == ["No Lung Opacity", "Lung Opacity", "No Lung Opacity"]
    assert [*labels(classes).values()] == ["No Lung Opacity / Not Normal", "Lung Opacity", "Normal"]


def test_siims_masks_with_a_blank_before_each_heading_and_cell(tmp_path):
    films = put(tmp_path / "siim", {f"{name}/{name}.dcm": name.encode() for name in ("1.2.1", "1.2.2", "1.2.3")})
    rows = "1.2.1, -1", "1.2.2, 410233 3 1016 9", "1.2.2, 600001 5 1019 9", "1.2.3,-1"
    given_table = table(tmp_path / "masks-rle.csv", "ImageId, EncodedPixels", *rows)
    listing = listed(films, given_table)
    assert said(listing) == {f"1.2.{number}.dcm": {"Pneumothorax": str(int(number == 2))} for number in (1, 2, 3)}
    of_classes = listed(films, given_table, of_classes=True)
    assert Counter(labels(of_classes).values()) == {"No Pneumothorax": 2, "Pneumothorax": 1}


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.headings[1])
def test_a_table_that_names_its_films_is_read_by_its_headings(tmp_path, layout):
    """A layout is for tables that have no column of paths of their own."""
    head = ",".join(["path", "note", *layout.headings])
    found = read_table(table(tmp_path / "t.csv", head, ",".join(["a.png", "x", *"1" * len(layout.headings)])))
    assert (found.used["path"], found.rows[0].path, found.in_path, found.remark) == ("path", "a.png", "", "")


def test_what_a_layout_says_is_in_every_language():
    remarks = {layout.remark for layout in LAYOUTS} - {""}
    assert all(remarks <= catalogue.keys() for catalogue in CATALOGUES.values())


# --- the sets themselves ---------------------------------------------------------------------------------------------

PUBLISHED = {  # a table, and films that it is about
    "mimic-cxr-jpg/mimic-cxr-2.0.0-chexpert.csv": ("s59900001/a.jpg", "s59900002/b.jpg"),
    "rsna/stage_2_train_labels.csv": tuple(f"ffffffff-0000-4000-8000-00000000000{number}.dcm" for number in (1, 2, 3)),
    "rsna/stage_2_detailed_class_info.csv": tuple(
        f"ffffffff-0000-4000-8000-00000000000{number}.dcm" for number in (1, 2, 3)
    ),
    "siim-pneumothorax/train-rle.csv": (
        "1.2.276.0.7230010.3.1.4.9999999.1.1517875201.000001.dcm",
        "1.2.276.0.7230010.3.1.4.9999999.2.1517875201.000002.dcm",
    ),
    "vindr-cxr/annotations/annotations_train.csv": (f"{'f' * 31}1.dicom", f"{'f' * 31}2.dicom"),
    "vindr-cxr/annotations/annotations_test.csv": (f"{'e' * 31}1.dicom", f"{'e' * 31}2.dicom"),
    "vindr-cxr/kaggle-vinbigdata/train.csv": (f"{'f' * 31}1.dicom", f"{'f' * 31}2.dicom"),
    "openi/kaggle/indiana_reports.csv": ("99901_IM-9999-1001.dcm.png", "99902_IM-9999-1001.dcm.png"),
}


@pytest.mark.real
@pytest.mark.parametrize("name", PUBLISHED)
def test_tables_as_they_are_laid_out_state_something_of_each_film(real_data, tmp_path, name):
    films = put(tmp_path / "films", {path: path.encode() for path in PUBLISHED[name]})
    listing = listed(films, real_data / "layouts" / name)
    stated = {value for cells in said(listing).values() for value in cells.values()}
    assert all(said(listing).values())
    assert "0" in stated
    assert stated & {"1", "-1"}  # of Kaggle's two example rows about one film, each is another reader's


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nih/BBox_List_2017.csv", "table-boxes-alone"),
        *(
            (name, "table-other-format")
            for name in ("nih/chestx-det/ChestX_Det_test.json", "openi/r2gen/annotation.json")
        ),
        ("openi/ecgen-radiology/99901.xml", "table-other-format"),
        ("tbx11k/annotations/json/TBX11K_val.json", "table-other-format"),
        ("jsrt/CLNDAT_EN.txt", "table-column-missing"),
        ("nlm-tb/ChinaSet_AllFiles/ClinicalReadings/CHNCXR_9901_0.txt", "table-column-missing"),
        ("covidx/train_COVIDx9B.txt", "findings-list-unread"),
    ],
)
def test_tables_that_state_no_findings_are_refused(real_data, tmp_path, name, code):
    films = put(tmp_path / "films", {"00099903_000.png": b"a", "aaaa0001.png": b"b"})
    assert refused(films, real_data / "layouts" / name) == code


# --- packed tables ---------------------------------------------------------------------------------------------------


def test_a_packed_table_is_the_table(tmp_path):
    plain = table(tmp_path / "train.csv", "path,label", "a.png,A")
    packed = tmp_path / "train.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read_table(packed).rows == read_table(plain).rows
    assert read_table(packed).rows[0].columns["split"] == "train"
    assert [is_table(tmp_path / name) for name in ("a.CSV.GZ", "a.csv", "a.tar.gz", "a.gz")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "harm", [lambda data: data[:-9], lambda data: data[:20] + b"\0" * 9 + data[29:], lambda data: data[:3]]
)
def test_a_packed_table_that_is_damaged(tmp_path, harm):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(harm(gzip.compress(b"path,label\n" + b"".join(b"%d.png,A\n" % number for number in range(99)))))
    with pytest.raises(PlainfilmError) as caught:
        read_table(path)
    assert caught.value.code == "table-not-text"


def test_a_packed_table_that_unpacks_to_far_more_is_refused(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"path,label\n" + b"0" * 30_000_000))
    with pytest.raises(PlainfilmError) as caught:
        read_table(path)
    assert caught.value.code == "source-bomb"


def test_a_list_of_films_without_headings_is_judged_at_once_and_refused_if_it_has_another_column(tmp_path):
    for content in (",   ".join(f"heading {number}" for number in range(14)) + "\n", "0 p0 train/0.png COVID cohen\n"):
        table = tmp_path / "list.csv"
        table.write_text(content)
        with pytest.raises(PlainfilmError) as caught:
            read_table(table)
        assert caught.value.code == "table-column-missing"


@pytest.mark.parametrize(
    "content", ["patientId,class,label\n0,sick,batch0\n", "patient_id,class,film file\n0,a,f.png\n"]
)
def test_a_table_is_no_published_one_if_its_headings_differ_or_another_means_the_same(content, tmp_path):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(PlainfilmError) as caught:
        read_table(tmp_path / "t.csv")
    assert caught.value.code == "table-column-missing"
