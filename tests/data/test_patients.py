"""A PatientID groups films, as a keyed hash, and stands nowhere else."""

import hashlib
import hmac
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from plainfilm.config import load_recipe
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.film_index import read_index
from plainfilm.data.phantom import draw
from plainfilm.data.scan import scan
from plainfilm.data.sources.listing import list_films
from plainfilm.data.splits.patients import Pseudonyms
from plainfilm.errors import SourceError
from plainfilm.io.run_folder import INDEX_KEY
from plainfilm.randomness import generator
from plainfilm.workflows.prepare import make_index
from tests.conftest import Cli
from tests.dicom_files import film, patched

TOKEN = "XTOKENX"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DICOM phantoms of 2 classes, 8 patients each with 2 films, names and texts everywhere; one file is cut."""
    folder = tmp_path_factory.mktemp("hospital") / "films"
    for label in ("NORMAL", "COVID"):
        (folder / label).mkdir(parents=True)
        for number in range(16):
            pixels = draw(label, seed=5, number=number, size=96).pixels
            data = film(pixels, PatientID=f"{TOKEN}-{label}-{number // 2}", PatientName=TOKEN, StudyID=TOKEN)
            (folder / label / f"{number:02d}.dcm").write_bytes(data)
    (folder / "COVID" / "cut.dcm").write_bytes(
        film(draw("COVID", seed=5, number=99, size=96).pixels, PatientID=TOKEN)[:-3000]
    )
    return folder


def test_one_patient_one_pseudonym() -> None:
    one, other = Pseudonyms(), Pseudonyms()
    assert one.of(b"12") == one.of(b"12")
    assert re.fullmatch("dicom-[0-9a-f]{16}", one.of(b"12"))
    assert len({one.of(b"12"), one.of(b"13"), other.of(b"12")}) == 3  # without a folder, every key is new
    assert one.of(b"") == ""


def test_the_key_is_kept_beside_the_index_for_its_owner_alone(tmp_path: Path) -> None:
    first = Pseudonyms(tmp_path).of(b"12")
    key = bytes.fromhex((tmp_path / INDEX_KEY).read_text())
    assert first == f"dicom-{hmac.new(key, b'12', hashlib.sha256).hexdigest()[:16]}"
    assert len(key) == 32
    if os.name != "nt":
        assert stat.S_IMODE((tmp_path / INDEX_KEY).stat().st_mode) == 0o600
    assert Pseudonyms(tmp_path).of(b"12") == first
    assert bytes.fromhex((tmp_path / INDEX_KEY).read_text()) == key


@pytest.mark.parametrize("content", ["", "no key", "00" * 31])
def test_a_key_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / INDEX_KEY).write_text(content)
    with pytest.raises(SourceError, match="index-key-damaged"):
        Pseudonyms(tmp_path).of(b"12")


def test_films_of_a_patient_form_a_group_and_no_file_names_the_patient(
    cli: Cli, hospital: Path, tmp_path: Path
) -> None:
    ran = cli("index", hospital, "--out", tmp_path / "a", "--lang", "en")
    assert ran.code == 0, ran.err
    index = read_index(tmp_path / "a" / "index.csv")
    films = [row for row in index.rows if row.image_id]
    assert len({row.patient for row in films}) == 16
    assert all(re.fullmatch("dicom-[0-9a-f]{16}", row.patient) for row in films)
    groups = {row.patient: {other.group for other in films if other.patient == row.patient} for row in films}
    assert all(len(group) == 1 for group in groups.values())
    assert [row.problems for row in index.rows if not row.image_id] == [("film-truncated",)]
    assert TOKEN not in ran.out + ran.err
    check_files(tmp_path)
    key = (tmp_path / "a" / INDEX_KEY).read_text().strip()
    assert all(key not in path.read_text() for path in (tmp_path / "a").glob("index.[cj]*"))


def test_two_indexes_in_one_folder_agree_and_elsewhere_they_do_not(cli: Cli, hospital: Path, tmp_path: Path) -> None:
    patients = []
    for folder in ("a", "a", "b"):
        assert cli("index", hospital, "--out", tmp_path / folder, "--json").code == 0
        patients.append([row.patient for row in read_index(tmp_path / folder / "index.csv").rows])
    assert patients[0] == patients[1]
    assert not set(patients[0]) & set(patients[2]) - {""}


def test_a_table_names_the_patient_first(hospital: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("path,patient\n" + "".join(f"{label}/{n:02d}.dcm,p{label}{n // 2}\n" for label in ("NORMAL", "COVID") for n in range(16)))  # fmt: skip
    index = make_index([hospital], [table], load_recipe("fast"), folder=tmp_path)
    assert {row.patient[0] for row in index.rows if row.image_id} == {"p"}
    assert not (tmp_path / INDEX_KEY).exists()


def test_a_training_that_never_began_leaves_no_key(cli: Cli, hospital: Path, tmp_path: Path) -> None:
    ran = cli("train", hospital / "NORMAL", "--out", tmp_path / "run", "--lang", "en")
    assert "one class only" in ran.err
    assert not (tmp_path / "run").exists()


def test_an_endless_patient_id_is_a_problem_of_its_film_alone(tmp_path: Path) -> None:
    data = film(draw("COVID", seed=5, number=0, size=96).pixels, PatientID="1")
    for name, content in (("bad", patched(data, 0x00100020, TOKEN.encode() * 300)), ("good", data)):
        (tmp_path / f"{name}.dcm").write_bytes(content)
    bad, good = scan(list_films([tmp_path]), threads=1, pseudonyms=Pseudonyms())
    assert (bad.patient, bad.problems) == ("", ("film-dicom-value",))
    assert good.patient.startswith("dicom-")


def test_films_without_dicom_need_no_key(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    cli("index", phantoms, "--out", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index.csv", "index.json"]


def test_predictions_name_no_patient(cli: Cli, model: Path, hospital: Path, tmp_path: Path) -> None:
    bad = hospital / "COVID" / "cut.dcm"
    out = tmp_path / "out"
    ran = cli("predict", model, hospital / "NORMAL", bad, "--csv", out / "a.csv", "--maps", out / "maps", "--json")
    assert ran.code == 1
    answers = json.loads(ran.out)["predictions"]
    assert sum(answer["error"] is None for answer in answers) == 16
    assert answers[-1]["error"]["code"] == "film-truncated"
    assert TOKEN not in ran.out + ran.err
    evaluated = cli("evaluate", model, hospital, "--out", out / "evaluation", "--lang", "en")
    assert evaluated.code == 0, evaluated.err
    assert TOKEN not in evaluated.out + evaluated.err
    check_files(out)
    assert not list(out.rglob(INDEX_KEY))


def test_a_dicom_film_answers_like_its_png(cli: Cli, model: Path, phantoms: Path, tmp_path: Path) -> None:
    png = phantoms / "COVID/COVID-0003.png"
    (tmp_path / "film.dcm").write_bytes(film(decode(png.read_bytes()).pixels))
    (tmp_path / "IM0001").write_bytes(film(decode(png.read_bytes()).pixels))
    ran = cli("predict", model, png, tmp_path / "film.dcm", tmp_path / "IM0001", "--json")
    assert ran.code == 0
    first, *others = json.loads(ran.out)["predictions"]
    for other in others:
        assert other["image_id"] == first["image_id"]
        assert other["probabilities"] == pytest.approx(first["probabilities"], abs=1e-6)


def check_files(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert TOKEN not in path.name
        assert TOKEN.encode() not in path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("name", "identity", "code", "groups", "nobodys"),
    [
        ("two patients a class", lambda label, number: f"{label}{number // 8}", 1, 4, 0),
        ("anonymised", lambda label, number: "ANONYMOUS", 0, 32, 32),
        ("zero", lambda label, number: "0", 0, 32, 32),
        ("no entry", lambda label, number: "", 0, 32, 0),
        ("partly anonymised", lambda label, number: f"p{number // 2}" if number < 8 else "匿名", 0, 20, 16),
    ],
)
def test_doctor_and_index_see_the_same_groups_of_dicom_films(
    cli: Cli, tmp_path: Path, name: str, identity: Callable[[str, int], str], code: int, groups: int, nobodys: int
) -> None:
    for label in ("NORMAL", "COVID"):
        (tmp_path / "films" / label).mkdir(parents=True)
        for number in range(16):
            pixels = generator(0, "noise", label, number).integers(0, 256, (64, 64), dtype=np.uint8)  # alike to none
            data = film(pixels, PatientID=identity(label, number), SpecificCharacterSet="ISO_IR 192")
            (tmp_path / "films" / label / f"{number:02d}.dcm").write_bytes(data)
    indexed = cli("index", tmp_path / "films", "--json")
    examined = cli("doctor", tmp_path / "films", "--json")
    assert (indexed.code, examined.code) == (code, code)
    (diagnosis,) = json.loads(examined.out)
    findings = {finding["code"]: finding for finding in diagnosis["findings"]}
    assert findings["doctor.data"]["parameters"]["groups"] == groups
    if code:
        assert "COVID has films of 2 patients" in cli("index", tmp_path / "films", "--lang", "en").err
        assert findings["split-class-too-small"]["severity"] == "problem"
        assert findings["patients.holding"]["parameters"]["films"] == 8
    else:
        found = json.loads(indexed.out)
        assert (found["groups"], found["patients"]["nobody"]) == (groups, nobodys)
        assert ("patients.nobody" in findings) == bool(nobodys)
