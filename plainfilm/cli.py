"""The commands: parse, call one function, print. Heavy libraries are imported inside a command.

Exit codes: 0 done; 1 the data, the model or any film failed a check, or the storage is full or refuses; 2 usage; 130
and 143 stopped and resumable.
"""

import contextlib
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plainfilm.commands.help import Command, Group
from plainfilm.commands.usage import usage_error
from plainfilm.errors import MissingExtraError, PlainfilmError, StorageError, UsageError
from plainfilm.io import streams
from plainfilm.messages import LANGUAGES, asked_language, say, sentence, system_language, text
from plainfilm.records import as_dict

if TYPE_CHECKING:
    from plainfilm.present.terminal import Terminal
    from plainfilm.training.result import Result

app = typer.Typer(
    name="plainfilm",
    help="help.plainfilm",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    cls=Group,
)

DEFAULT_RECIPE = "fast"
CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]  # of every error of the parser, which has no public name
TRAINING_LIBRARIES = ("torch", "onnx", "safetensors", "tomli_w", "matplotlib", "jinja2", "threadpoolctl")
REPORT_LIBRARIES = ("jinja2",)
AUDIT_LIBRARIES = ("matplotlib", "threadpoolctl")
SERVE_LIBRARIES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
NODE_LIBRARIES = ("pydicom", "gdcm", "pynetdicom", "highdicom")


def _check_language(value: str) -> str:
    if value and value not in LANGUAGES:
        raise UsageError("usage.language", given=value, expected=", ".join(LANGUAGES))
    return value or system_language()


SourceArguments = Annotated[
    list[Path],
    typer.Argument(metavar="SOURCE", help="help.source"),
]
OptionalSources = Annotated[list[Path] | None, typer.Argument(metavar="SOURCE", help="help.source-train")]
ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="help.model")]
Tables = Annotated[
    list[Path] | None,
    typer.Option("--table", metavar="CSV", help="help.table"),
]
NewSources = Annotated[
    list[Path] | None,
    typer.Option("--source", metavar="SOURCE", help="help.moved"),
]
RecipeName = Annotated[str, typer.Option("--recipe", metavar="NAME|FILE", help="help.recipe")]
FollowLinks = Annotated[bool, typer.Option("--follow-links", help="help.follow-links")]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="help.encoding")]
AssumeChest = Annotated[
    bool,
    typer.Option("--assume-chest", help="help.assume-chest"),
]
OptionalRecipe = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME|FILE",
        help="help.recipe-run",
        show_default=DEFAULT_RECIPE,
    ),
]
Prevalences = Annotated[
    list[str] | None,
    typer.Option("--prevalence", metavar="CLASS=SHARE", help="help.prevalence"),
]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="|".join(LANGUAGES),
        help="help.lang",
        callback=_check_language,
        show_default="help.lang-default",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="help.json")]


@app.command(cls=Command, help="help.index")
def index(
    sources: SourceArguments,
    table: Tables = None,
    recipe: RecipeName = "fast",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="help.index-out")] = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Show what is in a data set: counts, duplicates, conflicts, problems, the split."""
    from plainfilm.config import load_recipe
    from plainfilm.data.film_index import write_index
    from plainfilm.data.index_json import index_as_dict
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io import files
    from plainfilm.io.run_folder import INDEX
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.data_set import data_set
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.prepare import make_index

    terminal = Terminal(lang, as_json=as_json)
    reading = Reading(follow_links, encoding, assume_chest)
    folder = None if out is None else files.writable_folder(out)
    with terminal.progress("progress.scan") as update:
        found = make_index(sources, table or [], load_recipe(recipe), reading=reading, progress=update, folder=folder)
    if folder is not None:
        write_index(found, folder)
        terminal.say("index.written", path=str(folder / INDEX))
    show(terminal, data_set(found))
    terminal.json(index_as_dict(found, lang))


@app.command(cls=Command, help="help.train")
def train(
    sources: OptionalSources = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="help.run-out")] = None,
    init: Annotated[Path | None, typer.Option(metavar="FILE", help="help.init")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="help.resume")] = None,
    source: NewSources = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="help.workers")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="help.threads")] = None,
    int8: Annotated[bool, typer.Option("--int8", help="help.int8")] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Index, train, evaluate on the untouched test split, draw the figures, write the report."""
    from plainfilm.present.terminal import Terminal

    _check_extra("train")
    from plainfilm.config import load_recipe
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io.run_folder import Run
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.training.distributed import join
    from plainfilm.workflows.training import Options, continue_run, start_run, train_follower

    team = join()
    if not team.is_first:
        with _stop_requests() as stop:
            train_follower(team, workers=workers, stop=stop)
        return
    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        display = TrainingDisplay(terminal, stack)
        with _stop_requests() as stop, team.leading():
            options = Options(workers=workers, threads=threads, stop=stop, language=lang, int8=int8, team=team)
            if resume is not None:
                if sources:
                    raise UsageError("resume-with-sources", run=str(resume))
                if init is not None:
                    raise UsageError("resume-with-init", run=str(resume))
                _check_absent(resume, {"--recipe": recipe, "--table": table, "--out": out})
                result = continue_run(Run(resume), display, options, sources=source or [])
            elif source:
                raise UsageError("source-without-run", option="train --resume RUN")
            else:
                if not sources:
                    raise UsageError("sources-missing")
                name = recipe or DEFAULT_RECIPE
                new = Path("runs") / f"{Path(name).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
                run = Run(team.claimed() or out or new)
                reading = Reading(follow_links, encoding, assume_chest)
                result = start_run(
                    sources, table or [], load_recipe(name), run, display, options, reading=reading, init=init
                )
        stack.close()
        _print_run(terminal, result)


