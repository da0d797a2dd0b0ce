"""The doctor finds what was planted, says so in both languages, and calls well what is well."""

import ast
import json
import shutil
import string
import subprocess
import sys
from pathlib import Path

import builders
import dicom_files
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

import plainfilm
from plainfilm.errors import ModelFileError
from plainfilm.estimate import Estimate
from plainfilm.messages import CATALOGUES
from plainfilm.model import runtime
from plainfilm.model.card import OwnFigures, Provenance
from plainfilm.model.networks import resnet
from plainfilm.workflows import checks_of_install
from plainfilm.workflows.checks import diagnose
from tests.conftest import Cli

ROOT = Path(plainfilm.__file__).parent


def codes(path: Path, *tables: Path, severity: str = "") -> list[str]:
    """The codes of what is found about a path, of one severity or of all."""
    (diagnosis,) = diagnose([path], tables)
    return [finding.code for finding in diagnosis.findings if severity in ("", finding.severity)]


def found(path: Path, code: str, *tables: Path) -> list[dict[str, object]]:
    """The parameters of the findings with this code."""
    (diagnosis,) = diagnose([path], tables)
    return [dict(finding.parameters) for finding in diagnosis.findings if finding.code == code]


def table(path: Path, films: Path, columns: str, row) -> Path:
    """A table of the films in a folder: `row` gives the cells of a film."""
    lines = [f"{film.relative_to(films)},{row(film)}" for film in sorted(films.rglob("*.png"))]
    path.write_text("\n".join([f"path,{columns}", *lines]))
    return path


# --- data sets -------------------------------------------------------------------------------------------------------


@pytest.fixture
def films(tmp_path: Path, phantoms: Path) -> Path:
    """A data set of two classes, 12 films each."""
    for label in ("COVID", "NORMAL"):
        (tmp_path / "films" / label).mkdir(parents=True)
        for path in sorted((phantoms / label).iterdir())[:12]:
            shutil.copy(path, tmp_path / "films" / label)
    return tmp_path / "films"


def test_a_good_data_set_is_well(films: Path, tmp_path: Path) -> None:
    sources = table(
        tmp_path / "t.csv", films, "source,patient", lambda film: f"{'ab'[int(film.stem[-1]) % 2]},{film.stem}"
    )
    assert codes(films, sources, severity="problem") == []
    assert {entry["what_key"] for entry in found(films, "doctor.data-films", sources)} <= {"problem.duplicate-near"}


