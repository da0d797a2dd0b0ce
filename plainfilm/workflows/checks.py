"""`plainfilm doctor`: what is wrong with this install, a data set, an image or a model file, in words.

Nothing is written, nothing is changed. What is asked about decides who looks: nothing, the install; `*.onnx`, a model
file; a folder, archive or table, a data set; any other file, one image.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from plainfilm.data.decoding.film import DOUBTED, Film
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.listing import ARCHIVES
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.data.sources.table import TABLES
from plainfilm.errors import PlainfilmError, SourceError, UsageError
from plainfilm.io.files import single_film
from plainfilm.present.findings import Diagnosis, Finding, note, of_error, ok
from plainfilm.workflows.checks_of_data import has_usual_shape, look_at_data
from plainfilm.workflows.checks_of_install import look_at_install

COLOUR_CHROMA = 8.0  # mean difference between the channels, of 255, from which a film is called coloured


def diagnose(
    paths: Sequence[Path], tables: Sequence[Path] = (), *, reading: Reading = PLAIN, progress: Progress | None = None
) -> Iterator[Diagnosis]:
    """What is found about each path, or about the install where there is none.

    Folders, archives and tables are one data set together, as for `index`; `tables` belong to them. Raises UsageError
    where there are too many tables.
    """
    sources = [path for path in paths if _is_data(path)]
    if len(tables) > len(paths) != 1:
        raise UsageError("tables-too-many", tables=len(tables), sources=len(paths))
    if not paths:
        yield Diagnosis("", tuple(look_at_install(Path.cwd())))
    for path in paths:
        if path in sources[1:]:  # told with the first
            continue
        together = sources if path in sources else [path]
        try:
            findings, balance = _look(together, tables, reading, progress)
        except PlainfilmError as error:
            findings, balance = [of_error(error)], None
        yield Diagnosis(", ".join(map(str, together)), tuple(findings), balance)


def _is_data(path: Path) -> bool:
    """Whether a path is a data set or a part of one."""
    return path.is_dir() or (path.exists() and path.suffix.lower() in (*ARCHIVES, *TABLES))


def _look(
    paths: Sequence[Path], tables: Sequence[Path], reading: Reading, progress: Progress | None
) -> tuple[list[Finding], Balance | None]:
    """What is found about a path, or the sources of a data set, and the balance of its files."""
    path = paths[0]
    if not path.exists():
        raise SourceError("source-missing", path=str(path))
    if _is_data(path):
        return look_at_data(paths, tables, reading, progress)
    if path.suffix.lower() == ".onnx":
        from plainfilm.workflows.checks_of_model import (
            look_at_model,  # brings ONNX Runtime, which may be what is missing
        )

        return list(look_at_model(path)), None
    film = decode(single_film(path).read(path.name), assume_chest=reading.assume_chest)
    return list(_look_at_film(film)), None


def _look_at_film(film: Film) -> Iterator[Finding]:
    height, width = film.pixels.shape
    yield ok("doctor.film", width=width, height=height, mode=film.mode, bits=film.bits, chroma=film.chroma)
    low, high = int(film.pixels.min()), int(film.pixels.max())
    for code in film.warnings:
        if low < high or code not in DOUBTED:  # of a blank one, the end tells more
            yield Finding("problem" if code in DOUBTED else "note", code)
    if film.chroma > COLOUR_CHROMA:
        yield note("doctor.film-coloured", chroma=film.chroma)
    if not has_usual_shape(width, height):
        yield note("doctor.film-shape", width=width, height=height)
    if low == high:
        yield Finding("problem", "doctor.film-blank", {"value": low})
