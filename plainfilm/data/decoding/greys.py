"""Whether greys show a film, from which value to which the values of one reach; samples of any depth -> 8 bits.

A header says how values become greys; another program may have changed the values since. So the greys are compared
with what films look like: they spread over the greys, and few of them are quite black or quite white. A black border
around a collimated film is no part of it.

Of 7,400 films of public sets, the one with the least contrast has 98 % of its pixels in 21 % of the grey range, and
none has more than 86 % in the lowest or highest 2 %.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding.film import BLANK
from plainfilm.errors import FilmError

NUM_GREYS = 256
CROWD = 0.98  # of the pixels: where this many stand close together, nothing is to be seen
DOUBTED_SPREAD = 0.10  # of the grey range, which a crowd must exceed
NARROW_SPREAD = 0.25  # the same for greys whose range is that of a header or of a sample's size, not of a picture
END_SHARE, END_WIDTH = 0.90, 6  # of the pixels; of the greys: the lowest or highest 2 %
CUT_SHARE, CUT_SPREAD = 0.8, 0.25  # of the pixels, black or white all; of the stored range, which they then cover: cut
LOW, HIGH = 0.001, 0.999  # shares of the pixels below which the observed black and white stand
LOW_BESIDE_MARKS, HIGH_BESIDE_MARKS = 0.01, 0.99  # the same, where letters and marks are larger than a hot pixel
BLANK_RANGE = 8  # greys between the 1st and 99th percentile, below which a film is nearly one grey
RAISED = 0.25  # of the top: a film whose lowest value stands above this has no black at 0
BORDER_SHARE = 0.01  # of a row's or column's pixels, up to which it is still border
BORDER_SPREAD = 0.05  # of the stored range: what a border's own values may cover
MIN_AREA = 0.02  # of the pixels: a film inside a border, or beside its padding
LONE_GAP = 0.5  # of all values' range: how far from the others a lowest or highest value stands that is no film's
CHUNK_ROWS = 256

Counts = NDArray[np.int64]
Stored = NDArray[np.uint8 | np.uint16]
Samples = NDArray[np.uint16 | np.int32 | np.uint32 | np.float32]


def is_film(counts: Counts, spread: float = DOUBTED_SPREAD) -> bool:
    """Whether counts of greys (256,) are those of a film: spread out, and neither nearly all black nor all white.

    >>> is_film(np.bincount([0, 128, 255], minlength=256)), is_film(np.bincount([7, 8, 9], minlength=256))
    (True, False)
    """
    total = int(counts.sum())
    if max(counts[:END_WIDTH].sum(), counts[-END_WIDTH:].sum()) > END_SHARE * total:
        return False
    below = np.concatenate([[0], np.cumsum(counts)])
    width = int(spread * NUM_GREYS)
    return bool((below[width:] - below[:-width]).max() <= CROWD * total)


def shows_film(
    stored: Stored,
    counts: Counts,
    shades: NDArray[np.uint8],
    is_ignored: NDArray[np.bool_],
    spread: float = DOUBTED_SPREAD,
) -> bool:
    """Whether stored values (H, W) show a film; their counts, a grey and a flag for each value, all (V,).

    What is ignored (background, marks) counts for nothing; where hardly anything else is left, it cannot be background.
    """
    seen = np.where(is_ignored, 0, counts)
    if seen.sum() < MIN_AREA * counts.sum():
        return False
    if is_film(_greys(shades, seen), spread):
        return not _is_cut(seen, shades)
    return _is_film_in_a_border(stored, seen, shades, is_ignored, spread)


def _is_cut(seen: Counts, shades: NDArray[np.uint8]) -> bool:
    """Whether most of the film is black, or white, though its values differ much."""
    for is_end in (shades < END_WIDTH, shades >= NUM_GREYS - END_WIDTH):
        cut = np.where(is_end, seen, 0)
        if cut.sum() > CUT_SHARE * seen.sum() and not _is_one_value(cut, seen, CUT_SPREAD):
            return True
    return False


def _greys(shades: NDArray[np.uint8], counts: Counts) -> Counts:
    return np.bincount(shades, counts, NUM_GREYS).astype(np.int64)


def _is_film_in_a_border(
    stored: Stored,
    seen: Counts,
    shades: NDArray[np.uint8],
    is_ignored: NDArray[np.bool_],
    spread: float,
) -> bool:
    """Whether there is a film inside a frame that is nearly one stored value, as a collimator leaves it."""
    for is_border in (shades < END_WIDTH, shades >= NUM_GREYS - END_WIDTH):
        inside = ~(is_border | is_ignored)[stored]
        rows, columns = (np.flatnonzero(inside.mean(axis=axis) > BORDER_SHARE) for axis in (1, 0))
        if not len(rows) or not len(columns):
            continue
        area = stored[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        if not MIN_AREA * stored.size <= area.size < stored.size:
            continue
        within = np.where(is_ignored, 0, counts_of(area, len(seen)))
        if _is_one_value(seen - within, seen, BORDER_SPREAD) and is_film(_greys(shades, within), spread):
            return True
    return False


def _is_one_value(around: Counts, seen: Counts, spread: float) -> bool:
    """Whether values (counts of each) keep close together, compared with those of the whole film."""
    if not around.any():
        return True
    low, high = observed(around, LOW_BESIDE_MARKS, HIGH_BESIDE_MARKS)
    lowest, highest = observed(seen)
    return high - low <= spread * (highest - lowest)


def observed(counts: Counts, low: float = LOW, high: float = HIGH) -> tuple[int, int]:
    """The values (places in counts) below which the shares `low` and `high` of the pixels stand.

    >>> observed(np.array([0, 10, 0, 5000, 0, 2]))
    (1, 3)
    """
    below = np.cumsum(counts)
    first, last = np.searchsorted(below, [max(low * below[-1], 1), high * below[-1]])
    return int(first), int(last)


def black_of(low: float, high: float) -> float:
    """Black of a film without negative values that is observed from `low` to `high`: 0, unless all of it is far above.

    >>> black_of(180, 4000), black_of(6000, 9000)
    (0.0, 6000)
    """
    return low if low > RAISED * high else 0.0


def is_blank(counts: Counts) -> bool:
    """Whether counts of greys (256,) are nearly all those of one."""
    low, high = observed(counts, LOW_BESIDE_MARKS, HIGH_BESIDE_MARKS)
    return high - low < BLANK_RANGE


def counts_of(stored: Stored, num_values: int) -> Counts:
    """How many pixels (H, W) have each value: (V,)."""
    counts = np.zeros(num_values, np.int64)
    for start in range(0, len(stored), CHUNK_ROWS):  # counting makes eight bytes of each sample
        counts += np.bincount(stored[start : start + CHUNK_ROWS].ravel(), minlength=num_values)
    return counts


def without_lone_ends(counts: Counts) -> Counts:
    """The counts without a lowest or highest value far from all others: background or marks that no header names.

    >>> without_lone_ends(np.array([0, 5, 5, 0, 0, 0, 0, 0, 9])).tolist()
    [0, 5, 5, 0, 0, 0, 0, 0, 0]
    """
    values = np.flatnonzero(counts)
    if len(values) < 3:
        return counts
    limit = LONE_GAP * (values[-1] - values[0])
    kept = counts.copy()
    for end, next_to_it in ((values[0], values[1]), (values[-1], values[-2])):
        if abs(end - next_to_it) > limit and counts.sum() - counts[end] >= MIN_AREA * counts.sum():
            kept[end] = 0
    return kept


# --- samples of any depth -> 8 bits ----------------------------------------------------------------------------------

# White is the top of the declared bits if fewer than 16 are declared and the samples keep to them (in a PNG whose
# samples are shifted up, as the standard's sBIT asks, they do not); else the top of 16 bits if the samples reach its
# upper half; else the observed one, with a warning. One hot pixel decides nothing, nor does a mark far brighter than
# all else. Greys that are no film's are made anew from the observed black to the observed white, with a warning, if
# that shows one.
SHARES = (LOW, HIGH, LOW_BESIDE_MARKS, HIGH_BESIDE_MARKS)
IDENTITY = tuple(range(NUM_GREYS))


def scale(samples: Samples, declared_bits: int) -> tuple[NDArray[np.uint8], int, list[str]]:
    """(H, W) samples, low is black -> uint8, the bits used, warnings. Raises FilmError for values of no film."""
    with np.errstate(invalid="ignore"):
        lowest, highest = float(samples.min()), float(samples.max())
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        raise FilmError("film-not-finite")
    if lowest < 0:
        raise FilmError("film-negative", lowest=lowest)
    low, top, *beside_marks = _observed(samples)
    is_declared = declared_bits < 16 and highest < 2**declared_bits
    codes = []
    if is_declared:
        black, white = 0.0, 2.0**declared_bits - 1
    elif top >= 2**15 and highest < 2**16:
        black, white = 0.0, 2.0**16 - 1
    else:
        black, white = black_of(low, top), top or highest
        codes = ["film-depth-guessed"]
    pixels = _shaded(samples, black, white)
    if _is_picture(pixels, DOUBTED_SPREAD if is_declared else NARROW_SPREAD):
        return pixels, _bits(black, white), codes
    for lower, upper in ((low, top), beside_marks):
        again = _shaded(samples, black_of(lower, upper), upper)
        if _is_picture(again):
            return again, _bits(black_of(lower, upper), upper), [*codes, "film-bits-ignored"]
    return pixels, _bits(black, white), [*codes, *doubts(pixels)]


def doubts(pixels: NDArray[np.uint8]) -> tuple[str, ...]:
    """The codes of warnings about 8-bit pixels (H, W) that show no film."""
    if _is_picture(pixels):
        return ()
    if is_blank(counts_of(pixels, NUM_GREYS)):
        return ("film-greys-doubted", BLANK)
    return ("film-greys-doubted",)


def _is_picture(pixels: NDArray[np.uint8], spread: float = DOUBTED_SPREAD) -> bool:
    """Whether 8-bit pixels (H, W) show a film."""
    counts = counts_of(pixels, NUM_GREYS)
    is_ignored = np.zeros(NUM_GREYS, bool)
    return shows_film(pixels, counts, np.array(IDENTITY, np.uint8), is_ignored, spread)


def _observed(samples: Samples) -> list[float]:
    """Values below which SHARES of the samples stand."""
    if samples.dtype.kind == "u" and samples.itemsize == 2:
        seen = without_lone_ends(counts_of(samples.astype(np.uint16, copy=False), 2**16))
        return [float(end) for pair in (SHARES[:2], SHARES[2:]) for end in observed(seen, *pair)]
    return [float(end) for end in np.quantile(samples, SHARES, method="inverted_cdf")]


def _bits(black: float, white: float) -> int:
    return math.ceil(white - black).bit_length()


def _shaded(samples: Samples, black: float, white: float) -> NDArray[np.uint8]:
    """(H, W) samples -> uint8, from black to white; what lies outside is cut."""
    scaled = samples.astype(np.float32)
    if black:
        scaled -= np.float32(black)
    scaled /= np.float32((white - black) or 1.0)  # 0..1
    scaled *= 255
    return np.rint(np.clip(scaled, 0, 255, out=scaled), out=scaled).astype(np.uint8)
