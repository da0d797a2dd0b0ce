"""The service: what predict_bytes says, gathered into batches, within a bounded room; one bad film harms no other."""

import threading
from collections.abc import Sequence
from pathlib import Path

import builders
import clients
import numpy as np
import pytest

from plainfilm.errors import FilmError, RequestError
from plainfilm.model.predictor import Answers, Predictor, Prepared
from plainfilm.serving.service import AnswerService, Room


class Faulty(Predictor):
    """A predictor that does not survive one film."""

    fatal_film = ""

    def prepare(self, data: bytes) -> Prepared:
        if data == b"fatal":
            raise MemoryError
        return super().prepare(data)

    def answer_prepared(self, prepared: Sequence[Prepared]) -> Answers:
        if any(entry.image_id == self.fatal_film for entry in prepared):
            raise RuntimeError
        return super().answer_prepared(prepared)

    def predictions(self, prepared: Sequence[Prepared], answers: Answers) -> list:
        if any(entry.film.pixels.shape == (33, 33) for entry in prepared):
            raise ZeroDivisionError
        return super().predictions(prepared, answers)


@pytest.fixture
def films(strangers: Path) -> list[bytes]:
    return clients.films_in(strangers)[:30]


def test_answers_are_those_of_predict_bytes(
    gated: AnswerService, films: list[bytes], predictor: Predictor, batches: list[int]
) -> None:
    """Thirty films that wait together are answered in batches, each as if it were alone."""
    outcomes = [gated.submit(data) for data in films]
    assert gated.predictor.has_begun.wait(60)
    gated.predictor.is_open.set()
    for data, outcome in zip(films, outcomes, strict=True):
        found, expected = outcome.result(60), predictor.predict_bytes(data)
        assert found.image_id == expected.image_id
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-6)
        np.testing.assert_allclose(found.class_maps, expected.class_maps, atol=1e-5)
        assert found.set == expected.set
        assert found.verdict.reasons == expected.verdict.reasons
    assert sum(batches) == len(films)
    assert 1 < max(batches) <= 8
    assert gated.room.taken == 0


def test_one_film_waits_for_no_other(gated: AnswerService, films: list[bytes], batches: list[int]) -> None:
    gated.predictor.is_open.set()
    for data in films[:3]:
        gated.submit(data).result(60)
    assert batches == [1, 1, 1]


def test_a_full_room_refuses_and_a_place_is_given_back(gated: AnswerService, films: list[bytes]) -> None:
    outcomes = [gated.submit(films[0]) for _ in range(40)]
    assert gated.room.is_full
    with pytest.raises(RequestError, match="server-busy"):
        gated.submit(films[0])
    outcomes[-1].cancel()
    gated.submit(films[0]).cancel()
    assert gated.room.taken == 39
    gated.predictor.is_open.set()
    assert len({outcome.result(60).image_id for outcome in outcomes[:-1]}) == 1
    assert gated.room.taken == 0


def test_what_nobody_waits_for_does_not_reach_the_network(
    gated: AnswerService, films: list[bytes], batches: list[int]
) -> None:
    first = gated.submit(films[0])
    assert gated.predictor.has_begun.wait(60)
    others = [gated.submit(data) for data in films[1:9]]
    for outcome in others[1:]:
        assert outcome.cancel()
    gated.predictor.is_open.set()
    assert first.result(60)
    assert others[0].result(60)
    gated.close()
    assert sum(batches) == 2


def test_closing_answers_what_was_taken(gated: AnswerService, films: list[bytes]) -> None:
    outcomes = [gated.submit(data) for data in films]
    threading.Timer(0.1, gated.predictor.is_open.set).start()
    gated.close()
    assert all(outcome.done() and outcome.result().image_id for outcome in outcomes)
    assert not gated.network.is_alive()


@pytest.mark.parametrize("stage", ["decoding", "network", "gate"])
def test_an_unexpected_fault_fails_its_film_and_no_later_one(model: Path, films: list[bytes], stage: str) -> None:
    predictor = Faulty(model, threads=1)
    predictor.fatal_film = predictor.prepare(films[0]).image_id
    bad, error = {
        "decoding": (b"fatal", MemoryError),
        "network": (films[0], RuntimeError),
        "gate": (clients.encoded(builders.random_film(33, 33), "PNG"), ZeroDivisionError),
    }[stage]
    service = AnswerService(predictor, Room(8))
    for _ in range(3):
        assert isinstance(service.submit(bad).exception(60), error)
        assert service.submit(films[1]).result(60).image_id
    assert isinstance(service.submit(b"hello").exception(60), FilmError)
    service.close()
    assert service.room.taken == 0
