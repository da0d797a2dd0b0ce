"""A recalibration: what was fitted on which films, the local test films before and after."""

from collections.abc import Iterator

from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.recalibration import Recalibration, compared
from plainfilm.messages import Text, say
from plainfilm.model.card import named
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.figure_rows import name_of, scale_of
from plainfilm.present.sections.balance import balance
from plainfilm.present.sections.data_set import film_problems
from plainfilm.present.sections.elsewhere import seen
from plainfilm.present.statements import shift_words
from plainfilm.present.words import figure, listed

SCALES = {"coverage": 100, "size": 1, "refused": 100}


def recalibration(found: Recalibration) -> Iterator[Block]:
    """What became of the films, what was fitted, the figures before and after, where the file is."""
    made, shown = found.made, named(found.card.classes)
    yield from balance(found.balance)
    yield from seen(found.seen)
    yield from film_problems(found.rows)
    yield Note(say("recalibration.halves", films=made.films, fitted=made.fitted, tested=made.tested))
    if found.missing:
        yield Note(say("recalibration.missing", names=listed(map(shown, found.missing))), "alarm")
    if found.pooled:
        counts = listed(say("recalibration.films-of", name=shown(name), films=films) for name, films in found.pooled)
        yield Note(say("recalibration.pooled", counts=counts))
    yield _before_after(found)
    yield Note(shift_words(found.after.shift), "plain")
    yield Note(say("recalibration.written", path=str(found.path)))


def _before_after(found: Recalibration) -> Table:
    rows = []
    for (name, before), (_, after) in zip(compared(found.before), compared(found.after), strict=True):
        scale = SCALES.get(name) or scale_of(name)
        (old, old_range, _), (new, new_range, n) = (figure(entry, scale=scale) for entry in (before, after))
        rows.append((_title(name, found.after), old, old_range, new, new_range, n))
    interval = say("report.interval")
    head = (say("evaluation.figure"), say("recalibration.before"), interval, say("recalibration.after"), interval)
    return Table(say("recalibration.title"), (*head, say("report.n")), tuple(rows))


def _title(name: str, figures: Metrics) -> Text:
    """What a figure of the table is called."""
    if name == "coverage":
        return say("sets.coverage", asked=100 * (figures.sets.asked if figures.sets else 0))
    if name == "size":
        return say("sets.size")
    return say("recalibration.refused") if name == "refused" else name_of(name)
