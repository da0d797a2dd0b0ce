"""Stored values -> greys: as the header says, if that shows a film; else without its window, its bits, its padding.

Notable choices:
- each way of making greys is a table of 256 or 65536 entries, judged on how often each value occurs: the film itself is
  mapped once;
- the first way that shows a film is taken, and the codes of the warnings say what was set aside; where none does, the
  header is believed, with a warning;
- background is black, whatever its values; eight bits are never stretched.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from plainfilm.data.decoding import greys
from plainfilm.data.decoding.depth import doubts
from plainfilm.data.decoding.dicom_header import Header
from plainfilm.data.decoding.dicom_lut import Layout, Lookup, Lookups
from plainfilm.errors import FilmError

CHUNK_ROWS = 256
MAX_COLOURED = 0.001  # of the pixels
OPEN_TOP = 2**15  # a film of 16 bits that reaches it uses them all


@dataclass(frozen=True)
class Shades:
    """A film in greys."""

    pixels: np.ndarray  # (H, W) uint8
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


def shade(stored: np.ndarray, header: Header, layout: Layout, lookups: Lookups) -> Shades:
    """The greys of stored patterns (H, W). Raises FilmError where a palette gives them colours."""
    counts = greys.counts_of(stored, 1 << 8 * layout.num_bytes)
    places = _places(layout, counts)
    if lookups.coloured is not None and counts[lookups.coloured[places]].sum() > MAX_COLOURED * stored.size:
        raise FilmError("film-dicom-colour")
    padding = _padding(header, layout, places)
    broken = ("film-window-ignored",) if lookups.is_window_broken else ()
    wrong = ("film-bits-ignored",) if layout.are_bits_wrong else ()
    first: tuple[_Way, np.ndarray] | None = None
    for is_padding, codes in _backgrounds(padding, counts):
        seen = _by_place(np.where(is_padding, 0, counts), places, layout)
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


def _places(layout: Layout, counts: np.ndarray) -> np.ndarray:
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


def _by_place(counts: np.ndarray, places: np.ndarray, layout: Layout) -> np.ndarray:
    return np.bincount(places, counts, 1 << layout.bits).astype(np.int64)


def _padding(header: Header, layout: Layout, places: np.ndarray) -> np.ndarray:
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


def _backgrounds(padding: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, tuple[str, ...]]]:
    """The header's padding; then none, where that makes a difference."""
    yield padding, ()
    if counts[padding].any():
        yield np.zeros_like(padding), ("film-padding-ignored",)


def _ways(seen: np.ndarray, layout: Layout, lookups: Lookups) -> Iterator[_Way]:
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


def _fits(values: np.ndarray, layout: Layout) -> bool:
    """Whether the places of the values that occur keep to the likely bits."""
    half = 1 << layout.likely_bits - 1
    low, high = (-half, half - 1) if layout.is_signed else (0, 2 * half - 1)
    return bool(low <= values[0] + layout.lowest and values[-1] + layout.lowest <= high)


def _ends(seen: np.ndarray, layout: Layout, low_share: float, high_share: float) -> tuple[int, int]:
    """The places of the observed black and white."""
    if not seen.any():
        return 0, len(seen) - 1
    low, high = greys.observed(seen, low_share, high_share)
    return (low if layout.is_signed else int(greys.black_of(low, high))), high


def _shown(lookup: Lookup, low: int, high: int) -> tuple[float, float]:
    """The lowest and highest value of the header's between two places."""
    values = lookup.values[low : high + 1]
    return float(values.min()), float(values.max())


def _table(way: _Way, layout: Layout) -> np.ndarray:
    """A grey for each place: (2^bits,) uint8."""
    shares = (way.lookup.values - way.black) / ((way.white - way.black) or 1.0)
    shades = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    return 255 - shades if layout.is_inverse else shades


def _mapped(stored: np.ndarray, shades: np.ndarray) -> np.ndarray:
    """Each pattern's grey: (H, W) uint8."""
    pixels = np.empty(stored.shape, np.uint8)
    for start in range(0, len(stored), CHUNK_ROWS):
        pixels[start : start + CHUNK_ROWS] = shades[stored[start : start + CHUNK_ROWS]]
    return pixels
