"""The figures of a report, as PNG files: the course of a training, the confusion matrix, the ROC curves, reliability,
risk and coverage.

- They are read in grey print: shades, line styles and markers carry what colour carries.
- The same data give the same bytes on one machine, whatever the user's matplotlib settings; pyplot is not used.
- Chinese is drawn with a Chinese font that is installed. Without one the labels are English and class names that cannot
  be drawn are numbered; the function then returns a notice: codes for `plainfilm.messages.text`.
"""

import contextlib
import io
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib.style
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from plainfilm.data.sources.own_output import SOFTWARE
from plainfilm.estimate import Estimate
from plainfilm.evaluation.known import is_known
from plainfilm.evaluation.metrics import Floats, Integers, ratio, roc_curve
from plainfilm.evaluation.reliability import Bin
from plainfilm.evaluation.selective import RiskCoverage
from plainfilm.io.files import write_bytes
from plainfilm.locales import FALLBACK
from plainfilm.messages import text
from plainfilm.text import printable, wrapped

LATIN_FONT = "DejaVu Sans"  # comes with matplotlib
CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Hiragino Sans GB",
    "SimHei",
    "Noto Sans CJK JP",  # the face that matplotlib before 3.11 finds in the Noto collection; it has every character
)
"""Simplified Chinese, best first."""
STYLE = {
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.linewidth": 0.7,
    "axes.edgecolor": "0.3",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": False,
    "grid.color": "0.9",
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "text.parse_math": False,  # a class may be called $a$
    "figure.dpi": 200,
}
LINES = (("#000000", "-"), ("#0072b2", "--"), ("#d55e00", "-."), ("#009e73", ":"), ("#999999", "-"), ("#cc79a7", "--"))
"""Colour (Okabe & Ito's, told apart by the colour-blind) and line style of the classes, in turn."""
MARKERS = "os^Dv*"
"""Of the classes, in turn, where points are joined by no line."""
CORNER_AUC = 0.95
"""If every AUC is above this, the ROC plot enlarges its upper left corner (no such curve passes under the panel)."""
NUM_SMOOTHED_PARTS = 40
NAME_WIDTH = 16  # characters a line
TITLE_WIDTH = 26  # of a panel, characters a line
PANELS_A_ROW = 4


def draw_history(
    history: Sequence[Mapping[str, float]],
    validation: Sequence[Mapping[str, float]],
    path: Path,
    *,
    language: str,
    right: str = "figure.accuracy",
) -> tuple[str, ...]:
    """Loss and accuracy (0 to 1), which is called `right`, over the steps of a training; returns notices.

    A row of `history` is a step (step, epoch, loss, accuracy); a row of `validation` is an epoch (epoch, loss,
    accuracy), drawn at the epoch's last step. Either may lack rows.
    """

    def draw(figure: Figure, language: str, _: Sequence[str]) -> None:
        loss, accuracy = figure.subplots(1, 2)
        for axes, key in ((loss, "loss"), (accuracy, "accuracy")):
            _draw_course(axes, key, history, validation, language)
        accuracy.set_ylabel(text(right, language))
        loss.set_ylim(bottom=0)
        accuracy.set_ylim(top=1.02)
        accuracy.yaxis.set_major_formatter(PercentFormatter(1, symbol=text("figure.percent-sign", language)))
        handles, labels = loss.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)

    return render(path, draw, language, (), width=7.0, height=3.0)


