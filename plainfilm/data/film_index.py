"""The Index: one row an image: what it is, whose it is, what is wrong with it, which part of the split it belongs to.

`scan` decodes every film of a listing once; `assign` gives groups and split. On disk an index is `index.csv` (the
rows) and `index.json` (where the films are, their checksum, how they were split).
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from plainfilm.config import Recipe
from plainfilm.data.labelling import CLASS_LABELS, Labelling, display_names
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.labels import is_train_only
from plainfilm.data.sources.listing import Listing, open_origin
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.data.splits import given, split
from plainfilm.data.splits.split import ITERATIVE, SHUFFLED, check_reached, check_whole
from plainfilm.errors import SourceError
from plainfilm.io import files, tables
from plainfilm.io.run_folder import INDEX, INDEX_FACTS
from plainfilm.task import CLASSES, task_of

ASSIGNED = (
    "label-missing",
    "class-unknown",
    "findings-unknown",
    "findings-blank",
    "split-missing",
)  # problems that come of classes and split
REASON_OF = {  # problems of readable films that no part takes, and the reason in the balance
    "label-conflict": "copy-conflict",
    "label-several": "several-labels",
    "label-missing": "no-label",
    "class-unknown": "class-unknown",
    "findings-unknown": "class-unknown",
    "findings-blank": "no-label",
    "split-missing": "no-part",
}
LEAVES_OUT = set(REASON_OF)
METHODS = {  # by the kind of a split: how it was made, where an index does not say
    **{"grouped": SHUFFLED, "folds": SHUFFLED},
    **{"tutorial": "every tenth film", "column": given.METHOD},
}
DAMAGE = (AssertionError, AttributeError, KeyError, TypeError, ValueError, RecursionError, csv.Error, OSError)
KNOWN_METHODS = {*METHODS.values(), ITERATIVE, *(given.drawn_by(method) for method in (SHUFFLED, ITERATIVE))}


@dataclass(frozen=True)
class Row:
    """One image. `origin` is the number of its source in `Index.sources`; `problems` are message codes."""

    image_id: str = ""  # "" for an image that could not be decoded
    path: str = ""
    label: str = ""
    group: str = ""
    patient: str = ""
    source: str = ""
    quality: str = ""
    split: str = ""
    sha256: str = ""
    phash: str = ""
    width: int = 0
    height: int = 0
    mode: str = ""
    problems: tuple[str, ...] = ()
    origin: int = 0
    chroma: float = 0.0  # mean over pixels of (max - min over channels), 0..255; 0 for a grey film
    twins: tuple[str, ...] = ()  # confirmed near copies, in the form of `duplicates.twins`
    patient_table: str = ""  # number of the table that names the patient: its IDs are of one list, whatever the source
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """The row as an entry of a listing, for reading the film again."""
        return Entry(self.origin, self.path, self.label)


COLUMNS = tuple(entry.name for entry in fields(Row) if entry.name != "extra")
LISTS = ("problems", "twins")  # columns of several words
ADDED = ("twins", "patient_table")  # columns that an older index lacks


@dataclass(frozen=True)
class Index:
    """The rows, the paths of their sources, the classes in order, and the section of the recipe that split them.

    `method` names how the split was made, for people.
    """

    rows: tuple[Row, ...]
    sources: tuple[Path, ...]
    classes: tuple[str, ...]
    split: dict[str, Any]
    method: str = SHUFFLED
    reading: Reading = PLAIN
    encodings: tuple[str, ...] = ()  # of the names in each source, where they had to be found; () of an older index
    balance: Balance | None = None  # None: of an older index
    task: Mapping[str, Any] = field(default_factory=dict)  # the section of the recipe; empty: classes

    @property
    def task_kind(self) -> str:
        """The name of the task that the labels are for."""
        return str(self.task.get("kind", CLASSES))

    @property
    def labelling(self) -> Labelling:
        """What labels are."""
        found: Labelling = task_of(self.task_kind).labels
        return found

    def counted(self, row: Row) -> tuple[str, ...]:
        """What a film counts as: its class, or its findings."""
        return self.labelling.counted(row.label, self.classes)

    @property
    def all_counted(self) -> tuple[str, ...]:
        """All that a film may count as."""
        return self.labelling.all_counted(self.classes)

    @property
    def display_names(self) -> dict[str, dict[str, str]]:
        """What people call all that a film may count as, by language, as far as this program knows it."""
        return display_names(self.labelling, self.all_counted)

    @property
    def is_leaking(self) -> bool:
        """Whether the split may separate a group: true for the tutorial's alone."""
        return bool(self.split["kind"] == "tutorial")

    def part(self, name: str) -> list[int]:
        """The numbers of the rows in one part of the split."""
        return [number for number, row in enumerate(self.rows) if row.split == name]

    def straddling(self) -> list[str]:
        """The groups with films in more than one part."""
        split_rows = [row for row in self.rows if row.split]
        return split.straddling([row.group for row in split_rows], [row.split for row in split_rows])

    @property
    def data_checksum(self) -> str:
        """SHA-256 over the sorted checksums of all files and their labels."""
        return data_checksum(self.rows)

    @property
    def split_checksum(self) -> str:
        """SHA-256 over the sorted image ids and their parts."""
        return _checksum(f"{row.image_id} {row.split}" for row in self.rows)


