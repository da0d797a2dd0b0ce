"""Files: whole or not at all; archives and folders read within limits."""

import io
import os
import subprocess
import sys
import tarfile
import threading
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plainfilm.errors import OutputError, SourceError
from plainfilm.io import archives, files

AWKWARD_NAMES = ("正常/胸片 一.png", "with space/a b.png", "line\nbreak/x.png", "plain/film.png")
CONTENT = {name: f"content of {name!r}".encode() * 300 for name in AWKWARD_NAMES}


def write_folder(path: Path, content: dict[str, bytes]) -> Path:
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def write_zip(path: Path, content: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def write_tar(path: Path, content: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:" + {".gz": "gz", ".xz": "xz", ".bz2": "bz2"}.get(path.suffix, "")) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def error_code(call, *arguments) -> str:
    with pytest.raises((SourceError, OutputError)) as caught:
        call(*arguments)
    return caught.value.code


# --- writing ---------------------------------------------------------------------------------------------------------


class Cut(Exception):
    pass


def test_a_broken_write_leaves_the_old_content_and_nothing_else(tmp_path):
    target = tmp_path / "model.onnx"
    target.write_bytes(b"old")

    def write_half() -> None:
        with files.replacing(target) as file:
            file.write(b"half of the new")
            file.flush()
            raise Cut

    with pytest.raises(Cut):
        write_half()
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.onnx"]


def test_readers_meet_the_old_file_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with files.replacing(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
    assert target.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def write_elsewhere(target: Path) -> None:
    """Write a file in a process of its own."""
    program = "import sys; from pathlib import Path; from plainfilm.io import files; files.write_bytes(Path(sys.argv[1]), b'x')"
    subprocess.run([sys.executable, "-c", program, str(target)], check=True)


def test_another_process_removes_what_nobody_holds_and_lets_alone_what_somebody_writes(tmp_path):
    left, other = tmp_path / ".plainfilm-left", tmp_path / ".plainfilm-folder"
    left.write_bytes(b"of a process that was killed")
    other.mkdir()
    with files.replacing(tmp_path / "a") as file:
        file.write(b"new")
        assert not left.exists()
        left.write_bytes(b"again")
        write_elsewhere(tmp_path / "b")
        assert not left.exists()
        assert Path(file.name).exists()
    assert (tmp_path / "a").read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == [".plainfilm-folder", "a", "b"]


def test_a_temporary_folder_is_private_and_vanishes_also_after_its_process(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    left, target = tmp_path / ".plainfilm-left", tmp_path / "target"
    left.touch()
    target.mkdir()
    (tmp_path / ".plainfilm-left.folder").symlink_to(target)
    (target / "film").touch()
    with files.temporary_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "below").mkdir()
        (folder / "below" / "film").touch()
        write_elsewhere(tmp_path / "b")
        assert (folder / "below" / "film").exists()
    assert not left.exists()
    assert (target / "film").exists(), "a link was followed"
    assert sorted(os.listdir(tmp_path)) == [".plainfilm-left.folder", "b", "target"]


def test_a_new_folder_may_hold_what_a_killed_process_left(tmp_path):
    (tmp_path / ".plainfilm-left").touch()
    assert files.new_folder(tmp_path) == tmp_path
    assert os.listdir(tmp_path) == []


def test_replacing_syncs_the_file_and_then_its_folder(tmp_path, monkeypatch):
    synced = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.path.isdir(f"/proc/self/fd/{fd}")), original(fd)))
    files.write_bytes(tmp_path / "a", b"x")
    assert synced == [False, True]


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_follows_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        files.write_bytes(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask


def test_writing_never_changes_the_umask_of_other_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask belongs to the whole process"))
    files.write_bytes(tmp_path / "a", b"x")


def test_where_no_file_can_be_is_an_output_error(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "file" / "a", tmp_path / "missing" / "a", tmp_path / "folder"):
        assert error_code(files.write_bytes, target, b"x") == "output-unwritable"
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]
    assert error_code(files.writable_folder, tmp_path / "file" / "below") == "output-unwritable"


