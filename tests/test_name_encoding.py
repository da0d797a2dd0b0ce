"""The encoding of names in archives: what the makers wrote is what is read, and nothing is guessed without need."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.errors import SourceError
from plainfilm.io.name_encoding import CANDIDATES, check_encoding, outside, read_names

PATH = Path("a.zip")
CHINESE = (
    "正常",
    "新冠",
    "肺炎",
    "病毒性肺炎",
    "胸片（正位）",
    "患者①",
    "结核",
    "肺不张",
    "气胸",
    "朱镕基",
    "张三丰",
    "男",
    "2019年12月",
)
JAPANESE = ("正常", "肺炎", "結核", "胸部X線", "アレルギー", "コロナ", "あいうえお", "ソート", "患者（男）", "気胸")
LATIN = (
    "Größe",
    "für Müller",
    "père",
    "sévère",
    "Élève",
    "Noël",
    "niño",
    "ção",
    "Füße",
    "à côté",
    "Pulmão direito",
    "Têtê",
)
WESTERN = ("cp437", "cp850", "cp1252")


def read(*names: bytes | str, encoding: str = "", fits=None) -> tuple[list[str], str]:
    return read_names(PATH, names, encoding, fits)


def knows(*known: str):
    """What a table with these paths says."""
    return lambda names: sum(name in known for name in names)


def test_plain_names_and_utf_8_need_no_guess():
    names = ["COVID/a.png", "正常/b.png", "für/c.png"]
    assert read(*(name.encode() for name in names)) == (names, "")
    assert read(b"COVID/a.png", "正常/b.png") == (["COVID/a.png", "正常/b.png"], "")


@pytest.mark.parametrize("name", CHINESE)
def test_chinese_names_are_read_as_gbk(name):
    names = [f"{name}/{number}.png" for number in range(3)]
    assert read(b"README.txt", *(text.encode("gbk") for text in names)) == (["README.txt", *names], "gbk")


def test_one_rare_letter_among_common_ones_is_no_reason_for_another_script():
    names = ["正常/喆.png", "肺炎/镕.png"]
    assert read(*(name.encode("gbk") for name in names)) == (names, "gbk")


@pytest.mark.parametrize("name", JAPANESE)
def test_japanese_names_are_read_as_shift_jis(name):
    names = [f"{name}/{number}.png" for number in range(3)]
    assert read(*(text.encode("cp932") for text in names)) == (names, "cp932")


@pytest.mark.parametrize("encoding", WESTERN)
@pytest.mark.parametrize("name", LATIN)
def test_latin_names_become_no_chinese_and_no_japanese(name, encoding):
    if not set(name) <= {bytes([byte]).decode(encoding, "replace") for byte in range(256)}:
        return  # the code page has no such letter
    written = f"{name}/a.png".encode(encoding)
    shown, found = read(written)
    assert found == "cp437"
    assert shown == [unicodedata.normalize("NFC", written.decode("cp437"))]


@pytest.mark.parametrize(
    ("name", "encodings"),
    [
        ("正常", ("gbk", "cp932", "cp950", "cp949", "gb18030", "euc_jp")),
        ("常規", ("gbk", "cp932", "cp950", "cp949", "euc_jp")),
        ("정상", ("cp949", "gb18030")),
        ("Норма", ("cp866", "cp1251", "gbk", "cp932")),
        ("Größe", ("cp437", "cp850", "cp1252")),
    ],
)
def test_a_table_that_knows_the_names_decides(name, encodings):
    for encoding in encodings:
        _check_decided(name, encoding)


def _check_decided(name: str, encoding: str) -> None:
    written = f"{name}/a.png".encode(encoding)
    shown, found = read(written, fits=knows(f"{name}/a.png"))
    assert shown == [f"{name}/a.png"]
    assert found in CANDIDATES


def test_a_table_that_knows_all_readings_alike_decides_nothing():
    written = "正常/a.png".encode("gbk")
    for count in (0, 1):
        assert read(written, fits=lambda names, count=count: count) == (["正常/a.png"], "gbk")


def test_a_table_decides_also_against_bytes_that_happen_to_be_utf_8():
    written = "模/a.png".encode("gbk")
    assert read(written) == (["ģ/a.png"], "")
    assert read(written, fits=knows("模/a.png")) == (["模/a.png"], "gbk")


def test_the_owner_decides_before_the_table_and_the_script():
    written = "Größe/a.png".encode("cp850")
    assert read(written, encoding="cp850", fits=knows(written.decode("cp437"))) == (["Größe/a.png"], "cp850")
    assert read("正常/a.png".encode("big5"), encoding="big5") == (["正常/a.png"], "big5")
    assert read(b"COVID/a.png", encoding="big5") == (["COVID/a.png"], "")


def test_what_the_archive_says_itself_is_no_matter_of_the_owner():
    assert read("正常/a.png", "für/b.png".encode("cp850"), encoding="cp850")[0] == ["正常/a.png", "für/b.png"]


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13", "utf-16", "a\0b", "cp037", "../gbk", "undefined"])
def test_no_encoding_of_file_names_is_an_error_that_names_some(encoding):
    with pytest.raises(SourceError) as caught:
        check_encoding(encoding)
    assert caught.value.code == "encoding-unknown"
    assert "gbk" in str(caught.value.parameters["examples"])


def test_names_that_do_not_decode_with_the_owners_encoding_are_an_error():
    with pytest.raises(SourceError) as caught:
        read("Größe".encode("cp850"), encoding="utf-8")
    assert caught.value.code == "encoding-unfit"


def test_a_second_byte_that_is_a_backslash_is_no_folder():
    """Shift-JIS 表 is 95 5C, and 5C alone is the backslash."""
    for name, encoding in (("コロナ表/表.png", "cp932"), ("功/許.png", "cp950")):
        assert b"\\" in name.encode(encoding)
        assert read(name.encode(encoding), encoding=encoding)[0] == [name]
    assert read("コロナ表\\表.png".encode("cp932"))[0] == ["コロナ表/表.png"]


@given(st.lists(st.binary(max_size=12), max_size=6), st.sampled_from(["", "gbk", "utf-8", "cp437"]))
def test_any_bytes_become_names_or_an_error_of_ours(names, encoding):
    try:
        shown, found = read(*names, encoding=encoding)
    except SourceError:
        assert encoding in ("gbk", "utf-8")
        return
    assert len(shown) == len(names)
    assert found in ("", encoding, *CANDIDATES)
    assert all("\\" not in name for name in shown)
    for name, text in zip(names, shown, strict=True):
        if name.isascii():
            assert text == outside(name.decode("ascii"))


@given(st.text(max_size=20))
def test_names_are_composed_and_have_slashes_once_for_all(name):
    assert outside(outside(name)) == outside(name)
    assert outside(unicodedata.normalize("NFD", name)) == outside(name)