@app.command(cls=Command, help="help.evaluate")
def evaluate(
    model: ModelArgument,
    sources: SourceArguments,
    table: Tables = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="help.evaluate-out")] = None,
    prevalence: Prevalences = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Test a model on films from elsewhere that it has not seen; say by how much it is worse than on its own."""
    from plainfilm.data.sources.reading import Reading
    from plainfilm.model.card import named
    from plainfilm.model.predictor import Predictor
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.balance import balance
    from plainfilm.present.sections.data_set import film_problems
    from plainfilm.present.sections.decisions import predictive_values
    from plainfilm.present.sections.elsewhere import fall, seen
    from plainfilm.present.sections.evaluation import evaluation
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.external_test import evaluate_sources
    from plainfilm.workflows.prevalence import parse_prevalences

    terminal = Terminal(lang, as_json=as_json)
    predictor = Predictor(model)
    prevalences = parse_prevalences(prevalence or [], predictor.card)
    with terminal.progress("progress.scan") as update:
        reading = Reading(follow_links, encoding, assume_chest)
        found, rows, balanced = evaluate_sources(
            predictor, sources, table or [], reading=reading, prevalences=prevalences, out=out, progress=update
        )
    figures = found.figures.as_dict()
    show(terminal, balance(balanced))
    show(terminal, seen(figures))
    show(terminal, film_problems(rows))
    show(terminal, evaluation(figures, predictor.card, "+".join(path.stem for path in sources)))
    predictive = {name: as_dict(entry) for name, entry in (found.figures.predictive_values or {}).items()}
    show(terminal, predictive_values(predictive, named(predictor.card.classes)))
    show(terminal, fall(figures))
    terminal.json(figures)


@app.command(cls=Command, help="help.compare")
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="help.first")],
    second: Annotated[Path, typer.Argument(metavar="B", help="help.second")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Compare two models on the films that both have answered."""
    from plainfilm.evaluation.comparison import compare as compare_answers
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.comparison import comparison
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.predictions import read_predictions

    terminal = Terminal(lang, as_json=as_json)
    found = as_dict(compare_answers(read_predictions(first), read_predictions(second)))
    show(terminal, comparison(found))
    terminal.json(found)


