"""A recalibration: what was fitted on which films, the local test films before and after."""

from collections.abc import Iterator, Sequence

from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.findings_recalibration import OF_PROBABILITIES, OF_SETS
from plainfilm.evaluation.recalibration import Recalibration
from plainfilm.messages import Text, say
from plainfilm.model.card import named
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.figure_rows import name_of, scale_of
from plainfilm.present.sections.balance import balance
from plainfilm.present.sections.data_set import film_problems
from plainfilm.present.sections.elsewhere import seen
from plainfilm.present.sections.findings import fitted, meanings
from plainfilm.present.statements import shift_words
from plainfilm.present.words import figure, in_a_cell, listed
from plainfilm.task import task_of

SCALES = {"coverage": 100, "size": 1, "refused": 100, "macro_auc": 1, "macro_brier": 1}


def recalibration(found: Recalibration) -> Iterator[Block]:
    """What became of the films, what was fitted, the figures before and after, where the file is."""
    yield from balance(found.balance)
    yield from seen(found.seen)
    yield from film_problems(found.rows)
    yield from task_of(found.card.task_kind).showing.recalibrated(found)
    yield Note(shift_words(found.after.shift), "plain")
    yield Note(say("recalibration.written", path=str(found.path)))


def of_classes(found: Recalibration) -> Iterator[Block]:
    """Which classes had no films, or few; all classes together before and after."""
    card, shown = found.card, named(found.card.classes)
    missing, pooled = found.scarce["missing"], found.scarce["pooled"]
    yield Note(say("recalibration.halves", **_halves(found)))
    if missing:
        yield Note(say("recalibration.missing", names=listed(map(shown, missing))), "alarm")
    if pooled:
        films = dict(zip(card.class_names, card.calibration.films, strict=True))
        counts = listed(say("recalibration.films-of", name=shown(name), films=films[name]) for name in pooled)
        yield Note(say("recalibration.pooled", counts=counts))
    yield _over_all(found)


def of_findings(found: Recalibration) -> Iterator[Block]:
    """What was fitted for each finding, and what there were too few films for; means and findings before and after."""
    shown, missing = named(found.card.classes), found.scarce["missing"]
    yield Note(say("recalibration.halves-findings", **_halves(found)))
    if missing:
        yield Note(say("recalibration.missing-findings", names=listed(map(shown, missing))), "alarm")
    yield from meanings(found.after.labels)
    yield fitted(found.card.calibration, found.after, shown)
    yield _over_all(found)
    yield _by_finding(found, OF_PROBABILITIES, say("recalibration.probabilities"), scale=1)
    yield from _worse(found)
    coverage = 100 * found.card.calibration.coverage
    yield _by_finding(found, OF_SETS, say("recalibration.said", coverage=coverage), scale=100)


def _halves(found: Recalibration) -> dict[str, int]:
    return {"films": found.made.films, "fitted": found.made.fitted, "tested": found.made.tested}


def _worse(found: Recalibration) -> Iterator[Note]:
    """The findings whose probabilities are worse than before, in the decimals that are shown."""
    shown, worse = named(found.card.classes), []
    for of, entry in found.after.findings.items():
        before, after = (f"{figures.value:.3f}" for figures in (found.before.findings[of].brier, entry.brier))
        if float(after) > float(before):
            worse.append(say("recalibration.worse-of", name=shown(of), before=before, after=after))
    if worse:
        yield Note(say("recalibration.worse-findings", names=listed(worse)), "alarm")


def _over_all(found: Recalibration) -> Table:
    """A row a figure that is not of one finding."""
    rows = []
    for (of, name, before), (_, _, after) in found.judged_by:
        if not of:
            scale = SCALES.get(name) or scale_of(name)
            (old, old_range, _), (new, new_range, n) = (figure(entry, scale=scale) for entry in (before, after))
            rows.append((_title(name, found.after), old, old_range, new, new_range, n))
    interval = say("report.interval")
    head = (say("evaluation.figure"), say("recalibration.before"), interval, say("recalibration.after"), interval)
    return Table(say("recalibration.title"), (*head, say("report.n")), tuple(rows))


def _title(name: str, figures: Metrics) -> Text:
    """What a figure over all classes or findings is called."""
    if name == "coverage":
        return say("sets.coverage", asked=100 * (figures.sets.asked if figures.sets else 0))
    if name == "size":
        return say("sets.size")
    return say("recalibration.refused") if name == "refused" else name_of(name)


def _by_finding(found: Recalibration, names: Sequence[str], caption: Text, *, scale: int) -> Table:
    """Two rows a finding, before and after; none for one that has no such figure at all."""
    shown, figures = named(found.card.classes), dict[str, list[tuple[Estimate | None, Estimate | None]]]()
    for (of, name, before), (_, _, after) in found.judged_by:
        if of and name in names:
            figures.setdefault(of, []).append((before, after))
    rows = [
        (shown(of), say(f"recalibration.{when}"), *(in_a_cell(entry, scale=scale) for entry in entries))
        for of, pairs in figures.items()
        if any(entry is not None and entry.estimable for pair in pairs for entry in pair)
        for when, entries in zip(("before", "after"), zip(*pairs, strict=True), strict=True)
    ]
    columns = [say(f"findings.share.{name}") if name in OF_SETS else name_of(name) for name in names]
    return Table(caption, (say("report.findings.finding"), say("compare.model"), *columns), tuple(rows), left=2)
