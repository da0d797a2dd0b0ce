"""How much of the evidence of class maps lies in the lungs, beside how much of the films the lungs are.

Evidence is what is positive in the map of the predicted class, laid over the film as `plainfilm.model.overlay` draws
it. The lungs are the lung field of `plainfilm.data.lungfield`: lung as it is seen, which may miss opaque lung. A map
that is the same everywhere has the share of the area, so that it gets no praise. This is a statement, no verdict: a
cell of a map has seen more of the film than lies under it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.lungfield import Masks, interpolation, lung_fields
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.evaluation.metrics import Floats
from plainfilm.model.card import InLungs


def in_lungs(
    films: NDArray[np.uint8], maps: NDArray[np.float32], groups: Sequence[str], *, min_groups: int
) -> InLungs | None:
    """Means of films (N, S, S) with maps (N, h, h), with intervals over groups (N,).

    A film without evidence is left out; None if fewer than `min_groups` groups have some, or no lung was found.
    """
    fields = lung_fields(films)
    shares = shares_inside(maps, fields)
    kept = np.flatnonzero(np.isfinite(shares))
    kept_groups = [groups[number] for number in kept.tolist()]
    if len(set(kept_groups)) < min_groups or not fields[kept].any():
        return None
    areas = fields[kept].mean(axis=(1, 2))
    evidence, area = (grouped_mean(values, kept_groups, bound=1.0) for values in (shares[kept], areas))
    return InLungs(evidence=evidence, area=area)


def shares_inside(maps: NDArray[np.float32], fields: Masks) -> Floats:
    """The share of the evidence of maps (N, h, h) that lies in fields (N, S, S): (N,), NaN for a map without evidence.

    >>> fields = np.zeros((1, 6, 6), bool)
    >>> fields[:, :3] = True
    >>> shares_inside(np.ones((1, 2, 2), np.float32), fields).round(6).tolist()
    [0.5]
    """
    enlarge = interpolation(fields.shape[-1], maps.shape[-1]).astype(np.float64)  # (S, h)
    evidence = np.maximum(maps, 0).astype(np.float64)
    of_cells = np.outer(enlarge.sum(0), enlarge.sum(0))  # a film's pixels, by the cell that they show
    inside = (evidence * (enlarge.T @ fields @ enlarge)).sum(axis=(1, 2))
    whole = (evidence * of_cells).sum(axis=(1, 2))
    shares: Floats = np.divide(inside, whole, out=np.full(len(maps), np.nan), where=whole > 0)
    return shares
