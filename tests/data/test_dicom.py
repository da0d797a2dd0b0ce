"""DICOM films decode as pydicom says, or are refused by name, before anything large is allocated."""

import io
import logging
import struct
import subprocess
import sys
import threading
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from plainfilm import messages
from plainfilm.data.decoding import dicom, dicom_header
from plainfilm.data.decoding.film import LIMITS, Limits
from plainfilm.data.decoding.film_file import decode
from plainfilm.errors import FilmError
from plainfilm.randomness import generator
from tests.dicom_files import dataset, film, patched, written

WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"
HEIGHT, WIDTH = 40, 50
GREY = generator(0, "dicom").integers(0, 256, (HEIGHT, WIDTH)).astype(np.uint8)
DEEP = generator(0, "dicom-deep").integers(0, 4096, (HEIGHT, WIDTH)).astype(np.uint16)
DEEP[0, :8] = 4095  # more pixels than the hot ones that decide nothing
SIGNED = (DEEP.astype(np.int16) - 2048).astype(np.int16)
TOKEN = "XTOKENX"


def refusal(data: bytes, limits: Limits = LIMITS) -> FilmError:
    with pytest.raises(FilmError) as caught:
        decode(data, limits)
    for language in messages.LANGUAGES:
        assert messages.sentence(caught.value, language)
    return caught.value


