"""What a model is worth, on a terminal."""

from plainfilm.model.card import Card
from plainfilm.present.terminal import Terminal
from plainfilm.workflows.statements import about_maps, about_model


def print_card(terminal: Terminal, card: Card) -> None:
    """What a model is worth: tested where, calibrated or not."""
    for statement in about_model(card, terminal.language):
        terminal.line(statement)


def print_maps(terminal: Terminal, card: Card) -> None:
    """What a model's class maps are worth."""
    terminal.line(about_maps(card, terminal.language))


def print_base(terminal: Terminal, card: Card) -> None:
    """That nobody knows what a model saw before its training, where it began with given weights."""
    if card.seen is not None and not card.seen.base_known:
        terminal.say("card.base-unknown")
