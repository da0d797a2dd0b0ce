"""The API answers as the predictor and the command line do, in the shapes, languages and headers that it promises."""

import asyncio
import base64
import io
import json
import re
import threading
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from clients import ORIGIN, PREDICTIONS, Server, ask, encoded, post
from PIL import Image

from plainfilm.errors import RequestError
from plainfilm.messages import LANGUAGES, sentence, text
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Predictor
from plainfilm.serving.api import http, schema
from plainfilm.serving.api.guard import POLICY, SECURITY_HEADERS, SMALL_BODY_BYTES, App
from plainfilm.serving.api.http import Served, create_app
from plainfilm.serving.api.metrics import Metrics
from plainfilm.serving.api.wire import MEDIA_TYPE
from plainfilm.serving.service import AnswerService
from tests.conftest import Cli

TOKEN = "a-token-of-this-test"
KINDS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "JPEG2000", "DICOM")
MODELS = "/v1/models"


def films_form(*films: bytes) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("films", (f"{number}.png", film, "image/png")) for number, film in enumerate(films)]


def answered(response: httpx.Response) -> schema.Predictions:
    """The answer, held against its shape."""
    assert response.status_code == 200, response.text
    return schema.Predictions.model_validate_json(response.content)


def problem(response: httpx.Response, status: int) -> schema.Problem:
    """The problem, held against RFC 9457 and its shape."""
    assert response.headers["content-type"] == MEDIA_TYPE
    found = schema.Problem.model_validate_json(response.content)
    assert (response.status_code, found.status) == (status, status)
    assert found.type == f"urn:plainfilm:{found.code}"
    return found


@pytest.fixture(scope="module")
def pixels(film: bytes) -> np.ndarray:
    """(H, W) uint8 of the film that is answered."""
    return np.asarray(Image.open(io.BytesIO(film)))


@pytest.fixture(scope="module")
def refused(predictor: Predictor) -> bytes:
    """A picture that the model's input check refuses."""
    stripes = np.tile(np.arange(96, dtype=np.uint8) % 2 * 255, (96, 1))
    data = encoded(stripes, "PNG")
    assert not predictor.predict_bytes(data).verdict.passed
    return data


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_one_film_is_answered_as_by_the_predictor(
    server: Server, predictor: Predictor, pixels: np.ndarray, kind: str
) -> None:
    data = encoded(pixels, kind)
    expected = predictor.predict_bytes(data)
    raw = httpx.post(server.address + PREDICTIONS, content=data, headers={"content-type": "application/octet-stream"})
    form = httpx.post(server.address + PREDICTIONS, files=films_form(data))
    for response in (raw, form):
        answer = answered(response)
        (found,) = answer.predictions
        assert found.image_id == expected.image_id
        assert (found.height, found.width) == pixels.shape
        assert found.predicted == predictor.card.class_names[expected.predicted]
        assert list(found.probabilities) == list(predictor.card.class_names)
        np.testing.assert_allclose(list(found.probabilities.values()), expected.probabilities, atol=1e-6)
        assert found.set == [predictor.card.class_names[number] for number in expected.set]
        assert found.gate.distance == pytest.approx(expected.verdict.distance, abs=1e-6)
        assert answer.model.weights_sha256 == predictor.card.weights_sha256
        assert answer.time_ms > 0


def test_many_films_are_answered_as_by_the_command_line(
    server: Server, cli: Cli, model: Path, strangers: Path, tmp_path: Path
) -> None:
    """In their order; a film that cannot be read has its error in its place, and stops no other."""
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    paths = [*sorted(strangers.rglob("*.png"))[::4], tmp_path / "cut.png"]
    ran = cli("predict", model, *paths, "--override", "--json", "--lang", "en")
    response = httpx.post(
        server.address + PREDICTIONS,
        params={"override": "true"},
        files=films_form(*(path.read_bytes() for path in paths)),
    )
    expected = json.loads(ran.out)["predictions"]
    found = answered(response).predictions
    assert len(found) == len(expected) == 13
    for ours, theirs in zip(found, expected, strict=True):
        assert (ours.image_id, ours.predicted, ours.set) == tuple(
            theirs[name] for name in ("image_id", "predicted", "set")
        )
        assert (ours.probabilities or {}) == pytest.approx(theirs["probabilities"] or {}, abs=1e-6)
        assert (ours.error.detail if ours.error else None) == (theirs["error"] and theirs["error"]["detail"])
    assert found[-1].error.code == "film-truncated"
    assert found[-1].error.status == 422


