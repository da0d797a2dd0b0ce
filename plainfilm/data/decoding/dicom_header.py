"""The header of a DICOM file: the few attributes that a film needs, within bounds, and where the pixels stand.

Notable choices:
- only the attributes in TAGS are ever read: names, dates and texts of the patient are skipped as bytes, so that no
  message, warning or log of this program or of a library below it can hold them;
- elements are found by `dicom_form`, however the file says that it is written;
- a deflated file is unpacked up to its pixels first, and further only after its header was accepted.

Source: DICOM PS3.5, sections 9 (UIDs) and A (transfer syntaxes); PS3.10, section 7 (file format).
"""

import math
import struct
import zlib
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding import dicom_form
from plainfilm.errors import FilmError

MAGIC, MAGIC_AT = b"DICM", 128
TRANSFER_SYNTAX = 0x00020010
IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN = (f"1.2.840.10008.1.2{end}" for end in ("", ".1", ".1.99", ".2"))

TAGS = {
    **{"SpecificCharacterSet": 0x00080005, "SOPClassUID": 0x00080016, "Modality": 0x00080060},
    "PatientID": 0x00100020,  # read for grouping alone, by `patient_id`
    **{"BodyPartExamined": 0x00180015, "ViewPosition": 0x00185101, "SamplesPerPixel": 0x00280002},
    **{"PhotometricInterpretation": 0x00280004, "PlanarConfiguration": 0x00280006, "NumberOfFrames": 0x00280008},
    **{"Rows": 0x00280010, "Columns": 0x00280011, "BitsAllocated": 0x00280100, "BitsStored": 0x00280101},
    **{"HighBit": 0x00280102, "PixelRepresentation": 0x00280103, "PixelPaddingValue": 0x00280120},
    **{"PixelPaddingRangeLimit": 0x00280121, "WindowCenter": 0x00281050, "WindowWidth": 0x00281051},
    **{"RescaleIntercept": 0x00281052, "RescaleSlope": 0x00281053, "VOILUTFunction": 0x00281056},
    **{"RedPaletteColorLookupTableDescriptor": 0x00281101, "GreenPaletteColorLookupTableDescriptor": 0x00281102},
    **{"BluePaletteColorLookupTableDescriptor": 0x00281103, "RedPaletteColorLookupTableData": 0x00281201},
    **{"GreenPaletteColorLookupTableData": 0x00281202, "BluePaletteColorLookupTableData": 0x00281203},
    **{"ModalityLUTSequence": 0x00283000, "VOILUTSequence": 0x00283010, "LUTDescriptor": 0x00283002},
    **{"LUTData": 0x00283006, "PresentationLUTShape": 0x20500020},
}
RECOGNISED_BYTES = 512  # which tell whether a file is DICOM
MAX_TEXT_BYTES = 1024
MAX_NUMBER = 1e9  # of a decimal; no film has more
MAX_DEFLATED_HEADER_BYTES = 4 * 2**20
CHUNK_BYTES = 2**16


