"""Findings: the figures of each, its decisions, and tables of films that were answered."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from plainfilm.data.labelling import FindingLabels, display_names
from plainfilm.evaluation.findings_evaluation import FindingsMetrics
from plainfilm.evaluation.findings_metrics import FindingFigures, FindingSets
from plainfilm.evaluation.findings_tables import FindingsCompared
from plainfilm.evaluation.generalisation_gap import Change
from plainfilm.evaluation.known import MIN_POSITIVES
from plainfilm.messages import Text, say
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card, class_names, named
from plainfilm.model.findings import PRESENT, UNDECIDED, FindingsCalibration
from plainfilm.model.shift import Shift, place_of
from plainfilm.present.blocks import Block, Cell, Lines, Note, Section, Table
from plainfilm.present.figure_rows import head, name_of
from plainfilm.present.findings_answer import findings_of, headline_of, in_state, sentences
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.answers import ROWS_A_TABLE
from plainfilm.present.sections.finding_audit import table_probe, verdicts
from plainfilm.present.statements import shift_words
from plainfilm.present.words import figure, in_a_cell, listed

OVERALL = ("macro_auc", "macro_average_precision", "macro_brier")
OF_FINDING = ("auc", "average_precision", "brier", "calibration_error")
OF_SETS = ("present", "absent", "undecided", "coverage_positives", "coverage_negatives")


# --- figures ---------------------------------------------------------------------------------------------------------


def evaluation(figures: FindingsMetrics, card: Card, films: Text) -> Iterator[Block]:
    """All figures of one evaluation, one after the other."""
    shown = named(card.classes)
    yield Note(say("evaluation.title", films=films, n=figures.num_films))
    if figures.shift is not None:
        yield Note(shift_words(figures.shift), "alarm" if figures.shift.is_abroad else "plain")
    yield from figures_of(figures, shown)
    yield from decisions_of(figures, card.calibration, shown)
    yield from subgroups_of(figures, films, shown)


def figures_of(figures: FindingsMetrics, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The macro means, the figures of each finding that is stated, what labels mean."""
    if figures.leaking:
        yield Note(say("evaluation.leaking"), "alarm")
    cells = tuple(
        (name_of(name), *figure(figures.overall[name], scale=1)) for name in OVERALL if name in figures.overall
    )
    yield Table(say("report.findings.macro"), head(say("evaluation.figure")), cells)
    yield _over(figures.macro_over, shown)
    yield _by_finding(figures, shown)
    if unstated := [shown(name) for name, entry in figures.findings.items() if not entry.n]:
        yield Note(say("report.findings.unstated", names=listed(unstated)))
    yield from meanings(figures.labels)
    if figures.interval.groups:
        yield Note(say("report.results.interval", groups=figures.interval.groups))


def _over(names: Sequence[str], shown: Callable[[str], Text]) -> Note:
    """Over which findings means are."""
    return Note(say("report.findings.macro-over", names=_told(names, shown), minimum=MIN_POSITIVES))


def _told(names: Sequence[str], shown: Callable[[str], Text]) -> Text:
    """The findings of a mean, or that there are none."""
    return listed(map(shown, names)) if names else say("report.none")


def _stated(figures: FindingsMetrics) -> list[tuple[str, FindingFigures]]:
    """The findings that are known of some film, with their figures."""
    return [(name, entry) for name, entry in figures.findings.items() if entry.n]


def _by_finding(figures: FindingsMetrics, shown: Callable[[str], Text]) -> Table:
    rows = tuple(
        (
            shown(name),
            f"{entry.positives} / {entry.n}",
            *(in_a_cell(getattr(entry, key), scale=1) for key in OF_FINDING),
        )
        for name, entry in _stated(figures)
    )
    columns = (say("report.findings.finding"), say("report.findings.positives"), *map(name_of, OF_FINDING))
    return Table(say("report.findings.by-finding"), columns, rows)


def meanings(labels: Mapping[str, object]) -> Iterator[Note]:
    """What uncertain and blank cells were taken for."""
    for kind in ("uncertain", "blank"):
        if labels.get(kind) is not None:
            yield Note(say(f"findings.meaning.{kind}", meaning=str(labels[kind])))
    columns = labels.get("columns")
    if isinstance(columns, Mapping) and columns:
        told = listed(
            f"{name} ({', '.join(f'{key} = {value}' for key, value in entry.items())})"
            for name, entry in columns.items()
        )
        yield Note(say("findings.meaning-columns", columns=told))


