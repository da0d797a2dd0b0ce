"""How good is the lung field of the audit? Dice and what the hull hides, on masked films and on phantoms.

    python benchmarks/lung_field.py [FOLDER]       FOLDER: default PLAINFILM_DATA, or ../shared/data beside the project

The rule is learnt on phantoms alone. Its constants were chosen on the first NUM_SEEN films (by name) with masks that
are in no other set of the folder; the others are held out. The masks are machine-made (lungVAE, CC BY-NC-SA): they
judge, and are in no way part of what is installed. Intervals: 95 %, bootstrap; the films' patients are not known.
"""

import argparse
import csv
import io
import os
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from plainfilm.data import phantom
from plainfilm.data.lungfield import hull, lung_fields
from plainfilm.data.preprocessing import preprocess
from plainfilm.evaluation.intervals import grouped_mean

NUM_SEEN = 90
NUM_PHANTOMS = 120
SIZE_PX = 224


def main() -> None:
    """Measure, and print a line for each set of films."""
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(default))
    folder = parser.parse_args().folder
    films, masks, seen = masked_films(folder)
    print_row("real films, held out", films[~seen], masks[~seen])
    print_row("real films on which constants were chosen", films[seen], masks[seen])
    for label in phantom.CLASSES:
        drawn = [phantom.draw(label, seed=1, number=number, size=SIZE_PX) for number in range(NUM_PHANTOMS)]
        print_row(f"phantoms, {label}", np.stack([p.pixels for p in drawn]), np.stack([p.lungs for p in drawn]))


def masked_films(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Films (N, S, S), masks (N, S, S), and whether constants were chosen on a film (N,)."""
    with (folder / "external-ieee8023" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        external = {PurePosixPath(row["path"]).stem for row in csv.DictReader(file)}
    films, masks, stems = [], [], []
    with zipfile.ZipFile(folder / "lung-masks" / "pairs.zip") as archive:
        for name in sorted(name for name in archive.namelist() if name.startswith("images/")):
            stem = PurePosixPath(name).name.rpartition(".")[0]
            for target, path in ((films, name), (masks, f"masks/{stem}.png")):
                pixels = np.asarray(Image.open(io.BytesIO(archive.read(path))).convert("L"))
                target.append(preprocess(pixels, size=SIZE_PX)[0])
            stems.append(stem)
    free = [number for number, stem in enumerate(stems) if stem not in external]
    return np.stack(films), np.stack(masks) > 127, np.isin(np.arange(len(stems)), free[:NUM_SEEN])


def print_row(name: str, films: np.ndarray, masks: np.ndarray) -> None:
    """Dice, and the share of the true lung that the hull hides."""
    fields = lung_fields(films)
    dice = 2 * (fields & masks).sum((1, 2)) / (fields.sum((1, 2)) + masks.sum((1, 2)))
    hidden = (hull(fields) & masks).sum((1, 2)) / masks.sum((1, 2))
    groups = np.arange(len(films))
    tenth = np.quantile(dice, 0.1)
    mean = grouped_mean(dice, groups, bound=1).in_decimals().shown("en")
    print(f"{name}: Dice {mean}, worst tenth below {tenth:.3f}; ", end="")
    print(f"lung hidden by the hull {grouped_mean(hidden, groups, bound=1)}", flush=True)


if __name__ == "__main__":
    main()
