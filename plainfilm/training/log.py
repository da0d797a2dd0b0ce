"""`log.jsonl`: what happened when, a JSON object a line; the one file of a run that holds times."""

import time
from pathlib import Path

from plainfilm.errors import PlainfilmError
from plainfilm.io import files
from plainfilm.text import json_text
from plainfilm.training.history import LINE_STEPS, Step, tutorial_line
from plainfilm.training.schedule import Plan


class RunLog:
    """Appends to the log of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.began = time.monotonic()

    def write(self, event: str, **facts: object) -> None:
        """Add a line: the event, the time of day, seconds since this process took the run up, and facts."""
        entry = {
            "event": event,
            "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "seconds": round(time.monotonic() - self.began, 3),
            "cpu_seconds": round(time.process_time(), 3),
        }
        line = json_text(entry | facts) + "\n"
        with files.writing(self.path), self.path.open("ab", buffering=0) as file:
            files.append(file, line.encode())

    def start(self, plan: Plan, first_step: int, facts: dict[str, object]) -> None:
        """A training starts, or goes on from `first_step`."""
        self.write("resume" if first_step else "start", step=first_step, steps=plan.steps, **facts)

    def step(self, step: Step, plan: Plan) -> None:
        """A step is done: the tutorial's line every LINE_STEPS batches, and a line with the validation's figures."""
        in_epoch = plan.place(step.step)[1]
        if in_epoch % LINE_STEPS == 0:
            self.write("batch", step=step.step, line=tutorial_line(step, in_epoch))
        if plan.is_last_of_epoch(step.step):
            self.write(
                "epoch",
                step=step.step,
                epoch=step.epoch,
                validation_loss=step.validation_loss,
                validation_accuracy=step.validation_accuracy,
            )

    def warning(self, error: PlainfilmError) -> None:
        """Something was passed over."""
        self.write("warning", code=error.code)
