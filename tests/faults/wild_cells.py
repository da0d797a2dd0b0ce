"""What is odd in the cells of a table: labels that are missing, doubled or spelt twice, rows of no film, rows twice.

An oddity changes the rows and notes in the draft what becomes of the films.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from faults.wild_truth import Draft, File, left, perhaps

NOBODY = ("unknown", "Unknown", "NA", "N/A", "nan", "NULL", "None", "ANONYMOUS", "anonymized", "")
NUM_STRANGE = 5  # rows of no film


@dataclass
class Cells:
    """A row: about which film it is, and what its cells say of it."""

    origin: int
    path: str
    label: str
    patient: str
    part: str | None
    fits: bool = True
    columns: set[str] = field(default_factory=set)  # beside those that every table has
    shown_label: str | None = None
    shown_patient: str | None = None

    @property
    def label_cell(self) -> str:
        return self.label if self.shown_label is None else self.shown_label

    @property
    def patient_cell(self) -> str:
        return self.patient if self.shown_patient is None else self.shown_patient


@dataclass
class Rows:
    """The rows of a table in the making."""

    draft: Draft
    rows: list[Cells]
    names_classes: bool  # whether folders say the class as well
    has_labels: bool
    has_patients: bool = True
    ending: str = ""  # further lines

    def film(self, row: Cells) -> File:
        return self.draft.sources[row.origin].files[row.path]

    def of_class(self, label: str) -> list[Cells]:
        """The rows of a class, those of films that are for training last."""
        rows = [row for row in self.rows if row.fits and row.label == label]
        return sorted(rows, key=lambda row: row.part == "train")

    @property
    def last_label(self) -> str:
        return sorted({row.label for row in self.rows})[-1]

    def let_go(self, row: Cells, reason: str) -> None:
        """The film may be left out; it must be, where only the table could say its class."""
        change = perhaps if self.names_classes else left
        self.draft.change(row.origin, row.path, change(self.film(row), reason))


def empty_labels(table: Rows) -> None:
    """A few films of the last class have no label."""
    if table.has_labels:
        for row in table.of_class(table.last_label)[-2:]:
            row.shown_label = ""
            table.let_go(row, "no-label")


def class_without_label(table: Rows) -> None:
    """All films of a class have no label: "not mentioned"."""
    if table.has_labels:
        for row in table.of_class(table.last_label):
            row.shown_label = ""
            table.let_go(row, "no-label")
        if len({row.label for row in table.rows}) == 2:
            table.draft.may_refuse = "one class is left"


def several_labels(table: Rows) -> None:
    """A few films have two labels in one cell."""
    if table.has_labels:
        for row in table.of_class(table.last_label)[-2:]:
            row.shown_label = f"{row.label}|Effusion"
            table.let_go(row, "several-labels")


def labels_in_other_case(table: Rows) -> None:
    """Labels differ by case: one class, or a question."""
    for row in table.rows[::2]:
        row.shown_label = row.label_cell.swapcase()
    if table.has_labels:
        table.draft.may_refuse, table.draft.may_warn = "labels that differ by case", True


def labels_with_blanks(table: Rows) -> None:
    """Labels have a blank at their end."""
    for row in table.rows[::2]:
        row.shown_label = f"{row.label_cell} "
    if table.has_labels:
        table.draft.may_warn = True


def labels_with_underscores(table: Rows) -> None:
    """Labels differ by an underscore in place of a blank."""
    for row in table.rows[::2]:
        row.shown_label = row.label_cell.replace(" ", "_")
    if table.has_labels:
        table.draft.may_refuse, table.draft.may_warn = "labels that differ by a blank", True


def rows_twice(table: Rows) -> None:
    """Some rows are there twice, word for word."""
    table.rows += [replace(row) for row in table.rows[1:4]]
    table.draft.may_warn = True


def rows_of_no_film(table: Rows, count: int = NUM_STRANGE) -> None:
    """Some rows are about films that are not there."""
    sample = [row for row in table.rows if row.fits]
    for number in range(count):
        row = sample[number % len(sample)]
        folder, _, name = row.path.rpartition("/")
        path = f"{folder}/absent-{number}-{name}" if folder else f"absent-{number}-{name}"
        table.rows.append(replace(row, path=path, fits=False))
    table.draft.may_warn = True


def rows_of_a_larger_set(table: Rows) -> None:
    """Most rows are about films that are not there: the films are a part of a larger set."""
    rows_of_no_film(table, 3 * len(table.rows))


def few_rows(table: Rows) -> None:
    """Fewer than half of the films have a row."""
    kept = {id(row) for label in sorted({row.label for row in table.rows}) for row in table.of_class(label)[::3]}
    for row in table.rows:
        if row.fits and id(row) not in kept and table.has_labels:
            table.let_go(row, "no-label")
    table.rows = [row for row in table.rows if not row.fits or id(row) in kept]
    if table.has_labels:
        table.draft.may_refuse = "so few films are left that no part gets one of each class"


def placeholders(table: Rows) -> None:
    """Some patients are nobody."""
    for place, row in enumerate(table.rows):
        if place % 3 == 0:
            row.shown_patient = NOBODY[place // 3 % len(NOBODY)]
    table.draft.may_warn = True


def one_placeholder(table: Rows) -> None:
    """The patients of a whole class are not known."""
    word = NOBODY[int(table.draft.random.integers(len(NOBODY)))]
    for row in table.rows:
        if row.label == table.last_label:
            row.shown_patient = word
    table.draft.may_warn = True


def split_column(table: Rows) -> None:
    """A column names the part of each film."""
    for row in table.rows:
        row.columns.add("split")


def split_column_with_gaps(table: Rows) -> None:
    """A column names the part of most films."""
    split_column(table)
    for label in sorted({row.label for row in table.rows}):
        for row in table.of_class(label)[-1:]:
            row.part = ""


def no_patients(table: Rows) -> None:
    """There is no column of patients."""
    table.has_patients = False
    for row in table.rows:
        row.shown_patient = ""


def empty_lines(table: Rows) -> None:
    """A spreadsheet left empty rows at the end."""
    table.ending = "\n\n"


ODDITIES: dict[str, Callable[[Rows], object]] = {  # in the order in which they are made
    "empty labels": empty_labels,
    "a class without label": class_without_label,
    "several labels": several_labels,
    "labels in other case": labels_in_other_case,
    "labels with blanks": labels_with_blanks,
    "labels with underscores": labels_with_underscores,
    "placeholders": placeholders,
    "one placeholder": one_placeholder,
    "a column split": split_column,
    "a column split with gaps": split_column_with_gaps,
    "no patients": no_patients,
    "few rows": few_rows,
    "rows of no film": rows_of_no_film,
    "rows of a larger set": rows_of_a_larger_set,
    "rows twice": rows_twice,
    "empty lines": empty_lines,
}
