"""The course: chapters that run, as notebooks and as pages of the documents, in every language.

For the cells: where the phantoms are (`PHANTOMS`), the real films if there are some (`REAL`), pictures (`drawing`).
"""

import os
from pathlib import Path

PHANTOMS = Path("phantoms")


def _real(folder: Path) -> dict[str, Path] | None:
    archive, table = folder / "input_data.zip", folder / "metadata.csv"
    found = {"sources": archive} | ({"table": table} if table.is_file() else {})
    return found if archive.is_file() else None


REAL = _real(Path(os.environ.get("PLAINFILM_FILMS", "films")))
"""The tutorial's films as the functions take them: `sources`, the archive input_data.zip, and `table`, metadata.csv, if
there is one, in the folder `films` beside the notebook, or in that of the variable PLAINFILM_FILMS; else None."""
