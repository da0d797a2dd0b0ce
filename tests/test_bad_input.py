"""Bad input: one line that says what was given, what was expected, what to do; the right exit code; nothing half-written."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import builders
import hostile
import pytest

from plainfilm.model.networks import resnet
from tests.conftest import SHORT, Cli, Ran

Place = Callable[[Path, Path], list[object]]  # (empty folder, phantoms) -> the words of a call


@pytest.fixture(scope="module")
def slim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model file of three classes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", builders.SLIM_WIDTHS)
        return builders.write_model(tmp_path_factory.mktemp("slim") / "model.onnx")


def copy_some(phantoms: Path, folder: Path, **counts: int) -> Path:
    """Copy the first films of some classes."""
    for label, count in counts.items():
        (folder / label).mkdir(parents=True)
        for path in sorted((phantoms / label).iterdir())[:count]:
            shutil.copy(path, folder / label)
    return folder


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def archive_without_classes(folder: Path, phantoms: Path) -> Path:
    with zipfile.ZipFile(folder / "flat.zip", "w") as archive:
        for path in sorted((phantoms / "COVID").iterdir())[:6]:
            archive.write(path, path.name)
    return folder / "flat.zip"


def all_unreadable(folder: Path) -> Path:
    for label in ("a", "b"):
        for number in range(4):
            write(folder / f"bad/{label}/{number}.png", "no film")
    return folder / "bad"


SOURCES: dict[str, tuple[Callable[[Path, Path], Path], str, str]] = {  # what makes it, what the sentence names
    "missing": (lambda folder, _: folder / "nothing", "nothing does not exist; expected a folder", "不存在；应为"),
    "no zip": (
        lambda folder, _: write(folder / "no.zip", "hello"),
        "is no zip and no tar; expected",
        "既不是 zip 也不是 tar；应为",
    ),
    "cut zip": (lambda folder, _: write(folder / "cut.zip", b"PK\3\4" + b"\0" * 90), "cut.zip", "cut.zip"),
    "no classes": (archive_without_classes, "one class only", "只有一个类别"),
    "one class": (
        lambda folder, films: copy_some(films, folder / "one", COVID=6),
        "one class only (COVID)",
        "只有一个类别（COVID）",
    ),
    "two films": (
        lambda folder, films: copy_some(films, folder / "two", COVID=2, NORMAL=9),
        "COVID has films of 2 patients or groups; expected at least 3",
        "COVID 只有 2 位患者（组）的胶片；至少应有 3 组",
    ),
    "unreadable": (
        lambda folder, _: all_unreadable(folder),
        "not one of the 8 films can be read; the first, a/0.png",
        "8 张胶片没有一张可读",
    ),
    "no films": (
        lambda folder, _: write(folder / "empty/readme.txt", "").parent,
        "holds no film that could be used",
        "中没有可用的胶片",
    ),
    "no label": (
        lambda folder, _: write(folder / "table.csv", "path,klass\na.png,b\n"),
        "has no column label; it has: path, klass",
        "缺少列 label；现有：path, klass",
    ),
}


def check_one_line(ran: Ran, code: int, expected: str) -> None:
    assert ran.code == code, ran
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert expected in ran.err


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_that_cannot_be_used(cli: Cli, phantoms: Path, tmp_path: Path, kind: str, language: str) -> None:
    make, *sentences = SOURCES[kind]
    source, expected = make(tmp_path, phantoms), sentences[language == "zh"]
    check_one_line(cli("index", source, "--lang", language), 1, expected)
    check_one_line(cli("train", source, "--out", tmp_path / "run", "--lang", language), 1, expected)
    assert not (tmp_path / "run").exists()
    index = tmp_path / "index"
    check_one_line(cli("index", source, "--out", index, "--lang", language), 1, expected)
    assert not index.exists() or not list(index.iterdir())


def test_the_class_of_a_problem_is_said_in_words(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    """One unreadable film is listed by name and in words, and the rest goes on."""
    folder = copy_some(phantoms, tmp_path / "films", COVID=12, NORMAL=12)
    film = (phantoms / "COVID/COVID-0001.png").read_bytes()
    write(folder / "COVID/cut.png", film[: len(film) // 2])
    write(folder / "COVID/empty.png", b"")
    english, chinese = (cli("index", folder, "--lang", language) for language in ("en", "zh"))
    assert english.code == chinese.code == 0
    for ran, cut, empty in (
        (english, "Unreadable, cut off", "Unreadable, empty"),
        (chinese, "不可读，末尾缺失", "不可读，空文件"),
    ):
        assert re.search(rf"^{cut}.*1\n    COVID/cut.png\n", ran.out, re.MULTILINE)
        assert re.search(rf"^{empty}.*1\n    COVID/empty.png\n", ran.out, re.MULTILINE)


RECIPES = {
    "unknown key": ("[training]\nepocks = [1]\n", "training.epocks", "epochs"),
    "unknown section": ("[trainin]\nepochs = [1]\n", "trainin", "training"),
    "impossible": ("[training]\nlearning_rate = -1.0\n", "training.learning_rate = -1.0", "1e-08"),
    "wrong type": ('[training]\nbatch_size = "many"\n', "training.batch_size = 'many'", ""),
    "no toml": ("[training\n", "TOML", "line 1"),
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_that_cannot_be_used(cli: Cli, phantoms: Path, tmp_path: Path, kind: str, language: str) -> None:
    content, given, expected = RECIPES[kind]
    recipe = write(tmp_path / "recipe.toml", content)
    ran = cli("train", phantoms, "--recipe", recipe, "--out", tmp_path / "run", "--lang", language)
    check_one_line(ran, 2, given)
    assert expected in ran.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_recipe_that_is_not_there_lists_those_that_are(cli: Cli, phantoms: Path, language: str) -> None:
    check_one_line(
        cli("index", phantoms, "--recipe", "fats", "--lang", language),
        2,
        "best, chest, course, demo, fast, findings, quick, smoke, tutorial",
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", ["missing", "folder", *hostile.FILES])
def test_a_model_file_that_cannot_be_used(cli: Cli, slim: Path, tmp_path: Path, kind: str, language: str) -> None:
    path = tmp_path / "model.onnx"
    sentences = ("does not exist or cannot be opened", "不存在或无法打开")
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        hostile.make(kind, slim, path)
        sentences = hostile.FILES[kind][1]
    before = sorted(tmp_path.rglob("*"))
    out, folder = tmp_path / "out", write(tmp_path / "films/a.png", b"").parent
    ran = cli("predict", path, folder, "--maps", out, "--csv", out / "answers.csv", "--lang", language)
    check_one_line(ran, 1, sentences[language == "zh"])
    assert str(path) in ran.err
    assert len(ran.err) < len(str(path)) + 500
    check_one_line(cli("evaluate", path, folder, "--out", out, "--lang", language), 1, sentences[language == "zh"])
    assert sorted(tmp_path.rglob("*")) == sorted([*before, folder, folder / "a.png"])


def test_a_pipe_is_no_model_file(cli: Cli, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    check_one_line(cli("predict", tmp_path / "pipe.onnx", tmp_path, "--lang", "en"), 1, "cannot be opened")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_model_file_is_refused_before_it_is_in_memory(slim: Path, tmp_path: Path) -> None:
    """The peak of a process that meets every bad file, above the peak of one that only imported the program."""
    paths = [hostile.make(kind, slim, tmp_path / f"{number}.onnx") for number, kind in enumerate(hostile.FILES)]
    program = """
