"""DICOM files for tests, written by pydicom: a film of the chest, with whatever else a test asks for."""

import io
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian as ImplicitVRLittleEndian

CR = "1.2.840.10008.5.1.4.1.1.1"


def dataset(pixels: np.ndarray, *, bits: int | None = None, **attributes: Any) -> Dataset:
    """A film of (H, W) samples; an attribute given as None is left out."""
    data = Dataset()
    data.SOPClassUID, data.SOPInstanceUID, data.Modality, data.BodyPartExamined = CR, "1.2.3", "CR", "CHEST"
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.Rows, data.Columns = pixels.shape
    data.BitsAllocated = 8 * pixels.itemsize
    data.BitsStored = bits or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.add_new("PixelData", "OW", pixels.tobytes() + b"\0" * (pixels.nbytes % 2))
    for name, value in attributes.items():
        if value is None:
            del data[name]
        else:
            setattr(data, name, value)
    return data


def written(data: Dataset, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a file; of encapsulated pixels `PixelData` must be so already."""
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = syntax
    data.file_meta.MediaStorageSOPClassUID = data.get("SOPClassUID", CR)
    if syntax.is_encapsulated:
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    buffer = io.BytesIO()
    data.save_as(
        buffer, enforce_file_format=True, little_endian=syntax.is_little_endian, implicit_vr=syntax.is_implicit_VR
    )
    return buffer.getvalue()


def film(pixels: np.ndarray, syntax: UID = ExplicitVRLittleEndian, **attributes: Any) -> bytes:
    return written(dataset(pixels, **attributes), syntax)


def patched(data: bytes, tag: int, value: bytes) -> bytes:
    """`data` (explicit, little endian) with another value of a short attribute, whatever the standard says of it."""
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    start = data.index(head, 132)
    length = int.from_bytes(data[start + 6 : start + 8], "little")
    return data[: start + 6] + len(value).to_bytes(2, "little") + value + data[start + 8 + length :]
