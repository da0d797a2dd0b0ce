"""Every film decodes as Pillow and the standards say, or is refused by name."""

import io
import struct
import subprocess
import sys
import tarfile
import threading
import warnings
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, TiffImagePlugin

from plainfilm import messages
from plainfilm.data.decoding.film import LIMITS, Limits
from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.data.decoding.formats import is_film_name
from plainfilm.errors import FilmError
from plainfilm.randomness import generator

HEIGHT, WIDTH = 48, 64
GREY = (
    np.add.outer(np.arange(HEIGHT) * 2, np.arange(WIDTH)) + generator(0, "noise").integers(0, 60, (HEIGHT, WIDTH))
).astype(np.uint8)
COLOUR = generator(0, "colour").integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
DEEP = generator(0, "deep").integers(0, 4096, (HEIGHT, WIDTH)).astype(np.uint16)
DEEP[0, :8] = 4095  # more pixels than the hot ones that decide nothing


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(out, kind, **options)
    return out.getvalue()


def refusal(data: bytes, limits: Limits = LIMITS) -> str:
    """The code of the refusal, after checking that it has a sentence in both languages."""
    with pytest.raises(FilmError) as caught:
        decode(data, limits)
    for language in messages.LANGUAGES:
        assert messages.sentence(caught.value, language)
    return caught.value.code


def with_chunk(png: bytes, name: bytes, content: bytes, after: int = 33) -> bytes:
    """`png` with one more chunk; IHDR ends at byte 33."""
    body = name + content
    chunk = struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))
    return png[:after] + chunk + png[after:]


def png_header(width: int, height: int, bits: int = 8, colour_type: int = 0) -> bytes:
    return with_chunk(
        b"\x89PNG\r\n\x1a\n", b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0), 8
    )


def tiff(samples: np.ndarray, order: str = "<", **tags: int | None) -> bytes:
    """A TIFF of one strip; tags as `t262=0`, None leaves one out; order "<" or ">"; t259=8 deflates."""
    height, width = samples.shape
    content = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    if tags.get("t259") == 8:
        content = zlib.compress(content)
    formats = {"u": 1, "i": 2, "f": 3}
    entries = {256: width, 257: height, 258: samples.itemsize * 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height}
    entries |= {279: len(content), 339: formats[samples.dtype.kind]}
    entries |= {int(name[1:]): value for name, value in tags.items()}
    rows = [
        struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in sorted(entries.items()) if value is not None
    ]
    directory = struct.pack(order + "H", len(rows)) + b"".join(rows) + b"\0\0\0\0"
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(order + "I", 8 + len(content)) + content + directory


