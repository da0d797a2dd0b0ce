"""File bytes -> grey pixels: PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 and DICOM, 8 to 32 bits a sample.

Notable choices:
- the reader is chosen by the first bytes, never by the name, and Pillow is given no other format; DICOM is read
  by `dicom`;
- size, frames and colour mode are checked on the header, before any pixel is allocated;
- more than 8 bits are scaled to 8 by the bits that the file declares, else by what is observed, with a warning
  (`greys`): 12 bits in 16-bit samples come out neither black nor clipped; 8 bits keep their greys, whatever they are;
- low is black: TIFFs that store white as 0 are turned over;
- libtiff is told to keep what it would print about a file;
- anything unexpected that Pillow raises on hostile bytes becomes a FilmError; no message holds a file name or a pixel.
"""

import contextlib
import ctypes
import functools
import hashlib
import io
import logging
import re
import threading
import warnings
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, TiffImagePlugin, _imaging
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from plainfilm.data.decoding import codestream, framing, greys
from plainfilm.data.decoding.dicom_header import is_dicom
from plainfilm.data.decoding.film import LIMITS, Film, Limits
from plainfilm.data.decoding.formats import find_reader
from plainfilm.errors import FilmError

SHALLOW_MODES = ("1", "L", "P", "LA", "PA", "RGB", "RGBA")  # 8 bits a sample once Pillow has read them
DEEP_MODES = ("I;16", "I;16B", "I", "F")  # grey, 12 to 32 bits a sample
MIN_IS_WHITE, MIN_IS_BLACK = 0, 1  # TIFF 6.0, PhotometricInterpretation
UNSIGNED = 1  # TIFF 6.0, SampleFormat
# libtiff hands compressed samples over in native order, which Pillow forgets for these big-endian ones
NATIVE_ORDER = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}
MAX_SAMPLE_VALUE = 281  # TIFF 6.0
TURNED = range(2, 9)  # EXIF orientations other than upright


def image_id(pixels: NDArray[np.uint8]) -> str:
    """The name of an image in logs and reports: 16 hex digits of the SHA-256 of its shape and pixels ((H, W) uint8)."""
    assert pixels.dtype == np.uint8
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:16]


def decode(data: bytes, limits: Limits = LIMITS, *, assume_chest: bool = False) -> Film:
    """The film in the bytes of a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM file.

    `assume_chest`: the owner vouches that a DICOM file shows a chest from the front, whatever its header says.

    Raises FilmError: empty, not an image, truncated, unreadable, too small, too large, several images in one file, a
    colour mode or values that are no film's; a DICOM file whose header says that it is no chest radiograph.
    """
    if not data:
        raise FilmError("film-empty")
    if len(data) > limits.max_file_bytes:
        raise FilmError("film-file-too-large", size_bytes=len(data), maximum_bytes=limits.max_file_bytes)
    with QUIET:
        return _decode_dicom(data, limits, assume_chest) if is_dicom(data) else _decode_picture(data, limits)


def _decode_dicom(data: bytes, limits: Limits, assume_chest: bool) -> Film:
    from plainfilm.data.decoding import dicom  # a picture needs none of its tables

    try:
        return dicom.read(data, limits, assume_chest=assume_chest)
    except FilmError:
        raise
    except Exception:  # whatever it says might quote the header
        raise FilmError("film-dicom-damaged") from None


def _decode_picture(data: bytes, limits: Limits) -> Film:
    reader, end_marker = find_reader(data)
    _silence_libtiff()
    try:
        _check_framing(reader, data, limits)
        return _read(reader(io.BytesIO(data)), data, limits)
    except FilmError:
        raise
    except Exception as error:  # hostile bytes raise nearly anything in Pillow
        if "truncated" in str(error).lower() or end_marker not in data:
            raise FilmError("film-truncated") from error
        raise FilmError("film-unreadable", reason=_reason(error)) from error


@functools.cache
def _silence_libtiff() -> None:
    """Take libtiff's printer away: it writes lines about damaged files, one for each row, on standard error."""
    with contextlib.suppress(OSError, AttributeError):  # a Pillow that does not show its libtiff, as on Windows
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def _reason(error: Exception) -> str:
    """What Pillow says, up to where it might quote the file.

    >>> _reason(SyntaxError("broken PNG file (chunk b'ZHAN')")), _reason(KeyError(258))
    ('broken PNG file', 'KeyError')
    """
    said = re.match(r"[A-Za-z][A-Za-z0-9 ,-]*", str(error))
    return said[0].strip() if said else type(error).__name__


