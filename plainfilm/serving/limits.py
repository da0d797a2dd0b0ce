"""What the server and the DICOM node allow: frozen, checked where it is born, without any library of theirs."""

import re
from dataclasses import dataclass

from plainfilm.errors import UsageError

MIB = 2**20


@dataclass(frozen=True)
class ServeLimits:
    """What one server allows, all clients together unless said otherwise."""

    max_body_bytes: int = 64 * MIB  # of one request
    max_held_bytes: int = 512 * MIB  # of all bodies that are held at once
    max_films: int = 32  # of one request
    max_waiting: int = 64  # films taken and not yet answered
    batch_size: int = 16  # films that the network answers together, at most
    deadline_s: float = 30.0  # from the end of a request's body to its answer
    head_s: float = 10.0  # for the head of a request to arrive
    body_grace_s: float = 20.0  # for its body, and a second more for each of the next bytes
    body_bytes_per_s: int = 32 * 1024
    linger_s: float = 2.0  # for what a refused client still sends, so that it reads the answer
    max_connections: int = 1000
    retry_after_s: int = 1


LIMITS = ServeLimits()


TITLE = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")  # PS3.5, 6.2, AE: no backslash, no space at the ends
ADDRESS = re.compile(r"(?P<title>[^@]*)@(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@\s]+):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True)
class Destination:
    """The node that results are sent to. Raises UsageError for an impossible title or port."""

    title: str
    host: str
    port: int

    def __post_init__(self) -> None:
        check_title(self.title)
        check_port(self.port, lowest=1)


@dataclass(frozen=True)
class NodeSettings:
    """What one node does and allows. Raises UsageError for an impossible title or port."""

    port: int  # 0: a free one
    destination: Destination
    host: str = "127.0.0.1"
    title: str = "PLAINFILM"  # its own; who calls another one is rejected
    callers: tuple[str, ...] = ()  # titles that may call; none: whoever is on this machine
    with_map: bool = False  # also send a Secondary Capture with the map of the predicted class
    max_associations: int = 4
    max_film_bytes: int = LIMITS.max_body_bytes
    max_waiting: int = LIMITS.max_waiting  # films taken and not yet answered
    max_held_bytes: int = LIMITS.max_held_bytes  # of these films
    idle_s: float = 30.0  # without a word from the other side, an association ends
    stall_s: float = 10.0  # within a message, for the next bytes
    grace_s: float = LIMITS.body_grace_s  # for a message to arrive, and a second more for each of the next bytes
    bytes_per_s: int = LIMITS.body_bytes_per_s
    retry_pauses_s: tuple[float, ...] = (1.0, 5.0, 15.0)  # before each further attempt to deliver a result
    drain_s: float = 30.0  # for what was taken to be answered and delivered when the node is closed

    def __post_init__(self) -> None:
        check_port(self.port, lowest=0)
        for title in (self.title, *self.callers):
            check_title(title)


def parse_destination(text: str) -> Destination:
    """A destination from its text. Raises UsageError.

    >>> parse_destination("ORTHANC@127.0.0.1:4242")
    Destination(title='ORTHANC', host='127.0.0.1', port=4242)
    >>> parse_destination("PACS@[::1]:104").host
    '::1'
    """
    found = ADDRESS.fullmatch(text)
    if found is None:
        raise UsageError("dicom-destination", given=text)
    return Destination(found["title"], found["host"].strip("[]"), int(found["port"]))


def check_title(title: str) -> None:
    """Raise UsageError unless this can be an AE title."""
    if TITLE.fullmatch(title) is None:
        raise UsageError("dicom-title", given=title)


def check_port(port: int, *, lowest: int) -> None:
    """Raise UsageError unless this can be a port."""
    if not lowest <= port <= 65_535:
        raise UsageError("dicom-port", given=port)
