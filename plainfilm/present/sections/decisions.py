"""Where to cut: operating points and what they are worth, prediction sets, what the input check refuses."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import OF_POINT, Figures, head, rows
from plainfilm.present.gather import Gathered
from plainfilm.present.words import figure, label, percent

OF_SETS = {"single": "sets.single", "several": "sets.several", "none": "sets.none"}


def decisions(found: Gathered) -> Section:
    """The section of operating points, prediction sets and input check."""
    return Section("decisions", say("report.decisions"), tuple(decisions_of(found.figures or {}, found.shown)))


def decisions_of(figures: Figures, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The operating points, prediction sets and input check of an evaluation; `shown`: what a class is called."""
    points, sets = figures.get("operating_points"), figures.get("sets")
    if points:
        yield _points(points, shown, say("report.decisions.points"))
    if sets:
        yield _sets(sets, shown)
    if not points and not sets:
        yield Note(say("report.decisions.missing"), "missing")
    if figures.get("gate"):
        yield from _gate(figures["gate"])


def predictive_values(found: Figures, shown: Callable[[str], Text]) -> Iterator[Block]:
    """What the answers of each operating point are worth at the prevalences that were given."""
    for name, entry in found.items():
        if entry["points"]:
            caption = say("prevalence.title", name=shown(name), prevalence=100 * entry["prevalence"])
            yield _points({name: entry["points"]}, shown, caption)
        else:
            yield Note(say("prevalence.none", name=shown(name)))


def _points(points: Mapping[str, Sequence[Figures]], shown: Callable[[str], Text], caption: Text) -> Table:
    cells = tuple(
        line
        for name, entries in points.items()
        for entry in entries
        for line in rows(entry, OF_POINT, shown(name), f"{100 * entry['asked']:g} %", f"{entry['threshold']:.4f}")
    )
    columns = ("index.class", "report.decisions.asked", "prevalence.threshold", "evaluation.figure")
    return Table(caption, head(*map(say, columns)), cells, left=4)


def _sets(sets: Figures, shown: Callable[[str], Text]) -> Table:
    cells: list[tuple[Cell, ...]] = []
    for name, entry in [(say("sets.all"), sets), *((shown(name), of) for name, of in sets.get("classes", {}).items())]:
        cells.append((name, say("sets.coverage", asked=100 * sets["asked"]), *figure(entry["coverage"])))
        cells += [(name, say(key), *figure(entry[part])) for part, key in OF_SETS.items()]
        if "size" in entry:
            cells.append((name, say("sets.size"), *figure(entry["size"], scale=1)))
    columns = head(say("index.class"), say("report.decisions.set"))
    return Table(say("report.decisions.sets"), columns, tuple(cells), left=2)


def _gate(gate: Figures) -> Iterator[Block]:
    """How many of the films the input check would refuse, and why."""
    key = "evaluation.gate" if gate.get("fitted") else "evaluation.gate-rules"
    yield Note(say(key, refused=percent(gate["refused"])))
    cells = tuple((label("", code), str(count)) for code, count in gate.get("reasons", {}).items())
    if cells:
        yield Table(say("report.decisions.reasons"), (say("report.decisions.reason"), say("index.films")), cells)
