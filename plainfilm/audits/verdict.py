"""The verdict of a shortcut audit in words: one sentence, the same on a terminal and in a report."""

from collections.abc import Mapping
from typing import Any

from plainfilm.evaluation.intervals import Estimate
from plainfilm.messages import Message, say


def verdict_sentence(found: Mapping[str, Any]) -> Message:
    """The sentence for what `audit_shortcuts` found."""
    verdict = found["verdict"]
    share = verdict["share"] or {"value": None}
    figures: dict[str, object] = {}
    if share["value"] is not None:
        figures = {name: 100 * share[key] for name, key in (("share", "value"), ("low", "low"), ("high", "high"))}
        figures["n"] = share["n"]
    accuracy, chance = (Estimate.from_dict(entry).in_percent() for entry in (verdict["accuracy"], found["chance"]))
    return say(
        f"shortcuts.verdict.{verdict['code']}",
        view_key=f"view.{verdict['view']}",
        accuracy=accuracy,
        chance=chance,
        **figures,
    )


def is_clear(found: Mapping[str, Any]) -> bool:
    """Whether no view without lungs was found to beat chance."""
    return bool(found["verdict"]["code"] == "clear")
