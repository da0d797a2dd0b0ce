"""Pseudonyms of patients: a DICOM PatientID only ever becomes a keyed hash, for grouping.

The key belongs to an index: it is made at random with the first film that needs it and kept beside the index, in
`index.key`, which only its owner may read. Who scans into the same folder again uses the same key, so indexes made
there agree; without the key nobody can try out which PatientID a pseudonym stands for. The key is written nowhere else.
"""

import hashlib
import hmac
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from plainfilm import files
from plainfilm.errors import SourceError

KEY_NAME = "index.key"
NUM_KEY_BYTES = 32
NUM_HEX_DIGITS = 16
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


class Pseudonyms:
    """Turns the PatientIDs of one index into pseudonyms; may be used from several threads.

    `folder`: where the index will be written; None for films that are only to be judged, whose key is forgotten.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._key = b""
        self._lock = threading.Lock()

    def of(self, patient_id: bytes) -> str:
        """The pseudonym of a PatientID, "" of an empty one. Raises SourceError or OutputError about the key."""
        if not patient_id:
            return ""
        with self._lock:
            self._key = self._key or _key(self._folder)
        return f"dicom-{hmac.new(self._key, patient_id, hashlib.sha256).hexdigest()[:NUM_HEX_DIGITS]}"


def _key(folder: Path | None) -> bytes:
    """The key in a folder, made where there is none."""
    if folder is None:
        return secrets.token_bytes(NUM_KEY_BYTES)
    path = folder / KEY_NAME
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
