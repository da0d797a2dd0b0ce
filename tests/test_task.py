"""The seam: a grade from 0 to 3, a task that lives here alone, goes from train to report; its parts in `GRADE`.

A grade has three logits, of "at least 1", "at least 2" and "at least 3"; a film's grade is how many are probable.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from plainfilm import records, task
from plainfilm.config import load_recipe
from plainfilm.data.labelling import ClassLabels
from plainfilm.errors import RecipeError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io import files
from plainfilm.io.run_folder import METRICS, PREDICTIONS, Run
from plainfilm.messages import Listed
from plainfilm.model.card import OwnFigures
from plainfilm.model.findings import sigmoid
from plainfilm.model.predictor import Predictor
from plainfilm.present.blocks import Note, Section, Table
from plainfilm.present.sections.data import data
from plainfilm.present.sections.training import training
from plainfilm.present.statements import stance
from plainfilm.tasks.task import Task
from plainfilm.workflows import answers as answering
from plainfilm.workflows.training import Options, start_run
from tests.builders import Recorder

STEPS = ("1", "2", "3")  # a film is of at least this grade


class GradeLabels(ClassLabels):
    def names(self, labels):
        return STEPS

    def problem(self, label, names):
        return "" if label in ("0", *STEPS) else "label-missing"

    def all_counted(self, names):
        return ("0", *names)

    def check(self, labels, groups, names, section):
        assert set(labels) == {"0", *STEPS}

    def targets(self, labels, names, section):
        return np.array([int(label) if label.isdigit() else -1 for label in labels], dtype=np.int64)


class Cumulative:
    """The sum of three binary cross-entropies (Niu et al. 2016, CVPR: ordinal regression)."""

    def weight(self, targets):
        return torch.tensor(float(len(targets)))

    def loss(self, logits, targets):
        return F.binary_cross_entropy_with_logits(logits, self._reached(targets), reduction="sum")

    plain_loss = loss

    def right(self, logits, targets):
        return ((logits > 0).sum(dim=1) == targets).sum()

    def count(self, targets):
        return len(targets)

    def rank(self, figures):
        return (-figures["loss"],)

    @staticmethod
    def _reached(targets):
        return (targets[:, None] > torch.arange(3)).float()


class GradeAnswers:
    def calibration(self, entry, num_classes):
        return SimpleNamespace(spread=entry["spread"])

    def probabilities(self, logits, calibration):
        return sigmoid(logits)

    def decisions(self, probabilities, calibration):
        return None if calibration is None else (probabilities >= 0.5)

    def decided(self, decision):
        return (int(decision.sum()),)

    def operating_points(self, calibration):
        return ((),) * 3

    def explained(self, probabilities, base):
        return probabilities.argmax(axis=1)

    def kinds(self, logits, calibration):
        return (logits > 0).sum(axis=1)

    def kinds_of_targets(self, targets):
        return targets

    def num_kinds(self, num_classes):
        return num_classes + 1


@dataclass(frozen=True)
class Spread:
    spread: float  # mean absolute error on the validation films


@dataclass(frozen=True, kw_only=True)
class GradeMetrics:
    overall: dict[str, Estimate]
    counts: tuple[tuple[int, ...], ...]  # row the true grade, column the answered one
    labels: dict[str, object] = field(default_factory=dict)

    def as_dict(self):
        return records.as_dict(self)

    @property
    def own(self):
        return OwnFigures(self.overall, {"counts": self.counts})


@dataclass(frozen=True)
class GradeEvaluation:
    rows: tuple
    probabilities: np.ndarray
    figures: GradeMetrics

    def write(self, names, folder):
        files.writable_folder(folder)
        files.write_json(folder / METRICS, self.figures.as_dict())
        files.write_text(folder / PREDICTIONS, "path\n" + "".join(f"{row.path}\n" for row in self.rows))


class GradeJudging:
    metrics = external = GradeMetrics

    def calibrate(self, logits, targets, groups, choice, of):
        return Spread(float(np.abs((logits > 0).sum(axis=1) - targets).mean()))

    def confidence(self, probabilities, targets):
        return None

    def evaluate(self, predictor, films, rows, *, name, leaking=False):
        known = films.judged(rows)
        probabilities = np.concatenate([part.probabilities for _, part in answers(predictor, films, known)])
        given, truth = (probabilities >= 0.5).sum(axis=1), films.targets(known)
        counts = np.bincount(4 * truth + given, minlength=16).reshape(4, 4)
        error = grouped_mean(np.abs(given - truth).astype(float), films.groups(known), bound=3.0)
        judged = tuple(films.index.rows[row] for row in known)
        figures = GradeMetrics(overall={"mean_error": error}, counts=tuple(map(tuple, counts.tolist())))
        return GradeEvaluation(judged, probabilities, figures)


def grades(found) -> Section:
    rows = tuple((str(grade), *map(str, counts)) for grade, counts in enumerate(found.figures.counts))
    return Section("results", "Grades", (Table("Grades", ("Grade", *"0123"), rows),))


class GradeShowing:
    about, right = "report.about", "figure.accuracy"
    page = (grades, data, training)
    card_page = (grades, data)

    def draw(self, test, card, folder, language):
        return ()

    def evaluation(self, figures, card, films) -> Iterator[Note]:
        yield Note(f"mean error on {films}: {figures.overall['mean_error'].value:.2f} grades")

    def answers(self, found, card, shift):
        for answer in found:
            yield Note(f"{answer.path}: grade {answer.set[0]}")

    def known(self, card):
        return Listed(("grades from 0 to 3",))

    def tested(self, card):
        return Listed((f"mean error {card.evaluation.overall['mean_error'].value:.2f} grades",))

    def audited(self, card):
        return Listed(("not audited",))

    def calibrated(self, card):
        return Listed((f"off by {card.calibration.spread:.2f} grades on validation films",))

    def stance(self, answer, card, place):
        return stance(answer, place)

    def headline(self, answer, card, place):
        return Listed((f"grade {answer.set[0]}",))


GRADE = Task(
    labels=GradeLabels(),
    objective=lambda training, films, device: Cumulative(),
    answers=GradeAnswers(),
    judge=GradeJudging,
    show=GradeShowing,
    headline="mean_error",
)


@pytest.fixture
def grade(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "_registered", dict(task._registered))
    task.register("grade", GRADE)


@pytest.fixture
def films(tmp_path):
    """Phantoms of four grades: a white disc in one lung grows with each."""
    from PIL import Image, ImageDraw

    from plainfilm.data.phantom import draw

    for number in range(120):
        film = Image.fromarray(draw("NORMAL", seed=5, number=number, size=96).pixels)
        ImageDraw.Draw(film).ellipse((20, 40, 20 + 12 * (number % 4), 40 + 12 * (number % 4)), fill=255)
        folder = tmp_path / "films" / str(number % 4)
        folder.mkdir(parents=True, exist_ok=True)
        film.save(folder / f"{number}.png")
    return tmp_path / "films"


RECIPE = """
[task]
kind = "grade"

