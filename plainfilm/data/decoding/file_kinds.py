"""What a file is by its first bytes: a film that is read here, an image of another kind, a text, or none of these.

A file with the extension of a film is one whatever its content: if it cannot be read, that is told with its reason.
"""

import re
from typing import Literal

from plainfilm.data.decoding.dicom_header import is_dicom
from plainfilm.data.decoding.formats import EXTENSIONS, ending, is_film_start, other_format

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
TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]*")
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
    if own_ending in EXTENSIONS or is_dicom(first_bytes) or is_film_start(first_bytes):
        return "film"
    other = other_format(first_bytes)
    if other in OTHER_IMAGES or own_ending in OTHER_IMAGE_ENDINGS or name.lower().endswith(".nii.gz"):
        return "other-image"
    if own_ending in TEXT_ENDINGS or TEXT.fullmatch(first_bytes) or first_bytes.startswith(UTF_16):
        return "text"
    return "no-image"
