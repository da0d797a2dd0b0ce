"""A DICOM file's bytes -> a film: header, pixels as stored, modality and VOI LUT, 8 bits, low is black.

Notable choices:
- everything that the header says is checked before a pixel is allocated; then what the compressed pixels say of
  themselves; only then does a decoder see them (`dicom_pixels`);
- values are mapped through a table of all values that the stored bits can hold (`dicom_lut`);
- each way of making greys, as the header says, or without its window, its bits, its padding, is a table of 256 or 65536
  entries, judged on how often each value occurs: the film itself is mapped once. The first way that shows a film is
  taken, and the codes of the warnings say what was set aside; where none does, the header is believed, with a warning;
- background is black, whatever its values; eight bits are never stretched;
- an attribute that is missing has the value that it has in nearly all films, if there is one;
- the pixel matrix is shown as stored, never turned or transposed;
- no exception of a library is chained: its text could quote the header.

Source: DICOM PS3.3, C.7.6.3 (image pixel).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding import greys
from plainfilm.data.decoding.dicom_form import PIXEL_DATA
from plainfilm.data.decoding.dicom_header import Header, read_header, refuse_value
from plainfilm.data.decoding.dicom_kind import check_kind
from plainfilm.data.decoding.dicom_lut import Layout, Lookup, Lookups, make_lookups
from plainfilm.data.decoding.dicom_pixels import read_samples
from plainfilm.data.decoding.film import Film, Limits
from plainfilm.data.decoding.greys import doubts
from plainfilm.errors import FilmError

GREYS = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
OTHER_COLOURS = ("RGB", "YBR", "ARGB", "CMYK", "HSV", "PALETTE")  # beginnings


def read(data: bytes, limits: Limits, *, assume_chest: bool = False) -> Film:
    """The film in a DICOM file's bytes. Raises FilmError; and whatever hostile bytes raise in a decoder.

    `assume_chest`: that it shows a chest from the front is not looked up in the header.
    """
    _load_libraries()
    header = read_header(data)
    about_kind = check_kind(header, assume_chest=assume_chest)
    if PIXEL_DATA not in header.elements:
        raise FilmError("film-dicom-no-pixels")
    layout, codes = _layout(header, limits)
    lookups = make_lookups(header, layout)  # a LUT that cannot be used is found before any pixel is allocated
    samples = read_samples(data, header, layout)
    if (samples.layout.bits, samples.layout.is_signed) != (layout.bits, layout.is_signed):
        lookups = make_lookups(header, samples.layout)
    shades = shade(samples.stored, header, samples.layout, lookups)
    return Film(shades.pixels, layout.photometric, shades.bits, samples.chroma, (*about_kind, *codes, *shades.codes))


def _layout(header: Header, limits: Limits) -> tuple[Layout, tuple[str, ...]]:
    """Check what the header says of the pixels; warnings."""
    photometric, codes = _photometric(header)
    num_channels = header.integer("SamplesPerPixel", 3 if photometric in COLOURS else 1)
    if num_channels != 1 and not (num_channels == 3 and photometric in COLOURS):
        raise FilmError("film-dicom-colour")
    frames = header.decimal("NumberOfFrames")
    if frames is not None and frames > 1:
        raise FilmError("film-several-images")
    if frames not in (None, 0, 1):
        refuse_value("NumberOfFrames")
    height, width = header.integer("Rows"), header.integer("Columns")
    limits.check_size(width, height)
    allocated = header.integer("BitsAllocated")
    if allocated not in (8, 16):
        refuse_value("BitsAllocated")
    high_bit = header.integer("HighBit", 2**16 - 1)
    bits = header.integer("BitsStored", high_bit + 1 if high_bit < allocated else allocated)
    if not 2 <= bits <= allocated:
        refuse_value("BitsStored")
    if header.integer("PixelRepresentation", 0) > 1:
        refuse_value("PixelRepresentation")
    layout = Layout(
        height=height,
        width=width,
        num_channels=num_channels,
        is_planar=header.integer("PlanarConfiguration", 0) == 1,
        num_bytes=allocated // 8,
        bits=bits,
        shift=max(0, high_bit + 1 - bits) if high_bit < allocated else 0,
        likely_bits=min(bits, high_bit + 1) if high_bit > 0 else bits,
        are_bits_wrong=False,
        is_signed=header.integer("PixelRepresentation", 0) == 1,
        photometric=photometric,
        is_inverse=photometric == "MONOCHROME1",
    )
    return layout, codes


def _photometric(header: Header) -> tuple[str, tuple[str, ...]]:
    """What black and white mean; a warning where the header does not say."""
    photometric = header.string("PhotometricInterpretation")
    if not photometric:
        shape = header.string("PresentationLUTShape")
        if shape in ("IDENTITY", "INVERSE"):
            return GREYS[shape == "IDENTITY"], ()
        return "MONOCHROME2", ("film-polarity-assumed",)
    if photometric in (*GREYS, *COLOURS, PALETTE):
        return photometric, ()
    if not photometric.startswith(OTHER_COLOURS):
        refuse_value("PhotometricInterpretation")
    raise FilmError("film-dicom-colour")


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


# --- greys -----------------------------------------------------------------------------------------------------------

CHUNK_ROWS = 256
MAX_COLOURED = 0.001  # of the pixels
OPEN_TOP = 2**15  # a film of 16 bits that reaches it uses them all

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Shades:
    """A film in greys."""

    pixels: NDArray[np.uint8]  # (H, W)
    bits: int  # from black to white
    codes: tuple[str, ...]  # what was set aside


@dataclass(frozen=True)
class _Way:
    """A way of making greys: the values of black and white, the bits between them, and what it sets aside."""

    lookup: Lookup
    black: float
    white: float
    bits: int
    spread: float  # of the grey range, which a film must exceed
    codes: tuple[str, ...]


def shade(stored: greys.Stored, header: Header, layout: Layout, lookups: Lookups) -> Shades:
    """The greys of stored patterns (H, W). Raises FilmError where a palette gives them colours."""
    counts = greys.counts_of(stored, 1 << 8 * layout.num_bytes)
    places = _places(layout, counts)
    if lookups.coloured is not None and counts[lookups.coloured[places]].sum() > MAX_COLOURED * stored.size:
        raise FilmError("film-dicom-colour")
    padding = _padding(header, layout, places)
    broken = ("film-window-ignored",) if lookups.is_window_broken else ()
    wrong = ("film-bits-ignored",) if layout.are_bits_wrong else ()
    first: tuple[_Way, NDArray[np.uint8]] | None = None
    for is_padding, codes in _backgrounds(padding, counts):
        seen = np.bincount(places, np.where(is_padding, 0, counts), 1 << layout.bits).astype(np.int64)
        lone = (seen > 0) & (greys.without_lone_ends(seen) == 0)
        for way in _ways(np.where(lone, 0, seen), layout, lookups):
            shades = np.where(is_padding, 0, _table(way, layout)[places]).astype(np.uint8)
            first = first or (way, shades)
            if greys.shows_film(stored, counts, shades, is_padding | lone[places], way.spread):
                return Shades(_mapped(stored, shades), way.bits, _once(broken + wrong + way.codes + codes))
    assert first is not None
    way, shades = first
    pixels = _mapped(stored, shades)
    return Shades(pixels, way.bits, _once(broken + wrong + way.codes + doubts(pixels)))


def _once(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(codes))


def _places(layout: Layout, counts: greys.Counts) -> NDArray[np.int64]:
    """For each pattern of bits that a sample may be, the place of its value among those that the stored bits hold.

    Bits above the stored ones, where old overlays may lie, are ignored. A header may say that unused bits lie below;
    they do if none of them is used.
    """
    patterns = np.arange(len(counts))
    is_low_used = bool(counts[patterns & (1 << layout.shift) - 1 > 0].any())
    is_high_used = bool(counts[1 << layout.bits :].any())
    if layout.shift and is_high_used and not is_low_used:
        patterns >>= layout.shift
    return (patterns - layout.lowest) & (1 << layout.bits) - 1


def _padding(header: Header, layout: Layout, places: NDArray[np.int64]) -> Booleans:
    """Which patterns are background, by the header: (V,) bool.

    The padding is a value of the stored bits, or one of the whole sample that these cannot hold.
    """
    kind = np.dtype(f"{header.order}{'i' if layout.is_signed else 'u'}2")
    given = [header.value(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    ends = [int(np.frombuffer(value, kind, 1)[0]) for value in given if len(value) >= 2]
    if len(given[0]) < 2:
        return np.zeros(len(places), bool)
    whole = np.arange(len(places), dtype=f"u{layout.num_bytes}").view(f"{kind.kind}{layout.num_bytes}").astype(np.int64)
    is_padding = (min(ends) <= whole) & (whole <= max(ends))
    if layout.lowest <= min(ends) and max(ends) <= layout.highest:
        values = places + layout.lowest
        is_padding |= (min(ends) <= values) & (values <= max(ends))
    return is_padding


def _backgrounds(padding: Booleans, counts: greys.Counts) -> Iterator[tuple[Booleans, tuple[str, ...]]]:
    """The header's padding; then none, where that makes a difference."""
    yield padding, ()
    if counts[padding].any():
        yield np.zeros_like(padding), ("film-padding-ignored",)


