"""Where the functions of the API speak: a bar in a notebook or on a terminal, warnings to stderr, nothing else."""

import contextlib
import html
import sys
from collections.abc import Callable, Iterator
from typing import Any

from plainfilm.present.terminal import Terminal


class Quiet(Terminal):
    """A terminal that shows progress and warnings alone; results show themselves."""

    def __init__(self, language: str) -> None:
        super().__init__(language, as_json=True)

    @contextlib.contextmanager
    def progress(self, key: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """A bar while it lasts: in a notebook one of HTML, else that of a terminal."""
        show = _notebook()
        if show is None:
            with super().progress(key, total) as update:
                yield update
            return
        name = html.escape(self.text(key))
        handle = show({"text/plain": "", "text/html": ""}, raw=True, display_id=True)

        def update_bar(done: int, total: int | None = total, note: str = "") -> None:
            value = f' value="{done}" max="{total}"' if total else ""
            words = f"{name} <progress{value}></progress> {done}/{total or '?'} {html.escape(note)}"
            handle.update({"text/plain": "", "text/html": words}, raw=True)

        try:
            yield update_bar
        finally:
            handle.update({"text/plain": "", "text/html": ""}, raw=True)


def _notebook() -> Callable[..., Any] | None:
    """What shows a value in the notebook that this runs in; None if it runs in none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return ipython.display.display if ipython is not None and getattr(shell, "kernel", None) is not None else None
