"""An Evaluation: every figure with its interval, every prediction a row; `metrics.json` and `predictions.csv`."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm import records
from plainfilm.data.film_index import Row
from plainfilm.data.films import Films
from plainfilm.errors import SourceError
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation import metrics
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.decisions import Points, Sets, measure_operating_points, measure_sets
from plainfilm.evaluation.expected import guess
from plainfilm.evaluation.intervals import shares_by_class
from plainfilm.evaluation.measured import Measured, estimate_all
from plainfilm.evaluation.metrics import Booleans, Floats, Integers
from plainfilm.evaluation.reliability import Reliability, reliability
from plainfilm.evaluation.selective import RiskCoverage, risk_coverage
from plainfilm.evaluation.subgroups import Part, subgroups
from plainfilm.io import files, tables
from plainfilm.io.run_folder import METRICS, PREDICTIONS
from plainfilm.model.card import Guessed, OwnFigures
from plainfilm.model.decision import set_cell
from plainfilm.model.input_check import Verdict
from plainfilm.model.predictor import Answers, Predictor
from plainfilm.model.shift import Home, Placed, Shift

CHUNK = 256  # films whose pixels are in memory at a time
TUTORIAL_BATCH = 64  # the tutorial averages the figures of batches of 64
NO_CURVE, NO_CURVES = RiskCoverage(NOT_ESTIMABLE, ()), Reliability(NOT_ESTIMABLE, None, {})


@dataclass(frozen=True)
class Refusals:
    """The films that the input check refuses: share in all and by class, how many for which reason; was it fitted."""

    refused: Estimate
    classes: Mapping[str, Estimate]
    reasons: Mapping[str, int]
    fitted: bool


@dataclass(frozen=True)
class TutorialFigures:
    """Loss and accuracy as the tutorial takes them: means over batches, the small last one weighing as much."""

    loss: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Metrics(Measured):
    """The content of metrics.json; a part that an older file lacks is empty."""

    risk_coverage: RiskCoverage = NO_CURVE
    subgroups: Mapping[str, Mapping[str, Part]] | None = field(
        default=None, metadata=records.ABSENT
    )  # name entries of the user's table
    calibration: Reliability = NO_CURVES
    sets: Sets | None  # None: the model is not calibrated
    operating_points: Points | None
    gate: Refusals = Refusals(NOT_ESTIMABLE, {}, {}, fitted=False)
    guessed: Guessed | None = None  # the accuracy, as from films without labels; None: the model cannot guess
    shift: Shift | None = None  # of the films that the input check lets pass; None: the model cannot say
    films: str = ""  # of which these are, for instance "test"
    model: str = ""  # weights_sha256
    leaking: bool = False
    left_out: Mapping[str, int]
    tutorial: TutorialFigures = TutorialFigures(math.nan, math.nan)

    def as_dict(self) -> records.Object:
        """As JSON has it."""
        return records.as_dict(self)

    @property
    def own(self) -> OwnFigures:
        """As the card has those of the model's own test."""
        return records.from_dict(OwnFigures, replace(self, subgroups=None).as_dict())


@dataclass(frozen=True)
class Evaluation:
    """The films that were judged, what the model said of them, and the figures."""

    rows: tuple[Row, ...]  # N
    labels: Integers  # (N,) class numbers
    probabilities: Floats  # (N, K)
    sets: Booleans | None  # (N, K) bool; None: the model is not calibrated
    verdicts: tuple[Verdict, ...]  # N, of the gate; a film that it refuses counts all the same
    figures: Metrics

    def write(self, names: Sequence[str], folder: Path) -> None:
        """Write `metrics.json` and `predictions.csv` into `folder`."""
        files.writable_folder(folder)
        files.write_json(folder / METRICS, self.figures.as_dict())
        columns = ("path", "image_id", "group", "label", "predicted", *(f"p_{name}" for name in names), "set", "gate")
        table: list[Sequence[object]] = [columns]
        for number, (row, probabilities) in enumerate(zip(self.rows, self.probabilities, strict=True)):
            predicted = names[int(probabilities.argmax())]
            shown = [f"{probability:.6f}" for probability in probabilities]
            members = None if self.sets is None else np.flatnonzero(self.sets[number]).tolist()
            decision = [set_cell(members, names), self.verdicts[number].cell]
            table.append([row.path, row.image_id, row.group, row.label, predicted, *shown, *decision])
        files.write_text(folder / PREDICTIONS, tables.to_csv(table))


