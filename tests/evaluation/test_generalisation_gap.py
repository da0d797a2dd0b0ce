"""The generalisation gap: its interval covers the true difference, its entries are those of the two tests."""

import math
from typing import Any

import numpy as np
import pytest

from plainfilm.estimate import Estimate
from plainfilm.evaluation.generalisation_gap import difference, generalisation_gap, with_gap
from plainfilm.evaluation.intervals import delong, wilson
from plainfilm.records import as_dict

FIGURE = Estimate(0.9, 0.8, 0.95, 100)
FIGURES = [figure.name for figure in with_gap()]


@pytest.mark.parametrize(
    ("internal", "external"), [((388, 0.98), (247, 0.78)), ((388, 0.98), (50, 0.98)), ((100, 0.7), (1000, 0.5))]
)
def test_the_interval_of_a_difference_of_shares_covers_it(
    internal: tuple[int, float], external: tuple[int, float]
) -> None:
    """All pairs of counts, weighted by their probability: no draws."""
    parts = []
    for n, share in (internal, external):
        counts = np.arange(n + 1)
        logs = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in counts]
        weights = np.exp(np.array(logs) + counts * math.log(share) + (n - counts) * math.log1p(-share))
        parts.append([(wilson(int(k), n), weight) for k, weight in zip(counts, weights, strict=True) if weight > 1e-6])
    truth, covered = internal[1] - external[1], 0.0
    for own, own_weight in parts[0]:
        for elsewhere, weight in parts[1]:
            found = difference(own, elsewhere)
            covered += own_weight * weight * (found.low <= truth <= found.high)
    assert 0.935 < covered < 0.975


def test_the_interval_of_a_difference_of_aucs_covers_it() -> None:
    rng, covered, rounds = np.random.default_rng(5), 0, 600

    def sample(n: int, shift: float) -> Estimate:
        positive = np.arange(n) % 2 == 0
        return delong(rng.normal(size=n) + shift * positive, positive, np.arange(n))

    def true_auc(shift: float) -> float:
        return 0.5 * (1 + math.erf(shift / 2))

    for _ in range(rounds):
        found = difference(sample(300, 3.0), sample(120, 1.0))
        covered += found.low <= true_auc(3.0) - true_auc(1.0) <= found.high
    assert 0.93 < covered / rounds < 0.975


def test_a_difference_has_the_sign_of_a_gap_and_stays_within_1() -> None:
    worse = difference(Estimate(0.98, 0.96, 0.99, 388), Estimate(0.4, 0.3, 0.5, 100))
    assert worse.low > 0
    assert worse.n == 488
    swapped = difference(Estimate(0.4, 0.3, 0.5, 100), Estimate(0.98, 0.96, 0.99, 388))
    assert (swapped.low, swapped.high) == pytest.approx((-worse.high, -worse.low))
    widest = difference(Estimate(1.0, 0.0, 1.0, 1), Estimate(0.0, 0.0, 1.0, 1))
    assert (widest.low, widest.high) == (1 - math.sqrt(2), 1.0)


def test_what_cannot_be_estimated_is_said_to_be_so() -> None:
    none = {"value": None, "low": None, "high": None, "n": 20}
    gap = generalisation_gap(
        {"accuracy": FIGURE, "balanced_accuracy": FIGURE},
        dict.fromkeys(FIGURES, FIGURE) | {"balanced_accuracy": Estimate.from_dict(none)},
        leaking=False,
    )
    assert gap is not None
    found: dict[str, Any] = as_dict(gap)
    assert found["accuracy"]["difference"]["value"] == 0
    assert found["balanced_accuracy"]["difference"] == none | {"n": 120}
    assert found["macro_auc"]["difference"]["value"] is None  # an older model file
    assert found["macro_auc"]["external"] == FIGURE.as_dict()
    assert generalisation_gap(None, dict.fromkeys(FIGURES, FIGURE), leaking=False) is None


def test_a_gap_from_a_leaking_test_is_marked() -> None:
    figures = dict.fromkeys(FIGURES, FIGURE)
    for leaking in (True, False):
        assert as_dict(generalisation_gap(figures, figures, leaking=leaking))["leaking"] is leaking  # type: ignore[arg-type]
