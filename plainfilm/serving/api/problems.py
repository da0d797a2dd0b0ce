"""What goes with an answer over HTTP: the headers of a problem, the language that the client asked for."""

from collections.abc import Mapping
from http import HTTPStatus

from plainfilm.locales import FALLBACK
from plainfilm.messages import LANGUAGES

MEDIA_TYPE = "application/problem+json"


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
