"""Sentences about answers and models that the terminal, the page, the API and the DICOM node all say."""

from collections.abc import Sequence
from functools import reduce

from plainfilm.messages import Listed, Words, say
from plainfilm.model.card import Card
from plainfilm.model.input_check import Verdict


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
