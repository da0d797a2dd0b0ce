"""The command line as a whole: its frozen surface, its exit codes, what it does not import."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from plainfilm.cli import make_app
from plainfilm.messages import CATALOGUES, LANGUAGES
from tests.conftest import Cli, Ran, command

COMMON = {"--lang", "--json"}
READING = {"--follow-links", "--encoding", "--assume-chest"}
SURFACE = {  # a new option is a decision: write it here, too
    "index": {"sources", "--table", "--recipe", "--out"} | READING | COMMON,
    "train": {
        "sources",
        "--table",
        "--recipe",
        "--out",
        "--init",
        "--resume",
        "--source",
        "--workers",
        "--threads",
        "--int8",
        "--profile",
    }
    | READING
    | COMMON,
    "evaluate": {"model", "sources", "--table", "--recipe", "--prevalence", "--out"} | READING | COMMON,
    "recalibrate": {"model", "sources", "--table", "--recipe", "--out"} | READING | COMMON,
    "compare": {"first", "second"} | COMMON,
    "cross-validate": {"sources", "--table", "--recipe", "--folds", "--seeds", "--out", "--workers", "--threads"}
    | READING
    | COMMON,
    "predict": {"paths", "--table", "--maps", "--csv", "--prevalence", "--override"} | READING | COMMON,
    "import": {"checkpoint", "--out", "--classes", "--size"} | COMMON,
    "demo": {"--out"} | COMMON,
    "course": {"out"} | COMMON,
    "audit": {"sources", "--model", "--table", "--recipe", "--out", "--source"} | READING | COMMON,
    "report": {"run"} | COMMON,
    "doctor": {"paths", "--table"} | READING | COMMON,
    "drift": {"paths", "--out"} | COMMON,
    "serve": {
        "models",
        "--host",
        "--port",
        "--token-file",
        "--root-path",
        "--run",
        "--dicom",
        "--dicom-to",
        "--dicom-title",
    }
    | {"--dicom-caller", "--dicom-map", "--assume-chest", "--watch"}
    | COMMON,
}
ROOT = Path(__file__).parents[1]


def test_commands_and_options_are_frozen() -> None:
    commands = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
    found = {name: {word for param in entry.params for word in param.opts} for name, entry in commands.items()}
    assert found == SURFACE


def test_help_imports_nothing_heavy() -> None:
    code = """
import sys
sys.argv = ["plainfilm", "train", "--help"]
from plainfilm.cli import main
try:
    main()