def reference(data: bytes, shown: tuple[float, float] | None = None) -> np.ndarray:
    """pydicom's film in 8 bits. `shown`: values of black and white; without, the stored range, rescaled."""
    file = pydicom.dcmread(io.BytesIO(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = apply_voi_lut(apply_modality_lut(file.pixel_array, file), file).astype(float)
    low, high = (-(2 ** (file.BitsStored - 1)) if file.PixelRepresentation else 0), 2**file.BitsStored - 1
    black, white = shown or (low, low + high)
    if shown is None and "RescaleSlope" in file:
        black, white = (end * file.RescaleSlope + file.RescaleIntercept for end in (black, white))
    shades = np.rint(np.clip((values - black) / (white - black), 0, 1) * 255).astype(np.uint8)
    return 255 - shades if file.PhotometricInterpretation == "MONOCHROME1" else shades


def observed(samples: np.ndarray) -> tuple[int, int]:
    """The values below which a thousandth of the samples stand, and all but a thousandth; 0 where none is negative."""
    ordered = np.sort(samples.ravel())
    low, high = (int(ordered[max(int(np.ceil(share * samples.size)), 1) - 1]) for share in (0.001, 0.999))
    return low if samples.dtype.kind == "i" else 0, high


# --- the same as pydicom ---------------------------------------------------------------------------------------------

READABLE = {  # of the files inside pydicom's wheel: what the stored values of black and white are, None: all bits
    "693_J2KI.dcm": None,
    "CT_small.dcm": "observed",
    "J2K_pixelrep_mismatch.dcm": None,
    "JPEG2000.dcm": "observed",
    "JPEGLSNearLossless_08.dcm": None,
    "MR_small.dcm": None,
    "MR_small_RLE.dcm": None,
    "MR_small_bigendian.dcm": None,
    "MR_small_implicit.dcm": None,
    "MR_small_jp2klossless.dcm": None,
    "MR_small_jpeg_ls_lossless.dcm": None,
    "MR_small_padded.dcm": None,
    "examples_overlay.dcm": None,
    "image_dfl.dcm": None,
}


@pytest.mark.parametrize("name", READABLE)
def test_pixels_are_those_of_pydicom(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """These files are CT, MR and the like, so the check of the kind is left out here."""
    monkeypatch.setattr(dicom, "check_kind", lambda *_, **__: ())
    data = (WHEEL / name).read_bytes()
    shown = None
    if READABLE[name] == "observed":
        file = pydicom.dcmread(io.BytesIO(data))
        stored, slope, intercept = file.pixel_array, file.get("RescaleSlope", 1), file.get("RescaleIntercept", 0)
        shown = tuple(float(end * slope + intercept) for end in observed(stored))
    found = decode(data, Limits(min_side_px=1))
    assert np.array_equal(found.pixels, reference(data, shown))
    assert ("film-depth-guessed" in found.warnings) == (shown is not None)


def test_the_header_is_that_of_pydicom_for_every_file_in_its_wheel() -> None:
    seen = 0
    for path in sorted(WHEEL.glob("*.dcm")):
        data = path.read_bytes()
        try:
            header = dicom_header.read_header(data) if data[128:132] == b"DICM" else None
        except FilmError:
            continue
        if header is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pydicom.dcmread(path)
        seen += 1
        for name in ("SOPClassUID", "Modality", "BodyPartExamined", "PhotometricInterpretation", "PatientID"):
            assert header.string(name) == str(file.get(name) or "").strip().upper(), path.name
        for name in ("Rows", "Columns", "BitsStored", "PixelRepresentation"):
            if name in file:
                assert header.integer(name) == file[name].value, path.name
    assert seen > 50


WINDOWS = {
    "none": {},
    "linear": {"WindowCenter": 1000, "WindowWidth": 600},
    "exact": {"WindowCenter": 1000.5, "WindowWidth": 0.5, "VOILUTFunction": "LINEAR_EXACT"},
    "sigmoid": {"WindowCenter": 1000, "WindowWidth": 600, "VOILUTFunction": "SIGMOID"},
    "first of two": {"WindowCenter": [1000, 5], "WindowWidth": [600, 10]},
}
RESCALES = {"none": {}, "slope": {"RescaleSlope": 2.5, "RescaleIntercept": -1024}, "negative": {"RescaleSlope": -1, "RescaleIntercept": 4095}}  # fmt: skip


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless], ids=lambda syntax: syntax.keyword)  # fmt: skip
@pytest.mark.parametrize("samples", [DEEP, SIGNED], ids=["unsigned", "signed"])
def test_every_syntax_holds_the_same_film(samples: np.ndarray, syntax: UID) -> None:
    pixels = samples.byteswap() if syntax == ExplicitVRBigEndian else samples
    data = dataset(pixels, bits=12, WindowCenter=1000, WindowWidth=1800)
    data.PixelRepresentation = int(samples.dtype.kind == "i")
    if syntax == RLELossless:
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.compress(RLELossless, encoding_plugin="pydicom")
    found = decode(written(data, syntax))
    assert np.array_equal(found.pixels, reference(film(samples, bits=12, WindowCenter=1000, WindowWidth=1800)))
    assert (found.mode, found.bits, found.warnings) == ("MONOCHROME2", 12, ())


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("rescale", RESCALES)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("samples", [DEEP, SIGNED], ids=["unsigned", "signed"])
def test_windows_and_rescaling(samples: np.ndarray, window: str, rescale: str, photometric: str) -> None:
    options = WINDOWS[window] | RESCALES[rescale] | {"PhotometricInterpretation": photometric}
    data = film(samples, bits=12, **options)
    expected = reference(data)
    if window == "none" and rescale == "negative":  # after rescaling low is black, whichever way the stored values run
        expected = 255 - expected
    found = decode(data)
    if (expected == expected[0, 0]).mean() > 0.99:  # the values that this rescaling gives lie beside the window
        assert found.warnings == ("film-window-ignored",)
        assert np.array_equal(
            found.pixels,
            decode(film(samples, bits=12, **{"PhotometricInterpretation": photometric} | RESCALES[rescale])).pixels,
        )
        return
    assert np.array_equal(found.pixels, expected)
    assert found.warnings == ()


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("kind", ["ModalityLUTSequence", "VOILUTSequence"])
def test_tables(kind: str, bits: int) -> None:
    entries = generator(0, "lut", bits).integers(0, 2**bits, 3000)
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3000, 500, 8 if bits == 8 else 16])
    item.add_new("LUTData", "US", entries.tolist())
    data = dataset(DEEP, bits=12)
    setattr(data, kind, [item])
    mapped = entries[np.clip(DEEP.astype(int) - 500, 0, 2999)]
    expected = np.rint(mapped / (2**bits - 1) * 255).astype(np.uint8)
    if (kind, bits) != ("VOILUTSequence", 8):  # there, pydicom's positions overflow
        assert np.array_equal(expected, reference(written(data), (0, 2**bits - 1)))
    item.LUTDescriptor = [3000, 500, bits]  # pydicom takes 8 or 16 for a modality LUT
    assert np.array_equal(decode(written(data)).pixels, expected)


