"""Zips as people have them: names as their makers meant them, each member reachable, and each byte checked."""

import contextlib
import io
import struct
import unicodedata
import warnings
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.data.sources.listing import list_films
from plainfilm.errors import SourceError
from plainfilm.io import files
from plainfilm.io.archives import NUM_FIRST_BYTES, Source

FILM = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8


class Raw(zipfile.ZipInfo):
    """A member whose name is written as these bytes, without the UTF-8 flag unless it is asked for."""

    def __init__(self, name: bytes, *, flag: int = 0) -> None:
        super().__init__("x")
        self.filename, self.raw, self.flag = name.decode("latin-1"), name, flag

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - the name in `zipfile`
        return self.raw, self.flag_bits & ~0x800 | self.flag


def write(path: Path, *members: tuple[Raw, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for info, content in members:
            archive.writestr(info, content, method)
    return path


def named(path: Path, *names: bytes, flag: int = 0) -> Path:
    return write(path, *((Raw(name, flag=flag), b"content %d" % number) for number, name in enumerate(names)))


def code(call, *arguments, **options) -> str:
    with pytest.raises(SourceError) as caught:
        call(*arguments, **options)
    return caught.value.code


def check_content(source: Source) -> None:
    assert [source.read(name) for name in source.names] == [b"content %d" % n for n in range(len(source.names))]
    assert [source.peek(name) for name in source.names] == [source.read(name) for name in source.names]


@pytest.mark.parametrize(
    "names",
    [
        (rb"data\COVID\a.png", rb"data\NORMAL\b.png"),
        (rb"data/COVID\a.png", rb".\data\NORMAL/b.png"),
        (b"./data/COVID/a.png", b"data/NORMAL/b.png"),
    ],
)
def test_folders_are_folders_whatever_separates_them(tmp_path, names):
    source = files.open_source(named(tmp_path / "a.zip", *names))
    assert source.names == ("data/COVID/a.png", "data/NORMAL/b.png")
    assert source.encoding == ""
    assert source.skipped == {}
    check_content(source)
    assert [entry.label for entry in list_films([tmp_path / "a.zip"]).entries] == ["COVID", "NORMAL"]


def test_empty_folders_of_windows_are_no_files(tmp_path):
    path = named(tmp_path / "a.zip", b"data\\COVID\\a.png")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(Raw(b"data\\NORMAL\\"), b"")
        marked = Raw(b"data\\VIRAL")
        marked.external_attr = 0x10
        archive.writestr(marked, b"")
    source = files.open_source(path)
    assert source.names == ("data/COVID/a.png",)
    assert source.skipped == {}


@pytest.mark.parametrize(("name", "encoding"), [("正常\\肺炎.png", "gbk"), ("結核/コロナ.png", "cp932")])
def test_names_of_other_scripts_are_read_and_the_encoding_is_told(tmp_path, name, encoding):
    source = files.open_source(named(tmp_path / "a.zip", b"plain/a.png", name.encode(encoding)))
    assert source.names == ("plain/a.png", name.replace("\\", "/"))
    assert source.encoding == encoding
    check_content(source)


def test_names_of_macos_are_composed_and_read_back(tmp_path):
    composed = "für/é.png"
    decomposed = unicodedata.normalize("NFD", composed).encode()
    for flag in (0, 0x800):
        source = files.open_source(named(tmp_path / f"{flag}.zip", decomposed, flag=flag))
        assert source.names == (composed,)
        assert source.encoding == ""
        check_content(source)


def test_a_table_and_the_owner_say_what_the_script_does_not(tmp_path):
    path = named(tmp_path / "a.zip", "常規/a.png".encode("big5"), "Größe".encode("big5", "ignore") + b".png")
    assert files.open_source(path).encoding == "cp437"
    told = files.open_source(path, fits=lambda names: names.count("常規/a.png"))
    assert (told.names[0], told.encoding) == ("常規/a.png", "cp950")
    owned = files.open_source(path, encoding="big5")
    assert (owned.names[0], owned.encoding) == ("常規/a.png", "big5")
    check_content(owned)
    assert code(files.open_source, path, encoding="klingon") == "encoding-unknown"
    assert code(files.open_source, path, encoding="ascii") == "encoding-unfit"


def test_a_flag_that_lies_does_not_make_the_archive_unreadable(tmp_path):
    source = files.open_source(named(tmp_path / "a.zip", "正常/a.png".encode("gbk"), flag=0x800))
    assert source.names == ("正常/a.png",)
    assert source.encoding == "gbk"


def test_the_unicode_path_of_info_zip_is_the_name_where_its_checksum_fits(tmp_path):
    raw, name = b"?.png", "正常/a.png"
    for checksum, expected in ((zlib.crc32(raw), name), (0, "?.png")):
        info = Raw(raw)
        field = b"\1" + checksum.to_bytes(4, "little") + name.encode()
        info.extra = struct.pack("<2H", 0x7075, len(field)) + field
        source = files.open_source(write(tmp_path / "a.zip", (info, b"content 0")))
        assert source.names == (expected,)
        check_content(source)


def test_headers_that_spell_a_name_differently_are_no_damage(tmp_path):
    path = named(tmp_path / "a.zip", rb"COVID\a.png")
    data = path.read_bytes()
    path.write_bytes(data.replace(rb"COVID\a.png", b"COVID/a.png", 1))
    check_content(files.open_source(path))


@pytest.mark.parametrize(
    "names",
    [
        (b"A/a.png", b"A\\a.png", b"./A/a.png"),
        ("A/é.png".encode(), unicodedata.normalize("NFD", "A/é.png").encode(), "A/é.png".encode()),
        (b"A/a", b"A/a", b"A\\a"),
        (b"A/a.png", b"A/a (2).png", b"A/a.png"),
    ],
)
def test_no_member_takes_the_place_of_another(tmp_path, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `zipfile` says of the same name twice that it is one
        source = files.open_source(named(tmp_path / "a.zip", *names))
    assert len(set(source.names)) == 3
    assert {Path(name).parent.as_posix() for name in source.names} == {"A"}
    assert len({Path(name).suffix for name in source.names}) == 1
    check_content(source)


def test_links_and_devices_are_skipped_by_name(tmp_path):
    members = []
    for name, mode in (("A/link.png", 0o120777), ("A/pipe.png", 0o010666), ("A/film.png", 0o100644)):
        info = Raw(name.encode())
        info.external_attr = mode << 16
        members.append((info, b"content 0"))
    source = files.open_source(write(tmp_path / "a.zip", *members))
    assert source.names == ("A/film.png",)
    assert source.skipped == {"A/link.png": "link", "A/pipe.png": "special"}
    check_content(source)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("size", [0, 1, NUM_FIRST_BYTES - 1, NUM_FIRST_BYTES, NUM_FIRST_BYTES + 1, 100_000])
def test_a_peek_is_the_beginning_of_the_content(tmp_path, method, size):
    content = (FILM * 50)[:size]
    source = files.open_source(write(tmp_path / "a.zip", (Raw(b"a.png"), content), method=method))
    assert source.peek("a.png") == content[:NUM_FIRST_BYTES]
    assert source.read("a.png") == content
    assert source.peek("no such name") == b""


def test_a_peek_of_what_is_not_read_is_empty(tmp_path):
    path = write(tmp_path / "a.zip", (Raw(b"a.png"), FILM), method=zipfile.ZIP_BZIP2)
    source = files.open_source(path)
    assert source.peek("a.png") == b""
    assert code(source.read, "a.png") == "member-method"
    path.write_bytes(b"")
    assert source.peek("a.png") == b""


def test_a_zip_behind_a_program_is_read_and_one_behind_a_zip_is_refused(tmp_path):
    inner = named(tmp_path / "a.zip", b"A/a.png").read_bytes()
    (tmp_path / "program.exe").write_bytes(b"MZ a program that unpacks itself" + inner)
    check_content(files.open_source(tmp_path / "program.exe"))
    (tmp_path / "joined.zip").write_bytes(inner + inner)
    assert code(files.open_source, tmp_path / "joined.zip") == "source-joined"


def test_a_zip_of_64_bits_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive, archive.open("A/a.png", "w", force_zip64=True) as member:
        member.write(b"content 0")
    check_content(files.open_source(tmp_path / "a.zip"))
    data = (tmp_path / "a.zip").read_bytes()
    end = data.rindex(b"PK\5\6")
    size, offset = struct.unpack_from("<2I", data, end + 12)
    far = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, offset)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    full = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    (tmp_path / "a.zip").write_bytes(data[:end] + far + locator + full)
    check_content(files.open_source(tmp_path / "a.zip"))


@pytest.mark.parametrize("start", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\1\0", b"\x28\xb5\x2f\xfd"])
def test_other_archives_are_called_by_their_name(tmp_path, start):
    (tmp_path / "films.zip").write_bytes(start + bytes(2000))
    assert code(files.open_source, tmp_path / "films.zip") == "source-other-archive"


@given(st.data())
def test_hostile_directories_end_in_errors_of_ours(tmp_path_factory, data):
    """Any bytes of a directory may be any other: what is listed is read, or refused."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"A/{number}.png", FILM)
    damaged = bytearray(buffer.getvalue())
    first = damaged.index(b"PK\1\2")
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(first, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(damaged)
    try:
        source = files.open_source(path)
    except SourceError:
        return
    for name in source.names:
        assert len(source.peek(name)) <= NUM_FIRST_BYTES
        with contextlib.suppress(SourceError):
            assert source.read(name) in (FILM, b"")
