"""What each kind of task fits on films and measures on films; the rooms above ask for it by a task's part `judging`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.config import DecisionRecipe
from plainfilm.data.film_index import Row
from plainfilm.data.films import Films
from plainfilm.data.sources.balance import Counts
from plainfilm.estimate import Estimate
from plainfilm.evaluation import findings_recalibration, recalibration, spread
from plainfilm.evaluation.calibration import calibrate
from plainfilm.evaluation.comparison import Predictions
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.decisions import Points, PredictiveValues, add_predictive_values
from plainfilm.evaluation.evaluation import Evaluation, Metrics, evaluate
from plainfilm.evaluation.expected import fit_confidence
from plainfilm.evaluation.external import ExternalMetrics, Seen
from plainfilm.evaluation.findings_calibration import calibrate_findings
from plainfilm.evaluation.findings_evaluation import (
    FindingsEvaluation,
    FindingsExternalMetrics,
    FindingsMetrics,
    evaluate_findings,
    gap_of_findings,
)
from plainfilm.evaluation.findings_tables import FindingsPredictions, judged_findings, pooled_findings
from plainfilm.evaluation.generalisation_gap import generalisation_gap
from plainfilm.evaluation.measured import Measured, estimate_all
from plainfilm.model.card import Card, Confidence, OwnFigures
from plainfilm.model.predictor import Predictor


class Judged(Protocol):
    """Films that were judged, what the model said of them, and the figures."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """N."""

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """(N, K)."""

    @property
    def figures(self) -> Any:
        """As metrics.json has them."""

    def write(self, names: Sequence[str], folder: Path) -> None:
        """Write `metrics.json` and `predictions.csv` into `folder`."""


@dataclass(frozen=True)
class About:
    """What an external test is of: what was left out as seen, what became of the files, which they are."""

    seen: Seen
    balance: Counts
    data_sha256: str
    prevalences: Mapping[str, float] | None


class Judging(Protocol):
    """The part of a task that fits and measures."""

    metrics: type[Any]  # the record of metrics.json
    external: type[Any]  # the same of a test elsewhere

    def calibrate(
        self, logits: NDArray[np.float32], targets: NDArray[Any], groups: Sequence[str], choice: DecisionRecipe, of: str
    ) -> Any:
        """What is fitted on the answers (N, K) for films `of` a part, by their targets and groups."""

    def confidence(self, probabilities: NDArray[np.float64], targets: NDArray[Any]) -> Confidence | None:
        """What a guess of the accuracy elsewhere starts from; None: there is no such guess."""

    def evaluate(
        self, predictor: Predictor, films: Films, rows: Iterable[int], *, name: str, leaking: bool = False
    ) -> Any:
        """Judge some films of an index. Raises SourceError if none is left."""

    def elsewhere(self, figures: Any, card: Card, about: About) -> Any:
        """The figures of films from elsewhere, with what belongs to them."""

    def compared(self, tested: OwnFigures) -> spread.Judged:
        """The figures of a run's own test that are compared over runs. Raises ValueError for other sections."""

    def pooled(self, tables: Sequence[Any]) -> Measured:
        """The figures of the films of several tables of predictions together."""

    def judged_by(self, figures: Any) -> Iterator[recalibration.Named]:
        """The figures that a recalibration is judged by, in one order for all films."""

    def scarce(self, card: Card) -> Mapping[str, Sequence[str]]:
        """The classes or findings that too few films were there to fit, by what they lack."""


@dataclass(frozen=True)
class _CalibrationError:
    expected_calibration_error: Estimate


@dataclass(frozen=True)
class _Sections:
    """What is compared over runs of the sections of an evaluation."""

    calibration: _CalibrationError
    classes: Mapping[str, Mapping[str, Estimate]]


