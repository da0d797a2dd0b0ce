"""What a task is made of: a part for each room that depends on what a label is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plainfilm.config import TrainingRecipe
from plainfilm.data.films import Films
from plainfilm.data.labelling import Labelling
from plainfilm.model.answering import Answering

if TYPE_CHECKING:  # what an answer does not need
    from plainfilm.evaluation.judging import Judging
    from plainfilm.present.showing import Showing
    from plainfilm.training.objective import Objective


def no_probes(films: Films, **_: object) -> Mapping[str, object]:
    """An audit of leaks alone."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of label, and all that depends on it. `headline`: the figure that a model is first named by."""

    labels: Labelling
    objective: "Callable[[TrainingRecipe, Films, Any], Objective]"  # takes the device, too; imports PyTorch when called
    answers: Answering
    judge: "Callable[[], Judging]"  # imports figures when called
    show: "Callable[[], Showing]"  # imports pages when called
    headline: str
    probe: "Callable[..., Mapping[str, object]]" = no_probes  # parts of an audit: see `probe_classes`

    @property
    def judging(self) -> "Judging":
        """What is fitted and measured."""
        return self.judge()

    @property
    def showing(self) -> "Showing":
        """How it is shown."""
        return self.show()
