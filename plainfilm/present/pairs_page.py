"""Suspicious pairs side by side, for a pair of eyes: `pairs.html`, and all clusters as a table: `clusters.csv`.

- The page is one file: films are embedded, nothing is requested (a content policy forbids it), no script runs; the
  language is switched by a style rule. It shows image_ids, classes, sources and parts; paths stand in `clusters.csv`
  alone, as in `index.csv`. Both hold what the films' owner must not publish: the films, or their names.
- What comes from the data (classes, sources) is escaped; control characters are shown as escapes.
- A pair is shown once, under the first heading that it belongs to: one exposure in two classes, in two parts of the
  split, in two sources. Then come the largest clusters. Each is bounded, and says how much it leaves out.
"""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.audits.leaks import clusters_of, conflicts, is_exact, source_of
from plainfilm.data.duplicates.search import Pair
from plainfilm.data.film_index import Index, Row
from plainfilm.io import files, tables
from plainfilm.locales import name_of
from plainfilm.messages import LANGUAGES, text
from plainfilm.text import printable

PAGE_NAME, TABLE_NAME = "pairs.html", "clusters.csv"
TABLE_COLUMNS = ("path", "image_id", "class", "source", "split", "cluster", "kind", "score")
MAX_PAIRS = 24  # a heading
MAX_CLUSTERS = 24
MAX_FILMS_A_CLUSTER = 8
SIDE_PX = 160  # of a film on the page, at most

