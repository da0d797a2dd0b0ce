"""How a training goes, on a terminal."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from plainfilm.data.film_index import Index
from plainfilm.errors import PlainfilmError
from plainfilm.present.on_terminal import show
from plainfilm.present.sections.data_set import data_set
from plainfilm.present.sections.weights import begun
from plainfilm.present.terminal import Terminal
from plainfilm.records import as_dict
from plainfilm.training.history import LINE_STEPS, tutorial_line

if TYPE_CHECKING:
    from plainfilm.model.formats.weights import Weights
    from plainfilm.training.history import Facts, Step
    from plainfilm.training.schedule import Plan


class TrainingDisplay:
    """Shows how a run goes: progress, the index, and the tutorial's line every 30 batches."""

    def __init__(self, terminal: Terminal, stack: ExitStack) -> None:
        self.terminal, self.stack = terminal, stack
        self.update: Callable[..., None] | None = None

    def on_scan(self, done: int, total: int) -> None:
        """Films decoded so far."""
        if self.update is None:
            self.update = self.stack.enter_context(self.terminal.progress("progress.scan"))
        self.update(done, total)

    def on_index(self, index: Index) -> None:
        """The index is there."""
        self.stack.close()
        show(self.terminal, data_set(index))

    def on_fold(self, number: int, total: int) -> None:
        """A network for the films of one fold is trained."""
        self.stack.close()
        self.terminal.say("train.fold", number=number, total=total)

    def on_weights(self, weights: "Weights", index: Index, channels: int) -> None:
        """The training of the index's films, of so many channels, starts from these weights."""
        show(self.terminal, begun(weights, index.classes, channels))

    def on_start(self, plan: "Plan", first_step: int, facts: "Facts") -> None:
        """A training starts, or goes on from `first_step`."""
        self.stack.close()
        self.plan, self.began, self.num_films = plan, time.monotonic(), 0
        key = "train.resume" if first_step else "train.start"
        self.terminal.say(key, step=first_step, steps=plan.steps, **as_dict(facts))
        self.update = self.stack.enter_context(self.terminal.progress("progress.train", plan.steps))

    def on_step(self, step: "Step", num_films: int) -> None:
        """A step is done."""
        assert self.update is not None
        self.num_films += num_films
        speed = self.num_films / (time.monotonic() - self.began)
        note = self.terminal.text("progress.note", loss=step.loss, accuracy=100 * step.accuracy, speed=speed)
        self.update(step.step + 1, self.plan.steps, note)
        in_epoch = self.plan.place(step.step)[1]
        if in_epoch % LINE_STEPS == 0:
            self.terminal.line(tutorial_line(step, in_epoch))
        if step.validation_loss is not None and step.validation_accuracy is not None:
            self.terminal.say(
                "train.epoch",
                epoch=step.epoch,
                epochs=self.plan.epochs,
                size=self.plan.sizes_px[step.epoch],
                loss=step.validation_loss,
                accuracy=100 * step.validation_accuracy,
            )

    def on_warning(self, error: PlainfilmError) -> None:
        """Something was passed over."""
        self.terminal.fail(error)


class FoldDisplay(TrainingDisplay):
    """Shows how the runs of a cross-validation go: the films once, then each run."""

    def on_index(self, index: Index) -> None:
        """The index of a run is there: nothing that the others have not."""

    def on_run(self, name: str, number: int, total: int, *, done: bool) -> None:
        """A run begins, or is found done."""
        self.stack.close()
        self.terminal.say("cross.found" if done else "cross.run", name=name, number=number, total=total)
