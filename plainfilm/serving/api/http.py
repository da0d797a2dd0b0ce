"""The API and the page: FastAPI inside the guard.

Notable choices:
- the framework routes and writes the OpenAPI document; bodies are read by `multipart`, answers made by `wire`;
- a request for one film fails with that film's own status; one for several answers 200, each failure in its place;
- a query parameter that an address does not know, or that comes twice, is refused: nobody guesses what was meant;
- the page asks by addresses relative to itself, so that it works under any sub path of a proxy;
- an unexpected error is answered without a word of it, and logged by its kind and place, never by its text.
"""

import asyncio
import importlib.metadata
import json
import logging
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from plainfilm.errors import PlainfilmError, RequestError
from plainfilm.locales import page_words
from plainfilm.messages import text
from plainfilm.model.predictor import Prediction
from plainfilm.model.shift import place_of
from plainfilm.present.problem import problem, status_of
from plainfilm.records import Object
from plainfilm.serving.api import samples, schema, wire
from plainfilm.serving.api.guard import App, Guard
from plainfilm.serving.api.metrics import Metrics
from plainfilm.serving.api.multipart import read_films
from plainfilm.serving.api.training_progress import training_progress
from plainfilm.serving.api.wire import MEDIA_TYPE, accepted_language, retry_headers
from plainfilm.serving.limits import ServeLimits
from plainfilm.serving.service import AnswerService, Room
from plainfilm.text import json_text

LOG = logging.getLogger("plainfilm.serving")
WEB = Path(__file__).parents[1] / "page"
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FILM_TYPES = (
    *("image/png", "image/jpeg", "image/tiff", "image/bmp", "image/webp", "image/jp2"),
    *("application/dicom", "application/octet-stream"),
)


@dataclass(frozen=True)
class Served:
    """What one server serves."""

    services: Mapping[str, AnswerService]  # by the id of the model; the first is the default
    sample_model: str  # id of the model that answers the samples
    room: Room
    limits: ServeLimits
    metrics: Metrics
    token: str | None = None
    run: Path | None = None  # a run to follow
    root_path: str = ""  # under which a proxy serves all this, "/films"

    @property
    def default(self) -> AnswerService:
        """The service of the model that answers where none is named."""
        return next(iter(self.services.values()))

    def service(self, model: str | None) -> AnswerService:
        """The service of a model. Raises RequestError."""
        if model is None:
            return self.default
        if model not in self.services:
            raise RequestError("model-unknown", expected=", ".join(self.services))
        return self.services[model]


def create_app(served: Served) -> App:
    """The application: API, page, metrics, behind the guard."""
    app = FastAPI(
        title="plainfilm",
        version=importlib.metadata.version("plainfilm"),
        description="Answers about frontal chest radiographs. For research and teaching, not for diagnosis.",
        servers=[{"url": served.root_path}] if served.root_path else None,
        openapi_url=None,  # its own would not look at parameters
        docs_url=None,  # its pages would come from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # to an address made of what the client calls this host
        responses=_problems(400, 401, 403, 421),
    )
    _add_errors(app, served.limits)
    api = APIRouter(dependencies=[Depends(_check_parameters)])
    _add_predictions(api, served)
    _add_facts(api, served)
    app.include_router(api)
    _add_page(app, served)
    return Guard(
        app,
        served.limits,
        is_full=lambda: served.room.is_full,
        token=served.token,
        observe=served.metrics.observe_request,
        root_path=served.root_path,
    )


async def _check_parameters(request: Request) -> None:
    """Raise RequestError for a parameter of the query that the address does not know, or that comes twice."""
    route: APIRoute = request.scope["route"]
    known = sorted(field.alias for field in route.dependant.query_params)
    given = [name for name, _ in request.query_params.multi_items()]
    if given and not known:
        raise RequestError("request-parameter-none")
    if not set(given) <= set(known):
        raise RequestError("request-parameter-unknown", expected=", ".join(known))
    if len(given) > len(set(given)):
        names = ", ".join(name for name in known if given.count(name) > 1)
        raise RequestError("request-parameter-twice", names=names)


