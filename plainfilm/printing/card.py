"""What a model is worth, on a terminal."""

from plainfilm.evaluation.intervals import Estimate
from plainfilm.model.card import Card
from plainfilm.terminal import Terminal


def print_card(terminal: Terminal, card: Card) -> None:
    """What a model is worth: tested where, calibrated or not."""
    if card.evaluation is None:
        terminal.say("card.not-tested")
    else:
        accuracy = Estimate.from_dict(card.evaluation["accuracy"]).percent(terminal.language)
        terminal.say("card.tested", accuracy=accuracy)
    if card.is_leaking:
        terminal.say("evaluation.leaking")
    if card.calibration is None:
        terminal.say("card.not-calibrated")
    else:
        fitted = card.calibration
        terminal.say("card.calibrated", films=sum(fitted.films), coverage=100 * fitted.coverage)
    if card.gate is None:
        terminal.say("card.no-gate")
    terminal.say("card.not-for-diagnosis")


def print_maps(terminal: Terminal, card: Card) -> None:
    """What a model's class maps are worth."""
    warning = card.map_warning(terminal.language)
    if warning:
        terminal.line(warning)
    elif card.maps is not None:
        terminal.say("card.maps-faithful", n=card.maps["n"])