def test_eight_bits_without_a_window_stay_as_they_are() -> None:
    found = decode(film(GREY))
    assert np.array_equal(found.pixels, GREY)
    assert found.warnings == ()
    assert np.array_equal(decode(film(GREY, PhotometricInterpretation="MONOCHROME1")).pixels, 255 - GREY)


def test_twelve_bits_declared_as_sixteen_are_neither_black_nor_clipped() -> None:
    found = decode(film(DEEP))
    expected = np.rint(DEEP / DEEP.max() * 255).astype(np.uint8)
    assert np.array_equal(found.pixels, expected)
    assert (found.bits, found.warnings) == (12, ("film-depth-guessed",))


def test_an_overlay_in_the_unused_bits_is_not_seen() -> None:
    assert np.array_equal(decode(film(DEEP | 0xF000, bits=12)).pixels, decode(film(DEEP, bits=12)).pixels)


def test_the_matrix_is_shown_as_stored() -> None:
    data = film(GREY, PatientOrientation=["R", "H"], ViewPosition="PA")
    assert np.array_equal(decode(data).pixels, GREY)


def jpeg(pixels: np.ndarray, kind: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **({"no_jp2": True} if kind == "JPEG2000" else {}))
    return buffer.getvalue()


def encoded_film(frame: bytes, syntax: UID = JPEGBaseline8Bit, **attributes: object) -> bytes:
    return film(GREY, syntax, PixelData=encapsulate([frame]), **attributes)


@pytest.mark.parametrize("num_fragments", [1, 3])
def test_jpeg_and_jpeg_2000(num_fragments: int) -> None:
    frame = jpeg(GREY)
    data = film(GREY, JPEGBaseline8Bit, PixelData=encapsulate([frame], fragments_per_frame=num_fragments))
    assert np.array_equal(decode(data).pixels, np.asarray(Image.open(io.BytesIO(frame))))
    assert np.array_equal(decode(encoded_film(jpeg(GREY, "JPEG2000"), JPEG2000Lossless)).pixels, GREY)


# --- refused by name -------------------------------------------------------------------------------------------------

KINDS = {
    "CT_small.dcm": "a CT",
    "MR_small.dcm": "a magnetic resonance image",
    "examples_rgb_color.dcm": "an ultrasound image",
    "rtdose_1frame.dcm": "a radiotherapy object",
    "reportsi.dcm": "a structured report",
    "waveform_ecg.dcm": "a waveform such as an ECG",
    "liver_1frame.dcm": "a segmentation",
    "JPEG2000.dcm": "a nuclear medicine image",
    "SC_rgb_rle.dcm": "of another kind",
}


@pytest.mark.parametrize("name", KINDS)
def test_other_objects_are_named(name: str) -> None:
    error = refusal((WHEEL / name).read_bytes())
    assert error.code == "film-dicom-kind"
    assert f"says that this is {KINDS[name]};" in messages.sentence(error, "en")


@pytest.mark.parametrize(
    ("attributes", "code", "said"),
    [
        ({"Modality": "CT"}, "film-dicom-kind", "a CT"),
        ({"Modality": "XC"}, "film-dicom-kind", "a photograph"),
        ({"Modality": TOKEN}, "film-dicom-kind", "of another kind"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "film-dicom-kind", "a document"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.1.1"}, "film-dicom-kind", "a raw detector image"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.59"}, "film-dicom-kind", "a note about other images"),
        ({"SOPClassUID": "1.2.3.4"}, "film-dicom-kind", "of another kind"),
        ({"BodyPartExamined": "LSPINE"}, "film-dicom-body-part", "the spine"),
        ({"BodyPartExamined": "STERNUM"}, "film-dicom-body-part", "another part of the body"),
        ({"ViewPosition": "LL"}, "film-dicom-view", "from the side"),
        ({"ViewPosition": "RLO"}, "film-dicom-view", "obliquely"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "film-dicom-colour", "grey"),
        ({"SamplesPerPixel": 3}, "film-dicom-colour", "grey"),
        ({"NumberOfFrames": 2}, "film-several-images", "several"),
        ({"NumberOfFrames": -1}, "film-dicom-value", "NumberOfFrames"),
        ({"PixelData": None}, "film-dicom-no-pixels", "no pixels"),
        ({"Rows": None}, "film-dicom-value", "Rows"),
        ({"Rows": 60000, "Columns": 60000}, "film-too-large", "60000x60000"),
        ({"Rows": 0}, "film-too-small", "50x0"),
        ({"Rows": HEIGHT + 1}, "film-truncated", "cut off"),
        ({"PixelData": bytes(3 * DEEP.nbytes)}, "film-several-images", "several"),
        ({"BitsAllocated": 32}, "film-dicom-value", "BitsAllocated"),
        ({"BitsStored": 17}, "film-dicom-value", "BitsStored"),
        ({"PixelRepresentation": 2}, "film-dicom-value", "PixelRepresentation"),
        ({"WindowCenter": 5, "WindowWidth": 5, "VOILUTFunction": "CUBIC"}, "film-dicom-value", "VOILUTFunction"),
        ({"RescaleSlope": 0, "RescaleIntercept": 0}, "film-dicom-value", "RescaleSlope"),
    ],
)  # fmt: skip
def test_headers_that_are_refused(attributes: dict[str, object], code: str, said: str) -> None:
    error = refusal(film(DEEP, **attributes))
    assert error.code == code
    assert said in messages.sentence(error, "en")
    assert TOKEN not in str(error)


