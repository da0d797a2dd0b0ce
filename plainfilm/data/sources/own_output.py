"""This program's own output inside a data set: known by its content, so that no map or figure is taken for a film.

A run is a folder with a recipe and an index; what lies below it is output. Tables of an evaluation and an audit are
known by their names together. A PNG that this program drew says so in its first bytes; maps of older versions are known
by the name that was made for them and their colour.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection
from pathlib import PurePosixPath

from plainfilm.io import run_folder

SOFTWARE = "plainfilm"  # the PNG text Software of all that this program draws
PNG_MARK = b"tEXtSoftware\0" + SOFTWARE.encode()
PNG_START = b"\x89PNG\r\n\x1a\n"
RGB_AT, RGB = 25, 2  # PNG's colour type
OLD_MAP = re.compile(r"\d{4,}-[0-9a-f]{16}-.+\.png")
RUN = {run_folder.RECIPE, run_folder.INDEX_FACTS, run_folder.INDEX}
TABLES = (
    {run_folder.INDEX, run_folder.INDEX_FACTS},
    {run_folder.METRICS, run_folder.PREDICTIONS},
    {run_folder.AUDIT, "pairs.html", "clusters.csv", "shortcuts.png"},
)
BESIDE = {run_folder.METRICS: {run_folder.SEEN}}


def own_output(names: Collection[str], peek: Callable[[str], bytes]) -> Callable[[str], bool]:
    """What tells whether a file of a source, by its name, is output of this program."""
    inside: dict[str, set[str]] = defaultdict(set)
    marks = {name for names_together in (*TABLES, RUN) for name in names_together} | {run_folder.CROSS_VALIDATION}
    for name in names:
        folder, _, file = name.rpartition("/")
        if file in marks:
            inside[folder].add(file)
    runs = {folder for folder, found in inside.items() if _is_run(folder, found, peek)}
    files = {
        _join(folder, file)
        for folder, found in inside.items()
        for together in TABLES
        if together <= found
        for file in together | BESIDE.get(min(together & set(BESIDE), default=""), set())
    }
    beginnings = tuple(_join(folder, "") for folder in runs)

    def is_own(name: str) -> bool:
        if name in files or (beginnings and name.startswith(beginnings)):
            return True
        return name.endswith(".png") and _is_drawn(name, peek)

    return is_own


def _is_run(folder: str, found: set[str], peek: Callable[[str], bytes]) -> bool:
    if run_folder.CROSS_VALIDATION in found:
        return peek(_join(folder, run_folder.CROSS_VALIDATION)).lstrip().startswith(b"{")
    return found >= RUN and b'"sources"' in peek(_join(folder, run_folder.INDEX_FACTS))


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _is_drawn(name: str, peek: Callable[[str], bytes]) -> bool:
    start = peek(name)
    if not start.startswith(PNG_START):
        return False
    is_old_map = OLD_MAP.fullmatch(PurePosixPath(name).name) is not None and start[RGB_AT : RGB_AT + 1] == bytes([RGB])
    return PNG_MARK in start or is_old_map
