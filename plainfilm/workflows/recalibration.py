"""`plainfilm recalibrate`: fit everything but the weights of a model anew, on a place's own labelled films.

Notable choices:
- Films that the model has seen are left out, as in an external test. Of the others half is for fitting, half for the
  test: drawn by groups (patients, copies), even by class (or findings) and source, always the same.
- Calibration, decisions and thresholds are fitted on the whole fitting half. They rest on logits alone, which none of
  these films has had a part in.
- What is fitted is the task's; what uncertain and blank cells of findings mean, the model's card says.
- The input check needs statistics and, to lay thresholds, films that these were not fitted on. A fitting half of fifty
  films is too small to be cut in two: 25 films would tell neither what a film looks like nor how far out the farthest
  of 200 may lie. So it is cross-fitted in NUM_FOLDS folds by groups: each film is measured by the statistics of the
  others, and the thresholds rest on all fitting films (`input_check.fit_crossed`).
- Home (`shift`) is the fitting half: the network was trained on none of it.
- The maps are not checked here, so the new file says that they were not.
- The test half is for nothing but the figures before and after. The new file knows the fitting films as seen, among
  those of validation, and the test films as not seen.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from plainfilm.config import DecisionRecipe, Recipe, parse_recipe
from plainfilm.data.film_index import data_checksum
from plainfilm.data.films import Films
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.errors import OutputError, RecipeError, SourceError
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.external import seen_figures
from plainfilm.evaluation.recalibration import BETTER_FILMS, MIN_FILMS, Recalibration
from plainfilm.io import files
from plainfilm.model import input_check, modelfile
from plainfilm.model.answering import Answering
from plainfilm.model.card import Card, Recalibrated
from plainfilm.model.input_measures import describe
from plainfilm.model.modelfile import Model
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import Sighting, with_fitted
from plainfilm.model.shift_fit import HomeFilms, fit_home
from plainfilm.task import task_of
from plainfilm.workflows.external_test import balance_of_films, labels_said, looked_at, unseen_of

SEED = 0  # of the halves, the folds, and the chance of home
NUM_FOLDS = 10  # of the input check
MIN_GROUPS = 20  # in each half: with fewer, sets that hold the true class in 95 % hold every class


def recalibrate(
    path: Path,
    sources: Sequence[Path],
    tables: Sequence[Path],
    out: Path,
    *,
    recipe: Recipe | None = None,
    reading: Reading = PLAIN,
    progress: Progress | None = None,
) -> Recalibration:
    """Write the model file `out`: the weights of the one at `path`, everything else fitted on films of the sources.

    `recipe`: what uncertain and blank cells of findings mean in these tables; None: what the model file says.
    Raises OutputError if `out` exists already; ModelFileError; SourceError if the films are too few; UsageError.
    """
    _check_new(out)
    files.writable_file(out)
    parent, predictor = modelfile.opened(path), Predictor(path)
    labels, judging = labels_said(predictor.card, recipe), task_of(predictor.card.task_kind).judging
    with looked_at(predictor, sources, tables, labels, reading, progress) as (listing, found, films, sightings):
        usable = _usable(films, sightings)
        fitted, tested = _halves(films, usable)
        with threadpool_limits(1, user_api="blas"):  # the same bits on any number of processors
            model = _fitted(parent, predictor, films, fitted)
            before, after = (
                judging.evaluate(one, films, tested, name="test").figures for one in (predictor, Predictor(model))
            )
    used = [films.index.rows[row] for row in usable]
    made = Recalibrated(predictor.file_sha256, len(used), len(fitted), len(tested), data_checksum(used))
    _check_new(out)
    replace(model, path=out, card=_tested(model.card, after, made)).write()
    balance = balance_of_films(listing, found, used, sightings, films.index)
    rows = films.index.rows
    seen = seen_figures(predictor, films.index, sightings)
    return Recalibration(out, Predictor(out).card, before, after, rows, balance, seen)


def _check_new(out: Path) -> None:
    if out.exists():
        raise OutputError("file-exists", path=str(out))


def _usable(films: Films, sightings: Sequence[Sighting]) -> list[int]:
    """The films that count and that the model has not seen. Raises SourceError if they are too few."""
    unseen = unseen_of(films, sightings)
    usable, count = films.judged(unseen), len(sightings) - len(unseen)
    if not usable:
        raise SourceError("recalibration-none-known", films=len(sightings), classes=", ".join(films.index.classes))
    if len(usable) < MIN_FILMS:
        raise SourceError(
            "recalibration-too-few",
            films=len(usable),
            found=len(sightings),
            count=count,
            classes=", ".join(films.index.classes),
            minimum=MIN_FILMS,
            better=BETTER_FILMS,
        )
    return usable


def _halves(films: Films, usable: Sequence[int]) -> tuple[list[int], list[int]]:
    """The films to fit on and those to test on. Raises SourceError if a half has too few groups."""
    index, groups, none = films.index, films.groups(usable), [False] * len(usable)
    counted, sources = films.counted(usable), [index.rows[row].source for row in usable]
    parts, _ = index.labelling.parts(counted, sources, groups, shares={"test": 0.5}, train_only=none, seed=SEED)
    fitted, tested = (
        [row for row, part in zip(usable, parts, strict=True) if part == name] for name in ("train", "test")
    )
    if min(len(set(films.groups(half))) for half in (fitted, tested)) < MIN_GROUPS:
        raise SourceError(
            "recalibration-few-groups", films=len(usable), groups=len(set(groups)), minimum=2 * MIN_GROUPS
        )
    return fitted, tested


def _fitted(parent: Model, predictor: Predictor, films: Films, rows: Sequence[int]) -> Model:
    """The model with everything but its weights fitted on some films, not tested yet."""
    parts = [(part.logits, part.features) for _, part in answers(predictor, films, rows)]
    logits, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    task, answering = task_of(parent.card.task_kind), predictor.answering
    targets, groups, described = films.targets(rows), films.groups(rows), describe(films.store[np.asarray(rows)])
    calibration = task.judging.calibrate(logits, targets, groups, _asked(parent.card, answering), "local")
    kinds = answering.kinds(logits, calibration)
    home = HomeFilms.of(features, *described, kinds, groups, np.ones(len(rows), bool))
    card = replace(
        parent.card,
        task=films.index.task or None,
        calibration=calibration,
        gate=input_check.fit_crossed(described, features, answering.kinds_of_targets(targets), _folds(films, rows)),
        shift=fit_home(home, answering.num_kinds(len(films.index.classes)), seed=SEED),
        confidence=task.judging.confidence(answering.probabilities(logits, calibration), targets),
        track_record=None,
        audited=None,
        evaluation=None,
        maps=None,
    )
    return replace(parent, card=card, seen=with_fitted(parent.seen, films, rows))


def _asked(card: Card, answering: Answering) -> DecisionRecipe:
    """The coverage and the sensitivities that were asked of the model; of one that is not calibrated, the defaults."""
    fitted, default = card.calibration, DecisionRecipe()
    if fitted is None:
        return default
    points = max(answering.operating_points(fitted), key=len)
    asked = max(tuple(point.asked for point in points), _of_recipe(card), key=len)
    return DecisionRecipe(coverage=fitted.coverage, sensitivities=asked or default.sensitivities)


def _of_recipe(card: Card) -> tuple[float, ...]:
    """The sensitivities that its recipe asks for, also those that its own films were too few for; none: no recipe."""
    try:
        return parse_recipe(card.provenance.recipe).decision.sensitivities if card.provenance.recipe else ()
    except RecipeError:  # of another version
        return ()


def _folds(films: Films, rows: Sequence[int]) -> NDArray[np.int64]:
    """(N,): the fold of each film, groups whole, classes or findings even."""
    nowhere, none = [""] * len(rows), [False] * len(rows)
    folds, _ = films.index.labelling.folds(
        films.counted(rows), nowhere, films.groups(rows), count=NUM_FOLDS, train_only=none, seed=SEED
    )
    return np.array(folds, dtype=np.int64)


def _tested(card: Card, figures: Any, made: Recalibrated) -> Card:
    """The card with the figures of the local test films, and how it came about."""
    return replace(card, evaluation=figures.own, provenance=replace(card.provenance, leaking=False, recalibrated=made))
