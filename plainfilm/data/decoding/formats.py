"""Formats: what a file is by its first bytes, and which of Pillow's readers takes it.

A file with the extension of a film is one whatever its content: if it cannot be read, that is told with its reason.
"""

import os.path
import re
from typing import Literal

from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from plainfilm.data.decoding.dicom_header import is_dicom
from plainfilm.errors import FilmError

EXTENSIONS = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".j2k", ".jpx"),
    *(".dcm", ".dicom", ".ima"),
)

# first bytes (a pattern), reader, and the marker without which a file was cut, where the format has one
READERS: tuple[tuple[bytes, type[ImageFile], bytes], ...] = (
    (rb"\x89PNG\r\n\x1a\n", PngImageFile, b"IEND"),
    (rb"\xff\xd8\xff", JpegImageFile, b"\xff\xd9"),
    (rb"II[*+]\0|MM\0[*+]", TiffImageFile, b""),
    (rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0", BmpImageFile, b""),
    (rb"RIFF.{4}WEBPVP8[ LX]", WebPImageFile, b""),
    (rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51", Jpeg2KImageFile, b"\xff\xd9"),
)

# what else people drop on the page, by its first bytes
OTHER_FORMATS = (
    *(("PDF", rb"%PDF"), ("ZIP", rb"PK[\x03\x05][\x04\x06]"), ("gzip", rb"\x1f\x8b"), ("7z", rb"7z\xbc\xaf")),
    *(("RAR", rb"Rar!"), ("xz", rb"\xfd7zXZ\0"), ("bzip2", rb"BZh[1-9]"), ("tar", rb".{257}ustar"), ("GIF", rb"GIF8")),
    *(("HEIC/AVIF", rb".{4}ftyp(hei|hev|mif|msf|avi)"), ("MP4/QuickTime", rb".{4}ftyp"), ("AVI", rb"RIFF.{4}AVI ")),
    *(("Matroska/WebM", rb"\x1a\x45\xdf\xa3"), ("JPEG XL", rb"\xff\x0a|\0\0\0\x0cJXL "), ("Photoshop", rb"8BPS")),
    *(("ICO/CUR", rb"\0\0[\x01\x02]\0[\x01-\x20]\0"), ("PNM", rb"(?-i:P)[1-7]\s+[\d#]")),
    *(("SVG", rb"\s*(<\?xml.*)?<svg"), ("FITS", rb"SIMPLE  =")),
    *(("NIfTI", rb"(\x5c\x01\0\0|\0\0\x01\x5c).{340}n[+i]1\0"), ("NRRD", rb"NRRD000")),
    *(("MetaImage", rb"(ObjectType|NDims) *="), ("NumPy", rb"\x93NUMPY"), ("MATLAB", rb"MATLAB 5")),
    *(("HDF5", rb"\x89HDF\r\n\x1a\n"), ("Python pickle", rb"\x80[\x02-\x05].")),
    ("Microsoft Office", rb"\xd0\xcf\x11\xe0"),
    ("DICOM without its preamble", rb"[\x02\x08]\0[\0-\x20]\0([A-Z]{2}|..\0\0)"),
    ("HTML", rb"\s*<(!doctype html|html|head|body)"),
)
TEXT = rb"[^\x00-\x08\x0e-\x1f\x7f]+"  # no control character in the first bytes
NUM_FIRST_BYTES = 512

# one pattern each, since every file of a data set is asked
FILM_STARTS = re.compile(b"|".join(b"(?:%s)" % pattern for pattern, _, _ in READERS), re.DOTALL)
OTHER_STARTS = re.compile(
    b"|".join(b"(?P<f%d>%s)" % (number, pattern) for number, (_, pattern) in enumerate(OTHER_FORMATS)),
    re.DOTALL | re.IGNORECASE,
)


def is_film_name(name: str) -> bool:
    """Whether the extension of `name` is that of a film.

    >>> is_film_name("a/B.JPG"), is_film_name("notes.txt")
    (True, False)
    """
    return ending(name) in EXTENSIONS


def ending(name: str) -> str:
    """The extension of a name in small letters, "" without one.

    >>> ending("a/b.PNG"), ending("a.b/.png")
    ('.png', '')
    """
    return os.path.splitext(name)[1].lower()


def other_format(data: bytes) -> str:
    """The name of another format that begins so, "" if none is known."""
    found = OTHER_STARTS.match(data[:NUM_FIRST_BYTES])
    return OTHER_FORMATS[int((found.lastgroup or "")[1:])][0] if found else ""


def find_reader(data: bytes) -> tuple[type[ImageFile], bytes]:
    """The reader of these bytes and their end marker. Raises FilmError, which says what they are instead."""
    for pattern, reader, end_marker in READERS:
        if re.match(pattern, data, re.DOTALL):
            return reader, end_marker
    found = other_format(data)
    if found:
        raise FilmError("film-other-format", found=found)
    raise FilmError("film-is-text" if re.fullmatch(TEXT, data[:NUM_FIRST_BYTES]) else "film-unknown-format")


# --- films, other images, texts --------------------------------------------------------------------------------------

Kind = Literal["film", "other-image", "text", "no-image"]

OTHER_IMAGES = {
    *("GIF", "HEIC/AVIF", "JPEG XL", "Photoshop", "ICO/CUR", "PNM", "SVG", "FITS", "NIfTI", "NRRD", "MetaImage"),
    "NumPy",
}
OTHER_IMAGE_ENDINGS = (
    *(".gif", ".heic", ".heif", ".avif", ".jxl", ".psd", ".svg", ".ico", ".nii", ".npy", ".npz", ".nrrd", ".mha"),
    *(".mhd", ".raw", ".img", ".pgm", ".pnm", ".ppm", ".exr", ".fits", ".tga", ".hdr"),
)
TEXT_ENDINGS = (
    *(".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".md", ".rst", ".html"),
    *(".htm", ".xls", ".xlsx", ".ods", ".pdf", ".doc", ".docx", ".rtf", ".py", ".ipynb", ".log"),
)
PLAIN_TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]*")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MEDIA_DIRECTORY = re.compile(rb"1\.2\.840\.10008\.1\.3\.10(?![\d.])")  # the table of contents of a CD; PS3.4, annex I
MEDIA_DIRECTORY_NAME = "DICOMDIR"


def kind_of(name: str, first_bytes: bytes) -> Kind:
    r"""What the file of this name is, whose content starts so.

    >>> kind_of("IM0001", bytes(128) + b"DICM"), kind_of("a.png", b""), kind_of("notes", b"seen by")
    ('film', 'film', 'text')
    """
    own_ending = ending(name)
    if name.rpartition("/")[2].upper() == MEDIA_DIRECTORY_NAME or MEDIA_DIRECTORY.search(first_bytes):
        return "text"
    if own_ending in EXTENSIONS or is_dicom(first_bytes) or FILM_STARTS.match(first_bytes):
        return "film"
    other = other_format(first_bytes)
    if other in OTHER_IMAGES or own_ending in OTHER_IMAGE_ENDINGS or name.lower().endswith(".nii.gz"):
        return "other-image"
    if own_ending in TEXT_ENDINGS or PLAIN_TEXT.fullmatch(first_bytes) or first_bytes.startswith(UTF_16):
        return "text"
    return "no-image"
