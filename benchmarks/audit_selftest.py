"""Does the shortcut audit find a planted marker, and stay silent where there is none?

    python benchmarks/audit_selftest.py [FOLDER] [--seeds 20] [--films 200]

FOLDER: default PLAINFILM_DATA, or ../shared/data beside the project. Two kinds of films, each seed with other ones:
phantoms of two classes (a lungless view has nothing to find, a view of lungs has the disease), and NORMAL films of one
hospital whose labels are drawn at random, by patient. A share of one class's films gets a bright letter at a jittered
place near a corner. Printed: in how many seeds a view without lungs was flagged, with its interval, and which.
Goals: at 80 % and more in every seed, at 0 % in at most 1 of 20.
"""

import argparse
import csv
import io
import os
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from plainfilm.audits.shortcuts import audit_shortcuts
from plainfilm.audits.views import LUNGLESS
from plainfilm.data import phantom
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.preprocessing import preprocess
from plainfilm.evaluation.intervals import wilson
from plainfilm.randomness import generator

RATES = (0.0, 0.2, 0.5, 0.8, 1.0)
CLASSES = ("clean", "marked")
SIZE_PX = 112
JITTER_PX = 4


def main() -> None:
    """Run, and print a line a kind and rate."""
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path(default))
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--films", type=int, default=200, help="a class")
    arguments = parser.parse_args()
    sources = {"phantoms": phantoms, "real films": RealFilms(arguments.folder)}
    for kind, draw in sources.items():
        flagged: dict[float, list[set[str]]] = {rate: [] for rate in RATES}
        for seed in range(arguments.seeds):
            films, labels, groups = draw(seed, arguments.films)
            for rate in RATES:
                flagged[rate].append(flagged_views(plant(films, labels, rate, seed), labels, groups, seed))
        for rate, found in flagged.items():
            views = Counter(name for names in found for name in names)
            told = ", ".join(f"{name} {views[name]}" for name in LUNGLESS if views[name])
            share = wilson(sum(bool(names) for names in found), len(found))
            print(f"{kind}, {rate:4.0%} marked: flagged in {share}  {told}", flush=True)


def phantoms(seed: int, per_class: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Films (N, S, S), labels (N,) and groups of phantoms: NORMAL and COVID."""
    drawn = [
        phantom.draw(label, seed=seed, number=number, size=SIZE_PX).pixels
        for label in ("NORMAL", "COVID")
        for number in range(per_class)
    ]
    return np.stack(drawn), np.repeat([0, 1], per_class), [str(number) for number in range(2 * per_class)]


class RealFilms:
    """NORMAL films of one hospital, drawn anew and labelled at random, by patient, for each seed."""

    def __init__(self, folder: Path) -> None:
        folder = folder / "covid-radiography"
        with (folder / "metadata.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["label"] == "NORMAL"]
        with zipfile.ZipFile(folder / "input_data.zip") as archive:
            opened = [np.asarray(Image.open(io.BytesIO(archive.read(row["path"]))).convert("L")) for row in rows]
        self.films = np.stack([preprocess(pixels, size=SIZE_PX)[0] for pixels in opened])
        self.patients = np.unique([row["patient"] or row["path"] for row in rows], return_inverse=True)[1]

    def __call__(self, seed: int, per_class: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Films (N, S, S), labels (N,) and groups."""
        order = generator(seed, "selftest").permutation(self.patients.max() + 1)
        chosen: list[list[int]] = [[], []]
        for patient in order:
            smaller = int(len(chosen[1]) < len(chosen[0]))
            if len(chosen[smaller]) < per_class:
                chosen[smaller] += np.flatnonzero(self.patients == patient).tolist()
        numbers = np.array(chosen[0] + chosen[1])
        labels = np.repeat([0, 1], [len(part) for part in chosen])
        return self.films[numbers], labels, [str(patient) for patient in self.patients[numbers]]


def plant(films: np.ndarray, labels: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """A copy in which `rate` of the films of class 1 carry a bright letter at a jittered place near the upper left."""
    marked, letter = films.copy(), np.array([[cell == "#" for cell in row] for row in phantom.MARKER])
    random = generator(seed, "selftest-marker")
    members = random.permutation(np.flatnonzero(labels == 1))
    for number in members[: round(rate * len(members))]:
        top, left = random.integers(1, 1 + JITTER_PX, 2)
        place = marked[number, top : top + letter.shape[0], left : left + letter.shape[1]]
        place[letter] = random.integers(200, 256)
    return marked


def flagged_views(films: np.ndarray, labels: np.ndarray, groups: list[str], seed: int) -> set[str]:
    """The views without lungs that the audit flags."""
    rows = tuple(
        Row(image_id=str(number), label=CLASSES[label], group=group, width=SIZE_PX, height=SIZE_PX, mode="L")
        for number, (label, group) in enumerate(zip(labels.tolist(), groups, strict=True))
    )
    found = audit_shortcuts(Films.of(Index(rows, (), CLASSES, {"kind": "grouped"}), films), seed=seed)
    return {row.name for row in found.views if row.flagged and row.lungless}


if __name__ == "__main__":
    main()
