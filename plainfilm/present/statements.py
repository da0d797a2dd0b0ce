"""Sentences about answers and models that the terminal, the page, the API and the DICOM node all say."""

from collections.abc import Sequence
from functools import reduce

from plainfilm.messages import Listed, Words, say
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card
from plainfilm.model.input_check import Verdict
from plainfilm.model.shift import MIN_FILMS, Shift


def set_words(members: Sequence[int], card: Card) -> Words:
    """A film's set in words.

    A single class, "viral pneumonia or COVID-19: not decided", "any class: not decided", "none of the classes".
    """
    if len(members) == len(card.classes):
        return say("sets.any")
    names: list[Words] = [card.classes[number] for number in members]
    if not names:
        return say("sets.empty")
    joined = reduce(lambda first, second: say("sets.or", first=first, second=second), names)
    return joined if len(names) == 1 else say("sets.undecided", names=joined)


def stance(answer: Answer, *, is_abroad: bool) -> str:
    """What stands behind an answered film: "refused" by the input check, "abroad", "undecided", or "home".

    `is_abroad`: the films that it came with are not like those at home; one film may be unlike home by itself.
    """
    if answer.is_refused:
        return "refused"
    if is_abroad or (answer.placed is not None and answer.placed.is_unlike):
        return "abroad"
    return "home" if answer.set is not None and len(answer.set) == 1 else "undecided"


def headline(answer: Answer, card: Card, *, is_abroad: bool) -> Words:
    """What may be said of an answered film in the largest letters: never surer than what stands behind it."""
    found, most_probable = stance(answer, is_abroad=is_abroad), card.classes[answer.predicted]
    if found in ("refused", "abroad"):
        return say(f"headline.{found}", name=most_probable)
    return say("headline.uncalibrated", name=most_probable) if answer.set is None else set_words(answer.set, card)


def shift_words(shift: Shift | None) -> Words:
    """Whether films are like those of the model's home; None: the model cannot say."""
    if shift is None:
        return say("card.no-shift")
    if shift.distance is None:
        return say("shift.too-few", films=shift.films, minimum=MIN_FILMS)
    moved = Listed(tuple(say(f"shift.{name}") for name in shift.moved)) if shift.moved else say("shift.together")
    return say(f"shift.{shift.verdict}", films=shift.films, distance=shift.distance, moved=moved)


def reasons(verdict: Verdict) -> Words:
    """Why the input check refuses a film."""
    return Listed(tuple(say(code) for code in verdict.reasons), "gate.and")


def about_model(card: Card) -> list[Words]:
    """What a model is worth: tested where, begun from which weights, calibrated or not; last, what it is not for."""
    if card.evaluation is None:
        found: list[Words] = [say("card.not-tested")]
    else:
        found = [say("card.tested", accuracy=card.evaluation.overall["accuracy"].in_percent())]
    if card.is_leaking:
        found.append(say("evaluation.leaking"))
    found += about_base(card)
    if card.calibration is None:
        found.append(say("card.not-calibrated"))
    else:
        fitted = card.calibration
        found.append(say("card.calibrated", films=sum(fitted.films), coverage=100 * fitted.coverage))
    if card.gate is None:
        found.append(say("card.no-gate"))
    if card.shift is None:
        found.append(say("card.no-shift"))
    return [*found, say("card.not-for-diagnosis")]


def about_base(card: Card) -> list[Words]:
    """That nobody knows what a model saw before its training, if it began with given weights."""
    return [] if card.seen is None or card.seen.base_known else [say("card.base-unknown")]


def about_maps(card: Card) -> Words:
    """What a model's class maps are worth."""
    if card.map_health == "card.maps-faithful":
        assert card.maps is not None
        return say("card.maps-faithful", n=card.maps.n)
    return card.map_warning
