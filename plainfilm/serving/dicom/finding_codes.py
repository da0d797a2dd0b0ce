"""Concepts for findings, and for what a model calls them.

Notable choices:
- a finding has a concept of SNOMED CT only if DICOM lists one that means the same; the others have one of this program.
  Mass and nodule are shapes, as DICOM's list of what a chest film shows has them (CID 6102);
- "called present" is a concept of this program, and not SNOMED CT's "present": of the films in which a rare finding is
  called present, most may be without it.

Source: DICOM PS3.16, CID 645, 3700, 6102, 6105.
"""

from plainfilm.data.sources.findings_names import display_key
from plainfilm.model.findings import ABSENT, PRESENT, TOO_FEW, UNDECIDED

FINDING_CODES = {  # by the key of the display name, which every spelling of a finding leads to
    "finding.Edema": ("19242006", "Pulmonary edema"),
    "finding.Effusion": ("60046008", "Pleural effusion"),
    "finding.Mass": ("4147007", "Mass"),
    "finding.Nodule": ("27925004", "Nodule"),
    "finding.Pneumothorax": ("36118008", "Pneumothorax"),
}
STATE_CODES = {  # of this program; None: the model is not calibrated
    PRESENT: ("called-present", "Called present"),
    ABSENT: ("called-absent", "Called absent"),
    UNDECIDED: ("undecided", "Undecided"),
    TOO_FEW: ("too-few", "Too few films to decide"),
    None: ("not-calibrated", "Not calibrated"),
}


def finding_code(name: str) -> tuple[str, str] | None:
    """Code and meaning of a finding, in any of its spellings; None if there is no concept of just that.

    >>> finding_code("pleural effusion"), finding_code("Infiltration")
    (('60046008', 'Pleural effusion'), None)
    """
    return FINDING_CODES.get(display_key(name) or "")
