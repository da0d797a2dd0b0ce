"""The server: sockets, uvicorn, signals; from model files to a server that listens, and drains when it is stopped.

Notable choices:
- the socket is bound before any model is loaded, so that a port in use is told at once;
- a connection that does not finish the head of a request in time, or does not take its answer, is cut off (uvicorn
  has no limit for either); what is no HTTP at all gets a problem like any other;
- nothing is logged of a request, and uvicorn logs nothing at all;
- SIGTERM and Ctrl-C let requests under way end, then the server ends with exit code 0.
"""

import asyncio
import contextlib
import errno
import os
import re
import secrets
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from plainfilm.errors import RequestError, UsageError
from plainfilm.model.packaged import CHEST_MODEL
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import place_of
from plainfilm.serving.api import wire
from plainfilm.serving.api.guard import SECURITY_HEADERS, refusal
from plainfilm.serving.api.http import Served, create_app
from plainfilm.serving.api.metrics import Metrics
from plainfilm.serving.api.samples import PHANTOM_MODEL
from plainfilm.serving.limits import LIMITS, NodeSettings, ServeLimits
from plainfilm.serving.service import AnswerService, Room
from plainfilm.serving.watch import Watch, forget, kept_in

BACKLOG = 256
LISTEN_TRIES, LISTEN_PAUSE_MS = 5, 50
MIN_TOKEN = 16  # characters
ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on an address; port 0 takes a free one. Raises UsageError where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        for _ in range(LISTEN_TRIES):
            bound = socket.socket(family, kind, protocol)
            if _listens(bound, address):
                return bound
            time.sleep(secrets.randbelow(LISTEN_PAUSE_MS) / 1000)  # another one, just as long, would meet us again
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    except (OSError, UnicodeError) as error:  # the latter: no name of a host at all
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError("serve-address", host=host, port=port, reason=reason) from error


def _listens(bound: socket.socket, address: tuple[object, ...]) -> bool:
    """Let a new socket listen; whether it does, else it is closed. Raises OSError where another one listens already.

    Sockets that reuse an address may share it until one of them listens. Where two begin to at one instant, Linux
    refuses both.
    """
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    try:
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno != errno.EADDRINUSE:
            raise
        return False
    return True


def is_loopback(bound: socket.socket) -> bool:
    """Whether only programs of this machine reach a socket."""
    return ip_address(bound.getsockname()[0]).is_loopback


def read_token(path: Path | None, bound: socket.socket) -> str | None:
    """The token of a file; None where none is given, on loopback. Raises UsageError where one is needed or unusable."""
    if path is None:
        if not is_loopback(bound):
            raise UsageError("serve-token-missing")
        return None
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("serve-token-unreadable", path=str(path)) from error
    if len(token) < MIN_TOKEN or not token.isprintable() or " " in token:
        raise UsageError("serve-token-weak", path=str(path), minimum=MIN_TOKEN)
    return token


def check_root_path(root_path: str) -> None:
    """Raise UsageError where `root_path`, under which a proxy serves the page, is neither "" nor like "/films"."""
    parts = root_path.split("/")[1:]
    if root_path and (not ROOT_PATH.fullmatch(root_path) or {".", ".."} & set(parts)):
        raise UsageError("serve-root-path", given=root_path)


@contextlib.contextmanager
def open_services(
    models: Sequence[Path],
    *,
    token: str | None,
    run: Path | None,
    root_path: str = "",
    limits: ServeLimits = LIMITS,
    assume_chest: bool = False,
    watch_file: Path | None = None,
) -> Iterator[Served]:
    """Load the models, the packaged one where none is named, and the one that answers the samples.

    `watch_file` gets what watching the default model's films finds, a line a window.

    `assume_chest`: DICOM films of every caller, over HTTP and DICOM, show a chest from the front: see `decode`.
    """
    room, metrics = Room(limits.max_waiting), Metrics()
    services: dict[str, AnswerService] = {}
    try:
        for path in (*(models or [CHEST_MODEL]), PHANTOM_MODEL):
            predictor = Predictor(path, assume_chest=assume_chest)
            name = wire.model_id(predictor)
            if name not in services:
                keep = kept_in(watch_file) if watch_file is not None and not services else forget
                watch = None if predictor.home is None else Watch(predictor.home, keep)
                services[name] = AnswerService(
                    predictor, room, limits=limits, observe_batch=metrics.batch.observe, watch=watch
                )
        yield Served(services, name, room, limits, metrics, token, run, root_path)
    finally:
        for service in services.values():
            service.close()