def data_checksum(rows: Iterable[Row]) -> str:
    """SHA-256 over the sorted checksums of the files of some rows and their labels."""
    return _checksum(f"{row.sha256} {row.label}" for row in rows)


def _checksum(lines: Iterable[str]) -> str:
    return files.sha256("\n".join(sorted(lines)).encode("utf-8", "surrogateescape"))


def assign(rows: Sequence[Row], sources: Sequence[Path], recipe: Recipe) -> Index:
    """Give every usable film a part of the split. Raises SplitError where that cannot be done."""
    labelling: Labelling = task_of(recipe.task.kind).labels
    rows = with_known_labels(rows, recipe.data.classes or (), labelling)
    labels = {row.label for row in rows if row.image_id and row.label}
    classes = recipe.data.classes or labelling.names(labels)
    rows = [_with_label_problem(row, classes, labelling) for row in rows]
    usable = [number for number, row in enumerate(rows) if row.image_id and not LEAVES_OUT & set(row.problems)]
    films = [rows[number] for number in usable]
    labelling.check([film.label for film in films], [film.group for film in films], classes, asdict(recipe.task))
    parts, method = _split(films, classes, recipe, labelling)
    done = [replace(row, split="") for row in rows]
    for number, part in zip(usable, parts, strict=True):
        problems = rows[number].problems + (() if part else ("split-missing",))
        done[number] = replace(rows[number], split=part, problems=problems)
    choice = json.loads(json.dumps(asdict(recipe.split)))
    return Index(tuple(done), tuple(sources), tuple(classes), choice, method, task=recipe.task_section)


def split_anew(index: Index, recipe: Recipe) -> Index:
    """An index of the same films with the split of a recipe. Raises SplitError where that cannot be done."""
    done = assign(index.rows, index.sources, recipe)
    return replace(done, reading=index.reading, encodings=index.encodings, balance=index.balance)


def with_known_labels(rows: Sequence[Row], classes: Sequence[str], labelling: Labelling = CLASS_LABELS) -> list[Row]:
    """The rows, with the labels that differ from a known class in spelling alone written as that class."""
    respelt = labelling.respelt([row.label for row in rows], classes)
    return [replace(row, label=respelt[row.label]) if row.label in respelt else row for row in rows]


def reason_left_out(row: Row) -> str:
    """Why a film cannot be used, as a reason of `balance.REASONS`; "" if nothing speaks against it."""
    if not row.image_id:
        return "missing" if "film-missing" in row.problems else "unreadable"
    reason = next((reason for code, reason in REASON_OF.items() if code in row.problems), "")
    return reason or ("" if row.label else "no-label")


def _with_label_problem(row: Row, classes: Sequence[str], labelling: Labelling) -> Row:
    problems = tuple(code for code in row.problems if code not in ASSIGNED)
    found = "" if "label-several" in problems else labelling.problem(row.label, classes)
    return replace(row, problems=problems + ((found,) if found else ()))


def strata(films: Iterable[Row]) -> list[str]:
    """What a split keeps even: the class and the source of each film."""
    kept = list(films)
    return split.strata_of([film.label for film in kept], [film.source for film in kept])


def train_only(films: Iterable[Row], choice: Mapping[str, Any]) -> list[bool]:
    """Whether each film stays out of validation and test; `choice`: the section `split` of the recipe."""
    return [is_train_only(columns_of(film), choice) for film in films]


def columns_of(film: Row) -> dict[str, str]:
    """What the table says of a film, by our names of columns."""
    return {**film.extra, "source": film.source, "quality": film.quality}


def _split(films: Sequence[Row], classes: Sequence[str], recipe: Recipe, labelling: Labelling) -> tuple[list[str], str]:
    """The part of each film, "" for none, and how the split was made."""
    choice = recipe.split
    counted = [labelling.counted(film.label, classes) for film in films]
    sources, groups = ([getattr(film, name) for film in films] for name in ("source", "group"))
    paths = [film.path for film in films]
    barred = train_only(films, asdict(choice))
    labels = [names[0] for names in counted] if labelling.is_single else [""] * len(films)
    if choice.kind == "tutorial":
        return split.tutorial(paths, labels), METHODS[choice.kind]
    if choice.kind == "column":
        cells = [film.extra.get("split", film.split) for film in films]
        return given.as_given(labels, sources, groups, cells, paths=paths, train_only=barred, choice=choice)
    asked: Mapping[str, Any] = {"train_only": barred, "seed": choice.seed}
    if choice.kind == "folds":
        fold_of, method = labelling.folds(counted, sources, groups, count=choice.folds, **asked)
        parts = split.fold_split(fold_of, fold=choice.fold, count=choice.folds)
    else:
        shares = {"test": choice.test, "validation": choice.validation}
        parts, method = labelling.parts(counted, sources, groups, shares=shares, **asked)
    check_whole(groups, parts, paths)
    check_reached(labels, groups, barred, parts, choice)
    return parts, method