def decisions_of(
    figures: FindingsMetrics, calibration: FindingsCalibration | None, shown: Callable[[str], Text]
) -> Iterator[Block]:
    """What is promised of each finding, and what that gave on these films; which are too few for a promise."""
    if calibration is None:
        yield Note(say("report.decisions.missing"), "missing")
        return
    yield fitted(calibration, figures, shown)
    sets = [(name, entry.sets) for name, entry in _stated(figures) if entry.sets is not None]
    if sets:
        keys = (*OF_SETS, "predictive_value")
        rows = tuple((shown(name), *(in_a_cell(getattr(of, key)) for key in OF_SETS), _right(of)) for name, of in sets)
        columns = (say("report.findings.finding"), *(say(f"findings.share.{key}") for key in keys))
        yield Table(say("report.findings.sets", coverage=100 * calibration.coverage), columns, rows)
        calls, right = (sum(of.calls[place] for _, of in sets) for place in (0, 1))
        if calls:
            tone = "alarm" if 2 * right < calls else "plain"
            yield Note(say("report.findings.calls", calls=calls, right=right), tone)
    points = _points(figures, shown)
    if points.rows:
        yield points


def _right(of: FindingSets) -> Cell:
    """How many of the films that are called present have the finding."""
    calls, right = of.calls
    if not calls:
        return in_a_cell(of.predictive_value)
    value, interval, _ = figure(of.predictive_value)
    return Lines((f"{right} / {calls}", value, f"({interval})"))


def _points(figures: FindingsMetrics, shown: Callable[[str], Text]) -> Table:
    """Thresholds at a sensitivity, and what they give on these films."""
    rows = tuple(
        (
            shown(name),
            f"{100 * point.asked:g} %",
            f"{point.threshold:.4f}",
            *(in_a_cell(entry) for entry in (point.sensitivity, point.specificity)),
        )
        for name, entry in _stated(figures)
        for point in entry.points
    )
    keys = ("report.findings.finding", "report.decisions.asked", "prevalence.threshold")
    columns = (*map(say, keys), name_of("sensitivity"), name_of("specificity"))
    return Table(say("report.findings.points"), columns, rows, left=2)


def fitted(calibration: FindingsCalibration, figures: FindingsMetrics, shown: Callable[[str], Text]) -> Table:
    """What each finding was fitted on and to, or how many films are too few for it."""
    rows: list[tuple[Cell, ...]] = []
    for name, decision in zip(figures.findings, calibration.findings, strict=True):
        sides = decision.positives, decision.negatives
        scale: Text = say("findings.too-few", n=min(sides))
        if decision.temperature is not None:
            scale = f"{decision.temperature:.3f}, {decision.shift:+.3f}"
        cuts = [
            say("findings.too-few", n=n) if cut is None else f"{cut:.4f}"
            for cut, n in zip((decision.present, decision.absent), sides, strict=True)
        ]
        rows.append((shown(name), str(decision.positives), str(decision.negatives), scale, *cuts))
    keys = ("finding", "fitted-positives", "fitted-negatives", "scale", "absent-below", "present-above")
    caption = say("report.findings.fitted", films=say(f"findings.of.{calibration.from_}"))
    return Table(caption, tuple(say(f"report.findings.{key}") for key in keys), tuple(rows), left=1)


def subgroups_of(figures: FindingsMetrics, films: Text, shown: Callable[[str], Text]) -> Iterator[Table]:
    """The AUC of each finding in parts of the films, where there are enough."""
    rows: list[tuple[Cell, ...]] = []
    for column, parts in figures.subgroups.items():
        for part, of_part in parts.items():
            start = (say(f"report.column.{column}"), part or say("report.subgroups.unknown"))
            rows += [(*start, shown(name), *figure(entry, scale=1)) for name, entry in of_part.items()]
    columns = head(say("report.subgroups.by"), say("report.subgroups.group"), say("report.findings.finding"))
    if rows:
        yield Table(say("report.findings.subgroups", name=films), columns, tuple(rows), left=3)


def gap(fall: Mapping[str, Change] | None, shown: Callable[[str], Text]) -> Iterator[Block]:
    """The AUC of each finding in the model's own test and on these films, and by how much it is worse."""
    if fall is None:
        yield Note(say("fall.not-tested"))
    elif fall:
        rows = tuple(
            (
                shown(name),
                *(in_a_cell(entry, scale=1) for entry in (change.internal, change.external)),
                in_a_cell(change.difference, unit=""),
            )
            for name, change in fall.items()
        )
        keys = ("report.findings.finding", "fall.internal", "fall.external", "fall.difference")
        yield Table(say("report.findings.gap"), tuple(map(say, keys)), rows)


