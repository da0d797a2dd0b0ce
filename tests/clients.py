"""Clients of the server for tests: over real connections and straight into the application; the server as a process."""

import asyncio
import io
import json
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from plainfilm.serve.guard import App
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


def post(app: App, film: bytes | AsyncIterator[bytes], path: str = PREDICTIONS, **headers: str) -> httpx.Response:
    """One film, as the body of a request; `accept_language="zh"` is the header Accept-Language."""
    shown = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(app, "POST", path, content=film, headers={"content-type": "application/octet-stream"} | shown)


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    """(H, W) uint8 as the bytes of a "PNG", "JPEG", "TIFF" or "DICOM" file."""
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


@contextmanager
def started(*words: object) -> Iterator[Server]:
    """`plainfilm serve WORDS` on a free port of loopback, from its first answer on; stopped at the end.

    It must end with exit code 0 and must have written nothing else to standard output.
    """
    process = command("serve", *words, "--port", 0, "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    err: list[str] = []
    reader = threading.Thread(target=err.extend, args=(process.stderr,))
    reader.start()
    try:
        announced = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
        yield Server(process, announced["address"], announced["models"], err)
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
