"""A class map laid over its film, with Pillow alone."""

import io

import numpy as np
from PIL import Image

MIN_SIDE_PX = 448  # a smaller film is enlarged, so that the map can be seen
MAX_SIDE_PX = 1024
OPACITY = 0.6  # of the map where it is strongest
COLOUR = (255, 120, 0)  # evidence for the class; what speaks against it is not coloured


def draw_overlay(pixels: np.ndarray, class_map: np.ndarray) -> bytes:
    """The film with the evidence for one class in orange, as PNG.

    Args:
        pixels: (H, W) uint8, the decoded film.
        class_map: (h, w), of one class. Cells at or below 0 stay clear; the strongest cell gets OPACITY.
    """
    height, width = pixels.shape
    scale = min(max(1.0, MIN_SIDE_PX / max(height, width)), MAX_SIDE_PX / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    film = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS).convert("RGB")
    evidence = np.maximum(class_map, 0).astype(np.float32)
    evidence /= max(float(evidence.max()), 1e-12)
    mask = Image.fromarray(np.round(evidence * OPACITY * 255).astype(np.uint8))
    film.paste(COLOUR, mask=mask.resize(size, Image.Resampling.BILINEAR))
    buffer = io.BytesIO()
    film.save(buffer, "PNG")
    return buffer.getvalue()
