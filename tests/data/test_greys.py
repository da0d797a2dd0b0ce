"""Greys that no film has are found and mended; greys that a film has are left alone."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import Dataset

from plainfilm import messages
from plainfilm.data import phantom
from plainfilm.data.decoding import greys
from plainfilm.data.decoding.film import DOUBTED, WARNINGS, Film
from plainfilm.data.decoding.film_file import decode, image_id
from tests.dicom_files import film

SIDE = 160
PLAIN = phantom.draw("COVID", seed=7, number=3, size=SIDE).pixels
TWELVE = PLAIN.astype(np.uint16) * 16 + 8
NARROW = (6000 + PLAIN.astype(np.uint16) * 11).astype(np.uint16)
SIGNED = (TWELVE.astype(np.int32) - 2048).astype(np.int16)
OF_12_BITS = {"WindowCenter": 2048, "WindowWidth": 4096}
OF_8_BITS = {"WindowCenter": 128, "WindowWidth": 256}


def beside(pixels: np.ndarray, value: int) -> np.ndarray:
    """With `value` in the left sixth."""
    padded = pixels.copy()
    padded[:, : SIDE // 6] = value
    return padded


def hot(pixels: np.ndarray, value: int = 65535) -> np.ndarray:
    """With one hot pixel."""
    spotted = pixels.copy()
    spotted[40, 50] = value
    return spotted


def marked(pixels: np.ndarray, value: int = 65535) -> np.ndarray:
    """With a mark of half a percent of the film."""
    spotted = pixels.copy()
    spotted[10:20, 2:15] = value
    return spotted


def inverse(pixels: np.ndarray, white: int = 4095) -> np.ndarray:
    return (white - pixels).astype(pixels.dtype)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def assert_plain(found: Film, *codes: str, without_padding: bool = False, difference: float = 13.0) -> None:
    """Nearly the greys of the plain film, with these codes, which have a sentence each."""
    assert found.warnings == codes
    area = np.s_[:, SIDE // 6 :] if without_padding else np.s_[:, :]
    pixels, expected = found.pixels[area].astype(float), PLAIN[area].astype(float)
    assert np.corrcoef(pixels.ravel(), expected.ravel())[0, 1] > 0.99
    assert np.abs(pixels - expected).mean() < difference
    for code in codes:
        assert code in WARNINGS
        for language in messages.LANGUAGES:
            assert messages.text(code, language)
            assert messages.text(f"problem.{code}", language)


# --- a header that does not fit -------------------------------------------------------------------------------------

WINDOWS = {
    "of 8 bits over 12": (TWELVE, 12, OF_8_BITS),
    "of 12 bits over 8": (PLAIN, 8, OF_12_BITS),
    "of 16 bits over 12": (TWELVE, 12, {"WindowCenter": 32768, "WindowWidth": 65536}),
    "of 10 bits over 8": (PLAIN, 8, {"WindowCenter": 512, "WindowWidth": 1024}),
    "of width 0": (TWELVE, 12, {"WindowCenter": 2048, "WindowWidth": 0}),
    "of width 1": (TWELVE, 12, {"WindowCenter": 0, "WindowWidth": 1}),
    "far above": (TWELVE, 12, {"WindowCenter": 60000, "WindowWidth": 400}),
    "far below": (TWELVE, 12, {"WindowCenter": -5000, "WindowWidth": 400}),
    "of negative width": (TWELVE, 12, {"WindowCenter": 2048, "WindowWidth": -4096}),
    "sigmoid, of 8 bits over 12": (TWELVE, 12, OF_8_BITS | {"VOILUTFunction": "SIGMOID"}),
    "without the rescaling that is there": (TWELVE, 12, OF_8_BITS | {"RescaleSlope": 1, "RescaleIntercept": 5000}),
    "signed": (SIGNED, 12, {"WindowCenter": 9000, "WindowWidth": 500}),
}


@pytest.mark.parametrize("name", WINDOWS)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_window_that_does_not_fit_is_set_aside(name: str, photometric: str) -> None:
    samples, bits, attributes = WINDOWS[name]
    if photometric == "MONOCHROME1":
        samples = inverse(samples, -1 if samples.dtype.kind == "i" else 2**bits - 1)
    data = film(samples, bits=bits, PhotometricInterpretation=photometric, **attributes)
    assert_plain(decode(data), "film-window-ignored", difference=1.5)


def test_a_table_that_does_not_fit_is_set_aside_as_a_window_is() -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [256, 0, 8])
    item.add_new("LUTData", "US", list(range(256)))
    assert_plain(decode(film(TWELVE, bits=12, VOILUTSequence=[item])), "film-window-ignored", difference=1.5)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("window", [OF_8_BITS, {"WindowCenter": 3900, "WindowWidth": 300}])
def test_a_window_that_cuts_most_of_a_film_is_set_aside(number: int, window: dict[str, object]) -> None:
    pixels = phantom.draw("COVID", seed=91, number=number, size=SIDE).pixels
    found = decode(film(pixels.astype(np.uint16) * 16 + 8, bits=12, **window))
    assert found.warnings == ("film-window-ignored",)
    assert np.abs(found.pixels.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("window", [OF_12_BITS, {"WindowCenter": 1800, "WindowWidth": 1500}, {"WindowCenter": [2048, 9], "WindowWidth": [4096, 1]}])  # fmt: skip
def test_a_window_that_fits_is_kept(window: dict[str, object]) -> None:
    assert decode(film(TWELVE, bits=12, **window)).warnings == ()


BITS = {
    "15 for 12": (TWELVE, 15, "film-bits-ignored"),
    "14 for 12": (TWELVE, 14, "film-bits-ignored"),
    "16 for 12": (TWELVE, 16, "film-depth-guessed"),
    "12 for 8": (PLAIN.astype(np.uint16), 12, "film-bits-ignored"),
    "16 for 8": (PLAIN.astype(np.uint16), 16, "film-depth-guessed"),
    "14, from 6000 to 9000": (NARROW, 14, "film-bits-ignored"),
    "16, from 6000 to 9000": (NARROW, 16, "film-depth-guessed"),
    "16, from 46000 to 49000": (NARROW + np.uint16(40000), 16, "film-depth-guessed"),
    "16, signed": (SIGNED, 16, "film-depth-guessed"),
    "15, signed": (SIGNED, 15, "film-bits-ignored"),
    "16, one hot pixel": (hot(TWELVE), 16, "film-depth-guessed"),
    "14, one hot pixel": (hot(TWELVE, 16383), 14, "film-bits-ignored"),
    "16, a mark": (marked(TWELVE), 16, "film-depth-guessed"),
    "16, signed, one hot pixel": (hot(SIGNED, 32767), 16, "film-depth-guessed"),
}


@pytest.mark.parametrize("name", BITS)
def test_bits_that_do_not_fit_are_set_aside(name: str) -> None:
    samples, bits, code = BITS[name]
    assert_plain(decode(film(samples, bits=bits)), code, without_padding=True)
    window = OF_8_BITS | {"RescaleSlope": 1, "RescaleIntercept": 70000}
    assert_plain(decode(film(samples, bits=bits, **window)), "film-window-ignored", code, without_padding=True)


@pytest.mark.parametrize("attributes", [{"PhotometricInterpretation": "MONOCHROME1"}, {"PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": 2, "RescaleIntercept": -1000}])  # fmt: skip
def test_bits_are_set_aside_of_films_whose_low_is_white(attributes: dict[str, object]) -> None:
    assert_plain(decode(film(inverse(TWELVE), bits=15, **attributes)), "film-bits-ignored")


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(
    ("samples", "bits", "value", "codes"),
    [
        (TWELVE, 16, 65535, ("film-depth-guessed",)),
        (TWELVE, 12, 65535, ()),  # outside the stored bits
        (TWELVE, 12, 4095, ()),
        (TWELVE, 12, 0, ()),
        (SIGNED, 16, -2048, ("film-depth-guessed",)),
        (SIGNED, 16, -32768, ("film-depth-guessed",)),
        (SIGNED, 12, -32768, ()),  # outside the stored bits
    ],
)
def test_padding_is_background(
    samples: np.ndarray, bits: int, value: int, codes: tuple[str, ...], photometric: str
) -> None:
    if photometric == "MONOCHROME1":
        samples = inverse(samples, -1 if samples.dtype.kind == "i" else 4095)
    found = decode(
        film(beside(samples, value), bits=bits, PixelPaddingValue=value, PhotometricInterpretation=photometric)
    )
    assert not found.pixels[:, : SIDE // 6].any()
    assert_plain(found, *codes, without_padding=True)


def test_padding_may_be_a_range_and_may_not_be_named() -> None:
    padded = beside(TWELVE, 60000)
    padded[:50, : SIDE // 6] = 65000
    data = film(padded, PixelPaddingValue=65535, PixelPaddingRangeLimit=60000)
    assert not decode(data).pixels[:, : SIDE // 6].any()
    assert_plain(decode(data), "film-depth-guessed", without_padding=True)
    assert_plain(decode(film(beside(TWELVE, 65535))), "film-depth-guessed", without_padding=True)


def test_padding_that_is_the_film_itself_is_set_aside() -> None:
    data = film(TWELVE, bits=12, PixelPaddingValue=0, PixelPaddingRangeLimit=4095)
    assert_plain(decode(data), "film-padding-ignored", difference=1.0)


# --- a header that fits ---------------------------------------------------------------------------------------------


def collimated(background: int) -> np.ndarray:
    """A film in a twelfth of the area, or less."""
    whole = np.full((4 * SIDE, 4 * SIDE), background, np.uint16)
    whole[200 : 200 + SIDE, 300 : 300 + SIDE] = TWELVE
    return whole


@pytest.mark.parametrize("background", [0, 30, 4095])
@pytest.mark.parametrize("attributes", [{}, OF_12_BITS, {"PhotometricInterpretation": "MONOCHROME1"}])
def test_a_collimated_film_is_left_alone(background: int, attributes: dict[str, object]) -> None:
    found = decode(film(collimated(background), bits=12, **attributes))
    assert found.warnings == ()
    expected = np.rint(collimated(background) / 4095 * 255)
    expected = 255 - expected if attributes.get("PhotometricInterpretation") == "MONOCHROME1" else expected
    assert np.array_equal(found.pixels, expected)


def test_a_collimated_film_of_8_bits_is_not_doubted() -> None:
    whole = np.zeros((4 * SIDE, 4 * SIDE), np.uint8)
    whole[200 : 200 + SIDE, 300 : 300 + SIDE] = PLAIN
    assert decode(png(whole)).warnings == ()


@pytest.mark.parametrize("label", phantom.CLASSES)
@pytest.mark.parametrize("number", range(5))
def test_no_phantom_is_doubted(label: str, number: int) -> None:
    pixels = phantom.draw(label, seed=11, number=number, size=SIDE).pixels
    assert decode(png(pixels)).warnings == ()
    assert decode(film(pixels.astype(np.uint16) * 16, bits=12)).warnings == ()


# --- other formats --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "codes"),
    [
        (hot(TWELVE), ("film-depth-guessed",)),
        (marked(TWELVE), ("film-depth-guessed",)),
        (NARROW, ("film-depth-guessed",)),
        (NARROW + np.uint16(40000), ("film-bits-ignored",)),
        (beside(TWELVE, 65535), ("film-depth-guessed",)),
    ],
)
def test_sixteen_bit_pngs_show_their_film(samples: np.ndarray, codes: tuple[str, ...]) -> None:
    assert_plain(decode(png(samples)), *codes, without_padding=True)


def test_changed_greys_change_the_image_id() -> None:
    assert image_id(decode(png(hot(TWELVE))).pixels) != image_id((hot(TWELVE) >> 8).astype(np.uint8))


@pytest.mark.parametrize("pixels", [PLAIN // 16, 250 + PLAIN // 64, np.where(PLAIN > 240, PLAIN, 0).astype(np.uint8)])
def test_eight_bits_keep_their_greys_and_are_doubted(pixels: np.ndarray) -> None:
    found = decode(png(pixels))
    assert np.array_equal(found.pixels, pixels)
    assert "film-greys-doubted" in found.warnings
    assert "film-greys-doubted" in decode(film(pixels)).warnings
    assert np.array_equal(decode(film(pixels)).pixels, pixels)


@pytest.mark.parametrize("data", [png(np.zeros((64, 64), np.uint8)), png(np.full((64, 64), 900, np.uint16)), film(np.zeros((64, 64), np.uint16), bits=12)])  # fmt: skip
def test_a_blank_film_says_so(data: bytes) -> None:
    assert set(DOUBTED) <= set(decode(data).warnings)


# --- the measure ----------------------------------------------------------------------------------------------------


@given(st.integers(0, 255), st.integers(1, 25))
def test_greys_close_together_are_no_film(start: int, width: int) -> None:
    counts = np.zeros(256, np.int64)
    counts[start : start + width] = 1000
    assert not greys.is_film(counts)


@given(st.lists(st.integers(0, 1000), min_size=256, max_size=256).map(np.array))
def test_a_negative_is_a_film_if_the_film_is_one(counts: np.ndarray) -> None:
    assert greys.is_film(counts) == greys.is_film(counts[::-1])


@given(st.lists(st.integers(0, 50), min_size=4, max_size=60).filter(any).map(np.array))
def test_observed_ends_hold_all_but_their_shares(counts: np.ndarray) -> None:
    low, high = greys.observed(counts)
    assert low <= high
    assert counts[:low].sum() <= greys.LOW * counts.sum()
    assert counts[high + 1 :].sum() <= (1 - greys.HIGH) * counts.sum() + 1e-9
