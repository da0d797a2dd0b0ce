"""What stands around the pixels of a PNG or TIFF, checked before Pillow sees the file.

Notable choices:
- Pillow looks at no checksum of a PNG's pixels; here every chunk's is compared, so a flipped bit is always found;
- texts that unpack to a megabyte each, chunks without content and tables of millions of strips cost a reader more than
  the largest film, whatever the size of the image: a file with more of them than any film has is refused.

Sources: PNG (third edition), 5.3 and 11.3.3; TIFF 6.0, section 2; BigTIFF (https://www.awaresystems.be/imaging/tiff).
"""

import struct
import zlib

from plainfilm.errors import FilmError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PACKED_TEXTS = (b"zTXt", b"iTXt", b"iCCP")  # Pillow unpacks up to 1 MiB of each
MAX_PACKED_TEXTS = 8
MAX_CHUNKS = 20_000  # libpng writes pixels in chunks of 8 KiB: the largest film has 16,000

BIG_TIFF = 43  # the version in its first bytes
NUMBER_ENTRY, NUMBER_ENTRY_BIG = "HHII", "HHQQ"  # tag, type, how many values, the value or where they stand
OCTETS = (1, 2, 7)  # types BYTE, ASCII and UNDEFINED: Pillow keeps them as bytes
MAX_TAGS = 1000
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
