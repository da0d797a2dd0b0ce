"""The service: films in, predictions out, many askers at once; no web in it.

Notable choices:
- two threads decode, one runs the network, one finishes (input check, prediction sets), so that all three work at once;
- the network takes what is ready, up to a batch, and never waits for more: one asker meets no delay, many share a run;
- a bounded number of films is under way; one more is refused at once, so that waiting has an upper bound;
- what nobody waits for any more (its future was cancelled) is dropped before the next stage sees it.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from plainfilm.errors import RequestError
from plainfilm.model.predictor import NUM_DECODERS, Answers, Prediction, Predictor, Prepared
from plainfilm.serving.limits import LIMITS, ServeLimits
from plainfilm.serving.watch import Watch

Outcome = Future[Prediction]


@dataclass(frozen=True)
class _Waiting:
    """A decoded film that waits for the network."""

    outcome: Outcome
    prepared: Prepared


@dataclass
class Room:
    """Films under way, shared by all services of one server; at most `capacity`."""

    capacity: int
    taken: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def is_full(self) -> bool:
        """Whether one more film would be refused."""
        return self.taken >= self.capacity

    def take(self) -> None:
        """Take a place. Raises RequestError where there is none."""
        with self.lock:
            if self.is_full:
                raise RequestError("server-busy")
            self.taken += 1

    def give_back(self, _: object = None) -> None:
        """Give a place back."""
        with self.lock:
            self.taken -= 1


class AnswerService:
    """Answers for one model, gathered into small batches.

    service.submit(data).result() is what predictor.predict_bytes(data) is.
    """

    def __init__(
        self,
        predictor: Predictor,
        room: Room,
        *,
        limits: ServeLimits = LIMITS,
        observe_batch: Callable[[int], object] = bool,
        watch: Watch | None = None,
    ) -> None:
        """Start the threads; `observe_batch` is called with the number of films of each batch; `watch` sees all."""
        self.watch = watch
        self.predictor, self.room, self.limits, self.observe_batch = predictor, room, limits, observe_batch
        self.decoders = ThreadPoolExecutor(NUM_DECODERS, thread_name_prefix="decode")
        self.finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self.ready: queue.Queue[_Waiting | None] = queue.Queue(2 * limits.batch_size)  # decoding does not run ahead
        self.network = threading.Thread(target=self._run_network, name="network", daemon=True)
        self.network.start()

    def submit(self, data: bytes) -> Outcome:
        """The answer to come for one image file; an undecodable one ends with FilmError.

        Raises RequestError where too many films are under way.
        """
        self.room.take()
        outcome: Outcome = Future()
        outcome.add_done_callback(self.room.give_back)
        self.decoders.submit(self._decode, data, outcome)
        return outcome

    def close(self) -> None:
        """Answer what was taken, then stop."""
        self.decoders.shutdown(wait=True)
        self.ready.put(None)
        self.network.join()
        self.finisher.shutdown(wait=True)

    def _decode(self, data: bytes, outcome: Outcome) -> None:
        if outcome.cancelled():
            return
        try:
            prepared = self.predictor.prepare(data)
        except Exception as error:  # whatever it was: who waits for the film hears of it
            _fail([outcome], error)
        else:
            self.ready.put(_Waiting(outcome, prepared))

    def _run_network(self) -> None:
        while (first := self.ready.get()) is not None:
            batch = [first]
            with suppress(queue.Empty):
                while len(batch) < self.limits.batch_size:
                    following = self.ready.get_nowait()
                    if following is None:
                        self.ready.put(None)  # the end: after this batch
                        break
                    batch.append(following)
            self._answer([entry for entry in batch if not entry.outcome.cancelled()])

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        if not batch:
            return
        self.observe_batch(len(batch))
        try:
            answers = self.predictor.answer_prepared([entry.prepared for entry in batch])
        except Exception as error:  # the thread must live on
            _fail([entry.outcome for entry in batch], error)
        else:
            self.finisher.submit(self._finish, batch, answers)

    def _finish(self, batch: Sequence[_Waiting], answers: Answers) -> None:
        try:
            predictions = self.predictor.predictions([entry.prepared for entry in batch], answers)
        except Exception as error:
            _fail([entry.outcome for entry in batch], error)
            return
        if self.watch is not None:
            self.watch.see(predictions)
        for entry, prediction in zip(batch, predictions, strict=True):
            with suppress(InvalidStateError):  # cancelled meanwhile
                entry.outcome.set_result(prediction)


def _fail(outcomes: Sequence[Outcome], error: Exception) -> None:
    for outcome in outcomes:
        with suppress(InvalidStateError):
            outcome.set_exception(error)
