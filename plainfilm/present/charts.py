"""Drawings as small SVG inside the page: words in both languages, colours of the page, readable in grey print.

Nothing is told by colour alone: lines differ in dashes and width, and numbers stand beside the bars.
"""

import itertools
import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from plainfilm.locales import tag_of
from plainfilm.messages import LANGUAGES, Text, Words, say
from plainfilm.present.blocks import Bar, Reliability
from plainfilm.present.markup import in_all
from plainfilm.text import printable

Point = tuple[float, float]
WIDTH, HEIGHT = 340, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 22, 26, 40  # margins
MAX_POINTS = 160  # of a curve


def bar(cell: Bar) -> Markup:
    """A bar with its interval as a whisker, and a dashed line at its mark, to stand in a cell."""
    low, high = 100 * cell.low, 100 * cell.high
    parts = [
        '<rect class="track" x="0" y="2" width="100" height="10"/>',
        f'<rect class="filled" x="0" y="2" width="{100 * cell.value:.2f}" height="10"/>',
        f'<path class="whisker" d="M{low:.2f} 7H{high:.2f}M{low:.2f} 3V11M{high:.2f} 3V11"/>',
    ]
    if cell.mark is not None:
        parts.append(f'<path class="mark" d="M{100 * cell.mark:.2f} 0V14"/>')
    return _markup(
        f'<svg class="bar" viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'
    )


class Plane:
    """A drawing with two axes."""

    def __init__(
        self,
        title: Text,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        percent: Sequence[str] = (),
        languages: Sequence[str] = LANGUAGES,
    ) -> None:
        """`x`, `y`: the ranges of the axes; `percent`: the axes ("x", "y") that are in percent."""
        self.x, self.y, self.languages = x, y, languages
        self.parts: list[str] = []
        self._write(LEFT - 38, 14, title, "chart-title")
        for place in _ticks(*y):
            self.parts.append(f'<path class="grid" d="M{LEFT} {self._down(place):.1f}H{WIDTH - RIGHT}"/>')
            self._write(LEFT - 6, self._down(place) + 4, _tick(place, y, "y" in percent), "tick end")
        for place in _ticks(*x):
            self._write(self._right(place), HEIGHT - BOTTOM + 16, _tick(place, x, "x" in percent), "tick middle")
        self.parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>')

    def name_x(self, words: Text) -> None:
        """Name the horizontal axis."""
        self._write((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, words, "tick middle")

    def line(self, points: Sequence[Point], style: str) -> None:
        """Join points; `style` is a class of the style sheet."""
        if points:
            path = "L".join(f"{self._right(x):.1f} {self._down(y):.1f}" for x, y in thinned(points))
            self.parts.append(f'<path class="{style}" d="M{path}"/>')

    def dots(self, points: Sequence[Point]) -> None:
        """Mark points."""
        for x, y in points:
            self.parts.append(f'<circle class="dot" cx="{self._right(x):.1f}" cy="{self._down(y):.1f}" r="3"/>')

    def interval(self, x: float, low: float, high: float) -> None:
        """A vertical line from `low` to `high`."""
        self.parts.append(
            f'<path class="whisker" d="M{self._right(x):.1f} {self._down(low):.1f}V{self._down(high):.1f}"/>'
        )

    def label(self, x: float, y: float, words: Text, align: str = "end") -> None:
        """Words beside a line, at a place of the axes."""
        self._write(self._right(x), self._down(y), words, f"tick {align}")

    def drawn(self, about: Words) -> Markup:
        """The drawing; `about` says what it shows to who cannot see it."""
        name = in_all(about, self.languages)
        opening = f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        return _markup(opening + "".join(self.parts) + "</svg>")

    def _write(self, x: float, y: float, words: Text, style: str) -> None:
        self.parts.append(_text(x, y, words, style, self.languages))

    def _right(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.x[0]) / (self.x[1] - self.x[0])

    def _down(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.y[0]) / (self.y[1] - self.y[0])


def thinned(points: Sequence[Point]) -> list[Point]:
    """At most MAX_POINTS points: the means of equal stretches.

    >>> thinned([(0, 1), (1, 3)])
    [(0, 1), (1, 3)]
    """
    if len(points) <= MAX_POINTS:
        return list(points)
    edges = [len(points) * place // MAX_POINTS for place in range(MAX_POINTS + 1)]
    stretches = [points[start:stop] for start, stop in itertools.pairwise(edges)]
    return [(sum(x for x, _ in part) / len(part), sum(y for _, y in part) / len(part)) for part in stretches]


def reliability_chart(curve: Reliability, languages: Sequence[str] = LANGUAGES) -> Markup:
    """The share observed over the mean probability of each bin; on the diagonal probabilities are frequencies."""
    plane = Plane(curve.name, (0, 1), (0, 1), percent=("x", "y"), languages=languages)
    plane.line([(0, 0), (1, 1)], "reference")
    seen = [(entry.mean, entry.observed) for entry in curve.bins if entry.observed.estimable]
    for mean, observed in seen:
        plane.interval(mean, observed.low, observed.high)
    plane.dots([(mean, observed.value) for mean, observed in seen])
    plane.name_x(say("figure.predicted-probability"))
    return plane.drawn(curve.about)


def _ticks(low: float, high: float) -> list[float]:
    """Round places from `low` to `high`, three to seven of them."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
    return [low + place * step for place in range(int((high - low) / step + 1e-9) + 1)]


def _tick(value: float, axis: tuple[float, float], percent: bool) -> str:
    if percent:
        return f"{100 * value:.0f} %"
    return f"{value:.0f}" if axis[1] - axis[0] >= 8 else f"{value:.2f}"


def _text(x: float, y: float, words: Text, style: str, languages: Sequence[str]) -> str:
    opening = f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"'
    if isinstance(words, str):
        return f"{opening}>{escape(printable(words))}</text>"
    texts = {tag_of(language): words.shown(language) for language in languages}
    if len(set(texts.values())) == 1:
        return f"{opening}>{escape(words.shown(languages[0]))}</text>"
    return "".join(f'{opening} lang="{tag}">{escape(line)}</text>' for tag, line in texts.items())


def _markup(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704 - numbers, and words that were escaped
