"""`plainfilm train`: index, train, write the model file, evaluate on the untouched test split, draw and report.

A run is a folder. Each stage leaves its artefact there, so a run that was stopped goes on from what it finds.
"""

import importlib.metadata
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from plainfilm import records
from plainfilm.config import INIT_PREFIX, Recipe, load_recipe
from plainfilm.data.film_index import Index, read_index, write_index
from plainfilm.data.pixel_store import films_of, open_store, smaller_store
from plainfilm.data.scan import Progress
from plainfilm.data.sources.moved import moved
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.data.splits.patients import KEY_NAME
from plainfilm.errors import Interrupted, ModelFileError, OutputError, PlainfilmError, RecipeError, TrainingError
from plainfilm.evaluation.evaluation import Evaluation, evaluate, write_evaluation
from plainfilm.io import files
from plainfilm.model import modelfile
from plainfilm.model.card import Card, OwnFigures, Preprocessing, class_names
from plainfilm.model.formats.weights import Weights, read_weights
from plainfilm.model.predictor import Predictor
from plainfilm.present import figures
from plainfilm.training import checkpoint
from plainfilm.training.batches import Films
from plainfilm.training.distributed import ALONE, Team
from plainfilm.training.edited import check_recipe
from plainfilm.training.history import Step, read_history
from plainfilm.training.loop import Reporter, train
from plainfilm.training.schedule import Plan
from plainfilm.workflows.base import check_base
from plainfilm.workflows.fit import fit
from plainfilm.workflows.int8 import Twin, write_twin
from plainfilm.workflows.lock import held
from plainfilm.workflows.log import RunLog
from plainfilm.workflows.prepare import fill_store, make_index
from plainfilm.workflows.reporting import describe

NUM_PARITY_FILMS = 32  # at least; films on which the model file is compared with the network
BEFORE_RECIPE = ("index.csv", "index.json", KEY_NAME, f"checkpoints/{checkpoint.GIVEN}")  # in a run, beside its pixels
ERRORS_OF_ALL = ("loss-not-finite", "training-stopped-together")  # that all processes of a training have at once
PACKAGES = ("plainfilm", "numpy", "pillow", "torch", "onnx", "onnxruntime")


@dataclass(frozen=True)
class Result:
    """A finished run."""

    run: Path
    index: Index
    validation: dict[str, float]  # of the kept epoch: epoch, accuracy, loss; empty without a validation part
    card: Card  # what the model file says of itself
    parity: float  # largest difference of a probability between network and model file
    test: Evaluation
    twin: Twin | None  # None: not asked for
    notices: tuple[str, ...]  # message codes about figures and report


class Observer(Reporter, Protocol):
    """Who is told how the whole command goes."""

    def on_scan(self, done: int, total: int) -> None:
        """Films decoded so far."""

    def on_index(self, index: Index) -> None:
        """The index is there."""

    def on_weights(self, weights: Weights, index: Index, channels: int) -> None:
        """The training of the index's films, of so many channels, starts from these weights."""


def start_run(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    run: Path,
    observer: Observer,
    *,
    reading: Reading = PLAIN,
    init: Path | None = None,
    threads: int | None = None,
    stop: Callable[[], int] = lambda: 0,
    team: Team = ALONE,
    **options: Any,
) -> Result:
    """Start a training in the new folder `run`, from the weights in `init`. Options as for `continue_run`.

    Where torchrun starts the processes of a `team` again with the same command, the run there goes on.
    """
    if run == team.claimed() and is_run(run):
        return continue_run(run, observer, stop=stop, team=team, **options)
    _check_groups(recipe, team)
    recipe, weights = _given_weights(recipe, init)
    given = {} if weights is None else weights.for_channels(recipe.data.channels)
    with held(run):
        if run == team.claimed():  # and it never got as far as its recipe
            files.empty(run)
        else:
            new_run(run)
            team.claim(run)
        try:
            options_of_index: dict[str, Any] = {"writer_folder": run, "index_folder": run}
            index, store = make_index(
                sources, tables, recipe, reading=reading, progress=until(stop, observer), **options_of_index
            )
            assert store is not None
            if init is not None:
                check_base(init, index)
            write_index(index, run)
            facts = {"threads": threads or team.num_threads}
            checkpoint.save_given(files.writable_folder(run / "checkpoints"), given, facts)
            files.write_text(run / "recipe.toml", recipe.to_toml())  # last: with it the run can go on
        except BaseException:
            files.empty(run)
            raise
        observer.on_index(index)
        if weights is not None:
            observer.on_weights(weights, index, recipe.data.channels)
        return _go(run, index, store, recipe, observer, stop=stop, team=team, **options)


def is_run(run: Path) -> bool:
    """Whether the folder `run` holds a run that can go on."""
    return (run / "recipe.toml").is_file()


def _check_groups(recipe: Recipe, team: Team) -> None:
    """Raise RecipeError where a batch has fewer groups of films than there are processes to share them."""
    training = recipe.training
    if team.count > training.batch_size // training.group_size:
        raise RecipeError(
            "processes-too-many",
            processes=team.count,
            groups=training.batch_size // training.group_size,
            batch_size=training.batch_size,
            maximum=training.batch_size // team.count,
        )