def test_the_films_of_one_request_need_not_be_of_one_kind(app: App, predictor: Predictor, pixels: np.ndarray) -> None:
    films = [encoded(pixels, kind) for kind in KINDS]
    found = answered(ask(app, "POST", PREDICTIONS, files=films_form(*films))).predictions
    for data, entry in zip(films, found, strict=True):
        expected = predictor.predict_bytes(data)
        assert entry.image_id == expected.image_id
        np.testing.assert_allclose(list(entry.probabilities.values()), expected.probabilities, atol=1e-6)


def test_called_positive_is_at_or_above_the_threshold(app: App, film: bytes) -> None:
    (found,) = answered(post(app, film)).predictions
    points = [(name, point) for name, points in found.called.items() for point in points]
    assert len(points) >= 3
    assert all(point.positive == (found.probabilities[name] >= point.threshold) for name, point in points)


def test_the_map_as_picture_is_the_one_that_predict_writes(app: App, film: bytes, predictor: Predictor) -> None:
    (found,) = answered(post(app, film, f"{PREDICTIONS}?map=png")).predictions
    expected, card = predictor.predict_bytes(film), predictor.card
    drawn = draw_overlay(
        expected.film.pixels,
        expected.class_maps[expected.predicted],
        fit=card.preprocessing.fit,
        comment=card.map_warning.shown("en"),
    )
    assert base64.b64decode(found.map.png) == drawn
    assert found.map.of_class == card.class_names[expected.predicted]
    assert found.map_warning == (card.map_warning.shown("en") or None)


def test_the_map_as_cells_means_the_logits(app: App, strangers: Path, predictor: Predictor) -> None:
    """The cells are those of the predictor; their mean is the logit but for a bias that is the same for every film."""
    biases = []
    for path in sorted(strangers.rglob("*.png"))[:4]:
        data = path.read_bytes()
        (found,) = answered(post(app, data, f"{PREDICTIONS}?map=array&override=true")).predictions
        cells = np.array(list(found.map.maps.values()))
        assert cells.shape == (3, predictor.map_side, predictor.map_side)
        np.testing.assert_allclose(cells, predictor.predict_bytes(data).class_maps, atol=1e-5)
        logits = predictor.answer_prepared([predictor.prepare(data)]).logits[0]
        biases.append(logits - cells.mean(axis=(1, 2)))
    np.testing.assert_allclose(biases, np.broadcast_to(biases[0], (4, 3)), atol=1e-4)


def test_the_film_is_sent_back_as_it_was_decoded(app: App, pixels: np.ndarray) -> None:
    deep = encoded(pixels.astype(np.uint16) * 257, "PNG")
    (found,) = answered(post(app, deep, f"{PREDICTIONS}?film=png&override=true")).predictions
    sent = Image.open(io.BytesIO(base64.b64decode(found.film.png)))
    assert sent.mode == "L"
    assert (sent.width, sent.height) == (found.film.width, found.film.height)
    assert np.array_equal(np.asarray(sent), pixels)


def test_a_large_film_is_sent_back_smaller(app: App) -> None:
    large = encoded(np.zeros((100, 4096), np.uint8), "PNG")
    (found,) = answered(post(app, large, f"{PREDICTIONS}?film=png&override=true")).predictions
    assert (found.width, found.height) == (4096, 100)
    assert (found.film.width, found.film.height) == (2048, 50)


def test_a_refused_film_gets_no_class_unless_overridden(app: App, refused: bytes) -> None:
    """Alone it is a problem that carries the input check's reasons and the film; asked with override it is marked."""
    response = post(app, refused, f"{PREDICTIONS}?map=png&film=png")
    found = problem(response, 422)
    assert found.code == "film-refused"
    prediction = schema.Prediction.model_validate(found.model_extra["prediction"])
    assert not prediction.gate.passed
    assert all(reason.message in found.detail for reason in prediction.gate.reasons)
    for name in ("predicted", "probabilities", "set", "set_words", "called", "map", "map_warning", "error"):
        assert getattr(prediction, name) is None, name
    assert prediction.film is not None
    (answer,) = answered(post(app, refused, f"{PREDICTIONS}?override=true")).predictions
    assert answer.gate.overridden
    assert answer.gate.reasons == prediction.gate.reasons
    assert answer.predicted is not None


