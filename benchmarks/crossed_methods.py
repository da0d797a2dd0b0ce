"""Ways of training on several sites that the ladder tries: a canonical input, other styles, equal parts of sites."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from plainfilm.data.films import Films
from plainfilm.data.lungfield import hull, lung_fields
from plainfilm.randomness import generator
from plainfilm.training.batches import Batches

Pixels = NDArray[np.uint8]
PERCENTILES = (1, 99)
DETAIL_PX = 64  # side that every canonical film has passed through: one common sharpness
MARGIN = 0.04  # around the lung field, in widths, besides that of its hull
BLUR_PX = (40, 96)  # sides that a restyled film may have passed through
RIM_MAX = 0.12  # of a restyled film that may be blanked, of the side


def canonical(films: Pixels) -> Pixels:
    """(N, S, S) -> (N, S, S): the rectangle around both lungs with a margin, one histogram, one sharpness."""
    made = np.empty_like(films)
    for number, film in enumerate(films):
        box = hull(lung_fields(film[None]))[0]
        made[number] = _standardised(_cropped(film, box))
    return made


def _cropped(film: Pixels, box: NDArray[np.bool_]) -> Pixels:
    """The film within a box and its margin, as a square of its side; the whole film for a small box."""
    size = film.shape[0]
    rows, columns = (np.flatnonzero(box.any(axis)) for axis in (1, 0))
    if len(rows) < size // 3 or len(columns) < size // 3:
        return film
    more = round(MARGIN * size)
    edges = max(columns[0] - more, 0), max(rows[0] - more, 0), min(columns[-1] + more, size), min(rows[-1] + more, size)
    return np.asarray(Image.fromarray(film).resize((size, size), Image.Resampling.BILINEAR, box=edges))


def _standardised(film: Pixels) -> Pixels:
    """Sharpness of DETAIL_PX, then grey levels by their rank."""
    size = film.shape[0]
    soft = Image.fromarray(film).resize((DETAIL_PX, DETAIL_PX), Image.Resampling.BOX)
    again = np.asarray(soft.resize((size, size), Image.Resampling.BICUBIC))
    counts = np.cumsum(np.bincount(again.ravel(), minlength=256))
    table = np.round(255 * counts / counts[-1]).astype(np.uint8)
    return np.asarray(table[again])


def batches(films: Films, sites: Sequence[str], *, balanced: bool, restyled: bool) -> type[Batches]:
    """Batches that take each class and site equally often, or give each film the greys and sharpness of others."""

    class Crossed(Batches):
        def rows_of(self, step: int) -> NDArray[np.int64]:
            if not balanced:
                return super().rows_of(step)
            random = generator(self.recipe.training.seed, "crossed-balance", step)
            keys = np.array([f"{films.index.rows[row].label} {sites[row]}" for row in self.rows])
            kinds = np.unique(keys)
            labels = [kind.split(" ")[0] for kind in kinds]
            shares = np.array([1 / (len(set(labels)) * labels.count(label)) for label in labels])
            drawn = random.choice(len(kinds), self.order.batch_size, p=shares)
            return np.array([random.choice(self.rows[keys == kinds[number]]) for number in drawn])

        def _vary(self, pixels: Tensor, image_ids: Sequence[str], epoch: int) -> Tensor:
            varied = super()._vary(pixels, image_ids, epoch)
            if not restyled:
                return varied
            made = varied.numpy()
            for place, image_id in enumerate(image_ids):
                random = generator(self.recipe.training.seed, "crossed-style", epoch, image_id)
                other = films.store[int(random.choice(self.rows))]
                made[place, 0] = _in_the_style_of(made[place, 0], np.asarray(other), random)
            return torch.from_numpy(made)

    return Crossed


def _in_the_style_of(film: Pixels, other: Pixels, random: np.random.Generator) -> Pixels:
    """A film with part of another one's histogram, a sharpness of its own, and blanked rims."""
    size, share = film.shape[0], random.uniform(0, 1)
    ranks = np.cumsum(np.bincount(film.ravel(), minlength=256)) / film.size
    wanted = np.interp(ranks, np.cumsum(np.bincount(other.ravel(), minlength=256)) / other.size, np.arange(256))
    table = np.round((1 - share) * np.arange(256) + share * wanted).astype(np.uint8)
    made = table[film]
    if random.random() < 0.5:
        side = int(random.integers(*BLUR_PX))
        small = Image.fromarray(made).resize((side, side), Image.Resampling.BILINEAR)
        made = np.array(small.resize((size, size), Image.Resampling.BILINEAR))
    if random.random() < 0.5:
        top, bottom, left, right = (round(size * RIM_MAX * part) for part in random.random(4))
        fill = 0 if random.random() < 0.5 else int(made.mean())
        made[:top], made[:, :left] = fill, fill
        made[size - bottom :], made[:, size - right :] = fill, fill
    return np.asarray(made)
