"""The bytes of the generator's films, each drawn once, and of the other files that lie beside films."""

import io
import struct
import zipfile
from collections.abc import Callable
from functools import cache

import dicom_files
import numpy as np
from builders import png
from PIL import Image

from plainfilm.data import phantom
from plainfilm.model.overlay import draw_overlay

SEED = 83
SIDE_PX = 64
NUM_FILMS = 72  # of the pool, none a copy of another

Pixels = np.ndarray


@cache
def pixels(number: int) -> Pixels:
    """Film `number` of the pool, (S, S) uint8. Its class in the data set is whatever that says."""
    assert 0 <= number < NUM_FILMS
    return phantom.draw(phantom.CLASSES[number % 3], seed=SEED, number=number, size=SIDE_PX).pixels


def _saved(grey: Pixels, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, kind, **options)
    return buffer.getvalue()


def _deep(grey: Pixels) -> Pixels:
    return grey.astype(np.uint16) * 16 + 8  # 12 bits


def _jpeg(grey: Pixels) -> bytes:
    return _saved(grey, "JPEG", quality=95)


FORMS: dict[str, tuple[str, Callable[[Pixels], bytes]]] = {  # the usual ending, and what makes it of (H, W) uint8
    "png": (".png", png),
    "deep png": (".png", lambda grey: _saved(_deep(grey) * 16, "PNG")),
    "jpeg": (".jpg", _jpeg),
    "jfif": (".jfif", _jpeg),
    "tiff": (".tif", lambda grey: _saved(grey, "TIFF")),
    "bmp": (".bmp", lambda grey: _saved(grey, "BMP")),
    "webp": (".webp", lambda grey: _saved(grey, "WEBP", lossless=True)),
    "jp2": (".jp2", lambda grey: _saved(grey, "JPEG2000")),
}


@cache
def film_bytes(number: int, form: str, patient: str = "") -> bytes:
    """A film as a file; `patient` is the PatientID of a DICOM file."""
    if form == "dicom":
        return dicom_files.film(_deep(pixels(number)), bits=12, PatientID=patient, SOPInstanceUID=f"1.2.3.{number + 1}")
    return FORMS[form][1](pixels(number))


def ending(form: str) -> str:
    """The usual ending of a form."""
    return ".dcm" if form == "dicom" else FORMS[form][0]


# --- what is no film -------------------------------------------------------------------------------------------------


def shrunken(number: int) -> bytes:
    """A thumbnail of a film, as a file manager makes it."""
    return _jpeg(np.asarray(Image.fromarray(pixels(number)).resize((48, 48))))


def mask(number: int) -> bytes:
    """A mask of the lungs."""
    drawn = phantom.draw(phantom.CLASSES[number % 3], seed=SEED, number=number, size=SIDE_PX)
    return png(drawn.lungs.astype(np.uint8) * 255)


def overlay(number: int) -> bytes:
    """A class map over its film, as `plainfilm predict --maps` writes it."""
    return draw_overlay(pixels(number), np.linspace(-1, 1, 4, dtype=np.float32).reshape(2, 2), comment="")


def gif(number: int) -> bytes:
    """A film as a GIF."""
    return _saved(pixels(number), "GIF")


def volume(number: int) -> bytes:
    """A film as a NumPy array."""
    buffer = io.BytesIO()
    np.save(buffer, pixels(number))
    return buffer.getvalue()


def nifti(number: int) -> bytes:
    """A film as NIfTI-1: its header of 348 bytes, an empty extension, the samples."""
    sides = struct.pack("<8h", 2, SIDE_PX, SIDE_PX, 1, 1, 1, 1, 1)
    head = struct.pack("<i", 348) + bytes(36) + sides + bytes(14) + struct.pack("<hh", 2, 8)
    return (head.ljust(344, b"\0") + b"n+1\0").ljust(352, b"\0") + pixels(number).tobytes()


def spreadsheet() -> bytes:
    """The beginnings of an Excel file: a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("[Content_Types].xml", "xl/workbook.xml"):
            archive.writestr(zipfile.ZipInfo(name), "<Types/>")  # without the time of day
    return buffer.getvalue()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400)
PSD = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 1, 64, 64, 8, 1) + bytes(64)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>\n'
THUMBS_DB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)  # an OLE compound file
APPLE_DOUBLE = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(188)
DS_STORE = b"\0\0\0\1Bud1" + bytes(504)
DICOMDIR_CLASS = "1.2.840.10008.1.3.10"


@cache
def dicomdir() -> bytes:
    """A DICOMDIR without records."""
    data = dicom_files.dataset(pixels(0), SOPClassUID=DICOMDIR_CLASS)
    for name in ("PixelData", "Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"):
        del data[name]
    for name in ("SamplesPerPixel", "PhotometricInterpretation", "Modality", "BodyPartExamined"):
        del data[name]
    data.FileSetID = "PLAINFILM"
    return dicom_files.written(data)
