"""The fall: by how much a model is worse on films from elsewhere than on its own test films.

The two sets of films are independent samples, and each figure has its interval. The distances to the bounds that make
the difference smaller add up as independent errors do, so do those that make it larger (MOVER: Zou & Donner 2008, Stat
Med 27:1693). So the interval of the difference is as skewed as the two are.
"""

import math
from collections.abc import Mapping
from typing import Any

from plainfilm.evaluation import intervals
from plainfilm.evaluation.intervals import Estimate

FIGURES = ("accuracy", "balanced_accuracy", "macro_auc")
NOT_ESTIMABLE = Estimate(math.nan, math.nan, math.nan, 0)


def difference(internal: Estimate, external: Estimate) -> Estimate:
    """internal - external, of two independent samples; n: the films of both.

    >>> print(difference(Estimate(0.98, 0.96, 0.99, 388), Estimate(0.78, 0.70, 0.85, 247)))
    20.0 % (12.7 to 28.1, n 635)
    """
    n = internal.n + external.n
    if not (internal.estimable and external.estimable):
        return Estimate(math.nan, math.nan, math.nan, n)
    value, low, high = intervals.difference(internal, external)
    return Estimate(value, max(-1.0, low), min(1.0, high), n)


def fall(internal: Mapping[str, Any] | None, external: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fall of each of FIGURES, from the figures in a model file to those of an external test.

    None where the model was not tested. `leaking`: whether the internal figures are those of a leaking split.
    """
    if internal is None:
        return None
    pairs = {
        name: (
            Estimate.from_dict(internal[name]) if name in internal else NOT_ESTIMABLE,
            Estimate.from_dict(external[name]),
        )
        for name in FIGURES
    }
    figures = {
        name: {
            "internal": own.as_dict(),
            "external": elsewhere.as_dict(),
            "difference": difference(own, elsewhere).as_dict(),
        }
        for name, (own, elsewhere) in pairs.items()
    }
    return {"leaking": bool(internal.get("leaking", False)), **figures}
