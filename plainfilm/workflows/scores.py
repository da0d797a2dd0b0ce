"""`plainfilm evaluate SCORES --table TABLE`: the figures for probabilities that any program wrote, without a model.

No film is opened. So copies of a film are not known, and patients only as far as a table names them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from plainfilm.config import Recipe
from plainfilm.data.film_index import REASON_OF, Index, Row
from plainfilm.data.labelling import Labelling, Targets, touched
from plainfilm.data.scan import COLUMNS
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_columns import unfolded
from plainfilm.data.sources.scores_columns import FINDINGS, Chosen, choose
from plainfilm.data.sources.scores_table import Joined, Scores, join, probabilities, read_scores
from plainfilm.data.sources.table import check_boxes, notes_on_short_rows, read_table
from plainfilm.data.splits.groups import mark_nobodies, persons
from plainfilm.errors import SourceError, UsageError
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.scores import (
    ClassScores,
    FindingScores,
    Prevalences,
    Provenance,
    ScoresEvaluation,
    judge_classes,
    judge_findings,
)
from plainfilm.io import files
from plainfilm.io.run_folder import check_elsewhere
from plainfilm.messages import Listed, Message, say
from plainfilm.model.card import class_names
from plainfilm.task import CLASSES, task_of
from plainfilm.workflows.prevalence import parse_shares

PAGE = "report.html"
NO_SPLIT = {"kind": "none"}  # films that are only judged


@dataclass(frozen=True)
class Read:
    """What scores and tables say of the films that both have.

    `entries` and `reasons`: of these N films, and why each is not judged, "" if it is. `values`: their scores, (N, K).
    """

    scores: Scores
    joined: Joined
    chosen: Chosen
    entries: tuple[Entry, ...]
    values: Floats
    reasons: tuple[str, ...]
    notes: tuple[Message, ...]

    @property
    def kept(self) -> list[int]:
        """The films that are judged."""
        return [place for place, reason in enumerate(self.reasons) if not reason]

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The paths of films that are not judged by the reason, those without a row in any table first."""
        found: dict[str, list[str]] = defaultdict(list)
        for number, film in enumerate(self.scores.films):
            if number not in self.joined.entries:
                found["no-row"].append(film.path)
        for entry, reason in zip(self.entries, self.reasons, strict=True):
            if reason:
                found[reason].append(entry.path)
        return {reason: tuple(paths) for reason, paths in found.items()}


def evaluate_scores(
    path: Path,
    tables: Sequence[Path],
    *,
    recipe: Recipe | None = None,
    prevalence: Sequence[str] = (),
    encoding: str = "",
    out: Path | None = None,
    language: str = "en",
) -> ScoresEvaluation:
    """Judge the films that a table of scores and the tables of the films have in common.

    Args:
        path: the table of scores.
        tables: of the films, with what they show.
        recipe: whose section [task] says what is scored, and what uncertain and blank cells of findings mean.
        prevalence: NAME=SHARE, at which predictive values are given.
        encoding: of the tables.
        out: the folder for metrics.json, predictions.csv and report.html; None: nothing is written.
        language: the one that the page shows first.

    Raises:
        SourceError, UsageError: for what cannot be judged; nothing is written then.
        OutputError, StorageError: if `out` cannot be written.
    """
    read = _read(path, tables, recipe, encoding)
    names = tuple(read.chosen.columns)
    rows = _grouped([_row(read.entries[place]) for place in read.kept])
    task = {"kind": read.chosen.kind} if recipe is None else recipe.task_section
    index = Index(tuple(rows), (), names, NO_SPLIT, task=task)
    if recipe is None:
        _check_said(index)
    targets = index.labelling.targets([row.label for row in rows], names, task)
    shares = parse_shares(prevalence, names)
    if out is not None:
        check_elsewhere(out)
        files.writable_folder(out)
    found = _judged(read, index, targets, shares, path, tables)
    if out is not None:
        from plainfilm.present.scores_page import write_scores_page

        found.write(out)
        write_scores_page(found, out / PAGE, language=language)
    return found


# --- what is judged --------------------------------------------------------------------------------------------------


