"""A small reverse proxy for tests: it serves a server under a sub path, and takes that off or leaves it on."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

OF_A_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "host", "content-length", "date", "server"}


@contextmanager
def proxied(address: str, prefix: str, *, strips: bool) -> Iterator[str]:
    """The address of a proxy before the server at `address`; everything outside `prefix` is 404 "not the proxy's"."""
    target = urlsplit(address)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length) if length else None
            if self.path != prefix and not self.path.startswith((f"{prefix}/", f"{prefix}?")):
                self._answer(404, [], b"not the proxy's")
                return
            path = self.path.removeprefix(prefix) or "/"
            connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in OF_A_CONNECTION}
            connection.request(self.command, path if strips else self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in OF_A_CONNECTION]
            connection.close()
            self._answer(answer.status, kept, content)

        do_POST = do_HEAD = do_GET  # noqa: N815 - the names that http.server asks for

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            thread.join()
