"""Findings: any number a film."""

from typing import TYPE_CHECKING, Any

from plainfilm.config import TrainingRecipe
from plainfilm.data.films import Films
from plainfilm.data.labelling import FindingLabels
from plainfilm.model.answering import FindingAnswers
from plainfilm.tasks.task import Task

if TYPE_CHECKING:
    from plainfilm.evaluation.judging import FindingJudging
    from plainfilm.evaluation.metrics import Floats
    from plainfilm.present.showing import FindingShowing
    from plainfilm.training.objective import MaskedBinaryCrossEntropy


def objective(training: TrainingRecipe, films: Films, device: Any) -> "MaskedBinaryCrossEntropy":
    """Binary cross-entropy over the cells that say something."""
    from plainfilm.training.objective import MaskedBinaryCrossEntropy

    return MaskedBinaryCrossEntropy(training, films, device)


def judge() -> "FindingJudging":
    """Figures of each finding."""
    from plainfilm.evaluation.judging import FindingJudging

    return FindingJudging()


def show() -> "FindingShowing":
    """Findings in the order in which they matter."""
    from plainfilm.present.showing import FindingShowing

    return FindingShowing()


def probe_findings(
    films: Films,
    *,
    facts: "Floats | None",
    probabilities: "Floats | None",
    features: "Floats | None",
    cheap: bool,
) -> dict[str, object]:
    """The part of an audit that tells each finding without the lungs, or without any film; no features are needed."""
    from plainfilm.audits.finding_probes import audit_findings

    targets = films.targets(range(len(films.index.rows)))
    names = films.index.classes
    return {"findings": audit_findings(films, targets, names, facts=facts, probabilities=probabilities, cheap=cheap)}


TASK = Task(
    labels=FindingLabels(),
    objective=objective,
    answers=FindingAnswers(),
    judge=judge,
    show=show,
    headline="macro_auc",
    probe=probe_findings,
)