def test_of_several_films_a_refused_one_has_its_problem_in_its_place(app: App, film: bytes, refused: bytes) -> None:
    found = answered(ask(app, "POST", PREDICTIONS, files=films_form(film, refused))).predictions
    assert [entry.error and entry.error.code for entry in found] == [None, "film-refused"]
    assert found[1].predicted is None


def test_a_model_is_chosen_by_its_id(app: App, served: Served, film: bytes, predictor: Predictor) -> None:
    models = schema.Models.model_validate_json(ask(app, "GET", MODELS).content).models
    assert [entry.id for entry in models] == list(served.services)
    assert [entry.is_default for entry in models] == [True, False]
    assert [entry.is_sample_model for entry in models] == [False, True]
    assert models[0].weights_sha256 == predictor.card.weights_sha256
    assert models[0].evaluation["accuracy"].model_dump() == predictor.card.evaluation.overall["accuracy"].as_dict()
    for shown, entry in zip(models[0].classes, predictor.card.classes, strict=True):
        assert (shown.name, shown.names) == (entry.name, entry.names)
        told = shown.model_dump()
        assert (told["en"], told["zh"]) == (entry.shown("en"), entry.shown("zh"))
    for entry in models:
        answer = answered(post(app, film, f"{PREDICTIONS}?model={entry.id}&override=true"))
        expected = served.services[entry.id].predictor.predict_bytes(film)
        assert answer.model.id == entry.id
        np.testing.assert_allclose(
            list(answer.predictions[0].probabilities.values()), expected.probabilities, atol=1e-6
        )
    assert answered(post(app, film)).model.id == models[0].id


def test_samples_are_answered_by_the_sample_model(app: App, served: Served) -> None:
    samples = schema.Samples.model_validate_json(ask(app, "GET", "/v1/samples").content).samples
    assert samples
    for sample in samples:
        response = ask(app, "GET", f"/v1/samples/{sample.id}")
        assert response.headers["content-type"] == "image/png"
        found = post(app, response.content, f"{PREDICTIONS}?model={served.sample_model}")
        assert found.status_code == (422 if sample.id == "turned-1" else 200)  # what its input check is to refuse


# --- languages -------------------------------------------------------------------------------------------------------

