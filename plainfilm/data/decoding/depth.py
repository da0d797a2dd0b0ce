"""Samples of any depth -> 8 bits: white by what the file declares, else by what is observed.

White is the top of the declared bits if fewer than 16 are declared and the samples keep to them (in a PNG whose samples
are shifted up, as the standard's sBIT asks, they do not); else the top of 16 bits if the samples reach its upper half;
else the observed one, with a warning. One hot pixel decides nothing, nor does a mark far brighter than all else. Greys
that are no film's are made anew from the observed black to the observed white, with a warning, if that shows one.
"""

import math

import numpy as np

from plainfilm.data.decoding import greys
from plainfilm.data.decoding.film import BLANK
from plainfilm.errors import FilmError

SHARES = (greys.LOW, greys.HIGH, greys.LOW_BESIDE_MARKS, greys.HIGH_BESIDE_MARKS)
IDENTITY = tuple(range(greys.NUM_GREYS))


def scale(samples: np.ndarray, declared_bits: int) -> tuple[np.ndarray, int, list[str]]:
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
        black, white = greys.black_of(low, top), top or highest
        codes = ["film-depth-guessed"]
    pixels = _shaded(samples, black, white)
    if shows_film(pixels, greys.DOUBTED_SPREAD if is_declared else greys.NARROW_SPREAD):
        return pixels, _bits(black, white), codes
    for lower, upper in ((low, top), beside_marks):
        again = _shaded(samples, greys.black_of(lower, upper), upper)
        if shows_film(again):
            return again, _bits(greys.black_of(lower, upper), upper), [*codes, "film-bits-ignored"]
    return pixels, _bits(black, white), [*codes, *doubts(pixels)]


def doubts(pixels: np.ndarray) -> tuple[str, ...]:
    """The codes of warnings about 8-bit pixels (H, W) that show no film."""
    if shows_film(pixels):
        return ()
    is_blank = greys.is_blank(greys.counts_of(pixels, greys.NUM_GREYS))
    return ("film-greys-doubted", BLANK) if is_blank else ("film-greys-doubted",)


def shows_film(pixels: np.ndarray, spread: float = greys.DOUBTED_SPREAD) -> bool:
    """Whether 8-bit pixels (H, W) show a film."""
    counts = greys.counts_of(pixels, greys.NUM_GREYS)
    is_ignored = np.zeros(greys.NUM_GREYS, bool)
    return greys.shows_film(pixels, counts, np.array(IDENTITY, np.uint8), is_ignored, spread)


def _observed(samples: np.ndarray) -> list[float]:
    """Values below which SHARES of the samples stand."""
    if samples.dtype.kind == "u" and samples.itemsize == 2:
        seen = greys.without_lone_ends(greys.counts_of(samples, 2**16))
        return [float(end) for pair in (SHARES[:2], SHARES[2:]) for end in greys.observed(seen, *pair)]
    return [float(end) for end in np.quantile(samples, SHARES, method="inverted_cdf")]


def _bits(black: float, white: float) -> int:
    return math.ceil(white - black).bit_length()


def _shaded(samples: np.ndarray, black: float, white: float) -> np.ndarray:
    """(H, W) samples -> uint8, from black to white; what lies outside is cut."""
    scaled = samples.astype(np.float32)
    if black:
        scaled -= np.float32(black)
    scaled /= np.float32((white - black) or 1.0)  # 0..1
    scaled *= 255
    return np.rint(np.clip(scaled, 0, 255, out=scaled), out=scaled).astype(np.uint8)
