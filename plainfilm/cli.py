"""The commands: parse, call one function, print. Heavy libraries are imported inside a command.

Exit codes: 0 done; 1 the data, the model or any film failed a check, or the storage is full or refuses; 2 usage; 130
and 143 stopped and resumable.
"""

import contextlib
import importlib.util
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plainfilm.errors import MissingExtraError, PlainfilmError, StorageError, UsageError
from plainfilm.io import streams
from plainfilm.messages import LANGUAGES, sentence, system_language, text
from plainfilm.records import as_dict

if TYPE_CHECKING:
    from plainfilm.present.terminal import Terminal
    from plainfilm.workflows.training import Result

app = typer.Typer(
    name="plainfilm",
    help="Train, audit, explain and serve chest-radiograph classifiers. For research and teaching, not for diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

DEFAULT_RECIPE = "fast"
TRAINING_LIBRARIES = ("torch", "onnx", "safetensors", "tomli_w", "matplotlib", "jinja2", "threadpoolctl")
REPORT_LIBRARIES = ("jinja2",)
AUDIT_LIBRARIES = ("matplotlib", "threadpoolctl")
SERVE_LIBRARIES = ("fastapi", "uvicorn", "python_multipart", "prometheus_client")
NODE_LIBRARIES = ("pydicom", "gdcm", "pynetdicom", "highdicom")


def _check_language(value: str) -> str:
    if value and value not in LANGUAGES:
        raise typer.BadParameter(f"{value!r}; expected one of {', '.join(LANGUAGES)}")
    return value or system_language()


SourceArguments = Annotated[
    list[Path],
    typer.Argument(metavar="SOURCE", help="Class-per-folder directory, zip, tar, CSV table or index.csv."),
]
OptionalSources = Annotated[
    list[Path] | None, typer.Argument(metavar="SOURCE", help="As for `index`; none with --resume.")
]
ModelArgument = Annotated[Path, typer.Argument(metavar="MODEL", help="A model file (model.onnx).")]
Tables = Annotated[
    list[Path] | None,
    typer.Option(
        "--table", metavar="CSV", help="Columns by path (patient, source, quality, ...), one a SOURCE, in order."
    ),
]
NewSources = Annotated[
    list[Path] | None,
    typer.Option(
        "--source", metavar="SOURCE", help="Where a SOURCE of the run is now, if it moved; one for each, in order."
    ),
]
RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="NAME|FILE", help="fast, smoke, tutorial, or a TOML file.")
]
FollowLinks = Annotated[bool, typer.Option("--follow-links", help="Also follow links that lead out of a folder.")]
Encoding = Annotated[
    str, typer.Option("--encoding", metavar="NAME", help="Of names in archives and of tables; else it is found.")
]
AssumeChest = Annotated[
    bool,
    typer.Option("--assume-chest", help="Take DICOM films for frontal chest films, whatever their headers say."),
]
OptionalRecipe = Annotated[
    str | None,
    typer.Option(
        "--recipe",
        metavar="NAME|FILE",
        help="fast, smoke, tutorial, or a TOML file; a run has its own.",
        show_default=DEFAULT_RECIPE,
    ),
]
Prevalences = Annotated[
    list[str] | None,
    typer.Option(
        "--prevalence", metavar="CLASS=SHARE", help="Show predictive values where so many films are of a class (0.02)."
    ),
]
Language = Annotated[
    str,
    typer.Option(
        "--lang",
        metavar="en|zh",
        help="Language of what is printed.",
        callback=_check_language,
        show_default="that of the environment",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@app.command()
def index(
    sources: SourceArguments,
    table: Tables = None,
    recipe: RecipeName = "fast",
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write index.csv and index.json there.")] = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Show what is in a data set: counts, duplicates, conflicts, problems, the split."""
    from plainfilm.config import load_recipe
    from plainfilm.data.film_index import write_index
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io import files
    from plainfilm.present.terminal import Terminal
    from plainfilm.printing.index import index_summary, print_index
    from plainfilm.workflows.prepare import make_index

    terminal = Terminal(lang, as_json=as_json)
    reading = Reading(follow_links, encoding, assume_chest)
    folder = None if out is None else files.writable_folder(out)
    with terminal.progress("progress.scan") as update:
        found, _ = make_index(
            sources, table or [], load_recipe(recipe), reading=reading, progress=update, index_folder=folder
        )
    if folder is not None:
        write_index(found, folder)
        terminal.say("index.written", path=str(folder / "index.csv"))
    print_index(terminal, found)
    terminal.json(index_summary(found, lang))


@app.command()
def train(
    sources: OptionalSources = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="The new folder of the run.")] = None,
    init: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Start from these weights: .safetensors, .pth, .pdparams.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RUN", help="Go on with a run that was stopped.")] = None,
    source: NewSources = None,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help="Processes that make batches; 0: none beside this one.")
    ] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, max=1024, help="Compute threads; a resumed run has its own.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Also write model-int8.onnx, if it answers as well on validation films.")
    ] = False,
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
    from plainfilm.printing.training import TrainingDisplay
    from plainfilm.training.distributed import join
    from plainfilm.workflows.training import accompany, continue_run, start_run

    team = join()
    if not team.is_first:
        with _stop_requests() as stop:
            accompany(team, workers=workers, stop=stop)
        return
    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        display = TrainingDisplay(terminal, stack)
        with _stop_requests() as stop, team.leading():
            options: dict[str, Any] = {
                "workers": workers,
                "threads": threads,
                "stop": stop,
                "language": lang,
                "int8": int8,
                "team": team,
            }
            if resume is not None:
                if sources:
                    raise UsageError("resume-with-sources", run=str(resume))
                if init is not None:
                    raise UsageError("resume-with-init", run=str(resume))
                _check_absent(resume, {"--recipe": recipe, "--table": table, "--out": out})
                result = continue_run(resume, display, sources=source or [], **options)
            elif source:
                raise UsageError("source-without-run", option="train --resume RUN")
            else:
                if not sources:
                    raise UsageError("sources-missing")
                name = recipe or DEFAULT_RECIPE
                run = team.claimed() or out or Path("runs") / f"{Path(name).stem}-{time.strftime('%Y%m%d-%H%M%S')}"
                reading = Reading(follow_links, encoding, assume_chest)
                result = start_run(
                    sources, table or [], load_recipe(name), run, display, reading=reading, init=init, **options
                )
        stack.close()
        _print_run(terminal, result)


