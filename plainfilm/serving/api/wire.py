"""Predictions and models as the API's JSON, and the headers that go with an answer."""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import PlainfilmError
from plainfilm.locales import FALLBACK
from plainfilm.messages import LANGUAGES
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card, ClassName, Preprocessing
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.present.film_json import film_json
from plainfilm.present.statements import about_maps, about_model, shift_words, with_message
from plainfilm.records import Object, as_dict
from plainfilm.serving.watch import Watched
from plainfilm.task import task_of

FILM_SIDE_PX = 2048  # of the film that is sent back to be looked at, at most
ID_DIGITS = 12
FIGURES = ("accuracy", "balanced_accuracy", "macro_auc")  # of a test, beside the one that a model is named by
MEDIA_TYPE = "application/problem+json"  # of an error


@cache
def preprocessing_sha256(wanted: Preprocessing) -> str:
    """The checksum of what preprocessing makes of a fixed pattern: equal where films come out equal."""
    rows, columns = np.mgrid[0:97, 0:131]
    pattern = ((rows * 37 + columns * columns * 11) % 256).astype(np.uint8)
    made = preprocess(pattern, size=wanted.size, channels=wanted.channels, fit=wanted.fit)
    return hashlib.sha256(json.dumps(asdict(wanted), sort_keys=True).encode() + made.tobytes()).hexdigest()


def model_id(predictor: Predictor) -> str:
    """The beginning of the digest of the whole model file."""
    return predictor.file_sha256[:ID_DIGITS]


def model_brief(predictor: Predictor) -> Object:
    """Which model answered, and how films were prepared for it."""
    wanted = predictor.card.preprocessing
    preprocessing = asdict(wanted) | {"sha256": preprocessing_sha256(wanted)}
    return {"id": model_id(predictor), "weights_sha256": predictor.card.weights_sha256, "preprocessing": preprocessing}


def model_summary(predictor: Predictor, language: str, *, is_default: bool, is_sample_model: bool) -> Object:
    """What a model is, and what it is worth, in figures and in sentences."""
    card, headline = predictor.card, task_of(predictor.card.task_kind).headline
    tested = {} if card.evaluation is None else card.evaluation.overall
    figures = {name: tested[name].as_dict() for name in dict.fromkeys((headline, *FIGURES)) if name in tested}
    return {
        **model_brief(predictor),
        "is_default": is_default,
        "is_sample_model": is_sample_model,
        "task": card.task_kind,
        "headline": headline,
        "classes": [_class_name(entry) for entry in card.classes],
        "map_side": predictor.map_side,
        "evaluation": figures or None,
        "macro_over": None if card.macro_over is None else list(card.macro_over),
        "is_leaking": card.is_leaking,
        "audited": None if card.audited is None else as_dict(card.audited),
        "ties": {lone: list(others) for lone, others in (card.ties or {}).items()},
        "coverage": None if card.calibration is None else card.calibration.coverage,
        "has_gate": card.gate is not None,
        "has_shift": card.shift is not None,
        "num_seen": None if predictor.seen is None else predictor.seen.counts.films,
        "statements": [words.shown(language) for words in (*about_model(card), about_maps(card))],
    }


def _class_name(entry: ClassName) -> Object:
    """A class; `en` and `zh` for who does not know `names` yet."""
    return {**asdict(entry), **{language: entry.shown(language) for language in LANGUAGES}}


def prediction_json(
    result: Prediction | PlainfilmError,
    card: Card,
    language: str,
    *,
    maps: str,
    map_of: str | None,
    with_film: bool,
    override: bool,
    place: str,
) -> Object:
    """The answer for one film; classes and map are None if the input check refuses it, unless `override`.

    `maps`: "none"; "png", one map over the film; "array", the cells of every class's map.
    `map_of`: the class or finding whose map is drawn; None: the one that is shown first.
    `with_film`: whether the decoded film goes along as PNG; `override`: whether a refused film is answered all the
    same; `place`: of the films that the server sees, see `place_of`.
    """
    answer = Answer.of(result, override=override)
    drawn = film = None
    if isinstance(result, Prediction):
        drawn = _map(result, answer, card, language, maps, map_of) if answer.is_answered else None
        film = _film(result.film.pixels) if with_film else None
    return film_json(answer, card, language, place=place, has_map=maps != "none", map=drawn, film=film)


def watched_json(state: Watched | None, language: str) -> Object | None:
    """What watching the films of a model has found; None: the model cannot say."""
    if state is None:
        return None
    told = {"films_seen": state.films, "windows": state.windows, "first_alarm": state.first_alarm}
    return with_message(state.latest, shift_words(state.latest, served=True), language) | told


def _map(
    prediction: Prediction, answer: Answer, card: Card, language: str, maps: str, map_of: str | None
) -> Object | None:
    if maps == "none":
        return None
    if maps == "array":
        return {"maps": {name: prediction.class_maps[k].tolist() for k, name in enumerate(card.class_names)}}
    name = map_of or card.class_names[task_of(card.task_kind).showing.first(answer, card)]
    drawn = draw_overlay(
        prediction.film.pixels,
        prediction.class_maps[card.class_names.index(name)],
        fit=card.preprocessing.fit,
        comment=card.map_warning.shown(language),
    )
    return {"class": name, "png": base64.b64encode(drawn).decode()}


def _film(pixels: NDArray[np.uint8]) -> Object:
    """The film as PNG, its longer side at most FILM_SIDE_PX."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((FILM_SIDE_PX, FILM_SIDE_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)  # for the way over loopback, speed counts more than size
    return {"png": base64.b64encode(buffer.getvalue()).decode(), "width": picture.width, "height": picture.height}


def retry_headers(status: int, seconds: int) -> dict[str, str]:
    """When to come again, and how to prove who one is."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"retry-after": str(seconds)}
    return {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}


def accepted_language(header: str) -> str:
    """The language of ours that an Accept-Language header likes best; English where it names none (RFC 9110, 12.5.4).

    >>> [accepted_language(header) for header in ("zh-CN,zh;q=0.9,en;q=0.8", "fr, en;q=0.5, zh;q=0.4", "", "zh;q=0, *")]
    ['zh', 'en', 'en', 'en']
    """
    liked: Mapping[str, float] = {}
    for entry in header.split(",")[:32]:
        name, _, parameters = entry.partition(";")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES:
            liked = {language: _quality(parameters), **liked}
    best = max(liked, key=lambda language: liked[language], default=FALLBACK)
    return best if liked.get(best) else FALLBACK


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
