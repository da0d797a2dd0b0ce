"""A watched stream: since when its films moved, what moved, how sure that is; its windows as charts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from math import floor, log10

from plainfilm.evaluation.moves import MIN_WINDOWS, NUM_REORDERINGS, SURE, Move, Stream
from plainfilm.messages import Listed, Text, say
from plainfilm.model.shift import COMPONENTS, LEVEL
from plainfilm.present.blocks import Block, Charts, Note, Table, Trend

LEAST_SHOWN = 0.01  # distance
ROOM = (0.5, 2.0)  # around the limit, which the axis of distances shows at least
DATE = len("2026-11-30")
STEPS = (1, 2, 5, 10)  # of the ends of that axis


def stream(found: Stream) -> Iterator[Block]:
    """What a stream says in sentences and a table."""
    first, last = (moment(found.windows[place].time) for place in (0, -1))
    yield Note(say("drift.windows", windows=len(found.windows), films=found.films, first=first, last=last))
    if found.restarts:
        yield Note(say("drift.restarts", restarts=found.restarts))
    yield _alarms(found)
    yield _verdict(found)
    if found.has_moved:
        names = Listed(tuple(say(f"shift.{name}") for name in found.moved))
        yield Note(say("drift.blocks", names=names) if found.moved else say("drift.no-block"))
    if found.move is not None:
        yield _table(found, found.move)


def charts(found: Stream) -> Iterator[Block]:
    """The windows as charts: all blocks together, then each block."""
    together = tuple(window.together for window in found.windows)
    series = {name: tuple(window.blocks[name] for window in found.windows) for name in COMPONENTS}
    between = _between((*together, *(distance for distances in series.values() for distance in distances)))
    alarm = found.abroad[0] if found.abroad else None
    whole = _trend(found, say("drift.together"), together, between, found.move if found.has_moved else None)
    yield Charts((replace(whole, alarm=alarm, is_wide=True),), say("drift.chart", share=100 * LEVEL))
    surely = {name: found.blocks[name] for name in found.moved}
    parts = tuple(_trend(found, say(f"shift.{name}"), series[name], between, surely.get(name)) for name in COMPONENTS)
    yield Charts(parts, say("drift.chart-blocks"))


def method() -> Iterator[Block]:
    """How a stream is judged."""
    yield Note(say("drift.method.distance", share=100 * LEVEL))
    yield Note(say("drift.method.alarm"))
    counts = {"reorderings": NUM_REORDERINGS, "blocks": len(COMPONENTS), "minimum": MIN_WINDOWS}
    yield Note(say("drift.method.move", sure=SURE, **counts))
    yield Note(say("drift.method.chance"))


def moment(time: str) -> str:
    """When a window was full, for people: to the minute, by the server's clock, with its difference from UTC.

    >>> moment("2026-11-30T08:05:59+0100")
    '2026-11-30 08:05 +0100'
    """
    return datetime.fromisoformat(time).strftime("%Y-%m-%d %H:%M %z")


def _alarms(found: Stream) -> Note:
    if not found.abroad:
        return Note(say("drift.no-alarm"))
    time = moment(found.windows[found.abroad[0]].time)
    return Note(say("drift.alarms", abroad=len(found.abroad), windows=len(found.windows), time=time), "alarm")


def _verdict(found: Stream) -> Note:
    """Whether and since when the films moved; never surer than the windows allow."""
    move = found.move
    if move is None:
        return Note(say("drift.too-few", windows=len(found.windows), minimum=MIN_WINDOWS), "missing")
    if not move.is_sure:
        return Note(say("drift.steady", p=move.p))
    values = {"before": move.before, "after": move.after, "p": move.p, "time": moment(found.windows[move.first].time)}
    sides = {"left": move.first, "right": len(found.windows) - move.first}
    if move.after > move.before:
        return Note(say("drift.away", **values, **sides), "alarm")
    return Note(say("drift.back", **values, **sides))


def _table(found: Stream, together: Move) -> Table:
    """The distances before and after the best cut of each series; since when, if that is sure."""
    moves: list[tuple[Text, Move, bool]] = [(say("drift.together"), together, found.has_moved)]
    moves += [(say(f"shift.{name}"), move, name in found.moved) for name, move in found.blocks.items()]
    rows = tuple(
        (
            name,
            f"{move.before:.2f}",
            f"{move.after:.2f}",
            f"{move.p:.3f}",
            moment(found.windows[move.first].time) if is_sure else "–",
        )
        for name, move, is_sure in moves
    )
    keys = ("drift.what", "drift.before", "drift.after", "drift.p", "drift.since")
    return Table(say("drift.table"), tuple(say(key) for key in keys), rows)


def _trend(
    found: Stream, name: Text, distances: tuple[float, ...], between: tuple[float, float], move: Move | None
) -> Trend:
    """A series over the windows; `move`: to be marked in it."""
    first, last = (moment(found.windows[place].time)[:DATE] for place in (0, -1))
    axis, about = say("drift.axis", first=first, last=last), say("drift.about-chart", name=name)
    since = "" if move is None else moment(found.windows[move.first].time)[:DATE]
    return Trend(name, tuple(max(distance, LEAST_SHOWN) for distance in distances), between, axis, about, move, since)


def _between(distances: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis of distances: round, and the limit between them.

    >>> _between([0.3, 7.2])
    (0.2, 10.0)
    """
    low, high = max(min(*distances, ROOM[0]), LEAST_SHOWN), max(*distances, ROOM[1])
    powers = [10.0 ** floor(log10(bound)) for bound in (low, high)]
    return (
        max(step * powers[0] for step in STEPS if step * powers[0] <= low),
        min(step * powers[1] for step in STEPS if step * powers[1] >= high),
    )
