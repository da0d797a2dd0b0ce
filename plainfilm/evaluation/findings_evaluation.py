"""An evaluation of findings: every figure of every finding with its interval; `metrics.json` and `predictions.csv`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.films import Films
from plainfilm.data.sources.balance import Counts
from plainfilm.errors import SourceError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.decisions import PredictiveValues
from plainfilm.evaluation.evaluation import Refusals, answers, refusals, shift_of
from plainfilm.evaluation.external import Seen
from plainfilm.evaluation.findings_metrics import FindingFigures, measure_findings, subgroup_figures
from plainfilm.evaluation.generalisation_gap import Change, difference
from plainfilm.evaluation.known import MIN_POSITIVES
from plainfilm.evaluation.measured import Interval
from plainfilm.evaluation.metrics import Floats
from plainfilm.io import files, tables
from plainfilm.io.run_folder import METRICS, PREDICTIONS
from plainfilm.model.answering import STATES
from plainfilm.model.card import OwnFigures
from plainfilm.model.input_check import Verdict
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import Placed, Shift

Targets = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class FindingsMetrics:
    """The content of metrics.json for findings."""

    overall: Mapping[str, Estimate]  # macro means over `macro_over`
    macro_over: tuple[str, ...]  # findings with enough positives
    findings: Mapping[str, FindingFigures]
    interval: Interval
    subgroups: Mapping[str, Mapping[str, Mapping[str, Estimate]]] = field(default_factory=dict)
    gate: Refusals
    shift: Shift | None = None  # of the films that the input check lets pass; None: the model cannot say
    films: str = ""  # of which these are, for instance "test"
    num_films: int = 0
    model: str = ""  # weights_sha256
    leaking: bool = False
    left_out: int = 0
    labels: Mapping[str, object] = field(default_factory=dict)  # what uncertain and blank cells mean

    def as_dict(self) -> records.Object:
        """As JSON has it."""
        return records.as_dict(self)

    @property
    def own(self) -> OwnFigures:
        """As the card has those of the model's own test, but for what names entries of the user's table."""
        kept = {name: entry for name, entry in self.as_dict().items() if name not in ("overall", "subgroups")}
        return OwnFigures(self.overall, kept)


@dataclass(frozen=True, kw_only=True)
class FindingsExternalMetrics(FindingsMetrics):
    """The content of metrics.json of an external test."""

    seen: Seen | None  # what was left out as seen
    fall: Mapping[str, Change] | None  # of the AUC of each finding that both tests have; None: the model was not tested
    balance: Counts | None
    data_sha256: str = ""  # of which files the figures are
    predictive_values: Mapping[str, PredictiveValues] | None = field(
        default=None, metadata=records.ABSENT
    )  # at prevalences


@dataclass(frozen=True)
class _OwnFindings:
    """What is compared of the sections of a model's own test."""

    findings: Mapping[str, FindingFigures]


def gap_of_findings(own: OwnFigures | None, elsewhere: FindingsMetrics) -> dict[str, Change] | None:
    """By how much the AUC of each finding is lower than in the model's own test, where both have enough positives."""
    if own is None:
        return None
    known = records.from_dict(_OwnFindings, own.others).findings
    found = {}
    for name in elsewhere.macro_over:
        if name in known and known[name].positives >= MIN_POSITIVES:
            internal, external = known[name].auc, elsewhere.findings[name].auc
            found[name] = Change(internal, external, difference(internal, external))
    return found


@dataclass(frozen=True)
class FindingsEvaluation:
    """The films that were judged, what the model said of them, and the figures."""

    rows: tuple[Row, ...]  # N
    targets: Targets  # (N, K), NaN where nobody says
    probabilities: Floats  # (N, K)
    states: NDArray[np.int8] | None  # (N, K); None: the model is not calibrated
    verdicts: tuple[Verdict, ...]  # N, of the gate; a film that it refuses counts all the same
    figures: FindingsMetrics

    def write(self, names: Sequence[str], folder: Path) -> None:
        """Write `metrics.json` and `predictions.csv` into `folder`."""
        files.writable_folder(folder)
        files.write_json(folder / METRICS, self.figures.as_dict())
        kinds = ("target", "p", "state")
        columns = ("path", "image_id", "group", *(f"{kind}_{name}" for name in names for kind in kinds), "gate")
        table: list[Sequence[object]] = [columns]
        for number, row in enumerate(self.rows):
            cells = [cell for k in range(len(names)) for cell in self._cells(number, k)]
            table.append([row.path, row.image_id, row.group, *cells, self.verdicts[number].cell])
        files.write_text(folder / PREDICTIONS, tables.to_csv(table))

    def _cells(self, number: int, k: int) -> tuple[str, str, str]:
        """What is known of a finding, its probability, what is said of it."""
        target = self.targets[number, k]
        known = "" if np.isnan(target) else f"{target:g}"
        state = "" if self.states is None else STATES[int(self.states[number, k])]
        return known, f"{self.probabilities[number, k]:.6f}", state


def evaluate_findings(
    predictor: Predictor, films: Films, rows: Iterable[int], *, name: str, leaking: bool = False
) -> FindingsEvaluation:
    """Judge some films of an index whose findings are the model's; arguments and errors as `evaluation.evaluate`."""
    names, wanted = predictor.card.class_names, list(rows)
    assert films.index.classes == names
    known = films.judged(wanted)
    if not known:
        raise SourceError("evaluation-no-findings", findings=", ".join(names), films=len(wanted))
    judged = tuple(films.index.rows[row] for row in known)
    targets, groups = films.targets(known), films.groups(known)
    verdicts, placed = list[Verdict](), list[Placed | None]()
    probabilities, states = [], []
    for pixels, part in answers(predictor, films, known):
        rows_of_part = judged[len(verdicts) : len(verdicts) + len(pixels)]
        sizes = zip(*((row.width, row.height, row.chroma) for row in rows_of_part), strict=True)
        found, beside = predictor.judge(pixels, part, *sizes)
        verdicts += found
        placed += beside
        probabilities.append(part.probabilities)
        states += [] if part.sets is None else [part.sets]
    every, decided = np.concatenate(probabilities), np.concatenate(states) if states else None
    measured = measure_findings(every, decided, targets, groups, names, predictor.card.calibration)
    counted = np.zeros(len(groups), np.int64)
    figures = FindingsMetrics(
        overall={f"macro_{figure}": estimate for figure, estimate in measured.macro.items()},
        macro_over=measured.macro_over,
        findings=measured.findings,
        interval=measured.interval,
        subgroups=subgroup_figures(judged, every, targets, groups, names),
        gate=refusals(verdicts, counted, groups, ["films"], is_fitted=predictor.input_check is not None),
        shift=None if predictor.home is None else shift_of(predictor.home, verdicts, placed, groups),
        films=name,
        num_films=len(known),
        model=predictor.card.weights_sha256,
        leaking=leaking,
        left_out=len({*wanted} - {*known}),
        labels=films.index.task,
    )
    return FindingsEvaluation(judged, targets, every, decided, tuple(verdicts), figures)
