"""Decompression bombs and archives that lead elsewhere.

Films are decoded, archives opened and read to the end, each in a fork of a warm process whose memory and CPU time are
measured; and every one is given to the commands (`index`, `predict`, `doctor`). The kernel watches the folder beside
them, to whose secret the names and links lead.
"""

import importlib
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from builders import png, random_film
from PIL import Image

import plainfilm.serving
from faults import bomb_archives, bomb_films
from faults.measured import Measured, commanded, measured
from faults.row import Outcome, row
from faults.watched import Watch
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.decoding.formats import is_film_name
from plainfilm.errors import PlainfilmError
from plainfilm.io import files

MODEL = Path(plainfilm.serving.__file__).with_name("phantom.onnx")
MAX_GROWN_BYTES = 20e6
MAX_CPU_MS = 500.0  # ten times the figure: a test must not fail because the machine is busy
MAX_ARCHIVE_BYTES, MAX_ARCHIVE_MS = 60e6, 5000.0
KINDS = ("png", "jpeg", "tiff", "bmp", "webp", "jp2", "dicom")  # the first word of a film's name, and its extension
WARM = (
    *(f"workflows.{name}" for name in ("answers", "prepare", "checks")),
    "present.sections.data_set",
    "present.sections.answers",
)
COMMANDS: tuple[Callable[[Path], list[object]], ...] = (
    lambda path: ["predict", MODEL, path],
    lambda path: ["index", path],
    lambda path: ["doctor", path],
)


@dataclass(frozen=True)
class Case:
    """Something hostile: what it is called, what makes it in a folder, whether it is a film."""

    name: str
    make: Callable[[Path], Path]
    is_film: bool


def _film(name: str, make: Callable[[], bytes]) -> Case:
    extension = name.split()[0].rstrip(",").lower()
    assert extension in KINDS

    def write(folder: Path) -> Path:
        (folder / f"film.{extension}").write_bytes(make())
        return folder / f"film.{extension}"

    return Case(name, write, True)


CASES = (
    *(_film(name, make) for name, make in bomb_films.FILMS.items()),
    *(Case(name, make, False) for name, make in bomb_archives.ARCHIVES.items()),
)


def _decoded(path: Path) -> tuple[int, ...]:
    return decode(path.read_bytes()).pixels.shape


def _read_all(path: Path) -> str:
    """What reading every film of an archive or folder gives: what was read that is not the one good film."""
    source = files.open_source(path)
    taken = []
    for name in source.names:
        if not is_film_name(name):
            continue
        try:
            data = source.read(name)
        except PlainfilmError:
            continue
        if bomb_archives.SECRET in data:
            taken.append(name)
    return ", ".join(taken)


def _wrong(case: Case, path: Path, end: Measured) -> str:
    if case.is_film:
        is_over = end.grown_bytes > MAX_GROWN_BYTES or end.cpu_ms > MAX_CPU_MS
        held = end.is_refused
    else:
        is_over = end.grown_bytes > MAX_ARCHIVE_BYTES or end.cpu_ms > MAX_ARCHIVE_MS
        held = end.is_refused or end.end == "done: ''"
    wrong = "" if held else end.end
    return wrong + (f" {end.grown_bytes / 1e6:.1f} MB, {end.cpu_ms:.0f} ms" if is_over else "")


def _told(path: Path, number: int, folder: Path) -> str:
    """What does not hold where a command is given the path: it says why, ends with 1, and leaves nothing."""
    end, printed = commanded([*COMMANDS[number % len(COMMANDS)](path), "--lang", ("en", "zh")[number % 2]], folder)
    if end.end == "exit 1" and "Traceback" not in printed and printed.strip():
        return ""
    return f"{COMMANDS[number % len(COMMANDS)](path)[0]} {end.end}: {printed[-300:]!r}"


@row(
    fault="decompression bombs in PNG, JPEG, TIFF, BMP, WebP, JPEG 2000, DICOM, zip, nested zip, tar; a zip of 10^6 entries; slips, absolute "
    "names, links, NUL, case clashes, device names",
    must_hold="refused from the header or stopped at the limit; nothing outside read or written; nothing left",
    counted="taken",
    short=len(CASES),
    long=len(COMMANDS) * len(CASES),
)
def run(num_trials: int, folder: Path) -> Outcome:
    """A trial is a case: first all films, then all archives, as often as asked for, each time with another command."""
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret.png").write_bytes(bomb_archives.SECRET)
    watch = Watch(outside)
    failures = []
    for data in (png(random_film()), bomb_films.jpeg(90, 70)):
        decode(data)  # warm
    for module in WARM:
        importlib.import_module(f"plainfilm.{module}")
    worst: dict[bool, list[float]] = {True: [0, 0], False: [0, 0]}
    for number in range(num_trials):
        case = CASES[number % len(CASES)]
        place = folder / "place"
        place.mkdir()
        path = case.make(place)
        before = sorted(folder.rglob("*"))
        watch.seen()
        end = measured(partial(_decoded if case.is_film else _read_all, path))
        wrong = _wrong(case, path, end) + _told(path, number + number // len(CASES), place)
        if touched := watch.seen():
            wrong += f"; touched {touched}"
        if sorted(folder.rglob("*")) != before:
            wrong += "; left something"
        if wrong:
            failures.append(f"trial {number}, {case.name}: {wrong}")
        worst[case.is_film] = [max(worst[case.is_film][0], end.cpu_ms), max(worst[case.is_film][1], end.grown_bytes)]
        shutil.rmtree(place)
    watch.close()
    if legal := _legal():
        failures.append(legal)
    shown = {
        f"most for {what}": f"{worst[is_film][0]:.0f} ms, {worst[is_film][1] / 1e6:.1f} MB"
        for what, is_film in (("a film", True), ("an archive", False))
    }
    return Outcome(num_trials, tuple(failures), shown)


def _legal() -> str:
    """A large film that is none of this must pass."""
    pixels = np.tile(random_film(600, 400), (10, 10))
    assert pixels.size == 24_000_000
    for kind in ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "JPEG2000"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **({"progressive": True} if kind == "JPEG" else {}))
        if decode(buffer.getvalue()).pixels.shape != pixels.shape:
            return f"a {kind} of 24 megapixels does not pass"
    return ""
