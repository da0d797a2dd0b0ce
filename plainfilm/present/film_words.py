"""What a model says of the class of one film, as JSON."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from plainfilm.model.answer import Answer
from plainfilm.model.card import Card
from plainfilm.present.statements import set_words
from plainfilm.records import Object
from plainfilm.task import task_of

if TYPE_CHECKING:  # few ask for a prevalence
    from plainfilm.evaluation.decisions import PredictiveValues


def classes_json(answer: Answer, card: Card, language: str, predictive: "Mapping[str, PredictiveValues]") -> Object:
    """What the model says of a film's class; every entry is None if it says nothing."""
    if answer.probabilities is None:
        return dict.fromkeys(("predicted", "probabilities", "set", "set_words", "called"))
    names, members = card.class_names, answer.set
    probability_of = dict(zip(names, answer.probabilities.tolist(), strict=True))
    return {
        "predicted": names[answer.predicted],
        "probabilities": probability_of,
        "set": None if members is None else [names[number] for number in members],
        "set_words": None if members is None else set_words(members, card).shown(language),
        "called": called(probability_of, card, predictive),
    }


def called(
    probability_of: Mapping[str, float], card: Card, predictive: "Mapping[str, PredictiveValues]"
) -> dict[str, list[Object]] | None:
    """For each class or finding whether the film is called so at each operating point; None if none was fitted.

    If a prevalence was given for the class, also how likely that is right there.
    """
    if card.calibration is None:
        return None
    found: dict[str, list[Object]] = {}
    stored = task_of(card.task_kind).answers.operating_points(card.calibration)
    for name, points in zip(card.class_names, stored, strict=True):
        valued = predictive[name].points if name in predictive else [None] * len(points)
        found[name] = []
        for point, values in zip(points, valued, strict=True):
            positive = probability_of[name] >= point.threshold
            value = None if values is None else (values.ppv if positive else values.npv).as_dict()
            found[name].append(
                {
                    "asked": point.asked,
                    "threshold": point.threshold,
                    "positive": positive,
                    "predictive_value": value,
                }
            )
    return found
