"""What compressed pixels say of themselves, before any decoder sees them; and RLE, decoded within bounds.

A header and the codestream below it are written by different programs and may contradict each other; a decoder believes
the codestream. Of a JPEG 2000 file (boxes around a codestream, or that alone), boxes and tiles are counted, for Pillow
and its decoder count none of them; what the boxes say of size, channels and depth is compared with the codestream:
where they differ, Pillow would leave pixels black, or drop bits. Palettes, signed samples and channels of another grid
or depth are refused: no radiograph has them, and they would be shown in wrong greys.

Sources: ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 (JPEG 2000); DICOM PS3.5, annex G (RLE).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from plainfilm.data.decoding.film import Limits
from plainfilm.data.decoding.greys import Stored
from plainfilm.errors import FilmError

JPEG_START, JPEG_2000_START = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
JP2_START = b"\0\0\0\x0cjP  "  # boxes of a JPEG 2000 file around its codestream
MAX_BOXES = 100
END = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000 alike
SCAN = b"\xff\xda"  # where a scan of JPEG begins; within one, no such bytes can stand
MAX_SCANS = 64  # of progressive JPEG, each of which goes over the whole image: writers make 6 to 16
FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15 and JPEG-LS's SOF55
START_OF_SCAN = 0xDA
# ends of the UIDs of DICOM's transfer syntaxes that hold frames with these markers
PROCESSES = {0xC0: ("50", "51"), 0xC1: ("51",), 0xC2: ("50",), 0xC3: ("70", "57"), 0xF7: ("80", "81")}
JPEG_2000_PROCESSES = ("90", "91")
NUM_RLE_OFFSETS = 15


@dataclass(frozen=True)
class Shape:
    """Size, channels and bits a sample; and which of DICOM's transfer syntaxes such a codestream is."""

    height: int
    width: int
    channels: int
    bits: int
    is_signed: bool
    processes: tuple[str, ...]  # ends of UIDs, () where nothing here reads it


def is_one(frame: bytes) -> bool:
    """Whether bytes are a codestream of JPEG, JPEG-LS or JPEG 2000, bare or in boxes."""
    return frame.startswith((JPEG_START, JPEG_2000_START, JP2_START))


def bare(frame: bytes) -> bytes:
    """The codestream in a JPEG 2000 file's boxes (T.800, I.4); any other bytes as they are. Raises FilmError."""
    if not frame.startswith(JP2_START):
        return frame
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(frame):
            raise FilmError("film-truncated")
        length, name = struct.unpack_from(">I4s", frame, position)
        if name == b"jp2c":
            start, stop = position + (16 if length == 1 else 8), position + length if length >= 8 else len(frame)
            return frame[start:stop]
        if length < 8:
            break
        position += length
    raise FilmError("film-dicom-damaged")


def shape(frame: bytes) -> Shape:
    """The shape that a JPEG, JPEG-LS or JPEG 2000 codestream declares.

    Raises FilmError where it is no such thing, or its end is missing.
    """
    try:
        found = _jpeg_2000(frame) if frame.startswith(JPEG_2000_START) else _jpeg(frame)
    except struct.error:
        raise FilmError("film-truncated") from None
    if END not in frame.rstrip(b"\0")[-16:]:  # padded to an even length, by some writers to more
        raise FilmError("film-truncated")
    return found


def check_cost(frame: bytes, height: int, width: int) -> None:
    """Raise FilmError for a JPEG or JPEG 2000 codestream of this size that costs its decoder more than any film's."""
    if frame.startswith(JPEG_2000_START):
        _check_2000_cost(frame, height, width)
    elif frame.count(SCAN) > MAX_SCANS:
        raise FilmError("film-overloaded")


def _jpeg(frame: bytes) -> Shape:
    """Walk over the segments before the frame header (T.81, B.1 and B.2.2)."""
    position = 2
    while frame.startswith(JPEG_START):
        start, marker, length = struct.unpack_from(">BBH", frame, position)
        if start != 0xFF or marker == START_OF_SCAN or length < 2:
            break
        if marker in FRAME_MARKERS:
            bits, height, width, channels = struct.unpack_from(">BHHB", frame, position + 4)
            return Shape(height, width, channels, bits, False, PROCESSES.get(marker, ()))
        position += 2 + length
    raise FilmError("film-dicom-damaged")


def _jpeg_2000(frame: bytes) -> Shape:
    """The SIZ segment (T.800, A.5.1); tiles and offsets are those of one whole image in one grid."""
    x1, y1, x0, y0, tile_width, tile_height, _, _, channels, depth, dx, dy = struct.unpack_from(">8IHBBB", frame, 8)
    if (x0, y0, dx, dy) != (0, 0, 1, 1) or not (tile_width and tile_height):
        raise FilmError("film-dicom-codestream")
    return Shape(y1, x1, channels, (depth & 0x7F) + 1, depth > 0x7F, JPEG_2000_PROCESSES)


def decode_rle(frame: bytes, height: int, width: int, num_bytes: int, *, num_channels: int = 1) -> Stored:
    """The samples of an RLE frame: (H, W), of three channels (H, W, 3), unsigned, `num_bytes` (1 or 2) a sample.

    Each segment is unpacked to as many bytes as the image has pixels, and not one more.
    """
    if len(frame) < 64:
        raise FilmError("film-truncated")
    count, *offsets = struct.unpack_from(f"<{1 + NUM_RLE_OFFSETS}I", frame)
    if count != num_bytes * num_channels:
        raise FilmError("film-dicom-codestream")
    ends = [*offsets[1:count], len(frame)]
    planes: list[Stored] = [
        np.frombuffer(_unpack_bits(frame, start, end, height * width), np.uint8)
        for start, end in zip(offsets[:count], ends, strict=True)
    ]
    if num_bytes == 2:  # the high byte comes first
        pairs = zip(planes[::2], planes[1::2], strict=True)
        planes = [np.left_shift(high, 8, dtype=np.uint16) | low for high, low in pairs]
    channels = [plane.reshape(height, width) for plane in planes]
    return channels[0] if num_channels == 1 else np.stack(channels, axis=2)


