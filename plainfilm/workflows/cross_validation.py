"""`plainfilm cross-validate`: grouped k folds and several seeds, every run kept; mean, spread, and the pooled figures.

- The films are decoded and indexed once. Each fold is an ordinary run in a folder of its own, with the pixels of all of
  them (one file on the disk, under several names): a run that is finished is not trained again, a stopped one goes on.
- Each film is tested once a seed, by a model that was trained without its group. The pooled figures of a seed rest on
  all these answers; their intervals are those of the films, for models as they are. How much training itself varies is
  what the spread over runs tells; it is not turned into an interval, because folds share most of their training films
  and no unbiased estimate of its variance exists (Bengio & Grandvalet 2004, J Mach Learn Res 5:1089).
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

from plainfilm import records
from plainfilm.config import Recipe, load_recipe
from plainfilm.data.film_index import Index, is_index, read_index, split_anew, write_index
from plainfilm.data.sources.labels import asked
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.data.sources.table import is_table, read_table
from plainfilm.errors import ModelFileError, OutputError, RecipeError, UsageError
from plainfilm.evaluation.judging import Judging
from plainfilm.evaluation.measured import Measured
from plainfilm.evaluation.spread import CrossValidation, Judged, RunFigures, spread_over
from plainfilm.io import files
from plainfilm.io.run_folder import CROSS_VALIDATION, Run, held, pixel_files
from plainfilm.model.predictor import Predictor
from plainfilm.task import task_of
from plainfilm.workflows.external_test import read_predictions
from plainfilm.workflows.prepare import fill_store, make_films
from plainfilm.workflows.training import Observer, Options, continue_run, until

FORMAT_VERSION = 1
ASKED = "sources.json"  # of which films a cross-validation is


class FoldObserver(Observer, Protocol):
    """Who hears how all the runs go."""

    def on_run(self, name: str, number: int, total: int, *, done: bool) -> None:
        """A run begins, or is found `done`."""


@dataclass(frozen=True)
class Fold:
    """One run: its folder's name, its recipe, its split."""

    name: str
    seed: int
    number: int
    recipe: Recipe
    index: Index


def cross_validate(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    out: Path,
    observer: FoldObserver,
    options: Options,
    *,
    folds: int,
    seeds: Sequence[int] = (),
    reading: Reading = PLAIN,
) -> CrossValidation:
    """Train and test a model for each fold and seed in `out`, or go on there; what `cross-validation.json` holds.

    Without `seeds` the recipe's is taken. Raises RecipeError if the weights come from a file, OutputError if `out`
    holds something else, or another process is at work there.
    """
    if recipe.model.is_given:
        raise RecipeError("cross-validate-init", given=recipe.model.init)
    recipe = replace(recipe, split=replace(recipe.split, kind="folds", folds=folds, fold=0))
    seeds = list(dict.fromkeys(seeds)) or [recipe.training.seed]
    with held(out):
        index = _prepare(sources, tables, reading, recipe, out, until(options.stop, observer))
        plan = list(_plan(index, recipe, seeds))
        evaluations = []
        for number, fold in enumerate(plan, start=1):
            run = Run(out / fold.name)
            done = _judged(run)
            observer.on_run(fold.name, number, len(plan), done=done is not None)
            if done is None:
                _start(run, fold, out)
                continue_run(run, observer, options)
                done = _judged(run)
                assert done is not None
            evaluations.append(done)
        found = CrossValidation(
            format_version=FORMAT_VERSION,
            folds=folds,
            seeds=tuple(seeds),
            films=sum(bool(row.split) for row in index.rows),
            data_sha256=index.data_checksum,
            runs=tuple(
                RunFigures(run=fold.name, seed=fold.seed, fold=fold.number, **vars(done))
                for fold, done in zip(plan, evaluations, strict=True)
            ),
            spread=spread_over(evaluations),
            pooled={str(seed): _pooled([Run(out / fold.name) for fold in plan if fold.seed == seed]) for seed in seeds},
        )
        files.write_json(out / CROSS_VALIDATION, records.as_dict(found))
    return found