@contextlib.contextmanager
def open_node(served: Served, settings: NodeSettings, language: str) -> Iterator[int]:
    """A DICOM node whose films the default model answers; gives its port. Raises UsageError."""
    from plainfilm.serving.dicom.node import start_node  # needs the libraries of the extra `dicom`
    from plainfilm.serving.dicom.structured_report import Author

    service = served.default
    predictor = service.predictor
    author = Author(predictor.card, wire.model_id(predictor), language, settings.with_map, lambda: place(service))
    node = start_node(settings, lambda data: service.submit(data).result(), author)
    try:
        yield node.port
    finally:
        node.close()


def place(service: AnswerService) -> str:
    """Where the films that a service answers come from: see `place_of`."""
    return place_of(None if service.watch is None else service.watch.state.latest)


def serve(served: Served, bound: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called with the address once requests are answered."""
    limits = served.limits
    config = uvicorn.Config(
        create_app(served),
        http=_protocol(limits),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        log_level="critical",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        limit_concurrency=limits.max_connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=round(limits.deadline_s),
    )
    server = _Server(config, lambda: announce(address(bound) + served.root_path))
    server.run(sockets=[bound])


def address(bound: socket.socket) -> str:
    """Where a browser finds the page."""
    host, port = bound.getsockname()[:2]
    if ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Tells when it has started; ends quietly on a signal, without raising it again."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self.tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.tell_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Connection(h11.Connection):
    """HTTP/1.1 that gives out the head of an answer with the first of its content, for one call of the system.

    Each call lets go of the interpreter's lock, and under load the threads that judge films do not soon give it back.
    """

    head: Sequence[bytes] = ()

    def send_with_data_passthrough(self, event: h11.Event) -> list[bytes] | None:
        """The bytes of an event of the answer; of its head none, until content follows."""
        made = super().send_with_data_passthrough(event)
        if made is None:
            return None
        made, self.head = [*self.head, *made], ()
        if isinstance(event, h11.Response):
            made, self.head = [], made
        return made


def _protocol(limits: ServeLimits) -> type[asyncio.Protocol]:
    """uvicorn's HTTP/1.1, with limits on the time that the head of a request and the taking of an answer may need."""

    class PunctualProtocol(H11Protocol):
        head_timer: asyncio.TimerHandle | None = None
        answer_timer: asyncio.TimerHandle | None = None

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.conn = _Connection(h11.SERVER)

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self.head_timer = self.loop.call_later(limits.head_s, transport.close)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.conn.their_state is not h11.IDLE:  # the head is whole
                _stop(self.head_timer)
                self.head_timer = None
            elif self.head_timer is None:
                self.head_timer = self.loop.call_later(limits.head_s, self.transport.close)

        def pause_writing(self) -> None:
            super().pause_writing()
            waiting_bytes = self.transport.get_write_buffer_size()
            allowed_s = limits.body_grace_s + waiting_bytes / limits.body_bytes_per_s  # as for a body
            self.answer_timer = self.loop.call_later(allowed_s, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            _stop(self.answer_timer)

        def connection_lost(self, exc: Exception | None) -> None:
            _stop(self.head_timer)
            _stop(self.answer_timer)
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):  # else an answer is under way already
                status, headers, content = refusal(RequestError("request-not-http"), "en", limits)
                headers += [*SECURITY_HEADERS, (b"connection", b"close")]
                self.conn.send(h11.Response(status_code=status, headers=headers))
                self.transport.write(self.conn.send(h11.Data(data=content)))
            self.transport.close()

    return PunctualProtocol


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
