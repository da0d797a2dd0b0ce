"""Conventions: the names that people give to folders, files, columns and cells, as data and nothing else.

`COMMON` holds what is common to the data sets of the field. A set with other habits needs another `Conventions`, or one
with a few entries replaced, and no code. Names are compared by `names.name_key` (case, blanks, `_`, `-` and the form of
letters do not count), patterns by `re.fullmatch` with that key.

Sources: the tables and folders of NIH ChestX-ray14, CheXpert, MIMIC-CXR, PadChest, VinDr-CXR, RSNA, COVIDx and the
COVID-19 Radiography Database as they are published; the litter of macOS, Windows, Synology, QNAP and Jupyter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from plainfilm.data.sources import findings_names
from plainfilm.data.sources.layouts import BOXES, LAYOUTS, Layout
from plainfilm.data.sources.names import name_key

HEADINGS: dict[str, tuple[str, ...]] = {
    "path": (
        *("path", "file", "filename", "file path", "filepath", "image", "image path", "image file", "image name"),
        *(
            "image index",
            "image id",
            "imageid",
            "img",
            "img path",
            "dicom id",
            "name",
            "路径",
            "文件",
            "文件名",
            "图像",
            "png path",
        ),
    ),
    "label": (
        *("label", "labels", "class", "class name", "classname", "category", "diagnosis", "finding", "finding labels"),
        *("finding label", "findings", "target", "标签", "类别", "诊断"),
    ),
    "patient": (
        *("patient", "patient id", "patients", "subject", "subject id", "person", "person id", "case id", "mrn"),
        *("病人", "患者", "病人编号", "患者编号", "患者id", "病人id"),
    ),
    "source": ("source", "site", "hospital", "institution", "data source", "dataset", "来源", "医院"),
    "quality": ("quality", "质量"),
    "view": ("view", "view position", "projection", "体位"),
    "sex": ("sex", "gender", "patient sex", "patient gender", "性别"),
    "age": ("age", "patient age", "年龄"),
    "train_only": ("train only", "training only", "仅用于训练", "仅训练"),
    "split": ("split", "subset", "partition", "set", "fold name", "划分"),
}

SPLITS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training", "train set", "training set", "train val", "训练", "训练集"),
    "validation": ("validation", "val", "valid", "validate", "dev", "val set", "validation set", "验证", "验证集"),
    "test": ("test", "testing", "test set", "测试", "测试集"),
}

TRUTHS: dict[str, tuple[str, ...]] = {"yes": ("true", "yes", "1", "是"), "no": ("false", "no", "0", "否")}

SYSTEM_FOLDERS = (
    *("__MACOSX", "@eaDir", "@tmp", "@Recycle", "@Recently-Snapshot", "#recycle", "#snapshot", "lost+found"),
    *("$RECYCLE.BIN", "RECYCLER", "System Volume Information", "__pycache__", "node_modules"),
)
SYSTEM_FILES = ("Thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "Icon\r", "autorun.inf")


@dataclass(frozen=True)
class HeadlessList:
    """A table without headings: how many cells its rows have, separated by blanks, and what they are in order."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Conventions:
    """How a data set names things.

    `headings`: our column, and the headings that mean it, the first that a table has wins.
    `splits`: our part of a split, and the folder names, list names and cells that mean it.
    `image_folders` stand between a class and its films; `mask_folders` hold masks, which are no films.
    `id_folders`: patterns of folders of one patient, study or series, which are no class.
    `hidden_starts`: beginnings of hidden files and folders; `system_folders`, `system_files`: of systems, never films.
    `train_only`: our column, and the cells of it that mean that a film is for training alone, unless a table says so.
    `truths`: what a cell of a column of yes and no means.
    `no_label`: cells that say that a label is missing. `several`: what stands between several labels in one cell.
    `lists`: tables without headings, by their number of columns. `layouts`: tables that mean other things by their
    headings. `boxes`: headings of a box, of which a film may have several.
    `findings`: the name of a finding, and its other spellings, as headings and in lists. `no_finding`: spellings of
    there being none; `beside_no_finding`: findings that do not contradict that. `non_findings`: words of lists of
    findings that are none. `between`: what separates the findings of a list, the first that a list has.
    `denials`: words of lists that say that a finding is absent, beside its spellings after one of `negations`.
    `stated`: 1, 0 or -1 (`statements`), and the words of a cell that mean it. `readers`: headings of who read a film.
    """

    headings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: HEADINGS)
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SPLITS)
    image_folders: tuple[str, ...] = ("images", "image", "imgs", "img", "png", "jpg", "jpeg", "dicom", "dcm")
    mask_folders: tuple[str, ...] = ("masks", "mask", "manualmask", "leftmask", "rightmask")
    id_folders: tuple[str, ...] = (
        r"(patient|pat|study|stu|series|ser|se|st|im|img|image|images|visit|exam)\d+",
        r"[ps]\d{2,}",
        r"\d{6,}",
        r"[\d.]{12,}",
    )
    hidden_starts: tuple[str, ...] = (".", "~$", "._")
    system_folders: tuple[str, ...] = SYSTEM_FOLDERS
    system_files: tuple[str, ...] = SYSTEM_FILES
    train_only: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"quality": ("second generation",)})
    truths: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: TRUTHS)
    no_label: tuple[str, ...] = ("", "nan", "na", "n/a", "<na>", "null", "#n/a")
    several: str = "|"
    lists: tuple[HeadlessList, ...] = (
        HeadlessList("names", ("path",)),
        HeadlessList("names and labels", ("path", "label")),
        HeadlessList("COVIDx", ("patient", "path", "label", "source")),
        HeadlessList("CheXNet", ("path", *findings_names.NIH)),
    )
    layouts: tuple[Layout, ...] = LAYOUTS
    boxes: tuple[tuple[str, ...], ...] = BOXES
    findings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: findings_names.FINDINGS)
    no_finding: tuple[str, ...] = findings_names.NO_FINDINGS
    beside_no_finding: tuple[str, ...] = findings_names.BESIDE_NO_FINDING
    non_findings: tuple[str, ...] = findings_names.NON_FINDINGS
    denials: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: findings_names.DENIALS)
    negations: tuple[str, ...] = findings_names.NEGATIONS
    between: tuple[str, ...] = ("|", ";")
    stated: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: findings_names.STATED)
    readers: tuple[str, ...] = findings_names.READERS

    @cached_property
    def heading_of(self) -> dict[str, tuple[str, int]]:
        """Our column for the key of a heading, and its rank among the headings of that column."""
        return {
            name_key(heading): (column, rank)
            for column, headings in self.headings.items()
            for rank, heading in enumerate(headings)
        }

    @cached_property
    def systems(self) -> frozenset[str]:
        """The folders of systems, in small letters."""
        return frozenset(folder.casefold() for folder in self.system_folders)

    @cached_property
    def litter(self) -> frozenset[str]:
        """The files of systems, in small letters."""
        return frozenset(file.casefold() for file in self.system_files)

    @cached_property
    def masks(self) -> frozenset[str]:
        """The folders of masks, in small letters."""
        return frozenset(folder.casefold() for folder in self.mask_folders)

    @cached_property
    def split_of(self) -> dict[str, str]:
        """Our part of a split for the key of a folder, list or cell."""
        return {name_key(word): part for part, words in self.splits.items() for word in words}

    @cached_property
    def truth_of(self) -> dict[str, str]:
        """ "yes" or "no" for the key of a cell; "" for that of one which says nothing."""
        said = {name_key(word): truth for truth, words in self.truths.items() for word in words}
        return said | dict.fromkeys(map(name_key, self.no_label), "")

    @cached_property
    def finding_of(self) -> dict[str, str]:
        """The finding for the key of a heading or of a word of a list."""
        return {name_key(word): name for name, words in self.findings.items() for word in (name, *words)}

    @cached_property
    def statement_of(self) -> dict[str, str]:
        """What the key of a cell that is no number states of a finding; "" if it states nothing."""
        said = {name_key(word): value for value, words in self.stated.items() for word in words}
        return said | dict.fromkeys(map(name_key, self.no_label), "")


COMMON = Conventions()
