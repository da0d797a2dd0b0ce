"""Lists that come with a data set: of patient, file, class and source; of names by part; a table that is the source."""

from dataclasses import replace

from faults.wild_truth import Draft, Table, other_file
from plainfilm.io import tables

SITES = ("cohen", "sirm", "actmed")


def patient_lists(draft: Draft) -> None:
    """`train.txt`, `val.txt` and `test.txt`: patient, file, class and source, blanks between them, no headings."""
    lines: dict[str, list[str]] = {}
    for origin, path, file in list(draft.all_files()):
        assert file.film is not None
        (part, _, name), site = path.partition("/"), SITES[int(file.film.patient) // 2 % 3]
        lines.setdefault(part, []).append(f"{file.film.patient} {name} {file.film.label} {site}")
        draft.change(origin, path, replace(file, patient=file.film.patient))
    for part, rows in sorted(lines.items()):
        given(draft, f"{part}.txt", "".join(f"{row}\n" for row in rows).encode(), fit=len(rows))
    draft.may_refuse = "a list without headings does not say what its cells are"


def name_lists(draft: Draft) -> None:
    """`train_val_list.txt` and `test_list.txt`: bare names, no line feed at the end."""
    parts: dict[bool, list[str]] = {False: [], True: []}
    for _, path, file in draft.all_files():
        assert file.film is not None
        parts[file.film.part == "test"].append(path.rpartition("/")[2])
    for is_test, names in parts.items():
        name = "test_list.txt" if is_test else "train_val_list.txt"
        draft.change(0, name, other_file("\n".join(names).encode(), "text"))


def readme(draft: Draft) -> None:
    """Texts that belong to a set."""
    for name in ("README_CHESTXRAY.pdf", "LOG_CHESTXRAY.pdf"):
        draft.change(0, name, other_file(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n", "no-image", "text"))
    draft.change(0, "FAQ_CHESTXRAY.txt", other_file(b"Frequently asked questions\n", "text"))


def as_source(draft: Draft) -> None:
    """A table with the columns path, label and patient, which is given in place of the folder that it lies in."""
    rows: list[tuple[str, str, str]] = [("path", "label", "patient")]
    for origin, path, file in list(draft.all_files()):
        assert file.film is not None
        rows.append((path, file.film.label, file.film.patient))
        draft.change(origin, path, replace(file, patient=file.film.patient))
    data = tables.to_csv(rows).encode()
    draft.change(0, "films.csv", other_file(data, "text", ""))
    draft.tables.append(Table("data/films.csv", data, fit=len(rows) - 1))
    draft.sources[0].table = "data/films.csv"


def given(draft: Draft, name: str, data: bytes, *, fit: int) -> None:
    """Put a table into the folder of the data set, and give it."""
    draft.change(0, name, other_file(data, "text"))
    draft.tables.append(Table(f"data/{name}", data, fit=fit))
