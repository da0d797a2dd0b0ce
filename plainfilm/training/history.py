"""The history of a training: one row a step, no times, so that equal runs have equal files."""

import csv
import io
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from plainfilm.io import files

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