@app.command("cross-validate", cls=Command, help="help.cross-validate")
def cross_validate(
    sources: SourceArguments,
    out: Annotated[Path, typer.Option(metavar="DIR", help="help.cross-out")],
    table: Tables = None,
    recipe: RecipeName = "fast",
    folds: Annotated[int, typer.Option(min=3, max=100, help="help.folds")] = 5,
    seeds: Annotated[str, typer.Option(metavar="0,1,2", help="help.seeds")] = "",
    workers: Annotated[int, typer.Option(min=0, max=64, help="help.as-for-train")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="help.as-for-train")] = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Train and test once for each fold and seed: mean, spread, and the figures of all films."""
    from plainfilm.present.terminal import Terminal

    _check_extra("cross-validate")
    from plainfilm.config import load_recipe
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.on_terminal import show
    from plainfilm.present.progress import FoldDisplay
    from plainfilm.present.sections.cross_validation import cross_validation
    from plainfilm.workflows import cross_validation as workflow
    from plainfilm.workflows.training import Options

    terminal = Terminal(lang, as_json=as_json)
    chosen = workflow.parse_seeds(seeds)
    with contextlib.ExitStack() as stack, _stop_requests() as stop:
        display = FoldDisplay(terminal, stack)
        options = Options(workers=workers, threads=threads, stop=stop, language=lang)
        reading = Reading(follow_links, encoding, assume_chest)
        done = workflow.cross_validate(
            sources, table or [], load_recipe(recipe), out, display, options, folds=folds, seeds=chosen, reading=reading
        )
    found = as_dict(done)
    show(terminal, cross_validation(found, out))
    terminal.json(found)


@app.command(cls=Command, help="help.predict")
def predict(
    model: ModelArgument,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="help.path")],
    table: Tables = None,
    maps: Annotated[Path | None, typer.Option(metavar="DIR", help="help.maps")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="help.csv")] = None,
    prevalence: Prevalences = None,
    override: Annotated[bool, typer.Option("--override", help="help.override")] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Answer for films: label and probability of each class."""
    from plainfilm.data.sources.balance import Balance, in_words
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io import files
    from plainfilm.model.card import named
    from plainfilm.model.predictor import Predictor
    from plainfilm.present.blocks import Note
    from plainfilm.present.film_json import film_json
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.answers import answers, remarks
    from plainfilm.present.sections.balance import balance
    from plainfilm.present.sections.decisions import predictive_values
    from plainfilm.present.statements import about_maps, about_model
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows import answers as workflow
    from plainfilm.workflows.prevalence import parse_prevalences, stored_predictive_values

    terminal = Terminal(lang, as_json=as_json)
    predictor = Predictor(model, assume_chest=assume_chest)
    card = predictor.card
    predictive = stored_predictive_values(card, parse_prevalences(prevalence or [], card))
    if maps is not None:
        files.writable_folder(maps)
    if csv is not None:
        files.writable_file(csv)
    found, balances = [], list[Balance]()
    reading = Reading(follow_links, encoding, assume_chest)
    with terminal.progress("progress.scan") as update:
        for answer in workflow.predict(
            predictor, paths, table or [], maps=maps, override=override, reading=reading, account=balances.append
        ):
            found.append(answer)
            update(answer.number)
    if csv is not None:  # before anything is printed, which a closed pipe or a full disk may end
        workflow.write_csv(found, card.class_names, csv)
    for balanced in balances:
        show(terminal, balance(balanced))
    show(terminal, answers(found, card))
    for remark in remarks(found):
        terminal.warn(remark)
    if maps is not None:
        terminal.say("prediction.maps", folder=str(maps), cells=predictor.map_side, size=card.preprocessing.size)
        show(terminal, [Note(about_maps(card))])
    show(terminal, predictive_values({name: as_dict(entry) for name, entry in predictive.items()}, named(card.classes)))
    show(terminal, map(Note, about_model(card)))
    shown: dict[str, Any] = {"predictive": predictive, "has_map": maps is not None}
    predictions = [film_json(answer, card, lang, **shown) for answer in found]
    for error in filter(None, (entry["error"] for entry in predictions)):
        error["message"] = error["detail"]  # its name before it became a problem of RFC 9457, for one release
    terminal.json({"balances": [in_words(balanced, lang) for balanced in balances], "predictions": predictions})
    if not all(answer.is_answered for answer in found):
        raise typer.Exit(1)


@app.command(cls=Command, help="help.audit")
def audit(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE", help="help.source-audit")],
    model: Annotated[Path | None, typer.Option(metavar="MODEL", help="help.audit-model")] = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="help.audit-out"),
    ] = None,
    source: NewSources = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Show what leaks in a data set, and what tells its classes apart without the lungs."""
    from plainfilm.present.terminal import Terminal

    _check_extra("audit", AUDIT_LIBRARIES, extra="audit")
    from plainfilm.config import load_recipe
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io.run_folder import Run
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.leaks_and_shortcuts import leaks_and_shortcuts
    from plainfilm.workflows.auditing import audit_run, audit_sources

    terminal = Terminal(lang, as_json=as_json)
    with terminal.progress("progress.scan") as update:
        run = Run(sources[0])
        if len(sources) == 1 and model is None and run.is_finished:
            _check_absent(sources[0], {"--recipe": recipe, "--table": table})
            out = out or run.audit
            found = audit_run(run, out, sources=source or [], language=lang, progress=update)
        elif source:
            raise UsageError("source-without-run", option="audit RUN")
        else:
            found = audit_sources(
                sources,
                table or [],
                load_recipe(recipe or DEFAULT_RECIPE),
                reading=Reading(follow_links, encoding, assume_chest),
                model=model,
                out=out,
                language=lang,
                progress=update,
            )
    show(terminal, leaks_and_shortcuts(found))
    if out is not None:
        terminal.say("audit.written", folder=str(out))
    terminal.json(found)


@app.command(cls=Command, help="help.report")
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="help.run")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Write report.html and MODEL_CARD.md of a run, from what it holds."""
    from plainfilm.present.terminal import Terminal

    _check_extra("report", REPORT_LIBRARIES, extra="report")
    from plainfilm.io.run_folder import Run
    from plainfilm.workflows.reporting import report as make_report

    terminal = Terminal(lang, as_json=as_json)
    path = make_report(Run(run), language=lang)
    terminal.say("report.written", path=str(path))
    terminal.json({"report": str(path)})


