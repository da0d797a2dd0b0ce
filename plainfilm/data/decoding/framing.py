"""What stands around the pixels of a PNG, TIFF, BMP or WebP, checked before Pillow sees the file.

Notable choices:
- Pillow looks at no checksum of a PNG's pixels; here every chunk's is compared, so a flipped bit is always found;
- texts that unpack to a megabyte each, chunks without content and tables of millions of strips cost a reader more than
  the largest film, whatever the size of the image: a file with more of them than any film has is refused;
- Pillow takes a WebP's whole canvas, twice, as soon as it opens the file: its size is read here first.

Sources: PNG (third edition), 5.3 and 11.3.3; TIFF 6.0, section 2; BigTIFF (https://www.awaresystems.be/imaging/tiff);
BITMAPINFOHEADER (wingdi.h); RFC 9649 (WebP).
"""

import struct
import zlib

from plainfilm.data.decoding.film import Limits
from plainfilm.errors import FilmError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PACKED_TEXTS = (b"zTXt", b"iTXt", b"iCCP")  # Pillow unpacks up to 1 MiB of each
MAX_PACKED_TEXTS = 8
MAX_CHUNKS = 20_000  # libpng writes pixels in chunks of 8 KiB: the largest film has 16,000

BIG_TIFF = 43  # the version in its first bytes
NUMBER_ENTRY, NUMBER_ENTRY_BIG = "HHII", "HHQQ"  # tag, type, how many values, the value or where they stand
OCTETS = (1, 2, 7)  # types BYTE, ASCII and UNDEFINED: Pillow keeps them as bytes
MAX_TAGS = 1000
BMP_CORE_HEADER_BYTES = 12  # of OS/2 1.x; later headers are longer, and say how the pixels are packed
NOT_PACKED = (0, 3)  # BI_RGB and BI_BITFIELDS
MAX_VALUES = 65_536  # of one tag; the largest film has 20,000 strips, or 16,000 tiles of 64x64 pixels


def check_png(data: bytes) -> None:
    """Raise FilmError for a PNG that is cut, whose checksums do not fit, or with more chunks than a film has."""
    position, num_texts = len(PNG_SIGNATURE), 0
    for _ in range(MAX_CHUNKS):
        if position + 12 > len(data):
            raise FilmError("film-truncated")
        length, name = struct.unpack_from(">I4s", data, position)
        stop = position + 8 + length
        if stop + 4 > len(data):
            raise FilmError("film-truncated")
        if zlib.crc32(memoryview(data)[position + 4 : stop]) != int.from_bytes(data[stop : stop + 4], "big"):
            raise FilmError("film-checksum")
        if name == b"IEND":
            return
        num_texts += name in PACKED_TEXTS
        if num_texts > MAX_PACKED_TEXTS:
            break
        position = stop + 4
    raise FilmError("film-overloaded")


def check_tiff(data: bytes) -> None:
    """Raise FilmError for a TIFF that is cut within its first table, or whose table has more values than a film's."""
    order = "<" if data.startswith(b"I") else ">"
    try:
        is_big = struct.unpack_from(f"{order}H", data, 2)[0] == BIG_TIFF
        entry, num_entries = (NUMBER_ENTRY_BIG, "Q") if is_big else (NUMBER_ENTRY, "H")
        (start,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", data, 8 if is_big else 4)
        (count,) = struct.unpack_from(order + num_entries, data, start)
        if count > MAX_TAGS:
            raise FilmError("film-overloaded")
        start += struct.calcsize(order + num_entries)
        for number in range(count):
            place = start + number * struct.calcsize(order + entry)
            _, kind, num_values, _ = struct.unpack_from(order + entry, data, place)
            if num_values > MAX_VALUES and kind not in OCTETS:
                raise FilmError("film-overloaded")
    except struct.error:
        raise FilmError("film-truncated") from None


def check_bmp(data: bytes) -> None:
    """Raise FilmError for a BMP that is cut in its header, packed, or of 16 bits a pixel, which are 5 a colour.

    Packed pixels are unpacked one by one in Python, for as long as the file likes; none but screenshots have them.
    """
    try:
        (header_bytes,) = struct.unpack_from("<I", data, 14)
        is_core = header_bytes == BMP_CORE_HEADER_BYTES
        (bits,) = struct.unpack_from("<H", data, 24 if is_core else 28)
        (packing,) = (0,) if is_core else struct.unpack_from("<I", data, 30)
    except struct.error:
        raise FilmError("film-truncated") from None
    if packing not in NOT_PACKED:
        raise FilmError("film-unreadable", reason="BMP with packed pixels")
    if bits == 16:
        raise FilmError("film-unreadable", reason="BMP of 5 bits a colour")


def check_webp(data: bytes, limits: Limits) -> None:
    """Raise FilmError for a WebP that is cut, moves, is too small or too large, or has more chunks than a film has."""
    try:
        stop = 8 + struct.unpack_from("<I", data, 4)[0]
        if stop > len(data):
            raise FilmError("film-truncated")
        limits.check_size(*_webp_size(data))
        position, num_frames = 12, 0
        for _ in range(MAX_CHUNKS):
            if position >= stop:
                break
            name, length = struct.unpack_from("<4sI", data, position)
            position += 8 + length + length % 2
            num_frames += name == b"ANMF"
        else:
            raise FilmError("film-overloaded")
    except struct.error:
        raise FilmError("film-truncated") from None
    if position > stop + stop % 2:
        raise FilmError("film-truncated")
    if num_frames > 1:
        raise FilmError("film-several-images")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height by the first chunk: lossy, lossless or extended (RFC 9649, 2.5 to 2.7)."""
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    low, high = struct.unpack_from("<IH", data, 24)  # two numbers of 24 bits
    return (low & 0xFFFFFF) + 1, (low >> 24 | high << 8) + 1