def draw_confusion(counts: Integers, display_names: Sequence[str], path: Path, *, language: str) -> tuple[str, ...]:
    """Counts (K, K) with the share of each row, which also is the shade; returns notices."""
    shares = ratio(counts, counts.sum(1, keepdims=True))

    def draw(figure: Figure, language: str, names: Sequence[str]) -> None:
        axes = figure.subplots()
        axes.imshow(np.nan_to_num(shares), cmap="Greys", vmin=0, vmax=1.35)
        ticks = [textwrap.fill(name, NAME_WIDTH) for name in names]
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_yticks(range(len(ticks)), ticks)
        axes.set_xticks(np.arange(len(ticks) - 1) + 0.5, minor=True)
        axes.set_yticks(np.arange(len(ticks) - 1) + 0.5, minor=True)
        axes.grid(visible=True, which="minor", color="0.8", linewidth=0.7)
        axes.tick_params(which="both", length=0)
        axes.spines[:].set(visible=True, color="0.8")
        axes.set_xlabel(text("figure.predicted-class", language), labelpad=8)
        axes.set_ylabel(text("figure.true-class", language), labelpad=8)
        for (row, column), share in np.ndenumerate(shares):
            colour = "white" if share > 0.55 else "black"
            shown = "–" if math.isnan(share) else text("figure.percent", language, value=100 * share)
            axes.text(column, row - 0.1, str(counts[row, column]), ha="center", va="center", color=colour, size=11)
            axes.text(column, row + 0.17, shown, ha="center", va="center", color=colour, size=8)

    side = 1.6 + 0.9 * len(counts)
    return render(path, draw, language, display_names, width=side + 0.3, height=side)


def draw_roc(
    probabilities: Floats,
    labels: Integers,
    display_names: Sequence[str],
    path: Path,
    *,
    language: str,
    aucs: Sequence[Estimate],
) -> tuple[str, ...]:
    """One ROC curve a class, against the rest: probabilities (N, K), labels (N,); returns notices.

    A class whose AUC is not estimable has no curve and says so in the legend.
    """

    def draw(figure: Figure, language: str, names: Sequence[str]) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8)
        panels = [axes]
        if all(auc.value > CORNER_AUC for auc in aucs if auc.estimable):
            panels.append(_corner(axes))
        entries = []
        for k, (name, auc) in enumerate(zip(names, aucs, strict=True)):
            colour, style = LINES[k % len(LINES)]
            rates = roc_curve(probabilities[:, k], labels == k) if auc.estimable else ((), ())
            lines = [panel.plot(*rates, color=colour, linestyle=style)[0] for panel in panels]
            entries.append((lines[0], f"{name}  {auc.in_decimals().shown(language)}"))
        axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
        axes.grid(visible=True)
        axes.set_xlabel(text("figure.false-positive-rate", language))
        axes.set_ylabel(text("figure.sensitivity", language))
        handles, words = zip(*entries, strict=True)
        axes.legend(handles, words, title=text("figure.auc", language), loc="lower right", handlelength=3)

    return render(path, draw, language, display_names, width=4.6, height=4.6)


def draw_roc_panels(
    probabilities: Floats,
    targets: Floats,
    display_names: Sequence[str],
    path: Path,
    *,
    language: str,
    aucs: Sequence[Estimate],
) -> tuple[str, ...]:
    """The ROC curve of each finding in a panel of its own: probabilities and targets (N, K); returns notices.

    Only films of which a finding is known to be present (1) or absent (0) count. Without an AUC there is no curve.
    """

    def draw(figure: Figure, language: str, names: Sequence[str]) -> None:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
        for k, (name, auc) in enumerate(zip(names, aucs, strict=True)):
            panel, known = panels[k], is_known(targets[:, k])
            panel.plot([0, 1], [0, 1], color="0.75", linewidth=0.8)
            if auc.estimable:
                panel.plot(*roc_curve(probabilities[known, k], targets[known, k] == 1), color="black")
            title = [*wrapped(name, TITLE_WIDTH), auc.in_decimals().shown(language)]
            panel.set_title("\n".join(title), fontsize=8, linespacing=1.3)
            panel.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1), aspect="equal")
            panel.grid(visible=True)
            panel.tick_params(labelbottom=k + columns >= len(names))
        for panel in panels[len(names) :]:
            panel.remove()
        heading = wrapped(text("figure.auc-of-findings", language), columns * TITLE_WIDTH)
        figure.suptitle("\n".join(heading), fontsize=9)
        figure.supxlabel(text("figure.false-positive-rate", language), fontsize=9)
        figure.supylabel(text("figure.sensitivity", language), fontsize=9)

    columns = min(len(display_names), PANELS_A_ROW)
    rows = -(-len(display_names) // columns)
    return render(path, draw, language, display_names, width=0.6 + 1.75 * columns, height=0.8 + 1.95 * rows)


def draw_reliability(
    curves: Sequence[Sequence[Bin]], display_names: Sequence[str], path: Path, *, language: str
) -> tuple[str, ...]:
    """The reliability of each class, bin by bin, over how many films each bin holds; returns notices."""

    def draw(figure: Figure, language: str, names: Sequence[str]) -> None:
        axes, below = figure.subplots(2, sharex=True, height_ratios=(4, 1))
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=0.8)
        for k, (name, bins) in enumerate(zip(names, curves, strict=True)):
            colour, marker = LINES[k % len(LINES)][0], MARKERS[k % len(MARKERS)]
            observed = [entry.observed for entry in bins]
            means, values = [entry.mean for entry in bins], [entry.value for entry in observed]
            errors = [[e.value - e.low for e in observed], [e.high - e.value for e in observed]]
            points = axes.errorbar(means, values, errors, color=colour, linestyle="", elinewidth=0.8, label=name)
            points.lines[0].set(marker=marker, markersize=4.5)
            width = 0.8 * (bins[0].high - bins[0].low) / len(names)
            places = [(e.low + e.high) / 2 + (k - (len(names) - 1) / 2) * width for e in bins]
            below.bar(places, [entry.n for entry in observed], width, color=colour)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.grid(visible=True)
        axes.set_ylabel(text("figure.observed-share", language))
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
        below.set_yscale("log")
        below.set_ylim(bottom=0.5)
        below.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
        below.set_ylabel(text("figure.films", language))
        below.set_xlabel(text("figure.predicted-probability", language))

    return render(path, draw, language, display_names, width=4.6, height=5.4)


