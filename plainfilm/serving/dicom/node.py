"""The DICOM node: takes chest films by C-STORE, answers each, and sends a report to another node.

Notable choices:
- a film is acknowledged once it is in a bounded queue, and answered after that; when the queue is full the sender is
  told so (0xA700) and keeps it;
- nothing is written to disk: data sets are held in memory, bounded by film, by number and in all;
- what a peer sends between two messages is counted at the socket, and has to come at a rate, so that neither a PDU
  that says 4 GB nor one that never ends holds anything for long;
- the loggers of the DICOM libraries are silent: their lines hold what peers send. So are pydicom's checks of values,
  whose warnings quote them;
- maps of this package that come back (archives that forward whatever they receive) are taken and dropped.

Source: DICOM PS3.4, annex B (storage), PS3.7, 9.1.1 (C-STORE), PS3.8 (upper layer).
"""

import logging
import queue
import socket
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address
from socketserver import TCPServer
from typing import cast

import pydicom.config
import pynetdicom
from pynetdicom import AE, evt
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.fsm import StateMachine
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import AssociationServer

from plainfilm.data.decoding.dicom_kind import FILM_CLASSES
from plainfilm.data.decoding.dicom_pixels import NATIVE, PLUGINS, RLE
from plainfilm.errors import FilmError, PlainfilmError, RequestError, UsageError
from plainfilm.messages import text
from plainfilm.model.predictor import Prediction
from plainfilm.serving.dicom.filing import Filing, read_filing
from plainfilm.serving.dicom.secondary_capture import secondary_capture
from plainfilm.serving.dicom.sender import MeteredSocket, Parcel, Sender
from plainfilm.serving.dicom.structured_report import Author, structured_report
from plainfilm.serving.limits import NodeSettings

LOG = logging.getLogger("plainfilm.serving")
LIBRARIES = ("pynetdicom", "pydicom", "highdicom")
TAKEN, NOT_THIS_CLASS, FULL, NOT_FILED, NO_DATA_SET = 0x0000, 0x0122, 0xA700, 0xA900, 0xC000  # of a C-STORE response
SYNTAXES = [*sorted(NATIVE), RLE, *PLUGINS]
MAX_PDU_BYTES = 2**18  # that peers are asked to keep to
BUSY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # before a film is offered again to a service that has no room
LINGER_S = 1.0  # for peers to read what their last films were told
BACKLOG = 64  # connections that wait to be accepted
SPARE_CONNECTIONS = 8  # beyond the associations, so that who is too many is told so

Answer = Callable[[bytes], Prediction]


def start_node(settings: NodeSettings, answer: Answer, author: Author) -> "Node":
    """Listen, and answer films until the node is closed.

    `answer`: the prediction for the bytes of a DICOM file; raises PlainfilmError where there is none. `author`: the
    model behind it, and the language of reports and of the log. Raises UsageError where the address cannot be used, or
    others reach it and no callers are named.
    """
    _silence_libraries()
    entity = AE(settings.title)
    entity.require_called_aet, entity.require_calling_aet = True, list(settings.callers)
    entity.maximum_associations, entity.maximum_pdu_size = settings.max_associations, MAX_PDU_BYTES
    entity.acse_timeout, entity.dimse_timeout, entity.network_timeout = (
        settings.stall_s,
        settings.idle_s,
        settings.idle_s,
    )
    try:
        address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][4]
        server = _Server(entity, (str(address[0]), settings.port), settings.title, _contexts())
    except (OSError, UnicodeError) as error:  # the latter: no name of a host at all
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError("dicom-address", host=settings.host, port=settings.port, reason=reason) from error
    if not settings.callers and not ip_address(server.server_address[0]).is_loopback:
        server.server_close()
        raise UsageError("dicom-callers-missing")
    server.settings = settings
    return Node(settings, server, answer, author)


def _contexts() -> list[PresentationContext]:
    """What peers may send: an echo, and the classes and transfer syntaxes of which films can be decoded."""
    films = [build_context(sop_class, SYNTAXES) for sop_class in sorted(FILM_CLASSES - {""})]
    return [build_context(Verification), *films]


def _silence_libraries() -> None:
    """Keep whatever peers send out of logs, warnings and files: of this whole process."""
    for name in LIBRARIES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    pynetdicom._config.STORE_RECV_CHUNKED_DATASET = False
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE


