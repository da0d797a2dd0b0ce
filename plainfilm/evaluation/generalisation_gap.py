"""The generalisation gap: by how much a model is worse on films from elsewhere than on its own test films.

The two sets of films are independent samples, and each figure has its interval. The distances to the bounds that make
the difference smaller add up as independent errors do, so do those that make it larger (MOVER: Zou & Donner 2008, Stat
Med 27:1693). So the interval of the difference is as skewed as the two are.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from plainfilm import records
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation import intervals, registry
from plainfilm.evaluation.registry import Figure


@dataclass(frozen=True)
class Change:
    """A figure of the model's own test, the same elsewhere, and the first minus the second."""

    internal: Estimate
    external: Estimate
    difference: Estimate


@dataclass(frozen=True, kw_only=True)
class GeneralisationGap:
    """How a model's figures change, by name; `leaking`: whether the internal ones are those of a leaking split."""

    leaking: bool
    figures: Mapping[str, Change] = records.inlined(lambda entry: isinstance(entry, Mapping))


def difference(internal: Estimate, external: Estimate, *, most: float = 1.0) -> Estimate:
    """internal - external, of two independent samples, at most `most` apart; n: the films of both.

    >>> print(difference(Estimate(0.98, 0.96, 0.99, 388), Estimate(0.78, 0.70, 0.85, 247)))
    20.0 % (12.7 to 28.1, n 635)
    """
    n = internal.n + external.n
    if not (internal.estimable and external.estimable):
        return Estimate(math.nan, math.nan, math.nan, n)
    value, low, high = intervals.difference(internal, external)
    return Estimate(value, max(-most, low), min(most, high), n)


def generalisation_gap(
    internal: Mapping[str, Estimate] | None, external: Mapping[str, Estimate], *, leaking: bool
) -> GeneralisationGap | None:
    """The gap of each figure over all classes that is better the higher it is, from a model's own to those elsewhere.

    None if the model was not tested. A figure that its test did not have is not estimable.
    """
    if internal is None:
        return None
    figures = {}
    for figure in with_gap():
        own, elsewhere = internal.get(figure.name, NOT_ESTIMABLE), external[figure.name]
        most = figure.bounds[1] - figure.bounds[0]
        figures[figure.name] = Change(own, elsewhere, difference(own, elsewhere, most=most))
    return GeneralisationGap(leaking=leaking, figures=figures)


def with_gap() -> list[Figure]:
    """The figures of which there is a gap."""
    return [figure for figure in registry.overall() if figure.is_higher_better]
