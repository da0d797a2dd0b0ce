"""What a command and its function have in common: from plain values to a result that shows itself.

`terminal` is where progress and warnings go. Heavy libraries are imported inside a call.
"""

import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
from plainfilm.config import DEFAULT_RECIPE, Recipe, load_recipe
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.errors import UsageError
from plainfilm.io import files
from plainfilm.io.run_folder import INDEX, Run
from plainfilm.messages import say
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import place_of
from plainfilm.present.terminal import Terminal
from plainfilm.workflows.extras import AUDIT_LIBRARIES, RECALIBRATION_LIBRARIES, REPORT_LIBRARIES, check_extra

if TYPE_CHECKING:
    from plainfilm.workflows.training import Options


def index(
    terminal: Terminal,
    sources: Sequence[Path],
    *,
    tables: Sequence[Path],
    recipe: str | Recipe,
    out: Path | None,
    reading: Reading,
) -> IndexResult:
    """What is in a data set."""
    from plainfilm.data.film_index import write_index
    from plainfilm.workflows.prepare import make_index

    folder = None if out is None else files.writable_folder(out)
    with terminal.progress("progress.scan") as update:
        found = make_index(sources, tables, loaded(recipe), reading=reading, progress=update, folder=folder)
    if folder is not None:
        write_index(found, folder)
    return IndexResult(language=terminal.language, index=found, path=None if folder is None else folder / INDEX)


def train(
    terminal: Terminal,
    sources: Sequence[Path],
    *,
    tables: Sequence[Path] = (),
    recipe: str | Recipe | None = None,
    out: Path | None = None,
    init: Path | None = None,
    resume: Path | None = None,
    moved: Sequence[Path] = (),
    reading: Reading = PLAIN,
    options: "Options",
) -> TrainResult:
    """A training from its index to its report, or what was left of the one in `resume`."""
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.workflows.training import continue_run, start_run

    with contextlib.ExitStack() as stack:
        display = TrainingDisplay(terminal, stack)
        if resume is not None:
            if sources:
                raise UsageError("resume-with-sources", run=str(resume))
            if init is not None:
                raise UsageError("resume-with-init", run=str(resume))
            check_absent(resume, {"--recipe": recipe, "--table": tables, "--out": out})
            result = continue_run(Run(resume), display, options, sources=moved)
        elif moved:
            raise UsageError("source-without-run", option="train --resume RUN")
        elif not sources:
            raise UsageError("sources-missing")
        else:
            run = Run(options.team.claimed() or out or _new_folder(recipe))
            wanted = loaded(recipe or DEFAULT_RECIPE)
            result = start_run(sources, tables, wanted, run, display, options, reading=reading, init=init)
    for notice in result.notices:
        terminal.warn(say(notice))
    return TrainResult(language=terminal.language, outcome=result)


def _new_folder(recipe: str | Recipe | None) -> Path:
    name = "recipe" if isinstance(recipe, Recipe) else Path(recipe or DEFAULT_RECIPE).stem
    return Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"


def cross_validate(
    terminal: Terminal,
    sources: Sequence[Path],
    *,
    tables: Sequence[Path],
    recipe: str | Recipe,
    out: Path,
    folds: int,
    seeds: Sequence[int],
    reading: Reading,
    options: "Options",
) -> CrossValidateResult:
    """A training and its test for each fold and seed, or what was left of them in `out`."""
    from plainfilm.present.progress import FoldDisplay
    from plainfilm.workflows.cross_validation import cross_validate as run_all

    with contextlib.ExitStack() as stack:
        display = FoldDisplay(terminal, stack)
        found = run_all(
            sources, tables, loaded(recipe), out, display, options, folds=folds, seeds=seeds, reading=reading
        )
    return CrossValidateResult(language=terminal.language, found=found, folder=out)


def evaluate(
    terminal: Terminal,
    model: Path | Predictor,
    sources: Sequence[Path],
    *,
    tables: Sequence[Path],
    recipe: str | Recipe | None,
    out: Path | None,
    prevalence: Sequence[str],
    reading: Reading,
) -> EvaluateResult | ScoresResult:
    """A test of a model on films from elsewhere, or of a table of scores in the place of the model."""
    from plainfilm.data.sources.scores_table import is_scores
    from plainfilm.workflows.external_test import evaluate_sources
    from plainfilm.workflows.prevalence import parse_prevalences

    given = None if recipe is None else loaded(recipe)
    if isinstance(model, Path) and is_scores(model):
        if sources:
            raise UsageError("scores-with-sources", path=str(model), source=str(sources[0]))
        return _evaluate_scores(terminal, model, tables, recipe=given, out=out, prevalence=prevalence, reading=reading)
    if not sources:
        raise UsageError("evaluate-sources-missing")
    predictor = Predictor(model) if isinstance(model, Path) else model
    shares = parse_prevalences(prevalence, predictor.card)
    with terminal.progress("progress.scan") as update:
        found, rows, balanced = evaluate_sources(
            predictor,
            sources,
            tables,
            recipe=given,
            reading=reading,
            prevalences=shares,
            out=out,
            progress=update,
        )
    return EvaluateResult(
        language=terminal.language,
        evaluation=found,
        rows=tuple(rows),
        balance=balanced,
        card=predictor.card,
        films="+".join(path.stem for path in sources),
    )


