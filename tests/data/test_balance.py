"""The balance: every file and every row is accounted for, and what is lost is said."""

import gzip
import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import film, index_of, labelled, left_out, names, put, table, warned

from plainfilm.data.film_index import read_index, write_index
from plainfilm.data.sources.balance import NEVER_FILMS, REASONS, Balance, SeenFile, TableBalance, make_balance
from plainfilm.data.sources.listing import list_films
from plainfilm.errors import SourceError
from plainfilm.messages import CATALOGUES, LANGUAGES

CLASSES = ("NORMAL", "COVID")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two classes of eight films."""
    return put(tmp_path / "d", names(8, *CLASSES))


# --- the sums --------------------------------------------------------------------------------------------------------

SEEN = st.builds(
    SeenFile,
    name=st.sampled_from(["A/a.png", "A/b.gif", "B/c.png", "c.txt"]),
    origin=st.integers(0, 1),
    label=st.sampled_from(["", "A", "B"]),
    reason=st.sampled_from(["", *REASONS]),
)


@given(st.lists(SEEN, max_size=30))
def test_the_sums_hold_and_the_balance_comes_back_from_json(files):
    found = make_balance(files, [], [])
    assert found.files == len(files) == found.used + sum(entry.files for entry in found.left_out)
    assert found.lost == sum(bool(file.reason) and file.reason not in NEVER_FILMS - {"seen"} for file in files)
    assert Balance.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    for said in found.warnings:
        assert all(said.shown(language) for language in LANGUAGES)


@given(st.lists(SEEN, min_size=1, max_size=30))
def test_files_that_are_no_films_warn_of_nothing(files):
    found = make_balance([file for file in files if file.reason in ("", *NEVER_FILMS)], [], [])
    assert not found.warnings


def test_sums_that_do_not_hold_are_no_balance():
    with pytest.raises(AssertionError):
        Balance(3, 1, (), (), (), ())
    with pytest.raises(AssertionError):
        TableBalance("t", 3, 1, 1, 0, 1, 0, {}, ())


def test_every_reason_has_words():
    for language in LANGUAGES:
        assert {f"balance.reason.{reason}" for reason in REASONS} <= set(CATALOGUES[language])
    assert "other" not in REASONS


# --- what is no film -------------------------------------------------------------------------------------------------


def test_a_plain_set_warns_of_nothing_and_leaves_nothing_out(plain):
    index = index_of(plain)
    assert (left_out(index), warned(index), labelled(index)) == ({}, set(), {"NORMAL": 8, "COVID": 8})


@pytest.mark.parametrize(
    "folder",
    [
        *(".ipynb_checkpoints", "__MACOSX", "@eaDir", ".AppleDouble", "lost+found", "$RECYCLE.BIN", "#recycle", ".git"),
        *("__pycache__", "System Volume Information", "@Recycle", ".Trash-1000"),
    ],
)
@pytest.mark.parametrize("place", ["{}", "NORMAL/{}", "{}/NORMAL", "NORMAL/{}/deeper"])
def test_hidden_and_system_folders_are_no_class(plain, folder, place):
    put(plain, {f"{place.format(folder)}/x{number}.png": film(100 + number) for number in range(5)})
    index = index_of(plain)
    assert (left_out(index), warned(index), labelled(index)) == ({"hidden": 5}, set(), {"NORMAL": 8, "COVID": 8})


def test_litter_of_systems_is_no_film(plain):
    put(plain, {"NORMAL/._f0-1.png": os.urandom(212), "COVID/Thumbs.db": b"\xd0\xcf\x11\xe0", "desktop.ini": b"[x]"})
    put(plain, {".DS_Store": b"\0\0\0\1Bud1", "NORMAL/~$list.csv": b"x", "COVID/.f.png.swp": film(50)})
    assert left_out(index_of(plain)) == {"hidden": 6}


def test_every_file_has_its_reason(plain, tmp_path):
    put(plain, {"NORMAL/cut.png": film(60)[:200], "readme.txt": b"seen by", "list.csv": b"path\n", "a.pdf": b"%PDF-1"})
    put(plain, {"masks/m.png": film(61), "COVID/x.gif": b"GIF89a", "COVID/volume.nii.gz": gzip.compress(b"x")})
    put(plain, {"weights.bin": bytes(range(256)), "DICOMDIR": bytes(128) + b"DICM" + b"1.2.840.10008.1.3.10\0"})
    os.mkfifo(plain / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(plain / "socket"))
        (tmp_path / "out.png").write_bytes(film(62))
        (plain / "NORMAL" / "link.png").symlink_to(tmp_path / "out.png")
        index = index_of(plain)
    assert left_out(index) == {
        "unreadable": 1,
        "link": 1,
        "other-image": 2,
        "mask": 1,
        "text": 4,
        "no-image": 1,
        "special": 2,
    }
    endings = next(entry.endings for entry in index.balance.left_out if entry.reason == "other-image")
    assert endings == {".gif": 1, ".gz": 1}


def test_films_are_known_by_content_whatever_their_name(plain):
    put(
        plain,
        {f"VIRAL/{number}.{kind}": film(70 + number, kind="PNG") for number, kind in enumerate(["jfif", "x", "TXT"])},
    )
    put(plain, {"VIRAL/IM0001": film(80), "VIRAL/b.IMA": film(81)})
    assert labelled(index_of(plain)) == {"NORMAL": 8, "COVID": 8, "VIRAL": 5}


# --- what is lost ----------------------------------------------------------------------------------------------------


def test_a_class_of_images_of_another_kind_is_warned_of(plain):
    put(plain, {f"VIRAL/{number}.gif": b"GIF89a" + bytes([number]) for number in range(3)})
    index = index_of(plain)
    assert labelled(index) == {"NORMAL": 8, "COVID": 8}
    assert {"balance.lost", "balance.lost-class"} <= warned(index)


def test_an_unreadable_class_is_warned_of_but_one_unreadable_film_is_only_listed(plain):
    put(plain, {"NORMAL/cut.png": film(60)[:200]})
    assert warned(index_of(plain)) == set()
    put(plain, {f"VIRAL/{number}.png": film(60)[: 200 + number] for number in range(3)})
    assert warned(index_of(plain)) == {"balance.lost-class"}


@pytest.mark.parametrize(("lost", "warns"), [(0, False), (1, False), (2, True)])
def test_more_than_one_film_in_a_hundred_is_warned_of(lost, warns):
    files = [SeenFile(f"A/{number}.png", 0, "A", "no-label" if number < lost else "") for number in range(100)]
    assert bool(make_balance(files, [], []).warnings) == warns


def test_masks_tables_and_texts_are_never_lost_films(plain):
    put(
        plain,
        {f"masks/{number}.png": film(90 + number) for number in range(9)} | {f"{n}.csv": b"a,b\n" for n in range(9)},
    )
    assert warned(index_of(plain)) == set()


def test_a_folder_without_any_film_that_is_used_is_warned_of(tmp_path):
    films = names(8, "d/a", "d/b") + names(2, "d/extra")
    root = put(tmp_path / "d", films)
    rows = [f"{name},{'x' if '/a/' in name else 'y'}" for name in films if "extra" not in name]
    index = index_of(root, tables=[table(tmp_path / "t.csv", "path,label", *rows)])
    assert (left_out(index), labelled(index)) == ({"no-label": 2}, {"x": 8, "y": 8})
    assert "balance.lost-folder" in warned(index)


# --- rows of tables --------------------------------------------------------------------------------------------------


def test_rows_are_accounted_for(plain, tmp_path):
    rows = [f"{name},p{number}" for number, name in enumerate(names(8, *CLASSES)[:12])]
    given = table(tmp_path / "t.csv", "path,patient,ward", *[f"{row},7" for row in [*rows, rows[3], "gone/x.png,q"]])
    index = index_of(plain, tables=[given])
    (found,) = index.balance.tables
    assert (found.rows, found.fit, found.unfit, found.twice) == (14, 12, 1, 1)
    assert (found.films, found.films_without_row) == (16, 4)
    assert (found.columns_used, found.columns_unused) == ({"path": "path", "patient": "patient"}, ("ward",))
    assert warned(index) == set()


def test_a_whole_table_beside_a_part_of_its_films_warns_of_nothing(plain, tmp_path):
    rows = [f"{name}," for name in [*names(8, *CLASSES), *(f"elsewhere/{number}.png" for number in range(500))]]
    assert warned(index_of(plain, tables=[table(tmp_path / "t.csv", "path,patient", *rows)])) == set()


def test_a_table_for_fewer_than_half_of_the_films_is_warned_of(plain, tmp_path):
    rows = [f"{name},p{number}" for number, name in enumerate(names(8, *CLASSES)[:7])]
    assert warned(index_of(plain, tables=[table(tmp_path / "t.csv", "path,patient", *rows)])) == {"balance.table-few"}


def test_a_table_of_which_no_row_fits_is_an_error_that_shows_both_sides(plain, tmp_path):
    given = table(tmp_path / "t.csv", "path,patient", "ward 7/scan.png,p1")
    with pytest.raises(SourceError) as caught:
        list_films([plain], [given])
    assert caught.value.code == "table-fits-none"
    assert (caught.value.parameters["row"], caught.value.parameters["film"]) == ("ward 7/scan.png", "COVID/f1-0.png")


def test_films_that_a_table_names_and_that_are_not_there(plain, tmp_path):
    rows = [f"d/{name},{name.split('/')[0]}" for name in names(8, *CLASSES)]
    index = index_of(table(tmp_path / "t.csv", "path,label", *rows, "d/NORMAL/gone.png,NORMAL"))
    assert left_out(index) == {"missing": 1}
    assert (index.balance.tables[0].fit, index.balance.tables[0].unfit) == (16, 1)


def test_the_balance_stays_with_the_index(plain, tmp_path):
    put(plain, {"COVID/x.gif": b"GIF89a"})
    index = index_of(plain)
    write_index(index, tmp_path)
    assert read_index(tmp_path / "index.csv").balance == index.balance


# --- its own output --------------------------------------------------------------------------------------------------


def test_runs_maps_figures_and_tables_of_this_program_are_no_films(plain, tmp_path):
    import numpy as np

    from plainfilm.data.phantom import draw
    from plainfilm.model.overlay import draw_overlay

    overlay = draw_overlay(draw("COVID", seed=1, number=1, size=64).pixels, np.ones((2, 2), np.float32))
    index = index_of(plain)
    for folder in ("runs/fast", "NORMAL/run"):
        (plain / folder).mkdir(parents=True)
        write_index(index, plain / folder)
        put(plain / folder, {"recipe.toml": b"[split]\n", "figures/roc.png": film(95), "external/a/x.png": film(96)})
    put(plain, {"maps/0001-x.png": overlay, "COVID/heat.png": overlay})
    put(plain, {"e/metrics.json": b"{}", "e/predictions.csv": b"path\n", "e/seen.csv": b"path\n"})
    found = index_of(plain)
    assert left_out(found) == {"own-output": 2 * 5 + 2 + 3}
    assert (warned(found), labelled(found)) == (set(), {"NORMAL": 8, "COVID": 8})
    assert (found.data_checksum, found.split_checksum) == (index.data_checksum, index.split_checksum)


def test_a_recipe_of_somebody_else_hides_no_films(plain):
    put(plain, {"NORMAL/recipe.toml": b"[soup]\n", "COVID/index.json": b"{}", "COVID/index.csv": b"x\n"})
    assert labelled(index_of(plain)) == {"NORMAL": 8, "COVID": 8}
