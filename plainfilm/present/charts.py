"""Drawings as small SVG inside the page: words in both languages, colours of the page, readable in grey print.

Nothing is told by colour alone: lines differ in dashes and width, and numbers stand beside the bars.
"""

import itertools
import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from plainfilm.locales import tag_of
from plainfilm.messages import LANGUAGES, Text, Words, say
from plainfilm.present.blocks import Bar, Reliability, Trend
from plainfilm.present.markup import in_all
from plainfilm.text import printable

Point = tuple[float, float]
WIDTH, WIDE, HEIGHT = 340, 720, 230
LEFT, RIGHT, TOP, BOTTOM = 46, 22, 26, 40  # margins
MAX_POINTS, MAX_POINTS_WIDE = 160, 640  # of a curve
MAX_TICKS = 7


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
        width: int = WIDTH,
        is_log: bool = False,
    ) -> None:
        """`x`, `y`: the ranges of the axes; `percent`: the axes ("x", "y") in percent; `is_log`: y is logarithmic."""
        self.x, self.y, self.languages, self.width, self.is_log = x, y, languages, width, is_log
        self.parts: list[str] = []
        self._write(LEFT - 38, 14, title, "chart-title")
        for place in _log_ticks(*y) if is_log else _ticks(*y):
            name = f"{place:g}" if is_log else _tick(place, y, "y" in percent)
            self.parts.append(f'<path class="grid" d="M{LEFT} {self._down(place):.1f}H{width - RIGHT}"/>')
            self._write(LEFT - 6, self._down(place) + 4, name, "tick end")
        for place in _ticks(*x):
            self._write(self._right(place), HEIGHT - BOTTOM + 16, _tick(place, x, "x" in percent), "tick middle")
        self.parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{width - RIGHT}"/>')

    def name_x(self, words: Text) -> None:
        """Name the horizontal axis."""
        self._write((LEFT + self.width - RIGHT) / 2, HEIGHT - 6, words, "tick middle")

    def line(self, points: Sequence[Point], style: str) -> None:
        """Join points; `style` is a class of the style sheet."""
        if points:
            shown = thinned(points, MAX_POINTS if self.width == WIDTH else MAX_POINTS_WIDE)
            path = "L".join(f"{self._right(x):.1f} {self._down(y):.1f}" for x, y in shown)
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

    def mark(self, x: float, words: Text, *, is_left: bool) -> None:
        """An upright line from the axis to the top, with words beside it, at its left or right."""
        place, align, aside = self._right(x), "end" if is_left else "start", -5 if is_left else 5
        self.parts.append(f'<path class="mark" d="M{place:.1f} {TOP}V{HEIGHT - BOTTOM}"/>')
        self._write(place + aside, TOP + 10, words, f"tick {align}")

    def drawn(self, about: Words) -> Markup:
        """The drawing; `about` says what it shows to who cannot see it."""
        name = in_all(about, self.languages)
        style = "chart" if self.width == WIDTH else "chart wide"
        opening = f'<svg class="{style}" viewBox="0 0 {self.width} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        return _markup(opening + "".join(self.parts) + "</svg>")

    def _write(self, x: float, y: float, words: Text, style: str) -> None:
        self.parts.append(_text(x, y, words, style, self.languages))

    def _right(self, value: float) -> float:
        return LEFT + (self.width - LEFT - RIGHT) * (value - self.x[0]) / (self.x[1] - self.x[0])

    def _down(self, value: float) -> float:
        low, high = self.y
        if self.is_log:
            value, low, high = (math.log(max(bound, low)) for bound in (value, low, high))
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)


def thinned(points: Sequence[Point], most: int = MAX_POINTS) -> list[Point]:
    """At most so many points: the means of equal stretches.

    >>> thinned([(0, 1), (1, 3)])
    [(0, 1), (1, 3)]
    """
    if len(points) <= most:
        return list(points)
    edges = [len(points) * place // most for place in range(most + 1)]
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


def trend_chart(trend: Trend, languages: Sequence[str] = LANGUAGES) -> Markup:
    """A distance over windows, and the limit at 1; where it moved, and the window that first alarmed."""
    last = len(trend.distances)
    width = WIDE if trend.is_wide else WIDTH
    plane = Plane(trend.name, (0, max(last, 8)), trend.between, languages=languages, width=width, is_log=True)
    plane.line([(1, 1), (max(last, 8), 1)], "reference")
    plane.line(list(enumerate(trend.distances, start=1)), "curve")
    if trend.move is not None:
        start = trend.move.first + 0.5
        plane.mark(start, trend.since, is_left=2 * start > last)
        plane.line([(1, trend.move.before), (start, trend.move.before)], "curve second")
        plane.line([(start, trend.move.after), (last, trend.move.after)], "curve second")
    if trend.alarm is not None:
        plane.dots([(trend.alarm + 1, trend.distances[trend.alarm])])
    plane.name_x(trend.axis)
    return plane.drawn(trend.about)


def _log_ticks(low: float, high: float) -> list[float]:
    """Round places from `low` to `high`: 1, 2 and 5 of each power of ten, or fewer.

    >>> _log_ticks(0.2, 10)
    [0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1,)):
        found = [float(f"{factor}e{power}") for power in powers for factor in factors]
        found = [place for place in found if low <= place <= high]
        if len(found) <= MAX_TICKS:
            break
    return found[:: math.ceil(len(found) / MAX_TICKS)]


def _ticks(low: float, high: float) -> list[float]:
    """Round places from `low` to `high`, three to seven of them."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    factors = (1, 2, 5, 10) if power == 1 else (1, 2, 2.5, 5, 10)  # 2.5 would be shown as 2
    step = next(factor * power for factor in factors if factor * power >= rough)
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
