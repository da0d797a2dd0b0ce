"""Scores that any program wrote: the figures of a test, without a model, and thresholds that are fitted on these films.

- A model file brings thresholds that were fitted on other films. Scores bring none, and one that is fitted on a film
  is worth more there than on films to come. So each threshold is measured by cross-fitting: the films of a patient are
  called at a threshold that was fitted on the films of the other patients. What is shown as the threshold is fitted on
  all of them: it is the one to use.
- A threshold is that of findings (`findings_calibration`): a conformal quantile of the films with it, each group (a
  patient) counting once, so that films of new patients reach the sensitivity asked for. That takes 9, 19 or 99 groups
  for 90, 95 or 99 %; cross-fitting takes one more, as each is left out once. With fewer there is none.
- Groups with a film that has it are left out one by one, more than FOLDS of them in FOLDS parts. The others have no
  part in a threshold: their films are called at the one that is shown.
- The sensitivity that is measured so is about the one asked for, whatever the scores: that is what the quantile
  promises. Its interval says how far the threshold may be off, and the specificity what it costs. The threshold HALF is
  fitted on nothing, and shows what the scores are worth as they are.
- Intervals take the calls as they are. Nothing else is fitted: calibration is measured, and not mended.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.sources.balance import TableBalance
from plainfilm.data.sources.scores_columns import Chosen
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation.calibration import conformal_quantile
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.decisions import predictive_values
from plainfilm.evaluation.evaluation import Metrics, Refusals
from plainfilm.evaluation.findings_evaluation import FindingsMetrics
from plainfilm.evaluation.findings_metrics import measure_findings, subgroup_figures
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.known import Known, known_films
from plainfilm.evaluation.measured import estimate_all
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.reliability import reliability
from plainfilm.evaluation.selective import risk_coverage
from plainfilm.evaluation.subgroups import subgroups
from plainfilm.io import files, tables
from plainfilm.io.run_folder import METRICS, PREDICTIONS
from plainfilm.messages import Message
from plainfilm.model.card import ClassName
from plainfilm.model.findings import needed
from plainfilm.randomness import generator
from plainfilm.records import Object
from plainfilm.task import CLASSES

HALF = 0.5
SCORED = "scored"  # what the films are called in metrics.json
SENSITIVITIES = (0.9, 0.95, 0.99)
FOLDS = 100
NO_GATE = Refusals(NOT_ESTIMABLE, {}, {}, fitted=False)
Prevalences = Mapping[str, float]
"""Shares of films, by class or finding, at which predictive values are asked for."""


@dataclass(frozen=True)
class Cut:
    """A threshold of one class or finding, and what it gives.

    `asked`: the sensitivity that it was fitted for; None: it is HALF. `ppv`, `npv`: at a prevalence that was given.
    """

    asked: float | None
    threshold: float  # a film at or above it is positive
    sensitivity: Estimate
    specificity: Estimate
    ppv: Estimate | None = field(default=None, metadata=records.ABSENT)
    npv: Estimate | None = field(default=None, metadata=records.ABSENT)


@dataclass(frozen=True)
class Cuts:
    """The thresholds of one class or finding; those that too few groups have it for are left out."""

    positives: int  # groups with a film that has it
    cuts: tuple[Cut, ...]
    prevalence: float | None = field(default=None, metadata=records.ABSENT)  # of the predictive values


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Which files the figures are of, and what became of their rows: numbers alone."""

    task: str
    scores_sha256: str
    tables_sha256: tuple[str, ...]
    rows: int  # of the table of scores
    films: int  # that these are about
    judged: int
    left_out: Mapping[str, int]  # by reason
    unfit: tuple[int, ...]  # rows of each table about films without scores
    known_patients: int  # films


@dataclass(frozen=True, kw_only=True)
class ClassScores(Metrics):
    """The content of metrics.json for scores of classes."""

    thresholds: Mapping[str, Cuts]
    scored: Provenance


@dataclass(frozen=True, kw_only=True)
class FindingScores(FindingsMetrics):
    """The same for scores of findings."""

    thresholds: Mapping[str, Cuts]
    scored: Provenance


