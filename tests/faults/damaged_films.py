"""Damaged films in a data set: cut, emptied, half overwritten with zeros, with a flipped bit; in folder, zip and tar.

What is promised: a film that is cut or empty is always found; so is any changed bit of a PNG, and of any film in a zip,
for both have checksums. A bit that changes in the pixels of any other film makes another valid picture,
which no decoder can tell from the right one; such films are either found or decode whole, and are counted apart.

That no damaged film is ever fed is shown by training twice, with those that must be found and without: the weights
are the same, bit for bit.
"""

import io
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dicom_files
import numpy as np
from builders import png
from PIL import Image
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from faults.row import Outcome, row
from plainfilm.data import phantom
from plainfilm.data.film_index import Index, read_index
from plainfilm.messages import text
from plainfilm.randomness import generator

SEED = 61
SIDE_PX = 64
WHOLE_PER_CLASS = 3  # films without damage, in each container
RECIPE = """[split]
validation = 0.2
test = 0.2
[model]
width = 16
[training]
sizes_px = [64]
epochs = [1]
batch_size = 8
precision = "float32"
"""

# --- films and their damage ------------------------------------------------------------------------------------------


def _saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def _deep(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(np.uint16) * 16 + 15


def _run_length_coded(pixels: np.ndarray) -> bytes:
    data = dicom_files.dataset(_deep(pixels), bits=12)
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.compress(RLELossless, generate_instance_uid=False)  # the same bytes each time
    return dicom_files.written(data, RLELossless)


FORMATS: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {  # the extension, and what makes it of (H, W) uint8
    "PNG": (".png", png),
    "PNG of 16 bits": (".png", lambda pixels: _saved(_deep(pixels), "PNG")),
    "JPEG": (".jpg", lambda pixels: _saved(pixels, "JPEG", quality=95)),
    "progressive JPEG": (".jpg", lambda pixels: _saved(pixels, "JPEG", progressive=True)),
    "TIFF": (".tif", lambda pixels: _saved(pixels, "TIFF")),
    "deflated TIFF": (".tif", lambda pixels: _saved(_deep(pixels), "TIFF", compression="tiff_adobe_deflate")),
    "BMP": (".bmp", lambda pixels: _saved(pixels, "BMP")),
    "WebP": (".webp", lambda pixels: _saved(pixels, "WEBP", quality=95)),
    "lossless WebP": (".webp", lambda pixels: _saved(pixels, "WEBP", lossless=True)),
    "JPEG 2000": (".jp2", lambda pixels: _saved(_deep(pixels), "JPEG2000")),
    "DICOM": (".dcm", lambda pixels: dicom_files.film(_deep(pixels), bits=12)),
    "RLE DICOM": (".dcm", _run_length_coded),
}


def _flipped(data: bytes, drawn: float) -> bytes:
    """With one bit changed; `drawn` (0..1) says which."""
    bit = int(drawn * 8 * len(data))
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


HARMS: dict[str, Callable[[bytes, float], bytes]] = {
    "cut at 10 %": lambda data, _: data[: len(data) // 10],
    "cut at 50 %": lambda data, _: data[: len(data) // 2],
    "cut at 90 %": lambda data, _: data[: 9 * len(data) // 10],
    "zero bytes": lambda *_: b"",
    "zeros in its second half": lambda data, _: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    "a flipped bit": _flipped,
}
CHANGES = ("zeros in its second half", "a flipped bit")  # the length stays
NUM_PAIRS = len(FORMATS) * len(HARMS)
CONTAINERS = ("folder", "zip", "tar")


@dataclass(frozen=True)
class Planted:
    """A damaged film of a data set."""

    number: int
    container: str
    kind: str
    harm: str

    @property
    def path(self) -> str:
        return f"{phantom.CLASSES[self.number % 3]}/planted-{self.number:04d}{FORMATS[self.kind][0]}"

    @property
    def is_found(self) -> bool:
        """Whether it must be found."""
        return self.harm not in CHANGES or self.kind.startswith("PNG") or self.container == "zip"

    def content(self) -> tuple[bytes, bytes]:
        """The film before and after."""
        whole = FORMATS[self.kind][1](_pixels(self.number))
        drawn = float(generator(SEED, "bit", self.number).random())
        if not self.is_found:
            drawn = 0.25 + drawn / 2  # in the pixels: a header may name another size
        elif self.number // NUM_PAIRS % 2 == 0:
            drawn = 1 - drawn * 40 / len(whole)  # of a PNG, in the checksums at its end, which Pillow passes over
        return whole, HARMS[self.harm](whole, drawn)


def _pixels(number: int) -> np.ndarray:
    return phantom.draw(phantom.CLASSES[number % 3], seed=SEED, number=number, size=SIDE_PX).pixels


def plant(number: int) -> Planted:
    """Trial `number`: every format with every damage in turn, each time in another container."""
    turn, pair = divmod(number, NUM_PAIRS)
    kind, harm = divmod(pair, len(HARMS))
    return Planted(number, CONTAINERS[(kind + harm + turn) % 3], list(FORMATS)[kind], list(HARMS)[harm])


# --- data sets -------------------------------------------------------------------------------------------------------


def _whole_films(container: int) -> dict[str, bytes]:
    numbers = [100_000 + 9 * count + 3 * container + label for count in range(WHOLE_PER_CLASS) for label in range(3)]
    return {f"{phantom.CLASSES[number % 3]}/whole-{number}.png": png(_pixels(number)) for number in numbers}


def _write_folder(path: Path, films: dict[str, bytes]) -> Path:
    for name, data in films.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def _write_tar(path: Path, films: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in films.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def _write_zip(path: Path, films: dict[str, bytes], planted: list[Planted]) -> Path:
    """A zip; changes are made to its own bytes, after its checksums were taken."""
    changed = {film.path: film.content() for film in planted if film.harm in CHANGES}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in films.items():
            archive.writestr(name, changed[name][0] if name in changed else data)
    packed = path.read_bytes()
    for whole, damaged in changed.values():
        assert packed.count(whole) == 1
        packed = packed.replace(whole, damaged)
    path.write_bytes(packed)
    return path


def _sources(folder: Path, planted: list[Planted]) -> list[Path]:
    """Folder, zip and tar, each with whole films and damaged ones."""
    films = {name: _whole_films(number) for number, name in enumerate(CONTAINERS)}
    for film in planted:
        films[film.container][film.path] = film.content()[1]
    in_zip = [film for film in planted if film.container == "zip"]
    return [
        _write_folder(folder / "films", films["folder"]),
        _write_zip(folder / "films.zip", films["zip"], in_zip),
        _write_tar(folder / "films.tar", films["tar"]),
    ]


# --- what is looked at -----------------------------------------------------------------------------------------------


def _train(folder: Path, planted: list[Planted]) -> "subprocess.Popen[str]":
    folder.mkdir()
    (folder / "recipe.toml").write_text(RECIPE)
    words = ["train", *_sources(folder, planted), "--recipe", folder / "recipe.toml", "--out", folder / "run"]
    return subprocess.Popen(
        [sys.executable, "-m", "plainfilm", *map(str, words), "--threads", "1", "--lang", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _listed(index: Index, store: np.ndarray, planted: list[Planted], printed: str) -> tuple[list[str], Counter[str]]:
    """What does not hold of an index and its pixel store; and what became of films that need not be found."""
    rows = {row.path: (row, store[number]) for number, row in enumerate(index.rows)}
    failures, apart = [], Counter[str]()
    for film in planted:
        row, pixels = rows[film.path]
        is_listed = bool(row.problems) and row.image_id == row.split == "" and not pixels.any()
        is_whole = (row.width, row.height) == (SIDE_PX, SIDE_PX)
        if not film.is_found:
            apart["found" if is_listed else "another picture"] += 1
        if not (is_listed or (is_whole and not film.is_found)):
            seen = f"problems {row.problems}, split {row.split!r}, {row.width}x{row.height}"
            failures.append(f"trial {film.number}, {film.kind}, {film.harm} in a {film.container}: {seen}")
    left_out = Counter(row.problems[0] for row in index.rows if not row.image_id)
    for code, count in left_out.items():
        said = text("index.problem", "en", what=text(f"problem.{code}", "en"), films=count)
        if said not in printed:
            failures.append(f"not told: {said!r}")
    return failures, apart


def _differing(one: Index, other: Index) -> list[str]:
    """Films of both indices that are not the same in both."""
    known = {row.path: row for row in other.rows}
    return [
        f"{row.path}: {row.problems} {row.split!r}, else {known[row.path].problems} {known[row.path].split!r}"
        for row in one.rows
        if row.path in known and row != known[row.path]
    ]


@row(
    fault="damaged films in a data set (cut at 10, 50, 90 %, flipped bits, zero bytes), in PNG, JPEG, TIFF, BMP, WebP, "
    "JPEG 2000 and DICOM, in folder, zip and tar",
    must_hold="found by decoding, listed, left out, never fed; a bit that changes in pixels without a checksum (other "
    "than PNG, outside of a zip) makes another picture, which cannot be found",
    counted="missed",
    short=NUM_PAIRS,
    long=len(CONTAINERS) * NUM_PAIRS * 3,
)
def run(num_trials: int, folder: Path) -> Outcome:
    """A trial is a planted film. All of them are trained with, and once more without those that must be found."""
    planted = [plant(number) for number in range(num_trials)]
    with_them, without = (
        _train(folder / "with", planted),
        _train(folder / "without", [film for film in planted if not film.is_found]),
    )
    printed, other = (process.communicate(timeout=600)[0] for process in (with_them, without))
    if with_them.returncode or without.returncode:
        return Outcome(num_trials, (f"a training failed: {printed[-300:]} {other[-300:]}",))
    damaged, whole = folder / "with/run", folder / "without/run"
    store = np.load(damaged / f"pixels-{SIDE_PX}.npy", mmap_mode="r")
    failures, apart = _listed(read_index(damaged / "index.csv"), store, planted, printed)
    for name in ("history.csv", "checkpoints/best.safetensors", "evaluation/predictions.csv"):
        if (damaged / name).read_bytes() != (whole / name).read_bytes():
            failures.append(f"{name} is another one without the damaged films")
    if failures:
        failures += _differing(read_index(damaged / "index.csv"), read_index(whole / "index.csv"))
    unseen = f"{apart['found']} of {apart.total()} found, the others decoded whole"
    return Outcome(num_trials, tuple(failures), {"changed pixels without a checksum": unseen})