@pytest.mark.parametrize("part", ["", "CHEST", "THORAX", "CHEST PA", "LUNG", "UNKNOWN"])
@pytest.mark.parametrize("modality", ["CR", "DX", ""])
def test_chest_films_are_taken(modality: str, part: str) -> None:
    assert np.array_equal(decode(film(GREY, Modality=modality, BodyPartExamined=part)).pixels, GREY)


@pytest.mark.parametrize(
    "value", [b"nan ", b"inf ", b"-inf", b"1e99", b"1e999 ", b"1_0 ", b"xyz ", b"\xff\xfe", b"1" * 2000]
)
@pytest.mark.parametrize("tag", [0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00280008])
def test_numbers_that_are_none_are_refused(tag: int, value: bytes) -> None:
    good = {"WindowCenter": 5, "WindowWidth": 5, "RescaleSlope": 1, "RescaleIntercept": 0, "NumberOfFrames": 1}
    error = refusal(patched(film(DEEP, **good), tag, value))
    name = next(name for name, number in dicom_header.TAGS.items() if number == tag)
    assert error.code in ("film-dicom-value", "film-several-images")
    assert error.parameters in ({"attribute": name}, {})


@pytest.mark.parametrize("depth", [0, 7, 9, 17])
def test_tables_of_impossible_depth_are_refused(depth: int) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4, 0, depth])
    item.add_new("LUTData", "US", [0, 1, 2, 3])
    assert refusal(film(DEEP, VOILUTSequence=[item])).parameters == {"attribute": "VOILUTSequence"}


# --- hostile ---------------------------------------------------------------------------------------------------------


def test_a_codestream_that_contradicts_its_header_is_refused() -> None:
    frame = bytearray(jpeg(GREY))
    start = frame.index(b"\xff\xc0")
    frame[start + 5 : start + 9] = struct.pack(">HH", 60000, 60000)
    codes = [refusal(encoded_film(bytes(frame))).code, refusal(encoded_film(jpeg(GREY[:, :33]))).code]
    large = bytearray(jpeg(GREY, "JPEG2000"))
    large[8:16] = struct.pack(">II", 60000, 60000)
    codes.append(refusal(encoded_film(bytes(large), JPEG2000Lossless)).code)
    assert set(codes) == {"film-dicom-codestream"}
    assert refusal(encoded_film(jpeg(np.dstack([GREY, GREY, 255 - GREY])))).code == "film-dicom-colour"


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEG2000Lossless, RLELossless])
def test_every_cut_of_an_encoded_film_is_refused(syntax: UID) -> None:
    if syntax == RLELossless:
        frame = struct.pack("<16I", 1, 64, *[0] * 14) + b"".join(bytes([49]) + row.tobytes() for row in GREY)
    else:
        frame = jpeg(GREY, "JPEG" if syntax == JPEGBaseline8Bit else "JPEG2000")
    data = encoded_film(frame, syntax)
    assert decode(data).pixels.shape == GREY.shape
    for length in [*range(132, len(data) - 8, 97), len(data) - 9]:
        assert refusal(data[:length]).code in ("film-truncated", "film-dicom-damaged", "film-dicom-no-pixels", "film-dicom-value")  # fmt: skip
    for length in range(101, len(frame) - 20, 101):  # the file is whole, the codestream is not
        refusal(encoded_film(frame[:length], syntax))


