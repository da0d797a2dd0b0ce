"""A DICOM file's bytes -> a film: header, pixels as stored, modality and VOI LUT, 8 bits, low is black.

Notable choices:
- everything that the header says is checked before a pixel is allocated; then what the compressed pixels say of
  themselves; only then does a decoder see them (`dicom_pixels`);
- values are mapped through a table of all values that the stored bits can hold (`dicom_lut`), and the greys compared
  with the film (`dicom_shades`);
- an attribute that is missing has the value that it has in nearly all films, if there is one;
- the pixel matrix is shown as stored, never turned or transposed;
- no exception of a library is chained: its text could quote the header.

Source: DICOM PS3.3, C.7.6.3 (image pixel).
"""

from plainfilm.data.decoding.dicom_form import PIXEL_DATA
from plainfilm.data.decoding.dicom_header import Header, read_header, refuse_value
from plainfilm.data.decoding.dicom_kind import check_kind
from plainfilm.data.decoding.dicom_lut import Layout, make_lookups
from plainfilm.data.decoding.dicom_pixels import read_samples
from plainfilm.data.decoding.dicom_shades import shade
from plainfilm.data.decoding.film import Film, Limits
from plainfilm.errors import FilmError

GREYS = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
COLOURS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT")
OTHER_COLOURS = ("RGB", "YBR", "ARGB", "CMYK", "HSV", "PALETTE")  # beginnings


def read(data: bytes, limits: Limits, *, assume_chest: bool = False) -> Film:
    """The film in a DICOM file's bytes. Raises FilmError; and whatever hostile bytes raise in a decoder.

    `assume_chest`: that it shows a chest from the front is not looked up in the header.
    """
    _load_libraries()
    header = read_header(data)
    about_kind = check_kind(header, assume_chest=assume_chest)
    if PIXEL_DATA not in header.elements:
        raise FilmError("film-dicom-no-pixels")
    layout, codes = _layout(header, limits)
    lookups = make_lookups(header, layout)  # a LUT that cannot be used is found before any pixel is allocated
    samples = read_samples(data, header, layout)
    if (samples.layout.bits, samples.layout.is_signed) != (layout.bits, layout.is_signed):
        lookups = make_lookups(header, samples.layout)
    shades = shade(samples.stored, header, samples.layout, lookups)
    return Film(shades.pixels, layout.photometric, shades.bits, samples.chroma, (*about_kind, *codes, *shades.codes))


def _layout(header: Header, limits: Limits) -> tuple[Layout, tuple[str, ...]]:
    """Check what the header says of the pixels; warnings."""
    photometric, codes = _photometric(header)
    num_channels = header.integer("SamplesPerPixel", 3 if photometric in COLOURS else 1)
    if num_channels != 1 and not (num_channels == 3 and photometric in COLOURS):
        raise FilmError("film-dicom-colour")
    frames = header.decimal("NumberOfFrames")
    if frames is not None and frames > 1:
        raise FilmError("film-several-images")
    if frames not in (None, 0, 1):
        refuse_value("NumberOfFrames")
    height, width = header.integer("Rows"), header.integer("Columns")
    limits.check_size(width, height)
    allocated = header.integer("BitsAllocated")
    if allocated not in (8, 16):
        refuse_value("BitsAllocated")
    high_bit = header.integer("HighBit", 2**16 - 1)
    bits = header.integer("BitsStored", high_bit + 1 if high_bit < allocated else allocated)
    if not 2 <= bits <= allocated:
        refuse_value("BitsStored")
    if header.integer("PixelRepresentation", 0) > 1:
        refuse_value("PixelRepresentation")
    layout = Layout(
        height=height,
        width=width,
        num_channels=num_channels,
        is_planar=header.integer("PlanarConfiguration", 0) == 1,
        num_bytes=allocated // 8,
        bits=bits,
        shift=max(0, high_bit + 1 - bits) if high_bit < allocated else 0,
        likely_bits=min(bits, high_bit + 1) if high_bit > 0 else bits,
        are_bits_wrong=False,
        is_signed=header.integer("PixelRepresentation", 0) == 1,
        photometric=photometric,
        is_inverse=photometric == "MONOCHROME1",
    )
    return layout, codes


def _photometric(header: Header) -> tuple[str, tuple[str, ...]]:
    """What black and white mean; a warning where the header does not say."""
    photometric = header.string("PhotometricInterpretation")
    if not photometric:
        shape = header.string("PresentationLUTShape")
        if shape in ("IDENTITY", "INVERSE"):
            return GREYS[shape == "IDENTITY"], ()
        return "MONOCHROME2", ("film-polarity-assumed",)
    if photometric in (*GREYS, *COLOURS, PALETTE):
        return photometric, ()
    if not photometric.startswith(OTHER_COLOURS):
        refuse_value("PhotometricInterpretation")
    raise FilmError("film-dicom-colour")


def _load_libraries() -> None:
    """Import pydicom and gdcm, and keep gdcm from printing. Raises FilmError with the line that installs them."""
    try:
        import gdcm
        import pydicom.pixels
    except ImportError as error:
        raise FilmError("film-dicom-extra", library=error.name or "pydicom") from None
    for switch_off in (gdcm.Trace.DebugOff, gdcm.Trace.WarningOff, gdcm.Trace.ErrorOff):
        switch_off()
    assert pydicom.pixels
