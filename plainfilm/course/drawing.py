"""Pictures for the course's cells. Labels are in English and Chinese at once: a picture serves every language.

Without an installed Chinese font the Chinese is left out; `plainfilm doctor` says which font to install.
"""

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from numpy.typing import ArrayLike, NDArray

from plainfilm.present.figures import LINES, STYLE, drawing_fonts

P = ParamSpec("P")
R = TypeVar("R")
Grey = NDArray[np.uint8]
EDGE = "#00e5ff"
LEGIBLE = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.6}
EVIDENCE = LinearSegmentedColormap.from_list(  # against a class, nothing, for it; nothing is clear
    "evidence", [(0.1, 0.4, 1.0, 0.8), (0.5, 0.5, 0.5, 0.0), (1.0, 0.55, 0.0, 0.8)]
)
UPWARDS = {"arrowstyle": "<-", "linewidth": 0.9}


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture that a notebook shows."""

    png: bytes

    @classmethod
    def of(cls, figure: Figure) -> "Picture":
        """What is drawn on a figure."""
        return cls(styled(_png)(figure))

    @classmethod
    def at(cls, path: Path) -> "Picture":
        """The picture of a PNG file."""
        return cls(path.read_bytes())

    def __repr__(self) -> str:
        return f"<a picture, {len(self.png)} bytes>"

    def _repr_png_(self) -> bytes:
        return self.png


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=140, metadata={"Software": None})
    return buffer.getvalue()


def label(english: str, chinese: str) -> str:
    """A label in both languages, or in English where no Chinese can be drawn."""
    return f"{english} {chinese}" if len(drawing_fonts()) > 1 else english


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which draws in the project's style and leaves matplotlib's settings as they were."""

    @functools.wraps(function)
    def draw(*arguments: P.args, **options: P.kwargs) -> R:
        with matplotlib.rc_context(STYLE | {"font.family": drawing_fonts()}):  # type: ignore[arg-type]
            return function(*arguments, **options)

    return draw


@styled
def panels(rows: int = 1, columns: int = 1, *, width: float = 7.0, height: float = 2.8) -> tuple[Figure, list[Axes]]:
    """A figure of `width` x `height` inches in the project's style, and its axes, row by row."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, list(np.ravel(figure.subplots(rows, columns, squeeze=False)))


@styled
def films(
    shown: Mapping[str, Grey], *, outlines: Sequence[NDArray[np.bool_]] = (), columns: int = 3, side: float = 1.7
) -> Picture:
    """Films (H, W) uint8 beside each other, by their titles; `outlines`: a mask (H, W) for each, drawn as its edge."""
    figure, axes = _titled(list(shown), columns, side)
    for place, film in zip(axes, shown.values(), strict=False):
        place.imshow(film, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    for place, mask in zip(axes, outlines, strict=False):
        _outline(place, mask)
    return Picture.of(figure)


@styled
def overlaid(
    shown: Mapping[str, tuple[Grey, NDArray[np.float32], NDArray[np.bool_]]], *, columns: int = 3, side: float = 2.1
) -> Picture:
    """Films (H, W) by title, with a map (h, w) over each, its numbers in its cells, and the outline of a mask (H, W).

    Orange speaks for the class, blue against it, by one scale for all.
    """
    figure, axes = _titled(list(shown), columns, side)
    most = max(float(np.abs(values).max()) for _, values, _ in shown.values())
    for place, (film, values, mask) in zip(axes, shown.values(), strict=False):
        (height, width), (cells_high, cells_wide) = film.shape, values.shape
        place.imshow(film, cmap="gray", vmin=0, vmax=255, extent=(0, width, height, 0))
        place.imshow(values, cmap=EVIDENCE, vmin=-most, vmax=most, extent=(0, width, height, 0))
        for (row, column), value in np.ndenumerate(values):
            middle = (column + 0.5) * width / cells_wide, (row + 0.5) * height / cells_high
            place.text(*middle, f"{value:.1f}", ha="center", va="center", fontsize=6, bbox=LEGIBLE)
        _outline(place, mask)
    return Picture.of(figure)


def _titled(titles: Sequence[str], columns: int, side: float) -> tuple[Figure, list[Axes]]:
    """A figure with a place of `side` inches for each title, row by row, and the places."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    figure, axes = panels(rows, columns, width=side * columns, height=(side + 0.25) * rows)
    for place in axes:
        place.set_axis_off()
    for place, title in zip(axes, titles, strict=False):
        place.set_title(title, fontsize=8)
    return figure, axes


def _outline(place: Axes, mask: NDArray[np.bool_]) -> None:
    """The edge of a mask (H, W), if it has one."""
    if mask.any():
        place.contour(mask, levels=[0.5], colors=EDGE, linewidths=1.2)


@styled
def curves(axes: Axes, lines: Mapping[str, ArrayLike], *, x: str, y: str, over: ArrayLike | None = None) -> None:
    """Curves by their names into axes, told apart also without colour; `over`: their places, else 0, 1, 2, ..."""
    for (name, values), (colour, style) in zip(lines.items(), LINES, strict=False):
        points = np.asarray(values)
        axes.plot(np.arange(len(points)) if over is None else over, points, color=colour, linestyle=style, label=name)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True)
    if len(lines) > 1:
        axes.legend()


@styled
def bars(axes: Axes, values: Mapping[str, tuple[float, float, float]], *, x: str) -> None:
    """Values with their intervals (value, low, high), 0 to 1, one below the other."""
    for place, (value, low, high) in enumerate(values.values()):
        axes.plot([low, high], [place, place], color="black", linewidth=1.2)
        axes.plot(value, place, "o", color="black", markersize=4)
    axes.set_yticks(range(len(values)), list(values))
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(x)
    axes.grid(visible=True, axis="x")


@styled
def blocks(columns: Mapping[str, Sequence[str]], shortcuts: Mapping[str, str]) -> Picture:
    """Layers of blocks, from top to bottom, by title; `shortcuts`: what the way around is called, by title."""
    figure, axes = panels(1, len(columns), width=3.2 * len(columns), height=3.6)
    for place, (title, layers) in zip(axes, columns.items(), strict=True):
        place.set(xlim=(0, 1.1), ylim=(len(layers) + 2, -0.6))
        place.set_axis_off()
        place.set_title(title)
        ends = len(layers) + 0.6
        place.plot([0.4, 0.4], [-0.5, ends], color="black", linewidth=0.9, zorder=0)
        place.annotate(
            "ReLU", (0.4, ends + 0.15), (0.4, ends + 1.1), ha="center", va="center", fontsize=8, arrowprops=UPWARDS
        )
        for number, layer in enumerate(layers):
            box = FancyBboxPatch((0.05, number), 0.7, 0.55, "round,pad=0.02", facecolor="white", edgecolor="black")
            place.add_patch(box)
            place.text(0.4, number + 0.28, layer, ha="center", va="center", fontsize=8)
        around = shortcuts.get(title)
        if around is not None:
            place.plot([0.4, 0.95, 0.95], [-0.3, -0.3, ends], color="#d55e00", linewidth=1.3)
            place.annotate(
                "", (0.46, ends), (0.957, ends), arrowprops={"arrowstyle": "->", "linewidth": 1.3, "color": "#d55e00"}
            )
            place.text(0.98, ends / 2 - 0.2, around, rotation=90, ha="left", va="center", fontsize=8, color="#d55e00")
            place.text(
                0.4,
                ends,
                "+",
                ha="center",
                va="center",
                fontsize=11,
                bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white"},
            )
    return Picture.of(figure)
