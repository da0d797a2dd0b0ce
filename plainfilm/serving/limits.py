"""What the server allows: one frozen object."""

from dataclasses import dataclass

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