@dataclass(frozen=True)
class Header:
    """What is said of a film. `data` holds the header, and unless the file is deflated the pixels, too."""

    data: bytes = field(repr=False)
    syntax: str  # UID of the transfer syntax; "" where the file does not tell
    explicit: bool  # values carry their representation
    order: str  # of bytes: "<" or ">"
    elements: dict[int, dicom_form.Element]
    deflated_from: int = 0  # where the deflated bytes begin in the file; 0: not deflated

    def value(self, name: str) -> bytes:
        """The bytes of an attribute, b"" where there is none. Raises FilmError for an unreasonable length."""
        element = self.elements.get(TAGS[name])
        if element is None:
            return b""
        if element.length > MAX_TEXT_BYTES:
            refuse_value(name)
        return self.data[element.start : element.start + element.length]

    def string(self, name: str) -> str:
        """A text in capitals, "" where there is none; what is no ASCII becomes a question mark."""
        return self.value(name).decode("ascii", "replace").strip(" \0").upper()

    def integer(self, name: str, default: int | None = None) -> int:
        """A binary integer of 16 bits (US). Raises FilmError where there is none, and no default."""
        value = self.value(name)
        if not value and default is not None:
            return default
        if len(value) != 2:
            refuse_value(name)
        return int(struct.unpack(f"{self.order}H", value)[0])

    def decimal(self, name: str) -> float | None:
        """The first number of a decimal or integer text (DS, IS); None where there is none.

        Raises FilmError for what is no number, not finite, or out of all proportion.
        """
        text = self.string(name).partition("\\")[0].strip()
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            refuse_value(name)
        if "_" in text or not math.isfinite(number) or abs(number) > MAX_NUMBER:
            refuse_value(name)
        return number

    def first_item(self, name: str) -> "Header | None":
        """The first item of a sequence, None where there is none."""
        sequence = self.elements.get(TAGS[name])
        if sequence is None or sequence.length == 0:
            return None
        tag, length = self._item_head(sequence.start)
        if tag != dicom_form.ITEM:
            return None
        start = sequence.start + 8
        stop = len(self.data) if length == dicom_form.UNDEFINED else start + length
        found = {element.tag: element for element in dicom_form.walk(self.data, start, stop, self.explicit, self.order)}
        return Header(self.data, self.syntax, self.explicit, self.order, found)

    def words(self, name: str) -> NDArray[np.int64]:
        """The 16-bit numbers of an attribute (US, SS, OW), 1 to 65536 of them, as int64 from 0."""
        element = self.elements.get(TAGS[name])
        if element is None or not 2 <= element.length <= 2**17:
            refuse_value(name)
        return np.frombuffer(self.data, f"{self.order}u2", element.length // 2, element.start).astype(np.int64)

    def fragments(self, element: dicom_form.Element) -> list[dicom_form.Element]:
        """The items of encapsulated pixels without the offset table. Raises FilmError where their end is missing."""
        found: list[dicom_form.Element] = []
        position = element.start
        while position + 8 <= len(self.data) and len(found) < dicom_form.MAX_ELEMENTS:
            tag, length = self._item_head(position)
            if tag == dicom_form.SEQUENCE_END:
                return found[1:]
            if tag != dicom_form.ITEM or length == dicom_form.UNDEFINED:
                raise FilmError("film-dicom-damaged")
            found.append(dicom_form.Element(tag, position + 8, length))
            position += 8 + length
        raise FilmError("film-truncated")

    def _item_head(self, position: int) -> tuple[int, int]:
        if position + 8 > len(self.data):
            raise FilmError("film-truncated")
        group, number, length = struct.unpack_from(f"{self.order}HHI", self.data, position)
        return group << 16 | number, length


def refuse_value(name: str) -> NoReturn:
    """Refuse a file for one attribute, which is named and never shown."""
    raise FilmError("film-dicom-value", attribute=name) from None


def is_dicom(data: bytes) -> bool:
    """Whether a file starts as DICOM files do; its first RECOGNISED_BYTES tell.

    128 bytes of anything, then DICM; or, as some programs write, DICM at once; or neither, but elements.
    """
    return _magic_end(data) > 0 or dicom_form.is_data_set(data[:RECOGNISED_BYTES])


def _magic_end(data: bytes) -> int:
    """Where the elements of a file begin: behind DICM, or at once."""
    places = (MAGIC_AT, 0)
    return next((at + len(MAGIC) for at in places if data[at : at + len(MAGIC)] == MAGIC), 0)


def read_header(data: bytes) -> Header:
    """The header of a DICOM file. Raises FilmError: cut, damaged."""
    syntax, start = "", _magic_end(data)
    for element in dicom_form.walk(
        data, start, len(data), True, "<", groups=range(dicom_form.META, dicom_form.META + 1)
    ):
        start = element.start + element.length
        if element.tag == TRANSFER_SYNTAX:
            syntax = data[element.start : element.start + min(element.length, 64)].decode("ascii", "replace")
    syntax = syntax.strip(" \0")
    content, first = data, start
    if syntax == DEFLATED:
        content, first = bytes(inflate(data, start, MAX_DEFLATED_HEADER_BYTES)), 0
    order = dicom_form.order_of(content, first)
    explicit = dicom_form.is_explicit(content, first) or not (
        syntax == IMPLICIT or dicom_form.is_implicit(content, first, order)
    )
    wanted = set(TAGS.values()) | {dicom_form.PIXEL_DATA}
    found = {
        element.tag: element
        for element in dicom_form.walk(content, first, len(content), explicit, order)
        if element.tag in wanted
    }
    return Header(content, syntax, explicit, order, found, start if syntax == DEFLATED else 0)


def patient_id(data: bytes) -> bytes:
    """The PatientID of a DICOM file as stored, without padding; b"" where there is none.

    For `Pseudonyms` alone: it must go nowhere else.
    """
    return read_header(data).value("PatientID").strip(b" \0")


def inflate(data: bytes, start: int, max_bytes: int) -> bytearray:
    """At most `max_bytes` of the deflated bytes from `start` on. Raises FilmError where they are damaged."""
    stream, out = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    try:
        for position in range(start, len(data), CHUNK_BYTES):
            out += stream.decompress(data[position : position + CHUNK_BYTES], max_bytes - len(out))
            if stream.eof or len(out) >= max_bytes:
                break
    except zlib.error:
        raise FilmError("film-dicom-damaged") from None
    return out
