"""The balance of a data set: every file seen was used or left out for a named reason, every row of a table too.

What is lost must be said: see `_lost`. The sums are asserted where a balance is born.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from plainfilm.messages import Message
from plainfilm.records import Object

REASONS = (  # why a file is not used, in the order in which they are shown; "balance.reason.<reason>" has the words
    *("unreadable", "missing", "copy-conflict", "no-label", "several-labels", "class-unknown", "no-part", "seen"),
    "refused",
    *("link", "unreadable-folder", "other-image", "double", "hidden", "own-output", "mask", "text", "no-image"),
    *("special", "unsafe"),
)
SAID = ("warnings", "notes")  # fields of messages
NEVER_FILMS = {
    *("double", "hidden", "own-output", "mask", "text", "no-image", "special", "unsafe", "seen", "refused", "missing"),
}
MAX_LOST_SHARE = 0.01  # of the decodable films of a source, before it is warned of
MIN_TABLE_SHARE = 0.5  # of the films that find a row in a table given for them, below which it is warned of
MIN_FOLDER_FILMS = 2  # in a folder, before it is called a folder of films
MAX_NAMED = 5


@dataclass(frozen=True)
class LeftOut:
    """The files that are not used for one reason, with their endings and one of them."""

    reason: str
    files: int
    endings: dict[str, int]
    example: str


@dataclass(frozen=True)
class TableBalance:
    """What became of a table's rows; `films` are those of the sources it was given for."""

    name: str
    rows: int
    fit: int
    unfit: int
    twice: int
    films: int
    films_without_row: int
    columns_used: dict[str, str]  # our column: its heading
    columns_unused: tuple[str, ...]

    def __post_init__(self) -> None:
        assert self.rows == self.fit + self.unfit + self.twice
        assert 0 <= self.films_without_row <= self.films

    def with_used(self, headings: Collection[str]) -> "TableBalance":
        """The same; labels were read from the columns under these headings, too."""
        used = {heading: heading for heading in self.columns_unused if heading in headings}
        unused = tuple(heading for heading in self.columns_unused if heading not in headings)
        return replace(self, columns_used=self.columns_used | used, columns_unused=unused)


@dataclass(frozen=True)
class Balance:
    """All files that were seen: used, or left out."""

    files: int
    used: int
    left_out: tuple[LeftOut, ...]
    tables: tuple[TableBalance, ...]
    warnings: tuple[Message, ...]
    notes: tuple[Message, ...]

    def __post_init__(self) -> None:
        assert self.files == self.used + sum(entry.files for entry in self.left_out)
        assert all(entry.reason in REASONS for entry in self.left_out)

    @property
    def lost(self) -> int:
        """Films, not other files, that are not used."""
        return sum(entry.files for entry in self.left_out if entry.reason not in NEVER_FILMS - {"seen"})

    def as_dict(self) -> Object:
        """For JSON."""
        return asdict(self) | {name: [_coded(said) for said in getattr(self, name)] for name in SAID}

    def counts(self) -> "Counts":
        """The numbers alone."""
        rows = ("rows", "fit", "unfit", "twice", "films", "films_without_row")
        return Counts(
            files=self.files,
            used=self.used,
            lost=self.lost,
            left_out={entry.reason: entry.files for entry in self.left_out},
            tables=tuple({name: getattr(table, name) for name in rows} for table in self.tables),
            warnings=tuple(said.key for said in self.warnings),
        )

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Balance":
        """As `as_dict` gave it. Raises KeyError, TypeError or AssertionError for anything else."""
        said = {name: tuple(Message(entry["code"], entry["parameters"]) for entry in content[name]) for name in SAID}
        tables = [
            TableBalance(**(entry | {"columns_unused": tuple(entry["columns_unused"])})) for entry in content["tables"]
        ]
        left_out = [LeftOut(**entry) for entry in content["left_out"]]
        return cls(content["files"], content["used"], tuple(left_out), tuple(tables), **said)


@dataclass(frozen=True)
class Counts:
    """A balance for files that hold no name of a file, folder, table or class of the user's."""

    files: int
    used: int
    lost: int
    left_out: Mapping[str, int]  # by reason
    tables: tuple[Mapping[str, int], ...]
    warnings: tuple[str, ...]  # codes


