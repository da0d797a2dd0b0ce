"""One film of a listing, and what is said of it."""

from dataclasses import dataclass, field

Columns = dict[str, str]


@dataclass(frozen=True)
class Entry:
    """One film of a listing: its source's number, its path there, its label ("" if not known), further columns.

    `problems`: message codes about what is said of it. `patient_table`: see `film_index.Row`.
    """

    origin: int
    path: str
    label: str
    columns: Columns = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    patient_table: str = ""
