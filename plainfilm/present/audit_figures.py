"""The figures of an audit, in the manner of `figures`: readable in grey, the same bytes from the same data."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from plainfilm.audits.shortcuts import Shortcuts
from plainfilm.messages import text
from plainfilm.present.figures import render

LUNGLESS, LUNG, MODEL = "0.5", "0.82", "white"
ROW_INCHES = 0.32


def draw_shortcuts(found: Shortcuts, path: Path, *, language: str) -> tuple[str, ...]:
    """Accuracy of every view, with its interval, between chance (line) and the model (last bar); returns notices."""
    rows = [(row.name, row.accuracy, LUNGLESS if row.lungless else LUNG) for row in found.views]
    if found.model is not None:
        rows.append(("model", found.model, MODEL))

    def draw(figure: Figure, language: str, _: Sequence[str]) -> None:
        axes = figure.subplots()
        for place, (_name, accuracy, shade) in enumerate(rows):
            error = [[accuracy.value - accuracy.low], [accuracy.high - accuracy.value]]
            axes.barh(place, accuracy.value, 0.66, color=shade, edgecolor="black", linewidth=0.7)
            axes.errorbar(accuracy.value, place, xerr=error, color="black", linestyle="", elinewidth=1, capsize=2.5)
            shown = text("figure.percent", language, value=100 * accuracy.value)
            axes.text(accuracy.high + 0.015, place, shown, va="center", size=8)
        axes.axvline(found.chance.value, color="black", linestyle="--", linewidth=1)
        axes.set_yticks(range(len(rows)), [text(f"view.{name}", language) for name, _, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.invert_yaxis()
        axes.set_xlim(0, 1.12)
        axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=text("figure.percent-sign", language)))
        axes.set_xlabel(text("shortcuts.accuracy", language))
        keys = [(LUNGLESS, "figure.shortcut-lungless"), (LUNG, "figure.shortcut-lung")]
        (line,) = axes.plot([], [], color="black", linestyle="--", label=text("view.chance", language))
        bars = [Patch(facecolor=shade, edgecolor="black", label=text(key, language)) for shade, key in keys]
        figure.legend(handles=[*bars, line], loc="outside upper center", ncols=3)

    return render(path, draw, language, (), width=6.2, height=1.3 + ROW_INCHES * len(rows))