@dataclass(frozen=True)
class SeenFile:
    """One file: its name, its source, its class ("" if none is known), and why it is not used ("" if it is)."""

    name: str
    origin: int
    label: str
    reason: str


def in_words(balance: Balance | None, language: str) -> Object | None:
    """A balance for JSON, its warnings and notes with their sentences in a language."""
    if balance is None:
        return None
    return asdict(balance) | {
        name: [_coded(said) | {"message": said.shown(language)} for said in getattr(balance, name)] for name in SAID
    }


def _coded(said: Message) -> Object:
    return {"code": said.key, "parameters": dict(said.values)}


def make_balance(files: Iterable[SeenFile], tables: Sequence[TableBalance], notes: Sequence[Message]) -> Balance:
    """The balance of the files seen."""
    seen = list(files)
    by_reason: dict[str, list[SeenFile]] = defaultdict(list)
    for file in seen:
        by_reason[file.reason].append(file)
    left_out = tuple(_left_out(reason, by_reason[reason]) for reason in REASONS if reason in by_reason)
    warnings = (*_lost(seen), *_few_rows(tables))
    return Balance(len(seen), len(by_reason[""]), left_out, tuple(tables), warnings, tuple(notes))


def _left_out(reason: str, files: Sequence[SeenFile]) -> LeftOut:
    endings = Counter(PurePosixPath(file.name).suffix.lower() for file in files)
    return LeftOut(reason, len(files), dict(endings.most_common()), files[0].name)


# --- what is warned of -----------------------------------------------------------------------------------------------


def _lost(seen: Sequence[SeenFile]) -> list[Message]:
    """Warnings about films that are not used: more than MAX_LOST_SHARE of a source's, a whole class, a whole folder.

    Unreadable ones count for the latter two alone: they are no films yet, and listed by name.
    """
    films = [file for file in seen if file.reason not in NEVER_FILMS]
    found: list[Message] = []
    for origin in sorted({file.origin for file in films}):
        of_source = [file for file in films if file.origin == origin and file.reason != "unreadable"]
        lost = Counter(file.reason for file in of_source if file.reason)
        if sum(lost.values()) > MAX_LOST_SHARE * len(of_source):
            found += [
                Message(
                    "balance.lost", {"films": count, "of": len(of_source), "reason_key": f"balance.reason.{reason}"}
                )
                for reason, count in lost.items()
            ]
    classes = _wholly_lost(films, lambda file: file.label)
    folders = _wholly_lost(films, lambda file: str(PurePosixPath(file.name).parent), MIN_FOLDER_FILMS)
    named = {file.name for files in classes.values() for file in files}
    folders = {name: files for name, files in folders.items() if not all(file.name in named for file in files)}
    return [*found, *_named("balance.lost-class", classes), *_named("balance.lost-folder", folders)]


def _wholly_lost(
    films: Sequence[SeenFile], key: Callable[[SeenFile], str], minimum: int = 1
) -> dict[str, list[SeenFile]]:
    """The films of each class or folder of which none is used."""
    together: dict[str, list[SeenFile]] = defaultdict(list)
    for film in films:
        together[key(film)].append(film)
    return {
        name: found
        for name, found in together.items()
        if name and len(found) >= minimum and all(film.reason for film in found)
    }


def _named(code: str, lost: Mapping[str, Sequence[SeenFile]]) -> list[Message]:
    """One warning a reason, that names the classes or folders."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    counts: Counter[str] = Counter()
    for name, films in lost.items():
        reason = Counter(film.reason for film in films).most_common(1)[0][0]
        by_reason[reason].append(name)
        counts[reason] += len(films)
    return [
        Message(
            code,
            {
                "count": len(names),
                "names": ", ".join(names[:MAX_NAMED]) + (", ..." if len(names) > MAX_NAMED else ""),
                "films": counts[reason],
                "reason_key": f"balance.reason.{reason}",
            },
        )
        for reason, names in by_reason.items()
    ]


def _few_rows(tables: Collection[TableBalance]) -> list[Message]:
    return [
        Message(
            "balance.table-few",
            {"table": table.name, "films": table.films - table.films_without_row, "of": table.films},
        )
        for table in tables
        if table.films - table.films_without_row < MIN_TABLE_SHARE * table.films
    ]
