"""Tars as people have them: one pass through a compressed one, names as their makers meant them, nothing lost."""

import contextlib
import io
import os
import tarfile
import tracemalloc
from _compression import DecompressReader
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainfilm.errors import SourceError
from plainfilm.io import files
from plainfilm.io import tars as forward
from plainfilm.io.archives import NUM_FIRST_BYTES
from plainfilm.io.tars import Forward

KINDS = ("", "gz", "bz2", "xz")


def noise(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def write(path: Path, content: dict[str, bytes], kind: str = "gz", **options) -> Path:
    with tarfile.open(path, f"w:{kind}", **options) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def code(call, *arguments) -> str:
    with pytest.raises(SourceError) as caught:
        call(*arguments)
    return caught.value.code


@pytest.fixture
def rewinds(monkeypatch) -> list[int]:
    """Grows by one whenever a decompressor goes back to the beginning."""
    found: list[int] = []
    original = DecompressReader._rewind
    monkeypatch.setattr(DecompressReader, "_rewind", lambda self: (found.append(1), original(self)))
    return found


# --- one pass --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS[1:])
@pytest.mark.parametrize("threads", [1, 2, 4, 16])
def test_a_compressed_tar_is_unpacked_once_for_listing_and_once_for_reading(
    tmp_path, rewinds, monkeypatch, kind, threads
):
    content = {f"{'AB'[number % 2]}/{number:03}.png": noise(5000 + number, number) for number in range(100)}
    source = files.open_source(write(tmp_path / "a.tar", content, kind))
    opened = []
    original = Forward._reach

    def reach(self, number):
        before = self.file
        data = original(self, number)
        opened.extend([1] if self.file is not before else [])
        return data

    monkeypatch.setattr(Forward, "_reach", reach)
    assert [source.peek(name) for name in source.names] == [data[:NUM_FIRST_BYTES] for data in content.values()]
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(source.read, source.names)) == list(content.values())
    assert rewinds == []
    assert len(opened) == 1


def test_what_is_left_out_between_the_films_costs_no_second_pass(tmp_path, rewinds):
    content = {f"A/{number:03}{end}": noise(2000, number) for number in range(60) for end in (".json", ".png")}
    source = files.open_source(write(tmp_path / "a.tar.gz", content))
    films = [name for name in source.names if name.endswith(".png")]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(source.read, films)) == [content[name] for name in films]
    assert rewinds == []


def test_members_of_no_bytes_do_not_go_back(tmp_path, rewinds):
    content = {f"A/{number}.png": noise(number % 3 * 512, number) for number in range(30)}
    source = files.open_source(write(tmp_path / "a.tar.gz", content))
    assert [source.read(name) for name in source.names] == list(content.values())
    assert rewinds == []


SIZES = st.lists(st.integers(0, 4000), min_size=1, max_size=12)


@settings(max_examples=40)
@given(sizes=SIZES, kept=st.integers(0, 8000), data=st.data())
def test_any_order_gives_the_right_content_within_the_memory(tmp_path_factory, sizes, kept, data):
    content = {f"{number}.png": noise(size, number) for number, size in enumerate(sizes)}
    path = write(tmp_path_factory.getbasetemp() / "order.tar.gz", content)
    source = files.open_source(path)
    wanted = data.draw(st.lists(st.sampled_from(source.names), max_size=30))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "MAX_KEPT_BYTES", kept)
        for name in wanted:
            assert source.read(name) == content[name]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(source.read, wanted)) == [content[name] for name in wanted]


@given(sizes=SIZES, kept=st.integers(0, 8000), data=st.data())
def test_what_is_kept_is_counted_and_bounded(sizes, kept, data):
    members, start = {}, 0
    for number, size in enumerate(sizes):
        members[str(number)] = (start + 512, size)
        start += 512 + size
    stream = noise(start, 0)
    reader = Forward(members, lambda: io.BytesIO(stream))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "MAX_KEPT_BYTES", kept)
        for name in data.draw(st.lists(st.sampled_from(list(members)), max_size=30)):
            place, size = members[name]
            assert reader.read(name) == stream[place : place + size]
            assert reader.num_kept_bytes == sum(map(len, reader.kept.values())) <= kept


def test_reading_a_far_member_keeps_no_more_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(forward, "MAX_KEPT_BYTES", 2**20)
    content = {f"{number}.png": noise(2**18, number) for number in range(60)}
    source = files.open_source(write(tmp_path / "a.tar.gz", content))
    tracemalloc.start()
    try:
        assert source.read("59.png") == content["59.png"]
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    assert source.read("0.png") == content["0.png"]


