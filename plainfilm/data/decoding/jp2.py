"""A JPEG 2000 file as a picture: boxes around a codestream, or a codestream alone; checked before Pillow sees it.

Notable choices:
- boxes, codestream and tiles are counted here, for Pillow and its decoder count none of them;
- what the boxes say of size, channels and depth is compared with the codestream: where they differ, Pillow would leave
  pixels black, or drop bits;
- palettes, signed samples and channels of another grid or depth are refused: no radiograph has them, and they would be
  shown in wrong greys.

Source: ITU-T T.800, annexes A (codestream) and I (boxes).
"""

import struct
from typing import NoReturn

from plainfilm.data.decoding import codestream
from plainfilm.data.decoding.codestream import JPEG_2000_START, Shape
from plainfilm.data.decoding.film import Limits
from plainfilm.errors import FilmError

MAX_BOXES = 1000
MAX_HEADER_BYTES = 2**18  # of the box with all that is said of the image; a colour profile has some 3 kB
COMPONENTS_AT = 42  # in a codestream: of each channel a byte for depth and sign, and two for its grid
BITS = range(8, 17)
MAX_CHANNELS = 4


def read_shape(data: bytes, limits: Limits) -> Shape:
    """What the codestream in a file says of the image.

    Raises FilmError: cut, damaged, several images, too small or too large, more work than any film's, of a rare kind.
    """
    frame = _frame(data)
    try:
        shape = codestream.shape(frame)
        limits.check_size(shape.width, shape.height)
        codestream.check_cost(frame, shape.height, shape.width)
    except FilmError as error:
        if error.code in ("film-dicom-codestream", "film-dicom-damaged"):  # of one that a DICOM header is around
            _refuse("JPEG 2000 codestream")
        raise
    components = frame[COMPONENTS_AT : COMPONENTS_AT + 3 * shape.channels]
    if shape.channels > MAX_CHANNELS or components != bytes((shape.bits - 1, 1, 1)) * shape.channels:
        _refuse("JPEG 2000 channels that are signed, many, or not alike")
    if shape.bits not in BITS:
        _refuse(f"JPEG 2000 samples of {shape.bits} bits")
    return shape


def check_header(shape: Shape, width: int, height: int, mode: str, channels: int) -> None:
    """Raise FilmError where Pillow has read another image from the boxes than the codestream holds."""
    is_deep = shape.channels == 1 and shape.bits > 8
    if (shape.width, shape.height, shape.channels) != (width, height, channels) or is_deep != (mode == "I;16"):
        _refuse("JPEG 2000 header that contradicts its codestream")


def _frame(data: bytes) -> bytes:
    """The codestream in a file."""
    if data.startswith(JPEG_2000_START):
        return data
    frames, position = [], 0
    for _ in range(MAX_BOXES):
        if position == len(data):
            break
        kind, start, stop = _box(data, position)
        if kind == b"jp2c":
            frames.append(data[start:stop])
        elif kind == b"jp2h":
            if stop - start > MAX_HEADER_BYTES:
                raise FilmError("film-overloaded")
            if b"pclr" in data[start:stop]:
                _refuse("JPEG 2000 with a palette")
        position = stop
    else:
        raise FilmError("film-overloaded")
    if len(frames) > 1:
        raise FilmError("film-several-images")
    if not frames:
        raise FilmError("film-truncated")
    return frames[0]


def _box(data: bytes, position: int) -> tuple[bytes, int, int]:
    """Kind, start and end of the content of the box at `position` (T.800, I.4). Raises FilmError where it is cut."""
    try:
        length, kind = struct.unpack_from(">I4s", data, position)
        start = position + 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, start)
            start += 8
    except struct.error:
        raise FilmError("film-truncated") from None
    stop = position + length if length else len(data)  # 0: up to the end
    if stop < start:
        _refuse("JPEG 2000 boxes")
    if stop > len(data):
        raise FilmError("film-truncated")
    return kind, start, stop


def _refuse(reason: str) -> NoReturn:
    raise FilmError("film-unreadable", reason=reason) from None
