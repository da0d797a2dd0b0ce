"""What each view of the shortcut audit sees of a film: pure functions from films (N, S, S) uint8 to columns (N, D).

| view | sees | why |
|---|---|---|
| file | size, aspect, mode, and what `data.file_facts` reads of the file | no pixel: says how a film was stored |
| statistics | moments, quantiles and entropy of the grey values | no position: says how a film was exposed and
windowed |
| spectrum | power by octave, its slope, sharpness | no position: says which detector, resize and compression made it |
| border | the outer ring, a fourteenth of the side wide (16 of 224 px) | collimation, letters, frames |
| corners | four squares, a seventh of the side wide (32 of 224 px) | letters, markers, black edges |
| blanked | all but the rectangle around the lung field and a margin | everything that is surely no lung |
| thumbnail | the film as 16 x 16 cells | shape and exposure, nothing fine; it may see large opacities |
| lungs | the lung field alone, the rest black | what a probe of lungs may use; its outline shows too |

LUNGLESS views see no lung, so what they tell is no sign of a disease of the lung. A film cropped into the lungs is the
exception (its border shows lung), and `blanked` is as good as the rectangle: how much lung it leaves is measured by
`benchmarks/lung_field.py`. `lungs` is as good as the field's Dice; a stray rim of the rest is in it.
Cells hold the mean; those of border and corners the standard deviation also, for letters and compression noise.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.film_index import Row
from plainfilm.data.lungfield import Masks, boxes, hull
from plainfilm.evaluation.metrics import Floats

Films = NDArray[np.uint8]

LUNGLESS = ("file", "border", "corners", "blanked")
OTHERS = ("statistics", "spectrum", "thumbnail", "lungs")
VIEWS = (*LUNGLESS, *OTHERS)
"""In the order in which they are shown."""
THUMBNAIL = 16  # cells a side
CELLS = 4  # a corner's, a side
RING_CELLS = (2, 28)  # of each side of the border
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of the grey values
NUM_OCTAVES = 6
CHUNK = 64  # films whose pixels are in memory as floats
TINY = 1e-6


def file(rows: Sequence[Row], facts: Floats | None = None) -> Floats:
    """What the index says of N files, and `facts` (N, F) read from them: (N, 4 + F)."""
    modes = sorted({row.mode for row in rows})
    known = [[row.width, row.height, row.width / max(row.height, 1), modes.index(row.mode)] for row in rows]
    columns = np.asarray(known, np.float64)
    return columns if facts is None else np.column_stack([columns, facts])


def statistics(films: Films) -> Floats:
    """Mean, deviation, skewness, kurtosis, entropy, shares of black and white, quantiles: (N, 12)."""
    levels = np.arange(256.0)
    shares = np.stack([np.bincount(film.ravel(), minlength=256) for film in films]) / films[0].size  # (N, 256)
    mean = shares @ levels
    offsets = levels - mean[:, None]
    second, third, fourth = ((shares * offsets**power).sum(1) for power in (2, 3, 4))
    deviation = np.sqrt(second)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(1)
    reached = shares.cumsum(1)
    quantiles = [(reached < share).sum(1) for share in QUANTILES]
    skewness, kurtosis = third / (deviation**3 + TINY), fourth / (second**2 + TINY)
    extremes = shares[:, :4].sum(1), shares[:, -4:].sum(1)
    return np.column_stack([mean, deviation, skewness, kurtosis, entropy, *extremes, *quantiles])


def spectrum(films: Films) -> Floats:
    """Log power in NUM_OCTAVES octaves up to the finest, its slope, and sharpness: (N, NUM_OCTAVES + 2).

    Sharpness is the log power of the Laplacian over that of the film (Pech-Pacheco et al. 2000, ICPR: variance of the
    Laplacian). A Hann window keeps the frame out of the spectrum.
    """
    size = films.shape[-1]
    window = np.hanning(size).astype(np.float32)
    down, across = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)
    octave = np.floor(-np.log2(np.maximum(np.hypot(down, across), 1e-9) / 0.75)).astype(int)  # 0: the finest
    inside = (octave >= 0) & (octave < NUM_OCTAVES)
    found = []
    for start in range(0, len(films), CHUNK):
        pixels = films[start : start + CHUNK].astype(np.float32)
        pixels -= pixels.mean((1, 2), keepdims=True)
        power = np.abs(np.fft.rfft2(pixels * window * window[:, None]))[:, inside] ** 2
        sums = np.stack([np.bincount(octave[inside], row, NUM_OCTAVES) for row in power])
        logs = np.log(sums / np.bincount(octave[inside], minlength=NUM_OCTAVES) + TINY)
        slope = np.polyfit(np.arange(NUM_OCTAVES), logs.T, 1)[0]
        inner = pixels[:, 1:-1, 1:-1]
        laplacian = pixels[:, :-2, 1:-1] + pixels[:, 2:, 1:-1] + pixels[:, 1:-1, :-2] + pixels[:, 1:-1, 2:] - 4 * inner
        sharpness = np.log((laplacian.var((1, 2)) + TINY) / (pixels.var((1, 2)) + TINY))
        found.append(np.column_stack([logs - logs.mean(1, keepdims=True), slope, sharpness]))
    return np.concatenate(found)


def border(films: Films) -> Floats:
    """The outer ring, round(S / 14) wide, in cells along its four sides: (N, 4 * 2 * 2 * 28)."""
    width = round(films.shape[-1] / 14)
    thin, long = RING_CELLS
    sides = (films[:, :width], films[:, -width:], films[:, :, :width], films[:, :, -width:])
    shapes = ((thin, long), (thin, long), (long, thin), (long, thin))
    return np.concatenate([_cells(side, *shape) for side, shape in zip(sides, shapes, strict=True)], axis=1)


def corners(films: Films) -> Floats:
    """Four squares, round(S / 7) wide, of CELLS x CELLS cells each: (N, 4 * 2 * CELLS²)."""
    width = round(films.shape[-1] / 7)
    ends = (slice(None, width), slice(-width, None))
    return np.concatenate([_cells(films[:, rows, columns], CELLS, CELLS) for rows in ends for columns in ends], axis=1)


def thumbnail(films: Films) -> Floats:
    """The film as THUMBNAIL x THUMBNAIL means: (N, THUMBNAIL²)."""
    return _cells(films, THUMBNAIL, THUMBNAIL, texture=False)


def blanked(films: Films, masks: Masks) -> Floats:
    """The thumbnail with the rectangle around each lung field (N, S, S) black: (N, THUMBNAIL²)."""
    return thumbnail(np.where(hull(masks), np.uint8(0), films))


def lungs(films: Films, masks: Masks) -> Floats:
    """The thumbnail with all but the lung field (N, S, S) black: (N, THUMBNAIL²)."""
    return thumbnail(np.where(masks, films, np.uint8(0)))


def _cells(parts: Films, num_rows: int, num_columns: int, *, texture: bool = True) -> Floats:
    """Means, and with `texture` deviations, of parts (N, H, W) in num_rows x num_columns cells."""
    down, across = boxes(parts.shape[1], num_rows), boxes(parts.shape[2], num_columns)
    found = []
    for start in range(0, len(parts), CHUNK):
        pixels = np.asarray(parts[start : start + CHUNK], np.float32)
        means = down @ pixels @ across.T
        planes = [means]
        if texture:
            planes.append(np.sqrt(np.maximum(down @ (pixels * pixels) @ across.T - means * means, 0)))
        found.append(np.concatenate([plane.reshape(len(pixels), -1) for plane in planes], axis=1))
    return np.concatenate(found).astype(np.float64)
