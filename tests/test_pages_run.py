"""What the pages show is run: fences marked `<!-- run -->`, in a folder that has the files of the tutorial, all phantoms.

A marked fence is run by bash, in the order of the page; each of its commands must end with exit code 0. If a fence
```` ```text ```` follows, each of its lines must be a line of the output (`...` for what is left out).
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pages import DOCUMENTS, ROOT, name

import plainfilm
from plainfilm.data.phantom import write_folder

RUN = re.compile(r"^<!-- run -->\n+```(?:bash|sh)?\n(.*?)^```\n(?:\n*```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)
SHELL = f'plainfilm() {{ "{sys.executable}" -m plainfilm "$@"; }}\nset -euo pipefail\n'


@dataclass(frozen=True)
class Shown:
    """Commands that a page shows, and lines of what they print."""

    commands: str
    output: tuple[str, ...]


def shown(text: str) -> list[Shown]:
    """What a page says is run."""
    found = [
        Shown(commands, tuple(line.strip() for line in output.splitlines() if line.strip() not in ("", "...")))
        for commands, output in RUN.findall(text)
    ]
    assert len(found) == text.count("<!-- run -->"), "a mark that no fence follows"
    return found


def missing(fence: Shown, folder: Path) -> list[str]:
    """Run a fence; the lines of the page that it did not print. Raises AssertionError if a command fails."""
    surroundings = os.environ | {"LC_ALL": "C.UTF-8", "COLUMNS": "200", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        ["bash", "-c", SHELL + fence.commands],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{fence.commands}{done.stderr}"
    printed = {line.strip() for line in (done.stdout + done.stderr).splitlines()}
    return [line for line in fence.output if line not in printed]


def write_films(folder: Path, *, seed: int, per_class: int, duplicates: int) -> None:
    """An archive of phantoms, and its table: two films of each patient, three sites. FOLDER.zip and FOLDER.csv."""
    write_folder(folder, seed=seed, per_class=per_class, size=96, duplicates=duplicates)
    films = sorted(path.relative_to(folder.parent).as_posix() for path in folder.rglob("*.png"))
    rows = [f"{film},{folder.name}-{number // 2},site-{number % 3}" for number, film in enumerate(films)]
    folder.with_suffix(".csv").write_text("\n".join(["file,patient,source", *rows, ""]))
    shutil.make_archive(str(folder), "zip", folder.parent, folder.name)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the pages name, made of phantoms: two data sets with tables, a film, the packaged model as a run's."""
    folder = tmp_path_factory.mktemp("pages") / "files"
    write_films(folder / "input_data", seed=3, per_class=40, duplicates=3)
    write_films(folder / "external", seed=29, per_class=16, duplicates=0)
    (folder / "input_data.csv").rename(folder / "metadata.csv")
    shutil.copy(folder / "external/COVID/COVID-0001.png", folder / "film.png")
    (folder / "runs/fast").mkdir(parents=True)
    shutil.copy(Path(plainfilm.__file__).parent / "serving/phantom.onnx", folder / "runs/fast/model.onnx")
    return folder


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=name(path)) for path in DOCUMENTS if "<!-- run -->" in path.read_text("utf-8")]
)
def test_what_a_page_shows_runs_and_prints_what_it_shows(path: Path, files: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(files, tmp_path / "files"))
    for fence in shown(path.read_text(encoding="utf-8")):
        assert missing(fence, folder) == [], fence.commands


def test_some_page_has_something_to_run() -> None:
    assert sum(len(shown(path.read_text(encoding="utf-8"))) for path in DOCUMENTS) >= 5


def test_fences_are_read_with_their_output() -> None:
    text = "```\nnot me\n```\n\n<!-- run -->\n```\na\n```\n\n```text\nx\n...\n\n  y\n```\n\n<!-- run -->\n\n```\nb\nc\n```\n"
    assert shown(text) == [Shown("a\n", ("x", "y")), Shown("b\nc\n", ())]
    with pytest.raises(AssertionError, match="no fence follows"):
        shown("<!-- run -->\nText.\n")


def test_a_command_that_fails_and_a_line_that_is_not_printed_are_noticed(tmp_path: Path) -> None:
    assert missing(Shown("echo one\necho '  two' >&2\n", ("one", "two", "three")), tmp_path) == ["three"]
    with pytest.raises(AssertionError, match="false"):
        missing(Shown("false | cat\necho after\n", ()), tmp_path)
