"""`plainfilm train`: index, train, write the model file, evaluate on the untouched test split, draw and report.

A run is a folder. Each stage leaves its artefact there, so a run that was stopped goes on from what it finds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from plainfilm.config import INIT_PREFIX, Recipe, load_recipe
from plainfilm.data import phantom
from plainfilm.data.film_index import Index, read_index, write_index
from plainfilm.data.films import Films
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.errors import Interrupted, ModelFileError, OutputError, PlainfilmError, RecipeError, TrainingError
from plainfilm.evaluation.judging import Judged
from plainfilm.io import files
from plainfilm.io.run_folder import Run, held
from plainfilm.model import modelfile
from plainfilm.model.card import Card, Preprocessing, Source, class_names
from plainfilm.model.formats.weights import Weights, read_weights
from plainfilm.model.modelfile import Model
from plainfilm.model.networks.mean import Network
from plainfilm.model.predictor import Predictor
from plainfilm.task import task_of
from plainfilm.training import checkpoint
from plainfilm.training.checkpoint import check_recipe
from plainfilm.training.distributed import ALONE, Team
from plainfilm.training.history import Facts, RunLog, Step
from plainfilm.training.loop import UNTIMED, Reporter, answered, rescale, train
from plainfilm.training.profile import Clock
from plainfilm.training.result import Result
from plainfilm.training.schedule import Plan
from plainfilm.workflows.fit import fit, provenance, write_twin
from plainfilm.workflows.out_of_fold import out_of_fold, scales
from plainfilm.workflows.prepare import check_base, fill_store, make_films, make_listed_films, moved
from plainfilm.workflows.reporting import describe, draw_figures

NUM_PARITY_FILMS = 32  # at least; films on which the model file is compared with the network
ERRORS_OF_ALL = ("loss-not-finite", "training-stopped-together")  # that all processes of a training have at once
Stop = Callable[[], int]  # gives the number of the signal that asks to stop, or 0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a training is run, which its result does not depend on; but `threads`, which the start of a run decides."""

    workers: int = 0  # processes that make batches
    threads: int | None = None  # of computing; None: those of the run. A number that is not the run's is refused
    stop: Stop = lambda: 0  # asked after each chunk of films and each step which signal came; 0: none
    language: str = "en"  # of the figures
    int8: bool = False  # also write the int8 twin
    team: Team = ALONE  # of processes, whose first this is; the others follow by `train_follower`
    clock: Clock = UNTIMED


class Observer(Reporter, Protocol):
    """Who hears how the whole command goes."""

    def on_scan(self, done: int, total: int) -> None:
        """Films decoded so far."""

    def on_index(self, index: Index) -> None:
        """The index is there."""

    def on_fold(self, number: int, total: int) -> None:
        """A network for the films of one fold is trained."""

    def on_weights(self, weights: Weights, index: Index, channels: int) -> None:
        """The training of the index's films, of so many channels, starts from these weights."""


def start_run(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    run: Run,
    observer: Observer,
    options: Options,
    *,
    reading: Reading = PLAIN,
    init: Path | None = None,
) -> Result:
    """Start a training in the new folder of `run`, from the weights in `init`.

    If torchrun starts the processes of a team again with the same command, the run there goes on.
    """
    team = options.team
    if run.folder == team.claimed() and run.is_begun:
        return continue_run(run, observer, replace(options, threads=None))
    _check_groups(recipe, team)
    recipe, weights = _given_weights(recipe, init)
    given = {} if weights is None else weights.for_channels(recipe.data.channels)
    with held(run.folder):
        if run.folder == team.claimed():  # and it never got as far as its recipe
            files.empty(run.folder)
        else:
            run.make()
            team.claim(run.folder)
        try:
            progress = until(options.stop, observer)
            with options.clock.stage("index"):
                films = make_films(
                    sources, tables, recipe, run.folder, reading=reading, progress=progress, keeps_key=True
                )
                if init is not None:
                    check_base(init, films.index)
                write_index(films.index, run.folder)
            facts = {"threads": options.threads or team.num_threads}
            checkpoint.save_given(files.writable_folder(run.checkpoints), given, facts)
            files.write_text(run.recipe, recipe.to_toml())  # last: with it the run can go on
        except BaseException:
            files.empty(run.folder)
            raise
        observer.on_index(films.index)
        if weights is not None:
            observer.on_weights(weights, films.index, recipe.data.channels)
        return _go(run, films, recipe, observer, replace(options, threads=None))


