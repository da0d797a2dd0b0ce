"""Answers: tables of classes and probabilities, sentences about truth and sets, remarks about films."""

from collections.abc import Iterable, Iterator, Sequence

from plainfilm.messages import LANGUAGES, Listed, Text, Words, say, told
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card
from plainfilm.model.shift import Shift, place_of
from plainfilm.present.blocks import Block, Cell, Note, Table
from plainfilm.present.statements import DENIED, reasons, set_words, shift_words, stance

ROWS_A_TABLE = 1000  # a table is laid out in memory, at thirty times what its rows hold


def answers(found: Sequence[Answer], card: Card, shift: Shift | None) -> Iterator[Block]:
    """Tables of the films that were answered, then sentences about truth, where it is known, and sets.

    `shift`: what the films say together of the place that they come from; abroad, that comes first.
    """
    answered = [answer for answer in found if answer.is_answered]
    place = place_of(shift)
    if place == "abroad":
        yield Note(shift_words(shift), "alarm")
    for start in range(0, len(answered), ROWS_A_TABLE):
        yield _table(answered[start : start + ROWS_A_TABLE], card, place)
    for answer in answered:
        if answer.truth:
            predicted, truth = card.classes[answer.predicted], card.shown(answer.truth)
            yield Note(say("prediction.sentence", number=answer.number, truth=truth, predicted=predicted))
    for answer in answered:
        if answer.set is not None and card.calibration is not None:
            coverage, words = 100 * card.calibration.coverage, set_words(answer.set, card)
            yield Note(say(_set_key(answer, place), number=answer.number, coverage=coverage, words=words))
    if shift is not None and place != "abroad" and shift.films:
        yield Note(shift_words(shift))


def _set_key(answer: Answer, place: str) -> str:
    """The sentence for a set, by what the set promises of this film."""
    found = stance(answer, place)
    if found in DENIED:
        return "prediction.set-unpromised"
    return "prediction.set-unproven" if found == "unproven" else "prediction.set"


def _table(answered: Sequence[Answer], card: Card, place: str) -> Table:
    names = tuple(say(f"prediction.{name}") for name in ("number", "film", "label"))
    rows = tuple(_row(answer, card, place) for answer in answered)
    return Table(say("prediction.table"), (*names, *card.classes), rows, left=3)


def _row(answer: Answer, card: Card, place: str) -> tuple[Cell, ...]:
    """Number, path and class of an answered film, and a cell for each probability."""
    assert answer.probabilities is not None
    predicted = card.classes[answer.predicted]
    names: Text = " ".join(dict.fromkeys(predicted.shown(language) for language in LANGUAGES))
    if doubts := tuple(_doubts(answer, place)):
        names = say("prediction.doubted", names=names, doubts=Listed(doubts, "gate.and"))
    return str(answer.number), answer.path, names, *(f"{probability:.3f}" for probability in answer.probabilities)


def _doubts(answer: Answer, place: str) -> Iterator[Words]:
    """What is to be said against the most probable class of a film."""
    if answer.set is not None and len(answer.set) != 1:
        yield say("doubt.undecided")
    if (found := stance(answer, place)) in (*DENIED, "unproven"):
        yield say(f"doubt.{found}")


def remarks(found: Iterable[Answer]) -> Iterator[Words]:
    """What was noticed about films, which films the input check refuses, which cannot be read."""
    for answer in found:
        for code in answer.warnings:
            yield say("warning", about=answer.path, message=say(code))
        if answer.verdict is not None and answer.is_refused:
            key = "gate.overridden" if answer.is_answered else "gate.refused"
            yield say(key, about=answer.path, reasons=reasons(answer.verdict))
        elif answer.placed is not None and answer.placed.is_unlike:
            yield say("shift.unlike", about=answer.path)
        if answer.error is not None:
            named = "path" in answer.error.parameters
            message = told(answer.error)
            yield say("error", message=message) if named else say("error.about", about=answer.path, message=message)
