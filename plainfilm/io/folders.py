"""Folders: their files listed once each, whatever links lead to them, and read without leaving them.

Notable choices:
- a link that leads out of the folder is followed by its owner's word alone, else it is skipped as one name;
- a link to what the folder holds anyway is a second visit: the real path is listed, the link is skipped as "double";
  but where the real path lies in a hidden folder (`.git/annex/objects`, `.dvc/cache`: stores of tools that put links
  in the places of the films), the link is the film's name, and the store's is not listed;
- of several links to one file or folder outside, the first in the listing's order is the one;
- a link to nothing is listed: reading it says that the film is missing;
- pipes, sockets and devices are never opened: what is opened is looked at before and after;
- one entry costs no call of the system but that which lists its folder, and its first bytes four: data sets lie
  beside a hundred thousand other files.
"""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from plainfilm.errors import SourceError
from plainfilm.io import archives

OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


def open_folder(path: Path, *, follow_links: bool) -> archives.Source:
    """Open a folder for reading: sorted, each folder's files before its folders.

    Raises SourceError for one of too many files, or one that the system does not let us list.
    """
    root = os.path.realpath(path)
    start = os.path.join(root, "")
    listing = _Listing(path, root, follow_links)
    listing.walk()
    names = tuple(name for name in listing.names if name not in listing.stored)

    def read(name: str) -> bytes:
        try:
            target = os.path.realpath(os.path.join(root, name))
        except (OSError, ValueError) as error:  # a NUL: no file is called so
            raise SourceError("film-missing") from error
        if not _is_inside(target, root) and name not in listing.followed:
            raise SourceError("member-outside", name=name)
        return read_file(target)

    def peek(name: str) -> bytes:
        """The path was found to be no link while its folder was listed; where it is one since, it is not followed."""
        target = listing.linked.get(name)
        return _first_bytes(start + name if target is None else target, NO_FOLLOW)

    return archives.Source(path, names, read, peek, listing.skipped)


def read_file(path: str) -> bytes:
    """The content of one file. Raises SourceError for what is none, or is too large; OSError."""
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # opening a device may do something, opening a pipe may never end
    except ValueError as error:  # a NUL, or letters that the locale does not know: no file is called so
        raise SourceError("film-missing") from error
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link that leads to itself
            raise SourceError("film-missing") from error
        raise
    if not is_file:
        raise SourceError("film-missing")
    with open(os.open(path, OPEN_FLAGS), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):  # it has become another since
            raise SourceError("film-missing")
        archives.check_member(os.path.basename(path), status.st_size)
        return file.read(status.st_size)  # what the system makes while it is read has size 0, and may have no end


def first_bytes(path: str) -> bytes:
    """The first bytes of a file, b"" where it is none or cannot be read."""
    try:
        return _first_bytes(path) if stat.S_ISREG(os.stat(path).st_mode) else b""
    except (OSError, ValueError):
        return b""


def _first_bytes(path: str, flags: int = 0) -> bytes:
    try:
        descriptor = os.open(path, OPEN_FLAGS | flags)
    except (OSError, ValueError):
        return b""
    try:
        return os.read(descriptor, archives.NUM_FIRST_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _is_inside(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _is_hidden(name: str) -> bool:
    """Whether one of the folders of a name begins with a dot; the name of a folder ends with `/`.

    >>> _is_hidden(".git/annex/film.png"), _is_hidden("COVID/.film.png"), _is_hidden(".dvc/")
    (True, False, True)
    """
    return any(folder.startswith(".") for folder in name.split("/")[:-1])


class _Listing:
    """What a walk through a folder finds; names are relative to the root, with `/`."""

    def __init__(self, path: Path, root: str, follow_links: bool) -> None:
        self.path, self.root, self.follow_links = path, root, follow_links
        self.names: list[str] = []
        self.skipped: dict[str, str] = {}
        self.linked: dict[str, str] = {}  # real paths of the names that are links, or lie below one
        self.followed: set[str] = set()  # those of them that lie outside the root
        self.stored: set[str] = set()  # names in hidden folders, listed by the link that leads there
        self.visited: set[str] = set()  # real paths of files and folders that were reached through a link

    def walk(self) -> None:
        """Visit each folder once. Raises SourceError."""
        waiting = [("", self.root)]  # prefix of the names, real path
        while waiting:
            prefix, folder = waiting.pop()
            try:
                with os.scandir(folder) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                if not prefix:
                    reason = error.strerror or str(error)
                    raise SourceError("source-unreadable", path=str(self.path), reason=reason) from error
                self.skipped[prefix[:-1]] = archives.UNREADABLE_FOLDER
                continue
            below = list(self._folders(prefix, folder, found))
            waiting += reversed(below)
            archives.check_count(self.path, len(self.names) + len(self.skipped))

    def _folders(self, prefix: str, folder: str, entries: list[os.DirEntry[str]]) -> Iterator[tuple[str, str]]:
        """Take the files of one folder, and give the folders in it that are to be visited."""
        is_linked = folder != os.path.join(self.root, prefix).rstrip("/").replace("/", os.sep)
        for entry in entries:
            name = prefix + entry.name
            if entry.is_symlink():
                if target := self._follow(name, entry.path):
                    yield name + "/", target
            elif entry.is_dir(follow_symlinks=False):
                if not is_linked or self._is_new(name, entry.path + os.sep):
                    yield name + "/", entry.path
            elif not entry.is_file(follow_symlinks=False):
                self.skipped[name] = archives.SPECIAL
            elif not is_linked:
                self.names.append(name)
            elif self._is_new(name, entry.path):
                self._take(name, entry.path)

    def _follow(self, name: str, link: str) -> str:
        """Take a link to a file, or skip it; the real path of a folder that is to be visited through it, else ""."""
        target = os.path.realpath(link)
        is_outside = not _is_inside(target, self.root)
        if is_outside and not self.follow_links:
            self.skipped[name] = archives.LINK
            return ""
        try:
            mode = os.stat(target).st_mode
        except OSError:  # it leads to nothing, or to itself
            self._take(name, target)
            return ""
        if stat.S_ISDIR(mode):
            return target if self._is_new(name, target + os.sep) else ""
        if not stat.S_ISREG(mode):
            self.skipped[name] = archives.SPECIAL
        elif self._is_new(name, target):
            self._take(name, target)
        return ""

    def _is_new(self, name: str, target: str) -> bool:
        """Whether what a link leads to (a folder: with a separator at its end) is listed under no other name.

        If so it is noted, else the name is skipped.
        """
        if _is_inside(target, self.root):
            is_new = _is_hidden(self._relative(target)) and not _is_hidden(name) and target not in self.visited
        else:
            is_new = target not in self.visited
        if is_new:
            self.visited.add(target)
        else:
            self.skipped[name] = archives.DOUBLE
        return is_new

    def _take(self, name: str, target: str) -> None:
        self.names.append(name)
        self.linked[name] = target
        if not _is_inside(target, self.root):
            self.followed.add(name)
        elif (real := self._relative(target)) != name:
            self.stored.add(real)

    def _relative(self, target: str) -> str:
        return target[len(self.root.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
