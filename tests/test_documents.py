"""The documents: every command line in them exists, every relative link leads somewhere."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from plainfilm.cli import make_app

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^[ ]*```[a-z]*\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:plainfilm|make) [^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def command_lines(text: str) -> list[list[str]]:
    """The words of every call of plainfilm and make, in blocks and in running text."""
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ").splitlines()
    lines = [line.strip().removeprefix("$ ") for line in (*blocks, *INLINE.findall(FENCE.sub("", text)))]
    return [shlex.split(line, comments=True) for line in lines if re.match(r"(plainfilm|make)( |$)", line)]


def check_plainfilm(words: list[str]) -> None:
    """Raise where typer would not take this call."""
    group = typer.main.get_command(make_app())
    if words[:1] in ([], ["--help"]):
        return
    entry = group.commands[words[0]]  # type: ignore[attr-defined]
    if "--help" not in words:
        entry.make_context(words[0], words[1:], resilient_parsing=words[1:] == [])


def test_command_lines_are_found() -> None:
    text = "Try `plainfilm demo`.\n```\n$ make test  # all\nplainfilm train a b \\\n  --recipe fast\n```\n"
    assert command_lines(text) == [
        ["make", "test"],
        ["plainfilm", "train", "a", "b", "--recipe", "fast"],
        ["plainfilm", "demo"],
    ]


@pytest.mark.parametrize(
    "words",
    [["trian", "x"], ["train", "x", "--epochs", "3"], ["index", "x", "--lang", "xx"], ["predict", "only-model"]],
)
def test_a_wrong_command_line_is_noticed(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"trian|epochs|xx|paths"):
        check_plainfilm(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_line_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for program, *words in command_lines(path.read_text(encoding="utf-8")):
        if program == "make":
            assert {word for word in words if "=" not in word} <= targets, words
        else:
            check_plainfilm(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file(path: Path) -> None:
    links = [link for link in LINK.findall(path.read_text(encoding="utf-8")) if not re.match(r"[a-z]+:", link)]
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_script_and_test_that_a_document_runs_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name in ("log.md", "CHANGELOG.md"):  # they say what was run then
        return
    lines = re.findall(r"\bpython (?:-m pytest )?((?:docs|benchmarks|tests)/[^`\n]+)", text)
    named = [word for line in lines for word in line.split() if word.startswith(("docs/", "benchmarks/", "tests/"))]
    assert [word for word in named if not (ROOT / word).exists()] == []
