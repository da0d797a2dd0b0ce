"""Where to cut: operating points, prediction sets, what the input check refuses."""

from collections.abc import Callable, Iterator

from plainfilm.evaluation.decisions import Sets, SetShares
from plainfilm.evaluation.evaluation import Metrics, Refusals
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import head
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.points import points_table
from plainfilm.present.words import figure, label

OF_SETS = {"single": "sets.single", "several": "sets.several", "none": "sets.none"}


def decisions(found: Gathered) -> Section:
    """The section of operating points, sets and gate."""
    return Section("decisions", say("report.decisions"), tuple(decisions_of(found.figures, found.shown)))


def decisions_of(figures: Metrics | None, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The operating points, sets and gate of an evaluation; `shown`: what a class is called."""
    points, sets = (None, None) if figures is None else (figures.operating_points, figures.sets)
    if points:
        yield points_table(points, shown, say("report.decisions.points"))
    if sets:
        yield _sets(sets, shown)
    if not points and not sets:
        yield Note(say("report.decisions.missing"), "missing")
    if figures is not None and figures.gate.refused.n:
        yield from _gate(figures.gate)


def _sets(sets: Sets, shown: Callable[[str], Text]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    parts: list[tuple[Text, SetShares]] = [(shown(name), of) for name, of in sets.classes.items()]
    for name, entry in [(say("sets.all"), sets), *parts]:
        cells.append((name, say("sets.coverage", asked=100 * sets.asked), *figure(entry.coverage)))
        cells += [(name, say(key), *figure(getattr(entry, part))) for part, key in OF_SETS.items()]
        cells.append((name, say("sets.size"), *figure(entry.size, scale=1)))
    columns = head(say("index.class"), say("report.decisions.set"))
    return Table(say("report.decisions.sets"), columns, tuple(cells), left=2)


def _gate(gate: Refusals) -> Iterator[Block]:
    """How many of the films the gate would refuse, and why."""
    key = "evaluation.gate" if gate.fitted else "evaluation.gate-rules"
    yield Note(say(key, refused=gate.refused.in_percent()))
    cells = tuple((label("", code), str(count)) for code, count in gate.reasons.items())
    if cells:
        yield Table(say("report.decisions.reasons"), (say("report.decisions.reason"), say("index.films")), cells)
