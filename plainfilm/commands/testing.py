"""Commands that say what a model and its data are worth: `evaluate`, `compare`, `audit`, `report`.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

from pathlib import Path
from typing import Annotated

import typer

from plainfilm.commands.checks import AUDIT_LIBRARIES, REPORT_LIBRARIES, check_absent, check_extra
from plainfilm.commands.options import (
    DEFAULT_RECIPE,
    AssumeChest,
    Encoding,
    FollowLinks,
    Json,
    Language,
    ModelArgument,
    NewSources,
    OptionalRecipe,
    Prevalences,
    SourceArguments,
    Tables,
)
from plainfilm.errors import UsageError
from plainfilm.records import as_dict


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
    from plainfilm.present.sections.elsewhere import generalisation_gap, seen
    from plainfilm.present.sections.evaluation import evaluation
    from plainfilm.present.sections.points import predictive_values
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
    figures = found.figures
    show(terminal, balance(balanced))
    show(terminal, seen(figures.seen))
    show(terminal, film_problems(rows))
    show(terminal, evaluation(figures, predictor.card, "+".join(path.stem for path in sources)))
    show(terminal, predictive_values(figures.predictive_values or {}, named(predictor.card.classes)))
    show(terminal, generalisation_gap(figures.fall))
    terminal.json(as_dict(figures))


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
    from plainfilm.workflows.external_test import read_predictions

    terminal = Terminal(lang, as_json=as_json)
    found = compare_answers(read_predictions(first), read_predictions(second))
    show(terminal, comparison(found))
    terminal.json(as_dict(found))


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

    check_extra("audit", AUDIT_LIBRARIES, extra="audit")
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
            check_absent(sources[0], {"--recipe": recipe, "--table": table})
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
    terminal.json(as_dict(found))


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="help.run")],
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Write report.html and MODEL_CARD.md of a run, from what it holds."""
    from plainfilm.present.terminal import Terminal

    check_extra("report", REPORT_LIBRARIES, extra="report")
    from plainfilm.io.run_folder import Run
    from plainfilm.workflows.reporting import report as make_report

    terminal = Terminal(lang, as_json=as_json)
    path = make_report(Run(run), language=lang)
    terminal.say("report.written", path=str(path))
    terminal.json({"report": str(path)})
