"""Good films to make bad ones of: every format, depth, compression and transfer syntax that is taken."""

import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from dicom_files import film
from PIL import Image
from pydicom.encaps import encapsulate
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

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.phantom import draw

SIZE_PX = 96
TIFF_COMPRESSIONS = ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg", "zstd", "lzma")
ONE_BIT_COMPRESSIONS = ("group3", "group4", "tiff_ccitt")
TURNED = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"  # orientation 6
GDCM_ENCODES = {  # syntaxes of which gdcm writes films, by the end of their UID
    57: gdcm.TransferSyntax.JPEGLosslessProcess14,
    70: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    80: gdcm.TransferSyntax.JPEGLSLossless,
    81: gdcm.TransferSyntax.JPEGLSNearLossless,
}


def film_seeds() -> dict[str, bytes]:
    """Films of one phantom, by a name that says how each is stored; all of them decode."""
    grey = draw("COVID", seed=29, number=0, size=SIZE_PX).pixels
    deep = grey.astype(np.uint16) * 16  # 12 bits
    seeds = _pngs(grey, deep) | _jpegs(grey) | _tiffs(grey, deep) | _others(grey, deep) | _dicoms(grey, deep)
    for data in seeds.values():
        decode(data)
    return seeds


def stored(image: Image.Image | np.ndarray, kind: str, **options: Any) -> bytes:
    """(H, W) uint8 or uint16, or an image, as the bytes of a file of that kind."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def _tinted(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([grey, grey // 8 * 8, grey]))


def _pngs(grey: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    opaque = Image.fromarray(grey).convert("RGBA")
    return {
        "PNG 8 bits": stored(grey, "PNG"),
        "PNG 16 bits": stored(deep * 16, "PNG"),
        "PNG 1 bit": stored(Image.fromarray(grey).convert("1"), "PNG"),
        "PNG colour": stored(_tinted(grey), "PNG"),
        "PNG alpha": stored(opaque, "PNG"),
        "PNG palette": stored(_tinted(grey).quantize(64), "PNG"),
        "PNG interlaced": interlaced(grey),
        "PNG with words": stored(grey, "PNG", pnginfo=_words(), dpi=(300, 300), transparency=3),
    }


def _words() -> Any:
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Comment", "x" * 40, zip=True)
    words.add_itxt("Title", "胸片", lang="zh", zip=True)
    return words


def interlaced(grey: np.ndarray) -> bytes:
    """An Adam7 PNG of (H, W) uint8, which Pillow reads and does not write. Source: PNG (third edition), 8.1."""
    from zlib import compress, crc32

    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + crc32(name + content).to_bytes(4, "big")

    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    rows = b"".join(
        b"\0" + row.tobytes() for top, left, down, right in passes for row in grey[top::down, left::right] if row.size
    )
    height, width = (side.to_bytes(4, "big") for side in grey.shape)
    header = chunk(b"IHDR", width + height + bytes([8, 0, 0, 0, 1]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", compress(rows)) + chunk(b"IEND", b"")


def _jpegs(grey: np.ndarray) -> dict[str, bytes]:
    return {
        "JPEG baseline": stored(grey, "JPEG"),
        "JPEG progressive": stored(grey, "JPEG", progressive=True),
        "JPEG colour": stored(_tinted(grey), "JPEG"),
        "JPEG with EXIF": stored(grey, "JPEG", exif=TURNED, comment=b"c" * 30),
        "JPEG with restarts": stored(grey, "JPEG", restart_marker_rows=1),
    }


def _tiffs(grey: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    seeds = {f"TIFF 8 bits {name}": stored(grey, "TIFF", compression=name) for name in TIFF_COMPRESSIONS}
    one_bit = Image.fromarray(grey).convert("1")
    seeds |= {f"TIFF 1 bit {name}": stored(one_bit, "TIFF", compression=name) for name in ONE_BIT_COMPRESSIONS}
    seeds |= {f"TIFF 16 bits {name}": stored(deep, "TIFF", compression=name) for name in (None, "tiff_lzw", "zstd")}
    return seeds | {
        "TIFF colour": stored(_tinted(grey), "TIFF", compression="tiff_lzw"),
        "TIFF palette": stored(_tinted(grey).quantize(64), "TIFF"),
        "TIFF float": stored((deep / 4095).astype(np.float32), "TIFF"),
        "TIFF 64-bit": stored(grey, "TIFF", big_tiff=True),
    }


def _others(grey: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    opaque = Image.fromarray(grey).convert("RGBA")
    return {
        "BMP 8 bits": stored(grey, "BMP"),
        "BMP 1 bit": stored(Image.fromarray(grey).convert("1"), "BMP"),
        "BMP colour": stored(_tinted(grey), "BMP"),
        "BMP alpha": stored(opaque, "BMP"),
        "BMP palette": stored(_tinted(grey).quantize(64), "BMP"),
        "WebP": stored(grey, "WEBP"),
        "WebP lossless": stored(_tinted(grey), "WEBP", lossless=True),
        "WebP alpha": stored(opaque, "WEBP", exact=True, quality=50),
        "WebP with EXIF": stored(grey, "WEBP", exif=TURNED, xmp=b"<x/>", icc_profile=bytes(40)),
        "JPEG 2000": stored(grey, "JPEG2000"),
        "JPEG 2000 lossy": stored(grey, "JPEG2000", irreversible=True, quality_layers=[40, 20]),
        "JPEG 2000 16 bits": stored(deep, "JPEG2000", comment=b"c" * 30),
        "JPEG 2000 colour": stored(_tinted(grey), "JPEG2000", mct=1),
        "JPEG 2000 tiles": stored(grey, "JPEG2000", tile_size=(64, 64), no_jp2=True),
    }


def _dicoms(grey: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    natives = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)
    window = {"WindowCenter": 2000, "WindowWidth": 3000, "RescaleSlope": "1", "RescaleIntercept": "0"}
    seeds = {f"DICOM {syntax.name}": film(deep, syntax, bits=12, **window) for syntax in natives}
    seeds["DICOM big endian"] = film(deep.byteswap(), ExplicitVRBigEndian, bits=12)
    runs = struct.pack("<16I", 1, 64, *[0] * 14) + b"".join(bytes([SIZE_PX - 1]) + row.tobytes() for row in grey)
    seeds["DICOM RLE"] = film(grey, RLELossless, PixelData=encapsulate([runs]))
    baseline, wavelets = stored(grey, "JPEG"), stored(grey, "JPEG2000", no_jp2=True)
    for end, frame in ((50, baseline), (51, baseline), (90, wavelets), (91, wavelets)):
        syntax = UID(f"1.2.840.10008.1.2.4.{end}")
        seeds[f"DICOM {syntax.name}"] = film(grey, syntax, PixelData=encapsulate([frame]))
    for end, syntax in GDCM_ENCODES.items():
        seeds[f"DICOM 1.2.840.10008.1.2.4.{end}"] = _encoded_by_gdcm(film(grey), syntax)
    return (
        seeds
        | {"DICOM fragments": film(grey, JPEGBaseline8Bit, PixelData=encapsulate([baseline], 3))}
        | {
            "DICOM JPEG 2000 of 12 bits": film(
                deep, JPEG2000Lossless, bits=16, PixelData=encapsulate([stored(deep, "JPEG2000", no_jp2=True)])
            )
        }
    )


def _encoded_by_gdcm(data: bytes, syntax: int) -> bytes:
    """A DICOM file in another transfer syntax."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.dcm"
        path.write_bytes(data)
        reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
        reader.SetFileName(str(path))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(path))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
        return path.read_bytes()