def divided(samples: np.ndarray, white: int) -> np.ndarray:
    """Exact integer rounding of samples / white * 255."""
    return ((samples.astype(np.int64) * 510 + white) // (2 * white)).astype(np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_is_returned_as_it_is(kind):
    film = decode(encoded(GREY, kind))
    assert np.array_equal(film.pixels, GREY)
    assert film.pixels.flags.writeable
    assert (film.mode, film.bits, film.chroma, film.warnings) == ("L", 8, 0.0, ())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
@pytest.mark.parametrize("pixels", [GREY, COLOUR])
def test_jpeg_equals_pillow(pixels, options):
    data = encoded(pixels, "JPEG", **options)
    assert np.array_equal(decode(data).pixels, np.asarray(Image.open(io.BytesIO(data)).convert("L")))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"])
def test_tiff_compressions(compression):
    assert np.array_equal(decode(encoded(GREY, "TIFF", compression=compression)).pixels, GREY)
    assert np.array_equal(decode(encoded(DEEP, "TIFF", compression=compression)).pixels, divided(DEEP, 4095))


def test_big_tiff():
    assert np.array_equal(decode(encoded(GREY, "TIFF", big_tiff=True)).pixels, GREY)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_colour_is_pillows_luminance_and_reports_chroma(kind):
    film = decode(encoded(COLOUR, kind))
    assert np.array_equal(film.pixels, np.asarray(Image.fromarray(COLOUR).convert("L")))
    assert film.chroma == pytest.approx(np.mean(COLOUR.max(2).astype(float) - COLOUR.min(2)))


def test_grey_stored_as_colour_has_no_chroma():
    film = decode(encoded(np.dstack([GREY] * 3)))
    assert np.array_equal(film.pixels, GREY)
    assert (film.mode, film.chroma) == ("RGB", 0.0)


def test_palette_and_one_bit():
    palette = Image.fromarray(COLOUR).quantize(16)
    film = decode(encoded(palette))
    assert np.array_equal(film.pixels, np.asarray(palette.convert("RGB").convert("L")))
    assert film.mode == "P"
    assert film.chroma > 0
    one_bit = Image.fromarray(GREY).convert("1")
    film = decode(encoded(one_bit))
    assert np.array_equal(film.pixels, np.asarray(one_bit.convert("L")))
    assert (film.mode, film.bits) == ("1", 1)


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_opaque_alpha_is_dropped_and_transparency_lies_over_black(mode):
    image = Image.fromarray(GREY).convert(mode)
    film = decode(encoded(image))
    assert np.array_equal(film.pixels, GREY)
    assert (film.mode, film.warnings) == (mode, ())
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[:10] = 0
    image.putalpha(Image.fromarray(alpha))
    film = decode(encoded(image))
    assert film.warnings == ("film-transparent",)
    assert not film.pixels[:10].any()
    assert np.array_equal(film.pixels[10:], GREY[10:])


@pytest.mark.parametrize(("pixels", "bits"), [(GREY, 8), (DEEP, 12)])
def test_a_transparent_grey_value_is_black(pixels, bits):
    key = int(pixels[20, 20])
    film = decode(with_chunk(encoded(pixels), b"tRNS", struct.pack(">H", key)))
    assert "film-transparent" in film.warnings
    white = 2**bits - 1
    assert np.array_equal(film.pixels, divided(np.where(pixels == key, 0, pixels), white))


def test_sbit_says_how_many_bits():
    dark = DEEP // 4  # 10 bits in a 12-bit film
    film = decode(with_chunk(encoded(dark), b"sBIT", b"\x0c"))
    assert np.array_equal(film.pixels, divided(dark, 4095))
    assert (film.mode, film.bits, film.warnings) == ("I;16", 12, ())


def test_sbit_samples_shifted_up_as_the_standard_says_are_not_clipped():
    film = decode(with_chunk(encoded(DEEP << 4), b"sBIT", b"\x0c"))
    assert np.array_equal(film.pixels, divided(DEEP << 4, 65535))
    assert (film.bits, film.warnings) == (16, ())


def test_sbit_inside_the_pixels_is_no_declaration():
    data = encoded(DEEP)
    film = decode(with_chunk(data, b"sBIT", b"\5", after=len(data) - 12))
    assert film.warnings == ("film-depth-guessed",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_twelve_bits_undeclared_are_neither_black_nor_clipped(kind):
    film = decode(encoded(DEEP, kind))
    assert np.array_equal(film.pixels, divided(DEEP, 4095))
    assert (film.bits, film.warnings) == (12, ("film-depth-guessed",))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_full_sixteen_bits(kind):
    full = DEEP * 15  # to 61425: white must stay 65535
    film = decode(encoded(full, kind))
    assert np.array_equal(film.pixels, divided(full, 65535))
    assert (film.bits, film.warnings) == (16, ())


def test_tiff_max_sample_value_says_how_many_bits():
    film = decode(tiff(DEEP // 4, t281=4095))
    assert np.array_equal(film.pixels, divided(DEEP // 4, 4095))
    assert (film.bits, film.warnings) == (12, ())


def test_tiff_of_twelve_packed_bits():
    flat = (DEEP // 2).ravel().astype(np.uint32)
    pairs = flat[0::2] << 12 | flat[1::2]
    packed = np.stack([pairs >> 16, pairs >> 8, pairs], axis=1).astype(np.uint8)  # (pairs, 3)
    data = tiff(packed.reshape(HEIGHT, -1), t256=WIDTH, t258=12)
    film = decode(data)
    assert np.array_equal(film.pixels, divided(DEEP // 2, 4095))
    assert (film.bits, film.warnings) == (12, ())


@pytest.mark.parametrize("compression", [1, 8])
@pytest.mark.parametrize("samples", [DEEP * 15, DEEP.astype(np.int16) * 7, DEEP.astype(np.float32)])
def test_byte_order_changes_nothing(samples, compression):
    little, big = (decode(tiff(samples, order, t259=compression)).pixels for order in "<>")
    assert np.array_equal(little, big)
    assert np.array_equal(little, decode(tiff(samples)).pixels)


@pytest.mark.parametrize(
    ("samples", "white"),
    [
        (DEEP.astype(np.int32), 4095),
        (DEEP.astype(np.int16), 4095),
        (DEEP.astype(np.uint32) << 20, 4095 << 20),  # above the signed range
        (DEEP.astype(np.float32), 4095),
    ],
)
def test_deep_tiffs_are_scaled_by_their_maximum(samples, white):
    film = decode(tiff(samples))
    assert np.abs(film.pixels.astype(int) - divided(samples, white)).max() <= (samples.dtype == np.uint32)
    assert (film.pixels.min(), film.pixels.max()) == (0, 255)
    assert film.warnings == ("film-depth-guessed",)


def test_float_tiff_from_0_to_1():
    film = decode(tiff((DEEP / 4095).astype(np.float32)))
    assert np.array_equal(film.pixels, divided(DEEP, 4095))


@pytest.mark.parametrize(
    ("value", "code"), [(-1.0, "film-negative"), (np.nan, "film-not-finite"), (np.inf, "film-not-finite")]
)
def test_values_that_are_no_films_are_refused(value, code):
    samples = DEEP.astype(np.float32)
    samples[5, 5] = value
    assert refusal(tiff(samples)) == code


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_hounsfield_units_are_refused(dtype):
    assert refusal(tiff(DEEP.astype(dtype) - 1024)) == "film-negative"


@pytest.mark.parametrize("samples", [GREY, DEEP * 15, DEEP, (DEEP / 4095).astype(np.float32)])
def test_min_is_white_is_the_negative(samples):
    assert np.array_equal(decode(tiff(samples, t262=0)).pixels, 255 - decode(tiff(samples)).pixels)


def test_tiff_without_polarity_is_refused():
    assert refusal(tiff(GREY, t262=None)) == "film-polarity-missing"


def test_black_film_of_sixteen_bits_is_black():
    assert not decode(encoded(np.zeros((HEIGHT, WIDTH), np.uint16))).pixels.any()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("pixels", "kind"),
    [(GREY, "PNG"), (GREY, "JPEG"), (GREY, "TIFF"), (GREY, "WEBP"), (DEEP * 15, "PNG"), (DEEP * 15, "TIFF")],
)
def test_orientation_is_applied_once(pixels, kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = decode(encoded(pixels, kind)).pixels
    film = decode(encoded(pixels, kind, exif=exif))
    tagged = Image.fromarray(upright)
    tagged.getexif()[0x0112] = orientation
    assert np.array_equal(film.pixels, np.asarray(ImageOps.exif_transpose(tagged)))
    assert ("film-turned" in film.warnings) == (orientation != 1)


# BMP, WebP, JPEG 2000


def patched(data: bytes, place: int, value: bytes) -> bytes:
    return data[:place] + value + data[place + len(value) :]


def webp_of(width: int, height: int, kind: str) -> bytes:
    """A WebP whose first chunk says that it is so large."""
    sizes = {
        "VP8 ": b"\x10\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
        "VP8L": b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14),
        "VP8X": bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
    }
    chunk = kind.encode() + struct.pack("<I", 20) + sizes[kind].ljust(20, b"\0")
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def bmp(rows: np.ndarray, bits: int, *, header: bytes = b"", palette: bytes = b"", packing: int = 0) -> bytes:
    """A BMP of (H, bytes) rows, from the bottom; `header`: what is behind the first 40 bytes of it."""
    width = rows.shape[1] * 8 // bits
    content = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4))).tobytes()
    about = struct.pack("<IiiHHIIiiII", 40 + len(header), width, len(rows), 1, bits, packing, len(content), 0, 0, 0, 0)
    start = 14 + len(about) + len(header) + len(palette)
    return b"BM" + struct.pack("<IHHI", start + len(content), 0, 0, start) + about + header + palette + content


GREYS = bytes(np.repeat(np.arange(256, dtype=np.uint8), 4).tobytes())


@pytest.mark.parametrize(("kind", "options"), [("BMP", {}), ("WEBP", {"lossless": True}), ("JPEG2000", {}), ("JPEG2000", {"no_jp2": True})])  # fmt: skip
def test_lossless_greys_are_returned_as_they_are(kind, options):
    film = decode(encoded(GREY, kind, **options))
    assert np.array_equal(film.pixels, GREY)
    assert (film.bits, film.chroma, film.warnings) == (8, 0.0, ())
    film = decode(encoded(COLOUR, kind, **options | ({"exact": True} if kind == "WEBP" else {})))
    assert np.array_equal(film.pixels, np.asarray(Image.fromarray(COLOUR).convert("L")))
    assert film.chroma > 0


def test_lossy_webp_and_jpeg_2000_are_those_of_pillow():
    smooth = np.asarray(Image.fromarray(GREY).resize((256, 192), Image.Resampling.BICUBIC))
    for kind, options in (("WEBP", {"quality": 80}), ("JPEG2000", {"irreversible": True, "quality_layers": [20]})):
        data = encoded(smooth, kind, **options)
        film = decode(data)
        assert np.array_equal(film.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("L")))
        assert np.abs(film.pixels.astype(int) - smooth).mean() < 6
        assert film.chroma < 1


def test_bmps_of_every_packing_hold_the_same_greys():
    bottom_up = GREY[::-1]
    grey = bmp(bottom_up, 8, palette=GREYS)
    top_down = patched(grey, 22, struct.pack("<i", -HEIGHT))
    quads = np.dstack([bottom_up] * 3 + [np.zeros_like(GREY)])
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    assert np.array_equal(decode(grey).pixels, GREY)
    assert np.array_equal(decode(top_down).pixels, bottom_up)
    assert np.array_equal(decode(bmp(np.dstack([bottom_up] * 3).reshape(HEIGHT, -1), 24)).pixels, GREY)
    assert np.array_equal(decode(bmp(quads.reshape(HEIGHT, -1), 32)).pixels, GREY)
    assert np.array_equal(decode(bmp(bottom_up, 8, palette=GREYS[::-1])).pixels, 255 - GREY)
    masked = decode(bmp(quads.reshape(HEIGHT, -1), 32, header=masks, packing=3))
    assert np.array_equal(masked.pixels, GREY)  # a mask for alpha, and none given: no black film
    assert masked.warnings == ()


def test_bmps_that_are_packed_or_have_few_greys_are_refused():
    assert refusal(bmp(GREY[:, : WIDTH // 2], 8, palette=GREYS, packing=1)) == "film-unreadable"
    assert refusal(bmp(np.zeros((HEIGHT, 2 * WIDTH), np.uint8), 16)) == "film-unreadable"


def test_webp_transparency_lies_over_black_with_a_warning():
    alpha = np.full((HEIGHT, WIDTH), 255, np.uint8)
    alpha[:10] = 0
    image = Image.fromarray(GREY).convert("RGBA")
    image.putalpha(Image.fromarray(alpha))
    film = decode(encoded(image, "WEBP", lossless=True, exact=True))
    assert film.warnings == ("film-transparent",)
    assert not film.pixels[:10].any()
    assert np.array_equal(film.pixels[10:], GREY[10:])


def test_a_webp_that_moves_holds_several_images():
    data = encoded(GREY, "WEBP", save_all=True, append_images=[Image.fromarray(255 - GREY)], duration=50)
    assert refusal(data) == "film-several-images"


def codestream(samples: np.ndarray, bits: int) -> bytes:
    """A lossless codestream of so many bits: one of 16, whose values stand as far from the middle, renamed."""
    moved = samples.astype(np.uint16) + (2**15 - 2 ** (bits - 1))
    return patched(encoded(moved.astype(np.uint16), "JPEG2000", no_jp2=True), 42, bytes([bits - 1]))


def boxed(frame: bytes, bits: int, *, palette: bytes = b"", frames: int = 1) -> bytes:
    """A JP2 file around a grey codestream (T.800, annex I)."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I4s", 8 + len(content), kind) + content

    header = box(b"ihdr", struct.pack(">IIHBBBB", HEIGHT, WIDTH, 1, bits - 1, 7, 0, 0))
    header += box(b"colr", b"\1\0\0" + struct.pack(">I", 17)) + palette
    start = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
    return start + box(b"jp2h", header) + box(b"jp2c", frame) * frames


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_deep_jpeg_2000(bits):
    samples = (DEEP.astype(np.uint32) * (2**bits - 1) // 4095 // 2).astype(np.uint16 if bits > 8 else np.uint8)
    frame = codestream(samples, bits)  # the upper half is empty: what is declared counts, not the largest value
    for data in (frame, boxed(frame, bits)):
        film = decode(data)
        white = 2**bits - 1 if bits < 16 else int(samples.max())
        assert np.array_equal(film.pixels, samples if bits == 8 else divided(samples, white))
        assert film.warnings == (("film-depth-guessed",) if bits == 16 else ())
    deep = decode(encoded(DEEP * 15, "JPEG2000"))
    assert np.array_equal(deep.pixels, divided(DEEP * 15, 65535))


def test_jpeg_2000_that_would_be_shown_wrong_is_refused():
    frame = encoded(GREY, "JPEG2000", no_jp2=True)
    assert np.array_equal(decode(boxed(frame, 8)).pixels, GREY)
    assert refusal(boxed(frame, 12)) == "film-unreadable"  # the boxes promise more bits than there are
    assert refusal(boxed(encoded(GREY[:40], "JPEG2000", no_jp2=True), 8)) == "film-unreadable"  # a part would be black
    assert refusal(boxed(encoded(COLOUR, "JPEG2000", no_jp2=True), 8)) == "film-unreadable"
    assert refusal(boxed(frame, 8, palette=b"\0\0\0\x0cpclr\0\1\1\7")) == "film-unreadable"
    assert refusal(boxed(frame, 8, frames=2)) == "film-several-images"
    assert refusal(encoded(GREY, "JPEG2000", signed=True)) == "film-unreadable"
    assert refusal(boxed(frame, 8)[:-100]) == "film-truncated"


@pytest.mark.parametrize("name", ["film.jfif", "film.png", "IM00001"])
def test_the_name_does_not_count(name, tmp_path):
    (tmp_path / name).write_bytes(encoded(GREY, "JPEG"))
    assert np.array_equal(decode((tmp_path / name).read_bytes()).pixels, decode(encoded(GREY, "JPEG")).pixels)


# refusals


def test_bomb_is_refused_before_any_pixel_is_allocated():
    program = """
import resource, sys, time
from plainfilm.data.decoding.film_file import decode
from plainfilm.errors import FilmError
bombs = [bytes.fromhex(line) for line in sys.stdin.read().split()]
peak, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
for bomb in bombs:
    try:
        decode(bomb)
    except FilmError as error:
        print(error.code)
print((time.process_time() - start) * 1000, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024)
"""
    row = zlib.compress(bytes(60001))
    png = with_chunk(with_chunk(png_header(60000, 60000), b"IDAT", row), b"IEND", b"", 33 + 12 + len(row))
    jpeg = bytearray(encoded(GREY, "JPEG"))
    frame = jpeg.index(b"\xff\xc0")
    jpeg[frame + 5 : frame + 9] = struct.pack(">HH", 60000, 60000)
    bombs = [png, bytes(jpeg), tiff(GREY, t256=60000, t257=60000), tiff(GREY, t322=60000, t323=60000, t324=8)]
    bombs += [patched(encoded(GREY, "BMP"), 18, struct.pack("<II", 60000, 60000))]
    bombs += [webp_of(16383, 16383, kind) for kind in ("VP8 ", "VP8L", "VP8X")]
    wavelets = encoded(GREY, "JPEG2000")
    bombs += [patched(wavelets, wavelets.index(b"\xff\x51") + 6, struct.pack(">II", 60000, 60000))]
    out = subprocess.run(
        [sys.executable, "-c", program], input="\n".join(b.hex() for b in bombs), capture_output=True, text=True
    )
    *codes, figures = out.stdout.splitlines()
    assert codes == ["film-too-large"] * len(bombs), out.stderr
    duration_ms, grown_mib = map(float, figures.split())
    assert duration_ms < 50 * len(bombs)
    assert grown_mib < 20


def test_sizes_and_limits():
    assert refusal(encoded(GREY[:31])) == "film-too-small"
    assert decode(encoded(GREY[:32, :32])).pixels.shape == (32, 32)
    assert refusal(encoded(GREY), Limits(max_side_px=63)) == "film-too-large"
    assert refusal(encoded(GREY), Limits(max_pixels=HEIGHT * WIDTH - 1)) == "film-too-large"
    assert refusal(encoded(GREY), Limits(max_file_bytes=100)) == "film-file-too-large"
    assert decode(encoded(GREY), Limits(max_side_px=64, max_pixels=HEIGHT * WIDTH))


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("film.png", encoded(GREY))
    return out.getvalue()


def npy() -> bytes:
    out = io.BytesIO()
    np.save(out, GREY)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("film.png"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (zipped(), "ZIP"),
        (b"\n<!DOCTYPE HTML><html>", "HTML"),
        (encoded(GREY, "GIF"), "GIF"),
        (encoded(COLOUR, "AVIF"), "HEIC/AVIF"),
        (b"\0\0\0\x18ftypheic", "HEIC/AVIF"),
        (b"\0\0\0\x18ftypisom", "MP4/QuickTime"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\x1a\x45\xdf\xa3\x01", "Matroska/WebM"),
        (b"\xff\x0a\xff\x07", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"8BPS\0\1\0\0", "Photoshop"),
        (encoded(GREY, "ICO"), "ICO/CUR"),
        (encoded(GREY, "PPM"), "PNM"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "SVG"),
        (b"SIMPLE  =                    T", "FITS"),
        ((348).to_bytes(4, "little") + bytes(340) + b"n+1\0", "NIfTI"),
        (b"NRRD0004\ntype: short", "NRRD"),
        (b"ObjectType = Image\n", "MetaImage"),
        (npy(), "NumPy"),
        (b"MATLAB 5.0 MAT-file", "MATLAB"),
        (b"\x89HDF\r\n\x1a\n\0", "HDF5"),
        (b"\x80\x04\x95" + bytes(5) + b"}.", "Python pickle"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Microsoft Office"),
        (tarred(), "tar"),
        (b"\xfd7zXZ\0\0", "xz"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", "DICOM without its preamble"),
        (b"\x08\0\0\0\4\0\0\0\x88\1\0\0", "DICOM without its preamble"),
    ],
)
def test_other_formats_are_named(data, found):
    with pytest.raises(FilmError) as caught:
        decode(data)
    assert (caught.value.code, caught.value.parameters) == ("film-other-format", {"found": found})
    assert found in messages.sentence(caught.value, "zh")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "film-empty"),
        (b"path,label\nBM1.png,COVID\n", "film-is-text"),
        ("路径,标签\n".encode("gbk"), "film-is-text"),
        (bytes(1000), "film-unknown-format"),
        (bytes(range(256)), "film-unknown-format"),
    ],
)
def test_what_is_no_image_is_refused(data, code):
    assert refusal(data) == code


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_several_images_are_refused(kind):
    data = encoded(GREY, kind, save_all=True, append_images=[Image.fromarray(255 - GREY)])
    assert refusal(data) == "film-several-images"


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"), ("YCbCr", "TIFF"), ("La", "TIFF")]
)
def test_exotic_modes_are_refused(mode, kind):
    if mode == "La":
        data = bytearray(encoded(Image.fromarray(GREY).convert("LA"), "TIFF"))
        entry = data.index(struct.pack("<HHI", TiffImagePlugin.EXTRASAMPLES, 3, 1))
        data[entry + 8] = 1  # associated alpha
    else:
        data = encoded(Image.new(mode, (WIDTH, HEIGHT)), kind)
    assert refusal(bytes(data)) == "film-unsupported-mode"


@pytest.mark.parametrize("colour_type", [2, 4, 6])
def test_sixteen_bit_colour_is_refused_not_darkened(colour_type):
    num_channels = {2: 3, 4: 2, 6: 4}[colour_type]
    rows = zlib.compress((b"\0" + bytes(2 * num_channels * WIDTH)) * HEIGHT)
    data = with_chunk(png_header(WIDTH, HEIGHT, 16, colour_type), b"IDAT", rows)
    data += b"\0\0\0\0IEND\xaeB`\x82"
    assert refusal(data) == "film-deep-colour"


CUTTABLE = {
    "png": encoded(GREY),
    "deep png": encoded(DEEP),
    "jpeg": encoded(GREY, "JPEG"),
    "progressive jpeg": encoded(COLOUR, "JPEG", progressive=True),
    "tiff": encoded(GREY, "TIFF"),
    "lzw tiff": encoded(GREY, "TIFF", compression="tiff_lzw"),
    "deep tiff, tags last": tiff(DEEP),
    "bmp": encoded(GREY, "BMP"),
    "webp": encoded(GREY, "WEBP"),
    "lossless webp": encoded(GREY, "WEBP", lossless=True),
    "webp with exif": encoded(GREY, "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"),
    "jp2": encoded(GREY, "JPEG2000"),
    "j2k": encoded(DEEP, "JPEG2000", no_jp2=True),
}


@pytest.mark.parametrize("name", CUTTABLE)
def test_every_cut_is_refused_or_loses_no_pixel(name):
    data = CUTTABLE[name]
    whole = decode(data).pixels
    for length in range(1, len(data)):
        try:
            film = decode(data[:length])
        except FilmError:
            continue
        assert np.array_equal(film.pixels, whole)
        assert length > 0.9 * len(data)


@pytest.mark.parametrize("percent", [10, 50, 90])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "WEBP", "JPEG2000"])
def test_cut_films_are_said_to_be_cut(kind, percent):
    large = np.kron(COLOUR[:, :, 0], np.ones((8, 8), np.uint8))
    data = encoded(large, kind)
    assert refusal(data[: len(data) * percent // 100]) == "film-truncated"


def test_tile_with_one_side_is_refused_before_libtiff_invents_the_other():
    assert refusal(tiff(GREY, t259=8, t322=16, t278=2**25)) == "film-unreadable"


def test_tiff_with_a_missing_strip_is_refused():
    assert refusal(tiff(GREY, t278=HEIGHT // 2)) == "film-truncated"


def test_a_png_whose_pixels_cannot_be_unpacked_is_unreadable():
    data = with_chunk(with_chunk(png_header(64, 48), b"IDAT", b"no zlib stream"), b"IEND", b"", after=33 + 26)
    assert refusal(data) == "film-unreadable"


def test_every_flipped_bit_of_a_png_is_found():
    data = encoded(GREY)
    for bit in range(64, 8 * len(data), 37):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        assert refusal(bytes(flipped)) in ("film-checksum", "film-truncated")


SEEDS = [
    *CUTTABLE.values(),
    encoded(Image.fromarray(COLOUR).quantize(16)),
    encoded(Image.fromarray(COLOUR).convert("RGBA"), "TIFF"),
    encoded(COLOUR, "TIFF", compression="jpeg"),
    encoded(GREY, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"),
    tiff((DEEP / 4095).astype(np.float32), t262=0, t281=4095),
]
MUTATIONS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=4)), max_size=6)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SEEDS), MUTATIONS, st.booleans())
def test_mutated_files_decode_or_are_refused(seed, mutations, headers_only):
    data = bytearray(seed)
    for position, replacement in mutations:
        start = int(position * (min(len(data), 200) if headers_only else len(data)))
        data[start : start + len(replacement)] = replacement
    decodes_or_is_refused(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([256, 257, 258, 259, 262, 273, 274, 277, 278, 279, 281, 284, 317, 320, 322, 323, 324, 338, 339]), st.one_of(st.integers(0, 70), st.integers(0, 2**32 - 1)), max_size=4))  # fmt: skip
def test_hostile_tiff_tags_decode_or_are_refused(tags):
    decodes_or_is_refused(tiff(DEEP, **{f"t{tag}": value for tag, value in tags.items()}))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([b"tRNS", b"sBIT", b"acTL", b"fcTL", b"eXIf", b"iCCP", b"pHYs", b"gAMA", b"iTXt", b"PLTE"]),
    st.binary(max_size=40),
    st.sampled_from([GREY, DEEP]),
)
def test_hostile_png_chunks_decode_or_are_refused(name, content, pixels):
    decodes_or_is_refused(with_chunk(encoded(pixels), name, content))


def decodes_or_is_refused(data: bytes) -> None:
    try:
        film = decode(data, Limits(max_pixels=10**6))
    except FilmError as error:
        messages.sentence(error, "en")
    else:
        assert film.pixels.dtype == np.uint8
        assert film.pixels.ndim == 2


def test_warnings_of_pillow_stay_inside_whatever_the_threads():
    noisy = tiff(GREY, t296=2)
    entry = noisy.index(struct.pack("<HHI", 296, 4, 1))
    noisy = noisy[:entry] + struct.pack("<HHI", 296, 3, 2) + noisy[entry + 8 :]  # one value too many
    with pytest.warns(UserWarning, match="Metadata"):
        Image.open(io.BytesIO(noisy)).load()  # what decode must keep to itself
    films = []
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        filters = list(warnings.filters)
        threads = [threading.Thread(target=lambda: films.extend(decode(noisy) for _ in range(50))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == filters
    assert not leaked
    assert len(films) == 200
    assert all(np.array_equal(film.pixels, GREY) for film in films)


# names


def test_image_id_depends_on_pixels_and_shape_alone():
    identity = image_id(GREY)
    assert len(identity) == 16
    assert int(identity, 16) >= 0
    assert identity == image_id(np.asfortranarray(GREY)) == image_id(decode(encoded(GREY, "TIFF")).pixels)
    assert len({identity, image_id(GREY.T), image_id(GREY.reshape(WIDTH, HEIGHT)), image_id(GREY ^ 1)}) == 4


def test_film_names():
    assert all(map(is_film_name, ["a.png", "b/c.JPG", "d.jpeg", "e.Tif", "f.x.TIFF", "g.dcm", "h.DICOM"]))
    assert all(map(is_film_name, ["a.bmp", "b.WebP", "c.jp2", "d.J2K", "e.jpx", "f.JFIF", "g.jpe", "h.IMA"]))
    assert not any(map(is_film_name, ["a.gif", "png", ".png", "a.png.txt", "b.jpg/notes", ""]))


# real films


@pytest.mark.real
def test_every_real_film_equals_pillow(real_data):
    films = [path.read_bytes() for path in sorted((real_data / "native-size").rglob("*.jpeg"))]
    for name, step in (("covid-radiography/input_data.zip", 200), ("external-ieee8023/images.zip", 40)):
        with zipfile.ZipFile(real_data / name) as archive:
            members = sorted(member for member in archive.namelist() if is_film_name(member))
            films += [archive.read(member) for member in members[::step]]
    assert len(films) > 30
    for data in films:
        film = decode(data)
        assert np.array_equal(film.pixels, np.asarray(Image.open(io.BytesIO(data)).convert("L")))
        assert film.warnings == ()
        assert refusal(data[: len(data) // 2]) == "film-truncated"
