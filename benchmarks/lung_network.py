"""Lungs by a small U-Net, beside the lung field of the audit: Dice on films that neither has seen. A recipe, no file.

    python benchmarks/lung_network.py [DATA] [--steps 1200] [--seed 0] [--with-copies] [--choose] [--sheet FILE.png]

DATA: default PLAINFILM_DATA, or ../shared/data beside the project. The U-Net (`unet.py`) learns from the films of
`lung-masks` with machine-made masks (lungVAE, CC BY-NC-SA: nothing trained on them ships). Never from those that are
in `external-ieee8023`, by name, nor from what a chain of copies joins to one; nor from copies of COVID films of
`covid-radiography`, so that it knows no film that it may be asked about. This leaves few films. `--with-copies` learns
from those copies, too.

What is held out of the training judges choices, and `--choose` stops there: the copies of COVID films, or with them
every fifth group of copies. Then both fields meet the masks of `openist` once. `--sheet` draws both on films of
children, which have no masks; keep it out of the repository. Dice at 224 px, 95 % intervals by bootstrap over films, or
over groups of copies if there are some.
"""

import argparse
import csv
import io
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from unet import BATCH, SIZE_PX, Pairs, UNet, trained

from plainfilm.data.duplicates.search import find_pairs, thumbnail
from plainfilm.data.lungfield import lung_fields
from plainfilm.data.preprocessing import preprocess, reduce
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.randomness import generator

JUDGED_PX = 224
EVERY = 5  # group of copies is held out
NUM_CHILDREN, NUM_COLUMNS, TILE_PX = 50, 10, 176
NETWORK, CLASSICAL = (255, 120, 0), (0, 160, 255)  # colours of the outlines


@dataclass(frozen=True)
class Masked:
    """Films with masks: (N, S, S) each, S = JUDGED_PX; of each film the number of its group of copies."""

    films: np.ndarray  # uint8
    masks: np.ndarray  # uint8, above 127: lung
    groups: np.ndarray

    def of(self, chosen: np.ndarray) -> "Masked":
        """Some of them."""
        return Masked(self.films[chosen], self.masks[chosen], self.groups[chosen])


def main() -> None:
    """Train, judge on what was held out, then on openist; draw the children."""
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=Path(default))
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--with-copies", action="store_true")
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    learnt, held_out = split_pairs(options.data, with_copies=options.with_copies)
    print(f"learnt from {len(learnt.films)} films, held out {len(held_out.films)}", flush=True)
    begun = time.process_time()
    films, masks = (torch.from_numpy(reduce(planes, SIZE_PX))[:, None] / 255 for planes in (learnt.films, learnt.masks))
    net = trained(Pairs(films, masks), steps=options.steps, seed=options.seed)
    print(f"trained in {time.process_time() - begun:.0f} CPU seconds")
    print_rows("held out", held_out, net)
    if options.choose:
        return
    print_rows("openist", openist(options.data), net)
    children = np.stack(list(childrens_films(options.data)))
    fields, classical = network_fields(net, children), lung_fields(children)
    agreement = dice(fields, classical)
    print(
        f"{len(children)} children's films, Dice of the two fields: {interval(agreement)}, lowest {agreement.min():.3f}"
    )
    if options.sheet:
        draw_sheet(children, fields, classical).save(options.sheet)


# --- films -----------------------------------------------------------------------------------------------------------