HEAD = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #111;
  background: #fff; max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }}
{styles}
section {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(min(21.5rem, 100%), 1fr)); gap: 1rem; }}
h2, section > p {{ grid-column: 1 / -1; margin: 0; }}
section {{ margin: 2rem 0; }}
article {{ border: 1px solid #767676; padding: .75rem; break-inside: avoid; }}
article > p {{ margin: 0 0 .5rem; }}
.cluster {{ grid-column: 1 / -1; }}
.films {{ display: flex; flex-wrap: wrap; gap: .75rem; }}
figure {{ margin: 0; width: {side}px; max-width: calc(50% - .375rem); }}
img {{ width: 100%; height: auto; background: #000; }}
figcaption {{ font-size: .8125rem; line-height: 1.35; }}
@media print {{ .switch {{ display: none; }} body {{ padding: 0; }} h2 {{ break-after: avoid; }} }}
</style>
</head>
<body>
"""


def write_pairs(folder: Path, index: Index, pairs: Sequence[Pair], store: NDArray[np.uint8], *, language: str) -> None:
    """Write `pairs.html`, opened in `language`, and `clusters.csv`; pairs by row number, store (N, S, S) uint8.

    Raises OutputError.
    """
    files.write_text(folder / PAGE_NAME, pairs_page(index, pairs, store, language=language))
    files.write_text(folder / TABLE_NAME, clusters_table(index, pairs))


def clusters_table(index: Index, pairs: Sequence[Pair]) -> str:
    """Every film of every cluster, the largest cluster first; its score is that of its most alike partner in it."""
    table: list[Sequence[object]] = [TABLE_COLUMNS]
    found = clusters_of(index, pairs)
    cluster_of = {film: number for number, films in enumerate(found) for film in films}
    best: dict[int, float] = {}
    for pair in pairs:
        if cluster_of.get(pair.first, -1) == cluster_of.get(pair.second, -2):
            for film in (pair.first, pair.second):
                best[film] = max(best.get(film, 0.0), pair.score)
    for number, films in enumerate(found, 1):
        kind = "exact" if is_exact(index.rows, films) else "near"
        for film in films:
            row = index.rows[film]
            score = f"{best.get(film, 0.0):.3f}"
            table.append([row.path, row.image_id, row.label, row.source, row.split, number, kind, score])
    return tables.to_csv(table)


def pairs_page(index: Index, pairs: Sequence[Pair], store: NDArray[np.uint8], *, language: str) -> str:
    """The page as HTML."""
    parts = [
        HEAD.format(language=language, title=escape(text("pairs.title", language)), side=SIDE_PX, styles=_styles())
    ]
    parts.append(_switch(language))
    parts.append(f"<main>\n<h1>{_both('pairs.title')}</h1>\n<p>{_both('pairs.about')}</p>\n")
    for key, found in _sections(index, pairs).items():
        shown = [_pair(index, pair, store) for pair in found[:MAX_PAIRS]]
        parts.append(_section(key, shown, len(found)))
    clusters = clusters_of(index, pairs)
    shown = [_cluster(index, number, films, store) for number, films in enumerate(clusters[:MAX_CLUSTERS], 1)]
    parts.append(_section("pairs.clusters", shown, len(clusters)))
    return "".join([*parts, "</main>\n</body>\n</html>\n"])


def _sections(index: Index, pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The suspicious pairs by heading, each pair once, the most alike first."""
    rows = index.rows
    of_two_classes = conflicts(index, pairs)
    taken = {(pair.first, pair.second) for pair in of_two_classes}
    found: dict[str, list[Pair]] = {"pairs.conflicts": of_two_classes, "pairs.splits": [], "pairs.sources": []}
    for pair in sorted(pairs, key=lambda pair: -pair.score):
        one, other = rows[pair.first], rows[pair.second]
        if (pair.first, pair.second) in taken:
            continue
        if one.split and other.split and one.split != other.split:
            found["pairs.splits"].append(pair)
        elif source_of(one) != source_of(other):
            found["pairs.sources"].append(pair)
    return found


def _section(key: str, shown: Sequence[str], total: int) -> str:
    """A heading, what stands under it, and how much was left out."""
    note = _both("pairs.none") if not shown else _both("pairs.count", shown=len(shown), total=total)
    return f"<section>\n<h2>{_both(key)}</h2>\n<p>{note}</p>\n{''.join(shown)}</section>\n"


def _pair(index: Index, pair: Pair, store: NDArray[np.uint8]) -> str:
    if pair.kind == "exact":
        how = _both("pairs.exact")
    else:
        how = _both("pairs.near-mirrored" if pair.mirrored else "pairs.near", score=pair.score)
    films = "".join(_film(index.rows[number], store[number]) for number in (pair.first, pair.second))
    return f'<article>\n<p>{how}</p>\n<div class="films">\n{films}</div>\n</article>\n'


def _cluster(index: Index, number: int, members: Sequence[int], store: NDArray[np.uint8]) -> str:
    films = "".join(_film(index.rows[film], store[film]) for film in members[:MAX_FILMS_A_CLUSTER])
    left_out = len(members) - MAX_FILMS_A_CLUSTER
    title = _both("pairs.cluster", number=number, films=len(members))
    more = f"<p>{_both('pairs.more', films=left_out)}</p>\n" if left_out > 0 else ""
    return f'<article class="cluster">\n<p>{title}</p>\n<div class="films">\n{films}</div>\n{more}</article>\n'


def _film(row: Row, pixels: NDArray[np.uint8]) -> str:
    """A film with what is known of it, and a text in every language for who cannot see it."""
    label, source, part = (escape(printable(value)) or "-" for value in (row.label, source_of(row), row.split))
    seen = " / ".join(text("pairs.alt", language, image_id=row.image_id, label=row.label) for language in LANGUAGES)
    return (
        f'<figure><img src="{_png(pixels)}" alt="{escape(seen)}">'
        f"<figcaption><strong>{label}</strong><br>{source}<br>{part}<br><code>{escape(row.image_id)}</code>"
        "</figcaption></figure>\n"
    )


def _png(pixels: NDArray[np.uint8]) -> str:
    """A film (S, S) uint8 as a data URI, at most SIDE_PX wide."""
    film = Image.fromarray(np.asarray(pixels))
    film.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    film.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _switch(language: str) -> str:
    """A radio button a language; they stand before the page's content, so that a style rule can see which is chosen."""
    buttons = []
    for name in LANGUAGES:
        checked = " checked" if name == language else ""
        buttons.append(
            f'<input class="switch" type="radio" name="language" id="{name}"{checked}>'
            f'<label class="switch" for="{name}">{name_of(name)}</label>\n'
        )
    return "".join(buttons)


def _styles() -> str:
    """Rules that hide every language but the one that is chosen."""
    return "\n".join(f"#{name}:checked ~ * [lang]:not([lang={name}]) {{ display: none; }}" for name in LANGUAGES)


def _both(key: str, **parameters: object) -> str:
    """A sentence in every language, of which the style shows one."""
    return "".join(
        f'<span lang="{language}">{escape(text(key, language, **parameters))}</span>' for language in LANGUAGES
    )
