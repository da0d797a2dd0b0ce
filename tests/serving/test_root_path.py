"""Under a sub path of a real proxy everything is found: the page, what it asks for, the API and its document."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import clients
import httpx
import pytest
from browser import visiting
from clients import PREDICTIONS, Server
from playwright.sync_api import Browser
from proxy import proxied

from plainfilm.errors import UsageError
from plainfilm.serving import server as serving
from plainfilm.serving.api.http import WEB
from tests.conftest import Cli

ROOT_PATH = "/x-ray/films"
LINKS = re.compile(r'(?:src|href)="([^"#]*)"|(?:from|import) "([^"]+)"|import\("([^"]+)"\)|url\(([^)]+)\)')
ASKED = re.compile(r"addressOf\([`\"]([\w./]+)")


@pytest.fixture(scope="module")
def rooted(model: Path) -> Iterator[Server]:
    """A server with --root-path that also follows a run."""
    with clients.started(model, "--root-path", ROOT_PATH, "--run", model.parent) as running:
        yield running
    assert running.err == []


def origin(server: Server) -> str:
    """The server's address without its sub path."""
    return server.address.removesuffix(ROOT_PATH)


def found_from(page: str) -> dict[str, httpx.Response]:
    """Every file that a page names, and that those name, by address; all must be there."""
    found: dict[str, httpx.Response] = {}
    left = [page]
    while left:
        address = left.pop()
        if address in found or address.startswith("data:"):
            continue
        answer = found[address] = httpx.get(address)
        assert answer.status_code == 200, address
        if answer.headers["content-type"].startswith(("text/html", "text/javascript", "text/css")):
            links = (next(filter(None, groups), "") for groups in LINKS.findall(answer.text))
            left += [urljoin(address, link) for link in links if link]
    return found


@pytest.mark.parametrize("strips", [True, False])
@pytest.mark.parametrize("page", ["", "/", "/training"])
def test_the_page_and_all_its_files_are_found_through_a_proxy(rooted: Server, strips: bool, page: str) -> None:
    """With and without a slash at the end of the sub path."""
    with proxied(origin(rooted), ROOT_PATH, strips=strips) as address:
        found = found_from(f"{address}{ROOT_PATH}{page}")
    assert len(found) > (3 if page == "/training" else 15)
    assert all(urlsplit(name).path.startswith(ROOT_PATH) for name in found)


@pytest.mark.parametrize("prefix", ["/films", "/a", "/a/b/c"])
def test_without_the_option_any_proxy_that_takes_the_sub_path_off_will_do(server: Server, prefix: str) -> None:
    with proxied(server.address, prefix, strips=True) as address:
        assert len(found_from(f"{address}{prefix}/")) > 15
        assert httpx.get(f"{address}{prefix}/v1/models").json()["models"][0]["id"] == server.models[0]


@pytest.mark.parametrize("strips", [True, False])
def test_the_api_is_found_through_a_proxy(rooted: Server, film: bytes, strips: bool) -> None:
    with proxied(origin(rooted), ROOT_PATH, strips=strips) as address:
        base = address + ROOT_PATH
        answer = httpx.post(f"{base}{PREDICTIONS}?map=png", content=film, headers={"content-type": "image/png"})
        assert answer.json()["model"]["id"] == rooted.models[0]
        assert httpx.head(f"{base}/healthz").status_code == 200
        refused = httpx.post(f"{base}{PREDICTIONS}?maps=png", content=film)
        assert refused.json()["code"] == "request-parameter-unknown"
        document = httpx.get(f"{base}/openapi.json").json()
        (announced,) = document["servers"]
        for path in ("/v1/models", "/v1/run", "/metrics"):
            assert path in document["paths"]
            assert httpx.get(urljoin(f"{base}/openapi.json", announced["url"] + path)).status_code == 200


def test_the_address_that_is_told_is_that_of_the_page(rooted: Server) -> None:
    assert rooted.address.endswith(ROOT_PATH)
    assert "<html" in httpx.get(rooted.address).text
    assert httpx.get(rooted.address + "/v1/models").status_code == 200
    assert httpx.get(origin(rooted) + "/v1/models").status_code == 200


def test_the_sub_path_leads_round_no_check(model: Path, tmp_path: Path) -> None:
    (tmp_path / "token.txt").write_text("a-token-of-this-test")
    given = ("--root-path", ROOT_PATH, "--host", "0.0.0.0", "--token-file", tmp_path / "token.txt")
    with clients.started(model, *given) as running:
        base = f"http://127.0.0.1:{urlsplit(running.address).port}"
        for path in ("/v1/models", "/metrics", PREDICTIONS):
            for address in (f"{base}{path}", f"{base}{ROOT_PATH}{path}"):
                assert httpx.get(address).status_code == 401, address
        for path in (f"{ROOT_PATH}{ROOT_PATH}/v1/models", f"{ROOT_PATH}x/v1/models", f"{ROOT_PATH}//v1/models"):
            assert httpx.get(base + path).status_code == 404, path


def test_no_script_asks_for_an_address_of_the_whole_host() -> None:
    """Whatever the page asks its server for goes through `addressOf`, by a path without a slash at its start."""
    for path in sorted(WEB.glob("*.js")):
        content = path.read_text()
        assert not re.search(r"[\"'`]/[a-z]", content.replace('"/>', "")), path.name
        assert content.count("fetch(") == len(re.findall(r"fetch\(addressOf|fetch\(address,|fetch\(addressOf", content))
        assert all(not asked.startswith(("/", ".")) for asked in ASKED.findall(content))
    for path in sorted(WEB.glob("*.html")):
        assert not re.search(r'(src|href)="/', path.read_text()), path.name


@pytest.mark.parametrize("strips", [True, False])
def test_the_page_answers_films_through_a_proxy(
    chromium: Browser, rooted: Server, answered: dict[str, bytes], strips: bool
) -> None:
    films = dict(list(answered.items())[:2])
    with proxied(origin(rooted), ROOT_PATH, strips=strips) as address, visiting(chromium) as visit:
        visit.open(address + ROOT_PATH)
        visit.answer(films)
        assert len(visit.texts("#strip li")) == len(films)
        assert set(visit.statuses) == {200}
        with visit.page.expect_response(re.compile(r"/v1/run\?after=")) as asked:
            visit.page.goto(f"{address}{ROOT_PATH}/training")
        assert asked.value.status == 200


@pytest.mark.parametrize(
    "given", ["films", "/films/", "/", "//", "/a//b", "/a/../b", "/..", "/./a", "/a b", "/a?b", "/胸"]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_sub_path_that_is_none_is_a_usage_error(cli: Cli, model: Path, given: str, language: str) -> None:
    ran = cli("serve", model, "--port", 0, "--root-path", given, "--lang", language)
    assert (ran.code, ran.out) == (2, "")
    assert given in ran.err
    assert "/films" in ran.err


@pytest.mark.parametrize("given", ["", "/films", "/a/b.c/d-e_f~g"])
def test_a_sub_path_may_be_deep(given: str) -> None:
    serving.check_root_path(given)
    with pytest.raises(UsageError, match="serve-root-path"):
        serving.check_root_path(given + "/")


def test_without_a_sub_path_the_document_names_no_server(server: Server) -> None:
    assert "servers" not in json.loads(httpx.get(server.address + "/openapi.json").content)
