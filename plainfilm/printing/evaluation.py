"""Figures on a terminal: each with its interval and n."""

from collections.abc import Sequence
from typing import Any

from plainfilm.evaluation.coverage import MARK, is_marked, lowest_marked
from plainfilm.evaluation.intervals import Estimate
from plainfilm.model.card import Card
from plainfilm.present.terminal import Terminal
from plainfilm.text import printable

CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", "auc")
DECIMALS = ("auc", "macro_auc", "log_loss", "brier", "aurc")  # the others are shares, shown in percent
SURE_SHARE = 0.8  # of the films: how accurate the model is on those that it is most sure of


def print_evaluation(terminal: Terminal, figures: dict[str, Any], card: Card, *, films: str = "test") -> None:
    """Every figure of an evaluation with its interval and n; `films` says of which films it is."""
    language = terminal.language
    if "balance" in figures:
        print_left_out(terminal, figures["balance"])
    terminal.say("evaluation.title", films=films, n=figures["accuracy"]["n"])
    if figures["leaking"]:
        terminal.say("evaluation.leaking")
    names = ("accuracy", "balanced_accuracy", "macro_auc", "log_loss", "brier")
    overall = [[terminal.text(f"figure.{name}"), shown_figure(figures[name], name, language)] for name in names]
    overall += [
        *calibration_rows(terminal, figures["calibration"]),
        *confidence_rows(terminal, figures["risk_coverage"]),
    ]
    terminal.table([terminal.text(f"evaluation.{heading}") for heading in ("figure", "interval")], overall, left=2)
    by_class = [
        [
            entry.shown(language) if name == CLASS_FIGURES[0] else "",
            terminal.text("evaluation.auc" if name == "auc" else f"figure.{name}"),
            shown_figure(figures["classes"][entry.name][name], name, language),
        ]
        for entry in card.classes
        for name in CLASS_FIGURES
    ]
    terminal.table(
        [terminal.text(f"evaluation.{heading}") for heading in ("class", "figure", "interval")], by_class, left=3
    )
    print_missed(terminal, [figures[name] for name in names], figures["classes"])
    print_subgroups(terminal, figures["subgroups"])
    print_gate(terminal, figures["gate"])
    if figures["sets"] is not None:
        print_sets(terminal, figures["sets"], card)
    counts = figures["confusion"]["counts"]
    shown = [entry.shown(language) for entry in card.classes]
    terminal.table(
        [terminal.text("evaluation.confusion"), *shown], [[name, *row] for name, row in zip(shown, counts, strict=True)]
    )
    left_out = ", ".join(f"{printable(label)} {count}" for label, count in figures["left_out"].items())
    if left_out:
        terminal.say("evaluation.left-out", left_out=left_out)
    tutorial = figures["tutorial"]
    terminal.line(f"Eval Loss:{tutorial['loss']:.5f},Acc:{tutorial['accuracy']:.5f}")


def print_left_out(terminal: Terminal, balance: dict[str, Any]) -> None:
    """That most films are left out, where they are."""
    lost, used = balance["lost"], balance["used"]
    if lost > used:
        terminal.say("evaluation.most-left-out", left_out=lost, films=lost + used, used=used)


def calibration_rows(terminal: Terminal, figures: dict[str, Any]) -> list[list[str]]:
    """The calibration error, and what perfect probabilities would show."""
    error, floor = Estimate.from_dict(figures["expected_calibration_error"]), figures["noise_floor"]
    return [
        [terminal.text("figure.calibration"), error.decimal(terminal.language)],
        [terminal.text("figure.noise_floor"), terminal.text("evaluation.noise-floor", **floor)],
    ]


def confidence_rows(terminal: Terminal, figures: dict[str, Any]) -> list[list[str]]:
    """The area under the curve of risk and coverage, and a point of the curve."""
    sure = min(figures["curve"], key=lambda point: abs(point["share"] - SURE_SHARE))
    return [
        [terminal.text("figure.aurc"), shown_figure(figures["aurc"], "aurc", terminal.language)],
        [
            terminal.text("figure.sure", share=100 * sure["share"]),
            shown_figure(sure["accuracy"], "sure", terminal.language),
        ],
    ]


