"""The server that the tests of the API, the page and the node share, as a process and as an application."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Visit, launched, visiting
from clients import Server, started
from playwright.sync_api import Browser
from pynetdicom.transport import AssociationSocket

from plainfilm.model.predictor import Answers, Predictor, Prepared
from plainfilm.serving.api.guard import App
from plainfilm.serving.api.http import Served, create_app
from plainfilm.serving.limits import LIMITS
from plainfilm.serving.server import open_services
from plainfilm.serving.service import AnswerService, Room


class Gated(Predictor):
    """A predictor whose network waits until it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, threads=1)
        self.is_open, self.has_begun = threading.Event(), threading.Event()

    def answer_prepared(self, prepared: Sequence[Prepared]) -> Answers:
        self.has_begun.set()
        assert self.is_open.wait(60)
        return super().answer_prepared(prepared)


@pytest.fixture(scope="session", autouse=True)
def _sockets_are_closed() -> Iterator[None]:
    """pynetdicom leaves a socket open whose peer has gone first; the garbage collector would warn of it in any test."""
    shut_down = AssociationSocket._shutdown_socket

    def closed(connection: AssociationSocket) -> None:
        shut_down(connection)
        if connection.socket is not None:
            connection.socket.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AssociationSocket, "_shutdown_socket", closed)
        yield


@pytest.fixture(scope="session")
def server(model: Path) -> Iterator[Server]:
    """The real `plainfilm serve` with the trained model; at its end it must have written nothing to standard error."""
    with started(model) as running:
        yield running
    assert running.err == []


@pytest.fixture(scope="session")
def served(model: Path) -> Iterator[Served]:
    """The services of the trained model, in this process."""
    with open_services([model], token=None, run=None) as services:
        yield services


@pytest.fixture(scope="session")
def app(served: Served) -> App:
    """The application over these services."""
    return create_app(served)


@pytest.fixture(scope="session")
def predictor(model: Path) -> Predictor:
    """The trained model, to compare answers with."""
    return Predictor(model, threads=1)


@pytest.fixture(scope="session")
def film(predictor: Predictor, strangers: Path) -> bytes:
    """A film (PNG) that the model answers."""
    films = (path.read_bytes() for path in sorted(strangers.rglob("*.png")))
    return next(data for data in films if predictor.predict_bytes(data).verdict.passed)


@pytest.fixture
def batches() -> list[int]:
    """The number of films of each batch."""
    return []


@pytest.fixture
def gated(model: Path, batches: list[int]) -> Iterator[AnswerService]:
    """A service whose network waits until it is let go."""
    service = AnswerService(Gated(model), Room(40), limits=replace(LIMITS, batch_size=8), observe_batch=batches.append)
    yield service
    service.predictor.is_open.set()
    service.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; of a module alone, because while it is driven no other event loop runs."""
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visit]:
    """The page of the real server, open in English."""
    with visiting(chromium) as visit:
        visit.open(server.address)
        yield visit


@pytest.fixture(scope="session")
def answered(predictor: Predictor, strangers: Path) -> dict[str, bytes]:
    """Films (PNG) that the model answers, by name, of all classes in turn."""
    paths = sorted(strangers.rglob("*.png"), key=lambda path: (path.name, path.parent.name))
    films = {f"{path.parent.name}-{path.name}": path.read_bytes() for path in paths}
    return {name: data for name, data in films.items() if predictor.predict_bytes(data).verdict.passed}