[split]
validation = 0.15
test = 0.15

[model]
width = 16

[training]
sizes_px = [64]
epochs = [4]
batch_size = 16
learning_rate = 1e-3
ema_decay = 0.5
precision = "float32"
"""


def test_a_task_of_others_goes_from_train_to_report(grade, films, tmp_path):
    (tmp_path / "grade.toml").write_text(RECIPE)
    run = Run(tmp_path / "run")
    result = start_run([films], [], load_recipe(str(tmp_path / "grade.toml")), run, Told(), Options(threads=1))
    assert result.notices == ()
    assert (run.audit / "audit.json").is_file()  # of leaks alone
    error = result.test.figures.overall["mean_error"]
    assert error.value < 0.8  # one grade for all films is off by 1
    predictor = Predictor(run.model, threads=1)
    assert predictor.card.task_kind == "grade"
    assert predictor.card.evaluation.overall["mean_error"] == error
    assert "Grades" in run.report.read_text(encoding="utf-8")
    assert "| 3 |" in run.card.read_text(encoding="utf-8")
    (answer, *_) = answering.predict(predictor, [films])
    assert answer.set[0] in range(4)
    assert answer.truth in ("0", *STEPS)


def test_there_is_no_task_of_that_name():
    with pytest.raises(RecipeError) as caught:
        task.task_of("grad")
    assert caught.value.code == "task-unknown"
    assert caught.value.parameters["expected"] == "classes, findings"


class Told(Recorder):
    """Hears all that a run says, and keeps its steps."""

    def on_scan(self, done, total):
        pass

    def on_index(self, index):
        assert index.task_kind == "grade"

    def on_fold(self, number, total):
        pass