def _given_weights(recipe: Recipe, init: Path | None) -> tuple[Recipe, Weights | None]:
    """The weights in the file `init`, and the recipe that names them by their checksum.

    Raises ModelFileError where they do not fit the recipe; RecipeError where that names other weights, or some and none
    are given.
    """
    if init is None:
        if recipe.model.is_given:
            raise RecipeError("init-missing", expected=recipe.model.init)
        return recipe, None
    weights = read_weights(init)
    name = INIT_PREFIX + weights.sha256
    if recipe.model.is_given and recipe.model.init != name:
        raise RecipeError("init-other", given=name, expected=recipe.model.init)
    for key in ("depth", "width"):
        given, expected = getattr(weights, key), getattr(recipe.model, key)
        if given != expected:
            raise ModelFileError("weights-other", key=f"model.{key}", given=given, expected=expected)
    return replace(recipe, model=replace(recipe.model, init=name)), weights


def continue_run(
    run: Path,
    observer: Observer,
    *,
    sources: Sequence[Path] = (),
    stop: Callable[[], int] = lambda: 0,
    **options: Any,
) -> Result:
    """Go on with a run that was stopped; `sources` are the new places of its sources, in order, if they moved.

    Raises OutputError where `run` is no run, or another process is at work there; RecipeError where its recipe was
    changed; SourceError where its films are needed and not there; StorageError.

    Options: `workers` (processes that make batches), `threads` (of computing; the start of a run decides, and a number
        that is not the run's is refused), `stop` (asked after each chunk of films and each step which signal came,
        0: none), `language` of the figures, `int8` (also write the int8 twin), `team` (of processes, whose first this
        is; the others `accompany` it).
    """
    if not is_run(run):
        raise OutputError("run-missing", path=str(run))
    with held(run):
        recipe, index = load_recipe(str(run / "recipe.toml")), read_index(run / "index.csv")
        check_recipe(run, recipe)
        films = moved(index, sources) if sources else index
        store = fill_store(films, recipe, run, until(stop, observer))
        observer.on_index(index)
        return _go(run, index, store, recipe, observer, stop=stop, **options)


def accompany(team: Team, *, workers: int, stop: Callable[[], int]) -> None:
    """Train along with the first process of the team, which prepares, writes and speaks; on an error of both, quietly.

    Raises TrainingError where only this process has it, or SystemExit with the exit code of the first.
    """
    run = team.wait(stop)
    recipe, index = load_recipe(str(run / "recipe.toml")), read_index(run / "index.csv")
    image_ids = [row.image_id for row in index.rows]
    store = open_store(run, image_ids, size_px=recipe.size_px, fit=recipe.data.fit)
    assert store is not None
    films = _films(run, index, store, recipe)
    try:
        train(run, recipe, films, _Silent(), workers=workers, stop=stop, team=team)
    except TrainingError as error:
        if error.code in ERRORS_OF_ALL:
            raise SystemExit(error.exit_code) from error
        raise


class _Silent:
    """Tells nobody."""

    def on_start(self, plan: Plan, first_step: int, facts: dict[str, Any]) -> None:
        pass

    def on_step(self, step: Step, num_films: int) -> None:
        pass

    def on_warning(self, error: PlainfilmError) -> None:
        pass


def until(stop: Callable[[], int], observer: Observer) -> Progress:
    """Progress that tells the observer, and raises Interrupted once `stop` returns a signal's number.

    After the last film it goes on: the first step of the training makes the run one that can be resumed.
    """

    def progress(done: int, total: int) -> None:
        observer.on_scan(done, total)
        if done < total and (signal_number := stop()):
            raise Interrupted("reading-stopped", signal_number=signal_number, done=done, total=total)

    return progress


def _go(
    run: Path,
    index: Index,
    store: np.ndarray,
    recipe: Recipe,
    observer: Observer,
    *,
    workers: int = 0,
    threads: int | None = None,
    stop: Callable[[], int],
    language: str = "en",
    int8: bool = False,
    team: Team = ALONE,
) -> Result:
    log = RunLog(run)
    reporter = _Logged(log, observer)
    films = _films(run, index, store, recipe)
    net, validation = train(run, recipe, films, reporter, workers=workers, threads=threads, stop=stop, team=team)
    card = Card(
        classes=class_names(index.classes, recipe.data.names),
        preprocessing=Preprocessing(recipe.size_px, recipe.data.channels, recipe.data.fit),
        weights_sha256="",
        provenance=provenance(index, recipe, validation),
    )
    parity_rows = [*films.validation, *films.train][:NUM_PARITY_FILMS]
    pixels = films_of(store, parity_rows, recipe.data.channels)
    parity = modelfile.write(run / "model.onnx", net, card, pixels)
    fit(run / "model.onnx", index, store, recipe, threads=reporter.threads)
    predictor = Predictor(run / "model.onnx", threads=reporter.threads)
    with threadpool_limits(1, user_api="blas"):  # the same films give the same bits on any number of processors
        test = evaluate(predictor, index.rows, index.part("test"), store, name="test", leaking=index.is_leaking)
    write_evaluation(test, index.classes, run / "evaluation")
    told = records.from_dict(OwnFigures, replace(test.figures, subgroups=None).as_dict())
    card = modelfile.update(run / "model.onnx", evaluation=told)
    twin = write_twin(run, index, store, recipe, threads=reporter.threads) if int8 else None
    notices = draw_figures(run, test, card, language)
    log.write("done", parity=parity, accuracy=test.figures.overall["accuracy"].as_dict())
    notices += describe(run, index, store, predictor, log, language=language)
    return Result(run, index, validation, card, parity, test, twin, notices)


