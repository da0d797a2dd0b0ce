"""A DICOM file's bytes -> a film: header, pixels as stored, modality and VOI LUT, 8 bits, low is black.

Notable choices:
- everything that the header says is checked before a pixel is allocated; then what the compressed pixels say of
  themselves; only then does a decoder see them;
- values are mapped through a table of all values that the stored bits can hold (`dicom_lut`);
- the pixel matrix is shown as stored, never turned or transposed;
- no exception of a library is chained: its text could quote the header.

Source: DICOM PS3.3, C.7.6.3 (image pixel); PS3.5, A.4 (encapsulated pixels).
"""

import contextlib
from typing import Any

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
from plainfilm.data.dicom_lut import Layout, Lookup, make_lookup
from plainfilm.data.film import Film, Limits
from plainfilm.data.quiet import nothing_printed
from plainfilm.errors import FilmError

NATIVE = {IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN}
RLE = "1.2.840.10008.1.2.5"
# JPEG baseline, extended, lossless (two), JPEG-LS (two), JPEG 2000 (two), and which of pydicom's plug-ins decodes it:
# gdcm's JPEG 2000 would print on the terminal
PLUGINS = {
    f"1.2.840.10008.1.2.4.{end}": "pillow" if end in (50, 90, 91) else "gdcm"
    for end in (50, 51, 57, 70, 80, 81, 90, 91)
}
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
MAX_ENCODED_FACTOR, ENCODED_SLACK_BYTES = 2, 2**16  # no codec makes a film larger than this
CHUNK_ROWS = 256


def read(data: bytes, limits: Limits, *, assume_chest: bool = False) -> Film:
    """The film in a DICOM file's bytes. Raises FilmError; and whatever hostile bytes raise in a decoder.

    `assume_chest`: that it shows a chest from the front is not looked up in the header.
    """
    _load_libraries()
    header = read_header(data)
    about_kind = check_kind(header, assume_chest=assume_chest)
    if PIXEL_DATA not in header.elements:
        raise FilmError("film-dicom-no-pixels")
    layout = _layout(header, limits)
    lookup = make_lookup(header, layout)  # a LUT that cannot be used is found before any pixel is allocated
    stored = _stored(data, header, layout)
    shades, bits, warnings = _shades(lookup, stored, layout)
    return Film(_map(stored, shades, layout), layout.photometric, bits, 0.0, (*about_kind, *warnings))


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
    codestream.check_cost(frame, layout.height, layout.width)
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
    plugin = PLUGINS[syntax]
    with nothing_printed() if plugin == "gdcm" else contextlib.nullcontext():
        samples, _ = get_decoder(UID(syntax)).as_array(
            encapsulate([frame], has_bot=False), index=0, raw=True, decoding_plugin=plugin, **options
        )
    if samples.min() < layout.lowest or samples.max() > layout.highest:  # the codec holds more bits than the header
        raise FilmError("film-dicom-codestream")
    return np.asarray(samples.view(f"u{layout.num_bytes}"))


# --- from stored values to shades ------------------------------------------------------------------------------------


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
