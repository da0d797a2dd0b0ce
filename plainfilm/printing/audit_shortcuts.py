"""The shortcut audit on a terminal: the verdict, a row a view, and what cannot be estimated."""

from typing import Any

from plainfilm.audits.verdict import verdict_sentence
from plainfilm.evaluation.intervals import Estimate
from plainfilm.present.terminal import Terminal


def print_shortcuts(terminal: Terminal, found: dict[str, Any]) -> None:
    """Everything that `audit_shortcuts` found."""
    method = found["method"]
    split_key = f"shortcuts.split.{method['split']}"
    terminal.say("shortcuts.title", films=method["films"], groups=method["groups"], split_key=split_key)
    print_views(terminal, found)
    permutation = found["permutation"]
    terminal.say(
        "shortcuts.permutation",
        n=permutation["n"],
        p=permutation["p"],
        view_key=f"view.{permutation['view']}",
        accuracy=_percent(terminal, permutation["accuracy"]),
        highest=100 * permutation["highest"],
    )
    print_source(terminal, found["source"])
    print_sources(terminal, found["sources"])
    for entry in found["not_estimable"]:
        key = f"shortcuts.unanswered.{entry['question']}.{entry['reason']}"
        terminal.say(key, label=entry["class"], source=entry["source"])
    terminal.line(verdict_sentence(found).shown(terminal.language))


def print_views(terminal: Terminal, found: dict[str, Any]) -> None:
    """Chance, each view and the model, with intervals; the shares where there is a model."""
    shares = found["model"] is not None
    rows = [[terminal.text("view.chance"), "", _percent(terminal, found["chance"]), *[""] * shares, ""]]
    for row in found["views"]:
        share = [_percent(terminal, row["share"])] if shares else []
        lung, flagged = ("shortcuts.no" if no else "shortcuts.yes" for no in (row["lungless"], not row["flagged"]))
        name, accuracy = terminal.text(f"view.{row['name']}"), _percent(terminal, row["accuracy"])
        rows.append([name, terminal.text(lung), accuracy, *share, terminal.text(flagged)])
    if shares:
        rows.append(
            [terminal.text("view.model"), terminal.text("shortcuts.yes"), _percent(terminal, found["model"]), "", ""]
        )
    headings = ["view", "lung", "accuracy", *["share"] * shares, "flagged"]
    terminal.table([terminal.text(f"shortcuts.{heading}") for heading in headings], rows, left=len(headings))


def print_source(terminal: Terminal, source: dict[str, Any] | None) -> None:
    """How well the source is told from the model's features, in all and within a class."""
    if source is None:
        return
    accuracy, chance = (_percent(terminal, source[name]) for name in ("accuracy", "chance"))
    terminal.say("shortcuts.source", accuracy=accuracy, chance=chance)
    for label, pair in source["classes"].items():
        accuracy, chance = (_percent(terminal, pair[name]) for name in ("accuracy", "chance"))
        terminal.say("shortcuts.source-class", label=label, accuracy=accuracy, chance=chance)


def print_sources(terminal: Terminal, rows: list[dict[str, Any]]) -> None:
    """Sensitivity in a source that was left out, beside that with it."""
    if not rows:
        return
    cells = [
        [
            *(row["class"], row["left_out"]),
            *(_percent(terminal, row[name]) for name in ("sensitivity", "usual")),
            ", ".join(row["lost"]),
        ]
        for row in rows
    ]
    headings = ("class", "left-out", "sensitivity", "usual", "lost")
    terminal.table([terminal.text(f"shortcuts.{heading}") for heading in headings], cells, left=len(headings))


def _percent(terminal: Terminal, figure: dict[str, Any]) -> str:
    return Estimate.from_dict(figure).percent(terminal.language)