class _Logged:
    """Tells the run's log and the observer."""

    def __init__(self, log: RunLog, observer: Observer) -> None:
        self.log, self.observer = log, observer

    def on_start(self, plan: Plan, first_step: int, facts: dict[str, Any]) -> None:
        self.plan, self.threads = plan, int(facts["threads"])
        self.log.start(plan, first_step, facts)
        self.observer.on_start(plan, first_step, facts)

    def on_step(self, step: Step, num_films: int) -> None:
        self.log.step(step, self.plan)
        self.observer.on_step(step, num_films)

    def on_warning(self, error: PlainfilmError) -> None:
        self.log.warning(error)
        self.observer.on_warning(error)


def _films(run: Path, index: Index, store: np.ndarray, recipe: Recipe) -> Films:
    image_ids = [row.image_id for row in index.rows]
    number = {name: place for place, name in enumerate(index.classes)}
    return Films(
        stores={
            size: smaller_store(run, store, image_ids, size_px=size, fit=recipe.data.fit)
            for size in recipe.training.sizes_px
        },
        labels=np.array([number.get(row.label, -1) for row in index.rows]),
        image_ids=image_ids,
        train=np.array(index.part("train")),
        validation=np.array(index.part("validation"), dtype=int),
        num_classes=len(index.classes),
    )


def provenance(index: Index, recipe: Recipe, validation: dict[str, float]) -> dict[str, Any]:
    """Where a model comes from, without times, paths or names of patients."""
    return {
        "recipe": recipe.to_toml(),
        "data_sha256": index.data_checksum,
        "split_sha256": index.split_checksum,
        "leaking": index.is_leaking,
        "films": {part: len(index.part(part)) for part in ("train", "validation", "test")},
        "validation": validation,
        **software(),
    }


def software() -> dict[str, Any]:
    """What wrote a model file."""
    return {
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
    }


def draw_figures(run: Path, test: Evaluation, card: Card, language: str) -> tuple[str, ...]:
    """Draw history, confusion matrix, ROC, reliability and risk-coverage curves into `figures/`; returns notices."""
    folder = files.writable_folder(run / "figures")
    names = [entry.shown(language) for entry in card.classes]
    steps = read_history(run / "history.csv")
    epochs = [
        {"epoch": step.epoch, "loss": step.validation_loss, "accuracy": step.validation_accuracy}
        for step in steps
        if step.validation_loss is not None and step.validation_accuracy is not None
    ]
    measured = test.figures
    counts = np.array(measured.confusion.counts)
    aucs = [measured.classes[entry.name]["auc"] for entry in card.classes]
    curves = [[records.as_dict(bin) for bin in bins] for bins in measured.calibration.reliability.values()]
    notices = (
        *figures.draw_history([asdict(step) for step in steps], epochs, folder / "history.png", language=language),
        *figures.draw_confusion(counts, names, folder / "confusion.png", language=language),
        *figures.draw_roc(test.probabilities, test.labels, names, folder / "roc.png", language=language, aucs=aucs),
        *figures.draw_reliability(curves, names, folder / "reliability.png", language=language),
        *figures.draw_risk_coverage(
            records.as_dict(measured.risk_coverage), folder / "risk-coverage.png", language=language
        ),
    )
    return tuple(dict.fromkeys(notices))


def new_run(run: Path) -> None:
    """Make the folder of a new run. What a start left that was killed before it wrote the recipe is removed.

    Raises OutputError where anything else is there.
    """
    if _is_killed_start(run):
        files.empty(run)
    files.new_folder(run)


def _is_killed_start(run: Path) -> bool:
    """Whether nothing is in a folder but pixels, and what follows them until the recipe makes it a run."""
    found = [path for pattern in ("*", "checkpoints/*") for path in run.glob(pattern)]
    names = {path.relative_to(run).as_posix() for path in found if not path.name.startswith(files.TEMPORARY_PREFIX)}
    pixels = {name for name in names if re.fullmatch(r"pixels-\d+\.(npy|json)", name)}
    left = names - pixels - {files.LOCK_NAME}
    begun = left == {KEY_NAME} or any(name.endswith(".npy") for name in pixels)
    return begun and left <= {*BEFORE_RECIPE, "checkpoints"}
