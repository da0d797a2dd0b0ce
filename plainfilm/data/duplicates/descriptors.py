"""The descriptor of a film: low frequencies of its structures, also as it would be warped.

Everything here is linear in the film, so one matrix product warps, leaves out a margin and transforms.
"""

import numpy as np

from plainfilm.data.duplicates.registration import Floats, grid

COARSE_SIZE_PX = 32  # the size that is described, and registered first
NUM_FREQUENCIES = 8  # on each axis


def cosines(size: int, count: int = NUM_FREQUENCIES) -> Floats:
    """The lowest frequencies of the cosine transform (DCT-II): (count, size)."""
    angles = (np.arange(size) + 0.5) * np.pi / size
    return np.cos(np.arange(count)[:, None] * angles).astype(np.float32)


def descriptor_matrix(warp: Floats) -> Floats:
    """The matrix that takes the C * C pixels of a film to the descriptor of the film warped: (63, C * C).

    Warping, leaving out a margin and the cosine transform are all linear, so one product does all three.
    """
    size = COARSE_SIZE_PX // 2  # enough for eight frequencies
    points = warp @ (grid(size).reshape(3, -1) * np.array([[0.88], [0.88], [1]], np.float32))  # (2, P)
    pixels = (points[..., None] + 1) * COARSE_SIZE_PX / 2 - 0.5
    places = np.arange(COARSE_SIZE_PX, dtype=np.float32)
    across, down = np.maximum(0, 1 - np.abs(pixels - places))  # bilinear weights, (P, C) each
    sampling = (down[:, :, None] * across[:, None, :]).reshape(size * size, -1)
    frequencies = np.kron(cosines(size), cosines(size))[1:]  # (63, P): without the mean
    return np.asarray(frequencies @ sampling)


def unit(vectors: Floats) -> Floats:
    """Vectors (..., D) at length 1; of length 0 stay so."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-6)))
