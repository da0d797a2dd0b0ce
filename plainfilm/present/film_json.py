"""The answer for one film as JSON: one object for the API and for `predict --json`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from plainfilm.errors import FilmError
from plainfilm.messages import say
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card
from plainfilm.present.problem import problem
from plainfilm.present.statements import DENIED, reasons
from plainfilm.records import Object
from plainfilm.task import task_of

if TYPE_CHECKING:  # few ask for a prevalence
    from plainfilm.evaluation.decisions import PredictiveValues
    from plainfilm.present.showing import Showing


def film_json(
    answer: Answer,
    card: Card,
    language: str,
    *,
    place: str,
    predictive: "Mapping[str, PredictiveValues] | None" = None,
    has_map: bool = False,
    map: Object | None = None,
    film: Object | None = None,
) -> Object:
    """What the model says of one film; whatever is not known is None.

    Args:
        answer: for the film.
        card: of the model.
        language: of sentences.
        place: of the films that it came with, see `place_of`.
        predictive: by class the operating points with predictive values, from `add_predictive_values`.
        has_map: whether a map of an answered film is shown, here or in a file.
        map: the map itself.
        film: the decoded film.
    """
    showing: Showing = task_of(card.task_kind).showing
    standing = _standing(answer, card, language, place, showing)
    return {
        "path": answer.path or None,
        "truth": answer.truth or None,
        "image_id": answer.image_id or None,
        "width": answer.width or None,
        "height": answer.height or None,
        **showing.answer_json(answer, card, language, {} if standing["promised"] is False else predictive or {}),
        **standing,
        "gate": _gate(answer, language),
        "warnings": [_remark(code, language) for code in answer.warnings],
        "map": map,
        "map_warning": (card.map_warning.shown(language) or None) if has_map and answer.is_answered else None,
        "film": film,
        "error": _error(answer, language),
    }


def _standing(answer: Answer, card: Card, language: str, place: str, showing: "Showing") -> Object:
    """What stands behind an answer, what may be said of it first of all, and where the film lies beside home.

    Abroad no prediction set or threshold promises what it promised at home: `promised` is false; None: nobody knows.
    """
    if not answer.is_answered:
        return dict.fromkeys(("stance", "headline", "promised", "shift"))
    found, placed = showing.stance(answer, card, place), answer.placed
    return {
        "stance": found,
        "headline": showing.headline(answer, card, place).shown(language),
        "promised": _promised(found, "" if placed is None else place, card),
        "shift": None
        if placed is None
        else {"distance": placed.distance, "unlike": placed.is_unlike, "abroad": _is_abroad(place)},
    }


def _is_abroad(place: str) -> bool | None:
    """None: too few films to tell."""
    return place == "abroad" if place in ("home", "abroad") else None


def _promised(found: str, place: str, card: Card) -> bool | None:
    if found in DENIED or card.calibration is None:
        return False
    return True if place == "home" else None


def _gate(answer: Answer, language: str) -> Object | None:
    """What the input check says of a film; `overridden` if it refuses one that is answered all the same."""
    verdict = answer.verdict
    if verdict is None:
        return None
    return {
        "passed": verdict.passed,
        "overridden": answer.is_answered and not verdict.passed,
        "distance": verdict.distance,
        "reasons": [_remark(code, language) for code in verdict.reasons],
    }


def _remark(code: str, language: str) -> dict[str, str]:
    return {"code": code, "message": say(code).shown(language)}


def _error(answer: Answer, language: str) -> Object | None:
    """Why there are no classes."""
    if answer.error is not None:
        return problem(answer.error, language)
    if answer.verdict is None or answer.is_answered:
        return None
    return problem(FilmError("film-refused", reasons=reasons(answer.verdict)), language)
