"""Where a film is filed: the attributes that its results copy, so that an archive puts them beside it.

Notable choices:
- the data set is walked by `decoding.dicom_form`, within its bounds; of the patient and the study only the
  attributes in COPIED are read, and nothing but the results ever holds them;
- text is decoded from the film's character set and written as UTF-8, whatever it was;
- values go on as they are: what another system wrote there is not for this program to judge.

Source: DICOM PS3.3, C.7.1.1 (patient), C.7.2.1 (study), C.12.1.1.2 (character sets).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from pydicom import Dataset
from pydicom.charset import convert_encodings, decode_bytes, python_encoding
from pydicom.config import IGNORE
from pydicom.dataelem import DataElement
from pydicom.valuerep import TEXT_VR_DELIMS

from plainfilm.data.decoding.dicom_form import walk
from plainfilm.data.decoding.dicom_header import BIG_ENDIAN, DEFLATED, IMPLICIT, MAX_DEFLATED_HEADER_BYTES, inflate
from plainfilm.data.decoding.dicom_header import MAX_TEXT_BYTES as MAX_VALUE_BYTES
from plainfilm.errors import FilmError

CHARACTER_SET = 0x00080005
SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
MANUFACTURER, LOSSY = 0x00080070, 0x00282110
COPIED = {  # tag: how its value is represented
    0x00080020: "DA",  # study date
    0x00080030: "TM",  # study time
    0x00080050: "SH",  # accession number
    0x00080090: "PN",  # referring physician
    0x00081030: "LO",  # study description
    0x00100010: "PN",  # patient's name
    0x00100020: "LO",  # patient ID
    0x00100021: "LO",  # issuer of the patient ID
    0x00100030: "DA",  # patient's birth date
    0x00100040: "CS",  # patient's sex
    0x00200010: "SH",  # study ID
}
OPTIONAL = {0x00081030, 0x00100021}  # written only where the film has them; the others also empty
UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
MAX_UID = 64  # characters
NAME_DELIMITERS = TEXT_VR_DELIMS | {ord("^"), ord("=")}
MAKER = "plainfilm"  # the manufacturer of what this package makes


@dataclass(frozen=True)
class Filing:
    """What a film says of itself, its study and its patient."""

    sop_class: str
    sop_instance: str
    study: str
    series: str
    is_own: bool  # this package made it: a map that comes back
    is_lossy: bool
    values: dict[int, str] = field(repr=False)  # of COPIED, by tag

    @property
    def is_complete(self) -> bool:
        """Whether results can name the film and be filed in its study."""
        return all(
            len(uid) <= MAX_UID and UID.fullmatch(uid)
            for uid in (self.sop_class, self.sop_instance, self.study, self.series)
        )

    def file(self, result: Dataset) -> None:
        """Put a result into the film's study, and say that it is UTF-8."""
        result.SpecificCharacterSet = "ISO_IR 192"
        result.StudyInstanceUID = self.study
        for tag, kind in COPIED.items():
            value = self.values.get(tag, "")
            if value or tag not in OPTIONAL:
                result[tag] = DataElement(tag, kind, value, validation_mode=IGNORE)


def read_filing(data: bytes, syntax: str) -> Filing:
    """What a data set in a transfer syntax says. Raises FilmError where it is none."""
    if syntax == DEFLATED:
        data = bytes(inflate(data, 0, MAX_DEFLATED_HEADER_BYTES))
    wanted = {CHARACTER_SET, SOP_CLASS, SOP_INSTANCE, STUDY, SERIES, MANUFACTURER, LOSSY, *COPIED}
    found: dict[int, bytes] = {}
    num_elements = 0
    for element in walk(data, 0, len(data), syntax != IMPLICIT, ">" if syntax == BIG_ENDIAN else "<"):
        num_elements += 1
        if element.tag in wanted and element.length <= MAX_VALUE_BYTES:
            found[element.tag] = data[element.start : element.start + element.length].strip(b" \0")
    if num_elements == 0:
        raise FilmError("film-dicom-damaged")

    def plain(tag: int) -> str:
        return found.get(tag, b"").decode("ascii", "replace")

    encodings = _encodings(plain(CHARACTER_SET))
    return Filing(
        sop_class=plain(SOP_CLASS),
        sop_instance=plain(SOP_INSTANCE),
        study=plain(STUDY),
        series=plain(SERIES),
        is_own=plain(MANUFACTURER) == MAKER,
        is_lossy=plain(LOSSY) == "01",
        values={tag: _decoded(found[tag], encodings) for tag in COPIED if tag in found},
    )


def _encodings(character_set: str) -> Sequence[str]:
    """Python's names for the terms of a character set; unknown terms are left out.

    >>> list(_encodings("GB18030"))
    ['GB18030']
    """
    terms = [term.strip() for term in character_set.split("\\")]
    known = [term for term in terms if term in python_encoding]
    return list(convert_encodings(known)) if known else ["iso8859"]


def _decoded(value: bytes, encodings: Sequence[str]) -> str:
    """A text; bytes that are none become replacement characters."""
    if b"\x1b" in value:  # code extensions: pydicom knows them
        return decode_bytes(value, encodings, NAME_DELIMITERS)
    return value.decode(encodings[0], "replace")
