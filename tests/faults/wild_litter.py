"""What other programs, and this one, leave among films: masks, thumbnails, copies, bins, runs. None of it is a film."""

import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from faults import wild_films as films
from faults.wild_films import NUM_FILMS
from faults.wild_truth import Draft, File, other_file
from plainfilm.data.film_index import Index, Row, write_index
from plainfilm.data.splits.split import SPLITS
from plainfilm.io.files import sha256, temporary_folder

Placed = tuple[int, PurePosixPath, File]
RUN = "runs/fast-20260301-101500"
RECIPE = b'[data]\nchannels = 1\nfit = "squash"\n\n[split]\nkind = "grouped"\nseed = 0\n'


def _placed(draft: Draft) -> list[Placed]:
    return [(origin, PurePosixPath(path), file) for origin, path, file in list(draft.all_files()) if file.film]


def _add(draft: Draft, origin: int, path: PurePosixPath | str, content: bytes, *reasons: str) -> None:
    draft.change(origin, str(path), other_file(content, *reasons))


def _folders(draft: Draft) -> Iterator[tuple[int, PurePosixPath]]:
    """The folders in which films lie."""
    yield from sorted({(origin, path.parent) for origin, path, _ in _placed(draft)})


# --- what belongs to a data set --------------------------------------------------------------------------------------


def masks(draft: Draft, folder: str = "masks") -> None:
    """A mask of each film, beside the folder of films."""
    for origin, path, file in _placed(draft):
        assert file.film is not None
        _add(draft, origin, path.parent.parent / folder / path.name, films.mask(file.film.number), "mask")


def spreadsheets(draft: Draft) -> None:
    """A list of each class as a spreadsheet, and a text."""
    for label in sorted({film.label for film in draft.films}):
        name = f"COVID-19_Radiography_Dataset/{label}.metadata.xlsx"
        _add(draft, 0, name, films.spreadsheet(), "no-image", "text")
    _add(draft, 0, "COVID-19_Radiography_Dataset/README.md.txt", b"Read me.\n", "text")


def dicomdir(draft: Draft) -> None:
    """The directory of a medium."""
    _add(draft, 0, "DICOMDIR", films.dicomdir(), "text")


def nested_copy(draft: Draft) -> None:
    """The whole tree again, below its own folder."""
    for origin, path, file in _placed(draft):
        draft.change(origin, f"{path.parts[0]}/{path}", file)


# --- what other programs leave ---------------------------------------------------------------------------------------


def synology(draft: Draft) -> None:
    """A thumbnail of each film, as a Synology makes them."""
    for origin, path, file in _placed(draft):
        assert file.film is not None
        name = path.parent / "@eaDir" / path.name / "SYNOPHOTO_THUMB_M.jpg"
        _add(draft, origin, name, films.shrunken(file.film.number), "hidden")


def macos(draft: Draft) -> None:
    """AppleDouble files beside each film and below __MACOSX, and .DS_Store."""
    for origin, path, _ in _placed(draft):
        _add(draft, origin, path.parent / f"._{path.name}", films.APPLE_DOUBLE, "hidden")
        _add(draft, origin, "__MACOSX" / path.parent / f"._{path.name}", films.APPLE_DOUBLE, "hidden")
    for origin, folder in _folders(draft):
        _add(draft, origin, folder / ".DS_Store", films.DS_STORE, "hidden")


def windows(draft: Draft) -> None:
    """Thumbs.db and desktop.ini in each folder."""
    for origin, folder in _folders(draft):
        _add(draft, origin, folder / "Thumbs.db", films.THUMBS_DB, "hidden")
        _add(draft, origin, folder / "desktop.ini", b"[.ShellClassInfo]\r\nIconIndex=0\r\n", "hidden")


def jupyter(draft: Draft) -> None:
    """Copies of some films in .ipynb_checkpoints, within the class folders and beside them."""
    for place, (origin, path, file) in enumerate(_placed(draft)[::3]):
        folder = path.parent if place % 2 else path.parent.parent
        name = folder / ".ipynb_checkpoints" / f"{path.stem}-checkpoint{path.suffix}"
        _add(draft, origin, name, file.content, "hidden")


def bins(draft: Draft) -> None:
    """Films that were thrown away or found by a repair of the disk: of nobody in the data set."""
    for place, number in enumerate(_unused(draft, 4)):
        where = ("lost+found", "$RECYCLE.BIN/S-1-5-21", ".Trash-1000/files", "System Volume Information")[place]
        _add(draft, 0, f"{where}/{number}.png", films.film_bytes(number, "png"), "hidden")


def versions(draft: Draft) -> None:
    """The objects of git, and the cache of DVC with a copy of a film."""
    _add(draft, 0, ".git/HEAD", b"ref: refs/heads/main\n", "hidden")
    _add(draft, 0, ".git/objects/1f/e0", zlib.compress(b"blob 4\0film"), "hidden")
    _, _, file = _placed(draft)[0]
    _add(draft, 0, ".dvc/cache/1f/e0.png", file.content, "hidden")


def _unused(draft: Draft, count: int) -> list[int]:
    """Numbers of films of the pool that are not in the data set."""
    used = {film.number for film in draft.films}
    return [number for number in range(NUM_FILMS) if number not in used][:count]


# --- what this program leaves ----------------------------------------------------------------------------------------


def own_run(draft: Draft) -> None:
    """Two runs of an earlier training, with films in their figures and audit."""
    for run in (RUN, f"{RUN}-2"):
        _add_index(draft, run)
        for name in ("recipe.toml", "history.csv", "log.jsonl", "report.html", "model.onnx"):
            content = RECIPE if name == "recipe.toml" else b'{"epoch": 0}\n'
            _add(draft, 0, f"{run}/{name}", content, "own-output", "text", "no-image")
        for number in _unused(draft, 3):
            for folder in ("figures", "audit"):
                _add(draft, 0, f"{run}/{folder}/{number:04d}.png", films.overlay(number), "own-output")


def own_maps(draft: Draft) -> None:
    """The folder of `plainfilm predict --maps`."""
    for place, (_, _, file) in enumerate(_placed(draft)[:5]):
        assert file.film is not None
        name = f"maps/{place + 1:04d}-{sha256(file.content)[:16]}-{file.film.label}.png"
        _add(draft, 0, name, films.overlay(file.film.number), "own-output")


def own_index(draft: Draft) -> None:
    """The folder of `plainfilm index --out`."""
    _add_index(draft, "index")


def _add_index(draft: Draft, folder: str) -> None:
    """An index as the program writes it, of some of the films."""
    rows = [
        Row(
            image_id=sha256(file.content)[:16],
            path=str(path),
            label=file.film.label,
            group=f"g-{place}",
            split=SPLITS[place % 3],
        )
        for place, (_, path, file) in enumerate(_placed(draft))
        if file.film
    ]
    classes = tuple(sorted({row.label for row in rows}))
    with temporary_folder() as at:
        write_index(Index(tuple(rows), (at,), classes, {"kind": "grouped"}), at)
        for name in ("index.csv", "index.json"):
            content = (at / name).read_bytes().replace(str(at.resolve()).encode(), b"/home/mei/data")
            _add(draft, 0, f"{folder}/{name}", content, "own-output", "text")
