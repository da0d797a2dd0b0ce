"""A data set that moved: whether the films of an index are still where it says, or at a new place."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from plainfilm.data.film_index import Index, reopen
from plainfilm.data.sources.reading import Progress
from plainfilm.errors import SourceError, UsageError
from plainfilm.io import files


def moved(index: Index, sources: Sequence[Path], progress: Progress | None = None) -> Index:
    """The index with its sources at new places, in order, where every film was found unchanged.

    Raises UsageError where there are not as many; SourceError where one holds other films.
    """
    if len(sources) != len(index.sources):
        known = ", ".join(map(str, index.sources))
        raise UsageError("moved-count", given=len(sources), expected=len(index.sources), sources=known)
    for path in sources:
        if not path.exists():
            raise SourceError("source-missing", path=str(path))
    found = replace(index, sources=tuple(sources))
    check_films(found, progress)
    return found


def check_films(index: Index, progress: Progress | None = None) -> None:
    """Raise SourceError where a film is not in its source, or its file is another one than when it was indexed.

    Films that could not be read at that time are passed over.
    """
    listing = reopen(index)
    missing, changed = [], []
    for number, row in enumerate(index.rows, start=1):
        try:
            data = listing.read(row.entry) if row.sha256 else b""
        except (SourceError, OSError):
            missing.append(row)
        else:
            if row.sha256 and files.sha256(data) != row.sha256:
                changed.append(row)
        if progress is not None:
            progress(number, len(index.rows))
    if missing or changed:
        first = (missing or changed)[0]
        raise SourceError(
            "moved-other",
            path=str(index.sources[first.origin]),
            name=first.path,
            films=sum(bool(row.sha256) for row in index.rows),
            missing=len(missing),
            changed=len(changed),
        )