def empty_items(count: int) -> bytes:
    """A file whose private sequence holds `count` empty items, then nothing."""
    start = film(GREY)[: film(GREY).index(b"\x08\0\x16\0")]
    return start + b"\x09\0\x10\0SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\0\0\0\0" * count


def nested(depth: int) -> bytes:
    start = film(GREY)[: film(GREY).index(b"\x08\0\x16\0")]
    return start + (b"\x09\0\x10\0SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\0\xe0\xff\xff\xff\xff") * depth


def deflate_bomb(**attributes: object) -> bytes:
    """A deflated film, then zeros that unpack to 256 MB."""
    whole = film(GREY, **attributes)
    start = whole.index(b"\x08\0\x16\0")
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeeze.compress(whole[start : -GREY.size])
    body += b"".join(squeeze.compress(bytes(2**20)) for _ in range(256)) + squeeze.flush()
    head = written(dataset(GREY), DeflatedExplicitVRLittleEndian)
    return head[: 132 + 12 + int.from_bytes(head[140:144], "little")] + body


def test_bombs_are_refused_within_50_megabytes() -> None:
    bombs = [
        film(DEEP, Rows=60000, Columns=60000),
        encoded_film(jpeg(GREY), Rows=60000, Columns=60000),
        deflate_bomb(Rows=60000, Columns=60000),
        deflate_bomb(Rows=7000, Columns=8000, PixelData=bytes(GREY.size)),
        empty_items(500_000),
        nested(10_000),
        film(DEEP, NumberOfFrames=2_000_000_000),
        encoded_film(b"\x81\0" * 50_000_000, RLELossless),
        film(DEEP).replace(b"CS\2\0CR", b"LT\xff\xffCR"),
    ]
    decode(film(GREY))  # what pydicom's modules take is no part of a refusal
    for bomb in bombs:
        tracemalloc.start()
        try:
            refusal(bomb)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 50e6, (len(bomb), bomb[300:340])


def test_a_deflated_film_with_more_behind_it_is_unpacked_no_further() -> None:
    data = deflate_bomb()
    tracemalloc.start()
    found = decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not found.pixels.any()
    assert peak < 20e6


MUTATIONS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), min_size=1, max_size=5)  # fmt: skip
SEEDS = [
    film(DEEP, bits=12, WindowCenter=5, WindowWidth=50),
    film(GREY, ImplicitVRLittleEndian),
    encoded_film(jpeg(GREY)),
]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SEEDS), MUTATIONS)
def test_mutated_files_decode_or_are_refused(seed: bytes, mutations: list[tuple[float, bytes]]) -> None:
    data = bytearray(seed)
    for position, replacement in mutations:
        start = 132 + int(position * 500)
        data[start : start + len(replacement)] = replacement
    try:
        found = decode(bytes(data), Limits(max_pixels=10**6))
    except FilmError as error:
        messages.sentence(error, "zh")
    else:
        assert found.pixels.dtype == np.uint8


# --- patients --------------------------------------------------------------------------------------------------------

TEXTS = ("PatientName", "PatientID", "PatientAddress", "InstitutionName", "ReferringPhysicianName", "AccessionNumber", "StudyDescription", "SeriesDescription", "PatientComments", "OperatorsName", "StudyID", "ProtocolName", "OtherPatientNames", "EthnicGroup", "RequestedProcedureDescription", "ImageComments", "DeviceSerialNumber", "StationName")  # fmt: skip


def planted(**attributes: object) -> bytes:
    """A film whose every text holds the token, and a private sequence that does, too."""
    data = dataset(GREY, **(dict.fromkeys(TEXTS, TOKEN) | attributes))
    block = data.private_block(0x0029, TOKEN, create=True)
    item = Dataset()
    item.PatientName = TOKEN
    block.add_new(1, "LO", TOKEN)
    block.add_new(2, "SQ", [item])
    return written(data)


