"""What clients send besides plain GET and POST: HEAD, parameters that are unknown or come twice."""

import json
from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest
from clients import PREDICTIONS, Server, ask, post
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.messages import text
from plainfilm.serving.api import samples
from plainfilm.serving.api.guard import App
from plainfilm.serving.api.http import WEB, Served, create_app
from plainfilm.serving.api.metrics import Metrics
from plainfilm.serving.api.wire import MEDIA_TYPE

TOKEN = "a-token-of-this-test"
SAMPLE = f"/v1/samples/{samples.samples()[0].id}"
API = ("/v1/models", "/v1/samples", SAMPLE, "/healthz", "/readyz", "/metrics", "/openapi.json")
PAGE = ("/", "/words.json", *(f"/page/{path.name}" for path in sorted(WEB.iterdir())))
CHANGES = ("/metrics",)  # counts the requests before it
KNOWN = ("film", "map", "map_of", "model", "override")  # parameters of predictions


# --- HEAD ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*API, *PAGE, "/nothing", "/v1/samples/nothing", PREDICTIONS, "/healthz?x=1"])
def test_head_is_get_without_the_body(app: App, path: str) -> None:
    head, full = ask(app, "HEAD", path), ask(app, "GET", path)
    assert head.content == b""
    assert head.status_code == full.status_code
    assert full.content
    if path not in CHANGES:
        assert head.headers == full.headers
        assert int(head.headers["content-length"]) == len(full.content)


@pytest.mark.parametrize("path", [*API, "/", "/nothing"])
def test_head_over_a_connection_that_goes_on(server: Server, path: str) -> None:
    """A body that HEAD must not have would be taken for the next answer."""
    with httpx.Client(base_url=server.address) as client:
        for _ in range(3):
            head = client.head(path)
            assert (head.status_code, head.content) == (404 if path == "/nothing" else 200, b"")
            assert client.get("/healthz").json() == {"status": "alive"}


def test_head_asks_for_the_token_and_the_name_as_get_does(served: Served) -> None:
    locked = create_app(replace(served, token=TOKEN, metrics=Metrics()))
    for path in ("/v1/models", SAMPLE, "/metrics"):
        for authorization, status in ((None, 401), ("Bearer wrong", 401), (f"Bearer {TOKEN}", 200)):
            headers = {} if authorization is None else {"authorization": authorization}
            answer = ask(locked, "HEAD", path, headers=headers)
            assert (answer.status_code, answer.content) == (status, b"")
    for path in ("/", "/healthz"):
        assert ask(locked, "HEAD", path).status_code == 200
        assert ask(create_app(served), "HEAD", path, headers={"host": "films.example"}).status_code == 421


def test_head_is_counted_as_head(served: Served) -> None:
    app = create_app(replace(served, metrics=Metrics()))
    ask(app, "HEAD", "/healthz")
    found = ask(app, "GET", "/metrics").text
    assert 'plainfilm_requests_total{method="HEAD",path="/healthz",status="200"} 1.0' in found


def test_other_methods_stay_refused(app: App) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = ask(app, method, "/healthz")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


# --- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["maps=png", "Map=png", "map=png&maps=array", "override=true&x", "%6Daps=png", "map[]=png", ";map=png", "="],
)
def test_an_unknown_parameter_is_refused_by_what_is_known(app: App, film: bytes, query: str) -> None:
    answer = post(app, film, f"{PREDICTIONS}?{query}")
    found = answer.json()
    assert (answer.status_code, found["code"]) == (400, "request-parameter-unknown")
    assert ", ".join(KNOWN) in found["detail"]


@given(name=st.text(min_size=1).filter(lambda name: name not in KNOWN), value=st.text())
def test_no_other_name_is_taken(app: App, name: str, value: str) -> None:
    query = f"{quote(name, safe='', errors='replace')}={quote(value, safe='', errors='replace')}"
    answer = post(app, b"film", f"{PREDICTIONS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "request-parameter-unknown")


@pytest.mark.parametrize("path", API)
def test_an_address_without_parameters_takes_none(app: App, path: str) -> None:
    for query in ("after=1", "map=png", "name[]=plainfilm_films", "_=1700000000"):
        answer = ask(app, "GET", f"{path}?{query}", headers={"accept-language": "zh"})
        assert (answer.status_code, answer.json()["code"]) == (400, "request-parameter-none")
        assert answer.headers["content-language"] == "zh"


@pytest.mark.parametrize("query", ["map=png&map=png", "map=png&film=png&map=array", "override=1&override=0"])
def test_a_parameter_that_comes_twice_is_refused(app: App, film: bytes, query: str) -> None:
    answer = post(app, film, f"{PREDICTIONS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "request-parameter-twice")
    assert query.partition("=")[0] in answer.json()["detail"]


def test_known_parameters_are_those_of_the_document(app: App, film: bytes) -> None:
    document = ask(app, "GET", "/openapi.json").json()
    operation = document["paths"][PREDICTIONS]["post"]
    names = sorted(parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query")
    assert names == sorted(KNOWN)
    assert "400" in operation["responses"]
    assert post(app, film, f"{PREDICTIONS}?map=png&film=png&override=true").status_code == 200
    assert all("parameters" not in path["get"] for name, path in document["paths"].items() if name in API)


def test_the_document_names_problems_as_their_answers_do(app: App) -> None:
    named = [
        (status, response["description"])
        for path in ask(app, "GET", "/openapi.json").json()["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if MEDIA_TYPE in response.get("content", {})
    ]
    assert len({status for status, _ in named}) > 9
    assert [(status, words) for status, words in named if words != text(f"http.{status}", "en")] == []


def test_the_page_opens_whatever_a_link_adds(app: App) -> None:
    assert ask(app, "GET", "/?utm_source=letter").status_code == 200
    assert json.loads(ask(app, "GET", "/words.json?v=2").content).keys() == {"en", "zh"}


def test_what_was_sent_is_not_repeated(app: App) -> None:
    assert "Muster" not in post(app, b"film", f"{PREDICTIONS}?Mustermann=Erika").text
