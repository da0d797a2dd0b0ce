"""What a run holds, as plain values. Every part may be missing; a part that is there and damaged is an error."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from plainfilm import records
from plainfilm.audits.findings import Audit
from plainfilm.config import Recipe, load_recipe
from plainfilm.data.film_index import Index, read_index
from plainfilm.errors import SourceError
from plainfilm.io import tables
from plainfilm.io.run_folder import Run
from plainfilm.messages import Text
from plainfilm.model.card import Card, ClassName, class_names, named
from plainfilm.model.predictor import Predictor
from plainfilm.task import CLASSES, task_of
from plainfilm.training.history import Step, read_history

T = TypeVar("T")


@dataclass(frozen=True)
class Gathered:
    """The artefacts of a run; None or empty for what is not there."""

    run: Run
    recipe: Recipe | None
    index: Index | None
    history: tuple[Step, ...]
    predictor: Predictor | None
    figures: Any  # evaluation/metrics.json, a record of the task's; None: not there
    predictions: tuple[dict[str, str], ...]  # evaluation/predictions.csv
    audit: Audit | None  # audit/audit.json
    external: Mapping[str, Any]  # by name, sorted
    log: Mapping[str, records.Object]  # the last line of each event
    checksums: Mapping[str, str]  # SHA-256 of the artefacts that are there, and of the external tests

    @property
    def card(self) -> Card | None:
        """What the model file says of itself."""
        return None if self.predictor is None else self.predictor.card

    @property
    def task_kind(self) -> str:
        """The name of the task."""
        if self.card is not None:
            return self.card.task_kind
        return CLASSES if self.index is None else self.index.task_kind

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, or findings."""
        if self.card is not None:
            return self.card.class_names
        return tuple(self._tested_classes()) if self.index is None else self.index.classes

    @cached_property
    def names(self) -> Mapping[str, ClassName]:
        """The display names of the classes."""
        index = self.index
        counted = () if index is None else class_names(index.all_counted, index.display_names)
        own = class_names(self._tested_classes()) if self.card is None and index is None else ()
        of_model = () if self.card is None else self.card.classes
        return {entry.name: entry for entry in (*counted, *own, *of_model)}

    def _tested_classes(self) -> list[str]:
        return [] if self.figures is None else list(getattr(self.figures, "classes", ()))

    @cached_property
    def shown(self) -> Callable[[str], Text]:
        """What gives the display names of a class; of one that the model does not know, the name itself."""
        return named(self.names.values())


def gather(run: Run) -> Gathered:
    """Read a run. Raises SourceError if the folder holds nothing to report on, or a damaged part."""
    if not any(path.is_file() for path in (run.recipe, run.model, run.metrics)):
        raise SourceError("report-no-run", path=str(run.folder))
    external = run.external()
    artefacts = (run.recipe, run.index, run.history, run.model, run.metrics, run.predictions, run.audit_figures)
    there = [path for path in artefacts if path.is_file()]
    checksums = {path.relative_to(run.folder).as_posix(): _sha256(path) for path in (*there, *external)}
    recipe = load_recipe(str(run.recipe)) if run.recipe in there else None
    judging = task_of(CLASSES if recipe is None else recipe.task.kind).judging
    return Gathered(
        run=run,
        recipe=recipe,
        index=read_index(run.index) if run.index in there else None,
        history=tuple(read_history(run.history)) if run.history in there else (),
        predictor=Predictor(run.model, threads=1) if run.model in there else None,
        figures=_read_json(run.metrics, judging.metrics),
        predictions=_read_predictions(run.predictions),
        audit=_read_json(run.audit_figures, Audit),
        external={path.parent.name: figures for path in external if (figures := _read_json(path, judging.external))},
        log=_read_log(run.log),
        checksums=checksums,
    )


def _read_json(path: Path, kind: type[T]) -> T | None:
    if not path.is_file():
        return None
    try:
        return records.from_dict(kind, json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise SourceError("report-damaged", path=str(path), reason=str(error)) from error


def _read_predictions(path: Path) -> tuple[dict[str, str], ...]:
    if not path.is_file():
        return ()
    rows, _ = tables.from_csv(path.read_bytes().decode("utf-8", "surrogateescape"))
    return tuple(rows)


def _read_log(path: Path) -> dict[str, records.Object]:
    """The last line of each event; a line that a crash cut off is passed over."""
    found: dict[str, records.Object] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
                found[entry["event"]] = entry
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
