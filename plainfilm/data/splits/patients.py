"""Who a patient is: which entries name nobody, and the pseudonyms of PatientIDs.

Tables and headers write "unknown" or "ANONYMOUS" where they know no patient. Such an entry is nobody: taken as an ID it
would make one patient of half a data set. A DICOM PatientID only ever becomes a keyed hash, for grouping.

The key belongs to an index: it is made at random with the first film that needs it and kept beside the index, in
`index.key`, which only its owner may read. Who scans into the same folder again uses the same key, so indexes made
there agree; without the key nobody can try out which PatientID a pseudonym stands for. The key is written nowhere else.
"""

import hashlib
import hmac
import os
import re
import secrets
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from plainfilm.errors import SourceError
from plainfilm.io import files
from plainfilm.io.run_folder import INDEX_KEY

NUM_KEY_BYTES = 32
NUM_HEX_DIGITS = 16
NOBODY_WORDS = """
na nan nat nil none no null unk unkn unknown undefined unspecified missing blank empty notavailable notapplicable
notgiven notknown notspecified nobody novalue removed redacted withheld confidential xxx xxxx
anon anonym anonymous anonymized anonymised anonymize anonymise deidentified unidentified
anonymisiert unbekannt keine anonymisé inconnu inconnue anónimo anonimo anónima anonimizado desconocido
anônimo desconhecido sconosciuto неизвестно неизвестный аноним нет
不详 不詳 不明 未知 未填 匿名 匿名化 已匿名 脱敏 已脱敏 去标识 无 無 空 缺失 暂无 无名氏 名無し 익명 미상
"""
NOBODY = frozenset(NOBODY_WORDS.split())  # entries that name no patient, as `_letters` writes them
AROUND = re.compile("^(patient|id|患者|病人)+|(patient|id|患者|病人)+$")  # words that say nothing beside them
DOUBTFUL = re.compile(r"-|na|0+(\.0+)?|-[0-9]+(\.0+)?")  # may stand for nobody or be an ID: how many films decides
MIN_NOBODYS_FILMS = 5  # of a doubtful entry, before it can be nobody,
NOBODYS_LEAD = 3  # and times as many as the next largest ID has
MIN_PATIENTS = 5  # who share an entry of a column, before it is shown: one of few might say who they are


def shared(entries: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The entries of a column, by film, with "" for those that fewer than MIN_PATIENTS groups have.

    >>> shared(["F", "F", "F", "F", "F", "Ms Lee"], ["a", "b", "c", "d", "e", "f"])
    ['F', 'F', 'F', 'F', 'F', '']
    """
    groups_of = defaultdict[str, set[str]](set)
    for entry, group in zip(entries, groups, strict=True):
        groups_of[entry].add(group)
    return [entry if len(groups_of[entry]) >= MIN_PATIENTS else "" for entry in entries]


def is_nobody(entry: str) -> bool:
    """Whether a cell or header that is not empty says that nothing is known, in whatever case, width or brackets.

    >>> [is_nobody(entry) for entry in ("ANONYMOUS", "<NA>", "n/a", "?", "不详", "0", "NA", "ANON0012")]
    [True, True, True, True, True, False, False, False]
    """
    letters = _letters(entry)
    return bool(entry.strip()) and not is_doubtful(entry) and (not letters or letters in NOBODY)


def is_doubtful(entry: str) -> bool:
    """Whether an entry may be nobody or an ID: 0, -1, - or NA, and other ways of writing these.

    >>> [is_doubtful(entry) for entry in ("0", "0000", "-1.0", " na ", "10", "N/A")]
    [True, True, True, True, False, False]
    """
    return DOUBTFUL.fullmatch(_plain(entry)) is not None


def is_nobody_by_count(films: int, largest: int) -> bool:
    """Whether a doubtful entry with so many films is nobody; `largest`: the films of the next largest ID beside it."""
    return films >= MIN_NOBODYS_FILMS and films >= NOBODYS_LEAD * largest


def as_id(entry: str) -> str:
    """An ID as it is compared: a whole number that a spreadsheet read as a fraction is the number.

    >>> as_id(" 17.0 "), as_id("P-017")
    ('17', 'P-017')
    """
    number = re.fullmatch(r"([0-9]+)\.0+", entry.strip())
    return number[1] if number else unicodedata.normalize("NFC", entry.strip())


def _plain(entry: str) -> str:
    return unicodedata.normalize("NFKC", entry).strip().casefold()


def _letters(entry: str) -> str:
    """The letters and digits of an entry: `N/A`, `<na>` and `Patient ID: n.a.` are alike."""
    letters = "".join(character for character in _plain(entry) if character.isalnum())
    return AROUND.sub("", letters)


class Pseudonyms:
    """Turns the PatientIDs of one index into pseudonyms; may be used from several threads.

    `doubtful` holds the pseudonyms of PatientIDs that may be nobody, in memory alone. `folder`: where the index will be
    written; None for films that are only to be judged, whose key is forgotten.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self.doubtful: set[str] = set()
        self._key = b""
        self._lock = threading.Lock()

    def of(self, patient_id: bytes) -> str:
        """The pseudonym of a PatientID, "" of one that is empty or names nobody.

        Raises SourceError or OutputError about the key.
        """
        text = header_text(patient_id)
        if not patient_id or is_nobody(text):
            return ""
        with self._lock:
            self._key = self._key or _key(self._folder)
        pseudonym = f"dicom-{hmac.new(self._key, patient_id, hashlib.sha256).hexdigest()[:NUM_HEX_DIGITS]}"
        if is_doubtful(text):
            self.doubtful.add(pseudonym)
        return pseudonym


def header_text(value: bytes) -> str:
    """A text of a DICOM header as far as it can be read without its character set: UTF-8, else China's."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("gb18030", "replace")


def _key(folder: Path | None) -> bytes:
    """The key in a folder, made where there is none."""
    if folder is None:
        return secrets.token_bytes(NUM_KEY_BYTES)
    path = folder / INDEX_KEY
    if not path.exists():
        text = f"{secrets.token_hex(NUM_KEY_BYTES)}\n".encode()
        with files.replacing(path, len(text)) as file:
            os.chmod(file.name, 0o600)
            file.write(text)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise SourceError("index-key-damaged", path=str(path)) from None
    if len(key) != NUM_KEY_BYTES:
        raise SourceError("index-key-damaged", path=str(path))
    return key
