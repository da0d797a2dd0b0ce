"""DICOM files as other programs write them: headers that lack or contradict something, codecs, colours that are grey."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from plainfilm.data import phantom
from plainfilm.data.decoding.dicom_header import is_dicom
from plainfilm.data.decoding.film_file import decode
from plainfilm.errors import FilmError
from tests.dicom_files import dataset, film, patched, written

SIDE = 96
PLAIN = phantom.draw("NORMAL", seed=3, number=1, size=SIDE).pixels
TWELVE = PLAIN.astype(np.uint16) * 16 + 8
SIGNED = (TWELVE.astype(np.int32) - 2048).astype(np.int16)
THRICE = np.repeat(PLAIN[:, :, None], 3, axis=2)


def difference(data: bytes) -> float:
    """From the plain film: the mean over pixels."""
    return float(np.abs(decode(data).pixels.astype(float) - PLAIN).mean())


def code(data: bytes) -> str:
    with pytest.raises(FilmError) as caught:
        decode(data)
    return caught.value.code


# --- attributes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "codes"),
    [
        ({"HighBit": 15}, ()),
        ({"HighBit": None}, ()),
        ({"HighBit": 20}, ()),
        ({"BitsStored": None}, ()),
        ({"BitsStored": 16}, ("film-bits-ignored",)),  # HighBit tells
        ({"SamplesPerPixel": None}, ()),
        ({"PixelRepresentation": None}, ()),
        ({"PhotometricInterpretation": None}, ("film-polarity-assumed",)),
        ({"PhotometricInterpretation": None, "PresentationLUTShape": "IDENTITY"}, ()),
        ({"NumberOfFrames": 0}, ()),
        ({"NumberOfFrames": 1}, ()),
        ({"HighBit": None, "PixelRepresentation": None, "SamplesPerPixel": None}, ()),
    ],
)
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_what_is_missing_or_odd_has_its_plain_meaning(
    attributes: dict[str, object], codes: tuple[str, ...], syntax: UID
) -> None:
    data = film(TWELVE, syntax, bits=12, **attributes)
    assert difference(data) < 0.5
    assert decode(data).warnings == codes


def test_a_shape_of_the_presentation_says_that_low_is_white() -> None:
    data = film(4095 - TWELVE, bits=12, PhotometricInterpretation=None, PresentationLUTShape="INVERSE")
    assert difference(data) < 0.5


def test_an_interpretation_in_small_letters() -> None:
    assert difference(patched(film(TWELVE, bits=12), 0x00280004, b"Monochrome2 ")) < 0.5


def test_samples_that_really_lie_in_the_upper_bits() -> None:
    assert difference(film(TWELVE << 4, bits=12, HighBit=15)) < 0.5


@pytest.mark.parametrize("extra", [2, 1000, SIDE * 2])
def test_a_few_bytes_too_many_do_no_harm(extra: int) -> None:
    assert difference(film(TWELVE, bits=12, PixelData=TWELVE.tobytes() + bytes(extra))) < 0.5
    assert difference(film(TWELVE, bits=12) + bytes(extra)) < 0.5
    assert code(film(TWELVE, bits=12)[:-extra]) == "film-truncated"
    assert code(film(TWELVE, bits=12, PixelData=TWELVE.tobytes()[:-extra])) == "film-truncated"


# --- how the file is written ----------------------------------------------------------------------------------------


def declared(data: bytes, syntax: UID | None) -> bytes:
    """With another transfer syntax in its meta information, or none."""
    at = data.index(b"\2\0\x10\0UI")
    length = struct.unpack_from("<H", data, at + 6)[0]
    value = b"" if syntax is None else syntax.encode() + b"\0" * (len(syntax) % 2)
    element = b"" if syntax is None else data[at : at + 6] + struct.pack("<H", len(value)) + value
    grown = struct.unpack_from("<I", data, 140)[0] + len(element) - 8 - length
    return data[:140] + struct.pack("<I", grown) + data[144:at] + element + data[at + 8 + length :]


SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]


@pytest.mark.parametrize("said", [*SYNTAXES, None])
@pytest.mark.parametrize("written_as", SYNTAXES)
def test_what_is_written_counts_and_not_what_is_said(said: UID | None, written_as: UID) -> None:
    samples = TWELVE.byteswap() if written_as == ExplicitVRBigEndian else TWELVE
    data = film(samples, written_as, bits=12)
    start = 144 + struct.unpack_from("<I", data, 140)[0]
    for variant in (declared(data, said), declared(data, said)[128:], declared(data, said)[132:], data[start:]):
        assert is_dicom(variant[:512])
        assert difference(variant) < 0.5


def test_a_compressed_film_that_is_said_to_be_native() -> None:
    frame = jpeg_2000(TWELVE)
    data = film(TWELVE, JPEG2000Lossless, bits=12, PixelData=encapsulate([frame]))
    for said in (ExplicitVRLittleEndian, JPEGBaseline8Bit, None):
        assert difference(declared(data, said)) < 0.5
    assert difference(film(TWELVE, ExplicitVRLittleEndian, bits=12, PixelData=frame + bytes(len(frame) % 2))) < 0.5


@pytest.mark.parametrize(
    "head", [b"??\2\0ab", b"\0\0\2\0ab", b"  \2\0ab", b"us\2\0ab", b"??\0\0\2\0\0\0ab", b"\2\0\0\0ab"]
)
@pytest.mark.parametrize("count", [1, 3])
def test_a_representation_that_is_none_is_passed_over(head: bytes, count: int) -> None:
    data = film(TWELVE, bits=12)
    odd = b"".join(b"\x11\0" + struct.pack("<H", 0x1010 + number) + head for number in range(count))
    assert difference(data.replace(b"\x28\0\2\0US", odd + b"\x28\0\2\0US", 1)) < 0.5


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(600),
        b"\2\0" * 300,
        b"\x08\0" * 300,
        b"\x08\0\x05\0CS\x0a\0ISO_IR 100",
        b"path,label\n" * 60,
        b"II*\0" + bytes(600),
        b"\x89PNG\r\n\x1a\n" + bytes(600),
        bytes(range(256)) * 3,
    ],
)
def test_other_files_are_no_dicom(data: bytes) -> None:
    assert not is_dicom(data)


@given(st.binary(max_size=700))
def test_the_first_bytes_tell_what_all_bytes_tell(data: bytes) -> None:
    for variant in (data, b"\x08\0\x05\0CS\x0a\0ISO_IR 100" + data, film(TWELVE, bits=12)[132:400] + data):
        assert is_dicom(variant) == is_dicom(variant[:512])


# --- codecs ---------------------------------------------------------------------------------------------------------


def jpeg_2000(pixels: np.ndarray, *, boxes: bool = False, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG2000", no_jp2=not boxes, **options)
    return buffer.getvalue()


def jpeg(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def encoded(frame: bytes, syntax: UID, like: np.ndarray = PLAIN, bits: int = 8, **attributes: object) -> bytes:
    options = {"fragments_per_frame": attributes.pop("fragments", 1)}
    return film(like, syntax, bits=bits, PixelData=encapsulate([frame], **options), **attributes)


@pytest.mark.parametrize("fragments", [1, 4])
@pytest.mark.parametrize("boxes", [False, True])
@pytest.mark.parametrize(
    ("bits", "attributes", "codes"),
    [
        (12, {}, ()),
        (16, {}, ("film-depth-guessed",)),
        (16, {"PixelRepresentation": 1}, ("film-depth-guessed",)),
        (14, {}, ("film-bits-ignored",)),
    ],
)
def test_jpeg_2000_says_itself_how_it_is_stored(
    bits: int, attributes: dict[str, object], codes: tuple[str, ...], boxes: bool, fragments: int
) -> None:
    data = encoded(jpeg_2000(TWELVE, boxes=boxes), JPEG2000Lossless, TWELVE, bits, fragments=fragments, **attributes)
    assert decode(data).warnings == codes
    assert difference(data) < (13 if codes else 0.5)


def test_jpeg_2000_of_8_bits_under_a_header_of_more_and_the_reverse() -> None:
    assert difference(encoded(jpeg_2000(PLAIN), JPEG2000Lossless, TWELVE, 12)) == 0
    assert difference(encoded(jpeg_2000(TWELVE), JPEG2000Lossless, PLAIN, 8)) < 13


def test_a_lossy_codec_may_ring() -> None:
    wide = np.clip((TWELVE.astype(int) - 2000) * 2 + 2000, 0, 4095).astype(np.uint16)
    frame = jpeg_2000(wide, irreversible=True, quality_mode="rates", quality_layers=[40])
    assert np.asarray(Image.open(io.BytesIO(frame))).max() > 4095
    found = decode(encoded(frame, JPEG2000Lossless, wide, 12))
    assert found.warnings == ()
    assert np.abs(found.pixels - wide / 4095 * 255).mean() < 10


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLosslessSV1])
@pytest.mark.parametrize("pixels", [PLAIN, THRICE])
@pytest.mark.parametrize(("bits", "like"), [(8, PLAIN), (12, TWELVE), (16, TWELVE)])
def test_baseline_jpeg_under_any_header(syntax: UID, pixels: np.ndarray, bits: int, like: np.ndarray) -> None:
    assert difference(encoded(jpeg(pixels), syntax, like, bits)) < 3


# --- colours --------------------------------------------------------------------------------------------------------

RGB = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
NEUTRAL = np.stack([PLAIN, np.full_like(PLAIN, 128), np.full_like(PLAIN, 128)], axis=2)
HALVED = np.stack([PLAIN[:, ::2], PLAIN[:, 1::2], *[np.full_like(PLAIN[:, ::2], 128)] * 2], axis=2)


@pytest.mark.parametrize(
    ("samples", "attributes"),
    [
        (THRICE, {}),
        (THRICE.transpose(2, 0, 1), {"PlanarConfiguration": 1}),
        (NEUTRAL, {"PhotometricInterpretation": "YBR_FULL"}),
        (HALVED, {"PhotometricInterpretation": "YBR_FULL_422"}),
        (np.clip(THRICE + np.array([0, 2, -2]), 0, 255).astype(np.uint8), {}),
    ],
)
def test_a_grey_film_saved_in_colour_is_grey(samples: np.ndarray, attributes: dict[str, object]) -> None:
    data = film(PLAIN, PixelData=samples.tobytes(), **(RGB | attributes))
    assert difference(data) < 0.5
    assert decode(data).chroma <= 4


def test_a_grey_film_saved_in_colour_and_compressed_is_grey() -> None:
    for attributes in (RGB, RGB | {"PhotometricInterpretation": "YBR_FULL_422"}):
        assert difference(encoded(jpeg(THRICE), JPEGBaseline8Bit, **attributes)) < 2
        assert difference(encoded(jpeg_2000(THRICE), JPEG2000Lossless, **attributes)) < 1
    planes = [bytes([SIDE - 1]) + row.tobytes() for row in PLAIN]
    plane = b"".join(planes)
    offsets = [64 + number * len(plane) for number in range(3)]
    frame = struct.pack("<16I", 3, *offsets, *[0] * 12) + plane * 3
    assert difference(encoded(frame, RLELossless, **RGB)) == 0


@pytest.mark.parametrize("share", [0.01, 0.5])
def test_colours_are_refused(share: float) -> None:
    coloured = THRICE.copy()
    coloured[: max(1, round(share * SIDE)), :, 2] ^= 0x80
    for data in (
        film(PLAIN, PixelData=coloured.tobytes(), **RGB),
        encoded(jpeg_2000(coloured), JPEG2000Lossless, **RGB),
        encoded(jpeg_2000(coloured), JPEG2000Lossless),
    ):
        assert code(data) == "film-dicom-colour"


def palette(red: np.ndarray, green: np.ndarray, bits: int) -> bytes:
    data = dataset(PLAIN, PhotometricInterpretation="PALETTE COLOR")
    for name, entries in (("Red", red), ("Green", green), ("Blue", red)):
        setattr(data, f"{name}PaletteColorLookupTableDescriptor", [256, 0, bits])
        setattr(
            data, f"{name}PaletteColorLookupTableData", entries.astype(np.uint8 if bits == 8 else np.uint16).tobytes()
        )
    return written(data)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_of_greys_is_grey_where_it_is_used(bits: int) -> None:
    entries = np.arange(256) * (1 if bits == 8 else 257)
    assert difference(palette(entries, entries, bits)) < 0.5
    unused = entries.copy()
    unused[int(PLAIN.max()) + 1 :] = 0
    assert difference(palette(entries, unused, bits)) < 0.5
    assert code(palette(entries, entries[::-1], bits)) == "film-dicom-colour"


def test_a_palette_that_is_not_there_is_refused() -> None:
    assert code(film(PLAIN, PhotometricInterpretation="PALETTE COLOR")) == "film-dicom-colour"
