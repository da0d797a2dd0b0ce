"""`history.csv`: one row a step, no times, so that equal runs have equal files; `log.jsonl`: what happened when."""

import csv
import io
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from plainfilm import records
from plainfilm.errors import PlainfilmError
from plainfilm.io import files
from plainfilm.text import json_text
from plainfilm.training.schedule import Plan

LINE_STEPS = 30  # the tutorial prints a line every 30 batches


@dataclass(frozen=True)
class Step:
    """One step, counted from 0; the validation figures stand at the last step of an epoch."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


COLUMNS = tuple(entry.name for entry in fields(Step))


class History:
    """`history.csv`: cut to its first `keep` rows when opened, then appended to, a row a step."""

    def __init__(self, path: Path, *, keep: int) -> None:
        self.path = path
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[1 : keep + 1] if path.exists() else []
        files.write_text(path, ",".join(COLUMNS) + "\n" + "".join(lines))
        with files.writing(path):
            self.file = path.open("ab", buffering=0)

    def append(self, step: Step) -> None:
        """Add a row, whole or not at all. Raises StorageError."""
        row = io.StringIO(newline="")
        csv.writer(row, lineterminator="\n").writerow(asdict(step).values())
        files.append(self.file, row.getvalue().encode())

    def sync(self) -> None:
        """Bring all rows to the disk, so that no checkpoint is ahead of its history."""
        with files.writing(self.path):
            os.fsync(self.file.fileno())

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class NoHistory(History):
    """The history of a process that keeps none, because another does."""

    def __init__(self) -> None:
        """Open nothing."""

    def append(self, step: Step) -> None:
        """Do nothing."""

    def sync(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def read_history(path: Path) -> list[Step]:
    """All rows of a history file."""
    return parse_history(path.read_text(encoding="utf-8"))


def parse_history(content: str) -> list[Step]:
    """The rows of a history file's content."""
    return [_read_step(row) for row in csv.DictReader(io.StringIO(content, newline=""))]


def _read_step(row: dict[str, str]) -> Step:
    def figure(name: str) -> float | None:
        return float(row[name]) if row[name] else None

    return Step(
        int(row["step"]),
        int(row["epoch"]),
        float(row["loss"]),
        float(row["accuracy"]),
        float(row["learning_rate"]),
        figure("validation_loss"),
        figure("validation_accuracy"),
    )


def tutorial_line(step: Step, in_epoch: int) -> str:
    """The line that the tutorial prints.

    >>> tutorial_line(Step(30, 0, 0.5, 0.75, 3e-4), 30)
    'Epoch:0,Batch:30,Loss:0.50000,Acc:0.75000'
    """
    return f"Epoch:{step.epoch},Batch:{in_epoch:2d},Loss:{step.loss:.5f},Acc:{step.accuracy:.5f}"


def tutorial_lines(history: Iterable[Step]) -> Iterator[str]:
    """The lines of a whole history, every 30 batches."""
    epoch, began = -1, 0
    for step in history:
        if step.epoch != epoch:
            epoch, began = step.epoch, step.step
        if (step.step - began) % LINE_STEPS == 0:
            yield tutorial_line(step, step.step - began)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a run keeps to from its first step on: its bits depend on it."""

    threads: int
    precision: str
    device: str
    processes: int | None = field(default=None, metadata=records.ABSENT)  # None: one


class RunLog:
    """Appends to the log of a run, a JSON object a line; the one file of a run that holds times."""

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

    def start(self, plan: Plan, first_step: int, facts: Facts) -> None:
        """A training starts, or goes on from `first_step`."""
        self.write("resume" if first_step else "start", step=first_step, steps=plan.steps, **records.as_dict(facts))

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