def test_a_file_that_may_not_be_so_large_leaves_the_old_one(tmp_path):
    program = """
import resource, signal, sys
from pathlib import Path
from plainfilm.errors import StorageError
from plainfilm.io.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_bytes(Path(sys.argv[1]), b"x" * 100_000)
except StorageError as error:
    print(error.code, error.parameters["needed_bytes"])
"""
    target = tmp_path / "a"
    target.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", program, str(target)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["output-too-large", "100000"]
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_json_has_no_numbers_that_other_readers_refuse(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert os.listdir(tmp_path) == []


def test_new_folder_takes_only_an_empty_place(tmp_path):
    assert files.new_folder(tmp_path / "a" / "b").is_dir()
    files.new_folder(tmp_path / "a" / "b")
    assert error_code(files.new_folder, tmp_path / "a") == "output-exists"
    (tmp_path / "file").write_bytes(b"")
    assert error_code(files.new_folder, tmp_path / "file") == "output-exists"


def test_a_pipe_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert error_code(files.write_bytes, tmp_path / "pipe", b"content") == "output-unwritable"
    assert (tmp_path / "pipe").is_fifo()


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "a.zip", "a.tar", "a.tar.gz", "a.tar.xz", "a.tar.bz2"])
def test_every_kind_of_source_gives_the_same_names_and_bytes_in_any_order_from_threads(tmp_path, kind):
    path = tmp_path / kind
    write = write_folder if kind == "folder" else write_zip if kind == "a.zip" else write_tar
    source = files.open_source(write(path, CONTENT))
    assert sorted(source.names) == sorted(CONTENT)
    wanted = [name for name in (*reversed(source.names), *source.names) for _ in range(10)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(source.read, wanted)) == [CONTENT[name] for name in wanted]


def test_the_extension_does_not_matter(tmp_path):
    assert files.open_source(write_zip(tmp_path / "a.tar", CONTENT)).names
    assert files.open_source(write_tar(tmp_path / "a.zip", CONTENT)).names


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path):
    inner = write_zip(tmp_path / "inner.zip", {"inner.png": b"x"}).read_bytes()
    source = files.open_source(write_tar(tmp_path / "a.tar", {"outer.png": b"y", "inner.zip": inner}))
    assert source.names == ("outer.png", "inner.zip")


def test_what_is_no_source_says_so(tmp_path):
    assert error_code(files.open_source, tmp_path / "missing") == "source-missing"
    for name, data in {"text.zip": b"hello " * 500, "empty.zip": b"", "bytes.tar": os.urandom(5000)}.items():
        (tmp_path / name).write_bytes(data)
        assert error_code(files.open_source, tmp_path / name) == "source-unknown-kind"


@pytest.mark.parametrize("kind", ["a.zip", "a.tar", "a.tar.gz", "a.tar.xz"])
def test_an_archive_cut_anywhere_is_a_source_error(tmp_path, kind):
    content = {f"A/{number}.png": os.urandom(3000) for number in range(4)}
    whole = (write_zip if kind == "a.zip" else write_tar)(tmp_path / kind, content).read_bytes()
    length = len(whole) if kind != "a.tar" else 4 * (512 + 3072)  # beyond, a tar is only padding
    for share in (0.3, 0.6, 0.9):
        (tmp_path / kind).write_bytes(whole[: int(share * length)])
        assert error_code(files.open_source, tmp_path / kind) in ("source-damaged", "source-unknown-kind")
    if kind == "a.zip":
        assert error_code(files.open_source, tmp_path / kind) == "source-damaged"


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz", "a.tar.xz", "a.tar.bz2"])
def test_no_flipped_byte_escapes_as_another_error_or_as_other_content(tmp_path, kind):
    content = {f"A/{number}.png": os.urandom(700) + bytes(3000) for number in range(3)}
    whole = (write_zip if kind == "a.zip" else write_tar)(tmp_path / kind, content).read_bytes()
    num_found = 0
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / kind).write_bytes(damaged)
        try:
            source = files.open_source(tmp_path / kind)
            for name in source.names:
                assert source.read(name) in content.values()
        except SourceError:
            num_found += 1
    assert num_found > 75


