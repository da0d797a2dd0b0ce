"""The functions of the Python API: the commands, with the same options under the same names.

- A path is a str or a Path; where several may be given, one alone will do.
- Each gives back a result that prints what the command prints (`results`), in the language of `lang`, or else in that
  of the environment.
- An error is a PlainfilmError whose text is the command's sentence. Ctrl-C is safe: a training saves first, and the
  error says how to go on.
"""

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from plainfilm import config
from plainfilm.api import calls
from plainfilm.api.quiet import Quiet
from plainfilm.api.results import (
    AuditResult,
    CompareResult,
    CrossValidateResult,
    DriftResult,
    EvaluateResult,
    IndexResult,
    PredictResult,
    RecalibrateResult,
    ReportResult,
    ScoresResult,
    TrainResult,
)
from plainfilm.config import DEFAULT_RECIPE, Recipe
from plainfilm.data import preprocessing
from plainfilm.data.decoding import film_file
from plainfilm.data.sources.reading import Reading
from plainfilm.errors import PlainfilmError, StorageError, UsageError
from plainfilm.io.stopping import stop_requests
from plainfilm.messages import LANGUAGES, chosen_language, sentence, system_language
from plainfilm.model.packaged import CHEST_MODEL
from plainfilm.model.predictor import Predictor
from plainfilm.workflows.extras import check_extra

AnyPath = str | os.PathLike[str]
Paths = AnyPath | Sequence[AnyPath]
P = ParamSpec("P")
R = TypeVar("R")


def spoken(function: Callable[P, R]) -> Callable[P, R]:
    """The function, whose errors say the command's sentence."""

    @functools.wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return function(*arguments, **options)
        except OSError as error:
            refused = StorageError("system-refused", reason=str(error))
            _tell(refused, options.get("lang"))
            raise refused from error
        except PlainfilmError as error:
            _tell(error, options.get("lang"))
            raise

    return call


def _tell(error: PlainfilmError, language: object) -> None:
    """Give an error its sentence, in a language if it is one."""
    error.words = error.words or sentence(error, str(language) if language in LANGUAGES else system_language())


decode = spoken(film_file.decode)
load_recipe = spoken(config.load_recipe)
preprocess = spoken(preprocessing.preprocess)


@spoken
def load(model: AnyPath | None = None, *, assume_chest: bool = False) -> Predictor:
    """A model file, ready to answer; `predict` and `evaluate` take it in place of the file's path, as it was loaded.

    Not given: the packaged model.
    `assume_chest`: take DICOM films for frontal chest films, whatever their headers say. Raises ModelFileError.
    """
    return _predictor(model, assume_chest=assume_chest)