def _read(path: Path, tables: Sequence[Path], recipe: Recipe | None, encoding: str) -> Read:
    """Scores and tables, joined. Raises SourceError, also if no film is left."""
    scores = read_scores(path, encoding=encoding)
    local = [read_table(table, encoding=encoding) for table in tables]
    joined = join(scores, local)
    entries = unfolded([*joined.entries.values()])
    if recipe is None:
        chosen = choose(scores.headings, entries)
    else:
        spelt = [*(recipe.data.classes or ()), *(recipe.task.columns or {})]
        chosen = choose(scores.headings, entries, kind=_kind(recipe), spelt=spelt)
    names = tuple(chosen.columns)
    labelling: Labelling = task_of(chosen.kind).labels
    if not labelling.is_single:
        check_boxes(local)
    labelled, notes = labelling.labelled(entries, names)
    short = () if labelling.is_single else notes_on_short_rows(local)
    notes = (*(note for table in local for note in table.notes), *short, *notes)
    values = probabilities(scores, chosen, list(joined.entries))
    problem_of = {label: labelling.problem(label, names) for label in {entry.label for entry in labelled}}
    is_blank = np.asarray(np.isnan(values).all(axis=1))
    reasons = [_reason(entry, blank, problem_of) for entry, blank in zip(labelled, is_blank, strict=True)]
    read = Read(scores, joined, chosen, tuple(labelled), values, tuple(reasons), notes)
    if not read.kept:
        reasons_of = Listed(tuple(_counted(reason, len(paths)) for reason, paths in read.left_out.items()))
        raise SourceError("scores-none-judged", path=str(path), films=len(scores.films), reasons=reasons_of)
    return read


def _kind(recipe: Recipe) -> str:
    """The task of a recipe. Raises UsageError for one that scores are not judged by."""
    if recipe.task.kind not in (CLASSES, FINDINGS):
        raise UsageError("scores-task", given=recipe.task.kind, expected=f"{CLASSES}, {FINDINGS}")
    return recipe.task.kind


def _reason(entry: Entry, is_blank: bool, problem_of: Mapping[str, str]) -> str:
    """Why a film is not judged, "" if it is; `is_blank`: whether it has no scores, `problem_of`: those of labels."""
    if is_blank:
        return "no-score"
    code = next(iter(entry.problems), problem_of[entry.label])
    return REASON_OF[code] if code else ""


def _counted(reason: str, films: int) -> Message:
    return say("scores.left-out-for", reason=say(f"scores.reason.{reason}"), films=films)


def _row(entry: Entry) -> Row:
    """A film that nobody opened: its path stands for its image_id."""
    patient, source, quality = (entry.columns.get(name, "") for name in COLUMNS)
    extra = {name: value for name, value in entry.columns.items() if name not in COLUMNS}
    return Row(
        image_id=entry.path,
        path=entry.path,
        label=entry.label,
        patient=patient,
        source=source,
        quality=quality,
        patient_table=entry.patient_table,
        extra=extra,
    )


def _grouped(rows: Sequence[Row]) -> list[Row]:
    """The rows, those of a patient as a group; a film whose patient is not known is one by itself."""
    marked = mark_nobodies(rows, ())
    first_of: dict[object, str] = {}
    whose = [person or row.path for person, row in zip(persons(marked), marked, strict=True)]
    for owner, row in zip(whose, marked, strict=True):
        first_of[owner] = min(first_of.get(owner, row.path), row.path)
    return [replace(row, group=f"g-{first_of[owner]}") for owner, row in zip(whose, marked, strict=True)]


def _check_said(index: Index) -> None:
    """Raise UsageError if there are uncertain or blank cells, whose meaning only a recipe can say."""
    cells = touched([row.label for row in index.rows], index.classes)
    if any(cells.values()):
        named = ", ".join(sorted({name for of_kind in cells.values() for name in of_kind}))
        counts = {kind: of_kind.total() for kind, of_kind in cells.items()}
        raise UsageError("scores-cells-unsaid", findings=named, **counts)


def _judged(
    read: Read, index: Index, targets: Targets, shares: Prevalences, path: Path, tables: Sequence[Path]
) -> ScoresEvaluation:
    """Every figure."""
    rows, left_out = index.rows, read.left_out
    scored = Provenance(
        task=read.chosen.kind,
        scores_sha256=files.sha256(path.read_bytes()),
        tables_sha256=tuple(files.sha256(table.read_bytes()) for table in tables),
        rows=read.scores.num_rows,
        films=len(read.scores.films),
        judged=len(rows),
        left_out={reason: len(paths) for reason, paths in left_out.items()},
        unfit=tuple(map(len, read.joined.unfit)),
        known_patients=len(rows) - persons(rows).count(None),
    )
    values = read.values[read.kept]
    about: dict[str, Any] = {"prevalences": shares, "scored": scored}
    figures: ClassScores | FindingScores
    if read.chosen.kind == CLASSES:
        figures = judge_classes(rows, values, targets, index.classes, **about)
    else:
        figures = judge_findings(rows, values, targets, index.classes, meanings=index.task, **about)
    return ScoresEvaluation(
        rows=rows,
        targets=targets,
        probabilities=values,
        figures=figures,
        classes=class_names(index.classes, index.display_names),
        chosen=read.chosen,
        left_out=left_out,
        balances=read.joined.balances,
        unfit=read.joined.unfit,
        notes=read.notes,
    )
