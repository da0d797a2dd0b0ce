"""Scores that any program wrote: what was judged, every figure, the thresholds; as far as a report needs no model."""

from collections.abc import Callable, Iterator, Sequence

from plainfilm.data.sources.findings_names import display_key
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.scores import SENSITIVITIES, Cut, Cuts, ScoresEvaluation
from plainfilm.messages import Text, say
from plainfilm.model.card import named
from plainfilm.model.findings import needed
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import name_of
from plainfilm.present.sections import findings, results
from plainfilm.present.sections.calibration import calibration_of
from plainfilm.present.sections.subgroups import subgroups_of
from plainfilm.present.words import in_a_cell, listed

MAX_NAMED = 5  # films, for instance
MAX_HEADINGS = 12
MEASURED, PREDICTIVE = ("sensitivity", "specificity"), ("ppv", "npv")


def blocks(found: ScoresEvaluation) -> Iterator[Block]:
    """All of it, one after the other, with the paths of films that are not judged."""
    yield from joined(found, with_paths=True)
    for section in sections(found)[1:-1]:
        yield from section.blocks


def sections(found: ScoresEvaluation) -> list[Section]:
    """The sections of the page, in order, one without blocks left out.

    No path, name of a table or heading is in them, and of the names in cells those alone that are known here: any other
    may say who somebody is.
    """
    made = (
        Section("first", say("scores.first"), tuple(joined(found))),
        Section("results", say("scores.results"), tuple(_results(found))),
        Section("calibration", say("report.calibration"), tuple(_calibration(found))),
        Section("decisions", say("scores.thresholds"), tuple(thresholds(found))),
        Section("subgroups", say("report.subgroups"), tuple(_subgroups(found))),
        Section("origin", say("scores.origin"), tuple(_origin(found))),
    )
    return [section for section in made if section.blocks]


# --- what was judged -------------------------------------------------------------------------------------------------


def joined(found: ScoresEvaluation, *, with_paths: bool = False) -> Iterator[Block]:
    """What was taken for what, and what became of the rows; `with_paths`: with all that tables name."""
    scored, chosen = found.figures.scored, found.chosen
    yield Note(say("scores.not-ours"), "alarm")
    yield Note(say("scores.counts", rows=scored.rows, films=scored.films, judged=scored.judged))
    if found.left_out:
        yield _left_out(found, with_paths=with_paths)
    for place, (table, unfit) in enumerate(zip(found.balances, found.unfit, strict=True), 1):
        name = table.name if with_paths else str(place)
        yield Note(say("scores.table", table=name, rows=table.rows, fit=table.fit, twice=table.twice))
        if unfit:
            yield Note(say("scores.unfit", rows=len(unfit)))
        if unfit and with_paths:
            yield Note(say("scores.for-instance", names=listed(unfit, MAX_NAMED)))
    columns = listed(name if name == heading else f"{name} ({heading})" for name, heading in chosen.columns.items())
    yield Note(say(f"scores.taken.{chosen.kind}", columns=columns))
    if chosen.unscored:
        yield Note(say("scores.unscored", names=_named(chosen.unscored, every=with_paths)), "missing")
    if chosen.further:
        yield Note(say("scores.further", names=_named(chosen.further, every=with_paths)))
    yield from (Note(note) for note in found.notes if with_paths or "table" not in note.values)
    yield Note(say("scores.copies"))
    if scored.known_patients < scored.judged:
        yield Note(say("scores.patients", known=scored.known_patients, films=scored.judged))


def _named(names: Sequence[str], *, every: bool) -> Text:
    """Names in a sentence: all, or those of findings that are known here, and how many others there are."""
    known = [name for name in names if every or display_key(name) is not None]
    others = len(names) - len(known)
    counted = (say("scores.others", count=others),) if others else ()
    return listed([*([listed(known, MAX_HEADINGS)] if known else ()), *counted])