def _ways(seen: greys.Counts, layout: Layout, lookups: Lookups) -> Iterator[_Way]:
    """The ways of making greys, by how much of the header they set aside; `seen`: counts of the values (2^bits,)."""
    plain, windowed = lookups.plain, lookups.windowed
    codes: tuple[str, ...] = ()
    if windowed is not None:
        yield _Way(windowed, windowed.black, windowed.white, layout.bits, greys.NARROW_SPREAD, codes)
        codes = ("film-window-ignored",)
    is_deep = layout.bits > 8
    values = np.flatnonzero(seen)
    is_likely = layout.likely_bits < layout.bits and len(values) > 0 and _fits(values, layout)
    low, high = _ends(seen, layout, greys.LOW, greys.HIGH)
    is_guessed = plain.is_open and high - low < OPEN_TOP
    if not is_guessed:
        spread = greys.NARROW_SPREAD if is_deep else greys.DOUBTED_SPREAD
        yield _Way(plain, plain.black, plain.white, layout.bits, spread, codes)
    if not is_deep:
        return
    if is_likely:
        start = -layout.lowest - (1 << layout.likely_bits - 1) if layout.is_signed else 0
        black, white = _shown(plain, start, start + (1 << layout.likely_bits) - 1)
        yield _Way(plain, black, white, layout.likely_bits, greys.DOUBTED_SPREAD, (*codes, "film-bits-ignored"))
    codes = (*codes, "film-depth-guessed" if is_guessed else "film-bits-ignored")
    for shares in ((greys.LOW, greys.HIGH), (greys.LOW_BESIDE_MARKS, greys.HIGH_BESIDE_MARKS)):
        low, high = _ends(seen, layout, *shares)
        black, white = _shown(plain, low, high)
        yield _Way(plain, black, white, (high - low).bit_length(), greys.DOUBTED_SPREAD, codes)


