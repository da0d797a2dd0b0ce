"""Which sections of the Chinese pages are behind their English ones?

    python benchmarks/translations.py [PAGE.zh.md ...]
    python benchmarks/translations.py --write PAGE.zh.md ...

A Chinese page has the sections of its English page, in the same order and at the same levels. Under each heading a
comment holds the checksum of the English section that it translates: `<!-- en: 1a2b3c4d -->`. If the English section
changes, the checksums differ, and the section is behind. --write sets every mark of the given pages to what the English
page is now; call it once the translation says the same.

- A section is a heading of any level with the text up to the next heading.
- Where lines are cut makes no difference; nor does a table between the marks of a script, which writes both languages.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADING = re.compile(r"(#{1,6}) (.*)")
MARK = re.compile(r"^<!-- en: ([0-9a-f]{8}) -->\n+", re.MULTILINE)
TABLE = re.compile(r"<!-- table: .*?<!-- end of table -->", re.DOTALL)


@dataclass(frozen=True)
class Section:
    """A section of a page."""

    level: str  # one # to six
    title: str
    body: str  # what follows the line of the heading


def read(page: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """The lines of a page with their ends, each with what HEADING finds in it. A # in a fence is no heading."""
    in_fence = False
    for line in page.splitlines(keepends=True):
        in_fence ^= line.lstrip().startswith("```")
        yield line, None if in_fence else HEADING.fullmatch(line.rstrip("\n"))


def sections(page: str) -> list[Section]:
    """The sections of a page; what comes before its first heading belongs to none."""
    found: list[Section] = []
    for line, heading in read(page):
        if heading:
            found.append(Section(heading[1], heading[2], ""))
        elif found:
            found[-1] = replace(found[-1], body=found[-1].body + line)
    return found


def checksum(section: Section) -> str:
    """Eight hexadecimal digits of what a section says, however its lines are cut."""
    words = f"{section.title}\n{TABLE.sub('', section.body)}".split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:8]


def behind(english: str, chinese: str) -> list[str]:
    """What is wrong with a translation: other sections than the English page has, or sections that are behind."""
    ours, theirs = sections(english), sections(chinese)
    levels = [" ".join(section.level for section in page) for page in (ours, theirs)]
    if levels[0] != levels[1]:
        return [f"{len(ours)} English sections, {len(theirs)} Chinese: {levels[0]}, {levels[1]}"]
    late = []
    for source, translated in zip(ours, theirs, strict=True):
        mark = MARK.search(translated.body)
        if mark is None:
            late.append(f"{translated.title}: no mark")
        elif mark[1] != checksum(source):
            late.append(f"{translated.title}: its English section changed")
    return late


def marked(english: str, chinese: str) -> str:
    """A Chinese page with the mark of the English section under each of its headings. Both have the same sections."""
    sources = iter(sections(english))
    lines = []
    for line, heading in read(MARK.sub("", chinese)):
        lines.append(line)
        if heading:
            lines.append(f"\n<!-- en: {checksum(next(sources))} -->\n")
    return "".join(lines)


def translated_pages() -> list[Path]:
    """The Chinese pages, and the Chinese texts of the course."""
    folders = (ROOT, ROOT / "docs", ROOT / "plainfilm" / "course" / "chapters")
    return sorted(path for folder in folders for path in folder.glob("*.zh*.md"))


def english_of(path: Path) -> Path:
    """The English page of a Chinese page."""
    return path.with_name(re.sub(r"\.zh(-CN)?\.md$", ".md", path.name))


def main() -> int:
    """Print what is behind, or write the marks; returns 1 if anything is behind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if arguments.write and not arguments.pages:
        parser.error("name the pages whose translation says the same as the English page")
    late = 0
    for path in arguments.pages or translated_pages():
        english, chinese = (page.read_text(encoding="utf-8") for page in (english_of(path), path))
        if arguments.write and len(sections(english)) == len(sections(chinese)):
            path.write_text(marked(english, chinese), encoding="utf-8")
            chinese = path.read_text(encoding="utf-8")
        found = behind(english, chinese)
        late += len(found)
        print(f"{path.name}: {len(found)} sections behind", *found, sep="\n  ")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
