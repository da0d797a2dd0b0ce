"""`--prevalence CLASS=SHARE`: what operating points predict if so many films are of a class."""

import math
from collections.abc import Mapping, Sequence

from plainfilm.errors import UsageError
from plainfilm.evaluation.decisions import PredictiveValues, add_predictive_values
from plainfilm.model.card import Card
from plainfilm.task import task_of


def parse_prevalences(given: Sequence[str], card: Card) -> dict[str, float]:
    """Shares of films by class from CLASS=SHARE. Raises UsageError."""
    if given and card.calibration is None:
        raise UsageError("prevalence-not-calibrated")
    return parse_shares(given, card.class_names)


def parse_shares(given: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    """Shares of films by one of the names from NAME=SHARE. Raises UsageError."""
    found = {}
    for entry in given:
        name, _, number = entry.rpartition("=")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if not name or not 0 < share < 1:  # NaN too
            raise UsageError("prevalence-malformed", given=entry, example=names[-1])
        if name not in names:
            raise UsageError("prevalence-class-unknown", given=name, expected=", ".join(names))
        found[name] = share
    return found


def stored_predictive_values(card: Card, prevalences: Mapping[str, float]) -> dict[str, PredictiveValues]:
    """Predictive values by the sensitivity and specificity that the model file has from its validation films."""
    if card.calibration is None:
        return {}
    points = task_of(card.task_kind).answers.operating_points(card.calibration)
    return add_predictive_values(dict(zip(card.class_names, points, strict=True)), prevalences)
