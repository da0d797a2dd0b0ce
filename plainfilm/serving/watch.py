"""Watching: are the films that a server answers still like those that its model was tested on?

Films are judged WINDOW at a time, each window at a level that falls, so that watching without end does not alarm by
chance: see `plainfilm.model.shift`. Before the first window is full, MIN_FILMS will do. Of a film its offsets are kept
until its window is full; of a window nothing but counts and distances, which `plainfilm drift` draws.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plainfilm.errors import PlainfilmError
from plainfilm.io import files
from plainfilm.model.predictor import Prediction
from plainfilm.model.shift import MIN_FILMS, WINDOW, Home, Placed, Shift, level_of_window
from plainfilm.model.windows import Window
from plainfilm.records import as_dict
from plainfilm.text import json_text

TOO_FEW = Shift("too-few", 0, None, 0)
LOG = logging.getLogger("plainfilm.serving")


@dataclass(frozen=True)
class Watched:
    """What watching has found so far."""

    latest: Shift = TOO_FEW  # of the last window that was judged
    windows: int = 0  # that were full
    films: int = 0  # that count
    first_alarm: str | None = None  # when a window was first abroad

    @property
    def is_abroad(self) -> bool:
        """Whether the last window was abroad."""
        return self.latest.is_abroad


def forget(_: Window) -> None:
    """Keep nothing of a window."""


class Watch:
    """Watches the films of one model; any thread may show it some."""

    def __init__(self, home: Home, keep: Callable[[Window], None] = forget) -> None:
        """`keep` gets each full window."""
        self.home, self.keep = home, keep
        self.lock, self.placed = threading.Lock(), dict[str, Placed]()
        self.told = frozenset[str]()  # films of the last window: who asks about them again shows nothing new
        self.state = Watched()

    def see(self, predictions: Sequence[Prediction]) -> None:
        """Take films into account; one counts once in two windows, and not if the input check refuses it."""
        with self.lock:
            for prediction in predictions:
                is_new = prediction.image_id not in self.placed and prediction.image_id not in self.told
                if prediction.placed is not None and prediction.verdict.passed and is_new:
                    self.placed[prediction.image_id] = prediction.placed
                    self.state = replace(self.state, films=self.state.films + 1)
                    self._judge(len(self.placed))

    def _judge(self, count: int) -> None:
        """Judge the window, if it is full, or if it is the first one and could alarm already."""
        number = self.state.windows + 1
        if count < WINDOW and (number > 1 or count < MIN_FILMS):
            return
        placed, now = list(self.placed.values()), time.strftime("%Y-%m-%dT%H:%M:%S%z")
        latest = self.home.judge(placed, level=level_of_window(number) / (1 if number > 1 else WINDOW))
        if latest.is_abroad and not self.state.is_abroad:
            LOG.warning("films are not like those that the model was tested on: distance %.1f", latest.distance)
        first_alarm = self.state.first_alarm or (now if latest.is_abroad else None)
        self.state = replace(self.state, latest=latest, first_alarm=first_alarm)
        if count == WINDOW:
            self.told = frozenset(self.placed)
            self.placed.clear()
            self.state = replace(self.state, windows=number)
            together = self.home.judge(placed).distance or 0.0
            self.keep(Window(number, now, latest, together, self.home.distances(placed)))


def kept_in(path: Path) -> Callable[[Window], None]:
    """What appends each window to a file, a line of JSON each; a file that cannot be written is told, and no more."""

    def keep(window: Window) -> None:
        try:
            with files.writing(path), path.open("ab", buffering=0) as file:
                files.append(file, (json_text(as_dict(window)) + "\n").encode())
        except PlainfilmError as error:
            LOG.error("the watch file: %s", error.code)

    return keep