def test_a_damaged_member_harms_no_other(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.png": b"A" * 5000, "b.png": b"B" * 5000}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"A" * 100, b"A" * 99 + b"X", 1))
    source = files.open_source(path)
    assert error_code(source.read, "a.png") == "member-damaged"
    assert source.read("b.png") == b"B" * 5000


def test_names_that_lead_out_of_an_archive_are_not_listed(tmp_path):
    names = ("/etc/a.png", "../a.png", "a/../../b.png", "\\a.png", "..\\a.png", "good/a.png")
    content = dict.fromkeys(names, b"x")
    litter = {"__MACOSX/good/._a.png": b"x"}
    for source in (
        files.open_source(write_tar(tmp_path / "a.tar", content | litter)),
        files.open_source(write_zip(tmp_path / "a.zip", content | litter)),
    ):
        assert source.names == ("good/a.png", *litter)
        assert set(source.skipped) == {name.replace("\\", "/") for name in names[:-1]} | {"../a (2).png"}
        assert set(source.skipped.values()) == {"unsafe"}
    assert not archives.is_safe("a\0.png")
    assert archives.is_safe("two..dots/a..png")


def test_a_member_larger_than_its_header_says_is_refused_without_unpacking_it(tmp_path):
    size = 100_000_000
    path = write_zip(tmp_path / "bomb.zip", {"a.png": bytes(size)})
    data = path.read_bytes()
    lie = data.replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != data
    path.write_bytes(lie)
    source = files.open_source(path)
    tracemalloc.start()
    try:
        assert error_code(source.read, "a.png") == "member-damaged"
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["folder", "a.zip", "a.tar.gz"])
def test_a_large_member_is_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    write = write_folder if kind == "folder" else write_zip if kind == "a.zip" else write_tar
    source = files.open_source(write(tmp_path / kind, {"small.png": bytes(1000), "large.png": bytes(1001)}))
    assert len(source.read("small.png")) == 1000
    assert error_code(source.read, "large.png") == "member-too-large"


@pytest.mark.parametrize("kind", ["folder", "a.zip", "a.tar"])
def test_too_many_entries_are_refused(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    write = write_folder if kind == "folder" else write_zip if kind == "a.zip" else write_tar
    assert error_code(files.open_source, write(tmp_path / kind, CONTENT)) == "source-too-many"


def test_an_encrypted_member_is_a_source_error(tmp_path):
    path = write_zip(tmp_path / "a.zip", {"a.png": b"x" * 100}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    for start in (data.index(b"PK\3\4") + 6, data.index(b"PK\1\2") + 8):
        data[start] |= 1
    path.write_bytes(data)
    source = files.open_source(path)
    assert error_code(source.read, "a.png") == "member-encrypted"
    assert source.peek("a.png") == b""


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    inside = write_folder(tmp_path / "films", {"a.png": b"a"})
    (inside / "out.png").symlink_to(tmp_path / "secret.png")
    (inside / "in.png").symlink_to(inside / "a.png")
    (inside / "loop").symlink_to(inside)
    source = files.open_source(inside)
    assert source.names == ("a.png",)
    assert source.skipped == {"in.png": "double", "loop": "double", "out.png": "link"}
    assert error_code(source.read, "out.png") == "member-outside"
    assert error_code(source.read, "../secret.png") == "member-outside"
    assert source.read("in.png") == b"a"


def test_a_pipe_in_a_folder_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    source = files.open_source(tmp_path)
    caught = []

    def read() -> None:
        try:
            source.read("a.png")
        except SourceError as error:
            caught.append(error.code)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert caught == ["film-missing"]


@pytest.mark.parametrize("size_bytes", [-1, -513, -2000])
def test_a_tar_member_of_negative_size_is_refused(tmp_path, size_bytes):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("a.png")
        info.pax_headers = {"size": str(size_bytes)}
        archive.addfile(info)
        info = tarfile.TarInfo("b.png")
        info.size = 10
        archive.addfile(info, io.BytesIO(bytes(10)))
    assert error_code(files.open_source, tmp_path / "a.tar.gz") == "source-damaged"


def test_a_damaged_tar_member_is_a_source_error_on_read(tmp_path):
    path = write_tar(tmp_path / "a.tar", {"a.png": bytes(5000), "b.png": b"x" * 9000})
    source = files.open_source(path)
    with path.open("r+b") as file:
        file.truncate(8000)  # after it was opened
    assert source.read("a.png") == bytes(5000)
    assert error_code(source.read, "b.png") == "member-damaged"