def draw_risk_coverage(found: RiskCoverage, path: Path, *, language: str) -> tuple[str, ...]:
    """Accuracy among the films that the model is surest of, by their share; returns notices.

    The horizontal line is the accuracy on all films.
    """

    def draw(figure: Figure, language: str, _: Sequence[str]) -> None:
        axes = figure.subplots()
        kept = [point.share for point in found.curve]
        accuracies = [point.accuracy for point in found.curve]
        axes.fill_between(
            kept, [entry.low for entry in accuracies], [entry.high for entry in accuracies], color="0.88", linewidth=0
        )
        last = accuracies[-1]
        label = f"{text('figure.all-films', language)}  {last.in_percent().shown(language)}"
        axes.axhline(last.value, color="0.45", linestyle="--", linewidth=0.8, label=label)
        area = found.aurc.in_decimals().shown(language)
        label = f"{text('figure.aurc', language)}  {area}"
        axes.plot(kept, [entry.value for entry in accuracies], color="black", marker="o", markersize=3, label=label)
        axes.set(xlim=(0, 1.02), ylim=(max(0.0, min(entry.low for entry in accuracies) - 0.02), 1.005))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, symbol=text("figure.percent-sign", language)))
        axes.grid(visible=True)
        axes.set_xlabel(text("figure.coverage", language))
        axes.set_ylabel(text("figure.kept-accuracy", language))
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center")

    return render(path, draw, language, (), width=4.6, height=4.2)


def _corner(axes: Axes) -> Axes:
    """A panel that enlarges the upper left corner of an ROC plot, where good curves lie on one another."""
    corner = axes.inset_axes((0.42, 0.34, 0.48, 0.48))
    corner.set(xlim=(-0.004, 0.2), ylim=(0.8, 1.004), xticks=(0, 0.1, 0.2), yticks=(0.8, 0.9, 1))
    corner.grid(visible=True)
    corner.spines[:].set(visible=True)
    axes.indicate_inset(corner.viewLim.bounds, edgecolor="0.5", linewidth=0.6)
    return corner