# --- on disk ---------------------------------------------------------------------------------------------------------


def write_index(index: Index, folder: Path) -> None:
    """Write `index.csv` and `index.json` into `folder`."""
    extra = sorted({name for row in index.rows for name in row.extra if name not in COLUMNS})
    lines: list[Sequence[object]] = [(*COLUMNS, *extra)]
    for row in index.rows:
        cells = [getattr(row, name) for name in COLUMNS]
        for name in LISTS:
            cells[COLUMNS.index(name)] = " ".join(getattr(row, name))
        lines.append([*cells, *(row.extra.get(name, "") for name in extra)])
    table = tables.to_csv(lines).encode("utf-8", "surrogateescape")  # file names that are no UTF-8 keep their bytes
    side = {
        "sources": [str(path.resolve()) for path in index.sources],
        "classes": list(index.classes),
        "split": index.split,
        "method": index.method,
        "leaking": index.is_leaking,
        "data_checksum": index.data_checksum,
        "split_checksum": index.split_checksum,
        "table_checksum": files.sha256(table),
        "reading": asdict(index.reading),
        "encodings": list(index.encodings),
        "balance": None if index.balance is None else index.balance.as_dict(),
        **({"task": index.task} if index.task else {}),
    }
    files.write_bytes(folder / INDEX, table)
    files.write_json(folder / INDEX_FACTS, side)


def is_index(path: Path) -> bool:
    """Whether `path` is an index.csv with its index.json beside it, and not any other table."""
    return path.suffix.lower() == ".csv" and path.is_file() and path.with_suffix(".json").is_file()


def read_index(path: Path) -> Index:
    """Read an index. Raises SourceError where its two files do not fit together."""
    try:
        data = path.read_bytes()
        side = json.loads(path.with_suffix(".json").read_text(encoding="utf-8", errors="surrogateescape"))
        if files.sha256(data) == side["table_checksum"]:
            lines, _ = tables.from_csv(data.decode("utf-8", "surrogateescape"))
            rows = tuple(_read_row(cells) for cells in lines)
            sources, classes, split, task = side["sources"], side["classes"], side["split"], side.get("task", {})
            if not (_are_texts(sources) and _are_texts(classes) and _are_texts(split.get("train_only_quality", []))):
                raise ValueError("sources, classes and train_only_quality: lists of texts")
            method = side.get("method", METHODS.get(str(split.get("kind")), SHUFFLED))  # an older index does not say
            if method not in KNOWN_METHODS:
                raise ValueError("an unknown method of the split")
            if not all(0 <= row.origin < len(sources) for row in rows):
                raise ValueError("a film of no source")
            task_of(str(task.get("kind", CLASSES)))
            of_sources = _read_side(side, len(sources))
            return Index(rows, tuple(map(Path, sources)), tuple(classes), split, method, *of_sources, task)
    except DAMAGE as error:
        raise SourceError("index-damaged", path=str(path), reason=str(error)) from error
    raise SourceError("index-changed", path=str(path))


def _read_side(side: dict[str, Any], num_sources: int) -> tuple[Reading, tuple[str, ...], Balance | None]:
    """How the sources are read and what became of their files; an older index says nothing of it."""
    reading, encodings = Reading(**side.get("reading", {})), tuple(side.get("encodings", ()))
    if not (_are_texts(list(encodings)) and len(encodings) in (0, num_sources)):
        raise ValueError("encodings: one text a source")
    balance = side.get("balance")
    return reading, encodings, None if balance is None else Balance.from_dict(balance)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _read_row(cells: dict[str, str]) -> Row:
    known: dict[str, Any] = {name: cells.get(name, "") if name in ADDED else cells[name] for name in COLUMNS}
    known |= {name: tuple(known[name].split()) for name in LISTS}
    for name in ("width", "height", "origin"):
        known[name] = int(known[name])
    known["chroma"] = float(known["chroma"])
    return Row(**known, extra={name: value for name, value in cells.items() if value and name not in COLUMNS})


def reopen(index: Index) -> Listing:
    """The listing of an index: its sources, opened again, and its rows as entries. Raises SourceError."""
    for path in index.sources:
        if not path.exists():
            raise SourceError("source-moved", path=str(path))
    encodings = index.encodings or ("",) * len(index.sources)
    sources = (
        open_origin(path, index.reading, encoding=encoding)
        for path, encoding in zip(index.sources, encodings, strict=True)
    )
    entries = tuple(row.entry for row in index.rows)
    return Listing(tuple(sources), entries, reading=index.reading, labelling=index.labelling)