finally:
    print([name for name in ("numpy", "PIL", "torch", "onnxruntime", "rich.progress", "rich.console") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--resume" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_command_has_a_line_of_help(cli: Cli) -> None:
    for name in SURFACE:
        ran = cli(name, "--help")
        assert ran.code == 0
        assert "...}" not in ran.out
        assert "{SOURCE...}" not in ran.out


def test_no_arguments_show_the_help_as_a_usage_error(cli: Cli) -> None:
    ran = cli()
    assert ran.code == 2
    assert "Commands:" in ran.out + ran.err


@pytest.mark.parametrize(
    "words",
    [
        ["index"],
        ["predict"],
        ["evaluate", "model.onnx"],
        ["index", "x", "--lang", "xx"],
        ["nothing"],
        ["index", "x", "--nothing"],
    ],
)
def test_a_wrong_call_is_exit_code_2_and_says_what_is_wrong(cli: Cli, words: list[str]) -> None:
    ran = cli(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert "Error:" in ran.err
    assert "Traceback" not in ran.err
    if "xx" in words:
        assert "language xx;" in ran.err
        assert ", ".join(LANGUAGES) in ran.err


@pytest.mark.parametrize(
    ("variable", "start"), [("zh_CN.UTF-8", "错误："), ("en_GB.UTF-8", "Error: "), ("C", "Error: ")]
)
def test_language_comes_from_the_environment_unless_given(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, variable: str, start: str
) -> None:
    monkeypatch.setenv("LC_ALL", variable)
    assert cli("index", "nothing-here").err.startswith(start)
    assert cli("index", "nothing-here", "--lang=zh").err.startswith("错误：")
    assert cli("index", "nothing-here", "--lang", "en").err.startswith("Error: ")


def test_index_counts_copies_and_parts(cli: Cli, phantoms: Path) -> None:
    ran = cli("index", phantoms, "--lang", "en")
    assert ran.code == 0
    assert ran.err == ""
    assert "120 films: 40/40/40 (NORMAL, Viral_Pneumonia, COVID)" in ran.out
    assert "Near copies of another film: 6 (COVID 2, NORMAL 2, Viral_Pneumonia 2)" in ran.out
    assert re.search(r"^All +120 +117 +96 +12 +12 +0$", ran.out, re.MULTILINE)
    assert max(len(line) for line in ran.out.splitlines()) <= 140


def test_index_json_is_one_document_with_every_film(cli: Cli, phantoms: Path) -> None:
    ran = cli("index", phantoms, "--json")
    found = json.loads(ran.out)
    assert sum(entry["count"] for entry in found["films"]) == 120
    assert found["groups"] == 117
    assert found["straddling_groups"] == 0
    assert len(found["problems"]) == 6


def test_a_given_index_is_used_as_it_is(cli: Cli, phantoms: Path, short_recipe: Path, tmp_path: Path) -> None:
    first = cli("index", phantoms, "--recipe", short_recipe, "--out", tmp_path / "index", "--json")
    again = cli("index", tmp_path / "index" / "index.csv", "--recipe", short_recipe, "--json")
    assert json.loads(again.out) == json.loads(first.out)
    other = cli("index", tmp_path / "index" / "index.csv", "--recipe", "tutorial", "--lang", "en")
    assert other.code == 1
    assert "split.kind = 'tutorial'" in other.err


def test_conflicting_labels_are_named(cli: Cli, phantoms: Path, tmp_path: Path) -> None:
    for film in phantoms.glob("*/*.png"):
        copy = tmp_path / "films" / film.relative_to(phantoms)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(film.read_bytes())
    (tmp_path / "films/NORMAL/planted.png").write_bytes((phantoms / "COVID/COVID-0012.png").read_bytes())
    ran = cli("index", tmp_path / "films", "--lang", "en")
    assert ran.code == 0
    block = ran.out.split("under different classes, left out: ")[1]
    assert (
        block.startswith("2\n    COVID/COVID-0012.png\n    NORMAL/planted.png\n")
        or "2\n    NORMAL/planted.png" in block
    )


def test_every_problem_of_a_film_has_a_sentence_in_both_languages() -> None:
    sources = [
        *(ROOT / "plainfilm/data").rglob("*.py"),
        ROOT / "plainfilm/io/files.py",
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    codes = set(re.findall(r'"((?:film|member|label|class|duplicate)-[a-z-]+)"', text))
    assert len(codes) > 20
    for catalogue in CATALOGUES.values():
        assert [code for code in sorted(codes) if f"problem.{code}" not in catalogue] == []


def test_ctrl_c_is_exit_code_130_without_a_traceback(phantoms: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    os.mkfifo(table)
    with command("index", phantoms, "--table", table) as process, table.open("w"):  # opens when the command reads it
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_closed_pipe_is_silent(phantoms: Path) -> None:
    with command("index", phantoms) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.parametrize("library", ["torch", "matplotlib", "onnx"])
def test_a_missing_library_is_named_with_the_line_that_installs_it(
    phantoms: Path, tmp_path: Path, library: str
) -> None:
    ran = without([library], "train", phantoms, "--out", tmp_path / "run", "--lang", "en")
    assert ran.code == 2
    assert library in ran.err
    assert 'pip install "plainfilm[train]"' in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "run").exists()


def test_index_predict_and_evaluate_need_the_core_alone(model: Path, phantoms: Path) -> None:
    extras = ["torch", "onnx", "matplotlib", "safetensors", "tomli_w", "scipy", "sklearn"]
    for words in (["index", phantoms], ["predict", model, phantoms / "COVID"], ["evaluate", model, phantoms]):
        ran = without(extras, *words)
        assert ran.code == 0, ran.err


def without(libraries: list[str], *words: object) -> Ran:
    """Run the command line in a process that has none of these libraries."""
    code = f"""
import sys
sys.modules.update(dict.fromkeys({libraries}))
from plainfilm.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)
