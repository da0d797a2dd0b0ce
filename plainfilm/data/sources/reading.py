"""Reading: what the owner of films says about them and no file does; kept with the index, to read them again."""

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[int, int], None]  # gets films done and films in all


@dataclass(frozen=True)
class Reading:
    """How sources are read.

    `follow_links`: also links that lead out of a folder. `encoding`: of the names in archives, "" to find it.
    `assume_chest`: DICOM films show a chest from the front, whatever their headers say.
    """

    follow_links: bool = False
    encoding: str = ""
    assume_chest: bool = False


PLAIN = Reading()  # as they are
