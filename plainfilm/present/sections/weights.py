"""What was taken of a file of weights, from where and under which names, and what was left."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from plainfilm.messages import Words, say
from plainfilm.present.blocks import Note
from plainfilm.present.words import listed

if TYPE_CHECKING:  # it brings torch
    from plainfilm.model.formats.weights import Weights

NUM_SHOWN = 5  # names in a line


def taken(weights: "Weights") -> Iterator[Note]:
    """What was taken, from where and under which names, and what stays behind."""
    return map(Note, _taken(weights))


def begun(weights: "Weights", classes: Sequence[str], channels: int) -> Iterator[Note]:
    """What was taken for a training on films of these classes, and what is drawn anew."""
    yield from taken(weights)
    if weights.channels != channels:
        yield Note(say("taken.stem", given=weights.channels, channels=channels))
    if weights.num_classes is None:
        yield Note(say("taken.no-head"))
    elif weights.num_classes != len(classes):
        yield Note(say("taken.head-new", outputs=weights.num_classes, classes=len(classes)))
    else:
        yield Note(say("taken.head-kept", outputs=weights.num_classes, classes=listed(classes)))


def _taken(weights: "Weights") -> Iterator[Words]:
    found = weights.taken
    yield say("taken.count", taken=found.num_tensors, expected=found.num_expected, depth=weights.depth)
    if found.entry:
        yield say("taken.entry", entry=found.entry)
    if found.prefix:
        yield say("taken.prefix", prefix=found.prefix)
    if weights.layout == "sequential":
        yield say("taken.sequential")
    if found.head:
        yield say("taken.head", head=found.head, outputs=weights.num_classes)
    if found.types:
        yield say("taken.cast", types=listed(found.types))
    if found.others:
        yield say("taken.others", names=listed(found.others, NUM_SHOWN))
    if found.left:
        yield say("taken.left", count=len(found.left), names=listed(found.left, NUM_SHOWN))
    if found.beside:
        yield say("taken.beside", count=len(found.beside), names=listed(found.beside, NUM_SHOWN))
