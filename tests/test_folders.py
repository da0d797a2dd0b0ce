"""Folders as people have them: put together by links, with pipes in them; each film once, and nothing lost silently."""

import os
import socket
import threading
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import SourceError
from plainfilm.io import archives, files
from plainfilm.io.archives import NUM_FIRST_BYTES, Source


def write(path: Path, *names: str) -> Path:
    """A folder with these files, each holding its own name."""
    path.mkdir(exist_ok=True)
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    return path


def link(path: Path, target: str | Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def code(call, *arguments) -> str:
    with pytest.raises(SourceError) as caught:
        call(*arguments)
    return caught.value.code


def contents(source: Source) -> dict[str, str]:
    found = {name: source.read(name).decode() for name in source.names}
    assert {name: source.peek(name).decode() for name in source.names} == found
    assert not set(source.names) & set(source.skipped)
    return found


def opened(path: Path, *, follow: bool = False) -> Source:
    return files.open_source(path, follow_links=follow)


def test_files_come_before_folders_and_both_are_sorted(tmp_path):
    write(tmp_path, "B/2.png", "B/1.png", "A/b/x.png", "A/z.png", "A/a/x.png", "z.png", "C.png")
    ordered = ("C.png", "z.png", "A/z.png", "A/a/x.png", "A/b/x.png", "B/1.png", "B/2.png")
    assert opened(tmp_path).names == ordered
    assert contents(opened(tmp_path)) == {name: name for name in ordered}


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_class_folder_that_is_a_link_is_named_and_followed_when_the_owner_says_so(tmp_path):
    write(tmp_path / "store", "v/1.png", "v/deep/2.png")
    root = write(tmp_path / "set", "COVID/a.png")
    link(root / "VIRAL", "../store/v")
    assert contents(opened(root)) == {"COVID/a.png": "COVID/a.png"}
    assert opened(root).skipped == {"VIRAL": "link"}
    assert code(opened(root).read, "VIRAL/1.png") == "member-outside"
    followed = opened(root, follow=True)
    assert followed.names == ("COVID/a.png", "VIRAL/1.png", "VIRAL/deep/2.png")
    assert list(contents(followed).values()) == ["COVID/a.png", "v/1.png", "v/deep/2.png"]
    assert followed.skipped == {}
    assert code(followed.read, "../store/v/1.png") == "member-outside"


def test_films_that_are_links_into_a_store_outside(tmp_path):
    write(tmp_path / "blobs", "h1", "h2", "h3")
    root = tmp_path / "snapshots"
    for name, target in (("A/a.png", "h1"), ("A/b.png", "h2"), ("B/c.png", "h3")):
        link(root / name, f"../../blobs/{target}")
    assert opened(root).names == ()
    assert opened(root).skipped == dict.fromkeys(("A/a.png", "A/b.png", "B/c.png"), "link")
    assert contents(opened(root, follow=True)) == {"A/a.png": "h1", "A/b.png": "h2", "B/c.png": "h3"}


def test_absolute_links_and_chains_of_links_are_links_as_well(tmp_path):
    write(tmp_path / "store", "a.png")
    root = write(tmp_path / "set", "own.png")
    link(root / "B/absolute.png", tmp_path / "store/a.png")
    link(tmp_path / "middle", tmp_path / "store")
    link(root / "chain", tmp_path / "middle")
    assert opened(root).skipped == {"B/absolute.png": "link", "chain": "link"}
    assert contents(opened(root, follow=True)) == {"own.png": "own.png", "B/absolute.png": "a.png"}
    assert opened(root, follow=True).skipped == {"chain/a.png": "double"}


@pytest.mark.parametrize("follow", [False, True])
def test_what_lies_inside_is_listed_once_under_its_real_path(tmp_path, follow):
    write(tmp_path, "raw/A/1.png", "raw/B/2.png", "raw/B/deep/3.png")
    link(tmp_path / "set/A", "../raw/A")
    link(tmp_path / "best/2.png", "../raw/B/2.png")
    link(tmp_path / "raw/B/loop", tmp_path)
    link(tmp_path / "raw/self", ".")
    source = opened(tmp_path, follow=follow)
    assert contents(source) == {name: name for name in ("raw/A/1.png", "raw/B/2.png", "raw/B/deep/3.png")}
    assert source.skipped == dict.fromkeys(("set/A", "best/2.png", "raw/B/loop", "raw/self"), "double")


def test_what_two_links_lead_to_is_listed_under_the_first(tmp_path):
    write(tmp_path / "store", "x/1.png", "2.png")
    root = write(tmp_path / "set", "own.png")
    link(root / "A", "../store/x")
    link(root / "B", "../store")
    link(root / "C", "../store/x")
    link(root / "D/2.png", "../../store/2.png")
    source = opened(root, follow=True)
    assert contents(source) == {"own.png": "own.png", "A/1.png": "x/1.png", "B/2.png": "2.png"}
    assert source.skipped == {"B/x": "double", "C": "double", "D/2.png": "double"}


def test_a_folder_outside_that_leads_back_ends(tmp_path):
    root = write(tmp_path / "set", "A/a.png")
    write(tmp_path, "other.png")
    link(root / "up", "..")
    link(tmp_path / "again", "set/up")
    source = opened(root, follow=True)
    assert contents(source) == {"A/a.png": "A/a.png", "up/other.png": "other.png"}
    assert source.skipped == {"up/again": "double", "up/set": "double"}


@pytest.mark.parametrize("store", [".git/annex/objects/k1", ".dvc/cache/ab"])
@pytest.mark.parametrize("follow", [False, True])
def test_films_whose_content_lies_in_a_hidden_store_keep_their_own_names(tmp_path, store, follow):
    write(tmp_path, f"{store}/1", f"{store}/2", f"{store}/unused", "B/own.png")
    link(tmp_path / "A/a.png", f"../{store}/1")
    link(tmp_path / "A/again.png", f"../{store}/1")
    link(tmp_path / "C", f"{store}/")
    source = opened(tmp_path, follow=follow)
    films = {name: text for name, text in contents(source).items() if not name.startswith(".")}
    assert films == {
        "A/a.png": f"{store}/1",
        "B/own.png": "B/own.png",
        "C/2": f"{store}/2",
        "C/unused": f"{store}/unused",
    }
    assert source.skipped == {"A/again.png": "double", "C/1": "double"}
    assert not any(name.startswith(store) for name in source.names)


def test_a_root_that_is_a_link_is_the_folder_it_leads_to(tmp_path):
    write(tmp_path / "store", "A/a.png")
    link(tmp_path / "root", "store")
    assert contents(opened(tmp_path / "root")) == {"A/a.png": "A/a.png"}
    assert opened(tmp_path / "root").skipped == {}


@pytest.mark.parametrize("follow", [False, True])
def test_a_link_to_nothing_is_a_film_that_is_missing(tmp_path, follow):
    root = write(tmp_path / "set", "A/a.png")
    link(root / "A/gone.png", "nowhere.png")
    link(root / "A/loop.png", "loop.png")
    source = opened(root, follow=follow)
    assert source.names == ("A/a.png", "A/gone.png", "A/loop.png")
    assert source.peek("A/gone.png") == source.peek("A/loop.png") == b""
    assert code(source.read, "A/loop.png") == "film-missing"
    with pytest.raises(FileNotFoundError):
        source.read("A/gone.png")


def test_a_film_that_becomes_a_link_after_it_was_listed_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("secret")
    root = write(tmp_path / "set", "A/a.png")
    source = opened(root)
    (root / "A/a.png").unlink()
    link(root / "A/a.png", "../../secret")
    assert source.peek("A/a.png") == b""
    assert code(source.read, "A/a.png") == "member-outside"


# --- what is no file -------------------------------------------------------------------------------------------------


def test_pipes_and_sockets_are_never_opened(tmp_path, monkeypatch):
    root = write(tmp_path / "set", "A/a.png")
    os.mkfifo(root / "A/pipe.png")
    link(root / "A/linked.png", "pipe.png")
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(root / "A")
        server.bind("socket.png")
        source = opened(root)
        assert source.names == ("A/a.png",)
        assert source.skipped == dict.fromkeys(("A/linked.png", "A/pipe.png", "A/socket.png"), "special")
        touched = []
        original = os.open
        monkeypatch.setattr(os, "open", lambda path, *rest: (touched.append(str(path)), original(path, *rest))[1])
        for name in ("A/pipe.png", "A/socket.png"):
            assert code(source.read, name) == "film-missing"
            assert files.listed_files(root, (name,)).peek(name) == b""
            assert code(files.listed_files(root, (name,)).read, name) == "film-missing"
        assert touched == []


def test_a_file_that_becomes_a_pipe_after_it_was_listed_does_not_hang(tmp_path):
    source = opened(write(tmp_path, "a.png"))
    (tmp_path / "a.png").unlink()
    os.mkfifo(tmp_path / "a.png")
    found: list[object] = []
    thread = threading.Thread(
        target=lambda: found.extend((source.peek("a.png"), code(source.read, "a.png"))), daemon=True
    )
    thread.start()
    thread.join(5)
    assert found == [b"", "film-missing"]


def test_devices_are_skipped(tmp_path):
    link(tmp_path / "zero.png", "/dev/zero")
    assert opened(tmp_path).skipped == {"zero.png": "link"}
    assert opened(tmp_path, follow=True).skipped == {"zero.png": "special"}


def test_a_folder_that_may_not_be_listed_is_named(tmp_path, monkeypatch):
    write(tmp_path, "A/a.png", "B/b.png")
    original = os.scandir

    def scandir(path):
        if str(path) in closed:
            raise PermissionError(13, "Permission denied")
        return original(path)

    closed = {str(tmp_path / "A")}
    monkeypatch.setattr(os, "scandir", scandir)
    source = opened(tmp_path)
    assert (source.names, source.skipped) == (("B/b.png",), {"A": "unreadable-folder"})
    closed = {str(tmp_path)}
    assert code(opened, tmp_path) == "source-unreadable"


# --- names and bytes -------------------------------------------------------------------------------------------------


def test_names_that_differ_by_their_unicode_form_alone_are_two_files(tmp_path):
    forms = {unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD")}
    for form in forms:
        (tmp_path / form).write_text(form)
    if len(os.listdir(tmp_path)) == 1:
        pytest.skip("a file system that composes names")
    assert contents(opened(tmp_path)) == {form: form for form in forms}


def test_names_that_are_no_utf_8_are_read_by_their_bytes(tmp_path):
    name = os.fsdecode("正常.png".encode("gbk"))
    (tmp_path / name).write_bytes(b"film")
    source = opened(tmp_path)
    assert source.names == (name,)
    assert source.read(name) == source.peek(name) == b"film"


@pytest.mark.parametrize("name", ["a\0.png", "n" * 5000, "", ".", "..", "A", "\ud800"])
def test_a_peek_never_raises(tmp_path, name):
    source = opened(write(tmp_path / "set", "A/a.png"))
    for asked in (source, files.listed_files(tmp_path / "set", (name,)), files.single_film(tmp_path / "set" / "none")):
        assert asked.peek(name) == b""


def test_a_peek_is_the_beginning_of_the_content(tmp_path):
    (tmp_path / "a.png").write_bytes(bytes(range(256)) * 10)
    for source in (opened(tmp_path), files.single_film(tmp_path / "a.png"), files.listed_files(tmp_path, ("a.png",))):
        assert source.peek("a.png") == source.read("a.png")[:NUM_FIRST_BYTES]


def test_links_count_as_entries_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    for number in range(4):
        link(tmp_path / "set" / f"{number}.png", "/dev/null")
    assert code(opened, tmp_path / "set") == "source-too-many"


PLACES = ("a", "b", "a/c", "b/d", ".h", ".h/e")


@given(
    links=st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from((*PLACES, "", "../out", "../out/x"))), max_size=8
    ),
    follow=st.booleans(),
)
def test_whatever_the_links_each_real_file_is_listed_once(tmp_path_factory, links, follow):
    base = tmp_path_factory.mktemp("links")
    root = write(base / "root", *(f"{place}/f.png" for place in PLACES))
    write(base / "out", "x/1.png", "2.png")
    for number, (place, target) in enumerate(links):
        link(root / place / f"link{number}", root / target)
    source = opened(root, follow=follow)
    real = [os.path.realpath(root / name) for name in source.names]
    assert len(set(real)) == len(real)
    inside = {str(root / place / "f.png") for place in PLACES}
    assert inside <= set(real)
    if not follow:
        assert set(real) == inside
    assert len(source.skipped) + len(source.names) >= len(links)
    for name in source.names:
        assert source.read(name) == source.peek(name) == Path(os.path.realpath(root / name)).read_bytes()