def _check_groups(recipe: Recipe, team: Team) -> None:
    """Raise RecipeError if a batch has fewer groups of films than there are processes to share them."""
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

    Raises ModelFileError if they do not fit the recipe; RecipeError if that names other weights, or some and none
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


def continue_run(run: Run, observer: Observer, options: Options, *, sources: Sequence[Path] = ()) -> Result:
    """Go on with a run that was stopped; `sources` are the new places of its sources, in order, if they moved.

    Raises OutputError if `run` is no run, or another process is at work there; RecipeError if its recipe was
    changed; SourceError if its films are needed and not there; StorageError.
    """
    if not run.is_begun:
        raise OutputError("run-missing", path=str(run.folder))
    with held(run.folder):
        recipe, index = load_recipe(str(run.recipe)), read_index(run.index)
        check_recipe(run, recipe)
        there = moved(index, sources) if sources else index
        films = fill_store(there, recipe, run.folder, until(options.stop, observer))
        observer.on_index(index)
        return _go(run, replace(films, index=index), recipe, observer, options)


def train_follower(team: Team, *, workers: int, stop: Stop) -> None:
    """Train along with the first process of the team, which prepares, writes and speaks; on an error of both, quietly.

    Raises TrainingError if only this process has it, or SystemExit with the exit code of the first.
    """
    run = Run(team.wait(stop))
    recipe, index = load_recipe(str(run.recipe)), read_index(run.index)
    films = Films.open(index, run.folder, size_px=recipe.size_px, fit=recipe.data.fit)
    assert films is not None
    try:
        train(run, recipe, _at_sizes(films, run, recipe), _Silent(), workers=workers, stop=stop, team=team)
    except TrainingError as error:
        if error.code in ERRORS_OF_ALL:
            raise SystemExit(error.exit_code) from error
        raise


class _Silent:
    """Tells nobody."""

    def on_start(self, plan: Plan, first_step: int, facts: Facts) -> None:
        pass

    def on_step(self, step: Step, num_films: int) -> None:
        pass

    def on_warning(self, error: PlainfilmError) -> None:
        pass


def until(stop: Stop, observer: Observer) -> Progress:
    """Progress that tells the observer, and raises Interrupted once `stop` returns a signal's number.

    After the last film it goes on: the first step of the training makes the run one that can be resumed.
    """

    def progress(done: int, total: int) -> None:
        observer.on_scan(done, total)
        if done < total and (signal_number := stop()):
            raise Interrupted("reading-stopped", signal_number=signal_number, done=done, total=total)

    return progress


def _go(run: Run, films: Films, recipe: Recipe, observer: Observer, options: Options) -> Result:
    """Train, or go on; then put the model together in memory, test it, and write it once."""
    log, clock = RunLog(run.log), options.clock
    reporter = _Logged(log, observer)
    with clock.stage("sizes"):
        films = _at_sizes(films, run, recipe)
    net, validation, model, predictor = _train_and_fit(run, films, recipe, reporter, options)
    with clock.stage("test"), threadpool_limits(1, user_api="blas"):  # the same bits on any number of processors
        task = task_of(recipe.task.kind)
        test: Judged = task.judging.evaluate(
            predictor, films, films.part("test"), name="test", leaking=films.index.is_leaking
        )
        test.write(films.index.classes, run.evaluation)
    with clock.stage("model-file"):
        tested = replace(model, card=replace(model.card, evaluation=test.figures.own))
        parity = modelfile.write(tested, net, _parity_films(films, recipe))
        predictor = Predictor(run.model, threads=reporter.threads)
        twin = write_twin(run, films, recipe, threads=reporter.threads) if options.int8 else None
    with clock.stage("report"):
        notices = draw_figures(run, test, predictor.card, options.language)
        log.write("done", parity=parity, **{task.headline: test.figures.overall[task.headline].as_dict()})
        notices += describe(run, films, predictor, log, test, language=options.language)
    return Result(run, films.index, validation, predictor.card, parity, test, twin, notices)


