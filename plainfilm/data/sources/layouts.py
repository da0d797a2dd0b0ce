"""Published tables whose headings mean something else than elsewhere, as data and nothing else.

A row may be about a film, about all films of a study, or about one box that somebody drew on a film.

Sources: MIMIC-CXR-JPG, the challenges of RSNA (pneumonia) and SIIM (pneumothorax), Indiana's reports (Open-i) as Kaggle
has them, the boxes of NIH and VinDr-CXR.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Layout:
    """A table that has all of `headings`, spelt so, and no other heading that means one of `columns`.

    `columns`: our column, and the heading that is used for it. `in_path`: pattern of a folder or name, if the column
    `path` holds no path: a row is about all films below or with such a name, and the cell is what stands in its
    brackets. `labels`: cells of the column `label`, and what they mean; `other_label`: what any other one means, if it
    is not empty. `remark`: the sentence that is said of such a table.
    """

    headings: tuple[str, ...]
    columns: Mapping[str, str]
    in_path: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    other_label: str = ""
    remark: str = ""

    def meaning(self, label: str) -> str:
        """What a cell of the column `label` means.

        >>> masks = Layout(("a", "mask"), {"path": "a", "label": "mask"}, labels={"-1": "none"}, other_label="some")
        >>> [masks.meaning(cell) for cell in (" -1", "5 3", "")]
        ['none', 'some', '']
        """
        cell = label.strip()
        return self.labels.get(cell, self.other_label or label) if cell else label


MIMIC = Layout(
    ("subject_id", "study_id"),
    {"path": "study_id", "patient": "subject_id"},
    in_path=r"s(\d+)",
    remark="layout.mimic",
)
RSNA_BOXES = Layout(
    ("patientId", "x", "y", "width", "height", "Target"),
    {"path": "patientId", "label": "Target"},
    labels={"1": "Lung Opacity", "1.0": "Lung Opacity", "0": "No Lung Opacity", "0.0": "No Lung Opacity"},
    remark="layout.rsna",
)
RSNA_CLASSES = Layout(("patientId", "class"), {"path": "patientId", "label": "class"}, remark="layout.rsna")
SIIM = Layout(
    ("ImageId", "EncodedPixels"),
    {"path": "ImageId", "label": "EncodedPixels"},
    labels={"-1": "No Pneumothorax"},
    other_label="Pneumothorax",
    remark="layout.siim",
)
INDIANA_REPORTS = Layout(
    ("uid", "MeSH", "Problems", "image", "indication", "comparison", "findings", "impression"),
    {"path": "uid", "patient": "uid", "label": "Problems"},
    in_path=r"(?:CXR)?(\d+)_IM-.*",
    remark="layout.indiana",
)
INDIANA_VIEWS = Layout(("uid", "filename", "projection"), {"path": "filename", "patient": "uid", "view": "projection"})
LAYOUTS = (MIMIC, RSNA_BOXES, RSNA_CLASSES, SIIM, INDIANA_REPORTS, INDIANA_VIEWS)

BOXES = (  # headings of a box: with all of one line, a row is one box of a film
    ("x_min", "y_min", "x_max", "y_max"),
    ("x", "y", "width", "height"),
    ("Bbox [x", "y", "w", "h]"),
)