def _draw_course(
    axes: Axes,
    key: str,
    history: Sequence[Mapping[str, float]],
    validation: Sequence[Mapping[str, float]],
    language: str,
) -> None:
    steps, values = [row["step"] for row in history], np.array([row[key] for row in history])
    window = max(1, len(values) // NUM_SMOOTHED_PARTS)
    axes.plot(steps, values, color="0.78", linewidth=0.6, label=text("figure.training", language))
    if window > 1:
        label = text("figure.running-mean", language, count=window)
        axes.plot(steps, _running_mean(values, window), color="black", label=label)
    if validation:
        last_step = {row["epoch"]: row["step"] for row in history}
        ends = [last_step[row["epoch"]] for row in validation]
        (line,) = axes.plot(ends, [row[key] for row in validation], label=text("figure.validation", language))
        line.set(color="#0072b2", linestyle="--", linewidth=0.9, marker="o", markersize=4.5, markerfacecolor="white")
    axes.set_xlabel(text("figure.step", language))
    axes.set_ylabel(text(f"figure.{key}", language))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(visible=True)


def _running_mean(values: Floats, window: int) -> Floats:
    """Mean of the `window` values around each value, of fewer at the ends: (S,) -> (S,)."""
    sums = np.append(0, np.cumsum(values))
    places = np.arange(len(values))
    start, stop = np.maximum(places - window // 2, 0), np.minimum(places + (window + 1) // 2, len(values))
    return np.asarray((sums[stop] - sums[start]) / (stop - start))


def render(
    path: Path,
    draw: Callable[[Figure, str, Sequence[str]], None],
    language: str,
    names: Sequence[str],
    *,
    width: float,
    height: float,
) -> tuple[str, ...]:
    """Write what `draw` draws on a figure of `width` x `height` inches, given the language and the names to show."""
    fonts, language, names, notices = _legible(language, names)
    with matplotlib.style.context(["default", STYLE | {"font.family": fonts}]):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure, language, names)
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": SOFTWARE})
    write_bytes(path, png.getvalue())
    return notices


def _legible(language: str, names: Sequence[str]) -> tuple[list[str], str, Sequence[str], tuple[str, ...]]:
    """Fonts, language and names with which no character is missing, and notices of what had to change."""
    is_latin = _drawable(text("figure.accuracy", language), [LATIN_FONT])  # the language, by one of its words
    chinese = None if is_latin and all(_drawable(name, [LATIN_FONT]) for name in names) else _chinese_font()
    fonts = [LATIN_FONT] if chinese is None else [LATIN_FONT, chinese] if is_latin else [chinese, LATIN_FONT]
    shown_language = language if is_latin or chinese is not None else FALLBACK
    shown_names = [
        name if _drawable(name, fonts) else text("figure.class", shown_language, number=number)
        for number, name in enumerate(map(printable, names), start=1)
    ]
    unchanged = shown_language == language and shown_names == list(map(printable, names))
    return fonts, shown_language, shown_names, () if unchanged else ("figure-font-missing",)


def has_chinese_font() -> bool:
    """Whether figures can be labelled in Chinese."""
    return _chinese_font() is not None


def drawing_fonts() -> list[str]:
    """The fonts for labels in English and Chinese at once: a Latin one, and a Chinese one if there is one."""
    chinese = _chinese_font()
    return [LATIN_FONT] if chinese is None else [LATIN_FONT, chinese]


def _chinese_font() -> str | None:
    """The best Chinese font that is installed; looked for once more if matplotlib lists none.

    matplotlib keeps its list of fonts in the user's cache and never looks again: it knows no font that came later.
    """
    listed = _listed_fonts()
    if listed.isdisjoint(CHINESE_FONTS):
        _list_new_fonts()
        listed = _listed_fonts()
    return next((name for name in CHINESE_FONTS if name in listed), None)


def _listed_fonts() -> set[str]:
    """The names of the fonts that matplotlib lists and that were not removed since."""
    return {entry.name for entry in font_manager.fontManager.ttflist if Path(entry.fname).exists()}


def _list_new_fonts() -> None:
    """List, for this process alone, the fonts of this machine that matplotlib does not list."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in set(font_manager.findSystemFonts()) - known:
        with contextlib.suppress(OSError, RuntimeError, ValueError):  # a damaged file, or of a kind that is not drawn
            font_manager.fontManager.addfont(path)


def _drawable(name: str, fonts: Sequence[str]) -> bool:
    known = [font_manager.get_font(font_manager.findfont(font)).get_charmap() for font in fonts]
    return all(any(ord(character) in characters for characters in known) for character in name)
