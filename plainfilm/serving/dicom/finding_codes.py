"""Concepts for findings, and for what a model calls them.

Notable choices:
- a finding has a concept of SNOMED CT only if both mean the same: NIH's `Infiltration` and `Hernia` have none. Mass and
  nodule are shapes, as DICOM's list of what a chest film shows has them (CID 6102);
- "called present" is a concept of this program, and not SNOMED CT's "present": of the films in which a rare finding is
  called present, most may be without it.

Source: DICOM PS3.16, CID 645, 3700, 6102, 6105; HL7's maps of SNOMED CT for what DICOM does not list.
"""

from plainfilm.data.sources.findings_names import display_key
from plainfilm.model.findings import ABSENT, PRESENT, TOO_FEW, UNDECIDED

FINDING_CODES = {  # by the key of the display name, which every spelling of a finding leads to
    "finding.Atelectasis": ("46621007", "Atelectasis"),
    "finding.Cardiomegaly": ("8186001", "Cardiomegaly"),
    "finding.Consolidation": ("95436008", "Pulmonary consolidation"),
    "finding.Edema": ("19242006", "Pulmonary edema"),
    "finding.Effusion": ("60046008", "Pleural effusion"),
    "finding.Emphysema": ("87433001", "Pulmonary emphysema"),
    "finding.Fibrosis": ("51615001", "Fibrosis of lung"),
    "finding.Mass": ("4147007", "Mass"),
    "finding.Nodule": ("27925004", "Nodule"),
    "finding.Pneumonia": ("233604007", "Pneumonia"),
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
