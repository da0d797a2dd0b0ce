"""What a section is made of: sentences, tables, charts, films with maps, code. Plain values; templates show them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from plainfilm.messages import Text, Words

if TYPE_CHECKING:  # a terminal needs none
    from markupsafe import Markup

Cell = Text  # a str is the same in every language; Markup, one that is HTML


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


@dataclass(frozen=True)
class Charts:
    """Drawings side by side under one caption."""

    drawings: tuple["Markup", ...]
    caption: Text
    kind: ClassVar[str] = "charts"


@dataclass(frozen=True)
class Picture:
    """A film, and the same film with a map over it, as data URIs."""

    film: "Markup"
    overlay: "Markup"
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
