"""Operating points of the classes, and what an answer at each is worth."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from plainfilm.estimate import Estimate
from plainfilm.evaluation.decisions import PredictiveValues
from plainfilm.messages import Text, say
from plainfilm.model.decision import OperatingPoint
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.figure_rows import OF_POINT, head, rows


def predictive_values(found: Mapping[str, PredictiveValues], shown: Callable[[str], Text]) -> Iterator[Block]:
    """What the answers of each operating point are worth at the prevalences that were given."""
    for name, entry in found.items():
        if entry.points:
            caption = say("prevalence.title", name=shown(name), prevalence=100 * entry.prevalence)
            yield points_table({name: entry.points}, shown, caption)
        else:
            yield Note(say("prevalence.none", name=shown(name)))


def points_table(points: Mapping[str, Sequence[OperatingPoint]], shown: Callable[[str], Text], caption: Text) -> Table:
    """The operating points of each class: threshold and figures."""
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
