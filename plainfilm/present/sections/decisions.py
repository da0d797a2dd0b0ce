"""How sure, and where to cut: calibration, operating points, sets, what the gate refuses, answering fewer films."""

from plainfilm.messages import CATALOGUES, say
from plainfilm.present.blocks import Block, Cell, Charts, Note, Section, Table
from plainfilm.present.charts import reliability_chart
from plainfilm.present.gather import Figures, Gathered
from plainfilm.present.sections.headline import FIGURE_HEAD
from plainfilm.present.words import figure, percent

ANSWERED = (0.5, 0.8, 0.9, 0.95, 1.0)  # shares of the films
SETS = ("coverage", "single", "several", "none")


def calibration(found: Gathered) -> Section:
    """The section of calibration."""
    blocks: list[Block] = []
    fitted = None if found.card is None else found.card.calibration
    if fitted is None:
        blocks.append(Note(say("card.not-calibrated"), "missing"))
    else:
        key = "report.calibration.fitted"
        blocks.append(Note(say(key, films=sum(fitted.films), temperature=fitted.temperature)))
    measured = (found.figures or {}).get("calibration") or {}
    if measured:
        blocks += [_error(measured), *_curves(found, measured)]
    if (found.figures or {}).get("risk_coverage"):
        blocks.append(_risk((found.figures or {})["risk_coverage"]))
    return Section("calibration", say("report.calibration"), tuple(blocks))


def _error(measured: Figures) -> Table:
    """The calibration error, and what perfect probabilities would show beside it."""
    name, floor = "expected_calibration_error", measured.get("noise_floor")
    rows: list[tuple[Cell, ...]] = [(say(f"report.calibration.{name}"), *figure(measured[name], scale=1))]
    if floor:
        high = say("report.calibration.up-to", high=floor["percentile_95"])
        rows.append((say("report.calibration.noise_floor"), f"{floor['mean']:.3f}", high, str(floor["n"])))
    head = (say("evaluation.figure"), *(say(key) for key in FIGURE_HEAD))
    return Table(say("report.calibration.error"), head, tuple(rows))


def _curves(found: Gathered, measured: Figures) -> list[Block]:
    curves = measured.get("reliability") or {}
    about = {"x": say("figure.predicted-probability")}
    drawn = [
        reliability_chart(
            found.shown(name), bins, {**about, "about": say("report.calibration.chart", name=found.shown(name))}
        )
        for name, bins in curves.items()
    ]
    return [Charts(tuple(drawn), say("report.calibration.caption"))] if drawn else []


def _risk(found: Figures) -> Table:
    """The accuracy among the surest films, at a few points of the curve, and the area under the curve of errors."""
    nearest = {min(range(len(found["curve"])), key=lambda n: abs(found["curve"][n]["share"] - x)) for x in ANSWERED}
    rows: list[tuple[Cell, ...]] = []
    for point in (found["curve"][number] for number in sorted(nearest)):
        cut = f"{point['confidence']:.3f}"
        rows.append((f"{100 * point['share']:.0f} %", cut, say("figure.accuracy"), *figure(point["accuracy"])))
    rows.append((say("sets.all"), "–", say("figure.aurc"), *figure(found["aurc"], scale=1)))
    head = (
        *(say("report.risk.answered"), say("report.risk.confidence"), say("evaluation.figure")),
        *(say(key) for key in FIGURE_HEAD),
    )
    return Table(say("report.risk"), head, tuple(rows), left=3)


def decisions(found: Gathered) -> Section:
    """The section of operating points, sets and gate."""
    figures = found.figures or {}
    blocks: list[Block] = []
    if figures.get("operating_points"):
        blocks.append(_points(found, figures["operating_points"]))
    if figures.get("sets"):
        blocks.append(_sets(found, figures["sets"]))
    if not blocks:
        blocks.append(Note(say("report.decisions.missing"), "missing"))
    if figures.get("gate"):
        blocks += _gate(found, figures["gate"])
    return Section("decisions", say("report.decisions"), tuple(blocks))


def _points(found: Gathered, points: Figures) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, entries in points.items():
        for entry in entries:
            for key in ("sensitivity", "specificity"):
                asked, threshold = f"{100 * entry['asked']:g} %", f"{entry['threshold']:.3f}"
                rows.append((found.shown(name), asked, threshold, say(f"figure.{key}"), *figure(entry[key])))
    head = (
        *(say("index.class"), say("report.decisions.asked"), say("prevalence.threshold"), say("evaluation.figure")),
        *(say(key) for key in FIGURE_HEAD),
    )
    return Table(say("report.decisions.points"), head, tuple(rows), left=4)


def _sets(found: Gathered, sets: Figures) -> Table:
    rows: list[tuple[Cell, ...]] = []
    entries = [(say("sets.all"), sets), *((found.shown(name), of) for name, of in sets.get("classes", {}).items())]
    for name, entry in entries:
        for key in SETS:
            words = say("sets.coverage", asked=100 * sets["asked"]) if key == "coverage" else say(f"sets.{key}")
            rows.append((name, words, *figure(entry[key])))
    head = (say("index.class"), say("report.decisions.set"), *(say(key) for key in FIGURE_HEAD))
    return Table(say("report.decisions.sets"), head, tuple(rows), left=2)


def _gate(found: Gathered, gate: Figures) -> list[Block]:
    key = "evaluation.gate" if gate.get("fitted") else "evaluation.gate-rules"
    blocks: list[Block] = [Note(say(key, refused=percent(gate["refused"])))]
    rows = tuple(
        (say(code) if code in CATALOGUES["en"] else code, str(count)) for code, count in gate.get("reasons", {}).items()
    )
    if rows:
        blocks.append(
            Table(say("report.decisions.reasons"), (say("report.decisions.reason"), say("index.films")), rows)
        )
    return blocks