@spoken
def index(
    sources: Paths,
    *,
    table: Paths = (),
    recipe: str | Recipe = DEFAULT_RECIPE,
    out: AnyPath | None = None,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> IndexResult:
    """What is in a data set: counts, copies, conflicts, problems, the split. Raises SourceError, RecipeError."""
    return calls.index(
        Quiet(chosen_language(lang)),
        _sources(sources),
        tables=_paths(table),
        recipe=recipe,
        out=_path(out),
        reading=Reading(follow_links, encoding, assume_chest),
    )


@spoken
def train(
    sources: Paths = (),
    *,
    table: Paths = (),
    recipe: str | Recipe | None = None,
    out: AnyPath | None = None,
    init: AnyPath | None = None,
    resume: AnyPath | None = None,
    source: Paths = (),
    workers: int = 0,
    threads: int | None = None,
    int8: bool = False,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> TrainResult:
    """Index, train, test once on the untouched films, draw the figures, write the report; or go on with `resume`.

    Args:
        sources: folders, archives, tables or an index.csv.
        table: tables of the films.
        recipe: its name, its file, or itself; not given: `fast`.
        out: the new folder of the run; not given: one in `runs`.
        init: a file of weights to begin with.
        resume: the folder of a run that was stopped.
        source: the new places of the sources of `resume`, in order, if they moved.
        workers: processes that make batches.
        threads: of computing; the bits depend on it.
        int8: also write the int8 twin of the model.
        follow_links, encoding, assume_chest: how sources are read, as the command explains.
        lang: of the result, the figures and the report.

    Raises:
        Interrupted: on Ctrl-C, after saving.
        SourceError, RecipeError, OutputError, TrainingError, StorageError, MissingExtraError: as the command.
    """
    check_extra("train")
    from plainfilm.workflows.training import Options

    language = chosen_language(lang)
    with stop_requests() as stop:
        return calls.train(
            Quiet(language),
            _paths(sources),
            tables=_paths(table),
            recipe=recipe,
            out=_path(out),
            init=_path(init),
            resume=_path(resume),
            moved=_paths(source),
            reading=Reading(follow_links, encoding, assume_chest),
            options=Options(workers=workers, threads=checked_threads(threads), stop=stop, language=language, int8=int8),
        )


@spoken
def cross_validate(
    sources: Paths,
    *,
    out: AnyPath,
    table: Paths = (),
    recipe: str | Recipe = DEFAULT_RECIPE,
    folds: int = 5,
    seeds: Iterable[int] = (),
    workers: int = 0,
    threads: int | None = None,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> CrossValidateResult:
    """Train and test once for each fold and seed in `out`, or go on there. Raises as `train`."""
    check_extra("cross-validate")
    from plainfilm.workflows.training import Options

    language = chosen_language(lang)
    with stop_requests() as stop:
        return calls.cross_validate(
            Quiet(language),
            _sources(sources),
            tables=_paths(table),
            recipe=recipe,
            out=Path(out),
            folds=folds,
            seeds=tuple(seeds),
            reading=Reading(follow_links, encoding, assume_chest),
            options=Options(workers=workers, threads=checked_threads(threads), stop=stop, language=language),
        )


@spoken
def evaluate(
    model: AnyPath | Predictor,
    sources: Paths = (),
    *,
    table: Paths = (),
    recipe: str | Recipe | None = None,
    out: AnyPath | None = None,
    prevalence: Mapping[str, float] | None = None,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> EvaluateResult | ScoresResult:
    """A test of a model on films from elsewhere that it has not seen; by how much it is worse than on its own.

    In the place of the model: a table of scores that any program wrote, judged by `table` alone, without films.
    `recipe` says what uncertain and blank cells of findings mean; without it, a model file says it itself.
    `prevalence`: the share of films that are of a class, 0 to 1, by class. Raises SourceError, ModelFileError,
    UsageError.
    """
    return calls.evaluate(
        Quiet(chosen_language(lang)),
        model if isinstance(model, Predictor) else Path(model),
        _paths(sources),
        tables=_paths(table),
        recipe=recipe,
        out=_path(out),
        prevalence=_shares(prevalence),
        reading=Reading(follow_links, encoding, assume_chest),
    )


@spoken
def recalibrate(
    model: AnyPath,
    sources: Paths,
    *,
    out: AnyPath,
    table: Paths = (),
    recipe: str | Recipe | None = None,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> RecalibrateResult:
    """Write the model file `out`: the same weights, everything else fitted on at least 100 labelled films of a place.

    Half of the films is left for a test, before and after. `recipe` as in `evaluate`. Raises OutputError if `out`
    exists, SourceError, ModelFileError, MissingExtraError, UsageError.
    """
    return calls.recalibrate(
        Quiet(chosen_language(lang)),
        Path(model),
        _sources(sources),
        tables=_paths(table),
        recipe=recipe,
        out=Path(out),
        reading=Reading(follow_links, encoding, assume_chest),
    )


@spoken
def predict(
    model: AnyPath | Predictor | None,
    paths: Paths,
    *,
    table: Paths = (),
    maps: AnyPath | None = None,
    csv: AnyPath | None = None,
    prevalence: Mapping[str, float] | None = None,
    override: bool = False,
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> PredictResult:
    """The answers for films: label, probabilities, prediction set; with `maps`, each film's map in that folder.

    None as the model means the packaged one.
    A film that cannot be read, or that the input check refuses, is an answer that says so, no error. Raises
    ModelFileError, UsageError.
    """
    return calls.predict(
        Quiet(chosen_language(lang)),
        _predictor(model, assume_chest=assume_chest),
        _sources(paths),
        tables=_paths(table),
        maps=_path(maps),
        csv=_path(csv),
        prevalence=_shares(prevalence),
        override=override,
        reading=Reading(follow_links, encoding, assume_chest),
    )


@spoken
def audit(
    sources: Paths,
    *,
    model: AnyPath | None = None,
    table: Paths = (),
    recipe: str | Recipe | None = None,
    out: AnyPath | None = None,
    source: Paths = (),
    follow_links: bool = False,
    encoding: str = "",
    assume_chest: bool = False,
    lang: str = "",
) -> AuditResult:
    """What leaks in a data set or a run, and what tells its classes apart without the lungs. Raises SourceError."""
    return calls.audit(
        Quiet(chosen_language(lang)),
        _sources(sources),
        model=_path(model),
        tables=_paths(table),
        recipe=recipe,
        out=_path(out),
        moved=_paths(source),
        reading=Reading(follow_links, encoding, assume_chest),
    )


@spoken
def compare(first: AnyPath, second: AnyPath, *, lang: str = "") -> CompareResult:
    """Two models on the films that both have answered: runs, folders of an evaluation, or predictions.csv files.

    Raises SourceError.
    """
    return calls.compare(chosen_language(lang), Path(first), Path(second))


@spoken
def drift(paths: Paths, *, out: AnyPath | None = None, lang: str = "") -> DriftResult:
    """Whether the films of a watched server moved: what, since when, how sure; `out`: a page with charts.

    `paths`: files that `serve --watch` keeps; several are parts of one stream. Raises SourceError, OutputError.
    """
    return calls.drift(chosen_language(lang), _sources(paths), out=_path(out))


@spoken
def report(run: AnyPath, *, lang: str = "") -> ReportResult:
    """Write report.html and MODEL_CARD.md of a run again, from what it holds. Raises SourceError."""
    return calls.report(chosen_language(lang), Path(run))


def _predictor(model: AnyPath | Predictor | None, *, assume_chest: bool = False) -> Predictor:
    if isinstance(model, Predictor):
        return model
    return Predictor(CHEST_MODEL if model is None else Path(model), assume_chest=assume_chest)


def _paths(given: Paths) -> list[Path]:
    return [Path(given)] if isinstance(given, str | os.PathLike) else [Path(path) for path in given]


def _sources(given: Paths) -> list[Path]:
    """One path or more. Raises UsageError for none, as a pattern gives that nothing fits."""
    if not (found := _paths(given)):
        raise UsageError("sources-missing")
    return found


def checked_threads(given: int | None) -> int | None:
    """A number of threads, or None: as many as processors. Raises UsageError for one below 1."""
    if given is not None and given < 1:
        raise UsageError("usage.value-range", name="threads", minimum=1, maximum=os.cpu_count() or 1)
    return given


def _path(given: AnyPath | None) -> Path | None:
    return None if given is None else Path(given)


def _shares(prevalence: Mapping[str, float] | None) -> list[str]:
    return [f"{name}={share}" for name, share in (prevalence or {}).items()]