@app.command()
def evaluate(
    model: ModelArgument,
    sources: SourceArguments,
    table: Tables = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write metrics.json, predictions.csv and seen.csv there.")
    ] = None,
    prevalence: Prevalences = None,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Test a model on films from elsewhere that it has not seen; say by how much it is worse than on its own."""
    from plainfilm.data.sources.reading import Reading
    from plainfilm.model.predictor import Predictor
    from plainfilm.present.terminal import Terminal
    from plainfilm.printing.balance import print_balance
    from plainfilm.printing.evaluation import print_evaluation, print_predictive_values
    from plainfilm.printing.external import print_fall, print_seen
    from plainfilm.printing.index import print_film_problems
    from plainfilm.workflows.external_test import evaluate_sources
    from plainfilm.workflows.prevalence import parse_prevalences

    terminal = Terminal(lang, as_json=as_json)
    predictor = Predictor(model)
    prevalences = parse_prevalences(prevalence or [], predictor.card)
    with terminal.progress("progress.scan") as update:
        reading = Reading(follow_links, encoding, assume_chest)
        found, rows, balance = evaluate_sources(
            predictor, sources, table or [], reading=reading, prevalences=prevalences, out=out, progress=update
        )
    print_balance(terminal, balance)
    figures = found.figures
    print_seen(terminal, as_dict(figures.seen))
    print_film_problems(terminal, rows)
    print_evaluation(terminal, figures.as_dict(), predictor.card, films="+".join(path.stem for path in sources))
    predictive = {name: as_dict(entry) for name, entry in (figures.predictive_values or {}).items()}
    print_predictive_values(terminal, predictive, predictor.card)
    print_fall(terminal, None if figures.fall is None else as_dict(figures.fall))
    terminal.json(figures.as_dict())


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(metavar="A", help="predictions.csv, or the folder of an evaluation or run.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Likewise, of another model.")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Compare two models on the films that both have answered."""
    from plainfilm.evaluation import comparison
    from plainfilm.present.terminal import Terminal
    from plainfilm.printing.comparison import print_comparison

    terminal = Terminal(lang, as_json=as_json)
    found = as_dict(comparison.compare(comparison.read_predictions(first), comparison.read_predictions(second)))
    print_comparison(terminal, found)
    terminal.json(found)