def _problems(*statuses: int) -> dict[int | str, Object]:
    """These statuses for the OpenAPI document, which is in English."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": text(f"http.{status}", "en"), "content": content} for status in statuses}


def _film_body(max_films: int) -> Object:
    """The body of a request for predictions, for the OpenAPI document."""
    film = {"type": "string", "format": "binary"}
    form = {
        "type": "object",
        "properties": {"films": {"type": "array", "items": film, "minItems": 1, "maxItems": max_films}},
        "required": ["films"],
        "additionalProperties": False,
    }
    content = {"multipart/form-data": {"schema": form}, **{name: {"schema": film} for name in FILM_TYPES}}
    return {"required": True, "content": content}


def _add_predictions(api: APIRouter, served: Served) -> None:
    @api.post(
        "/v1/predictions",
        response_model=schema.Predictions,
        responses=_problems(404, 408, 413, 415, 422, 503),
        openapi_extra={"requestBody": _film_body(served.limits.max_films)},
    )
    async def predictions(
        request: Request,
        model: Annotated[str | None, Query(description="Id of a model; the first one where none is named.")] = None,
        map: Annotated[Literal["none", "png", "array"], Query(description="How class maps are sent.")] = "none",
        map_of: Annotated[
            str | None, Query(description="Class or finding whose map `map=png` draws, by its name in `/v1/models`.")
        ] = None,
        film: Annotated[Literal["none", "png"], Query(description="Whether the decoded film is sent back.")] = "none",
        override: Annotated[bool, Query(description="Answer, marked, also if the input check refuses.")] = False,
    ) -> Response:
        """Answer for one film (the body, or a form with one `films`) or for several (a form with several `films`)."""
        language = _language(request)
        service = served.service(model)
        if map_of is not None and map_of not in service.predictor.card.class_names:
            raise RequestError("request-parameter", names="map_of")
        films = read_films(
            request.headers.get("content-type", ""), await request.body(), max_films=served.limits.max_films
        )
        began = time.monotonic()
        results = await _answers(service, films, served.limits.deadline_s)
        for result in results:
            served.metrics.films.labels(_outcome(result, override)).inc()

        watched = None if service.watch is None else service.watch.state
        place = place_of(None if watched is None else watched.latest)
        told = partial(
            wire.prediction_json, maps=map, map_of=map_of, with_film=film == "png", override=override, place=place
        )

        def answer() -> Response:
            card = service.predictor.card
            summaries = [told(result, card, language) for result in results]
            seconds = time.monotonic() - began
            served.metrics.seconds.observe(seconds)
            error = summaries[0]["error"]
            if len(summaries) == 1 and isinstance(error, dict):
                found = {} if isinstance(results[0], PlainfilmError) else {"prediction": summaries[0] | {"error": None}}
                return _json(error | found, language, error["status"], MEDIA_TYPE)
            brief, time_ms = wire.model_brief(service.predictor), round(1000 * seconds, 3)
            beside = wire.watched_json(watched, language)
            return _json({"model": brief, "time_ms": time_ms, "watched": beside, "predictions": summaries}, language)

        if (map, film) == ("none", "none"):
            return answer()
        return await asyncio.to_thread(answer)  # pictures, and the megabytes of JSON that hold them


async def _answers(
    service: AnswerService, films: Sequence[bytes], deadline_s: float
) -> list[Prediction | PlainfilmError]:
    """An answer or an error for each film. Raises RequestError where there is no room, or no time any more."""
    outcomes: list[asyncio.Future[Prediction]] = []
    try:
        for data in films:
            outcomes.append(asyncio.wrap_future(service.submit(data)))
        _, late = await asyncio.wait(outcomes, timeout=deadline_s)
        if late:
            raise RequestError("server-deadline", seconds=deadline_s)
    finally:
        for outcome in outcomes:
            outcome.cancel()  # no effect on what is done, but that asyncio logs no exception nobody asks for
    found: list[Prediction | PlainfilmError] = []
    for outcome in outcomes:
        error = outcome.exception()
        if error is not None and not isinstance(error, PlainfilmError):
            raise error
        found.append(outcome.result() if error is None else error)
    return found


def _outcome(result: Prediction | PlainfilmError, override: bool) -> str:
    if isinstance(result, PlainfilmError):
        return result.code
    return "refused" if not (result.verdict.passed or override) else "answered"


def _add_facts(api: APIRouter, served: Served) -> None:
    @api.get("/v1/models", response_model=schema.Models)
    async def models(request: Request) -> Response:
        """All models that are served, the default first."""
        language = _language(request)
        found = [
            wire.model_summary(
                service.predictor,
                language,
                is_default=service is served.default,
                is_sample_model=name == served.sample_model,
            )
            for name, service in served.services.items()
        ]
        return _json({"models": found}, language)

    @api.get("/v1/samples", response_model=schema.Samples)
    async def list_samples() -> Response:
        """Drawn phantoms to try the page with; the sample model answers them."""
        return _json({"samples": [{"id": entry.id, "label": entry.label} for entry in samples.samples()]})

    @api.get(
        "/v1/samples/{sample_id}",
        response_class=Response,
        responses={200: {"content": {"image/png": {}}}, **_problems(404)},
    )
    async def sample(sample_id: str) -> Response:
        """One of them as PNG."""
        return Response(await asyncio.to_thread(samples.png, sample_id), media_type="image/png")

    if served.run is not None:
        run = served.run

        @api.get("/v1/run", response_model=schema.Run, responses=_problems(404, 500))
        async def training(
            after: Annotated[int, Query(ge=0, description="First step that is wanted.")] = 0,
        ) -> Response:
            """What the training that is followed has done."""
            return _json(await asyncio.to_thread(training_progress, run, after))

    @api.get("/healthz", response_model=schema.State)
    async def healthz() -> Response:
        """The server is alive."""
        return _json({"status": "alive"})

    @api.get("/readyz", response_model=schema.State)
    async def readyz() -> Response:
        """Its models are loaded: it answers no request before."""
        return _json({"status": "ready"})

    @api.get("/openapi.json", include_in_schema=False)
    async def document(request: Request) -> Response:
        """All of this for programs."""
        return _json(request.app.openapi())

    @api.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Counters for Prometheus."""
        served.metrics.waiting.set(served.room.taken)
        for name, service in served.services.items():
            if service.watch is not None:
                served.metrics.observe_watch(name, service.watch.state)
        return Response(served.metrics.text(), media_type="text/plain; version=0.0.4")


