"""Where to cut: operating points and what they are worth, prediction sets, what the input check refuses."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from plainfilm.estimate import Estimate
from plainfilm.evaluation.decisions import PredictiveValues, Sets, SetShares
from plainfilm.evaluation.evaluation import Metrics, Refusals
from plainfilm.messages import Text, say
from plainfilm.model.decision import OperatingPoint
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import OF_POINT, head, rows
from plainfilm.present.gather import Gathered
from plainfilm.present.words import figure, label

OF_SETS = {"single": "sets.single", "several": "sets.several", "none": "sets.none"}


def decisions(found: Gathered) -> Section:
    """The section of operating points, sets and gate."""
    return Section("decisions", say("report.decisions"), tuple(decisions_of(found.figures, found.shown)))


def decisions_of(figures: Metrics | None, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The operating points, sets and gate of an evaluation; `shown`: what a class is called."""
    points, sets = (None, None) if figures is None else (figures.operating_points, figures.sets)
    if points:
        yield _points(points, shown, say("report.decisions.points"))
    if sets:
        yield _sets(sets, shown)
    if not points and not sets:
        yield Note(say("report.decisions.missing"), "missing")
    if figures is not None and figures.gate.refused.n:
        yield from _gate(figures.gate)


def predictive_values(found: Mapping[str, PredictiveValues], shown: Callable[[str], Text]) -> Iterator[Block]:
    """What the answers of each operating point are worth at the prevalences that were given."""
    for name, entry in found.items():
        if entry.points:
            caption = say("prevalence.title", name=shown(name), prevalence=100 * entry.prevalence)
            yield _points({name: entry.points}, shown, caption)
        else:
            yield Note(say("prevalence.none", name=shown(name)))


def _points(points: Mapping[str, Sequence[OperatingPoint]], shown: Callable[[str], Text], caption: Text) -> Table:
    cells = tuple(
        line
        for name, entries in points.items()
        for entry in entries
        for line in rows(_figures(entry), OF_POINT, shown(name), f"{100 * entry.asked:g} %", f"{entry.threshold:.4f}")
    )
    columns = ("index.class", "report.decisions.asked", "prevalence.threshold", "evaluation.figure")
    return Table(caption, head(*map(say, columns)), cells, left=4)


def _figures(point: OperatingPoint) -> Mapping[str, Estimate]:
    return {name: value for name, value in vars(point).items() if isinstance(value, Estimate)}


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
