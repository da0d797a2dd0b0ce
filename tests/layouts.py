"""Small data sets as people have them, for tests: drawn films under any names, tables of any kind."""

import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from plainfilm.config import Recipe, SplitRecipe
from plainfilm.data import phantom
from plainfilm.data.film_index import Index, assign
from plainfilm.data.scan import scan
from plainfilm.data.sources.listing import Listing, list_films
from plainfilm.workflows.prepare import completed

SIDE_PX = 64


@cache
def film(number: int = 0, label: str = "NORMAL", kind: str = "PNG") -> bytes:
    """A drawn film that no other number gives."""
    buffer = io.BytesIO()
    pixels = phantom.draw(label, seed=77, number=number, size=SIDE_PX).pixels
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, kind)
    return buffer.getvalue()


def put(root: Path, files: Mapping[str, bytes] | Sequence[str]) -> Path:
    """Write files below `root`; names alone get a film each."""
    contents = files if isinstance(files, Mapping) else {name: film(number) for number, name in enumerate(files)}
    for name, data in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def names(count: int, *folders: str, ending: str = ".png") -> list[str]:
    """`count` names of films in each folder, different over all of them."""
    return [f"{folder}/f{place}-{number}{ending}" for place, folder in enumerate(folders) for number in range(count)]


def table(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A table of these lines."""
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def index_of(*sources: Path, tables: Sequence[Path] = (), kind: str = "grouped", **reading: object) -> Index:
    """The index of sources, split in halves by the default method or as `kind` says."""
    from plainfilm.data.sources.reading import Reading

    listing: Listing = list_films(sources, tables, Reading(**reading))  # type: ignore[arg-type]
    rows = scan(listing, threads=1)
    recipe = Recipe(split=SplitRecipe(kind=kind, validation=0.25, test=0.25))
    return completed(assign(rows, sources, recipe), listing, rows)


def left_out(index: Index) -> dict[str, int]:
    """How many files are left out for each reason."""
    assert index.balance is not None
    return {entry.reason: entry.files for entry in index.balance.left_out}


def warned(index: Index) -> set[str]:
    """The codes of the balance's warnings."""
    assert index.balance is not None
    return {said.key for said in index.balance.warnings}


def labelled(index: Index) -> dict[str, int]:
    """Films that are used, by class."""
    found: dict[str, int] = {}
    for row in index.rows:
        if row.split:
            found[row.label] = found.get(row.label, 0) + 1
    return found
