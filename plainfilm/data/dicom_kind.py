"""What a DICOM object is, in words: only projection radiographs of the chest are films.

Every refusal names a kind or a body part from the tables here, never the header's own text. Where a header names
nothing, nothing is refused: there are archives whose films came without. A film whose modality says CT is refused as
CT: the same header stands on single slices saved as secondary captures, and only a person can tell the two apart.

Source: DICOM PS3.3, C.7.3.1.1.1 (modalities); PS3.4, B.5 (SOP classes); PS3.16, annex L (body parts).
"""

import re

from plainfilm.data.dicom_header import Header
from plainfilm.errors import FilmError

FILM_MODALITIES = {"", "CR", "DX", "DR", "RG"}  # DR: a common misspelling of DX
MODALITIES = {
    "CT": "dicom.ct",
    "MR": "dicom.mr",
    "US": "dicom.us",
    "NM": "dicom.nm",
    "PT": "dicom.nm",
    "MG": "dicom.mg",
    "RF": "dicom.fluoroscopy",
    "XA": "dicom.fluoroscopy",
    "IO": "dicom.dental",
    "PX": "dicom.dental",
    "XC": "dicom.photograph",
    "GM": "dicom.photograph",
    "ES": "dicom.photograph",
    "SM": "dicom.photograph",
    "OP": "dicom.photograph",
    "SR": "dicom.report",
    "DOC": "dicom.document",
    "KO": "dicom.presentation",
    "PR": "dicom.presentation",
    "ECG": "dicom.waveform",
    "SEG": "dicom.segmentation",
    "RTIMAGE": "dicom.radiotherapy",
    "RTDOSE": "dicom.radiotherapy",
    "RTPLAN": "dicom.radiotherapy",
    "RTSTRUCT": "dicom.radiotherapy",
    "OT": "dicom.other",
}

STORAGE = "1.2.840.10008.5.1.4.1.1."
# computed radiography, digital X-ray for presentation, secondary capture (that of many frames may hold one)
FILM_CLASSES = {"", *(STORAGE + end for end in ("1", "1.1", "7", "7.2", "7.3"))}
SOP_CLASSES = (  # the first beginning that fits
    ("1.1.1", "dicom.raw"),
    ("1.2", "dicom.mg"),
    ("1.3", "dicom.dental"),
    ("2", "dicom.ct"),
    ("4", "dicom.mr"),
    ("3", "dicom.us"),
    ("6", "dicom.us"),
    ("20", "dicom.nm"),
    ("128", "dicom.nm"),
    ("130", "dicom.nm"),
    ("12", "dicom.fluoroscopy"),
    ("7.4", "dicom.photograph"),
    ("77", "dicom.photograph"),
    ("88.59", "dicom.presentation"),
    ("88", "dicom.report"),
    ("104", "dicom.document"),
    ("11", "dicom.presentation"),
    ("9", "dicom.waveform"),
    ("66.4", "dicom.segmentation"),
    ("481", "dicom.radiotherapy"),
)

CHEST = {"CHEST", "THORAX", "TORAX", "LUNG", "LUNGS"}
UNNAMED_PARTS = {"", "UNKNOWN"}
BODY_PARTS = (  # the first pattern that fits
    (r"BREAST", "dicom.part.breast"),
    (r"ABDOMEN|ABDOMINAL|KUB", "dicom.part.abdomen"),
    (r"SPINE|CERVICAL|LUMBAR|SACRUM|COCCYX", "dicom.part.spine"),
    (r"SKULL|HEAD|BRAIN|FACE|ORBIT|SINUS", "dicom.part.head"),
    (r"JAW|TOOTH|TEETH|MANDIBLE|MAXILLA", "dicom.part.jaw"),
    (r"NECK", "dicom.part.neck"),
    (r"PELVIS|HIP", "dicom.part.pelvis"),
    (r"SHOULDER|CLAVICLE|SCAPULA", "dicom.part.shoulder"),
    (r"FOREARM|ARM|ELBOW|HUMERUS|RADIUS|ULNA", "dicom.part.arm"),
    (r"HAND|WRIST|FINGER|THUMB", "dicom.part.hand"),
    (r"LEG|KNEE|FEMUR|THIGH|TIBIA|FIBULA|PATELLA", "dicom.part.leg"),
    (r"FOOT|ANKLE|TOE|CALCANEUS|HEEL", "dicom.part.foot"),
    (r"WHOLE ?BODY", "dicom.part.whole-body"),
)

SIDE_VIEWS = {"LL", "RL", "LLO", "RLO", "LAT", "LATERAL"}  # from the side, or obliquely; PS3.3, C.8.11.7 and habit


def check_kind(header: Header) -> None:
    """Raise FilmError, with words for what the object is, unless it may be a frontal radiograph of the chest."""
    sop_class, modality = header.string("SOPClassUID"), header.string("Modality")
    if sop_class not in FILM_CLASSES:
        raise FilmError("film-dicom-kind", kind_key=_sop_kind(sop_class))
    if modality not in FILM_MODALITIES:
        raise FilmError("film-dicom-kind", kind_key=MODALITIES.get(modality, "dicom.other"))
    part = header.string("BodyPartExamined")
    if part not in UNNAMED_PARTS and not CHEST & set(re.split(r"[^A-Z]+", part)):
        raise FilmError("film-dicom-body-part", part_key=_part(part))
    if header.string("ViewPosition") in SIDE_VIEWS:
        raise FilmError("film-dicom-view")


def _sop_kind(sop_class: str) -> str:
    """The words for a SOP class.

    >>> _sop_kind(STORAGE + "88.33")
    'dicom.report'
    """
    end = sop_class.removeprefix(STORAGE)
    if end != sop_class:
        for beginning, kind in SOP_CLASSES:
            if f"{end}.".startswith(f"{beginning}."):
                return kind
    return "dicom.other"


def _part(part: str) -> str:
    """The words for a body part.

    >>> _part("TSPINE")
    'dicom.part.spine'
    """
    return next((key for pattern, key in BODY_PARTS if re.search(pattern, part)), "dicom.part.other")
