"""`plainfilm evaluate`: a model file on films from elsewhere."""

import contextlib
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from plainfilm.config import Recipe
from plainfilm.data.film_index import REASON_OF, Index, Row, data_checksum, reason_left_out, with_known_labels
from plainfilm.data.films import Films
from plainfilm.data.labelling import Labelling
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.labels import notes_of
from plainfilm.data.sources.listing import Listing, balance_of
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.errors import SourceError, UsageError
from plainfilm.evaluation.comparison import Comparison, Predictions, compare
from plainfilm.evaluation.external import look_for_seen, seen_figures, write_seen
from plainfilm.evaluation.findings_tables import FindingsCompared, FindingsPredictions, compare_tables
from plainfilm.evaluation.judging import About, Judged
from plainfilm.io import files, tables
from plainfilm.io.run_folder import PREDICTIONS, Run, check_elsewhere
from plainfilm.model.card import Card
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import Sighting
from plainfilm.task import task_of
from plainfilm.workflows.prepare import scanned

NO_SPLIT = {"kind": "none"}  # films that are only judged


def evaluate_sources(
    predictor: Predictor,
    sources: Sequence[Path],
    tables: Sequence[Path],
    *,
    recipe: Recipe | None = None,
    reading: Reading = PLAIN,
    prevalences: Mapping[str, float] | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Judged, list[Row], Balance]:
    """Judge all films of the sources whose class the model knows and that it has not seen; with `out` also write the
    Evaluation there, and `seen.csv`.

    The figures say besides what was left out as seen (`seen`), how much worse they are than those of the model's own
    test (`fall`), and of which files they are (`data_sha256`; the model is named by its weights' checksum).
    `recipe`: what uncertain and blank cells of findings mean in these tables; None: what the model file says.
    `prevalences` of classes add what their operating points predict at these: `predictive_values` in the figures.
    Returns the Evaluation, the rows of all films, of which some may be
    unreadable, and the balance of all files. Raises SourceError if no film is left; UsageError, RecipeError.
    """
    labels = labels_said(predictor.card, recipe)
    if out is not None:
        check_elsewhere(out)
        files.writable_folder(out)
    task = task_of(predictor.card.task_kind)
    with looked_at(predictor, sources, tables, labels, reading, progress) as (listing, found, films, sightings):
        rows = list(films.index.rows)
        judged = task.judging.evaluate(predictor, films, unseen_of(films, sightings), name="elsewhere")
        seen = seen_figures(predictor, films.index, sightings)
    balance = balance_of_films(listing, found, judged.rows, sightings, films.index)
    about = About(seen, balance.counts(), data_checksum(rows), prevalences)
    evaluation: Judged = replace(judged, figures=task.judging.elsewhere(judged.figures, predictor.card, about))
    if out is not None:
        evaluation.write(predictor.card.class_names, out)
        write_seen(rows, sightings, out)
    return evaluation, rows, balance


@contextlib.contextmanager
def looked_at(
    predictor: Predictor,
    sources: Sequence[Path],
    tables: Sequence[Path],
    labels: Mapping[str, Any],
    reading: Reading,
    progress: Progress | None,
) -> Iterator[tuple[Listing, list[Row], Films, list[Sighting]]]:
    """Films of a place as a model takes them: the listing, the rows as found, the films with labels, which are seen.

    `labels`: see `labels_said`.
    """
    card, wanted = predictor.card, predictor.card.preprocessing
    labelling: Labelling = task_of(card.task_kind).labels
    with scanned(
        sources,
        tables,
        size_px=wanted.size,
        fit=wanted.fit,
        reading=reading,
        progress=progress,
        labelling=labelling,
        wanted=card.class_names,
    ) as (listing, found, store):
        rows = with_known_labels(found, card.class_names, labelling)
        index = Index(tuple(rows), tuple(sources), card.class_names, NO_SPLIT, reading=reading, task=labels)
        films = Films.of(index, store)
        yield listing, found, films, look_for_seen(predictor, films)


def labels_said(card: Card, recipe: Recipe | None) -> dict[str, Any]:
    """What labels are, by a recipe or else by the model file. Raises UsageError for a recipe of another task."""
    if recipe is None:
        return dict(card.task or {})
    if card.task is None or recipe.task.kind != card.task_kind:
        raise UsageError("recipe-without-cells", given=recipe.task.kind, expected=card.task_kind)
    return recipe.task_section


