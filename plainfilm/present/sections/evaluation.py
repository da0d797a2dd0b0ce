"""All figures of one evaluation, one after the other: what a terminal shows of a test."""

from collections.abc import Iterator

from plainfilm.evaluation.evaluation import Metrics
from plainfilm.messages import Text
from plainfilm.model.card import Card, named
from plainfilm.present.blocks import Block, Note
from plainfilm.present.sections.calibration import calibration_of
from plainfilm.present.sections.decisions import decisions_of
from plainfilm.present.sections.results import results_of, title
from plainfilm.present.sections.subgroups import subgroups_of


def evaluation(figures: Metrics, card: Card, films: Text) -> Iterator[Block]:
    """The figures of a model with this card; `films`: which they are of. Last comes the tutorial's own line."""
    shown, tutorial = named(card.classes), figures.tutorial
    yield from title(figures, films)
    yield from results_of(figures, shown)
    yield from calibration_of(figures, card.calibration, shown)
    yield from decisions_of(figures, shown)
    yield from subgroups_of(figures, films, shown)
    yield Note(f"Eval Loss:{tutorial.loss:.5f},Acc:{tutorial.accuracy:.5f}")