def _train_and_fit(
    run: Run, films: Films, recipe: Recipe, reporter: "_Logged", options: Options
) -> tuple[Network, dict[str, float], Model, Predictor]:
    """The network with its validation figures; the model, still in memory, and the same ready to answer."""
    held_out = None
    if recipe.decision.out_of_fold is not None:
        with options.clock.stage("out-of-fold"):
            held_out = out_of_fold(
                run,
                recipe,
                films,
                reporter,
                reporter.on_fold,
                threads=options.threads,
                stop=options.stop,
                workers=options.workers,
            )
    with options.clock.stage("training"):
        net, validation = train(
            run,
            recipe,
            films,
            reporter,
            workers=options.workers,
            threads=options.threads,
            stop=options.stop,
            team=options.team,
            clock=options.clock,
        )
    validation_films = films.judged(films.part("validation"))
    if held_out is not None and validation_films:
        logits = answered(net, films, validation_films, recipe.size_px, recipe.data.channels)
        rescale(net, *scales(held_out, logits))
    card = Card(
        classes=class_names(films.index.classes, films.index.display_names | dict(recipe.data.names or {})),
        preprocessing=Preprocessing(recipe.size_px, recipe.data.channels, recipe.data.fit),
        weights_sha256="",
        provenance=provenance(films.index, recipe, validation),
        ties=recipe.decision.ties,
        task=films.index.task or None,
        sources=None if recipe.report.sources is None else tuple(map(Source.from_dict, recipe.report.sources)),
    )
    with options.clock.stage("fit"):
        bare = modelfile.from_network(run.model, net, card)
        model, predictor = fit(bare, films, recipe, threads=reporter.threads, held_out=held_out)
    return net, validation, model, predictor


def train_listed(
    paths: Sequence[Path],
    labels: Sequence[str],
    patients: Sequence[str],
    recipe: Recipe,
    folder: Path,
    observer: Observer,
    options: Options,
) -> Model:
    """The model of films that are listed one by one, N of each, and of which none is kept for a test.

    `patients`: "" where unknown. Pixels and checkpoints go into `folder`. Raises SourceError for a film that cannot be
    read; as `continue_run`.
    """
    run = Run(folder)
    films = make_listed_films(paths, labels, patients, recipe, folder, until(options.stop, observer))
    films = _at_sizes(films, run, recipe)
    net, _, model, _ = _train_and_fit(run, films, recipe, _Logged(RunLog(run.log), observer), options)
    modelfile.write(model, net, _parity_films(films, recipe))
    return model


def _parity_films(films: Films, recipe: Recipe) -> NDArray[np.uint8]:
    """Films on which the model file is compared with the network, (N, C, S, S) uint8."""
    rows = [*films.part("validation"), *films.part("train")][:NUM_PARITY_FILMS]
    return films.pixels(rows, recipe.data.channels)


def _at_sizes(films: Films, run: Run, recipe: Recipe) -> Films:
    """The films at all sizes of a training."""
    return films.at_sizes(run.folder, recipe.training.sizes_px, recipe.data.fit)


class _Logged:
    """Tells the run's log and the observer."""

    def __init__(self, log: RunLog, observer: Observer) -> None:
        self.log, self.observer = log, observer

    def on_start(self, plan: Plan, first_step: int, facts: Facts) -> None:
        self.plan, self.threads = plan, facts.threads
        self.log.start(plan, first_step, facts)
        self.observer.on_start(plan, first_step, facts)

    def on_step(self, step: Step, num_films: int) -> None:
        self.log.step(step, self.plan)
        self.observer.on_step(step, num_films)

    def on_fold(self, number: int, total: int) -> None:
        self.log.write("fold", number=number, total=total)
        self.observer.on_fold(number, total)

    def on_warning(self, error: PlainfilmError) -> None:
        self.log.warning(error)
        self.observer.on_warning(error)


# --- demo ------------------------------------------------------------------------------------------------------------

SEED = 7
PER_CLASS = 250
SIZE_PX = 192
NUM_DUPLICATES = 12  # planted copies, which the index finds


def demo(folder: Path, observer: Observer, options: Options) -> Result:
    """Draw phantoms into `folder`/phantoms, train on them with the recipe `demo` into `folder`/run."""
    files.new_folder(folder)
    phantom.write_folder(folder / "phantoms", seed=SEED, per_class=PER_CLASS, size=SIZE_PX, duplicates=NUM_DUPLICATES)
    return start_run([folder / "phantoms"], [], load_recipe("demo"), Run(folder / "run"), observer, options)