@app.command("cross-validate")
def cross_validate(
    sources: SourceArguments,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of all runs; the same one again goes on.")],
    table: Tables = None,
    recipe: RecipeName = "fast",
    folds: Annotated[int, typer.Option(min=3, max=100, help="How many folds.")] = 5,
    seeds: Annotated[str, typer.Option(metavar="0,1,2", help="Seeds of training; not given: the recipe's.")] = "",
    workers: Annotated[int, typer.Option(min=0, max=64, help="As for `train`.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, help="As for `train`.")] = None,
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
    from plainfilm.printing.comparison import print_cross_validation
    from plainfilm.printing.training import FoldDisplay
    from plainfilm.workflows import cross_validation as workflow

    terminal = Terminal(lang, as_json=as_json)
    options: dict[str, Any] = {"folds": folds, "seeds": workflow.parse_seeds(seeds), "workers": workers}
    with contextlib.ExitStack() as stack, _stop_requests() as stop:
        display = FoldDisplay(terminal, stack)
        options |= {"threads": threads, "stop": stop, "language": lang}
        options["reading"] = Reading(follow_links, encoding, assume_chest)
        found = as_dict(workflow.cross_validate(sources, table or [], load_recipe(recipe), out, display, **options))
    print_cross_validation(terminal, found, str(out))
    terminal.json(found)


@app.command()
def predict(
    model: ModelArgument,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Films, folders or archives.")],
    table: Tables = None,
    maps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each film's class map over the film there.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answers as a table.")] = None,
    prevalence: Prevalences = None,
    override: Annotated[
        bool, typer.Option("--override", help="Show classes, marked, also for films that the gate refuses.")
    ] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Answer for films: label and probability of each class."""
    from plainfilm.data.sources.balance import Balance
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io import files
    from plainfilm.model.predictor import Predictor
    from plainfilm.present.terminal import Terminal
    from plainfilm.printing.answers import answers_summary, print_answers
    from plainfilm.printing.balance import balance_summary, print_balance
    from plainfilm.printing.card import print_card, print_maps
    from plainfilm.printing.evaluation import print_predictive_values
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
    answers, balances = [], list[Balance]()
    options: dict[str, Any] = {"maps": maps, "override": override, "account": balances.append}
    options["reading"] = Reading(follow_links, encoding, assume_chest)
    with terminal.progress("progress.scan") as update:
        for answer in workflow.predict(predictor, paths, table or [], **options):
            answers.append(answer)
            update(answer.number)
    if csv is not None:  # before anything is printed, which a closed pipe or a full disk may end
        workflow.write_csv(answers, card.class_names, csv)
    for balance in balances:
        print_balance(terminal, balance)
    print_answers(terminal, answers, card)
    if maps is not None:
        terminal.say("prediction.maps", folder=str(maps), cells=predictor.map_side, size=card.preprocessing.size)
        print_maps(terminal, card)
    print_predictive_values(terminal, {name: as_dict(entry) for name, entry in predictive.items()}, card)
    print_card(terminal, card)
    terminal.json(
        {
            "balances": [balance_summary(balance, lang) for balance in balances],
            "predictions": answers_summary(answers, card, lang, predictive, maps=maps is not None),
        }
    )
    if not all(answer.is_answered for answer in answers):
        raise typer.Exit(1)


@app.command()
def audit(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE", help="As for `index`; or the folder of a run, with its model.")
    ],
    model: Annotated[
        Path | None, typer.Option(metavar="MODEL", help="A model trained on these films with this split.")
    ] = None,
    table: Tables = None,
    recipe: OptionalRecipe = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write audit.json, pairs.html, clusters.csv there; a run's: RUN/audit."),
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
    from plainfilm.printing.audit import print_audit
    from plainfilm.workflows.auditing import audit_run, audit_sources, is_run

    terminal = Terminal(lang, as_json=as_json)
    with terminal.progress("progress.scan") as update:
        if len(sources) == 1 and model is None and is_run(sources[0]):
            _check_absent(sources[0], {"--recipe": recipe, "--table": table})
            out = out or sources[0] / "audit"
            found = audit_run(sources[0], out, sources=source or [], language=lang, progress=update)
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
    print_audit(terminal, found, out)
    terminal.json(found)


@app.command()
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Write report.html and MODEL_CARD.md of a run, from what it holds."""
    from plainfilm.present.terminal import Terminal

    _check_extra("report", REPORT_LIBRARIES, extra="report")
    from plainfilm.workflows.reporting import report as make_report

    terminal = Terminal(lang, as_json=as_json)
    path = make_report(run, language=lang)
    terminal.say("report.written", path=str(path))
    terminal.json({"report": str(path)})


@app.command()
def serve(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL", help="Model files; the first answers by default. None: the packaged one."),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A file with the token that clients must show; needed off loopback."),
    ] = None,
    root_path: Annotated[
        str, typer.Option(metavar="/PATH", help="The sub path under which a proxy serves the page: /films.")
    ] = "",
    run: Annotated[Path | None, typer.Option(metavar="RUN", help="Follow the training of a run on /training.")] = None,
    dicom: Annotated[
        int | None, typer.Option(metavar="PORT", min=0, max=65535, help="Also take films by DICOM on this port.")
    ] = None,
    dicom_to: Annotated[
        str | None, typer.Option(metavar="TITLE@HOST:PORT", help="The node that reports are sent to.")
    ] = None,
    dicom_title: Annotated[str, typer.Option(metavar="TITLE", help="This node's own title.")] = "PLAINFILM",
    dicom_caller: Annotated[
        list[str] | None, typer.Option(metavar="TITLE", help="A node that may send films; needed off loopback.")
    ] = None,
    dicom_map: Annotated[bool, typer.Option("--dicom-map", help="Also send the map over the film.")] = False,
    assume_chest: Annotated[
        bool, typer.Option("--assume-chest", help="DICOM films show a frontal chest, whatever their headers say.")
    ] = False,
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
        options: dict[str, Any] = {"root_path": root_path, "assume_chest": assume_chest}
        served = stack.enter_context(server.open_services(models or [], token=token, run=run, **options))
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


@app.command("import")
def import_checkpoint(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="Weights of a ResNet: .safetensors, .pth, .pdparams.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The new model file.")],
    classes: Annotated[
        str | None,
        typer.Option(metavar="A,B,C", help="The outputs' names, in order; else the tutorial's three, for its weights."),
    ] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", min=64, max=1024, help="Side of the square film.")] = 224,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Make a model file of weights from elsewhere; nothing in them is ever run."""
    from plainfilm.present.terminal import Terminal

    _check_extra("import")
    from plainfilm.printing.card import print_card
    from plainfilm.printing.weights import print_taken
    from plainfilm.workflows.weights_import import import_weights

    terminal = Terminal(lang, as_json=as_json)
    names = None if classes is None else [name.strip() for name in classes.split(",")]
    done = import_weights(checkpoint, out, classes=names, size_px=size)
    weights, shown = done.weights, ", ".join(entry.shown(lang) for entry in done.card.classes)
    terminal.say("import.done", path=str(out), depth=weights.depth, channels=weights.channels, size=size, classes=shown)
    print_taken(terminal, weights)
    terminal.say("train.parity", difference=f"{done.parity:.1e}")
    print_card(terminal, done.card)
    facts = {"model": str(out), "depth": weights.depth, "parity": done.parity, "taken": asdict(weights.taken)}
    terminal.json({**facts, **done.card.provenance})


@app.command()
def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="The new folder of the demo.")] = Path("runs/demo"),
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Draw phantoms, train on them, evaluate: offline, in a few minutes."""
    from plainfilm.present.terminal import Terminal

    _check_extra("demo")
    from plainfilm.printing.training import TrainingDisplay
    from plainfilm.workflows.demonstration import demo as run_demo

    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        terminal.say("demo.start", folder=str(out))
        with _stop_requests() as stop:
            result = run_demo(out, TrainingDisplay(terminal, stack), stop=stop, language=lang)
        stack.close()
        _print_run(terminal, result)


@app.command()
def doctor(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Folder, archive, table, image or model file; none: the install."),
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
    from plainfilm.present.terminal import Terminal
    from plainfilm.printing.doctor import diagnoses_summary, print_diagnosis
    from plainfilm.workflows.checks import diagnose

    terminal = Terminal(lang, as_json=as_json)
    with terminal.progress("progress.scan") as update:
        reading = Reading(follow_links, encoding, assume_chest)
        diagnoses = list(diagnose(paths or [], table or [], reading=reading, progress=update))
    for diagnosis in diagnoses:
        print_diagnosis(terminal, diagnosis)
    terminal.json(diagnoses_summary(diagnoses, lang))
    if not all(diagnosis.is_well for diagnosis in diagnoses):
        raise typer.Exit(1)


def _print_run(terminal: "Terminal", result: "Result") -> None:
    from plainfilm.printing.balance import balance_summary
    from plainfilm.printing.training import print_result

    print_result(terminal, result)
    balance = balance_summary(result.index.balance, terminal.language)
    terminal.json(
        {
            "run": str(result.run),
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
            app()
    except PlainfilmError as error:
        _print_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # who reads has read enough
        sys.exit(1)
    except OSError as error:
        _print_error(StorageError("system-refused", reason=str(error)))  # where it names a path, that is in that
        sys.exit(1)


def _check_folder() -> None:
    """Raise UsageError where the current folder was removed: libraries below PyTorch end the process there."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError("folder-removed") from error


def _print_error(error: PlainfilmError) -> None:
    language = _asked_language()
    streams.print_error(text("error", language, message=sentence(error, language)))


def _asked_language() -> str:
    """The language of the command line that failed."""
    words = sys.argv
    given = [word.partition("=")[2] for word in words if word.startswith("--lang=")]
    given += [after for word, after in itertools.pairwise(words) if word == "--lang"]
    return given[-1] if given and given[-1] in LANGUAGES else system_language()
