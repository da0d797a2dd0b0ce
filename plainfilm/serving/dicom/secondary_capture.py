"""A film with one map laid over it, of its predicted class or first finding, as a DICOM Secondary Capture.

It is a picture of its own series, in colour; that it is not for diagnosis and what the map is worth stand in its
descriptions, which viewers show.

Source: DICOM PS3.3, A.8.1 (Secondary Capture Image IOD).
"""

import io
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from plainfilm.messages import text
from plainfilm.model.answer import Answer
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Prediction
from plainfilm.serving.dicom.filing import MAKER, Filing
from plainfilm.serving.dicom.structured_report import Author, software_version
from plainfilm.task import task_of

SERIES_NUMBER = 9002
MAX_DERIVATION = 1024  # characters


def secondary_capture(filing: Filing, prediction: Prediction, author: Author) -> Dataset:
    """The map of the class or finding that is shown first over the film, at most 1024 px a side."""
    card, language = author.card, author.language
    warning = card.map_warning.shown(language)
    first = task_of(card.task_kind).showing.first(Answer.of(prediction, override=True), card)
    drawn = draw_overlay(
        prediction.film.pixels, prediction.class_maps[first], fit=card.preprocessing.fit, comment=warning
    )
    name, is_empty = card.classes[first].shown(language), not (prediction.class_maps[first] > 0).any()
    notice = text("card.not-for-diagnosis", language)
    picture = Dataset()
    picture.SOPClassUID, picture.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid(None)
    picture.SeriesInstanceUID, picture.SeriesNumber, picture.InstanceNumber = generate_uid(None), SERIES_NUMBER, 1
    picture.Modality, picture.ConversionType = "OT", "WSD"
    picture.SeriesDescription = "plainfilm map, not for diagnosis"
    picture.ImageType = ["DERIVED", "SECONDARY"]
    shows = text("dicom.map-empty" if is_empty else "dicom.map", language, name=name)
    words = " ".join(part for part in (shows, notice, warning) if part)
    picture.DerivationDescription = words[:MAX_DERIVATION]
    picture.Manufacturer, picture.ManufacturerModelName = MAKER, author.model_id
    picture.SoftwareVersions = software_version()
    now = datetime.now()
    picture.ContentDate = picture.InstanceCreationDate = f"{now:%Y%m%d}"
    picture.ContentTime = picture.InstanceCreationTime = f"{now:%H%M%S}"
    picture.PatientOrientation = ""
    picture.SourceImageSequence = [_source(filing)]
    if filing.is_lossy:
        picture.LossyImageCompression = "01"
    _set_pixels(picture, np.asarray(Image.open(io.BytesIO(drawn))))
    picture.file_meta = FileMetaDataset()
    picture.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    filing.file(picture)
    return picture


def _source(filing: Filing) -> Dataset:
    """The film, as a reference."""
    film = Dataset()
    film.ReferencedSOPClassUID, film.ReferencedSOPInstanceUID = filing.sop_class, filing.sop_instance
    return film


def _set_pixels(picture: Dataset, pixels: NDArray[np.uint8]) -> None:
    """Put (H, W, 3) uint8 in."""
    picture.SamplesPerPixel, picture.PhotometricInterpretation, picture.PlanarConfiguration = 3, "RGB", 0
    picture.Rows, picture.Columns = pixels.shape[:2]
    picture.BitsAllocated, picture.BitsStored, picture.HighBit, picture.PixelRepresentation = 8, 8, 7, 0
    data = pixels.tobytes()
    picture.add_new("PixelData", "OB", data + b"\0" * (len(data) % 2))
