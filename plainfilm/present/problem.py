"""An error as a program wants it: the problem details of RFC 9457."""

from plainfilm.errors import PlainfilmError
from plainfilm.messages import sentence, text
from plainfilm.records import Object

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


def problem(error: PlainfilmError, language: str) -> Object:
    """An error as an object: type, title, status, detail, code.

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
    }
