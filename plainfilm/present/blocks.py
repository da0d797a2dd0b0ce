"""What a section is made of: sentences, tables, charts, films with maps, code. Plain values; three renderers show them:
`on_terminal`, `in_html`, `in_markdown`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from plainfilm.messages import Text, Words, shown

if TYPE_CHECKING:  # an answer on a terminal needs neither
    from markupsafe import Markup

    from plainfilm.evaluation.moves import Move
    from plainfilm.evaluation.reliability import Bin


@dataclass(frozen=True)
class Bar:
    """A cell that is drawn: a bar from 0 to `value` (0 to 1) with its interval, and a line at `mark`."""

    value: float
    low: float
    high: float
    mark: float | None = None

    def shown(self, _: str) -> str:
        """Nothing: its numbers stand beside it."""
        return ""


@dataclass(frozen=True)
class Link:
    """A cell that leads to a section of the page; elsewhere its words alone."""

    section: str
    words: Text

    def shown(self, language: str) -> str:
        """The words in a language."""
        return shown(self.words, language)


@dataclass(frozen=True)
class Lines:
    """A cell of several, one below the other; one after the other if a cell has one line."""

    cells: tuple[Text, ...]

    def shown(self, language: str) -> str:
        """The words in a language."""
        return " ".join(shown(cell, language) for cell in self.cells)


Cell = Text  # a str is the same in every language; Bar, Link and Lines are Words, too


@dataclass(frozen=True)
class Note:
    """A paragraph. `tone`: "plain", "alarm" (a fault of data or model), "missing" (a part that can still be made)."""

    words: Text
    tone: str = "plain"
    kind: ClassVar[str] = "note"


@dataclass(frozen=True)
class Table:
    """A table; its first `left` columns are texts, the others numbers."""

    caption: Text
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left: int = 1
    kind: ClassVar[str] = "table"

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.head) for row in self.rows), self.caption

    def in_words(self) -> "Table":
        """The table without the columns that hold drawings, for where nothing is drawn."""
        drawn = {place for row in self.rows for place, cell in enumerate(row) if isinstance(cell, Bar)}
        kept = [place for place in range(len(self.head)) if place not in drawn]
        head, *rows = (tuple(row[place] for place in kept) for row in (self.head, *self.rows))
        return replace(self, head=head, rows=tuple(rows), left=sum(place < self.left for place in kept))


@dataclass(frozen=True)
class Reliability:
    """A drawing: the share observed in each bin, with its interval, over its mean probability."""

    name: Text
    bins: "Sequence[Bin]"
    about: Words  # what it shows, to who cannot see it


@dataclass(frozen=True)
class Trend:
    """A drawing: a distance over the windows of a stream; if it surely moved, the mean before and after that."""

    name: Text
    distances: tuple[float, ...]  # above 0
    between: tuple[float, float]  # what the axis shows, which is logarithmic
    axis: Text  # name of the other axis
    about: Words  # what it shows, to who cannot see it
    move: "Move | None" = None
    since: Text = ""  # of the move
    alarm: int | None = None  # place of the first window that alarmed, from 0
    is_wide: bool = False


@dataclass(frozen=True)
class Charts:
    """Drawings side by side under one caption."""

    drawings: tuple["Reliability | Trend | Markup", ...]
    caption: Text
    kind: ClassVar[str] = "charts"


@dataclass(frozen=True)
class Picture:
    """A film, and the same film with a map over it, as data URIs."""

    film: str
    overlay: str
    alternative: Words
    lines: tuple[Text, ...]


@dataclass(frozen=True)
class Pictures:
    """Films with their maps."""

    title: Text
    pictures: tuple[Picture, ...]
    kind: ClassVar[str] = "pictures"


@dataclass(frozen=True)
class Code:
    """Lines for a machine: commands, a recipe."""

    lines: str
    caption: Text
    kind: ClassVar[str] = "code"


Block = Note | Table | Charts | Pictures | Code


@dataclass(frozen=True)
class Section:
    """A section: `name` is its address in the page."""

    name: str
    title: Text
    blocks: tuple[Block, ...] = field(default=())
