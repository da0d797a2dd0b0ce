"""A class map laid over its film, with Pillow alone."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from plainfilm.data.sources.own_output import SOFTWARE

MIN_SIDE_PX = 448  # a smaller film is enlarged, so that the map can be seen
MAX_SIDE_PX = 1024
OPACITY = 0.6  # of the map where it is strongest
COLOUR = (255, 120, 0)  # evidence for the class; what speaks against it is not coloured


def draw_overlay(
    pixels: NDArray[np.uint8], class_map: NDArray[np.float32], *, fit: str = "squash", comment: str = ""
) -> bytes:
    """The film with the evidence for one class in orange, as PNG.

    pixels (H, W) uint8, the decoded film; class_map (h, w): cells at or below 0 stay clear, the strongest one gets
    OPACITY. `fit`: how the film became square; the map of a "letterbox" also covers the black beside the film.
    `comment`: what has to be said of the map, for the text "Comment" inside the PNG; none if empty.
    """
    height, width = pixels.shape
    scale = min(max(1.0, MIN_SIDE_PX / max(height, width)), MAX_SIDE_PX / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    film = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS).convert("RGB")
    evidence = np.maximum(class_map, 0).astype(np.float32)
    evidence /= max(float(evidence.max()), 1e-12)
    mask = Image.fromarray(np.round(evidence * OPACITY * 255).astype(np.uint8))
    covered = (max(size), max(size)) if fit == "letterbox" else size
    left, top = ((whole - part) // 2 for whole, part in zip(covered, size, strict=True))
    mask = mask.resize(covered, Image.Resampling.BILINEAR).crop((left, top, left + size[0], top + size[1]))
    film.paste(COLOUR, mask=mask)
    buffer = io.BytesIO()
    about = PngInfo()
    about.add_text("Software", SOFTWARE)  # first: by it, a data set that holds the map knows that it is no film
    if comment:
        about.add_itxt("Comment", comment)
    film.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()
