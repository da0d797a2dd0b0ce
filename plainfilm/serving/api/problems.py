"""Problem details: an error as RFC 9457 has it, in the language that the client asked for."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from plainfilm.errors import PlainfilmError
from plainfilm.locales import FALLBACK
from plainfilm.messages import LANGUAGES, sentence, text

MEDIA_TYPE = "application/problem+json"
STATUS = {
    "request-not-http": 400,
    "request-malformed": 400,
    "request-field-unknown": 400,
    "request-no-film": 400,
    "request-parameter": 400,
    "request-parameter-none": 400,
    "request-parameter-unknown": 400,
    "request-parameter-twice": 400,
    "token-missing": 401,
    "token-wrong": 401,
    "request-cross-site": 403,
    "model-unknown": 404,
    "sample-unknown": 404,
    "page-unknown": 404,
    "run-not-there": 404,
    "method-unknown": 405,
    "request-slow": 408,
    "film-file-too-large": 413,
    "film-too-large": 413,
    "request-too-large": 413,
    "request-too-many-films": 413,
    "film-other-format": 415,
    "film-is-text": 415,
    "film-unknown-format": 415,
    "film-dicom-extra": 415,
    "host-unknown": 421,
    "server-failed": 500,
    "run-damaged": 500,
    "server-busy": 503,
    "server-deadline": 503,
}
OTHER_STATUS = 422  # a film that was understood and cannot be judged


def status_of(error: PlainfilmError) -> int:
    """The status of an error."""
    return STATUS.get(error.code, OTHER_STATUS)


def problem(error: PlainfilmError, language: str, **extensions: Any) -> dict[str, Any]:
    """An error as an object: type, title, status, detail, code, and what else is known.

    >>> from plainfilm.errors import FilmError
    >>> problem(FilmError("film-empty"), "en")["status"]
    422
    """
    status = status_of(error)
    return {
        "type": f"urn:plainfilm:{error.code}",
        "title": text(f"http.{status}", language),
        "status": status,
        "detail": sentence(error, language),
        "code": error.code,
        **extensions,
    }


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
