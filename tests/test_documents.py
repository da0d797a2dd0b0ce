"""The documents: commands exist, links and their anchors lead somewhere, no Chinese section is behind its English one."""

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from pages import CHINESE, DOCUMENTS, ENGLISH, ROOT, anchors, links, name

from plainfilm.cli import make_app

FENCE = re.compile(r"^[ ]*```[a-z]*\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`((?:tests|plainfilm|benchmarks|docs|\.ci)/[\w./-]*)`")
INLINE = re.compile(r"`((?:plainfilm|make) [^`\n]+)`")


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
    [["trian", "x"], ["train", "x", "--epochs", "3"], ["index", "x", "--lang", "xx"], ["recalibrate", "only-model"]],
)
def test_a_wrong_command_line_is_noticed(words: list[str]) -> None:
    with pytest.raises(Exception, match=r"trian|epochs|xx|sources"):
        check_plainfilm(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_command_line_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for program, *words in command_lines(path.read_text(encoding="utf-8")):
        if program == "make":
            assert {word for word in words if "=" not in word} <= targets, words
        else:
            check_plainfilm(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_script_and_test_that_a_document_runs_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name in ("log.md", "CHANGELOG.md"):  # they say what was run then
        return
    lines = re.findall(r"\bpython (?:-m pytest )?((?:docs|benchmarks|tests)/[^`\n]+)", text)
    named = [word for line in lines for word in line.split() if word.startswith(("docs/", "benchmarks/", "tests/"))]
    assert [word for word in named if not (ROOT / word).exists()] == []


def broken_links(path: Path, text: str) -> list[str]:
    """The links of a page within the project that lead to no file, or to no heading of a page."""
    broken = []
    for link in links(text):
        place, _, anchor = link.partition("#")
        target = path.parent / place if place else path
        if re.match(r"[a-z]+:", link):
            continue
        if target != path and not target.exists():
            broken.append(link)
        elif anchor and target.suffix == ".md":
            aimed = text if target == path else target.read_text(encoding="utf-8")
            broken += [link] if anchor not in anchors(aimed) else []
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_every_relative_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    assert broken_links(path, path.read_text(encoding="utf-8")) == []


def test_a_broken_link_is_noticed() -> None:
    text = (
        "# Two `words`, here\n\n## Same\n\n## Same\n\n[a](#two-words-here) [b](#same-1) [c](#same-2)\n"
        '[d](LICENSE) [e](NONE) [f](SECURITY.md#security) [g](SECURITY.md#none) ![h](none.png) <img src="none.svg">\n'
        "[i](https://example.org/none#none)\n\n```\n# Code\n[j](none)\n```\n[k](#code)\n"
    )
    assert broken_links(ROOT / "PAGE.md", text) == [
        "#same-2",
        "NONE",
        "SECURITY.md#none",
        "none.png",
        "#code",
        "none.svg",
    ]


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path in (*ENGLISH, *CHINESE)])
def test_every_file_of_the_project_that_a_page_names_exists(path: Path) -> None:
    named = FILE.findall(path.read_text(encoding="utf-8"))
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_a_link_to_a_chinese_heading_is_followed() -> None:
    assert broken_links(ROOT / "PAGE.md", "# 回答与指标\n\n[一](#回答与指标) [二](#没有)\n") == ["#没有"]


def test_headings_have_the_anchors_that_github_gives_them() -> None:
    assert anchors('# What\'s new, in `v2`?\n\n## 一、数据 (data)\n\n<a id="old"></a>\n\n## a_b - c\n') == {
        *("whats-new-in-v2", "一数据-data", "old", "a_b---c")
    }


@pytest.fixture(scope="module")
def translations() -> ModuleType:
    """The script that compares the sections of a Chinese page with those of its English page."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "benchmarks" / "translations.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", CHINESE, ids=name)
def test_every_chinese_page_has_an_english_one(translations: ModuleType, path: Path) -> None:
    assert translations.english_of(path).is_file()


@pytest.mark.parametrize("path", [pytest.param(path, id=name(path)) for path in CHINESE])
def test_no_section_of_a_chinese_page_is_behind(translations: ModuleType, path: Path) -> None:
    english = translations.english_of(path).read_text(encoding="utf-8")
    late = translations.behind(english, path.read_text(encoding="utf-8"))
    assert not late, "\n".join([*late, "After the translation: python benchmarks/translations.py --write PAGE"])


def test_a_section_that_is_behind_is_noticed_until_it_is_marked(translations: ModuleType) -> None:
    english = "# Title\n\nOne.\n\n```\n# no heading\n```\n\n## Part\n\nTwo.\n"
    chinese = "[English](page.md)\n\n# 标题\n\n一。\n\n## 部分\n\n二。\n"
    assert translations.behind(english, chinese) == ["标题: no mark", "部分: no mark"]
    marked = translations.marked(english, chinese)
    assert marked.count("<!-- en: ") == 2
    assert marked.startswith("[English](page.md)\n\n# 标题\n\n<!-- en: ")
    assert translations.behind(english, marked) == []
    assert translations.marked(english, marked) == marked
    assert translations.behind(english.replace("Two.", "Three."), marked) == ["部分: its English section changed"]
    assert translations.behind(english.replace("One.\n\n", "One.\n"), marked) == []  # only the lines are cut otherwise
    assert translations.behind(english + "\n## More\n", marked) == ["3 English sections, 2 Chinese: # ## ##, # ##"]
    assert translations.behind(english.replace("## Part", "### Part"), marked) == [
        "2 English sections, 2 Chinese: # ###, # ##"
    ]


def test_a_table_that_a_script_writes_makes_no_section_late(translations: ModuleType) -> None:
    english = "# Title\n\n<!-- table: a script -->\n| a |\n|---|\n| 1 |\n<!-- end of table -->\nText.\n"
    marked = translations.marked(english, "# 标题\n\n文字。\n")
    assert translations.behind(english.replace("| 1 |", "| 2 |"), marked) == []
    assert translations.behind(english.replace("Text.", "Words."), marked) != []
