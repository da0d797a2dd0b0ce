"""What a file is by its first bytes: a film that is read here, an image of another kind, a text, or none of these.

A file with the extension of a film is one whatever its content: if it cannot be read, that is told with its reason.
"""

import re
from pathlib import PurePosixPath
from typing import Literal

from plainfilm.data.decode import is_film_name
from plainfilm.data.dicom_header import is_dicom

Kind = Literal["film", "other-image", "text", "no-image"]

FILMS = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|II[*+]\0|MM\0[*+]|BM.{4}\0{4}|RIFF.{4}WEBP|\0\0\0\x0cjP  |\xff\x4f\xff\x51",
    re.DOTALL,
)
OTHER_IMAGES = re.compile(
    rb"GIF8|.{4}ftyp(hei|hev|mif|msf|avi)|\0\0\0\x0cJXL |\xff\x0a|8BPS|\0\0[\1\2]\0.\0|\x93NUMPY|NRRD000"
    rb"|ObjectType|P[1-6]\s+(#.*\n)?\d+\s+\d+\s"
    rb"|v/1\x01|SIMPLE  =|\\\x01\0\0.{340}(n\+1|ni1)"
    rb"|(?i:\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!doctype svg[^>]*>\s*)?<svg)",
    re.DOTALL,
)
OTHER_IMAGE_ENDINGS = (
    *(".gif", ".heic", ".heif", ".avif", ".jxl", ".psd", ".svg", ".ico", ".nii", ".npy", ".npz", ".nrrd", ".mha"),
    *(".mhd", ".raw", ".img", ".pgm", ".pnm", ".ppm", ".exr", ".fits", ".tga", ".hdr"),
)
TEXT_ENDINGS = (
    *(
        ".csv",
        ".tsv",
        ".tab",
        ".txt",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".toml",
        ".md",
        ".rst",
        ".html",
        ".htm",
    ),
    *(".xls", ".xlsx", ".ods", ".pdf", ".doc", ".docx", ".rtf", ".py", ".ipynb", ".log"),
)
TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]*")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
MEDIA_DIRECTORY = b"1.2.840.10008.1.3.10\0"  # DICOMDIR: a table of contents; PS3.4, annex I


def kind_of(name: str, first_bytes: bytes) -> Kind:
    r"""What the file of this name is, whose content starts so.

    >>> kind_of("IM0001", bytes(128) + b"DICM"), kind_of("a.png", b""), kind_of("notes", b"seen by")
    ('film', 'film', 'text')
    """
    ending = PurePosixPath(name).suffix.lower()
    if is_dicom(first_bytes):
        return "text" if MEDIA_DIRECTORY in first_bytes else "film"
    if is_film_name(name) or FILMS.match(first_bytes):
        return "film"
    if ending in OTHER_IMAGE_ENDINGS or OTHER_IMAGES.match(first_bytes) or name.lower().endswith(".nii.gz"):
        return "other-image"
    if ending in TEXT_ENDINGS or TEXT.fullmatch(first_bytes) or first_bytes.startswith(UTF_16):
        return "text"
    return "no-image"
