"""Tasks by their name: what a film's label is, and with it all that depends on that.

A task is one object, made in `plainfilm.tasks` of a part for each room: `labels` (cells to targets, what a split keeps
even), `objective` (the loss), `answers` (the link, the decision), `judging` (calibration, figures) and `showing`
(pages, tables, JSON). Each room says in a Protocol of its own what it asks of its part. A recipe, an index and a model
file name the task; here it is found, so that no room below needs to know which tasks there are.

A package of others adds one with `register`, or as an entry point of the group `plainfilm.tasks`.
"""

import importlib
from importlib.metadata import entry_points
from typing import Any

from plainfilm.errors import RecipeError

CLASSES = "classes"
GROUP = "plainfilm.tasks"
_HOMES = {CLASSES: "plainfilm.tasks.classes", "findings": "plainfilm.tasks.findings"}
_registered: dict[str, Any] = {}


def register(kind: str, task: Any) -> None:
    """Make a task known under a name."""
    _registered[kind] = task


def kinds() -> list[str]:
    """The names of all tasks."""
    return sorted({*_HOMES, *_registered, *(entry.name for entry in entry_points(group=GROUP))})


def is_known(kind: str) -> bool:
    """Whether there is a task of that name."""
    return kind in _HOMES or kind in kinds()


def task_of(kind: str) -> Any:
    """The task of that name. Raises RecipeError if there is none."""
    if kind not in _registered:
        if kind in _HOMES:
            _registered[kind] = importlib.import_module(_HOMES[kind]).TASK
        else:
            found = next((entry for entry in entry_points(group=GROUP) if entry.name == kind), None)
            if found is None:
                raise RecipeError("task-unknown", given=kind, expected=", ".join(kinds()))
            _registered[kind] = found.load()
    return _registered[kind]
