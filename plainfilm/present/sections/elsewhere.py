"""Tests on films from elsewhere: what the model has seen of them, its figures, and the generalisation gap."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.external import ExternalMetrics, Seen
from plainfilm.evaluation.findings_evaluation import FindingsExternalMetrics, FindingsMetrics
from plainfilm.evaluation.findings_recalibration import is_advised_for_findings, needed_for_findings
from plainfilm.evaluation.generalisation_gap import GeneralisationGap
from plainfilm.evaluation.recalibration import BETTER_FILMS, MIN_FILMS, is_advised
from plainfilm.messages import Text, say
from plainfilm.model.findings import FindingsCalibration
from plainfilm.model.seen import KINDS
from plainfilm.present.blocks import Block, Cell, Note, Section, Table
from plainfilm.present.figure_rows import head, name_of, overall, scale_of
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.findings import figures_of, gap
from plainfilm.present.sections.points import predictive_values
from plainfilm.present.sections.results import results_of, title
from plainfilm.present.words import figure, listed

Shown = Callable[[str], Text]
OF_FALL = {"internal": "fall.internal", "external": "fall.external", "difference": "fall.difference"}


def external(found: Gathered) -> Section:
    """The section of external tests."""
    return _tests(found, lambda figures: (*results_of(figures, found.shown), *of_classes(figures, found.shown)))


def external_findings(found: Gathered) -> Section:
    """The same of findings."""
    shown, calibration = found.shown, None if found.card is None else found.card.calibration
    return _tests(found, lambda figures: (*figures_of(figures, shown), *of_findings(figures, calibration, shown)))


def _tests(found: Gathered, of_test: Callable[[Any], Iterable[Block]]) -> Section:
    """Each test: which films, what the model has seen of them, what is made of its figures."""
    blocks: list[Block] = []
    for name, figures in found.external.items():
        blocks += [*title(figures, name), *seen(figures.seen), *of_test(figures)]
    missing = Note(say("report.external.missing"), "missing")
    return Section("external", say("report.external"), tuple(blocks) or (missing,))


def of_classes(figures: ExternalMetrics, shown: Shown) -> Iterator[Block]:
    """What a test on films from elsewhere adds to its figures: predictive values, the gap, advice."""
    yield from predictive_values(figures.predictive_values or {}, shown)
    yield from generalisation_gap(figures.fall)
    yield from advice(figures)


def of_findings(
    figures: FindingsExternalMetrics, calibration: FindingsCalibration | None, shown: Shown
) -> Iterator[Block]:
    """The same of findings."""
    yield from predictive_values(figures.predictive_values or {}, shown)
    yield from gap(figures.fall, shown)
    yield from advice_for_findings(figures, calibration, shown)


def seen(found: Seen | None) -> Iterator[Note]:
    """Which films the model has seen, or that nobody can say."""
    if found is None:
        yield Note(say("report.external.cannot-say"), "missing")
    elif found.model is None:
        yield Note(say("seen.cannot-say", films=found.films), "missing")
    else:
        model, kinds = found.model, {kind: getattr(found, kind) for kind in KINDS}
        count = sum(kinds.values())
        parts = {"train": model.train, "validation": model.validation}
        yield Note(say("seen.counts", films=found.films, count=count, **kinds, **parts), "alarm" if count else "plain")
        if not model.fingerprints:
            yield Note(say("seen.exact-alone"))
        if not model.base_known:
            yield Note(say("seen.base-unknown"))


def generalisation_gap(found: GeneralisationGap | None) -> Iterator[Block]:
    """The gap from the model's own test to these films, each difference with its interval."""
    if found is None:
        yield Note(say("fall.not-tested"))
        return
    cells = tuple(
        (name_of(name), say(key), *_figure(name, part, getattr(found.figures[name], part)))
        for name in overall()
        if name in found.figures
        for part, key in OF_FALL.items()
    )
    yield Table(say("fall.title"), head(say("evaluation.figure"), say("report.tested-on")), cells, left=2)
    yield _verdict(found.figures["balanced_accuracy"].difference)
    if found.leaking:
        yield Note(say("fall.leaking"))


def advice(figures: Metrics) -> Iterator[Note]:
    """That a recalibration is advised after a test elsewhere, where it is; how many films it takes, and are there."""
    if is_advised(figures):
        counts = {"minimum": MIN_FILMS, "better": BETTER_FILMS, "films": figures.num_films}
        yield Note(say("recalibration.advised", **counts), "missing")


def advice_for_findings(
    figures: FindingsMetrics, calibration: FindingsCalibration | None, shown: Shown
) -> Iterator[Note]:
    """The same of findings, with what each takes; `calibration` None: nothing was promised."""
    if calibration is None or not is_advised_for_findings(figures, calibration.coverage):
        return
    needed = needed_for_findings(figures, calibration.coverage)
    counts = {"minimum": MIN_FILMS, "better": BETTER_FILMS, "films": figures.num_films}
    enough = listed(map(shown, needed.enough)) if needed.enough else say("report.none")
    yield Note(say("recalibration.advised-findings", **counts), "missing")
    sides = {"decisions": needed.decisions, "probabilities": needed.probabilities}
    yield Note(say("recalibration.needed-findings", **sides, enough=enough), "missing")


def _figure(name: str, part: str, entry: Estimate) -> tuple[Cell, ...]:
    """Cells of a figure; a difference is in points of a hundred."""
    return figure(entry, unit="") if part == "difference" else figure(entry, scale=scale_of(name))


def _verdict(difference: Estimate) -> Note:
    """In words, by the balanced accuracy: it does not depend on how many films of each class there are."""
    if not difference.estimable:
        return Note(say("fall.not-estimable"))
    low, high = 100 * difference.low, 100 * difference.high
    if low > 0:
        return Note(say("fall.worse", low=low, high=high), "alarm")
    if high < 0:
        return Note(say("fall.better", low=-high, high=-low))
    return Note(say("fall.unclear", low=low, high=high))