def _left_out(found: ScoresEvaluation, *, with_paths: bool) -> Table:
    """The films that have scores and are not judged."""
    rows: list[tuple[Cell, ...]] = []
    for reason, paths in found.left_out.items():
        examples = (listed(paths, MAX_NAMED),) if with_paths else ()
        rows.append((say(f"scores.reason.{reason}"), str(len(paths)), *examples))
    head = (say("balance.reason"), say("index.films"), *((say("balance.example"),) if with_paths else ()))
    return Table(say("scores.left-out"), head, tuple(rows))


def _origin(found: ScoresEvaluation) -> Iterator[Table]:
    """The checksums of the files, whose names may say who wrote them, or whose films these are."""
    scored = found.figures.scored
    tables = [(say("scores.origin.table", number=place), sha) for place, sha in enumerate(scored.tables_sha256, 1)]
    rows = ((say("scores.origin.scores"), scored.scores_sha256), *tables)
    yield Table(say("report.origin.checksums"), (say("report.data.what"), "SHA-256"), rows, left=2)


# --- figures ---------------------------------------------------------------------------------------------------------


def _results(found: ScoresEvaluation) -> Iterator[Block]:
    figures, shown = found.figures, _shown(found)
    if isinstance(figures, Metrics):
        yield from results.title(figures, say("scores.these"))
        yield from results.results_of(figures, shown)
    else:
        yield Note(say("evaluation.title", films=say("scores.these"), n=figures.num_films))
        yield from findings.figures_of(figures, shown)


def _calibration(found: ScoresEvaluation) -> Iterator[Block]:
    """The calibration of classes, but for what is said of a fit; that of findings is among their figures."""
    figures = found.figures
    if isinstance(figures, Metrics):
        yield from (block for block in calibration_of(figures, None, _shown(found)) if not isinstance(block, Note))


def _subgroups(found: ScoresEvaluation) -> Iterator[Block]:
    figures, shown = found.figures, _shown(found)
    if isinstance(figures, Metrics):
        yield from subgroups_of(figures, say("scores.these"), shown)
    else:
        yield from findings.subgroups_of(figures, say("scores.these"), shown)


def _shown(found: ScoresEvaluation) -> Callable[[str], Text]:
    return named(found.classes)


def thresholds(found: ScoresEvaluation) -> Iterator[Block]:
    """The thresholds of each class or finding, and predictive values where a prevalence was given."""
    by_name, shown = found.figures.thresholds, _shown(found)
    rows = tuple(row for name, cuts in by_name.items() for row in _rows(cuts, shown(name)))
    keys = ("scores.name", "scores.films", "report.decisions.asked", "scores.threshold")
    columns = (*map(say, keys), *map(name_of, MEASURED))
    yield Table(say("scores.thresholds-table"), columns, rows, left=3)
    yield Note(say("scores.cross-fitted"))
    for name, cuts in by_name.items():
        if cuts.prevalence is not None:
            caption = say("scores.prevalence", name=shown(name), prevalence=100 * cuts.prevalence)
            valued = tuple((_asked(cut.asked), _at(cut), *_cells(cut, PREDICTIVE)) for cut in cuts.cuts)
            yield Table(caption, (*map(say, keys[2:]), *map(name_of, PREDICTIVE)), valued)


def _rows(cuts: Cuts, name: Text) -> Iterator[tuple[Cell, ...]]:
    """The thresholds of one class or finding; at the end those that it has too few films for."""
    films = next((f"{cut.sensitivity.n} / {cut.specificity.n}" for cut in cuts.cuts), "0 / 0")
    for cut in cuts.cuts:
        yield name, films, _asked(cut.asked), _at(cut), *_cells(cut, MEASURED)
    for share in SENSITIVITIES:
        if cuts.positives <= needed(share):
            yield name, films, _asked(share), say("findings.too-few", n=cuts.positives), *["–"] * len(MEASURED)


def _asked(share: float | None) -> Text:
    return "–" if share is None else f"{100 * share:g} %"


def _at(cut: Cut) -> str:
    return f"{cut.threshold:.4f}"


def _cells(cut: Cut, names: Sequence[str]) -> Iterator[Cell]:
    return (in_a_cell(getattr(cut, name)) for name in names)