class Node:
    """A node that listens."""

    def __init__(self, settings: NodeSettings, server: "_Server", answer: Answer, author: Author) -> None:
        """Start the threads: one that listens (and two for each association), one that answers, one that sends."""
        self.settings, self.server, self.answer, self.author = settings, server, answer, author
        self.waiting: queue.Queue[tuple[Filing, bytes] | None] = queue.Queue()
        self.lock, self.num_held, self.held_bytes = threading.Lock(), 0, 0
        self.closing = threading.Event()
        self.sender = Sender(settings, author.language, self.closing)
        server.bind(evt.EVT_C_STORE, self._take)
        server.bind(evt.EVT_C_ECHO, _say_yes)
        server.bind(evt.EVT_CONN_OPEN, _stand_nonsense)
        server.bind(evt.EVT_ESTABLISHED, _start_message)
        server.bind(evt.EVT_DIMSE_RECV, _start_message)
        server.bind(evt.EVT_CONN_CLOSE, _forget_silent)
        self.threads = [
            threading.Thread(target=server.serve_forever, name="dicom-listen", daemon=True, args=(0.1,)),
            threading.Thread(target=self._run, name="dicom-answer", daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    def close(self) -> None:
        """Take nothing more, answer and deliver what was taken, within `drain_s` seconds."""
        until = time.monotonic() + self.settings.drain_s
        self.closing.set()
        self.server.shutdown()
        self._end_associations()
        self.waiting.put(None)
        self.threads[1].join(max(until - time.monotonic(), 0))
        self.sender.close(max(until - time.monotonic(), 0))

    def _end_associations(self) -> None:
        """Give peers a moment to read what their last films were told, then cut them off."""
        until = time.monotonic() + LINGER_S
        while self.server.active_associations and time.monotonic() < until:
            time.sleep(0.01)
        for association in self.server.active_associations:
            association.abort()

    def _take(self, event: evt.Event) -> int:
        """A film arrives: the status to respond with."""
        data = event.encoded_dataset(include_meta=False)
        offered, syntax = event.context.abstract_syntax, event.context.transfer_syntax
        request = cast(C_STORE, event.request)
        if request.AffectedSOPClassUID != offered:
            return NOT_THIS_CLASS
        try:
            filing = read_filing(data, syntax)
        except FilmError:
            return NO_DATA_SET
        named = (offered, request.AffectedSOPInstanceUID)
        if not filing.is_complete or (filing.sop_class, filing.sop_instance) != named:
            return NOT_FILED
        if filing.is_own:
            return TAKEN
        return self._hold(filing, event.encoded_dataset())

    def _hold(self, filing: Filing, data: bytes) -> int:
        """Put a film into the queue, if there is room."""
        with self.lock:
            is_full = self.num_held >= self.settings.max_waiting
            if self.closing.is_set() or is_full or self.held_bytes + len(data) > self.settings.max_held_bytes:
                return FULL
            self.num_held += 1
            self.held_bytes += len(data)
        self.waiting.put((filing, data))
        return TAKEN

    def _run(self) -> None:
        while (film := self.waiting.get()) is not None:
            filing, data = film
            try:
                self.sender.waiting.put(self._parcel(filing, data))
            except Exception as error:  # the thread must live on
                LOG.error(text("dicom.failed", self.author.language, kind=type(error).__name__))
            with self.lock:
                self.num_held -= 1
                self.held_bytes -= len(data)

    def _parcel(self, filing: Filing, data: bytes) -> Parcel:
        """The results of one film."""
        outcome = self._outcome(data)
        results = [structured_report(filing, outcome, self.author)]
        if isinstance(outcome, PlainfilmError):
            return Parcel(outcome.code, results)
        if self.author.with_map and outcome.verdict.passed:
            results.append(secondary_capture(filing, outcome, self.author))
        return Parcel(outcome.image_id, results)

    def _outcome(self, data: bytes) -> Prediction | PlainfilmError:
        """The prediction, or why there is none; offered again to a service that has no room at the moment."""
        for pause_s in BUSY_PAUSES_S:
            found = self._tried(data)
            if not isinstance(found, PlainfilmError) or found.code != "server-busy":
                return found
            self.closing.wait(pause_s)
        return self._tried(data)

    def _tried(self, data: bytes) -> Prediction | PlainfilmError:
        try:
            return self.answer(data)
        except PlainfilmError as error:
            return error
        except Exception as error:  # the report says that it failed
            LOG.error(text("dicom.failed", self.author.language, kind=type(error).__name__))
            return RequestError("server-failed")


def _say_yes(_: evt.Event) -> int:
    return TAKEN


class _StateMachine(StateMachine):
    """pynetdicom's, which ends the association where a peer does what the protocol has no answer to.

    It would raise, in a thread of its own, whose end is told on standard error.
    """

    def do_action(self, event: str) -> None:
        try:
            super().do_action(event)
        except Exception:
            self.dul._kill_thread = True


def _stand_nonsense(event: evt.Event) -> None:
    event.assoc.dul.state_machine = _StateMachine(event.assoc.dul)


def _start_message(event: evt.Event) -> None:
    """A message has come whole: the meter starts anew."""
    transport = event.assoc.dul.socket
    if transport is not None and isinstance(transport.socket, MeteredSocket):  # else it was closed meanwhile
        transport.socket.start_message()


def _forget_silent(event: evt.Event) -> None:
    """A connection closed before anything was asked, as checks of health do: its thread need not wait for a request."""
    if event.assoc.requestor.primitive is None:
        event.assoc.dul.to_user_queue.put(None)


# --- connections -----------------------------------------------------------------------------------------------------


class _Server(AssociationServer):
    """A server whose connections are few, and metered."""

    settings: NodeSettings
    request_queue_size = BACKLOG

    def verify_request(self, request: object, client_address: object) -> bool:
        """Whether there is room for one more connection; beyond that it is closed without a word."""
        return len(self.active_associations) < self.settings.max_associations + SPARE_CONNECTIONS

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """The next connection, with a meter."""
        connection, address = super().get_request()
        metered = MeteredSocket(fileno=connection.detach())
        metered.meter(self.settings)
        return metered, address

    def shutdown(self) -> None:
        """Stop listening."""
        TCPServer.shutdown(self)
        self.server_close()
