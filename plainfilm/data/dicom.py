"""A DICOM file's bytes -> a film: header, pixels as stored, modality and VOI LUT, 8 bits, low is black.

Notable choices:
- everything that the header says is checked before a pixel is allocated; then what the compressed pixels say of
  themselves; only then does a decoder see them;
- values are mapped through a table of all values that the stored bits can hold (at most 65536), to which pydicom's own
  LUT functions were applied: its answer, without its float64 copy of the film;
- the pixel matrix is shown as stored, never turned or transposed;
- no exception of a library is chained: its text could quote the header.

Source: DICOM PS3.3, C.7.6.3 (image pixel), C.11.1 (modality LUT), C.11.2 (VOI LUT).
"""

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plainfilm.data import codestream
from plainfilm.data.dicom_header import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    PIXEL_DATA,
    UNDEFINED,
    Element,
    Header,
    inflate,
    read_header,
    refuse_value,
)
from plainfilm.data.dicom_kind import check_kind
from plainfilm.data.film import Film, Limits
from plainfilm.errors import FilmError

if TYPE_CHECKING:
    from pydicom import Dataset

NATIVE = {IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN}
RLE = "1.2.840.10008.1.2.5"
# JPEG baseline, extended, lossless (two), JPEG-LS (two), JPEG 2000 (two), and which of pydicom's plug-ins decodes it:
# gdcm's JPEG 2000 would print on the terminal
PLUGINS = {
    f"1.2.840.10008.1.2.4.{end}": "pillow" if end in (50, 90, 91) else "gdcm"
    for end in (50, 51, 57, 70, 80, 81, 90, 91)
}
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
WINDOWS = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
LUT_BITS = {8, *range(10, 17)}  # PS3.3, C.11.2.1.1
MAX_ENCODED_FACTOR, ENCODED_SLACK_BYTES = 2, 2**16  # no codec makes a film larger than this
CHUNK_ROWS = 256
MIN_SLOPE = 2.0**-16  # below it, a film is one shade
NOISY_LOGGERS = ("pydicom", "pydicom.pixels.decoders.base")


@dataclass(frozen=True)
class Layout:
    """How the samples are stored."""

    height: int
    width: int
    num_bytes: int  # a sample
    bits: int  # of them used
    is_signed: bool
    photometric: str

    @property
    def lowest(self) -> int:
        """The lowest value that a sample can hold."""
        return -(1 << self.bits - 1) if self.is_signed else 0

    @property
    def highest(self) -> int:
        """The highest value that a sample can hold."""
        return self.lowest + (1 << self.bits) - 1


def read(data: bytes, limits: Limits) -> Film:
    """The film in a DICOM file's bytes. Raises FilmError; and whatever hostile bytes raise in a decoder."""
    _load_libraries()
    with _QUIET:
        return _read(data, limits)


def _read(data: bytes, limits: Limits) -> Film:
    header = read_header(data)
    check_kind(header)
    if PIXEL_DATA not in header.elements:
        raise FilmError("film-dicom-no-pixels")
    layout = _layout(header, limits)
    lookup = _lookup(header, layout)  # a LUT that cannot be used is found before any pixel is allocated
    stored = _stored(data, header, layout)
    shades, bits, warnings = _shades(lookup, stored, layout)
    return Film(_map(stored, shades, layout), layout.photometric, bits, 0.0, warnings)