def _add_page(app: FastAPI, served: Served) -> None:
    files = {path.name: path.read_bytes() for path in sorted(WEB.iterdir()) if path.suffix in MEDIA_TYPES}
    if served.root_path:  # `/films` without a slash at its end is the page, too, and nothing is relative to that
        for name in ("index.html", "training.html"):
            files[name] = files[name].replace(b'="page/', f'="{served.root_path}/page/'.encode())
    words = json.dumps(page_words(), ensure_ascii=False).encode()

    def page(name: str) -> Response:
        if name not in files:
            raise RequestError("page-unknown")
        return Response(files[name], media_type=MEDIA_TYPES[Path(name).suffix])

    app.get("/", include_in_schema=False)(lambda: page("index.html"))
    app.get("/page/{name}", include_in_schema=False)(page)
    app.get("/words.json", include_in_schema=False)(lambda: Response(words, media_type="application/json"))
    if served.run is not None:
        app.get("/training", include_in_schema=False)(lambda: page("training.html"))


def _add_errors(app: FastAPI, limits: ServeLimits) -> None:
    def answer(request: Request, error: PlainfilmError, headers: Mapping[str, str] = {}) -> Response:
        language, status = _language(request), status_of(error)
        headers = {**headers, **retry_headers(status, limits.retry_after_s)}
        return _json(problem(error, language), language, status, MEDIA_TYPE, headers)

    @app.exception_handler(PlainfilmError)
    async def ours(request: Request, error: PlainfilmError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def parameters(request: Request, error: RequestValidationError) -> Response:
        names = ", ".join(sorted({str(entry["loc"][-1]) for entry in error.errors()}))
        return answer(request, RequestError("request-parameter", names=names))

    @app.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> Response:
        found = RequestError("method-unknown") if error.status_code == 405 else RequestError("page-unknown")
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if headers.get("allow") == "GET":
            headers["allow"] = "GET, HEAD"  # which the guard turns into it
        return answer(request, found, headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
        LOG.error("unexpected %s at %s", type(error).__name__, " < ".join(reversed(places)))
        return answer(request, RequestError("server-failed"))


def _language(request: Request) -> str:
    return accepted_language(request.headers.get("accept-language", ""))


def _json(
    value: object,
    language: str | None = None,
    status: int = 200,
    media_type: str = "application/json",
    headers: Mapping[str, str] = {},
) -> Response:
    """A value as JSON; where it holds sentences, with their language."""
    spoken = {} if language is None else {"content-language": language, "vary": "accept-language"}
    return Response(json_text(value), status, {**headers, **spoken}, media_type)
