"""The encoding of names that an archive holds as bytes, and does not say how they are to be read.

Zips of Windows hold names in the code page of the machine that made them (GBK in China, Shift-JIS in Japan), zips of
macOS in UTF-8 without saying so, tars whatever the file system held. The rule: UTF-8 where all names decode; else GBK
or Shift-JIS where all names become letters of that script; else code page 437, the zip standard's. A table that knows
some of the names decides before the script does, and the owner of the archive before both.

Bytes of one script are often valid in another, so "letters of that script" asks for more than decoding: at least half
of the letters must be common ones, in words of their own ("Größe" of code page 850 is no "Gr癡e").
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

from plainfilm.errors import SourceError

Fits = Callable[[list[str]], int]

CANDIDATES = (
    *("utf-8", "gbk", "cp932", "cp950", "cp949", "gb18030", "euc_jp"),
    *("cp437", "cp850", "cp1252", "cp866", "cp1251"),
)
EXAMPLES = "gbk, cp932 (Shift-JIS), cp950 (Big5), cp949 (Korean), cp850, cp1252, cp866, utf-8"
NUM_COMPARED = 5000  # names that a table is asked about
PLAIN = b"/.-_ az09AZ"  # any encoding of file names leaves these as they are

HANZI = re.compile(r"[\u4e00-\u9fff]")
JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa々〆]|" + HANZI.pattern)
WORDS = re.compile(rf"(?:{JAPANESE.pattern}){{2,}}|(?<![a-z])(?:{JAPANESE.pattern})(?![a-z])")
KATAKANA_RUN = re.compile(r"[\u30a1-\u30fa\u30fc]{2,}")


def outside(name: str) -> str:
    r"""A member's name as everybody else sees it: `/` between folders, composed letters, no leading `./`.

    >>> outside(".\\COVID\\u\u0308ber.png")
    'COVID/über.png'
    """
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    while name.startswith("./"):
        name = name[2:]
    return name


def read_names(path: Path, names: Sequence[bytes | str], encoding: str, fits: Fits | None) -> tuple[list[str], str]:
    """The names as others see them, and the encoding that was found for those that are bytes.

    "" where all are plain ASCII or UTF-8. `encoding`: what the owner says, "" to find it.

    Raises SourceError where the owner's encoding is none, or a name does not decode with it.
    """
    written = list(dict.fromkeys(name for name in names if isinstance(name, bytes) and not name.isascii()))
    if encoding:
        check_encoding(encoding)
        if any(_decoded([name], encoding) is None for name in written):
            raise SourceError("encoding-unfit", path=str(path), encoding=encoding, examples=EXAMPLES)
    found = encoding or _find(written, fits)
    shown = [
        outside(name if isinstance(name, str) else name.decode("ascii" if name.isascii() else found)) for name in names
    ]
    return shown, found if written and (encoding or found != "utf-8") else ""


def check_encoding(encoding: str) -> None:
    """Raise SourceError for what is no encoding of file names."""
    try:
        known = PLAIN.decode(encoding) == PLAIN.decode("ascii")
    except (LookupError, ValueError):  # no such codec, one of no text, one that reads this otherwise
        known = False
    if not known:
        raise SourceError("encoding-unknown", encoding=encoding, examples=EXAMPLES)


def _find(written: Sequence[bytes], fits: Fits | None) -> str:
    """The encoding of the names that are not plain ASCII."""
    guess = _guess(written)
    if fits is None or not written:
        return guess
    counts = {}
    for encoding in CANDIDATES:
        texts = _decoded(written, encoding)
        if texts is not None:
            step = -(-len(texts) // NUM_COMPARED)
            counts[encoding] = fits([outside(text) for text in texts[::step]])
    best = [encoding for encoding, count in counts.items() if count == max(counts.values())]
    return guess if guess in best else best[0]


def _guess(written: Sequence[bytes]) -> str:
    """The encoding by the names alone.

    >>> _guess(["正常.png".encode("gbk")]), _guess(["正常.png".encode("cp932")]), _guess(["Größe.png".encode("cp850")])
    ('gbk', 'cp932', 'cp437')
    """
    if _decoded(written, "utf-8") is not None:
        return "utf-8"
    if _is_chinese(written):
        return "gbk"
    return "cp932" if _is_japanese(written) else "cp437"


def _decoded(written: Sequence[bytes], encoding: str) -> list[str] | None:
    """The names, None where one does not decode."""
    try:
        return [name.decode(encoding) for name in written]
    except UnicodeError:
        return None


def _letters(
    texts: Sequence[str], encoding: str, script: re.Pattern[str]
) -> tuple[dict[str, bytes], list[bytes], set[str]]:
    """The letters of a script in some names with their codes, the codes of all other signs, the letters in words."""
    codes = {letter: letter.encode(encoding) for letter in set("".join(texts)) if not letter.isascii()}
    of_script = {letter: code for letter, code in codes.items() if script.match(letter)}
    signs = [code for letter, code in codes.items() if letter not in of_script]
    return of_script, signs, set("".join(word for text in texts for word in WORDS.findall(text)))


def _is_chinese(written: Sequence[bytes]) -> bool:
    """Whether all letters are Chinese in GBK, at least half of them among the 3,755 common ones (GB 2312, level 1)."""
    texts = _decoded(written, "gbk")
    if texts is None:
        return False
    hanzi, signs, in_words = _letters(texts, "gbk", HANZI)
    common = [
        letter for letter, code in hanzi.items() if letter in in_words and 0xB0 <= code[0] <= 0xD7 and code[1] >= 0xA1
    ]
    return all(len(code) == 2 and 0xA1 <= code[0] <= 0xA3 for code in signs) and 0 < len(hanzi) <= 2 * len(common)


def _is_japanese(written: Sequence[bytes]) -> bool:
    """Whether all letters are Japanese in Shift-JIS, at least half of them common kanji (level 1) or kana.

    Half-width katakana are none: any bytes become such. A kanji whose second byte is an ASCII letter counts for the
    whole, not for the half: French "père" in code page 850 has one.
    """
    texts = _decoded(written, "cp932")
    if texts is None:
        return False
    japanese, signs, in_words = _letters(texts, "cp932", JAPANESE)
    in_runs = set("".join(run for text in texts for run in KATAKANA_RUN.findall(text)))
    common = [
        letter
        for letter, code in japanese.items()
        if letter in in_runs or (letter in in_words and code[0] <= 0x98 and code[1] >= 0x80)
    ]
    return all(len(code) == 2 and code[0] in (0x81, 0x82) for code in signs) and 0 < len(japanese) <= 2 * len(common)
