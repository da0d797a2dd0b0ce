"""Where the seconds of a training went: its stages, and its steps by cause."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.words import label

if TYPE_CHECKING:  # it brings torch
    from plainfilm.training.profile import Profiled


def profile(found: "Profiled") -> Iterator[Block]:
    """Seconds and processor seconds of each stage; milliseconds a step, and shares of it, of each cause by size."""
    yield Table(
        say("profile.stages"),
        tuple(map(say, ("profile.stage", "profile.seconds", "profile.cpu-seconds"))),
        tuple(
            (label("profile.stage.", name), f"{spent.seconds:.1f}", f"{spent.cpu_seconds:.1f}")
            for name, spent in found.stages.items()
        ),
    )
    for size, steps in found.sizes.items():
        whole = sum(steps.causes.values())
        yield Table(
            say("profile.steps", size=size, steps=steps.steps),
            tuple(map(say, ("profile.cause", "profile.milliseconds", "profile.share"))),
            tuple(
                (label("profile.cause.", name), f"{1000 * seconds / steps.steps:.1f}", f"{100 * seconds / whole:.1f} %")
                for name, seconds in sorted(steps.causes.items(), key=lambda entry: -entry[1])
            ),
        )
    yield Note(say("profile.cost"))
