"""An external test on a terminal: what the model has seen of the films, and by how much it is worse on the others."""

from typing import Any

from plainfilm.evaluation.fall import falling
from plainfilm.evaluation.intervals import Estimate
from plainfilm.present.terminal import Terminal


def print_seen(terminal: Terminal, seen: dict[str, Any]) -> None:
    """Which films the model has seen, or that nobody can say."""
    if not seen["listed"]:
        terminal.say("seen.cannot-say", films=seen["films"])
        return
    model = seen["model"]
    terminal.say(
        "seen.counts",
        films=seen["films"],
        count=seen["exact"] + seen["near"] + seen["related"],
        **{name: seen[name] for name in ("exact", "near", "related")},
        train=model["train"],
        validation=model["validation"],
    )
    if not model["fingerprints"]:
        terminal.say("seen.exact-alone")
    if not model["base_known"]:
        terminal.say("seen.base-unknown")


def print_fall(terminal: Terminal, fall: dict[str, Any] | None) -> None:
    """The fall from the model's own test to these films, each difference with its interval."""
    if fall is None:
        terminal.say("fall.not-tested")
        return
    terminal.say("fall.title")
    rows = []
    for name in (figure.name for figure in falling()):
        own, elsewhere, difference = (
            Estimate.from_dict(fall[name][part]) for part in ("internal", "external", "difference")
        )
        if name == "macro_auc":
            shown = [estimate.decimal(terminal.language) for estimate in (own, elsewhere)]
        else:
            shown = [estimate.percent(terminal.language) for estimate in (own, elsewhere)]
        rows.append([terminal.text(f"figure.{name}"), *shown, _points(terminal, difference)])
    headings = [terminal.text(f"fall.{heading}") for heading in ("internal", "external", "difference")]
    terminal.table([terminal.text("evaluation.figure"), *headings], rows)
    terminal.line(_verdict(terminal, Estimate.from_dict(fall["balanced_accuracy"]["difference"])))
    if fall["leaking"]:
        terminal.say("fall.leaking")


def _points(terminal: Terminal, difference: Estimate) -> str:
    """In points of a hundred."""
    if not difference.estimable:
        return terminal.text("estimate.none", n=difference.n)
    value, low, high = (100 * number for number in (difference.value, difference.low, difference.high))
    return terminal.text("fall.points", value=value, low=low, high=high)


def _verdict(terminal: Terminal, difference: Estimate) -> str:
    """In words, by the balanced accuracy: it does not depend on how many films of each class there are."""
    if not difference.estimable:
        return terminal.text("fall.not-estimable")
    if difference.low > 0:
        return terminal.text("fall.worse", low=100 * difference.low, high=100 * difference.high)
    if difference.high < 0:
        return terminal.text("fall.better", low=-100 * difference.high, high=-100 * difference.low)
    return terminal.text("fall.unclear", low=100 * difference.low, high=100 * difference.high)
