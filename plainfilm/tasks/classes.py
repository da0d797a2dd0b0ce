"""Classes: exactly one a film."""

from typing import TYPE_CHECKING, Any

from plainfilm.config import TrainingRecipe
from plainfilm.data.films import Films
from plainfilm.data.labelling import CLASS_LABELS
from plainfilm.model.answering import ClassAnswers
from plainfilm.tasks.task import Task

if TYPE_CHECKING:
    from plainfilm.evaluation.judging import ClassJudging
    from plainfilm.evaluation.metrics import Floats
    from plainfilm.present.showing import ClassShowing
    from plainfilm.training.objective import CrossEntropy


def objective(training: TrainingRecipe, films: Films, device: Any) -> "CrossEntropy":
    """Cross-entropy."""
    from plainfilm.training.objective import CrossEntropy

    return CrossEntropy(training, films, device)


def judge() -> "ClassJudging":
    """Figures of classes."""
    from plainfilm.evaluation.judging import ClassJudging

    return ClassJudging()


def show() -> "ClassShowing":
    """One answer a film."""
    from plainfilm.present.showing import ClassShowing

    return ClassShowing()


def probe_classes(
    films: Films,
    *,
    facts: "Floats | None",
    probabilities: "Floats | None",
    features: "Floats | None",
    cheap: bool,
) -> dict[str, object]:
    """The part of an audit that tells classes apart without the lungs; arguments as `audit_shortcuts`."""
    from plainfilm.audits.shortcuts import audit_shortcuts

    found = audit_shortcuts(films, facts=facts, probabilities=probabilities, features=features, cheap=cheap)
    return {"shortcuts": found}


TASK = Task(
    labels=CLASS_LABELS,
    objective=objective,
    answers=ClassAnswers(),
    judge=judge,
    show=show,
    headline="accuracy",
    probe=probe_classes,
)