def parse_seeds(given: str) -> list[int]:
    """Seeds from `0,1,2`; none from nothing. Raises UsageError.

    >>> parse_seeds("3, 1"), parse_seeds("")
    ([3, 1], [])
    """
    words = [word.strip() for word in given.split(",")] if given.strip() else []
    if not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError("seeds-malformed", given=repr(given))
    return [int(word) for word in words]


def _prepare(
    sources: Sequence[Path], tables: Sequence[Path], reading: Reading, recipe: Recipe, out: Path, progress: Progress
) -> Index:
    """The index of all films and their pixels in `out`: made, or found there."""
    asked = _asked(sources, tables, reading)
    run = Run(out)  # of no training; the films of all of them
    if run.is_begun:
        if _values(load_recipe(str(run.recipe))) != _values(recipe) or _asked_before(out) != asked:
            raise OutputError("cross-validate-other", path=str(out))
        index = read_index(run.index)
        fill_store(index, recipe, out, progress)
        return index
    run.make()
    try:
        if len(sources) == 1 and is_index(sources[0]):  # its films and groups; its split is not that of a fold
            given = read_index(sources[0])
            index = split_anew(given, recipe)
            fill_store(index, recipe, out, progress)
        else:
            films = make_films(sources, tables, recipe, out, reading=reading, progress=progress, keeps_key=True)
            index = films.index
        write_index(index, out)
        files.write_json(out / ASKED, asked)
        files.write_text(run.recipe, recipe.to_toml())  # last: without it nothing is there to go on with
    except BaseException:
        files.empty(out)
        raise
    return index


def _values(recipe: Recipe) -> dict[str, object]:
    """All that a recipe says, its split as `train_only.asked` puts it."""
    return asdict(recipe) | {"split": asked(asdict(recipe.split))}


def _asked(sources: Sequence[Path], tables: Sequence[Path], reading: Reading) -> dict[str, object]:
    """Of which films a cross-validation is: where they are, and what the tables and indexes among that say."""
    lists = [read_table(path, encoding=reading.encoding) for path in (*sources, *tables) if is_table(path)]
    contents = [
        json.dumps({row.path: {"path": row.path, **row.columns} for row in table.rows}, sort_keys=True)
        for table in lists
    ]
    how = {} if reading == PLAIN else {"reading": asdict(reading)}
    return how | {
        "sources": [str(path.resolve()) for path in sources],
        "tables_sha256": [files.sha256(content.encode()) for content in contents],
    }


def _asked_before(out: Path) -> object:
    """The same of the cross-validation in a folder. Raises OutputError if it does not say so."""
    try:
        return json.loads((out / ASKED).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise OutputError("cross-validate-other", path=str(out)) from error


def _plan(index: Index, recipe: Recipe, seeds: Sequence[int]) -> Iterator[Fold]:
    for seed in seeds:
        for number in range(recipe.split.folds):
            own = replace(
                recipe, split=replace(recipe.split, fold=number), training=replace(recipe.training, seed=seed)
            )
            name = f"fold-{number}" if seed == recipe.training.seed else f"seed-{seed}/fold-{number}"
            yield Fold(name, seed, number, own, split_anew(index, own))


def _start(run: Run, fold: Fold, out: Path) -> None:
    """Make the folder a run that only has to be gone on with, unless it is one."""
    if run.is_begun:
        return
    files.writable_folder(run.folder)
    for path in pixel_files(out):
        target = run.folder / path.name
        if not target.exists():
            try:
                os.link(path, target)
            except OSError:  # a file system without links
                with path.open("rb") as pixels, files.replacing(target, path.stat().st_size) as file:
                    shutil.copyfileobj(pixels, file)
    write_index(fold.index, run.folder)
    files.write_text(run.recipe, fold.recipe.to_toml())


def _judged(run: Run) -> Judged | None:
    """The figures in the model file of a finished run; None if it is not finished."""
    try:
        tested = Predictor(run.model).card.evaluation
    except (ModelFileError, OSError):
        return None
    return None if tested is None else _judging(run).compared(tested)


def _judging(run: Run) -> Judging:
    """How the films of a run are judged."""
    found: Judging = task_of(load_recipe(str(run.recipe)).task.kind).judging
    return found


def _pooled(runs: Sequence[Run]) -> Measured:
    """The figures of all films, each answered by the run that had it in its test part."""
    return _judging(runs[0]).pooled([read_predictions(run.evaluation) for run in runs])
