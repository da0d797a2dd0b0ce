"""A strict reader of the report: every element closed in its turn, and what is in which language."""

from html.parser import HTMLParser

VOID = {"meta", "input", "img", "br"}
SVG_VOID = {"rect", "path", "circle"}


class Page(HTMLParser):
    """The elements and texts of a page. Raises AssertionError where an element is closed out of turn."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str, str]] = []  # (innermost element, language of it, text)
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SVG_VOID, tag
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.open.pop()
        assert opened == tag, f"{tag} closes {opened}"

    def handle_data(self, data: str) -> None:
        if data.strip():
            languages = [attrs["lang"] or "" for tag, attrs in self.open if "lang" in attrs and tag != "html"]
            self.texts.append((self.open[-1][0], languages[-1] if languages else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]

    def shown(self, language: str) -> str:
        """What a reader sees with this language chosen ("en" or "zh-Hans")."""
        return "\n".join(
            text for tag, of, text in self.texts if of in ("", language) and tag not in ("style", "script", "title")
        )
