"""Modality and VOI LUT: what a DICOM header makes of each value that the stored bits can hold.

Rescale and window are pydicom's own functions, applied to a table of all stored values (at most 65536) instead of the
film: its answer, without its float64 copy of the pixels. Sources: DICOM PS3.3, C.11.1 (modality LUT), C.11.2 (VOI LUT),
C.7.6.3.1.5 (palette).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding.dicom_header import Header, refuse_value
from plainfilm.errors import FilmError

if TYPE_CHECKING:
    from pydicom import Dataset

WINDOWS = {"LINEAR", "LINEAR_EXACT", "SIGMOID"}
LUT_BITS = {8, *range(10, 17)}  # PS3.3, C.11.2.1.1
MIN_SLOPE = 2.0**-16  # below it, a film is one shade
PALETTES = ("RedPaletteColorLookupTable", "GreenPaletteColorLookupTable", "BluePaletteColorLookupTable")
PALETTE_STEP = 2.0**-7  # of white: how far apart red, green and blue of a grey may be

Values = NDArray[np.int32 | np.float64]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the samples are stored."""

    height: int
    width: int
    num_channels: int  # 1 or 3
    is_planar: bool  # three channels one after the other
    num_bytes: int  # a sample
    bits: int  # of them used
    shift: int  # of them unused below, if the samples are shifted up at all
    likely_bits: int  # fewer than `bits` where another word of the file says so
    are_bits_wrong: bool  # the samples do not keep to the bits that the header declares
    is_signed: bool
    photometric: str
    is_inverse: bool  # low is white

    @property
    def lowest(self) -> int:
        """The lowest value that a sample can hold."""
        return -(1 << self.bits - 1) if self.is_signed else 0

    @property
    def highest(self) -> int:
        """The highest value that a sample can hold."""
        return self.lowest + (1 << self.bits) - 1


@dataclass(frozen=True)
class Lookup:
    """What the header makes of each value that can be stored, from the lowest to the highest."""

    values: Values  # (2^bits,)
    black: float
    white: float
    is_open: bool  # nothing but the number of bits says what is black and what is white
    is_windowed: bool = False  # by a window or a VOI LUT


@dataclass(frozen=True)
class Lookups:
    """All that a header makes of the values."""

    plain: Lookup  # without window and VOI LUT
    windowed: Lookup | None  # with one of them
    is_window_broken: bool = False  # there is a window that is none
    coloured: NDArray[np.bool_] | None = None  # (2^bits,): values that a palette gives a colour


def make_lookups(header: Header, layout: Layout) -> Lookups:
    """Modality LUT or rescale, then VOI LUT or window: the first of each, a VOI LUT before a window. Raises FilmError.

    Rescale and window are pydicom's own functions.
    """
    from pydicom import Dataset
    from pydicom.pixels.processing import apply_modality_lut, apply_windowing

    settings = Dataset()
    settings.PhotometricInterpretation = "MONOCHROME2"
    settings.BitsStored, settings.PixelRepresentation = layout.bits, int(layout.is_signed)
    values: Values = np.arange(layout.lowest, layout.highest + 1, dtype=np.int32)
    if layout.photometric == "PALETTE COLOR":
        return _palette(header, values)
    modality_lut = _lut(header, "ModalityLUTSequence", is_signed=layout.is_signed)
    slope, intercept = header.decimal("RescaleSlope"), header.decimal("RescaleIntercept")
    if modality_lut is None and slope is not None and intercept is not None:
        if abs(slope) < MIN_SLOPE:
            refuse_value("RescaleSlope")
        settings.RescaleSlope, settings.RescaleIntercept = slope, intercept
        values = apply_modality_lut(values, settings)
    # pydicom's window runs over the stored range, rescaled: from high to low where the slope is negative
    first, last = float(values[0]), float(values[-1])
    plain = Lookup(values, min(first, last), max(first, last), layout.bits == 16)
    if modality_lut is not None:
        values = modality_lut.of(values)
        plain = Lookup(values, 0.0, modality_lut.white, False)
    voi_lut = _lut(header, "VOILUTSequence", is_signed=bool(values.min() < 0))
    if voi_lut is not None:
        return Lookups(plain, Lookup(voi_lut.of(values), 0.0, voi_lut.white, False, True))
    is_there, is_usable = _take_window(header, settings)
    windowed = Lookup(apply_windowing(values, settings), first, last, False, True) if is_usable else None
    return Lookups(plain, windowed, is_there and not is_usable)


def _take_window(header: Header, settings: "Dataset") -> tuple[bool, bool]:
    """Put the first window into the settings; whether there is one, and whether it is wide enough to be one."""
    center, width = header.decimal("WindowCenter"), header.decimal("WindowWidth")
    if center is None or width is None:
        return False, False
    function = header.string("VOILUTFunction") or "LINEAR"
    if function not in WINDOWS:
        refuse_value("VOILUTFunction")
    if width < 1 and not (width > MIN_SLOPE and function != "LINEAR"):
        return True, False
    settings.WindowCenter, settings.WindowWidth, settings.VOILUTFunction = center, width, function
    return True, True


@dataclass(frozen=True)
class _Table:
    """A look-up table: its entries, the value that the first one stands for, and the highest possible entry."""

    entries: NDArray[np.int64]  # (L,)
    first: int
    white: float

    def of(self, values: Values) -> NDArray[np.float64]:
        """The entries of values; what lies outside takes the first or the last."""
        places = np.rint(values).astype(np.int64) - self.first
        return np.asarray(self.entries[np.clip(places, 0, len(self.entries) - 1)], np.float64)


def _lut(header: Header, name: str, *, is_signed: bool) -> _Table | None:
    """The first table of a LUT sequence, None where there is none. Raises FilmError."""
    item = header.first_item(name)
    if item is None:
        return None
    return _table(item, "LUTDescriptor", "LUTData", name, is_signed=is_signed)


def _table(header: Header, descriptor_name: str, data_name: str, refused: str, *, is_signed: bool) -> _Table:
    descriptor, entries = header.words(descriptor_name), header.words(data_name)
    if len(descriptor) != 3 or descriptor[2] not in LUT_BITS:
        refuse_value(refused)
    count, first, bits = descriptor[0] or 2**16, descriptor[1], descriptor[2]
    if bits == 8 and len(entries) == (count + 1) // 2:  # two entries a word
        entries = np.column_stack([entries & 0xFF, entries >> 8]).ravel()
    if len(entries) < count or entries[:count].max() >= 2**bits:
        refuse_value(refused)
    return _Table(entries[:count], first - 2**16 if is_signed and first >= 2**15 else first, 2.0**bits - 1)


def _palette(header: Header, values: Values) -> Lookups:
    """The greys of a palette, and which of its entries are none. Raises FilmError where it is not whole."""
    try:
        tables = [_table(header, f"{name}Descriptor", f"{name}Data", name, is_signed=False) for name in PALETTES]
    except FilmError:
        raise FilmError("film-dicom-colour") from None
    red, green, blue = (table.of(values) / table.white for table in tables)
    coloured = np.maximum(np.abs(red - green), np.abs(red - blue)) > PALETTE_STEP
    return Lookups(Lookup(red, 0.0, 1.0, False), None, coloured=coloured)