@app.command(cls=Command, help="help.serve")
def serve(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", help="help.serve-models"),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="help.host")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="help.port")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="help.token-file"),
    ] = None,
    root_path: Annotated[str, typer.Option(metavar="/PATH", help="help.root-path")] = "",
    run: Annotated[Path | None, typer.Option(metavar="RUN", help="help.serve-run")] = None,
    dicom: Annotated[int | None, typer.Option(metavar="PORT", min=0, max=65535, help="help.dicom")] = None,
    dicom_to: Annotated[str | None, typer.Option(metavar="TITLE@HOST:PORT", help="help.dicom-to")] = None,
    dicom_title: Annotated[str, typer.Option(metavar="TITLE", help="help.dicom-title")] = "PLAINFILM",
    dicom_caller: Annotated[list[str] | None, typer.Option(metavar="TITLE", help="help.dicom-caller")] = None,
    dicom_map: Annotated[bool, typer.Option("--dicom-map", help="help.dicom-map")] = False,
    assume_chest: Annotated[bool, typer.Option("--assume-chest", help="help.assume-chest")] = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Serve the page, the API and a DICOM node, on this machine alone unless told otherwise."""
    from plainfilm.present.terminal import Terminal

    _check_extra("serve", SERVE_LIBRARIES, extra="serve")
    from plainfilm.serving import server
    from plainfilm.serving.dicom.settings import NodeSettings, parse_destination

    settings = None
    if dicom is not None:
        _check_extra("serve --dicom", NODE_LIBRARIES, extra="dicom")
        if dicom_to is None:
            raise UsageError("dicom-destination-missing")
        destination = parse_destination(dicom_to)
        settings = NodeSettings(dicom, destination, host, dicom_title, tuple(dicom_caller or ()), dicom_map)
    server.check_root_path(root_path)
    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        bound = stack.enter_context(contextlib.closing(server.bind(host, port)))
        token = server.read_token(token_file, bound)
        services = server.open_services(
            models or [], token=token, run=run, root_path=root_path, assume_chest=assume_chest
        )
        served = stack.enter_context(services)
        node_port = None if settings is None else stack.enter_context(server.open_node(served, settings, lang))

        def announce(address: str) -> None:
            terminal.say("serve.listens", address=address)
            if not models:
                terminal.say("serve.phantom-model")
            if run is not None:
                terminal.say("serve.follows", address=f"{address}/training")
            if node_port is not None:
                terminal.say("serve.dicom", title=dicom_title, port=node_port, destination=dicom_to)
            if assume_chest:
                terminal.say("serve.assumes-chest")
            if token is not None:
                terminal.say("serve.no-tls")
            terminal.json({"address": address, "models": list(served.services), "dicom_port": node_port})
            sys.stdout.flush()

        server.serve(served, bound, announce)


@app.command("import", cls=Command, help="help.import")
def import_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="help.checkpoint")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="help.model-out")],
    classes: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="help.classes"),
    ] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", min=64, max=1024, help="help.size")] = 224,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Make a model file of weights from elsewhere; nothing in them is ever run."""
    from plainfilm.present.terminal import Terminal

    _check_extra("import")
    from plainfilm.present.blocks import Note
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.finished import parity
    from plainfilm.present.sections.weights import taken
    from plainfilm.present.statements import about_model
    from plainfilm.workflows.weights_import import import_weights

    terminal = Terminal(lang, as_json=as_json)
    names = None if classes is None else [name.strip() for name in classes.split(",")]
    done = import_weights(checkpoint, out, classes=names, size_px=size)
    weights, shown = done.weights, ", ".join(entry.shown(lang) for entry in done.card.classes)
    terminal.say("import.done", path=str(out), depth=weights.depth, channels=weights.channels, size=size, classes=shown)
    show(terminal, [*taken(weights), parity(done.parity), *map(Note, about_model(done.card))])
    facts = {"model": str(out), "depth": weights.depth, "parity": done.parity, "taken": asdict(weights.taken)}
    terminal.json({**facts, **done.card.provenance})