def _fits(values: NDArray[np.int64], layout: Layout) -> bool:
    """Whether the places of the values that occur keep to the likely bits."""
    half = 1 << layout.likely_bits - 1
    low, high = (-half, half - 1) if layout.is_signed else (0, 2 * half - 1)
    return bool(low <= values[0] + layout.lowest and values[-1] + layout.lowest <= high)


def _ends(seen: greys.Counts, layout: Layout, low_share: float, high_share: float) -> tuple[int, int]:
    """The places of the observed black and white."""
    if not seen.any():
        return 0, len(seen) - 1
    low, high = greys.observed(seen, low_share, high_share)
    return (low if layout.is_signed else int(greys.black_of(low, high))), high


def _shown(lookup: Lookup, low: int, high: int) -> tuple[float, float]:
    """The lowest and highest value of the header's between two places."""
    values = lookup.values[low : high + 1]
    return float(values.min()), float(values.max())


def _table(way: _Way, layout: Layout) -> NDArray[np.uint8]:
    """A grey for each place: (2^bits,) uint8."""
    shares = (way.lookup.values - way.black) / ((way.white - way.black) or 1.0)
    shades = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return np.asarray(255 - shades if layout.is_inverse else shades)


def _mapped(stored: greys.Stored, shades: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each pattern's grey: (H, W) uint8."""
    pixels = np.empty(stored.shape, np.uint8)
    for start in range(0, len(stored), CHUNK_ROWS):
        pixels[start : start + CHUNK_ROWS] = shades[stored[start : start + CHUNK_ROWS]]
    return pixels
