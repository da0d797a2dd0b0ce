"""From logits to findings: what calibration fitted for each, and how it is applied.

- The probability of a finding is sigmoid(logit / temperature + shift).
- A film's set holds "present" at probabilities from the threshold `present` up, and "absent" from the threshold
  `absent` down (conformal prediction, for each of the two answers apart). Of the films on which a finding is present,
  at least the coverage asked for have "present" in their set; of those on which it is absent, as many have "absent".
- One answer in the set is the answer. Both, or neither, is undecided. So a film is called present if its probability is
  above `absent` (few absent ones are) and not below `present`; it is called absent the other way round.
- `present` is fitted on positives alone, `absent` on negatives alone. n of them can promise a coverage if the worst of
  n + 1 may be left out: ceil((n + 1) coverage) <= n. That takes 9 at 90 %, 19 at 95 %, 99 at 99 %. With fewer positives
  there is no `present`: every set holds "present", and nothing is called absent. With fewer negatives there is no
  `absent`: every set holds "absent", and nothing is called present. With fewer of both, the state is TOO_FEW.
- The threshold at a sensitivity makes the same promise at that sensitivity, and takes as many positives.
- Temperature and shift take 20 positives and 20 negatives. With fewer they are 1 and 0.
- What is counted is groups: those with a film on which the finding is present, those with one on which it is absent.

`plainfilm.evaluation.findings_calibration` fits all of it.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.errors import demand
from plainfilm.model.decision import TEMPERATURES, OperatingPoint

PRESENT, ABSENT, UNDECIDED, TOO_FEW = 1, 0, -1, -2
"""The states of a finding on a film; TOO_FEW: there was too little to fit any threshold on."""
FITTED_ON = ("validation", "out-of-fold", "local")
"""The films that a calibration may be fitted on: those of that part, training films by networks without them, or films
of another place.
"""
MIN_FITTED = 20
"""So many positives and so many negatives, in groups, take temperature and shift."""
MAX_SHIFT = 1e4
ROUNDING = 1e-9


def needed(coverage: float) -> float:
    """How many groups a threshold takes that promises a coverage: the least n with ceil((n + 1) coverage) <= n.

    >>> [needed(coverage) for coverage in (0.9, 0.95, 0.99, 1.0)]
    [9, 19, 99, inf]
    """
    return math.ceil(1 / (1 - coverage) - ROUNDING) - 1 if coverage < 1 else math.inf


@dataclass(frozen=True, kw_only=True)
class FindingDecision:
    """What was fitted for one finding. Raises PlainfilmError for what cannot have been."""

    temperature: float | None  # None: too few positives or negatives; 1 is applied
    shift: float | None  # None: likewise; 0 is applied
    positives: int  # groups with a film on which it is present
    negatives: int  # groups with a film on which it is absent
    present: float | None  # a set holds "present" at or above it; None: too few positives
    absent: float | None  # a set holds "absent" at or below it; None: too few negatives
    operating_points: tuple[OperatingPoint, ...]  # those that the positives are enough for
    prevalence: float | None  # share of the films on which it is present; None: no film

    def __post_init__(self) -> None:
        counts = self.positives, self.negatives
        demand(all(type(count) is int and count >= 0 for count in counts), "card.reason.counts", name="positives")
        demand((self.temperature is None) == (self.shift is None), "card.reason.range", name="shift")
        if self.temperature is not None:
            demand(_within(self.temperature, *TEMPERATURES), "card.reason.range", name="temperature")
            demand(_within(self.shift, -MAX_SHIFT, MAX_SHIFT), "card.reason.range", name="shift")
            _demand_enough(min(counts), MIN_FITTED, "temperature")
        for name in ("present", "absent", "prevalence"):
            value = getattr(self, name)
            demand(value is None or _within(value, 0, 1), "card.reason.range", name=name)
        for point in self.operating_points:
            _demand_enough(self.positives, needed(point.asked), "operating_points")

    @property
    def too_few(self) -> bool:
        """Whether there is no threshold at all."""
        return self.present is None and self.absent is None

    @property
    def called_present_above(self) -> float | None:
        """The probability above which a film is called present; None: with none."""
        return None if self.absent is None else max(self.absent, -math.inf if self.present is None else self.present)

    @property
    def called_absent_below(self) -> float | None:
        """The probability below which a film is called absent; None: with none."""
        return None if self.present is None else min(self.present, math.inf if self.absent is None else self.absent)


@dataclass(frozen=True, kw_only=True)
class FindingsCalibration:
    """What was fitted, in the order of the logits. Raises PlainfilmError for what cannot have been."""

    coverage: float  # asked for: share of present films whose set holds "present", and of absent ones with "absent"
    findings: tuple[FindingDecision, ...]
    from_: str  # which films it was fitted on, of FITTED_ON

    def __post_init__(self) -> None:
        demand(_within(self.coverage, 0, 1) and 0 < self.coverage < 1, "card.reason.range", name="coverage")
        demand(self.from_ in FITTED_ON, "card.reason.one-of", name="from", expected=FITTED_ON)
        for finding in self.findings:
            if finding.present is not None:
                _demand_enough(finding.positives, needed(self.coverage), "present")
            if finding.absent is not None:
                _demand_enough(finding.negatives, needed(self.coverage), "absent")

    @classmethod
    def from_dict(cls, entry: object, num_findings: int) -> Self:
        """Undoes `records.as_dict`. Raises ValueError for what is none for K findings."""
        found = records.from_dict(cls, entry, exact=True)
        demand(len(found.findings) == num_findings, "card.reason.calibration-findings", expected=num_findings)
        return found


def sigmoid(logits: NDArray[np.float32 | np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits of any shape, in float64, without overflow.

    >>> sigmoid(np.array([-1e4, 0, 1e4])).tolist()
    [0.0, 0.5, 1.0]
    """
    logits = np.asarray(logits, np.float64)
    small = np.exp(-np.abs(logits))
    return np.asarray(np.where(logits >= 0, 1.0, small) / (1 + small))


