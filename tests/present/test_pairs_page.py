"""The page of suspicious pairs: one file, everything escaped, nothing requested, bounded, complete in its table."""

import base64
import csv
import io
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plainfilm.data.duplicates.search import Pair
from plainfilm.data.film_index import Index, Row
from plainfilm.present import pairs_page

HOSTILE = '"><script>alert(1)</script><img src=http://example.org onerror=x>\x1b[31m\u202e'
VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; complains where tags do not nest."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(content)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def film(number: int, label: str = "A", split: str = "train", source: str = "x") -> Row:
    return Row(
        image_id=f"{number:016x}", path=f"{label}/{HOSTILE}-{number}.png", label=label, split=split, source=source
    )


def near(first: int, second: int, score: float = 0.9) -> Pair:
    return Pair(first, second, "near", score, mirrored=False)


def page(rows: list[Row], pairs: list[Pair], language: str = "en") -> str:
    index = Index(tuple(rows), (Path("films"),), ("A", "B"), {"kind": "grouped"})
    store = np.arange(len(rows), dtype=np.uint8)[:, None, None].repeat(200, 1).repeat(200, 2)
    return pairs_page.pairs_page(index, pairs, store, language=language)


def test_hostile_names_are_text() -> None:
    rows = [film(0, HOSTILE, HOSTILE, HOSTILE), film(1, "B", "test", HOSTILE)]
    content = page(rows, [near(0, 1)])
    shown = Page(content)
    assert {name for name, _ in shown.tags} <= {
        *{"html", "head", "meta", "title", "style", "body", "main", "section", "article", "figure", "figcaption"},
        *{"input", "label", "h1", "h2", "p", "span", "div", "img", "strong", "br", "code"},
    }
    assert not any(name.startswith("on") for _, attributes in shown.tags for name in attributes)
    assert "<script>alert(1)</script>" in shown.text, "the label is shown, as text"
    assert "\x1b" not in content
    assert "\u202e" not in content
    assert ".png" not in content, "no path on the page"


def test_nothing_is_requested_and_every_film_is_described() -> None:
    content = page([film(0), film(1, split="test")], [near(0, 1)])
    shown = Page(content)
    policy = next(meta for meta in shown.named("meta") if "http-equiv" in meta)["content"]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in content.replace("http-equiv", "")
    assert "@import" not in content
    assert "url(" not in content
    images = shown.named("img")
    assert len(images) == 4  # a pair, and its cluster
    for image in images:
        assert image["alt"]
        start, _, data = str(image["src"]).partition(",")
        assert start == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (160, 160)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_languages_are_there_and_the_asked_one_is_open(language: str) -> None:
    shown = Page(page([film(0), film(1, "B")], [near(0, 1)], language))
    spans = [span["lang"] for span in shown.named("span")]
    assert spans.count("en") == spans.count("zh") == len(spans) / 2 > 4
    assert [button["id"] for button in shown.named("input") if "checked" in button] == [language]
    assert shown.named("html")[0]["lang"] == language


def test_conflicts_come_first_and_a_pair_stands_under_one_heading() -> None:
    rows = [
        *(film(0), film(1, "B", "test", "y")),  # a conflict, whatever else
        *(film(2), film(3, split="test")),
        *(film(4), film(5, source="y")),
        *(film(6), film(7)),  # only a cluster
    ]
    text = Page(page(rows, [near(6, 7), near(4, 5), near(2, 3), near(0, 1)])).text
    places = [text.index(heading) for heading in ("two classes", "in two parts", "from two sites", "largest clusters")]
    assert places == sorted(places)
    assert text[places[0] : places[3]].count("0" * 15) == 6
    assert text[places[3] :].count("0" * 15) == 8


def test_the_page_is_bounded_and_says_what_it_leaves_out() -> None:
    rows = [film(number, "A" if number % 2 else "B") for number in range(100)]
    pairs = [near(number, number + 1) for number in range(0, 100, 2)]
    shown = Page(page(rows, pairs))
    assert len(shown.named("img")) == 2 * (pairs_page.MAX_PAIRS + pairs_page.MAX_CLUSTERS)
    assert "24 of 50 shown." in shown.text
    assert "None." in shown.text
    large = [near(one, other) for one in range(12) for other in range(one + 1, 12)]
    shown = Page(page([film(number) for number in range(12)], large))
    assert len(shown.named("img")) == pairs_page.MAX_FILMS_A_CLUSTER
    assert "... and 4 more in clusters.csv" in shown.text


def test_the_table_holds_every_film_of_every_cluster(tmp_path: Path) -> None:
    rows = [film(0), film(1), film(2), film(3), film(3, split="test")]
    pairs = [near(0, 1, 0.9), near(1, 2, 0.95), near(0, 2, 0.88), Pair(3, 4, "exact", 1.0, mirrored=False)]
    index = Index(tuple(rows), (Path("films"),), ("A", "B"), {"kind": "grouped"})
    pairs_page.write_pairs(tmp_path, index, pairs, np.zeros((5, 64, 64), np.uint8), language="en")
    with open(tmp_path / "clusters.csv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [(line["path"], line["cluster"], line["kind"], line["score"]) for line in table] == [
        *(
            (rows[0].path, "1", "near", "0.900"),
            (rows[1].path, "1", "near", "0.950"),
            (rows[2].path, "1", "near", "0.950"),
        ),
        *((rows[3].path, "2", "exact", "1.000"), (rows[4].path, "2", "exact", "1.000")),
    ]
    assert (tmp_path / "pairs.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