def _layout(header: Header, limits: Limits) -> Layout:
    """Check what the header says of the pixels."""
    photometric = header.string("PhotometricInterpretation")
    if header.integer("SamplesPerPixel") != 1 or photometric.startswith(("RGB", "YBR", "PALETTE")):
        raise FilmError("film-dicom-colour")
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        refuse_value("PhotometricInterpretation")
    frames = header.decimal("NumberOfFrames")
    if frames is not None and frames > 1:
        raise FilmError("film-several-images")
    if frames not in (None, 1):
        refuse_value("NumberOfFrames")
    height, width = header.integer("Rows"), header.integer("Columns")
    limits.check_size(width, height)
    allocated, bits = header.integer("BitsAllocated"), header.integer("BitsStored")
    if allocated not in (8, 16):
        refuse_value("BitsAllocated")
    if not 2 <= bits <= allocated:
        refuse_value("BitsStored")
    if header.integer("HighBit") != bits - 1:
        refuse_value("HighBit")
    if header.integer("PixelRepresentation") > 1:
        refuse_value("PixelRepresentation")
    return Layout(height, width, allocated // 8, bits, header.integer("PixelRepresentation") == 1, photometric)


# --- the pixels as stored --------------------------------------------------------------------------------------------


def _stored(data: bytes, header: Header, layout: Layout) -> np.ndarray:
    """(H, W) samples as stored: patterns of bits, unsigned, of 1 or 2 bytes."""
    element = header.elements[PIXEL_DATA]
    if header.syntax in NATIVE:
        return _native(data, header, element, layout)
    if header.syntax != RLE and header.syntax not in PLUGINS:
        raise FilmError("film-dicom-syntax")
    if element.length != UNDEFINED:
        raise FilmError("film-dicom-damaged")
    fragments = header.fragments(element)
    num_bytes = layout.height * layout.width * layout.num_bytes
    if not fragments or sum(part.length for part in fragments) > num_bytes * MAX_ENCODED_FACTOR + ENCODED_SLACK_BYTES:
        raise FilmError("film-dicom-damaged")
    frame = b"".join(data[part.start : part.start + part.length] for part in fragments)
    if header.syntax == RLE:
        return codestream.decode_rle(frame, layout.height, layout.width, layout.num_bytes)
    return _decompressed(frame, header.syntax, layout)


def _native(data: bytes, header: Header, element: Element, layout: Layout) -> np.ndarray:
    num_samples = layout.height * layout.width
    num_bytes = num_samples * layout.num_bytes
    if element.length == UNDEFINED:
        raise FilmError("film-dicom-damaged")
    if element.length >= 2 * num_bytes:
        raise FilmError("film-several-images")
    if element.length < num_bytes:
        raise FilmError("film-truncated")
    stop = element.start + num_bytes
    content = inflate(data, header.deflated_from, stop) if header.deflated_from else data
    if len(content) < stop:
        raise FilmError("film-truncated")
    kind = np.dtype(f"{header.order}u{layout.num_bytes}")
    return np.frombuffer(content, kind, num_samples, element.start).reshape(layout.height, layout.width)


def _decompressed(frame: bytes, syntax: str, layout: Layout) -> np.ndarray:
    """Pixels of a JPEG family codec, after what the codestream says of itself was checked."""
    shape = codestream.shape(frame)
    if (shape.height, shape.width, shape.channels) != (layout.height, layout.width, 1):
        raise FilmError("film-dicom-codestream")
    if shape.bits > 8 * layout.num_bytes:
        raise FilmError("film-dicom-codestream")
    if syntax == JPEG_EXTENDED and shape.bits != 8:  # no permissively licensed decoder reads its 12 bits right
        raise FilmError("film-dicom-syntax")
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    options: dict[str, Any] = {
        "rows": layout.height,
        "columns": layout.width,
        "number_of_frames": 1,
        "samples_per_pixel": 1,
        "bits_allocated": 8 * layout.num_bytes,
        "bits_stored": layout.bits,
        "pixel_representation": int(layout.is_signed),
        "photometric_interpretation": layout.photometric,
        "pixel_keyword": "PixelData",
    }
    samples, _ = get_decoder(UID(syntax)).as_array(
        encapsulate([frame], has_bot=False), index=0, raw=True, decoding_plugin=PLUGINS[syntax], **options
    )
    if samples.min() < layout.lowest or samples.max() > layout.highest:  # the codec holds more bits than the header
        raise FilmError("film-dicom-codestream")
    return np.asarray(samples.view(f"u{layout.num_bytes}"))


# --- from stored values to shades ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lookup:
    """What the header makes of each value that can be stored, from the lowest to the highest."""

    values: np.ndarray  # (2^bits,) float64
    black: float
    white: float
    is_open: bool  # nothing but the number of bits says what is black and what is white


def _lookup(header: Header, layout: Layout) -> Lookup:
    """Modality LUT or rescale, then VOI LUT or window: the first of each, a VOI LUT before a window. Raises FilmError.

    Rescale and window are pydicom's own functions.
    """
    from pydicom import Dataset
    from pydicom.pixels.processing import apply_modality_lut, apply_windowing

    settings = Dataset()
    settings.PhotometricInterpretation = layout.photometric
    settings.BitsStored, settings.PixelRepresentation = layout.bits, int(layout.is_signed)
    values = np.arange(layout.lowest, layout.highest + 1, dtype=np.int32)
    modality_lut = _lut(header, "ModalityLUTSequence", is_signed=layout.is_signed)
    slope, intercept = header.decimal("RescaleSlope"), header.decimal("RescaleIntercept")
    if modality_lut is None and slope is not None and intercept is not None:
        if abs(slope) < MIN_SLOPE:
            refuse_value("RescaleSlope")
        settings.RescaleSlope, settings.RescaleIntercept = slope, intercept
        values = apply_modality_lut(values, settings)
    # pydicom's window runs over the stored range, rescaled: from high to low where the slope is negative
    first, last = float(values[0]), float(values[-1])
    if modality_lut is not None:
        values = modality_lut.of(values)
    voi_lut = _lut(header, "VOILUTSequence", is_signed=bool(values.min() < 0))
    if voi_lut is not None:
        return Lookup(voi_lut.of(values), 0.0, voi_lut.white, False)
    if _take_window(header, settings):
        return Lookup(apply_windowing(values, settings), first, last, False)
    if modality_lut is not None:
        return Lookup(values, 0.0, modality_lut.white, False)
    return Lookup(values, min(first, last), max(first, last), layout.bits == 16)


def _take_window(header: Header, settings: "Dataset") -> bool:
    """Put the first window into the settings; whether there is one."""
    center, width = header.decimal("WindowCenter"), header.decimal("WindowWidth")
    if center is None or width is None:
        return False
    function = header.string("VOILUTFunction") or "LINEAR"
    if function not in WINDOWS:
        refuse_value("VOILUTFunction")
    if width < 1 and not (width > MIN_SLOPE and function != "LINEAR"):
        refuse_value("WindowWidth")
    settings.WindowCenter, settings.WindowWidth, settings.VOILUTFunction = center, width, function
    return True


@dataclass(frozen=True)
class _Table:
    """A look-up table: its entries, the value that the first one stands for, and the highest possible entry."""

    entries: np.ndarray  # (L,)
    first: int
    white: float

    def of(self, values: np.ndarray) -> np.ndarray:
        """The entries of values; what lies outside takes the first or the last."""
        places = np.rint(values).astype(np.int64) - self.first
        return np.asarray(self.entries[np.clip(places, 0, len(self.entries) - 1)], np.float64)


def _lut(header: Header, name: str, *, is_signed: bool) -> _Table | None:
    """The first table of a LUT sequence, None where there is none. Raises FilmError."""
    item = header.first_item(name)
    if item is None:
        return None
    descriptor, entries = item.words("LUTDescriptor"), item.words("LUTData")
    if len(descriptor) != 3 or descriptor[2] not in LUT_BITS:
        refuse_value(name)
    count, first, bits = descriptor[0] or 2**16, descriptor[1], descriptor[2]
    if bits == 8 and len(entries) == (count + 1) // 2:  # two entries a word
        entries = np.column_stack([entries & 0xFF, entries >> 8]).ravel()
    if len(entries) < count or entries[:count].max() >= 2**bits:
        refuse_value(name)
    return _Table(entries[:count], first - 2**16 if is_signed and first >= 2**15 else first, 2.0**bits - 1)


def _shades(lookup: Lookup, stored: np.ndarray, layout: Layout) -> tuple[np.ndarray, int, tuple[str, ...]]:
    """A shade (uint8) for each pattern of bits that can be stored; the bits from black to white; warnings.

    Where nothing but 16 bits is declared, white is the observed maximum unless the samples reach the upper half, as for
    other formats.
    """
    black, white, bits = lookup.black, lookup.white, layout.bits
    warnings: tuple[str, ...] = ()
    if lookup.is_open:
        samples = stored.view(stored.dtype.str.replace("u", "i")) if layout.is_signed else stored
        lowest, highest = (int(samples.min()) if layout.is_signed else 0), int(samples.max())
        if highest - lowest < 2**15:
            ends = lookup.values[[lowest - layout.lowest, highest - layout.lowest]]
            black, white, bits = ends.min(), ends.max(), (highest - lowest).bit_length()
            warnings = ("film-depth-guessed",)
    shades = np.rint(np.clip((lookup.values - black) / ((white - black) or 1.0), 0, 1) * 255).astype(np.uint8)
    if layout.photometric == "MONOCHROME1":
        shades = 255 - shades
    return np.roll(shades, layout.lowest), bits, warnings  # negative values are the upper half of the patterns


def _map(stored: np.ndarray, shades: np.ndarray, layout: Layout) -> np.ndarray:
    """Each sample's shade: (H, W) uint8; bits above the stored ones, where old overlays may lie, are ignored."""
    pixels = np.empty(stored.shape, np.uint8)
    for start in range(0, layout.height, CHUNK_ROWS):
        pixels[start : start + CHUNK_ROWS] = shades[stored[start : start + CHUNK_ROWS] & (2**layout.bits - 1)]
    return pixels


# --- libraries -------------------------------------------------------------------------------------------------------


def _load_libraries() -> None:
    """Import pydicom and gdcm, and keep gdcm from printing. Raises FilmError with the line that installs them."""
    try:
        import gdcm
        import pydicom.pixels
    except ImportError as error:
        raise FilmError("film-dicom-extra", library=error.name or "pydicom") from None
    for switch_off in (gdcm.Trace.DebugOff, gdcm.Trace.WarningOff, gdcm.Trace.ErrorOff):
        switch_off()
    assert pydicom.pixels


class _Quiet(logging.Filter):
    """Within it, what pydicom logs in this thread goes nowhere; a program around this one keeps its own."""

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()

    def __enter__(self) -> None:
        for name in NOISY_LOGGERS:
            logging.getLogger(name).addFilter(self)
        self._here.is_inside = True

    def __exit__(self, *_: object) -> None:
        self._here.is_inside = False

    def filter(self, record: logging.LogRecord) -> bool:
        return not getattr(self._here, "is_inside", False)


_QUIET = _Quiet()