class ClassJudging:
    """Exactly one class a film."""

    metrics, external = Metrics, ExternalMetrics

    def calibrate(
        self, logits: NDArray[np.float32], targets: NDArray[Any], groups: Sequence[str], choice: DecisionRecipe, of: str
    ) -> Any:
        """As `calibration.calibrate`."""
        return calibrate(logits, targets, groups, coverage=choice.coverage, sensitivities=choice.sensitivities)

    def confidence(self, probabilities: NDArray[np.float64], targets: NDArray[Any]) -> Confidence | None:
        """As `expected.fit_confidence`."""
        return fit_confidence(probabilities, targets)

    def evaluate(
        self, predictor: Predictor, films: Films, rows: Iterable[int], *, name: str, leaking: bool = False
    ) -> Evaluation:
        """As `evaluation.evaluate`."""
        return evaluate(predictor, films, rows, name=name, leaking=leaking)

    def elsewhere(self, figures: Metrics, card: Card, about: About) -> ExternalMetrics:
        """With the gap of every figure over all classes."""
        tested = card.evaluation
        own, leaking = (None, False) if tested is None else (tested.overall, bool(tested.others.get("leaking", False)))
        return ExternalMetrics(
            **vars(figures),
            seen=about.seen,
            fall=generalisation_gap(own, figures.overall, leaking=leaking),
            balance=about.balance,
            data_sha256=about.data_sha256,
            predictive_values=_predictive_values(figures.operating_points or {}, about),
        )

    def compared(self, tested: OwnFigures) -> spread.Judged:
        """With the calibration error."""
        sections = records.from_dict(_Sections, tested.others)
        error = sections.calibration.expected_calibration_error
        return spread.Judged(overall={**tested.overall, "calibration_error": error}, classes=sections.classes)

    def pooled(self, tables: Sequence[Predictions]) -> Measured:
        """As `measured.estimate_all`."""
        probabilities = np.concatenate([table.probabilities for table in tables])
        labels = np.concatenate([table.labels for table in tables])
        groups = [group for table in tables for group in table.groups]
        return mark_missed(estimate_all(probabilities, labels, groups, tables[0].classes), labels, groups)

    judged_by = staticmethod(recalibration.classes_judged_by)
    scarce = staticmethod(recalibration.scarce_classes)


class FindingJudging:
    """Any number of findings a film."""

    metrics, external = FindingsMetrics, FindingsExternalMetrics

    def calibrate(
        self, logits: NDArray[np.float32], targets: NDArray[Any], groups: Sequence[str], choice: DecisionRecipe, of: str
    ) -> Any:
        """As `findings_calibration.calibrate_findings`."""
        coverage, sensitivities = choice.coverage, choice.sensitivities
        return calibrate_findings(logits, targets, groups, coverage=coverage, sensitivities=sensitivities, of=of)

    def confidence(self, probabilities: NDArray[np.float64], targets: NDArray[Any]) -> Confidence | None:
        """There is no guess of several findings."""
        return None

    def evaluate(
        self, predictor: Predictor, films: Films, rows: Iterable[int], *, name: str, leaking: bool = False
    ) -> FindingsEvaluation:
        """As `findings_evaluation.evaluate_findings`."""
        return evaluate_findings(predictor, films, rows, name=name, leaking=leaking)

    def elsewhere(self, figures: FindingsMetrics, card: Card, about: About) -> FindingsExternalMetrics:
        """With the gap of the AUC of each finding."""
        points = {name: entry.points for name, entry in figures.findings.items()}
        return FindingsExternalMetrics(
            **vars(figures),
            seen=about.seen,
            fall=gap_of_findings(card.evaluation, figures),
            balance=about.balance,
            data_sha256=about.data_sha256,
            predictive_values=_predictive_values(points, about),
        )

    def compared(self, tested: OwnFigures) -> spread.Judged:
        """As `findings_tables.judged_findings`."""
        return judged_findings(tested)

    def pooled(self, tables: Sequence[FindingsPredictions]) -> Measured:
        """As `findings_tables.pooled_findings`."""
        return pooled_findings(tables)

    judged_by = staticmethod(findings_recalibration.findings_judged_by)
    scarce = staticmethod(findings_recalibration.scarce_findings)


def _predictive_values(points: Points, about: About) -> Mapping[str, PredictiveValues] | None:
    return add_predictive_values(points, about.prevalences) if about.prevalences else None
