"""A socket with a meter: what comes between two messages is bounded, and has to come at a rate.

pynetdicom reads a whole PDU, of any length that the peer says, and a whole message, before anybody is asked.
"""

import socket
import time
from contextlib import suppress

from plainfilm.serving.dicom.settings import NodeSettings

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
