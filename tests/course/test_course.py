"""The course: one source a chapter; every notebook runs in a kernel, in every language."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from plainfilm.course.chapters import CHAPTERS, FOLDER, NAMES, SOLUTION, Cell, Chapter, notebook
from plainfilm.locales import FALLBACK
from plainfilm.messages import LANGUAGES
from tests.conftest import Cli

DOCS = Path(__file__).parents[2] / "docs"
specification = importlib.util.spec_from_file_location("course_pages", DOCS / "course.py")
course_pages = importlib.util.module_from_spec(specification)
specification.loader.exec_module(course_pages)
QUESTIONS = 5
WRITTEN = [language for language in LANGUAGES if (FOLDER / f"1-data.{language}.md").exists() or language == FALLBACK]


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_a_text_has_all_cells_in_their_order(chapter: Chapter, language: str) -> None:
    assert [part.name for part in chapter.text(language) if isinstance(part, Cell)] == list(chapter.cells)


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("chapter", CHAPTERS[1:], ids=NAMES[1:])
def test_a_chapter_has_questions_and_an_exercise(chapter: Chapter, language: str) -> None:
    words = "".join(part for part in chapter.text(language) if isinstance(part, str))
    assert words.count("<details>") == QUESTIONS
    assert list(chapter.cells)[-3:] == ["exercise", "check", SOLUTION]
    assert "if REAL:" in chapter.cells["real"].code


def test_there_is_a_source_and_a_text_for_each_name_and_no_others() -> None:
    assert {path.name.partition(".")[0] for path in FOLDER.iterdir()} == set(NAMES)


def test_the_notebooks_differ_in_texts_and_the_language_alone() -> None:
    for chapter in CHAPTERS:
        code = [
            [
                "".join(cell["source"])
                for cell in json.loads(notebook(chapter, language))["cells"]
                if cell["cell_type"] == "code"
            ]
            for language in WRITTEN
        ]
        for cells in zip(*code, strict=True):
            assert len(set(cells)) == 1 or cells[0].startswith("import os\n\nos.environ")


def test_the_tutorial_has_fewer_than_60_lines_of_code() -> None:
    lines = [line for cell in CHAPTERS[0].cells.values() for line in cell.code.splitlines() if line.strip()]
    assert len(lines) < 60


def test_the_pages_are_made_of_the_sources() -> None:
    for path, content in course_pages.pages():
        assert path.read_text(encoding="utf-8") == content, f"{path}: python docs/course.py --write"


def test_what_the_pages_show_was_given_by_these_cells() -> None:
    kept = json.loads(course_pages.OUTPUTS.read_text(encoding="utf-8"))
    assert {name: chapter["code"] for name, chapter in kept.items()} == {
        chapter.name: course_pages.checksum(chapter) for chapter in CHAPTERS
    }, "python docs/course.py --run"


def test_one_chapter_is_run_and_what_the_others_gave_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(course_pages.OUTPUTS.read_text(encoding="utf-8"))
    pictures = tmp_path / "pictures"
    shutil.copytree(course_pages.PICTURES, pictures)
    (tmp_path / "outputs.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setattr(course_pages, "OUTPUTS", tmp_path / "outputs.json")
    monkeypatch.setattr(course_pages, "PICTURES", pictures)
    monkeypatch.setattr(course_pages, "run", lambda chapter: [("setup", (f"of {chapter.name}", None))])
    monkeypatch.setattr("plainfilm.course.writing.write_course", lambda folder, language: folder.mkdir())
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    course_pages.run_some(["5-evaluation"])
    found = json.loads((tmp_path / "outputs.json").read_text(encoding="utf-8"))
    assert found.pop("5-evaluation")["outputs"] == {"setup": [{"text": dict.fromkeys(LANGUAGES, "of 5-evaluation")}]}
    assert found == {name: chapter for name, chapter in kept.items() if name != "5-evaluation"}
    before, after = ({path.name for path in at.iterdir()} for at in (DOCS / "course" / "pictures", pictures))
    assert before - after == {name for name in before if name.startswith("5-evaluation-")} != set()


def test_every_picture_is_shown() -> None:
    shown = {
        name
        for path in course_pages.PAGES.glob("*.md")
        for name in re.findall(r"\(pictures/([^)]+)\)", path.read_text(encoding="utf-8"))
    }
    assert shown == {path.name for path in course_pages.PICTURES.iterdir()}


@pytest.mark.parametrize("language", WRITTEN)
def test_every_notebook_runs_and_its_solution_is_right(
    language: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first cell to the last in a Jupyter kernel, without films; then the exercise's solution and its check."""
    monkeypatch.delenv("PLAINFILM_FILMS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    ran = cli("course", tmp_path / "course", "--lang", language, "--json")
    paths = [Path(path) for path in json.loads(ran.out)["notebooks"]]
    assert sorted(path.name for path in (tmp_path / "course").iterdir()) == sorted(
        [*(path.name for path in paths), "phantoms"]
    )
    for path, chapter in zip(paths, CHAPTERS, strict=True):
        book = nbformat.read(path, as_version=4)
        if SOLUTION in chapter.cells:
            book.cells += [nbformat.v4.new_code_cell(chapter.cells[name].code) for name in (SOLUTION, "check")]
        client = nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(path.parent)}})
        client.execute()
        if SOLUTION in chapter.cells:
            checks = [cell for cell in book.cells if cell.source == chapter.cells["check"].code]
            assert [text_of(cell) for cell in checks] == ["not yet\n", "right\n"], path.name


def text_of(cell: Any) -> str:
    """What a cell printed."""
    return "".join(output.text for output in cell.outputs if output.output_type == "stream" and output.name == "stdout")
