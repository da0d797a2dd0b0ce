"""Text for people and terminals: nothing hidden in it, the same to the letter as a character at a time would give."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.text import json_text, printable

EVERY_CHARACTER = "".join(map(chr, range(sys.maxunicode + 1)))
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def is_hidden(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable_by_character(value: str) -> str:
    return "".join(
        character.encode("unicode_escape").decode("ascii") if is_hidden(character) else character for character in value
    )


def json_by_character(value: object, indent: int | None) -> str:
    made = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return "".join(
        json.dumps(character)[1:-1] if character != "\n" and is_hidden(character) else character for character in made
    )


@pytest.mark.parametrize("character", "\n\r\t\0\x07\x1b\x7f\x85\x9b\u2028\u2029\u202e\u2066\u200f\u061c\ufeff\udcff")
def test_what_could_drive_a_terminal_is_escaped(character):
    shown = printable(f"a{character}b")
    assert character not in shown
    assert shown.isprintable()
    assert shown.encode("utf-8")


@pytest.mark.parametrize("harmless", ["胸片 一.png", "naïve café.png", "{name} 100 %", "[red]", "𠀀😀"])
def test_other_text_is_shown_as_it_is(harmless):
    assert printable(harmless) == harmless


def test_every_character_of_unicode_is_shown_or_escaped_as_its_category_says():
    assert printable(EVERY_CHARACTER) == printable_by_character(EVERY_CHARACTER)
    assert json_text(EVERY_CHARACTER) == json_by_character(EVERY_CHARACTER, None)


@given(st.text(st.characters()))
def test_a_text_is_escaped_as_a_character_at_a_time_would_be(value):
    assert printable(value) == printable_by_character(value)


@given(VALUES, st.sampled_from([None, 0, 2]))
def test_json_is_escaped_as_a_character_at_a_time_would_be_and_reads_back(value, indent):
    shown = json_text(value, indent=indent)
    assert shown == json_by_character(value, indent)
    assert json.loads(shown) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_knows_no_number_that_is_not_finite(number):
    with pytest.raises(ValueError):
        json_text(number)