def comparison(found: FindingsCompared) -> Iterator[Block]:
    """Two models: the AUC of each finding and the mean of both, and second minus first."""
    names = class_names(tuple(found.compared.findings), display_names(FindingLabels(), found.compared.findings))
    shown = named(names)
    parts = [(shown(name), entry) for name, entry in found.compared.findings.items()]
    rows = tuple(
        (name, *(in_a_cell(part, scale=1) for part in (entry.first, entry.second, entry.difference)))
        for name, entry in (*parts, (name_of("macro_auc"), found.compared.macro))
    )
    keys = ("report.findings.finding", "compare.first", "compare.second", "compare.difference")
    title = say("compare.title", films=found.films, groups=found.groups, **found.left_out)
    yield Table(title, tuple(map(say, keys)), rows)
    yield _over(found.compared.macro_over, shown)


# --- sections of the report ------------------------------------------------------------------------------------------


def headline(found: Gathered) -> Section:
    """What to know before any figure: the macro AUC, over what, and what it does not say."""
    blocks: list[Block] = []
    audited = None if found.audit is None else found.audit.findings
    if audited is None:
        blocks.append(Note(say("report.first.no-audit"), "missing"))
    else:
        blocks += [*verdicts(audited, found.shown), *table_probe(audited, found.shown)]
    figures: FindingsMetrics | None = found.figures
    if figures is not None:
        auc = figures.overall["macro_auc"].in_decimals()
        told = _told(figures.macro_over, found.shown)
        blocks.append(Note(say("report.findings.first", auc=auc, count=len(figures.macro_over), names=told)))
        few = [found.shown(name) for name in figures.findings if name not in figures.macro_over]
        if few:
            blocks.append(Note(say("report.findings.few", names=listed(few), minimum=MIN_POSITIVES), "alarm"))
    blocks += _elsewhere(found)
    return Section("first", say("report.first"), tuple(blocks))


def _elsewhere(found: Gathered) -> Iterator[Note]:
    if not found.external:
        yield Note(say("report.first.no-external"), "missing")
    for name, figures in found.external.items():
        auc = figures.overall["macro_auc"].in_decimals()
        yield Note(say("report.findings.external", name=name, auc=auc, films=figures.num_films))


def results(found: Gathered) -> Section:
    """The figures on the run's own test films."""
    missing = Note(say("report.results.missing"), "missing")
    blocks = (missing,) if found.figures is None else tuple(figures_of(found.figures, found.shown))
    return Section("results", say("report.results"), blocks)


def decisions(found: Gathered) -> Section:
    """What is promised, and what it gave."""
    calibration = None if found.card is None else found.card.calibration
    blocks = () if found.figures is None else tuple(decisions_of(found.figures, calibration, found.shown))
    return Section("decisions", say("report.findings.decisions"), blocks)


def subgroups(found: Gathered) -> Section:
    """Parts of the films."""
    own = () if found.figures is None else ((say("report.first.own"), found.figures),)
    tests: Sequence[tuple[Text, FindingsMetrics]] = [*own, *found.external.items()]
    tables = tuple(table for name, figures in tests for table in subgroups_of(figures, name, found.shown))
    return Section("subgroups", say("report.subgroups"), tables or (Note(say("report.subgroups.missing"), "missing"),))


# --- films that were answered ----------------------------------------------------------------------------------------


def answers(found: Sequence[Answer], card: Card, shift: Shift | None) -> Iterator[Block]:
    """A table of the films that were answered, then a sentence a film and state, and what a call is not."""
    answered = [answer for answer in found if answer.is_answered]
    place = place_of(shift)
    if place == "abroad":
        yield Note(shift_words(shift), "alarm")
    for start in range(0, len(answered), ROWS_A_TABLE):
        yield _table(answered[start : start + ROWS_A_TABLE], card, place)
    for answer in answered:
        for words in sentences(answer, card, with_numbers=True):
            yield Note(say("findings.of-film", number=answer.number, words=words))
    if any(PRESENT in (answer.set or ()) for answer in answered):
        yield Note(say("findings.no-diagnosis", count=len(card.classes)))
    if shift is not None and place != "abroad" and answered:
        yield Note(shift_words(shift))


def _table(answered: Sequence[Answer], card: Card, place: str) -> Table:
    rows = tuple(
        (str(answer.number), answer.path, headline_of(answer, card, place), *_counts(answer, card))
        for answer in answered
    )
    keys = ("prediction.number", "prediction.film", "findings.headline", "findings.present", "findings.undecided")
    return Table(say("findings.table"), tuple(map(say, keys)), rows, left=4)


def _counts(answer: Answer, card: Card) -> Iterator[Cell]:
    """How many findings are present, and how many undecided."""
    found = findings_of(answer, card)
    for state in (PRESENT, UNDECIDED):
        yield str(len(in_state(found, state)))
