"""Sentences about answers and models that the terminal, the API and the DICOM node all say."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from plainfilm.messages import text
from plainfilm.model.card import Card
from plainfilm.model.gate import Verdict


def set_words(members: Sequence[int], card: Card, language: str) -> str:
    """A film's set in words.

    A single class, "viral pneumonia or COVID-19: not decided", "any class: not decided", "none of the classes".
    """
    if len(members) == len(card.classes):
        return text("sets.any", language)
    names = [card.classes[number].shown(language) for number in members]
    if not names:
        return text("sets.empty", language)
    joined = reduce(lambda first, second: text("sets.or", language, first=first, second=second), names)
    return joined if len(names) == 1 else text("sets.undecided", language, names=joined)


def reasons(verdict: Verdict, language: str) -> str:
    """Why the gate refuses a film, in words."""
    return text("gate.and", language).join(text(code, language) for code in verdict.reasons)


def gate_summary(verdict: Verdict, is_answered: bool, language: str) -> dict[str, Any]:
    """What the gate says of a film, for JSON; `overridden` where it refuses a film that is answered all the same."""
    return {
        "passed": verdict.passed,
        "overridden": is_answered and not verdict.passed,
        "distance": verdict.distance,
        "reasons": [{"code": code, "message": text(code, language)} for code in verdict.reasons],
    }


def about_model(card: Card, language: str) -> list[str]:
    """What a model is worth: tested where, begun from which weights, calibrated or not."""
    if card.evaluation is None:
        found = [text("card.not-tested", language)]
    else:
        accuracy = card.evaluation.overall["accuracy"].percent(language)
        found = [text("card.tested", language, accuracy=accuracy)]
    if card.is_leaking:
        found.append(text("evaluation.leaking", language))
    if card.seen is not None and not card.seen.base_known:
        found.append(text("card.base-unknown", language))
    if card.calibration is None:
        found.append(text("card.not-calibrated", language))
    else:
        fitted = card.calibration
        coverage = 100 * fitted.coverage
        found.append(text("card.calibrated", language, films=sum(fitted.films), coverage=coverage))
    if card.gate is None:
        found.append(text("card.no-gate", language))
    return [*found, text("card.not-for-diagnosis", language)]


def about_maps(card: Card, language: str) -> str:
    """What a model's class maps are worth."""
    if card.map_health == "card.maps-faithful":
        assert card.maps is not None
        return text("card.maps-faithful", language, n=card.maps.n)
    return card.map_warning.shown(language)
