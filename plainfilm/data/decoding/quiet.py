"""While a film is decoded, the libraries that do it say nothing: what they log and warn of quotes the film.

At DEBUG, Pillow logs every tag of a TIFF or EXIF with its value (`Artist`, `ImageDescription`); pydicom's warnings
quote attributes. A program around this one keeps what they say elsewhere.
"""

import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from types import TracebackType

LOGGERS = (
    *("PIL.Image", "PIL.ImageFile", "PIL.PngImagePlugin", "PIL.JpegImagePlugin", "PIL.TiffImagePlugin"),
    *("pydicom", "pydicom.pixels.decoders.base"),
)
"""A filter acts on what its own logger is told, not on what the loggers below it are."""


class _Quiet(logging.Filter):
    """Within it, nothing is logged of LOGGERS in this thread, and while any thread is within it no warning is shown."""

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()
        self._lock = threading.Lock()
        self._num_inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self)
        self._here.is_inside = True
        with self._lock:
            if self._num_inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"(PIL|pydicom)\.")
            self._num_inside += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The last thread to leave restores the process's filters of warnings."""
        self._here.is_inside = False
        with self._lock:
            self._num_inside -= 1
            if self._num_inside == 0:
                self._saved.__exit__(kind, error, at)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record may pass."""
        return not getattr(self._here, "is_inside", False)


QUIET = _Quiet()

_PRINTING = threading.Lock()


@contextlib.contextmanager
def nothing_printed() -> Iterator[None]:
    """Within it, standard error leads nowhere: the libjpeg inside gdcm prints what it finds in a file.

    A line that another thread writes at that moment is lost; gdcm holds the interpreter, so there hardly is one.
    """
    with _PRINTING, open(os.devnull, "wb") as nowhere:
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
