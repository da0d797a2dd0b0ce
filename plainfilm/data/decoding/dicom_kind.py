"""What a DICOM object is, in words: only projection radiographs of the chest are films.

Every refusal names a kind or a body part from the tables here, never the header's own text. Where a header names
nothing, nothing is refused: there are archives whose films came without; a word that is not known (`body_words` holds
those that are) counts as none, with a warning. A film whose modality says CT is refused as CT: the same header stands
on single slices saved as secondary captures, and only a person can tell the two apart.

Source: DICOM PS3.3, C.7.3.1.1.1 (modalities); PS3.4, B.5 (SOP classes); PS3.16, annex L (body parts);
PS3.3, C.8.1.1 (views).
"""

import re

from plainfilm.data.decoding import body_words
from plainfilm.data.decoding.dicom_header import Header
from plainfilm.data.decoding.dicom_words import UNKNOWN, part_meanings, view_meanings
from plainfilm.errors import FilmError

FILM_MODALITIES = {"", "CR", "DX", "DR", "RG", "XR", "XRAY", "RX"}  # DR and those after RG: what people write for DX
NAMELESS_MODALITIES = {"OT", "SC"}  # they say nothing of what is shown: films where the header names the chest
MODALITIES = {
    **{"CT": "dicom.ct", "MR": "dicom.mr", "US": "dicom.us", "MG": "dicom.mg"},
    **dict.fromkeys(("NM", "PT"), "dicom.nm"),
    **dict.fromkeys(("RF", "XA"), "dicom.fluoroscopy"),
    **dict.fromkeys(("IO", "PX"), "dicom.dental"),
    **dict.fromkeys(("XC", "GM", "ES", "SM", "OP"), "dicom.photograph"),
    **{"SR": "dicom.report", "DOC": "dicom.document", "ECG": "dicom.waveform", "SEG": "dicom.segmentation"},
    **dict.fromkeys(("KO", "PR"), "dicom.presentation"),
    **dict.fromkeys(("RTIMAGE", "RTDOSE", "RTPLAN", "RTSTRUCT"), "dicom.radiotherapy"),
}

STORAGE = "1.2.840.10008.5.1.4.1.1."
# computed radiography, digital X-ray for presentation, secondary capture (that of many frames may hold one)
FILM_CLASSES = {"", *(STORAGE + end for end in ("1", "1.1", "7", "7.2", "7.3"))}
SOP_CLASSES = (  # the first beginning that fits
    *(("1.1.1", "dicom.raw"), ("1.2", "dicom.mg"), ("1.3", "dicom.dental"), ("2", "dicom.ct"), ("4", "dicom.mr")),
    *(("3", "dicom.us"), ("6", "dicom.us"), ("20", "dicom.nm"), ("128", "dicom.nm"), ("130", "dicom.nm")),
    *(("12", "dicom.fluoroscopy"), ("7.4", "dicom.photograph"), ("77", "dicom.photograph")),
    *(("88.59", "dicom.presentation"), ("88", "dicom.report"), ("104", "dicom.document"), ("11", "dicom.presentation")),
    *(("9", "dicom.waveform"), ("66.4", "dicom.segmentation"), ("481", "dicom.radiotherapy")),
)


SIDE = "side"  # a view from there, or obliquely


def check_kind(header: Header, *, assume_chest: bool = False) -> tuple[str, ...]:
    """Raise FilmError, with words for what the object is, unless it may be a frontal radiograph of the chest.

    Gives the warnings about what is not known. `assume_chest`: part of the body and view are vouched for by the owner,
    whatever the header says of them; what kind of object it is stays as the header says.
    """
    sop_class, modality = header.string("SOPClassUID"), re.sub(r"[^A-Z]", "", header.string("Modality"))
    if sop_class not in FILM_CLASSES:
        raise FilmError("film-dicom-kind", kind_key=_sop_kind(sop_class))
    if modality not in FILM_MODALITIES | NAMELESS_MODALITIES:
        raise FilmError("film-dicom-kind", kind_key=MODALITIES.get(modality, "dicom.other"))
    if assume_chest:
        return ()
    sets = header.string("SpecificCharacterSet")
    parts = part_meanings(header.value("BodyPartExamined"), sets)
    if modality in NAMELESS_MODALITIES and body_words.CHEST not in parts:
        raise FilmError("film-dicom-kind", kind_key="dicom.other")
    return (*_check_part(parts), *_check_view(view_meanings(header.value("ViewPosition"), sets), parts))


def _check_part(parts: set[str]) -> tuple[str, ...]:
    """Raise FilmError for a part of the body, by its meanings, that is not the chest; else the warnings about it.

    The chest beside other parts is the chest (CHESTABDOMEN), but not beside the spine (thoracic spine).
    """
    others = [key for key in body_words.OTHER_PARTS if key in parts]
    if body_words.SPINE in parts or (others and body_words.CHEST not in parts):
        raise FilmError("film-dicom-body-part", part_key=others[0])
    if body_words.CHEST in parts:
        return ()
    if body_words.NEAR_CHEST in parts:
        return ("film-body-part-near",)
    is_unknown = UNKNOWN in parts or body_words.SUPINE in parts  # `dorsal` alone may be the spine
    return ("film-body-part-unknown",) if is_unknown else ()


def _check_view(views: set[str], parts: set[str]) -> tuple[str, ...]:
    """Raise FilmError for a view from the side or obliquely; else the warnings about it.

    Where ViewPosition names none, the words beside the part of the body count (CHEST LAT); both views there are those
    of an examination, and this film may be either.
    """
    view = _view(views)
    if view == SIDE:
        raise FilmError("film-dicom-view")
    beside = _view(parts) if view in ("", UNKNOWN) else ""
    if beside == SIDE and body_words.FRONTAL not in parts:
        raise FilmError("film-dicom-view")
    if body_words.DECUBITUS in (view, beside):
        return ("film-view-decubitus",)
    return ("film-view-unknown",) if view == UNKNOWN or beside == SIDE else ()


def _view(meanings: set[str]) -> str:
    """SIDE, DECUBITUS, FRONTAL, UNKNOWN or, where none is named, "".

    A patient who lies on one side (lateral decubitus) is taken from the front.
    """
    if body_words.OBLIQUE in meanings or (body_words.LATERAL in meanings and body_words.DECUBITUS not in meanings):
        return SIDE
    if body_words.DECUBITUS in meanings and (body_words.SUPINE not in meanings or body_words.LATERAL in meanings):
        return body_words.DECUBITUS
    if meanings & {body_words.FRONTAL, body_words.SUPINE, body_words.DECUBITUS}:
        return body_words.FRONTAL
    return UNKNOWN if meanings - {body_words.MISSING} else ""


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