def unseen_of(films: Films, sightings: Sequence[Sighting]) -> list[int]:
    """The rows of films that a model has not seen. Raises SourceError if it has seen all that it could be judged on."""
    unseen = [row for row, sighting in enumerate(sightings) if not sighting.kind]
    if not films.judged(unseen) and films.judged():
        raise SourceError("evaluation-all-seen", films=len(sightings), count=len(sightings) - len(unseen))
    return unseen


def balance_of_films(
    listing: Listing, found: Sequence[Row], judged: Sequence[Row], sightings: Sequence[Sighting], index: Index
) -> Balance:
    """What became of the files: judged, seen by the model before, or left out for another reason."""

    def unlike(row: Row) -> str:
        return REASON_OF.get(index.labelling.problem(row.label, index.classes), "class-unknown")

    used = {(row.origin, row.path) for row in judged}
    reasons = [
        "" if (row.origin, row.path) in used else "seen" if sighting.kind else reason_left_out(row) or unlike(row)
        for row, sighting in zip(found, sightings, strict=True)
    ]
    return balance_of(listing, reasons, notes_of(index.labelling.respelt([row.label for row in found], index.classes)))


def read_predictions(path: Path, *, by: str = "image_id") -> Predictions | FindingsPredictions:
    """Read `predictions.csv`: the file itself, or that of an evaluation's or a run's folder. Raises SourceError.

    `by`: the column that names the films.
    """
    if path.is_dir():
        here, of_run = path / PREDICTIONS, Run(path).predictions
        path = of_run if of_run.is_file() and not here.is_file() else here
    try:
        rows, columns = tables.from_csv(path.read_bytes().decode("utf-8", "surrogateescape"))
        if any(name.startswith("target_") for name in columns):
            return _findings(rows, columns, by)
        classes = tuple(name.removeprefix("p_") for name in columns if name.startswith("p_"))
        labels = np.array([classes.index(row["label"]) for row in rows])
        probabilities = np.array([[float(row[f"p_{name}"]) for name in classes] for row in rows])
        ids, groups = (tuple(row[name] for row in rows) for name in (by, "group"))
    except OSError as error:
        raise SourceError("predictions-missing", path=str(path)) from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise SourceError("predictions-damaged", path=str(path)) from error
    if not rows or not np.isfinite(probabilities).all():
        raise SourceError("predictions-damaged", path=str(path))
    return Predictions(ids, groups, classes, labels, probabilities)


def _findings(rows: Sequence[Mapping[str, str]], columns: Sequence[str], by: str) -> FindingsPredictions:
    """The predictions of findings in a table. Raises KeyError or ValueError for what is none."""
    names = tuple(name.removeprefix("target_") for name in columns if name.startswith("target_"))
    targets = np.array([[float(row[f"target_{name}"] or "nan") for name in names] for row in rows], np.float32)
    probabilities = np.array([[float(row[f"p_{name}"]) for name in names] for row in rows])
    if not rows or not np.isfinite(probabilities).all():
        raise ValueError("probabilities")
    ids, groups = (tuple(row[name] for row in rows) for name in (by, "group"))
    return FindingsPredictions(ids, groups, names, targets, probabilities)


def compare_predictions(first: Path, second: Path) -> Comparison | FindingsCompared:
    """Two models on the films that both have answered, from the `predictions.csv` of each. Raises SourceError.

    Scores that another program wrote name films by their paths alone; so films are matched by path then.
    """
    one, two = tables = [read_predictions(path) for path in (first, second)]
    if not set(one.image_ids) & set(two.image_ids):
        by_path = [read_predictions(path, by="path") for path in (first, second)]
        if any(named.image_ids == table.image_ids for named, table in zip(by_path, tables, strict=True)):
            one, two = by_path
    if isinstance(one, FindingsPredictions) and isinstance(two, FindingsPredictions):
        return compare_tables(one, two)
    if isinstance(one, Predictions) and isinstance(two, Predictions):
        return compare(one, two)
    raise SourceError("compare-tasks", first=str(first), second=str(second))
