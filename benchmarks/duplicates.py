"""How many planted copies does the duplicate search find, and how many films does it pair wrongly?

    python benchmarks/duplicates.py [FOLDER]       FOLDER: default PLAINFILM_DATA, or ../shared/data beside the project

Searches the 3,886 films of the tutorial's archive, then the same films with two planted copies of every film of odd
place (`--even`: of even place, on which the candidates were tuned). A wrong pair joins two patients who
are known to differ; pairs of films without a known patient are counted, to be looked at.
"""

import argparse
import csv
import io
import math
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from plainfilm.data.duplicates import SAME_EXPOSURE, clusters, find_pairs, thumbnail
from plainfilm.randomness import generator

Pixels = NDArray[np.uint8]
BILINEAR = Image.Resampling.BILINEAR


def jpeg(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Recompress at quality 50."""
    buffer = io.BytesIO()
    film.save(buffer, "JPEG", quality=50)
    return Image.open(buffer).convert("L")


def resize(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Halve to double, each octave as likely."""
    factor = 2 ** rng.uniform(-1, 1)
    return film.resize((round(film.width * factor), round(film.height * factor)), Image.Resampling.BICUBIC)


def brighten(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Brighten by a fifth; what is brighter than white is lost."""
    return film.point([min(255, round(level * 1.2)) for level in range(256)])


def rotate(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turn by 5 degrees to either side, the corners black."""
    return film.rotate(5 * rng.choice((-1, 1)), BILINEAR)


def crop(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Keep 95 % of the width and of the height, at a random place."""
    left, top = rng.uniform(0, 0.05 * film.width), rng.uniform(0, 0.05 * film.height)
    return film.resize(film.size, BILINEAR, box=(left, top, left + 0.95 * film.width, top + 0.95 * film.height))


def trim(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Cut 5 % from each of the four sides."""
    return ImageOps.crop(film, round(0.05 * film.width))


def mirror(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Swap left and right."""
    return ImageOps.mirror(film)


def everything(film: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Mirror, turn, crop, brighten and recompress."""
    for change in (mirror, rotate, crop, brighten, jpeg):
        film = change(film, rng)
    return film


KINDS: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "JPEG, quality 50": jpeg,
    "resized 0.5 to 2 times": resize,
    "brightened by 20 %": brighten,
    "rotated by 5 degrees": rotate,
    "cropped to 95 %": crop,
    "5 % off each side": trim,
    "mirrored": mirror,
    "all of these": everything,
}


def wilson(hits: int, total: int) -> str:
    """A share with its 95 % Wilson interval and n, in per cent."""
    z, share = 1.96, hits / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return f"{share:7.2%}  ({max(0, centre - half):.2%} to {centre + half:.2%}, {hits} of {total})"


def load(folder: Path) -> tuple[list[dict[str, str]], list[Pixels]]:
    """The rows of the tutorial's archive and its films."""
    with open(folder / "metadata.csv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    with zipfile.ZipFile(folder / "input_data.zip") as archive:
        return rows, [np.asarray(Image.open(io.BytesIO(archive.read(row["path"]))).convert("L")) for row in rows]


def main() -> None:
    """Search, plant, search again, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--even", action="store_true", help="plant copies of the films on which thresholds were chosen")
    arguments = parser.parse_args()

    rows, films = load(Path(arguments.folder) / "covid-radiography")
    num_films = len(films)
    image_ids = [film.tobytes().hex() for film in films]
    begun = time.perf_counter()
    thumbnails = [thumbnail(film) for film in films]
    natural = find_pairs(np.stack(thumbnails), image_ids)
    print(f"{num_films} films searched in {time.perf_counter() - begun:.0f} s; one exposure from {SAME_EXPOSURE}")
    groups = clusters(num_films, natural)
    for label in sorted({row["label"] for row in rows}):
        sizes = [len(group) for group in groups if rows[group[0]]["label"] == label]
        print(f"  {label}: {sum(sizes)} films in {len(sizes)} groups, the largest of {max(sizes, default=0)}")

    source, kind_of = list(range(num_films)), [""] * num_films
    for place in range(0 if arguments.even else 1, num_films, 2):
        rng = generator(0, "benchmark-duplicates", place)
        for kind in rng.choice(list(KINDS), 2, replace=False):
            thumbnails.append(thumbnail(np.asarray(KINDS[kind](Image.fromarray(films[place]), rng))))
            source.append(place)
            kind_of.append(kind)
    pairs = find_pairs(np.stack(thumbnails), image_ids + [f"copy-{place}" for place in range(num_films, len(source))])

    ids = [image_ids[place] for place in source]  # of exact duplicates the first is searched, whichever was copied
    found = {pair.second for pair in pairs if pair.first < num_films and ids[pair.first] == ids[pair.second]}
    print(f"recall among {num_films} films and {len(source) - num_films} copies")
    for kind in KINDS:
        places = [place for place in range(num_films, len(source)) if kind_of[place] == kind]
        print(f"  {kind:24} {wilson(len(found.intersection(places)), len(places))}")

    patients = [rows[place]["patient"] for place in source]
    known = {place for place, patient in enumerate(patients) if patient}
    wrong = {
        source[place]  # copies of one film are no further evidence
        for pair in pairs
        for place in (pair.first, pair.second)
        if {pair.first, pair.second} <= known and patients[pair.first] != patients[pair.second]
    }
    num_known = sum(bool(row["patient"]) for row in rows)
    print(f"films paired with another patient's, of known patients: {wilson(len(wrong), num_known)}")
    unknown = sum(pair.second not in known for pair in natural)
    print(f"pairs of originals without a known patient, to be looked at: {unknown}")


if __name__ == "__main__":
    main()
