"""Sources: what a folder and an archive have in common, and the limits within which both are read.

Notable choices:
- nothing is unpacked to the disk: zips (`zips`) and tars (`tars`) are read in place;
- an archive that unpacks to more than MAX_RATIO times its size holds no films: a zip is refused by what its directory
  says, a tar where its stream gets there; one member of a zip that does so is refused alone;
- what is there and not read (links, devices, names that lead out) is never listed as a file, and never dropped
  without a word: it is in `Source.skipped`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Generic, NamedTuple, TypeVar

from plainfilm.errors import SourceError
from plainfilm.io.name_encoding import Fits, read_names

MAX_ENTRIES = 500_000
MAX_MEMBER_BYTES = 256 * 2**20
MAX_NAME_CHARACTERS = 1024
MAX_RATIO = 100  # unpacked to packed; raw films get some 3 times smaller, a black one more, and masks are no films
FREE_BYTES = 8 * 2**20  # unpacked whatever the ratio
CHUNK_BYTES = 2**20
NUM_FIRST_BYTES = 512  # that `Source.peek` gives

ZIP_START = b"PK\3\4"
OTHER_ARCHIVES = {
    **{b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard"},
    **{b"\x04\x22\x4d\x18": "LZ4", b"LZIP": "lzip", b"\x1f\x9d": "compress (.Z)", b"MSCF\0\0\0\0": "CAB"},
    b"xar!": "xar",
}
"""Archives and compressions that are not read here, by their first bytes."""

LINK, SPECIAL, UNSAFE = "link", "special", "unsafe"
DOUBLE, UNREADABLE_FOLDER = "double", "unreadable-folder"


@dataclass(frozen=True)
class Source:
    """A folder or an archive: the names of its files (relative, with `/`) and a way to read one of them.

    `read` may be called from several threads. `peek` gives the first NUM_FIRST_BYTES of a file, fewer of a shorter one,
    b"" where it cannot be read; it never raises. `skipped`: what is there and no file that is read, by name, with the
    reason: "link" (not followed), "special" (a pipe, socket or device; a sparse file of a tar), "unsafe" (a name that
    leads out of an archive, or is too long), "double" (a link to what is listed under another name),
    "unreadable-folder" (a folder that the system does not let us list). A linked folder is one name.
    `encoding`: that of an archive's names, where it had to be found; "" where nothing was to be found.
    """

    path: Path
    names: tuple[str, ...]
    read: Callable[[str], bytes]
    peek: Callable[[str], bytes]
    skipped: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


def check_member(name: str, size_bytes: int) -> None:
    """Raise SourceError for a file that is too large to be read."""
    if size_bytes > MAX_MEMBER_BYTES:
        raise SourceError("member-too-large", name=name, size_bytes=size_bytes, maximum_bytes=MAX_MEMBER_BYTES)


def check_count(path: Path, count: int) -> None:
    """Raise SourceError for a source of too many files."""
    if count > MAX_ENTRIES:
        raise SourceError("source-too-many", path=str(path), maximum=MAX_ENTRIES)


def is_safe(name: str) -> bool:
    """Whether a member's name is short and stays inside the archive.

    >>> is_safe("COVID/two..dots.png"), is_safe("../film.png"), is_safe("/etc/film.png")
    (True, False, False)
    """
    if len(name) > MAX_NAME_CHARACTERS or "\0" in name:
        return False
    name = name.replace("\\", "/")
    return not name.startswith("/") and ".." not in name.split("/")


def check_kind(path: Path) -> None:
    """Raise SourceError for an archive of a kind that is known, but not read here. Raises OSError."""
    with path.open("rb") as file:
        start = file.read(8)
    for magic, kind in OTHER_ARCHIVES.items():
        if start.startswith(magic):
            raise SourceError("source-other-archive", path=str(path), kind=kind)


Place = TypeVar("Place")


class Member(NamedTuple, Generic[Place]):
    """An entry that is no folder: its name (bytes where the encoding is to be found), why it is skipped ("" for a file
    that is read), and where its content lies."""

    name: bytes | str
    skipped: str
    place: Place


@dataclass(frozen=True)
class Members(Generic[Place]):
    """The files by name, what is skipped with its reason, and the encoding of the names as in `Source`."""

    files: dict[str, Place]
    skipped: dict[str, str]
    encoding: str


def sort_out(path: Path, members: Iterable[Member[Place]], encoding: str, fits: Fits | None) -> Members[Place]:
    """Name the members of the archive at `path`, in their order.

    Where several have one name, none replaces another: the later ones get a number, "film (2).png".

    Raises SourceError where the owner's encoding does not fit.
    """
    members = list(members)
    names, found = read_names(path, [member.name for member in members], encoding, fits)
    files: dict[str, Place] = {}
    skipped: dict[str, str] = {}
    num_files: dict[str, int] = {}
    num_skipped: dict[str, int] = {}
    for name, member in zip(names, members, strict=True):
        if name.endswith("/"):  # a folder
            continue
        reason = member.skipped if is_safe(name) else UNSAFE
        if reason or not name:
            skipped[_free(name[:MAX_NAME_CHARACTERS], skipped, num_skipped)] = reason or UNSAFE
        else:
            files[_free(name, files, num_files)] = member.place
    return Members(files, skipped, found)


def _free(name: str, taken: dict[str, Place], numbers: dict[str, int]) -> str:
    """`name`, with the next number where it is taken; `numbers` holds the last one of each name."""
    free = name
    while free in taken:
        numbers[name] = numbers.get(name, 1) + 1
        path = PurePosixPath(name)
        free = f"{name.removesuffix(path.suffix)} ({numbers[name]}){path.suffix}"
    return free
