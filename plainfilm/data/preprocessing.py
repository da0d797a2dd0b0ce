"""Grey pixels -> what the network sees: THE preprocessing. Training, evaluation, prediction, page and audit call it.

Lanczos as Pillow 12 computes it, on 8-bit samples: for a grey film with three channels it equals the tutorial's
`Image.open(path).convert("RGB").resize((224, 224), Image.LANCZOS)` bit for bit. Scaling to floats is inside the graph.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FITS = ("squash", "letterbox")  # both sides to S; or the longer side to S and the rest black
CHANNELS = (1, 3)


def preprocess(pixels: NDArray[np.uint8], *, size: int, channels: int = 1, fit: str = "squash") -> NDArray[np.uint8]:
    """(H, W) uint8 -> (C, S, S) uint8, contiguous; three channels repeat the grey plane.

    >>> preprocess(np.zeros((480, 640), np.uint8), size=224, channels=3).shape
    (3, 224, 224)
    """
    assert channels in CHANNELS
    assert fit in FITS
    plane = _lanczos(pixels, size, size) if fit == "squash" else _letterbox(pixels, size)
    return np.repeat(plane[None], channels, axis=0)


def reduce(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(S, S) or (N, S, S) uint8 -> the same films on smaller squares, for the steps of a size schedule."""
    assert size <= pixels.shape[-1] == pixels.shape[-2]
    if pixels.ndim == 2:
        return _lanczos(pixels, size, size)
    reduced = np.empty((len(pixels), size, size), np.uint8)
    for target, plane in zip(reduced, pixels, strict=True):
        target[:] = _lanczos(plane, size, size)
    return reduced


def _letterbox(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(H, W) -> (S, S): the longer side becomes S, the film is centred on black (an odd pixel goes right or below)."""
    height, width = (max(1, round(side * size / max(pixels.shape))) for side in pixels.shape)
    top, left = (size - height) // 2, (size - width) // 2
    square = np.zeros((size, size), np.uint8)
    square[top : top + height, left : left + width] = _lanczos(pixels, width, height)
    return square


def _lanczos(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """(H, W) uint8 -> (height, width) uint8, writable; in two calls: Pillow 12 and 13 order the passes differently."""
    assert pixels.dtype == np.uint8
    sideways = Image.fromarray(pixels).resize((width, pixels.shape[0]), Image.Resampling.LANCZOS)
    return np.array(sideways.resize((width, height), Image.Resampling.LANCZOS))
