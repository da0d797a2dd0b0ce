"""What a run wrote down, as several scripts of this folder read it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def events_of(run: Path) -> list[Event]:
    """What happened in a run, in order."""
    return [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def beginnings(run: Path) -> list[tuple[Event, Event]]:
    """The first and the last event after each time that the run was begun or gone on with."""
    events = events_of(run)
    first = [place for place, event in enumerate(events) if event["event"] in ("start", "resume")]
    return [(events[begin], events[end - 1]) for begin, end in zip(first, [*first[1:], len(events)], strict=True)]


def metrics_of(run: Path) -> Mapping[str, Any]:
    """The figures of a run's test."""
    found: Mapping[str, Any] = json.loads((run / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    return found


def shown(estimate: Mapping[str, float]) -> str:
    """A share with its interval and n."""
    value, low, high = (100 * estimate[part] for part in ("value", "low", "high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f}, n {estimate['n']})"