def probabilities_of(
    logits: NDArray[np.float32 | np.float64], calibration: FindingsCalibration | None
) -> NDArray[np.float64]:
    """The probability that each finding is present: (N, K) -> (N, K)."""
    if calibration is None:
        return sigmoid(logits)
    temperatures = np.array([1.0 if entry.temperature is None else entry.temperature for entry in calibration.findings])
    shifts = np.array([0.0 if entry.shift is None else entry.shift for entry in calibration.findings])
    return sigmoid(logits / temperatures + shifts)


def sets_of(
    probabilities: NDArray[np.float64], calibration: FindingsCalibration
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a film's set for each finding holds "present", and whether it holds "absent": (N, K) -> two (N, K)."""
    lowest = [-math.inf if entry.present is None else entry.present for entry in calibration.findings]
    highest = [math.inf if entry.absent is None else entry.absent for entry in calibration.findings]
    return probabilities >= np.array(lowest), probabilities <= np.array(highest)


def states_of(probabilities: NDArray[np.float64], calibration: FindingsCalibration | None) -> NDArray[np.int8]:
    """PRESENT, ABSENT, UNDECIDED or TOO_FEW for each film and finding: (N, K) -> (N, K)."""
    if calibration is None:
        return np.full(probabilities.shape, TOO_FEW, np.int8)
    present, absent = sets_of(probabilities, calibration)
    states = np.full(probabilities.shape, UNDECIDED, np.int8)
    states[present & ~absent] = PRESENT
    states[absent & ~present] = ABSENT
    states[:, [entry.too_few for entry in calibration.findings]] = TOO_FEW
    return states


def _within(value: object, low: float, high: float) -> bool:
    """Whether a value is a number from `low` to `high`; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _demand_enough(count: int, least: float, name: str) -> None:
    demand(count >= least, "card.reason.too-few", name=name, given=count, expected=least)
