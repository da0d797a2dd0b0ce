r"""Text for people and terminals: no character in it is one that nobody sees.

Notable choices:
- hidden are characters that control, format (bidirectional overrides), stand for half of another one or break lines;
- a text is searched for suspects first (no letter, digit or sign of ASCII), which a compiled pattern finds; Unicode's
  own table then judges these few, so that a version of Python that knows more of them hides more of them.
"""

import json
import re
import unicodedata
from collections.abc import Callable

HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # categories of Unicode
SUSPECT = re.compile(r"[^\w -~]")
PIECES = re.compile(r"[\u2e80-\uffff][，。；：、）]?|[^\s\u2e80-\uffff]+\s*|\s+")  # a line may end after each


def json_text(value: object, *, indent: int | None = None) -> str:
    r"""`value` as JSON: what `printable` would escape is escaped as JSON does it.

    Raises ValueError for a number that is not finite.

    >>> json_text({"name": "病人\x9b31m"})
    '{"name": "病人\\u009b31m"}'
    """
    made = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _escaped(made, lambda character: character if character == "\n" else json.dumps(character)[1:-1])


def printable(value: str) -> str:
    r"""`value` with hidden characters as escapes, so that it stays on one line.

    >>> printable("a\nb\x1b[31m")
    'a\\nb\\x1b[31m'
    """
    return _escaped(value, lambda character: character.encode("unicode_escape").decode("ascii"))


def _escaped(value: str, escape: Callable[[str], str]) -> str:
    """`value` with `escape` of each hidden character in its place."""

    def shown(suspect: re.Match[str]) -> str:
        return escape(suspect[0]) if unicodedata.category(suspect[0]) in HIDDEN else suspect[0]

    return value if value.isprintable() else SUSPECT.sub(shown, value)


def wrapped(words: str, width: int) -> list[str]:
    """Text in lines of at most `width` columns, broken at spaces and between wide characters, which take two.

    >>> wrapped("给出全部胶片 and more", 13)
    ['给出全部胶片', 'and more']
    """
    lines, taken = [""], 0
    for piece in PIECES.findall(words):
        columns = sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in piece)
        trailing = len(piece) - len(piece.rstrip())
        if taken + columns - trailing > width:
            lines, taken = [*lines, ""], 0
        lines[-1] += piece
        taken += columns
    return [line.rstrip() for line in lines if line.strip()]
