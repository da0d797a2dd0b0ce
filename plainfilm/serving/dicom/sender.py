"""Results on their way to another DICOM node: C-STORE, tried a few times, then given up with a line in the log.

`MeteredSocket` is for what comes in: pynetdicom reads a whole PDU, of any length that the peer says, and a whole
message, before anybody is asked; so what comes between two messages is bounded, and has to come at a rate.
"""

import logging
import queue
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, SecondaryCaptureImageStorage
from pynetdicom import AE
from pynetdicom.sop_class import EnhancedSRStorage  # type: ignore[attr-defined]

from plainfilm.messages import text
from plainfilm.serving.limits import NodeSettings

LOG = logging.getLogger("plainfilm.serving")
MAX_WAITING = 16  # parcels; who brings one more waits
SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


@dataclass(frozen=True)
class Parcel:
    """The results of one film."""

    name: str  # of the film, for the log: nothing of the patient
    results: Sequence[Dataset]


class Sender:
    """One thread that delivers parcels in order."""

    def __init__(self, settings: NodeSettings, language: str, closing: threading.Event) -> None:
        """Start the thread; once `closing` is set it makes no pauses between attempts."""
        self.settings, self.language, self.closing = settings, language, closing
        self.waiting: queue.Queue[Parcel | None] = queue.Queue(MAX_WAITING)
        self.entity = AE(settings.title)
        for sop_class in (EnhancedSRStorage, SecondaryCaptureImageStorage):
            self.entity.add_requested_context(sop_class, SYNTAXES)
        self.entity.acse_timeout = self.entity.dimse_timeout = self.entity.network_timeout = settings.idle_s
        self.entity.connection_timeout = settings.stall_s
        self.thread = threading.Thread(target=self._run, name="dicom-send", daemon=True)
        self.thread.start()

    def close(self, seconds: float) -> None:
        """Deliver what waits; leave after so many seconds."""
        try:
            self.waiting.put(None, timeout=seconds)
        except queue.Full:
            return
        self.thread.join(seconds)

    def _run(self) -> None:
        while (parcel := self.waiting.get()) is not None:
            try:
                self._send(parcel)
            except Exception as error:  # the thread must live on
                LOG.error(text("dicom.failed", self.language, kind=type(error).__name__))

    def _send(self, parcel: Parcel) -> None:
        """Deliver a parcel, in several attempts if need be; log what was not taken."""
        left = self._deliver(parcel.results)
        for pause_s in self.settings.retry_pauses_s:
            if not left:
                break
            self.closing.wait(pause_s)
            left = self._deliver(left)
        for result in left:
            LOG.warning(text("dicom.dropped", self.language, film=parcel.name, sop_class=result.SOPClassUID.name))

    def _deliver(self, results: Sequence[Dataset]) -> list[Dataset]:
        """One attempt, over one association; what the other node did not take."""
        there = self.settings.destination
        try:
            association = self.entity.associate(there.host, there.port, ae_title=there.title)
        except OSError:  # the name of the host leads nowhere
            return list(results)
        if not association.is_established:
            return list(results)
        try:
            return [result for result in results if not self._is_taken(association.send_c_store(result))]
        except (RuntimeError, ValueError):  # cut off meanwhile; or it does not take this kind
            return list(results)
        finally:
            if association.is_established:
                association.release()

    @staticmethod
    def _is_taken(answer: Dataset) -> bool:
        """Whether a C-STORE response says success, or success with a warning (PS3.4, B.2.3)."""
        status = answer.get("Status")
        return status is not None and (status == 0 or status >> 12 == 0xB)


SLACK_BYTES = 2**20  # of a message, beside its film: heads of PDUs, the command


class MeteredSocket(socket.socket):
    """A connection that fails (OSError) where its peer sends too much, or too slowly, without ending a message."""

    def meter(self, settings: NodeSettings) -> None:
        """Begin to measure."""
        self.settings = settings
        self.settimeout(settings.stall_s)
        self.start_message()

    def start_message(self) -> None:
        """Count from zero; the clock starts with the next bytes."""
        self.num_bytes, self.began = 0, 0.0

    def shutdown(self, how: int, /) -> None:
        """End the connection; a peer that has gone already is no error, else pynetdicom would leave the socket open."""
        with suppress(OSError):
            super().shutdown(how)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """The next bytes. Raises OSError where a bound is passed."""
        self.began = self.began or time.monotonic()
        received = super().recv(bufsize, flags)
        self.num_bytes += len(received)
        if self.num_bytes > self.settings.max_film_bytes + SLACK_BYTES:
            raise OSError("the message is too long")
        allowed_s = self.settings.grace_s + self.num_bytes / self.settings.bytes_per_s
        if time.monotonic() - self.began > allowed_s:
            raise TimeoutError("the message comes too slowly")
        return received