@app.command(cls=Command, help="help.demo")
def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="help.demo-out")] = Path("runs/demo"),
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Draw phantoms, train on them, evaluate: offline, in a few minutes."""
    from plainfilm.present.terminal import Terminal

    _check_extra("demo")
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.workflows.demonstration import demo as run_demo
    from plainfilm.workflows.training import Options

    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        terminal.say("demo.start", folder=str(out))
        with _stop_requests() as stop:
            result = run_demo(out, TrainingDisplay(terminal, stack), Options(stop=stop, language=lang))
        stack.close()
        _print_run(terminal, result)


@app.command(cls=Command, help="help.doctor")
def doctor(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="help.doctor-path"),
    ] = None,
    table: Tables = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Say what is wrong with this install, a data set, an image or a model file."""
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.health import health
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.checks import diagnose

    terminal = Terminal(lang, as_json=as_json)
    with terminal.progress("progress.scan") as update:
        reading = Reading(follow_links, encoding, assume_chest)
        diagnoses = list(diagnose(paths or [], table or [], reading=reading, progress=update))
    for diagnosis in diagnoses:
        show(terminal, health(diagnosis))
    terminal.json([diagnosis.as_dict(lang) for diagnosis in diagnoses])
    if not all(diagnosis.is_well for diagnosis in diagnoses):
        raise typer.Exit(1)


def _print_run(terminal: "Terminal", result: "Result") -> None:
    from plainfilm.data.sources.balance import in_words
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.evaluation import evaluation
    from plainfilm.present.sections.finished import held, kept

    show(terminal, kept(result))
    show(terminal, evaluation(result.test.figures.as_dict(), result.card, "test"))
    show(terminal, held(result))
    for notice in result.notices:
        terminal.warn(say(notice))
    balance = in_words(result.index.balance, terminal.language)
    terminal.json(
        {
            "run": str(result.run.folder),
            "validation": result.validation,
            "test": result.test.figures.as_dict(),
            "balance": balance,
        }
    )


def _check_absent(run: Path, options: dict[str, object]) -> None:
    """Raise UsageError for an option that was given, where a run has it from its beginning."""
    for option, value in options.items():
        if value:
            raise UsageError("run-with-option", run=str(run), option=option)


def _check_extra(command: str, libraries: tuple[str, ...] = TRAINING_LIBRARIES, extra: str = "train") -> None:
    """Raise MissingExtraError, before any work, where a library that the command needs is not installed."""
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise MissingExtraError("extra-missing", command=command, library=library, extra=extra)


@contextlib.contextmanager
def _stop_requests() -> Iterator[Callable[[], int]]:
    """Within it, Ctrl-C and SIGTERM are noted instead of obeyed; yields what gives the noted signal's number, or 0."""
    noted = [0]

    def note(number: int, _: object) -> None:
        if noted[0]:  # a second one is obeyed
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        noted[0] = number

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: noted[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Run a command; an error becomes one line and an exit code (typer does that for Ctrl-C and a closed pipe)."""
    streams.make_usable()
    try:
        _check_folder()
        with streams.written_out():
            _run(typer.main.get_command(app))
    except PlainfilmError as error:
        _print_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # who reads has read enough
        sys.exit(1)
    except OSError as error:
        _print_error(StorageError("system-refused", reason=str(error)))  # where it names a path, that is in that
        sys.exit(1)


def _run(command: Any) -> None:
    """Run the command line, with the parser's errors as ours; without any argument the help is one."""
    try:
        sys.exit(command.main(standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except CLICK_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            streams.print_error(command.get_help(error.ctx))  # type: ignore[attr-defined]
            sys.exit(2)
        raise usage_error(error) from error


def _check_folder() -> None:
    """Raise UsageError where the current folder was removed: libraries below PyTorch end the process there."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError("folder-removed") from error


def _print_error(error: PlainfilmError) -> None:
    language = asked_language()
    streams.print_error(text("error", language, message=sentence(error, language)))