import sys
from pathlib import Path
from plainfilm.errors import ModelFileError
from plainfilm.model.predictor import Predictor
def peak_kib():  # ru_maxrss would start with the peak of the process that started this one
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
before = peak_kib()
for name in sys.argv[1:]:
    try:
        Predictor(Path(name))
    except ModelFileError:
        continue
    sys.exit(f"{name} was taken")
print(peak_kib() - before)
"""
    done = subprocess.run([sys.executable, "-c", program, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 50e6


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("name", "content", "english", "chinese"),
    [
        ("film.png", b"%PDF-1.7\n1 0 obj", "the file looks like PDF; expected a PNG", "文件看起来是 PDF；应为 PNG"),
        ("film.png", b"", "the file is empty; expected a PNG", "文件为空；应为 PNG"),
        ("film.jpg", b"\x89PNG\r\n\x1a\n", "the image is cut off", "图像被截断"),
        ("films", None, "films holds no files; expected films", "films 中没有文件；应为胶片"),
        ("nothing", None, "nothing does not exist; expected a folder", "不存在；应为"),
    ],
)
def test_a_film_that_cannot_be_judged(
    cli: Cli, slim: Path, tmp_path: Path, name: str, content: bytes | None, english: str, chinese: str, language: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    elif name == "films":
        path.mkdir()
    maps = tmp_path / "maps"
    ran = cli("predict", slim, path, "--maps", maps, "--lang", language)
    errors = [line for line in ran.err.splitlines() if line.startswith(("Error", "错误"))]
    assert ran.code == 1
    assert len(errors) == 1
    assert {"en": english, "zh": chinese}[language] in errors[0]
    assert str(path) in errors[0]
    assert "Traceback" not in ran.err
    assert not maps.exists() or not list(maps.iterdir())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (["PHANTOMS", "--out", "full"], "exists already; give a new or empty folder", "已存在；请给出新的或空的文件夹"),
        (["PHANTOMS", "--out", "full/file"], "exists already", "已存在"),
        (["PHANTOMS", "--out", "full/file/run"], "cannot be written", "无法写入"),
        (["--resume", "full"], "is no run that could go on", "不是可以继续的训练"),
        (["--resume", "nothing"], "is no run that could go on", "不是可以继续的训练"),
        (["PHANTOMS", "--resume", "full"], "leave out the SOURCE", "请去掉 SOURCE"),
        ([], "no SOURCE was given", "没有给出 SOURCE"),
    ],
)
def test_where_a_training_cannot_go(
    cli: Cli,
    phantoms: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    english: str,
    chinese: str,
    language: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "full/file", "in the way")
    given = [phantoms if word == "PHANTOMS" else word for word in words]
    check_one_line(cli("train", *given, "--lang", language), 2, {"en": english, "zh": chinese}[language])
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "file"]
    assert (tmp_path / "full/file").read_text() == "in the way"


def test_a_recipe_that_contradicts_an_index_leaves_no_run(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    cli("index", phantoms, "--out", tmp_path / "index")
    recipe = write(tmp_path / "short.toml", SHORT)
    ran = cli("train", tmp_path / "index/index.csv", "--recipe", recipe, "--out", tmp_path / "run", "--lang", "en")
    check_one_line(ran, 1, "the index was split with")
    assert not (tmp_path / "run").exists()


def test_more_tables_than_sources(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    table = write(tmp_path / "table.csv", "path,patient\n")
    ran = cli("index", phantoms, phantoms, *["--table", table] * 3, "--lang", "en")
    assert ran.code in (1, 2)
    assert "3 tables were given for 2 sources" in ran.err