@dataclass(frozen=True, kw_only=True)
class ScoresEvaluation:
    """Films with scores that were judged, the figures, and what is to be said of the tables.

    `left_out`: paths by reason, of `balance.REASONS`, "no-row" or "no-score". `unfit`: for each table of `balances` the
    paths of its rows about films without scores.
    """

    rows: tuple[Row, ...]  # N
    targets: NDArray[np.int64] | NDArray[np.float32]  # (N,) numbers of classes, or (N, K) of findings
    probabilities: Floats  # (N, K)
    figures: ClassScores | FindingScores
    classes: tuple[ClassName, ...]  # or findings, with their display names
    chosen: Chosen
    left_out: Mapping[str, tuple[str, ...]]
    balances: tuple[TableBalance, ...]
    unfit: tuple[tuple[str, ...], ...]
    notes: tuple[Message, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes or findings, K."""
        return tuple(entry.name for entry in self.classes)

    def table(self) -> Iterator[Object]:
        """A row a film: where it is, what it is, its probabilities."""
        for number, (row, values) in enumerate(zip(self.rows, self.probabilities.tolist(), strict=True)):
            said = {f"p_{name}": value for name, value in zip(self.names, values, strict=True)}
            yield {"path": row.path, "image_id": row.image_id, "group": row.group, **self._truth(number), **said}

    def _truth(self, number: int) -> Object:
        """Its class and the most probable one, or what is known of each finding."""
        target = self.targets[number]
        if self.chosen.kind == CLASSES:
            predicted = self.names[int(self.probabilities[number].argmax())]
            return {"label": self.names[int(target)], "predicted": predicted}
        return {f"target_{name}": value for name, value in zip(self.names, target.tolist(), strict=True)}

    def write(self, folder: Path) -> None:
        """Write `metrics.json` and `predictions.csv` into `folder`."""
        files.write_json(folder / METRICS, self.figures.as_dict())
        rows = list(self.table())
        cells = [[_cell(value) for value in row.values()] for row in rows]
        files.write_text(folder / PREDICTIONS, tables.to_csv([list(rows[0]), *cells]))


def _cell(value: object) -> object:
    """A value as a table has it: a number with six digits, nothing for NaN."""
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.6g}"
    return value


# --- figures ---------------------------------------------------------------------------------------------------------


def judge_classes(
    rows: Sequence[Row],
    probabilities: Floats,
    labels: Integers,
    names: Sequence[str],
    *,
    prevalences: Prevalences,
    scored: Provenance,
) -> ClassScores:
    """Every figure of classes, from probabilities (N, K) for labels (N,) of N > 0 films."""
    groups = [row.group for row in rows]
    _, group_of_film = np.unique(np.asarray(groups), return_inverse=True)
    every = np.arange(len(rows))
    known = [Known(every, own, labels == k, group_of_film) for k, own in enumerate(probabilities.T)]
    return ClassScores(
        **vars(mark_missed(estimate_all(probabilities, labels, groups, names), labels, groups)),
        risk_coverage=risk_coverage(probabilities, labels, groups),
        subgroups=subgroups(rows, probabilities, labels, names),
        calibration=reliability(probabilities, labels, groups, names),
        sets=None,
        operating_points=None,
        films=SCORED,
        left_out={},
        thresholds=_cuts_by_name(names, known, prevalences),
        scored=scored,
    )


def judge_findings(
    rows: Sequence[Row],
    probabilities: Floats,
    targets: NDArray[np.float32],
    names: Sequence[str],
    *,
    prevalences: Prevalences,
    scored: Provenance,
    meanings: Mapping[str, object],
) -> FindingScores:
    """Every figure of findings, from probabilities (N, K) for targets (N, K) of N > 0 films.

    `meanings`: what uncertain and blank cells were taken for.
    """
    groups = [row.group for row in rows]
    measured = measure_findings(probabilities, None, targets, groups, names, None)
    return FindingScores(
        overall={f"macro_{figure}": estimate for figure, estimate in measured.macro.items()},
        macro_over=measured.macro_over,
        findings=measured.findings,
        interval=measured.interval,
        subgroups=subgroup_figures(rows, probabilities, targets, groups, names),
        gate=NO_GATE,
        films=SCORED,
        num_films=len(rows),
        labels=meanings,
        thresholds=_cuts_by_name(names, known_films(probabilities, targets, groups), prevalences),
        scored=scored,
    )


# --- thresholds ------------------------------------------------------------------------------------------------------


def _cuts_by_name(names: Sequence[str], known: Sequence[Known], prevalences: Prevalences) -> dict[str, Cuts]:
    return {name: cuts_of(own, prevalences.get(name)) for name, own in zip(names, known, strict=True)}


def cuts_of(known: Known, prevalence: float | None = None) -> Cuts:
    """The thresholds of one class or finding on the films on which it is known; HALF comes first."""
    if not len(known.rows):
        return Cuts(0, (), prevalence)
    positives = len(np.unique(known.group_of_film[known.present]))
    asked = [share for share in SENSITIVITIES if positives > needed(share)]
    called = np.column_stack([known.scores >= HALF, *cross_fitted(known, asked).T])  # (n, 1 + A)
    counted = np.repeat(known.present[:, None], called.shape[1], axis=1)
    estimates = shares(np.hstack([called, ~called]), np.hstack([counted, ~counted]), known.group_of_film)
    thresholds = [HALF, *(_fitted(known, known.present, share) for share in asked)]
    pairs = zip(estimates[: called.shape[1]], estimates[called.shape[1] :], strict=True)
    cuts = [
        _cut(share, threshold, *pair, prevalence)
        for share, threshold, pair in zip([None, *asked], thresholds, pairs, strict=True)
    ]
    return Cuts(positives, tuple(cuts), prevalence)


def _cut(
    asked: float | None, threshold: float, sensitivity: Estimate, specificity: Estimate, prevalence: float | None
) -> Cut:
    values = (None, None) if prevalence is None else predictive_values(sensitivity, specificity, prevalence)
    return Cut(asked, threshold, sensitivity, specificity, *values)


def cross_fitted(known: Known, asked: Sequence[float]) -> Booleans:
    """Whether each film is positive at a threshold for each sensitivity that its group had no part in: (n, A)."""
    called = np.zeros((len(known.rows), len(asked)), bool)
    fold_of_film = _folds(known)
    for place, share in enumerate(asked):
        called[:, place] = known.scores >= _fitted(known, known.present, share)
        for fold in range(int(fold_of_film.max()) + 1):
            inside = fold_of_film == fold
            called[inside, place] = known.scores[inside] >= _fitted(known, known.present & ~inside, share)
    return called


def _fitted(known: Known, films: Booleans, asked: float) -> float:
    """The threshold that the share `asked` of the next positives reaches, fitted on some positives (n,)."""
    return -conformal_quantile(-known.scores[films], known.group_of_film[films], asked)


def _folds(known: Known) -> Integers:
    """The fold of each film (n,), groups whole; -1 for those of groups without a film that has it."""
    having = generator(0, "scores-folds").permutation(np.unique(known.group_of_film[known.present]))
    fold_of_group = np.full(int(known.group_of_film.max()) + 1, -1)
    fold_of_group[having] = np.arange(len(having)) % FOLDS
    return fold_of_group[known.group_of_film]
