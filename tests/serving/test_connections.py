"""Slow, endless, lying and garbled connections: refused or cut off, while others are answered."""

import json
import re
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import builders
import clients
import httpx
import pytest
from clients import PREDICTIONS, Server, head

from plainfilm.serving.api.guard import SECURITY_HEADERS
from plainfilm.serving.limits import MIB, ServeLimits

NUM_SLOW = 100  # of each kind
LIMITS = ServeLimits(
    max_body_bytes=16 * MIB, head_s=0.5, body_grace_s=0.5, body_bytes_per_s=200 * MIB, linger_s=0.2, max_connections=900
)
LANGUAGES = {"en": "[a-z]", "zh": "[\u4e00-\u9fff]"}


@pytest.fixture(scope="module")
def strict(model: Path) -> Iterator[Server]:
    """A server of little patience."""
    with clients.started_with(LIMITS, model) as running:
        yield running
    assert running.err == []


@pytest.fixture(autouse=True)
def _lives_on(strict: Server, film: bytes) -> Iterator[None]:
    """After each test the server answers a film."""
    yield
    assert httpx.post(strict.address + PREDICTIONS, content=film).status_code == 200


def problem(answer: bytes) -> tuple[int, str, str]:
    """Status, code and language of the problem that a connection got; every header that it needs is there."""
    start, _, content = answer.partition(b"\r\n\r\n")
    status, *lines = start.decode().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    assert headers["content-type"] == "application/problem+json"
    assert int(headers["content-length"]) == len(content)
    for name, value in SECURITY_HEADERS:
        assert headers[name.decode()] == value.decode()
    found = json.loads(content)
    assert int(status.split()[1]) == found["status"]
    return found["status"], found["code"], headers["content-language"]


def send(connection: socket.socket, data: bytes) -> bool:
    """Whether more may be sent."""
    try:
        connection.sendall(data)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_body_that_is_said_to_be_too_large_is_refused_unread(strict: Server, language: str) -> None:
    connection = clients.connect(strict.address)
    connection.sendall(head(LIMITS.max_body_bytes + 1, accept_language=language))
    assert problem(clients.read_all(connection)) == (413, "request-too-large", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_body_without_end_is_refused_where_it_gets_too_large(strict: Server, language: str) -> None:
    """It is sent for as long as the server takes it; the answer is there to be read all the same."""
    connection = clients.connect(strict.address)
    connection.sendall(head(None, accept_language=language))
    piece = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
    sent = 0
    while not select.select([connection], [], [], 0)[0] and send(connection, piece):
        sent += 1
        assert sent < 10_000
    assert sent > LIMITS.max_body_bytes // MIB
    assert problem(clients.read_all(connection)) == (413, "request-too-large", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_less_than_was_said_is_waited_for_in_vain(strict: Server, film: bytes, language: str) -> None:
    connection = clients.connect(strict.address)
    connection.sendall(head(len(film) + 1, accept_language=language) + film)
    assert problem(clients.read_all(connection)) == (408, "request-slow", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_more_than_was_said_is_no_part_of_the_film(strict: Server, film: bytes, language: str) -> None:
    connection = clients.connect(strict.address)
    connection.sendall(head(len(film) // 2, accept_language=language) + film)
    assert problem(clients.read_all(connection)) == (422, "film-truncated", language)


def test_who_goes_away_is_let_go(strict: Server, film: bytes) -> None:
    for data in (
        b"",
        b"POST",
        head(len(film)),
        head(len(film)) + film[:99],
        head(len(film)) + film,
        head(None) + b"3\r\n",
    ):
        connection = clients.connect(strict.address)
        connection.sendall(data)
        connection.close()


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # TLS
        b"GET / HTTP/1.1\r\n\r\n",  # without a host
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"x" * 100_000,
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip\r\n\r\n",
        head(None) + b"no chunk\r\n",
    ],
    ids=lambda data: repr(data[:40]),
)
def test_what_is_no_http_gets_a_problem(strict: Server, data: bytes) -> None:
    connection = clients.connect(strict.address)
    connection.sendall(data)
    status, code, _ = problem(clients.read_all(connection))
    assert code == "request-not-http"
    assert status == 400


def test_slow_senders_are_cut_off_while_others_are_answered(strict: Server, film: bytes) -> None:
    """A hundred heads and a hundred bodies that come a byte at a time; a hundred connections that say nothing."""
    address = strict.address
    heads, bodies, silent = ([clients.connect(address) for _ in range(NUM_SLOW)] for _ in range(3))
    for connection in heads:
        connection.sendall(head(len(film))[:-2])
    for connection in bodies:
        connection.sendall(head(len(film)))
    open_ones = {*heads, *bodies}
    answered = 0

    def drip() -> bool:
        nonlocal answered
        for connection in [*open_ones]:
            is_over = bool(select.select([connection], [], [], 0)[0])
            if is_over or not send(connection, b"x"):
                open_ones.discard(connection)
        answered += httpx.post(address + PREDICTIONS, content=film).status_code == 200
        return not open_ones

    clients.wait_for(drip)
    assert answered > 0
    assert [clients.read_all(connection) for connection in (*heads, *silent)] == [b""] * 2 * NUM_SLOW
    assert {problem(clients.read_all(connection)) for connection in bodies} == {(408, "request-slow", "en")}


def test_who_does_not_take_the_answer_is_cut_off(strict: Server) -> None:
    """An answer of megabytes, of which not a byte is read: in the end the server lets go of what is left of it."""
    noise = clients.encoded(builders.random_pixels(1, size_px=2000)[0, 0], "PNG")
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="films"\r\n\r\n' + noise + b"\r\n" for _ in range(3))
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(60)
    host, port = strict.address.removeprefix("http://").split(":")
    connection.connect((host, int(port)))
    start = head(len(body) + 7, path=f"{PREDICTIONS}?film=png").replace(
        b"application/octet-stream", b"multipart/form-data; boundary=x"
    )
    connection.sendall(start + body + b"--x--\r\n")
    ours = connection.getsockname()[1]
    clients.wait_for(lambda: is_closed(int(port), ours))
    answer = clients.read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert len(answer) < int(re.search(rb"content-length: (\d+)", answer)[1])


def is_closed(port: int, peer: int) -> bool:
    """Whether the process that listens at a port has closed its connection with a peer (proc(5), net/tcp)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    states = {(int(row[1][-4:], 16), int(row[2][-4:], 16)): row[3] for row in rows}
    return states.get((port, peer)) != "01"  # established


def test_a_garbled_end_does_not_disturb_the_answer_before_it(strict: Server, film: bytes) -> None:
    """The film's answer is sent in full, though what follows on the connection is no request."""
    connection = clients.connect(strict.address)
    connection.sendall(head(len(film)).replace(b"connection: close\r\n", b"") + film + b"garbage\r\n\r\n")
    answer = clients.read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b'"probabilities"') == 1
    assert problem(answer[answer.index(b"HTTP/1.1 400 ") :])[1] == "request-not-http"
