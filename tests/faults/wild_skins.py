"""Skins: a source of the generator as a folder or as an archive of the programs that people pack with."""

import binascii
import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from faults.wild_truth import Draft, File, Source

Named = Mapping[str, File]
UTF8_FLAG = 0x800  # of a zip's member: its name is UTF-8
UNICODE_PATH = 0x7075  # Info-ZIP: the name in UTF-8, beside the one in the maker's code page


class _Member(zipfile.ZipInfo):
    """A member of a zip whose name has these bytes, and the flag or not."""

    def __init__(self, name: bytes, *, is_flagged: bool) -> None:
        super().__init__(name.decode("latin-1"))
        self.raw, self.is_flagged = name, is_flagged

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, self.flag_bits & ~UTF8_FLAG | UTF8_FLAG * self.is_flagged


def _zip(
    files: Named,
    *,
    encoding: str = "utf-8",
    is_flagged: bool = True,
    named: Callable[[str], str] = lambda path: path,
    has_folders: bool = False,
    has_unicode_path: bool = False,
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in _folders(files) if has_folders else ():
            archive.writestr(f"{folder}/", b"")
        for path, file in files.items():
            name = named(path).encode(encoding)
            member = _Member(name, is_flagged=is_flagged)
            if has_unicode_path:
                whole = path.encode()
                content = struct.pack("<BI", 1, binascii.crc32(name)) + whole
                member.extra = struct.pack("<HH", UNICODE_PATH, len(content)) + content
            archive.writestr(member, file.content)
    return buffer.getvalue()


def _folders(files: Named) -> list[str]:
    """The folders that hold the files, each after those that hold it."""
    above = (parent for path in files for parent in PurePosixPath(path).parents)
    return sorted({str(folder) for folder in above} - {"."})


def _tar(files: Named, *, compress: Callable[[bytes], bytes] = bytes, prefix: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, file in files.items():
            info = tarfile.TarInfo(prefix + path)
            info.size = len(file.content)
            archive.addfile(info, io.BytesIO(file.content))
    return compress(buffer.getvalue())


def _mixed(path: str) -> str:
    head, _, last = path.rpartition("/")
    return f"{head}\\{last}" if head else last


SKINS: dict[str, tuple[str, Callable[[Named], bytes]]] = {  # the ending, and what packs the files; "folder" is none
    "zip": (".zip", _zip),
    "zip with folders": (".zip", partial(_zip, has_folders=True)),
    "zip with backslashes": (".zip", partial(_zip, named=lambda path: path.replace("/", "\\"), is_flagged=False)),
    "zip with mixed slashes": (".zip", partial(_zip, named=_mixed)),
    "zip in GBK": (".zip", partial(_zip, encoding="gbk", is_flagged=False)),
    "zip in Shift-JIS": (".zip", partial(_zip, encoding="shift_jis", is_flagged=False)),
    "zip in UTF-8 without flag": (".zip", partial(_zip, is_flagged=False)),
    "zip of macOS": (".zip", partial(_zip, named=partial(normalize, "NFD"))),
    "zip with Unicode paths": (".zip", partial(_zip, encoding="gbk", is_flagged=False, has_unicode_path=True)),
    "tar": (".tar", _tar),
    "tar with ./": (".tar", partial(_tar, prefix="./")),
    "tar.gz": (".tar.gz", partial(_tar, compress=partial(gzip.compress, mtime=0))),
    "tar.bz2": (".tar.bz2", partial(_tar, compress=bz2.compress)),
    "tar.xz": (".tar.xz", partial(_tar, compress=lzma.compress)),
}


def write(draft: Draft, folder: Path) -> None:
    """Write a data set into a new folder: what lies outside, sources, tables, recipe."""
    folder.mkdir()
    for name, content in draft.outside.items():
        _put(folder / name, File(content))
    for source in draft.sources:
        if source.skin == "folder":
            (folder / source.name).mkdir(parents=True, exist_ok=True)
            for path, file in source.files.items():
                if not file.is_behind:
                    _put(folder / source.name / path, file)
        else:
            (folder / source.name).write_bytes(SKINS[source.skin][1](source.files))
        if source.link:
            (folder / source.link).symlink_to(source.name)
    for table in draft.tables:
        _put(folder / table.name, File(table.data))
    if draft.recipe:
        (folder / "recipe.toml").write_text(draft.recipe)


def _put(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if file.link:
        path.symlink_to(file.link)
    elif file.is_pipe:
        os.mkfifo(path)
    else:
        path.write_bytes(file.content)


def words(draft: Draft, folder: Path) -> list[str]:
    """The sources and options of a data set for the command line."""
    sources = [str(folder / (source.table or source.link or source.name)) for source in draft.sources]
    given = [
        folder / table.name for table in draft.tables if table.name not in {source.table for source in draft.sources}
    ]
    return [*sources, *(word for path in given for word in ("--table", str(path))), *draft.options]


def named(name: str, skin: str) -> Source:
    """An empty source."""
    return Source(name if skin == "folder" else name + SKINS[skin][0], skin)
