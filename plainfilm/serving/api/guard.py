"""The guard: what every request passes before the application sees it; plain ASGI, no framework.

Notable choices:
- a request is refused as early as can be: by its head (host, origin, token, length said), then while its body streams
  in (length seen, pace); for want of room before a large body is read, or after a small one;
- a refused client is listened to for a moment more, so that it reads the answer instead of a broken connection;
- the body is held in memory, never on disk, and handed on whole; all bodies together are bounded;
- every answer gets the security headers;
- HEAD is answered as GET without the body, for every address;
- below a sub path of a proxy, requests are answered with the sub path and without it: some proxies take it off.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

from plainfilm.errors import RequestError
from plainfilm.messages import LANGUAGES
from plainfilm.present.problem import problem, status_of
from plainfilm.serving.api.wire import MEDIA_TYPE, accepted_language, retry_headers
from plainfilm.serving.limits import ServeLimits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = (
    *((b"content-security-policy", POLICY.encode()), (b"x-content-type-options", b"nosniff")),
    *((b"referrer-policy", b"no-referrer"), (b"cross-origin-opener-policy", b"same-origin")),
    (b"cross-origin-resource-policy", b"same-origin"),
    *((b"permissions-policy", b"camera=(), microphone=(), geolocation=()"), (b"cache-control", b"no-store")),
)
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]"}
PRIVATE = ("/v1/", "/metrics")  # paths that need the token, where there is one
SMALL_BODY_BYTES = 2**20  # sooner read than refused unread, which would cost the client its connection
TAKES_FILMS = ("POST", "/v1/predictions")


class Guard:
    """An application behind the guard.

    `is_full`: whether there is no room for one more film. `token`: that private paths ask for; None on loopback, where
    instead only loopback's names are answered (so that no page from elsewhere reaches the server through a name of its
    own). `observe` is called with the method, the path and the status of each answer. `root_path`: the sub path under
    which a proxy serves the application; "" where there is none.
    """

    def __init__(
        self,
        app: App,
        limits: ServeLimits,
        *,
        is_full: Callable[[], bool],
        token: str | None,
        observe: Callable[[str, str, int], None],
        root_path: str = "",
    ) -> None:
        self.app, self.limits, self.is_full, self.token, self.observe = app, limits, is_full, token, observe
        self.root_path = root_path
        busy = RequestError("server-busy")  # said so often under load that it is written once
        self.busy = {language: refusal(busy, language, limits) for language in LANGUAGES}
        self.held_bytes = 0
        self.num_inside = 0  # requests for films that the application has

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the start and end of the server, which pass)."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope = {**scope, "path": _own_path(scope["path"], self.root_path)}
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        held = _Held(self)
        has_content = scope["method"] != "HEAD"
        answer = _Answer(send, lambda status: self.observe(scope["method"], scope["path"], status), has_content)
        may_send_more = _has_body(headers)
        try:
            self._check_head(scope, headers)
            body = await self._body(receive, headers, held)
            may_send_more = False
            with self._place(scope):
                asked = scope if has_content else {**scope, "method": "GET"}
                await self.app(asked, _whole(body, receive), answer.send)
        except RequestError as error:
            language = accepted_language(headers.get("accept-language", ""))
            await self._refuse(error, language, receive if may_send_more else None, answer)
        except Exception:  # the application has answered and logged it; who called would log its text, too
            if not answer.has_started:
                raise
        finally:
            held.release()

    def _check_head(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """Raise RequestError for what the head of a request shows."""
        path = scope["path"]
        if self.token is None:
            host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
            if host.lower() not in LOOPBACK_HOSTS and headers.get("host", "").lower() not in LOOPBACK_HOSTS:
                raise RequestError("host-unknown")
        elif path.startswith(PRIVATE):
            self._check_token(headers.get("authorization", ""))
        if path.startswith(PRIVATE) and headers.get("sec-fetch-site", "") in ("cross-site", "same-site"):
            raise RequestError("request-cross-site")
        length = int(headers.get("content-length", "0") or 0)
        if length > self.limits.max_body_bytes:
            raise self._too_large()
        if length > SMALL_BODY_BYTES or "transfer-encoding" in headers:
            self._check_room(scope)

    def _check_room(self, scope: Scope) -> None:
        """Raise RequestError where a request for films finds no room."""
        if _takes_films(scope) and (self.num_inside >= self.limits.max_waiting or self.is_full()):
            raise RequestError("server-busy")

    @contextmanager
    def _place(self, scope: Scope) -> Iterator[None]:
        """A place inside for a request that is whole. Raises RequestError."""
        self._check_room(scope)
        count = int(_takes_films(scope))
        self.num_inside += count
        try:
            yield
        finally:
            self.num_inside -= count

    def _check_token(self, given: str) -> None:
        assert self.token is not None
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise RequestError("token-missing")
        if not hmac.compare_digest(token.strip().encode(), self.token.encode()):  # takes as long whatever was given
            raise RequestError("token-wrong")

    def _too_large(self) -> RequestError:
        return RequestError("request-too-large", maximum_bytes=self.limits.max_body_bytes)

    async def _body(self, receive: Receive, headers: Mapping[str, str], held: "_Held") -> bytes:
        """The whole body. Raises RequestError where it is too large, or comes too slowly."""
        if not _has_body(headers):
            return b""
        body, limits = bytearray(), self.limits
        due = asyncio.get_running_loop().time() + limits.body_grace_s
        try:
            async with asyncio.timeout_at(due) as patience:
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RequestError("request-malformed")
                    chunk = message.get("body", b"")
                    held.add(len(chunk))
                    body += chunk
                    if len(body) > limits.max_body_bytes:
                        raise self._too_large()
                    if not message.get("more_body", False):
                        return bytes(body)
                    patience.reschedule(due + len(body) / limits.body_bytes_per_s)
        except TimeoutError:
            raise RequestError("request-slow") from None

    async def _refuse(self, error: RequestError, language: str, receive: Receive | None, answer: "_Answer") -> None:
        """Answer with a problem. The connection of a client that may still be sending ends, but not at once.

        `receive` is None where the whole request was read.
        """
        is_busy = error.code == "server-busy"
        status, pairs, content = self.busy[language] if is_busy else refusal(error, language, self.limits)
        if receive is not None:
            pairs = [*pairs, (b"connection", b"close")]
        await answer.send({"type": "http.response.start", "status": status, "headers": pairs})
        await answer.send({"type": "http.response.body", "body": content, "more_body": receive is not None})
        if receive is not None:
            await self._linger(receive)
            await answer.send({"type": "http.response.body"})

    async def _linger(self, receive: Receive) -> None:
        """Let go of what a refused client still sends, for a moment."""
        try:
            async with asyncio.timeout(self.limits.linger_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return


class _Held:
    """The bytes that one request holds, counted among those of all."""

    def __init__(self, guard: Guard) -> None:
        self.guard, self.count = guard, 0

    def add(self, count: int) -> None:
        """Hold more. Raises RequestError where all requests together hold too much."""
        self.guard.held_bytes += count
        self.count += count
        if self.guard.held_bytes > self.guard.limits.max_held_bytes:
            raise RequestError("server-busy")

    def release(self) -> None:
        """Hold nothing any more."""
        self.guard.held_bytes -= self.count
        self.count = 0


class _Answer:
    """The way out: adds the security headers, tells the status, leaves out the content that HEAD does not want."""

    def __init__(self, send: Send, observe: Callable[[int], None], has_content: bool) -> None:
        self._send, self.observe, self.has_content, self.has_started = send, observe, has_content, False

    async def send(self, message: Message) -> None:
        """Send a message of the application."""
        if message["type"] == "http.response.start":
            self.has_started = True
            names = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(pair for pair in SECURITY_HEADERS if pair[0] not in names)]
            self.observe(message["status"])
        elif not self.has_content:
            message["body"] = b""
        await self._send(message)


def _own_path(path: str, root_path: str) -> str:
    """The path without the sub path of a proxy.

    >>> [_own_path(path, "/films") for path in ("/films/v1/models", "/films", "/v1/models", "/filmstrip")]
    ['/v1/models', '/', '/v1/models', '/filmstrip']
    """
    if root_path and (path == root_path or path.startswith(f"{root_path}/")):
        return path.removeprefix(root_path) or "/"
    return path


def _takes_films(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == TAKES_FILMS


def _has_body(headers: Mapping[str, str]) -> bool:
    return "content-length" in headers or "transfer-encoding" in headers


def refusal(error: RequestError, language: str, limits: ServeLimits) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and content of a problem."""
    content = json.dumps(problem(error, language), ensure_ascii=False).encode()
    status = status_of(error)
    headers = {"content-type": MEDIA_TYPE, "content-language": language, "content-length": str(len(content))}
    headers |= {"vary": "accept-language", **retry_headers(status, limits.retry_after_s)}
    return status, [(name.encode(), value.encode()) for name, value in headers.items()], content


def _whole(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body at once, then what comes after it."""
    is_sent = False

    async def whole() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return whole
