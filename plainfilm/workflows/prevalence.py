"""`--prevalence CLASS=SHARE`: what operating points predict if so many films are of a class."""

import math
from collections.abc import Mapping, Sequence

from plainfilm.errors import UsageError
from plainfilm.evaluation.decisions import PredictiveValues, add_predictive_values, stored_operating_points
from plainfilm.model.card import Card


def parse_prevalences(given: Sequence[str], card: Card) -> dict[str, float]:
    """Shares of films by class from CLASS=SHARE. Raises UsageError."""
    if given and card.calibration is None:
        raise UsageError("prevalence-not-calibrated")
    found = {}
    for entry in given:
        name, _, number = entry.rpartition("=")
        try:
            share = float(number)
        except ValueError:
            share = math.nan
        if not name or not 0 < share < 1:  # NaN too
            raise UsageError("prevalence-malformed", given=entry, example=card.class_names[-1])
        if name not in card.class_names:
            raise UsageError("prevalence-class-unknown", given=name, expected=", ".join(card.class_names))
        found[name] = share
    return found


def stored_predictive_values(card: Card, prevalences: Mapping[str, float]) -> dict[str, PredictiveValues]:
    """Predictive values by the sensitivity and specificity that the model file has from its validation films."""
    if card.calibration is None:
        return {}
    return add_predictive_values(stored_operating_points(card.calibration, card.class_names), prevalences)
