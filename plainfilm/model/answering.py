"""From logits to an answer, for each kind of label: the link, and what was decided.

A film's decision is a row of integers or truths, (K,): of classes, whether its set holds each; of findings, the state
of each (`findings.PRESENT` and so on).
"""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plainfilm.model.decision import Calibration, OperatingPoint, conformal_sets, softmax
from plainfilm.model.findings import (
    ABSENT,
    PRESENT,
    TOO_FEW,
    UNDECIDED,
    FindingsCalibration,
    probabilities_of,
    states_of,
)

Floats = NDArray[np.float64]
Logits = NDArray[np.float32] | NDArray[np.float64]
Decisions = NDArray[Any]  # (N, K)
MAX_FACTOR = 1e6
STATES = {PRESENT: "present", ABSENT: "absent", UNDECIDED: "undecided", TOO_FEW: "too-few"}
"""The states of findings as tables and JSON name them."""


class Answering(Protocol):
    """The part of a task that turns logits (N, K) into answers. `calibration`: of the card; None: not calibrated."""

    def calibration(self, entry: object, num_classes: int) -> Any:
        """The section of a card, read. Raises ValueError for what is none for K logits."""

    def probabilities(self, logits: Logits, calibration: Any) -> Floats:
        """(N, K)."""

    def decisions(self, probabilities: Floats, calibration: Any) -> Decisions | None:
        """(N, K); None without a calibration."""

    def decided(self, decision: Decisions) -> tuple[int, ...]:
        """The decision of one film (K,) as an answer holds it."""

    def operating_points(self, calibration: Any) -> tuple[tuple[OperatingPoint, ...], ...]:
        """Those of each of the K logits."""

    def explained(self, probabilities: Floats, base: Floats) -> NDArray[np.int64]:
        """The number of the logit whose map explains each film, (N,); `base`: the share of films with each, (K,)."""

    def kinds(self, logits: Logits, calibration: Any) -> NDArray[np.int64]:
        """Which kind of film each is answered as, (N,): films of home are compared within a kind."""

    def kinds_of_targets(self, targets: NDArray[Any]) -> NDArray[np.int64]:
        """The same by what films were labelled, (N,)."""

    def num_kinds(self, num_classes: int) -> int:
        """How many kinds there are."""


class ClassAnswers:
    """Exactly one class a film."""

    def calibration(self, entry: object, num_classes: int) -> Calibration:
        """As `decision.Calibration`."""
        return Calibration.from_dict(entry, num_classes)

    def probabilities(self, logits: Logits, calibration: Calibration | None) -> Floats:
        """Softmax; rows sum to 1."""
        return softmax(logits) if calibration is None else softmax(logits, calibration.temperature)

    def decisions(self, probabilities: Floats, calibration: Calibration | None) -> Decisions | None:
        """Which classes a film's set holds."""
        return None if calibration is None else conformal_sets(probabilities, calibration.quantiles)

    def decided(self, decision: Decisions) -> tuple[int, ...]:
        """The numbers of the classes in the set."""
        return tuple(np.flatnonzero(decision).tolist())

    def operating_points(self, calibration: Calibration) -> tuple[tuple[OperatingPoint, ...], ...]:
        """Of each class against the rest."""
        return calibration.operating_points

    def explained(self, probabilities: Floats, base: Floats) -> NDArray[np.int64]:
        """The most probable class."""
        return np.asarray(probabilities.argmax(axis=1))

    def kinds(self, logits: Logits, calibration: Calibration | None) -> NDArray[np.int64]:
        """The most probable class."""
        return np.asarray(logits.argmax(axis=1))

    def kinds_of_targets(self, targets: NDArray[Any]) -> NDArray[np.int64]:
        """The class."""
        return targets

    def num_kinds(self, num_classes: int) -> int:
        """The classes."""
        return num_classes


class FindingAnswers:
    """Any number of findings a film. Films of home are of two kinds: with findings, and without.

    So films of healthy people alone are no other place. A film is answered as one without if it is likelier to show
    none of the findings than a film is on average, were they independent.
    """

    def calibration(self, entry: object, num_classes: int) -> FindingsCalibration:
        """As `findings.FindingsCalibration`."""
        return FindingsCalibration.from_dict(entry, num_classes)

    def probabilities(self, logits: Logits, calibration: FindingsCalibration | None) -> Floats:
        """A sigmoid a finding."""
        return probabilities_of(logits, calibration)

    def decisions(self, probabilities: Floats, calibration: FindingsCalibration | None) -> Decisions | None:
        """The state of each finding."""
        return None if calibration is None else states_of(probabilities, calibration)

    def decided(self, decision: Decisions) -> tuple[int, ...]:
        """The same, K of them."""
        return tuple(decision.tolist())

    def operating_points(self, calibration: FindingsCalibration) -> tuple[tuple[OperatingPoint, ...], ...]:
        """Those that the films with a finding are enough for."""
        return tuple(entry.operating_points for entry in calibration.findings)

    def explained(self, probabilities: Floats, base: Floats) -> NDArray[np.int64]:
        """The finding that is likelier than among all films by the largest factor."""
        return np.asarray((probabilities / np.maximum(base, 1 / MAX_FACTOR)).argmax(axis=1))

    def kinds(self, logits: Logits, calibration: FindingsCalibration | None) -> NDArray[np.int64]:
        """1 with findings, 0 without, by the findings whose probabilities were fitted; all 1 if there are none."""
        findings = () if calibration is None else calibration.findings
        fitted = [k for k, entry in enumerate(findings) if entry.temperature is not None]
        with np.errstate(divide="ignore"):  # a probability of 1
            none = np.log1p(-self.probabilities(logits, calibration)[:, fitted]).sum(axis=1)
        average = sum(math.log1p(-(findings[k].prevalence or 0.0)) for k in fitted)
        return np.asarray(none <= average, dtype=np.int64)

    def kinds_of_targets(self, targets: NDArray[Any]) -> NDArray[np.int64]:
        """1 where any finding is likelier to be present than not, else 0."""
        return np.asarray((targets > 0.5).any(axis=1), dtype=np.int64)

    def num_kinds(self, num_classes: int) -> int:
        """With findings, and without."""
        return 2