def test_films_of_a_few_greys_are_a_problem_and_set_aside_windows_a_note(films: Path, tmp_path: Path) -> None:
    pixels = [np.asarray(Image.open(path)) for path in sorted((films / "COVID").iterdir())[:2]]
    window = {"WindowCenter": 128, "WindowWidth": 256}
    (films / "COVID/window.dcm").write_bytes(dicom_files.film(pixels[0].astype(np.uint16) * 16, bits=12, **window))
    Image.fromarray(pixels[1] // 16).save(films / "COVID/dark.png")
    kinds = {
        finding.parameters["what_key"]: finding.severity
        for finding in next(diagnose([films])).findings
        if finding.code == "doctor.data-films"
    }
    assert kinds["problem.film-greys-doubted"] == "problem"
    assert kinds["problem.film-window-ignored"] == "note"
    assert codes(films / "COVID/dark.png", severity="problem") == ["film-greys-doubted"]
    assert codes(films / "COVID/window.dcm", severity="note") == ["film-window-ignored"]


def test_a_class_that_its_source_tells_is_a_problem(films: Path, tmp_path: Path) -> None:
    both = table(tmp_path / "both.csv", films, "source", lambda film: film.parent.name.lower())
    assert [entry["label"] for entry in found(films, "doctor.data-told", both)] == ["COVID", "NORMAL"]
    one = table(
        tmp_path / "one.csv",
        films,
        "source",
        lambda film: "c" if film.parent.name == "COVID" and film.stem[-1] in "123" else "a",
    )
    assert found(films, "doctor.data-told", one) == []
    assert "doctor.data-no-sources" in codes(films, severity="note")


def test_a_class_that_its_colour_mode_tells_is_a_problem(films: Path) -> None:
    for path in (films / "COVID").iterdir():
        Image.open(path).convert("RGB").save(path)
    told = {(entry["label"], entry["column"], entry["values"]) for entry in found(films, "doctor.data-told")}
    assert told == {("COVID", "mode", "RGB"), ("NORMAL", "mode", "L")}


def test_planted_faults_are_found(films: Path) -> None:
    film, another, wide = (
        builders.png(builders.random_film(*size, seed)) for seed, size in enumerate(((90, 70), (64, 90), (300, 90)))
    )
    for name, data in {
        "COVID/cut.png": film[:-40],
        "NORMAL/empty.png": b"",
        "COVID/one-class.png": film,
        "NORMAL/other-class.png": film,
        "NORMAL/first.png": another,
        "NORMAL/copy.png": another,
        "COVID/wide.png": wide,
    }.items():
        (films / name).write_bytes(data)
    problems = found(films, "doctor.data-films")
    assert {(entry["what_key"], entry["films"]) for entry in problems} >= {
        ("problem.film-truncated", 1),
        ("problem.film-empty", 1),
        ("problem.label-conflict", 2),
        ("problem.duplicate-exact", 4),
    }
    assert {"doctor.data-odd", "doctor.data-sizes"} <= set(codes(films, severity="note"))


def test_second_generation_films_are_counted_by_class(films: Path, tmp_path: Path) -> None:
    quality = table(
        tmp_path / "t.csv", films, "quality", lambda film: "original" if film.stem[-1] in "12" else "second-generation"
    )
    (entry,) = found(films, "doctor.data-quality", quality)
    assert sum(map(int, str(entry["found"]).replace(",", "").split()[2::3])) == entry["films"]


def test_too_few_groups_and_one_class(films: Path, tmp_path: Path) -> None:
    patients = table(tmp_path / "t.csv", films, "patient", lambda film: f"p-{film.parent.name}")
    assert codes(films, patients, severity="problem") == ["split-class-too-small"]
    shutil.rmtree(films / "COVID")
    assert codes(films, severity="problem") == ["split-one-class"]


def test_an_index_is_read_and_its_leak_named(cli: Cli, films: Path, tmp_path: Path) -> None:
    patients = table(tmp_path / "t.csv", films, "patient", lambda film: film.stem[-1])
    cli("index", films, "--table", patients, "--recipe", "tutorial", "--out", tmp_path / "index")
    assert "doctor.data-leaking" in codes(tmp_path / "index/index.csv", severity="problem")


# --- images ----------------------------------------------------------------------------------------------------------


def test_an_image_is_described(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    film = Image.fromarray(builders.random_film(90, 70))
    film.save(tmp_path / "turned.jpg", exif=exif)
    assert codes(tmp_path / "turned.jpg") == ["doctor.film", "film-turned"]
    (entry,) = found(tmp_path / "turned.jpg", "doctor.film")
    assert (entry["width"], entry["height"], entry["mode"], entry["bits"]) == (70, 90, "L", 8)
    Image.merge("RGB", [film, film.rotate(90, expand=True).resize(film.size), film]).save(tmp_path / "colour.png")
    assert codes(tmp_path / "colour.png", severity="note") == ["doctor.film-coloured"]
    Image.new("L", (300, 80), 7).save(tmp_path / "blank.png")
    assert codes(tmp_path / "blank.png") == ["doctor.film", "doctor.film-shape", "doctor.film-blank"]
    (tmp_path / "text.png").write_text("hello")
    assert codes(tmp_path / "text.png") == ["film-is-text"]


# --- model files -----------------------------------------------------------------------------------------------------


@pytest.fixture
def _slim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", builders.SLIM_WIDTHS)


def test_a_trained_model_is_well(model: Path) -> None:
    assert codes(model, severity="problem") == []
    assert {"doctor.model", "doctor.model-tested", "doctor.model-packages"} <= set(codes(model, severity="ok"))


@pytest.mark.parametrize(("language", "name"), [("en", "Pleural effusion"), ("zh", "胸腔积液")])
def test_a_model_of_findings_says_over_how_many_its_mean_is_and_names_them_as_people_do(
    tmp_path: Path, language: str, name: str
) -> None:
    said = dict.fromkeys(("Effusion", "Mass", "Hernia"), (0.5, 0.1, 0.9, 60))
    path = builders.write_findings_model(tmp_path / "model.onnx", said)
    builders.change_card(
        path, evaluation=OwnFigures({"macro_auc": Estimate(0.7, 0.6, 0.8, 90)}, {"macro_over": ["Mass"]})
    )
    (diagnosis,) = diagnose([path])
    words = {finding.code: finding.words.shown(language) for finding in diagnosis.findings}
    assert name in words["doctor.model-classes"]
    expected = {"en": "Macro AUC over 1 of 3 findings", "zh": "3 项征象中 1 项"}
    assert words["doctor.model-tested-over"].startswith(expected[language])


@pytest.mark.usefixtures("_slim")
def test_what_a_model_lacks_is_said(tmp_path: Path) -> None:
    path = builders.write_model(tmp_path / "model.onnx", provenance=Provenance(leaking=True))
    assert codes(path, severity="problem") == ["evaluation.leaking"]
    assert {"card.not-tested", "card.not-calibrated", "card.no-gate", "card.maps-not-checked"} <= set(
        codes(path, severity="note")
    )
    path.write_bytes(path.read_bytes()[:-9])
    assert codes(path) == ["model-foreign"]


# --- the install -----------------------------------------------------------------------------------------------------


def test_the_install_is_looked_at() -> None:
    (diagnosis,) = diagnose([])
    seen = {finding.code for finding in diagnosis.findings}
    assert diagnosis.path == ""
    assert {"doctor.python", "doctor.core", "doctor.runtime", "doctor.processor", "doctor.precision"} <= seen
    assert {"", "train", "report"} <= checks_of_install.requirements().keys()
    assert "onnxruntime" in checks_of_install.requirements()[""]


@pytest.mark.parametrize(("library", "code", "well"), [("onnxruntime", 1, False), ("torch", 0, True)])
def test_a_missing_library_is_named_without_a_traceback(library: str, code: int, well: bool) -> None:
    program = f"import sys\nsys.modules[{library!r}] = None\nfrom plainfilm.cli import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    (entry,) = json.loads(done.stdout)
    assert entry["well"] == well
    missing = [finding for finding in entry["findings"] if finding["code"].endswith(("core-missing", "extra-missing"))]
    assert [finding["parameters"]["packages"] for finding in missing] == [library]
    assert "pip install" in missing[0]["message"]


def test_the_tiny_model_is_what_onnx_writes() -> None:
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "tiny", tensors[:1], tensors[1:])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    assert onnx.load_from_string(runtime.TINY_MODEL) == proto
    runtime.try_runtime()


def test_a_runtime_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "TINY_MODEL", runtime.TINY_MODEL[:-5])
    with pytest.raises(ModelFileError, match="runtime-broken"):
        runtime.try_runtime()