def evaluate(
    predictor: Predictor,
    films: Films,
    rows: Iterable[int],
    *,
    name: str,
    leaking: bool = False,
) -> Evaluation:
    """Judge some films of an index.

    Args:
        predictor: the model.
        films: the films, preprocessed at the model's size, of an index with the model's classes.
        rows: which of them to judge. Films that cannot be read, whose class the model does not know, or whose copies
            carry another class, are counted and left out.
        name: of the films, for instance "test" or the name of an external source.
        leaking: whether films of one patient, or copies, may also have been trained on.

    Raises:
        SourceError: if no film is left.
    """
    classes = predictor.card.class_names
    assert films.index.classes == classes
    wanted = list(rows)
    known = films.judged(wanted)
    left_out = Counter(films.index.rows[row].label or "?" for row in sorted({*wanted} - {*known}))
    if not known:
        raise SourceError("evaluation-no-films", classes=", ".join(classes), found=", ".join(sorted(left_out)) or "-")
    judged = tuple(films.index.rows[row] for row in known)
    labels, groups = films.labels(known), films.groups(known)
    parts, verdicts, placed = [], list[Verdict](), list[Placed | None]()
    for pixels, part in answers(predictor, films, known):
        rows_of_part = judged[len(verdicts) : len(verdicts) + len(pixels)]
        sizes = zip(*((row.width, row.height, row.chroma) for row in rows_of_part), strict=True)
        found, beside = predictor.judge(pixels, part, *sizes)
        verdicts += found
        placed += beside
        parts.append((part.probabilities, predictor.settled(part, beside)))
    probabilities = np.concatenate([part for part, _ in parts])
    set_parts = [part for _, part in parts if part is not None]
    sets = np.concatenate(set_parts) if set_parts else None
    fitted = predictor.card.calibration
    calibration, measured_sets, points = reliability(probabilities, labels, groups, classes), None, None
    if fitted is not None and sets is not None:
        calibration = replace(calibration, temperature=fitted.temperature)
        measured_sets = measure_sets(sets, labels, groups, classes, fitted.coverage)
        points = measure_operating_points(probabilities, labels, groups, classes, fitted)
    figures = Metrics(
        **vars(mark_missed(estimate_all(probabilities, labels, groups, classes), labels, groups)),
        risk_coverage=risk_coverage(probabilities, labels, groups),
        subgroups=subgroups(judged, probabilities, labels, classes),
        calibration=calibration,
        sets=measured_sets,
        operating_points=points,
        gate=refusals(verdicts, labels, groups, classes, is_fitted=predictor.input_check is not None),
        guessed=None if predictor.card.confidence is None else guess(probabilities, predictor.card.confidence),
        shift=None if predictor.home is None else shift_of(predictor.home, verdicts, placed, groups),
        films=name,
        model=predictor.card.weights_sha256,
        leaking=leaking,
        left_out=dict(sorted(left_out.items())),
        tutorial=tutorial_figures(probabilities, labels),
    )
    return Evaluation(judged, labels, probabilities, sets, tuple(verdicts), figures)


def answers(predictor: Predictor, films: Films, rows: Sequence[int]) -> Iterator[tuple[NDArray[np.uint8], Answers]]:
    """Pixels (B, C, S, S) of some films and the answers for them, in order, at most CHUNK at a time."""
    channels = predictor.card.preprocessing.channels
    for start in range(0, len(rows), CHUNK):
        pixels = films.pixels(rows[start : start + CHUNK], channels)
        yield pixels, predictor.answer(pixels)


def refusals(
    verdicts: Sequence[Verdict],
    labels: Integers,
    groups: Sequence[str],
    classes: Sequence[str],
    *,
    is_fitted: bool,
) -> Refusals:
    """What the input check refuses of N films."""
    refused = np.array([not verdict.passed for verdict in verdicts])
    (overall,), *by_class = shares_by_class(refused[:, None], labels, groups, len(classes))
    of_classes = {name: estimate for name, (estimate,) in zip(classes, by_class, strict=True)}
    reasons = Counter(code for verdict in verdicts for code in verdict.reasons)
    return Refusals(overall, of_classes, dict(sorted(reasons.items())), is_fitted)


def shift_of(home: Home, verdicts: Sequence[Verdict], placed: Sequence[Placed | None], groups: Sequence[str]) -> Shift:
    """Whether N films are like those of the model's home; those that the input check refuses do not count."""
    counted = [
        (film, group)
        for film, verdict, group in zip(placed, verdicts, groups, strict=True)
        if film is not None and verdict.passed
    ]
    return home.judge([film for film, _ in counted], [group for _, group in counted])


def tutorial_figures(probabilities: Floats, labels: Integers) -> TutorialFigures:
    """The tutorial's figures."""
    losses = metrics.log_losses(probabilities, labels)
    hits = (probabilities.argmax(axis=1) == labels).astype(float)
    starts = range(0, len(labels), TUTORIAL_BATCH)
    means = (
        float(np.mean([values[start : start + TUTORIAL_BATCH].mean() for start in starts])) for values in (losses, hits)
    )
    return TutorialFigures(*means)
