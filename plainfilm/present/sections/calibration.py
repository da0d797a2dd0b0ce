"""How far the probabilities are frequencies, and how accurate the model is where it answers its surest films alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from plainfilm.evaluation import reliability
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.selective import RiskCoverage
from plainfilm.messages import Text, say
from plainfilm.model.decision import Calibration
from plainfilm.present.blocks import Block, Cell, Charts, Note, Reliability, Section, Table
from plainfilm.present.figure_rows import head, row
from plainfilm.present.gather import Gathered

ANSWERED = (0.5, 0.8, 0.9, 0.95, 1.0)  # shares of the films


def calibration(found: Gathered) -> Section:
    """The section of calibration."""
    fitted = None if found.card is None else found.card.calibration
    blocks = calibration_of(found.figures, fitted, found.shown)
    return Section("calibration", say("report.calibration"), tuple(blocks))


def calibration_of(
    figures: Metrics | None, fitted: Calibration | None, shown: Callable[[str], Text]
) -> Iterator[Block]:
    """What was fitted, and the figures of an evaluation on it; `shown`: what a class is called."""
    if fitted is None:
        yield Note(say("card.not-calibrated"), "missing")
    else:
        yield Note(say("report.calibration.fitted", films=sum(fitted.films), temperature=fitted.temperature))
    if figures is not None and figures.calibration.reliability:
        yield _error(figures.calibration)
        yield _curves(figures.calibration.reliability, shown)
    if figures is not None and figures.risk_coverage.curve:
        yield _risk(figures.risk_coverage)


def _error(measured: reliability.Reliability) -> Table:
    """The calibration error, and what perfect probabilities would show beside it."""
    floor = measured.noise_floor
    cells = [row("expected_calibration_error", measured.expected_calibration_error)]
    if floor is not None:
        high = say("report.calibration.up-to", high=floor.percentile_95)
        cells.append((say("report.calibration.noise_floor"), f"{floor.mean:.3f}", high, str(floor.n)))
    return Table(say("report.calibration.error"), head(say("evaluation.figure")), tuple(cells))


def _curves(curves: Mapping[str, Sequence[reliability.Bin]], shown: Callable[[str], Text]) -> Charts:
    drawings = (
        Reliability(shown(name), bins, say("report.calibration.chart", name=shown(name)))
        for name, bins in curves.items()
    )
    return Charts(tuple(drawings), say("report.calibration.caption"))


def _risk(found: RiskCoverage) -> Table:
    """The accuracy among the surest films, at a few points of the curve, and the area under the curve of errors."""
    curve = found.curve
    nearest = {min(range(len(curve)), key=lambda place: abs(curve[place].share - share)) for share in ANSWERED}
    points = [curve[place] for place in sorted(nearest)]
    cells: list[tuple[Cell, ...]] = [
        row("accuracy", point.accuracy, f"{100 * point.share:.0f} %", f"{point.confidence:.3f}") for point in points
    ]
    cells.append(row("aurc", found.aurc, say("sets.all"), "–"))
    columns = head(say("report.risk.answered"), say("report.risk.confidence"), say("evaluation.figure"))
    return Table(say("report.risk"), columns, tuple(cells), left=3)