def test_the_limits_of_a_container_are_read(tmp_path: Path) -> None:
    assert checks_of_install.cores_of_cgroup(tmp_path) is None
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert checks_of_install.cores_of_cgroup(tmp_path) is None
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert checks_of_install.cores_of_cgroup(tmp_path) == 1.5
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    4096 kB\n")
    assert checks_of_install.available_memory_bytes(meminfo, tmp_path) == 4 * 2**20
    (tmp_path / "memory.max").write_text(str(3 * 2**20))
    (tmp_path / "memory.current").write_text(str(2**20))
    assert checks_of_install.available_memory_bytes(meminfo, tmp_path) == 2 * 2**20
    assert checks_of_install.available_memory_bytes(tmp_path / "none", tmp_path / "none") is None


@pytest.mark.parametrize(("free", "severity"), [(2**40, "ok"), (2**30, "note"), (2**20, "problem")])
def test_little_room_is_noted_and_none_is_a_problem(free: int, severity: str) -> None:
    (finding,) = checks_of_install._room("memory", free, 2 * 2**30, 2**29)
    assert finding.severity == severity


def test_a_home_that_is_not_there_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert "doctor.home-unwritable" in [finding.code for finding in checks_of_install._folders()]
    assert list(tmp_path.iterdir()) == []


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "missing", "well"),
    [("en", "does not exist", "No fault was found."), ("zh", "不存在", "未发现问题。")],
)
def test_each_path_is_judged_and_one_problem_is_exit_code_1(
    cli: Cli, tmp_path: Path, language: str, missing: str, well: str
) -> None:
    film = tmp_path / "film.png"
    Image.fromarray(builders.random_film(90, 70)).save(film)
    ran = cli("doctor", film, "--lang", language)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == well
    ran = cli("doctor", film, tmp_path / "nothing", "--lang", language)
    assert ran.code == 1
    assert well in ran.out
    assert f"{tmp_path / 'nothing'} {missing}" in ran.out
    assert sorted(tmp_path.iterdir()) == [film]


def test_json_is_one_document(cli: Cli, tmp_path: Path) -> None:
    np.save(tmp_path / "film.npy", np.zeros(3))
    ran = cli("doctor", tmp_path / "film.npy", tmp_path / "nothing", "--json", "--lang", "zh")
    assert ran.code == 1
    first, second = json.loads(ran.out)
    assert [finding["code"] for finding in first["findings"]] == ["film-other-format"]
    assert second["well"] is False
    assert "不存在" in second["findings"][0]["message"]


def test_cells_of_findings_are_counted_and_blank_films_have_no_label(films: Path, tmp_path: Path) -> None:
    paths = sorted(films.rglob("*.png"))
    cells = {path: ["1,0", "-1,"][number % 2] for number, path in enumerate(paths)} | {paths[0]: ","}
    stated = table(tmp_path / "table.csv", films, "Effusion,Mass", lambda path: cells[path])
    (counts,) = found(films, "doctor.data-cells", stated)
    assert counts == {"uncertain": 12, "blank": 14}
    about = found(films, "doctor.data-films", stated)
    assert [entry["films"] for entry in about if entry["what_key"] == "problem.label-missing"] == [1]


def test_films_beside_a_model_need_no_second_class(films: Path, model: Path) -> None:
    assert "split-one-class" in codes(films / "NORMAL")
    beside = list(diagnose([model, films / "NORMAL"]))
    assert "split-one-class" not in [finding.code for diagnosis in beside for finding in diagnosis.findings]


def test_every_finding_has_its_sentence_and_its_parameters() -> None:
    calls = [
        node
        for file in sorted((ROOT / "workflows").glob("checks*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("ok", "note", "problem", "finding")
    ]
    assert len(calls) > 30
    for call in calls:
        if isinstance(call.args[0], ast.Constant):
            sentence = CATALOGUES["en"][call.args[0].value]
            wanted = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
            assert wanted <= {keyword.arg for keyword in call.keywords}, sentence