def _check_framing(reader: type[ImageFile], data: bytes, limits: Limits) -> None:
    """Raise FilmError for what costs Pillow much as soon as it opens the file, or what it does not look at."""
    if reader is PngImageFile:
        framing.check_png(data)
    elif reader is TiffImageFile:
        framing.check_tiff(data)
    elif reader is BmpImageFile:
        framing.check_bmp(data)
    elif reader is WebPImageFile:
        framing.check_webp(data, limits)
    elif reader is Jpeg2KImageFile:
        codestream.read_shape(data, limits)


def _read(image: ImageFile, data: bytes, limits: Limits) -> Film:
    """Check the header, load, turn upright, bring to 8 grey bits."""
    _check_size(image, limits)
    _check_kind(image, data, limits)
    if isinstance(image, JpegImageFile):
        codestream.check_cost(data, image.height, image.width)
    _correct_byte_order(image)
    mode = image.mode
    orientation = image.getexif().get(ExifTags.Base.Orientation)  # read first: a TIFF turns itself while loading
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    codes = ["film-turned"] if orientation in TURNED else []
    if mode in DEEP_MODES:
        pixels, bits, more_codes = greys.scale(_deep_samples(image, data, codes), _declared_bits(image, data))
        if _tag(image, TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, MIN_IS_BLACK) == MIN_IS_WHITE:
            pixels = 255 - pixels  # up to 8 bits, Pillow does it
        return Film(pixels, mode, bits, 0.0, (*codes, *more_codes))
    flat = _opaque(image, codes)
    pixels = np.array(flat.convert("L"))
    return Film(pixels, mode, 1 if mode == "1" else 8, _chroma(flat), (*codes, *greys.doubts(pixels)))


def _check_size(image: ImageFile, limits: Limits) -> None:
    # a TIFF's tile is allocated whole, however small the image
    tile_width, tile_height = _tag(image, TiffImagePlugin.TILEWIDTH, 0), _tag(image, TiffImagePlugin.TILELENGTH, 0)
    if (tile_width > 0) != (tile_height > 0):  # libtiff would invent the other side
        raise FilmError("film-unreadable", reason="TileWidth without TileLength or the reverse")
    limits.check_size(*image.size, num_pixels=tile_width * tile_height)


def _check_kind(image: ImageFile, data: bytes, limits: Limits) -> None:
    """One grey or colour image that covers its whole area, or FilmError."""
    if getattr(image, "is_animated", False):
        raise FilmError("film-several-images")
    if isinstance(image, Jpeg2KImageFile):
        shape = codestream.read_shape(data, limits)
        codestream.check_header(shape, *image.size, image.mode, len(image.getbands()))
        image.info["bits"] = shape.bits
    if image.mode not in (*SHALLOW_MODES, *DEEP_MODES):
        raise FilmError("film-unsupported-mode", mode=image.mode)
    if image.mode in SHALLOW_MODES and _stored_bits(image, data) > 8:  # Pillow would drop the low byte
        raise FilmError("film-deep-colour", mode=image.mode)
    if isinstance(image, TiffImageFile) and TiffImagePlugin.PHOTOMETRIC_INTERPRETATION not in image.tag_v2:
        raise FilmError("film-polarity-missing")
    if isinstance(image, WebPImageFile):  # has no tiles, and was checked whole
        return
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (tile.extents or (0, 0, 0, 0) for tile in image.tile)]
    if sum(areas) < image.width * image.height:  # Pillow would leave the rest black
        raise FilmError("film-truncated")


