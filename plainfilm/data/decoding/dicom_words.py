"""The text of a DICOM header -> what its words mean: `body_words` looked up, in whatever character set it stands.

Notable choices:
- the declared character set comes first; where no word is known in it, UTF-8 and GB18030 are tried, for many a header
  declares none or another one;
- a byte that cannot be decoded stands for any one letter: T?RAX is known;
- a word counts whole, or where it is made up of known words altogether: CHESTPA is the chest from behind, HEART no ear;
- in Chinese and Japanese, which have no spaces, the longest word at each place counts: 胸椎 is no 胸.

Source: DICOM PS3.3, C.12.1.1.2 (character sets); PS3.5, 6.1 and annexes H to K (code extensions).
"""

import functools
import re
import unicodedata
from dataclasses import dataclass

from plainfilm.data.decoding.body_words import CHESTS, OTHER_PARTS, OTHERS, VIEWS, Words

UNKNOWN = "unknown"
MAX_CHARACTERS, MAX_LETTERS = 256, 40  # of a text, of a word; what is longer is cut, or unknown
MIN_PIECE, MIN_TELLING = 2, 3  # letters of the words within a word, and of one of them

CHARACTER_SETS = {  # by the digits or letters of their defined terms
    **{"6": "ascii", "100": "latin_1", "101": "iso8859_2", "109": "iso8859_3", "110": "iso8859_4", "144": "iso8859_5"},
    **{"127": "iso8859_6", "126": "iso8859_7", "138": "iso8859_8", "148": "iso8859_9", "203": "iso8859_15"},
    **{"166": "tis_620", "13": "shift_jis", "192": "utf_8", "UTF8": "utf_8"},
    **{"149": "euc_kr", "58": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030"},
}
GUESSES = ("utf_8", "gb18030")
ESCAPES = {  # sequence, codec of what follows, and what that codec needs before it
    **{b"\x1b(B": ("ascii", b""), b"\x1b(J": ("ascii", b""), b"\x1b)I": ("shift_jis", b"")},
    **{b"\x1b-A": ("latin_1", b""), b"\x1b-B": ("iso8859_2", b""), b"\x1b-C": ("iso8859_3", b"")},
    **{b"\x1b-D": ("iso8859_4", b""), b"\x1b-L": ("iso8859_5", b""), b"\x1b-G": ("iso8859_6", b"")},
    **{b"\x1b-F": ("iso8859_7", b""), b"\x1b-H": ("iso8859_8", b""), b"\x1b-M": ("iso8859_9", b"")},
    **{b"\x1b$)C": ("euc_kr", b""), b"\x1b$)A": ("gb18030", b"")},
    **{b"\x1b$B": ("iso2022_jp", b"\x1b$B"), b"\x1b$(D": ("iso2022_jp_2", b"\x1b$(D")},
}
ESCAPE = re.compile(b"(" + b"|".join(map(re.escape, ESCAPES)) + b")")

UNSPACED = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # kana and Chinese characters
LOST = "?\N{REPLACEMENT CHARACTER}"  # what became of letters that were not decoded
WORD = re.compile(rf"[{UNSPACED}]+|(?:[{LOST}]|[^\W\d_{UNSPACED}])+")
HANGUL = re.compile("[\uac00-\ud7a3]")  # a syllable is a character
IS_UNSPACED = re.compile(rf"[{UNSPACED}]")
NOT_DECOMPOSED = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})


@dataclass(frozen=True)
class Vocabulary:
    """Words by what they mean, all folded."""

    words: dict[str, str]
    stems: dict[str, str]  # beginnings of words
    phrases: dict[tuple[str, ...], str]  # of 2 or 3 words


def part_meanings(value: bytes, character_sets: str) -> set[str]:
    """What the words of a part of the body mean; UNKNOWN among it where one is not known, empty where there is none."""
    return _read(value, character_sets, _part_words())


def view_meanings(value: bytes, character_sets: str) -> set[str]:
    """What the words of a view mean, likewise: French `face` is a view here, an English part of the body there."""
    return _read(value, character_sets, _view_words())


@functools.cache
def _part_words() -> Vocabulary:
    return vocabulary(CHESTS, OTHER_PARTS, OTHERS, VIEWS)


@functools.cache
def _view_words() -> Vocabulary:
    return vocabulary(VIEWS, OTHERS, CHESTS, OTHER_PARTS)


def vocabulary(*tables: Words) -> Vocabulary:
    """The words of some tables; where two have one word, that of the first counts."""
    words: dict[str, str] = {}
    stems: dict[str, str] = {}
    phrases: dict[tuple[str, ...], str] = {}
    for table in tables:
        for meaning, languages in table.items():
            for entry in ",".join(languages.values()).split(","):
                parts = tuple(WORD.findall(folded(entry)))
                if entry.endswith("*"):
                    stems.setdefault(parts[0], meaning)
                elif len(parts) == 1:
                    words.setdefault(parts[0], meaning)
                else:
                    phrases.setdefault(parts, meaning)
    return Vocabulary(words, stems, phrases)


