"""What a data set of the generator truly holds: the oracle's side, known to whoever made the files.

A `Film` is an exposure with its class, patient and part; a `File` is what lies on the disk or in an archive; a `Table`
is what was written about the films. `Draft` holds all of it while layout, table and damages add to it in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from unicodedata import normalize

from numpy.random import Generator

ALWAYS, MAYBE, NEVER = "always", "maybe", "never"


@dataclass(frozen=True)
class Film:
    """An exposure of the cast: `number` says which drawing it is."""

    number: int
    label: str
    patient: str
    part: str = "train"  # of the set's own split: train, validation or test


@dataclass(frozen=True)
class File:
    """A file, link or pipe below a source. `film` is what it shows, None for what is no film and never may be one.

    `use`: whether it is taken as a film: ALWAYS, NEVER, or MAYBE where its owner did not say enough. `reasons`: those
    under which it may be counted when it is left out; "" among them: or not be counted at all.
    """

    content: bytes = b""
    film: Film | None = None
    use: str = NEVER
    reasons: frozenset[str] = frozenset()
    patient: str = ""  # as something in the set says; "" where nothing does
    part: str = ""  # likewise
    link: str = ""  # what a link points to
    is_pipe: bool = False
    is_behind: bool = False  # a link to a folder: written by nobody
    films_behind: int = 0  # of a link to a folder that is not followed

    @property
    def is_regular(self) -> bool:
        """Whether it is a file with bytes of its own."""
        return not self.link and not self.is_pipe


def film_file(content: bytes, film: Film) -> File:
    """A film that must be used."""
    return File(content, film, ALWAYS)


def other_file(content: bytes, *reasons: str) -> File:
    """What is no film, and how it may be counted."""
    return File(content, reasons=frozenset(reasons))


def left(file: File, *reasons: str) -> File:
    """A film that must be left out, for one of these reasons."""
    return replace(file, use=NEVER, reasons=frozenset(reasons))


def perhaps(file: File, *reasons: str) -> File:
    """A film that may be used, or left out for one of these reasons."""
    return replace(file, use=MAYBE, reasons=file.reasons | frozenset(reasons))


@dataclass
class Source:
    """A folder or an archive, `name` below the folder of the data set, and its files by path.

    `skin`: how it is packed, one of `wild_skins.SKINS`. `table`: the path of the table that is given in its place.
    """

    name: str
    skin: str = "folder"
    files: dict[str, File] = field(default_factory=dict)
    table: str = ""
    link: str = ""  # the name of a link by which it is given


@dataclass(frozen=True)
class Table:
    """A table as written, and how many of its rows are about a film, about none, and about one that has a row."""

    name: str  # below the folder of the data set
    data: bytes
    fit: int
    unfit: int = 0
    twice: int = 0
    is_about_all: bool = True  # whether at least half of the films have a row
    are_counts_sure: bool = True  # not where a damage takes or adds films, or cells may be read in two ways


@dataclass
class Draft:
    """A data set in the making. `words` name what it is made of; `random` draws what is left open."""

    random: Generator
    words: list[str]
    films: list[Film] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    outside: dict[str, bytes] = field(default_factory=dict)  # files beside the sources, for links
    tables: list[Table] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    recipe: str = ""
    names_parts: bool = False  # whether folders are the set's own split
    is_labelled: bool = False  # whether a table names the classes: then a film without a row may have none
    may_refuse: str = ""  # why a refusal is an answer; "" where it is none
    may_warn: bool = False  # whether a warning is right where no film is lost

    def all_files(self) -> Iterator[tuple[int, str, File]]:
        """The number of the source, the path there, and the file."""
        for origin, source in enumerate(self.sources):
            for path, file in source.files.items():
                yield origin, path, file

    def truth(self) -> dict[tuple[int, str], File]:
        """The files by source and composed path."""
        return {(origin, composed(path)): file for origin, path, file in self.all_files()}

    def film_paths(self) -> list[tuple[int, str]]:
        """Where the films are that must be used."""
        return [(origin, path) for origin, path, file in self.all_files() if file.use == ALWAYS]

    def by_class(self) -> dict[str, list[tuple[int, str]]]:
        """Where the films are that must be used, by their class."""
        found: dict[str, list[tuple[int, str]]] = {film.label: [] for film in self.films}
        for origin, path in self.film_paths():
            film = self.sources[origin].files[path].film
            assert film is not None
            found[film.label].append((origin, path))
        return {label: places for label, places in found.items() if places}

    def change(self, origin: int, path: str, file: File) -> None:
        """Put a file there."""
        self.sources[origin].files[path] = file


def composed(path: str) -> str:
    """A path with composed letters, as the program writes it."""
    return normalize("NFC", path)


def same_label(one: str, other: str) -> bool:
    """Whether two labels are one for people: case, blanks, hyphens and underscores aside.

    >>> same_label("Viral Pneumonia ", "viral_pneumonia")
    True
    """
    return plain_label(one) == plain_label(other)


def plain_label(label: str) -> str:
    """A label without case, blanks, hyphens and underscores."""
    return "".join(sign for sign in normalize("NFKC", label).casefold() if sign not in " \t_-")
