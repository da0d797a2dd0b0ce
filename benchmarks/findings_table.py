"""How long a table as large as NIH's takes: rows to films to what is stated of each, and the memory at its peak.

    python benchmarks/findings_table.py [--rows 112120]

The rows are invented: NIH's headings, its column of lists and a column for each of its 14 findings, two to a film on
average where there are any. There are no films; each path stands for one in a folder `images`. What is stated in the
end is compared with what was invented, film by film. Prints wall and CPU seconds of each stage.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.sources import matching
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_columns import state
from plainfilm.data.sources.findings_names import NIH
from plainfilm.data.sources.matching import FilmPath
from plainfilm.data.sources.table import read_table
from plainfilm.data.statements import parted
from plainfilm.randomness import generator

NUM_ROWS = 112_120
SHARE_EMPTY = 0.54  # of films without a finding, as in NIH's table
SHARE_PRESENT = 0.11  # of a finding among the other films
HEADINGS = (
    *("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender", "View Position"),
    *("OriginalImage[Width", "Height]", "OriginalImagePixelSpacing[x", "y]", *NIH),
)


def invented(rows: int, seed: int = 0) -> NDArray[np.bool_]:
    """Which of NIH's findings are present: (N, 14)."""
    draw = generator(seed, "findings-table").random((rows, len(NIH) + 1))
    return (draw[:, :-1] < SHARE_PRESENT) & (draw[:, -1:] >= SHARE_EMPTY)


def write(path: Path, present: NDArray[np.bool_]) -> None:
    """A table that states these findings twice: in lists, and in a column each."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(HEADINGS) + "\n")
        for number, row in enumerate(present.tolist()):
            listed = "|".join(name for name, there in zip(NIH, row, strict=True) if there) or "No Finding"
            facts = f"{number % 4},{number // 4},{number % 90 + 1},{'MF'[number % 2]},{('PA', 'AP')[number % 3 == 0]}"
            size = f"{2000 + number % 1021},{2000 + number % 983},0.143,0.143"
            file.write(f"{name_of(number)},{listed},{facts},{size},{','.join(str(int(there)) for there in row)}\n")


def name_of(number: int) -> str:
    """The name of a film: four a patient."""
    return f"{number // 4:08d}_{number % 4:03d}.png"


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Print how long a stage took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"{stage:10} {time.perf_counter() - wall:6.2f} s, CPU {time.process_time() - cpu:6.2f} s", flush=True)


def measure(path: Path, rows: int) -> list[Entry]:
    """Read and join the table, and print what that takes."""
    films = [FilmPath((), ("images", name_of(number))) for number in range(rows)]
    with timed("together"):
        with timed("read"):
            table = read_table(path)
        with timed("matched"):
            row_of = matching.fit(table, films)
        with timed("joined"):
            entries = []
            for film, row in row_of.items():
                columns = matching.joined({}, table.rows[row].columns, path, name_of(film))
                entries.append(Entry(0, "/".join(films[film].inside), columns.pop("label"), columns))
        with timed("stated"):
            made, _ = state(entries)
    return made


def main() -> None:
    """Invent, measure, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=NUM_ROWS)
    rows = parser.parse_args().rows
    present = invented(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Data_Entry.csv"
        write(path, present)
        made = measure(path, rows)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    wrong = 0
    for number, entry in enumerate(sorted(made, key=lambda entry: entry.path)):
        stated = parted(entry.label)
        wrong += [stated[name] == "1" for name in NIH] != present[number].tolist()
    texts = len({id(entry.label) for entry in made})
    print(f"peak {peak_mb:.0f} MB; {len(made)} films, {texts} different texts, {wrong} films stated wrongly")


if __name__ == "__main__":
    main()
