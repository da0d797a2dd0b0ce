"""Tables of the generator: headings, paths, dialect and encoding as people have them, and what is odd in their cells.

Each of these is drawn on its own. What they do to the truth (a film without a label, a patient who is nobody, a row of
no film) is noted in the draft as they are written.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath, PureWindowsPath

from faults import wild_cells as cells
from faults.wild_cells import Cells
from faults.wild_truth import ALWAYS, Draft, Table, other_file, perhaps

# headings of path, label, patient and part, which say plainly what they are
PLAIN = (
    ("path", "label", "patient", "split"),
    ("Path", "Label", "Patient", "Split"),
    ("filename", "class", "patient_id", "split"),
    ("Image Index", "Finding Labels", "Patient ID", "split"),
    ("FILE NAME", "LABEL", "PATIENT ID", "SPLIT"),
    ("File_Name", "Class", "PatientID", "Split"),
    ("PATH", "Finding Label", "patient id", "split"),
    (" path", "label ", " patient", "split "),
)
LESS_PLAIN = (  # others, about which the program may ask
    ("image_path", "category", "subject_id", "set"),
    ("ImageID", "Diagnosis", "pid", "subset"),
    ("影像", "类别", "患者", "划分"),
    ("img", "target", "Subject", "fold"),
)
PARTS = (  # of the column split
    {"train": "train", "validation": "val", "test": "test"},
    {"train": "train", "validation": "valid", "test": "test"},
    {"train": "train", "validation": "validation", "test": "test"},
    {"train": "TRAIN", "validation": "VAL", "test": "TEST"},
    {"train": "Training", "validation": "dev", "test": "Test"},
    {"train": "train", "validation": "validate", "test": "test"},
)


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix("")) if PurePosixPath(path).suffix else path


def _other_case(path: str) -> str:
    pure = PurePosixPath(path)
    return str(pure.with_suffix(pure.suffix.swapcase())) if pure.suffix else path


PATHS: dict[str, Callable[[str], str]] = {  # what a cell says of the path of a film below its source
    "whole paths": lambda path: path,
    "paths with ./": lambda path: f"./{path}",
    "paths below the root": lambda path: f"data/{path}",
    "paths of another machine": lambda path: f"/home/mei/films/data/{path}",
    "paths of Windows": lambda path: str(PureWindowsPath("D:/films/data") / path),
    "paths with backslashes": lambda path: path.replace("/", "\\"),
    "endings in the other case": _other_case,
    "paths without endings": _stem,
    "bare names": lambda path: PurePosixPath(path).name,
    "bare names without endings": lambda path: _stem(PurePosixPath(path).name),
}
NEED_NAMES = ("bare names", "bare names without endings")  # which two films may not share
DIALECTS: dict[str, tuple[str, str, str]] = {  # the separator, the end of a line, the ending of the file
    "commas": (",", "\n", ".csv"),
    "semicolons": (";", "\r\n", ".csv"),
    "tabs": ("\t", "\n", ".tsv"),
    "tabs in a .txt": ("\t", "\r\n", ".txt"),
    "blanks after commas": (", ", "\n", ".csv"),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16")


@dataclass(frozen=True)
class Style:
    """How a table is written. `has_labels`: whether it names classes, or only what folders do not say."""

    headings: tuple[str, str, str, str] = PLAIN[0]
    paths: str = "whole paths"
    dialect: str = "commas"
    encoding: str = "utf-8"
    oddities: tuple[str, ...] = ()
    has_labels: bool = True
    further: tuple[str, ...] = field(default=())  # columns that nobody asked for

    @property
    def words(self) -> str:
        """The style in words."""
        said = [self.paths, self.dialect, self.encoding, "/".join(self.headings), *self.oddities]
        return ", ".join(said if self.has_labels else [*said, "no labels"])


def draw_style(draft: Draft, *, names_classes: bool) -> Style:
    """A style at random: one or two traits are unlike the plain one, and up to two oddities."""
    random = draft.random
    unlike = set(random.choice(4, size=random.integers(1, 3), replace=False).tolist())
    headings = (*PLAIN, *PLAIN, *LESS_PLAIN) if 0 in unlike else PLAIN[:1]
    paths = (
        [name for name in PATHS if name not in NEED_NAMES or _have_own_names(draft)] if 1 in unlike else [*PATHS][:1]
    )
    dialects = [*DIALECTS] if 2 in unlike else [*DIALECTS][:1]
    encodings = ENCODINGS if 3 in unlike else ENCODINGS[:1]
    count = random.choice(3, p=(0.35, 0.4, 0.25))
    oddities = random.choice([*cells.ODDITIES], size=count, replace=False).tolist()
    return Style(
        headings[random.integers(len(headings))],
        paths[random.integers(len(paths))],
        dialects[random.integers(len(dialects))],
        encodings[random.integers(len(encodings))],
        tuple(name for name in cells.ODDITIES if name in oddities),
        has_labels=not names_classes or bool(random.random() < 0.5),
        further=("age", "View Position", "site") if random.random() < 0.4 else (),
    )


def _have_own_names(draft: Draft) -> bool:
    names = [PurePosixPath(path).stem for _, path, file in draft.all_files() if file.film]
    return len(set(names)) == len(names)


def add_table(draft: Draft, style: Style, *, names_classes: bool) -> None:
    """Write a table of all films, beside the sources, and note in the draft what it makes of them."""
    if not style.has_labels and "no patients" in style.oddities:
        draft.may_warn = True  # nothing but paths
    if style.headings in LESS_PLAIN:
        draft.may_refuse = "headings that do not say plainly what they are"
    rows = [
        Cells(origin, path, file.film.label, file.film.patient, file.film.part)
        for origin, path, file in draft.all_files()
        if file.film and file.use == ALWAYS
    ]
    num_films = len(rows)
    table = cells.Rows(draft, rows, names_classes=names_classes, has_labels=style.has_labels)
    for name in style.oddities:
        cells.ODDITIES[name](table)
    for row in table.rows:
        if row.fits:
            _note(table, row, names_patients=table.has_patients and style.headings not in LESS_PLAIN)
    separator, end, suffix = DIALECTS[style.dialect]
    written = (_written(draft, table, style, separator, end) + table.ending).encode(style.encoding)
    fit = [row for row in table.rows if row.fits]
    unfit = sum(not row.fits for row in table.rows)
    with_row = len({(row.origin, row.path) for row in fit})
    is_about_all = 2 * with_row >= num_films
    draft.tables.append(Table(f"table{suffix}", written, with_row, unfit, len(fit) - with_row, is_about_all))
    draft.is_labelled |= style.has_labels
    draft.words.append(style.words)


def _note(table: cells.Rows, row: Cells, *, names_patients: bool) -> None:
    """What a row says, noted at its film."""
    file = table.film(row)
    patient = file.patient
    if names_patients:  # who is nobody in the table may be somebody in a header, or not
        patient = row.patient if row.shown_patient is None else ""
    if "split" in row.columns and not row.part and file.part:
        file = perhaps(file, "no-part")
    part = (row.part if "split" in row.columns else "") or file.part
    table.draft.change(row.origin, row.path, replace(file, patient=patient, part=part))


def _written(draft: Draft, table: cells.Rows, style: Style, separator: str, end: str) -> str:
    """The rows as text, with quotes around cells that need them."""
    has_part = any("split" in row.columns for row in table.rows)
    shown = [True, style.has_labels, table.has_patients, has_part]
    parts = PARTS[draft.random.integers(len(PARTS))]
    lines = [[*(name for name, is_shown in zip(style.headings, shown, strict=True) if is_shown), *style.further]]
    for row in table.rows:
        path = PATHS[style.paths](row.path)
        given = [path, row.label_cell, row.patient_cell, parts.get(row.part or "", "")]
        further = [str(40 + int(row.patient) % 30), "PA", f"hospital {int(row.patient) // 3 % 2}"][: len(style.further)]
        lines.append([*(cell for cell, is_shown in zip(given, shown, strict=True) if is_shown), *further])
    return "".join(separator.join(_quoted(cell, separator[0]) for cell in line) + end for line in lines)


def _quoted(cell: str, separator: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if separator in cell or '"' in cell else cell


def put_inside(draft: Draft) -> None:
    """Move the table into the first source, where it lies among the films."""
    table = draft.tables.pop()
    draft.change(0, table.name, other_file(table.data, "text"))
    draft.tables.append(replace(table, name=f"{draft.sources[0].name}/{table.name}"))
