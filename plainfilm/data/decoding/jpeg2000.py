"""JPEG 2000: what a codestream asks its decoder for, checked before the decoder sees it.

A decoder takes some 1.5 kB for each precinct and time for each packet, and both may be as many as a file of a few
kilobytes likes: precincts of 2x2 pixels, or 65535 layers, in an image of ordinary size. So tiles, code blocks and
packets are counted from the headers; where a tile would say otherwise, it is refused.

Source: ITU-T T.800, annex A (syntax), B.6 and B.7 (precincts, code blocks).
"""

import struct
from collections.abc import Iterator

from plainfilm.errors import FilmError

COD, COC, SOT, SOD, EOC = 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
TILE_SIZES_AT = 24  # in a codestream, which begins with SOC and SIZ
MAX_SEGMENTS = 100_000
MAX_TILES = 8192
MAX_PACKETS = 65_536
MAX_LEVELS = 32  # of resolution
MIN_BLOCK_EXPONENT = 8  # of the pixels in a code block: 16x16; the usual ones have 64x64
ONE_PRECINCT = 0xFF  # both exponents 15


def check_cost(frame: bytes, height: int, width: int) -> None:
    """Raise FilmError for a codestream of this size that is damaged, or costs more than any film's does."""
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
