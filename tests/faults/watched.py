"""A folder in which the kernel (inotify) reports every file that is opened, made or changed, by whatever code."""

import ctypes
import os
import struct
from pathlib import Path

ACCESS, MODIFY, OPEN, CREATE, MOVED_TO, DELETE = 0x1, 0x2, 0x20, 0x100, 0x80, 0x200  # <sys/inotify.h>
NONBLOCK = 0o4000


class Watch:
    """Watches the files in one folder; `seen` says what happened since it was last asked."""

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(NONBLOCK)
        events = ACCESS | MODIFY | OPEN | CREATE | MOVED_TO | DELETE
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, bytes(folder), events) < 0:
            raise OSError(ctypes.get_errno(), "inotify", str(folder))

    def seen(self) -> list[str]:
        """The names of the files to which something happened, in order, each once."""
        names = []
        while data := self._read():
            while data:
                length = struct.unpack_from("iIII", data)[3]
                names.append(data[16 : 16 + length].rstrip(b"\0").decode())
                data = data[16 + length :]
        return list(dict.fromkeys(name for name in names if name))  # without one: the folder itself was listed

    def _read(self) -> bytes:
        try:
            return os.read(self.descriptor, 2**16)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self.descriptor)
