"""The pages of the documents, read as a reader sees them: paragraphs, headings with their anchors, links, fences.

- Markdown is parsed by markdown-it, so that a `#` in a fence is no heading and a `;` in a link is no semicolon.
- Prose is paragraphs, list items and quotes. Headings, tables, fences and comments are not prose.
- What a script writes, between its two marks, is not prose either.
- A span of code counts as one word: a sentence is no longer for naming a long command.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LOG = ROOT / "docs" / "log.md"  # a lab book is dated, not rewritten
PROSE = sorted({*ROOT.glob("README*.md"), ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")} - {LOG})
CHINESE = [path for path in PROSE if path.name.endswith((".zh.md", ".zh-CN.md"))]
ENGLISH = [path for path in PROSE if path not in CHINESE]

CODE = "`code`"
WRITTEN = re.compile(r"^<!-- table: .*?^<!-- end of table -->", re.MULTILINE | re.DOTALL)
TARGET = re.compile(r"\]\([^)\s]*\)")


@dataclass(frozen=True)
class Paragraph:
    """A paragraph: the lines of the file that hold it, and what a reader sees of it."""

    first: int  # number of its first line, from 1
    lines: tuple[str, ...]
    text: str


def name(path: Path) -> str:
    """The name of a page for people: its path in the project."""
    return path.relative_to(ROOT).as_posix()


def tokens(text: str) -> list[Token]:
    """The blocks of a page, with tables as GitHub has them."""
    return MarkdownIt("commonmark").enable("table").parse(text)


def seen(inline: Token) -> str:
    """What a reader sees of a piece of text: no link targets, no pictures, code as one word."""
    shown = {"code_inline": CODE, "softbreak": " ", "hardbreak": " "}
    words = (shown.get(child.type, child.content) for child in inline.children or [] if child.type != "image")
    return " ".join("".join(words).split())


def paragraphs(text: str) -> Iterator[Paragraph]:
    """The prose of a page."""
    text = WRITTEN.sub(lambda table: "\n" * table[0].count("\n"), text)
    lines, blocks = text.splitlines(), tokens(text)
    for before, block in pairwise(blocks):
        if before.type == "paragraph_open" and block.map is not None:
            first, end = block.map
            yield Paragraph(first + 1, tuple(TARGET.sub("]", line) for line in lines[first:end]), seen(block))


def headings(text: str) -> list[str]:
    """The headings of a page, without marks of emphasis and code."""
    blocks = tokens(text)
    return [
        "".join(child.content for child in block.children or [])
        for before, block in pairwise(blocks)
        if before.type == "heading_open"
    ]


def anchors(text: str) -> set[str]:
    """What may follow `#` in a link to a page: its headings as GitHub writes them, and what it names in HTML."""
    found = set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
    for heading in headings(text):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        numbered = (plain, *(f"{plain}-{number}" for number in range(1, 100)))
        found.add(next(anchor for anchor in numbered if anchor not in found))
    return found


def links(text: str) -> list[str]:
    """The targets of a page's links and pictures, in Markdown and in HTML, as they are written (`#回答`)."""
    found = [
        unquote(str(child.attrGet("href" if child.type == "link_open" else "src")))
        for block in tokens(text)
        for child in block.children or []
        if child.type in ("link_open", "image")
    ]
    html = " ".join(
        piece.content
        for block in tokens(text)
        for piece in (block, *(block.children or []))
        if piece.type in ("html_block", "html_inline")
    )
    return found + re.findall(r'(?:href|src|srcset)="([^"\s]+)', html)