def split_pairs(data: Path, *, with_copies: bool) -> tuple[Masked, Masked]:
    """The pairs to learn from, and those that are held out; those of the external set are in neither."""
    pairs, stems = masked_films(data)
    others = [pixels for _, pixels in images(data / "external-ieee8023" / "images.zip")]
    num_external = len(others)
    others += [pixels for name, pixels in images(data / "covid-radiography" / "input_data.zip") if "/COVID/" in name]
    kind = np.repeat(["pair", "external", "covid"], [len(stems), num_external, len(others) - num_external])
    groups = copies([*[pixels for _, pixels in images_of_pairs(data)], *others])
    with (data / "external-ieee8023" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        external_stems = {PurePosixPath(row["path"]).stem for row in csv.DictReader(file)}
    by_name = np.isin(stems, list(external_stems))
    ours = groups[: len(stems)]
    is_external = by_name | np.isin(ours, [*groups[kind == "external"], *ours[by_name]])
    is_covid = np.isin(ours, groups[kind == "covid"])
    print(
        f"{len(stems)} pairs: {by_name.sum()} external by name, {(is_external & ~by_name).sum()} more by copies; ",
        end="",
    )
    print(f"of the rest {(is_covid & ~is_external).sum()} are copies of COVID films")
    kept = np.unique(ours[~is_external])
    is_held_out = np.isin(ours, kept[EVERY - 1 :: EVERY]) if with_copies else is_covid
    found = Masked(*pairs, ours)
    return found.of(~is_external & ~is_held_out), found.of(~is_external & is_held_out)


def copies(films: list[np.ndarray]) -> np.ndarray:
    """The number of each film's group: films that a chain of confirmed copies joins."""
    group = np.arange(len(films))
    for pair in find_pairs(np.stack([thumbnail(film) for film in films]), [str(number) for number in group]):
        group[group == group[pair.second]] = group[pair.first]
    return group


def masked_films(data: Path) -> tuple[tuple[np.ndarray, np.ndarray], list[str]]:
    """Films and masks of `lung-masks`, and their names without ending."""
    masks = {PurePosixPath(name).stem: mask for name, mask in images(data / "lung-masks" / "pairs.zip", "masks/")}
    films = {name.rpartition("/")[2].rpartition(".")[0]: film for name, film in images_of_pairs(data)}
    planes = [np.stack([square(part[stem]) for stem in films]) for part in (films, masks)]
    return (planes[0], planes[1]), list(films)


def images_of_pairs(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The films of `lung-masks`."""
    return images(data / "lung-masks" / "pairs.zip", "images/")


def openist(data: Path) -> Masked:
    """The films of openist that have a mask, each a group of its own."""
    films, masks = (dict(images(data / "openist" / name)) for name in ("films.zip", "masks.zip"))
    with (data / "openist" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["mask"]]
    found = (np.stack([square(part[row[key]]) for row in rows]) for part, key in ((films, "path"), (masks, "mask")))
    return Masked(*found, np.arange(len(rows)))


def childrens_films(data: Path) -> Iterator[np.ndarray]:
    """NUM_CHILDREN films of children, one a patient, half of them with viral pneumonia, drawn at random."""
    with (data / "covid-radiography" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "kermany" and row["quality"] == "original"]
    with zipfile.ZipFile(data / "covid-radiography" / "input_data.zip") as archive:
        for label in ("NORMAL", "Viral_Pneumonia"):
            of_patient = {row["patient"]: row["path"] for row in rows if row["label"] == label}
            drawn = generator(0, "lung-network-sheet", label).choice(
                sorted(of_patient), NUM_CHILDREN // 2, replace=False
            )
            for patient in drawn.tolist():
                yield square(grey(archive.read(of_patient[patient])))


def images(path: Path, folder: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The images of a folder of an archive, grey, in the order of their names."""
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(folder) and name.endswith((".jpg", ".png")):
                yield name, grey(archive.read(name))


def grey(data: bytes) -> np.ndarray:
    """A file's pixels (H, W)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))


def square(pixels: np.ndarray) -> np.ndarray:
    """(H, W) -> (S, S), S = JUDGED_PX."""
    return preprocess(pixels, size=JUDGED_PX)[0]


# --- judging ---------------------------------------------------------------------------------------------------------


@torch.no_grad()
def network_fields(net: UNet, films: np.ndarray) -> np.ndarray:
    """Where the network sees lung: (N, S, S) uint8 -> (N, S, S), True inside."""
    small = torch.from_numpy(reduce(films, SIZE_PX))[:, None] / 255
    logits = torch.cat([net(small[start : start + BATCH]) for start in range(0, len(small), BATCH)])
    return (functional.interpolate(logits, size=films.shape[1:], mode="bilinear")[:, 0] > 0).numpy()


def dice(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,): of masks (N, S, S)."""
    return 2 * (one & other).sum((1, 2)) / np.maximum(one.sum((1, 2)) + other.sum((1, 2)), 1)


def print_rows(name: str, found: Masked, net: UNet) -> None:
    """Dice of the network, of the classical field, and of one less the other."""
    truth = found.masks > 127
    network, classical = (
        dice(fields, truth) for fields in (network_fields(net, found.films), lung_fields(found.films))
    )
    rows = {"network": network, "classical field": classical, "network less classical": network - classical}
    for row, values in rows.items():
        tenth = "" if "less" in row else f", worst tenth below {np.quantile(values, 0.1):.3f}, worst {values.min():.3f}"
        print(f"{name}: {row}: Dice {interval(values, found.groups)}{tenth}", flush=True)


def interval(values: np.ndarray, groups: np.ndarray | None = None) -> str:
    """The mean with its interval."""
    groups = np.arange(len(values)) if groups is None else groups
    return grouped_mean(values, groups, bound=1).in_decimals().shown("en")


def draw_sheet(films: np.ndarray, fields: np.ndarray, classical: np.ndarray) -> Image.Image:
    """Films with the outline of the network's field in orange and of the classical one in blue."""
    tiles = []
    for film, *masks in zip(films, classical, fields, strict=True):
        tile = np.repeat(film[..., None], 3, axis=2)
        for mask, colour in zip(masks, (CLASSICAL, NETWORK), strict=True):
            inner = mask & np.roll(mask, 1, 0) & np.roll(mask, -1, 0) & np.roll(mask, 1, 1) & np.roll(mask, -1, 1)
            tile[mask & ~inner] = colour
        tiles.append(np.asarray(Image.fromarray(tile).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)))
    rows = [np.concatenate(tiles[start : start + NUM_COLUMNS], axis=1) for start in range(0, len(tiles), NUM_COLUMNS)]
    return Image.fromarray(np.concatenate(rows))


if __name__ == "__main__":
    main()
