"""The server as a process: it starts with an address, refuses to start with a sentence, and drains when it is stopped."""

import contextlib
import errno
import signal
import socket
from pathlib import Path

import clients
import h11
import httpx
import pytest
from clients import PREDICTIONS, Server

from plainfilm.errors import UsageError
from plainfilm.serving import server as serving
from tests.conftest import Cli

needs_ipv6 = pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")


def test_it_answers_at_the_address_that_it_tells(server: Server) -> None:
    assert httpx.get(f"{server.address}/readyz").json() == {"status": "ready"}
    models = httpx.get(f"{server.address}/v1/models").json()["models"]
    assert [entry["id"] for entry in models] == server.models


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1", b"HEAD / HTTP/1.1", b"GET / HTTP/1.0"])
@pytest.mark.parametrize("headers", [[(b"content-length", b"4")], []], ids=["length", "chunks"])
def test_an_answer_is_what_h11_makes_of_it_with_its_head_in_one_piece_with_its_content(
    request_line: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    content = [] if request_line.startswith(b"HEAD") else [b"no", b"ne"]
    events = [h11.Response(status_code=200, headers=headers), *(h11.Data(data=data) for data in content or [b""])]
    pieces = []
    for connection in (h11.Connection(h11.SERVER), serving._Connection(h11.SERVER)):
        connection.receive_data(request_line + b"\r\nhost: localhost\r\n\r\n")
        assert isinstance(connection.next_event(), h11.Request)
        pieces.append([connection.send(event) for event in (*events, h11.EndOfMessage())])
    expected, found = pieces
    assert b"".join(found) == b"".join(expected)
    assert found == [b"", expected[0] + expected[1], *expected[2:]]


def test_a_request_under_way_is_answered_before_the_end(model: Path, film: bytes) -> None:
    """SIGTERM comes while half of a body is there: the rest is taken, the answer sent, then the end with exit code 0."""
    with clients.started(model) as running:
        connection = clients.connect(running.address)
        connection.sendall(clients.head(len(film)) + film[:100])
        clients.wait_for(lambda: httpx.get(f"{running.address}/healthz").status_code == 200)
        running.process.send_signal(signal.SIGTERM)
        clients.wait_for(lambda: is_closed(running.address))
        connection.sendall(film[100:])
        answer = clients.read_all(connection)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"probabilities"' in answer
        running.process.wait(30)
    assert running.err == []


def is_closed(address: str) -> bool:
    """Whether new connections are refused."""
    with contextlib.suppress(ConnectionRefusedError):
        clients.connect(address).close()
        return False
    return True


@pytest.mark.parametrize(
    ("language", "words"), [("en", "is another server running there"), ("zh", "是否已有服务器在运行")]
)
def test_a_port_in_use_is_told(cli: Cli, model: Path, language: str, words: str) -> None:
    with contextlib.closing(serving.bind("127.0.0.1", 0)) as bound:
        bound.listen()
        port = bound.getsockname()[1]
        ran = cli("serve", model, "--port", port, "--lang", language)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert str(port) in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "other machines would reach this address; expected a token"), ("zh", "其他机器可以访问该地址")],
)
@pytest.mark.parametrize("host", ["0.0.0.0", pytest.param("::", marks=needs_ipv6)])
def test_off_loopback_it_does_not_start_without_a_token(
    cli: Cli, model: Path, host: str, language: str, words: str
) -> None:
    ran = cli("serve", model, "--host", host, "--port", 0, "--lang", language)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert "secrets.token_urlsafe" in ran.err


@pytest.mark.parametrize("host", ["a..b", "a" * 70, "no-such-host.invalid"])
def test_a_host_that_is_none_is_a_usage_error(cli: Cli, model: Path, host: str) -> None:
    ran = cli("serve", model, "--host", host, "--port", 0, "--lang", "en")
    assert (ran.code, ran.out) == (2, "")
    assert f"cannot listen on {host}" in ran.err


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "content", [b"", b"short", b"two words of a token\n", b"\xff" * 32, b"a-token-of-two\nlines-of-it\n", None]
)
def test_a_token_that_is_none_is_refused(
    cli: Cli, model: Path, tmp_path: Path, content: bytes | None, language: str
) -> None:
    path = tmp_path / "token.txt"
    if content is not None:
        path.write_bytes(content)
    ran = cli("serve", model, "--host", "0.0.0.0", "--port", 0, "--token-file", path, "--lang", language)
    assert (ran.code, ran.out) == (2, "")
    assert str(path) in ran.err
    assert content in (None, b"") or content.strip().decode("latin-1") not in ran.err


def test_off_loopback_it_answers_who_shows_the_token(model: Path, tmp_path: Path, film: bytes) -> None:
    (tmp_path / "token.txt").write_text("a-token-of-this-test\n")
    with clients.started(model, "--host", "0.0.0.0", "--token-file", tmp_path / "token.txt") as running:
        address = f"http://127.0.0.1:{running.address.rpartition(':')[2]}"
        refused = httpx.post(address + PREDICTIONS, content=film)
        answered = httpx.post(
            address + PREDICTIONS, content=film, headers={"authorization": "Bearer a-token-of-this-test"}
        )
    assert (refused.status_code, answered.status_code) == (401, 200)
    assert not any("a-token-of-this-test" in line for line in running.err)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("0.0.0.0", False),
        pytest.param("::1", True, marks=needs_ipv6),
        pytest.param("::", False, marks=needs_ipv6),
    ],
)
def test_loopback_is_told_from_other_addresses(host: str, is_loopback: bool) -> None:
    with contextlib.closing(serving.bind(host, 0)) as bound:
        assert serving.is_loopback(bound) == is_loopback


@pytest.mark.parametrize("num_refusals", [1, 99])
def test_two_that_listen_at_one_instant_are_not_both_refused(
    monkeypatch: pytest.MonkeyPatch, num_refusals: int
) -> None:
    """As Linux does then; each tries again, but not for ever."""
    listen, left = socket.socket.listen, [num_refusals]

    def contended(bound: socket.socket, backlog: int) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EADDRINUSE, "Address already in use")
        listen(bound, backlog)

    monkeypatch.setattr(socket.socket, "listen", contended)
    if num_refusals == 1:
        with contextlib.closing(serving.bind("127.0.0.1", 0)) as bound:
            assert bound.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    else:
        with pytest.raises(UsageError):
            serving.bind("127.0.0.1", 0)


def test_an_address_that_is_none_is_told() -> None:
    with pytest.raises(UsageError, match="serve-address"):
        serving.bind("no.such.host.invalid", 0)
