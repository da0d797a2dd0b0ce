"""Members of an archive, sorted out: which are files and under which name, what is skipped and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Generic, NamedTuple, TypeVar

from plainfilm.io.archives import MAX_NAME_CHARACTERS, UNSAFE, is_safe
from plainfilm.io.name_encoding import Fits, read_names

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
