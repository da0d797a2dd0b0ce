"""A recalibration of findings: when it is advised, how many films it takes, what it is judged by."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

from plainfilm.estimate import Estimate
from plainfilm.evaluation.findings_evaluation import FindingsMetrics
from plainfilm.evaluation.recalibration import Named
from plainfilm.model.card import Card
from plainfilm.model.findings import MIN_FITTED, FindingsCalibration, needed

OF_PROBABILITIES = ("brier", "calibration_error")
OF_SETS = ("present", "absent", "undecided", "coverage_positives", "coverage_negatives", "predictive_value")
CHANCE = 0.025  # that any of the shares that are looked at together is called too low, and none is


def findings_judged_by(figures: FindingsMetrics) -> Iterator[Named]:
    """Means over findings; of each finding its probabilities, and what is said of it."""
    for name in ("macro_auc", "macro_brier"):
        yield "", name, figures.overall[name]
    yield "", "refused", figures.gate.refused
    for finding, entry in figures.findings.items():
        for name in OF_PROBABILITIES:
            yield finding, name, getattr(entry, name)
        for name in OF_SETS:
            yield finding, name, None if entry.sets is None else getattr(entry.sets, name)


def scarce_findings(card: Card) -> dict[str, list[str]]:
    """The findings of which no fitting film says anything; those with too few films for some of what is fitted."""
    fitted: FindingsCalibration = card.calibration
    parts = list(zip(card.class_names, fitted.findings, strict=True))
    missing = [name for name, entry in parts if not entry.positives + entry.negatives]
    few = [name for name, entry in parts if None in (entry.temperature, entry.present, entry.absent)]
    return {"missing": missing, "too_few": [name for name in few if name not in missing]}


def is_advised_for_findings(figures: FindingsMetrics, coverage: float) -> bool:
    """Whether decisions that promise a coverage surely keep it of some finding less often, or the films are abroad.

    Of the 28 shares of fourteen findings one is often below its promise by chance; so all of them share CHANCE.
    """
    sets = [entry.sets for entry in figures.findings.values() if entry.sets is not None]
    shares = [share for of in sets for share in (of.coverage_positives, of.coverage_negatives) if share.estimable]
    is_short = any(_upper(share, len(shares)) < coverage for share in shares)
    return is_short or (figures.shift is not None and figures.shift.is_abroad)


def _upper(share: Estimate, looks: int) -> float:
    """The upper bound of a share that is one of so many (Bonferroni), from its bound at CHANCE."""
    normal = NormalDist()
    wider = normal.inv_cdf(1 - CHANCE / looks) / normal.inv_cdf(1 - CHANCE)
    return share.value + wider * (share.high - share.value)


@dataclass(frozen=True)
class Needed:
    """How many patients with a finding, and as many without it, a recalibration takes; half are for the test."""

    decisions: int
    probabilities: int
    enough: tuple[str, ...]  # the findings that so many films here have, and so many do not


def needed_for_findings(figures: FindingsMetrics, coverage: float) -> Needed:
    """What decisions that promise a coverage take, and which findings of these films have it."""
    decisions, probabilities = round(2 * needed(coverage)), 2 * MIN_FITTED
    least = max(decisions, probabilities)
    enough = (name for name, entry in figures.findings.items() if least <= entry.positives <= entry.n - least)
    return Needed(decisions, probabilities, tuple(enough))
