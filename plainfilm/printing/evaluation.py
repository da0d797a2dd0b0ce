"""Figures on a terminal: each with its interval and n."""

from typing import Any

from plainfilm.evaluation.intervals import Estimate
from plainfilm.messages import printable
from plainfilm.model.card import Card
from plainfilm.terminal import Terminal

CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", "auc")


def print_evaluation(terminal: Terminal, figures: dict[str, Any], card: Card) -> None:
    """Every figure of an evaluation with its interval and n."""
    language = terminal.language
    terminal.say("evaluation.title", films=figures["films"], n=figures["accuracy"]["n"])
    if figures["leaking"]:
        terminal.say("evaluation.leaking")
    overall = [
        [terminal.text(f"figure.{name}"), _shown(figures[name], name, language)]
        for name in ("accuracy", "balanced_accuracy", "macro_auc", "log_loss")
    ]
    error = Estimate.from_dict(figures["calibration"]["expected_calibration_error"])
    overall.append([terminal.text("figure.calibration"), error.decimal(language)])
    terminal.table([terminal.text(f"evaluation.{heading}") for heading in ("figure", "interval")], overall, left=2)
    by_class = [
        [
            entry.shown(language) if name == CLASS_FIGURES[0] else "",
            terminal.text("evaluation.auc" if name == "auc" else f"figure.{name}"),
            _shown(figures["classes"][entry.name][name], name, language),
        ]
        for entry in card.classes
        for name in CLASS_FIGURES
    ]
    terminal.table(
        [terminal.text(f"evaluation.{heading}") for heading in ("class", "figure", "interval")], by_class, left=3
    )
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


def _shown(figure: dict[str, Any], name: str, language: str) -> str:
    """A figure with its interval: shares in percent, AUC and log loss as decimals."""
    estimate = Estimate.from_dict(figure)
    return estimate.decimal(language) if name in ("auc", "macro_auc", "log_loss") else estimate.percent(language)
