"""Clients of the server for tests: over real connections and straight into the application; the server as a process."""

import asyncio
import faulthandler
import io
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from plainfilm.serving.api.guard import App
from plainfilm.serving.limits import ServeLimits
from tests import dicom_files
from tests.conftest import command

ORIGIN = "http://127.0.0.1"
PREDICTIONS = "/v1/predictions"


def ask(app: App, method: str, path: str, **request: Any) -> httpx.Response:
    """One request straight into the application; an exception that leaves it is raised."""

    async def answered() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            return await client.request(method, path, **request)

    return asyncio.run(answered())


def post(app: App, film: bytes, path: str = PREDICTIONS, **headers: str) -> httpx.Response:
    """One film, as the body of a request; `accept_language="zh"` is the header Accept-Language."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", path, content=film, headers={"content-type": "application/octet-stream"} | shown)


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    """(H, W) uint8 as the bytes of a file of a kind as Pillow calls it, or of "DICOM"."""
    if kind == "DICOM":
        return dicom_files.film(pixels)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    process: "subprocess.Popen[str]"
    address: str
    models: list[str]  # their ids, the default first
    err: list[str]  # lines of standard error so far
    dicom_port: int | None  # of its node, where it has one


def started(*words: object) -> AbstractContextManager[Server]:
    """`plainfilm serve WORDS` on a free port, from its first answer on; stopped at the end."""
    return _stopped_at_the_end(command("serve", *words, "--port", 0, "--json"))


def started_with(limits: ServeLimits, model: Path) -> AbstractContextManager[Server]:
    """A server of loopback with other limits than those of the command line."""
    return _stopped_at_the_end(
        subprocess.Popen(
            [sys.executable, "-c", OTHER_LIMITS, str(model), json.dumps(asdict(limits))],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


OTHER_LIMITS = """
import contextlib, json, sys
from pathlib import Path
from plainfilm.serving import limits, server
allowed = limits.ServeLimits(**json.loads(sys.argv[2]))
with (
    contextlib.closing(server.bind("127.0.0.1", 0)) as bound,
    server.open_services([Path(sys.argv[1])], token=None, run=None, limits=allowed) as served,
):
    told = lambda address: print(json.dumps({"address": address, "models": [*served.services]}, indent=1), flush=True)
    server.serve(served, bound, told)
"""


@contextmanager
def _stopped_at_the_end(process: "subprocess.Popen[str]") -> Iterator[Server]:
    """The server once it has told its address. It must end with exit code 0 and tell nothing else."""
    assert process.stdout is not None
    assert process.stderr is not None
    err: list[str] = []
    reader = threading.Thread(target=err.extend, args=(process.stderr,))
    reader.start()
    try:
        announced = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        yield Server(process, announced["address"], announced["models"], err, announced.get("dicom_port"))
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        code = process.wait(timeout=60)
        reader.join()
        process.stdout.close()
        process.stderr.close()
    assert (code, rest) == (0, ""), err


def films_in(folder: Path) -> list[bytes]:
    """The bytes of all PNG below a folder, in the order of their paths."""
    return [path.read_bytes() for path in sorted(folder.rglob("*.png"))]


# --- plain connections -----------------------------------------------------------------------------------------------


def connect(address: str) -> socket.socket:
    """A connection to a server; whatever it does takes a minute at most."""
    host, port = address.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=60)


def head(length: int | None, method: str = "POST", path: str = PREDICTIONS, **headers: str) -> bytes:
    """The head of a request whose body has that many bytes; None: it comes in chunks."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", "content-type: application/octet-stream"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["transfer-encoding: chunked"] if length is None else [f"content-length: {length}"]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode()


def read_all(connection: socket.socket) -> bytes:
    """What the server still sends, to the end of the connection."""
    received = b""
    with connection:
        while part := connection.recv(2**16):
            received += part
    return received


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Look a hundred times a second, so that a machine that stands still meanwhile is no failure."""
    for _ in range(int(100 * seconds)):
        if condition():
            return
        time.sleep(0.01)
    faulthandler.dump_traceback(sys.__stderr__)  # what every thread waits for
    raise AssertionError("it never came to be")
