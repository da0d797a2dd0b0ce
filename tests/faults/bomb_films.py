"""Films that ask for more than they are: sizes, texts, scans, strips, packets, boxes, chunks."""

import io
import struct
import zlib
from collections.abc import Callable

import dicom_files
import numpy as np
from builders import random_film
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

HUGE = 65_000
TEXT = zlib.compress(bytes(2**20), 9)
LONG, SHORT = 4, 3  # TIFF's types


def jpeg(width: int, height: int, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(random_film(width, height)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def _png(width: int, height: int, *more: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(bytes(200_000)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + pixels + _chunk(b"IEND", b"")


def _jpeg_of(width: int, height: int) -> bytes:
    data = jpeg(90, 70)
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def _jpeg_with_scans(count: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (4000, 4000)).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * count + data[-2:]


def _tiff(width: int, height: int, tail: bytes = b"", **tags: tuple[int, int, int]) -> bytes:
    """Tags are `tN=(type, count, value)`."""
    table = {256: (LONG, 1, width), 257: (LONG, 1, height), 258: (SHORT, 1, 8), 259: (SHORT, 1, 1), 262: (SHORT, 1, 1)}
    table |= {273: (LONG, 1, 200), 277: (SHORT, 1, 1), 278: (LONG, 1, height), 279: (LONG, 1, width * height % 2**32)}
    table |= {int(name[1:]): entry for name, entry in tags.items()}
    entries = b"".join(struct.pack("<HHII", number, *table[number]) for number in sorted(table))
    return b"II*\0" + struct.pack("<IH", 8, len(table)) + entries + bytes(4) + tail


def _tiff_of_many(number: int, count: int = 2_000_000) -> bytes:
    entry = (LONG, count, 300)
    return _tiff(8000, 8000, bytes(200) + struct.pack("<I", 300) * count, **{f"t{number}": entry}, t278=(LONG, 1, 1))


def _tiff_of_tags() -> bytes:
    return _tiff(90, 90, bytes(400_000), **{f"t{number}": (LONG, 90_000, 500_000) for number in range(1000, 60_000)})


def _dicom(frame: bytes, syntax: UID, side: int) -> bytes:
    data = dicom_files.dataset(np.zeros((32, 32), np.uint8), Rows=side, Columns=side)
    data.PixelData = encapsulate([frame])
    return dicom_files.written(data, syntax)


def _jpeg_2000(change: Callable[[bytearray, int, int], None], side: int = 2000) -> bytes:
    """A codestream that `change` gets with the places of its SIZ and COD segments."""
    return _dicom(_wavelets(change, side, no_jp2=True), JPEG2000Lossless, 2000)


def _wavelets(change: Callable[[bytearray, int, int], None], side: int = 2000, **options: object) -> bytes:
    """A file of JPEG 2000 that was changed likewise."""
    buffer = io.BytesIO()
    Image.new("L", (side, side)).save(buffer, "JPEG2000", precinct_size=(64, 64), **options)
    frame = bytearray(buffer.getvalue())
    change(frame, frame.index(b"\xff\x51"), frame.index(b"\xff\x52"))
    return bytes(frame)


def _unchanged(*_: object) -> None:
    pass


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _jp2_with(*, first: bytes = b"", inside: bytes = b"") -> bytes:
    """A JPEG 2000 file with more in front of its header, or at the end of it."""
    data = _wavelets(_unchanged, 90)
    start = data.index(b"jp2h") - 4
    stop = start + int.from_bytes(data[start : start + 4], "big")
    return data[:start] + first + _box(b"jp2h", data[start + 8 : stop] + inside) + data[stop:]


def _bmp(width: int, height: int, packing: int = 0, tail: bytes = bytes(5000)) -> bytes:
    return (
        b"BM"
        + struct.pack("<IIIIiiHHIIIIII", 2**31, 0, 1078, 40, width, height, 1, 8, packing, 0, 0, 0, 0, 0)
        + bytes(1024)
        + tail
    )


def _webp(*chunks: bytes) -> bytes:
    content = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _webp_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def _webp_canvas(side: int, flags: int = 0) -> bytes:
    return _webp_chunk(b"VP8X", struct.pack("<I", flags) + 2 * (side - 1).to_bytes(3, "little"))


def _webp_picture(side: int) -> bytes:
    """The chunk with the pixels of a lossless picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()[12:]


def _webp_frame(side: int) -> bytes:
    size = 2 * (side - 1).to_bytes(3, "little")
    return _webp_chunk(b"ANMF", bytes(6) + size + b"\x01\0\0\0" + _webp_picture(side))


def _small_precincts(frame: bytearray, _: int, cod: int) -> None:
    for place in range(cod + 14, cod + 2 + int.from_bytes(frame[cod + 2 : cod + 4], "big")):
        frame[place] = 0x11


def _many_layers(frame: bytearray, _: int, cod: int) -> None:
    frame[cod + 6 : cod + 8] = b"\xff\xff"


def _small_tiles(frame: bytearray, siz: int, _: int) -> None:
    frame[siz + 22 : siz + 30] = struct.pack(">II", 8, 8)


def _larger(frame: bytearray, siz: int, _: int) -> None:
    frame[siz + 6 : siz + 14] = struct.pack(">II", HUGE, HUGE)


def _dicom_of(elements: bytes) -> bytes:
    data = dicom_files.film(np.zeros((64, 64), np.uint16))
    place = data.index(b"\x28\0\x02\0")
    return data[:place] + elements + data[place:]


def _elements(count: int) -> bytes:
    return b"".join(struct.pack("<HH", 9, 0x1000 + number % 0xE000) + b"UN" + bytes(6) for number in range(count))


def _deflated(count: int) -> bytes:
    """A header that unpacks to `count` bytes."""
    data = dicom_files.film(np.zeros((64, 64), np.uint16), DeflatedExplicitVRLittleEndian)
    start = data.index(DeflatedExplicitVRLittleEndian.encode()) + 22
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return data[:start] + packer.compress(_elements(count // 12)) + packer.flush()


FILMS: dict[str, Callable[[], bytes]] = {
    "PNG of 4 gigapixels": lambda: _png(HUGE, HUGE),
    "PNG of 2**62 pixels": lambda: _png(2**31 - 1, 2**31 - 1),
    "PNG with 60 texts of 1 MB": lambda: _png(90, 90, *[_chunk(b"zTXt", b"a\0\0" + TEXT)] * 60),
    "PNG with 60 international texts": lambda: _png(90, 90, *[_chunk(b"iTXt", b"a\0\1\0\0\0" + TEXT)] * 60),
    "PNG with a colour profile of 50 MB": lambda: _png(
        90, 90, _chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(50_000_000)))
    ),
    "PNG of 300,000 chunks": lambda: _png(90, 90, _chunk(b"tEXt", b"a\0b") * 300_000),
    "JPEG of 4 gigapixels": lambda: _jpeg_of(HUGE, HUGE),
    "JPEG of 300 scans": lambda: _jpeg_with_scans(300),
    "TIFF of 4 gigapixels": lambda: _tiff(HUGE, HUGE),
    "TIFF of 2 million strips": lambda: _tiff_of_many(273),
    "TIFF of 2 million tiles": lambda: _tiff_of_many(324),
    "TIFF of 2 million bit depths": lambda: _tiff_of_many(258),
    "TIFF of 59,000 tags": _tiff_of_tags,
    "TIFF with a tile of 4 gigapixels": lambda: _tiff(90, 90, t322=(LONG, 1, HUGE), t323=(LONG, 1, HUGE)),
    "BMP of 4 gigapixels": lambda: _bmp(HUGE, HUGE),
    "BMP of 2**62 pixels": lambda: _bmp(2**31 - 1, -(2**31) + 1),
    "BMP whose pixels are packed one by one": lambda: _bmp(8000, 8000, 1, b"\x01\x02" * 3_000_000),
    "BMP whose rows never end": lambda: _bmp(8000, 8000, 1, b"\xff\x02" * 5_000_000),
    "WebP of 268 megapixels": lambda: _webp(_webp_picture(16_383)),
    "WebP with a canvas of 2**48 pixels": lambda: _webp(_webp_canvas(2**24), _webp_picture(90)),
    "WebP of 2000 images": lambda: _webp(
        _webp_canvas(4000, 2), _webp_chunk(b"ANIM", bytes(6)), *[_webp_frame(4000)] * 2000
    ),
    "WebP of 300,000 chunks": lambda: _webp(
        _webp_canvas(90), _webp_picture(90), *[_webp_chunk(b"JUNK", b"")] * 300_000
    ),
    "WebP that is shorter than it says": lambda: _webp(_webp_picture(8000))[:-4],
    "JP2 of 4 gigapixels": lambda: _wavelets(_larger),
    "JP2 with precincts of 2x2": lambda: _wavelets(_small_precincts),
    "JP2 of 65535 layers": lambda: _wavelets(_many_layers),
    "JP2 with tiles of 8x8": lambda: _wavelets(_small_tiles),
    "JP2 of 1 million boxes": lambda: _jp2_with(first=_box(b"free", b"") * 1_000_000),
    "JP2 with 1 million boxes in its header": lambda: _jp2_with(inside=_box(b"free", b"") * 1_000_000),
    "JP2 of 80 palettes of 1024 entries": lambda: _jp2_with(
        inside=_box(b"pclr", struct.pack(">HB3B", 1024, 3, 7, 7, 7) + bytes(3072)) * 80
    ),
    "JP2 with a box of 2**64 bytes": lambda: _jp2_with(first=struct.pack(">I4sQ", 1, b"free", 2**64 - 1)),
    "DICOM of 4 gigapixels": lambda: dicom_files.film(np.zeros((64, 64), np.uint16), Rows=HUGE, Columns=HUGE),
    "DICOM of 10,000 frames": lambda: dicom_files.film(np.zeros((64, 64), np.uint16), NumberOfFrames=10_000),
    "DICOM of 1 million elements": lambda: _dicom_of(_elements(1_000_000)),
    "DICOM of 300,000 nested sequences": lambda: _dicom_of(
        (struct.pack("<HH", 9, 0x1000) + b"SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\0\xe0" + b"\xff" * 4) * 300_000
    ),
    "DICOM with a deflated header of 6 MB": lambda: _deflated(6_000_000),
    "DICOM, RLE that is too short": lambda: _dicom(
        struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 400, RLELossless, 7000
    ),
    "DICOM, JPEG 2000 of 4 gigapixels": lambda: _jpeg_2000(_larger),
    "DICOM, JPEG 2000 with precincts of 2x2": lambda: _jpeg_2000(_small_precincts),
    "DICOM, JPEG 2000 of 65535 layers": lambda: _jpeg_2000(_many_layers),
    "DICOM, JPEG 2000 with tiles of 8x8": lambda: _jpeg_2000(_small_tiles),
}
