"""The pages of the course: each chapter's text and cells with what the cells gave.

    PLAINFILM_FILMS=FOLDER python docs/course.py --run   runs the cells and keeps what they gave, then writes the pages
    python docs/course.py --run --only 11-findings       runs the cells of that chapter alone, keeps what others gave
    python docs/course.py --write                        writes the pages again

- The cells run once, in order, in a folder of their own. What they gave is kept in `course/outputs.json` and
  `course/pictures`, a result that speaks several languages in each. So the pages of all languages show the same.
- PLAINFILM_FILMS: the folder of the tutorial's films (`input_data.zip`, `metadata.csv`), for the cells that use them.
"""

import argparse
import ast
import contextlib
import hashlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from plainfilm.course.chapters import CHAPTERS, NAMES, SOLUTION, Cell, Chapter, folded, notebook
from plainfilm.locales import FALLBACK, name_of
from plainfilm.messages import LANGUAGES

ROOT = Path(__file__).resolve().parent
PAGES = ROOT / "course"
OUTPUTS = PAGES / "outputs.json"
PICTURES = PAGES / "pictures"
MAX_LINES = 40  # of one output
NOT_RUN = {SOLUTION}
Output = dict[str, Any]


# --- running ---------------------------------------------------------------------------------------------------------


def run_some(names: Collection[str]) -> None:
    """Run the chapters of these names, in order, and keep what they gave beside what the others gave."""
    from plainfilm.course.writing import write_course

    os.environ["LC_ALL"] = FALLBACK
    PICTURES.mkdir(parents=True, exist_ok=True)
    found = json.loads(OUTPUTS.read_text(encoding="utf-8")) if OUTPUTS.exists() else {}
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        write_course(Path("course"), FALLBACK)
        os.chdir("course")
        for chapter in (chapter for chapter in CHAPTERS if chapter.name in names):
            began = time.monotonic()
            for path in PICTURES.glob(f"{chapter.name}-*.png"):
                path.unlink()
            outputs = {name: list(outputs_of(chapter, name, value)) for name, value in run(chapter)}
            date = time.strftime("%Y-%m-%d")
            found[chapter.name] = {"date": date, "code": checksum(chapter), "outputs": outputs}
            print(f"{chapter.name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    ordered = {name: found[name] for name in NAMES}
    OUTPUTS.write_text(json.dumps(ordered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def run(chapter: Chapter) -> Iterator[tuple[str, tuple[str, object]]]:
    """Run the cells in one namespace; of each what it printed, and the value of its last line."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in chapter.cells.values():
        if cell.name in NOT_RUN:
            continue
        tree = ast.parse(cell.code)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(tree, cell.name, "exec"), namespace)
            value = None if last is None else eval(compile(ast.Expression(last.value), cell.name, "eval"), namespace)
        yield cell.name, (printed.getvalue(), value)


def outputs_of(chapter: Chapter, name: str, given: tuple[str, object]) -> Iterator[Output]:
    """What a cell gave, for JSON; a picture goes into a file of its own."""
    printed, value = given
    if printed.strip():
        yield {"text": dict.fromkeys(LANGUAGES, shortened(printed))}
    if hasattr(value, "in_language"):
        yield {"text": {language: shortened(str(value.in_language(language))) for language in LANGUAGES}}
    elif hasattr(value, "png"):
        path = PICTURES / f"{chapter.name}-{name}.png"
        path.write_bytes(value.png)
        yield {"picture": path.name}
    elif value is not None:
        yield {"text": dict.fromkeys(LANGUAGES, shortened(repr(value)))}


def shortened(output: str) -> str:
    """The first lines, without blanks at their ends."""
    lines = [line.rstrip() for line in output.strip("\n").splitlines()]
    return "\n".join(lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], "..."])


def checksum(chapter: Chapter) -> str:
    """Of the code of a chapter."""
    return hashlib.sha256("\n".join(cell.code for cell in chapter.cells.values()).encode()).hexdigest()[:12]


# --- the pages -------------------------------------------------------------------------------------------------------


def pages() -> Iterator[tuple[Path, str]]:
    """Each page and notebook of the documents, and what is in it."""
    kept = json.loads(OUTPUTS.read_text(encoding="utf-8"))
    for language in LANGUAGES:
        yield page_path("README", language), contents(kept, language)
        for chapter in CHAPTERS:
            outputs = kept[chapter.name]["outputs"]
            yield page_path(chapter.name, language), "\n".join(page(chapter, outputs, language))
        tutorial = CHAPTERS[0]
        yield page_path(tutorial.name, language).with_suffix(".ipynb"), notebook(tutorial, language)


def page_path(name: str, language: str) -> Path:
    """Where a page is."""
    return PAGES / (f"{name}.md" if language == FALLBACK else f"{name}.{language}.md")


def other_languages(name: str, language: str) -> str:
    """Links to a page in the other languages."""
    return " · ".join(f"[{name_of(other)}]({page_path(name, other).name})" for other in LANGUAGES if other != language)


def page(chapter: Chapter, outputs: dict[str, list[Output]], language: str) -> Iterator[str]:
    """The lines of a chapter's page."""
    parts = list(chapter.text(language))
    title, _, rest = str(parts[0]).partition("\n")
    listed = f"[{LISTED[language]}]({page_path('README', language).name})"
    yield f"{title}\n\n{other_languages(chapter.name, language)} · {listed}\n{rest}\n"
    for part in parts[1:]:
        if isinstance(part, str):
            yield f"{part}\n"
        elif part.name == SOLUTION:
            yield f"{folded(part, language)}\n"
        else:
            yield from with_outputs(chapter, part, outputs.get(part.name, []), language)


def with_outputs(chapter: Chapter, cell: Cell, outputs: list[Output], language: str) -> Iterator[str]:
    """A cell, and what it gave."""
    yield f"```python\n{cell.code}\n```\n"
    for output in outputs:
        if "picture" in output:
            yield f"![{chapter.title(language)}: {cell.name}](pictures/{output['picture']})\n"
        else:
            yield f"```text\n{output['text'][language]}\n```\n"


LISTED = {"en": "all chapters", "zh": "全部章节"}
CONTENTS = {
    "en": """# The course

{others}

Eleven chapters that retell a tutorial, 【ResNet】肺炎CT影像识别, and then ask what its score is worth, and a notebook
with the tutorial's own steps. They run offline, on any two cores, on *phantoms*: chest films that a program draws. In
the folder of plainfilm's code:

```
pip install ".[all]" notebook
plainfilm course my-course
jupyter notebook my-course
```

You should know some Python. If Chinese is missing in a picture, `plainfilm doctor` says which font to install.

{chapters}

What the cells gave here is from {date}. The curves and matrices that `plainfilm` itself draws are in the language of
the notebook. Here they are in English. The pages are made from `plainfilm/course/chapters` by `docs/course.py`.
""",
    "zh": """# 课程

{others}

共十一章，先重讲一篇教程《【ResNet】肺炎CT影像识别》，再问它的成绩有多可信；另有一个 Notebook，照原教程的步骤走一遍。
全部用**仿体**（程序画出来的胸片）运行，不用联网，双核机器就够。在 plainfilm 的代码文件夹里：

```
pip install ".[all]" notebook
plainfilm course my-course --lang zh
jupyter notebook my-course
```

需要会一点 Python。图里如果没有中文，`plainfilm doctor` 会告诉你该装哪种字体。

{chapters}

这里各单元格的输出是 {date} 运行所得。`plainfilm` 自己画的曲线和矩阵，在 Notebook 里是中文，在这些页面上是英文。
这些页面由 `docs/course.py` 从 `plainfilm/course/chapters` 生成。
""",
}


def contents(kept: dict[str, Any], language: str) -> str:
    """The page that lists the chapters."""
    chapters = [f"- [{chapter.title(language)}]({page_path(chapter.name, language).name})" for chapter in CHAPTERS]
    dates = sorted(chapter["date"] for chapter in kept.values())
    date = " – ".join(dict.fromkeys((dates[0], dates[-1])))
    words = {"others": other_languages("README", language), "chapters": "\n".join(chapters), "date": date}
    return CONTENTS[language].format(**words)


def main() -> None:
    """Run the cells if that is asked for; write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="CHAPTER")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if options.run:
        run_some(options.only)
    if options.run or options.write:
        for path, content in pages():
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