PROBLEMS = {  # method, path, body -> code
    "page-unknown": ("GET", "/nothing", b""),
    "method-unknown": ("DELETE", MODELS, b""),
    "model-unknown": ("POST", f"{PREDICTIONS}?model=nothing", b"film"),
    "sample-unknown": ("GET", "/v1/samples/nothing", b""),
    "request-parameter": ("POST", f"{PREDICTIONS}?map=jpeg&override=perhaps", b"film"),
    "film-empty": ("POST", PREDICTIONS, b""),
    "film-is-text": ("POST", PREDICTIONS, b"hello"),
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_a_problem_is_told_in_the_language_asked_for(app: App, code: str) -> None:
    method, path, body = PROBLEMS[code]
    told = {}
    for language, header in (("en", "en-GB"), ("zh", "zh-CN,zh;q=0.9,en;q=0.8")):
        response = ask(app, method, path, content=body, headers={"accept-language": header})
        found = problem(response, response.status_code)
        assert found.code == code
        assert found.title == text(f"http.{found.status}", language)
        assert response.headers["content-language"] == language
        assert "accept-language" in response.headers["vary"]
        told[language] = found.detail
    assert re.search(r"[\u4e00-\u9fff]", told["zh"])
    assert not re.search(r"[\u4e00-\u9fff]", told["en"])


def test_impossible_values_are_told_by_name(app: App) -> None:
    found = problem(post(app, b"film", f"{PREDICTIONS}?map=jpeg&override=perhaps"), 400)
    assert "map, override" in found.detail
    assert "jpeg" not in found.detail


def test_sentences_of_an_answer_are_in_the_language_asked_for(app: App, refused: bytes) -> None:
    asked = {"accept_language": "zh"}
    (answer,) = answered(post(app, refused, f"{PREDICTIONS}?override=true&map=png", **asked)).predictions
    assert [entry.message for entry in answer.gate.reasons] == [text(entry.code, "zh") for entry in answer.gate.reasons]
    models = ask(app, "GET", MODELS, headers={"accept-language": "zh"}).json()["models"]
    assert all(re.search(r"[\u4e00-\u9fff]", sentence) for model in models for sentence in model["statements"])


# --- who may ask -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def locked(served: Served) -> App:
    """The application as it is off loopback."""
    return create_app(replace(served, token=TOKEN, metrics=Metrics()))


@pytest.mark.parametrize("path", [MODELS, "/v1/samples", "/v1/samples/x", "/v1/run", PREDICTIONS, "/metrics", "/v1/x"])
@pytest.mark.parametrize(
    ("given", "code"),
    [
        (None, "token-missing"),
        ("", "token-missing"),
        ("Bearer", "token-missing"),
        (f"Basic {TOKEN}", "token-missing"),
        (TOKEN, "token-missing"),
        ("Bearer wrong", "token-wrong"),
        (f"Bearer {TOKEN}x", "token-wrong"),
        (f"Bearer {TOKEN[:-1]}", "token-wrong"),
        (f"Bearer {TOKEN.upper()}", "token-wrong"),
        ("Bearer \xff\xfe", "token-wrong"),
    ],
)
def test_private_paths_want_the_token(locked: App, path: str, given: str | None, code: str) -> None:
    headers = [] if given is None else [("authorization", given.encode("latin-1"))]
    response = ask(locked, "POST" if path == PREDICTIONS else "GET", path, headers=headers)
    assert problem(response, 401).code == code
    assert response.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in response.text


def test_with_the_token_everything_is_answered(locked: App, film: bytes) -> None:
    for scheme in ("Bearer", "bearer"):
        assert answered(post(locked, film, authorization=f"{scheme} {TOKEN}"))
    assert ask(locked, "GET", "/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200


def test_without_the_token_the_page_and_the_state_are_there(locked: App) -> None:
    """From other machines, too: only loopback's server insists on loopback's names."""
    for path in ("/", "/words.json", "/healthz", "/readyz", "/openapi.json"):
        assert ask(locked, "GET", path, headers={"host": "films.example"}).status_code == 200


@pytest.mark.parametrize("host", ["films.example", "127.0.0.1.example", "localhost.example:8000", "", "[::2]:80"])
def test_loopback_answers_to_its_own_names_alone(app: App, host: str) -> None:
    """A page from elsewhere whose name was made to point to this machine gets nothing."""
    assert problem(ask(app, "GET", MODELS, headers={"host": host}), 421).code == "host-unknown"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:8000"])
def test_these_are_its_names(app: App, host: str) -> None:
    assert ask(app, "GET", MODELS, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_pages_of_other_sites_are_refused(app: App, site: str, status: int) -> None:
    assert ask(app, "GET", MODELS, headers={"sec-fetch-site": site}).status_code == status


# --- headers, state, counts ------------------------------------------------------------------------------------------

EVERY_KIND = [
    ("GET", "/", b""),
    ("GET", "/words.json", b""),
    ("GET", "/healthz", b""),
    ("GET", "/readyz", b""),
    ("GET", "/metrics", b""),
    ("GET", "/openapi.json", b""),
    ("GET", "/v1/models/", b""),
    ("OPTIONS", PREDICTIONS, b""),
    ("GET", "/page/..%2f..%2fguard.py", b""),
    *PROBLEMS.values(),
]


@pytest.mark.parametrize(("method", "path", "body"), EVERY_KIND)
def test_every_answer_has_the_security_headers_and_none_for_other_sites(
    app: App, method: str, path: str, body: bytes
) -> None:
    response = ask(app, method, path, content=body, headers={"origin": "https://elsewhere.example"})
    assert response.headers["content-security-policy"] == POLICY
    for name, value in SECURITY_HEADERS:
        assert response.headers[name.decode()] == value.decode()
    shown = {name.lower() for name in response.headers}
    assert not {name for name in shown if name.startswith("access-control-")} | shown & {
        "server",
        "location",
        "set-cookie",
    }


def test_a_refused_method_names_those_that_are_taken(app: App) -> None:
    assert ask(app, "GET", PREDICTIONS).headers["allow"] == "POST"
    assert ask(app, "POST", MODELS).headers["allow"] == "GET, HEAD"


def test_the_page_is_told_by_the_policy_to_load_nothing_from_elsewhere() -> None:
    assert "default-src 'none'" in POLICY
    assert not re.search(r"https?:|\*|unsafe", POLICY)


def counts(app: App) -> dict[str, float]:
    lines = ask(app, "GET", "/metrics").text.splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_metrics_count_requests_films_and_batches(served: Served, film: bytes, refused: bytes) -> None:
    app = create_app(replace(served, metrics=Metrics()))
    before = served.metrics.registry.get_sample_value("plainfilm_batch_films_sum")
    post(app, film)
    post(app, refused)
    post(app, refused, f"{PREDICTIONS}?override=true")
    post(app, b"hello")
    ask(app, "GET", "/secret/patient")
    ask(app, "PROPFIND", "/v1/samples/secret")
    found = counts(app)
    path = f'path="{PREDICTIONS}"'
    assert found[f'plainfilm_requests_total{{method="POST",{path},status="200"}}'] == 2
    assert found[f'plainfilm_requests_total{{method="POST",{path},status="422"}}'] == 1
    assert found[f'plainfilm_requests_total{{method="POST",{path},status="415"}}'] == 1
    assert found['plainfilm_requests_total{method="GET",path="other",status="404"}'] == 1
    assert found['plainfilm_requests_total{method="other",path="/v1/samples",status="405"}'] == 1
    assert found['plainfilm_films_total{outcome="answered"}'] == 2
    assert found['plainfilm_films_total{outcome="refused"}'] == 1
    assert found['plainfilm_films_total{outcome="film-is-text"}'] == 1
    assert found["plainfilm_answer_seconds_count"] == 4
    assert found["plainfilm_films_waiting"] == 0
    assert served.metrics.registry.get_sample_value("plainfilm_batch_films_sum") == before + 3
    assert "secret" not in "".join(found)


def test_alive_and_ready_are_said_while_films_are_answered(served: Served, gated: AnswerService, film: bytes) -> None:
    """The loop that answers is never blocked by films: sixteen wait for the network, and the state is told meanwhile."""
    app = create_app(replace(served, services={"gated": gated}))

    async def visit() -> tuple[list[httpx.Response], list[httpx.Response]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            films = [asyncio.create_task(client.post(PREDICTIONS, content=film)) for _ in range(16)]
            assert await asyncio.to_thread(gated.predictor.has_begun.wait, 60)
            states = [await client.get(path) for path in ("/healthz", "/readyz")]
            assert not any(task.done() for task in films)
            gated.predictor.is_open.set()
            return states, await asyncio.gather(*films)

    states, answers = asyncio.run(visit())
    assert [response.json() for response in states] == [{"status": "alive"}, {"status": "ready"}]
    assert [response.status_code for response in answers] == [200] * 16


def test_megabytes_of_json_are_made_outside_the_event_loop(
    app: App, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers, made = [], http.json_text
    monkeypatch.setattr(http, "json_text", lambda value: makers.append(threading.current_thread()) or made(value))
    for query in ("film=png", "map=png", "map=array", "map=array&film=png"):
        assert post(app, film, f"{PREDICTIONS}?{query}").status_code == 200
    assert len(makers) == 4
    assert threading.current_thread() not in makers


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_full_server_says_the_same_to_everybody_in_their_language(
    served: Served, film: bytes, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only who may still be sending loses the connection; who comes after it keeps its own."""
    app = create_app(served)
    monkeypatch.setattr(served.room, "taken", served.room.capacity)
    large = film + bytes(SMALL_BODY_BYTES)
    responses = [post(app, data, accept_language=language) for data in (film, large, film)]
    assert [response.headers.get("connection") for response in responses] == [None, "close", None]
    for response in responses:
        assert problem(response, 503).detail == sentence(RequestError("server-busy"), language)
        assert response.headers["content-language"] == language
        assert int(response.headers["content-length"]) == len(response.content)


def test_a_full_server_asks_to_come_again(served: Served, film: bytes) -> None:
    """Also where a request's films fit in part alone; then none of them is left under way."""
    app = create_app(served)
    for _ in range(served.room.capacity):
        served.room.take()
    try:
        response = post(app, film)
        served.room.give_back()
        partly = ask(app, "POST", PREDICTIONS, files=films_form(film, film))
    finally:
        served.room.taken = 0
    for refusal in (response, partly):
        assert problem(refusal, 503).code == "server-busy"
        assert refusal.headers["retry-after"] == "1"
    assert answered(post(app, film))


def test_a_request_that_nobody_answers_in_time_is_told_so(served: Served, gated: AnswerService, film: bytes) -> None:
    hasty = replace(served.limits, deadline_s=0.05)
    app = create_app(replace(served, services={"gated": gated}, limits=hasty))
    response = post(app, film)
    assert problem(response, 503).code == "server-deadline"
    assert "retry-after" in response.headers
