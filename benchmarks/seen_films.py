"""How many films that a model has seen does `evaluate` find in disguise, and how many does it take for seen wrongly?

    python benchmarks/seen_films.py RUN [--even] [--size PIXELS]       RUN: a folder with index.csv, of its sources

Of the training and validation films of a run (its test films are never opened), every second group is "seen": only
their fingerprints are kept. Asked for are two disguised copies of each of them (those of benchmarks/duplicates.py), and
the films of the other groups as they are. `--even` swaps the halves: the threshold was chosen there. Beside the
fingerprints the 64-bit hash at some radii, of the film and of its mirror image.
"""

import argparse
from pathlib import Path

import numpy as np
from duplicates import KINDS, wilson
from numpy.typing import NDArray
from PIL import Image

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.duplicates.fingerprint import NUM_BYTES, SAME_FILM, fingerprints, likeness
from plainfilm.data.duplicates.search import phash, thumbnail
from plainfilm.data.film_index import Row, read_index, reopen
from plainfilm.data.preprocessing import preprocess
from plainfilm.randomness import generator

Pixels = NDArray[np.uint8]
RADII = (4, 8, 12, 16)  # differing bits of 64
THRESHOLDS = (0.95, 0.955, SAME_FILM, 0.965, 0.97)


def bits(films: list[Pixels]) -> NDArray[np.float32]:
    """Hashes as rows of -1 and 1: (N, 64)."""
    octets = np.array([list(bytes.fromhex(phash(film))) for film in films], np.uint8)
    return np.unpackbits(octets, axis=1).astype(np.float32) * 2 - 1


def distances(films: list[Pixels], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Differing bits to the nearest known hash, of each film or its mirror image: (N,)."""
    mirrored = [np.ascontiguousarray(film[:, ::-1]) for film in films]
    return np.asarray(32 - np.maximum(bits(films) @ known.T, bits(mirrored) @ known.T).max(axis=1) / 2)


def report(name: str, found: NDArray[np.bool_], kinds: list[str], wrong: NDArray[np.bool_], rows: list[Row]) -> None:
    """Recall by kind of copy; the share of other films called seen, by whether the patient is known."""
    print(name)
    for kind in KINDS:
        of_kind = found[[known == kind for known in kinds]]
        print(f"  {kind:24} {wilson(int(of_kind.sum()), len(of_kind))}")
    for words, has_patient in (("known", True), ("unknown", False)):
        others = wrong[[bool(row.patient) == has_patient for row in rows]]
        print(f"  wrongly, patient {words:7} {wilson(int(others.sum()), len(others))}")


def main() -> None:
    """Plant, ask, count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--even", action="store_true", help="the half on which the threshold was chosen")
    parser.add_argument("--size", type=int, default=160, help="side of the films as the model takes them")
    arguments = parser.parse_args()

    index = read_index(arguments.run / "index.csv")
    listing = reopen(index)
    rows = [row for row in index.rows if row.split in ("train", "validation")]
    films = [decode(listing.read(row.entry)).pixels for row in rows]
    odd = {group for number, group in enumerate(sorted({row.group for row in rows})) if number % 2 != arguments.even}
    seen = [number for number, row in enumerate(rows) if row.group in odd]
    others = [number for number, row in enumerate(rows) if row.group not in odd]
    copies, kinds = [], []
    for number in seen:
        rng = generator(0, "benchmark-seen", number)
        for kind in rng.choice(list(KINDS), 2, replace=False):
            copies.append(np.asarray(KINDS[kind](Image.fromarray(films[number]), rng)))
            kinds.append(str(kind))

    def thumbnails(pictures: list[Pixels]) -> Pixels:
        return np.stack([thumbnail(preprocess(picture, size=arguments.size)[0]) for picture in pictures])

    originals, unseen = [films[number] for number in seen], [films[number] for number in others]
    unseen_rows = [rows[number] for number in others]
    known = fingerprints(thumbnails(originals))
    print(f"{len(seen)} films seen, {NUM_BYTES} bytes each; {len(copies)} copies; {len(others)} other films")
    found, wrong = likeness(thumbnails(copies), known), likeness(thumbnails(unseen), known)
    for threshold in THRESHOLDS:
        report(f"fingerprints, cosine from {threshold}", found >= threshold, kinds, wrong >= threshold, unseen_rows)
    print(
        "likest other films:",
        *(f"{wrong[place]:.3f} {unseen_rows[place].path}" for place in np.argsort(-wrong)[:8]),
        sep="\n  ",
    )
    hashes = bits(originals)
    near, far = distances(copies, hashes), distances(unseen, hashes)
    for radius in RADII:
        report(f"64-bit hash, radius {radius}", near <= radius, kinds, far <= radius, unseen_rows)


if __name__ == "__main__":
    main()
