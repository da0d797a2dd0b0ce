"""What was taken of a file of weights and what was left, on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from plainfilm.present.terminal import Terminal

if TYPE_CHECKING:
    from plainfilm.model.formats.weights import Weights

NUM_SHOWN = 5  # names in a line


def print_taken(terminal: Terminal, weights: "Weights") -> None:
    """What was taken, from where and under which names, and what stays behind."""
    taken = weights.taken
    terminal.say("taken.count", taken=taken.num_tensors, expected=taken.num_expected, depth=weights.depth)
    if taken.entry:
        terminal.say("taken.entry", entry=taken.entry)
    if taken.prefix:
        terminal.say("taken.prefix", prefix=taken.prefix)
    if weights.layout == "sequential":
        terminal.say("taken.sequential")
    if taken.head:
        terminal.say("taken.head", head=taken.head, outputs=weights.num_classes)
    if taken.types:
        terminal.say("taken.cast", types=", ".join(taken.types))
    if taken.others:
        terminal.say("taken.others", names=_first(taken.others))
    for key, names in (("taken.left", taken.left), ("taken.beside", taken.beside)):
        if names:
            terminal.say(key, count=len(names), names=_first(names))


def print_start(terminal: Terminal, weights: "Weights", classes: Sequence[str], channels: int) -> None:
    """What was taken for a training on films of these classes, and what is drawn anew."""
    print_taken(terminal, weights)
    if weights.channels != channels:
        terminal.say("taken.stem", given=weights.channels, channels=channels)
    if weights.num_classes is None:
        terminal.say("taken.no-head")
    elif weights.num_classes != len(classes):
        terminal.say("taken.head-new", outputs=weights.num_classes, classes=len(classes))
    else:
        terminal.say("taken.head-kept", outputs=weights.num_classes, classes=", ".join(classes))


def _first(names: Sequence[str]) -> str:
    return ", ".join((*names[:NUM_SHOWN], *(("...",) if len(names) > NUM_SHOWN else ())))
