"""Ctrl-C and SIGTERM as a question that long work asks from time to time."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def stop_requests() -> Iterator[Callable[[], int]]:
    """Within it, Ctrl-C and SIGTERM are noted instead of obeyed; yields what gives the noted signal's number, or 0.

    A thread other than the main one gets no signals: there none is noted.
    """
    noted = [0]

    def note(number: int, _: object) -> None:
        if noted[0]:  # a second one is obeyed, by who obeyed before
            signal.signal(number, before[signal.Signals(number)])
            os.kill(os.getpid(), number)
        noted[0] = number

    is_main = threading.current_thread() is threading.main_thread()
    numbers = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield lambda: noted[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
