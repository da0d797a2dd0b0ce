"""An Evaluation: every figure with its interval, every prediction a row; `metrics.json` and `predictions.csv`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from plainfilm.data.film_index import Row
from plainfilm.data.films import Films
from plainfilm.errors import SourceError
from plainfilm.evaluation import metrics
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.decisions import measure_operating_points, measure_sets
from plainfilm.evaluation.intervals import estimate_all, shares_by_class
from plainfilm.evaluation.reliability import reliability
from plainfilm.evaluation.selective import risk_coverage
from plainfilm.evaluation.subgroups import subgroups
from plainfilm.io import files, tables
from plainfilm.io.run_folder import METRICS, PREDICTIONS
from plainfilm.model.card import Card
from plainfilm.model.decision import set_cell
from plainfilm.model.gate import Verdict
from plainfilm.model.predictor import Answers, Predictor

CHUNK = 256  # films whose pixels are in memory at a time
TUTORIAL_BATCH = 64  # the tutorial averages the figures of batches of 64


@dataclass(frozen=True)
class Evaluation:
    """The films that were judged, what the model said of them, and the figures."""

    rows: tuple[Row, ...]  # N
    labels: np.ndarray  # (N,) class numbers
    probabilities: np.ndarray  # (N, K)
    sets: np.ndarray | None  # (N, K) bool; None: the model is not calibrated
    verdicts: tuple[Verdict, ...]  # N, of the gate; a film that it refuses counts all the same
    figures: dict[str, Any]  # the content of metrics.json


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
        SourceError: where no film is left.
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
    parts, verdicts = [], list[Verdict]()
    for pixels, part in answers(predictor, films, known):
        rows_of_part = judged[len(verdicts) : len(verdicts) + len(pixels)]
        sizes = zip(*((row.width, row.height, row.chroma) for row in rows_of_part), strict=True)
        verdicts += predictor.judge(pixels, part.features, *sizes)
        parts.append((part.probabilities, part.sets))
    probabilities = np.concatenate([part for part, _ in parts])
    set_parts = [part for _, part in parts if part is not None]
    sets = np.concatenate(set_parts) if set_parts else None
    figures = estimate_all(probabilities, labels, groups, classes)
    mark_missed(figures, labels, groups)
    figures["risk_coverage"] = risk_coverage(probabilities, labels, groups)
    figures["subgroups"] = subgroups(judged, probabilities, labels, classes)
    figures |= decision_figures(predictor.card, probabilities, sets, labels, groups)
    figures["gate"] = gate_figures(verdicts, labels, groups, classes) | {"fitted": predictor.gate is not None}
    figures |= {
        "films": name,
        "model": predictor.card.weights_sha256,
        "leaking": leaking,
        "left_out": dict(sorted(left_out.items())),
        "tutorial": tutorial_figures(probabilities, labels),
    }
    return Evaluation(judged, labels, probabilities, sets, tuple(verdicts), figures)


def answers(predictor: Predictor, films: Films, rows: Sequence[int]) -> Iterator[tuple[np.ndarray, Answers]]:
    """Pixels (B, C, S, S) of some films and the answers for them, in order, at most CHUNK at a time."""
    channels = predictor.card.preprocessing.channels
    for start in range(0, len(rows), CHUNK):
        pixels = films.pixels(rows[start : start + CHUNK], channels)
        yield pixels, predictor.answer(pixels)


def gate_figures(
    verdicts: Sequence[Verdict], labels: np.ndarray, groups: Sequence[str], classes: Sequence[str]
) -> dict[str, Any]:
    """The share of films that the gate refuses, in all and by class, and how often for which reason."""
    refused = np.array([not verdict.passed for verdict in verdicts])
    (overall,), *by_class = shares_by_class(refused[:, None], labels, groups, len(classes))
    return {
        "refused": overall.as_dict(),
        "classes": {name: estimate.as_dict() for name, (estimate,) in zip(classes, by_class, strict=True)},
        "reasons": dict(sorted(Counter(code for verdict in verdicts for code in verdict.reasons).items())),
    }


def decision_figures(
    card: Card, probabilities: np.ndarray, sets: np.ndarray | None, labels: np.ndarray, groups: Sequence[str]
) -> dict[str, Any]:
    """The figures of calibration, sets and operating points; of the latter two None where the model has none."""
    classes, fitted = card.class_names, card.calibration
    found: dict[str, Any] = {"calibration": reliability(probabilities, labels, groups, classes)}
    if fitted is None or sets is None:
        return found | {"sets": None, "operating_points": None}
    found["calibration"]["temperature"] = fitted.temperature
    found["sets"] = measure_sets(sets, labels, groups, classes, fitted.coverage)
    found["operating_points"] = measure_operating_points(probabilities, labels, groups, classes, fitted)
    return found


def tutorial_figures(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Loss and accuracy as the tutorial takes them: means over batches, the small last one weighing as much."""
    losses = metrics.log_losses(probabilities, labels)
    hits = (probabilities.argmax(axis=1) == labels).astype(float)
    starts = range(0, len(labels), TUTORIAL_BATCH)
    return {
        name: float(np.mean([values[start : start + TUTORIAL_BATCH].mean() for start in starts]))
        for name, values in (("loss", losses), ("accuracy", hits))
    }


def write_evaluation(evaluation: Evaluation, classes: Sequence[str], folder: Path) -> None:
    """Write `metrics.json` and `predictions.csv` into `folder`."""
    files.writable_folder(folder)
    files.write_json(folder / METRICS, evaluation.figures)
    columns = ("path", "image_id", "group", "label", "predicted", *(f"p_{name}" for name in classes), "set", "gate")
    table: list[Sequence[object]] = [columns]
    for number, (row, probabilities) in enumerate(zip(evaluation.rows, evaluation.probabilities, strict=True)):
        predicted = classes[int(probabilities.argmax())]
        shown = [f"{probability:.6f}" for probability in probabilities]
        members = None if evaluation.sets is None else np.flatnonzero(evaluation.sets[number]).tolist()
        decision = [set_cell(members, classes), evaluation.verdicts[number].cell]
        table.append([row.path, row.image_id, row.group, row.label, predicted, *shown, *decision])
    files.write_text(folder / PREDICTIONS, tables.to_csv(table))
