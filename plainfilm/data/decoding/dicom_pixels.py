"""The pixels of a DICOM file as stored: native, run-length coded, of the JPEG family; grey films saved in colour.

Notable choices:
- what is written counts: which codec it is, how many bits it holds and whether they are signed is read from the
  codestream, and the header's word for it corrected;
- the codestream is checked before a decoder sees it;
- a film saved in colour is grey where its colours are: then the first channel is the film, red or luminance.

Source: DICOM PS3.3, C.7.6.3 (image pixel); PS3.5, A.4 (encapsulated pixels).
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.decoding import codestream
from plainfilm.data.decoding.dicom_form import PIXEL_DATA, UNDEFINED, Element
from plainfilm.data.decoding.dicom_header import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, Header, inflate
from plainfilm.data.decoding.dicom_lut import Layout
from plainfilm.data.decoding.greys import Stored
from plainfilm.errors import FilmError

NATIVE = {IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN}
RLE = "1.2.840.10008.1.2.5"
JPEG_FAMILY = "1.2.840.10008.1.2.4."
# JPEG baseline, extended, lossless (two), JPEG-LS (two), JPEG 2000 (two), and which of pydicom's plug-ins decodes it:
# gdcm's JPEG 2000 would print on the terminal
PLUGINS = {
    f"{JPEG_FAMILY}{end}": "pillow" if end in (50, 51, 90, 91) else "gdcm" for end in (50, 51, 57, 70, 80, 81, 90, 91)
}
JPEG_2000 = ("90", "91")
JPEG_EXTENDED = "51"
MAX_ENCODED_FACTOR, ENCODED_SLACK_BYTES = 2, 2**16  # no codec makes a film larger than this
MAX_BITS = 16
RINGING = 0.125  # of the stored range: how far above it a lossy codec's values may go
COLOUR_STEP, COLOUR_SHARE = 12, 0.001  # of 255; of the pixels that may differ by more: where that is exceeded, colour
NEUTRAL = 0.5  # of the range: where colour differences stand for grey
CHUNK_ROWS = 256
SIGN_ROWS = 64  # that tell whether values are signed
_PRINTING = threading.Lock()

Integers = NDArray[np.uint8 | np.uint16 | np.int8 | np.int16 | np.int32]  # as a decoder gives samples


@dataclass(frozen=True)
class Samples:
    """Pixels as stored."""

    stored: Stored  # (H, W) patterns of bits, unsigned, of 1 or 2 bytes
    layout: Layout  # the header's, corrected by what is written
    chroma: float  # mean difference between channels, 0..255


def read_samples(data: bytes, header: Header, layout: Layout) -> Samples:
    """The pixels of a file. Raises FilmError."""
    element = header.elements[PIXEL_DATA]
    frame = b"".join(_fragments(data, header, element, layout))
    if not frame:
        planes = _native(data, header, element, layout)
    elif header.syntax == RLE and not codestream.is_one(frame):
        planes = codestream.decode_rle(
            frame, layout.height, layout.width, layout.num_bytes, num_channels=layout.num_channels
        )
    else:
        planes, layout = _decompressed(codestream.bare(frame), header.syntax, layout)
    if planes.ndim == 2:
        return Samples(planes, layout, 0.0)
    return Samples(planes[:, :, 0], layout, _colour_difference(planes, layout))


def _colour_difference(planes: Stored, layout: Layout) -> float:
    """The mean difference (0..255) between three channels (H, W, 3), red, green and blue, or luminance and two others.

    Raises FilmError where they are those of a colour image.
    """
    white = 2**layout.bits - 1
    sums, colourful = np.zeros(2), np.zeros(2)
    for start in range(0, layout.height, CHUNK_ROWS):
        first, *others = np.moveaxis(planes[start : start + CHUNK_ROWS].astype(np.float32) * (255 / white), 2, 0)
        for kind, neutral in enumerate((first, np.float32(255 * NEUTRAL))):
            differences = [np.abs(neutral - other) for other in others]
            difference = np.maximum(*differences)
            sums[kind] += difference.sum(dtype=np.float64)
            colourful[kind] += np.count_nonzero(difference > COLOUR_STEP)
    kind = int(np.argmin(colourful))
    num_pixels = layout.height * layout.width
    if colourful[kind] > COLOUR_SHARE * num_pixels:
        raise FilmError("film-dicom-colour")
    return float(sums[kind] / num_pixels)


# --- native ----------------------------------------------------------------------------------------------------------


def _native(data: bytes, header: Header, element: Element, layout: Layout) -> Stored:
    num_samples = layout.height * layout.width * layout.num_channels
    num_bytes = num_samples * layout.num_bytes
    is_halved = layout.photometric == "YBR_FULL_422" and element.length < num_bytes
    if is_halved:  # two luminances share their colours
        num_samples = num_samples // 3 * 2
        num_bytes = num_samples * layout.num_bytes
    if element.length >= 2 * num_bytes:
        raise FilmError("film-several-images")
    if element.length < num_bytes:
        raise FilmError("film-truncated")
    stop = element.start + num_bytes
    content = inflate(data, header.deflated_from, stop) if header.deflated_from else data
    if len(content) < stop:
        raise FilmError("film-truncated")
    kind = np.dtype(f"{header.order}u{layout.num_bytes}")
    samples = np.frombuffer(content, kind, num_samples, element.start)
    if layout.num_channels == 1:
        return samples.reshape(layout.height, layout.width)
    if is_halved:
        pairs = samples[: num_samples // 4 * 4].reshape(-1, 4)
        if len(pairs) * 2 != layout.height * layout.width:
            raise FilmError("film-dicom-damaged")
        each = np.stack([pairs[:, :2].ravel(), np.repeat(pairs[:, 2], 2), np.repeat(pairs[:, 3], 2)], axis=1)
        return each.reshape(layout.height, layout.width, 3)
    if layout.is_planar:
        return samples.reshape(3, layout.height, layout.width).transpose(1, 2, 0)
    return samples.reshape(layout.height, layout.width, 3)


# --- encapsulated ----------------------------------------------------------------------------------------------------


def _fragments(data: bytes, header: Header, element: Element, layout: Layout) -> Iterator[bytes]:
    """The compressed film in its pieces, for there is one film; nothing of a native one."""
    num_bytes = layout.height * layout.width * layout.num_bytes * layout.num_channels
    if element.length == UNDEFINED:
        parts = header.fragments(element)
    elif element.length < num_bytes and codestream.is_one(data[element.start : element.start + 16]):
        parts = [element]  # a codestream without the items that should be around it
    else:
        return
    if not 0 < sum(part.length for part in parts) <= num_bytes * MAX_ENCODED_FACTOR + ENCODED_SLACK_BYTES:
        raise FilmError("film-dicom-damaged")
    for part in parts:
        yield data[part.start : part.start + part.length]


def _decompressed(frame: bytes, syntax: str, layout: Layout) -> tuple[Stored, Layout]:
    """Pixels of a JPEG family codec, after what the codestream says of itself was checked; and the corrected layout."""
    if not (syntax.startswith(JPEG_FAMILY) or codestream.is_one(frame)):
        raise FilmError("film-dicom-syntax")
    shape = codestream.shape(frame)
    if (shape.height, shape.width) != (layout.height, layout.width) or shape.channels not in (1, 3):
        raise FilmError("film-dicom-codestream")
    end = _codec(shape.processes, syntax)
    if shape.bits > (MAX_BITS if end in JPEG_2000 else 8 * layout.num_bytes):
        raise FilmError("film-dicom-codestream")
    codestream.check_cost(frame, layout.height, layout.width)
    if end == JPEG_EXTENDED and shape.bits != 8:  # no permissively licensed decoder reads its 12 bits right
        raise FilmError("film-dicom-syntax")
    samples = _decoded(frame, end, shape, layout)
    if end not in JPEG_2000:
        return _kept(samples, shape, layout, samples.dtype.kind == "i")
    some = samples[:: max(1, len(samples) // SIGN_ROWS)]
    return _kept(samples, shape, layout, _is_signed(some, shape, layout))


def _codec(processes: tuple[str, ...], syntax: str) -> str:
    """The end of the UID of a transfer syntax of the codestream: the declared one, if it is one of them."""
    declared = syntax.removeprefix(JPEG_FAMILY)
    if not processes:
        raise FilmError("film-dicom-syntax")
    return declared if declared in processes else processes[0]


def _decoded(frame: bytes, end: str, shape: codestream.Shape, layout: Layout) -> Integers:
    """The samples that a codestream holds, (H, W) or (H, W, 3), as it says: signed or not."""
    from pydicom.encaps import encapsulate
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import UID

    is_small = shape.bits <= 8 and (PLUGINS[JPEG_FAMILY + end] == "pillow" or layout.num_bytes == 2)
    exact = end in JPEG_2000 or is_small
    options: dict[str, Any] = {
        "rows": layout.height,
        "columns": layout.width,
        "number_of_frames": 1,
        "samples_per_pixel": shape.channels,
        "bits_allocated": 8 if is_small else 8 * max(layout.num_bytes, 1 + (shape.bits > 8)),
        "bits_stored": shape.bits if exact else layout.bits,
        "pixel_representation": int(shape.is_signed if end in JPEG_2000 else layout.is_signed),
        "photometric_interpretation": "MONOCHROME2" if shape.channels == 1 else "YBR_FULL",
        "planar_configuration": 0,
        "pixel_keyword": "PixelData",
    }
    plugin = PLUGINS[JPEG_FAMILY + end]
    with _nothing_printed() if plugin == "gdcm" else contextlib.nullcontext():
        samples, _ = get_decoder(UID(JPEG_FAMILY + end)).as_array(
            encapsulate([frame], has_bot=False), index=0, raw=True, decoding_plugin=plugin, **options
        )
    return np.asarray(samples)


@contextlib.contextmanager
def _nothing_printed() -> Iterator[None]:
    """Within it, standard error leads nowhere: the libjpeg inside gdcm prints what it finds in a file.

    A line that another thread writes at that moment is lost; gdcm holds the interpreter, so there hardly is one.
    """
    with _PRINTING, open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _is_signed(samples: Integers, shape: codestream.Shape, layout: Layout) -> bool:
    """Whether the samples are signed, where codestream and header contradict each other: the smoother film is right."""
    if shape.is_signed == layout.is_signed:
        return layout.is_signed
    plane = samples if samples.ndim == 2 else samples[:, :, 0]
    unsigned = plane.astype(np.int64) & (2**shape.bits - 1)
    signed = np.where(unsigned >> shape.bits - 1, unsigned - 2**shape.bits, unsigned)
    rough, smooth = (np.abs(np.diff(values, axis=1)).sum() for values in (unsigned, signed))
    return bool(smooth < rough) if smooth != rough else layout.is_signed


def _kept(samples: Integers, shape: codestream.Shape, layout: Layout, is_signed: bool) -> tuple[Stored, Layout]:
    """The samples as patterns of the layout's bits, or of the codestream's where they do not fit into those.

    A little above the stored range a lossy codec rings: such samples are cut.
    """
    layout = replace(layout, is_signed=is_signed)
    if samples.dtype.kind == "u" and is_signed:
        samples = _as_signed(samples, shape.bits)
    elif samples.dtype.kind == "i" and not is_signed:
        samples = samples.view(samples.dtype.str.replace("i", "u")) & (2**shape.bits - 1)
    lowest, highest = int(samples.min()), int(samples.max())
    slack = RINGING * 2**layout.bits
    if layout.lowest - slack <= lowest and highest <= layout.highest + slack:
        if shape.bits < layout.bits:
            layout = replace(layout, likely_bits=shape.bits)
        if lowest < layout.lowest or highest > layout.highest:
            samples = np.clip(samples, layout.lowest, layout.highest)
    else:
        layout = replace(layout, bits=shape.bits, are_bits_wrong=True)
    num_bytes = max(layout.num_bytes, 1 + (layout.bits > 8))
    patterns = samples.astype(f"{'i' if is_signed else 'u'}{num_bytes}").view(f"u{num_bytes}")
    return patterns, replace(layout, num_bytes=num_bytes)


def _as_signed(samples: Integers, bits: int) -> NDArray[np.int32]:
    """Unsigned samples of `bits` bits, the highest of which is the sign."""
    values = samples.astype(np.int32)
    values -= (values >> bits - 1) << bits
    return values
