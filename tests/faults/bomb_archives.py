"""Archives and folders that are bombs, or whose names and links lead out; each has nothing in it that may be answered."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, cast

SECRET = b"the secret beside the archive"
MEGABYTE = bytes(2**20)
LEADING_OUT = ("../outside/secret.png", "a/../../outside/secret.png", "..\\outside\\secret.png", "/dev/zero.png")


def _zip(
    path: Path, members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content, method)
    return path


def _directory_of(path: Path, count: int, claimed: int, *, packed: int = 1, unpacked: int = 1) -> Path:
    """A zip (64) with one member and a directory in which it stands `count` times; its end says `claimed`."""
    head = struct.pack("<4s5HIIIHH", b"PK\3\4", 20, 0, 0, 0, 0, zlib.crc32(b"x"), 1, 1, 5, 0) + b"a.pngx"
    entry = struct.pack("<4s6HIIIHHHHHII", b"PK\1\2", 45, 20, 0, 8, 0, 0, 0, packed, unpacked, 13, 0, 0, 0, 0, 0, 0)
    directory = b"".join(entry + b"A/%07d.png" % number for number in range(count))
    sizes = struct.pack("<QQQQ", claimed, claimed, len(directory), len(head))
    far_end = struct.pack("<4sQHHII", b"PK\6\6", 44, 45, 45, 0, 0) + sizes
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(head) + len(directory), 1)
    end = struct.pack("<4s4HIIH", b"PK\5\6", 0, 0, min(claimed, 0xFFFF), min(claimed, 0xFFFF), 2**32 - 1, 2**32 - 1, 0)
    path.write_bytes(head + directory + far_end + locator + end)
    return path


def _patched(path: Path, before: bytes, after: bytes) -> Path:
    data = path.read_bytes()
    assert before in data
    path.write_bytes(data.replace(before, after))
    return path


def _encrypted(folder: Path) -> Path:
    path = _zip(folder / "a.zip", [("A/a.png", SECRET)], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for place in (data.index(b"PK\3\4") + 6, data.index(b"PK\1\2") + 8):
        data[place] |= 1
    path.write_bytes(data)
    return path


def _linked_zip(folder: Path) -> Path:
    link = zipfile.ZipInfo("A/a.png")
    link.external_attr = 0o120777 << 16
    return _zip(folder / "a.zip", [(link, b"../outside/secret.png")])


def _lying(folder: Path) -> Path:
    size = 100 * 2**20
    path = _zip(folder / "a.zip", [("A/a.png", bytes(size))])
    return _patched(path, size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


def _one_name(folder: Path) -> Path:
    """A zip with one member, which stands under one name 10^5 times in its directory."""
    path = _directory_of(folder / "a.zip", 10**5, 10**5, packed=0, unpacked=0)
    data = path.read_bytes()
    start = data.index(b"PK\1\2")
    entry = data[start : start + 59]
    path.write_bytes(data[:start] + entry * 10**5 + data[start + 59 * 10**5 :])
    return path


def _joined(folder: Path) -> Path:
    path = _zip(folder / "a.zip", [("A/a.png", SECRET)])
    path.write_bytes(path.read_bytes() * 2)
    return path


def _nested(folder: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("A/a.png", bytes(100 * 2**20))
    return _zip(folder / "a.zip", [("A/a.png", inner.getvalue()), ("A/b.zip", inner.getvalue())])


def _header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, link
    return info.tobuf(tarfile.GNU_FORMAT)


def _tar(path: Path, *parts: bytes) -> Path:
    path.write_bytes(b"".join(parts) + bytes(1024))
    return path


def _packed_tar(path: Path, opened: Callable[..., Any], head: bytes, megabytes: int) -> Path:
    with cast(IO[bytes], opened(path, "wb")) as file:
        file.write(head)
        for _ in range(megabytes):
            file.write(MEGABYTE)
    return path


def _packed_links(path: Path) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for number in range(20_000):
            info = tarfile.TarInfo(f"A/{number}" + "n" * 900 + ".png")
            info.type, info.linkname = tarfile.SYMTYPE, "../outside/secret.png"
            archive.addfile(info)
    return path


def _backwards(folder: Path) -> Path:
    """A member of negative size: the next header would be its own."""
    head = bytearray(_header("A/a.png"))
    head[124:136] = b"\xff" * 4 + struct.pack(">q", -512)
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return _tar(folder / "a.tar", _header("A/b.png"), bytes(head))


def _sparse(folder: Path) -> Path:
    head = bytearray(_header("A/a.png", kind=tarfile.GNUTYPE_SPARSE))
    head[483:495] = b"01777777777\0"  # 256 MB of nothing
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return _tar(folder / "a.tar", bytes(head))


def _special(folder: Path) -> Path:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    headers = [_header(f"A/{number}.png", 0, kind, "../outside/secret.png") for number, kind in enumerate(kinds)]
    return _tar(folder / "a.tar", *headers)


def _long_name(size: int) -> bytes:
    return _header("././@LongLink", size, tarfile.GNUTYPE_LONGNAME)


def _folder_of_links(folder: Path) -> Path:
    films = folder / "films/A"
    films.mkdir(parents=True)
    (films / "link.png").symlink_to("../../../outside/secret.png")
    (films / "absolute.png").symlink_to(folder.parent / "outside/secret.png")
    (films / "zero.png").symlink_to("/dev/zero")
    (films / "memory.png").symlink_to("/proc/self/mem")
    (films / "loop.png").symlink_to("loop.png")
    (folder / "films/outside").symlink_to(folder.parent / "outside")
    os.mkfifo(films / "pipe.png")
    return folder / "films"


def _folder_of_names(folder: Path) -> Path:
    films = folder / "films/A"
    films.mkdir(parents=True)
    for name in ("CON.png", "NUL.png", "film.png", "FILM.PNG", "n" * 250 + ".png", "line\nbreak.png", "\x1b[2J.png"):
        (films / name).write_bytes(b"no film")
    return folder / "films"


def _table(folder: Path) -> Path:
    names = ("a\0.png", "/dev/zero", "n" * 5000 + ".png", "/proc/self/mem")
    (folder / "table.csv").write_bytes(b"path,label\n" + b"".join(b"%s,A\n" % name.encode() for name in names))
    return folder / "table.csv"


ARCHIVES: dict[str, Callable[[Path], Path]] = {
    "zip of 10^6 entries": lambda folder: _directory_of(folder / "a.zip", 10**6, 10**6),
    "zip of 10^6 entries whose end says 3": lambda folder: _directory_of(folder / "a.zip", 10**6, 3),
    "zip whose members overlap": lambda folder: _directory_of(folder / "a.zip", 1000, 1000, packed=10**5),
    "zip that says it unpacks to 1 TB": lambda folder: _directory_of(folder / "a.zip", 1000, 1000, unpacked=2**30),
    "zip bomb": lambda folder: _zip(folder / "a.zip", [("A/a.png", bytes(200 * 2**20))]),
    "zip bomb beside other content": lambda folder: _zip(
        folder / "a.zip", [("A/a.png", bytes(50 * 2**20)), ("more.bin", os.urandom(2**20))]
    ),
    "zip bomb in bzip2": lambda folder: _zip(
        folder / "a.zip", [("A/a.png", bytes(2**25)), ("more.bin", os.urandom(2**20))], zipfile.ZIP_BZIP2
    ),
    "zip bomb in LZMA": lambda folder: _zip(
        folder / "a.zip", [("A/a.png", bytes(2**25)), ("more.bin", os.urandom(2**20))], zipfile.ZIP_LZMA
    ),
    "zip with lying sizes": _lying,
    "nested zip": _nested,
    "encrypted zip": _encrypted,
    "zip with a link": _linked_zip,
    "zip of names that lead out": lambda folder: _zip(folder / "a.zip", [(name, SECRET) for name in LEADING_OUT]),
    "zip of odd names": lambda folder: _zip(
        folder / "a.zip",
        [(name, b"no film") for name in ("A/CON.png", "A/a.png", "a/A.PNG", "A/" + "n" * 5000 + ".png", "A/nul\0.png")],
    ),
    "zip with a name twice": lambda folder: _patched(
        _zip(folder / "a.zip", [("A/a.png", b"no film"), ("A/b.png", b"no film")]), b"A/b.png", b"A/a.png"
    ),
    "zip with one name 10^5 times": _one_name,
    "zips joined to one file": _joined,
    "tar.gz of 20,000 links with long names": lambda folder: _packed_links(folder / "a.tar.gz"),
    "tar.gz of zeros": lambda folder: _packed_tar(folder / "a.tar.gz", gzip.open, b"", 200),
    "tar.bz2 with a member of 200 MB": lambda folder: _packed_tar(
        folder / "a.tar.bz2", bz2.open, _header("A/a.png", 200 * 2**20), 200
    ),
    "tar.xz with a member of 200 MB": lambda folder: _packed_tar(
        folder / "a.tar.xz", lzma.open, _header("A/a.png", 200 * 2**20), 200
    ),
    "tar.gz with a name of 200 MB": lambda folder: _packed_tar(
        folder / "a.tar.gz", gzip.open, _header("A/a.png") + _long_name(200 * 2**20), 200
    ),
    "tar of 50,000 nested headers": lambda folder: _tar(
        folder / "a.tar", _header("A/a.png"), (_long_name(1) + b"a".ljust(512, b"\0")) * 50_000
    ),
    "tar in a circle": _backwards,
    "tar with a sparse member": _sparse,
    "tar of links, devices and pipes": _special,
    "tar of names that lead out": lambda folder: _tar(
        folder / "a.tar", *(_header(name, len(SECRET)) + SECRET.ljust(512, b"\0") for name in LEADING_OUT)
    ),
    "tar without its end": lambda folder: (folder / "a.tar").write_bytes(_header("A/a.png")) and folder / "a.tar",
    "folder of links and pipes": _folder_of_links,
    "folder of odd names": _folder_of_names,
    "table of odd names": _table,
    "/dev/zero": lambda _: Path("/dev/zero"),
}
