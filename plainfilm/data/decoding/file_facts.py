"""What a film's file says of itself beside its pixels: how it was stored, for the shortcut audit.

Only headers are read, by walking PNG chunks and JPEG segments; nothing is decoded, and a damaged header gives fewer
facts, no error. Numbers, not names: a text chunk is counted and never read.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.film_index import Row
from plainfilm.data.sources.listing import Listing
from plainfilm.errors import SourceError

FACTS = (
    "format",  # 0 other, 1 PNG, 2 JPEG, 3 TIFF, 4 DICOM
    "log_bytes",
    "bytes_per_pixel",
    "bits",  # a sample of a PNG or JPEG
    "colour",  # PNG's colour type; JPEG's number of components
    "compression",  # PNG: the two bytes that start its zlib stream; JPEG: mean of the first quantisation table
    "pieces",  # PNG: IDAT chunks; JPEG: quantisation tables
    "extras",  # other PNG chunks; JPEG application and comment segments
)
PNG_START = b"\x89PNG\r\n\x1a\n"
JPEG_FRAMES = (0xC0, 0xC1, 0xC2)
STANDALONE = (0x01, *range(0xD0, 0xD8))  # JPEG markers without a length


def read_facts(listing: Listing, rows: tuple[Row, ...]) -> NDArray[np.float64]:
    """The facts of each film of an index, in order: (N, len(FACTS)); zeros where a file cannot be read."""
    found = np.zeros((len(rows), len(FACTS)))
    for number, row in enumerate(rows):
        try:
            data = listing.read(row.entry)
        except (SourceError, OSError):
            continue
        found[number] = file_facts(data, row.width * row.height)
    return found


def file_facts(data: bytes, num_pixels: int) -> tuple[float, ...]:
    """The facts of one file, in the order of FACTS."""
    size = (math.log(max(len(data), 1)), len(data) / max(num_pixels, 1))
    if data.startswith(PNG_START):
        return 1, *size, *_png(data)
    if data.startswith(b"\xff\xd8"):
        return 2, *size, *_jpeg(data)
    kind = 3 if data[:4] in (b"II*\0", b"MM\0*") else 4 if data[128:132] == b"DICM" else 0
    return kind, *size, 0, 0, 0, 0, 0


def _png(data: bytes) -> tuple[int, int, int, int, int]:
    """Bits, colour type, start of the zlib stream, number of IDAT chunks and of other chunks."""
    bits = colour = compression = pieces = extras = 0
    place = len(PNG_START)
    while place + 8 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        body = data[place + 8 : place + 18]
        if kind == b"IHDR" and len(body) == 10:
            bits, colour = body[8], body[9]
        elif kind == b"IDAT":
            compression = compression or int.from_bytes(body[:2], "big")
            pieces += 1
        elif kind != b"IEND":
            extras += 1
        place += 12 + length
    return bits, colour, compression, pieces, extras


def _jpeg(data: bytes) -> tuple[int, int, float, int, int]:
    """Bits, components, mean of the first quantisation table, number of tables and of other segments."""
    bits = colour = tables = extras = 0
    first_table = 0.0
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        body = data[place + 4 : place + 2 + length]
        if marker in STANDALONE:
            place += 2
            continue
        if marker == 0xDA or length < 2:  # the pixels start here
            break
        if marker == 0xDB and len(body) >= 65:
            tables += len(body) // 65
            first_table = first_table or sum(body[1:65]) / 64
        elif marker in JPEG_FRAMES and len(body) >= 6:
            bits, colour = body[0], body[5]
        elif 0xE0 <= marker <= 0xFE:
            extras += 1
        place += 2 + length
    return bits, colour, first_table, tables, extras