@pytest.mark.parametrize(
    "bad",
    [
        planted(),
        planted(Modality=TOKEN),
        planted(BodyPartExamined=TOKEN),
        planted(PhotometricInterpretation=TOKEN),
        planted(WindowCenter=5, WindowWidth=5, VOILUTFunction=TOKEN),
        patched(planted(RescaleSlope=1, RescaleIntercept=0), 0x00281053, TOKEN.encode()),
        planted(SOPClassUID="1.2.3"),
        planted()[:-100],
        planted()[:600],
        film(GREY, JPEG2000Lossless, PixelData=encapsulate([jpeg(GREY, "JPEG2000")[:200] + TOKEN.encode() * 9 + b"\xff\xd9"]), PatientName=TOKEN),
        film(GREY, JPEGBaseline8Bit, PixelData=encapsulate([jpeg(GREY)[:400] + TOKEN.encode() * 9 + b"\xff\xd9"]), PatientName=TOKEN),
    ],
    ids=range(11),
)  # fmt: skip
def test_no_text_of_the_header_comes_out(bad: bytes, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    said = []
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        try:
            said.append(repr(decode(bad)))
        except FilmError as error:
            said += [
                str(error),
                repr(error.__cause__),
                *(messages.sentence(error, lang) for lang in messages.LANGUAGES),
            ]
    captured = capfd.readouterr()
    assert TOKEN not in "".join([*said, captured.out, captured.err, caplog.text])
    assert captured.out + captured.err == ""
    assert not caplog.records
    assert not leaked


def test_pydicom_stays_silent_in_threads_and_speaks_elsewhere(caplog: pytest.LogCaptureFixture) -> None:
    bad = encoded_film(jpeg(GREY, "JPEG2000")[:200] + bytes(100) + b"\xff\xd9", JPEG2000Lossless)
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        threads = [threading.Thread(target=lambda: [refusal(bad) for _ in range(5)]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shallow = film(DEEP, JPEG2000Lossless, bits=12, PixelData=encapsulate([jpeg(GREY, "JPEG2000")]))
        assert np.array_equal(decode(shallow).pixels, GREY)  # 8 bits in 12
    assert not leaked
    assert not caplog.records
    logging.getLogger("pydicom").warning("of the program around")
    assert len(caplog.records) == 1


# --- libraries -------------------------------------------------------------------------------------------------------


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_png_needs_no_pydicom(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "film.png")
    code = f"""
import sys
from plainfilm.data.decoding.film_file import decode
decode(open({str(tmp_path / "film.png")!r}, "rb").read())
print([name for name in ("pydicom", "gdcm") if name in sys.modules])
"""
    assert run(code).strip() == "[]"


@pytest.mark.parametrize("library", ["pydicom", "gdcm"])
def test_a_missing_library_is_named_with_the_line_that_installs_it(tmp_path: Path, library: str) -> None:
    (tmp_path / "film.dcm").write_bytes(film(GREY))
    code = f"""
import sys
sys.modules[{library!r}] = None
from plainfilm.data.decoding.film_file import decode
from plainfilm.errors import FilmError
from plainfilm.messages import sentence
try:
    decode(open({str(tmp_path / "film.dcm")!r}, "rb").read())
except FilmError as error:
    print(sentence(error, "en"))
"""
    said = run(code)
    assert library in said
    assert 'pip install "plainfilm[dicom]"' in said


# --- real films ------------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_films(real_data: Path) -> None:
    files = {path.stem: path.read_bytes() for path in sorted((real_data / "dicom").glob("*.dcm"))}
    refused = {"ct-slice-jpeg-lossless", "nih-modality-says-ct"}
    for name in refused:
        assert refusal(files[name]).parameters == {"kind_key": "dicom.ct"}
    films = {name: decode(data) for name, data in files.items() if name not in refused}
    assert len(films) == 4
    for name, found in films.items():
        assert np.array_equal(found.pixels, reference(files[name])), name
        assert found.warnings == ()
    assert np.array_equal(films["rsna-pa-jpeg-monochrome1"].pixels, 255 - films["rsna-pa-jpeg"].pixels)


@pytest.mark.real
def test_a_real_slice_in_lossless_jpeg(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom, "check_kind", lambda *_, **__: ())
    data = (real_data / "dicom/ct-slice-jpeg-lossless.dcm").read_bytes()
    assert np.array_equal(decode(data).pixels, reference(data))
