"""Names as people mean them: what counts as the same label, heading or path.

Nothing is renamed here: keys are for comparing, the names stay as their owner wrote them, but for their Unicode form
(NFC) and blanks at their ends.
"""

import re
import unicodedata
from pathlib import PurePosixPath

BETWEEN = re.compile(r"[\s_\-]+")


def tidy(text: str) -> str:
    """A name without blanks at its ends, its letters composed (NFC).

    >>> tidy(" Cafe\\u0301 ")
    'Café'
    """
    return unicodedata.normalize("NFC", text).strip()


def name_key(text: str) -> str:
    """What is equal for names that mean the same: case, blanks, `_` and `-` do not count.

    >>> name_key("Patient ID") == name_key("patient_id") == name_key("PatientID")
    True
    >>> name_key("Viral Pneumonia") == name_key("Viral_Pneumonia")
    True
    """
    return BETWEEN.sub("", tidy(text).casefold())


def path_parts(path: str) -> tuple[str, ...]:
    r"""The folders and the name of a path, with slashes or backslashes; drives and `.` are left out, blanks are kept.

    >>> path_parts("D:\\data\\a.png"), path_parts("./x//a.png")
    (('data', 'a.png'), ('x', 'a.png'))
    """
    parts = unicodedata.normalize("NFC", path).replace("\\", "/").split("/")
    if re.fullmatch(r"[A-Za-z]:", parts[0].strip()):
        parts = parts[1:]
    return tuple(part for part in parts if part.strip() not in ("", "."))


def loose_parts(parts: tuple[str, ...], extensions: tuple[str, ...]) -> tuple[str, ...]:
    """The parts of a path without regard to case, blanks at their ends and the extension of a film.

    >>> loose_parts((" X", "A.PNG "), (".png",)) == loose_parts(("x", "a"), (".png",))
    True
    """
    if not parts:
        return parts
    *folders, name = (part.strip().casefold() for part in parts)
    suffix = PurePosixPath(name).suffix
    return (*folders, name.removesuffix(suffix) if suffix in extensions else name)