def test_a_stream_that_fails_is_begun_again():
    good, calls = bytes(range(200)), []

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if len(calls) == 1:
                raise OSError("gone")
            return super().read(size)

    reader = Forward({"a": (0, 100), "b": (100, 100)}, lambda: (calls.append(1), Failing(good))[1])
    with pytest.raises(OSError, match="gone"):
        reader.read("b")
    assert (reader.read("a"), reader.read("b")) == (good[:100], good[100:])


def test_sources_that_are_dropped_close_their_files(tmp_path):
    source = files.open_source(write(tmp_path / "a.tar.gz", {"a.png": b"x" * 1000}))
    source.read("a.png")
    is_open = [link for link in os.listdir("/proc/self/fd") if _target(link) == str(tmp_path / "a.tar.gz")]
    assert len(is_open) == 1
    del source
    assert [link for link in os.listdir("/proc/self/fd") if _target(link) == str(tmp_path / "a.tar.gz")] == []


def _target(descriptor: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return ""


# --- names and kinds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("encoding", ["gbk", "cp932"])
def test_names_that_are_no_utf_8_are_read_as_what_they_are(tmp_path, kind, encoding):
    name = "肺炎/正常.png"
    path = write(tmp_path / "a.tar", {name: b"film"}, kind, format=tarfile.GNU_FORMAT, encoding=encoding)
    source = files.open_source(path)
    assert (source.names, source.encoding) == ((name,), encoding)
    assert source.read(name) == source.peek(name) == b"film"
    assert files.open_source(path, encoding=encoding).names == (name,)
    assert code(lambda: files.open_source(path, encoding="utf-8")) == "encoding-unfit"


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_utf_8_names_need_no_encoding_and_are_composed(tmp_path, form):
    source = files.open_source(write(tmp_path / "a.tar", {"正常/e\u0301.png": b"film"}, "", format=form))
    assert (source.names, source.encoding) == (("正常/\u00e9.png",), "")
    assert source.read("正常/\u00e9.png") == b"film"


def test_long_names_of_another_encoding_are_whole_or_refused(tmp_path):
    names = {"正" * 400 + ".png": b"film", "常" * 1500 + ".png": b"too long"}
    path = write(tmp_path / "a.tar", names, "gz", format=tarfile.GNU_FORMAT, encoding="gbk")
    source = files.open_source(path)
    assert source.names == ("正" * 400 + ".png",)
    assert list(source.skipped.values()) == ["unsafe"]


def test_links_are_skipped_by_name_and_their_film_counted_once(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo("A/a.png")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"film"))
        for name, kind in (("A/hard.png", tarfile.LNKTYPE), ("A/soft.png", tarfile.SYMTYPE), ("/up", tarfile.SYMTYPE)):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, "A/a.png"
            archive.addfile(link)
        for name, kind in (("A/pipe", tarfile.FIFOTYPE), ("A/zero", tarfile.CHRTYPE), ("B", tarfile.DIRTYPE)):
            other = tarfile.TarInfo(name)
            other.type = kind
            archive.addfile(other)
    source = files.open_source(path)
    assert source.names == ("A/a.png",)
    assert source.skipped == {
        "A/hard.png": "link",
        "A/soft.png": "link",
        "/up": "unsafe",
        "A/pipe": "special",
        "A/zero": "special",
    }


def test_a_member_that_was_added_again_is_reachable_as_well(tmp_path):
    with tarfile.open(write(tmp_path / "a.tar", {"A/a.png": b"old"}, ""), "a") as archive:
        info = tarfile.TarInfo("./A/a.png")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"new"))
    source = files.open_source(tmp_path / "a.tar")
    assert {name: source.read(name) for name in source.names} == {"A/a.png": b"old", "A/a (2).png": b"new"}


@pytest.mark.parametrize("kind", KINDS)
def test_tars_joined_to_one_file_are_refused(tmp_path, kind):
    first = write(tmp_path / "a.tar", {"A/a.png": b"film"}, kind).read_bytes()
    second = write(tmp_path / "b.tar", {"B/b.png": b"film"}, kind).read_bytes()
    (tmp_path / "both.tar").write_bytes(first + second)
    assert code(files.open_source, tmp_path / "both.tar") == "source-joined"


def test_what_is_no_tar_behind_the_end_is_nobodys_film(tmp_path):
    path = write(tmp_path / "a.tar", {"A/a.png": b"film"}, "")
    path.write_bytes(path.read_bytes() + b"signature" * 100)
    assert files.open_source(path).names == ("A/a.png",)