def print_missed(terminal: Terminal, overall: Sequence[dict[str, Any]], classes: dict[str, Any]) -> None:
    """What the mark means, where a figure has it."""
    every = [*overall, *(figure for of_class in classes.values() for figure in of_class.values())]
    coverage = lowest_marked(every)
    if coverage is not None:
        terminal.say("evaluation.missed", mark=MARK, coverage=100 * coverage)


def print_subgroups(terminal: Terminal, figures: dict[str, Any]) -> None:
    """Accuracy by sex, age, view and source, where a table gave them."""
    rows = []
    for column, parts in figures.items():
        name = terminal.text(f"subgroup.{column}")
        for part, found in parts.items():
            few = terminal.text("subgroup.too-few", n=found["n"])
            shown = few if found["too_few"] else shown_figure(found["accuracy"], "accuracy", terminal.language)
            rows.append([name, part or terminal.text("subgroup.unknown"), shown])
            name = ""
    if rows:
        headings = [terminal.text("subgroup.column"), terminal.text("subgroup.part"), terminal.text("figure.accuracy")]
        terminal.table(headings, rows, left=3)


def print_gate(terminal: Terminal, figures: dict[str, Any]) -> None:
    """How many of these films the gate would refuse, and why. The figures count them all the same."""
    refused = Estimate.from_dict(figures["refused"]).percent(terminal.language)
    terminal.say("evaluation.gate" if figures["fitted"] else "evaluation.gate-rules", refused=refused)
    for code, count in figures["reasons"].items():
        terminal.say("evaluation.gate-reason", count=count, reason=terminal.text(code))


def print_sets(terminal: Terminal, figures: dict[str, Any], card: Card) -> None:
    """How often the sets hold the true class, by class too, and how often they decide."""
    language, asked = terminal.language, 100 * figures["asked"]
    coverage = terminal.text("sets.coverage", asked=asked)
    rows = [[terminal.text("sets.all"), coverage, Estimate.from_dict(figures["coverage"]).percent(language)]]
    for name in ("single", "several", "none"):
        rows.append(["", terminal.text(f"sets.{name}"), Estimate.from_dict(figures[name]).percent(language)])
    rows.append(["", terminal.text("sets.size"), Estimate.from_dict(figures["size"]).decimal(language)])
    for entry in card.classes:
        of_class = Estimate.from_dict(figures["classes"][entry.name]["coverage"])
        rows.append([entry.shown(language), coverage, of_class.percent(language)])
    terminal.table(
        [terminal.text(f"evaluation.{heading}") for heading in ("class", "figure", "interval")], rows, left=3
    )


def print_predictive_values(terminal: Terminal, found: dict[str, Any], card: Card) -> None:
    """What an operating point's answers are worth at the prevalences that were given."""
    shown = {entry.name: entry.shown(terminal.language) for entry in card.classes}
    for name, entry in found.items():
        if not entry["points"]:
            terminal.say("prevalence.none", name=shown[name])
            continue
        terminal.say("prevalence.title", name=shown[name], prevalence=100 * entry["prevalence"])
        rows = []
        for point in entry["points"]:
            asked = terminal.text("prevalence.point", asked=100 * point["asked"])
            rows.append([asked, terminal.text("prevalence.threshold"), f"{point['threshold']:.4f}"])
            for figure in ("sensitivity", "specificity", "ppv", "npv"):
                estimate = Estimate.from_dict(point[figure]).percent(terminal.language)
                rows.append(["", terminal.text(f"figure.{figure}"), estimate])
        terminal.table(
            ["", *(terminal.text(f"evaluation.{heading}") for heading in ("figure", "interval"))], rows, left=3
        )


def shown_figure(figure: dict[str, Any], name: str, language: str) -> str:
    """A figure with its interval, marked where that covers too little: shares in percent, the others as decimals."""
    estimate = Estimate.from_dict(figure)
    shown = estimate.decimal(language) if name in DECIMALS else estimate.percent(language)
    return shown + (f" {MARK}" if is_marked(figure) else "")