def _correct_byte_order(image: ImageFile) -> None:
    image.tile = [
        tile._replace(args=(NATIVE_ORDER.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        if tile.codec_name == "libtiff" and isinstance(tile.args, tuple)
        else tile
        for tile in image.tile
    ]


def _tag(image: ImageFile, number: int, default: int) -> int:
    """The first value of a TIFF tag, as an integer; `default` where there is none."""
    value = image.tag_v2.get(number, default) if isinstance(image, TiffImageFile) else default
    return int(value[0] if isinstance(value, tuple) else value)


def _stored_bits(image: ImageFile, data: bytes) -> int:
    """Bits a sample in the file: 1 to 32."""
    if isinstance(image, PngImageFile):
        return data[24]  # IHDR: 8 bytes signature, 8 length and name, 8 width and height
    if isinstance(image, Jpeg2KImageFile):
        return int(image.info["bits"])  # kept there by `_check_kind`
    return _tag(image, TiffImagePlugin.BITSPERSAMPLE, 8)


def _declared_bits(image: ImageFile, data: bytes) -> int:
    """Bits a sample that a deep grey file says it uses: a PNG's sBIT, a TIFF's MaxSampleValue, else the stored bits."""
    stored_bits = _stored_bits(image, data)
    if isinstance(image, PngImageFile):
        return _significant_bits(data) or stored_bits
    maximum = _tag(image, MAX_SAMPLE_VALUE, 0)
    return min(stored_bits, maximum.bit_length()) if maximum > 0 else stored_bits


def _significant_bits(data: bytes) -> int:
    """The first value of a PNG's sBIT chunk, 0 without one (Pillow skips this chunk)."""
    start = 8
    while (name := data[start + 4 : start + 8]) not in (b"IDAT", b""):
        if name == b"sBIT":
            return data[start + 8]
        start += 12 + int.from_bytes(data[start : start + 4], "big")
    return 0


def _deep_samples(image: ImageFile, data: bytes, codes: list[str]) -> greys.Samples:
    """(H, W) samples as stored: uint16, int32, uint32 or float32; a PNG's transparent value laid over black."""
    samples = np.asarray(image)
    if image.mode == "I" and _tag(image, TiffImagePlugin.SAMPLEFORMAT, UNSIGNED) == UNSIGNED:
        samples = samples.view(np.uint32)  # Pillow's "I" is signed
    if isinstance(image, Jpeg2KImageFile):
        samples = samples >> (16 - _stored_bits(image, data))  # Pillow has shifted them up to 16 bits
    if "transparency" in image.info and (transparent := samples == image.info["transparency"]).any():
        codes.append("film-transparent")
        samples = np.where(transparent, 0, samples)
    return samples


def _opaque(image: Image.Image, codes: list[str]) -> Image.Image:
    """An image of 8 bits a sample -> "1", "L" or "RGB"; transparency is laid over black, with a warning."""
    if "A" not in image.mode and "transparency" not in image.info:
        return image.convert("RGB") if image.mode == "P" else image
    rgba = image.convert("RGBA")
    alpha = rgba.getchannel("A")
    colours = rgba.convert("RGB")
    is_unused = isinstance(image, BmpImageFile) and alpha.getextrema() == (0, 0)  # as most programs leave a BMP's
    if alpha.getextrema() == (255, 255) or is_unused:
        return colours
    codes.append("film-transparent")
    black = Image.new("RGB", image.size)
    black.paste(colours, mask=alpha)
    return black


def _chroma(image: Image.Image) -> float:
    if image.mode != "RGB":
        return 0.0
    red, green, blue = (np.asarray(band) for band in image.split())  # each (H, W) uint8
    highest = np.maximum(np.maximum(red, green), blue)
    return float(np.mean(highest - np.minimum(np.minimum(red, green), blue)))


# --- what libraries say ----------------------------------------------------------------------------------------------

LOGGERS = (
    *("PIL.Image", "PIL.ImageFile", "PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.TiffImagePlugin"),
    *("pydicom", "pydicom.pixels.decoders.base"),
)
"""A filter acts on what its own logger is told, not on what the loggers below it are."""


class _Quiet(logging.Filter):
    """Within it, nothing is logged of LOGGERS in this thread, and while any thread is within it no warning is shown.

    At DEBUG, Pillow logs every tag of a TIFF or EXIF with its value (`Artist`, `ImageDescription`); pydicom's warnings
    quote attributes. A program around this one keeps what they say elsewhere.
    """

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()
        self._lock = threading.Lock()
        self._num_inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)
        self._here.is_inside = True
        with self._lock:
            if self._num_inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"(PIL|pydicom)\.")
            self._num_inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The last thread to leave restores the process's filters of warnings."""
        self._here.is_inside = False
        with self._lock:
            self._num_inside -= 1
            if self._num_inside == 0:
                self._saved.__exit__(kind, error, at)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record may pass."""
        return not getattr(self._here, "is_inside", False)


QUIET = _Quiet()
