"""How many threads multiply matrices: those of OpenBLAS, which NumPy's wheels bring with them."""

import contextlib
import ctypes
import functools
import importlib
from collections.abc import Callable, Iterator

HOME = "numpy._core._multiarray_umath"  # the part of NumPy that is linked to it
NAMES = ("scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads64_", "openblas_{}_num_threads")


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within it, a product of matrices takes one thread, where NumPy has an OpenBLAS that can be asked for that.

    It holds for the whole process: OpenBLAS knows one number of threads. Its other threads wait for the next product in
    a loop: they take a processor while none is computed, and where another program wants that processor, every product
    waits for them.
    """
    get, put = _controls()
    before = get()
    put(1)
    try:
        yield
    finally:
        put(before)


@functools.cache
def _controls() -> tuple[Callable[[], int], Callable[[int], object]]:
    """What gets and what sets the number of threads; of another library it counts as one, and setting does nothing."""
    with contextlib.suppress(OSError):
        library = ctypes.CDLL(importlib.import_module(HOME).__file__)
        for name in NAMES:
            with contextlib.suppress(AttributeError):
                return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return lambda: 1, lambda count: None