def _evaluate_scores(
    terminal: Terminal,
    scores: Path,
    tables: Sequence[Path],
    *,
    recipe: Recipe | None,
    out: Path | None,
    prevalence: Sequence[str],
    reading: Reading,
) -> ScoresResult:
    """A test of scores that any program wrote."""
    from plainfilm.workflows.scores import evaluate_scores

    if not tables:
        raise UsageError("scores-without-table", path=str(scores))
    if out is not None:
        check_extra("evaluate --out", REPORT_LIBRARIES, extra="report")
    found = evaluate_scores(
        scores,
        tables,
        recipe=recipe,
        prevalence=prevalence,
        encoding=reading.encoding,
        out=out,
        language=terminal.language,
    )
    return ScoresResult(language=terminal.language, evaluation=found, folder=out)


def recalibrate(
    terminal: Terminal,
    model: Path,
    sources: Sequence[Path],
    *,
    tables: Sequence[Path],
    recipe: str | Recipe | None,
    out: Path,
    reading: Reading,
) -> RecalibrateResult:
    """A model file with the weights of another one, fitted on a place's own labelled films."""
    check_extra("recalibrate", RECALIBRATION_LIBRARIES)
    from plainfilm.workflows.recalibration import recalibrate as fit_anew

    given = None if recipe is None else loaded(recipe)
    with terminal.progress("progress.scan") as update:
        found = fit_anew(model, sources, tables, out, recipe=given, reading=reading, progress=update)
    return RecalibrateResult(language=terminal.language, found=found)


def predict(
    terminal: Terminal,
    predictor: Predictor,
    paths: Sequence[Path],
    *,
    tables: Sequence[Path],
    maps: Path | None,
    csv: Path | None,
    prevalence: Sequence[str],
    override: bool,
    reading: Reading,
) -> PredictResult:
    """The answers for films; warns of those that got none."""
    from plainfilm.present.sections.answers import remarks
    from plainfilm.workflows import answers as workflow

    predictive = None
    if prevalence:
        from plainfilm.workflows.prevalence import parse_prevalences, stored_predictive_values

        predictive = stored_predictive_values(predictor.card, parse_prevalences(prevalence, predictor.card))
    if maps is not None:
        files.writable_folder(maps)
    if csv is not None:
        files.writable_file(csv)
    found, balances = [], list[Balance]()
    with terminal.progress("progress.scan") as update:
        for answer in workflow.predict(
            predictor, paths, tables, maps=maps, override=override, reading=reading, account=balances.append
        ):
            found.append(answer)
            update(answer.number)
    shift = workflow.shift_of(predictor.home, found)
    if csv is not None:  # before anything is printed, which a closed pipe or a full disk may end
        workflow.write_csv(found, predictor.card, csv, place_of(shift))
    for remark in remarks(found):
        terminal.warn(remark)
    return PredictResult(
        language=terminal.language,
        answers=tuple(found),
        balances=tuple(balances),
        card=predictor.card,
        shift=shift,
        guessed=workflow.guess_of(predictor.card, found),
        predictive=predictive,
        maps=maps,
        map_side=predictor.map_side,
    )


def audit(
    terminal: Terminal,
    sources: Sequence[Path],
    *,
    model: Path | None,
    tables: Sequence[Path],
    recipe: str | Recipe | None,
    out: Path | None,
    moved: Sequence[Path],
    reading: Reading,
) -> AuditResult:
    """What leaks in a data set, or in the films of a run, and what tells its classes apart without the lungs."""
    check_extra("audit", AUDIT_LIBRARIES, extra="audit")
    from plainfilm.workflows.auditing import audit_run, audit_sources

    run = Run(sources[0])
    with terminal.progress("progress.scan") as update:
        if len(sources) == 1 and model is None and run.is_finished:
            check_absent(sources[0], {"--recipe": recipe, "--table": tables})
            out = out or run.audit
            found = audit_run(run, out, sources=moved, language=terminal.language, progress=update)
        elif moved:
            raise UsageError("source-without-run", option="audit RUN")
        else:
            found = audit_sources(
                sources,
                tables,
                loaded(recipe or DEFAULT_RECIPE),
                reading=reading,
                model=model,
                out=out,
                language=terminal.language,
                progress=update,
            )
    return AuditResult(language=terminal.language, found=found, folder=out)


def compare(language: str, first: Path, second: Path) -> CompareResult:
    """Two models on the films that both have answered."""
    from plainfilm.workflows.external_test import compare_predictions

    return CompareResult(language=language, found=compare_predictions(first, second))


def drift(language: str, paths: Sequence[Path], *, out: Path | None) -> DriftResult:
    """Whether the films of a watched server moved."""
    from plainfilm.evaluation.moves import Stream
    from plainfilm.model.windows import read_stream

    if out is not None:
        check_extra("drift --out", REPORT_LIBRARIES, extra="report")
    found = Stream.of(read_stream(paths))
    if out is not None:
        from plainfilm.present.stream_page import write_stream_page

        files.writable_file(out)
        write_stream_page(found, out, language=language)
    return DriftResult(language=language, stream=found, path=out)


def report(language: str, run: Path) -> ReportResult:
    """The report and the model card of a run, written again."""
    check_extra("report", REPORT_LIBRARIES, extra="report")
    from plainfilm.workflows.reporting import report as make_report

    return ReportResult(language=language, path=make_report(Run(run), language=language))


def loaded(recipe: str | Recipe) -> Recipe:
    """The recipe of that name or file, or the one given."""
    return recipe if isinstance(recipe, Recipe) else load_recipe(recipe)


def check_absent(run: Path, options: Mapping[str, object]) -> None:
    """Raise UsageError for an option that was given, if a run has it from its beginning."""
    for option, value in options.items():
        if value:
            raise UsageError("run-with-option", run=str(run), option=option)