def _unpack_bits(frame: bytes, start: int, end: int, num_bytes: int) -> bytes:
    """PS3.5, G.3.2: after a byte n below 128, n + 1 bytes as they are; above it, one to repeat 257 - n times."""
    out, position = bytearray(), start
    while len(out) < num_bytes and position + 1 < end:
        head = frame[position]
        if head < 128:
            out += frame[position + 1 : min(position + 2 + head, end)]
            position += 2 + head
        elif head > 128:
            out += frame[position + 1 : position + 2] * (257 - head)
            position += 2
        else:
            position += 1
    if len(out) < num_bytes:
        raise FilmError("film-truncated")
    return bytes(out[:num_bytes])


# --- what a JPEG 2000 codestream asks its decoder for ----------------------------------------------------------------

COD, COC, SOT, SOD, EOC = 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
TILE_SIZES_AT = 24  # in a codestream, which begins with SOC and SIZ
MAX_SEGMENTS = 100_000
MAX_TILES = 8192
MAX_PACKETS = 65_536
MAX_LEVELS = 32  # of resolution
MIN_BLOCK_EXPONENT = 8  # of the pixels in a code block: 16x16; the usual ones have 64x64
ONE_PRECINCT = 0xFF  # both exponents 15


def _check_2000_cost(frame: bytes, height: int, width: int) -> None:
    """Raise FilmError for a codestream of this size that is damaged, or costs more than any film's does.

    A decoder takes some 1.5 kB for each precinct and time for each packet, and both may be as many as a file of a few
    kilobytes likes: precincts of 2x2 pixels, or 65535 layers, in an image of ordinary size. So tiles, code blocks and
    packets are counted from the headers; where a tile would say otherwise, it is refused (T.800, annex A, B.6, B.7).
    """
    try:
        tile_width, tile_height = struct.unpack_from(">II", frame, TILE_SIZES_AT)
        num_tiles = -(-width // tile_width) * -(-height // tile_height)
        num_packets, is_in_tile = 0, False
        for marker, position in _segments(frame):
            is_in_tile = is_in_tile or marker == SOT
            if marker == COC or (marker == COD and is_in_tile):
                raise FilmError("film-overloaded")
            if marker == COD:
                num_packets = _packets(frame, position + 4, min(height, tile_height), min(width, tile_width))
    except struct.error:
        raise FilmError("film-truncated") from None
    if num_packets == 0:
        raise FilmError("film-dicom-damaged")
    if num_tiles > MAX_TILES or num_tiles * num_packets > MAX_PACKETS:
        raise FilmError("film-overloaded")


def _segments(frame: bytes) -> Iterator[tuple[int, int]]:
    """Each marker of the headers, and its place: of the codestream, and of every tile part."""
    position, stop = 2, 0
    for _ in range(MAX_SEGMENTS):
        (marker,) = struct.unpack_from(">H", frame, position)
        if marker == EOC:
            return
        yield marker, position
        if marker == SOD:
            position = stop
            continue
        (length,) = struct.unpack_from(">H", frame, position + 2)
        if marker == SOT:
            (length_of_part,) = struct.unpack_from(">I", frame, position + 6)
            stop = position + length_of_part if length_of_part else frame.rindex(EOC.to_bytes(2, "big"))
        position += 2 + length
    raise FilmError("film-overloaded")


def _packets(frame: bytes, start: int, height: int, width: int) -> int:
    """Packets in a tile of this size, by the content of a COD segment (A.6.1): layers times precincts."""
    style, _, layers, _, levels, block_width, block_height = struct.unpack_from(">BBHBBBB", frame, start)
    if levels > MAX_LEVELS or block_width + block_height + 4 < MIN_BLOCK_EXPONENT:
        raise FilmError("film-overloaded")
    num_precincts = 0
    for level in range(levels + 1):  # from the smallest resolution
        (exponents,) = struct.unpack_from("B", frame, start + 10 + level) if style & 1 else (ONE_PRECINCT,)
        shrink = levels - level
        across = -(-width >> shrink + (exponents & 15))
        down = -(-height >> shrink + (exponents >> 4))
        num_precincts += across * down
    return int(layers * num_precincts)


# --- JPEG 2000 files -------------------------------------------------------------------------------------------------

MAX_FILE_BOXES = 1000
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
        found = shape(frame)
        limits.check_size(found.width, found.height)
        check_cost(frame, found.height, found.width)
    except FilmError as error:
        if error.code in ("film-dicom-codestream", "film-dicom-damaged"):  # of one that a DICOM header is around
            _refuse("JPEG 2000 codestream")
        raise
    components = frame[COMPONENTS_AT : COMPONENTS_AT + 3 * found.channels]
    if found.channels > MAX_CHANNELS or components != bytes((found.bits - 1, 1, 1)) * found.channels:
        _refuse("JPEG 2000 channels that are signed, many, or not alike")
    if found.bits not in BITS:
        _refuse(f"JPEG 2000 samples of {found.bits} bits")
    return found


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
    for _ in range(MAX_FILE_BOXES):
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
