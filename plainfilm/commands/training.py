"""Commands that make a model: `train`, `cross-validate`, `import`, `demo`.

Parse, call one function, show. Heavy libraries are imported inside a command.
"""

import contextlib
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plainfilm.commands.checks import check_absent, check_extra, stop_requests
from plainfilm.commands.options import (
    DEFAULT_RECIPE,
    AssumeChest,
    Encoding,
    FollowLinks,
    Json,
    Language,
    NewSources,
    OptionalRecipe,
    OptionalSources,
    RecipeName,
    SourceArguments,
    Tables,
)
from plainfilm.errors import UsageError
from plainfilm.messages import say
from plainfilm.records import as_dict
from plainfilm.text import json_text

if TYPE_CHECKING:
    from plainfilm.present.terminal import Terminal
    from plainfilm.training.result import Result


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
    profile: Annotated[bool, typer.Option("--profile", help="help.profile")] = False,
    follow_links: FollowLinks = False,
    encoding: Encoding = "",
    assume_chest: AssumeChest = False,
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Index, train, evaluate on the untouched test split, draw the figures, write the report."""
    from plainfilm.present.terminal import Terminal

    check_extra("train")
    from plainfilm.config import load_recipe
    from plainfilm.data.sources.reading import Reading
    from plainfilm.io import files
    from plainfilm.io.run_folder import Run
    from plainfilm.present.on_terminal import show
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.present.sections.profile import profile as profile_section
    from plainfilm.training.distributed import join
    from plainfilm.training.profile import Clock, Profile
    from plainfilm.workflows.training import Options, continue_run, start_run, train_follower

    team = join()
    if not team.is_first:
        with stop_requests() as stop:
            train_follower(team, workers=workers, stop=stop)
        return
    terminal = Terminal(lang, as_json=as_json)
    clock = Profile() if profile else Clock()
    with contextlib.ExitStack() as stack:
        display = TrainingDisplay(terminal, stack)
        with stop_requests() as stop, team.leading():
            options = Options(
                workers=workers, threads=threads, stop=stop, language=lang, int8=int8, team=team, clock=clock
            )
            if resume is not None:
                if sources:
                    raise UsageError("resume-with-sources", run=str(resume))
                if init is not None:
                    raise UsageError("resume-with-init", run=str(resume))
                check_absent(resume, {"--recipe": recipe, "--table": table, "--out": out})
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
        if isinstance(clock, Profile):
            files.write_text(result.run.profile, json_text(as_dict(clock.profiled()), indent=2))
            show(terminal, profile_section(clock.profiled()))
        _print_run(terminal, result)


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

    check_extra("cross-validate")
    from plainfilm.config import load_recipe
    from plainfilm.data.sources.reading import Reading
    from plainfilm.present.on_terminal import show
    from plainfilm.present.progress import FoldDisplay
    from plainfilm.present.sections.cross_validation import cross_validation
    from plainfilm.workflows import cross_validation as workflow
    from plainfilm.workflows.training import Options

    terminal = Terminal(lang, as_json=as_json)
    chosen = workflow.parse_seeds(seeds)
    with contextlib.ExitStack() as stack, stop_requests() as stop:
        display = FoldDisplay(terminal, stack)
        options = Options(workers=workers, threads=threads, stop=stop, language=lang)
        reading = Reading(follow_links, encoding, assume_chest)
        done = workflow.cross_validate(
            sources, table or [], load_recipe(recipe), out, display, options, folds=folds, seeds=chosen, reading=reading
        )
    show(terminal, cross_validation(done, out))
    terminal.json(as_dict(done))


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

    check_extra("import")
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
    terminal.json({**facts, **as_dict(done.card.provenance)})


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="help.demo-out")] = Path("runs/demo"),
    lang: Language = "",
    as_json: Json = False,
) -> None:
    """Draw phantoms, train on them, evaluate: offline, in a few minutes."""
    from plainfilm.present.terminal import Terminal

    check_extra("demo")
    from plainfilm.present.progress import TrainingDisplay
    from plainfilm.workflows.training import Options
    from plainfilm.workflows.training import demo as run_demo

    terminal = Terminal(lang, as_json=as_json)
    with contextlib.ExitStack() as stack:
        terminal.say("demo.start", folder=str(out))
        with stop_requests() as stop:
            result = run_demo(out, TrainingDisplay(terminal, stack), Options(stop=stop, language=lang))
        stack.close()
        _print_run(terminal, result)


def _print_run(terminal: "Terminal", result: "Result") -> None:
    from plainfilm.data.sources.balance import in_words
    from plainfilm.present.on_terminal import show
    from plainfilm.present.sections.finished import finished

    show(terminal, finished(result))
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
