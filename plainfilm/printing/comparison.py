"""Two models beside each other, and one model over folds and seeds, on a terminal."""

from typing import Any

from plainfilm.evaluation import registry
from plainfilm.present.terminal import Terminal
from plainfilm.printing.evaluation import DECIMALS, print_missed, shown_figure


def print_comparison(terminal: Terminal, found: dict[str, Any]) -> None:
    """What `plainfilm.evaluation.comparison.compare` found."""
    language = terminal.language
    terminal.say("compare.title", films=found["films"], groups=found["groups"], **found["left_out"])
    rows = []
    names = [figure.name for figure in registry.overall()]
    for name in names:
        shown = [shown_figure(found[part][name], name, language) for part in ("first", "second", "difference")]
        rows.append([terminal.text(f"figure.{name}"), *shown])
    headings = [terminal.text(key) for key in ("evaluation.figure", "compare.first", "compare.second")]
    terminal.table([*headings, terminal.text("compare.difference")], rows)
    print_missed(terminal, [found[part][name] for part in ("first", "second") for name in names], {})
    terminal.say("compare.mcnemar", **found["mcnemar"])
    if found["groups"] < found["films"]:
        terminal.say("compare.grouped")


def print_cross_validation(terminal: Terminal, found: dict[str, Any], folder: str) -> None:
    """Mean and spread over the runs; then, of each seed, the figures of all films together."""
    names = [figure.name for figure in registry.overall()]
    spreads = [("", name, found["spread"][name]) for name in names if name in found["spread"]]
    spreads += [
        (class_name, name, figures[name])
        for class_name, figures in found["spread"]["classes"].items()
        for name in ("sensitivity", "auc")
    ]
    rows = [[name, _name(terminal, figure), *_numbers(figure, spread)] for name, figure, spread in spreads]
    headings = (
        "evaluation.class",
        "evaluation.figure",
        "cross.mean",
        "cross.sd",
        "cross.min",
        "cross.max",
        "cross.runs",
    )
    terminal.table([terminal.text(key) for key in headings], rows, left=2)
    pooled = [
        [seed, _name(terminal, name), shown_figure(figures[name], name, terminal.language)]
        for seed, figures in found["pooled"].items()
        for name in names
    ]
    terminal.say("cross.pooled")
    keys = ("cross.seed", "evaluation.figure", "evaluation.interval")
    terminal.table([terminal.text(key) for key in keys], pooled, left=3)
    print_missed(terminal, [figures[name] for figures in found["pooled"].values() for name in names], {})
    terminal.say("cross.done", runs=len(found["runs"]), folder=folder)


def _name(terminal: Terminal, figure: str) -> str:
    return terminal.text("evaluation.auc" if figure == "auc" else f"figure.{figure}")


def _numbers(figure: str, spread: dict[str, Any]) -> list[str]:
    """Mean, standard deviation, least, greatest and number of runs: shares in percent, the others as decimals."""
    scale, form = (1, ".3f") if figure in DECIMALS else (100, ".1f")
    numbers = [spread[name] for name in ("mean", "sd", "min", "max")]
    unit = "" if figure in DECIMALS else " %"
    return ["-" if number is None else f"{scale * number:{form}}{unit}" for number in numbers] + [str(spread["runs"])]
