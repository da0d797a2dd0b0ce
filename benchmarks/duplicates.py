"""How many planted copies does the duplicate search find, and how many films does it pair wrongly?

    python benchmarks/duplicates.py [FOLDER]       FOLDER: default PLAINFILM_DATA, or ../shared/data beside the project
    python benchmarks/duplicates.py --hashed       candidates as among many films: by sorted hashes
    python benchmarks/duplicates.py --hashes 1000000

Searches the 3,886 films of the tutorial's archive, then the same films with two planted copies of every film of odd
place (`--even`: of even place, on which the candidates were tuned). A wrong pair joins two patients who
are known to differ; pairs of films without a known patient are counted, to be looked at.

`--hashes N` measures the candidates alone: how many of the same copies are proposed among N films, in what time and
memory. The real films and their copies take part as they are; the others are made: the descriptors of each (one a
view) are drawn together from a normal distribution with the mean and the covariance of the real films' descriptors,
class by class, so that they crowd where real ones do. Whether they do is printed: how many bits the nearest other film
is away from 1,000 real and from 1,000 made films, among as many others of each sort.
"""

import argparse
import csv
import io
import math
import os
import resource
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from plainfilm.data.duplicates import hashes
from plainfilm.data.duplicates import search as module
from plainfilm.data.duplicates.registration import Floats, unit
from plainfilm.data.duplicates.search import (
    NUM_CANDIDATES,
    SAME_EXPOSURE,
    clusters,
    find_pairs,
    shrink,
    thumbnail,
)
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


def planted(films: list[Pixels], start: int) -> Iterator[tuple[int, str, Pixels]]:
    """Two copies of every other film from `start`: its place, the kind of copy, the copy's thumbnail."""
    for place in range(start, len(films), 2):
        rng = generator(0, "benchmark-duplicates", place)
        for kind in rng.choice(list(KINDS), 2, replace=False):
            yield place, str(kind), thumbnail(np.asarray(KINDS[kind](Image.fromarray(films[place]), rng)))


def search(rows: list[dict[str, str]], films: list[Pixels], start: int) -> None:
    """Search, plant, search again, count."""
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
    for place, kind, copy in planted(films, start):
        thumbnails.append(copy)
        source.append(place)
        kind_of.append(kind)
    pairs = find_pairs(np.stack(thumbnails), image_ids + [f"copy-{place}" for place in range(num_films, len(source))])

    ids = [image_ids[place] for place in source]  # of exact duplicates the first is searched, whichever was copied
    found = {pair.second for pair in pairs if pair.first < num_films and ids[pair.first] == ids[pair.second]}
    print(f"recall among {num_films} films and {len(source) - num_films} copies")
    print_recall(kind_of, found)

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


def print_recall(kind_of: Sequence[str], found: set[int]) -> None:
    """The share of the copies of each kind that was found; `kind_of` is "" for an original."""
    for kind in KINDS:
        places = [place for place, name in enumerate(kind_of) if name == kind]
        print(f"  {kind:24} {wilson(len(found.intersection(places)), len(places))}")


def propose(rows: list[dict[str, str]], films: list[Pixels], start: int, total: int) -> None:
    """Plant copies among `total` hashes, propose candidates, count the copies that are proposed."""
    thumbnails, source, kind_of = [thumbnail(film) for film in films], list(range(len(films))), [""] * len(films)
    for place, kind, copy in planted(films, start):
        thumbnails.append(copy)
        source.append(place)
        kind_of.append(kind)
    coarse = shrink(np.stack(thumbnails))
    hasher = hashes.Hasher(coarse[: len(films)])
    labels = np.array([row["label"] for row in rows])
    real = hasher.hash(coarse)
    num_real, num_views = real.shape[2], real.shape[1]
    words = np.empty((len(real), num_views, total), np.uint64)
    words[:, :, :num_real] = real
    made_from(hasher, coarse[: len(films)], labels, words[:, :, num_real:])
    for name, first, last in (("real", 0, len(films) - 1), ("made", num_real, total - 1)):
        bits = nearest_other(words[:, 0, np.linspace(first, last, 1000).astype(int)])
        print(f"  nearest other of 1,000 {name} films: median {np.median(bits):.0f} bits away")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun, computed = time.perf_counter(), time.process_time()
    first, second, *_ = hashes.candidates(words.reshape(len(words), -1), total, NUM_CANDIDATES)
    seconds, computed = time.perf_counter() - begun, time.process_time() - computed
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{len(first)} candidates among {total} films ({num_views} hashes of {hashes.NUM_BITS} bits each)")
    print(f"within {hashes.RADIUS} bits in {seconds:.0f} s ({computed:.0f} s of processor time)")
    print(f"peak memory of the process {after / 2**20:.2f} GiB, before the search {before / 2**20:.2f} GiB")
    print(f"recall at this radius, among {total} films:")
    near = first < len(films)
    found = {
        int(two) for one, two in zip(first[near], second[near], strict=True) if two < num_real and source[two] == one
    }
    print_recall(kind_of, found)


def nearest_other(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many bits the nearest other hash is away from each of words (W, N): (N,)."""
    num_hashes = words.shape[1]
    distance = np.bitwise_count(words[:, :, None] ^ words[:, None, :]).sum(axis=0, dtype=np.int64)
    nearest: NDArray[np.int64] = (distance + hashes.NUM_BITS * np.eye(num_hashes, dtype=np.int64)).min(axis=1)
    return nearest


def made_from(hasher: hashes.Hasher, coarse: Floats, labels: NDArray[np.str_], words: NDArray[np.uint64]) -> None:
    """Fill words (W, V, M) with hashes of films that are drawn like the films coarse (N, C, C) of each class."""
    names = np.unique(labels)
    ends = np.linspace(0, words.shape[2], len(names) + 1).astype(int)
    for name, low, high in zip(names, ends[:-1], ends[1:], strict=True):
        described = hasher.described(coarse[labels == name])  # (n, V, 63)
        vectors = described.reshape(len(described), -1).astype(np.float64)
        mean, (_, scale, directions) = vectors.mean(0), np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
        spread = (scale[:, None] / math.sqrt(len(vectors)) * directions).astype(np.float32)
        for start in range(low, high, 8192):
            stop = min(start + 8192, high)
            draws = generator(0, "benchmark-hashes", start).standard_normal((stop - start, len(spread)), np.float32)
            drawn = (draws @ spread + mean.astype(np.float32)).reshape(stop - start, *described.shape[1:])
            words[:, :, start:stop] = hasher.signs(unit(drawn))


def main() -> None:
    """Read the films and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--even", action="store_true", help="plant copies of the films on which thresholds were chosen")
    parser.add_argument("--hashed", action="store_true", help="propose candidates by sorted hashes")
    parser.add_argument("--hashes", type=int, metavar="N", help="measure the candidates alone, among N films")
    arguments = parser.parse_args()

    rows, films = load(Path(arguments.folder) / "covid-radiography")
    start = 0 if arguments.even else 1
    if arguments.hashes:
        propose(rows, films, start, arguments.hashes)
        return
    if arguments.hashed:
        module.EXACT_UP_TO = 0
    search(rows, films, start)


if __name__ == "__main__":
    main()
