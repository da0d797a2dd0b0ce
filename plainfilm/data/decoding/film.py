"""Film and Limits: what decoding gives, and what a file may ask for; shared by the readers of all formats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.errors import FilmError


@dataclass(frozen=True)
class Limits:
    """What a file may ask for; checked before any pixel is allocated."""

    max_file_bytes: int = 256 * 2**20
    min_side_px: int = 32
    max_side_px: int = 20_000
    max_pixels: int = 64_000_000

    def check_size(self, width: int, height: int, *, num_pixels: int = 0) -> None:
        """Raise FilmError for a film that is too small or too large; `num_pixels`: allocated, where that is more."""
        if min(width, height) < self.min_side_px:
            raise FilmError("film-too-small", width=width, height=height, minimum=self.min_side_px)
        if max(width, height) > self.max_side_px or max(width * height, num_pixels) > self.max_pixels:
            raise FilmError(
                "film-too-large",
                width=width,
                height=height,
                maximum_side=self.max_side_px,
                maximum_pixels=self.max_pixels,
            )


LIMITS = Limits()

BLANK = "film-blank"  # nearly one grey: no evidence of anything
DOUBTED = ("film-greys-doubted", BLANK)  # somebody should look at the film
WARNINGS = (  # all that may be said of a film that was read
    *("film-body-part-near", "film-body-part-unknown", "film-view-decubitus", "film-view-unknown", "film-turned"),
    *("film-transparent", "film-depth-guessed", "film-polarity-assumed", "film-window-ignored", "film-bits-ignored"),
    "film-padding-ignored",
    *DOUBTED,
)


@dataclass(frozen=True)
class Film:
    """A decoded film, low is black."""

    pixels: NDArray[np.uint8]  # (H, W) uint8, grey
    mode: str  # as stored: in Pillow's terms ("L", "I;16", "RGB", "P"), or DICOM's ("MONOCHROME1", "MONOCHROME2")
    bits: int  # bits a sample that the scaling took for black to white; 8: none was needed
    chroma: float  # mean over pixels of (max - min over channels), 0..255; 0 for a grey film
    warnings: tuple[str, ...]  # message codes