def folded(text: str) -> str:
    """A text without capitals, accents, wide or narrow forms, and dots.

    >>> folded("TÓRAX P.A."), folded("Wirbelsäule"), folded("ﾑﾈ")
    ('torax pa', 'wirbelsaule', 'ムネ')
    """
    apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(character for character in apart if unicodedata.category(character) != "Mn")
    return unicodedata.normalize("NFC", plain).translate(NOT_DECOMPOSED).replace(".", "")


# --- bytes -> text ---------------------------------------------------------------------------------------------------


def decoded(value: bytes, character_sets: str) -> str:
    r"""A text by its character sets, as the header declares them; what cannot be decoded becomes a replacement.

    >>> decoded(b"\x1b$B6;It", "\\ISO 2022 IR 87"), decoded("Tórax".encode("latin_1"), "ISO_IR 100")
    ('胸部', 'Tórax')
    """
    first = re.sub(r"[^A-Z0-9]", "", character_sets.partition("\\")[0]).replace("ISO2022IR", "").replace("ISOIR", "")
    codec, before = CHARACTER_SETS.get(first, "ascii"), b""
    text = ""
    for number, piece in enumerate(ESCAPE.split(value)):
        if number % 2:
            codec, before = ESCAPES[piece]
        else:
            text += (before + piece).decode(codec, "replace")
    return text


def _read(value: bytes, character_sets: str, known: Vocabulary) -> set[str]:
    found = meanings(decoded(value, character_sets), known)
    for codec in GUESSES if UNKNOWN in found and not value.isascii() else ():
        try:
            other = meanings(value.decode(codec), known)
        except UnicodeDecodeError:
            continue
        if UNKNOWN not in other:
            return other
    return found


# --- text -> meanings ------------------------------------------------------------------------------------------------


def meanings(text: str, known: Vocabulary) -> set[str]:
    """What the words of a text mean, UNKNOWN for one that is not known."""
    words = WORD.findall(folded(text[:MAX_CHARACTERS]))
    found: set[str] = set()
    place = 0
    while place < len(words):
        phrase = next(
            (words[place : place + count] for count in (3, 2) if tuple(words[place : place + count]) in known.phrases),
            None,
        )
        if phrase:
            found.add(known.phrases[tuple(phrase)])
            place += len(phrase)
        else:
            found |= _of_word(words[place], known)
            place += 1
    return found


def _of_word(word: str, known: Vocabulary) -> set[str]:
    if word in known.words:
        return {known.words[word]}
    if IS_UNSPACED.match(word):
        return set(_longest(word, known)) or {UNKNOWN}
    if len(word) > MAX_LETTERS:
        return {UNKNOWN}
    if any(letter in word for letter in LOST):
        return _guessed(word, known)
    if pieces := _pieces(word, known):
        return {known.words[piece] for piece in pieces}
    beginnings = [word[:length] for length in range(len(word), 0, -1) if word[:length] in known.stems]
    return {known.stems[beginnings[0]]} if beginnings else {UNKNOWN}


def _longest(text: str, known: Vocabulary) -> list[str]:
    """The meanings of an unspaced text: at each place the longest known word, else one character further."""
    found, place = [], 0
    while place < len(text):
        piece = next((text[place:end] for end in range(len(text), place, -1) if text[place:end] in known.words), "")
        if piece:
            found.append(known.words[piece])
        place += len(piece) or 1
    return found


def _guessed(word: str, known: Vocabulary) -> set[str]:
    """The meaning of the words that a word with lost letters may have been, if it is one; a letter may be two bytes."""
    lost = rf"[{LOST}]+"
    if len(re.sub(lost, "", word)) < MIN_TELLING:
        return {UNKNOWN}
    pattern = re.compile(
        "".join(
            f".{{1,{len(piece)}}}" if re.fullmatch(lost, piece) else re.escape(piece)
            for piece in re.split(f"({lost})", word)
        )
    )
    found = {meaning for other, meaning in known.words.items() if pattern.fullmatch(other)}
    return found if len(found) == 1 else {UNKNOWN}


def _pieces(word: str, known: Vocabulary) -> tuple[str, ...]:
    """The fewest known words that a word is made up of altogether; none where it is not, or of short ones alone."""
    ways: list[tuple[str, ...] | None] = [(), *[None] * len(word)]
    for end in range(1, len(word) + 1):
        for start in range(end - MIN_PIECE + 1):
            way, piece = ways[start], word[start:end]
            if way is not None and piece in known.words and (ways[end] is None or len(way) < len(ways[end] or ()) - 1):
                ways[end] = (*way, piece)
    found = ways[-1] or ()
    is_telling = any(len(piece) >= MIN_TELLING or HANGUL.match(piece) for piece in found)
    return found if is_telling else ()
