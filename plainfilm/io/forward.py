"""Members of a compressed tar, read in one pass: such a stream can only be unpacked from its beginning.

Several threads ask for the films of an archive nearly in its order, not quite. What is passed over on the way to a
later member is therefore kept, up to MAX_KEPT_BYTES, the oldest dropped first; it is handed out once. A request for
what is neither kept nor ahead begins again with a new stream.
"""

import threading
from collections.abc import Callable, Mapping
from typing import IO

MAX_KEPT_BYTES = 128 * 2**20


class Forward:
    """Reads members by name; `members`: where each begins in the stream and its size, in bytes, in the stream's order.

    `opened` gives the stream, at its beginning. For several threads.
    """

    def __init__(self, members: Mapping[str, tuple[int, int]], opened: Callable[[], IO[bytes]]) -> None:
        self.members, self.opened = members, opened
        self.order = list(members)
        self.numbers = {name: number for number, name in enumerate(members)}
        self.file: IO[bytes] | None = None
        self.next = 0  # the number of the member that the stream reaches next
        self.kept: dict[str, bytes] = {}
        self.num_kept_bytes = 0
        self.lock = threading.Lock()

    def read(self, name: str) -> bytes:
        """The content of a member; shorter where the stream ends before. Raises what the stream raises."""
        number = self.numbers[name]
        with self.lock:
            if name in self.kept:
                return self._take(name)
            try:
                return self._reach(number)
            except BaseException:  # where the stream is now, nobody knows
                self.close()
                raise

    def close(self) -> None:
        """Close the stream; the next request begins again."""
        if self.file is not None:
            self.file.close()
            self.file = None

    def _reach(self, number: int) -> bytes:
        if self.file is None or number < self.next:
            self.close()
            self.file, self.next = self.opened(), 0
        for passed in range(self.next, number):
            self._pass_over(self.file, self.order[passed])
        start, size_bytes = self.members[self.order[number]]
        content = _content(self.file, start, size_bytes)
        self.next = number + 1
        return content

    def _pass_over(self, file: IO[bytes], name: str) -> None:
        start, size_bytes = self.members[name]
        if size_bytes > MAX_KEPT_BYTES or name in self.kept:
            return
        while self.num_kept_bytes + size_bytes > MAX_KEPT_BYTES:
            self._take(next(iter(self.kept)))
        self.kept[name] = _content(file, start, size_bytes)
        self.num_kept_bytes += len(self.kept[name])

    def _take(self, name: str) -> bytes:
        content = self.kept.pop(name)
        self.num_kept_bytes -= len(content)
        return content


def _content(file: IO[bytes], start: int, size_bytes: int) -> bytes:
    """So many bytes from `start` on, which the stream has not passed yet."""
    file.seek(start)
    return file.read(size_bytes)
